// Package phone is one of the two hinges: it joins sip to media. A Call is one
// sip.Call and one media.Session, and looks from above like a telephone.
//
//	          Dial, Answer, Hold, Digits, …        Event: Ringing, Answered, Held, … Ended
//	                   │                                 ▲
//	                   ▼                                 │  in order, one Ended, nothing after it
//	┌──────────────── Call ──────────────────────────────┴───┐
//	│  signalling (sip.Call)        description              │
//	│  INVITE, BYE, re-INVITE ◀── Offer/Answer/Accept ──┐    │
//	│                                                   │    │
//	│  sound (media.Session) ───────────────────────────┘    │
//	│      ▲ │                                               │
//	│      │ ▼     ear: mute, hold, local ringback           │
//	└──── Endpoint ──────────────────────────────────────────┘
//	       join it with a headset, a file, another call
//
// It parses neither SIP nor SDP: the description passes through it as bytes.
// It starts no goroutine of its own; events are delivered by whoever caused
// them, and a handler must not block.
//
// Begin reading in phone.go, then call.go (what a user does), signal.go (what
// the far end does) and hold.go (the one thing in which both meet).
package phone
