package sip

// The life of a call, both directions:
//
//	preparing -> calling -> proceeding ----------+-> talking -> leaving -> ended
//	                 \          \-> cancelling   |
//	incoming -> answering ---------(ACK)---------+
//	                 \-> dropping -> leaving
//
// What is not in the table changes nothing.

type state uint8

const (
	statePreparing  state = iota // ours: the address is being looked up, nothing is sent
	stateCalling                 // ours: INVITE sent, nothing heard
	stateProceeding              // ours: a provisional response came
	stateCancelling              // ours: hung up, the final response is outstanding
	stateIncoming                // theirs: no final response sent
	stateAnswering               // theirs: 2xx sent, no ACK yet
	stateDropping                // theirs: as answering, BYE is to follow the ACK
	stateTalking
	stateLeaving // our BYE is out
	stateEnded
	states
)

type input uint8

const (
	inSent        input = iota // our INVITE was written
	inAgain                    // our INVITE went out once more: credentials, interval
	inProvisional              // 1xx
	inAccepted                 // 2xx to the first INVITE, also repeated and forked
	inRefused                  // 3xx to 6xx
	inFailed                   // no response: timer or transport; nothing could be sent
	inHangup
	inRing
	inAnswer
	inAnswered // our 2xx was written
	inReject
	inCancelled  // CANCEL from the far end
	inAcked      // ACK to our 2xx
	inUnacked    // none in 64*T1
	inBye        // BYE from the far end
	inGiveUp     // no final response 64*T1 after CANCEL
	inGone       // our BYE was answered, or waited for long enough
	inLost       // the dialog is dead: session expired, 481 or 408 in it
	inUnsuitable // the answer cannot be used
	inputs
)

type command uint8

const (
	cmdDialing   command = iota // tell Dialing
	cmdProgress                 // 1xx: tell, PRACK, early description
	cmdConfirm                  // 2xx: dialog, ACK, description, tell Answered
	cmdAckOnly                  // 2xx that we no longer want: dialog and ACK, a BYE follows
	cmdAckAgain                 // repeated 2xx: same ACK; from another fork: ACK and BYE
	cmdCancel                   // CANCEL, and the time to wait for its effect
	cmdAbort                    // take back what has not been sent
	cmdRing                     // 180
	cmdAnswer                   // 2xx with description
	cmdRefuse                   // final refusal
	cmdConnect                  // ACK is in: tell Answered
	cmdTerminate                // 487 to the INVITE
	cmdOK                       // 200 to BYE
	cmdBye
	cmdBlame // remember the cause
	cmdEnd   // tell Ended, once and last
)

type step struct {
	next state
	do   []command
}

// next is the table.
func next(s state, in input) step {
	if st, ok := transition(s, in); ok {
		return st
	}
	return step{next: s}
}

func transition(s state, in input) (step, bool) {
	to := func(n state, do ...command) (step, bool) { return step{n, do}, true }
	switch s {
	case statePreparing:
		switch in {
		case inSent:
			return to(stateCalling, cmdDialing)
		case inFailed:
			return to(stateEnded, cmdBlame, cmdEnd)
		case inHangup:
			return to(stateEnded, cmdBlame, cmdAbort, cmdEnd)
		}
	case stateCalling, stateProceeding:
		switch in {
		case inAgain:
			return to(stateCalling, cmdDialing) // a new INVITE: CANCEL waits for its 1xx
		case inProvisional:
			return to(stateProceeding, cmdProgress)
		case inAccepted:
			return to(stateTalking, cmdConfirm)
		case inRefused, inFailed:
			return to(stateEnded, cmdBlame, cmdEnd)
		case inHangup, inUnsuitable:
			if s == stateCalling {
				return to(stateCancelling, cmdBlame) // RFC 3261 §9.1: no CANCEL before a 1xx
			}
			return to(stateCancelling, cmdBlame, cmdCancel)
		}
	case stateCancelling:
		switch in {
		case inProvisional:
			return to(stateCancelling, cmdCancel)
		case inAccepted:
			return to(stateLeaving, cmdAckOnly, cmdBye) // the 200 crossed our CANCEL
		case inRefused, inFailed, inGiveUp:
			return to(stateEnded, cmdEnd)
		}
	case stateIncoming:
		return incoming(in)
	case stateAnswering:
		switch in {
		case inAcked:
			return to(stateTalking, cmdConnect)
		case inHangup:
			return to(stateDropping, cmdBlame) // RFC 3261 §15: no BYE before the ACK
		case inUnacked, inLost, inUnsuitable:
			return to(stateLeaving, cmdBlame, cmdBye) // RFC 3261 §13.3.1.4
		case inBye:
			return to(stateEnded, cmdBlame, cmdOK, cmdEnd)
		}
	case stateDropping:
		switch in {
		case inAcked, inUnacked, inLost, inUnsuitable:
			return to(stateLeaving, cmdBye)
		case inBye:
			return to(stateEnded, cmdOK, cmdEnd)
		}
	case stateTalking:
		switch in {
		case inAccepted:
			return to(stateTalking, cmdAckAgain)
		case inHangup, inUnacked, inLost, inUnsuitable:
			return to(stateLeaving, cmdBlame, cmdBye)
		case inBye:
			return to(stateEnded, cmdBlame, cmdOK, cmdEnd)
		}
	case stateLeaving:
		switch in {
		case inAccepted:
			return to(stateLeaving, cmdAckAgain)
		case inBye:
			return to(stateEnded, cmdOK, cmdEnd) // both hung up
		case inGone:
			return to(stateEnded, cmdEnd)
		}
	}
	return step{}, false
}

func incoming(in input) (step, bool) {
	to := func(n state, do ...command) (step, bool) { return step{n, do}, true }
	switch in {
	case inRing:
		return to(stateIncoming, cmdRing)
	case inAnswer:
		return to(stateIncoming, cmdAnswer)
	case inAnswered:
		return to(stateAnswering)
	case inReject, inHangup:
		return to(stateEnded, cmdBlame, cmdRefuse, cmdEnd)
	case inCancelled:
		return to(stateEnded, cmdBlame, cmdTerminate, cmdEnd) // 487, if sipgo has not sent it
	case inFailed:
		return to(stateEnded, cmdBlame, cmdRefuse, cmdEnd)
	case inBye:
		return to(stateEnded, cmdBlame, cmdOK, cmdTerminate, cmdEnd) // RFC 3261 §15.1.2
	}
	return step{}, false
}
