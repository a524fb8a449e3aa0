package campaign

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func (s *memStore) refusing(no func(Settlement) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = no
}

// doneTwice is Done, undo and Done with another result, which the store must
// have in this order.
func (r *rig) doneTwice(first, second CallResult) InteractionID {
	r.t.Helper()
	v := r.inWrapUp(Entry{Result: &first})
	r.do(ClickDone{"ann", v.ID, ""}, ClickUndo{"ann"}, ClickResult{"ann", v.ID, Entry{Result: &second}}, ClickDone{"ann", v.ID, ""})
	return v.ID
}

// Done, undo and Done again while the store is away; it takes the first, and
// then the process is killed. The correction is not lost.
func TestCorrectionOutlivesConfirmedDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		away := errors.New("connection refused")
		store.refusing(func(Settlement) error { return away })
		r.doneTwice(Answer, WrongParty)
		store.refusing(func(s Settlement) error {
			if s.Correction {
				return away
			}
			return nil
		})
		time.Sleep(2 * retryLater)
		synctest.Wait()
		if rec := store.first(); rec.Result != Answer || len(r.journal.open) != 1 {
			t.Errorf("before the end %+v, %d open", rec, len(r.journal.open))
		}
		r.close()
		store.refusing(nil)
		r = newSharedRig(t, r.dir, store, "p", minuteAfterCalls)
		if rec := store.first(); rec.Result != WrongParty || rec.Status != Ready || rec.Attempts != 1 || len(r.journal.open) != 0 {
			t.Errorf("after it %+v, %d open", rec, len(r.journal.open))
		}
		r.close()
	})
}

// The store is there again just when the second Done comes: the first goes
// before it.
func TestSettlementsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		var took []CallResult
		store.refusing(func(s Settlement) error {
			if !s.Correction && len(took) == 0 {
				took = append(took, 0)
				return errors.New("connection refused")
			}
			took = append(took, s.Attempt.Result)
			return nil
		})
		r.doneTwice(Answer, WrongParty)
		time.Sleep(2 * retryLater)
		synctest.Wait()
		if rec := store.first(); rec.Result != WrongParty || len(took) != 3 || took[1] != Answer || len(r.journal.open) != 0 {
			t.Errorf("%+v: %v, %d open", rec, took, len(r.journal.open))
		}
		r.close()
	})
}

// An agent's last calls are there after a restart, and at another process; a
// correction begins where the call found the record, so that what was entered
// stands, and retries and callbacks are those of the new result.
func TestLastCallsOutliveProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		answer, party, note, better := Answer, WrongParty, "after lunch", "before lunch"
		tomorrow := time.Now().Add(24 * time.Hour)
		v := r.inWrapUp(Entry{Result: &answer, Note: &note, Callback: &Callback{At: tomorrow, Personal: true, Agreed: true}})
		r.do(ClickDone{"ann", v.ID, ""})
		for _, process := range []string{"p", "q"} {
			r.close()
			dir := r.dir
			if process == "q" {
				dir = t.TempDir()
			}
			r = newSharedRig(t, dir, store, process, minuteAfterCalls)
			r.do(ClickLogin{Agent: "ann"})
			e := r.until(EventRecalled)
			if i := e.InteractionView; i.ID != v.ID || i.Note != note || i.Callback == nil || !i.Callback.At.Equal(tomorrow) || i.Content.Name != "Name1" || i.State != StateOver {
				t.Errorf("%s: %+v", process, i)
			}
			if s := r.snapshot(Viewer{Agent: "ann", Role: RoleAgent}); len(s.Recent) != 1 || len(s.Interactions) != 0 {
				t.Errorf("%s: %+v", process, s)
			}
			if process == "p" {
				r.do(ClickCorrect{"ann", v.ID, Entry{Note: &better}})
				time.Sleep(time.Second)
				synctest.Wait()
				if rec := store.first(); rec.Type != PersonalCallback || rec.Owner != "ann" || rec.Note != better || !rec.NextDial.Equal(tomorrow) || rec.Attempts != 1 {
					t.Errorf("%+v", rec)
				}
				note = better
			}
		}
		r.do(ClickCorrect{"ann", v.ID, Entry{Callback: &Callback{}}})
		r.corrected(v.ID, party)
		if rec := store.first(); rec.Type != General || rec.Owner != "" || !rec.CallbackAt.IsZero() || rec.NextDial.After(tomorrow) {
			t.Errorf("%+v", rec)
		}
		// Back at the first process, which knew an earlier state of it: the newer one counts.
		r.do(ClickLogout{"ann"}, ClickLogin{Agent: "ann"})
		time.Sleep(time.Second)
		synctest.Wait()
		if s := r.snapshot(Viewer{Agent: "ann", Role: RoleAgent}); len(s.Recent) != 1 || s.Recent[0].Result != party {
			t.Errorf("%+v", s.Recent)
		}
		r.close()
	})
}

