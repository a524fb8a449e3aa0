package campaign

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// noteAll lets a journal without a file know what a step of the floor was, and
// that the store took it.
func noteAll(j *Journal, fx Effects) {
	for _, e := range fx.Events {
		j.note(e)
	}
	for _, o := range fx.Store {
		if s, ok := o.(OpSettle); ok {
			j.note(Event{Keep: &Keep{Stored: s.Settlement.Attempt.ID, Turn: s.Settlement.Turn}})
		}
	}
}

// returnedTo is what a process that starts now finds in its journal: what goes
// back to desks, and how the calls are settled that were on the line.
func returnedTo(j *Journal, now time.Time) (in Returned, settled []Settlement) {
	for _, u := range j.unfinished() {
		l := leftover{attempt: u.Attempt, record: u.Record, desk: u.Desk, sent: true}
		r := ReturnedWork{Attempt: u.Attempt, Record: u.Record, Lost: l.live()}
		if l.desk != nil {
			r.Desk = *l.desk
		}
		if r.Lost {
			s := l.settle(now)
			settled, r.Attempt = append(settled, s), s.Attempt
		}
		if l.comesBack() || r.Lost {
			in.Works = append(in.Works, r)
		}
	}
	j.open = map[AttemptID]*Unfinished{}
	for _, r := range in.Works {
		if !r.Lost {
			j.open[r.Attempt.ID] = &Unfinished{Attempt: r.Attempt, Record: r.Record, Desk: &r.Desk}
		}
	}
	return in, settled
}

// unkept counts what must come to an end before the process does.
func (w *world) unkept() (n int) {
	for _, x := range w.f.works {
		if x.state != StateWrapUp || !w.f.cfg.keepsDesks() {
			n++
		}
	}
	return n
}

// restart begins anew with what the journal has: some agents come back and
// finish their after-call work, the others' is settled without them.
func (w *world) restart() {
	old := w.f
	in, live := returnedTo(w.journal, w.now)
	if len(live) > 0 || len(in.Works) != len(old.works) {
		w.t.Fatalf("%d works are left, and the journal knows %+v, calls %+v", len(old.works), in.Works, live)
	}
	w.returned += len(in.Works)
	w.f, w.next = NewFloor(old.cfg), time.Time{}
	early := w.dice.IntN(2) == 0
	if early {
		w.apply(in)
	}
	for _, c := range old.campaigns {
		w.apply(ClickApply{Campaign: c.doc, State: c.state})
	}
	if !early {
		w.apply(in)
	}
	for _, o := range old.works {
		x := w.f.workOf(o.attempt.ID)
		if x == nil || x.id != o.id || x.wrap != o.wrap || x.state != StateWrapUp || x.agent.id != o.agent.id || !x.attempt.EndedAt.Equal(o.attempt.EndedAt) {
			w.t.Fatalf("%+v came back as %+v", o, x)
		}
		if rec := w.s.rec(o.lease.Record.Key); rec != nil && !o.correction && rec.Status != Retrieved && o.kind == KindCampaign {
			w.t.Fatalf("the record of after-call work is %s", rec.Status)
		}
		if w.dice.IntN(2) == 0 {
			continue
		}
		answer := Answer
		w.apply(ClickLogin{Agent: o.agent.id, Engaged: o.agent.engaged})
		w.apply(ClickResult{o.agent.id, x.id, Entry{Result: &answer}})
		if err := w.apply(ClickDone{o.agent.id, x.id, ""}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.advance(w.f.cfg.returnWithin() + time.Second)
	for len(w.queue) > 0 {
		w.storeStep()
	}
	if len(w.f.works)+len(w.f.returned) > 0 {
		w.t.Fatalf("nobody came back, and yet %d works are left", len(w.f.works))
	}
	if live := slices.Collect(maps.Keys(w.journal.open)); len(live) > 0 {
		w.t.Fatalf("open in the journal: %v", live)
	}
}

// inWrapUp brings ann into after-call work, with something entered.
func (r *rig) inWrapUp(e Entry) *InteractionView {
	r.t.Helper()
	v := r.talking()
	r.do(ClickHangup{v.Agent, v.ID})
	r.until(EventEnded)
	r.do(ClickResult{v.Agent, v.ID, e})
	return v
}

func (r *rig) talking() *InteractionView {
	r.t.Helper()
	v := r.until(EventOpened).InteractionView
	r.do(ClickShown{v.Agent, v.ID})
	return r.until(EventJoined).InteractionView
}

func (r *rig) snapshot(v Viewer) Snapshot {
	r.t.Helper()
	s, err := r.c.Snapshot(r.t.Context(), v)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// next is the process that is started after this one was killed.
func (r *rig) next() *rig {
	r.t.Helper()
	r.close() // settles nothing
	return newSharedRig(r.t, r.dir, r.store, "p", minuteAfterCalls)
}

// kill -9 in after-call work: the agent finds it again with everything she had
// entered, the record is dialled by nobody meanwhile, and Done settles it once.
func TestWrapUpOutlivesKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		note, result, code := "half a sen", WrongParty, "Sold/New"
		at := time.Now().Add(48 * time.Hour).UTC()
		was := r.inWrapUp(Entry{Result: &result, Note: &note, Disposition: &code, Callback: &Callback{At: at, Agreed: true}})
		ended := store.now(t, r)
		for range 2 { // and once more, before she is there
			seen := r.journal.Last()
			r = r.next()
			if _, follows := <-first(r.c.Subscribe(seen)); follows {
				t.Error("a page goes on as if nothing had happened")
			}
			r.do(ClickLogin{Agent: "ben"}, ClickJoin{"ben", "spring"}, ClickStatus{"ben", AgentReady, ""})
			time.Sleep(time.Minute)
			synctest.Wait()
			s := r.snapshot(Viewer{Agent: "ann", Role: RoleAgent})
			if len(s.Interactions) != 1 {
				t.Fatalf("ann's desk has %+v", s.Interactions)
			}
			v := s.Interactions[0]
			if v.ID != was.ID || v.State != StateWrapUp || v.Content == nil || v.Content.Name != "Name1" || v.Result != result || v.Note != note ||
				v.Disposition != code || v.Callback == nil || !v.Callback.At.Equal(at) || !v.EndedAt.Equal(ended) || v.Reason.Code != ReasonRestarted {
				t.Errorf("came back as %+v", v)
			}
			if rec := store.first(); rec.Status != Retrieved || store.made(v.Attempt).settled != 0 {
				t.Errorf("%s, settled %d times", rec.Status, store.made(v.Attempt).settled)
			}
			if s.Agents[0].Status != AgentLoggedOff {
				t.Errorf("ann is %s", s.Agents[0].Status)
			}
		}
		r.do(ClickLogin{Agent: "ann"})
		if e := r.until(EventReopened); e.InteractionView.Until.Sub(e.At) != time.Minute {
			t.Errorf("after-call work ends %s", e.InteractionView.Until)
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		r.do(ClickDone{"ann", was.ID, ""})
		time.Sleep(time.Second)
		synctest.Wait()
		if rec := store.first(); rec.Status != Ready || rec.Type != CampaignCallback || !rec.NextDial.Equal(at) || rec.Note != note || rec.Attempts != 1 {
			t.Errorf("%+v", rec)
		}
		if a := store.made(was.Attempt); a.settled != 1 || a.Result != WrongParty || len(store.order) != 1 {
			t.Errorf("%+v of %d", a, len(store.order))
		}
		r = r.next()
		if s := r.snapshot(Viewer{Role: RoleAdministrator}); len(s.Interactions) != 0 {
			t.Errorf("%+v", s.Interactions)
		}
		r.close()
	})
}

func minuteAfterCalls(context.Context, CampaignRow) (Campaign, error) {
	c := testCampaign()
	c.AfterCallWork = time.Minute
	return *c, nil
}

// first is the first record as it is now, made is an attempt.
func (s *memStore) first() Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[0].Record
}

