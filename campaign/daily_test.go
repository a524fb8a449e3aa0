package campaign

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestReportDay(t *testing.T) {
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	at := func(h, m, s int) time.Time { return day.Add(time.Duration(h*3600+m*60+s) * time.Second) }
	doc := Campaign{Name: "spring", Lists: []string{"customers"}, Dispositions: []Disposition{
		{Name: "Sold", Children: []Disposition{{Name: "New", Kind: SuccessCode}}}, {Name: "Price", Kind: RefusalCode}}}
	call := func(agent AgentID, answered, joined, ended time.Time, dialer, result CallResult, code string) Attempt {
		return Attempt{Campaign: "spring", Agent: agent, DialedAt: answered, AnsweredAt: answered, JoinedAt: joined, EndedAt: ended,
			DialerResult: dialer, Result: result, Disposition: code, Counted: true}
	}
	in := DayInput{
		From: day, Until: day.AddDate(0, 0, 1), Now: at(20, 0, 0), Campaigns: []Campaign{doc},
		Users: []User{{Name: "ann", Team: "berlin"}, {Name: "ben", Team: "berlin"}},
		Attempts: []Attempt{
			call("ann", at(9, 0, 0), at(9, 0, 0), at(9, 30, 0), Answer, Answer, "Sold/New"),
			call("ann", at(10, 0, 0), at(10, 0, 3), at(10, 0, 33), Answer, WrongParty, ""), // 3 s: abandoned by definition
			call("", at(10, 5, 0), time.Time{}, at(10, 5, 6), Abandoned, Abandoned, ""),
			call("ben", at(10, 6, 0), at(10, 6, 0), at(10, 6, 10), AnsweringMachine, AnsweringMachine, ""), // no person
			call("ben", at(10, 7, 0), at(10, 7, 1), at(10, 7, 31), Answer, Answer, "Price"),
			{Campaign: "spring", DialedAt: at(11, 0, 0), EndedAt: at(11, 0, 20), DialerResult: NoAnswer, Result: NoAnswer, Counted: true},
			{Campaign: "spring", DialedAt: at(11, 1, 0), EndedAt: at(11, 1, 0), EndedBy: ByDialer, DialerResult: ResultCancelled}, // never dialled
		},
		States: []AgentState{
			{Agent: "ann", Team: "berlin", At: day.Add(-time.Hour), Status: "ready"}, // since yesterday: counts from midnight
			{Agent: "ann", Team: "berlin", At: at(1, 0, 0), Status: "not-ready", Reason: "Pause"},
			{Agent: "ann", Team: "berlin", At: at(1, 30, 0), Status: StateHandling},
			{Agent: "ann", Team: "berlin", At: at(2, 0, 0), Status: "after-call-work"},
			{Agent: "ann", Team: "berlin", At: at(2, 10, 0), Status: "logged-off"},
			{Agent: "ben", Team: "berlin", At: at(19, 0, 0), Status: "ready"}, // still there: until now
		},
		Lists: []ListFigures{{List: "customers", Records: 10, Used: 6, Left: 4, Open: 2, Overdue: 1}},
	}
	r := ReportDay(in)
	f := r.Campaigns[0]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"dialled", f.Dialled, 6}, {"gross", f.ReachedGross, 5}, {"net", f.ReachedNet, 2}, {"successes", f.Successes, 1}, {"refusals", f.Refusals, 1},
		{"live", f.LiveAnswers, 4}, {"abandoned", f.Abandoned, 2}, {"of live", f.OfLive, 0.5}, {"of all", f.OfAll, 2.0 / 6},
		{"talk", f.TalkMS, int64(1800+30+10+30) * 1000}, {"left", f.Left, 4}, {"overdue", r.Total.Overdue, 1}, {"total", r.Total.Dialled, 6},
		{"after-call", r.Total.AfterCallMS, int64(600_000)}, {"pause", r.Total.PauseMS, int64(1_800_000)},
		{"agents", len(r.Agents), 2}, {"ann calls", r.Agents[0].Calls, 2}, {"ann ready", r.Agents[0].ReadyMS, int64(3_600_000)},
		{"ann pause", r.Agents[0].Pauses["Pause"], int64(1_800_000)}, {"ann handling", r.Agents[0].HandlingMS, int64(1_800_000)},
		{"ann logged in", r.Agents[0].LoggedInMS, int64(7_800_000)}, {"ben ready", r.Agents[1].ReadyMS, int64(3_600_000)},
		{"per hour", r.Total.SuccessPerHour, 1 / (float64(7_800_000+3_600_000) / 3_600_000)},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	// Behind the retention time nobody is named, and what was folded counts.
	in.PerTeam, in.Teams = true, []TeamTime{{Team: "berlin", Status: "ready", For: time.Hour}}
	r = ReportDay(in)
	if len(r.Agents) != 1 || r.Agents[0].Agent != "" || r.Agents[0].Team != "berlin" || r.Agents[0].Calls != 4 || r.Agents[0].ReadyMS != 3*3_600_000 {
		t.Errorf("per team %+v", r.Agents)
	}
}

