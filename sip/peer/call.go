package peer

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// call is one call of the exchange: an actor whose goroutine runs the steps of
// its fate and, between them, answers what comes.
//
//	reader ─ post ─▶ mail ─▶ pump ─▶ handle: requests, answers
//	                          ▲ └──▶ repeat what is not acknowledged
//	                 steps ───┘ (wait, ask)
//
// All fields but those under mu belong to that goroutine.
type call struct {
	x      *Exchange
	log    *slog.Logger
	id     string
	number string
	fate   Fate
	mail   chan letter
	fl     flow

	invite     *Message // theirs, or ours in a call back
	ours       bool     // we called
	dlg        Dialog
	state      state
	theirCSeq  int  // of their last request but ACK and CANCEL
	inviteCSeq int  // of the INVITE whose 2xx waits for ACK
	over       bool // nothing more to do but to see the last answer acknowledged
	byThem     bool // they ended it

	retries []*retry
	asking  *retry // our request that waits for a final answer

	theirs  *described
	stream  *stream
	pacer   *pacer
	version int
	dir     string // our direction as last said
	holding bool   // by us
	zero    bool   // our hold says 0.0.0.0
	heldAt  time.Time
	refresh time.Time // next, zero = none

	habits habits
	fork   *fork
	rec    CallRecord

	mu      sync.Mutex
	gone    bool              // the goroutine has ended
	answers map[string][]byte // by branch and method, for repeated requests
}

// state of the first INVITE.
type state int

const (
	proceeding state = iota // no final answer yet
	answered                // 2xx sent, not acknowledged
	confirmed
	refused
)

// habits are the bad ones, set by steps.
type habits struct {
	ignoreAcks  int
	crossCancel bool
	deaf        bool // to CANCEL
	glare       bool
	session     time.Duration
	refreshBy   string
	callBack    time.Duration
	callsBack   bool
	noise       bool
	loss        int
}

// fork is the second 2xx of a forked INVITE.
type fork struct {
	tag               string
	sent, acked, byed bool
}

type letter struct {
	m    *Message
	fl   flow
	over bool // the exchange asks to hang up
}

// retry is a message sent again until something acknowledges it.
type retry struct {
	bytes  []byte
	fl     flow
	next   time.Time
	step   time.Duration
	cap    time.Duration // T2, or 0 for INVITE, whose interval doubles for ever
	until  time.Time     // 64*T1
	ackTag string        // To-tag of the ACK that ends it; "" for requests
	what   *Message      // our request
	final  *Message      // and its answer
	then   func(*Message)
}

// newCall is for an INVITE from the agent.
func (x *Exchange) newCall(m *Message, fl flow) *call {
	number := userOf(m.URI)
	c := x.blankCall(m.CallID(), number, x.fate(number))
	c.invite, c.fl = m, fl
	c.theirCSeq, _ = m.CSeq()
	c.inviteCSeq = c.theirCSeq
	c.dlg = Dialog{
		CallID: c.id, Local: setTag(m.Get("To"), ""), Remote: setTag(m.Get("From"), ""),
		LocalTag: token(4), RemoteTag: m.FromTag(), Target: m.Target(),
		Route: m.Values("Record-Route"), CSeq: 1000, Contact: x.contact(number, fl), Via: x.Addr(), flow: fl,
	}
	c.rec.Direction, c.rec.CallerID = "in", callerID(m)
	return c
}

func (x *Exchange) blankCall(id, number string, f Fate) *call {
	return &call{
		x: x, id: id, number: number, fate: f,
		log:  x.log.With("call", id, "number", number, "fate", f.Name),
		mail: make(chan letter, 64), answers: map[string][]byte{}, dir: "sendrecv",
		rec: CallRecord{CallID: id, Number: number, Fate: f.Name, Code: f.Code, Started: time.Now()},
	}
}

// callerID is the number a caller shows (RFC 3325 §9.1, else From).
func callerID(m *Message) string {
	for _, h := range []string{"P-Asserted-Identity", "Remote-Party-ID", "From"} {
		if v := addrSpec(m.Get(h)); v != "" {
			if strings.HasPrefix(v, "tel:") {
				return strings.TrimPrefix(v, "tel:")
			}
			return userOf(v)
		}
	}
	return ""
}

// post hands a letter to the call, from any goroutine. A full mailbox drops
// it, as a network would. After the end repetitions are answered from memory.
func (c *call) post(l letter) {
	c.mu.Lock()
	gone := c.gone
	if !gone {
		select {
		case c.mail <- l:
		default:
		}
	}
	c.mu.Unlock()
	if gone {
		c.afterlife(l)
	}
}

// afterlife answers what comes to an ended call.
func (c *call) afterlife(l letter) {
	if l.m == nil || !l.m.IsRequest() || l.m.Method == "ACK" {
		return
	}
	c.mu.Lock()
	b := c.answers[l.m.Branch()+" "+l.m.Method]
	c.mu.Unlock()
	if b == nil {
		b = reply(l.m, l.fl, 481, "").Bytes()
	}
	_ = l.fl.send(b)
}

// run is the goroutine of the call; it ends with the call, or with the
// exchange.
func (c *call) run() {
	defer c.finish()
	if c.ours {
		c.callOut()
	} else {
		c.live()
	}
	if !c.over {
		c.hangup()
	}
	c.linger()
}

