package sip

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

type field struct{ name, value string }

// message is a SIP message in our own form. Everything that comes in is read
// into it before sipgo sees it, and everything that goes out is written from
// plain text, so that no sipgo header value is shared between goroutines.
type message struct {
	method, uri    string // request
	status         int    // response, 0 in a request
	reason         string
	version        string
	fields         []field
	body           []byte
	network        string // "udp", "tcp"
	source         netip.AddrPort
	lengthExceeded bool // Content-Length beyond the datagram
	malformed      error
}

// Errors of reading; a stream that yields one has no boundary to go on from.
var (
	errPartial   = errors.New("message incomplete")
	errNotSIP    = errors.New("not a SIP message")
	errTooLarge  = errors.New("message too large")
	errNoLength  = errors.New("no Content-Length on a stream")
	errMalformed = errors.New("malformed header")
)

// longName spells out the one-letter forms, RFC 3261 §7.3.3 and later RFCs.
func longName(s string) string {
	if len(s) != 1 {
		return s
	}
	switch s[0] | 0x20 {
	case 'a':
		return "Accept-Contact"
	case 'b':
		return "Referred-By"
	case 'c':
		return "Content-Type"
	case 'e':
		return "Content-Encoding"
	case 'f':
		return "From"
	case 'i':
		return "Call-ID"
	case 'k':
		return "Supported"
	case 'l':
		return "Content-Length"
	case 'm':
		return "Contact"
	case 'o':
		return "Event"
	case 'r':
		return "Refer-To"
	case 's':
		return "Subject"
	case 't':
		return "To"
	case 'u':
		return "Allow-Events"
	case 'v':
		return "Via"
	case 'x':
		return "Session-Expires" // RFC 4028 §4
	}
	return s
}

// get returns the first value of a header, "" if there is none.
func (m *message) get(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (m *message) has(name string) bool { return hasField(m.fields, name) }

func hasField(fs []field, name string) bool {
	return slices.ContainsFunc(fs, func(f field) bool { return strings.EqualFold(f.name, name) })
}

// all returns every value of a header, in order, as lines.
func (m *message) all(name string) []string {
	var out []string
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			out = append(out, f.value)
		}
	}
	return out
}