func (s *memStore) made(id AttemptID) memAttempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.attempts[id]
}

// now is when the only interaction's call ended.
func (s *memStore) now(t *testing.T, r *rig) time.Time {
	t.Helper()
	return r.snapshot(Viewer{Role: RoleAdministrator}).Interactions[0].EndedAt
}

// Nobody comes back: after 15 minutes it is settled with what was entered. Who
// comes later is told, and can correct it.
func TestWrapUpOutlivesItsAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(2, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		note := "nothing said yet"
		was := r.inWrapUp(Entry{Note: &note})
		r = r.next()
		time.Sleep(returnWithin - time.Second)
		synctest.Wait()
		if a := store.made(was.Attempt); a.settled != 0 {
			t.Error("settled too soon")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if rec := store.first(); rec.Status != Stale || rec.Note != note || store.made(was.Attempt).settled != 1 {
			t.Errorf("%+v", rec)
		}
		r.do(ClickLogin{Agent: "ann"})
		if n := r.snapshot(Viewer{Agent: "ann", Role: RoleAgent}).Agents[0].Notice; n == nil || n.Code != ReasonSettledAway || n.Name != "Name1" {
			t.Errorf("told %+v", n)
		}
		r.corrected(was.ID, WrongParty)
		r.close()
	})
}

// corrected gives a result afterwards, and looks at the first record.
func (r *rig) corrected(id InteractionID, result CallResult) {
	r.t.Helper()
	r.do(ClickCorrect{"ann", id, Entry{Result: &result}})
	time.Sleep(time.Second)
	synctest.Wait()
	if rec := r.store.first(); rec.Status != Ready || rec.Result != result || rec.NextDial.IsZero() || rec.Attempts != 1 {
		r.t.Errorf("corrected to %+v", rec)
	}
}

