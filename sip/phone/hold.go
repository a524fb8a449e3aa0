package phone

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Our first re-INVITE waits until this long after the answer: many exchanges
// send one themselves right after it, and two that cross are both refused
// (RFC 3261 §14.2, 491). Nothing is heard of the delay: a hold cuts the sound
// at once.
const (
	firstReinviteMin = 100 * time.Millisecond
	firstReinviteMax = 500 * time.Millisecond
)

// hold is what the user wishes, what our last offer said and what both sides
// agreed; whenever wish and agreement differ and nothing is under way, a
// re-INVITE is sent.
//
//	wish   ──Hold──▶ ┐   sound cut at once        ┌──Resume──▶
//	offer            └─▶ re-INVITE sendonly ─▶ 200 │  └─▶ re-INVITE sendrecv ─▶ 200
//	agreed                                    Held                          Resumed
//	                 └──────────── HeldMS ───────────────────────────────────┘
//
// A hold that the far end refuses stands all the same, by our own silence.
type hold struct {
	call *Call

	mu      sync.Mutex
	wish    bool
	offered bool
	agreed  bool
	before  bool // agreed, before the far end's last offer
	pending bool // a re-INVITE of ours is under way
	told    bool // Held was said, Resumed not yet
	remote  bool // HeldByContact was said, ResumedByContact not yet
	opened  bool // answered
	closed  bool // ended
	after   time.Time
	timer   *time.Timer
	since   time.Time // when the present hold began
	total   time.Duration
}

// Hold puts the far end on hold: our sound stops at once and theirs is not
// heard; Held follows when it is agreed.
func (c *Call) Hold() { c.hold.set(true) }

// Resume takes the far end back: Resumed follows when it is agreed, and sound
// goes both ways from then on.
func (c *Call) Resume() { c.hold.set(false) }

// HeldFor is how long we have held the call so far, all holds together.
func (c *Call) HeldFor() time.Duration {
	c.hold.mu.Lock()
	defer c.hold.mu.Unlock()
	return c.hold.held(time.Now())
}

func (h *hold) held(now time.Time) time.Duration {
	if h.since.IsZero() {
		return h.total
	}
	return h.total + now.Sub(h.since)
}

func (h *hold) set(wish bool) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.wish = wish
	if s := h.call.ear.sound.Load(); s != nil {
		s.SetHold(wish) // before the offer is asked for: it carries the wish
	}
	if wish && h.since.IsZero() {
		h.since = time.Now()
	}
	h.announce()
	h.mu.Unlock()
	h.call.tell()
	h.negotiate()
}

// open says that the call is answered: from now on we may re-INVITE.
func (h *hold) open(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.opened = true
	h.after = at.Add(firstReinviteMin + rand.N(firstReinviteMax-firstReinviteMin))
}

// close ends everything and gives the time on hold.
func (h *hold) close(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
	h.total, h.since = h.held(now), time.Time{}
	return h.total
}

// settle says what has changed by an exchange of descriptions, and begins the
// next one when the wish has moved on meanwhile.
func (h *hold) settle() {
	h.mu.Lock()
	h.announce()
	h.mu.Unlock()
	h.call.tell()
	h.negotiate()
}

// announce queues the events for what has changed. The lock is held.
func (h *hold) announce() {
	if !h.wish && !h.agreed && !h.pending && !h.since.IsZero() {
		h.total, h.since = h.held(time.Now()), time.Time{}
	}
	switch {
	case h.wish && h.agreed && !h.told:
		h.told = true
		h.call.post(Event{Kind: Held})
	case !h.wish && !h.agreed && h.told:
		h.told = false
		h.call.post(Event{Kind: Resumed})
	}
	s := h.call.ear.sound.Load()
	if s == nil || !h.opened {
		return
	}
	if remote := s.RemoteHold(); remote != h.remote {
		h.remote = remote
		kind := ResumedByContact
		if remote {
			kind = HeldByContact
		}
		h.call.post(Event{Kind: kind})
	}
}

// negotiate sends a re-INVITE if one is due, or sees to it that it comes.
func (h *hold) negotiate() {
	h.mu.Lock()
	if h.closed || !h.opened || h.pending || h.wish == h.agreed {
		h.mu.Unlock()
		return
	}
	if wait := time.Until(h.after); wait > 0 {
		if h.timer == nil {
			h.timer = time.AfterFunc(wait, h.negotiate)
		}
		h.mu.Unlock()
		return
	}
	h.pending = true
	h.mu.Unlock()
	h.call.with(dialog.Reinvite)
}

// description is the Call as the sip.SessionDescriber of its signalling: the
// session's own words, and a note of what they mean for hold.
type description Call

// Offer gives our wish.
func (d *description) Offer() ([]byte, error) {
	s, err := d.session()
	if err != nil {
		return nil, err
	}
	d.hold.mu.Lock()
	d.hold.offered, d.hold.pending = d.hold.wish, true
	d.hold.mu.Unlock()
	return s.Offer()
}

// Answer answers the far end's offer. Our wish goes into it as well, so that
// it may make a re-INVITE of our own needless.
func (d *description) Answer(offer []byte) ([]byte, error) {
	s, err := d.session()
	if err != nil {
		return nil, err
	}
	d.hold.mu.Lock()
	wish := d.hold.wish
	d.hold.mu.Unlock()
	answer, err := s.Answer(offer)
	if err != nil {
		return nil, err
	}
	d.hold.mu.Lock()
	d.hold.before, d.hold.agreed = d.hold.agreed, wish
	d.hold.mu.Unlock()
	return answer, nil
}

// Accept takes the answer to our last offer.
func (d *description) Accept(answer []byte) error {
	s, err := d.session()
	if err != nil {
		return err
	}
	if err := s.Accept(answer); err != nil {
		return err
	}
	d.hold.mu.Lock()
	d.hold.agreed, d.hold.pending = d.hold.offered, false
	d.hold.before = d.hold.agreed
	d.hold.mu.Unlock()
	return nil
}

// Rollback says that our last offer was refused, or the far end's withdrawn.
func (d *description) Rollback() {
	s, err := d.session()
	if err != nil {
		return
	}
	s.Rollback()
	h := &d.hold
	h.mu.Lock()
	switch {
	case !h.pending: // it was the far end's offer
		h.agreed = h.before
	case h.wish && !h.told: // it stands by our own silence
		h.told = true
		h.call.post(Event{Kind: Held})
	}
	h.pending = false
	h.mu.Unlock()
	h.call.tell()
}

// session is the sound that describes itself.
func (d *description) session() (sound, error) {
	s := d.ear.sound.Load()
	if s == nil {
		return nil, errNoSound
	}
	return s.sound, nil
}
