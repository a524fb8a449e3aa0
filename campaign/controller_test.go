package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeLine answers every Dial by a fate that its number chooses: the last digit
// 0 talks until hung up, 1 is busy, 2 rings out, 3 says nothing at all.
type fakeLine struct {
	mu        sync.Mutex
	events    chan LineEvent
	commands  []string
	recovered []string
	wg        sync.WaitGroup
	hung      map[AttemptID]chan Hangup
	onDial    func(Dial)
}

func newFakeLine() *fakeLine {
	return &fakeLine{events: make(chan LineEvent, 16), hung: map[AttemptID]chan Hangup{}}
}

func (l *fakeLine) Events() <-chan LineEvent { return l.events }

func (l *fakeLine) Recover(token []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recovered = append(l.recovered, string(token))
	return nil
}

func (l *fakeLine) Do(c Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands = append(l.commands, fmt.Sprintf("%T", c))
	switch c := c.(type) {
	case Dial:
		if l.onDial != nil {
			l.onDial(c)
		}
		hung := make(chan Hangup, 4)
		l.hung[c.Attempt] = hung
		l.wg.Go(func() { l.fate(c, hung) })
	case Hangup:
		if ch := l.hung[c.Attempt]; ch != nil {
			ch <- c
		}
	}
}

func (l *fakeLine) say(ev LineEvent) {
	ev.At = time.Now()
	l.events <- ev
}

func (l *fakeLine) fate(d Dial, hung chan Hangup) {
	l.say(LineEvent{Kind: LineDialing, Attempt: d.Attempt, Token: []byte("token of " + d.Attempt)})
	end := LineEvent{Kind: LineEnded, Attempt: d.Attempt, Status: 487, Result: NoAnswer, By: ByContact}
	switch d.Number[len(d.Number)-1] {
	case '0':
		time.Sleep(2 * time.Second)
		l.say(LineEvent{Kind: LineRinging, Attempt: d.Attempt})
		time.Sleep(5 * time.Second)
		l.say(LineEvent{Kind: LineAnswered, Attempt: d.Attempt, Token: []byte("answered " + d.Attempt)})
		l.say(LineEvent{Kind: LineJoined, Attempt: d.Attempt, Agent: d.Agent})
		end.Status, end.Result, end.By = 200, Answer, (<-hung).By
	case '1':
		time.Sleep(time.Second)
		end.Status, end.Result = 486, Busy
	case '2':
		l.say(LineEvent{Kind: LineRinging, Attempt: d.Attempt})
		<-hung
	default:
		<-hung
	}
	l.say(end)
}

// rig is a controller with everything around it, inside a bubble.
type rig struct {
	t       *testing.T
	store   *memStore
	line    *fakeLine
	journal *Journal
	c       *Controller
	dir     string
	events  <-chan Event
	cancel  func()
}

func testRecords(n int, digits string) (rs []Record) {
	for i := range n {
		rs = append(rs, Record{ID: fmt.Sprint("r", i+1), List: "l", Name: fmt.Sprint("Name", i+1), Phone: fmt.Sprintf("+4930123%03d%c", i, digits[i%len(digits)])})
	}
	return rs
}

func testCampaign() *Campaign {
	c := spring()
	c.Lists, c.Agents, c.Accept = []string{"l"}, AgentSet{All: true}, AcceptAuto
	c.Rules = Rules{Allow: []string{"+49"}, Profiles: []Profile{{Country: "lab"}}}
	c.Document = []byte("name: spring\n")
	return c
}

func newRig(t *testing.T, dir string, store *memStore) *rig {
	t.Helper()
	return newSharedRig(t, dir, store, "p", nil)
}

// newSharedRig is a process among others; document reads those of the store.
func newSharedRig(t *testing.T, dir string, store *memStore, process string, document func(context.Context, CampaignRow) (Campaign, error)) *rig {
	t.Helper()
	return newRigOf(t, dir, store, FloorConfig{Process: process}, document)
}

