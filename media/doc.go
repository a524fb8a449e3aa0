// Package media carries the sound of calls: session descriptions, RTP, hold,
// digits, joining and recording. It knows no SIP: a session description goes
// out and comes in as bytes, through Offer, Answer, Accept and Rollback.
//
//	far end                                                      agent
//	   │ RTP, RTCP              Junction                           │
//	   ▼                 ┌────────────────────┐                    ▼
//	Session ──frames────►│ relay: as it came  │────frames───► Endpoint
//	   ▲    ◄────────────│ or mix: jitter     │◄────────────  (Session, file,
//	   │                 │ buffers, samples   │                browser, device)
//	offer/answer         └─────────┬──────────┘
//	(negotiation)                  │ copies
//	                             Tap: recorder, detector
//
// A source is the clock and a sink never blocks: a frame that arrives is handed
// on in the goroutine that read it, down to the socket of the other leg. What
// nobody sends (silence, digits, files, mixes) is sent by a Clock that all calls
// share.
//
// On hold neither hears the other. Session sees to it at both of its ends, so it
// holds whatever is joined: silence goes out as long as the agreed direction lets
// us send, and nothing reaches the sink.
//
// The package never looks at a telephone number, never waits for a slow reader,
// and never trusts what it reads: descriptions, packets and files have limits and
// are fuzzed.
//
// Begin with frame.go (Frame, Sink, Endpoint), then packetpath.go, where the way
// of a packet is drawn; negotiation.go for offer and answer; join.go and mix.go
// for what happens between two endpoints. media/record is a Tap that writes a
// stereo file, media/measure tells what is to be heard in one.
package media
