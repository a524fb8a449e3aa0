package storetest

import (
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// presences: an agent is at one process. She goes to another one when the first
// lets her go, or is gone.
func presences(t *testing.T, b *bench) {
	one, two := b.s, b.open(t)
	now := time.Now() // a shared database goes by its own clock
	enter := func(s campaign.Store, process string, move bool, at time.Time) campaign.Presence {
		t.Helper()
		p, err := s.Enter(t.Context(), campaign.Presence{Agent: "ann", Process: process, Place: "https://" + process}, move, at, at.Add(time.Minute))
		b.must(err)
		return p
	}
	is := func(what string, got campaign.Presence, process, wanted string) {
		t.Helper()
		if got.Process != process || got.Wanted != wanted {
			t.Errorf("%s: %+v, want at %s, wanted by %q", what, got, process, wanted)
		}
		ps, err := two.Present(t.Context())
		b.must(err)
		if len(ps) != 1 || ps[0] != got {
			t.Errorf("%s: all are %+v, want %+v", what, ps, got)
		}
	}
	first := enter(one, "one", false, now)
	is("she comes", first, "one", "")
	if first.Place != "https://one" {
		t.Errorf("at %s", first.Place)
	}
	is("elsewhere", enter(two, "two", false, now), "one", "")
	is("and wants to come", enter(two, "two", true, now), "one", "two")
	b.must(one.Leave(t.Context(), campaign.Presence{Agent: "ann", Process: "two", Turn: first.Turn}))
	is("not there", enter(two, "two", false, now), "one", "two")
	again := enter(one, "one", false, now)
	is("she stays after all", again, "one", "")
	b.must(one.Leave(t.Context(), first)) // an older one
	is("she entered again", enter(two, "two", true, now), "one", "two")
	b.must(one.Leave(t.Context(), again))
	is("hers until she is there", enter(one, "one", false, now), "two", "")
	there := enter(two, "two", false, now)
	is("there", there, "two", "")
	b.must(two.Leave(t.Context(), there))
	b.must(two.Extend(t.Context(), "two", now.Add(time.Hour))) // who has left does not come back with it
	if ps, err := one.Present(t.Context()); err != nil || len(ps) != 0 {
		t.Errorf("after she left: %+v, %v", ps, err)
	}
	is("free", enter(one, "one", false, now), "one", "")
	b.must(one.Extend(t.Context(), "one", now.Add(-time.Second)))
	is("the process is gone", enter(two, "two", false, now), "two", "")
	b.must(two.Extend(t.Context(), "two", now.Add(time.Hour)))
	b.must(two.Depart(t.Context(), "two"))
	is("the process has ended", enter(one, "one", false, now), "one", "")
}
