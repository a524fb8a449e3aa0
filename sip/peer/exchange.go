package peer

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// ExchangeConfig says how the practice exchange runs. The zero value is one
// that asks nobody for a password, on a free port.
type ExchangeConfig struct {
	Listen   string            // "127.0.0.1:0", for UDP and TCP
	Accounts map[string]string // user to password; none = REGISTER and INVITE are not challenged
	Realm    string            // default "practice"
	Guard    *Guard            // in place of Accounts and Realm, for other algorithms

	Speed    float64       // divides durations of fates, 10 = ten times faster; default 1
	MaxCalls int           // at once; beyond that 503; default 10000
	T1       time.Duration // RFC 3261 §17.1.1.1; default 500 ms
	Quiet    bool          // no RTP is sent or received: a load of signalling only
	World    *World        // in place of the fates by number
	OnRecord func(CallRecord)
	Log      *slog.Logger
}

// Exchange is the practice exchange.
type Exchange struct {
	cfg     ExchangeConfig
	fates   *table
	wire    *wire
	reg     Registrar
	guard   *Guard
	sounds  library
	pacers  []*pacer
	log     *slog.Logger
	done    chan struct{} // closed by Close
	wg      sync.WaitGroup
	closing sync.Once

	mu      sync.Mutex
	calls   map[string]*call // by Call-ID, also for 64*T1 after their end
	expired []tomb           // ended calls, oldest first
	live    int
	records []CallRecord
	drawn   int // calls drawn from the World
}

type tomb struct {
	at time.Time
	id string
}

// NewExchange opens the sockets and is ready when it returns. Close it.
func NewExchange(cfg ExchangeConfig) (*Exchange, error) {
	t, err := fates()
	if err != nil {
		return nil, err
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Speed <= 0 {
		cfg.Speed = 1
	}
	if cfg.MaxCalls <= 0 {
		cfg.MaxCalls = 10000
	}
	if cfg.T1 <= 0 {
		cfg.T1 = 500 * time.Millisecond
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	x := &Exchange{cfg: cfg, fates: t, guard: cfg.Guard, log: cfg.Log,
		done: make(chan struct{}), calls: map[string]*call{}}
	if x.guard == nil && len(cfg.Accounts) > 0 {
		x.guard = &Guard{Realm: cfg.Realm, Users: cfg.Accounts}
	}
	x.reg = Registrar{Guard: x.guard}
	// Messages that come before openWire has returned wait for the lock.
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wire, err = openWire(cfg.Listen, x.received, x.junk)
	if err != nil {
		return nil, err
	}
	for range 4 {
		p := &pacer{streams: map[*stream]struct{}{}}
		x.pacers = append(x.pacers, p)
		x.wg.Go(func() { p.run(x.done) })
	}
	x.wg.Go(x.sweep)
	return x, nil
}

// Addr is "127.0.0.1:port".
func (x *Exchange) Addr() string { return x.wire.addr().String() }

// URI is the SIP URI of a number on the exchange.
func (x *Exchange) URI(number string) string { return "sip:" + number + "@" + x.Addr() }

// contact is the URI of a number as seen on that flow.
func (x *Exchange) contact(number string, fl flow) string {
	if fl.tcp != nil {
		return x.URI(number) + ";transport=tcp"
	}
	return x.URI(number)
}

// Records returns the records of all calls ended so far, in order of their end.
func (x *Exchange) Records() []CallRecord {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]CallRecord(nil), x.records...)
}

// Live is how many calls are under way.
func (x *Exchange) Live() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.live
}

// Bindings returns who is registered.
func (x *Exchange) Bindings() map[string]Binding { return x.reg.Bindings() }

// Close ends live calls without a word on the wire (like a PBX that loses its
// power), closes the sockets and waits for all goroutines.
func (x *Exchange) Close() {
	x.closing.Do(func() {
		x.mu.Lock()
		close(x.done)
		x.mu.Unlock()
	})
	x.wire.close() // first the readers: they begin calls
	x.wg.Wait()
}

