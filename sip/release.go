package sip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// token is what it takes to end a call from another process. Version 1.
type token struct {
	V        int      `json:"v"`
	Account  string   `json:"account"`
	CallID   string   `json:"call_id"`
	Local    string   `json:"local"`  // From of our requests, with tag
	Remote   string   `json:"remote"` // To, without tag
	Tag      string   `json:"tag,omitempty"`
	LocalTag string   `json:"local_tag"`
	URI      string   `json:"uri,omitempty"` // request URI of the INVITE
	Branch   string   `json:"branch,omitempty"`
	SentBy   string   `json:"via,omitempty"`
	Seq      uint32   `json:"cseq"`
	Last     uint32   `json:"last"`
	Network  string   `json:"network"`
	Hop      string   `json:"hop"`
	Target   string   `json:"target,omitempty"`
	Routes   []string `json:"routes,omitempty"`
	Inbound  bool     `json:"inbound,omitempty"`
	Answered bool     `json:"answered,omitempty"`
}

// storeToken renews what Token returns.
func (c *Call) storeToken(answered bool, tag string) {
	f := c.invite.flow
	if !f.valid() || answered && c.dlg.flow.valid() {
		f = c.dlg.flow
	}
	t := token{V: 1, Account: c.acc.Name, CallID: c.dlg.callID, Local: c.dlg.local, Remote: c.dlg.remote,
		Tag: tag, LocalTag: c.dlg.localTag, URI: c.invite.uri, Branch: c.invite.base, SentBy: f.sentBy,
		Seq: c.invite.seq, Last: c.dlg.localSeq, Network: f.network, Hop: f.remote.String(),
		Target: c.dlg.target, Routes: c.dlg.routes, Inbound: c.direction == Inbound, Answered: answered}
	if e := c.early[tag]; e != nil && !answered {
		t.Target, t.Routes = e.dlg.target, e.dlg.routes
	}
	b, err := json.Marshal(t)
	if err != nil {
		return // strings and numbers: it cannot fail
	}
	c.token.Store(&b)
}

// ErrToken is a token that cannot be read.
var ErrToken = errors.New("sip: not a call token")

func readToken(b []byte) (*token, netip.AddrPort, error) {
	var t token
	if err := json.Unmarshal(b, &t); err != nil || t.V != 1 || t.CallID == "" {
		return nil, netip.AddrPort{}, ErrToken
	}
	hop, err := netip.ParseAddrPort(t.Hop)
	if err != nil {
		return nil, hop, fmt.Errorf("%w: hop", ErrToken)
	}
	return &t, hop, nil
}

// Release ends a call of an earlier process by its Token: CANCEL while it was
// ringing, BYE once it was answered. It returns nil when the far end has
// confirmed that the call is over or that it knows none.
func (a *Agent) Release(ctx context.Context, tok []byte) error {
	t, hop, err := readToken(tok)
	if err != nil {
		return err
	}
	if !a.ready() {
		return ErrNotStarted
	}
	acc := a.account(t.Account)
	if acc != nil && acc.direct() {
		acc.keys.own(hop)
	}
	a.peers.add(hop.Addr())
	defer a.peers.drop(hop.Addr())
	if t.Answered {
		return a.releaseDialog(ctx, t, acc, hop)
	}
	if t.Inbound {
		return nil // no answer was sent: the far end's INVITE ends by itself
	}
	e := &ending{until: time.Now().Add(a.timers.give()), acc: acc, tok: t, final: make(chan int, 4), target: t.URI}
	a.recent.put(t.CallID, e)
	// The INVITE may have gone out again with credentials after the token
	// was written: CSeq and branch of those attempts are foreseeable.
	for seq := t.Seq; seq < t.Seq+3; seq++ {
		status, err := a.releaseCancel(ctx, t, acc, hop, seq)
		if err != nil {
			return err
		}
		if status/100 == 2 {
			return a.awaitFinal(ctx, e)
		}
		if status != 481 {
			return fmt.Errorf("sip: CANCEL answered with %d", status)
		}
		select {
		case s := <-e.final:
			return done(s)
		default:
		}
	}
	if t.Tag == "" {
		return nil // 481: the far end knows no such call
	}
	return a.releaseDialog(ctx, t, acc, hop)
}

func done(status int) error {
	if status == 0 {
		return errors.New("sip: call answered meanwhile, BYE without answer")
	}
	return nil
}

// awaitFinal gives the INVITE's final response, which reaches this process as
// a stray, a moment to come: 487 is acknowledged, a 2xx that crossed the
// CANCEL is acknowledged and hung up.
func (a *Agent) awaitFinal(ctx context.Context, e *ending) error {
	select {
	case s := <-e.final:
		return done(s)
	case <-time.After(4 * a.timers.T1):
		return nil
	case <-ctx.Done():
		return nil
	}
}

