package sip

// The life of a call, both directions:
//
//	preparing -> calling -> proceeding ----------+-> talking -> leaving -> ended
//	                 \          \-> cancelling   |
//	incoming -> answering ---------(ACK)---------+
//	                 \-> dropping -> leaving

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

// row is one line of the table: in this state, on this input, go there and do
// that.
type row struct {
	from state
	in   input
	to   state
	do   []command
}

func do(c ...command) []command { return c }

// rows is the table. What is not in it changes nothing.
func rows() []row {
	return []row{
		{statePreparing, inSent, stateCalling, do(cmdDialing)},
		{statePreparing, inFailed, stateEnded, do(cmdBlame, cmdEnd)},
		{statePreparing, inHangup, stateEnded, do(cmdBlame, cmdAbort, cmdEnd)},

		{stateCalling, inAgain, stateCalling, do(cmdDialing)},
		{stateCalling, inProvisional, stateProceeding, do(cmdProgress)},
		{stateCalling, inAccepted, stateTalking, do(cmdConfirm)},
		{stateCalling, inRefused, stateEnded, do(cmdBlame, cmdEnd)},
		{stateCalling, inFailed, stateEnded, do(cmdBlame, cmdEnd)},
		{stateCalling, inHangup, stateCancelling, do(cmdBlame)}, // RFC 3261 §9.1: no CANCEL before a 1xx

		{stateProceeding, inAgain, stateCalling, do(cmdDialing)}, // a new INVITE: CANCEL waits for its 1xx
		{stateProceeding, inProvisional, stateProceeding, do(cmdProgress)},
		{stateProceeding, inAccepted, stateTalking, do(cmdConfirm)},
		{stateProceeding, inRefused, stateEnded, do(cmdBlame, cmdEnd)},
		{stateProceeding, inFailed, stateEnded, do(cmdBlame, cmdEnd)},
		{stateProceeding, inHangup, stateCancelling, do(cmdBlame, cmdCancel)},

		{stateCancelling, inProvisional, stateCancelling, do(cmdCancel)},
		{stateCancelling, inAccepted, stateLeaving, do(cmdAckOnly, cmdBye)}, // the 200 crossed our CANCEL
		{stateCancelling, inRefused, stateEnded, do(cmdEnd)},
		{stateCancelling, inFailed, stateEnded, do(cmdEnd)},
		{stateCancelling, inGiveUp, stateEnded, do(cmdEnd)},

		{stateIncoming, inRing, stateIncoming, do(cmdRing)},
		{stateIncoming, inAnswer, stateIncoming, do(cmdAnswer)},
		{stateIncoming, inAnswered, stateAnswering, nil},
		{stateIncoming, inReject, stateEnded, do(cmdBlame, cmdRefuse, cmdEnd)},
		{stateIncoming, inHangup, stateEnded, do(cmdBlame, cmdRefuse, cmdEnd)},
		{stateIncoming, inFailed, stateEnded, do(cmdBlame, cmdRefuse, cmdEnd)},
		{stateIncoming, inCancelled, stateEnded, do(cmdBlame, cmdTerminate, cmdEnd)},  // 487, if sipgo has not sent it
		{stateIncoming, inBye, stateEnded, do(cmdBlame, cmdOK, cmdTerminate, cmdEnd)}, // RFC 3261 §15.1.2

		{stateAnswering, inAcked, stateTalking, do(cmdConnect)},
		{stateAnswering, inHangup, stateDropping, do(cmdBlame)},         // RFC 3261 §15: no BYE before the ACK
		{stateAnswering, inUnacked, stateLeaving, do(cmdBlame, cmdBye)}, // RFC 3261 §13.3.1.4
		{stateAnswering, inLost, stateLeaving, do(cmdBlame, cmdBye)},
		{stateAnswering, inUnsuitable, stateLeaving, do(cmdBlame, cmdBye)},
		{stateAnswering, inBye, stateEnded, do(cmdBlame, cmdOK, cmdEnd)},

		{stateDropping, inAcked, stateLeaving, do(cmdBye)},
		{stateDropping, inUnacked, stateLeaving, do(cmdBye)},
		{stateDropping, inLost, stateLeaving, do(cmdBye)},
		{stateDropping, inUnsuitable, stateLeaving, do(cmdBye)},
		{stateDropping, inBye, stateEnded, do(cmdOK, cmdEnd)},

		{stateTalking, inAccepted, stateTalking, do(cmdAckAgain)},
		{stateTalking, inHangup, stateLeaving, do(cmdBlame, cmdBye)},
		{stateTalking, inUnacked, stateLeaving, do(cmdBlame, cmdBye)},
		{stateTalking, inLost, stateLeaving, do(cmdBlame, cmdBye)},
		{stateTalking, inUnsuitable, stateLeaving, do(cmdBlame, cmdBye)},
		{stateTalking, inBye, stateEnded, do(cmdBlame, cmdOK, cmdEnd)},

		{stateLeaving, inAccepted, stateLeaving, do(cmdAckAgain)},
		{stateLeaving, inBye, stateEnded, do(cmdOK, cmdEnd)}, // both hung up
		{stateLeaving, inGone, stateEnded, do(cmdEnd)},
	}
}

type step struct {
	next state
	do   []command
}

// table is rows in the form that calls look it up in.
type table [states][inputs]step

func newTable() *table {
	var t table
	for s := range states {
		for in := range inputs {
			t[s][in].next = s
		}
	}
	for _, r := range rows() {
		t[r.from][r.in] = step{r.to, r.do}
	}
	return &t
}
