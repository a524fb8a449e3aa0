package sip

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Direction tells who called.
type Direction uint8

const (
	Outbound Direction = iota
	Inbound
)

func (d Direction) String() string {
	if d == Inbound {
		return "inbound"
	}
	return "outbound"
}

// SessionDescriber makes and takes session descriptions, which are opaque
// bytes here. Its methods are called from the call's goroutine, one at a
// time, and must not block.
type SessionDescriber interface {
	Offer() ([]byte, error)              // our present wish
	Answer(offer []byte) ([]byte, error) // an error may have Status() int
	Accept(answer []byte) error          // the far end's answer to our last Offer
	Rollback()                           // our last Offer was refused; what was agreed stands
}

// DialOptions say whom to call, as whom, and what to send along.
type DialOptions struct {
	Account              string
	URI                  string // sip: URI
	CallerID, CallerName string // into the header Account.CallerIDIn names
	Headers              map[string]string
	Body                 SessionDescriber
	Events               func(Event) // in order, from the call's goroutine; must not block
}

// Call is one call, ours or theirs. All methods may be used from any
// goroutine and return at once; what comes of them is told by events. One
// goroutine owns the rest of it: it starts with the call and ends with it.
type Call struct {
	agent     *Agent
	acc       *account
	direction Direction
	log       *slog.Logger
	box       mailbox
	token     atomic.Pointer[[]byte]
	remote    Identity
	source    netip.Addr
	localID   Identity
	origin    string // inbound: the far end's tag; never changes
	branch    string // inbound: of the INVITE

	mu      sync.Mutex // body, events, backlog: set by Accept
	body    SessionDescriber
	events  func(Event)
	backlog []Event

	// Owned by the goroutine.
	state    state
	follow   []mail // inputs that commands produced
	unread   []mail // came with what ended the call
	cause    Cause
	blamed   bool
	dialed   bool
	why      Reason
	dlg      dialog
	invite   outgoing
	early    map[string]*fork // by To tag, while ringing
	acks     map[ackKey][]byte
	heard    map[int]bool    // provisional statuses told
	told     map[string]bool // forks hung up
	lastSDP  string
	accepted string // answer taken last
	login    login
	abort    context.CancelFunc
	uas      *incomingInvite
	again    reinvite
	session  session
	order    sequence
	timers   map[string]*time.Timer
	peers    map[netip.Addr]bool
	forks    int
	calledAt time.Time
	answered time.Time
	subs     subscriptions
	trusted  bool
	newProv  reliable
}

// outgoing is our INVITE as last sent.
type outgoing struct {
	opts      DialOptions
	extra     []field
	uri       string
	tx        *clientTx
	flow      flow
	base      string // of the branches of all attempts
	branch    string
	seq       uint32
	body      []byte
	creds     []field // credentials; the ACK repeats them, RFC 3261 §22.1
	cancelled bool
	minSE     int
	asked     int
}

type ackKey struct {
	seq uint32
	tag string
}

// fork is an early dialog.
type fork struct {
	dlg  dialog
	rseq uint32
}

func newCall(a *Agent, acc *account, d Direction, callID string) *Call {
	return &Call{
		agent: a, acc: acc, direction: d,
		log:    a.log.With("call", callID),
		box:    newMailbox(),
		dlg:    dialog{callID: callID},
		early:  map[string]*fork{},
		acks:   map[ackKey][]byte{},
		heard:  map[int]bool{},
		told:   map[string]bool{},
		timers: map[string]*time.Timer{},
		peers:  map[netip.Addr]bool{},
		login:  login{acc: acc},
	}
}

// ID is the SIP Call-ID.
func (c *Call) ID() string { return c.dlg.callID }

// Direction tells who called.
func (c *Call) Direction() Direction { return c.direction }

// Remote is the far end: whom we called, or who calls us.
func (c *Call) Remote() Identity { return c.remote }

// Source is the address an inbound call came from; invalid for an outbound one.
func (c *Call) Source() netip.Addr { return c.source }

// Local is us: the account, or whom they called.
func (c *Call) Local() Identity { return c.localID }

// Token is what another process needs to end this call (Agent.Release),
// as JSON. It changes: read it after Dialing, Ringing and Answered.
func (c *Call) Token() []byte {
	if p := c.token.Load(); p != nil {
		return append([]byte(nil), *p...)
	}
	return nil
}

// Accept gives an inbound call its session description and its listener.
// Events since the INVITE are told at once. It does not answer.
func (c *Call) Accept(body SessionDescriber, events func(Event)) {
	if !c.box.put(mail{kind: mailAccept, fn: func() { c.setBody(body, events) }}) {
		c.setBody(body, events) // the goroutine is gone: Ended is in the backlog
	}
}

func (c *Call) setBody(body SessionDescriber, events func(Event)) {
	c.mu.Lock()
	if c.events != nil || events == nil {
		c.body = body
		c.mu.Unlock()
		return
	}
	c.body, c.events = body, events
	q := c.backlog
	c.backlog = nil
	c.mu.Unlock()
	for _, e := range q {
		events(e)
	}
}

// Ring answers an inbound call with 180.
func (c *Call) Ring() { c.box.put(mail{in: inRing}) }

// Answer answers an inbound call with 200 and the description of Body.
func (c *Call) Answer() { c.box.put(mail{in: inAnswer}) }

// Reject refuses an inbound call: 486, 480, 603, or any other final status;
// anything else becomes 480.
func (c *Call) Reject(status int) {
	if status < 300 || status > 699 {
		status = 480
	}
	c.box.put(mail{in: inReject, status: status})
}