// live lets the fate take its course; after it the contact stays on the line.
func (c *call) live() {
	c.answer(100)
	if !c.readOffer() {
		return
	}
	for _, s := range c.fate.steps {
		if !s.do(c, s) || c.over {
			return
		}
	}
	c.pump(time.Now().Add(10*time.Minute), nil)
}

// finish closes what the call holds and writes its record.
func (c *call) finish() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	if c.rec.Ended.IsZero() {
		c.end("network")
	}
	if c.stream != nil {
		if c.pacer != nil {
			c.pacer.remove(c.stream)
		}
		c.stream.close()
		c.rec.fill(c.stream)
	}
	if f := c.fork; f != nil && f.sent && (!f.acked || !f.byed) {
		c.violation("second 2xx of a fork: acknowledged %v, released %v (RFC 3261 §13.2.2.4)", f.acked, f.byed)
	}
	c.log.Info("call ended", "status", c.rec.Status, "by", c.rec.EndedBy)
	c.x.leave(c)
	if c.habits.callsBack {
		c.x.callBack(c)
	}
	// Letters that came between the last pump and gone.
	for {
		select {
		case l := <-c.mail:
			c.afterlife(l)
		default:
			return
		}
	}
}

// end books the end of the call; the first word counts.
func (c *call) end(by string) {
	if c.rec.Ended.IsZero() {
		c.rec.Ended, c.rec.EndedBy = time.Now(), by
		if !c.heldAt.IsZero() {
			c.rec.Held += c.rec.Ended.Sub(c.heldAt)
			c.heldAt = time.Time{}
		}
		if c.stream != nil {
			c.stream.change(func(s *stream) { s.on = false })
		}
	}
	c.over = true
}

func (c *call) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.log.Info("caller breaks a rule", "rule", text)
	if len(c.rec.Violations) < 20 {
		c.rec.Violations = append(c.rec.Violations, text)
	}
}

// pump handles what comes until the time (zero: without end), until enough
// says so, or until the call is over: then it returns false.
func (c *call) pump(until time.Time, enough func() bool) bool {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if c.over {
			return false
		}
		if enough != nil && enough() {
			return true
		}
		now := time.Now()
		if !until.IsZero() && !now.Before(until) {
			return true
		}
		timer.Reset(c.nextEvent(until, now))
		select {
		case l := <-c.mail:
			c.handle(l)
		case <-timer.C:
			c.repeat(time.Now())
			c.refreshSession(time.Now())
		case <-c.x.done:
			c.end("network")
		}
	}
}

func (c *call) nextEvent(until, now time.Time) time.Duration {
	next := now.Add(time.Hour)
	earlier := func(t time.Time) {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	earlier(until)
	if c.asking == nil {
		earlier(c.refresh)
	}
	for _, r := range c.retries {
		earlier(r.next)
		earlier(r.until)
	}
	return max(0, next.Sub(now))
}

// repeat sends again what nobody has acknowledged (RFC 3261 §13.3.1.4, §17.1).
func (c *call) repeat(now time.Time) {
	var kept, lost []*retry
	for _, r := range c.retries {
		if !now.Before(r.until) {
			lost = append(lost, r)
			continue
		}
		if !now.Before(r.next) {
			_ = r.fl.send(r.bytes)
			r.step *= 2
			if r.cap > 0 {
				r.step = min(r.step, r.cap)
			}
			r.next = now.Add(r.step)
		}
		kept = append(kept, r)
	}
	c.retries = kept
	for _, r := range lost {
		c.gaveUp(r)
	}
}

// gaveUp is what follows after 64*T1.
func (c *call) gaveUp(r *retry) {
	if r.what != nil {
		c.violation("no answer to our %s", r.what.Method)
		r.final = &Message{Status: 408, Reason: "no answer"}
		if c.asking == r {
			c.asking = nil
		}
		return
	}
	c.violation("final answer never acknowledged")
	c.end("network")
	if c.state == answered { // RFC 3261 §13.3.1.4: the dialog is up, and ended by BYE
		c.state = confirmed
		c.send("BYE")
	}
}

// keep repeats a message until acknowledged. Over TCP nothing is repeated but
// 2xx answers to INVITE (RFC 3261 §13.3.1.4).
func (c *call) keep(r *retry, evenTCP bool) *retry {
	now := time.Now()
	r.step, r.until = c.x.cfg.T1, now.Add(64*c.x.cfg.T1)
	r.next = now.Add(r.step)
	if r.fl.tcp != nil && !evenTCP {
		r.next = r.until
	}
	c.retries = append(c.retries, r)
	return r
}

func (c *call) drop(gone *retry) {
	var kept []*retry
	for _, r := range c.retries {
		if r != gone {
			kept = append(kept, r)
		}
	}
	c.retries = kept
}

// linger waits until the last final answer is acknowledged.
func (c *call) linger() {
	c.over = false
	c.pump(time.Now().Add(64*c.x.cfg.T1), func() bool { return len(c.retries) == 0 })
	c.over = true
}

// hangup ends an answered call by BYE, another by a refusal.
func (c *call) hangup() {
	if c.over {
		return
	}
	c.retries = nil // an answer not acknowledged is not repeated into a BYE
	switch c.state {
	case answered, confirmed:
		c.end("contact")
		c.over = false
		if res := c.ask("BYE"); res != nil && res.Status != 200 && res.Status != 481 {
			c.violation("BYE answered by %d", res.Status)
		}
		c.over = true
	case proceeding:
		if !c.ours {
			c.final(480)
		} else if c.asking != nil {
			c.giveUp(c.asking)
		}
		c.end("contact")
	}
}
