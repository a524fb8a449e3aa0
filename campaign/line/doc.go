// Package line is the other hinge: campaign.Line over a phone. Above it there
// are ids and plain data, below it calls and sound.
//
//	campaign.Command ──Do──▶ ┌───────┐        ┌────────────┐ ──▶ phone.Call
//	                         │ inbox │ ──────▶│ one owner  │      Hold, Hangup, …
//	phone.Event ───────────▶ └───────┘        │ legs by id │
//	                                          └─────┬──────┘ ──▶ media.Join
//	campaign.LineEvent ◀── Events ◀── [ outbox ] ◀──┘            call, headset, taps
//
// One goroutine owns all legs and does one thing after the other, so nothing
// here has a lock. Inbox and outbox are lists without a bound, counted: neither
// the signalling nor the campaign ever waits for the other, and no Ended is
// lost. Every Dial is answered by exactly one LineEnded.
//
// It keeps no time: ring limits and wrap-up belong to the floor, which says
// Hangup with its reason.
//
// Begin reading in line.go, then states.go (what a leg may do when), leg.go
// (how it does it), result.go (what came of it) and uri.go (whom it calls).
package line
