package peer

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Dialog is what is needed to send requests in a call (RFC 3261 §12). A script
// may change every field, to be wrong on purpose.
type Dialog struct {
	CallID    string
	Local     string // address for From of our requests, without tag
	Remote    string
	LocalTag  string
	RemoteTag string
	Target    string   // request URI: their Contact
	Route     []string // values of Route, in order
	CSeq      int      // of our last request
	Contact   string   // URI of ours
	Via       string   // our host:port

	far  *Far
	flow flow
}

// Dialog is the call this INVITE makes as answered with the Far's usual tag.
func (r *Request) Dialog() *Dialog { return r.DialogTagged(r.Tag()) }

// DialogTagged is the same for another To-tag: a fork.
func (r *Request) DialogTagged(tag string) *Dialog {
	return &Dialog{
		CallID: r.CallID(), LocalTag: tag, RemoteTag: r.FromTag(),
		Local: setTag(r.Get("To"), ""), Remote: setTag(r.Get("From"), ""),
		Target: r.Target(), Route: r.Values("Record-Route"), CSeq: 100,
		Contact: r.far.contact(r.flow), Via: r.far.Addr(), far: r.far, flow: r.flow,
	}
}

// Expect claims the next request of that method in this dialog, told by
// Call-ID and our tag in To.
func (d *Dialog) Expect(method string, match ...Match) *Request {
	d.far.t.Helper()
	return d.far.Expect(method, append(match, InCall(d.CallID), ToTagIs(d.LocalTag))...)
}

// ExpectNone fails the test if such a request comes within the time.
func (d *Dialog) ExpectNone(within time.Duration, method string) {
	d.far.t.Helper()
	d.far.ExpectNone(within, method, InCall(d.CallID), ToTagIs(d.LocalTag))
}

// Request sends a request in the dialog, with the next CSeq.
func (d *Dialog) Request(method string, opts ...Option) *Sent {
	d.far.t.Helper()
	d.CSeq++
	return d.far.send(d.build(method, d.CSeq, opts), d.flow)
}

func (d *Dialog) build(method string, cseq int, opts []Option) *Message {
	m := &Message{Method: method, URI: d.Target}
	m.add("Via", via(d.flow, d.Via))
	m.add("Max-Forwards", "70")
	for _, r := range d.Route {
		m.add("Route", r)
	}
	m.add("From", setTag(d.Local, d.LocalTag))
	m.add("To", setTag(d.Remote, d.RemoteTag))
	m.add("Call-ID", d.CallID)
	m.add("CSeq", fmt.Sprintf("%d %s", cseq, method))
	if method != "BYE" && method != "ACK" && method != "CANCEL" {
		m.add("Contact", "<"+d.Contact+">")
	}
	for _, o := range opts {
		o(m)
	}
	return m
}

// Sent is a request of ours and the answers to it.
type Sent struct {
	*Message
	far  *Far
	flow flow
}

func (f *Far) send(m *Message, fl flow) *Sent {
	f.transmit(m, fl)
	return &Sent{Message: m, far: f, flow: fl}
}

// via is a new top Via; RFC 3581 §3 asks for rport.
func via(fl flow, at string) string {
	return fmt.Sprintf("SIP/2.0/%s %s;branch=%s;rport", fl.transport(), at, newBranch())
}

// Request sends a request outside any dialog to the URI (over TCP if it says
// transport=tcp), from the address "sip:far@…" unless an option sets From.
func (f *Far) Request(method, uri string, opts ...Option) *Sent {
	f.t.Helper()
	addr, transport, err := hostPortOf(uri)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	fl, err := f.wire.to(transport, addr)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	m := &Message{Method: method, URI: uri}
	m.add("Via", via(fl, f.Addr()))
	m.add("Max-Forwards", "70")
	m.add("From", fmt.Sprintf("<%s>;tag=%s", f.URI("far"), token(4)))
	m.add("To", "<"+uri+">")
	m.add("Call-ID", token(8)+"@127.0.0.1")
	m.add("CSeq", "1 "+method)
	m.add("Contact", "<"+f.contact(fl)+">")
	for _, o := range opts {
		o(m)
	}
	return f.send(m, fl)
}

