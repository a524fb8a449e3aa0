package configs

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// checker collects what does not fit together.
type checker struct {
	place    func(key string) string
	problems []Problem
}

func (k *checker) add(key, text, cure string) { k.say(key, plain(text), plain(cure)) }

// say is add for what a page says, too.
func (k *checker) say(key string, what, how Saying) {
	if len(k.problems) < maxProblems {
		k.problems = append(k.problems, Problem{k.place(key), key, what, how})
	}
}

// Check says what in a configuration does not fit together, each with its
// place and cure. It looks at the configuration alone: whether a PBX answers
// or a port is free is for `freiton check`.
func Check(c Config) []Problem {
	k := &checker{place: c.place}
	k.web(c.Web)
	k.sip(c)
	k.accounts(c)
	k.dial(c)
	k.media(c)
	k.names(c)
	return k.problems
}

func (k *checker) web(w Web) {
	host, _, err := hostPort(w.Listen)
	if err != nil {
		k.add("web.listen", quote(w.Listen)+" is not an address and a port", "write it as in 127.0.0.1:8080")
		return
	}
	if !w.TLS.On() && !w.AllowPlain && !loopback(host) {
		k.add("web.listen", quote(w.Listen)+" is beyond this machine, and there is no TLS: browsers give no microphone to such a page, and passwords would be readable",
			"set web.tls.cert and web.tls.key, or web.tls.self_signed: true, or listen on 127.0.0.1, or set web.allow_plain: true")
	}
	if (w.TLS.Cert == "") != (w.TLS.Key == "") {
		k.add("web.tls", "a certificate needs its key, and a key its certificate", "give both cert and key")
	}
	if w.TLS.Cert != "" && w.TLS.SelfSigned {
		k.add("web.tls.self_signed", "there is a certificate as well", "keep one of the two")
	}
	if w.Session.Absolute < w.Session.Idle {
		k.add("web.session.absolute", fmt.Sprintf("%s is less than web.session.idle (%s)", w.Session.Absolute, w.Session.Idle), "write the longer time here")
	}
}

func (k *checker) sip(c Config) {
	if len(c.SIP.Listen) == 0 {
		k.add("sip.listen", "there is nothing to listen on", "write it as in [udp://0.0.0.0:5070]")
	}
	seen := map[string]bool{}
	for i, l := range c.SIP.Listen {
		key := fmt.Sprintf("sip.listen.%d", i)
		port, err := listenPort(l)
		if err != nil {
			k.add(key, quote(l)+" "+err.Error(), "write it as in udp://0.0.0.0:5070 or tcp://192.0.2.1:5070")
			continue
		}
		if seen[l] && port != 0 {
			k.add(key, quote(l)+" stands there twice", "delete one")
		}
		seen[l] = true
		if strings.HasPrefix(l, "udp:") && c.Media.Ports.Contains(port) {
			k.add(key, fmt.Sprintf("port %d is one of media.ports", port), "choose another port, or other media.ports")
		}
	}
	k.advertise("sip.advertise", c.SIP.Advertise, true)
	for i, s := range c.SIP.Trusted {
		_, err1 := netip.ParseAddr(s)
		_, err2 := netip.ParsePrefix(s)
		if err1 != nil && err2 != nil {
			k.add(fmt.Sprintf("sip.trusted.%d", i), quote(s)+" is neither an address nor a network", "write it as in 192.0.2.7 or 192.0.2.0/24")
		}
	}
}

func (k *checker) accounts(c Config) {
	seen := map[string]bool{}
	for i, a := range c.SIP.Accounts {
		key := fmt.Sprintf("sip.accounts.%d", i)
		if !word(a.Name) {
			k.add(key+".name", quote(a.Name)+" is not a name", "use letters, digits, - _ and . (up to 64)")
		} else if seen[a.Name] {
			k.add(key+".name", "a second account of the name "+quote(a.Name), "names must differ")
		}
		seen[a.Name] = true
		if !sipURI(a.Address, true) {
			k.add(key+".address", quote(a.Address)+" is not a SIP address", "write it as in sip:1001@pbx.example")
		}
		if a.Registrar != "" && !sipURI(a.Registrar, false) {
			k.add(key+".registrar", quote(a.Registrar)+" is not a SIP address", "write it as in sip:pbx.example:5060;transport=udp, or leave it out")
		}
		if a.Proxy != "" && !sipURI(a.Proxy, false) {
			k.add(key+".proxy", quote(a.Proxy)+" is not a SIP address", "write it as in sip:proxy.example:5060, or leave it out")
		}
		if !a.Password.Empty() && a.Username == "" {
			k.add(key, "there is a password and no username", "set username; it is usually the extension")
		}
	}
}

