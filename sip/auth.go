package sip

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
)

// challenge is one Digest challenge, RFC 3261 §22.4, RFC 8760.
type challenge struct {
	proxy                     bool
	realm, nonce, opaque, alg string
	qop                       string // "auth", "auth-int" or ""
	stale, hasAlgorithm       bool
}

// readChallenges takes the Digest challenges we can answer out of a 401 or
// 407, in the order given. Several may stand in one line.
func readChallenges(m *message) []challenge {
	var out []challenge
	for _, h := range []struct {
		name  string
		proxy bool
	}{{"WWW-Authenticate", false}, {"Proxy-Authenticate", true}} {
		for _, v := range m.all(h.name) {
			for _, params := range splitChallenges(v) {
				if c, ok := readChallenge(params); ok && len(out) < 16 {
					c.proxy = h.proxy
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// splitChallenges cuts `Digest a=1, b="2", Digest c=3` at the schemes and
// keeps the Digest ones.
func splitChallenges(v string) [][]string {
	var out [][]string
	keep := false
	for _, part := range splitOutside(v, ',') {
		part = trimLWS(part)
		scheme, rest, ok := strings.Cut(part, " ")
		if ok && !strings.Contains(scheme, "=") && !strings.HasPrefix(trimLWS(rest), "=") {
			if keep = strings.EqualFold(scheme, "Digest"); keep {
				out = append(out, []string{trimLWS(rest)})
			}
			continue
		}
		if keep {
			out[len(out)-1] = append(out[len(out)-1], part)
		}
	}
	return out
}

func readChallenge(list []string) (challenge, bool) {
	c := challenge{alg: "MD5"} // RFC 7616 §3.3: absent means MD5
	for _, kv := range list {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			continue
		}
		if v = trimLWS(v); strings.HasPrefix(v, `"`) {
			v, _, _ = unquote(v)
		}
		switch strings.ToLower(trimLWS(k)) {
		case "realm":
			c.realm = v
		case "nonce":
			c.nonce = v
		case "opaque":
			c.opaque = v
		case "algorithm":
			c.alg, c.hasAlgorithm = strings.ToUpper(v), true
		case "stale":
			c.stale = strings.EqualFold(v, "true")
		case "qop":
			for _, q := range strings.Split(v, ",") {
				switch strings.ToLower(trimLWS(q)) {
				case "auth":
					c.qop = "auth"
				case "auth-int":
					if c.qop == "" {
						c.qop = "auth-int"
					}
				}
			}
			if c.qop == "" && v != "" {
				return c, false
			}
		}
	}
	return c, c.nonce != "" && strength(c.alg) > 0
}

// strength orders the algorithms; 0 is one we cannot do. RFC 8760 §2.
func strength(alg string) int {
	switch alg {
	case "MD5":
		return 1
	case "SHA-256":
		return 2
	case "SHA-512-256":
		return 3
	}
	return 0
}

// strongest picks the challenge to answer; the first among equals.
func strongest(list []challenge) (challenge, bool) {
	var best challenge
	for _, c := range list {
		if strength(c.alg) > strength(best.alg) {
			best = c
		}
	}
	return best, best.nonce != ""
}

func digestHash(alg, s string) string {
	switch alg {
	case "SHA-256":
		h := sha256.Sum256([]byte(s))
		return hex.EncodeToString(h[:])
	case "SHA-512-256":
		h := sha512.Sum512_256([]byte(s))
		return hex.EncodeToString(h[:])
	}
	h := md5.Sum([]byte(s)) // the field's most common; RFC 3261 §22.4
	return hex.EncodeToString(h[:])
}

// answer writes the value of Authorization or Proxy-Authorization,
// RFC 7616 §3.4.
func (c challenge) answer(user, password, method, uri string, body []byte, nc uint32, cnonce string) string {
	a1 := digestHash(c.alg, user+":"+c.realm+":"+password)
	a2 := method + ":" + uri
	if c.qop == "auth-int" {
		a2 += ":" + digestHash(c.alg, string(body))
	}
	a2 = digestHash(c.alg, a2)
	var response, tail string
	if c.qop == "" {
		response = digestHash(c.alg, a1+":"+c.nonce+":"+a2)
	} else {
		count := fmt.Sprintf("%08x", nc)
		response = digestHash(c.alg, strings.Join([]string{a1, c.nonce, count, cnonce, c.qop, a2}, ":"))
		tail = ", qop=" + c.qop + ", nc=" + count + ", cnonce=" + quote(cnonce)
	}
	s := "Digest username=" + quote(user) + ", realm=" + quote(c.realm) + ", nonce=" + quote(c.nonce) +
		", uri=" + quote(uri) + ", response=" + quote(response)
	if c.hasAlgorithm {
		s += ", algorithm=" + c.alg
	}
	if c.opaque != "" {
		s += ", opaque=" + quote(c.opaque)
	}
	return s + tail
}

// keyring guards an account's password. A challenge is answered only when
// the request went to one of the account's own hops (registrar, proxy, or
// the trunk it dials), and only for the realm which that hop named when it
// was first asked outside a dialog. Otherwise a caller whose call we hang up
// could answer our BYE with 407 and be sent a hash of the password.
type keyring struct {
	mu     sync.Mutex
	hops   map[netip.Addr]bool
	realms map[netip.Addr]string
	nc     map[string]uint32 // uses of a nonce
}

type realmKey struct {
	hop   netip.Addr
	proxy bool
}

func (k *keyring) own(hops ...netip.AddrPort) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.hops == nil {
		k.hops = map[netip.Addr]bool{}
	}
	for _, h := range hops {
		k.hops[h.Addr()] = true
	}
}

func (k *keyring) owns(ip netip.Addr) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.hops[ip]
}

// pin tells whether a challenge of this realm from this hop may be answered.
// first is true outside a dialog, where the realm of a hop is learned.
func (k *keyring) pin(hop netip.Addr, c challenge, first bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	realm, known := k.realms[hop]
	if known {
		return realm == c.realm
	}
	if !first {
		return false
	}
	if k.realms == nil {
		k.realms = map[netip.Addr]string{}
	}
	k.realms[hop] = c.realm
	return true
}

// count returns the next nonce count, RFC 7616 §3.4.
func (k *keyring) count(nonce string) uint32 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.nc == nil || len(k.nc) > 1024 {
		k.nc = map[string]uint32{}
	}
	k.nc[nonce]++
	return k.nc[nonce]
}

var (
	errForeignChallenge = errors.New("challenge from a server that is not ours")
	errWrongPassword    = errors.New("user name or password refused")
	errNoDigest         = errors.New("no challenge we can answer")
	errNoPassword       = errors.New("password asked for, none configured")
)

// login carries the credentials of one request over its attempts.
type login struct {
	acc    *account
	inside bool // in a dialog
	rounds int
	given  map[realmKey]challenge
	order  []realmKey
}

// meet reads the challenges of a 401 or 407 that came for a request sent to
// hop. After nil the request may be sent once more with headers added.
func (l *login) meet(m *message, hop netip.Addr) error {
	if l.acc == nil || !l.acc.keys.owns(hop) {
		return errForeignChallenge
	}
	if l.acc.Password == "" {
		return errNoPassword
	}
	all := readChallenges(m)
	c, ok := strongest(all)
	if !ok {
		return errNoDigest
	}
	if !l.acc.keys.pin(hop, c, !l.inside) {
		return errForeignChallenge
	}
	if l.rounds++; l.rounds > 4 {
		return errWrongPassword
	}
	key := realmKey{hop, c.proxy}
	if old, again := l.given[key]; again && (!c.stale || old.nonce == c.nonce) {
		return errWrongPassword // one try for each nonce, RFC 3261 §22.2
	}
	if l.given == nil {
		l.given = map[realmKey]challenge{}
	}
	if _, again := l.given[key]; !again {
		l.order = append(l.order, key)
	}
	l.given[key] = c
	return nil
}

// headers are the credentials to add to the next attempt.
func (l *login) headers(method, uri string, body []byte) []field {
	var out []field
	for _, key := range l.order {
		c := l.given[key]
		name := "Authorization"
		if c.proxy {
			name = "Proxy-Authorization"
		}
		v := c.answer(l.acc.Username, string(l.acc.Password), method, uri, body, l.acc.keys.count(c.nonce), rand.Text())
		out = append(out, field{name, v})
	}
	return out
}
