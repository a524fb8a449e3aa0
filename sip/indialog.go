package sip

import (
	"strconv"
	"strings"
	"time"
)

// transact sends a request in a dialog and tells its final response, or why
// there is none, in the call's goroutine. 401 and 407 are met on the way.
func (c *Call) transact(d *dialog, method string, extra []field, contentType string, body []byte, done func(*message, error)) {
	c.attempt(d, method, extra, contentType, body, &login{acc: c.acc, inside: true}, done)
}

func (c *Call) attempt(d *dialog, method string, extra []field, contentType string, body []byte, l *login, done func(*message, error)) {
	f, err := d.reach(c.agent.ctx, c.agent.wire)
	if err != nil {
		done(nil, err)
		return
	}
	c.talksTo(f.remote.Addr())
	seq := c.dlg.localSeq + 1 // early dialogs share the space of the call's
	c.dlg.localSeq, d.localSeq = seq, seq
	uri, _, _ := d.way()
	all := append(append([]field(nil), extra...), l.headers(method, uri, body)...)
	raw := d.request(f, method, seq, newBranch(), c.agent.cfg.UserAgent, all, contentType, body)
	if len(raw) > tcpAbove && f.network == "udp" {
		if t, ok := c.agent.wire.tryTCP(c.agent.ctx, f.remote); ok {
			f = t // RFC 3261 §18.1.1
			raw = d.request(f, method, seq, newBranch(), c.agent.cfg.UserAgent, all, contentType, body)
		}
	}
	deliver := func(m *message, err error) {
		ok := c.box.put(mail{kind: mailFunc, msg: m, fn: func() {
			switch {
			case m != nil && m.status < 200:
			case m != nil && m.challenges() && c.state != stateEnded && l.meet(m, f.remote.Addr()) == nil:
				c.attempt(d, method, extra, contentType, body, l, done)
			default:
				done(m, err)
			}
		}})
		if !ok {
			c.tooLate(m)
		}
	}
	if _, err := c.agent.ep.request(f, raw, deliver); err != nil {
		done(nil, err)
	}
}

// bye ends the dialog. A final response of any kind ends the call, and so
// does a far end that stays silent: the transaction goes on repeating.
func (c *Call) bye() {
	c.stopTimer("ack") // nothing of ours is repeated any more
	c.stopTimer("refresh")
	c.after("bye", 4*c.agent.timers.T1+c.agent.timers.T2/2, func() { c.feed(mail{in: inGone}) })
	c.transact(&c.dlg, "BYE", c.why.fields(), "", nil, func(m *message, err error) {
		if err != nil {
			c.log.Info("BYE without answer", "error", err)
		}
		c.feed(mail{in: inGone})
	})
}

// dead tells whether a response in the dialog means that it is over:
// RFC 3261 §12.2.1.2.
func dead(m *message, err error) bool {
	return err != nil || m.status == 481 || m.status == 408
}

// sequence keeps requests of the far end in order. sipgo hands up each
// message in a goroutine of its own, so the second of two may come first: one
// with a gap before it, or from a dialog whose 2xx is still on its way up, is
// held for a moment.
type sequence struct {
	held []heldMail
}

type heldMail struct {
	mail  mail
	until time.Time
}

const (
	holdFor = 50 * time.Millisecond
	maxHeld = 64
)

// receive takes a request of the far end.
func (c *Call) receive(m mail) {
	if m.msg.method == "ACK" {
		c.acked(m.msg)
		return
	}
	if c.mustWait(m.msg) && len(c.order.held) < maxHeld {
		c.order.held = append(c.order.held, heldMail{m, time.Now().Add(holdFor)})
		c.after("held", holdFor, func() {})
		return
	}
	c.handle(m)
}

// mustWait tells whether a request should wait for what ought to come before.
func (c *Call) mustWait(m *message) bool {
	if m.method == "PRACK" {
		return false
	}
	if !c.knows(m.fromTag()) {
		return c.state < stateCancelling
	}
	if u := c.uas; u != nil && u.waiting && (m.method == "INVITE" || m.method == "UPDATE" || m.method == "BYE") {
		return true // it may have overtaken the ACK
	}
	if c.again.flying && (m.method == "INVITE" || m.method == "UPDATE" && m.isSDP()) {
		return true // it may have overtaken the answer to ours
	}
	if c.direction == Outbound && c.state < stateCancelling && (m.method == "INVITE" || m.method == "BYE") {
		return true // neither comes before the 2xx (RFC 3261 §14.2, §15): it was overtaken
	}
	n, _ := m.cseq()
	d := c.dialogOf(m.fromTag())
	return d.remoteSeq != 0 && n > d.remoteSeq+1
}

func (c *Call) retryHeld() {
	for len(c.order.held) > 0 && c.state != stateEnded {
		best := -1
		for i, h := range c.order.held {
			if c.mustWait(h.mail.msg) && time.Now().Before(h.until) {
				continue
			}
			n, _ := h.mail.msg.cseq()
			if best < 0 {
				best = i
			} else if b, _ := c.order.held[best].mail.msg.cseq(); n < b {
				best = i
			}
		}
		if best < 0 {
			return
		}
		m := c.order.held[best].mail
		c.order.held = append(c.order.held[:best], c.order.held[best+1:]...)
		c.handle(m)
	}
}

