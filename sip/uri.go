package sip

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Limits on what is taken from the network. They are far above what real
// peers send and small enough that no message costs more than a few kB.
const (
	maxURI     = 1024
	maxParams  = 32
	maxFields  = 128
	maxMessage = 65535
)

var errURI = errors.New("not a SIP URI")

type param struct{ name, value string }

// params are kept in order, names in lower case: RFC 3261 §7.3.1 makes
// parameter names case-insensitive.
type params []param

func (p params) get(name string) (string, bool) {
	for _, kv := range p {
		if kv.name == name {
			return kv.value, true
		}
	}
	return "", false
}

func (p params) has(name string) bool { _, ok := p.get(name); return ok }

func (p params) String() string {
	var b strings.Builder
	for _, kv := range p {
		b.WriteByte(';')
		b.WriteString(kv.name)
		if kv.value != "" {
			b.WriteByte('=')
			b.WriteString(kv.value)
		}
	}
	return b.String()
}

// uri is a SIP or SIPS URI, RFC 3261 §19.1. User is kept escaped, as read.
type uri struct {
	scheme, user, host string
	port               int
	params             params
	headers            string
}

func (u uri) String() string {
	var b strings.Builder
	b.WriteString(u.scheme)
	b.WriteByte(':')
	if u.user != "" {
		b.WriteString(u.user)
		b.WriteByte('@')
	}
	b.WriteString(u.hostport())
	b.WriteString(u.params.String())
	if u.headers != "" {
		b.WriteByte('?')
		b.WriteString(u.headers)
	}
	return b.String()
}

func (u uri) hostport() string {
	host := u.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if u.port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(u.port)
}

// network is the transport the URI asks for; "" leaves the choice to us.
func (u uri) network() string {
	t, _ := u.params.get("transport")
	t = strings.ToLower(t)
	if t == "" && u.scheme == "sips" {
		return "tls"
	}
	return t
}

// bare returns the URI with neither parameters nor headers.
func (u uri) bare() uri { u.params, u.headers = nil, ""; return u }

// parseURI reads a SIP or SIPS URI. Control characters, blanks, quotes and
// angle brackets are refused, so a URI that parses can be written into any
// header without breaking out of it.
func parseURI(s string) (uri, error) {
	var u uri
	if len(s) > maxURI {
		return u, fmt.Errorf("%w: longer than %d bytes", errURI, maxURI)
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"' || c == '\\' {
			return u, fmt.Errorf("%w: byte %#02x at %d", errURI, c, i)
		}
	}
	scheme, rest, ok := strings.Cut(s, ":")
	u.scheme = strings.ToLower(scheme)
	if !ok || (u.scheme != "sip" && u.scheme != "sips") {
		return u, fmt.Errorf("%w: scheme %q", errURI, scheme)
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		u.user, rest = rest[:i], rest[i+1:]
		if u.user == "" || strings.ContainsRune(u.user, '@') {
			return u, fmt.Errorf("%w: user part", errURI)
		}
	}
	rest, u.headers, _ = strings.Cut(rest, "?")
	hostport, tail, hasParams := strings.Cut(rest, ";")
	if err := u.setHostport(hostport); err != nil {
		return u, err
	}
	if hasParams {
		p, err := parseParams(tail)
		if err != nil {
			return u, err
		}
		u.params = p
	}
	return u, nil
}

func (u *uri) setHostport(s string) error {
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		i := strings.IndexByte(s, ']')
		if i < 0 {
			return fmt.Errorf("%w: IPv6 bracket", errURI)
		}
		host = s[1:i]
		if net.ParseIP(host) == nil {
			return fmt.Errorf("%w: IPv6 address %q", errURI, host)
		}
		if rest := s[i+1:]; rest != "" {
			if rest[0] != ':' {
				return fmt.Errorf("%w: after bracket", errURI)
			}
			port = rest[1:]
		}
	} else {
		host, port, _ = strings.Cut(s, ":")
		if !isHost(host) {
			return fmt.Errorf("%w: host %q", errURI, host)
		}
	}
	u.host = host
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%w: port %q", errURI, port)
		}
		u.port = int(n)
	}
	return nil
}

