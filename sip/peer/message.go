package peer

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Header is one header field; values that stood in one line separated by
// commas (Via, Contact, Route, Record-Route) are several headers.
type Header struct{ Name, Value string }

// Message is one SIP message. Method and URI are set in a request, Status and
// Reason in a response.
type Message struct {
	Method, URI string
	Status      int
	Reason      string
	Headers     []Header
	Body        []byte
}

// parse reads one message. Errors are sipgo's, whose parser is the judge.
func parse(raw []byte) (*Message, error) {
	parsed, err := sipmsg.ParseMessage(raw)
	if err != nil {
		return nil, err
	}
	return convert(parsed, raw)
}

// convert takes what sipgo parsed over into our own plain struct.
func convert(parsed sipmsg.Message, raw []byte) (*Message, error) {
	m := &Message{Body: parsed.Body()}
	var list []sipmsg.Header
	switch p := parsed.(type) {
	case *sipmsg.Request:
		// The parser upper-cases methods, which RFC 3261 §7.1 makes case-sensitive.
		line, _, _ := strings.Cut(strings.TrimLeft(string(raw), "\r\n"), " ")
		m.Method, m.URI = line, p.Recipient.String()
		if !strings.EqualFold(line, string(p.Method)) {
			m.Method = string(p.Method)
		}
		list = p.Headers()
	case *sipmsg.Response:
		m.Status, m.Reason = p.StatusCode, p.Reason
		list = p.Headers()
	default:
		return nil, fmt.Errorf("peer: neither request nor response: %T", parsed)
	}
	for _, h := range list {
		m.Headers = append(m.Headers, Header{longName(h.Name()), h.Value()})
	}
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		if m.Get(name) == "" {
			return nil, fmt.Errorf("peer: no %s in %s", name, m)
		}
	}
	return m, nil
}

// longName expands the compact forms of RFC 3261 §7.3.3 that the parser leaves.
func longName(name string) string {
	if len(name) > 1 {
		return name
	}
	switch strings.ToLower(name) {
	case "k":
		return "Supported"
	case "s":
		return "Subject"
	case "o":
		return "Event"
	case "u":
		return "Allow-Events"
	case "x":
		return "Session-Expires"
	case "r":
		return "Refer-To"
	case "e":
		return "Content-Encoding"
	}
	return name
}

// IsRequest tells a request from a response.
func (m *Message) IsRequest() bool { return m.Method != "" }

// Get returns the first value of the header, "" if there is none.
func (m *Message) Get(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Values returns every value of the header in order.
func (m *Message) Values(name string) []string {
	var out []string
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			out = append(out, h.Value)
		}
	}
	return out
}

// Lists tells whether a comma-separated header (Supported, Allow, Require)
// names the token.
func (m *Message) Lists(name, token string) bool {
	for _, v := range m.Values(name) {
		for item := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

// CallID returns the Call-ID.
func (m *Message) CallID() string { return m.Get("Call-ID") }

// FromTag and ToTag return the tags; "" is no tag.
func (m *Message) FromTag() string { return param(m.Get("From"), "tag") }

// ToTag returns the tag of To, "" if there is none.
func (m *Message) ToTag() string { return param(m.Get("To"), "tag") }

// Branch returns the branch of the top Via: the transaction.
func (m *Message) Branch() string { return param(m.Get("Via"), "branch") }

// CSeq returns the sequence number and its method.
func (m *Message) CSeq() (int, string) {
	n, method, _ := strings.Cut(m.Get("CSeq"), " ")
	seq, _ := strconv.Atoi(n)
	return seq, strings.TrimSpace(method)
}

// Target returns the URI of the first Contact, "" if there is none.
func (m *Message) Target() string { return addrSpec(m.Get("Contact")) }

// SDP returns the body as text.
func (m *Message) SDP() string { return string(m.Body) }

// String is the message in one line, for errors and the trace.
func (m *Message) String() string {
	seq, method := m.CSeq()
	extra := ""
	if len(m.Body) > 0 {
		extra = fmt.Sprintf(" [%d bytes %s]", len(m.Body), m.Get("Content-Type"))
	}
	if m.IsRequest() {
		return fmt.Sprintf("%s %s (CSeq %d)%s", m.Method, m.URI, seq, extra)
	}
	return fmt.Sprintf("%d %s (%d %s)%s", m.Status, m.Reason, seq, method, extra)
}

// Bytes is the message as it goes on the wire, Content-Length last.
func (m *Message) Bytes() []byte {
	var b strings.Builder
	if m.IsRequest() {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.Method, m.URI)
	} else {
		fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.Status, m.Reason)
	}
	sized := false
	for _, h := range m.Headers {
		sized = sized || strings.EqualFold(h.Name, "Content-Length")
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	if !sized {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(m.Body))
	}
	b.WriteString("\r\n")
	b.Write(m.Body)
	return []byte(b.String())
}

