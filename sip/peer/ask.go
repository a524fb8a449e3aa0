package peer

import (
	"math/rand/v2"
	"time"
)

// send sends a request in the dialog and repeats it until answered.
func (c *call) send(method string, opts ...Option) *retry {
	c.dlg.CSeq++
	m := c.build(method, c.dlg.CSeq)
	for _, o := range opts {
		o(m)
	}
	r := &retry{bytes: m.Bytes(), fl: c.fl, what: m}
	if method != "INVITE" {
		r.cap = 8 * c.x.cfg.T1
	}
	if err := c.fl.send(r.bytes); err != nil {
		c.log.Debug("send", "err", err)
	}
	c.asking = c.keep(r, false)
	return r
}

func (c *call) build(method string, cseq int) *Message {
	m := c.dlg.build(method, cseq, nil)
	if method == "INVITE" || method == "UPDATE" {
		m.add("Allow", allowed)
	}
	return m
}

// ask sends a request and waits for its final answer; nil if the call ended
// meanwhile.
func (c *call) ask(method string, opts ...Option) *Message {
	if !c.pump(time.Time{}, func() bool { return c.asking == nil }) {
		return nil
	}
	r := c.send(method, opts...)
	if !c.pump(time.Time{}, func() bool { return r.final != nil }) {
		return nil
	}
	return r.final
}

// response is an answer to a request of ours.
func (c *call) response(m *Message) {
	_, method := m.CSeq()
	for _, r := range c.retries {
		if r.what == nil || r.what.Branch() != m.Branch() || method != r.what.Method {
			continue
		}
		if m.Status < 200 {
			if r.what == c.invite {
				c.progress(m)
			}
			if r.what.Method == "INVITE" { // RFC 3261 §17.1.1.2: no more repetitions
				r.until = time.Now().Add(3 * time.Minute)
				r.next = r.until
			}
			return
		}
		c.drop(r)
		r.final = m
		if c.asking == r {
			c.asking = nil
		}
		if method == "INVITE" && m.Status >= 300 {
			c.ackRefusal(r.what, m)
		}
		if r.then != nil {
			r.then(m)
		}
		return
	}
	if method == "INVITE" && m.Status >= 200 && m.Status < 300 && c.ours {
		c.ackOurs(m, "") // its 2xx once more
	}
}

func (c *call) progress(m *Message) {
	if c.rec.Ringing.IsZero() && m.Status > 100 {
		c.rec.Ringing = time.Now()
	}
}

func (c *call) ackRefusal(inv, res *Message) {
	ack := (&Sent{Message: inv}).sibling("ACK")
	ack.set("To", res.Get("To"))
	_ = c.fl.send(ack.Bytes())
}

// ackOurs acknowledges a 2xx to an INVITE of ours, with a body if it held an
// offer.
func (c *call) ackOurs(res *Message, body string) {
	if t := res.Target(); t != "" {
		c.dlg.Target = t
	}
	seq, _ := res.CSeq()
	ack := c.build("ACK", seq)
	if body != "" {
		SDP(body)(ack)
	}
	_ = c.fl.send(ack.Bytes())
}

// reinvite offers our present description; on 491 it tries once more, after
// the time of RFC 3261 §14.1 for the one who does not own the Call-ID.
func (c *call) reinvite() *Message {
	for try := range 2 {
		res := c.ask("INVITE", SDP(string(c.offer())))
		if res == nil {
			return nil
		}
		if res.Status != 491 || try == 1 {
			if res.Status == 200 {
				c.ackOurs(res, "")
			}
			return res
		}
		wait := time.Duration(rand.IntN(200)) * 10 * time.Millisecond
		if !c.pump(time.Now().Add(wait), nil) {
			return nil
		}
	}
	return nil
}
