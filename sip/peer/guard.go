package peer

import (
	"strings"
	"sync"

	"github.com/icholy/digest"
)

// Guard asks for digest credentials and checks them (RFC 3261 §22, RFC 8760).
// Set the fields before first use.
type Guard struct {
	Realm      string            // default "practice"
	Users      map[string]string // user to password
	Algorithms []string          // a challenge each, in this order; default MD5
	NoQOP      bool              // challenge as in RFC 2069, without qop
	NonceUses  int               // a nonce used so often is stale; 0 = never
	Opaque     string

	mu     sync.Mutex
	nonces map[string]int // nonce to highest nc seen
	order  []string       // nonces, oldest first; at most maxNonces are kept
}

const maxNonces = 4096

// Verdict is what a Guard says of a request.
type Verdict int

// Verdicts of Guard.Check.
const (
	Missing Verdict = iota // no credentials for our realm: challenge
	Stale                  // right, but the nonce is used up: challenge with stale=true
	Wrong                  // wrong user, password or nonce
	Passed
)

func (v Verdict) String() string {
	return [...]string{"missing", "stale", "wrong", "passed"}[v]
}

func (g *Guard) realm() string {
	if g.Realm == "" {
		return "practice"
	}
	return g.Realm
}

// Challenges returns the values of WWW-Authenticate or Proxy-Authenticate, all
// with one new nonce.
func (g *Guard) Challenges(stale bool) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.nonces == nil {
		g.nonces = map[string]int{}
	}
	nonce := token(12)
	g.nonces[nonce] = 0
	g.order = append(g.order, nonce)
	if len(g.order) > maxNonces {
		delete(g.nonces, g.order[0])
		g.order = g.order[1:]
	}
	algorithms := g.Algorithms
	if len(algorithms) == 0 {
		algorithms = []string{"MD5"}
	}
	var out []string
	for _, a := range algorithms {
		c := digest.Challenge{Realm: g.realm(), Nonce: nonce, Algorithm: a, Stale: stale, Opaque: g.Opaque}
		if !g.NoQOP {
			c.QOP = []string{"auth"}
		}
		out = append(out, c.String())
	}
	return out
}

// Check judges the credentials in a request, from Authorization or
// Proxy-Authorization.
func (g *Guard) Check(m *Message) Verdict {
	var given *digest.Credentials
	for _, v := range append(m.Values("Authorization"), m.Values("Proxy-Authorization")...) {
		c, err := digest.ParseCredentials(v)
		if err == nil && c.Realm == g.realm() {
			given = c
		}
	}
	if given == nil {
		return Missing
	}
	password, known := g.Users[given.Username]
	if !known || !g.offers(given.Algorithm) {
		return Wrong
	}
	c := digest.Challenge{Realm: given.Realm, Nonce: given.Nonce, Algorithm: given.Algorithm, Opaque: given.Opaque}
	if given.QOP != "" {
		c.QOP = []string{given.QOP}
	}
	want, err := digest.Digest(&c, digest.Options{
		Method: m.Method, URI: given.URI, Count: given.Nc, Cnonce: given.Cnonce,
		Username: given.Username, Password: password,
	})
	if err != nil || want.Response != given.Response {
		return Wrong
	}
	return g.use(given)
}

// use books one use of the nonce. A count that does not grow is a replay
// (RFC 7616 §3.4), and gets a new nonce like a stale one.
func (g *Guard) use(c *digest.Credentials) Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	last, ours := g.nonces[c.Nonce]
	switch {
	case !ours:
		return Stale
	case c.QOP != "" && c.Nc <= last:
		return Stale
	case g.NonceUses > 0 && last >= g.NonceUses:
		return Stale
	}
	g.nonces[c.Nonce] = max(c.Nc, last+1)
	return Passed
}

func (g *Guard) offers(algorithm string) bool {
	if len(g.Algorithms) == 0 {
		return algorithm == "" || strings.EqualFold(algorithm, "MD5")
	}
	for _, a := range g.Algorithms {
		if strings.EqualFold(a, algorithm) {
			return true
		}
	}
	return false
}
