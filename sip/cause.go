package sip

// blame remembers why the call ends; the first cause stands.
func (c *Call) blame(m mail) {
	if c.blamed {
		return
	}
	c.blamed = true
	answered := !c.answered.IsZero()
	switch m.in {
	case inHangup:
		c.why = m.reason
		c.cause = Cause{Status: 487, Q850: m.reason.Q850, Reason: m.reason.Text, By: Local}
		if c.direction == Inbound && c.state == stateEnded {
			c.cause.Status = m.status
		}
		if answered {
			c.cause.Status = 200
		}
	case inReject:
		c.cause = Cause{Status: m.status, Reason: phrase(m.status), By: Local}
	case inBye:
		c.cause = Cause{Status: 200, By: Remote}
		if c.direction == Inbound && !answered && c.uas == nil {
			c.cause.Status = 487
		}
		c.cause.Q850, c.cause.Reason = readReason(m.msg)
	case inCancelled:
		c.cause = Cause{Status: 487, Reason: "cancelled", By: Remote}
		if m.msg != nil {
			c.cause.Q850, c.cause.Reason = readReason(m.msg)
		}
	case inRefused:
		c.cause = Cause{Status: m.msg.status, By: Remote}
		c.cause.Q850, c.cause.Reason = readReason(m.msg)
		if c.cause.Reason == "" {
			c.cause.Reason = m.msg.reason
		}
		if m.err != nil {
			c.cause.Reason = m.err.Error()
		}
	case inFailed:
		c.cause = Cause{Status: statusOf(m.err), Reason: m.err.Error(), By: Local}
	case inUnacked, inLost:
		c.cause = Cause{Status: 408, Reason: "far end lost", By: Local}
		if m.err != nil {
			c.cause.Reason = m.err.Error()
		}
		c.why = Reason{Q850: 102, Text: c.cause.Reason} // recovery on timer expiry
	case inUnsuitable:
		c.cause = Cause{Status: 488, Reason: "session description refused", By: Local}
		if m.err != nil {
			c.cause.Reason = m.err.Error()
		}
		c.why = Reason{Q850: 88, Text: "incompatible destination"}
	}
}

func (c *Call) end(m mail) {
	e := Event{Kind: Ended, Cause: c.cause, Status: c.cause.Status, Reason: c.cause.Reason}
	if m.in == inRefused && m.msg != nil {
		e.Status, e.Reason = m.msg.status, m.msg.reason
	}
	c.emit(e)
}
