package storetest

import (
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// missedCallbacks: what an absent owner did not take goes to the group; she is
// told once, keeps seeing it, and gets it still when she is the first to come.
func missedCallbacks(t *testing.T, b *bench) {
	own := func(owner campaign.AgentID, ago time.Duration, kind campaign.RecordType) func(*campaign.Record) {
		return func(r *campaign.Record) {
			r.Type, r.Owner, r.NextDial, r.CallbackAt = kind, owner, b.now.Add(-ago), b.now.Add(-ago)
		}
	}
	b.imports(rec(1), rec(2, own("ann", time.Hour, campaign.PersonalCallback)), rec(3, own("ben", time.Hour, campaign.PersonalCallback)),
		rec(4, own("ann", 10*time.Minute, campaign.PersonalCallback)), rec(5, own("ann", 40*time.Minute, campaign.PersonalRescheduled)),
		rec(6, own("ann", 2*time.Hour, campaign.PersonalCallback)))
	sweep := func(want ...string) {
		t.Helper()
		rs, err := b.s.Missed(t.Context(), campaign.MissedQuery{Lists: []string{list, "none"}, Process: "p", Present: []campaign.AgentID{"ben", "eva"}, Before: b.now.Add(-30 * time.Minute), Now: b.now})
		b.must(err)
		var got []string
		for _, r := range rs {
			got = append(got, r.ID)
			equal(t, "owner", r.Owner, "ann")
		}
		if len(got) != len(want) {
			t.Fatalf("missed %v, want %v", got, want)
		}
		for i := range want {
			equal(t, "missed", got[i], want[i])
		}
	}
	at := func(process string) campaign.Presence {
		p, err := b.s.Enter(t.Context(), campaign.Presence{Agent: "ann", Process: process}, false, b.now, b.now.Add(time.Minute))
		b.must(err)
		return p
	}
	elsewhere := at("q")
	sweep() // the process where she is decides
	b.must(b.s.Leave(t.Context(), elsewhere))
	at("p")
	sweep("6", "2", "5")
	sweep()
	b.status("2", campaign.MissedCallback)
	equal(t, "still shown as hers", b.record("2").Owner, "ann")
	in, err := b.desk().Inbox(t.Context(), "ann", 10)
	b.must(err)
	if len(in) != 3 || in[0].Code != campaign.CodeMissedCallback || in[0].Text == "" {
		t.Fatalf("messages %+v", in)
	}
	ben := b.query("ben")
	equal(t, "his own first", mustLease(b, ben).Record.ID, "3")
	l := mustLease(b, ben)
	equal(t, "then what she missed, the oldest first", l.Record.ID, "6")
	equal(t, "type", l.Record.Type, campaign.CampaignCallback)
	equal(t, "owner", l.Record.Owner, "")
	equal(t, "the wish stands", l.Record.CallbackAt, b.now.Add(-2*time.Hour))
	b.releases(l, campaign.Release{})
	equal(t, "given back it stays the group's", mustLease(b, ben).Record.ID, "6")
	sweep()
	b.leases("4") // she is back
	mine := b.leases("2")
	equal(t, "what she takes herself is hers", mine.Record.Owner, "ann")
	b.releases(mine, campaign.Release{})
	b.leases("2")
	b.leases("5")
	b.leases("1")
}