func newRigOf(t *testing.T, dir string, store *memStore, floor FloorConfig, document func(context.Context, CampaignRow) (Campaign, error)) *rig {
	t.Helper()
	r := &rig{t: t, store: store, line: newFakeLine(), dir: dir}
	var err error
	if r.journal, err = OpenJournal(JournalConfig{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if r.c, err = NewController(ControllerConfig{Floor: floor, Store: store, Line: r.line, Journal: r.journal, Document: document}); err != nil {
		t.Fatal(err)
	}
	if err := r.c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := r.c.Snapshot(t.Context(), Viewer{Role: RoleAdministrator})
	if err != nil {
		t.Fatal(err)
	}
	r.events, r.cancel = r.c.Subscribe(s.N)
	return r
}

func (r *rig) close() {
	r.t.Helper()
	r.cancel()
	if err := r.c.Close(); err != nil {
		r.t.Error(err)
	}
	if err := r.journal.Close(); err != nil {
		r.t.Error(err)
	}
	r.line.wg.Wait()
}

func (r *rig) do(clicks ...Click) {
	r.t.Helper()
	for _, c := range clicks {
		if err := r.c.Do(r.t.Context(), c); err != nil {
			r.t.Fatalf("%T: %v", c, err)
		}
	}
}

func (r *rig) begin(agents ...AgentID) {
	r.t.Helper()
	r.do(ClickApply{Campaign: testCampaign(), State: Unloaded}, ClickLoad{Campaign: "spring"}, ClickStart{Campaign: "spring"})
	for _, a := range agents {
		r.do(ClickLogin{Agent: a}, ClickJoin{a, "spring"}, ClickStatus{a, AgentReady, ""})
	}
}

// until reads events up to one of a kind.
func (r *rig) until(kind EventKind) Event {
	r.t.Helper()
	late := time.After(24 * time.Hour) // in a bubble that is no time at all
	for {
		select {
		case e, ok := <-r.events:
			if ok && e.Keep != nil {
				r.t.Errorf("a subscriber got the journal's own: %+v", e.Keep)
			}
			if ok && e.Kind == kind {
				return e
			}
			if ok {
				continue
			}
		case <-late:
		}
		r.t.Fatalf("no event %s", kind)
		return Event{}
	}
}

func TestControllerWorksAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(4, "0120")...)
		r := newRig(t, t.TempDir(), store)
		r.line.onDial = func(d Dial) { // what is dialled is on the disk before
			es, err := r.journal.Since(0)
			if err != nil || !slices.ContainsFunc(es, func(e Event) bool {
				return e.Kind == EventDialing && e.Attempt == d.Attempt && e.Keep != nil && e.Keep.Attempt != nil
			}) {
				t.Errorf("%s is dialled before the journal has it (%v)", d.Attempt, err)
			}
		}
		r.begin("ann")
		go func() { // the agent; ends with the events
			for e := range r.events {
				v := e.InteractionView
				switch {
				case e.Kind == EventOpened:
					r.do(ClickShown{v.Agent, v.ID})
				case e.Kind == EventJoined:
					r.do(ClickHangup{v.Agent, v.ID})
				case e.Kind == EventEnded && v.State == StateWrapUp:
					yes := Answer
					r.do(ClickResult{v.Agent, v.ID, Entry{Result: &yes}}, ClickDone{v.Agent, v.ID, ""})
				}
			}
		}()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		s, err := r.c.Snapshot(t.Context(), Viewer{Role: RoleAdministrator})
		if err != nil || !s.Campaigns[0].Asked || s.Campaigns[0].InWork != 0 || s.Campaigns[0].Waiting != 2 {
			t.Errorf("%v %+v", err, s.Campaigns)
		}
		var results []string
		for _, rec := range store.records {
			results = append(results, rec.Result.String()+" "+rec.Status.String())
		}
		if got := strings.Join(results, ", "); got != "answer updated, busy ready, no-answer ready, answer updated" {
			t.Error(got)
		}
		if store.extended < 10 {
			t.Errorf("%d heartbeats in 5 min", store.extended)
		}
		if row := store.campaigns["spring"]; row.State != Running || string(row.Document) != "name: spring\n" {
			t.Errorf("campaign kept as %+v", row)
		}
		if us := r.journal.unfinished(); len(us) != 0 {
			t.Errorf("open in the journal: %+v", us)
		}
		r.close()
	})
}

