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
