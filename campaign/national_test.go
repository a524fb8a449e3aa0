package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// registers are two lists of one country: of people and of companies.
func registers() []NationalList {
	return []NationalList{
		{Name: "TPS", Title: "register of people", Blocks: []Purpose{AdvertisingB2C, AdvertisingB2B}, NeededFor: []Purpose{AdvertisingB2C, AdvertisingB2B}, MaxAge: 28 * 24 * time.Hour, ConsentPasses: true, ConsentAge: 365 * 24 * time.Hour},
		{Name: "CTPS", Title: "register of companies", Blocks: []Purpose{AdvertisingB2B}, NeededFor: []Purpose{AdvertisingB2B}, MaxAge: 28 * 24 * time.Hour},
	}
}

const aDay = 24 * time.Hour

func TestNationalLists(t *testing.T) {
	young := func(n time.Time) map[string]OnNational {
		return map[string]OnNational{"TPS": {Of: n.Add(-10 * aDay)}, "CTPS": {Of: n.Add(-10 * aDay)}}
	}
	listed := func(f *Facts, name string) {
		on := f.National[name]
		on.Listed = true
		f.National[name] = on
	}
	type change func(*Rules, *Facts, time.Time)
	for _, c := range []struct {
		name   string
		change change
		want   ReasonCode
		kind   RefusalKind
		text   string
	}{
		{"on none", func(*Rules, *Facts, time.Time) {}, "", "", ""},
		{"not looked up", func(_ *Rules, f *Facts, _ time.Time) { f.National = nil }, "", "", ""},
		{"people, b2c", func(_ *Rules, f *Facts, _ time.Time) { listed(f, "TPS") }, ReasonListed, Permanent,
			"on the register of people of DE as of 2026-05-31 (10 days old): no calls for advertising-b2c without the person's consent"},
		{"people, b2b", func(r *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); r.Purpose = AdvertisingB2B }, ReasonListed, Permanent, "advertising-b2b"},
		{"companies, b2c", func(_ *Rules, f *Facts, _ time.Time) { listed(f, "CTPS") }, "", "", ""},
		{"companies, b2b", func(r *Rules, f *Facts, _ time.Time) { listed(f, "CTPS"); r.Purpose = AdvertisingB2B }, ReasonListed, Permanent, "register of companies"},
		{"people, service", func(r *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); r.Purpose = Service }, "", "", ""},
		{"people, research", func(r *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); r.Purpose = Research }, "", "", ""},
		{"people, collection", func(r *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); r.Purpose = Collection }, "", "", ""},
		{"people, no purpose", func(r *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); r.Purpose = "" }, ReasonListed, Permanent, "calls without a purpose count"},
		{"people, by hand", func(r *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); r.Purpose, f.Manual = "", true }, ReasonListed, Permanent, ""},
		{"people, an agreed callback", func(_ *Rules, f *Facts, _ time.Time) { listed(f, "TPS"); f.Callback = true }, ReasonListed, Permanent, ""},
		{"people, consent", func(_ *Rules, f *Facts, n time.Time) { listed(f, "TPS"); f.Record.Consent.At = n.Add(-365 * aDay) }, "", "", ""},
		{"people, old consent", func(_ *Rules, f *Facts, n time.Time) {
			listed(f, "TPS")
			f.Record.Consent.At = n.Add(-365*aDay - time.Second)
		}, ReasonListed, Permanent, ""},
		{"people, consent still to come", func(_ *Rules, f *Facts, n time.Time) { listed(f, "TPS"); f.Record.Consent.At = n.Add(time.Second) }, ReasonListed, Permanent, ""},
		{"people, consent revoked", func(_ *Rules, f *Facts, n time.Time) {
			listed(f, "TPS")
			f.Record.Consent = Consent{At: n.Add(-time.Hour), Revoked: n}
		}, ReasonListed, Permanent, ""},
		{"companies, consent counts for nothing", func(r *Rules, f *Facts, n time.Time) {
			listed(f, "CTPS")
			r.Purpose, f.Record.Consent.At = AdvertisingB2B, n.Add(-time.Hour)
		}, ReasonListed, Permanent, "advertising-b2b"},
		{"an import broken off", func(_ *Rules, f *Facts, _ time.Time) {
			f.National["TPS"] = OnNational{Listed: true}
			f.Manual = true
		}, ReasonNational, Global, "never imported"},
		{"an import broken off, by hand", func(r *Rules, f *Facts, _ time.Time) {
			f.National["TPS"] = OnNational{Listed: true}
			r.Purpose, f.Manual = "", true
		}, ReasonListed, Permanent, "not imported to its end"},
		{"old", func(_ *Rules, f *Facts, n time.Time) {
			f.National["TPS"] = OnNational{Of: n.Add(-28*aDay - time.Second)}
		}, ReasonNational, Global,
			"the register of people of DE is of 2026-05-13: 28 days is too old"},
		{"just young enough", func(_ *Rules, f *Facts, n time.Time) { f.National["TPS"] = OnNational{Of: n.Add(-28 * aDay)} }, "", "", ""},
		{"old, and consent", func(_ *Rules, f *Facts, n time.Time) {
			delete(f.National, "TPS")
			f.Record.Consent.At = n.Add(-time.Hour)
		}, "", "", ""},
		{"old, service", func(r *Rules, f *Facts, _ time.Time) { f.National, r.Purpose = map[string]OnNational{}, Service }, "", "", ""},
		{"of companies missing, b2c", func(_ *Rules, f *Facts, _ time.Time) { delete(f.National, "CTPS") }, "", "", ""},
		{"of companies missing, b2b", func(r *Rules, f *Facts, _ time.Time) { delete(f.National, "CTPS"); r.Purpose = AdvertisingB2B }, ReasonNational, Global, "register of companies of DE was never imported"},
		{"missing, by hand", func(r *Rules, f *Facts, _ time.Time) {
			f.National, r.Purpose, f.Manual = map[string]OnNational{}, "", true
		}, "", "", ""},
		{"missing, by hand for a purpose", func(_ *Rules, f *Facts, _ time.Time) { f.National, f.Manual = map[string]OnNational{}, true }, ReasonNational, Global, ""},
		{"missing elsewhere", func(r *Rules, f *Facts, _ time.Time) {
			f.National = map[string]OnNational{}
			r.Profiles, r.Elsewhere = []Profile{{Country: "US"}}, map[string]Profile{"DE": r.Profiles[0]}
		}, ReasonNational, Temporary, ""},
		{"listed elsewhere", func(r *Rules, f *Facts, _ time.Time) {
			listed(f, "TPS")
			r.Profiles, r.Elsewhere = []Profile{{Country: "US"}}, map[string]Profile{"DE": r.Profiles[0]}
		}, ReasonListed, Permanent, ""},
		{"a list of another country", func(r *Rules, f *Facts, _ time.Time) {
			r.Profiles = []Profile{r.Profiles[0], {Country: "DE"}}
			r.Profiles[0].Country = "GB"
			listed(f, "TPS")
		}, "", "", ""},
		{"by the country's code", func(r *Rules, f *Facts, n time.Time) {
			r.Profiles[0].NationalLists[0].Name = ""
			f.National["DE"] = OnNational{Of: n, Listed: true}
		}, ReasonListed, Permanent, "0 days old"},
	} {
		rules, facts, now := allowRules(), okFacts(), noon()
		rules.Profiles[0].NationalLists, facts.National = registers(), young(now)
		c.change(&rules, &facts, now)
		v := Gate(rules, facts, now)
		if v.Reason.Code != c.want || v.Permitted != (c.want == "") || v.Kind != c.kind || !strings.Contains(v.Reason.Text, c.text) {
			t.Errorf("%s: %+v, want %s, %s: %s", c.name, v, c.want, c.kind, c.text)
		}
		if v.Reason.Code == ReasonListed && (v.Chain != ChainNext || v.Type != 0 || v.Result != 0 || v.Reason.Name == "") {
			t.Errorf("%s: the record is marked as if the contact had asked us: %+v", c.name, v)
		}
	}
}