// A click is answered after it is in the journal, and a refused one is too.
func TestControllerAnswersClicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), newMemStore())
		r.do(ClickLogin{Agent: "ann"})
		if es, _ := r.journal.Since(0); len(es) != 1 || es[0].AgentView.Agent != "ann" {
			t.Errorf("%+v", es)
		}
		var no *NotPossible
		if err := r.c.Do(t.Context(), ClickJoin{"ann", "nothing"}); !errors.As(err, &no) || no.Reason.Code != ReasonUnknownCampaign {
			t.Error(err)
		}
		r.close()
		if err := r.c.Do(t.Context(), ClickLogin{Agent: "ben"}); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if _, err := r.c.Snapshot(t.Context(), Viewer{}); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if _, open := <-first(r.c.Subscribe(0)); open {
			t.Error("subscribed to a closed controller")
		}
	})
}

func first(ch <-chan Event, _ func()) <-chan Event { return ch }

// A browser comes back with the last number it saw; one that was away too long,
// or sleeps, is sent away.
func TestSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), newMemStore())
		lazy, cancel := r.c.Subscribe(0)
		defer cancel()
		r.do(ClickLogin{Agent: "ann"})
		for i := range hubKeeps + 10 {
			r.do(ClickStatus{"ann", AgentNotReady, fmt.Sprint(i)})
			if i%100 == 0 {
				for len(r.events) > 0 {
					<-r.events
				}
			}
		}
		for len(r.events) > 0 {
			<-r.events
		}
		n := 0
		for range lazy { // it ends: the subscriber was disconnected
			n++
		}
		if n != hubSlack {
			t.Errorf("the sleeper got %d", n)
		}
		if _, open := <-first(r.c.Subscribe(3)); open {
			t.Error("events that are gone cannot be followed")
		}
		last := r.journal.Last()
		back, stop := r.c.Subscribe(last - 5)
		for want := last - 4; want <= last; want++ {
			if e := <-back; e.N != want {
				t.Errorf("%d, want %d", e.N, want)
			}
		}
		stop()
		stop()
		if _, open := <-first(r.c.Subscribe(last + 1)); open {
			t.Error("a number that was never given")
		}
		r.close()
	})
}

// The store is away: the call and the screen go on, only new dials wait; what
// was decided meanwhile is there afterwards.
func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(2, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		v := r.until(EventOpened).InteractionView
		r.do(ClickShown{v.Agent, v.ID})
		r.until(EventJoined)
		store.setAway(errors.New("connection refused"))
		answer := Answer
		r.do(ClickHold{v.Agent, v.ID}, ClickHangup{v.Agent, v.ID})
		r.until(EventEnded)
		r.do(ClickResult{v.Agent, v.ID, Entry{Result: &answer}}, ClickDone{v.Agent, v.ID, ""})
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if idle := r.c.floor.agents[0].idle; idle == nil || idle.Code != IdleStore {
			t.Errorf("idle: %+v", idle)
		}
		if us := len(r.journal.open); us != 1 {
			t.Errorf("%d open in the journal", us)
		}
		store.setAway(nil)
		v = r.until(EventOpened).InteractionView
		if v.Content.RecordID != "r2" {
			t.Errorf("%+v", v.Content)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if rec := store.records[0]; rec.Result != Answer || rec.Status != Updated {
			t.Errorf("%+v", rec.Record)
		}
		r.close()
	})
}

// The journal cannot be written: the click is refused, nothing is dialled, the
// Dial that was on its way ends.
func TestJournalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(3, "0")...)
		r := newRig(t, t.TempDir(), store)
		r.begin("ann")
		v := r.until(EventOpened).InteractionView
		r.journal.fail = func() error { return errors.New("no space left on device") }
		var no *NotPossible
		if err := r.c.Do(t.Context(), ClickShown{v.Agent, v.ID}); !errors.As(err, &no) || no.Reason.Code != ReasonJournal {
			t.Errorf("answered %v", err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if slices.Contains(r.line.commands, "campaign.Dial") {
			t.Error("dialled without a journal")
		}
		if p := r.c.floor.campaigns[0].pause; p == nil || p.Code != ReasonJournal {
			t.Errorf("pause: %+v", p)
		}
		r.close()
	})
}

