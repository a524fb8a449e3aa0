package campaign

import (
	"fmt"
	"testing"
	"time"
)

// One record from offer to Done, with a hundred agents on the floor.
func BenchmarkFloorCall(b *testing.B) {
	n := 0
	f := NewFloor(FloorConfig{Process: "p", NewID: func(p string, _ time.Time) string { n++; return fmt.Sprint(p, n) }})
	c := spring()
	c.Agents, c.Lists, c.Results = AgentSet{All: true}, []string{"l"}, []OfferedResult{{Answer, false}}
	c.Rules = Rules{Allow: []string{"+49"}, Profiles: []Profile{germany()}}
	f.Apply(ClickApply{Campaign: c, State: Running}, noon())
	for i := range 100 {
		a := AgentID(fmt.Sprintf("a%03d", i))
		f.Apply(ClickLogin{Agent: a}, noon())
		f.Apply(ClickJoin{a, "spring"}, noon())
		f.Apply(ClickStatus{a, AgentReady, ""}, noon())
	}
	answer := Answer
	a := f.agents[50]
	b.ReportAllocs()
	for b.Loop() {
		r := Record{Key: 1, ID: "1", List: "l", Phone: "+493012345678", Type: General, Status: Retrieved}
		f.Apply(Leased{Seq: a.ask.seq, Agent: a.id, Lease: Lease{Record: r, Fence: 1}}, noon())
		id := a.work.id
		f.Apply(ClickAccept{a.id, id}, noon())
		f.Apply(ClickShown{a.id, id}, noon())
		call := a.work.attempt.ID
		f.Apply(Permitted{Interaction: id, Attempt: call}, noon())
		for _, k := range []LineEventKind{LineDialing, LineRinging, LineAnswered, LineJoined, LineEnded} {
			f.Apply(LineEvent{Kind: k, At: noon(), Attempt: call, Result: Answer, By: ByContact}, noon())
		}
		f.Apply(ClickResult{a.id, id, Entry{Result: &answer}}, noon())
		f.Apply(ClickDone{a.id, id, ""}, noon())
		if a.ask == nil {
			b.Fatal("the agent asks for no further record")
		}
	}
}

func BenchmarkGate(b *testing.B) {
	rules, facts, now := allowRules(), okFacts(), noon()
	for name, number := range map[string]string{"DE": facts.Number, "US": "+12125550123"} {
		b.Run(name, func(b *testing.B) {
			facts.Number = number
			for b.Loop() {
				Gate(rules, facts, now)
			}
		})
	}
}

func BenchmarkJournalAppend(b *testing.B) {
	j, err := OpenJournal(JournalConfig{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	e := Event{Kind: EventRinging, At: noon(), Agent: "ann", InteractionView: &InteractionView{ID: "i1", Agent: "ann"}}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := j.Append(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
