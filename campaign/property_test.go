package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a floor with a store and a line, in virtual time: rapid draws what
// happens next, and after every step the promises are checked.
type world struct {
	t     *rapid.T
	f     *Floor
	s     *memStore
	now   time.Time
	next  time.Time
	ids   int
	queue []StoreOp // not yet done
	camps []string
	names []AgentID

	permits map[AttemptID]bool // given, not yet used
	live    map[AttemptID]Dial // dialled, not ended
	ended   map[AttemptID]int  // times the line said Ended
	settled map[AttemptID]int
	inbound map[AttemptID]bool // that still ring or are answered
	stopped bool
	input   any                     // of the floor, just now
	heard   map[AttemptID]bool      // somebody has answered
	rings   map[AttemptID]time.Time // since when, or since when it is dialled
	rang    map[AttemptID]bool
	// Of calls dialled ahead:
	answered map[AttemptID]time.Time
	seated   map[AttemptID]bool // an agent was connected
	letGo    map[AttemptID]bool // the announcement, or our hang-up
	abandons int
	joins    int
	rungOut  int
	kinds    map[EventKind]int      // of what happened
	fx       Effects                // of the input just now
	optOuts  optOuts                // what became of whom
	asked    map[InteractionID]bool // what there was when the floor asked the store
	files    map[string]bool        // recordings that were begun and not deleted
	recorded int                    // how many were begun
	journal  *Journal               // without a file: what it would know
	returned int                    // after-call work that outlived the floor
	// rapid prefers small numbers, which is right for what happens and wrong
	// for which kind of thing happens.
	dice *rand.Rand
}

const secret = "Geheimrat" // in every field of every record

func newWorld(t *rapid.T, modes ...Mode) *world {
	w := &world{
		t: t, now: noon(), dice: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "dice"), 1)), permits: map[AttemptID]bool{}, live: map[AttemptID]Dial{},
		heard: map[AttemptID]bool{}, rings: map[AttemptID]time.Time{}, rang: map[AttemptID]bool{},
		kinds: map[EventKind]int{}, journal: &Journal{open: map[AttemptID]*Unfinished{}}, answered: map[AttemptID]time.Time{}, seated: map[AttemptID]bool{}, letGo: map[AttemptID]bool{},
		ended: map[AttemptID]int{}, inbound: map[AttemptID]bool{}, files: map[string]bool{}, settled: map[AttemptID]int{}, names: []AgentID{"ann", "ben", "eva"},
	}
	var rs []Record
	for i := range 3 + w.dice.IntN(8) {
		r := Record{
			List: "l1", ID: fmt.Sprint(secret, i), Name: secret, Phone: fmt.Sprintf("+4930123450%02d", i),
			Fields: []Field{{"Ort", secret}},
		}
		switch w.dice.IntN(8) {
		case 0: // the number of another record, in another list
			r.List, r.Phone = "l2", "+493012345000"
		case 1: // a chain
			r.Chain, r.Person = "c", "chain:c"
			if i > 0 {
				r.Status = ChainReady
			}
		case 2:
			r.Owner, r.Type = "ann", PersonalCallback
		}
		rs = append(rs, r)
	}
	w.s = newMemStore(rs...)
	w.f = NewFloor(FloorConfig{
		Process: "p", Inbound: InboundRule{Agents: true, Announcement: []string{"", "nobody.wav"}[w.dice.IntN(2)], OptOut: "9"},
		Pacer:        []Pacer{OneToOne{}, linesPacer{3}, greedyPacer{}, recklessPacer{}}[w.dice.IntN(4)],
		ReturnWithin: []time.Duration{0, -1}[w.dice.IntN(2)],
		Manual:       ManualRules{Rules: Rules{Allow: []string{"+49"}, Profiles: []Profile{{MinRing: 15 * time.Second}}, CallerIDs: []string{"+4930901821"}}, CallerID: "+4930901821", RingTimeout: 5 * time.Second},
		NewID:        func(p string, _ time.Time) string { w.ids++; return p + strconv.Itoa(w.ids) },
	})
	if len(modes) == 0 {
		modes = []Mode{ModeProgressive, ModeProgressive, ModePredictive, ModePushPreview, ModePreview}
	}
	for i, list := range []string{"l1", "l2"} {
		c := spring()
		c.Name, c.Lists, c.Agents, c.Priority = "camp"+list, []string{list}, AgentSet{All: true}, i
		c.Mode = modes[w.dice.IntN(len(modes))]
		c.Accept = rapid.SampledFrom([]AcceptMode{AcceptClick, AcceptClick, AcceptAuto}).Draw(t, "accept")
		c.Results = []OfferedResult{{Answer, false}, {AnsweringMachine, true}, {Busy, false}}
		c.CallerID, c.RingTimeout = "+4930901820", 5*time.Second // less than the profile asks
		c.Fields = FieldSets{Preview: []string{"campaign", "name", "phone"}, Case: []string{"campaign", "phone"}, Record: []string{"Ort"}}
		c.Rules = Rules{
			Profiles: []Profile{{Country: "lab", MaxPerDay: 4, MinRing: 15 * time.Second, NeedsCallerID: true, Hours: daily(hm(8, 0), hm(20, 0))}},
			Allow:    []string{"+49"}, CallerIDs: []string{"+4930901820", "+4930901821"}, MaxAttempts: 5, MinGap: time.Minute, MaxCalls: 2, PerSecond: 2,
			MaxAbandoned: []float64{0, 0.3, 1}[w.dice.IntN(3)],
		}
		if c.Mode == ModePredictive {
			c.Rules.MaxCalls, c.Rules.PerSecond = 6, 6
		}
		w.camps = append(w.camps, c.Name)
		w.apply(ClickApply{Campaign: c, State: Running})
	}
	for _, n := range w.names {
		w.apply(ClickLogin{Agent: n, Engaged: n == "eva"})
		for _, c := range w.camps {
			w.apply(ClickJoin{n, c})
		}
		w.apply(ClickStatus{Agent: n, Status: AgentReady})
	}
	return w
}

