package peer

import (
	"fmt"
	"strings"
	"time"
)

// Option changes a message before it is sent. Options are applied in order.
type Option func(*Message)

// SDP puts a session description into the body.
func SDP(sdp string) Option { return Body("application/sdp", []byte(sdp)) }

// Body puts anything into the body.
func Body(contentType string, body []byte) Option {
	return func(m *Message) {
		m.Body = body
		m.set("Content-Type", contentType)
	}
}

// With adds a header, beside those of the same name.
func With(name, value string) Option { return func(m *Message) { m.add(name, value) } }

// Set replaces a header, or adds it.
func Set(name, value string) Option { return func(m *Message) { m.set(name, value) } }

// Without takes a header away.
func Without(name string) Option {
	return func(m *Message) { m.Headers = m.without(name) }
}

// ToTag sets the tag of To; "" takes it away.
func ToTag(tag string) Option {
	return func(m *Message) { m.set("To", setTag(m.Get("To"), tag)) }
}

// Contact sets the Contact to the URI.
func Contact(uri string) Option { return Set("Contact", "<"+uri+">") }

// NoContact leaves the Contact out.
func NoContact() Option { return Without("Contact") }

// Phrase sets the reason phrase of a response.
func Phrase(text string) Option { return func(m *Message) { m.Reason = text } }

// Q850 adds a Reason header with a Q.850 cause (RFC 3326).
func Q850(cause int) Option { return With("Reason", fmt.Sprintf("Q.850;cause=%d", cause)) }

// PlainSDP is a session description with PCMA, PCMU and telephone-event on
// 127.0.0.1 and that port. extra lines ("a=sendonly") are appended.
func PlainSDP(port int, extra ...string) string {
	return SDPText("127.0.0.1", port, 1, extra...)
}

// SDPText is PlainSDP with address and version of its own; a new version says
// that something has changed (RFC 3264 §8).
func SDPText(ip string, port, version int, extra ...string) string {
	lines := []string{
		"v=0",
		fmt.Sprintf("o=far 4711 %d IN IP4 127.0.0.1", version),
		"s=-",
		"c=IN IP4 " + ip,
		"t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP 8 0 101", port),
		"a=rtpmap:8 PCMA/8000",
		"a=rtpmap:0 PCMU/8000",
		"a=rtpmap:101 telephone-event/8000",
		"a=fmtp:101 0-15",
		"a=ptime:20",
	}
	return strings.Join(append(lines, extra...), "\r\n") + "\r\n"
}

// Reply answers the request. The To-tag is the same in every answer but 100,
// and a 101-299 to an INVITE carries a Contact; options change that.
func (r *Request) Reply(status int, opts ...Option) *Message {
	m := r.answer(status, opts)
	r.far.transmit(m, r.flow)
	return m
}

// ReplyAfter answers later, while the script goes on.
func (r *Request) ReplyAfter(d time.Duration, status int, opts ...Option) {
	r.far.after(d, func() { r.Reply(status, opts...) })
}

// Again sends the last answer once more.
func (r *Request) Again() {
	r.far.mu.Lock()
	m := r.last
	r.far.mu.Unlock()
	if m != nil {
		r.far.transmit(m, r.flow)
	}
}

// Tag is the To-tag of our answers to the request.
func (r *Request) Tag() string {
	if tag := r.ToTag(); tag != "" {
		return tag
	}
	return r.tag
}

func (r *Request) answer(status int, opts []Option) *Message {
	m := reply(r.Message, r.flow, status, r.Tag())
	if r.Method == "INVITE" && status > 100 && status < 300 {
		m.add("Contact", "<"+r.far.contact(r.flow)+">")
	}
	for _, o := range opts {
		o(m)
	}
	r.far.mu.Lock()
	r.last = m
	r.far.mu.Unlock()
	return m
}

// reply builds an answer by RFC 3261 §8.2.6 with rport by RFC 3581 §4.
func reply(req *Message, fl flow, status int, tag string) *Message {
	m := &Message{Status: status, Reason: reasonPhrase(status)}
	for i, via := range req.Values("Via") {
		if i == 0 {
			via = stampVia(via, fl)
		}
		m.add("Via", via)
	}
	for _, rr := range req.Values("Record-Route") {
		m.add("Record-Route", rr)
	}
	m.add("From", req.Get("From"))
	to := req.Get("To")
	if status > 100 && tag != "" {
		to = setTag(to, tag)
	}
	m.add("To", to)
	m.add("Call-ID", req.CallID())
	m.add("CSeq", req.Get("CSeq"))
	return m
}

// stampVia fills in received and an empty rport.
func stampVia(via string, fl flow) string {
	at := fl.remote()
	parts := strings.Split(via, ";")
	for i, p := range parts {
		if strings.EqualFold(strings.TrimSpace(p), "rport") {
			parts[i] = fmt.Sprintf("rport=%d", at.Port())
			parts = append(parts, "received="+at.Addr().String())
		}
	}
	return strings.Join(parts, ";")
}

// contact is our URI as seen on that flow.
func (f *Far) contact(fl flow) string {
	if fl.tcp != nil {
		return f.URI("far") + ";transport=tcp"
	}
	return f.URI("far")
}