func TestAbandonmentProof(t *testing.T) {
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	var as []Attempt
	for i := range 100 { // joined after 10 ms, 20 ms … 1 s
		at := day.Add(time.Duration(i) * time.Minute)
		as = append(as, Attempt{ID: AttemptID(rune('a' + i)), DialedAt: at, AnsweredAt: at, JoinedAt: at.Add(time.Duration(i+1) * 10 * time.Millisecond),
			EndedAt: at.Add(time.Minute), DialerResult: Answer, Result: Answer, Counted: true})
	}
	as[99].JoinedAt = as[99].AnsweredAt.Add(2001 * time.Millisecond)
	lost := Attempt{ID: "lost", DialedAt: day, AnsweredAt: day, EndedAt: day.Add(8 * time.Second), EndedBy: ByDialer, DialerResult: Abandoned, Result: Abandoned, Counted: true}
	silent := Attempt{DialedAt: day, EndedAt: day, DialerResult: Busy, Result: Busy, Counted: true}
	p := ProveAbandonment(AbandonmentProof{Campaign: "spring", Day: "2026-03-04", MadeAt: Stamp{day}}, append(as, lost, silent))
	if p.Attempts != 102 || p.LiveAnswers != 101 || p.Abandoned != 2 || p.Late != 1 || p.OfLive != 2.0/101 || p.OfAll != 2.0/102 ||
		p.P50MS != 500 || p.P95MS != 950 || p.MaxMS != 2001 || len(p.Calls) != 2 || p.Calls[1].StayedMS != 8000 {
		t.Errorf("%+v", p)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back AbandonmentProof
	if err := json.Unmarshal(b, &back); err != nil || back.Checksum() != p.Sum {
		t.Errorf("read back: %v, sum %s, want %s", err, back.Checksum(), p.Sum)
	}
	if back.Abandoned = 1; back.Checksum() == p.Sum {
		t.Error("a changed figure does not show")
	}
}

// Over whatever a day brought: the proof holds every answered call once, counts
// over 2 s, or nobody, as abandoned, whatever was heard or said afterwards, and
// its checksum shows a change of any of its fields.
func TestAbandonmentProofProperty(t *testing.T) {
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	over := 0
	rapid.Check(t, func(t *rapid.T) {
		ms := func(name string, of ...int) time.Duration {
			return time.Duration(rapid.SampledFrom(of).Draw(t, name)) * time.Millisecond
		}
		var as []Attempt
		var dialled, live, abandoned, late, announced int
		var longest time.Duration
		for i := range rapid.IntRange(0, 12).Draw(t, "attempts") {
			a := Attempt{ID: AttemptID(rune('a' + i)), DialedAt: day, EndedAt: day.Add(time.Minute), Counted: true,
				DialerResult: rapid.SampledFrom([]CallResult{Answer, NoAnswer, AnsweringMachine, Fax, Silence, Abandoned}).Draw(t, "dialer's"),
				Result:       rapid.SampledFrom([]CallResult{Answer, AnsweringMachine, WrongParty, Abandoned}).Draw(t, "result")}
			dialled++
			if rapid.Bool().Draw(t, "answered") {
				a.AnsweredAt = day.Add(time.Duration(i) * time.Second)
				lost := a.DialerResult == Abandoned || a.Result == Abandoned
				if delay := ms("delay", -1, 0, 1, 1999, 2000, 2001, 60_000); delay >= 0 {
					a.JoinedAt = a.AnsweredAt.Add(delay)
					lost = lost || delay > 2*time.Second
					if delay > 2*time.Second {
						late++
					}
				} else {
					lost = true
				}
				machine := a.DialerResult == AnsweringMachine || a.DialerResult == Fax || a.DialerResult == Silence
				if lost || !machine {
					live++
					longest = max(longest, a.JoinedAt.Sub(a.AnsweredAt))
				}
				if lost {
					abandoned++
					if rapid.Bool().Draw(t, "announced") {
						a.AnnouncedAt, a.AnnouncedEnd = a.AnsweredAt.Add(2*time.Second), a.AnsweredAt.Add(8*time.Second)
						announced++
					}
				}
			}
			as = append(as, a)
		}
		p := ProveAbandonment(AbandonmentProof{Campaign: "spring", Day: "2026-03-04", MadeAt: Stamp{day}}, as)
		if p.Attempts != dialled || p.LiveAnswers != live || p.Abandoned != abandoned || len(p.Calls) != abandoned || p.Late != late ||
			p.Announced != announced || p.MaxMS != longest.Milliseconds() {
			t.Fatalf("%+v, want %d dialled, %d live, %d abandoned, %d late, %d announced, %s at most", p, dialled, live, abandoned, late, announced, longest)
		}
		if want := share(abandoned, live); p.OfLive != want || p.OfAll != share(abandoned, dialled) || want > 1 {
			t.Fatalf("%v of live, %v of all", p.OfLive, p.OfAll)
		}
		over += abandoned
		v := reflect.ValueOf(&p).Elem()
		f := rapid.IntRange(0, v.NumField()-1).Draw(t, "field")
		name := v.Type().Field(f).Name
		switch x := v.Field(f).Addr().Interface().(type) {
		case *string:
			*x += "!"
		case *int:
			*x++
		case *int64:
			*x++
		case *float64:
			*x += 0.001
		case *Stamp:
			x.Time = x.Add(time.Second)
		default: // a list
			v.Field(f).Set(reflect.Append(v.Field(f), reflect.Zero(v.Field(f).Type().Elem())))
		}
		if same := p.Checksum() == ProveAbandonment(AbandonmentProof{Campaign: "spring", Day: "2026-03-04"}, as).Sum; same != (name == "MadeAt" || name == "Sum") {
			t.Fatalf("%s was changed, and the checksum is the same: %v", name, same)
		}
	})
	if over == 0 {
		t.Error("nothing was abandoned")
	}
}
