package sip

import "time"

// gate is the first to see a message. It returns the canonical bytes to go on
// with, or nil.
//
// From an address that is no registrar, proxy, trusted network or party of a
// live call a message gets nothing at all: no answer, no status, no name of a
// program. A bare 403 would tell a scanner that there is something here.
func (a *Agent) gate(m *message, answer reply) []byte {
	ip := m.source.Addr()
	trusted := a.trusts(ip)
	if !trusted && !a.peers.has(ip) && !a.calls.has(m.callID()) && a.recent.get(m.callID()) == nil {
		return nil
	}
	if !m.isRequest() {
		if !m.usable() || m.malformed != nil && m.status/100 != 2 {
			return nil
		}
		return m.bytes()
	}
	status, why := m.check()
	if status < 0 || status > 0 && m.method == "ACK" {
		return nil
	}
	if !trusted && m.toTag() == "" {
		return nil // party of a call: only what belongs to it
	}
	if status > 0 {
		a.log.Debug("refused", "source", m.source.String(), "status", status, "reason", why)
		if m.toTag() == "" {
			m.tagTo(a.tagFor(m))
		}
		m.arriveQuiet()
		answer(refuse(m, status, why))
		return nil
	}
	m.arrive(m.source)
	if m.method != "ACK" {
		m.tagTo(a.tagFor(m))
	}
	return m.bytes()
}

// arriveQuiet stamps the Via as far as a malformed request has one.
func (m *message) arriveQuiet() {
	if m.get("Via") != "" {
		m.arrive(m.source)
	}
}

// handle takes a request from its transaction, in a goroutine of sipgo's.
func (a *Agent) handle(m *message, tx *serverTx) {
	initial := m.has(initialMark)
	if m.method == "ACK" {
		if c := a.calls.find(m.callID(), m.toTag()); c != nil {
			c.box.put(mail{kind: mailRequest, msg: m})
		}
		return
	}
	respond := func(status int) {
		t := startResponse(m, status, "", "")
		switch status {
		case 405:
			t.add("Allow", allow)
		case 200:
			t.addFields(abilities())
		}
		if err := tx.respond(t.add("User-Agent", a.cfg.UserAgent).end("", nil)); err != nil {
			a.log.Debug("response not sent", "status", status, "error", err)
		}
	}
	if !initial {
		c := a.calls.find(m.callID(), m.toTag())
		if c == nil || !c.box.put(mail{kind: mailRequest, msg: m, tx: tx}) {
			respond(481) // RFC 3261 §12.2.2
		}
		return
	}
	if status, extra := unacceptable(m); status != 0 {
		t := startResponse(m, status, "", "")
		t.addFields(extra)
		_ = tx.respond(t.end("", nil))
		return
	}
	switch m.method {
	case "INVITE":
		if a.calls.merged(m.callID(), m.fromTag()) {
			respond(482) // RFC 3261 §8.2.2.2
			return
		}
		a.incoming(m, tx)
	case "OPTIONS":
		if a.isClosing() {
			respond(503)
			return
		}
		respond(200) // RFC 3261 §11.2
	case "CANCEL":
		respond(a.overtaken(m))
	case "BYE", "PRACK", "UPDATE", "INFO", "NOTIFY":
		respond(481)
	case "REFER":
		respond(403) // only inside a call
	default:
		respond(405) // RFC 3261 §8.2.1
	}
}

func (a *Agent) isClosing() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closing
}

// overtaken takes a CANCEL for which sipgo knew no INVITE. As it runs each
// message in a goroutine of its own, the INVITE may just be on its way up.
func (a *Agent) overtaken(m *message) (status int) {
	deadline := time.After(holdFor)
	tick := time.NewTicker(holdFor / 10)
	defer tick.Stop()
	for {
		if c := a.calls.find(m.callID(), m.toTag()); c != nil && c.branch == m.branch() {
			c.box.put(mail{in: inCancelled, msg: m})
			return 200
		}
		select {
		case <-tick.C:
		case <-deadline:
			return 481 // RFC 3261 §9.2
		}
	}
}
