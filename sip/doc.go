// Package sip is the user agent: it registers accounts, makes calls and takes
// them. It knows nothing of audio: a session description is bytes, asked for
// and handed on through SessionDescriber. No type of sipgo leaks out.
//
//	Agent ── accounts ── registration (one goroutine each)
//	  │
//	  ├── Call (one goroutine each, both directions) <── mailbox <── everything
//	  │     state.go: the table   dialog.go: RFC 3261 §12   session.go: RFC 4028
//	  │     invite.go: ours, to the 2xx        answer.go: theirs, to the ACK
//	  │     reinvite.go: offers inside         indialog.go: all other requests
//	  │
//	  ├── endpoint: sipgo's transactions, our messages at the edge
//	  └── wire: sockets ─ gate ─ normaliser ─> sipgo's transport and parser
//
// Division of labour. sipgo does transports, transactions and parsing. Ours
// is what is above and what it gets wrong: messages are brought into one
// spelling before its parser sees them (normal.go), senders we have no
// business with are turned away before it keeps an entry for them (gate.go),
// ACK, CANCEL, repeated and forked 2xx, order of messages, credentials, TCP
// for large requests, and every timer above the transaction.
//
// Decided here:
//
//   - Strangers get silence. From an address that is no registrar, proxy,
//     trusted network or party of a live call nothing is answered, not even
//     403: that would tell a scanner that there is something.
//   - Passwords are used only towards the account's own registrar, proxy or
//     trunk, and only for the realm that one named outside a dialog (auth.go).
//   - Every Dial without error yields exactly one Ended.
//   - Ended after our hang-up comes when the far end has confirmed BYE, or
//     after a moment; the transaction goes on repeating it.
//   - A Token written to disk lets another process end the call (release.go).
//
// Call Prepare once, before New: sipgo keeps timers and sizes in package
// variables. Begin reading with state.go, then call.go.
package sip
