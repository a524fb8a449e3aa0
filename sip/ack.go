package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What follows on our INVITE: ACK, and CANCEL.

// confirm takes the 2xx to our INVITE: RFC 3261 §13.2.2.4. The tag is that of
// the 2xx, whatever the provisional ones said.
func (c *Call) confirm(m *message) {
	c.join(m)
	answer := m.isSDP()
	var err error
	var body []byte
	switch {
	case len(c.invite.body) == 0 && answer:
		body, err = c.describer().Answer(m.body) // we made no offer: this is theirs
	case answer && string(m.body) != c.lastSDP:
		err = c.describer().Accept(m.body)
	case !answer && c.accepted == "" && len(c.invite.body) > 0:
		err = fmt.Errorf("answered without a session description")
	}
	c.ack(m, body)
	if err != nil {
		c.then(mail{in: inUnsuitable, err: err})
		return
	}
	c.answered = time.Now()
	c.storeToken(true, c.dlg.remoteTag)
	c.negotiated(m, true)
	c.emit(Event{Kind: Answered, Status: m.status, Reason: m.reason})
}

// join makes the dialog out of a 2xx.
func (c *Call) join(m *message) {
	if f := c.early[m.toTag()]; f != nil {
		c.dlg.remoteSeq = max(c.dlg.remoteSeq, f.dlg.remoteSeq)
	}
	c.dlg.establish(m, c.invite.uri)
	c.dlg.flow, c.dlg.targetFlow = c.invite.flow, ""
}

func (c *Call) ackOnly(m *message) {
	c.stopTimer("give up")
	c.join(m)
	var body []byte
	if len(c.invite.body) == 0 && m.isSDP() {
		body, _ = c.describer().Answer(m.body)
	}
	c.ack(m, body)
	c.storeToken(true, c.dlg.remoteTag)
}

// ack sends the ACK of a 2xx in our dialog and keeps it for repetitions.
// sipgo would number it by the last request; it carries the INVITE's.
func (c *Call) ack(m *message, body []byte) {
	seq, _ := m.cseq()
	f, err := c.dlg.reach(c.agent.ctx, c.agent.wire)
	if err != nil {
		c.log.Warn("no way for the ACK", "target", c.dlg.target, "error", err)
		return
	}
	c.talksTo(f.remote.Addr())
	var creds []field
	if seq == c.invite.seq {
		creds = c.invite.creds
	}
	raw := c.dlg.request(f, "ACK", seq, newBranch(), c.agent.cfg.UserAgent, creds, "application/sdp", body)
	if len(c.acks) > 32 {
		clear(c.acks)
	}
	c.acks[ackKey{seq, m.toTag()}] = raw
	if err := c.agent.ep.push(f, raw); err != nil {
		c.log.Info("ACK not sent", "error", err) // it goes again with the repeated 2xx
	}
}

// ackAgain answers a repeated 2xx with the same ACK, and one from another
// fork with an ACK and a BYE of its own. RFC 3261 §13.2.2.4.
func (c *Call) ackAgain(m *message) {
	seq, _ := m.cseq()
	if raw := c.acks[ackKey{seq, m.toTag()}]; raw != nil {
		if f, err := c.dlg.reach(c.agent.ctx, c.agent.wire); err == nil {
			_ = c.agent.ep.push(f, raw)
		}
		return
	}
	if m.toTag() == c.dlg.remoteTag {
		return // not yet acknowledged: its first copy is being worked on
	}
	if c.forks++; c.forks <= 64 {
		c.agent.dismiss(m, &ending{acc: c.acc, target: c.invite.uri}, c.forkOf(m))
	}
}

// forkOf tells whether this 2xx of a fork comes for the first time: the BYE
// goes once, the ACK each time.
func (c *Call) forkOf(m *message) bool {
	key := "fork " + m.toTag()
	seen := c.told[key]
	c.told[key] = true
	return !seen
}

// cancel sends CANCEL once: same branch, URI and Via as the INVITE, and from
// then on waits 64*T1 for an effect. RFC 3261 §9.1.
func (c *Call) cancel() {
	v := &c.invite
	if v.cancelled {
		return
	}
	v.cancelled = true
	c.after("give up", c.agent.timers.give(), func() { c.feed(mail{in: inGiveUp}) })
	t := startRequest("CANCEL", v.uri)
	t.add("Via", via(v.flow, v.branch)).add("Max-Forwards", "70")
	t.add("From", c.dlg.local).add("To", c.dlg.remote).add("Call-ID", c.dlg.callID)
	t.add("CSeq", strconv.Itoa(int(v.seq))+" CANCEL")
	t.add("Reason", c.why.header())
	t.add("User-Agent", c.agent.cfg.UserAgent)
	_, err := c.agent.ep.request(v.flow, t.end("", nil), func(m *message, err error) {
		if m != nil && m.status >= 300 {
			c.log.Debug("CANCEL refused", "status", strings.TrimSpace(m.line()))
		}
	})
	if err != nil {
		c.log.Info("CANCEL not sent", "error", err)
	}
}
