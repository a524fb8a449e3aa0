package campaign

import (
	"strings"
	"testing"
	"time"
)

func TestWhyNot(t *testing.T) {
	c := spring()
	c.Rules = allowRules()
	running := CampaignRow{Name: "spring", State: Running}
	for _, tc := range []struct {
		name string
		row  CampaignRow
		edit func(*Campaign, *Record, *Facts)
		want string
	}{
		{"free", running, func(*Campaign, *Record, *Facts) {}, "it may be dialled now and waits for an agent"},
		{"not loaded", CampaignRow{}, func(*Campaign, *Record, *Facts) {}, "is not loaded"},
		{"not started", CampaignRow{State: Loaded}, func(*Campaign, *Record, *Facts) {}, "loaded, and not started"},
		{"paused", CampaignRow{State: Running, Pause: "ten failures"}, func(*Campaign, *Record, *Facts) {}, "has paused: ten failures"},
		{"finished", CampaignRow{}, func(_ *Campaign, r *Record, _ *Facts) { r.Status, r.Reason = Updated, "sold" }, "sold"},
		{"blocked, though not loaded", CampaignRow{}, func(_ *Campaign, _ *Record, f *Facts) { f.BlockedBy = &DNCEntry{Number: f.Number} }, "do-not-call"},
		{"blocked, another first", running, func(_ *Campaign, r *Record, f *Facts) {
			r.Status, f.BlockedBy = ChainReady, &DNCEntry{Number: f.Number}
		}, "do-not-call"},
		{"filter", running, func(c *Campaign, _ *Record, _ *Facts) {
			c.Selection.Filter = Filter{{Field: "Ort", Any: []string{"Bonn"}}}
		}, "its filter wants Ort: Bonn"},
		{"order", running, func(c *Campaign, _ *Record, _ *Facts) { c.Selection.Order = []RecordKind{KindCallback} }, "it offers no fresh records"},
		{"callback to come", running, func(_ *Campaign, r *Record, _ *Facts) {
			r.Type, r.Owner, r.NextDial = PersonalCallback, "ann", noon().Add(time.Hour)
		}, "a callback of ann, due 2026-06-10 13:00"},
		{"callback due", running, func(_ *Campaign, r *Record, _ *Facts) {
			r.Type, r.Owner, r.NextDial = PersonalCallback, "ann", noon().Add(-time.Minute)
		}, "waits for her since 2026-06-10 11:59"},
		{"missed callback", running, func(_ *Campaign, r *Record, _ *Facts) {
			r.Type, r.Owner, r.NextDial, r.Status = PersonalCallback, "ann", noon().Add(-time.Hour), MissedCallback
		}, "it may be dialled now"},
		{"no national list", running, func(c *Campaign, _ *Record, f *Facts) {
			p := germany()
			p.NationalLists, f.National = []NationalList{{Blocks: []Purpose{AdvertisingB2C}, NeededFor: []Purpose{AdvertisingB2C}, MaxAge: time.Hour}}, map[string]OnNational{}
			c.Rules.Profiles = []Profile{p}
		}, "never imported"},
	} {
		camp, f := *c, okFacts()
		r := f.Record
		r.Status = Ready
		tc.edit(&camp, &r, &f)
		if got := WhyNot(&camp, tc.row, r, f, noon()); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
}

func TestProspect(t *testing.T) {
	c := spring()
	c.Rules = allowRules()
	c.Selection.Filter = Filter{{Field: "Ort", Not: []string{"Ulm"}}}
	p := Prospect{Records: 7}
	rec := func(edit func(*Record)) *Record {
		r := okFacts().Record
		r.Status = Ready
		edit(&r)
		return &r
	}
	for range 2 {
		p.Add(c, rec(func(*Record) {}), &DNCEntry{Number: "x"}, nil, noon())
	}
	p.Add(c, rec(func(r *Record) { r.Status = Updated }), nil, nil, noon())
	p.Add(c, rec(func(r *Record) { r.Status = Stale }), nil, nil, noon())
	p.Add(c, rec(func(r *Record) { r.Fields = []Field{{"Ort", "Ulm"}} }), nil, nil, noon())
	p.Add(c, rec(func(r *Record) { r.Phone = "+4312345678" }), nil, nil, noon())
	p.Add(c, rec(func(r *Record) {}), nil, nil, noon().Add(12*time.Hour)) // closed now is no reason
	p.Sort()
	if p.Looked != 7 || p.Not != 6 || len(p.Because) != 5 || p.Because[0].Code != ReasonDoNotCall || p.Because[0].Records != 2 {
		t.Errorf("%+v", p)
	}
	if strings.Join(p.Absent, " ") != "" {
		t.Errorf("columns that are there, and said not to be: %q", p.Absent)
	}
	if s := p.String(); !strings.HasPrefix(s, "of 7 records 6 will not be dialled, because they are on the do-not-call list (2);") {
		t.Error(s)
	}
	if s := (&Prospect{Records: 9, Looked: 3}).String(); s != "of the first 3 of 9 records none is left out" {
		t.Error(s)
	}
}

// Who has revoked is told apart from who was never asked; what of the document
// is likely a slip is said.
func TestProspectTells(t *testing.T) {
	c := spring()
	c.Rules = allowRules()
	c.Rules.Profiles, c.Rules.Purpose = []Profile{{Country: "DE", ConsentFor: []Purpose{AdvertisingB2C}, NeedsCallerID: true}}, AdvertisingB2C
	c.Selection.Filter = Filter{{Field: "Ort", Not: []string{"Ulm"}}, {Field: "Ortt", Not: []string{"Ulm"}}}
	p := Prospect{Records: 5000, Missing: []string{"nix"}}
	for i := range 5000 {
		r := okFacts().Record
		r.Status, r.Fields = Ready, []Field{{"Ort", "Bonn"}}
		r.Consent.At, r.Consent.Text = noon().Add(-time.Hour), "yes"
		if i < 1200 {
			r.Consent = Consent{}
		} else if i < 1300 {
			r.Consent.Revoked = noon().Add(-time.Minute)
		}
		p.Add(c, &r, nil, nil, noon())
	}
	p.Sort()
	if s := p.String(); s != "of 5,000 records 1,300 will not be dialled, because there is no documented consent, which advertising-b2c needs (1,200); they have revoked their consent (100)" {
		t.Error(s)
	}
	if s := strings.Join(p.Doubts(), "\n"); !strings.Contains(s, `no list "nix"`) || !strings.Contains(s, `column "Ortt"`) || strings.Contains(s, `"Ort"`) || !strings.Contains(s, "dial.caller_ids") {
		t.Error(s)
	}
}

// A wish is for its time, not for the next morning.
func TestAgreed(t *testing.T) {
	r := Record{Type: CampaignCallback, CallbackAt: noon()}
	for in, want := range map[time.Duration]bool{-time.Minute: false, 0: true, wishLasts - 1: true, wishLasts: false} {
		if got := r.agreed(noon().Add(in)); got != want {
			t.Errorf("%s after: %v", in, got)
		}
	}
	r.Type = General
	if r.agreed(noon()) {
		t.Error("no callback, and agreed")
	}
}
