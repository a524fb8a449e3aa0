package sip

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Config says how the agent is reached and whom it listens to.
type Config struct {
	Listen    []string  // "udp://127.0.0.1:5070", "tcp://0.0.0.0:5060"; port 0 takes a free one
	Advertise string    // host or host:port for Via and Contact; "" is our address on the route to the peer
	Trusted   []string  // IP addresses or CIDR that may call us, besides registrars and proxies
	Accounts  []Account // at least one to dial
	UserAgent string    // "freiton/1.0"
	Timers    Timers    // zero values are those of sipgo when New is called
	Trace     *Trace    // keeps the messages of the last calls; nil keeps none
	Log       *slog.Logger
}

// Account is an identity at one PBX or carrier.
type Account struct {
	Name      string
	Address   string // "sip:1001@pbx", our From
	Registrar string // "sip:host:port;transport=udp"; "" for a trunk that needs no registration
	Proxy     string // where requests go instead of the target's host
	Username  string // for authentication; "" is the user of Address
	Password  Secret
	Expires   time.Duration // asked for; 0 is 300 s
	// CallerIDIn is the header that carries DialOptions.CallerID: "pai"
	// (RFC 3325, the default), "rpid" (Remote-Party-ID) or "from".
	CallerIDIn string
}

// Secret is a password that shows itself in no log and no %v.
type Secret string

func (Secret) String() string       { return "******" }
func (Secret) GoString() string     { return "******" }
func (Secret) LogValue() slog.Value { return slog.StringValue("******") }

// Timers are T1, T2 and T4 of RFC 3261 §17.1.1.1.
type Timers struct{ T1, T2, T4 time.Duration }

// Prepare sets what sipgo keeps in package variables: its timers (zero values
// leave them) and the size up to which it writes a datagram. The choice of
// TCP above 1,300 bytes is ours, but its fall-back and large answers need
// more room than sipgo gives. sipgo's own log lines go to debug level. Call it
// once, from main or TestMain, before New.
func Prepare(t Timers) {
	if t.T1 > 0 && t.T2 > 0 && t.T4 > 0 {
		sipmsg.SetTimers(t.T1, t.T2, t.T4)
	}
	sipmsg.UDPMTUSize = maxMessage
	sipmsg.SetDefaultLogger(slog.New(demote{slog.Default().Handler()}))
}

func (t Timers) withDefaults() Timers {
	if t.T1 <= 0 {
		t.T1 = sipmsg.T1
	}
	if t.T2 <= 0 {
		t.T2 = sipmsg.T2
	}
	if t.T4 <= 0 {
		t.T4 = sipmsg.T4
	}
	return t
}

// give is how long an answer may take: 64*T1, RFC 3261 §17.1.1.2 timer B and
// its kin F, H, L.
func (t Timers) give() time.Duration { return 64 * t.T1 }

// Errors a caller may ask for.
var (
	ErrUnknownAccount = errors.New("sip: unknown account")
	ErrClosed         = errors.New("sip: agent closed")
	ErrNotStarted     = errors.New("sip: agent not started")
)

type listen struct {
	network string
	host    string
	port    uint16
}

func parseListen(s string) (listen, error) {
	network, rest, ok := strings.Cut(s, "://")
	if !ok {
		return listen{}, fmt.Errorf("sip: listen %q: want udp://host:port or tcp://host:port", s)
	}
	switch network {
	case "udp", "tcp":
	case "tls":
		return listen{}, fmt.Errorf("sip: listen %q: TLS is not built in yet", s)
	default:
		return listen{}, fmt.Errorf("sip: listen %q: unknown transport %q", s, network)
	}
	ap, err := netip.ParseAddrPort(rest)
	if err != nil {
		return listen{}, fmt.Errorf("sip: listen %q: want an IP address and a port: %w", s, err)
	}
	return listen{network, ap.Addr().String(), ap.Port()}, nil
}

func parseTrusted(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		if ip, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("sip: trusted %q: want an IP address or a network like 192.0.2.0/24", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func parseAdvertise(s string) (uri, error) {
	var u uri
	if s == "" {
		return u, nil
	}
	if ip, err := netip.ParseAddr(s); err == nil {
		if ip.IsUnspecified() {
			return u, fmt.Errorf("sip: advertise %q: a wildcard cannot be called", s)
		}
		u.host = s
		return u, nil
	}
	if err := u.setHostport(s); err != nil {
		return u, fmt.Errorf("sip: advertise %q: want host or host:port", s)
	}
	return u, nil
}

// account is an Account that passed the checks.
type account struct {
	Account
	address   uri
	registrar *uri
	proxy     *uri
	keys      keyring
}

func newAccount(a Account) (*account, error) {
	fail := func(format string, args ...any) (*account, error) {
		return nil, fmt.Errorf("sip: account %q: "+format, append([]any{a.Name}, args...)...)
	}
	if a.Name == "" {
		return fail("no name")
	}
	out := &account{Account: a}
	u, err := parseURI(a.Address)
	if err != nil || u.user == "" {
		return fail("address %q: want sip:user@host", a.Address)
	}
	out.address = u.bare()
	for _, x := range []struct {
		what, text string
		to         **uri
	}{{"registrar", a.Registrar, &out.registrar}, {"proxy", a.Proxy, &out.proxy}} {
		if x.text == "" {
			continue
		}
		u, err := parseURI(x.text)
		if err != nil {
			return fail("%s %q: %v", x.what, x.text, err)
		}
		switch u.network() {
		case "", "udp", "tcp":
		default:
			return fail("%s %q: transport %q is not built in", x.what, x.text, u.network())
		}
		*x.to = &u
	}
	if out.Username == "" {
		out.Username = unescapeUser(u.user)
	}
	if strings.ContainsAny(out.Username, "\r\n\x00") {
		return fail("username holds a control character")
	}
	if out.Expires == 0 {
		out.Expires = 300 * time.Second
	}
	if out.Expires < time.Second {
		return fail("expires %v is under a second", out.Expires)
	}
	switch out.CallerIDIn {
	case "":
		out.CallerIDIn = "pai"
	case "pai", "rpid", "from":
	default:
		return fail("caller id in %q: want pai, rpid or from", a.CallerIDIn)
	}
	return out, nil
}

// direct tells whether requests go straight to their targets.
func (a *account) direct() bool { return a.registrar == nil && a.proxy == nil }

// hop is where a request outside a dialog for target is sent.
func (a *account) hop(target uri) uri {
	if a.proxy != nil {
		return *a.proxy
	}
	if a.registrar != nil && (target.host == a.registrar.host || target.host == a.address.host) {
		return *a.registrar
	}
	return target
}