// A Dial whose event cannot be written is not placed, and ends all the same.
func TestDialWithoutJournalEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), newMemStore())
		synctest.Wait() // the floor is ours from here on
		after := r.c.after(Effects{}, r.c.atOnce([]Command{Dial{Attempt: "x"}, Hangup{Attempt: "x"}, Hold{Attempt: "y"}}), nil)
		if fmt.Sprint(r.line.commands) != "[campaign.Hold]" {
			t.Errorf("at once: %v", r.line.commands)
		}
		r.c.floor.works = append(r.c.floor.works, &work{id: "i", agent: &agent{}, attempt: Attempt{ID: "x"}, state: StateDialing})
		after(errors.New("disk full"))
		synctest.Wait()
		if len(r.c.unsent) != 0 || slices.Contains(r.line.commands, "campaign.Dial") {
			t.Errorf("unsent %v, commands %v", r.c.unsent, r.line.commands)
		}
		if w := r.c.floor.works[0]; w.state != StateWrapUp || w.attempt.DialerResult != DialError {
			t.Errorf("%s %s", w.state, w.attempt.DialerResult)
		}
		r.close()
	})
}

// A contact is joined once, when the record is in the journal; a journal that
// takes its time keeps nobody waiting, and what is behind the Connect stays so.
func TestConnectInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), newMemStore())
		synctest.Wait()
		done := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := fmt.Sprint(r.line.commands); got != want {
				t.Errorf("done %s, want %s", got, want)
			}
		}
		prompt := r.c.after(Effects{}, r.c.atOnce([]Command{Connect{Attempt: "x"}}), nil)
		done("[]")
		prompt(nil)
		time.Sleep(2 * connectWithin)
		done("[campaign.Connect]")
		slow := r.c.after(Effects{}, r.c.atOnce([]Command{Connect{Attempt: "y"}, Hold{Attempt: "y"}}), nil)
		time.Sleep(connectWithin)
		done("[campaign.Connect campaign.Connect]")
		slow(nil)
		done("[campaign.Connect campaign.Connect campaign.Hold]")
		if len(r.c.unsent)+len(r.c.early) != 0 {
			t.Errorf("left over: %v, %v", r.c.unsent, r.c.early)
		}
		r.close()
	})
}

// kill -9 in the middle of everything: calls are hung up from the journal,
// their records are stale; what was only leased goes back; what was permitted
// but never sent keeps its place; what was settled is settled.
func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		store := newMemStore(testRecords(7, "0")...)
		lease := func(k Key) Lease {
			l, err := store.Lease(t.Context(), LeaseQuery{Lists: []string{"l"}, Process: "p", Now: time.Now()})
			if err != nil || l.Record.Key != k {
				t.Fatal(l.Record.Key, err)
			}
			return l
		}
		permit := func(l Lease, id AttemptID) Attempt {
			q := PermitQuery{Attempt: id, Lease: l, Process: "p", Number: l.Record.Phone, Person: l.Record.Person, Rules: Rules{Running: true, Allow: []string{"+49"}}, Now: time.Now()}
			if err := store.Permit(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			return store.attempts[id].Attempt
		}
		j, err := OpenJournal(JournalConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		keep := func(a Attempt, r Record) {
			if _, err := j.Append(Event{Kind: EventDialing, At: time.Now(), Attempt: a.ID, Keep: &Keep{Attempt: &a, Record: &r}}); err != nil {
				t.Fatal(err)
			}
		}
		l1 := lease(1) // talking
		a := permit(l1, "talking")
		a.Token, a.AnsweredAt = []byte("tok1"), time.Now()
		keep(a, l1.Record)
		l2 := lease(2) // ringing
		a = permit(l2, "ringing")
		a.Token = []byte("tok2")
		keep(a, l2.Record)
		permit(lease(3), "unsent")
		lease(4)
		l5 := lease(5) // settled, but the store does not know
		a = permit(l5, "settled")
		a.EndedAt, a.DialerResult = time.Now(), Busy
		s := Outcome(spring(), l5, a, Wrap{}, time.Now())
		if _, err := j.Append(Event{Kind: EventEnded, Keep: &Keep{Settlement: &s}}); err != nil {
			t.Fatal(err)
		}
		l6 := lease(6) // after-call work with a result
		a = permit(l6, "wrapped")
		a.AnsweredAt, a.EndedAt, a.DialerResult, a.Result, a.Note = time.Now(), time.Now(), Answer, WrongParty, "later"
		keep(a, l6.Record)
		l7 := lease(7) // after-call work without
		a = permit(l7, "unsaid")
		a.AnsweredAt, a.EndedAt, a.DialerResult, a.Note = time.Now(), time.Now(), Answer, "half a no"
		keep(a, l7.Record)
		j.Close()

		r := newRig(t, dir, store)
		slices.Sort(r.line.recovered)
		if fmt.Sprint(r.line.recovered) != "[tok1 tok2]" {
			t.Errorf("hung up: %v", r.line.recovered)
		}
		var got []string
		for _, rec := range store.records {
			got = append(got, fmt.Sprintf("%s %s %d", rec.Status, rec.Result, rec.Attempts))
			if rec.by != "" {
				t.Errorf("record %d is still leased", rec.Key)
			}
		}
		want := []string{"stale unknown 1", "stale unknown 1", "ready unknown 0", "ready unknown 0", "ready busy 1", "updated wrong-party 1", "stale unknown 1"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if n := store.records[6].Note; n != "half a no" {
			t.Errorf("note %q", n)
		}
		for id, a := range store.attempts {
			if a.settled != 1 || a.EndedAt.IsZero() {
				t.Errorf("%s: settled %d times, ended %s", id, a.settled, a.EndedAt)
			}
		}
		// The machine leaves the stale ones alone.
		r.begin("ann")
		if v := r.until(EventOpened).InteractionView; v.Content.RecordID != "r3" {
			t.Errorf("offered %s", v.Content.RecordID)
		}
		r.close()

		// And a second restart finds nothing to do.
		r = newRig(t, dir, store)
		if len(r.line.recovered) != 0 {
			t.Errorf("hung up once more: %v", r.line.recovered)
		}
		r.close()
	})
}

