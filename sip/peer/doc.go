// Package peer is the other end of the wire: a SIP endpoint that does what a
// script says, also what no decent endpoint would do.
//
// It has two faces.
//
//	Far       for tests. Raw UDP and TCP sockets on loopback, and a script in
//	          Go: expect an INVITE, answer it twice with different tags, leave
//	          out the Contact, repeat the 200, send a BYE before the ACK.
//	          Nothing is sent that the script did not ask for, and everything
//	          seen stands in a trace.
//
//	Exchange  the practice exchange of `freiton demo` and the load target of
//	          the tests: registrar, hundreds of contacts, real RTP. The number
//	          dialled chooses the fate of the call (fates.yaml says which, and
//	          what it must come out as), and a call record of its own says
//	          what was really heard.
//
//	 our agent ──SIP──▶ wire ─▶ Far: queue, trace ─▶ the test's script
//	                    wire ─▶ Exchange: registrar, calls by Call-ID
//	           ◀─RTP──▶ stream (one socket a call; a few goroutines pace all)
//
// It never uses sipgo's transactions and dialogs, nor ours: the witness must
// not share the defendant's mistakes. Only sipgo's parser judges whether what
// came is SIP at all. It listens on loopback unless told otherwise.
//
// Begin reading with far.go, then fates.yaml and exchange.go.
package peer
