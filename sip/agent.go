package sip

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Agent is a SIP user agent: sockets, accounts with their registrations, and
// calls.
type Agent struct {
	cfg      Config
	timers   Timers
	log      *slog.Logger
	listens  []listen
	accounts []*account
	trusted  []netip.Prefix
	hops     atomic.Pointer[map[netip.Addr]bool] // registrars and proxies
	hopsMu   sync.Mutex
	secret   [32]byte
	onCall   func(*Call)

	ctx    context.Context
	cancel context.CancelFunc
	wire   *wire
	ep     *endpoint
	table  *table
	calls  callTable
	peers  peerSet
	recent recentSet
	regs   map[string]*registration
	wg     group // calls, registrations, strays

	mu       sync.Mutex
	started  bool
	closing  bool
	watchers map[int]func(RegistrationState)
	nextID   int
	idle     chan struct{} // closed and made anew when the last call ends
	live     int
}

// Stats is what is alive, for gauges and leak tests.
type Stats struct {
	Calls              int
	ClientTransactions int
	ServerTransactions int
	Connections        int // TCP
}

// New checks the configuration; nothing is opened.
func New(cfg Config) (*Agent, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "freiton"
	}
	if clean(cfg.UserAgent) != cfg.UserAgent {
		return nil, fmt.Errorf("sip: user agent holds a control character")
	}
	a := &Agent{cfg: cfg, timers: cfg.Timers.withDefaults(), log: cfg.Log,
		regs: map[string]*registration{}, watchers: map[int]func(RegistrationState){}}
	_, _ = rand.Read(a.secret[:])
	if len(cfg.Listen) == 0 {
		return nil, fmt.Errorf("sip: nothing to listen on")
	}
	for _, s := range cfg.Listen {
		l, err := parseListen(s)
		if err != nil {
			return nil, err
		}
		a.listens = append(a.listens, l)
	}
	advertise, err := parseAdvertise(cfg.Advertise)
	if err != nil {
		return nil, err
	}
	if a.trusted, err = parseTrusted(cfg.Trusted); err != nil {
		return nil, err
	}
	for _, x := range cfg.Accounts {
		acc, err := newAccount(x)
		if err != nil {
			return nil, err
		}
		if a.account(x.Name) != nil {
			return nil, fmt.Errorf("sip: account %q twice", x.Name)
		}
		a.accounts = append(a.accounts, acc)
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.table = newTable()
	a.calls.init()
	a.hops.Store(&map[netip.Addr]bool{})
	a.wire = newWire(a.log, advertise, a.timers)
	a.wire.trace = cfg.Trace
	a.wire.gate, a.wire.known = a.gate, func(ip netip.Addr) bool { return a.trusts(ip) || a.peers.has(ip) }
	a.ep = newEndpoint(a.ctx, a.wire, a.unexpected)
	a.ep.onRequest(a.handle)
	return a, nil
}

// OnCall sets who is told of inbound calls: from the call's goroutine, before
// anything else happens to it, and must not block. Set it before Start; with
// none every call is refused with 480.
func (a *Agent) OnCall(f func(*Call)) { a.onCall = f }

// Start opens the sockets and begins to register, in the background.
func (a *Agent) Start(ctx context.Context) error {
	a.mu.Lock()
	if a.started || a.closing {
		a.mu.Unlock()
		return fmt.Errorf("sip: agent started before")
	}
	a.started = true
	a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.wire.open(a.listens); err != nil {
		a.mu.Lock()
		a.started = false
		a.mu.Unlock()
		return err
	}
	a.wire.serve()
	for _, acc := range a.accounts {
		for _, u := range []*uri{acc.registrar, acc.proxy} {
			if u != nil {
				a.wg.Go(func() { a.learn(acc, *u) }) // ends with the look-up
			}
		}
		if acc.registrar != nil {
			r := newRegistration(a, acc)
			a.regs[acc.Name] = r
			a.wg.Go(r.run) // ends with a.ctx
		}
	}
	return nil
}

// learn resolves an account's own hop: from there calls are taken, and there
// challenges are answered.
func (a *Agent) learn(acc *account, u uri) []netip.AddrPort {
	_, list, err := a.wire.resolve(a.ctx, u)
	if err != nil {
		a.log.Warn("cannot resolve", "account", acc.Name, "uri", u.String(), "error", err)
		return nil
	}
	acc.keys.own(list...)
	a.hopsMu.Lock()
	defer a.hopsMu.Unlock()
	m := map[netip.Addr]bool{}
	for k := range *a.hops.Load() {
		m[k] = true
	}
	for _, ap := range list {
		m[ap.Addr()] = true
	}
	a.hops.Store(&m)
	return list
}