// knows tells whether a tag of the far end belongs to this call. A far end
// that sent no tag at all is taken as it is.
func (c *Call) knows(tag string) bool {
	if tag == c.dlg.remoteTag && (c.state >= stateIncoming || c.direction == Inbound) {
		return true
	}
	if c.dlg.remoteTag == "" && c.state >= stateTalking {
		return true
	}
	return c.early[tag] != nil
}

func (c *Call) dialogOf(tag string) *dialog {
	if f := c.early[tag]; f != nil && c.state < stateIncoming {
		return &f.dlg
	}
	return &c.dlg
}

// handle answers a request inside the dialog; every path sends exactly one
// final response, or keeps the INVITE's transaction for later.
func (c *Call) handle(m mail) {
	msg := m.msg
	if !c.knows(msg.fromTag()) {
		c.reply(msg, m.tx, 481, nil)
		return
	}
	d := c.dialogOf(msg.fromTag())
	n, _ := msg.cseq()
	if d.remoteSeq != 0 && n <= d.remoteSeq {
		c.reply(msg, m.tx, 500, nil) // RFC 3261 §12.2.2
		return
	}
	d.remoteSeq = n
	if status, extra := unacceptable(msg); status != 0 {
		c.reply(msg, m.tx, status, extra)
		return
	}
	switch msg.method {
	case "BYE":
		c.onBye(m)
	case "INVITE":
		c.onReinvite(m)
	case "UPDATE":
		c.onUpdate(m, d)
	case "PRACK":
		c.onPrack(m)
	case "INFO":
		c.onInfo(m)
	case "REFER":
		c.onRefer(m)
	case "NOTIFY":
		c.onNotify(m)
	case "OPTIONS":
		c.reply(msg, m.tx, 200, abilities()) // RFC 3261 §11.2
	default:
		c.reply(msg, m.tx, 405, []field{{"Allow", allow}})
	}
}

func abilities() []field {
	return []field{{"Allow", allow}, {"Accept", "application/sdp, application/dtmf-relay, application/dtmf"},
		{"Supported", supported}, {"Accept-Encoding", "identity"}, {"Accept-Language", "en"}}
}

func (c *Call) onBye(m mail) {
	switch c.state {
	case stateTalking, stateAnswering, stateDropping, stateLeaving, stateIncoming:
		if c.uas != nil && !c.uas.initial && c.uas.open {
			_, _ = c.respondInvite(487, nil, "", nil) // RFC 3261 §15.1.2: pending requests
		}
		m.in, m.kind = inBye, mailInput
		c.feed(m)
	default:
		c.reply(m.msg, m.tx, 481, nil)
	}
}

// reply sends a final response to a request that is not an INVITE.
func (c *Call) reply(m *message, tx *serverTx, status int, extra []field) {
	if tx == nil {
		return
	}
	t := startResponse(m, status, "", c.dlg.localTag)
	t.addFields(extra)
	if status == 500 && !hasField(extra, "Retry-After") {
		t.add("Retry-After", "5")
	}
	t.add("User-Agent", c.agent.cfg.UserAgent)
	if err := tx.respond(t.end("", nil)); err != nil {
		c.log.Debug("response not sent", "status", status, "error", err)
	}
}

// onInfo takes DTMF by INFO: application/dtmf-relay ("Signal=5\r\n
// Duration=160") or application/dtmf ("5"). An empty INFO is a keep-alive.
func (c *Call) onInfo(m mail) {
	msg := m.msg
	if len(msg.body) == 0 {
		c.reply(msg, m.tx, 200, nil)
		return
	}
	digit, ms := "", 0
	switch msg.contentType() {
	case "application/dtmf-relay":
		for _, l := range strings.Split(string(msg.body[:min(len(msg.body), 256)]), "\n") {
			k, v, _ := strings.Cut(l, "=")
			switch v = strings.TrimSpace(v); strings.ToLower(strings.TrimSpace(k)) {
			case "signal":
				digit = v
			case "duration":
				ms, _ = strconv.Atoi(v)
			}
		}
	case "application/dtmf":
		digit = strings.TrimSpace(string(msg.body[:min(len(msg.body), 16)]))
	default:
		c.reply(msg, m.tx, 415, []field{{"Accept", "application/dtmf-relay, application/dtmf"}})
		return
	}
	switch digit = strings.ToUpper(digit); digit {
	case "10":
		digit = "*"
	case "11":
		digit = "#"
	}
	if len(digit) != 1 || !strings.Contains("0123456789*#ABCD", digit) {
		c.reply(msg, m.tx, 400, nil)
		return
	}
	c.reply(msg, m.tx, 200, nil)
	c.emit(Event{Kind: Info, Digit: digit, Duration: min(max(ms, 0), 60000)})
}

// Info sends one DTMF digit by INFO.
func (c *Call) Info(digit string, duration time.Duration) {
	c.box.put(mail{kind: mailFunc, fn: func() {
		if c.state != stateTalking || len(digit) != 1 || !strings.Contains("0123456789*#ABCD", digit) {
			return
		}
		body := "Signal=" + digit + "\r\nDuration=" + strconv.Itoa(int(duration.Milliseconds())) + "\r\n"
		c.transact(&c.dlg, "INFO", nil, "application/dtmf-relay", []byte(body), func(m *message, err error) {
			if m != nil && m.status == 481 {
				c.feed(mail{in: inLost})
			}
		})
	}})
}
