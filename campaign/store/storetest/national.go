package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// nationalLists: their day and their numbers reach the gate for the purposes
// they are for, a later list takes the place of an earlier one and not the other
// way round, and the own list is no part of it.
func nationalLists(t *testing.T, b *bench) {
	s := b.s.(interface {
		AddNational(ctx context.Context, list string, of time.Time, numbers []string) error
		PutNational(ctx context.Context, list string, of time.Time, by string) error
		Prospect(ctx context.Context, c *campaign.Campaign, now time.Time) (campaign.Prospect, error)
		Dossier(ctx context.Context, number, dataDir string) (*campaign.Dossier, error)
		Erase(ctx context.Context, id string, q campaign.EraseQuery) (campaign.Erasure, error)
	})
	b.imports(recs(1, 3)...)
	advertising, research := rules(), rules()
	advertising.Purpose, research.Purpose = campaign.AdvertisingB2C, campaign.Research
	both := []campaign.Purpose{campaign.AdvertisingB2C, campaign.AdvertisingB2B}
	advertising.Profiles = []campaign.Profile{{Country: "DE", NationalLists: []campaign.NationalList{
		{Name: "TPS", Title: "register", Blocks: both, NeededFor: both, MaxAge: 31 * 24 * time.Hour},
		{Name: "CTPS", Title: "register of companies", Blocks: []campaign.Purpose{campaign.AdvertisingB2B}},
	}}}
	research.Profiles = advertising.Profiles
	asked := 0
	ask := func(n int, rules campaign.Rules, code campaign.ReasonCode) { // by hand: no lease, and it ends at once
		t.Helper()
		asked++
		q := campaign.PermitQuery{Attempt: campaign.AttemptID(fmt.Sprint("N", asked)), Process: process, Agent: "ann", Number: phone(n), Rules: rules, Manual: true, Now: b.now}
		if code != "" {
			b.refused(q, code)
			return
		}
		b.must(b.s.Permit(t.Context(), q))
		b.must(b.s.Settle(t.Context(), campaign.Settlement{Attempt: campaign.Attempt{ID: q.Attempt, DialedAt: b.now, EndedAt: b.now}, Now: b.now}))
	}
	day := func(ago int) time.Time { return b.now.AddDate(0, 0, -ago) }

	ask(1, advertising, campaign.ReasonNational)
	ask(1, research, "")
	b.must(s.PutNational(t.Context(), "TPS", day(32), "ann"))
	ask(1, advertising, campaign.ReasonNational)
	b.must(s.AddNational(t.Context(), "TPS", day(20), []string{phone(1), phone(2), phone(1)}))
	b.must(s.PutNational(t.Context(), "TPS", day(20), "ann"))
	b.must(s.AddNational(t.Context(), "CTPS", day(20), []string{phone(3)}))
	b.must(s.PutNational(t.Context(), "CTPS", day(20), "ann"))
	ask(1, advertising, campaign.ReasonListed)
	ask(3, advertising, "") // a company's list bars b2b only
	ask(1, research, "")
	p, err := s.Prospect(t.Context(), &campaign.Campaign{Name: "spring", Lists: []string{list}, Rules: advertising}, b.now)
	b.must(err)
	if len(p.Because) != 1 || p.Because[0].Code != campaign.ReasonListed || p.Because[0].Records != 2 || !strings.HasPrefix(p.Because[0].Text, "they are on the register") {
		t.Errorf("prospect: %+v", p)
	}

	// An earlier list changes nothing, a later one that breaks off only adds, and
	// when it is whole it has taken the place.
	b.must(s.AddNational(t.Context(), "TPS", day(40), []string{phone(3)}))
	b.must(s.PutNational(t.Context(), "TPS", day(40), "ann"))
	ask(3, advertising, "")
	b.must(s.AddNational(t.Context(), "TPS", day(1), []string{phone(3), phone(2)}))
	ask(1, advertising, campaign.ReasonListed)
	ask(3, advertising, campaign.ReasonListed)
	b.must(s.PutNational(t.Context(), "TPS", day(1), "ann"))
	ask(1, advertising, "")
	ask(2, advertising, campaign.ReasonListed)

	es, err := b.s.Blocked(t.Context())
	b.must(err)
	if len(es) != 0 {
		t.Errorf("our own list has %+v", es)
	}
	d, err := s.Dossier(t.Context(), phone(2), "")
	b.must(err)
	if len(d.DoNotCall) != 1 || d.DoNotCall[0].By != "national list TPS" || !d.DoNotCall[0].At.Equal(day(1).Truncate(time.Millisecond)) {
		t.Errorf("dossier: %+v", d.DoNotCall)
	}
	// Who is forgotten stays barred, and bars all when she has asked us as well.
	e, err := s.Erase(t.Context(), "E1", campaign.EraseQuery{Number: phone(2), By: "eve", Reason: "asked", Now: b.now})
	b.must(err)
	if e.Counts["national"] != 1 {
		t.Errorf("erased: %+v", e)
	}
	ask(2, advertising, campaign.ReasonListed)
	ask(2, research, "")
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(2)}))
	ask(2, research, campaign.ReasonDoNotCall)
}