// Addrs are the bound addresses, in the order of Config.Listen by protocol.
func (a *Agent) Addrs() []net.Addr { return a.wire.addrs() }

// Stats counts what is alive.
func (a *Agent) Stats() Stats {
	a.wire.mu.Lock()
	conns := len(a.wire.conns)
	a.wire.mu.Unlock()
	return Stats{Calls: a.calls.len(), ClientTransactions: int(a.ep.clients.Load()),
		ServerTransactions: int(a.ep.servers.Load()), Connections: conns}
}

func (a *Agent) account(name string) *account {
	for _, acc := range a.accounts {
		if acc.Name == name {
			return acc
		}
	}
	return nil
}

// trusts tells whether calls are taken from an address.
func (a *Agent) trusts(ip netip.Addr) bool {
	if (*a.hops.Load())[ip] {
		return true
	}
	for _, p := range a.trusted {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// ready tells whether the agent has started and is not being closed.
func (a *Agent) ready() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.started && !a.closing
}

// begin starts a call's goroutine; false when the agent is closed or has not
// started.
func (a *Agent) begin(c *Call) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closing || !a.started {
		return false
	}
	a.live++
	a.calls.add(c, c.dlg.localTag)
	return a.wg.Go(func() { // ends with the call
		c.run()
		a.mu.Lock()
		if a.live--; a.live == 0 && a.idle != nil {
			close(a.idle)
			a.idle = nil
		}
		a.mu.Unlock()
	})
}

// Close hangs up all calls, unregisters, closes the sockets and waits for
// every goroutine. When ctx ends first, the rest is done without waiting for
// the far ends.
func (a *Agent) Close(ctx context.Context) error {
	a.mu.Lock()
	if a.closing {
		a.mu.Unlock()
		return nil
	}
	a.closing = true
	started := a.started
	var idle chan struct{}
	if a.live > 0 {
		idle = make(chan struct{})
		a.idle = idle
	}
	a.mu.Unlock()
	if !started {
		a.cancel()
		a.wire.close()
		return nil
	}
	var err error
	for _, c := range a.calls.list() {
		c.Hangup(Reason{Q850: 16, Text: "shutting down"})
	}
	var un sync.WaitGroup
	for _, r := range a.regs {
		un.Go(func() { r.close(ctx) })
	}
	un.Wait()
	if idle != nil {
		select {
		case <-idle:
		case <-ctx.Done():
			err = fmt.Errorf("sip: calls left without an answer to BYE or CANCEL: %w", ctx.Err())
		}
	}
	for _, c := range a.calls.list() {
		c.box.put(mail{kind: mailFunc, fn: c.drop})
	}
	a.cancel()
	// First all who send, then the transactions, then the sockets: sipgo
	// would open a new one for a request that comes too late.
	a.wg.Wait()
	a.ep.txl.Close()
	a.ep.wg.Wait()
	a.wire.close()
	a.ep.txl.Close() // requests that were on their way up
	return err
}

// drop ends a call that cannot be ended by signalling any more.
func (c *Call) drop() {
	if c.state == stateEnded {
		return
	}
	c.state = stateEnded
	if !c.blamed {
		c.cause = Cause{Status: 503, Reason: "agent closed", By: Local}
	}
	c.end(mail{in: inGiveUp})
}

// roundTrip sends a request outside our calls and waits for the final
// response.
func (a *Agent) roundTrip(ctx context.Context, f flow, raw []byte) (*message, error) {
	m, _, err := a.exchange(ctx, f, raw)
	return m, err
}

func (a *Agent) exchange(ctx context.Context, f flow, raw []byte) (*message, *clientTx, error) {
	type result struct {
		m   *message
		err error
	}
	out := make(chan result, 1)
	tx, err := a.ep.request(f, raw, func(m *message, err error) {
		if m != nil && m.status < 200 {
			return
		}
		select {
		case out <- result{m, err}:
		default:
		}
	})
	if err != nil {
		return nil, nil, err
	}
	select {
	case r := <-out:
		return r.m, tx, r.err
	case <-ctx.Done():
		tx.stop()
		return nil, tx, ctx.Err()
	}
}
