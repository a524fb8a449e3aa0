package sip

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Offers inside the dialog, from both sides.

// reinvite is our own re-INVITE: wanted, on its way, or waiting after glare.
type reinvite struct {
	wanted  bool
	flying  bool // ours is on its way
	waiting bool // refused with 491, the timer runs
	retried bool
}

// Reinvite asks Body.Offer for our present wish and sends it. Several asked
// for while one is on its way become one. What comes of it is Updated, or
// Body.Rollback.
func (c *Call) Reinvite() {
	c.box.put(mail{kind: mailFunc, fn: func() {
		c.again.wanted = true
		c.pumpReinvite()
	}})
}

// settled tells whether no offer is open on either side.
func (c *Call) settled() bool {
	return !c.again.flying && !c.again.waiting && (c.uas == nil || !c.uas.open && !c.uas.waiting)
}

func (c *Call) pumpReinvite() {
	if !c.again.wanted || c.state != stateTalking || !c.settled() {
		return
	}
	// Some exchanges re-INVITE right after the answer; ours would meet
	// theirs every time.
	if wait := c.agent.timers.T1/2 - time.Since(c.answered); wait > 0 {
		if c.timers["reinvite"] == nil {
			c.after("reinvite", wait+rand.N(c.agent.timers.T1/4+1), c.pumpReinvite)
		}
		return
	}
	c.again.wanted, c.again.retried = false, false
	c.sendReinvite()
}

func (c *Call) sendReinvite() {
	body, err := c.describer().Offer()
	if err != nil {
		c.log.Warn("no offer", "error", err)
		c.describer().Rollback()
		return
	}
	c.again.flying = true
	f, err := c.dlg.reach(c.agent.ctx, c.agent.wire)
	if err != nil {
		c.reinviteDone(nil, err)
		return
	}
	extra := []field{{"Contact", contactFor(c.acc.address.user, f)}, {"Allow", allow}, {"Supported", supported}}
	extra = append(extra, c.askInterval()...)
	c.transact(&c.dlg, "INVITE", extra, "application/sdp", body, c.reinviteDone)
}

func (c *Call) reinviteDone(m *message, err error) {
	if !c.again.flying {
		// A repeated 2xx, or one of another fork.
		if m != nil && m.status/100 == 2 {
			c.ackAgain(m)
		}
		return
	}
	c.again.flying = false
	switch {
	case m != nil && m.status/100 == 2:
		c.reinviteAccepted(m)
	case dead(m, err):
		c.describer().Rollback() // RFC 3261 §14.1, §12.2.1.2
		if err == nil {
			err = errGone
		}
		c.feed(mail{in: inLost, err: err})
	case m.status == 491 && !c.again.retried && c.state == stateTalking:
		c.describer().Rollback()
		c.again.retried, c.again.waiting = true, true
		c.after("glare", c.glareWait(), func() {
			c.again.waiting = false
			if c.state != stateTalking {
				return
			}
			if !c.settled() {
				c.again.wanted = true
				return
			}
			c.again.wanted = false
			c.sendReinvite()
		})
	case m.status == 422 && c.intervalTooSmall(m):
		c.describer().Rollback()
		c.sendReinvite()
	default:
		c.describer().Rollback()
		c.log.Info("re-INVITE refused", "status", m.status)
		c.pumpReinvite()
	}
}

// glareWait is RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the
// other 0 to 2 s, in steps of 10 ms.
func (c *Call) glareWait() time.Duration {
	if c.direction == Outbound {
		return 2100*time.Millisecond + rand.N(191*time.Millisecond)*10
	}
	return rand.N(200*time.Millisecond) * 10
}

func (c *Call) reinviteAccepted(m *message) {
	c.dlg.refresh(m)
	c.ack(m, nil)
	c.storeToken(true, c.dlg.remoteTag)
	c.negotiated(m, false)
	if c.state != stateTalking {
		return
	}
	if !m.isSDP() {
		c.describer().Rollback()
	} else if err := c.describer().Accept(m.body); err != nil {
		c.log.Warn("answer to re-INVITE refused", "error", err)
		c.describer().Rollback()
	}
	c.emit(Event{Kind: Updated, Status: m.status, Reason: m.reason})
	c.pumpReinvite()
}

// onReinvite answers the far end's re-INVITE.
func (c *Call) onReinvite(m mail) {
	busy := c.uas != nil && (c.uas.open || c.uas.waiting)
	seq, _ := m.msg.cseq()
	switch {
	case c.state == stateLeaving || c.state == stateDropping || c.state < stateIncoming:
		c.reply(m.msg, m.tx, 481, nil)
		return
	case busy && !c.uas.waiting:
		// RFC 3261 §14.2: a second INVITE before the final response.
		c.reply(m.msg, m.tx, 500, []field{{"Retry-After", strconv.Itoa(rand.IntN(11))}})
		return
	case busy || c.again.flying:
		// Ours is on its way, or our 2xx is not acknowledged: an offer is
		// open. RFC 3261 §14.2, RFC 6337 §3.
		c.reply(m.msg, m.tx, 491, nil)
		return
	}
	if tooBrief(m.msg) {
		c.reply(m.msg, m.tx, 422, minSE())
		return
	}
	c.uas = &incomingInvite{msg: m.msg, tx: m.tx, seq: seq, open: true}
	m.tx.watch(func() {}, func(ack *message) { c.box.put(mail{kind: mailRequest, msg: ack}) })
	if err := c.accept(); err != nil {
		_, _ = c.respondInvite(statusFrom(err), nil, "", nil)
		c.pumpReinvite()
		return
	}
	if !c.uas.late {
		c.emit(Event{Kind: Updated})
	}
}

// onUpdate answers UPDATE, RFC 3311 §5.2: with a description it is an offer,
// without one it refreshes target and session timer.
func (c *Call) onUpdate(m mail, d *dialog) {
	if tooBrief(m.msg) {
		c.reply(m.msg, m.tx, 422, minSE())
		return
	}
	offer := m.msg.isSDP()
	if offer {
		switch {
		case c.again.flying || c.uas != nil && c.uas.late && c.uas.waiting:
			c.reply(m.msg, m.tx, 491, nil) // our offer is unanswered
			return
		case c.uas != nil && c.uas.open, c.direction == Outbound && c.answered.IsZero() && c.accepted == "":
			c.reply(m.msg, m.tx, 500, []field{{"Retry-After", strconv.Itoa(rand.IntN(11))}})
			return
		}
	}
	var body []byte
	if offer {
		var err error
		if body, err = c.describer().Answer(m.msg.body); err != nil {
			c.reply(m.msg, m.tx, statusFrom(err), nil)
			return
		}
	}
	moved := d.refresh(m.msg)
	f := c.agent.wire.back(m.msg)
	t := startResponse(m.msg, 200, "", c.dlg.localTag)
	t.add("Contact", contactFor(c.acc.address.user, f)).add("Allow", allow).add("Supported", supported)
	t.addFields(c.agreeInterval(m.msg))
	t.add("User-Agent", c.agent.cfg.UserAgent)
	if err := m.tx.respond(t.end("application/sdp", body)); err != nil {
		c.log.Debug("response not sent", "error", err)
	}
	if moved && c.state == stateTalking {
		c.storeToken(true, c.dlg.remoteTag)
	}
	if offer || moved {
		c.emit(Event{Kind: Updated})
	}
}