// apply is a step of the floor, and everything that must hold of it.
func (w *world) apply(in any) error {
	free := map[string]int{} // before: what follows from the input comes after the question
	for _, c := range w.camps {
		free[c] = w.free(c)
	}
	w.input = in
	fx, next := w.f.Apply(in, w.now)
	w.fx = fx
	if !next.IsZero() && !next.After(w.now) {
		w.t.Fatalf("asked to be asked at %s, and it is %s", next, w.now)
	}
	w.next = next
	if fx.Err != nil && len(fx.Line)+len(fx.Store) > 0 && !onlyLeases(fx.Store) {
		w.t.Fatalf("%T refused (%v), and yet: %+v", in, fx.Err, fx)
	}
	for _, e := range fx.Events {
		w.event(e)
	}
	for _, o := range fx.Store {
		p, ok := o.(OpPermit)
		if !ok || p.Query.Agent != "" || p.Query.Ahead {
			continue
		}
		if c := p.Query.Campaign; w.unseated(c) >= max(free[c], w.free(c)) {
			w.t.Fatalf("%s is asked as one for a free agent: %d without one are under way, %d agents are free", p.Query.Attempt, w.unseated(c), w.free(c))
		}
	}
	w.queue = append(w.queue, fx.Store...)
	if slices.ContainsFunc(fx.Store, func(o StoreOp) bool { _, ok := o.(OpLook); return ok }) {
		w.asked = map[InteractionID]bool{}
		for _, x := range w.f.works {
			w.asked[x.id] = true
		}
	}
	for _, o := range fx.Store {
		if s, ok := o.(OpSettle); ok && !s.Settlement.Correction {
			w.settled[s.Settlement.Attempt.ID]++
			if w.live[s.Settlement.Attempt.ID].Attempt != "" {
				w.t.Fatalf("%s is settled while it lives", s.Settlement.Attempt.ID)
			}
		}
	}
	for _, c := range fx.Line {
		w.command(c)
	}
	w.desks()
	return fx.Err
}

func onlyLeases(ops []StoreOp) bool {
	return !slices.ContainsFunc(ops, func(o StoreOp) bool { _, ok := o.(OpLease); return !ok })
}

