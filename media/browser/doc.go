// Package browser is the headset in a browser as a media.Endpoint: WebRTC
// (RFC 8834) by pion with DTLS-SRTP (RFC 5763), reduced to what a telephone needs.
//
//	page                            one UDP port                     this process
//	 microphone ─► G.711 ─► SRTP ─► ┌──────┐ ─► ICE, DTLS, SRTP ─► hear ─► Sink
//	                                │ port │     (pion)          peer     (junction)
//	 loudspeaker ◄─ NetEq ◄─ SRTP ◄─└──────┘ ◄─────────────────── WriteFrame
//	 offer ────────── HTTP, by campaign/desk ──────────────────► Open ──► answer
//
// G.711 goes through untouched in both directions: payloads are neither decoded
// nor kept waiting; the browser's own jitter buffer is the only one on the way
// to the ear. Only sequence numbers and timestamps are moved (media.Stream).
//
// A Headset belongs to an agent and outlives her page. A page that is loaded
// again opens a new connection, which takes the place of the one before when it
// is up; whoever is joined with the Headset notices nothing but a pause.
//
// The ICE agent is lite (RFC 8445 §2.5): it has one UDP port for all, knows no
// STUN or TURN server, never sends a check, and takes no address from an offer:
// the browser's is the one its checks come from. So a lost page shows as packets
// that do not come, which is what State is about: silent after half a second,
// lost when the connection is gone. What follows from it is not decided here.
//
// The package never looks at a telephone number, never waits for a slow page,
// and believes nothing in an offer: offer.go copies the few lines it understands
// into a new description, and only that reaches the library.
//
// Begin with headsets.go; packetpath.go is the way of a packet, state.go the
// table of states, port.go the socket and the addresses in an answer.
package browser