// SIGTERM: no new dials, the live call ends by itself; another ends it.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(4, "0")...)
		r := newRigOf(t, t.TempDir(), store, FloorConfig{Process: "p", ReturnWithin: -1}, nil)
		r.begin("ann")
		v := r.until(EventOpened).InteractionView
		r.do(ClickShown{v.Agent, v.ID})
		r.until(EventJoined)
		begin := time.Now()
		done := make(chan error)
		go func() { done <- r.c.Drain(t.Context(), time.Minute) }()
		time.Sleep(10 * time.Second)
		if err := r.c.Do(t.Context(), ClickLogin{Agent: "ben"}); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil || time.Since(begin) != time.Minute {
			t.Errorf("drained after %s: %v", time.Since(begin), err)
		}
		if a := store.attempts[store.order[0]]; a.settled != 1 || a.EndedBy != ByDialer || a.Result != Answer {
			t.Errorf("%+v", a)
		}
		if len(store.order) != 1 {
			t.Error("dialled while it was being stopped")
		}
		r.close()
	})
}

// A store that takes nothing does not keep the program from ending; the next
// start finds in the journal what it lacks.
func TestDrainWithoutStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, store := t.TempDir(), newMemStore(testRecords(4, "0")...)
		r := newRigOf(t, dir, store, FloorConfig{Process: "p", ReturnWithin: -1}, nil)
		r.begin("ann")
		v := r.until(EventOpened).InteractionView
		r.do(ClickShown{v.Agent, v.ID})
		r.until(EventJoined)
		store.mu.Lock()
		store.away = errors.New("the disk is full")
		store.mu.Unlock()
		begin := time.Now()
		err := r.c.Drain(t.Context(), 10*time.Second)
		if took := time.Since(begin); err == nil || took > 10*time.Second+closeWithin {
			t.Errorf("drained after %s: %v", took, err)
		}
		if err := r.c.Settled(t.Context()); err == nil {
			t.Error("settled without a store")
		}
		r.close()
		store.mu.Lock()
		store.away = nil
		store.mu.Unlock()
		r = newRig(t, dir, store)
		if a := store.attempts[store.order[0]]; a.settled != 1 || a.EndedBy != ByDialer {
			t.Errorf("after the next start: %+v", a)
		}
		r.close()
	})
}

func TestEndCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), newMemStore(testRecords(4, "0")...))
		r.begin("ann")
		v := r.until(EventOpened).InteractionView
		r.do(ClickShown{v.Agent, v.ID})
		r.until(EventJoined)
		go func() {
			time.Sleep(3 * time.Second)
			r.c.EndCalls()
		}()
		begin := time.Now()
		if err := r.c.Drain(t.Context(), time.Hour); err != nil || time.Since(begin) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		r.close()
	})
}

