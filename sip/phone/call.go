package phone

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// ErrDigits says that a string holds something that is not a DTMF digit.
var ErrDigits = errors.New("not DTMF digits")

var errNoSound = errors.New("phone: the call has no sound")

// infoTone is how long a digit sent by INFO claims to last, in the way the
// tone of RFC 4733 does.
const infoTone = 100 * time.Millisecond

// dialog is what a Call needs of a *sip.Call.
type dialog interface {
	ID() string
	Token() []byte
	Remote() sip.Identity
	Ring()
	Answer()
	Reject(status int)
	Reinvite()
	Hangup(sip.Reason)
	Info(digit string, duration time.Duration)
	Refer(target string)
	ReferTo(other *sip.Call)
	ReferResult(status int, reason string)
}

// sound is what a Call needs of a *media.Session.
type sound interface {
	media.Endpoint
	sip.SessionDescriber
	Clock() *media.Clock
	SetHold(bool)
	SetMute(bool)
	RemoteHold() bool
	SendDTMF(digits string) error
	Events(func(media.SessionEvent))
	Stats() media.Stats
}

// Call is one call: signalling and sound. All methods are safe at any time and
// from anywhere, also in an event handler; what came of them is an event.
type Call struct {
	phone     *Phone
	direction sip.Direction
	ear       ear
	hold      hold

	mu     sync.Mutex
	dialog dialog // nil until there is one
	sound  sound  // nil when none could be made
	ended  bool
	stats  media.Stats // of an ended call

	events  func(Event)
	waiting []Event // not yet delivered
	telling bool    // somebody is delivering
}

func newCall(p *Phone, d sip.Direction, events func(Event)) *Call {
	c := &Call{phone: p, direction: d, events: events}
	c.hold.call = c
	c.ear.call = c
	p.add(c)
	return c
}

// attach gives the call its sound.
func (c *Call) attach(s sound) {
	c.mu.Lock()
	c.sound = s
	c.mu.Unlock()
	c.ear.attach(s)
	s.Events(c.heard)
}

// connect gives the call its signalling; the first one stays.
func (c *Call) connect(d dialog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dialog == nil {
		c.dialog = d
	}
}

// discard takes everything back: nothing was sent, nobody is told.
func (c *Call) discard() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.close()
}

// line gives the signalling, or nil before it is there.
func (c *Call) line() dialog {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dialog
}

// ID is the SIP Call-ID; empty when nothing was sent.
func (c *Call) ID() string {
	if d := c.line(); d != nil {
		return d.ID()
	}
	return ""
}

// Token is what Phone.Release needs to end this call from another process.
// It changes with Dialing, Ringing and Answered.
func (c *Call) Token() []byte {
	if d := c.line(); d != nil {
		return d.Token()
	}
	return nil
}

// Direction says who called whom.
func (c *Call) Direction() sip.Direction { return c.direction }

// Remote is the other party.
func (c *Call) Remote() sip.Identity {
	if d := c.line(); d != nil {
		return d.Remote()
	}
	return sip.Identity{}
}

// Events sets the handler of an inbound call. What happened before is
// delivered now. The handler must not block.
func (c *Call) Events(handler func(Event)) {
	c.mu.Lock()
	c.events = handler
	c.mu.Unlock()
	c.tell()
}

// Ring tells the caller that somebody is being alerted.
func (c *Call) Ring() { c.with(dialog.Ring) }

// Answer takes an inbound call.
func (c *Call) Answer() { c.with(dialog.Answer) }

// Reject refuses an inbound call with a final status.
func (c *Call) Reject(status int) { c.with(func(d dialog) { d.Reject(status) }) }

// Hangup ends the call: CANCEL while it rings, BYE after the answer.
func (c *Call) Hangup(r sip.Reason) { c.with(func(d dialog) { d.Hangup(r) }) }

// Transfer hands the far end on to a SIP URI, blind (REFER, RFC 3515).
// Transferred says how it goes. The call ends when that worked, and stays when
// it did not.
func (c *Call) Transfer(target string) { c.with(func(d dialog) { d.Refer(target) }) }

// TransferTo leaves the far ends of this call and of another one to each other
// (attended transfer, RFC 5589 §7.1): the other call is the consultation.
// Transferred says how it goes. When that worked both calls end; when it did
// not, both stay.
func (c *Call) TransferTo(other *Call) {
	var to *sip.Call
	if other != nil {
		to, _ = other.line().(*sip.Call)
	}
	if to == nil {
		c.emit(Event{Kind: Transferred, Status: 400, Reason: "there is no other call"})
		return
	}
	c.with(func(d dialog) { d.ReferTo(to) })
}

// TransferResult answers a TransferAsked: a final status ends the matter, 603
// refuses.
func (c *Call) TransferResult(status int, reason string) {
	c.with(func(d dialog) { d.ReferResult(status, reason) })
}

func (c *Call) with(do func(dialog)) {
	if d := c.line(); d != nil {
		do(d)
	}
}

// Mute silences our side towards the far end, or ends that. The far end still
// gets packets.
func (c *Call) Mute(on bool) {
	if s := c.ear.sound.Load(); s != nil {
		s.SetMute(on)
	}
}

// Digits sends DTMF as telephone events (RFC 4733), or by INFO where the far
// end did not agree to those.
func (c *Call) Digits(digits string) error {
	digits = strings.ToUpper(digits)
	if i := strings.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune("0123456789*#ABCD", r) }); digits == "" || i >= 0 {
		return fmt.Errorf("phone: %q: %w: 0-9, *, #, A-D", digits, ErrDigits)
	}
	c.mu.Lock()
	d, s := c.dialog, c.sound
	c.mu.Unlock()
	if d == nil || s == nil {
		return nil
	}
	err := s.SendDTMF(digits)
	if !errors.Is(err, media.ErrNoDTMF) {
		return err
	}
	for _, digit := range digits {
		d.Info(string(digit), infoTone)
	}
	return nil
}

// Endpoint is the call's sound, to be joined with a headset. It stays the same
// for the whole call. Closing it does nothing; Hangup ends the call.
func (c *Call) Endpoint() media.Endpoint { return &c.ear }

// CodecName is the codec that the call speaks at present.
func (c *Call) CodecName() string { return c.ear.Codec().Name() }

// Stats is the quality of the call, also after its end.
func (c *Call) Stats() media.Stats {
	c.mu.Lock()
	s, last, ended := c.sound, c.stats, c.ended
	c.mu.Unlock()
	if ended || s == nil {
		return last
	}
	return s.Stats()
}

// emit queues an event and delivers what waits.
func (c *Call) emit(e Event) {
	c.post(e)
	c.tell()
}

// post queues an event. After Ended nothing follows.
func (c *Call) post(e Event) {
	e.Call = c
	if e.At.IsZero() {
		e.At = time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = e.Kind == Ended
	c.waiting = append(c.waiting, e)
}

// tell delivers waiting events one after the other. Whoever comes while another
// is at it leaves its event to that one, so that the order stands and a handler
// may call into the Call.
func (c *Call) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.telling || c.events == nil {
		return
	}
	c.telling = true
	for len(c.waiting) > 0 {
		e, handler := c.waiting[0], c.events
		c.waiting = c.waiting[1:]
		c.mu.Unlock()
		handler(e)
		c.mu.Lock()
	}
	c.telling = false
}
