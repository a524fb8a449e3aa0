package phone

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

func TestHoldAndResume(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.cut(true) // at once
		r.offers(1)
		r.check()
		time.Sleep(40 * time.Millisecond) // the 200 takes its time
		r.agreed()
		r.check(Held)
		time.Sleep(2 * time.Second)
		r.call.Resume()
		r.offers(2)
		time.Sleep(60 * time.Millisecond)
		r.check(Held)
		r.agreed()
		r.check(Held, Resumed)
		if got := r.call.HeldFor(); got != 2100*time.Millisecond {
			t.Errorf("held for %v: counted from the cut to the agreed resume, 2.1 s", got)
		}
		time.Sleep(time.Second)
		r.signal(sip.Ended)
		if e := r.last(); e.Kind != Ended || e.HeldMS != 2100 {
			t.Errorf("%s held_ms %d", e.Kind, e.HeldMS)
		}
	})
}

// Pressed again and again, one offer goes out.
func TestHoldTwice(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.call.Hold()
		r.offer()
		r.call.Hold()
		r.accept()
		r.signal(sip.Updated)
		r.call.Hold()
		r.check(Held)
		r.offers(1)
	})
}

func TestHeldToTheEndCounts(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.agreed()
		time.Sleep(3 * time.Second)
		r.signal(sip.Ended)
		if e := r.last(); e.HeldMS != 3000 {
			t.Errorf("held_ms %d", e.HeldMS)
		}
	})
}

// Trap 5: an exchange that re-INVITEs right after the answer must not meet ours.
func TestFirstReinviteWaitsAfterTheAnswer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		talking(t, 0, func(t *testing.T, r *rig) {
			at := time.Now()
			r.call.Hold()
			r.cut(true)
			r.offers(0)
			passes(time.Second)
			r.offers(1)
			wait := r.reinvites[0].Sub(at)
			if wait < firstReinviteMin || wait >= firstReinviteMax {
				t.Fatalf("sent after %v", wait)
			}
			seen[wait] = true
		})
	}
	if len(seen) < 10 {
		t.Errorf("only %d different delays in 20 calls: it has to be random", len(seen))
	}
}

// Hold and resume before the first re-INVITE was due: nothing to be agreed.
func TestHoldTakenBackBeforeItWasSent(t *testing.T) {
	talking(t, 0, func(t *testing.T, r *rig) {
		r.call.Hold()
		time.Sleep(50 * time.Millisecond)
		r.call.Resume()
		passes(time.Second)
		r.offers(0)
		r.cut(false)
		r.check()
		if got := r.call.HeldFor(); got != 50*time.Millisecond {
			t.Errorf("held for %v", got)
		}
	})
}

// Resume while the hold is still on its way: a second exchange follows the first.
func TestWishChangesUnderWay(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.offer() // sendonly is on the wire
		r.call.Hold()
		r.call.Resume()
		r.offers(1) // which is still under way
		r.accept()
		r.signal(sip.Updated)
		r.offers(2) // the agreed hold is taken back
		r.agreed()
		r.check()
		r.offers(2)
	})
}

// Trap 2: both hold; the far end's resume does not end ours.
func TestDoubleHold(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.agreed()
		r.offered(true)
		r.check(Held, HeldByContact)
		r.offered(false)
		r.check(Held, HeldByContact, ResumedByContact)
		r.cut(true)
		r.offers(1)
		r.call.Resume()
		r.agreed()
		r.check(Held, HeldByContact, ResumedByContact, Resumed)
	})
}

// Our wish rides on the answer to a re-INVITE of the far end.
func TestWishInTheAnswer(t *testing.T) {
	talking(t, 0, func(t *testing.T, r *rig) {
		r.call.Hold() // its re-INVITE waits
		r.offered(false)
		r.check(Held)
		passes(time.Second)
		r.offers(0) // it is agreed already
		// The far end never acknowledged that answer: it is to be agreed anew.
		r.body.Rollback()
		r.signal(sip.Updated)
		r.offers(1)
	})
}

