package campaign

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// elsewhere fails unless a process does not let ann in.
func (r *rig) elsewhere(what, place string, move bool) {
	r.t.Helper()
	var no *NotPossible
	if err := r.c.Do(r.t.Context(), ClickLogin{Agent: "ann", Place: "there", Move: move}); !errors.As(err, &no) || no.Reason.Code != ReasonElsewhere || no.Reason.Name != place {
		r.t.Errorf("%s: %v, want her at %s", what, err, place)
	}
}

func (r *rig) ann() AgentView {
	r.t.Helper()
	s := r.snapshot(Viewer{Agent: "ann", Role: RoleAgent})
	if len(s.Agents) != 1 {
		r.t.Fatalf("%d agents", len(s.Agents))
	}
	return s.Agents[0]
}

// An agent works at one of two processes. When she takes over at the other one,
// the first ends the call with her, settles her after-call work, and lets her go.
func TestOneDeskOverProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(2, "0")...)
		one := newSharedRig(t, t.TempDir(), store, "one", minuteAfterCalls)
		two := newSharedRig(t, t.TempDir(), store, "two", minuteAfterCalls)
		one.begin()
		one.do(ClickLogin{Agent: "ann", Place: "here"}, ClickJoin{"ann", "spring"}, ClickStatus{"ann", AgentReady, ""})
		v, wrong := one.talking(), WrongParty
		two.elsewhere("she is in a call", "here", false)
		time.Sleep(time.Second)
		if a := one.ann(); a.After != "" || a.Status != AgentReady {
			t.Errorf("nobody wanted her away: %+v", a)
		}
		two.elsewhere("she takes over", "here", true)
		time.Sleep(time.Second)
		two.elsewhere("the call goes on", "here", false)
		one.do(ClickDigits{"ann", v.ID, "1"}) // it is still hers
		one.do(ClickResult{"ann", v.ID, Entry{Result: &wrong}}, ClickHangup{"ann", v.ID})
		time.Sleep(time.Second)
		if rec := store.first(); rec.Result != WrongParty {
			t.Errorf("what she had entered: %s", rec.Result)
		}
		if a := one.ann(); a.Status != AgentLoggedOff || a.Notice == nil || a.Notice.Code != ReasonElsewhere || a.Interaction != "" {
			t.Errorf("where she was: %+v", a)
		}
		one.elsewhere("she is at the other one now", "two", false)
		two.do(ClickLogin{Agent: "ann", Place: "there"})
		if recent := two.snapshot(Viewer{Agent: "ann", Role: RoleAgent}).Recent; len(recent) != 1 || recent[0].ID != v.ID {
			t.Errorf("her last calls there: %+v", recent)
		}
		one.elsewhere("she works there", "there", false)

		// The next record is offered there, and nowhere else.
		two.do(ClickJoin{"ann", "spring"}, ClickStatus{"ann", AgentReady, ""})
		two.until(EventOpened)
		if a := one.ann(); a.Interaction != "" {
			t.Errorf("at both: %+v", a)
		}
		// Taken back, the preview goes back as well.
		one.elsewhere("she returns", "there", true)
		time.Sleep(time.Second)
		one.do(ClickLogin{Agent: "ann", Place: "here"})
		if a := two.ann(); a.Status != AgentLoggedOff || a.Interaction != "" {
			t.Errorf("there: %+v", a)
		}

		// Who has logged off is nowhere; so is who was at a process that is gone.
		one.do(ClickLogout{"ann"})
		time.Sleep(time.Second)
		two.do(ClickLogin{Agent: "ann", Place: "there"})
		store.setAway(errors.New("connection refused"))
		two.do(ClickLogin{Agent: "ann"})
		var no *NotPossible
		if err := one.c.Do(t.Context(), ClickLogin{Agent: "ann"}); !errors.As(err, &no) || no.Reason.Code != ReasonStoreAway {
			t.Errorf("without the store: %v", err)
		}
		store.setAway(nil)
		two.close()
		one.do(ClickLogin{Agent: "ann"})
		one.close()
	})
}

// After-call work waits at the process that was started again; she works at another
// one meanwhile. It is settled at once, and there she is told that its result is
// missing, or finds what she had entered.
func TestWorkAwaitedElsewhere(t *testing.T) {
	for _, result := range []CallResult{0, WrongParty} {
		synctest.Test(t, func(t *testing.T) {
			store := newMemStore(testRecords(1, "0")...)
			one := newSharedRig(t, t.TempDir(), store, "one", minuteAfterCalls)
			two := newSharedRig(t, t.TempDir(), store, "two", minuteAfterCalls)
			one.begin()
			one.do(ClickLogin{Agent: "ann"}, ClickJoin{"ann", "spring"}, ClickStatus{"ann", AgentReady, ""})
			note := "half a word"
			e := Entry{Note: &note}
			if result != 0 {
				e.Result = &result
			}
			v := one.inWrapUp(e)
			one.close()
			two.do(ClickLogin{Agent: "ann"})
			if s := two.snapshot(Viewer{Agent: "ann", Role: RoleAgent}); len(s.Recent) != 0 {
				t.Errorf("before the first process is back: %+v", s.Recent)
			}
			one = newSharedRig(t, one.dir, store, "one", minuteAfterCalls)
			time.Sleep(2 * time.Second)
			s := two.snapshot(Viewer{Agent: "ann", Role: RoleAgent})
			if len(s.Recent) != 1 || s.Recent[0].ID != v.ID || s.Recent[0].Note != note || s.Recent[0].Result != result {
				t.Fatalf("her last calls: %+v", s.Recent)
			}
			if n := two.ann().Notice; (n == nil) != (result != 0) || n != nil && (n.Code != ReasonCallGone || n.Name != "Name1") {
				t.Errorf("she is told %+v", n)
			}
			if rec := store.first(); result == 0 && rec.Status != Stale || result != 0 && rec.Result != result {
				t.Errorf("the record: %s %s", rec.Status, rec.Result)
			}
			// Back at the first one there is nothing left to be done.
			two.do(ClickLogout{"ann"})
			time.Sleep(time.Second)
			one.do(ClickLogin{Agent: "ann"})
			if a := one.ann(); a.Interaction != "" || a.Status != AgentNotReady {
				t.Errorf("at the first one: %+v", a)
			}
			two.close()
			one.close()
		})
	}
}

// A process that was taken for gone finds its agent at another one.
func TestPresenceLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		one := newSharedRig(t, t.TempDir(), store, "one", minuteAfterCalls)
		two := newSharedRig(t, t.TempDir(), store, "two", minuteAfterCalls)
		one.do(ClickLogin{Agent: "ann"})
		store.mu.Lock()
		store.presences["ann"].until = time.Now()
		store.mu.Unlock()
		two.do(ClickLogin{Agent: "ann"})
		time.Sleep(time.Second)
		if a := one.ann(); a.Status != AgentLoggedOff {
			t.Errorf("at both: %+v", a)
		}
		if a := two.ann(); a.Status != AgentNotReady {
			t.Errorf("there: %+v", a)
		}
		two.close()
		one.close()
	})
}