// Over whatever a country's lists are, a call they bar is not made, one that
// they do not bar is; and the own list bars every call, whatever it is for.
func TestNationalListsProperty(t *testing.T) {
	purposes := []Purpose{AdvertisingB2C, AdvertisingB2B, Service, Research, Collection}
	barred, let := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string) []Purpose {
			return slices.DeleteFunc(slices.Clone(purposes), func(Purpose) bool { return !rapid.Bool().Draw(t, name) })
		}
		hours := func(name string) time.Duration {
			return time.Duration(rapid.SampledFrom([]int{0, 1, 23, 24, 25, 48, 100}).Draw(t, name)) * time.Hour
		}
		rules, facts, now := allowRules(), okFacts(), noon()
		rules.Purpose, facts.Manual, facts.Callback = rapid.SampledFrom(purposes).Draw(t, "purpose"), rapid.Bool().Draw(t, "manual"), rapid.Bool().Draw(t, "callback")
		facts.National = map[string]OnNational{}
		if rapid.Bool().Draw(t, "consent") {
			facts.Record.Consent.At = now.Add(hours("consent to come") - hours("consented"))
			if rapid.Bool().Draw(t, "revoked") {
				facts.Record.Consent.Revoked = now.Add(hours("revoked to come") - hours("revoked"))
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "own") == 0 {
			facts.BlockedBy = &DNCEntry{Number: facts.Number}
		}
		bars := facts.BlockedBy != nil
		for _, name := range []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(t, "lists")] {
			l := NationalList{Name: name, Title: name, Blocks: some("blocks"), NeededFor: some("needed"), MaxAge: hours("age"), ConsentPasses: rapid.Bool().Draw(t, "passes"), ConsentAge: hours("consent age")}
			rules.Profiles[0].NationalLists = append(rules.Profiles[0].NationalLists, l)
			age, have, listed := hours("old"), rapid.IntRange(0, 3).Draw(t, "have") > 0, rapid.IntRange(0, 2).Draw(t, "listed") == 0
			known := OnNational{Listed: listed}
			if have {
				known.Of = now.Add(-age)
			}
			facts.National[name] = known

			at, revoked := facts.Record.Consent.At, facts.Record.Consent.Revoked
			consented := !at.IsZero() && !now.Before(at) && (revoked.IsZero() || now.Before(revoked)) && (l.ConsentAge == 0 || now.Sub(at) <= l.ConsentAge)
			missing := slices.Contains(l.NeededFor, rules.Purpose) && (!have || l.MaxAge > 0 && age > l.MaxAge)
			if (listed && slices.Contains(l.Blocks, rules.Purpose) || missing) && !(consented && l.ConsentPasses) {
				bars = true
			}
		}
		v := Gate(rules, facts, now)
		if v.Permitted == bars {
			t.Fatalf("barred %v, and the gate: %+v", bars, v)
		}
		if bars {
			barred++
		} else {
			let++
		}
	})
	if barred < let/10 || let < barred/10 {
		t.Errorf("%d barred, %d let through: one of both is hardly tried", barred, let)
	}
}

// The store is asked only where a list of the number's country has to do with
// what the call is for.
func TestAsksNational(t *testing.T) {
	home := germany()
	home.NationalLists = registers()[1:] // for b2b
	other := Profile{Country: "US", NationalLists: registers()[:1]}
	for _, c := range []struct {
		number  string
		purpose Purpose
		want    bool
	}{
		{"+493012345678", AdvertisingB2B, true}, {"+493012345678", AdvertisingB2C, false}, {"+493012345678", Service, false}, {"+493012345678", "", true},
		{"+12125550100", AdvertisingB2C, true}, {"+12125550100", Research, false}, {"601", AdvertisingB2B, false}, {"+33123456789", AdvertisingB2B, false},
	} {
		r := Rules{Profiles: []Profile{home}, Purpose: c.purpose, Allow: []string{"6xx"}, Elsewhere: map[string]Profile{"DE": home, "US": other, "": {}}}
		if got := r.AsksNational(c.number); got != c.want {
			t.Errorf("%s for %q: %v", c.number, c.purpose, got)
		}
	}
}
