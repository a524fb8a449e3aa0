package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/device"
)

// worn keeps the headsets that are no browser's at the ears of their agents, as
// long as they are logged in, and tells the floor when one is lost:
//
//	logged in ─► open ──► first frame: up ──► none for 0.5 s: lost ─┐
//	              ▲                      ▲                          │
//	              │                      └──── frames again ────────┤
//	              └── after a pause ◄─ unplugged, or hung up: lost ─┘
//
// A sound card is opened, a telephone is called. What follows from a loss is the
// floor's.
type worn struct {
	control *campaign.Controller
	users   func(context.Context) ([]campaign.User, error)
	voice   *voice
	cfg     configs.Config
	log     *slog.Logger

	left     *leftCalls    // what has to be hung up after a kill
	released chan struct{} // closed when what an earlier process left is hung up

	stop context.CancelFunc
	done sync.WaitGroup
	on   map[campaign.AgentID]*wear // of the goroutine that follows
	not  map[campaign.AgentID]bool  // who has logged in with a browser's, so that nobody is looked up twice
}

// wear is one agent's headset while she is logged in.
type wear struct {
	agent  campaign.AgentID
	kind   string // device, device:NAME, sip:URI
	plug   *plug
	stop   context.CancelFunc
	done   chan struct{}
	status campaign.AgentStatus  // of the goroutine that follows
	ready  chan struct{}         // capacity 1: she wants to work, so it is tried at once
	cards  string                // the devices of a sound card, once it was opened
	state  campaign.HeadsetState // as the floor was told; "": it was not
}

// wornHeadset reports whether a user's headset is no browser's.
func wornHeadset(headset string) bool { return headset != "" && headset != "browser" }

// keepWorn follows the floor until Close.
func keepWorn(a *app) *worn {
	ctx, stop := context.WithCancel(context.Background())
	w := &worn{
		control: a.control, users: a.store.Users, voice: a.voice, cfg: a.cfg, log: a.log.With("part", "headsets"),
		left: openLeftCalls(a.folder.in(leftFile)), released: make(chan struct{}),
		stop: stop, on: map[campaign.AgentID]*wear{}, not: map[campaign.AgentID]bool{},
	}
	w.done.Go(func() { w.run(ctx) }) // Close ends it
	w.done.Go(func() {               // and this
		defer close(w.released)
		if err := w.left.release(ctx, w.voice.phone); err != nil && ctx.Err() == nil {
			w.log.Warn("a telephone may still be in the call of a process that was killed: hang it up there", "err", err)
		}
	})
	return w
}

// Close lets go of all headsets and waits for it.
func (w *worn) Close() {
	w.stop()
	w.done.Wait()
}

// run follows who comes and goes; a subscription that lagged begins anew.
func (w *worn) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := w.follow(ctx); err != nil && ctx.Err() == nil {
			w.log.Error("headsets are not looked after; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	for _, h := range w.on {
		<-h.done // its context has ended with ours
	}
}

