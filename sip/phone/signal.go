package phone

import (
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// signal takes what the signalling says; in order, from the call's mailbox.
func (c *Call) signal(e sip.Event) {
	if e.Call != nil {
		c.connect(e.Call)
	}
	switch e.Kind {
	case sip.Dialing:
		c.emit(Event{Kind: Dialing, At: e.At})
	case sip.Ringing:
		c.ear.ring() // RFC 3960 §3.2: only a 180 makes local ringing
		c.emit(Event{Kind: Ringing, At: e.At, Status: e.Status, Reason: e.Reason})
	case sip.EarlyMedia:
		c.emit(Event{Kind: EarlyMedia, At: e.At, Status: e.Status, Reason: e.Reason})
	case sip.Answered:
		c.ear.quiet()
		c.emit(Event{Kind: Answered, At: e.At, Status: e.Status, Reason: e.Reason})
		c.hold.open(e.At)
		c.hold.settle()
	case sip.Updated:
		c.hold.settle()
	case sip.Info:
		c.emit(Event{Kind: Digit, At: e.At, Digit: e.Digit})
	case sip.Transferred:
		c.emit(Event{Kind: Transferred, At: e.At, Status: e.Status, Reason: e.Reason})
		if e.Status/100 == 2 { // the far end is with somebody else now: RFC 5589 §6.1
			c.Hangup(sip.Reason{Q850: 16, Text: "transferred"})
		}
	case sip.Refer:
		c.emit(Event{Kind: TransferAsked, At: e.At, Target: e.ReferTo})
	case sip.Ended:
		c.finish(e.Cause)
	}
}

// heard takes what the sound says; from its receiving goroutine.
func (c *Call) heard(e media.SessionEvent) {
	switch e.Kind {
	case media.FirstPacket:
		c.ear.arrived()
	case media.DTMF:
		c.emit(Event{Kind: Digit, At: e.At, Digit: e.Digit})
	case media.Lost:
		c.emit(Event{Kind: LostMedia})
	case media.Found:
		c.emit(Event{Kind: FoundMedia})
	}
}

// finish closes the sound and then says Ended: who hears it finds no port of
// the call left.
func (c *Call) finish(cause sip.Cause) {
	now := time.Now()
	held := c.hold.close(now)
	stats := c.Stats()
	c.mu.Lock()
	c.stats = stats
	c.mu.Unlock()
	c.close()
	c.emit(Event{Kind: Ended, At: now, Status: cause.Status, Reason: cause.Reason, Cause: cause, Stats: stats, HeldMS: held.Milliseconds()})
}

// close gives back everything the call has.
func (c *Call) close() {
	c.ear.quiet()
	c.mu.Lock()
	s := c.sound
	c.mu.Unlock()
	if s != nil {
		if err := s.Close(); err != nil {
			c.phone.cfg.Log.Warn("close the sound of a call", "call", c.ID(), "err", err)
		}
	}
	c.phone.remove(c)
}
