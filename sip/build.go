package sip

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Methods and extensions we know, as told in Allow and Supported.
const (
	allow     = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY"
	supported = "100rel, timer, norefersub"
)

// text builds a message line by line. No value can start a line of its own:
// control characters become blanks, whoever brought them.
type text struct{ b strings.Builder }

func startRequest(method, uri string) *text {
	t := &text{}
	t.b.WriteString(method + " " + printable(uri) + " SIP/2.0\r\n")
	return t
}

func (t *text) add(name, value string) *text {
	if value != "" {
		t.b.WriteString(name + ": " + clean(value) + "\r\n")
	}
	return t
}

func (t *text) addAll(name string, values []string) {
	for _, v := range values {
		t.add(name, v)
	}
}

func (t *text) addFields(fs []field) *text {
	for _, f := range fs {
		t.add(f.name, f.value)
	}
	return t
}

// end closes the header and adds the body.
func (t *text) end(contentType string, body []byte) []byte {
	if len(body) > 0 {
		t.add("Content-Type", contentType)
	}
	t.b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
	t.b.Write(body)
	return []byte(t.b.String())
}

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// via is our line: rport asks for the answer to come to the port we sent
// from. RFC 3581 §3.
func via(f flow, branch string) string {
	return "SIP/2.0/" + strings.ToUpper(f.network) + " " + f.sentBy + ";rport;branch=" + branch
}

func contactFor(user string, f flow) string {
	return "<sip:" + user + "@" + f.contact + ">"
}

// phrase is the reason phrase of a status we send.
func phrase(status int) string {
	const known = `100 Trying|180 Ringing|183 Session Progress|200 OK|202 Accepted|400 Bad Request|403 Forbidden|` +
		`404 Not Found|405 Method Not Allowed|406 Not Acceptable|408 Request Timeout|415 Unsupported Media Type|` +
		`416 Unsupported URI Scheme|420 Bad Extension|422 Session Interval Too Small|480 Temporarily Unavailable|` +
		`481 Call/Transaction Does Not Exist|482 Loop Detected|486 Busy Here|487 Request Terminated|` +
		`488 Not Acceptable Here|489 Bad Event|491 Request Pending|500 Server Internal Error|503 Service Unavailable|` +
		`504 Server Time-out|505 Version Not Supported|603 Decline`
	code := strconv.Itoa(status)
	for _, k := range strings.Split(known, "|") {
		if text, ok := strings.CutPrefix(k, code+" "); ok {
			return text
		}
	}
	return "Status " + code
}

// startResponse copies what RFC 3261 §8.2.6.2 wants copied. tag is put on To
// where the request had none.
func startResponse(m *message, status int, reason, tag string) *text {
	t := &text{}
	if reason == "" {
		reason = phrase(status)
	}
	t.b.WriteString("SIP/2.0 " + strconv.Itoa(status) + " " + clean(reason) + "\r\n")
	for i, v := range m.all("Via") {
		if i == 0 {
			v = answeredVia(m, v)
		}
		t.add("Via", v)
	}
	t.add("From", m.get("From"))
	to := m.get("To")
	if tag != "" && status > 100 && m.toTag() == "" {
		to += ";tag=" + tag
	}
	t.add("To", to)
	t.add("Call-ID", m.callID())
	t.add("CSeq", m.get("CSeq"))
	if status == 100 {
		t.add("Timestamp", m.get("Timestamp"))
	}
	return t
}

// answeredVia fills rport and received, RFC 3581 §4.
func answeredVia(m *message, v string) string {
	sent, p := splitVia(v)
	if !p.has("rport") {
		return v
	}
	out := p[:0:0]
	for _, kv := range p {
		switch kv.name {
		case "received":
			continue
		case "rport":
			kv.value = strconv.Itoa(int(m.source.Port()))
		}
		out = append(out, kv)
	}
	out = append(out, param{"received", m.source.Addr().String()})
	return sent + out.String()
}

// refuse builds a final answer to a request outside our calls. A stranger
// would not get this far.
func refuse(m *message, status int, reason string) []byte {
	t := startResponse(m, status, reason, "")
	switch status {
	case 405:
		t.add("Allow", allow) // RFC 3261 §8.2.1
	case 406, 415:
		t.add("Accept", "application/sdp") // RFC 3261 §8.2.3
	case 500:
		t.add("Retry-After", "5") // RFC 3261 §14.2: 0 to 10 s
	}
	return t.end("", nil)
}

// ownHeader tells which are ours alone; DialOptions.Headers may not set them.
func ownHeader(name string) bool {
	return slices.Contains([]string{"via", "from", "to", "call-id", "cseq", "contact", "route",
		"record-route", "max-forwards", "content-length", "content-type", "content-encoding",
		"authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate",
		"require", "proxy-require", "supported", "allow", "session-expires", "min-se",
		"p-asserted-identity", "remote-party-id", "user-agent", "rack", "rseq", "reason",
		"expires", "refer-to", "replaces"}, strings.ToLower(longName(name)))
}

// checkHeaders validates what a caller wants to add: names are tokens,
// values hold no control character, nothing of ours is overwritten.
func checkHeaders(h map[string]string) ([]field, error) {
	if len(h) > 32 {
		return nil, fmt.Errorf("sip: %d extra headers, at most 32", len(h))
	}
	var out []field
	for name, value := range h {
		switch {
		case !isToken(name):
			return nil, fmt.Errorf("sip: header name %q", name)
		case ownHeader(name):
			return nil, fmt.Errorf("sip: header %s is set by the agent", name)
		case len(value) > 1024 || printable(value) != value:
			return nil, fmt.Errorf("sip: header %s: value is too long or holds a control character", name)
		}
		out = append(out, field{name, value})
	}
	slices.SortFunc(out, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return out, nil
}