func (k *checker) dial(c Config) {
	d := c.Dial
	if _, ok := c.DialAccount(); d.Account != "" && !ok {
		k.add("dial.account", "there is no account "+quote(d.Account), "the accounts are: "+orNone(accountNames(c)))
	}
	if d.URI != "" {
		k.uri(d.URI)
	}
	if d.Country != Lab && !country(d.Country) {
		k.add("dial.country", quote(d.Country)+" is not a country", `write its two letters, such as DE, or "lab"`)
	}
	if !country(d.DefaultCountry) {
		k.add("dial.default_country", quote(d.DefaultCountry)+" is not a country", "write its two letters, such as DE")
	}
	for i, a := range d.Allow {
		k.allow(fmt.Sprintf("dial.allow.%d", i), a, emergency(d.Country))
	}
	for i, n := range d.CallerIDs {
		if !e164(n) {
			k.add(fmt.Sprintf("dial.caller_ids.%d", i), quote(n)+" is not a number in international form", "write it as in +4930901820: plus, country code, number, digits only")
		}
	}
	k.ringTimeout("dial.ring_timeout", d.RingTimeout, d.Country)
	switch {
	case c.Inbound.To == "agents" || c.Inbound.To == "reject" || word(c.Inbound.To):
	default:
		k.add("inbound.to", quote(c.Inbound.To)+" is nobody", "write agents, reject, or the name of one agent")
	}
}

// ringTimeout refuses what hangs up too soon or too late for the country.
func (k *checker) ringTimeout(key string, d Duration, country string) {
	p := ProfileFor(country)
	switch {
	case d < p.MinRing:
		k.say(key, Say("ring-short", "%s is less than %s: to hang up sooner is harassment", d, p.MinRing), Say("how-ring-long", "write %s or more (only the country lab may be shorter)", p.MinRing))
	case p.MaxRing > 0 && d > p.MaxRing:
		k.say(key, Say("ring-long", "%s is more than %s: to ring longer is harassment in %s", d, p.MaxRing, country), Say("how-most", "write %s or less", p.MaxRing))
	case d <= 0:
		k.say(key, Say("ring-none", "is not a time to ring"), how("30s"))
	}
}

func (k *checker) uri(uri string) {
	bare := uri
	found := false
	for _, p := range []string{"{number}", "{digits}", "{extension}"} {
		found = found || strings.Contains(uri, p)
		bare = strings.ReplaceAll(bare, p, "1")
	}
	switch {
	case strings.ContainsAny(bare, "{}"):
		k.add("dial.uri", quote(uri)+" has a placeholder that is not known", "known are {number}, {digits} and {extension}")
	case !found:
		k.add("dial.uri", quote(uri)+" has no placeholder: every call would go to the same place", `write it as in "sip:{number}@pbx.example:5060"`)
	case !sipURI(bare, true):
		k.add("dial.uri", quote(uri)+" is not a SIP address", `write it as in "sip:{number}@pbx.example:5060"`)
	}
}

func (k *checker) allow(key, a string, emergency []string) {
	switch {
	case regexp.MustCompile(`^\+[1-9][0-9]{0,14}$`).MatchString(a):
	case !regexp.MustCompile(`^[0-9xX*#]{1,15}$`).MatchString(a):
		k.add(key, quote(a)+" is neither the beginning of a number nor a pattern of extensions", `write it as in "+49" or "6xx"`)
	default:
		for _, n := range emergency {
			if matchExtension(a, n) {
				k.add(key, quote(a)+" also means the emergency number "+n, "choose patterns that do not; emergency numbers are dialled by hand only, and always")
				return
			}
		}
	}
}

// matchExtension says that a number is what a pattern of dial.allow means: x is
// any digit, everything else itself.
func matchExtension(pattern, number string) bool {
	if len(pattern) != len(number) {
		return false
	}
	for i := range len(pattern) {
		digit := number[i] >= '0' && number[i] <= '9'
		if p := pattern[i]; p != number[i] && !(digit && (p == 'x' || p == 'X')) {
			return false
		}
	}
	return true
}

