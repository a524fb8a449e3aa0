package configs

import (
	"slices"
	"testing"
	"time"
)

// The law as it was gathered, cell by cell: what the profiles say of abandoned
// calls, ringing, hours, lists, caller id, recording and how long proof is kept.
// What no gate can enforce stands in docs/law.md.
func TestComplianceTable(t *testing.T) {
	at := func(p Profile, day time.Weekday) Span {
		w := p.Hours.Week()
		if w == nil || len(w[day]) == 0 {
			return Span{}
		}
		return w[day][0]
	}
	hm := func(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }
	for _, c := range []struct {
		country            string
		abandoned, ceiling Percent
		ring, maxRing      time.Duration
		mon, sat, sun      Span
		perDay             int
		lists              []string
		listAge, lock      time.Duration
		consent            bool
		recording          string // one that is refused; "" none of the kind
		both               bool
		keep               time.Duration
	}{
		{"US", 0.03, 0.03, 15 * time.Second, 0, Span{hm(8, 0), hm(21, 0)}, Span{hm(8, 0), hm(21, 0)}, Span{hm(8, 0), hm(21, 0)}, 0, []string{"US"}, 31 * 24 * time.Hour, 72 * time.Hour, true, "always", true, 5 * 365 * 24 * time.Hour},
		{"GB", 0, 0.03, 15 * time.Second, 0, Span{hm(8, 0), hm(21, 0)}, Span{hm(9, 0), hm(21, 0)}, Span{hm(9, 0), hm(21, 0)}, 0, []string{"TPS", "CTPS"}, 28 * 24 * time.Hour, 72 * time.Hour, false, "always", false, 5 * 365 * 24 * time.Hour},
		{"DE", 0, 0.03, 15 * time.Second, 40 * time.Second, Span{hm(8, 0), hm(20, 0)}, Span{hm(9, 0), hm(18, 0)}, Span{}, 3, nil, 0, 72 * time.Hour, true, "announce", true, 5 * 365 * 24 * time.Hour},
		{"CA", 0.03, 0.05, 15 * time.Second, 0, Span{hm(9, 0), hm(21, 30)}, Span{hm(10, 0), hm(18, 0)}, Span{hm(10, 0), hm(18, 0)}, 0, []string{"CA"}, 31 * 24 * time.Hour, 72 * time.Hour, false, "always", false, 3 * 365 * 24 * time.Hour},
		{"AT", 0, 0, 15 * time.Second, 40 * time.Second, Span{hm(9, 0), hm(20, 0)}, Span{hm(10, 0), hm(18, 0)}, Span{}, 3, nil, 0, 72 * time.Hour, true, "announce", true, 5 * 365 * 24 * time.Hour},
		{"CH", 0, 0, 15 * time.Second, 40 * time.Second, Span{hm(9, 0), hm(20, 0)}, Span{hm(10, 0), hm(18, 0)}, Span{}, 3, nil, 0, 72 * time.Hour, true, "announce", true, 5 * 365 * 24 * time.Hour},
	} {
		p := ProfileFor(c.country)
		var lists []string
		for _, l := range p.NationalLists {
			lists = append(lists, l.Name)
			if time.Duration(l.MaxAge) != c.listAge || !slices.Contains(l.NeededFor, "advertising-b2c") && !slices.Contains(l.NeededFor, "advertising-b2b") {
				t.Errorf("%s: list %+v", c.country, l)
			}
		}
		for _, x := range []struct {
			what      string
			got, want any
		}{
			{"abandoned", p.Abandoned, Abandoned{c.abandoned, c.ceiling}}, {"connect", p.ConnectWithin, Duration(2 * time.Second)},
			{"ring", time.Duration(p.MinRing), c.ring}, {"ring at most", time.Duration(p.MaxRing), c.maxRing},
			{"Monday", at(p, time.Monday), c.mon}, {"Saturday", at(p, time.Saturday), c.sat}, {"Sunday", at(p, time.Sunday), c.sun},
			{"a day", p.MaxPerDay, c.perDay}, {"lock", time.Duration(p.LockAfter), c.lock}, {"caller id", p.CallerID, "required"},
			{"consent", slices.Contains(p.ConsentFor, "advertising-b2c"), c.consent}, {"both consent", p.RecordingConsent == "both", c.both},
			{"recording", slices.Contains(p.Recording, c.recording), false}, {"lists", slices.Equal(lists, c.lists), true}, {"kept", time.Duration(p.KeepConsent), c.keep},
		} {
			if x.got != x.want {
				t.Errorf("%s: %s: %v, want %v", c.country, x.what, x.got, x.want)
			}
		}
	}
}
