package sip

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Our own INVITE, from Dial to the 2xx.

// tcpAbove is the size from which a request goes by TCP, RFC 3261 §18.1.1.
const tcpAbove = 1300

// Dial calls. It returns at once; what happens is told to opts.Events. An
// error means that nothing was sent and nothing will be told; without error
// there is exactly one Ended. ctx bounds the look-up of the address only.
func (a *Agent) Dial(ctx context.Context, opts DialOptions) (*Call, error) {
	acc := a.account(opts.Account)
	if acc == nil {
		return nil, fmt.Errorf("%w %q", ErrUnknownAccount, opts.Account)
	}
	target, err := parseURI(opts.URI)
	if err != nil {
		return nil, fmt.Errorf("sip: dial %q: %w", opts.URI, err)
	}
	target.headers = "" // RFC 3261 §19.1.5: headers in a URI are for others to be careful with
	switch target.network() {
	case "", "udp", "tcp":
	default:
		return nil, fmt.Errorf("sip: dial %q: transport %q is not built in", opts.URI, target.network())
	}
	extra, err := checkHeaders(opts.Headers)
	if err != nil {
		return nil, err
	}
	if err := checkCaller(opts.CallerID, opts.CallerName); err != nil {
		return nil, err
	}
	c := newCall(a, acc, Outbound, newCallID())
	c.remote = identityOf(address{text: target.String()})
	c.localID = Identity{Number: unescapeUser(acc.address.user), URI: acc.address.String()}
	if opts.CallerID != "" {
		c.localID.Number, c.localID.Name = opts.CallerID, opts.CallerName
	}
	c.body, c.events = opts.Body, opts.Events
	c.invite.opts, c.invite.extra, c.invite.uri = opts, extra, target.String()
	c.dlg.localTag = newTag()
	c.dlg.local = acc.from(opts) + ";tag=" + c.dlg.localTag
	to := target.bare()
	c.dlg.remote = "<" + to.String() + ">"
	c.dlg.target = target.String()
	c.calledAt = time.Now()
	look, cancel := context.WithCancel(a.ctx)
	stop := context.AfterFunc(ctx, cancel)
	c.abort = func() { stop(); cancel() }
	if !a.begin(c) {
		c.abort()
		return nil, ErrClosed
	}
	a.wg.Go(func() { c.prepare(look, target) }) // ends with the look-up
	return c, nil
}

func checkCaller(number, name string) error {
	if len(number) > 128 || len(name) > 256 {
		return fmt.Errorf("sip: caller id is too long")
	}
	if clean(number) != number || clean(name) != name {
		return fmt.Errorf("sip: caller id holds a control character")
	}
	return nil
}

// from is our From value without tag.
func (a *account) from(o DialOptions) string {
	u := a.address
	name := ""
	if a.CallerIDIn == "from" && o.CallerID != "" {
		u.user, name = escapeUser(o.CallerID), o.CallerName
	}
	return address{name: name, text: u.String()}.String()
}

// callerID is the header that says whom the far end should see.
func (a *account) callerID(o DialOptions) []field {
	if o.CallerID == "" {
		return nil
	}
	u := a.address
	u.user = escapeUser(o.CallerID)
	v := address{name: o.CallerName, text: u.String()}.String()
	switch a.CallerIDIn {
	case "pai":
		return []field{{"P-Asserted-Identity", v}} // RFC 3325 §9.1
	case "rpid":
		return []field{{"Remote-Party-ID", v + ";party=calling;screen=no;privacy=off"}}
	}
	return nil
}

// prepare finds the way to the first hop.
func (c *Call) prepare(ctx context.Context, target uri) {
	f, err := c.agent.wire.reach(ctx, c.acc.hop(target).String())
	if err == nil && c.acc.direct() {
		c.acc.keys.own(f.remote) // a trunk: what it dials is its own
	}
	c.box.put(mail{kind: mailFunc, fn: func() {
		if c.state != statePreparing {
			return
		}
		if err != nil {
			c.feed(mail{in: inFailed, err: fmt.Errorf("%w: %v", errTransport, err)})
			return
		}
		c.invite.flow = f
		body, err := c.describer().Offer()
		if err != nil {
			c.feed(mail{in: inFailed, err: fmt.Errorf("%w: no offer: %v", errTransport, err)})
			return
		}
		c.invite.body = body
		c.sendInvite(inSent)
	}})
}

// sendInvite sends the INVITE, the first time or again, with the next CSeq.
func (c *Call) sendInvite(in input) {
	v := &c.invite
	c.dlg.localSeq++
	if v.base == "" {
		v.base = newBranch()
	}
	v.seq, v.branch = c.dlg.localSeq, attemptBranch(v.base, c.dlg.localSeq)
	v.creds = c.login.headers("INVITE", v.uri, v.body)
	raw := c.inviteText(v.flow)
	if len(raw) > tcpAbove && v.flow.network == "udp" {
		if f, ok := c.agent.wire.tryTCP(c.agent.ctx, v.flow.remote); ok {
			// RFC 3261 §18.1.1: by TCP, and with the top Via saying so. The
			// Contact stays where we listen.
			v.flow = f
			raw = c.inviteText(f)
		}
	}
	c.talksTo(v.flow.remote.Addr())
	branch := v.branch
	tx, err := c.agent.ep.request(v.flow, raw, func(m *message, err error) { c.heardInvite(branch, m, err) })
	if err != nil {
		c.feed(mail{in: inFailed, err: err})
		return
	}
	v.tx = tx
	c.storeToken(false, "")
	c.feed(mail{in: in})
}

