package sip

import (
	"fmt"
	"strconv"
	"strings"
)

// subscriptions are those that REFER makes, RFC 3515 §2.4.4.
type subscriptions struct {
	ours   bool // we sent REFER and wait for NOTIFY
	theirs bool // they did, and we owe NOTIFY
	event  string
}

// Refer asks the far end to call target instead of us (blind transfer). What
// becomes of it is told by Transferred events with the status the far end
// reports; on 2xx the call has been taken over and may be hung up, on any
// other final status it stands as before.
func (c *Call) Refer(target string) {
	c.refer(func() (string, error) {
		u, err := parseURI(target)
		u.headers = ""
		return u.String(), err
	})
}

// ReferTo asks the far end to take our place in another call of ours, which
// must be answered (attended transfer, RFC 5589 §7.1). It goes on as Refer does;
// when it worked the other call is ended by its far end.
func (c *Call) ReferTo(other *Call) {
	c.refer(func() (string, error) {
		tok, _, err := readToken(other.Token())
		switch {
		case err != nil:
			return "", err
		case !tok.Answered || tok.Tag == "" || !c.agent.calls.has(tok.CallID):
			return "", fmt.Errorf("call %s is not up", tok.CallID)
		}
		target := tok.Target
		if target == "" {
			target = tok.URI
		}
		u, err := parseURI(target)
		// RFC 3891 §3: to-tag is the one of whom the INVITE with Replaces will
		// reach, the other call's far end; from-tag is ours.
		u.headers = "Replaces=" + escapeHeader(tok.CallID+";to-tag="+tok.Tag+";from-tag="+tok.LocalTag)
		return u.String(), err
	})
}

// escapeHeader makes a header's value fit into a URI: all but unreserved
// characters is escaped (RFC 3261 §19.1.1, §25.1).
func escapeHeader(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// refer sends REFER to what target gives.
func (c *Call) refer(target func() (string, error)) {
	c.box.put(mail{kind: mailFunc, fn: func() {
		uri, err := target()
		if c.state != stateTalking || err != nil {
			c.emit(Event{Kind: Transferred, Status: 400, Reason: "cannot transfer"})
			return
		}
		// Who asks for it: RFC 3892
		extra := []field{{"Refer-To", "<" + uri + ">"}, {"Referred-By", "<" + c.acc.address.String() + ">"}}
		if f, err := c.dlg.reach(c.agent.ctx, c.agent.wire); err == nil {
			extra = append(extra, field{"Contact", contactFor(c.acc.address.user, f)})
		}
		c.subs.ours = true
		c.transact(&c.dlg, "REFER", extra, "", nil, c.referred)
	}})
}

// referred takes the answer to our REFER.
func (c *Call) referred(m *message, err error) {
	switch {
	case err != nil:
		c.subs.ours = false
		c.emit(Event{Kind: Transferred, Status: statusOf(err), Reason: err.Error()})
	case m.status/100 != 2:
		c.subs.ours = false
		c.emit(Event{Kind: Transferred, Status: m.status, Reason: m.reason})
	case strings.EqualFold(m.get("Refer-Sub"), "false"): // RFC 4488 §4
		c.subs.ours = false
		c.emit(Event{Kind: Transferred, Status: 200, Reason: "accepted"})
	default:
		c.emit(Event{Kind: Transferred, Status: 100, Reason: m.reason})
	}
}

// onNotify takes how our REFER goes: a sipfrag with a status line.
func (c *Call) onNotify(m mail) {
	event, _, _ := strings.Cut(m.msg.get("Event"), ";")
	if !strings.EqualFold(trimLWS(event), "refer") {
		c.reply(m.msg, m.tx, 489, []field{{"Allow-Events", "refer"}})
		return
	}
	if !c.subs.ours {
		c.reply(m.msg, m.tx, 481, nil)
		return
	}
	c.reply(m.msg, m.tx, 200, nil)
	state, _, _ := strings.Cut(strings.ToLower(m.msg.get("Subscription-State")), ";")
	over := trimLWS(state) == "terminated"
	var status int
	var reason string
	if ct := m.msg.contentType(); ct == "message/sipfrag" || ct == "" {
		line, _, _ := strings.Cut(string(m.msg.body), "\n")
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(f) >= 2 && strings.HasPrefix(strings.ToUpper(f[0]), "SIP/") {
			status, _ = strconv.Atoi(f[1])
			if len(f) == 3 {
				reason = printable(f[2])
			}
		}
	}
	if status < 100 || status > 699 {
		if !over {
			return // no news in it
		}
		status, reason = 200, "no status reported" // some peers end without a body
	}
	if status >= 200 || over {
		c.subs.ours = false
	}
	c.emit(Event{Kind: Transferred, Status: status, Reason: reason})
}

// onRefer takes the far end's wish that we call somebody. Who may is decided
// above: the event carries the target, ReferResult tells the far end.
func (c *Call) onRefer(m mail) {
	list := m.msg.list("Refer-To")
	if len(list) != 1 {
		c.reply(m.msg, m.tx, 400, nil) // RFC 3515 §2.4.2
		return
	}
	a, err := parseAddress(list[0])
	if err == nil {
		_, err = a.uri()
	}
	switch {
	case err != nil:
		c.reply(m.msg, m.tx, 400, nil)
		return
	case c.state != stateTalking || c.subs.theirs:
		c.reply(m.msg, m.tx, 603, nil)
		return
	}
	n, _ := m.msg.cseq()
	extra := []field{{"Contact", c.contact()}}
	if strings.EqualFold(m.msg.get("Refer-Sub"), "false") {
		extra = append(extra, field{"Refer-Sub", "false"})
	} else {
		c.subs.theirs, c.subs.event = true, fmt.Sprintf("refer;id=%d", n)
	}
	c.reply(m.msg, m.tx, 202, extra)
	c.notifyRefer(100, "Trying")
	c.emit(Event{Kind: Refer, ReferTo: a.text})
}

// ReferResult reports to the far end how the call it asked for went: 1xx
// while it goes, a final status once.
func (c *Call) ReferResult(status int, reason string) {
	c.box.put(mail{kind: mailFunc, fn: func() { c.notifyRefer(status, reason) }})
}

func (c *Call) notifyRefer(status int, reason string) {
	if !c.subs.theirs || c.state != stateTalking || status < 100 || status > 699 {
		return
	}
	state := "active;expires=60"
	if status >= 200 {
		c.subs.theirs = false
		state = "terminated;reason=noresource"
	}
	if reason == "" {
		reason = phrase(status)
	}
	body := fmt.Sprintf("SIP/2.0 %d %s\r\n", status, clean(reason))
	extra := []field{{"Event", c.subs.event}, {"Subscription-State", state}, {"Contact", c.contact()}}
	c.transact(&c.dlg, "NOTIFY", extra, "message/sipfrag", []byte(body), func(m *message, err error) {
		if err != nil || m.status == 481 {
			c.subs.theirs = false
		}
	})
}