func (w *worn) follow(ctx context.Context) error {
	snap, err := w.control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		return err
	}
	for i := range snap.Agents {
		if err := w.see(ctx, &snap.Agents[i]); err != nil {
			return err
		}
	}
	events, cancel := w.control.Subscribe(snap.N)
	defer cancel()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			if e.AgentView != nil {
				if err := w.see(ctx, e.AgentView); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// see opens the headset of who has come, and closes that of who has gone.
func (w *worn) see(ctx context.Context, v *campaign.AgentView) error {
	h := w.on[v.Agent]
	switch {
	case v.Status == campaign.AgentLoggedOff:
		delete(w.not, v.Agent)
		if h != nil && h.stop != nil {
			h.stop()
			h.stop = nil
		}
	case h != nil && h.stop != nil:
		was := h.status
		if h.status = v.Status; was != v.Status && v.Status == campaign.AgentReady && v.Headset != campaign.HeadsetUp {
			select {
			case h.ready <- struct{}{}:
			default:
			}
		}
	case w.not[v.Agent]:
	default:
		kind, err := w.kindOf(ctx, v.Agent)
		if err != nil {
			return err
		}
		if !wornHeadset(kind) {
			w.not[v.Agent] = true
			return nil
		}
		w.begin(ctx, v.Agent, kind, h)
	}
	return nil
}

// kindOf is a user's headset; nobody's is a browser's.
func (w *worn) kindOf(ctx context.Context, a campaign.AgentID) (string, error) {
	all, err := w.users(ctx)
	for _, u := range all {
		if u.Name == a {
			return u.Headset, err
		}
	}
	return "", err
}

// begin puts a headset on, once the agent's earlier one is closed.
func (w *worn) begin(ctx context.Context, a campaign.AgentID, kind string, before *wear) {
	ctx, stop := context.WithCancel(ctx)
	h := &wear{agent: a, kind: kind, plug: &plug{clock: w.voice.clock}, stop: stop, done: make(chan struct{}), ready: make(chan struct{}, 1)}
	w.on[a] = h
	go func() { // ends with its context; see and run end it, run waits for it
		defer close(h.done)
		if before != nil {
			<-before.done
		}
		w.keep(ctx, h)
	}()
}

// again is how long to wait between two tries, by how many failed: a look at a
// sound card costs nothing, a telephone rings.
func (h *wear) again(failed int) time.Duration {
	waits := [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}
	if h.isCard() {
		failed = 0
	}
	return waits[min(failed, len(waits)-1)]
}

func (h *wear) isCard() bool { return strings.HasPrefix(h.kind, "device") }

// keep opens an agent's headset, again and again, until she logs off.
func (w *worn) keep(ctx context.Context, h *wear) {
	all := w.voice.headsets
	all.wear(h.agent, h.plug)
	defer func() {
		all.put(h.agent, nil)
		all.news.push(h.agent, campaign.HeadsetMissing)
	}()
	said := ""
	for failed := 0; ; failed++ {
		err := w.open(ctx, h, func() { failed, said = 0, "" })
		if ctx.Err() != nil {
			return
		}
		if why := new(phoneError); errors.As(err, &why) {
			w.tell(h, cmp.Or(h.state, campaign.HeadsetMissing), &why.Reason)
		}
		if text := err.Error(); text != said {
			said = text
			w.log.Warn("an agent's headset is not there; it is tried again", "agent", h.agent, "headset", h.kind, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-h.ready:
		case <-time.After(h.again(failed)):
		}
	}
}

// open opens a headset and watches it until it is gone; up is told that it came.
func (w *worn) open(ctx context.Context, h *wear, up func()) error {
	ear, err := w.ear(ctx, h)
	if err != nil {
		return err
	}
	h.plug.put(ear)
	err = w.watch(ctx, h, ear, up)
	h.plug.put(nil)
	return errors.Join(err, ear.Close())
}

// tell tells the floor how a headset is from now on.
func (w *worn) tell(h *wear, s campaign.HeadsetState, why *campaign.Reason) {
	h.state = s
	w.voice.headsets.news.say(campaign.ClickHeadset{Agent: h.agent, State: s, Why: why})
}

// watch tells the floor how a headset is, until it is gone.
func (w *worn) watch(ctx context.Context, h *wear, ear earphone, up func()) error {
	look := time.NewTicker(plugLook)
	defer look.Stop()
	heard, held := false, false
	pulse := plugPulse{count: h.plug.came.Load()}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ear.gone:
			if heard {
				w.tell(h, campaign.HeadsetLost, nil)
			}
			return err
		case held = <-ear.held:
		case <-look.C:
		}
		switch came, quiet := pulse.look(h.plug); {
		case held && (heard || h.state != campaign.HeadsetLost): // music may come from it: that is nobody's voice
			heard = false
			w.tell(h, campaign.HeadsetLost, phoneSays(campaign.ReasonPhoneHolds))
		case held:
		case came && !heard:
			heard = true
			up()
			select { // what was wanted is there
			case <-h.ready:
			default:
			}
			w.tell(h, campaign.HeadsetUp, nil)
		case quiet && heard:
			heard = false
			w.tell(h, campaign.HeadsetLost, ear.quiet)
		}
	}
}

// earphone is an open headset; closing it ends all that it has.
type earphone struct {
	media.Endpoint
	closer io.Closer
	gone   <-chan error     // brings why it is there no longer
	held   <-chan bool      // a telephone puts us on hold, and takes us back
	quiet  *campaign.Reason // what it means that nothing comes from it; nil: it is not known
	stats  func() media.Stats
}

// Close implements media.Endpoint.
func (e earphone) Close() error { return e.closer.Close() }

// Quality are the figures of a headset beyond a network.
func (e earphone) Quality() (media.Stats, bool) {
	if e.stats == nil {
		return media.Stats{}, false
	}
	return e.stats(), true
}

// ear opens what a user's headset names.
func (w *worn) ear(ctx context.Context, h *wear) (earphone, error) {
	if !h.isCard() {
		return w.call(ctx, h)
	}
	d, err := w.card(h)
	if err != nil {
		return earphone{}, err
	}
	return earphone{Endpoint: d, closer: d, gone: d.Lost()}, nil
}

// card opens a sound card: after a loss the one that was lost, and no other that
// has become the default meanwhile. Sound never goes to loudspeakers by itself.
func (w *worn) card(h *wear) (*device.Headset, error) {
	d, err := openDevice(h.kind, true, w.voice.clock, w.log)
	if err != nil {
		return nil, err
	}
	mic, ear := d.Devices()
	switch now := mic.ID + " " + ear.ID; h.cards {
	case "", now:
		h.cards = now
		return d, nil
	}
	return nil, errors.Join(fmt.Errorf("%q and %q are another headset than before: plug that one in again, or log off and on to use these", mic.Name, ear.Name), d.Close())
}