// Again sends the same bytes once more, as after a lost answer.
func (s *Sent) Again() { s.far.transmit(s.Message, s.flow) }

// Expect claims the answer with that status, waiting for it; other provisional
// answers are passed over, another final one fails the test.
func (s *Sent) Expect(status int) *Message {
	s.far.t.Helper()
	for {
		m := s.next(fmt.Sprint(status))
		if m.Status == status {
			return m
		}
		if m.Status >= 200 {
			s.far.t.Fatalf("expected %d to %s, but %s came", status, s.Message, m)
		}
	}
}

// Final claims the final answer, whatever it is.
func (s *Sent) Final() *Message {
	s.far.t.Helper()
	for {
		if m := s.next("a final answer"); m.Status >= 200 {
			return m
		}
	}
}

// ExpectNone fails the test if any answer comes within d.
func (s *Sent) ExpectNone(d time.Duration) {
	s.far.t.Helper()
	if r, err := s.far.Await(d, s.isAnswer); err == nil {
		s.far.t.Fatalf("expected no answer to %s for %v, but %s came", s.Message, d, r.Message)
	}
}

func (s *Sent) next(what string) *Message {
	s.far.t.Helper()
	r, err := s.far.Await(s.far.Patience, s.isAnswer)
	if err != nil {
		s.far.t.Fatalf("expected %s to %s within %v: %v", what, s.Message, s.far.Patience, err)
	}
	if s.Method == "INVITE" && r.Status >= 300 {
		s.ackRefusal(r.Message)
	}
	return r.Message
}

func (s *Sent) isAnswer(m *Message) bool {
	_, method := m.CSeq()
	return !m.IsRequest() && m.Branch() == s.Branch() && method == s.Method
}

// ackRefusal ACKs a final answer above 299, within the transaction
// (RFC 3261 §17.1.1.3).
func (s *Sent) ackRefusal(res *Message) {
	ack := s.sibling("ACK")
	ack.set("To", res.Get("To"))
	s.far.transmit(ack, s.flow)
}

// Cancel sends CANCEL for this INVITE (RFC 3261 §9.1).
func (s *Sent) Cancel(opts ...Option) *Sent {
	m := s.sibling("CANCEL")
	for _, o := range opts {
		o(m)
	}
	return s.far.send(m, s.flow)
}

// sibling is a request with this one's branch and CSeq number.
func (s *Sent) sibling(method string) *Message {
	seq, _ := s.CSeq()
	m := &Message{Method: method, URI: s.URI}
	for _, h := range s.Headers {
		switch strings.ToLower(h.Name) {
		case "via", "max-forwards", "route", "from", "to", "call-id":
			m.Headers = append(m.Headers, h)
		}
	}
	m.add("CSeq", fmt.Sprintf("%d %s", seq, method))
	return m
}

// Dialog is the call made by our INVITE and that 2xx (or 1xx) to it.
func (s *Sent) Dialog(res *Message) *Dialog {
	seq, _ := s.CSeq()
	return &Dialog{
		CallID: s.CallID(), LocalTag: s.FromTag(), RemoteTag: res.ToTag(),
		Local: setTag(s.Get("From"), ""), Remote: setTag(s.Get("To"), ""),
		Target: res.Target(), Route: routeOf(res), CSeq: seq,
		Contact: s.far.contact(s.flow), Via: s.far.Addr(), far: s.far, flow: s.flow,
	}
}

// routeOf is the caller's route set: Record-Route backwards (RFC 3261 §12.1.2).
func routeOf(res *Message) []string {
	route := res.Values("Record-Route")
	slices.Reverse(route)
	return route
}

// Ack sends the ACK for a 2xx to the INVITE with that CSeq number; the default
// is the dialog's last.
func (d *Dialog) Ack(opts ...Option) {
	d.far.transmit(d.build("ACK", d.CSeq, opts), d.flow)
}
