package peer

import (
	"net/netip"
	"time"
)

// verb does a step of a fate; false ends the fate.
type verb func(c *call, s step) bool

// verbs is the vocabulary of fates.yaml; nil is an unknown word.
func verbs(name string) verb {
	switch name {
	case "ring":
		return func(c *call, s step) bool {
			c.answer(180)
			return c.wait(s.d, true)
		}
	case "early":
		return doEarly
	case "provisional":
		return doProvisional
	case "refuse":
		return doRefuse
	case "answer":
		return func(c *call, s step) bool { return c.pickUp(s.word) }
	case "speak", "tone", "music", "busytone", "quiet", "greeting", "beep", "echo":
		return doSound
	case "hold":
		return doHold
	case "reinvite":
		return doReinvite
	case "hangup":
		return doHangup
	case "new-ssrc", "new-port", "ptime":
		return doSender
	}
	if habit := habit(name); habit != nil {
		return func(c *call, s step) bool { habit(&c.habits, s); return true }
	}
	return nil
}

// habit is a step that changes how the call behaves from then on.
func habit(name string) func(*habits, step) {
	switch name {
	case "ignore-acks":
		return func(h *habits, s step) { h.ignoreAcks = first(s.n, 1) }
	case "cross-cancel":
		return func(h *habits, _ step) { h.crossCancel = true }
	case "deaf-to-cancel":
		return func(h *habits, _ step) { h.deaf = true }
	case "session":
		return func(h *habits, s step) { h.session, h.refreshBy = s.d, s.word }
	case "glare":
		return func(h *habits, _ step) { h.glare = true }
	case "noise":
		return func(h *habits, _ step) { h.noise = true }
	case "loss":
		return func(h *habits, s step) { h.loss = first(s.n, 10) }
	case "call-back":
		return func(h *habits, s step) { h.callsBack, h.callBack = true, s.d }
	}
	return nil
}

func first(n []int, otherwise int) int {
	if len(n) == 0 {
		return otherwise
	}
	return n[0]
}

// wait lets scaled time pass; 0 is until the call is over, or, while it rings,
// until it is answered after all (cross-cancel).
func (c *call) wait(d time.Duration, ringing bool) bool {
	if d > 0 {
		return c.pump(time.Now().Add(c.x.scaled(d)), nil)
	}
	return c.pump(time.Now().Add(10*time.Minute), func() bool { return ringing && c.state != proceeding })
}

func doEarly(c *call, s step) bool {
	if !c.openMedia() {
		return false
	}
	c.answer(183, SDP(string(c.describeAnswer())))
	c.play(s.word, c.voiceHz())
	return c.wait(s.d, true)
}

func doProvisional(c *call, s step) bool {
	for i := range first(s.n, 12) {
		c.answer([]int{180, 182, 183, 181}[i%4])
		if !c.wait(max(s.d, time.Millisecond), true) {
			return false
		}
	}
	return true
}

func doRefuse(c *call, s step) bool {
	var opts []Option
	if len(s.n) > 1 {
		opts = append(opts, Q850(s.n[1]))
	}
	c.final(first(s.n, 480), opts...)
	return false
}

func doSound(c *call, s step) bool {
	hz := first(s.n, c.voiceHz())
	d := s.d
	switch s.verb {
	case "beep":
		hz, d = 1000, beepLength
	case "greeting":
		hz = 300
	case "tone":
		hz = first(s.n, 1000)
	}
	c.play(s.verb, hz)
	return c.wait(d, false)
}

func doHangup(c *call, _ step) bool {
	// RFC 3261 §15: the callee's BYE waits for the ACK of its 2xx.
	if !c.pump(time.Time{}, func() bool { return c.state != answered }) {
		return false
	}
	c.hangup()
	return false
}

// doHold holds the agent, plays music to her if the hold lets her hear, and
// comes back.
func doHold(c *call, s step) bool {
	wish, right := "sendonly", []string{"recvonly", "inactive"}
	switch s.word {
	case "inactive":
		wish, right = "inactive", []string{"inactive"}
	case "zero":
		wish, right = "sendrecv", []string{"sendrecv", "recvonly", "inactive", "sendonly"}
		c.zero = true
	}
	c.dir, c.holding = wish, true
	c.play("music", 0)
	res := c.reinvite()
	if res == nil {
		return false
	}
	c.heldAnswer(res, wish, right)
	if !c.wait(s.d, false) {
		return false
	}
	c.dir, c.holding, c.zero = "sendrecv", false, false
	c.play("speak", c.voiceHz())
	if res = c.reinvite(); res == nil {
		return false
	}
	c.heldAnswer(res, "sendrecv", []string{"sendrecv", "recvonly", "sendonly", "inactive"})
	return true
}

