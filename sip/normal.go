package sip

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// What sipgo's parser takes literally is brought into one form before it sees
// a message: list headers are split into lines, parameter names are put in
// lower case, blanks round ";" and "=" are removed, From and To get angle
// brackets (RFC 3261 §7.3.1, §20).

// initialMark is set on a request that came without a To tag. It never leaves
// this process and is removed from whatever comes in.
const initialMark = "X-Freiton-Initial"

func single(name string) bool {
	switch strings.ToLower(name) {
	case "from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type":
		return true
	}
	return false
}

func (m *message) canonical() {
	out := make([]field, 0, len(m.fields)+4)
	seen := map[string]bool{}
	for _, f := range m.fields {
		if single(f.name) {
			key := strings.ToLower(f.name)
			if seen[key] {
				m.spoil(fmt.Errorf("%w: two %s", errMalformed, f.name))
				continue
			}
			seen[key] = true
		}
		switch strings.ToLower(f.name) {
		case strings.ToLower(initialMark):
		case "via":
			for _, v := range splitOutside(f.value, ',') {
				out = append(out, field{"Via", m.canonicalVia(v)})
			}
		case "from":
			out = append(out, field{"From", m.canonicalAddress(f.value)})
		case "to":
			out = append(out, field{"To", m.canonicalAddress(f.value)})
		case "contact", "route", "record-route", "refer-to", "p-asserted-identity":
			for _, v := range splitOutside(f.value, ',') {
				if trimLWS(v) != "" {
					out = append(out, field{f.name, m.canonicalAddress(v)})
				}
			}
		case "cseq":
			out = append(out, field{"CSeq", strings.Join(strings.Fields(f.value), " ")})
		default:
			out = append(out, f)
		}
	}
	m.fields = out
}

func (m *message) canonicalAddress(v string) string {
	if trimLWS(v) == "*" {
		return "*"
	}
	a, err := parseAddress(v)
	if err != nil {
		m.spoil(fmt.Errorf("%w: address: %v", errMalformed, err))
		return trimLWS(v)
	}
	return a.String()
}

func (m *message) canonicalVia(v string) string {
	sent, tail, _ := strings.Cut(v, ";")
	proto, host, ok := cutLWS(sent)
	parts := strings.Split(proto, "/")
	p, err := parseParams(tail)
	var u uri
	if ok && err == nil {
		err = u.setHostport(strings.ReplaceAll(host, " ", ""))
	}
	if !ok || err != nil || len(parts) != 3 {
		m.spoil(fmt.Errorf("%w: Via", errMalformed))
		return trimLWS(v)
	}
	for i := range parts {
		parts[i] = strings.ToUpper(parts[i])
	}
	return strings.Join(parts, "/") + " " + u.hostport() + p.String()
}

// cutLWS cuts a Via's protocol ("SIP / 2.0 / UDP", blanks allowed) from its
// sent-by.
func cutLWS(s string) (proto, host string, ok bool) {
	s = trimLWS(strings.ReplaceAll(s, "\t", " "))
	slashes := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '/':
			slashes++
		case s[i] == ' ' && slashes == 2:
			before := strings.ReplaceAll(s[:i], " ", "")
			if !strings.HasSuffix(before, "/") {
				return before, trimLWS(s[i:]), true
			}
		}
	}
	return "", "", false
}

// known are the methods that reach a transaction. Methods are case-sensitive
// (RFC 3261 §7.1); sipgo would fold them, so others are answered before it.
func known(method string) bool {
	switch method {
	case "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE",
		"INFO", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH":
		return true
	}
	return false
}