// What another process has corrected since is newer than what this one knows;
// else this one knows better, and what is on the desk is not taken away.
func TestRecalledBesideKnown(t *testing.T) {
	f := NewFloor(FloorConfig{NewID: func(string, time.Time) string { return "x" }})
	f.Apply(ClickApply{Campaign: testCampaign()}, noon())
	fx, _ := f.Apply(ClickLogin{Agent: "ann"}, noon())
	if q := fx.Store[0].(OpRecall).Query; q.Agent != "ann" || q.Limit != 10 || !q.Since.Equal(noon().Truncate(24*time.Hour)) {
		t.Errorf("%+v", q)
	}
	call := func(id AttemptID, turn int, r CallResult, minutes int) ReturnedWork {
		return ReturnedWork{
			Attempt: Attempt{ID: id, Agent: "ann", Campaign: "spring", DialedAt: noon().Add(time.Duration(minutes) * time.Minute)},
			Desk:    AtDesk{Interaction: InteractionID("i" + id), Kind: KindCampaign, Turn: turn, Wrap: Wrap{Result: r}},
		}
	}
	recent := func(works ...ReturnedWork) (got []string) {
		f.Apply(Recalled{"ann", works}, noon().Add(time.Hour))
		for _, w := range f.agent("ann").recent {
			got = append(got, string(w.attempt.ID)+" "+w.wrap.Result.String())
		}
		return got
	}
	equal := func(got []string, want ...string) {
		t.Helper()
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
	equal(recent(call("b", 1, Answer, 2), call("a", 2, Answer, 1)), "b answer", "a answer")
	equal(recent(call("b", 2, WrongParty, 2), call("a", 1, WrongParty, 1)), "b wrong-party", "a answer")
	lost := call("c", 1, Answer, 3)
	lost.Attempt.Campaign = "gone"
	equal(recent(lost), "b wrong-party", "a answer")
}

// Of a call whose process has ended nobody knows what came of it: she is told,
// newest first, until she has said so; and that stays, whatever its process
// should say when it comes back.
func TestMissingResults(t *testing.T) {
	f := NewFloor(FloorConfig{NewID: func(string, time.Time) string { return "x" }})
	f.Apply(ClickApply{Campaign: testCampaign()}, noon())
	orphan := func(id AttemptID, name string, minutes int) ReturnedWork {
		at := noon().Add(time.Duration(minutes) * time.Minute)
		a := Attempt{ID: id, Agent: "ann", Campaign: "spring", Number: "+4930231251", DialedAt: at, AnsweredAt: at, JoinedAt: at, Note: "typed"}
		s := OpenAttempt{Attempt: a, Record: Record{Key: 7, Name: name, Attempts: 1}, Past: []Past{{At: noon(), Result: Busy}}}.Orphan(at.Add(time.Minute))
		if s.Record.Status != Stale || s.Attempt.Result != Unknown || s.Filed == nil || len(s.Filed.Desk.Past) != 1 {
			t.Fatalf("settled as %+v", s)
		}
		return s.Filed.Returned(s.Attempt, Record{Key: 7, Name: name})
	}
	f.Apply(ClickLogin{Agent: "ann", Last: &Recalled{"ann", []ReturnedWork{orphan("b", "Bea", 2), orphan("a", "Ada", 1)}}}, noon().Add(time.Hour))
	ann := f.agent("ann")
	told := func(want string) {
		t.Helper()
		got := ""
		if ann.notice != nil {
			got = string(ann.notice.Code) + " " + ann.notice.Name
		}
		if got != want {
			t.Errorf("she is told %q, want %q", got, want)
		}
	}
	told("call-gone Bea")
	if w := ann.recent[0]; w.wrap.Note != "typed" || w.kind != KindCampaign || w.lease.Record.Attempts != 1 {
		t.Errorf("%+v", w)
	}
	say := func(id InteractionID, r CallResult) {
		t.Helper()
		fx, _ := f.Apply(ClickCorrect{"ann", id, Entry{Result: &r}}, noon().Add(time.Hour))
		for _, op := range fx.Store {
			if s, ok := op.(OpSettle); ok && s.Settlement.Correction && s.Settlement.Attempt.Text != OrphanText && s.Settlement.Record.Attempts == 2 {
				return
			}
		}
		t.Errorf("no correction that stays: %v %+v", fx.Err, fx.Store)
	}
	note := "no more than this"
	fx, _ := f.Apply(ClickCorrect{"ann", "b", Entry{Note: &note}}, noon().Add(time.Hour))
	if no := (*NotPossible)(nil); !errors.As(fx.Err, &no) || no.Reason.Code != ReasonNoResult || len(fx.Store) > 0 || ann.recent[0].wrap.Note != "typed" {
		t.Errorf("a note is no result: %v, %+v", fx.Err, fx.Store)
	}
	say("b", WrongParty)
	told("call-gone Ada")
	say("a", Answer)
	told("")
	ann.notice = &Reason{Code: ReasonSettledAway, Name: "Eva"}
	f.Apply(Recalled{"ann", nil}, noon().Add(time.Hour))
	told("settled-away Eva") // she has not seen that yet
	ann.notice = &Reason{Code: ReasonCallStopped, Name: "Ada"}
	f.Apply(Recalled{"ann", nil}, noon().Add(time.Hour))
	told("") // she has said it elsewhere
	unanswered := orphan("c", "Cid", 3)
	unanswered.Attempt.AnsweredAt, unanswered.Attempt.JoinedAt = time.Time{}, time.Time{}
	f.Apply(Recalled{"ann", []ReturnedWork{unanswered}}, noon().Add(time.Hour))
	told("dial-stopped ")
}