// An engaged agent's snapshot and events hold nothing of the record before the
// answer; the supervisor's do, and other agents see none of it ever.
func TestViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), newMemStore(testRecords(1, "0")...))
		r.begin()
		r.do(ClickLogin{Agent: "eva", Engaged: true}, ClickJoin{"eva", "spring"}, ClickStatus{"eva", AgentReady, ""}, ClickLogin{Agent: "ben"})
		eva, ben, boss := Viewer{Agent: "eva", Role: RoleAgent}, Viewer{Agent: "ben", Role: RoleAgent}, Viewer{Agent: "bea", Role: RoleSupervisor}
		holds := func(v Viewer) bool {
			s, err := r.c.Snapshot(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := json.Marshal(s)
			return strings.Contains(string(b), "Name1") || strings.Contains(string(b), "+4930123")
		}
		v := r.until(EventOpened).InteractionView
		if holds(eva) || holds(ben) || !holds(boss) {
			t.Errorf("before the answer: eva %v, ben %v, boss %v", holds(eva), holds(ben), holds(boss))
		}
		r.do(ClickShown{v.Agent, v.ID})
		e := r.until(EventAnswered)
		if seen, ok := View(e, eva); !ok || seen.InteractionView.Content == nil || seen.InteractionView.Content.Name != "Name1" {
			t.Errorf("the answer does not fill the view: %+v", seen.InteractionView)
		}
		if _, ok := View(e, ben); ok {
			t.Error("ben sees eva's call")
		}
		for _, e := range []Event{{Kind: EventAgent, Agent: "eva", AgentView: &AgentView{}}, {Kind: EventPopup, Agent: "eva"}, {Kind: EventDeclineLots, Agent: "ben"}} {
			if _, ok := View(e, ben); ok {
				t.Errorf("ben sees %s of %s", e.Kind, e.Agent)
			}
			if _, ok := View(e, boss); !ok {
				t.Errorf("the supervisor does not see %s", e.Kind)
			}
		}
		if !holds(eva) || holds(ben) {
			t.Error("after the answer")
		}
		s, _ := r.c.Snapshot(t.Context(), ben)
		if len(s.Agents) != 1 || len(s.Interactions) != 0 || len(s.Campaigns[0].Joined) != 0 {
			t.Errorf("ben sees %+v", s)
		}
		r.do(ClickHangup{v.Agent, v.ID})
		r.until(EventEnded)
		r.close()
	})
}

func TestNewControllerNeedsItsParts(t *testing.T) {
	if _, err := NewController(ControllerConfig{}); err == nil {
		t.Error("made of nothing")
	}
	var c Controller
	if err := c.Do(context.Background(), ClickLogin{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// Who was erased is forgotten by a running floor: by the agent's last calls, by
// undo, and by the events that a browser which comes back gets.
func TestControllerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "1")...)
		r := newRig(t, t.TempDir(), store)
		defer r.close()
		r.begin("ann")
		i := r.until(EventOpened).InteractionView
		number := i.Content.Number
		r.do(ClickShown{Agent: "ann", Interaction: i.ID})
		r.until(EventEnded)
		time.Sleep(5 * time.Second) // the view closes by itself
		before := r.journal.Last()
		snap := r.snapshot(Viewer{Role: RoleAdministrator})
		if len(snap.Recent) != 1 || number == "" {
			t.Fatalf("recent %+v", snap.Recent)
		}
		r.do(ClickForget{Numbers: []string{number}})
		snap = r.snapshot(Viewer{Role: RoleAdministrator})
		if len(snap.Recent) != 0 {
			t.Errorf("still recent: %+v", snap.Recent)
		}
		if err := r.c.Do(t.Context(), ClickUndo{Agent: "ann"}); err == nil {
			t.Error("a forgotten call can be undone")
		}
		if _, open := <-first(r.c.Subscribe(before)); open {
			t.Error("what was shown before is shown again")
		}
		events, cancel := r.c.Subscribe(snap.N)
		r.do(ClickStatus{"ann", AgentNotReady, "Pause"})
		if e, open := <-events; !open || e.N <= snap.N {
			t.Errorf("after the snapshot: %+v, open %v", e, open)
		}
		cancel()
	})
}