// command: a Dial needs a permit of its own, and nobody is called twice at a
// time.
func (w *world) command(c Command) {
	d, ok := c.(Dial)
	if !ok {
		switch c := c.(type) {
		case RejectCall:
			delete(w.inbound, c.Attempt)
		case RecordCall:
			w.records(c)
		case AnswerCall:
			if !w.inbound[c.Attempt] {
				w.t.Fatalf("answers %s, which does not ring", c.Attempt)
			}
		}
		w.ahead(c)
		if h, ok := c.(Hangup); ok {
			w.cancels(h)
		}
		if h, ok := c.(Hangup); ok && w.live[h.Attempt].Attempt == "" && w.ended[h.Attempt] == 0 && !w.inbound[h.Attempt] {
			w.t.Fatalf("hangs up %s, which was never dialled", h.Attempt)
		}
		return
	}
	if d.Agent == "" && !w.staffed(w.s.attempts[d.Attempt].Campaign) {
		w.t.Fatalf("%s is dialled, and nobody is there to talk", d.Attempt)
	}
	if !w.permits[d.Attempt] {
		w.t.Fatalf("%s is dialled without a permit", d.Attempt)
	}
	delete(w.permits, d.Attempt)
	if a := w.s.attempts[d.Attempt]; w.s.bars(a.Number, a.Person) != nil {
		w.t.Fatalf("%s is dialled, and %s wants no calls", d.Attempt, a.Person)
	}
	if w.ended[d.Attempt] > 0 || w.live[d.Attempt].Attempt != "" {
		w.t.Fatalf("%s is dialled twice", d.Attempt)
	}
	for other := range w.live {
		a, b := w.s.attempts[other], w.s.attempts[d.Attempt]
		if a.Number == b.Number || a.Person == b.Person || (a.Record == b.Record && a.Record != 0) {
			w.t.Fatalf("%s and %s: one record, number or person called twice", other, d.Attempt)
		}
	}
	w.live[d.Attempt], w.rings[d.Attempt] = d, w.now
	if own := map[bool]string{true: "+4930901821", false: "+4930901820"}[w.s.attempts[d.Attempt].Campaign == ""]; d.CallerID != own {
		w.t.Fatalf("%s shows the number %q, and not %s as always", d.Attempt, d.CallerID, own)
	}
}

// cancels: what nobody has answered rings for 15 s at least, unless a person
// hangs up, the contact wants no calls, or the program is made to stop.
func (w *world) cancels(h Hangup) {
	if x := w.f.workOf(h.Attempt); x != nil && x.kind == KindConsult {
		return // a colleague's telephone, which is hung up with the call it is about
	}
	if w.live[h.Attempt].Attempt == "" || w.heard[h.Attempt] {
		return
	}
	switch by := w.input.(type) {
	case ClickHangup, ClickQuick:
		if h.By == ByAgent {
			return
		}
	case FinishFloor:
		return
	default:
		if h.By == ByDialer && h.Reason == "opt-out" {
			return
		}
		if h.By == ByDialer && h.Reason == HangupRingTimeout && w.now.Sub(w.rings[h.Attempt]) >= 15*time.Second {
			w.rungOut++
			return
		}
		w.t.Fatalf("%s is cancelled after %s, because %T: %s %s", h.Attempt, w.now.Sub(w.rings[h.Attempt]), by, h.By, h.Reason)
	}
	w.t.Fatalf("%s is cancelled after %s: %s %s", h.Attempt, w.now.Sub(w.rings[h.Attempt]), h.By, h.Reason)
}

// greedyPacer would ring everybody at once: only the gate is in its way.
type greedyPacer struct{}

func (greedyPacer) Dials(PacingState) (int, *Reason) { return 10, nil }

// recklessPacer says besides that hardly anything can go wrong.
type recklessPacer struct{ greedyPacer }

func (recklessPacer) AtRisk(PacingState) int { return 1 }

// unseated counts the calls of a campaign that have no agent, by what the line
// was told.
func (w *world) unseated(campaign string) (n int) {
	for id, d := range w.live {
		if x := w.f.workOf(id); x != nil && x.agent != nil {
			continue // offered to somebody
		}
		if d.Agent == "" && !w.seated[id] && !w.letGo[id] && w.s.attempts[id].Campaign == campaign {
			n++
		}
	}
	return n
}

func (w *world) free(campaign string) (n int) {
	for _, a := range w.f.agents {
		if a.status == AgentReady && a.work == nil && a.joined[campaign] {
			n++
		}
	}
	return n
}

// staffed: somebody has joined who is Ready, whatever she does now.
func (w *world) staffed(campaign string) bool {
	return slices.ContainsFunc(w.f.agents, func(a *agent) bool {
		return (a.status == AgentReady || a.after == AgentReady) && a.joined[campaign]
	})
}

// ahead checks what is done with calls that were dialled without an agent.
func (w *world) ahead(c Command) {
	id := attemptOf(c)
	at, ours := w.answered[id]
	first := ours && !w.seated[id] && !w.letGo[id]
	late := first && w.now.After(at.Add(2*time.Second))
	switch c := c.(type) {
	case Connect:
		if late {
			w.t.Fatalf("%s is joined %s after the answer", id, w.now.Sub(at))
		}
		if first {
			w.joins++
		}
		w.seated[id] = true
	case Play, Hangup:
		if _, plays := c.(Play); plays && late {
			w.t.Fatalf("the announcement of %s begins %s after the answer", id, w.now.Sub(at))
		}
		if first {
			w.abandons++
		}
		w.letGo[id] = true
	}
}

