package sip

import (
	"slices"
	"testing"
)

func lookup(t *table) func(state, input) step {
	return func(s state, in input) step { return t[s][in] }
}

// TestTransitionTable walks all pairs of state and input.
func TestTransitionTable(t *testing.T) {
	next := lookup(newTable())
	seen := map[[2]int]bool{}
	for _, r := range rows() {
		key := [2]int{int(r.from), int(r.in)}
		if seen[key] {
			t.Errorf("(%d, %d) stands twice", r.from, r.in)
		}
		seen[key] = true
	}
	for s := range states {
		for in := range inputs {
			st := next(s, in)
			if st.next >= states {
				t.Fatalf("(%d, %d) leads nowhere", s, in)
			}
			if s == stateEnded && (st.next != stateEnded || len(st.do) > 0) {
				t.Errorf("(%d, %d): ended is not the end", s, in)
			}
			ends := 0
			for _, c := range st.do {
				if c == cmdEnd {
					ends++
				}
			}
			if becomes := s != stateEnded && st.next == stateEnded; becomes != (ends == 1) || ends > 1 {
				t.Errorf("(%d, %d): %d times Ended on the way to %d", s, in, ends, st.next)
			}
			if ends == 1 && st.do[len(st.do)-1] != cmdEnd {
				t.Errorf("(%d, %d): something after Ended", s, in)
			}
			// BYE is sent on entering leaving, and nowhere else.
			if slices.Contains(st.do, cmdBye) != (s != stateLeaving && st.next == stateLeaving) {
				t.Errorf("(%d, %d): BYE on the way to %d", s, in, st.next)
			}
			// A 2xx of theirs is never left without an ACK once INVITE is out.
			if in == inAccepted && s != statePreparing && s != stateEnded && s < stateIncoming &&
				!slices.Contains(st.do, cmdConfirm) && !slices.Contains(st.do, cmdAckOnly) {
				t.Errorf("(%d): 2xx without ACK", s)
			}
			// BYE of theirs in a dialog is always answered.
			if in == inBye && (s == stateIncoming || s >= stateAnswering && s < stateEnded) && !slices.Contains(st.do, cmdOK) {
				t.Errorf("(%d): BYE without 200", s)
			}
			// CANCEL is for calls that have heard something.
			if slices.Contains(st.do, cmdCancel) && s != stateProceeding && !(s == stateCancelling && in == inProvisional) {
				t.Errorf("(%d, %d): CANCEL", s, in)
			}
		}
	}
}

// TestEveryStateCanEnd: from each state the worst the far end and the network
// can do leads to Ended in a few steps.
func TestEveryStateCanEnd(t *testing.T) {
	next := lookup(newTable())
	for s := range states {
		for _, first := range []input{inHangup, inFailed, inBye, inLost} {
			at := next(s, first).next
			for range 6 {
				for _, in := range []input{inHangup, inProvisional, inGiveUp, inUnacked, inGone, inFailed} {
					at = next(at, in).next
				}
			}
			if at != stateEnded {
				t.Errorf("from %d by %d: stuck in %d", s, first, at)
			}
		}
	}
}

// TestHangupIsIdempotent: the second one changes nothing.
func TestHangupIsIdempotent(t *testing.T) {
	next := lookup(newTable())
	for s := range states {
		once := next(s, inHangup).next
		if again := next(once, inHangup); again.next != once || len(again.do) > 0 {
			t.Errorf("from %d: %d, then %d %v", s, once, again.next, again.do)
		}
	}
}