func isHost(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isAlnum(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isToken tells whether s is a token of RFC 3261 §25.1.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && !strings.ContainsRune("-.!%*_+`'~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// parseParams reads ";"-separated parameters (without the first semicolon);
// blanks round ";" and "=" are allowed, RFC 3261 §7.3.1.
func parseParams(s string) (params, error) {
	var out params
	for _, part := range splitOutside(s, ';') {
		part = trimLWS(part)
		if part == "" {
			continue
		}
		if len(out) == maxParams {
			return nil, errors.New("too many parameters")
		}
		k, v, _ := strings.Cut(part, "=")
		k, v = strings.ToLower(trimLWS(k)), trimLWS(v)
		if k == "" || strings.ContainsAny(k, " \t\"<>") || (v != "" && v[0] != '"' && strings.ContainsAny(v, "\"<>")) {
			return nil, fmt.Errorf("parameter %q", part)
		}
		out = append(out, param{k, v})
	}
	return out, nil
}

// splitOutside splits at sep where it stands neither in quotes nor in angle
// brackets.
func splitOutside(s string, sep byte) []string {
	var out []string
	start, angle, quoted := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == sep && !angle:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func trimLWS(s string) string { return strings.Trim(s, " \t") }

// address is the value of From, To, Contact, Route and their kin,
// RFC 3261 §20.10. text is the URI as read.
type address struct {
	name   string
	text   string
	params params
}

func (a address) tag() string { t, _ := a.params.get("tag"); return t }

func (a address) String() string {
	s := "<" + a.text + ">" + a.params.String()
	if a.name != "" {
		return quote(a.name) + " " + s
	}
	return s
}

// uri reads the URI of the address; SIP and SIPS only.
func (a address) uri() (uri, error) { return parseURI(a.text) }

// parseAddress reads one name-addr or addr-spec with its parameters.
func parseAddress(s string) (address, error) {
	var a address
	s = trimLWS(s)
	rest := s
	if strings.HasPrefix(s, `"`) {
		name, after, ok := unquote(s)
		if !ok {
			return a, errors.New("unterminated quotes")
		}
		a.name, rest = name, trimLWS(after)
		if !strings.HasPrefix(rest, "<") {
			return a, errors.New("no URI after display name")
		}
	}
	if i := strings.IndexByte(rest, '<'); i >= 0 {
		if a.name == "" {
			a.name = trimLWS(rest[:i])
		}
		j := strings.IndexByte(rest, '>')
		if j < i {
			return a, errors.New("missing >")
		}
		a.text, rest = trimLWS(rest[i+1:j]), trimLWS(rest[j+1:])
		if rest != "" && rest[0] != ';' {
			return a, errors.New("text after >")
		}
		rest = strings.TrimPrefix(rest, ";")
	} else {
		// Without brackets all parameters are header parameters, §20.10.
		a.text, rest, _ = strings.Cut(rest, ";")
		a.text = trimLWS(a.text)
	}
	if a.text == "" || len(a.text) > maxURI || strings.ContainsAny(a.text, " \t\"<>\r\n") {
		return a, errors.New("no URI in address")
	}
	p, err := parseParams(rest)
	a.params = p
	return a, err
}

// unquote reads a quoted-string at the start of s.
func unquote(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '"':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// quote writes s as a quoted-string: control characters are dropped, quotes
// and backslashes escaped (RFC 3261 §25.1), so that no value can leave it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r < ' ' || r == 0x7f:
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// escapeUser writes s as the user part of a URI, RFC 3261 §19.1.2: what may
// not stand there is escaped, so "#" becomes "%23".
func escapeUser(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if isAlnum(c) || strings.IndexByte("-_.!~*'()&=+$,;?/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// unescapeUser is the reverse, for showing; a broken escape stays as it is.
func unescapeUser(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