// kill -9 during the call: it is over, and the record stale. The agent is told
// with whom she spoke, finds the call with her note, and can give its result.
func TestCallCutByKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(2, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		note := "wants the blue one"
		was := r.talking()
		r.do(ClickResult{"ann", was.ID, Entry{Note: &note}})
		old := r.line
		r.cancel()
		if err := r.c.Close(); err != nil {
			t.Fatal(err)
		}
		r.journal.Close()
		n := newSharedRig(t, r.dir, store, "p", minuteAfterCalls)
		if len(n.line.recovered) != 1 {
			t.Errorf("hung up: %v", n.line.recovered)
		}
		if rec := store.first(); rec.Status != Stale || rec.Note != note {
			t.Errorf("%+v", rec)
		}
		n.do(ClickLogin{Agent: "ann"})
		s := n.snapshot(Viewer{Agent: "ann", Role: RoleAgent})
		if w := s.Agents[0].Notice; w == nil || w.Code != ReasonCallStopped || w.Name != "Name1" {
			t.Errorf("told %+v", w)
		}
		if len(s.Interactions) != 0 || len(s.Recent) != 1 || s.Recent[0].Note != note || s.Recent[0].ID != was.ID {
			t.Errorf("desk %+v, last calls %+v", s.Interactions, s.Recent)
		}
		n.corrected(was.ID, WrongParty)
		if store.first().Note != note {
			t.Errorf("note %q", store.first().Note)
		}
		n.close()
		old.hung[was.Attempt] <- Hangup{By: ByAgent}
		<-old.events
		old.wg.Wait()
	})
}

// An engaged agent is not told whom the machine was calling for her.
func TestBlankCallCutByKill(t *testing.T) {
	f := NewFloor(FloorConfig{})
	f.Apply(ClickApply{Campaign: testCampaign()}, noon())
	a := Attempt{ID: "a", Agent: "eva", Campaign: "spring", DialedAt: noon(), Number: "+493012345678"}
	f.Apply(Returned{[]ReturnedWork{{Attempt: a, Record: Record{Name: secret, Phone: a.Number}, Desk: AtDesk{Interaction: "i", Kind: KindCampaign}, Lost: true}}}, noon())
	f.Apply(ClickLogin{Agent: "eva", Engaged: true}, noon())
	s := viewSnapshot(f.Snapshot(), Viewer{Agent: "eva", Role: RoleAgent})
	if n := s.Agents[0].Notice; n == nil || n.Code != ReasonDialStopped || n.Name != "" || len(s.Recent) != 1 || s.Recent[0].Content != nil {
		t.Errorf("%+v, %+v", n, s.Recent)
	}
}

// Done was taken back, and then comes kill -9: the next Done corrects.
func TestUndoOutlivesKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		answer, party, note := Answer, WrongParty, "no, it was his brother"
		v := r.inWrapUp(Entry{Result: &answer})
		r.do(ClickDone{"ann", v.ID, ""}, ClickUndo{"ann"}, ClickResult{"ann", v.ID, Entry{Result: &party, Note: &note}})
		r = r.next()
		if rec := store.first(); rec.Result != Answer || rec.Status != Updated {
			t.Errorf("%+v", rec)
		}
		r.do(ClickLogin{Agent: "ann"}, ClickDone{"ann", v.ID, ""})
		time.Sleep(time.Second)
		synctest.Wait()
		if rec := store.first(); rec.Result != WrongParty || rec.Status != Ready || rec.Note != note || rec.Attempts != 1 {
			t.Errorf("%+v", rec)
		}
		r.close()
	})
}

// SIGTERM: what is left when the time is up waits for the next start, the call
// that had to be ended as well; nobody is waited for who is not there.
func TestDrainKeepsDesks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(3, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann", "ben")
		note := "still speaking"
		v := r.talking()
		r.do(ClickResult{v.Agent, v.ID, Entry{Note: &note}})
		begin := time.Now()
		if err := r.c.Drain(t.Context(), time.Minute); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("drained after %s: %v", time.Since(begin), err)
		}
		if a := store.made(v.Attempt); a.settled != 0 {
			t.Errorf("%+v", a)
		}
		r = r.next()
		begin = time.Now()
		if err := r.c.Drain(t.Context(), time.Minute); err != nil || time.Since(begin) != 0 {
			t.Errorf("drained after %s: %v", time.Since(begin), err)
		}
		r = r.next()
		i := r.snapshot(Viewer{Role: RoleAdministrator}).Interactions
		if len(i) != 1 || i[0].State != StateWrapUp || i[0].EndedBy != ByDialer || i[0].Note != note {
			t.Fatalf("%+v", i)
		}
		party := WrongParty
		r.do(ClickLogin{Agent: v.Agent}, ClickResult{v.Agent, v.ID, Entry{Result: &party}}, ClickDone{v.Agent, v.ID, ""})
		time.Sleep(time.Second)
		synctest.Wait()
		if a := store.made(v.Attempt); a.settled != 1 || a.Note != note || a.Result != WrongParty || a.EndedBy != ByDialer {
			t.Errorf("%+v", a)
		}
		r.close()
	})
}
