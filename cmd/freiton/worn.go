package main

import (
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
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
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
// floor's (product §3.11).
type worn struct {
	control *campaign.Controller
	users   func(context.Context) ([]campaign.User, error)
	voice   *voice
	cfg     configs.Config
	log     *slog.Logger

	stop context.CancelFunc
	done sync.WaitGroup
	on   map[campaign.AgentID]*wear // of the goroutine that follows
	not  map[campaign.AgentID]bool  // who has logged in with a browser's, so that nobody is looked up twice
}

// wear is one agent's headset while she is logged in.
type wear struct {
	agent campaign.AgentID
	kind  string // device, device:NAME, sip:URI
	plug  *plug
	stop  context.CancelFunc
	done  chan struct{}
	ready chan struct{} // capacity 1: she wants to work, so it is tried at once
	cards string        // the devices of a sound card, once it was opened
}

// wornHeadset reports whether a user's headset is no browser's.
func wornHeadset(headset string) bool { return headset != "" && headset != "browser" }

// keepWorn follows the floor until Close.
func keepWorn(a *app) *worn {
	ctx, stop := context.WithCancel(context.Background())
	w := &worn{
		control: a.control, users: a.store.Users, voice: a.voice, cfg: a.cfg, log: a.log.With("part", "headsets"),
		stop: stop, on: map[campaign.AgentID]*wear{}, not: map[campaign.AgentID]bool{},
	}
	w.done.Go(func() { w.run(ctx) }) // Close ends it
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
		if v.Status == campaign.AgentReady && v.Headset != campaign.HeadsetUp {
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
	ear, gone, err := w.ear(ctx, h)
	if err != nil {
		return err
	}
	h.plug.put(ear)
	err = w.watch(ctx, h, gone, up)
	h.plug.put(nil)
	return errors.Join(err, ear.Close())
}

// watch tells the floor how a headset is, until it is gone.
func (w *worn) watch(ctx context.Context, h *wear, gone <-chan error, up func()) error {
	look := time.NewTicker(plugLook)
	defer look.Stop()
	heard, tell := false, w.voice.headsets.news.push
	pulse := plugPulse{count: h.plug.came.Load()}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-gone:
			if heard {
				tell(h.agent, campaign.HeadsetLost)
			}
			return err
		case <-look.C:
		}
		switch came, quiet := pulse.look(h.plug); {
		case came && !heard:
			heard = true
			up()
			select { // what was wanted is there
			case <-h.ready:
			default:
			}
			tell(h.agent, campaign.HeadsetUp)
		case quiet && heard:
			heard = false
			tell(h.agent, campaign.HeadsetLost)
		}
	}
}

// wornEar is an open headset; closing it ends all that it has.
type wornEar struct {
	media.Endpoint
	io.Closer
}

// Close implements media.Endpoint.
func (e wornEar) Close() error { return e.Closer.Close() }

// ear opens what a user's headset names. gone brings why it is there no longer.
func (w *worn) ear(ctx context.Context, h *wear) (media.Endpoint, <-chan error, error) {
	if h.isCard() {
		d, err := w.card(h)
		if err != nil {
			return nil, nil, err
		}
		return d, d.Lost(), nil
	}
	return w.call(ctx, h)
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

// phoneAccount is the account that calls a telephone: the one that is at home
// where the telephone is, else the one that dials.
func phoneAccount(cfg configs.Config, uri string) string {
	home := func(uri string) string {
		_, host, _ := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
		host, _, _ = strings.Cut(host, ";")
		return strings.ToLower(host)
	}
	for _, a := range cfg.SIP.Accounts {
		if h := home(uri); h != "" && home(a.Address) == h {
			return a.Name
		}
	}
	account, _ := cfg.DialAccount()
	return account.Name
}

// wornRing is how long a telephone that is to be a headset rings.
const wornRing = 30 * time.Second

// call calls the telephone and waits until somebody picks it up.
func (w *worn) call(ctx context.Context, h *wear) (media.Endpoint, <-chan error, error) {
	answered, gone := make(chan struct{}), make(chan error, 1)
	c, err := w.voice.phone.Dial(context.Background(), phone.DialOptions{
		Account: phoneAccount(w.cfg, h.kind), URI: h.kind,
		Events: func(e phone.Event) {
			switch e.Kind {
			case phone.Answered:
				close(answered)
			case phone.TransferAsked: // a headset is nobody's to hand on
				e.Call.TransferResult(603, "")
			case phone.Ended:
				gone <- fmt.Errorf("the telephone has hung up (%s)", endWords(e.Cause))
			}
		},
	})
	if err != nil {
		return nil, nil, err
	}
	ended := wornCall{c, gone}
	limit := time.NewTimer(wornRing)
	defer limit.Stop()
	select {
	case <-answered:
		return wornEar{c.Endpoint(), ended}, gone, nil
	case err = <-gone:
		return nil, nil, err
	case <-limit.C:
		err = fmt.Errorf("nobody picks the telephone up within %s: it is called again", wornRing)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, nil, errors.Join(err, ended.Close())
}

func endWords(c sip.Cause) string {
	if c.Status != 0 {
		return strings.TrimSpace(fmt.Sprintf("%d %s", c.Status, c.Reason))
	}
	return c.Reason
}

// wornCall is the call to a telephone that is a headset.
type wornCall struct {
	call *phone.Call
	gone chan error
}

// Close hangs up. The agent's Close waits for what the far end has to say.
func (c wornCall) Close() error {
	c.call.Hangup(sip.Reason{Q850: 16})
	return nil
}