func (k *checker) media(c Config) {
	m := c.Media
	if _, err := netip.ParseAddr(m.IP); err != nil {
		k.add("media.ip", quote(m.IP)+" is not an IP address", "write 0.0.0.0, or an address of this machine")
	}
	k.advertise("media.advertise", m.Advertise, false)
	calls := 0
	for _, a := range c.SIP.Accounts {
		calls += a.MaxCalls
	}
	switch size := m.Ports.To - m.Ports.From + 1; {
	case m.Ports.From < 1024 || m.Ports.To < m.Ports.From:
		k.add("media.ports", m.Ports.String()+" is not a range of ports", "begin at 1024 or higher, and end higher still")
	case m.Ports.From%2 != 0 || size%2 != 0:
		// RFC 3550 §11: RTP takes the even port, RTCP the next one.
		k.add("media.ports", m.Ports.String()+" does not begin even and end odd: a call takes two, the even one first", fmt.Sprintf("write %d-%d", m.Ports.From+m.Ports.From%2, m.Ports.To-1+m.Ports.To%2))
	case size < 4 || size/2 < calls:
		k.add("media.ports", fmt.Sprintf("%s is enough for %d calls, and the accounts may have %d", m.Ports, size/2, calls), "widen the range (two ports a call), or lower max_calls")
	}
	if len(m.Codecs) == 0 {
		k.add("media.codecs", "without a codec nobody hears anything", "write [pcma, pcmu]")
	}
	k.unique("media.codecs", m.Codecs)
	if _, port, err := hostPort(c.Headset.UDP); err != nil {
		k.add("headset.udp", quote(c.Headset.UDP)+" is not an address and a port", "write it as in 0.0.0.0:8443")
	} else if m.Ports.Contains(port) {
		k.add("headset.udp", fmt.Sprintf("port %d is one of media.ports", port), "choose another port, or other media.ports")
	}
	for i, a := range c.Headset.Advertise {
		// RFC 8839 §5.1: browsers resolve no name of a candidate.
		if ip, err := netip.ParseAddr(a); err != nil || ip.IsUnspecified() || ip.IsMulticast() {
			k.add(fmt.Sprintf("headset.advertise.%d", i), quote(a)+" is not an IP address that can be sent to", "write the address browsers reach us at, as in 192.0.2.7")
		}
	}
	k.unique("headset.advertise", c.Headset.Advertise)
}

// advertise checks an address others are told.
func (k *checker) advertise(key, value string, port bool) {
	host := value
	if h, _, err := hostPort(value); err == nil && port {
		host = h
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case value == "":
	case err == nil && addr.IsUnspecified():
		k.add(key, quote(value)+" means every address, and nobody can send to it", "write the address others reach us at, or leave it empty")
	case err != nil && !hostName(host):
		k.add(key, quote(value)+" is not an address", "write a host name or an IP address, or leave it empty")
	}
}

func (k *checker) names(c Config) {
	k.unique("dial.caller_ids", c.Dial.CallerIDs)
	k.unique("dial.allow", c.Dial.Allow)
	k.unique("dial.kinds", c.Dial.Kinds)
	k.unique("not_ready", c.NotReady)
	for i, r := range c.NotReady {
		if !text(r, 40) {
			k.add(fmt.Sprintf("not_ready.%d", i), quote(r)+" is not a reason", "write a short text")
		}
	}
	if c.Data == "" {
		k.add("data", "there is no data folder", "write it as in ./freiton-data")
	}
}

// unique reports entries of a list that stand there twice.
func (k *checker) unique(key string, list []string) {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			k.say(key+"."+strconv.Itoa(i), Say("twice", "%s stands there twice", quote(s)), Say("how-delete-one", "delete one"))
		}
	}
}

func accountNames(c Config) []string {
	var names []string
	for _, a := range c.SIP.Accounts {
		names = append(names, a.Name)
	}
	return names
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// word is a name that can stand in a command line, a path and a file name.
func word(s string) bool {
	return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`).MatchString(s)
}

// text is a short text without control characters.
func text(s string, most int) bool {
	return strings.TrimSpace(s) != "" && len([]rune(s)) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// e164 is a number in international form (ITU-T E.164: at most 15 digits).
func e164(s string) bool { return regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`).MatchString(s) }

func country(s string) bool { return phonenumbers.GetCountryCodeForRegion(s) != 0 }

func hostName(s string) bool {
	return len(s) <= 253 && regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$`).MatchString(s)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// hostPort splits "host:port"; the host may be empty, the port a number.
func hostPort(s string) (string, int, error) {
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, err
	}
	n, err := port(p)
	if err != nil {
		return "", 0, err
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !hostName(host) {
		return "", 0, err
	}
	return host, n, nil
}

// listenPort is the port of "udp://host:port".
func listenPort(s string) (int, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme != "udp" && scheme != "tcp" {
		return 0, fmt.Errorf("does not begin with udp:// or tcp://")
	}
	host, port, err := hostPort(rest)
	if err != nil {
		return 0, fmt.Errorf("has no address and port")
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
		return 0, fmt.Errorf("has no IP address to listen on")
	}
	return port, nil
}

// sipURI is a SIP URI with a host, and a user if it is wanted (RFC 3261
// §19.1.1). Whatever could break out of a header line is refused.
func sipURI(s string, user bool) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme != "sip" && scheme != "sips" || strings.ContainsAny(s, "<>\"\\ \t\r\n{}") || !text(s, 500) {
		return false
	}
	name, at, hasUser := strings.Cut(rest, "@")
	if !hasUser {
		at = rest
	}
	if user && (!hasUser || name == "") {
		return false
	}
	at, _, _ = strings.Cut(at, ";")
	if _, err := url.Parse("//" + at); err != nil || at == "" {
		return false
	}
	if host, _, err := hostPort(at); err == nil {
		at = host
	}
	_, err := netip.ParseAddr(strings.Trim(at, "[]"))
	return err == nil || hostName(at)
}