// event: what is offered is first in order; what an engaged agent gets to see
// before the answer holds nothing of the record.
func (w *world) event(e Event) {
	w.kinds[e.Kind]++
	w.journal.note(e)
	if e.Kind == EventOffered || e.Kind == EventOpened && e.InteractionView.State == StateOpening {
		w.order(e)
	}
	for _, n := range w.names {
		seen, ok := View(e, Viewer{Agent: n, Role: RoleAgent})
		if !ok || seen.InteractionView == nil {
			continue
		}
		if seen.InteractionView.Agent != n {
			w.t.Fatalf("%s sees %+v", n, seen.InteractionView)
		}
		b, err := json.Marshal(seen)
		if err != nil {
			w.t.Fatal(err)
		}
		if seen.InteractionView.Blank && (bytes.Contains(b, []byte(secret)) || bytes.Contains(b, []byte("+4930123"))) {
			w.t.Fatalf("the blank record of an engaged agent: %s", b)
		}
	}
}

// order: no other record stands above the one that is offered, among those
// that went to the top and could be offered to anybody.
func (w *world) order(e Event) {
	work := w.f.agent(e.Agent).work
	if work.answered() {
		return // dialled ahead: the contact is on the line
	}
	r := work.lease.Record
	if work.decidedAt != (time.Time{}) && e.Kind == EventOpened && !work.doc.accepts() {
		return // it was offered before
	}
	if r.Owner == e.Agent && r.Owner != "" {
		return // her own callback goes first
	}
	for _, o := range w.queue {
		if rel, ok := o.(OpRelease); ok && rel.Release.Top {
			w.t.Fatalf("record %d is offered while %d is on its way to the top", r.Key, rel.Lease.Record.Key)
		}
	}
	for _, o := range w.s.leasable(work.doc.Lists, e.Agent, w.now) {
		if o.Owner == "" && o.Top > r.Top {
			w.t.Fatalf("record %d (top %d) is offered before %d (top %d)", r.Key, r.Top, o.Key, o.Top)
		}
	}
}

// desks: one thing at a time on each desk, and previews for the Ready only.
func (w *world) desks() {
	for id, at := range w.answered {
		if w.live[id].Attempt != "" && !w.seated[id] && !w.letGo[id] && w.now.After(at.Add(2*time.Second)) {
			w.t.Fatalf("%s was answered %s ago, and neither joined nor abandoned", id, w.now.Sub(at))
		}
	}
	seen := map[*agent]bool{}
	records := map[Key]bool{}
	for _, x := range w.f.works {
		if x.kind == KindConsult {
			if x.main != nil && x.main.side != x || x.main == nil && x.state != StateOver {
				w.t.Fatalf("consultation %s and its call are at odds", x.id)
			}
			if x.state == StateTalking && x.agent.soundless {
				w.t.Fatalf("%s has lost her headset and consults", x.agent.id)
			}
			continue
		}
		if x.side != nil && x.side.main != x {
			w.t.Fatalf("%s and its consultation are at odds", x.id)
		}
		if x.agent != nil && seen[x.agent] {
			w.t.Fatalf("%s has two interactions", x.agent.id)
		}
		seen[x.agent] = true
		if x.heir != nil && x.state != StateParked || x.heir != nil && x.heir.from != x || x.from != nil && x.from.heir != x {
			w.t.Fatalf("%s and the offer to take it over are at odds", x.id)
		}
		if (x.state == StateTakeOver) != (x.from != nil) {
			w.t.Fatalf("%s is %s, and its call is not at another desk", x.id, x.state)
		}
		if x.state == StateTalking && x.agent.soundless {
			w.t.Fatalf("%s has lost her headset, and the contact hears nothing", x.agent.id)
		}
		if x.state == StateTakeOver {
			continue // the record is on the other desk
		}
		if k := x.lease.Record.Key; k != 0 && x.kind == KindCampaign && !x.settled && !x.correction && x.state != StateRefused {
			if records[k] {
				w.t.Fatalf("record %d is on two desks", k)
			}
			records[k] = true
		}
		if x.state == StateOffered && x.agent.status != AgentReady {
			w.t.Fatalf("%s is %s and has a preview", x.agent.id, x.agent.status)
		}
		if x.state == StateOffered && !x.answered() && (x.camp.state != Running || x.camp.pause != nil) {
			w.t.Fatal("a campaign that does not run has a preview open")
		}
	}
}

