package peer

import (
	"time"
)

// callBack calls the agent some time after the end of a call to the contact:
// at her registration if there is one, else at the Contact of her INVITE.
func (x *Exchange) callBack(old *call) {
	target, fl := old.dlg.Target, old.fl
	agent := addrSpec(old.dlg.Remote)
	for aor, b := range x.reg.Bindings() {
		if userOf(aor) == userOf(agent) {
			target, fl = b.Contact, b.flow
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	select {
	case <-x.done:
		return
	default:
	}
	x.wg.Go(func() {
		timer := time.NewTimer(x.scaled(old.habits.callBack))
		defer timer.Stop()
		select {
		case <-x.done:
		case <-timer.C:
			c := x.outCall(old.number, agent, target, fl)
			x.enter(c)
		}
	})
}

// outCall is a call of the contact to the agent.
func (x *Exchange) outCall(number, agent, target string, fl flow) *call {
	c := x.blankCall(token(10)+"@"+x.ip().String(), number, Fate{Name: "call-back"})
	c.fl, c.ours = fl, true
	c.dlg = Dialog{
		CallID: c.id, Local: "<" + x.URI(number) + ">", Remote: "<" + agent + ">",
		LocalTag: token(4), Target: target, CSeq: 1, Contact: x.contact(number, fl), Via: x.Addr(), flow: fl,
	}
	c.invite = c.build("INVITE", 1)
	c.invite.add("P-Asserted-Identity", "<"+x.URI(number)+">")
	c.rec.Direction, c.rec.CallerID = "out", number
	return c
}

// callOut lets it ring for half a minute, speaks for ten seconds after the
// answer, and hangs up.
func (c *call) callOut() {
	if !c.openMedia() {
		return
	}
	SDP(string(c.offer()))(c.invite)
	r := c.keep(&retry{bytes: c.invite.Bytes(), fl: c.fl, what: c.invite}, false)
	c.asking = r
	if err := c.fl.send(r.bytes); err != nil {
		c.log.Info("call back", "err", err)
	}
	if !c.pump(time.Now().Add(c.x.scaled(30*time.Second)), func() bool { return r.final != nil }) {
		return
	}
	if r.final == nil {
		c.giveUp(r)
		return
	}
	c.rec.Status = r.final.Status
	if r.final.Status >= 300 {
		c.end("caller")
		return
	}
	c.connected(r.final)
	c.play("speak", c.voiceHz())
	c.pump(time.Now().Add(c.x.scaled(10*time.Second)), nil)
}

// connected books the 2xx to our INVITE.
func (c *call) connected(res *Message) {
	c.dlg.RemoteTag = res.ToTag()
	c.dlg.Route = routeOf(res)
	c.ackOurs(res, "")
	c.state, c.rec.Answered = confirmed, time.Now()
	d, err := readSDP(res.Body)
	if err != nil {
		c.violation("answer to our offer: %v", err)
		return
	}
	c.apply(d)
}

// giveUp sends CANCEL and waits for the final answer; a 200 that crosses it
// is acknowledged and released. The call is over then.
func (c *call) giveUp(r *retry) {
	m := (&Sent{Message: c.invite}).sibling("CANCEL")
	cancel := c.keep(&retry{bytes: m.Bytes(), fl: c.fl, what: m, cap: 8 * c.x.cfg.T1}, false)
	_ = c.fl.send(cancel.bytes)
	if !c.pump(time.Now().Add(64*c.x.cfg.T1), func() bool { return r.final != nil }) {
		return
	}
	if r.final == nil {
		c.violation("no final answer after CANCEL")
		c.end("contact")
		return
	}
	c.rec.Status = r.final.Status
	if r.final.Status < 300 {
		c.connected(r.final)
		c.hangup()
	}
	c.end("contact")
}