// add appends a header.
func (m *Message) add(name, value string) {
	m.Headers = append(m.Headers, Header{name, value})
}

// set replaces the first header of that name and removes the rest; it appends
// one where there was none.
func (m *Message) set(name, value string) {
	for i, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			tail := (&Message{Headers: m.Headers[i+1:]}).without(name)
			m.Headers = append(append(m.Headers[:i:i], Header{name, value}), tail...)
			return
		}
	}
	m.add(name, value)
}

// without returns the headers less those of that name.
func (m *Message) without(name string) []Header {
	var out []Header
	for _, h := range m.Headers {
		if !strings.EqualFold(h.Name, name) {
			out = append(out, h)
		}
	}
	return out
}

// param returns a header parameter of an address or Via value: those after the
// closing bracket, so that parameters of the URI are not taken for it.
func param(value, name string) string {
	if i := strings.LastIndexByte(value, '>'); i >= 0 {
		value = value[i+1:]
	}
	parts := strings.Split(value, ";")
	for _, p := range parts[1:] {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

// addrSpec returns the URI of an address: what stands in brackets, or all
// before the first parameter.
func addrSpec(value string) string {
	if i := strings.IndexByte(value, '<'); i >= 0 {
		value = value[i+1:]
		if j := strings.IndexByte(value, '>'); j >= 0 {
			return value[:j]
		}
		return value
	}
	uri, _, _ := strings.Cut(value, ";")
	return strings.TrimSpace(uri)
}

// setTag gives an address value another tag; "" takes the tag away.
func setTag(value, tag string) string {
	head, tail := value, ""
	if i := strings.LastIndexByte(value, '>'); i >= 0 {
		head, tail = value[:i+1], value[i+1:]
	} else if i := strings.IndexByte(value, ';'); i >= 0 {
		head, tail = value[:i], value[i:]
	}
	var kept strings.Builder
	for _, p := range strings.Split(tail, ";")[min(1, len(strings.Split(tail, ";"))):] {
		k, _, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(k), "tag") {
			kept.WriteString(";" + p)
		}
	}
	if tag != "" {
		kept.WriteString(";tag=" + tag)
	}
	return head + kept.String()
}

// userOf returns the user part of a SIP URI, "" if there is none.
func userOf(uri string) string {
	_, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return ""
	}
	user, _, ok := strings.Cut(rest, "@")
	if !ok {
		return ""
	}
	user, _, _ = strings.Cut(user, ";")
	return user
}

// hostPortOf returns host:port and the transport ("udp" by default) a SIP URI
// leads to.
func hostPortOf(uri string) (string, string, error) {
	var u sipmsg.Uri
	if err := sipmsg.ParseUri(uri, &u); err != nil {
		return "", "", fmt.Errorf("peer: URI %q: %w", uri, err)
	}
	transport := "udp"
	if v, ok := u.UriParams.Get("transport"); ok {
		transport = strings.ToLower(v)
	}
	port := u.Port
	if port == 0 {
		port = 5060
	}
	return fmt.Sprintf("%s:%d", u.Host, port), transport, nil
}

// token returns n random bytes in hex, for tags, branches and Call-IDs.
func token(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return hex.EncodeToString(b)
}

// newBranch returns a transaction id (RFC 3261 §8.1.1.7).
func newBranch() string { return "z9hG4bK" + token(8) }

// reasonPhrase is the usual text for a status.
func reasonPhrase(status int) string {
	switch status {
	case 100:
		return "Trying"
	case 180:
		return "Ringing"
	case 181:
		return "Call Is Being Forwarded"
	case 182:
		return "Queued"
	case 183:
		return "Session Progress"
	case 200:
		return "OK"
	case 202:
		return "Accepted"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 407:
		return "Proxy Authentication Required"
	case 408:
		return "Request Timeout"
	case 410:
		return "Gone"
	case 420:
		return "Bad Extension"
	case 422:
		return "Session Interval Too Small"
	case 423:
		return "Interval Too Brief"
	case 480:
		return "Temporarily Unavailable"
	case 481:
		return "Call/Transaction Does Not Exist"
	case 484:
		return "Address Incomplete"
	case 486:
		return "Busy Here"
	case 487:
		return "Request Terminated"
	case 488:
		return "Not Acceptable Here"
	case 491:
		return "Request Pending"
	case 500:
		return "Server Internal Error"
	case 501:
		return "Not Implemented"
	case 503:
		return "Service Unavailable"
	case 600:
		return "Busy Everywhere"
	case 603:
		return "Decline"
	case 604:
		return "Does Not Exist Anywhere"
	case 607:
		return "Unwanted"
	}
	return "Status " + strconv.Itoa(status)
}