func (a *Agent) releaseCancel(ctx context.Context, t *token, acc *account, hop netip.AddrPort, seq uint32) (int, error) {
	f, err := a.wire.flowTo(ctx, t.Network, hop)
	if err != nil {
		return 0, fmt.Errorf("sip: release: %w", err)
	}
	f.sentBy = t.SentBy // RFC 3261 §9.1: the Via of the INVITE
	l := &login{acc: acc, inside: true}
	for {
		x := startRequest("CANCEL", t.URI)
		x.add("Via", via(f, attemptBranch(t.Branch, seq))).add("Max-Forwards", "70")
		x.add("From", t.Local).add("To", t.Remote).add("Call-ID", t.CallID)
		x.add("CSeq", strconv.Itoa(int(seq))+" CANCEL")
		x.addFields(l.headers("CANCEL", t.URI, nil)).add("User-Agent", a.cfg.UserAgent)
		m, tx, err := a.exchange(ctx, f, x.end("", nil))
		switch {
		case err != nil:
			return 0, fmt.Errorf("sip: release: CANCEL: %w", err)
		case m.challenges() && l.meet(m, hop.Addr()) == nil:
			tx.tx.Terminate() // the same branch again: sipgo must let go of the first
			continue
		}
		return m.status, nil
	}
}

// releaseDialog sends BYE.
func (a *Agent) releaseDialog(ctx context.Context, t *token, acc *account, hop netip.AddrPort) error {
	d := dialog{callID: t.CallID, local: t.Local, remote: t.Remote, localTag: t.LocalTag, remoteTag: t.Tag,
		// The old process may have sent more than the token knows of; a gap
		// does no harm (RFC 3261 §12.2.2), a number used before would.
		localSeq: t.Last + 100, target: t.Target, routes: t.Routes}
	if f, err := a.wire.flowTo(ctx, t.Network, hop); err == nil {
		d.flow = f
	}
	if err := a.sendBye(ctx, &d, acc); err != nil {
		return fmt.Errorf("sip: release: %w", err)
	}
	return nil
}

// sendBye ends a dialog that has no Call. 481 and 408 mean it is over.
func (a *Agent) sendBye(ctx context.Context, d *dialog, acc *account) error {
	l := &login{acc: acc, inside: true}
	for {
		f, err := d.reach(ctx, a.wire)
		if err != nil {
			return err
		}
		if l.rounds == 0 && acc != nil && acc.keys.owns(f.remote.Addr()) {
			l.inside = false // a new process has learned no realm yet; the hop is ours
		}
		a.peers.add(f.remote.Addr())
		uri, _, _ := d.way()
		d.localSeq++
		raw := d.request(f, "BYE", d.localSeq, newBranch(), a.cfg.UserAgent, l.headers("BYE", uri, nil), "", nil)
		m, err := a.roundTrip(ctx, f, raw)
		a.peers.drop(f.remote.Addr())
		switch {
		case err != nil:
			return fmt.Errorf("BYE: %w", err)
		case m.status/100 == 2 || m.status == 481 || m.status == 487:
			return nil
		case m.challenges() && l.meet(m, f.remote.Addr()) == nil:
			continue
		}
		return fmt.Errorf("BYE answered with %d", m.status)
	}
}

// unexpected takes responses that no transaction waits for.
func (a *Agent) unexpected(r *sipmsg.Response) {
	m := fromResponse(r)
	if _, method := m.cseq(); method == "INVITE" && m.status >= 200 {
		a.stray(m)
	}
}

// stray takes a final response to an INVITE whose call is over, or was never
// in this process: a 2xx is acknowledged and hung up, any other acknowledged.
func (a *Agent) stray(m *message) {
	e := a.recent.get(m.callID())
	if e == nil {
		return
	}
	if m.status/100 == 2 {
		a.dismiss(m, e, a.recent.first(e, m.toTag()))
		return
	}
	if e.tok != nil {
		a.ackRefusal(m, e.tok)
		e.report(m.status)
	}
}

// ackRefusal acknowledges a refusal of an earlier process's INVITE:
// RFC 3261 §17.1.1.3.
func (a *Agent) ackRefusal(m *message, t *token) {
	hop, err := netip.ParseAddrPort(t.Hop)
	if err != nil {
		return
	}
	f, err := a.wire.flowTo(a.ctx, t.Network, hop)
	if err != nil {
		return
	}
	f.sentBy = t.SentBy
	seq, _ := m.cseq()
	x := startRequest("ACK", t.URI)
	x.add("Via", via(f, m.branch())).add("Max-Forwards", "70")
	x.add("From", t.Local).add("To", m.get("To")).add("Call-ID", t.CallID)
	x.add("CSeq", strconv.Itoa(int(seq))+" ACK")
	_ = a.ep.push(f, x.end("", nil))
}

// dismiss acknowledges a 2xx nobody wants and, the first time, hangs it up.
// RFC 3261 §13.2.2.4.
func (a *Agent) dismiss(m *message, e *ending, bye bool) {
	d := dialog{callID: m.callID(), local: m.get("From"), localTag: m.fromTag()}
	to := m.to()
	to.params = slices.DeleteFunc(slices.Clone(to.params), func(p param) bool { return p.name == "tag" })
	d.remote = to.String()
	d.establish(m, e.target)
	d.localSeq, _ = m.cseq()
	seq := d.localSeq
	work := func() {
		f, err := d.reach(a.ctx, a.wire)
		if err != nil {
			return
		}
		_ = a.ep.push(f, d.request(f, "ACK", seq, newBranch(), a.cfg.UserAgent, nil, "", nil))
		if !bye {
			return
		}
		status := m.status
		if err := a.sendBye(a.ctx, &d, e.acc); err != nil {
			a.log.Info("unwanted answer not hung up", "call", d.callID, "error", err)
			status = 0
		}
		e.report(status)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() == nil {
		a.wg.Go(work) // ends with the BYE's transaction
	}
}