// storeStep does the oldest operation and hands back its answer.
func (w *world) storeStep() {
	w.queue = slices.DeleteFunc(w.queue, func(o StoreOp) bool { _, ok := o.(OpLeave); return ok }) // there is one process
	if len(w.queue) == 0 {
		return
	}
	op := w.queue[0]
	w.queue = w.queue[1:]
	ctx := context.Background()
	away := w.dice.IntN(20) == 0 && !w.stopped
	switch op := op.(type) {
	case OpLease:
		in := Leased{Seq: op.Seq, Agent: op.Query.Agent, Err: errors.New("away")}
		if !away {
			op.Query.Now, op.Query.Until = w.now, w.now.Add(time.Minute)
			in.Lease, in.Err = w.s.Lease(ctx, op.Query)
		}
		w.apply(in)
	case OpPermit:
		in := Permitted{Interaction: op.Interaction, Attempt: op.Query.Attempt, Err: errors.New("away")}
		if !away {
			op.Query.Now = w.now
			blocked := w.s.bars(op.Query.Number, op.Query.Person) != nil
			if blocked {
				w.optOuts.refused++
			}
			if in.Err = w.s.Permit(ctx, op.Query); in.Err == nil {
				w.permits[op.Query.Attempt] = true
				if n := w.s.answers(op.Query.Campaign, w.now).Day; op.Query.Ahead && float64(n.Abandoned+1) > op.Query.Rules.MaxAbandoned*float64(n.Answered) {
					w.t.Fatalf("permit beyond one to one, and %d of %d are abandoned", n.Abandoned, n.Answered)
				}
				if blocked {
					w.t.Fatalf("permit for %s, which is on the do-not-call list", op.Query.Number)
				}
			}
		}
		w.apply(in)
	case OpAnswers:
		n, err := w.s.Answers(ctx, op.Campaign, w.now)
		w.apply(Counted{Campaign: op.Campaign, Answers: n, Err: err})
	case OpAdmit:
		in := Admitted{Attempt: op.Attempt.ID, Err: errors.New("away")}
		if !away {
			in.Caller, in.Err = w.s.Admit(ctx, op.Attempt)
		}
		w.apply(in)
	case OpRelease:
		w.must(w.s.Release(ctx, op.Lease, op.Release))
	case OpSettle:
		w.must(w.s.Settle(ctx, op.Settlement))
		w.journal.note(Event{Keep: &Keep{Stored: op.Settlement.Attempt.ID, Turn: op.Settlement.Turn}})
		if op.Settlement.Block != nil {
			w.apply(StoreChanged{})
		}
	case OpOffer:
		w.must(w.s.AddOffer(ctx, op.Offer))
	case OpBlock:
		w.must(w.s.Block(ctx, op.Entry))
	case OpLook:
		w.looked(op)
	}
}

func (w *world) must(err error) {
	if err != nil && !errors.Is(err, ErrLost) {
		w.t.Fatal(err)
	}
}

// advance lets time pass; what falls due happens at its time.
func (w *world) advance(d time.Duration) {
	until := w.now.Add(d)
	for !w.next.IsZero() && !w.next.After(until) {
		w.now = w.next
		w.apply(nil)
	}
	w.now = until
	w.apply(nil)
}

func (w *world) lineStep() {
	for _, id := range sortedKeys(w.inbound) {
		k := rapid.SampledFrom([]LineEventKind{LineAnswered, LineEnded}).Draw(w.t, "inbound")
		if x := w.f.workOf(id); k == LineAnswered && (x == nil || x.state != StateTaking && x.state != StateVoicemail) {
			continue
		}
		if k == LineEnded {
			delete(w.inbound, id)
		}
		w.apply(LineEvent{Kind: k, At: w.now, Attempt: id, By: ByContact})
	}
	if len(w.live) == 0 {
		return
	}
	id := rapid.SampledFrom(sortedKeys(w.live)).Draw(w.t, "call")
	ev := LineEvent{At: w.now, Attempt: id, Token: []byte("tok")}
	a := w.s.attempts[id]
	ev.Kind = rapid.SampledFrom([]LineEventKind{
		LineDialing, LineRinging, LineAnswered, LineAnswered, LineJoined, LineHeld, LineResumed, LinePlayed, LineRemoteHeld, LineEnded, LineEnded,
		LineUnheard, LineHeard,
	}).Draw(w.t, "line")
	if ev.Kind == LineEnded {
		w.endCall(id, ev, a)
		return
	}
	switch ev.Kind {
	case LineRinging:
		if !w.rang[id] {
			w.rang[id], w.rings[id] = true, w.now
		}
	case LineAnswered:
		w.heard[id] = true
	case LineHeard:
		w.voice(ev)
		return
	}
	if x := w.f.workOf(id); x != nil {
		switch {
		case ev.Kind == LineJoined && w.live[id].Agent == "" && !w.seated[id]:
			return // nobody was connected
		case ev.Kind == LineUnheard:
			ev.Agent = x.who()
		case ev.Kind == LineAnswered && w.live[id].Agent == "" && w.answered[id].IsZero() && (x.state == StateDialing || x.state == StateRinging):
			w.answered[id] = w.now
		}
	}
	w.apply(ev)
}