// Hangup says BYE in every answered call and 503 in every other, and waits
// until they have ended or the context does.
func (x *Exchange) Hangup(ctx context.Context) error {
	x.mu.Lock()
	for _, c := range x.calls {
		c.post(letter{over: true})
	}
	x.mu.Unlock()
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for x.Live() > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("peer: %d calls still up: %w", x.Live(), ctx.Err())
		case <-t.C:
		}
	}
	return nil
}

// sweep forgets ended calls after 64*T1, when no repetition can come any more.
func (x *Exchange) sweep() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-x.done:
			return
		case now := <-t.C:
			x.mu.Lock()
			for len(x.expired) > 0 && now.Sub(x.expired[0].at) > 64*x.cfg.T1 {
				delete(x.calls, x.expired[0].id)
				x.expired = x.expired[1:]
			}
			x.mu.Unlock()
		}
	}
}

func (x *Exchange) junk(_ []byte, fl flow, err error) {
	x.log.Debug("not SIP", "from", fl.String(), "err", err)
}

// received runs in the readers' goroutines.
func (x *Exchange) received(m *Message, _ []byte, fl flow) {
	x.mu.Lock()
	c := x.calls[m.CallID()]
	x.mu.Unlock()
	switch {
	case c != nil:
		c.post(letter{m: m, fl: fl})
	case !m.IsRequest() || m.Method == "ACK":
	case m.Method == "REGISTER":
		status, opts := x.reg.decide(m, fl)
		x.send(m, fl, status, opts...)
	case m.Method == "OPTIONS":
		x.send(m, fl, 200, With("Allow", allowed), With("Accept", "application/sdp"))
	case m.Method != "INVITE" && m.ToTag() == "" && m.Method != "BYE" && m.Method != "CANCEL":
		x.send(m, fl, 405, With("Allow", allowed))
	case m.Method != "INVITE" || m.ToTag() != "":
		x.send(m, fl, 481)
	default:
		x.invited(m, fl)
	}
}

const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY"

// send answers a request outside any call.
func (x *Exchange) send(m *Message, fl flow, status int, opts ...Option) {
	res := reply(m, fl, status, token(4))
	for _, o := range opts {
		o(res)
	}
	if err := fl.send(res.Bytes()); err != nil {
		x.log.Debug("send", "to", fl.String(), "err", err)
	}
}

// invited begins a call.
func (x *Exchange) invited(m *Message, fl flow) {
	if x.guard != nil {
		switch v := x.guard.Check(m); v {
		case Passed:
		case Wrong:
			x.send(m, fl, 403)
			return
		default:
			status, opts := challenge(x.guard, true, v == Stale)
			x.send(m, fl, status, opts...)
			return
		}
	}
	c := x.newCall(m, fl)
	if !x.enter(c) {
		x.send(m, fl, 503, With("Retry-After", "5"))
	}
}

// enter books and begins a call, unless there are too many or the exchange is
// closing.
func (x *Exchange) enter(c *call) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	select {
	case <-x.done:
		return false
	default:
	}
	if x.live >= x.cfg.MaxCalls {
		return false
	}
	x.live++
	x.calls[c.id] = c
	x.wg.Go(c.run)
	return true
}

// leave books the end of a call.
func (x *Exchange) leave(c *call) {
	x.mu.Lock()
	x.live--
	x.records = append(x.records, c.rec)
	x.expired = append(x.expired, tomb{time.Now(), c.id})
	x.mu.Unlock()
	if x.cfg.OnRecord != nil {
		x.cfg.OnRecord(c.rec)
	}
}

// scaled is a duration of a fate at our speed.
func (x *Exchange) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / x.cfg.Speed)
}

func (x *Exchange) ip() netip.Addr { return x.wire.addr().Addr().Unmap() }

// fate is that of the number, or one drawn from the World.
func (x *Exchange) fate(number string) Fate {
	if x.cfg.World == nil {
		return x.fates.of(number)
	}
	x.mu.Lock()
	n := x.drawn
	x.drawn++
	x.mu.Unlock()
	return x.cfg.World.draw(n)
}
