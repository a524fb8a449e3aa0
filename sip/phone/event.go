package phone

import (
	"fmt"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// EventKind names what happened on a call.
type EventKind uint8

// The kinds of events.
const (
	Dialing          EventKind = iota + 1 // the INVITE is on the wire; Token is valid
	Ringing                               // 180: the far end rings
	EarlyMedia                            // a description came before the answer: sound may follow
	Answered                              // 2xx, acknowledged
	Held                                  // our hold is agreed, or stands by our own silence where the far end refuses it
	Resumed                               // our hold is over
	HeldByContact                         // the far end holds us
	ResumedByContact                      // it does so no longer
	Digit                                 // DTMF came in
	LostMedia                             // no RTP, though it is due
	FoundMedia                            // RTP is back
	Transferred                           // how our Transfer goes: Status of the far end's new call
	TransferAsked                         // the far end asks us to call Target (REFER)
	Ended                                 // the last one, exactly once
)

var eventNames = [...]string{
	Dialing: "dialing", Ringing: "ringing", EarlyMedia: "early media", Answered: "answered",
	Held: "held", Resumed: "resumed", HeldByContact: "held by contact", ResumedByContact: "resumed by contact",
	Digit: "digit", LostMedia: "lost media", FoundMedia: "found media", Transferred: "transferred", TransferAsked: "transfer asked", Ended: "ended",
}

func (k EventKind) String() string {
	if int(k) < len(eventNames) && eventNames[k] != "" {
		return eventNames[k]
	}
	return fmt.Sprintf("EventKind(%d)", k)
}

// Event tells what happened on a call.
type Event struct {
	Kind   EventKind
	At     time.Time
	Call   *Call
	Status int    // SIP status of a provisional or final answer
	Reason string // its phrase
	Digit  string
	Target string // on TransferAsked

	// On Ended:
	Cause  sip.Cause
	Stats  media.Stats
	HeldMS int64 // how long we held the call, all holds together
}