func (w *world) endCall(id AttemptID, ev LineEvent, _ *memAttempt) {
	ev.Kind = LineEnded
	ev.Result = rapid.SampledFrom([]CallResult{Busy, NoAnswer, Answer, AllTrunksBusy, DialError, Rejected, InvalidNumber}).Draw(w.t, "result")
	ev.Status = rapid.SampledFrom([]int{0, 200, 486, 487, 503, 607}).Draw(w.t, "status")
	ev.By = ByContact
	delete(w.live, id)
	w.ended[id]++
	w.apply(ev)
}

func sortedKeys[V any](m map[AttemptID]V) []AttemptID { return slices.Sorted(maps.Keys(m)) }

// click draws something a person does, sensible or not.
func (w *world) click() {
	n := w.names[w.dice.IntN(len(w.names))]
	var id InteractionID = "i0"
	a := w.f.agent(n)
	if a.work != nil {
		id = a.work.id
	}
	result := rapid.SampledFrom([]CallResult{Answer, AnsweringMachine, Busy}).Draw(w.t, "entry")
	yes := true
	cb := &Callback{At: w.now.Add(time.Hour), Personal: rapid.Bool().Draw(w.t, "personal"), Agreed: true}
	clicks := []Click{
		ClickAccept{n, id}, ClickAccept{n, id}, ClickShown{n, id}, ClickShown{n, id}, ClickShown{n, id}, ClickDecline{Agent: n, Interaction: id},
		ClickCall{n, id, ""}, ClickReturn{n, id, 0}, ClickRemove{n, id}, ClickHold{n, id}, ClickResume{n, id}, ClickHangup{n, id},
		ClickDone{n, id, DoneOnly}, ClickDone{n, id, DoneAndNext}, ClickQuick{n, id, AnsweringMachine},
		ClickResult{n, id, Entry{Result: &result}}, ClickResult{n, id, Entry{Result: &result}}, ClickResult{n, id, Entry{NoCall: &yes}}, ClickResult{n, id, Entry{Callback: cb}},
		ClickStatus{n, AgentReady, ""}, ClickStatus{n, AgentReady, ""}, ClickStatus{n, AgentNotReady, "Pause"}, ClickStatus{n, AgentAfterCall, ""}, ClickUndo{n}, ClickExtend{n, id},
		ClickManual{n, "+493012345000"}, ClickManual{n, "+4930777"}, ClickGetRecord{n, w.camps[0]}, ClickGetRecord{n, w.camps[1]},
		ClickLogin{Agent: n, Engaged: n == "eva"}, ClickLogout{n}, ClickJoin{n, w.camps[0]}, ClickLeave{n, w.camps[0]},
		ClickConsult{n, id, "+4930777" + string(n[0]%10+'0')}, ClickConference{n, id}, ClickTransfer{n, id, ""},
	}
	if a.work != nil && a.work.side != nil {
		side := a.work.side.id
		clicks = append(clicks, ClickHangup{n, side}, ClickHangup{n, side}, ClickResume{n, side}, ClickHold{n, side})
	}
	if len(a.recent) > 0 {
		clicks = append(clicks, ClickCorrect{n, a.recent[len(a.recent)-1].id, Entry{Result: &result}})
	}
	w.apply(clicks[w.dice.IntN(len(clicks))])
}

