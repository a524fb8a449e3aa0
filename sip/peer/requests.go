package peer

import (
	"bytes"
	"strings"
	"time"
)

// answer sends a provisional or final answer to the INVITE that began the call.
func (c *call) answer(status int, opts ...Option) *Message {
	if status > 100 && c.rec.Ringing.IsZero() && status < 200 {
		c.rec.Ringing = time.Now()
	}
	if status > 100 && status < 300 {
		opts = append([]Option{Contact(c.dlg.Contact), With("Allow", allowed)}, opts...)
	}
	return c.reply(c.invite, c.fl, status, opts...)
}

// reply answers a request in the call and remembers the answer.
func (c *call) reply(req *Message, fl flow, status int, opts ...Option) *Message {
	m := reply(req, fl, status, c.dlg.LocalTag)
	for _, o := range opts {
		o(m)
	}
	b := m.Bytes()
	c.mu.Lock()
	c.answers[req.Branch()+" "+req.Method] = b
	c.mu.Unlock()
	if err := fl.send(b); err != nil {
		c.log.Debug("send", "err", err)
	}
	return m
}

// final refuses the INVITE and repeats that until it is acknowledged.
func (c *call) final(status int, opts ...Option) {
	m := c.answer(status, opts...)
	c.state, c.rec.Status = refused, status
	by := "contact"
	if c.byThem {
		by = "caller"
	}
	c.keep(&retry{bytes: m.Bytes(), fl: c.fl, cap: 8 * c.x.cfg.T1, ackTag: c.dlg.LocalTag}, false)
	c.end(by)
}

// accept sends the 2xx, repeated until acknowledged (RFC 3261 §13.3.1.4).
func (c *call) accept(req *Message, fl flow, body []byte, opts ...Option) {
	opts = append([]Option{Contact(c.dlg.Contact), With("Allow", allowed), SDP(string(body))}, opts...)
	m := c.reply(req, fl, 200, opts...)
	c.inviteCSeq, _ = req.CSeq()
	c.keep(&retry{bytes: m.Bytes(), fl: fl, cap: 8 * c.x.cfg.T1, ackTag: m.ToTag()}, true)
}

// handle is one letter.
func (c *call) handle(l letter) {
	switch {
	case l.over:
		c.hangup()
	case l.m.IsRequest():
		c.request(l.m, l.fl)
	default:
		c.response(l.m)
	}
}

// request is RFC 3261 §12.2.2 for what the exchange knows.
func (c *call) request(m *Message, fl flow) {
	c.mu.Lock()
	before := c.answers[m.Branch()+" "+m.Method]
	c.mu.Unlock()
	if before != nil && m.Method != "ACK" {
		_ = fl.send(before)
		return
	}
	if m.Method == "ACK" {
		c.acked(m)
		return
	}
	if m.Method == "CANCEL" {
		c.cancelled(m, fl)
		return
	}
	if f := c.fork; f != nil && m.ToTag() == f.tag {
		c.forked(m, fl)
		return
	}
	if m.ToTag() != c.dlg.LocalTag || m.FromTag() != c.dlg.RemoteTag {
		c.violation("%s with tags of another dialog", m.Method)
		c.reply(m, fl, 481)
		return
	}
	if seq, _ := m.CSeq(); seq <= c.theirCSeq {
		c.violation("%s with CSeq %d after %d (RFC 3261 §12.2.1.1)", m.Method, seq, c.theirCSeq)
		c.reply(m, fl, 500)
		return
	} else {
		c.theirCSeq = seq
	}
	c.inDialog(m, fl)
}

func (c *call) inDialog(m *Message, fl flow) {
	switch m.Method {
	case "BYE":
		c.reply(m, fl, 200)
		c.byThem = true
		c.retries = nil
		if c.state == proceeding { // RFC 3261 §15.1.2
			c.final(487)
			return
		}
		c.end("caller")
	case "INVITE", "UPDATE":
		c.reoffered(m, fl)
	case "INFO":
		c.rec.Digits += infoDigit(m)
		c.reply(m, fl, 200)
	case "OPTIONS":
		c.reply(m, fl, 200, With("Allow", allowed))
	case "NOTIFY", "PRACK":
		c.reply(m, fl, 200)
	default:
		c.reply(m, fl, 405, With("Allow", allowed))
	}
}

