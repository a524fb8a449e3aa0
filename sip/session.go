package sip

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Session timers, RFC 4028: one side refreshes at half the interval, the
// other hangs up when nothing came. Who refreshes is told relative to the
// transaction, so it is worked out anew with each.

const (
	defaultInterval = 1800 // s, RFC 4028 §4
	minInterval     = 90   // s, RFC 4028 §5: nobody may ask for less
)

type session struct {
	interval int  // s; 0: none agreed
	ours     bool // we refresh
	update   bool // the far end takes UPDATE
	minSE    int
}

// tooBrief tells whether a request asks for an interval that is to be sent back
// with ours, 422: RFC 4028 §9.
func tooBrief(m *message) bool {
	n := m.number("Session-Expires")
	return n >= 0 && n < minInterval
}

func minSE() []field { return []field{{"Min-SE", strconv.Itoa(minInterval)}} }

var errExpired = errors.New("session expired")
var errGone = errors.New("far end does not know the call any more")

// agreeInterval works out the timer for a request of the far end, and the
// headers of our 2xx. RFC 4028 §9.
func (c *Call) agreeInterval(m *message) []field {
	c.session.update = m.lists("Allow", "UPDATE") || c.session.update && !m.has("Allow")
	supports := m.lists("Supported", "timer") || m.lists("Require", "timer")
	n := m.number("Session-Expires")
	if n < 0 {
		if c.session.interval == 0 {
			return nil
		}
		if !supports { // a refresh that leaves the timer out ends it
			c.session.interval = 0
			c.stopTimer("session")
			return nil
		}
		n = c.session.interval
	}
	who := m.param("Session-Expires", "refresher")
	c.session.interval = n
	// In their transaction they are the uac. Without their support the
	// refresher is us.
	c.session.ours = strings.EqualFold(who, "uas") || !supports
	c.armSession()
	role := "uac"
	if c.session.ours {
		role = "uas"
	}
	out := []field{{"Session-Expires", strconv.Itoa(n) + ";refresher=" + role}}
	if !c.session.ours {
		out = append(out, field{"Require", "timer"})
	}
	return out
}

// negotiated reads the timer from a 2xx to our INVITE or UPDATE, RFC 4028
// §7.2. Without Session-Expires there is none.
func (c *Call) negotiated(m *message, first bool) {
	if m.has("Allow") || first {
		c.session.update = m.lists("Allow", "UPDATE")
	}
	n := m.number("Session-Expires")
	if n < 1 {
		c.session.interval = 0
		c.stopTimer("session")
		return
	}
	who := m.param("Session-Expires", "refresher")
	c.session.interval = n
	c.session.ours = !strings.EqualFold(who, "uas")
	c.armSession()
}

// armSession starts the timer anew: the refresher acts at half the interval,
// the other side gives up a while before the end. RFC 4028 §10.
func (c *Call) armSession() {
	whole := time.Duration(c.session.interval) * time.Second
	if c.session.ours {
		c.after("session", whole/2, c.refreshSession)
		return
	}
	c.after("session", whole-min(32*time.Second, whole/3), func() { c.feed(mail{in: inLost, err: errExpired}) })
}

// refreshSession sends UPDATE where the far end takes it, else a re-INVITE.
// If that fails the rest of the interval runs out.
func (c *Call) refreshSession() {
	if c.state != stateTalking {
		return
	}
	whole := time.Duration(c.session.interval) * time.Second
	c.after("session", whole/2-min(32*time.Second, whole/6), func() { c.feed(mail{in: inLost, err: errExpired}) })
	if !c.session.update {
		c.again.wanted = true
		c.pumpReinvite()
		return
	}
	f, err := c.dlg.reach(c.agent.ctx, c.agent.wire)
	if err != nil {
		return
	}
	extra := []field{{"Contact", contactFor(c.acc.address.user, f)}, {"Supported", supported}}
	extra = append(extra, c.askInterval()...)
	c.transact(&c.dlg, "UPDATE", extra, "", nil, func(m *message, err error) {
		switch {
		case c.state != stateTalking:
		case dead(m, err):
			c.feed(mail{in: inLost, err: errGone})
		case m.status/100 == 2:
			c.dlg.refresh(m)
			c.negotiated(m, false)
		case m.status == 422 && c.intervalTooSmall(m):
			c.refreshSession()
		case m.status == 405 || m.status == 501:
			c.session.update = false
			c.refreshSession()
		}
	})
}

// askInterval keeps interval and roles in a request of ours. In our
// transaction we are the uac.
func (c *Call) askInterval() []field {
	if c.session.interval == 0 {
		return nil
	}
	role := "uas"
	if c.session.ours {
		role = "uac"
	}
	out := []field{{"Session-Expires", strconv.Itoa(c.session.interval) + ";refresher=" + role}}
	if c.session.minSE > 0 {
		out = append(out, field{"Min-SE", strconv.Itoa(c.session.minSE)})
	}
	return out
}

// intervalTooSmall takes the far end's minimum out of a 422; false if it
// helps nothing.
func (c *Call) intervalTooSmall(m *message) bool {
	n := m.number("Min-SE")
	if n <= c.session.minSE || n > 1<<20 || c.session.interval == 0 {
		return false
	}
	c.session.minSE, c.session.interval = n, max(n, c.session.interval)
	return true
}