// A hold that the far end refuses stands by our own silence; a refused resume
// can be asked for again.
func TestRefused(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.refused()
		r.check(Held)
		r.cut(true)
		if r.rolled != 1 {
			t.Fatalf("rolled back %d times", r.rolled)
		}
		r.call.Resume()
		r.check(Held, Resumed)
		r.offers(1) // the far end never agreed to a hold
		r.call.Hold()
		r.agreed()
		r.call.Resume()
		r.refused()
		r.check(Held, Resumed, Held)
		n := r.count()
		r.call.Resume()
		r.offers(n + 1) // asked for again
		r.agreed()
		r.check(Held, Resumed, Held, Resumed)
	})
}

// A 491 is no refusal: signalling takes the offer back and sends it again.
func TestGlare(t *testing.T) {
	talking(t, time.Second, func(t *testing.T, r *rig) {
		r.call.Hold()
		r.refused()
		time.Sleep(3 * time.Second)
		r.agreed()
		r.check(Held)
		r.offers(1) // repeating is the signalling's business
	})
}

func TestNothingAfterEnded(t *testing.T) {
	talking(t, 0, func(t *testing.T, r *rig) {
		r.call.Hold() // its timer runs
		r.signal(sip.Ended)
		r.signal(sip.Ended)
		r.events(media.SessionEvent{Kind: media.DTMF, Digit: "1"})
		r.call.Resume()
		r.call.Hold()
		r.signal(sip.Updated)
		passes(time.Second)
		r.signal(sip.Updated) // now that a re-INVITE would be due
		ks := r.kinds()
		if n := slices.Index(ks, Ended); n != len(ks)-1 {
			t.Errorf("after Ended: %v", ks[n:])
		}
		r.offers(0)
		if r.closed == 0 || r.call.phone.Calls() != 0 {
			t.Errorf("closed %d times, %d calls left", r.closed, r.call.phone.Calls())
		}
	})
}

// A handler may call into the call, and events stay in order.
func TestHandlerMayCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		inner := r.call.events
		depth := 0
		r.call.events = func(e Event) {
			inner(e)
			if depth++; depth > 1 {
				t.Errorf("%s while another event is being handled", e.Kind)
			}
			defer func() { depth-- }()
			switch e.Kind {
			case Answered:
				r.call.Hold()
				r.offered(false) // at once agreed by a re-INVITE of theirs
			case Held:
				r.call.signal(sip.Event{Kind: sip.Info, Digit: "5"})
			case Digit:
				r.signal(sip.Ended)
			}
		}
		r.answered()
		r.check(Held, Digit, Ended)
	})
}

func TestDigitsByInfoWhereEventsAreNotAgreed(t *testing.T) {
	r := newRig(t)
	if err := r.call.Digits("1a#"); err != nil {
		t.Fatal(err)
	}
	r.noDTMF = true
	if err := r.call.Digits("42d"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.dtmf, []string{"1A#"}) || !slices.Equal(r.infos, []string{"4", "2", "D"}) {
		t.Errorf("events %v, INFO %v", r.dtmf, r.infos)
	}
	for _, bad := range []string{"", "1x", "1 2", "é"} {
		if err := r.call.Digits(bad); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
	r.signal(sip.Ended)
}

// A transfer that worked ends the call; one that did not leaves it.
func TestTransfer(t *testing.T) {
	r := newRig(t)
	r.answered()
	r.call.Transfer("sip:602@pbx")
	for _, status := range []int{100, 486, 100, 200} {
		if len(r.hangups) != 0 {
			t.Errorf("hung up before %d", status)
		}
		r.call.signal(sip.Event{Kind: sip.Transferred, Status: status})
	}
	if len(r.hangups) != 1 || r.hangups[0].Q850 != 16 {
		t.Errorf("hung up %+v", r.hangups)
	}
	r.check(Transferred, Transferred, Transferred, Transferred)
	r.call.signal(sip.Event{Kind: sip.Refer, ReferTo: "sip:603@pbx"})
	if e := r.last(); e.Kind != TransferAsked || e.Target != "sip:603@pbx" {
		t.Errorf("%+v", e)
	}
	r.call.TransferResult(603, "")
	if !slices.Equal(r.refers, []string{"sip:602@pbx", "603"}) {
		t.Errorf("%v", r.refers)
	}
	r.signal(sip.Ended)
}
