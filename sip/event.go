package sip

import (
	"strconv"
	"strings"
	"time"
)

// EventKind names what happened to a call.
type EventKind uint8

const (
	Dialing     EventKind = iota + 1 // the INVITE is on the wire; Call.Token is valid
	Progress                         // a 1xx that neither rings nor carries a session description
	Ringing                          // 180
	EarlyMedia                       // a 1xx with a session description; Body.Accept was called
	Answered                         // 2xx acknowledged (ours or theirs)
	Updated                          // offer and answer exchanged, or the target changed, in the dialog
	Info                             // a DTMF digit by INFO, in Digit
	Refer                            // the far end asks us to call ReferTo
	Transferred                      // how our own REFER goes: Status from the far end's NOTIFY
	Ended                            // the last event, exactly one for each call
)

func (k EventKind) String() string {
	names := [...]string{"", "dialing", "progress", "ringing", "early media", "answered",
		"updated", "info", "refer", "transferred", "ended"}
	if int(k) < len(names) {
		return names[k]
	}
	return "event " + strconv.Itoa(int(k))
}

// Event is told to the Events function of a call, in order, from the call's
// own goroutine: it must not block.
type Event struct {
	Kind   EventKind
	At     time.Time
	Call   *Call
	Status int    // SIP status of the 1xx or of the final answer
	Reason string // its phrase
	Cause  Cause  // on Ended
	Digit  string // on Info: one of 0-9 * # A-D
	// Duration of the digit in milliseconds, 0 if the far end did not say.
	Duration int
	ReferTo  string // on Refer: the URI to call

	CallerNumber, CallerName string // of the far end; asserted identity if it is trusted, else From
}

// Party tells on which side the end of a call began.
type Party uint8

const (
	Local  Party = iota // we hung up, or gave up: no answer, no network
	Remote              // the far end hung up or refused
)

func (p Party) String() string {
	if p == Remote {
		return "remote"
	}
	return "local"
}

// Cause is why a call ended. Status is the final SIP status of an unanswered
// call (487 if we took it back, 408 if nobody spoke to us, 503 if it could
// not be sent) and 200 for one that was answered and then ended by BYE, or
// 408 where the far end was lost. Q850 is 0 when nobody said it
// (RFC 3326; ITU-T Q.850).
type Cause struct {
	Status int
	Q850   int
	Reason string
	By     Party
}

// Reason is what Hangup tells the far end in a Reason header.
type Reason struct {
	Q850 int
	Text string
}

// header writes the Reason header, RFC 3326 §2; "" if there is nothing to say.
func (r Reason) header() string {
	if r.Q850 <= 0 || r.Q850 > 127 {
		if r.Text == "" {
			return ""
		}
		r.Q850 = 16 // normal call clearing
	}
	s := "Q.850 ;cause=" + strconv.Itoa(r.Q850)
	if r.Text != "" {
		s += " ;text=" + quote(r.Text)
	}
	return s
}

// fields are the Reason header, none if there is nothing to say.
func (r Reason) fields() []field {
	if h := r.header(); h != "" {
		return []field{{"Reason", h}}
	}
	return nil
}

// readReason takes the Q.850 cause out of Reason headers. A SIP cause inside
// (as "call completed elsewhere") gives the text only. RFC 3326 §2.
func readReason(m *message) (q850 int, text string) {
	for _, v := range m.list("Reason") {
		proto, tail, _ := strings.Cut(v, ";")
		p, err := parseParams(tail)
		if err != nil {
			continue
		}
		t, _ := p.get("text")
		if strings.HasPrefix(t, `"`) {
			t, _, _ = unquote(t)
		}
		if text == "" {
			text = t
		}
		if !strings.EqualFold(trimLWS(proto), "Q.850") {
			continue
		}
		c, _ := p.get("cause")
		if n, err := strconv.ParseUint(strings.Trim(c, `"`), 10, 8); err == nil && n < 128 {
			q850 = int(n)
			if t != "" {
				text = t
			}
		}
	}
	return q850, text
}

// Identity is one party of a call.
type Identity struct {
	Number string // user part, unescaped
	Name   string // display name
	URI    string
}

func identityOf(a address) Identity {
	id := Identity{Name: a.name, URI: a.text}
	if u, err := a.uri(); err == nil {
		id.Number = unescapeUser(u.user)
		if n, _, ok := strings.Cut(id.Number, ";"); ok {
			id.Number = n // user parameters such as phone-context
		}
		id.URI = u.bare().String()
	} else if n, ok := strings.CutPrefix(strings.ToLower(a.text), "tel:"); ok {
		id.Number, _, _ = strings.Cut(n, ";")
	}
	return id
}

// callerOf is who calls: P-Asserted-Identity or Remote-Party-ID where the
// source is trusted (RFC 3325 §9.1), else From.
func callerOf(m *message, trusted bool) Identity {
	if trusted {
		for _, v := range append(m.list("P-Asserted-Identity"), m.list("Remote-Party-ID")...) {
			if a, err := parseAddress(v); err == nil {
				if id := identityOf(a); id.Number != "" {
					return id
				}
			}
		}
	}
	return identityOf(m.from())
}