// attemptBranch makes the branch of an attempt foreseeable from the first
// one's, so that a token written after the first finds the later ones too.
func attemptBranch(base string, seq uint32) string { return base + "." + strconv.Itoa(int(seq)) }

func (c *Call) inviteText(f flow) []byte {
	v := &c.invite
	t := startRequest("INVITE", v.uri)
	t.add("Via", via(f, v.branch)).add("Max-Forwards", "70")
	t.add("From", c.dlg.local).add("To", c.dlg.remote).add("Call-ID", c.dlg.callID)
	t.add("CSeq", strconv.Itoa(int(v.seq))+" INVITE")
	t.add("Contact", contactFor(c.acc.address.user, f))
	t.add("Allow", allow).add("Supported", supported)
	t.addFields(c.acc.callerID(v.opts))
	if v.asked == 0 {
		v.asked = defaultInterval
	}
	t.add("Session-Expires", strconv.Itoa(v.asked)) // RFC 4028 §7.1
	if v.minSE > 0 {
		t.add("Min-SE", strconv.Itoa(v.minSE))
	}
	t.addFields(v.creds).addFields(v.extra)
	t.add("User-Agent", c.agent.cfg.UserAgent)
	return t.end("application/sdp", v.body)
}

// heardInvite is called by the transaction's goroutines.
func (c *Call) heardInvite(branch string, m *message, err error) {
	if !c.box.put(mail{kind: mailFunc, msg: m, fn: func() { c.inviteResult(branch, m, err) }}) {
		c.tooLate(m) // a fork that answers after the end
	}
}

func (c *Call) inviteResult(branch string, m *message, err error) {
	latest := branch == c.invite.branch
	switch {
	case err != nil:
		if latest {
			c.feed(mail{in: inFailed, err: err})
		}
	case m.status/100 == 2:
		c.feed(mail{in: inAccepted, msg: m})
	case !latest:
	case m.status < 200:
		c.feed(mail{in: inProvisional, msg: m})
	default:
		c.inviteRefused(m)
	}
}

// inviteRefused sends the INVITE once more where the answer asks for it.
func (c *Call) inviteRefused(m *message) {
	if c.state != stateCalling && c.state != stateProceeding {
		c.feed(mail{in: inRefused, msg: m})
		return
	}
	switch m.status {
	case 401, 407:
		if err := c.login.meet(m, c.invite.flow.remote.Addr()); err != nil {
			c.feed(mail{in: inRefused, msg: m, err: err})
			return
		}
	case 422:
		// RFC 4028 §7.3: the interval was too small for them.
		n := m.number("Min-SE")
		if n <= c.invite.minSE || n > 1<<20 {
			c.feed(mail{in: inRefused, msg: m})
			return
		}
		c.invite.minSE, c.invite.asked = n, max(n, c.invite.asked)
	default:
		c.feed(mail{in: inRefused, msg: m})
		return
	}
	c.early = map[string]*fork{}
	clear(c.heard)
	c.sendInvite(inAgain)
}

func (c *Call) dialing() {
	if !c.dialed {
		c.dialed = true
		c.emit(Event{Kind: Dialing})
	}
}

// progress takes a provisional response; any number of them may come.
func (c *Call) progress(m *message) {
	if m.status == 100 {
		return
	}
	tag := m.toTag()
	f := c.early[tag]
	if f == nil && len(c.early) < 16 {
		f = &fork{dlg: c.dlg}
		f.dlg.flow, f.dlg.targetFlow = flow{}, ""
		f.dlg.establish(m, c.invite.uri)
		c.early[tag] = f
		c.storeToken(false, tag)
	}
	if m.lists("Require", "100rel") && f != nil && !c.prack(f, m) {
		return // out of order or repeated, RFC 3262 §4
	}
	ring := m.status == 180
	media := false
	if m.isSDP() && string(m.body) != c.lastSDP {
		if err := c.describer().Accept(m.body); err != nil {
			c.log.Info("early session description refused", "error", err)
		} else {
			c.lastSDP, c.accepted, media = string(m.body), string(m.body), true
		}
	}
	e := Event{Status: m.status, Reason: m.reason}
	if ring && !c.heard[180] {
		e.Kind = Ringing
		c.emit(e)
	}
	if media {
		e.Kind = EarlyMedia
		c.emit(e)
	}
	if !ring && !media && !c.heard[m.status] {
		e.Kind = Progress
		c.emit(e)
	}
	c.heard[m.status] = true
}

// prack acknowledges a reliable provisional response in its early dialog,
// RFC 3262 §4. It tells whether the response is the next in order.
func (c *Call) prack(f *fork, m *message) bool {
	n := uint32(max(m.number("RSeq"), 0))
	if n == 0 || f.rseq != 0 && n != f.rseq+1 {
		return false
	}
	f.rseq = n
	seq, _ := m.cseq()
	f.dlg.refresh(m)
	rack := fmt.Sprintf("%d %d INVITE", n, seq)
	c.transact(&f.dlg, "PRACK", []field{{"RAck", rack}}, "", nil, func(r *message, err error) {
		if err != nil || r.status >= 300 {
			c.log.Info("PRACK failed", "error", err)
		}
	})
	return true
}