// check returns the status with which a request must be refused before it
// gets a transaction, or 0. -1 means that nothing can be answered.
func (m *message) check() (status int, why string) {
	if m.get("Via") == "" || m.callID() == "" || m.get("From") == "" || m.get("To") == "" || m.get("CSeq") == "" {
		if m.get("Via") == "" || m.callID() == "" || m.get("CSeq") == "" {
			return -1, "no Via, Call-ID or CSeq"
		}
		return 400, "Missing From or To"
	}
	n, method := m.cseq()
	switch {
	case m.version != "SIP/2.0":
		return 505, "Version Not Supported" // RFC 3261 §21.5.6
	case m.malformed != nil:
		return 400, "Bad Request"
	case m.lengthExceeded:
		return 400, "Body Shorter Than Content-Length" // RFC 3261 §18.3
	case method != m.method:
		return 400, "CSeq Method Does Not Match" // RFC 3261 §8.1.1.5
	case method == "" || n > 1<<31-1:
		return 400, "CSeq Out Of Range"
	case m.fromTag() == "" && m.branch() == "":
		return 400, "No From Tag"
	case m.has("Max-Forwards") && (m.number("Max-Forwards") < 0 || m.number("Max-Forwards") > 255):
		return 400, "Max-Forwards Out Of Range"
	case !known(m.method):
		return 405, "Method Not Allowed" // RFC 3261 §8.2.1
	}
	return m.checkURI()
}

func (m *message) checkURI() (int, string) {
	scheme, _, ok := strings.Cut(m.uri, ":")
	switch s := strings.ToLower(scheme); {
	case !ok:
		return 400, "Bad Request-URI"
	case s != "sip" && s != "sips":
		if isToken(s) {
			return 416, "Unsupported URI Scheme" // RFC 3261 §8.2.2.1
		}
		return 400, "Bad Request-URI"
	}
	if _, err := parseURI(m.uri); err != nil {
		return 400, "Bad Request-URI"
	}
	return 0, ""
}

// usable tells whether a response can be matched at all.
func (m *message) usable() bool {
	return m.version == "SIP/2.0" && !m.lengthExceeded && m.get("Via") != "" && m.callID() != "" &&
		m.get("CSeq") != "" && m.get("From") != "" && m.get("To") != ""
}

// arrive stamps the topmost Via of a request with where it came from, when
// the sender did not tell the truth about it: RFC 3261 §18.2.1. sipgo itself
// fills rport and received where rport was asked for (RFC 3581 §4).
func (m *message) arrive(src netip.AddrPort) {
	for i, f := range m.fields {
		if f.name != "Via" {
			continue
		}
		sent, p := splitVia(f.value)
		_, host, _ := cutLWS(sent)
		var u uri
		if u.setHostport(host) != nil {
			return
		}
		out := p[:0:0]
		for _, kv := range p {
			switch kv.name {
			case "received":
			case "rport":
				out = append(out, param{"rport", ""})
			default:
				out = append(out, kv)
			}
		}
		if ip, err := netip.ParseAddr(u.host); (err != nil || ip.Unmap() != src.Addr()) && !p.has("rport") {
			out = append(out, param{"received", src.Addr().String()})
		}
		m.fields[i].value = sent + out.String()
		return
	}
}

// tagTo gives a request without a To tag the tag that every answer to it will
// carry (RFC 3261 §8.2.6.2): sipgo copies To into the answers it makes itself
// (100, 487), so these agree with ours.
func (m *message) tagTo(tag string) {
	for i, f := range m.fields {
		if f.name == "To" && m.toTag() == "" {
			m.fields[i].value += ";tag=" + tag
			m.fields = append(m.fields, field{initialMark, "1"})
			return
		}
	}
}

// bytes writes the message in canonical form.
func (m *message) bytes() []byte {
	var b strings.Builder
	if m.isRequest() {
		b.WriteString(m.method + " " + m.uri + " " + m.version + "\r\n")
	} else {
		b.WriteString(m.version + " " + strconv.Itoa(m.status) + " " + m.reason + "\r\n")
	}
	for _, f := range m.fields {
		if strings.EqualFold(f.name, "Content-Length") {
			continue
		}
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(m.body)) + "\r\n\r\n")
	b.Write(m.body)
	return []byte(b.String())
}