// work is what an agent would do who does her work.
func (w *world) work() {
	n := w.names[w.dice.IntN(len(w.names))]
	a := w.f.agent(n)
	result := rapid.SampledFrom([]CallResult{Answer, AnsweringMachine, Busy}).Draw(w.t, "entry")
	enter := func(x *work) Click { return ClickResult{n, x.id, Entry{Result: &result}} }
	x := a.work
	switch {
	case x == nil && a.undoUntil.After(w.now) && w.dice.IntN(5) == 0:
		w.apply(ClickUndo{n})
	case x == nil && a.status != AgentReady:
		for _, c := range []Click{ClickLogin{Agent: n, Engaged: n == "eva"}, ClickJoin{n, w.camps[0]}, ClickJoin{n, w.camps[1]}, ClickStatus{n, AgentReady, ""}} {
			w.apply(c)
		}
	case x == nil:
		w.apply(ClickGetRecord{n, rapid.SampledFrom(w.camps).Draw(w.t, "get")})
		w.storeStep()
	case x.state == StateOffered || x.state == StateIncoming || x.state == StateTakeOver:
		if w.dice.IntN(4) == 0 {
			w.apply(ClickDecline{Agent: n, Interaction: x.id})
		} else {
			w.apply(ClickAccept{n, x.id})
		}
	case x.state == StateOpening:
		w.apply(ClickShown{n, x.id})
	case x.state == StateOpen:
		w.apply(rapid.SampledFrom([]Click{ClickCall{n, x.id, ""}, ClickCall{n, x.id, ""}, ClickReturn{n, x.id, 0}, enter(x), ClickDone{n, x.id, ""}}).Draw(w.t, "open"))
	case x.state == StateTalking:
		talk := []Click{enter(x), ClickHangup{n, x.id}, ClickHold{n, x.id}, ClickQuick{n, x.id, AnsweringMachine}, ClickConsult{n, x.id, "+4930777" + string(n[0]%10+'0')}}
		if x.side != nil {
			talk = append(talk, ClickConference{n, x.id}, ClickTransfer{n, x.id, ""}, ClickResume{n, x.id}, ClickHangup{n, x.side.id})
		}
		w.apply(rapid.SampledFrom(talk).Draw(w.t, "talk"))
	case x.state == StateWrapUp:
		if rapid.Bool().Draw(w.t, "enter") {
			w.apply(enter(x))
		}
		w.apply(ClickDone{n, x.id, ""})
	}
}

// others is what happens beyond this floor: a contact calls, another process
// takes a record whose lease has run out.
func (w *world) others() {
	if w.dice.IntN(2) == 0 {
		w.ids++
		id := AttemptID(fmt.Sprint("in", w.ids))
		w.inbound[id] = true // until it is refused
		w.apply(LineEvent{Kind: LineIncoming, At: w.now, Attempt: id, Number: "+493012345001"})
		return
	}
	r := rapid.SampledFrom(w.s.records).Draw(w.t, "record")
	open := false
	for _, a := range w.s.attempts {
		open = open || (a.Record == r.Key && a.settled == 0)
	}
	if r.by == "p" && !open {
		r.by, r.Status = "", Updated
		r.fence++
	}
}

// headset loses or finds somebody's headset; where a call hangs on it, it goes
// on about that.
func (w *world) headset() {
	at := func(s InteractionState) *work {
		i := slices.IndexFunc(w.f.works, func(x *work) bool { return x.state == s })
		if i < 0 {
			return nil
		}
		return w.f.works[i]
	}
	lost := slices.IndexFunc(w.f.agents, func(a *agent) bool { return !a.hasSound() && (a.work == nil || a.work.state != StateParked) })
	switch parked, offer, talk := at(StateParked), at(StateTakeOver), at(StateTalking); {
	case offer != nil && w.dice.IntN(3) > 0:
		w.apply(ClickAccept{offer.agent.id, offer.id})
	case parked != nil && w.dice.IntN(2) == 0:
		w.advance(31 * time.Second)
		if offer = at(StateTakeOver); offer != nil && w.dice.IntN(3) > 0 {
			w.apply(ClickAccept{offer.agent.id, offer.id})
		}
	case parked != nil:
		w.apply(ClickHeadset{Agent: parked.agent.id, State: HeadsetUp})
	case lost >= 0:
		w.apply(ClickHeadset{Agent: w.f.agents[lost].id, State: HeadsetUp})
	case talk != nil:
		w.apply(ClickHeadset{Agent: talk.agent.id, State: HeadsetLost})
		w.advance(time.Duration(w.dice.IntN(6)) * time.Second)
	default:
		w.apply(ClickHeadset{Agent: w.names[w.dice.IntN(len(w.names))], State: []HeadsetState{HeadsetLost, HeadsetMissing}[w.dice.IntN(2)]})
	}
}

func (w *world) administrator() {
	c := rapid.SampledFrom(w.camps).Draw(w.t, "campaign")
	w.apply(rapid.SampledFrom([]Click{ClickStop{Campaign: c}, ClickStart{Campaign: c}, ClickStart{Campaign: c}, ClickUnload{Campaign: c}, ClickLoad{Campaign: c}}).Draw(w.t, "admin"))
}