// heldAnswer checks the answer to our hold or resume (RFC 3264 §6.1, §8.4).
func (c *call) heldAnswer(res *Message, wish string, right []string) {
	if res.Status != 200 {
		c.violation("re-INVITE with %s answered by %d", wish, res.Status)
		return
	}
	d, err := readSDP(res.Body)
	if err != nil {
		c.violation("answer to our %s: %v", wish, err)
		return
	}
	for _, ok := range right {
		if d.dir == ok {
			c.apply(d)
			return
		}
	}
	c.violation("%s answered by %s (RFC 3264 §6.1)", wish, d.dir)
	c.apply(d)
}

func doReinvite(c *call, s step) bool {
	if s.word != "late" {
		res := c.reinvite()
		if res != nil && res.Status != 200 {
			c.violation("re-INVITE answered by %d", res.Status)
		}
		return res != nil
	}
	res := c.ask("INVITE")
	if res == nil {
		return false
	}
	if res.Status != 200 {
		c.violation("re-INVITE without offer answered by %d", res.Status)
		return true
	}
	d, err := readSDP(res.Body)
	if err != nil {
		c.violation("offer in the 200 to a re-INVITE without one: %v", err)
		c.ackOurs(res, string(c.describeAnswer()))
		return true
	}
	c.apply(d)
	c.ackOurs(res, string(c.describeAnswer()))
	return true
}

// doSender changes what the sound looks like on the wire.
func doSender(c *call, s step) bool {
	if c.stream == nil {
		return true
	}
	ip := c.x.ip()
	c.stream.change(func(st *stream) {
		switch s.verb {
		case "new-ssrc":
			st.ssrc, st.seq, st.ts = st.ssrc+0x01010101, st.seq+30000, st.ts+987654321
		case "ptime":
			st.frames = max(1, min(6, first(s.n, 20)/20))
		}
	})
	if s.verb == "new-port" {
		c.rebind(ip)
	}
	return true
}

func (c *call) rebind(ip netip.Addr) {
	var err error
	c.stream.change(func(s *stream) { err = s.rebind(ip) })
	if err != nil {
		c.log.Info("new port", "err", err)
	}
}

// pickUp answers the call. Variants: other-tag, forked, no-contact.
func (c *call) pickUp(variant string) bool {
	if !c.openMedia() {
		return false
	}
	var opts []Option
	switch variant {
	case "other-tag":
		c.dlg.LocalTag = token(4)
	case "no-contact":
		opts = append(opts, NoContact())
	}
	if c.habits.session > 0 && c.invite.Lists("Supported", "timer") {
		// RFC 4028 §4: never less than 90 s, however often we refresh.
		opts = append(opts, With("Require", "timer"),
			With("Session-Expires", seconds(max(90*time.Second, c.habits.session))+";refresher=uas"))
		c.refresh = time.Now().Add(c.x.scaled(c.habits.session) / 2)
	}
	c.state, c.rec.Status, c.rec.Answered = answered, 200, time.Now()
	c.accept(c.invite, c.fl, c.describeAnswer(), opts...)
	if variant == "forked" {
		c.fork = &fork{tag: token(4)}
	}
	return true
}

// answerForked sends the second telephone's 200. It comes after the ACK of the
// first, or the two might be swapped on the way and the caller keep the other.
func (c *call) answerForked() {
	c.fork.sent = true
	m := reply(c.invite, c.fl, 200, c.fork.tag)
	Contact("sip:fork@" + c.x.Addr())(m)
	SDP(string(c.describeAnswer()))(m)
	_ = c.fl.send(m.Bytes())
	c.keep(&retry{bytes: m.Bytes(), fl: c.fl, cap: 8 * c.x.cfg.T1, ackTag: c.fork.tag}, true)
}

// refreshSession refreshes when it is due (RFC 4028 §7.4), by UPDATE where the
// agent allows it.
func (c *call) refreshSession(now time.Time) {
	if c.refresh.IsZero() || now.Before(c.refresh) || c.asking != nil || c.over {
		return
	}
	c.refresh = now.Add(c.x.scaled(c.habits.session) / 2)
	expires := With("Session-Expires", seconds(max(90*time.Second, c.habits.session))+";refresher=uac")
	if c.habits.refreshBy == "UPDATE" && c.invite.Lists("Allow", "UPDATE") {
		c.send("UPDATE", expires).then = func(res *Message) {
			if res.Status != 200 {
				c.violation("UPDATE answered by %d", res.Status)
			}
		}
		return
	}
	c.send("INVITE", expires, SDP(string(c.offer()))).then = func(res *Message) {
		if res.Status == 200 {
			c.ackOurs(res, "")
		} else {
			c.violation("refresh answered by %d", res.Status)
		}
	}
}
