package peer

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Registrar answers REGISTER for a Far by itself. The zero value takes every
// registration as asked; set the fields before Serve.
type Registrar struct {
	Guard      *Guard        // nil asks for no credentials
	Expires    time.Duration // granted at most; 0 = as asked
	MinExpires time.Duration // shorter is refused with 423 (RFC 3261 §10.3)
	Proxy      bool          // challenge by 407 in place of 401
	Ignore     int           // so many first requests get no answer
	Refuse     []int         // status of the first requests, one each; 0 = normally

	mu       sync.Mutex
	seen     int
	bindings map[string]Binding
}

// Binding is where an address of record can be reached.
type Binding struct {
	AOR     string // URI of To
	Contact string
	Granted time.Duration
	At      time.Time
	flow    flow
}

// Serve lets the registrar answer all REGISTERs that come to the Far.
func (g *Registrar) Serve(f *Far) {
	f.Handle(func(r *Request) bool {
		if r.Method != "REGISTER" {
			return false
		}
		status, opts := g.decide(r.Message, r.flow)
		if status != 0 {
			r.Reply(status, opts...)
		}
		return true
	})
}

// Bindings returns what is registered at present.
func (g *Registrar) Bindings() map[string]Binding {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]Binding{}
	for k, v := range g.bindings {
		out[k] = v
	}
	return out
}

// decide is RFC 3261 §10.3 as far as one contact an address goes. Status 0 is
// silence.
func (g *Registrar) decide(m *Message, fl flow) (int, []Option) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.seen
	g.seen++
	if n < g.Ignore {
		return 0, nil
	}
	if i := n - g.Ignore; i < len(g.Refuse) && g.Refuse[i] != 0 {
		return g.Refuse[i], nil
	}
	if g.Guard != nil {
		if v := g.Guard.Check(m); v == Wrong {
			return 403, nil
		} else if v != Passed {
			return challenge(g.Guard, g.Proxy, v == Stale)
		}
	}
	asked := askedExpires(m)
	aor := addrSpec(m.Get("To"))
	if asked == 0 {
		delete(g.bindings, aor)
		return 200, nil
	}
	if asked < g.MinExpires {
		return 423, []Option{With("Min-Expires", seconds(g.MinExpires))}
	}
	if g.Expires > 0 && asked > g.Expires {
		asked = g.Expires
	}
	if g.bindings == nil {
		g.bindings = map[string]Binding{}
	}
	g.bindings[aor] = Binding{AOR: aor, Contact: m.Target(), Granted: asked, At: time.Now(), flow: fl}
	return 200, []Option{With("Contact", fmt.Sprintf("<%s>;expires=%s", m.Target(), seconds(asked)))}
}

// challenge is a 401 or 407 with all challenges of the guard.
func challenge(g *Guard, proxy, stale bool) (int, []Option) {
	status, name := 401, "WWW-Authenticate"
	if proxy {
		status, name = 407, "Proxy-Authenticate"
	}
	var opts []Option
	for _, c := range g.Challenges(stale) {
		opts = append(opts, With(name, c))
	}
	return status, opts
}

// Challenge answers a request by the guard's challenges: 401, or 407 if proxy.
func (r *Request) Challenge(g *Guard, proxy, stale bool) {
	status, opts := challenge(g, proxy, stale)
	r.Reply(status, opts...)
}

// askedExpires is the contact's parameter, else the header, else an hour
// (RFC 3261 §10.2.1.1).
func askedExpires(m *Message) time.Duration {
	text := param(m.Get("Contact"), "expires")
	if text == "" {
		text = m.Get("Expires")
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return time.Hour
	}
	return time.Duration(n) * time.Second
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
