package line

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/phone"
)

// releaseTime is how long Recover waits for the far end: 64·T1 (RFC 3261 §17.1.2.2)
// and a little.
const releaseTime = 35 * time.Second

// readTime is how long Close waits for a reader of Events after its context
// has ended.
const readTime = time.Second

// ErrUnread says that events were still unread when the line was closed.
var ErrUnread = errors.New("line events unread")

// Config says how the line calls and with whom it connects.
type Config struct {
	Account string   // of calls that name none
	URI     Template // whom to call for a number
	// Headset gives an agent's headset. It must not block: headsets are opened
	// when agents log in, here they are looked up. The line never closes one.
	Headset func(campaign.AgentID) (media.Endpoint, error)
	// Detect gives a listener to a call, who tells what it hears; nil: nobody
	// listens. tell is safe from any goroutine.
	Detect func(d campaign.Detection, tell func(campaign.Heard)) Detector
	// Record opens a recording of a call into a file, the agent on the way
	// media.AtoB and the contact on media.BtoA; nil: there is none.
	Record func(file string) (Recorder, error)
	// Erase removes what Record has begun and completed.
	Erase func(file string) error
	// Inbound makes calls from outside LineIncoming events; else they get 480.
	Inbound bool
	// HangupOnLostMedia ends a call whose far end has fallen silent in RTP.
	HangupOnLostMedia bool
	Log               *slog.Logger // nil: none
}

// Detector listens to the contact, on the way media.BtoA. Frames come from one
// goroutine at a time.
type Detector interface {
	media.Tap
	Answered() // safe at any time
}

// Recorder writes a call to a file. The frames come from a goroutine of a
// junction; a recording goes through several junctions one after the other.
type Recorder interface {
	media.Tap
	Pause() // what is said from now on is not kept
	Resume()
	Close() error // completes the file
}

// Line is a campaign.Line over a phone.
type Line struct {
	cfg    Config
	phone  telephone
	inbox  *queue[any] // campaign.Command, signal, played, arrival, shutdown, func()
	outbox *queue[campaign.LineEvent]
	out    chan campaign.LineEvent
	legs   map[campaign.AttemptID]*leg // the owner's alone

	ended   chan struct{} // closed when the owner has ended
	drained chan struct{} // closed when the outbox has been read
	give    chan struct{} // closed: do not wait for readers
	closing sync.Once
	giving  sync.Once
	players sync.WaitGroup
}

var _ campaign.Line = (*Line)(nil)

// signal is a phone event of a leg.
type signal struct {
	leg   *leg
	event phone.Event
}

// played says that the file of a Play was spoken.
type played struct {
	leg    *leg
	player *media.FileEndpoint
}

// noticed is what a leg's detector heard.
type noticed struct {
	leg   *leg
	heard campaign.Heard
}

// shutdown ends all calls; forced: without waiting for the far ends.
type shutdown struct{ forced bool }

