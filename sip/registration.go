package sip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"
)

// registration keeps one account registered: RFC 3261 §10.2. One goroutine
// owns it and ends with the agent.
type registration struct {
	agent *Agent
	acc   *account
	wake  chan struct{} // somebody asks for a try now
	stop  chan struct{}
	once  sync.Once
	ended chan struct{}

	mu      sync.Mutex
	state   RegistrationState
	changed chan struct{} // closed at each change

	callID  string
	tag     string
	seq     uint32
	nonces  *login // credentials of the last success, used again
	flow    flow
	asked   time.Duration
	fails   int
	bound   bool
	contact string
}

func newRegistration(a *Agent, acc *account) *registration {
	return &registration{agent: a, acc: acc, wake: make(chan struct{}, 1), stop: make(chan struct{}),
		ended: make(chan struct{}), changed: make(chan struct{}), callID: newCallID(), tag: newTag(),
		asked: acc.Expires,
		state: RegistrationState{Account: acc.Name, State: Registering, Since: time.Now()}}
}

// keepAliveEvery is how often a NAT on the way is kept open, RFC 5626 §4.4.
const keepAliveEvery = 25 * time.Second

func (r *registration) run() {
	defer close(r.ended)
	for {
		if wait, again := r.try(); !r.sleep(wait, again) {
			return
		}
	}
}

