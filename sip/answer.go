package sip

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The far end's INVITE: the first one, and re-INVITEs as far as the 2xx and
// its ACK go.

// incomingInvite is the far end's INVITE we are at.
type incomingInvite struct {
	msg     *message
	tx      *serverTx
	seq     uint32
	initial bool
	open    bool // no final response sent
	waiting bool // 2xx sent, no ACK
	late    bool // no offer in it: ours is in the 2xx, the answer in the ACK
	ok      []byte
	every   time.Duration
}

// reliable is our provisional response that waits for its PRACK, RFC 3262 §3.
type reliable struct {
	rseq    uint32
	raw     []byte
	every   time.Duration
	pending bool
}

// tagFor makes our tag for a request that has none. It depends on the
// request alone, so that every repetition gets the same.
func (a *Agent) tagFor(m *message) string {
	h := hmac.New(sha256.New, a.secret[:])
	fmt.Fprintf(h, "%s\n%s\n", m.callID(), m.fromTag())
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// unacceptable checks what RFC 3261 §8.2.2 and §8.2.3 make a UAS check.
func unacceptable(m *message) (status int, extra []field) {
	if m.method == "CANCEL" || m.method == "ACK" {
		return 0, nil
	}
	var bad []string
	for _, opt := range m.list("Require") {
		switch strings.ToLower(opt) {
		case "100rel", "timer", "norefersub":
		default:
			bad = append(bad, opt)
		}
	}
	switch {
	case len(bad) > 0:
		return 420, []field{{"Unsupported", strings.Join(bad, ", ")}} // §8.2.2.3
	case m.has("Content-Encoding") && len(m.body) > 0 && !strings.EqualFold(m.get("Content-Encoding"), "identity"):
		return 415, []field{{"Accept-Encoding", "identity"}} // §8.2.3
	case m.method == "INVITE" || m.method == "UPDATE":
		if len(m.body) > 0 && m.contentType() != "application/sdp" && !optionalBody(m) {
			return 415, []field{{"Accept", "application/sdp"}}
		}
		if m.method == "INVITE" && m.has("Accept") && !acceptsSDP(m) {
			return 406, []field{{"Accept", "application/sdp"}} // §21.4.7
		}
	}
	return 0, nil
}

func optionalBody(m *message) bool {
	return strings.EqualFold(m.param("Content-Disposition", "handling"), "optional") // §20.11
}

func acceptsSDP(m *message) bool {
	for _, v := range m.list("Accept") {
		v, _, _ = strings.Cut(v, ";")
		switch strings.ToLower(trimLWS(v)) {
		case "application/sdp", "*/*", "application/*":
			return true
		}
	}
	return false
}

// incoming makes a call out of an INVITE outside any dialog.
func (a *Agent) incoming(m *message, tx *serverTx) {
	acc := a.accountFor(m)
	if acc == nil {
		_ = tx.respond(refuse(m, 404, ""))
		return
	}
	if a.onCall == nil {
		_ = tx.respond(refuse(m, 480, ""))
		return
	}
	// RFC 4028 §9: too small an interval is sent back.
	if tooBrief(m) {
		_ = tx.respond(startResponse(m, 422, "", "").addFields(minSE()).end("", nil))
		return
	}
	c := newCall(a, acc, Inbound, m.callID())
	c.state = stateIncoming
	c.trusted, c.source = true, m.source.Addr()
	c.remote = callerOf(m, true)
	c.localID = identityOf(address{name: m.to().name, text: m.uri})
	seq, _ := m.cseq()
	from, to := m.from(), m.to()
	c.dlg.localTag, c.dlg.remoteTag = to.tag(), from.tag()
	c.dlg.local, c.dlg.remote = m.get("To"), address{name: from.name, text: from.text}.String()
	c.dlg.remoteSeq = seq
	c.dlg.target = from.text
	c.dlg.refresh(m)
	c.dlg.routes = m.all("Record-Route") // RFC 3261 §12.1.1: in order
	c.dlg.flow = a.wire.back(m)
	c.calledAt = time.Now()
	c.uas = &incomingInvite{msg: m, tx: tx, seq: seq, initial: true, open: true, late: len(m.body) == 0}
	c.origin, c.branch = from.tag(), m.branch()
	c.talksTo(m.source.Addr())
	c.storeToken(false, "")
	c.box.put(mail{kind: mailFunc, fn: func() { a.onCall(c) }})
	tx.watch(func() { c.box.put(mail{in: inCancelled}) }, func(ack *message) {
		c.box.put(mail{kind: mailRequest, msg: ack})
	})
	if !a.begin(c) {
		_ = tx.respond(refuse(m, 503, ""))
		c.finish()
	}
}

// back is the flow to where a request came from.
func (w *wire) back(m *message) flow {
	if m.network == "tcp" {
		w.mu.Lock()
		c := w.conns[m.source]
		w.mu.Unlock()
		if c == nil {
			return flow{}
		}
		return w.tcpFlow(c.LocalAddr(), m.source)
	}
	f, err := w.flowTo(context.Background(), "udp", m.source)
	if err != nil {
		return flow{}
	}
	return f
}

func (c *Call) contact() string {
	f := c.dlg.flow
	if u := c.uas; c.direction == Inbound && u != nil {
		f = c.agent.wire.back(u.msg)
	}
	return contactFor(c.acc.address.user, f)
}

// ring sends 180, reliably if the far end demands it.
func (c *Call) ring() {
	u := c.uas
	if c.newProv.pending {
		return
	}
	var extra []field
	if u.msg.lists("Require", "100rel") {
		c.newProv.rseq++
		extra = []field{{"Require", "100rel"}, {"RSeq", strconv.Itoa(int(c.newProv.rseq))}}
	}
	raw, _ := c.respondInvite(180, extra, "", nil) // lost or cancelled: it shows otherwise
	if len(extra) > 0 {
		c.newProv.raw, c.newProv.every, c.newProv.pending = raw, c.agent.timers.T1, true
		c.repeatProvisional()
		c.after("prack", c.agent.timers.give(), func() {
			c.newProv.pending = false
			c.stopTimer("provisional")
			c.feed(mail{in: inReject, status: 504}) // RFC 3262 §3: 5xx
		})
	}
}

func (c *Call) repeatProvisional() {
	c.after("provisional", c.newProv.every, func() {
		if c.newProv.pending && c.uas.open {
			_ = c.uas.tx.respond(c.newProv.raw)
			c.newProv.every *= 2 // RFC 3262 §3
			c.repeatProvisional()
		}
	})
}

// rung ends the repetitions of our 180.
func (c *Call) rung() {
	c.stopTimer("prack")
	c.stopTimer("provisional")
}

// onPrack takes the far end's acknowledgement of our 180.
func (c *Call) onPrack(m mail) {
	f := strings.Fields(m.msg.get("RAck"))
	if !c.newProv.pending || len(f) != 3 || f[0] != strconv.Itoa(int(c.newProv.rseq)) ||
		c.uas == nil || f[1] != strconv.Itoa(int(c.uas.seq)) || f[2] != "INVITE" {
		c.reply(m.msg, m.tx, 481, nil) // RFC 3262 §3
		return
	}
	c.newProv.pending = false
	c.rung()
	c.reply(m.msg, m.tx, 200, nil)
}

// respondInvite answers the INVITE at hand and returns the bytes sent.
func (c *Call) respondInvite(status int, extra []field, contentType string, body []byte) ([]byte, error) {
	u := c.uas
	if u == nil || !u.open {
		return nil, nil
	}
	t := startResponse(u.msg, status, "", c.dlg.localTag)
	if status > 100 && status < 300 {
		t.addAll("Record-Route", u.msg.all("Record-Route")) // RFC 3261 §12.1.1
		t.add("Contact", c.contact())
		t.add("Allow", allow).add("Supported", supported)
	}
	t.addFields(extra)
	t.add("User-Agent", c.agent.cfg.UserAgent)
	raw := t.end(contentType, body)
	if status >= 200 {
		u.open = false
	}
	err := u.tx.respond(raw)
	if err != nil {
		c.log.Debug("response not sent", "status", status, "error", err)
	}
	return raw, err
}

// answer accepts the first INVITE.
func (c *Call) answer() {
	c.rung()
	switch err := c.accept(); {
	case errors.Is(err, errCancelled): // CANCEL was first by a hair
		c.then(mail{in: inCancelled})
	case err != nil:
		c.then(mail{in: inReject, status: statusFrom(err)})
	default:
		c.then(mail{in: inAnswered})
	}
}

// statusFrom is the refusal an error of a SessionDescriber asks for.
func statusFrom(err error) int {
	var s interface{ Status() int }
	if errors.As(err, &s) && s.Status() >= 300 && s.Status() < 700 {
		return s.Status()
	}
	return 488
}

// accept sends the 2xx for the INVITE at hand and sees it acknowledged:
// repeated from T1 to T2, given up after 64*T1. RFC 3261 §13.3.1.4.
func (c *Call) accept() error {
	u := c.uas
	var body []byte
	var err error
	if u.late = len(u.msg.body) == 0; u.late {
		body, err = c.describer().Offer() // RFC 3261 §14.2: our full offer
	} else {
		body, err = c.describer().Answer(u.msg.body)
	}
	if err != nil {
		return err
	}
	c.dlg.refresh(u.msg)
	extra := c.agreeInterval(u.msg)
	if u.ok, err = c.respondInvite(200, extra, "application/sdp", body); errors.Is(err, errCancelled) {
		if u.late {
			c.describer().Rollback()
		}
		return err
	}
	u.waiting, u.every = true, c.agent.timers.T1
	c.storeToken(true, c.dlg.remoteTag)
	c.repeatOK(u)
	c.after("ack", c.agent.timers.give(), func() {
		if u.waiting {
			u.waiting = false
			if u.late {
				c.describer().Rollback()
			}
			c.feed(mail{in: inUnacked, err: errors.New("no ACK")})
		}
	})
	return nil
}

func (c *Call) repeatOK(u *incomingInvite) {
	c.after("ok", u.every, func() {
		if !u.waiting || c.uas != u {
			return
		}
		_ = u.tx.respond(u.ok)
		u.every = min(2*u.every, c.agent.timers.T2)
		c.repeatOK(u)
	})
}

// acked takes the ACK of our 2xx, with the answer if the offer was ours.
func (c *Call) acked(m *message) {
	u := c.uas
	n, _ := m.cseq()
	if u == nil || !u.waiting || n != u.seq || !c.knows(m.fromTag()) {
		return // absorbed, RFC 6026 §7.1
	}
	u.waiting = false
	c.stopTimer("ok")
	c.stopTimer("ack")
	if u.late {
		var err error
		if m.isSDP() {
			err = c.describer().Accept(m.body)
		} else if err = errors.New("ACK without an answer"); !u.initial {
			c.describer().Rollback()
			err = nil
		}
		if err != nil {
			c.feed(mail{in: inUnsuitable, err: err})
			return
		}
	}
	if u.initial {
		c.feed(mail{in: inAcked, msg: m})
	} else if u.late {
		c.emit(Event{Kind: Updated})
	}
	c.pumpReinvite()
}

func (c *Call) connected() {
	c.answered = time.Now()
	c.storeToken(true, c.dlg.remoteTag)
	c.emit(Event{Kind: Answered, Status: 200, Reason: phrase(200)})
}

// refuse sends the final refusal of an INVITE that was not answered.
func (c *Call) refuse(m mail) {
	c.rung()
	status := m.status
	if status < 300 {
		status = 480
	}
	_, _ = c.respondInvite(status, m.reason.fields(), "", nil)
}

// accountFor finds the account an INVITE is for: by the user of its request
// URI, first among those whose registrar or proxy it came from. A trunk, which
// does not register, takes any user (carriers put the number called there).
func (a *Agent) accountFor(m *message) *account {
	u, _ := parseURI(m.uri)
	var best *account
	rank := 0
	for _, acc := range a.accounts {
		n := 0
		switch user := acc.address.user == u.user; {
		case user:
			n = 2
		case acc.registrar == nil:
			n = 1
		}
		if n > 0 && acc.keys.owns(m.source.Addr()) {
			n += 2
		}
		if n > rank {
			best, rank = acc, n
		}
	}
	return best
}