// Hangup ends the call by whatever its state asks for: nothing yet sent,
// CANCEL, BYE, or 480 to an inbound call that was not answered.
func (c *Call) Hangup(r Reason) { c.box.put(mail{in: inHangup, reason: r, status: 480}) }

func (c *Call) emit(e Event) {
	e.At, e.Call = time.Now(), c
	e.CallerNumber, e.CallerName = c.remote.Number, c.remote.Name
	c.mu.Lock()
	events := c.events
	if events == nil && len(c.backlog) < 64 {
		c.backlog = append(c.backlog, e)
	}
	c.mu.Unlock()
	c.log.Debug("call event", "event", e.Kind.String(), "status", e.Status)
	if events != nil {
		events(e)
	}
}

// describer returns the body, or one without any session.
func (c *Call) describer() SessionDescriber {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.body == nil {
		return noSession{}
	}
	return c.body
}

// noSession is a call without media: used where no Body was given.
type noSession struct{}

func (noSession) Offer() ([]byte, error)        { return nil, nil }
func (noSession) Answer([]byte) ([]byte, error) { return nil, notAcceptable{} }
func (noSession) Accept([]byte) error           { return nil }
func (noSession) Rollback()                     {}

type notAcceptable struct{}

func (notAcceptable) Error() string { return "no session description" }
func (notAcceptable) Status() int   { return 488 }

// run is the call's goroutine.
func (c *Call) run() {
	for c.state != stateEnded {
		q := c.box.take()
		for len(q) > 0 && c.state != stateEnded {
			c.open(q[0])
			q = q[1:]
		}
		c.unread = q
	}
	c.finish()
}

func (c *Call) open(m mail) {
	switch m.kind {
	case mailFunc, mailAccept:
		m.fn()
	case mailRequest:
		c.receive(m)
	default:
		c.feed(m)
	}
	c.retryHeld()
}

// feed runs the state machine, and what its commands give rise to.
func (c *Call) feed(m mail) {
	c.step(m)
	for len(c.follow) > 0 {
		m := c.follow[0]
		c.follow = c.follow[1:]
		c.step(m)
	}
}

// then queues an input for when the present one is done with.
func (c *Call) then(m mail) { c.follow = append(c.follow, m) }

func (c *Call) step(m mail) {
	st := c.agent.table[c.state][m.in]
	c.state = st.next
	for _, cmd := range st.do {
		c.do(cmd, m)
	}
}

func (c *Call) do(cmd command, m mail) {
	switch cmd {
	case cmdDialing:
		c.dialing()
	case cmdProgress:
		c.progress(m.msg)
	case cmdConfirm:
		c.confirm(m.msg)
	case cmdAckOnly:
		c.ackOnly(m.msg)
	case cmdAckAgain:
		c.ackAgain(m.msg)
	case cmdCancel:
		c.cancel()
	case cmdAbort:
		if c.abort != nil {
			c.abort()
		}
	case cmdRing:
		c.ring()
	case cmdAnswer:
		c.answer()
	case cmdRefuse:
		c.refuse(m)
	case cmdConnect:
		c.connected()
	case cmdTerminate:
		_, _ = c.respondInvite(487, nil, "", nil)
	case cmdOK:
		c.reply(m.msg, m.tx, 200, nil)
	case cmdBye:
		c.bye()
	case cmdBlame:
		c.blame(m)
	case cmdEnd:
		c.end(m)
	}
}

// finish lets go of everything after Ended.
func (c *Call) finish() {
	for name := range c.timers {
		c.stopTimer(name)
	}
	if c.abort != nil {
		c.abort()
	}
	if c.invite.tx != nil {
		c.invite.tx.stop() // no effect once a final response is in
	}
	if c.direction == Outbound {
		c.agent.recent.put(c.dlg.callID, &ending{acc: c.acc, target: c.invite.uri,
			until: time.Now().Add(c.agent.timers.give())})
	}
	c.agent.calls.remove(c)
	for ip := range c.peers {
		c.agent.peers.drop(ip)
	}
	left := append(c.unread, c.box.close()...)
	for _, h := range c.order.held {
		left = append(left, h.mail)
	}
	for _, m := range left {
		switch {
		case m.kind == mailRequest && m.tx != nil:
			c.reply(m.msg, m.tx, 481, nil)
		case m.kind == mailInput && m.in == inAccepted:
			c.agent.stray(m.msg)
		case m.kind == mailAccept:
			m.fn() // too late: it hears Ended
		case m.kind == mailFunc:
			c.tooLate(m.msg)
		}
	}
}

// tooLate takes a response that finds the call ended: a 2xx to an INVITE still
// wants its ACK (RFC 3261 §13.2.2.4), and a BYE if it makes a dialog of its own.
func (c *Call) tooLate(m *message) {
	if m == nil || m.status/100 != 2 {
		return
	}
	if _, method := m.cseq(); method == "INVITE" {
		c.agent.stray(m)
	}
}

// after runs fn in the call's goroutine; a timer of the same name is replaced.
func (c *Call) after(name string, d time.Duration, fn func()) {
	c.stopTimer(name)
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		c.box.put(mail{kind: mailFunc, fn: func() {
			if c.timers[name] == t {
				delete(c.timers, name)
				fn()
			}
		}})
	})
	c.timers[name] = t
}

func (c *Call) stopTimer(name string) {
	if t := c.timers[name]; t != nil {
		t.Stop()
		delete(c.timers, name)
	}
}

// talksTo lets messages of an address through to this call while it lives.
func (c *Call) talksTo(ip netip.Addr) {
	if !c.peers[ip] && len(c.peers) < 16 {
		c.peers[ip] = true
		c.agent.peers.add(ip)
	}
}