// list returns the comma-separated values of a header over all its lines.
func (m *message) list(name string) []string {
	var out []string
	for _, v := range m.all(name) {
		for _, s := range splitOutside(v, ',') {
			if s = trimLWS(s); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// lists tells whether a token stands in a list header (Allow, Supported, …).
func (m *message) lists(name, token string) bool {
	return slices.ContainsFunc(m.list(name), func(v string) bool { return strings.EqualFold(v, token) })
}

// param is a parameter behind a header's value, "" if there is none.
func (m *message) param(header, name string) string {
	_, tail, _ := strings.Cut(m.get(header), ";")
	p, _ := parseParams(tail)
	v, _ := p.get(name)
	return v
}

// number reads a leading decimal value ("90;x=y"), -1 if there is none.
func (m *message) number(name string) int {
	v, _, _ := strings.Cut(m.get(name), ";")
	v, _, _ = strings.Cut(v, "(")
	n, err := strconv.ParseUint(trimLWS(v), 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

func (m *message) callID() string  { return m.get("Call-ID") }
func (m *message) from() address   { a, _ := parseAddress(m.get("From")); return a }
func (m *message) to() address     { a, _ := parseAddress(m.get("To")); return a }
func (m *message) fromTag() string { return m.from().tag() }
func (m *message) toTag() string   { return m.to().tag() }
func (m *message) isRequest() bool { return m.status == 0 }

// challenges tells whether a response asks for credentials.
func (m *message) challenges() bool { return m.status == 401 || m.status == 407 }

// cseq returns number and method of CSeq.
func (m *message) cseq() (uint32, string) {
	n, method, _ := strings.Cut(m.get("CSeq"), " ")
	v, err := strconv.ParseUint(n, 10, 32)
	if err != nil {
		return 0, ""
	}
	return uint32(v), trimLWS(method)
}

// contact returns the first Contact, "" if there is none or it is no SIP URI.
func (m *message) contact() string {
	a, err := parseAddress(m.get("Contact"))
	if err != nil {
		return ""
	}
	if _, err := a.uri(); err != nil {
		return ""
	}
	return a.text
}

// branch is the branch of the topmost Via.
func (m *message) branch() string {
	_, p := splitVia(m.get("Via"))
	b, _ := p.get("branch")
	return b
}

func (m *message) contentType() string {
	v, _, _ := strings.Cut(m.get("Content-Type"), ";")
	return strings.ToLower(trimLWS(v))
}

// isSDP tells whether the body is a session description to be handed on.
func (m *message) isSDP() bool {
	return len(m.body) > 0 && m.contentType() == "application/sdp"
}

// splitVia cuts a Via value into "SIP/2.0/UDP host:port" and parameters.
func splitVia(v string) (sent string, p params) {
	sent, tail, _ := strings.Cut(v, ";")
	p, _ = parseParams(tail)
	return trimLWS(sent), p
}

// line is the start line, for logs.
func (m *message) line() string {
	if m.isRequest() {
		return m.method + " " + m.uri
	}
	return strconv.Itoa(m.status) + " " + m.reason
}

// readMessage reads one message from data. On a stream it returns errPartial
// until the message is whole, and the number of bytes used; on a datagram
// bytes beyond Content-Length are cut off, and a body shorter than it is
// marked (RFC 3261 §18.3).
func readMessage(data []byte, stream bool) (*message, int, error) {
	skipped := 0
	for len(data) > skipped && (data[skipped] == '\r' || data[skipped] == '\n') {
		skipped++ // RFC 3261 §7.5: CRLF before the start line is ignored
	}
	rest := data[skipped:]
	end, sep := headerEnd(rest)
	if end < 0 {
		if len(rest) > maxMessage {
			return nil, 0, errTooLarge
		}
		if stream {
			return nil, 0, errPartial
		}
		end, sep = len(rest), 0 // the empty line is missing; the rest may still be clear
	}
	m := &message{}
	lines := unfold(string(rest[:end]))
	if len(lines) == 0 {
		return nil, 0, errNotSIP
	}
	if err := m.readStart(lines[0]); err != nil {
		return nil, 0, err
	}
	m.readFields(lines[1:])
	body := rest[min(end+sep, len(rest)):]
	length := -1
	if m.has("Content-Length") {
		if length = m.number("Content-Length"); length < 0 {
			m.spoil(fmt.Errorf("%w: Content-Length", errMalformed))
		}
	}
	switch {
	case stream && length < 0:
		return m, 0, errNoLength
	case length > maxMessage:
		return m, 0, errTooLarge
	case stream && len(body) < length:
		return nil, 0, errPartial
	case length > len(body):
		m.lengthExceeded = true
	case length >= 0:
		body = body[:length]
	}
	m.body = bytes.Clone(body)
	return m, skipped + end + sep + len(body), nil
}

// headerEnd finds the empty line; bare LF is accepted as a line end.
func headerEnd(b []byte) (end, sep int) {
	i, j := bytes.Index(b, []byte("\r\n\r\n")), bytes.Index(b, []byte("\n\n"))
	if i >= 0 && (j < 0 || i < j) {
		return i, 4
	}
	if j >= 0 {
		return j, 2
	}
	return -1, 0
}

// unfold joins continuation lines, RFC 3261 §7.3.1.
func unfold(head string) []string {
	var out []string
	for _, l := range strings.Split(head, "\n") {
		l = strings.TrimSuffix(l, "\r")
		if l != "" && (l[0] == ' ' || l[0] == '\t') && len(out) > 0 {
			out[len(out)-1] += " " + trimLWS(l)
			continue
		}
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}

func (m *message) readStart(line string) error {
	a, rest, ok := strings.Cut(line, " ")
	if !ok {
		return errNotSIP
	}
	if strings.HasPrefix(strings.ToUpper(a), "SIP/") {
		m.version = strings.ToUpper(a)
		code, reason, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(code, 10, 16)
		if err != nil || n < 100 || n > 699 {
			return errNotSIP
		}
		m.status, m.reason = int(n), printable(reason)
		return nil
	}
	i := strings.LastIndexByte(rest, ' ')
	if i < 0 || !isToken(a) || !strings.HasPrefix(strings.ToUpper(rest[i+1:]), "SIP/") {
		return errNotSIP
	}
	m.method, m.uri, m.version = a, rest[:i], strings.ToUpper(rest[i+1:])
	return nil
}

func (m *message) spoil(err error) {
	if m.malformed == nil {
		m.malformed = err
	}
}

func (m *message) readFields(lines []string) {
	for _, l := range lines {
		name, value, ok := strings.Cut(l, ":")
		name = longName(strings.TrimRight(name, " \t"))
		if !ok || !isToken(name) {
			m.spoil(fmt.Errorf("%w: line without name", errMalformed))
			continue
		}
		if len(m.fields) >= maxFields {
			m.spoil(fmt.Errorf("%w: more than %d headers", errMalformed, maxFields))
			return
		}
		m.fields = append(m.fields, field{name, printable(trimLWS(value))})
	}
	m.canonical()
}

// printable replaces control characters by blanks; none may reach a log line
// or a header we copy.
func printable(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return strings.Map(func(r rune) rune {
				if r < ' ' || r == 0x7f {
					return ' '
				}
				return r
			}, s)
		}
	}
	return s
}
