package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// counting is what the stores do for reports and retention.
type counting interface {
	KeepStates(context.Context, []campaign.AgentState) error
	States(ctx context.Context, from, until time.Time) ([]campaign.AgentState, error)
	TeamTimes(ctx context.Context, day string) ([]campaign.TeamTime, error)
	FoldStates(ctx context.Context, midnight time.Time) (int, error)
	OldRecordings(ctx context.Context, before time.Time) (map[campaign.AttemptID]string, error)
	RecordingsGone(context.Context, []campaign.AttemptID) error
	OldNotes(ctx context.Context, before time.Time, dry bool) (int, error)
	AttemptsBetween(ctx context.Context, campaign string, from, until time.Time, each func(campaign.Attempt) error) error
	CountRefusals(ctx context.Context, campaign string, code campaign.ReasonCode, from, until time.Time) (int, error)
	ListFigures(ctx context.Context, keep func(list string) bool, now time.Time) ([]campaign.ListFigures, error)
}

// listFigures: a list is counted as it stands, and an empty one is no mistake.
func listFigures(t *testing.T, b *bench) {
	as := func(typ campaign.RecordType, status campaign.RecordStatus, calls int, due time.Duration) func(*campaign.Record) {
		return func(r *campaign.Record) {
			r.Type, r.Status, r.Attempts, r.NextDial = typ, status, calls, b.now.Add(due)
		}
	}
	last := func(r *campaign.Record) { r.LastCall = b.now.Add(-time.Hour) }
	b.imports(rec(1), rec(2, as(campaign.General, campaign.Ready, 2, time.Hour)), rec(3, last),
		rec(4, as(campaign.General, campaign.ChainUpdated, 0, 0)), rec(5, as(campaign.General, campaign.Stale, 1, 0)),
		rec(6, as(campaign.CampaignCallback, campaign.Ready, 1, -time.Minute)), rec(7, as(campaign.PersonalCallback, campaign.Ready, 1, time.Minute)),
		rec(8, as(campaign.PersonalCallback, campaign.MissedCallback, 1, time.Minute)), rec(9, as(campaign.CampaignCallback, campaign.ChainUpdated, 1, -time.Minute)),
		rec(11, as(campaign.PersonalRescheduled, campaign.Ready, 1, -time.Minute), func(r *campaign.Record) { r.Owner = "ann" }),
		rec(12, as(campaign.CampaignRescheduled, campaign.Ready, 1, -time.Minute)))
	b.importsTo("other", rec(10))
	b.importsTo("the third")
	got, err := b.s.(counting).ListFigures(t.Context(), func(name string) bool { return name != "other" }, b.now)
	b.must(err)
	want := []campaign.ListFigures{{List: list, Records: 11, Used: 10, Left: 8, Open: 4, Overdue: 3,
		Statuses: map[string]int{"ready": 7, "stale": 1, "missed-callback": 1, "chain-updated": 2}, Results: map[string]int{"unknown": 11}}}
	if len(got) > 1 && got[1].List == "the third" && got[1].Records == 0 {
		got = got[:1]
	}
	if !reflectEqual(got, want) {
		t.Errorf("figures %+v, want %+v", got, want)
	}
}

// agentTimes: what agents did is kept once, and folds into teams' times
// without a minute lost.
func agentTimes(t *testing.T, b *bench) {
	s := b.s.(counting)
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	state := func(n uint64, agent campaign.AgentID, at time.Duration, status string) campaign.AgentState {
		return campaign.AgentState{Process: process, N: n, Agent: agent, Team: "berlin", At: day.Add(at), Status: status}
	}
	all := []campaign.AgentState{
		state(1, "ann", 22*time.Hour, "ready"), state(2, "ann", 23*time.Hour, "after-call-work"), state(3, "ann", 25*time.Hour, "logged-off"),
		state(4, "ben", 20*time.Hour, "ready"), state(5, "ben", 21*time.Hour, "logged-off"), state(6, "cleo", 30*time.Hour, "ready"),
	}
	b.must(s.KeepStates(t.Context(), all))
	b.must(s.KeepStates(t.Context(), all[:2])) // told twice
	got, err := s.States(t.Context(), day.Add(24*time.Hour), day.Add(48*time.Hour))
	b.must(err)
	if want := []campaign.AgentState{all[1], all[2], all[4], all[5]}; !reflectEqual(got, want) {
		t.Errorf("states %+v, want %+v", got, want)
	}
	n, err := s.FoldStates(t.Context(), day.Add(24*time.Hour))
	b.must(err)
	equal(t, "folded", n, 3)
	again, err := s.FoldStates(t.Context(), day.Add(24*time.Hour))
	b.must(err)
	equal(t, "folded again", again, 0)
	times, err := s.TeamTimes(t.Context(), "2026-03-04")
	b.must(err)
	want := []campaign.TeamTime{{Day: "2026-03-04", Team: "berlin", Status: "after-call-work", For: time.Hour}, {Day: "2026-03-04", Team: "berlin", Status: "ready", For: 2 * time.Hour}}
	if !reflectEqual(times, want) {
		t.Errorf("times %+v, want %+v", times, want)
	}
	got, err = s.States(t.Context(), day.Add(24*time.Hour), day.Add(48*time.Hour))
	b.must(err)
	carried := all[1]
	carried.At = day.Add(24 * time.Hour)
	if want := []campaign.AgentState{carried, all[2], all[5]}; !reflectEqual(got, want) {
		t.Errorf("left %+v, want %+v", got, want)
	}
}

// retained: what is too old goes, what is not stays.
func retained(t *testing.T, b *bench) {
	s := b.s.(counting)
	b.imports(recs(1, 2)...)
	for _, id := range []string{"1", "2"} {
		b.calls(id, campaign.Answer, func(x *campaign.Settlement) {
			x.Attempt.Note, x.Attempt.Recording, x.Record.Note = "note "+id, "recordings/"+id+".wav", "note "+id
		})
		b.now = b.now.Add(time.Hour)
	}
	cut := b.now.Add(-90 * time.Minute)
	old, err := s.OldRecordings(t.Context(), cut)
	b.must(err)
	equal(t, "old recordings", len(old), 1)
	for id, file := range old {
		equal(t, "file", file, "recordings/1.wav")
		b.must(s.RecordingsGone(t.Context(), []campaign.AttemptID{id}))
	}
	for _, dry := range []bool{true, false} {
		n, err := s.OldNotes(t.Context(), cut, dry)
		b.must(err)
		equal(t, "old notes", n, 2)
	}
	as := b.attempts("spring")
	equal(t, "first", as[0].Note+as[0].Recording+b.record("1").Note, "")
	equal(t, "second", as[1].Note+as[1].Recording+b.record("2").Note, "note 2recordings/2.wavnote 2")
	n := 0
	b.must(s.AttemptsBetween(t.Context(), "spring", cut, b.now, func(campaign.Attempt) error {
		n++
		return nil
	}))
	equal(t, "between", n, 1)
}