// infoDigit reads application/dtmf-relay ("Signal=5") and application/dtmf.
func infoDigit(m *Message) string {
	for line := range strings.Lines(string(m.Body)) {
		line = strings.TrimSpace(line)
		if k, v, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(k), "Signal") {
			return strings.TrimSpace(v)
		}
	}
	if strings.Contains(m.Get("Content-Type"), "dtmf") && len(m.Body) == 1 {
		return string(m.Body)
	}
	return ""
}

// acked ends the repetition of the answer it belongs to.
func (c *call) acked(m *Message) {
	seq, _ := m.CSeq()
	if f := c.fork; f != nil && m.ToTag() == f.tag {
		f.acked = true
	}
	c.mu.Lock()
	answer := c.answers[m.Branch()+" INVITE"]
	c.mu.Unlock()
	if c.state != refused && answer != nil && !bytes.HasPrefix(answer, []byte("SIP/2.0 2")) {
		return // for a re-INVITE that we refused
	}
	if seq < c.inviteCSeq && m.ToTag() != c.dlg.LocalTag && (c.fork == nil || m.ToTag() != c.fork.tag) {
		return // for the 401 to an earlier try, late (RFC 3261 §17.1.1.3)
	}
	if c.state != refused {
		c.rec.Acks++
		if seq != c.inviteCSeq {
			c.violation("ACK with CSeq %d for INVITE %d (RFC 3261 §13.2.2.4)", seq, c.inviteCSeq)
			return
		}
		if c.habits.ignoreAcks > 0 {
			c.habits.ignoreAcks--
			return
		}
	}
	for _, r := range c.retries {
		if r.ackTag != "" && r.ackTag == m.ToTag() {
			c.drop(r)
			break
		}
	}
	if c.state == answered && m.ToTag() == c.dlg.LocalTag {
		c.state = confirmed
		if c.fork != nil {
			c.answerForked()
		}
	}
	if len(m.Body) > 0 { // answer to our offer in the 2xx
		if d, err := readSDP(m.Body); err == nil {
			c.apply(d)
		} else {
			c.violation("description in ACK: %v", err)
		}
	}
}

// cancelled is RFC 3261 §9.2.
func (c *call) cancelled(m *Message, fl flow) {
	if m.Branch() != c.invite.Branch() {
		c.violation("CANCEL with another branch than its INVITE (RFC 3261 §9.1)")
		c.reply(m, fl, 481)
		return
	}
	if c.state == proceeding && c.habits.crossCancel {
		c.habits.crossCancel = false
		c.pickUp("")
	}
	c.reply(m, fl, 200)
	if c.state != proceeding {
		return
	}
	c.byThem = true
	if c.habits.deaf {
		c.end("caller")
		return
	}
	c.final(487)
}

// forked answers what comes in the second dialog.
func (c *call) forked(m *Message, fl flow) {
	status := 481
	if m.Method == "BYE" {
		c.fork.byed, status = true, 200
	}
	c.reply(m, fl, status, ToTag(c.fork.tag))
}

// reoffered is a re-INVITE or UPDATE from the agent.
func (c *call) reoffered(m *Message, fl flow) {
	if t := m.Target(); t != "" {
		c.dlg.Target = t // RFC 3261 §12.2.2
	}
	if m.Method == "INVITE" && c.habits.glare {
		c.habits.glare = false
		c.send("INVITE", SDP(string(c.offer()))).then = func(res *Message) {
			if res.Status != 491 {
				c.violation("our crossing re-INVITE was answered by %d, not 491 (RFC 3261 §14.2)", res.Status)
			}
			if res.Status == 200 {
				c.ackOurs(res, "")
			}
		}
	}
	if m.Method == "INVITE" && c.asking != nil && c.asking.what.Method == "INVITE" {
		c.reply(m, fl, 491)
		return
	}
	body := []byte(nil)
	if len(m.Body) > 0 {
		d, err := readSDP(m.Body)
		if err != nil {
			c.violation("%s: %v", m.Method, err)
			c.reply(m, fl, 488)
			return
		}
		c.apply(d)
		body = c.describeAnswer()
	} else if m.Method == "INVITE" {
		body = c.offer()
	}
	if m.Method == "INVITE" {
		c.accept(m, fl, body)
		return
	}
	opts := []Option{Contact(c.dlg.Contact)}
	if body != nil {
		opts = append(opts, SDP(string(body)))
	}
	c.reply(m, fl, 200, opts...)
}