// sleep waits for a request to try, the time if there is one for trying again,
// or the end (false).
func (r *registration) sleep(wait time.Duration, again bool) bool {
	var due <-chan time.Time
	if again {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	keep := time.NewTicker(keepAliveEvery)
	defer keep.Stop()
	for {
		select {
		case <-due:
			return true
		case <-r.wake:
			return true
		case <-keep.C:
			if r.bound && r.flow.network == "udp" {
				r.agent.wire.keepAlive(r.flow)
			}
		case <-r.stop:
			return false
		case <-r.agent.ctx.Done():
			return false
		}
	}
}

// keepAlive sends CRLF CRLF, which no SIP element answers over UDP.
func (w *wire) keepAlive(f flow) {
	for _, u := range w.udp {
		if u.local == f.local {
			_, _ = u.WriteTo([]byte("\r\n\r\n"), net.UDPAddrFromAddrPort(f.remote))
		}
	}
}

// try registers once and says when to do it next; again is false when only a
// person can help.
func (r *registration) try() (wait time.Duration, again bool) {
	if s := r.now(); s.State != Registered {
		r.set(RegistrationState{State: Registering})
	}
	ctx, cancel := context.WithTimeout(r.agent.ctx, r.agent.timers.give()+5*time.Second)
	defer cancel()
	go func() { // ends with ctx
		select {
		case <-r.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	m, err := r.register(ctx, r.asked)
	if r.agent.ctx.Err() != nil || r.stopped() {
		return 0, false
	}
	if err == nil && m.status/100 == 2 {
		granted := r.granted(m)
		if granted > 0 {
			r.fails, r.bound = 0, true
			r.set(RegistrationState{State: Registered, Expires: granted, Status: m.status, Reason: m.reason})
			return refreshAfter(granted), true
		}
		err = errors.New("registrar granted no time")
	}
	r.bound = false
	r.fails++
	st := RegistrationState{State: RegFailed}
	if m != nil {
		st.Status, st.Reason = m.status, m.reason
	} else {
		st.Status = statusOf(err)
	}
	if err != nil {
		st.Reason = err.Error()
	}
	r.set(st)
	r.agent.log.Warn("registration failed", "account", r.acc.Name, "status", st.Status, "reason", st.Reason)
	if errors.Is(err, errWrongPassword) || errors.Is(err, errNoPassword) || m != nil && (m.status == 403 || m.status == 404) {
		return 0, false // asking again with the same would only lock the account
	}
	wait = backOff(r.fails)
	if m != nil {
		if n := m.number("Retry-After"); n > 0 { // RFC 3261 §20.33
			wait = max(wait, min(time.Duration(n)*time.Second, time.Hour))
		}
	}
	return wait, true
}

func (r *registration) stopped() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// refreshAfter is well before the granted time is over, counting in the
// repetitions of a lost REGISTER.
func refreshAfter(granted time.Duration) time.Duration {
	if granted > 2*time.Minute {
		return granted - 30*time.Second - rand.N(10*time.Second)
	}
	return granted * 2 / 3
}

// backOff grows from 2 s to 2 min, with a random part so that many agents do
// not come back at once. The form is RFC 5626 §4.5.
func backOff(fails int) time.Duration {
	d := 2 * time.Second << min(max(fails-1, 0), 6)
	d = min(d, 2*time.Minute)
	return d/2 + rand.N(d/2)
}

// register sends REGISTER until it is answered by something else than a
// challenge or 423.
func (r *registration) register(ctx context.Context, expires time.Duration) (*message, error) {
	f, err := r.way(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errTransport, err)
	}
	r.flow = f
	l := &login{acc: r.acc}
	if r.nonces != nil {
		l.given, l.order = r.nonces.given, r.nonces.order
	}
	reused := len(l.order) > 0
	for tries := 0; ; tries++ {
		m, err := r.agent.roundTrip(ctx, f, r.text(f, l, expires))
		if err != nil {
			return nil, err
		}
		switch {
		case m.challenges() && tries < 6:
			if reused { // an old nonce that is refused is no wrong password
				reused, l = false, &login{acc: r.acc}
			}
			if err := l.meet(m, f.remote.Addr()); err != nil {
				r.nonces = nil
				return m, err
			}
			continue
		case m.status == 423 && tries < 6 && expires > 0:
			// RFC 3261 §10.2.8
			n := time.Duration(m.number("Min-Expires")) * time.Second
			if n <= expires || n > 24*time.Hour {
				return m, nil
			}
			expires, r.asked = n, n
			continue
		case m.status/100 == 2:
			r.nonces = l
		}
		return m, nil
	}
}

func (r *registration) way(ctx context.Context) (flow, error) {
	hop := *r.acc.registrar
	if r.acc.proxy != nil {
		hop = *r.acc.proxy
	}
	list := r.agent.learn(r.acc, hop)
	if len(list) == 0 {
		return flow{}, fmt.Errorf("no address for host %q", hop.host)
	}
	network, _, err := r.agent.wire.resolve(ctx, hop)
	if err != nil {
		return flow{}, err
	}
	// After failures the next address gets its turn, RFC 3263 §4.3.
	return r.agent.wire.flowTo(ctx, network, list[r.fails%len(list)])
}

// text is one REGISTER: Call-ID and From tag stay, CSeq goes up by one.
// RFC 3261 §10.2.
func (r *registration) text(f flow, l *login, expires time.Duration) []byte {
	r.seq++
	target := uri{scheme: r.acc.registrar.scheme, host: r.acc.registrar.host, port: r.acc.registrar.port}
	r.contact = "sip:" + r.acc.address.user + "@" + f.contact
	t := startRequest("REGISTER", target.String())
	t.add("Via", via(f, newBranch())).add("Max-Forwards", "70")
	t.add("From", "<"+r.acc.address.String()+">;tag="+r.tag).add("To", "<"+r.acc.address.String()+">")
	t.add("Call-ID", r.callID).add("CSeq", strconv.Itoa(int(r.seq))+" REGISTER")
	t.add("Contact", "<"+r.contact+">")
	t.add("Expires", strconv.Itoa(int(expires/time.Second)))
	t.add("Allow", allow).add("Supported", supported)
	t.addFields(l.headers("REGISTER", target.String(), nil))
	t.add("User-Agent", r.agent.cfg.UserAgent)
	return t.end("", nil)
}

// granted is the time the registrar gave our binding, RFC 3261 §10.2.4: the
// expires of our Contact, else Expires, else what we asked.
func (r *registration) granted(m *message) time.Duration {
	seconds := func(s string) time.Duration {
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return -1
		}
		return time.Duration(n) * time.Second
	}
	list := m.list("Contact")
	for _, v := range list {
		a, err := parseAddress(v)
		if err != nil || a.text == "*" {
			continue
		}
		u, err := a.uri()
		ours, _ := parseURI(r.contact)
		if err != nil || len(list) > 1 && (u.user != ours.user || u.hostport() != ours.hostport()) {
			continue
		}
		if e, ok := a.params.get("expires"); ok {
			if d := seconds(e); d >= 0 {
				return d
			}
		}
	}
	if d := seconds(m.get("Expires")); d >= 0 {
		return d
	}
	return r.asked
}

// close unregisters (RFC 3261 §10.2.2) and ends the goroutine.
func (r *registration) close(ctx context.Context) {
	r.once.Do(func() { close(r.stop) })
	<-r.ended
	if !r.bound {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := r.register(ctx, 0); err != nil {
		r.agent.log.Info("not unregistered", "account", r.acc.Name, "error", err)
	}
	r.bound = false
	r.set(RegistrationState{State: NotRegistered})
}

func (r *registration) now() RegistrationState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *registration) set(s RegistrationState) {
	s.Account = r.acc.Name
	r.mu.Lock()
	s.Since = time.Now()
	if s.State == r.state.State {
		s.Since = r.state.Since
	}
	r.state = s
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	r.agent.mu.Lock()
	fs := make([]func(RegistrationState), 0, len(r.agent.watchers))
	for _, f := range r.agent.watchers {
		fs = append(fs, f)
	}
	r.agent.mu.Unlock()
	for _, f := range fs {
		f(s)
	}
}