// New makes a line over a phone. With cfg.Inbound it comes before the agent's
// Start.
func New(p *phone.Phone, cfg Config) (*Line, error) {
	l, err := newLine(phoneAdapter{p}, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Inbound {
		p.OnCall(func(c *phone.Call) { l.incoming(c) })
	}
	return l, nil
}

func newLine(p telephone, cfg Config) (*Line, error) {
	if err := cfg.URI.Check(); err != nil {
		return nil, err
	}
	if cfg.Headset == nil {
		return nil, errors.New("line: no Headset function")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Line{
		cfg:     cfg,
		phone:   p,
		inbox:   newQueue[any](),
		outbox:  newQueue[campaign.LineEvent](),
		out:     make(chan campaign.LineEvent),
		legs:    map[campaign.AttemptID]*leg{},
		ended:   make(chan struct{}),
		drained: make(chan struct{}),
		give:    make(chan struct{}),
	}
	// Both are owned by the line and end in Close.
	go l.own()
	go l.deliver()
	return l, nil
}

// Do takes a command. It never blocks.
func (l *Line) Do(c campaign.Command) {
	if l.inbox.push(c) {
		return
	}
	if d, ok := c.(campaign.Dial); ok {
		l.cfg.Log.Error("dial on a closed line", "attempt", d.Attempt)
	}
}

// Events gives what happens; closed by Close.
func (l *Line) Events() <-chan campaign.LineEvent { return l.out }

// Recover ends a call that an earlier process left behind.
func (l *Line) Recover(token []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	return l.phone.Release(ctx, token)
}

// Waiting counts events that nobody has read yet, now and at the worst.
func (l *Line) Waiting() (now, most int) { return l.outbox.depth() }

// Stats gives the quality of an agent's call as it is now; false: she has none.
func (l *Line) Stats(agent campaign.AgentID) (st media.Stats, ok bool) {
	done := make(chan struct{})
	ask := func() {
		defer close(done)
		for _, g := range l.legs {
			if g.agent == agent && g.call != nil && g.picked {
				st, ok = g.call.Stats(), true
				return
			}
		}
	}
	if !l.inbox.push(ask) {
		return st, false
	}
	select {
	case <-done:
		return st, ok
	case <-l.ended: // the line was closed before it came to it
		return media.Stats{}, false
	}
}

// Close ends all calls (campaign.HangupShutdown) and closes Events when everything was read.
// It waits until ctx ends; then the remaining calls are given their LineEnded
// without the far end's word, and ErrUnread says how many events nobody read.
func (l *Line) Close(ctx context.Context) error {
	l.closing.Do(func() { l.inbox.push(shutdown{}) })
	select {
	case <-l.ended:
	case <-ctx.Done():
		l.inbox.push(shutdown{forced: true})
		<-l.ended
	}
	l.players.Wait()
	select {
	case <-l.drained:
		return nil
	case <-ctx.Done():
	}
	// A reader may be about to take them: the last Ended have only just come.
	grace := time.NewTimer(readTime)
	defer grace.Stop()
	select {
	case <-l.drained:
		return nil
	case <-grace.C:
		l.giving.Do(func() { close(l.give) })
		<-l.drained
		if n, _ := l.outbox.depth(); n > 0 {
			return fmt.Errorf("line: %d %w", n, ErrUnread)
		}
		return nil
	}
}

// deliver moves the outbox to whoever reads Events.
func (l *Line) deliver() {
	defer close(l.drained)
	defer close(l.out)
	for {
		e, ok := l.outbox.pop()
		if !ok {
			return
		}
		select {
		case l.out <- e:
		case <-l.give:
			return
		}
	}
}

// own does one thing after the other until the line is closed and every leg
// has ended.
func (l *Line) own() {
	defer close(l.ended)
	defer l.outbox.close()
	closing := false
	for {
		if closing && len(l.legs) == 0 {
			l.inbox.close()
		}
		v, ok := l.inbox.pop()
		if !ok {
			return
		}
		switch v := v.(type) {
		case shutdown:
			closing = true
			l.shutdown(v.forced)
		case signal:
			l.step(v.leg, of(v.event), v)
		case noticed:
			l.step(v.leg, onHeard, v)
		case played:
			l.step(v.leg, onPlayed, v)
		case watched:
			l.step(v.leg, onWatched, v)
		case campaign.Dial:
			l.dial(v, closing)
		case arrival:
			l.arrived(v.leg, closing)
		case func():
			v()
		case campaign.Command:
			l.command(v)
		}
	}
}

// command finds the leg of a command.
func (l *Line) command(c campaign.Command) {
	id, in := target(c)
	g := l.legs[id]
	if r, ok := c.(campaign.RecordCall); ok && g == nil && r.Action == campaign.RecordDelete {
		l.erase(r)
		return
	}
	if g == nil { // it ended meanwhile, or never was
		l.cfg.Log.Debug("command for a call that is not there", "attempt", id, "command", fmt.Sprintf("%T", c))
		return
	}
	l.step(g, in, c)
}

// erase removes a recording.
func (l *Line) erase(r campaign.RecordCall) {
	if l.cfg.Erase == nil {
		l.cfg.Log.Error("recording not deleted: recordings are not set up", "attempt", r.Attempt)
		return
	}
	if err := l.cfg.Erase(r.File); err != nil {
		l.cfg.Log.Error("recording not deleted: delete the file by hand", "attempt", r.Attempt, "file", r.File, "err", err)
	}
}

// shutdown hangs up everything.
func (l *Line) shutdown(forced bool) {
	for _, g := range l.legs {
		l.step(g, onHangup, campaign.Hangup{Attempt: g.attempt, By: campaign.ByDialer, Reason: campaign.HangupShutdown})
		if forced {
			g.silence()
			g.conclude(end{inbound: g.inbound, answered: g.picked, asked: g.asked}, phone.Event{}, "closed before the far end confirmed")
		}
	}
}

// dial places a call.
func (l *Line) dial(d campaign.Dial, closing bool) {
	if l.legs[d.Attempt] != nil {
		l.cfg.Log.Error("dial for an attempt that is under way", "attempt", d.Attempt)
		return
	}
	g := &leg{line: l, attempt: d.Attempt, state: placing, agent: d.Agent}
	l.legs[d.Attempt] = g
	if closing {
		g.conclude(end{}, phone.Event{}, "the line is closed")
		return
	}
	if err := g.place(d); err != nil {
		l.cfg.Log.Warn("call not placed", "attempt", d.Attempt, "err", err)
		g.conclude(end{}, phone.Event{}, err.Error())
	}
}

// arrival is an inbound call.
type arrival struct{ leg *leg }

// incoming takes an inbound call; from the signalling.
func (l *Line) incoming(c call) {
	g := &leg{line: l, attempt: campaign.AttemptID(ulid.Make().String()), state: offered, inbound: true, call: c}
	if !l.inbox.push(arrival{g}) {
		c.Reject(480)
		return
	}
	c.Events(func(e phone.Event) { l.inbox.push(signal{g, e}) })
}

func (l *Line) arrived(g *leg, closing bool) {
	if closing {
		g.state = over
		g.call.Reject(480)
		return
	}
	l.legs[g.attempt] = g
	g.call.Ring()
	g.say(campaign.LineEvent{Kind: campaign.LineIncoming, Number: g.call.Remote().Number, Token: g.call.Token()})
}