// end shuts the floor down and checks the sum.
func (w *world) end() {
	w.stopped = true
	w.apply(DrainFloor{})
	w.apply(FinishFloor{})
	for i := 0; len(w.queue)+len(w.live)+w.unkept() > 0; i++ {
		if i > 1000 {
			w.t.Fatalf("does not come to an end: %d ops, %d calls, works %+v", len(w.queue), len(w.live), w.f.works[0])
		}
		for len(w.queue) > 0 {
			w.storeStep()
		}
		for _, id := range sortedKeys(w.inbound) {
			delete(w.inbound, id)
			w.apply(LineEvent{Kind: LineEnded, At: w.now, Attempt: id, By: ByContact})
		}
		for _, id := range sortedKeys(w.live) {
			w.endCall(id, LineEvent{At: w.now, Attempt: id}, nil)
		}
		w.advance(time.Second)
	}
	w.restart()
	for id := range w.answered {
		if a := w.s.attempts[id]; !w.seated[id] && a.DialerResult != Abandoned {
			w.t.Fatalf("%s was answered, never joined, and is %s", id, a.DialerResult)
		}
	}
	for id, a := range w.s.attempts {
		if a.settled != 1 || w.settled[id] != 1 {
			w.t.Fatalf("attempt %s settled %d times (%d asked for)", id, a.settled, w.settled[id])
		}
		if w.ended[id] > 1 {
			w.t.Fatalf("attempt %s ended %d times", id, w.ended[id])
		}
	}
	for _, r := range w.s.records {
		if r.Status == Retrieved || r.by != "" {
			w.t.Fatalf("record %d is lost: %s, leased by %q", r.Key, r.Status, r.by)
		}
	}
}

// Over random histories: never two calls for one record, number or person;
// never a call without its permit; every dial ends and is settled exactly once;
// no record is lost; what was declined is offered next; a blank record is blank.
func TestFloorProperties(t *testing.T) {
	var done, dials, returned, rungOut int
	decisions, kinds := map[Decision]int{}, map[EventKind]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(100, 400).Draw(t, "steps") {
			switch w.dice.IntN(43) {
			default:
				w.storeStep()
			case 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23:
				w.work()
			case 24, 25, 26:
				w.click()
			case 27, 28, 29, 30, 31, 32, 33:
				w.lineStep()
			case 34, 35, 36:
				w.advance(time.Duration(rapid.IntRange(0, 9).Draw(t, "seconds")) * time.Second)
			case 37:
				w.advance(time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes")) * time.Minute)
			case 38:
				w.others()
			case 39:
				w.administrator()
			case 40, 41, 42:
				w.headset()
			}
		}
		w.end()
		done++
		dials += len(w.ended)
		returned += w.returned
		rungOut += w.rungOut
		for k, n := range w.kinds {
			kinds[k] += n
		}
		for _, o := range w.s.offers {
			decisions[o.Decision]++
		}
	})
	// A world in which hardly anything happens proves nothing.
	t.Logf("%d histories, %d dials, %d rang out, offers %v, events %v", done, dials, rungOut, decisions, kinds)
	for _, k := range []EventKind{EventSoundLost, EventCutOff} {
		if done >= 100 && kinds[k] == 0 {
			t.Errorf("in %d histories never %s: %v", done, k, kinds)
		}
	}
	if done >= 100 && rungOut == 0 {
		t.Errorf("in %d histories only %d calls rang out", done, rungOut)
	}
	if done >= 100 && returned < done/20 {
		t.Errorf("in %d histories only %d times after-call work of an earlier process", done, returned)
	}
	if done >= 100 && (dials < done*2/3 || decisions[Declined] < done/10 || decisions[Missed] < done/4) {
		t.Errorf("too little happens: %d histories, %d dials, offers %v", done, dials, decisions)
	}
}

// The same where everything is dialled ahead: never a dial without agents,
// never more than one for each free agent when the budget is shut, and whoever
// answers is joined or let go within 2 s.
func TestFloorAhead(t *testing.T) {
	var done, dials, joins, abandons int
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, ModePredictive)
		for range rapid.IntRange(100, 300).Draw(t, "steps") {
			switch w.dice.IntN(40) {
			default:
				w.storeStep()
			case 14, 15, 16, 17, 18, 19:
				w.work()
			case 20, 21:
				w.click()
			case 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33:
				w.lineStep()
			case 34, 35, 36, 37:
				w.advance(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			case 38:
				w.advance(time.Duration(rapid.IntRange(1, 100).Draw(t, "seconds")) * time.Second)
			case 39:
				if w.dice.IntN(2) == 0 {
					w.headset()
				} else {
					w.administrator()
				}
			}
		}
		w.end()
		done, dials, joins, abandons = done+1, dials+len(w.ended), joins+w.joins, abandons+w.abandons
	})
	t.Logf("%d histories, %d dials, %d joined, %d abandoned", done, dials, joins, abandons)
	if done >= 100 && (joins < done/8 || abandons < done/30) {
		t.Errorf("too little is dialled ahead: %d joined, %d abandoned", joins, abandons)
	}
}
