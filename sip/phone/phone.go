package phone

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// Config is what a phone needs besides its agent.
type Config struct {
	Media media.SessionConfig // of every call
	Log   *slog.Logger        // nil: none
}

// Phone places and takes calls with sound through a sip.Agent. The agent is
// started and closed by whoever made it; closing it ends every call, each with
// its Ended.
type Phone struct {
	agent  *sip.Agent
	cfg    Config
	routes routes

	mu       sync.Mutex
	live     map[*Call]struct{}
	incoming func(*Call)
}

// New makes a phone. It takes over the agent's inbound calls, so it comes
// before Agent.Start.
func New(agent *sip.Agent, cfg Config) *Phone {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Media.Log == nil {
		cfg.Media.Log = cfg.Log
	}
	if cfg.Media.Clock == nil {
		cfg.Media.Clock = media.NewClock() // one for all calls
	}
	p := &Phone{agent: agent, cfg: cfg, live: map[*Call]struct{}{}}
	agent.OnCall(p.offered)
	return p
}

// OnCall says who is told of inbound calls. The handler sets the call's events
// with Call.Events and later answers or rejects it; it must not block. Without
// a handler callers get 480.
func (p *Phone) OnCall(handler func(*Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.incoming = handler
}

// DialOptions says whom to call.
type DialOptions struct {
	Account    string      // one of the agent's accounts
	URI        string      // "sip:601@pbx.example"
	CallerID   string      // our number as the contact shall see it
	CallerName string      // and our name
	Events     func(Event) // must not block; may be called before Dial returns
}

// Dial places a call. An error means that nothing was sent and no event comes:
// the URI or the account is wrong. In every other case exactly one Ended
// follows, also when there was no RTP port to be had.
func (p *Phone) Dial(ctx context.Context, o DialOptions) (*Call, error) {
	c := newCall(p, sip.Outbound, o.Events)
	session, err := p.open(ctx, hostOf(o.URI))
	if err != nil {
		p.cfg.Log.Error("call not placed", "err", err)
		c.finish(sip.Cause{Reason: err.Error(), By: sip.Local})
		return c, nil
	}
	c.attach(session)
	d, err := p.agent.Dial(ctx, sip.DialOptions{
		Account:    o.Account,
		URI:        o.URI,
		CallerID:   o.CallerID,
		CallerName: o.CallerName,
		Body:       (*description)(c),
		Events:     c.signal,
	})
	if err != nil {
		c.discard()
		return nil, fmt.Errorf("phone: dial %s: %w", o.URI, err)
	}
	c.connect(d)
	return c, nil
}

// open makes the sound of a call with a far end at host.
func (p *Phone) open(ctx context.Context, host string) (*media.Session, error) {
	cfg, err := p.media(ctx, host)
	if err != nil {
		return nil, err
	}
	return media.NewSession(cfg)
}

// offered takes an inbound INVITE.
func (p *Phone) offered(d *sip.Call) {
	p.mu.Lock()
	handler := p.incoming
	p.mu.Unlock()
	if handler == nil {
		d.Reject(480)
		return
	}
	session, err := p.open(context.Background(), d.Source().String())
	if err != nil {
		p.cfg.Log.Error("inbound call refused", "err", err)
		d.Reject(500) // RFC 3261 §21.5.1; not 503, which would have the PBX avoid us for a while
		return
	}
	c := newCall(p, sip.Inbound, nil)
	c.attach(session)
	c.connect(d)
	d.Accept((*description)(c), c.signal)
	handler(c)
}

// Release ends the call that an earlier process left behind, from its
// Call.Token: CANCEL or BYE. nil when the far end confirmed that it is gone.
func (p *Phone) Release(ctx context.Context, token []byte) error {
	if err := p.agent.Release(ctx, token); err != nil {
		return fmt.Errorf("phone: release an old call: %w", err)
	}
	return nil
}

// Calls counts the calls that have not ended.
func (p *Phone) Calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.live)
}

func (p *Phone) add(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live[c] = struct{}{}
}

func (p *Phone) remove(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, c)
}
