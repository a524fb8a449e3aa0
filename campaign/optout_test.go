package campaign

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// optOuts counts what became of those who want no more calls.
type optOuts struct{ entered, withdrawn, rang, refused int }

// optOut enters somebody's wish at another process or at the command line: for
// a number, for the person with all of them, or both.
func (w *world) optOut() {
	r := rapid.SampledFrom(w.s.records).Draw(w.t, "whose")
	if i := slices.IndexFunc(w.s.records, func(r *memRecord) bool { return r.Chain != "" }); i >= 0 && w.dice.IntN(3) == 0 {
		r = w.s.records[i] // somebody with several numbers
	}
	e := DNCEntry{Number: r.Phone, Person: r.Person, At: w.now, By: "bea"}
	// Mostly somebody who is just being called.
	if i := slices.IndexFunc(w.f.works, func(x *work) bool { return x.state == StateRinging || x.state == StateDialing }); i >= 0 && w.dice.IntN(4) > 0 {
		e.Number, e.Person = w.f.works[i].attempt.Number, w.f.works[i].attempt.Person
	}
	switch w.dice.IntN(3) {
	case 0:
		e.Person = ""
	case 1:
		e.Number = ""
	}
	w.must(w.s.Block(w.t.Context(), e))
	w.optOuts.entered++
	w.apply(StoreChanged{})
	for len(w.queue) > 0 && w.dice.IntN(8) > 0 {
		w.storeStep()
	}
}

// looked hands the floor what the store knows, and checks that whoever was not
// reached yet and wants no calls is let go by it.
func (w *world) looked(op OpLook) {
	qs := make([]PermitQuery, len(op.Calls))
	for i, c := range op.Calls {
		qs[i] = c.Query
	}
	entries, err := w.s.Blocks(w.t.Context(), qs)
	w.must(err)
	var in Looked
	states := map[InteractionID]InteractionState{}
	for i, e := range entries {
		if x := w.workNamed(op.Calls[i].Interaction); e != nil && x != nil {
			in.Blocked = append(in.Blocked, BlockedCall{x.id, *e})
			states[x.id] = x.state
		}
	}
	asked := w.asked
	w.apply(in)
	for _, x := range w.f.works {
		unreached := slices.Contains([]InteractionState{StateOffered, StateOpening, StateOpen, StateWaiting, StateDialing, StateRinging}, x.state)
		if a := x.attempt; asked[x.id] && unreached && x.kind != KindInbound && !x.answered() && w.s.bars(a.Number, a.Person) != nil {
			w.t.Fatalf("%s wants no calls, and nobody was asked: %s", a.Person, x.state)
		}
	}
	for _, b := range in.Blocked {
		x := w.workNamed(b.Interaction)
		switch was := states[b.Interaction]; was {
		case StateOffered, StateOpening, StateOpen, StateWaiting:
			if x != nil && !x.answered() && x.state != StateOver {
				w.t.Fatalf("%s wants no calls, and is still %s, as before %s", x.attempt.Person, x.state, was)
			}
			w.optOuts.withdrawn++
		case StateDialing, StateRinging:
			hangs := slices.ContainsFunc(w.fx.Line, func(c Command) bool { h, ok := c.(Hangup); return ok && h.Attempt == x.attempt.ID && h.By == ByDialer })
			if !hangs || x.state != StateStopping {
				w.t.Fatalf("%s wants no calls, and the telephone goes on: %s, %+v", x.attempt.Person, x.state, w.fx.Line)
			}
			w.optOuts.rang++
		}
	}
}

func (w *world) workNamed(id InteractionID) *work {
	if i := slices.IndexFunc(w.f.works, func(x *work) bool { return x.id == id }); i >= 0 {
		return w.f.works[i]
	}
	return nil
}

// An opt-out at a random moment, by whomever: from then on none of the person's
// numbers is dialled, what is offered or queued goes, what rings is hung up, and
// a conversation goes on.
func TestFloorOptOut(t *testing.T) {
	var done int
	var sum optOuts
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(100, 300).Draw(t, "steps") {
			switch w.dice.IntN(40) {
			default:
				w.storeStep()
			case 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23:
				w.work()
			case 24:
				w.click()
			case 25, 26, 27, 28, 29, 30, 31:
				w.lineStep()
			case 32, 33, 34:
				w.advance(time.Duration(rapid.IntRange(0, 9).Draw(t, "seconds")) * time.Second)
			case 35, 36:
				w.advance(time.Duration(rapid.IntRange(1, 30).Draw(t, "minutes")) * time.Minute)
			case 37, 38:
				w.optOut()
			case 39:
				w.others()
			}
		}
		w.end()
		done++
		o := w.optOuts
		sum = optOuts{sum.entered + o.entered, sum.withdrawn + o.withdrawn, sum.rang + o.rang, sum.refused + o.refused}
	})
	t.Logf("%d histories: %+v", done, sum)
	if done >= 100 && (sum.withdrawn < done/20 || sum.rang < done/20 || sum.refused < done/50) {
		t.Errorf("too little happens in %d histories: %+v", done, sum)
	}
}

// voice is something heard of a contact: it tells the agent, and changes
// nothing. In doubt it is a person.
func (w *world) voice(ev LineEvent) {
	ev.Heard = rapid.SampledFrom([]Heard{HeardMachine, HeardBeep, HeardFax, HeardSilence}).Draw(w.t, "heard")
	x := w.f.workOf(ev.Attempt)
	if !w.heard[ev.Attempt] || x == nil {
		return // nobody has answered: nothing speaks
	}
	was, entry := x.state, x.wrap
	w.apply(ev)
	if x.state != was || x.wrap.Result != entry.Result || len(w.fx.Line)+len(w.fx.Store) > 0 {
		w.t.Fatalf("%s was heard, and the call, %s, is %s with %+v; %+v %+v", ev.Heard, was, x.state, x.wrap, w.fx.Line, w.fx.Store)
	}
}
