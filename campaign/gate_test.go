package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func hm(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }

func daily(from, until time.Duration, days ...time.Weekday) *Week {
	var w Week
	if len(days) == 0 {
		days = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	}
	for _, d := range days {
		w[d] = []Span{{from, until}}
	}
	return &w
}

// germany is a strict profile: workdays 8-20, Saturday 9-18, no Sundays.
func germany() Profile {
	w := daily(hm(8, 0), hm(20, 0), 1, 2, 3, 4, 5)
	w[time.Saturday] = []Span{{hm(9, 0), hm(18, 0)}}
	return Profile{
		Country: "DE", Hours: w, MaxPerDay: 3, MinRing: 15 * time.Second, LockAfter: 72 * time.Hour,
		Holidays: []Date{{0, time.December, 25}, {0, time.December, 26}, {2026, time.May, 1}},
	}
}

// noon is Wednesday 2026-06-10, 12:00 in Berlin.
func noon() time.Time { return time.Date(2026, 6, 10, 10, 0, 0, 0, time.UTC) }

func allowRules() Rules {
	return Rules{
		Profiles: []Profile{germany()}, Allow: []string{"+49", "+1", "6xx"}, CallerIDs: []string{"+4930901820"},
		MaxAttempts: 5, MinGap: 30 * time.Minute, PerSecond: 5, MaxCalls: 10, Running: true, Purpose: AdvertisingB2C,
	}
}

func okFacts() Facts {
	return Facts{
		Number: "+493012345678", Person: "number:+493012345678", CallerID: "+4930901820",
		Record:    Record{Key: 1, Phone: "+493012345678", Status: Retrieved, Type: General},
		LeaseOurs: true, ListReadable: true,
	}
}

// gateCase changes what is permitted into one refusal.
type gateCase struct {
	name   string
	change func(*Rules, *Facts, *time.Time)
	code   ReasonCode // empty: permitted
	kind   RefusalKind
	next   string // local Berlin time; empty: not looked at
	result CallResult
	chain  ChainAction
}

func gateCases() []gateCase {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	at := func(s string) time.Time { t, _ := time.ParseInLocation("2006-01-02 15:04", s, berlin); return t }
	return []gateCase{
		{name: "nothing against it", change: func(*Rules, *Facts, *time.Time) {}},
		{name: "lease lost", change: func(_ *Rules, f *Facts, _ *time.Time) { f.LeaseOurs = false }, code: ReasonLeaseLost, kind: Temporary},
		{name: "no record needs no lease", change: func(_ *Rules, f *Facts, _ *time.Time) { f.LeaseOurs = false; f.Record = Record{} }},
		{name: "emergency by machine", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "110" }, code: ReasonEmergency, kind: Permanent, result: InvalidNumber, chain: ChainNext},
		{name: "112 by machine though a pattern allows it", change: func(r *Rules, f *Facts, _ *time.Time) { f.Number = "112"; r.Allow = []string{"1xx"}; r.Profiles = nil }, code: ReasonEmergency, kind: Permanent, result: InvalidNumber, chain: ChainNext},
		{name: "emergency of the profile", change: func(r *Rules, f *Facts, _ *time.Time) { f.Number = "601"; r.Profiles[0].Emergency = []string{"601"} }, code: ReasonEmergency, kind: Permanent, result: InvalidNumber, chain: ChainNext},
		{name: "emergency from the dial pad, whatever holds", change: func(r *Rules, f *Facts, _ *time.Time) {
			*f = Facts{Number: "110", Manual: true, CallsLive: 10}
			r.Allow = nil
		}},
		{name: "do-not-call unreadable", change: func(_ *Rules, f *Facts, _ *time.Time) { f.ListReadable = false }, code: ReasonUnreadable, kind: Global},
		{name: "do-not-call unreadable, manual", change: func(_ *Rules, f *Facts, _ *time.Time) { f.ListReadable = false; f.Manual = true }, code: ReasonUnreadable, kind: Global},
		{name: "campaign stopped", change: func(r *Rules, _ *Facts, _ *time.Time) { r.Running = false }, code: ReasonNotRunning, kind: Global},
		{name: "manual needs no campaign", change: func(r *Rules, f *Facts, _ *time.Time) { r.Running = false; f.Manual = true }},
		{name: "foreign caller id", change: func(_ *Rules, f *Facts, _ *time.Time) { f.CallerID = "+4930999999" }, code: ReasonCallerID, kind: Global},
		{name: "no caller id", change: func(_ *Rules, f *Facts, _ *time.Time) { f.CallerID = "" }, code: ReasonCallerID, kind: Global},
		{name: "no caller id, and none of our own is known", change: func(r *Rules, f *Facts, _ *time.Time) {
			f.CallerID, r.CallerIDs = "", nil
			r.Profiles[0].NeedsCallerID = true
		}, code: ReasonCallerID, kind: Global},
		{name: "the same by hand", change: func(r *Rules, f *Facts, _ *time.Time) {
			f.CallerID, r.CallerIDs, f.Manual = "", nil, true
			r.Profiles[0].NeedsCallerID = true
		}},
		{name: "number on do-not-call", change: func(_ *Rules, f *Facts, _ *time.Time) { f.BlockedBy = &DNCEntry{Number: f.Number} }, code: ReasonDoNotCall, kind: Permanent, result: DoNotCall, chain: ChainNext},
		{name: "person on do-not-call", change: func(_ *Rules, f *Facts, _ *time.Time) { f.BlockedBy = &DNCEntry{Person: f.Person, Client: "Muster"} }, code: ReasonDoNotCall, kind: Permanent, result: DoNotCall, chain: ChainFinish},
		{name: "do-not-call, manual callback", change: func(_ *Rules, f *Facts, _ *time.Time) {
			f.BlockedBy, f.Manual, f.Callback = &DNCEntry{Number: f.Number}, true, true
		}, code: ReasonDoNotCall, kind: Permanent, result: DoNotCall, chain: ChainNext},
		{name: "consent missing", change: func(r *Rules, _ *Facts, _ *time.Time) { r.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C} }, code: ReasonNoConsent, kind: Permanent, chain: ChainNext},
		{name: "consent given", change: func(r *Rules, f *Facts, n *time.Time) {
			r.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C}
			f.Record.Consent.At = n.Add(-time.Hour)
		}},
		{name: "consent revoked", change: func(r *Rules, f *Facts, n *time.Time) {
			r.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C}
			f.Record.Consent = Consent{At: n.Add(-time.Hour), Revoked: n.Add(-time.Minute)}
		}, code: ReasonNoConsent, kind: Permanent, chain: ChainNext},
		{name: "other purpose needs none", change: func(r *Rules, _ *Facts, _ *time.Time) {
			r.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C}
			r.Purpose = Service
		}},
		{name: "prefix not allowed", change: func(r *Rules, _ *Facts, _ *time.Time) { r.Allow = []string{"+43"} }, code: ReasonNotAllowed, kind: Permanent, chain: ChainNext},
		{name: "nothing allowed", change: func(r *Rules, _ *Facts, _ *time.Time) { r.Allow = nil }, code: ReasonNotAllowed, kind: Permanent, chain: ChainNext},
		{name: "prefix not allowed, manual", change: func(r *Rules, f *Facts, _ *time.Time) { r.Allow = []string{"+43"}; f.Manual = true }, code: ReasonNotAllowed, kind: Permanent, chain: ChainNext},
		{name: "a bare plus allows nothing", change: func(r *Rules, _ *Facts, _ *time.Time) { r.Allow = []string{"+"} }, code: ReasonNotAllowed, kind: Permanent, chain: ChainNext},
		{name: "premium", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "+499001234567" }, code: ReasonNumberKind, kind: Permanent, chain: ChainNext},
		{name: "premium allowed by name", change: func(r *Rules, f *Facts, _ *time.Time) {
			f.Number = "+499001234567"
			r.Kinds = []NumberKind{KindPremium}
		}},
		{name: "premium allowed by profile", change: func(r *Rules, f *Facts, _ *time.Time) { f.Number = "+499001234567"; r.Profiles[0].Premium = true }},
		{name: "satellite", change: func(r *Rules, f *Facts, _ *time.Time) { f.Number = "+8816123456789"; r.Allow = []string{"+881"} }, code: ReasonNumberKind, kind: Permanent, chain: ChainNext},
		{name: "attempts used up", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Record.Attempts = 5 }, code: ReasonAttempts, kind: Permanent, chain: ChainNext},
		{name: "one attempt left", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Record.Attempts = 4 }},
		{name: "in call", change: func(_ *Rules, f *Facts, _ *time.Time) { f.InCall = true }, code: ReasonInCall, kind: Temporary, next: "2026-06-10 12:02"},
		{name: "in call, manual", change: func(_ *Rules, f *Facts, _ *time.Time) { f.InCall = true; f.Manual = true }, code: ReasonInCall, kind: Temporary},
		{name: "abandoned an hour ago", change: func(_ *Rules, f *Facts, n *time.Time) { f.AbandonedAt = n.Add(-time.Hour) }, code: ReasonAbandonedLock, kind: Temporary, next: "2026-06-13 11:00"},
		{name: "abandoned, a person may", change: func(_ *Rules, f *Facts, n *time.Time) { f.AbandonedAt = n.Add(-time.Hour); f.Manual = true }},
		{name: "abandoned long ago", change: func(_ *Rules, f *Facts, n *time.Time) { f.AbandonedAt = n.Add(-72 * time.Hour) }},
		{name: "too soon", change: func(_ *Rules, f *Facts, n *time.Time) { f.LastAttempt = n.Add(-10 * time.Minute) }, code: ReasonGap, kind: Temporary, next: "2026-06-10 12:20"},
		{name: "too soon, agreed callback", change: func(_ *Rules, f *Facts, n *time.Time) { f.LastAttempt = n.Add(-10 * time.Minute); f.Callback = true }},
		{name: "gap just over", change: func(_ *Rules, f *Facts, n *time.Time) { f.LastAttempt = n.Add(-30 * time.Minute) }},
		{name: "third today", change: func(_ *Rules, f *Facts, n *time.Time) { f.AttemptsToday = 3; f.LastAttempt = n.Add(-time.Hour) }, code: ReasonPerDay, kind: Temporary, next: "2026-06-11 11:00"},
		{name: "third today, the oldest makes room", change: func(_ *Rules, f *Facts, n *time.Time) {
			f.AttemptsToday, f.LastAttempt = 3, n.Add(-time.Hour)
			f.Recent = []time.Time{n.Add(-3 * time.Hour), n.Add(-2 * time.Hour), n.Add(-time.Hour)}
		}, code: ReasonPerDay, kind: Temporary, next: "2026-06-11 09:00"},
		{name: "two today", change: func(_ *Rules, f *Facts, n *time.Time) { f.AttemptsToday = 2; f.LastAttempt = n.Add(-time.Hour) }},
		{name: "too early", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-06-10 07:59") }, code: ReasonHours, kind: Temporary, next: "2026-06-10 08:00"},
		{name: "opens", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-06-10 08:00") }},
		{name: "closes", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-06-10 20:00") }, code: ReasonHours, kind: Temporary, next: "2026-06-11 08:00"},
		{name: "Saturday evening", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-06-13 18:30") }, code: ReasonHours, kind: Temporary, next: "2026-06-15 08:00"},
		{name: "hours hold for manual calls", change: func(_ *Rules, f *Facts, n *time.Time) { *n = at("2026-06-14 12:00"); f.Manual = true }, code: ReasonHours, kind: Temporary, next: "2026-06-15 08:00"},
		{name: "before the spring change, night", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-03-28 23:00") }, code: ReasonHours, kind: Temporary, next: "2026-03-30 08:00"},
		{name: "Christmas on a Friday", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-12-25 12:00") }, code: ReasonHoliday, kind: Temporary, next: "2026-12-28 08:00"},
		{name: "holiday of one year", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2026-05-01 12:00") }, code: ReasonHoliday, kind: Temporary, next: "2026-05-02 09:00"},
		{name: "the same day of another year", change: func(_ *Rules, _ *Facts, n *time.Time) { *n = at("2028-05-01 12:00") }},
		{name: "campaign narrows", change: func(r *Rules, _ *Facts, _ *time.Time) { r.Hours = daily(hm(14, 0), hm(16, 0)) }, code: ReasonHours, kind: Temporary, next: "2026-06-10 14:00"},
		{name: "campaign never widens", change: func(r *Rules, _ *Facts, n *time.Time) { r.Hours = daily(0, hm(24, 0)); *n = at("2026-06-10 07:00") }, code: ReasonHours, kind: Temporary, next: "2026-06-10 08:00"},
		{name: "record narrows", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Record.From, f.Record.Until = hm(17, 30), hm(19, 0) }, code: ReasonHours, kind: Temporary, next: "2026-06-10 17:30"},
		{name: "record's zone goes before the number's", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Record.TimeZone = "Pacific/Auckland" }, code: ReasonHours, kind: Temporary, next: "2026-06-10 22:00"},
		{name: "every possible zone", change: func(_ *Rules, f *Facts, n *time.Time) {
			f.Zones = []string{"Europe/Berlin", "America/New_York"}
			f.Record.Phone = ""
		}, code: ReasonHours, kind: Temporary, next: "2026-06-10 14:00"},
		{name: "unknown zone", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "601" }, code: ReasonZoneUnknown, kind: Temporary},
		{name: "nonsense zone is unknown", change: func(_ *Rules, f *Facts, _ *time.Time) { f.Record.TimeZone = "Mars/Phobos" }, code: ReasonZoneUnknown, kind: Temporary},
		{name: "unknown zone, profile without hours", change: func(r *Rules, f *Facts, _ *time.Time) { f.Number = "601"; r.Profiles = []Profile{{Country: "lab"}} }},
		{name: "a colleague's extension by hand, at night", change: func(_ *Rules, f *Facts, n *time.Time) {
			*n = at("2026-06-14 03:00")
			f.Number, f.Manual, f.AttemptsToday = "601", true, 50
		}},
		{name: "agreed callback outside the window", change: func(_ *Rules, f *Facts, n *time.Time) { *n = at("2026-06-10 21:00"); f.Callback = true }, code: ReasonHours, kind: Temporary, next: "2026-06-11 08:00"},
		{name: "agreed callback where the profile lets it", change: func(r *Rules, f *Facts, n *time.Time) {
			*n = at("2026-06-10 21:00")
			f.Callback = true
			r.Profiles[0].CallbackAnyHours = true
		}},
		{name: "calls per second", change: func(_ *Rules, f *Facts, _ *time.Time) { f.CallsLastSec = 5 }, code: ReasonPerSecond, kind: Global},
		{name: "calls per second, one free", change: func(_ *Rules, f *Facts, _ *time.Time) { f.CallsLastSec = 4 }},
		{name: "concurrent calls", change: func(_ *Rules, f *Facts, _ *time.Time) { f.CallsLive = 10 }, code: ReasonMaxCalls, kind: Global, next: ""},
		{name: "concurrent calls, one free", change: func(_ *Rules, f *Facts, _ *time.Time) { f.CallsLive = 9 }},
		{name: "lab: no hours, no caps", change: func(r *Rules, f *Facts, n *time.Time) {
			r.Profiles = []Profile{{Country: "lab"}}
			r.MinGap = 0
			*n = at("2026-06-14 03:00")
			f.AttemptsToday = 50
		}},
	}
}

func TestGate(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range gateCases() {
		t.Run(c.name, func(t *testing.T) {
			rules, facts, now := allowRules(), okFacts(), noon()
			c.change(&rules, &facts, &now)
			v := Gate(rules, facts, now)
			if v.Permitted != (c.code == "") || v.Reason.Code != c.code {
				t.Fatalf("verdict %+v, want %q", v, c.code)
			}
			if v.Permitted {
				return
			}
			if v.Kind != c.kind || v.Result != c.result || v.Chain != c.chain {
				t.Errorf("verdict %+v, want kind %s, result %s, chain %d", v, c.kind, c.result, c.chain)
			}
			if v.Reason.Text == "" || strings.ContainsAny(v.Reason.Text, "\n") {
				t.Errorf("reason %q is not a sentence", v.Reason.Text)
			}
			if got := v.Next.In(berlin).Format("2006-01-02 15:04"); c.next != "" && got != c.next {
				t.Errorf("next %s, want %s", got, c.next)
			}
			if v.Kind == Temporary && v.Reason.Code != ReasonLeaseLost && !v.Next.After(now) {
				t.Errorf("temporary, but next %s is not after now", v.Next)
			}
		})
	}
}

// The reasons are gathered: the last to pass decides when.
func TestGateNextOverSeveralReasons(t *testing.T) {
	rules, facts, now := allowRules(), okFacts(), noon()
	facts.LastAttempt = now.Add(-time.Minute)                   // gap: 12:29
	rules.Hours = daily(hm(13, 0), hm(14, 0))                   // hours: 13:00
	facts.AbandonedAt = now.Add(-72*time.Hour + 90*time.Minute) // lock: 13:30
	v := Gate(rules, facts, now)
	if want := now.Add(90 * time.Minute); !v.Next.Equal(want) || v.Reason.Code != ReasonAbandonedLock {
		t.Errorf("got %+v, want %s", v, want)
	}
	facts.AbandonedAt = now.Add(-70 * time.Hour) // lock: 14:00, when it has just closed
	if v, want := Gate(rules, facts, now), now.Add(25*time.Hour); !v.Next.Equal(want) {
		t.Errorf("next %s, want %s", v.Next, want)
	}
}

func TestGateNeverOpens(t *testing.T) {
	rules, facts, now := allowRules(), okFacts(), noon()
	rules.Hours = daily(hm(6, 0), hm(7, 0)) // outside the profile's
	v := Gate(rules, facts, now)
	if v.Kind != Temporary || v.Next.Before(now.AddDate(0, 0, searchDays)) || !strings.Contains(v.Reason.Text, "no time in common") {
		t.Errorf("got %+v", v)
	}
}

// nextOpening agrees with a search minute by minute, over clock changes.
func TestNextOpeningProperty(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"}
	starts := []time.Time{
		time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 4, 0, 0, 0, 0, time.UTC),
	}
	quarter := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 96).Draw(t, "quarter")) * 15 * time.Minute
	})
	rapid.Check(t, func(t *rapid.T) {
		var clocks []openness
		for range rapid.IntRange(1, 2).Draw(t, "zones") {
			loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
			if err != nil {
				t.Fatal(err)
			}
			var w Week
			for d := range w {
				if rapid.Bool().Draw(t, "open day") {
					from, until := quarter.Draw(t, "from"), quarter.Draw(t, "until")
					w[d] = []Span{{min(from, until), max(from, until)}}
				}
			}
			o := openness{loc: loc, weeks: []*Week{&w}}
			if rapid.Bool().Draw(t, "window") {
				o.window = Span{quarter.Draw(t, "wfrom"), quarter.Draw(t, "wuntil")}
			}
			if rapid.Bool().Draw(t, "holiday") {
				o.holidays = []Date{{0, time.March, 29}, {2026, time.October, 25}}
			}
			clocks = append(clocks, o)
		}
		from := rapid.SampledFrom(starts).Draw(t, "start").Add(time.Duration(rapid.IntRange(0, 72*60).Draw(t, "minute")) * time.Minute)
		got, ok := nextOpening(clocks, from)
		end := from.AddDate(0, 0, 10)
		want := from
		for want.Before(end) && !open(clocks, want) {
			want = want.Add(time.Minute)
		}
		switch {
		case want.Before(end) && (!ok || !got.Equal(want)):
			t.Fatalf("from %s: got %s %v, want %s", from, got, ok, want)
		case !want.Before(end) && ok && got.Before(end):
			t.Fatalf("from %s: got %s, but nothing opens before %s", from, got, end)
		}
	})
}

// Whatever the facts: what is permitted breaks no rule, restated here in the
// plainest words.
func TestGateProperty(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	permitted := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 25 { // most have something against them: a single one tries little
			if askGate(t, berlin) {
				permitted++
			}
		}
	})
	if permitted < 100 {
		t.Errorf("only %d were permitted", permitted)
	}
}

// askGate asks the gate about something drawn, and fails where it says other
// than the rules in plain words. It tells what the gate said.
func askGate(t *rapid.T, berlin *time.Location) bool {
	rules, facts := drawGate(t)
	now := noon().Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "minutes")) * time.Minute)
	facts.LastAttempt = now.Add(-time.Duration(rapid.IntRange(1, 3000).Draw(t, "last")) * time.Minute)
	if rapid.Bool().Draw(t, "abandoned") {
		facts.AbandonedAt = facts.LastAttempt
	}
	v := Gate(rules, facts, now)
	emergency := facts.Number == "112"
	h := now.In(berlin)
	inHours := (h.Weekday() >= 1 && h.Weekday() <= 5 && h.Hour() >= 8 && h.Hour() < 20) ||
		(h.Weekday() == 6 && h.Hour() >= 9 && h.Hour() < 18)
	broken := map[string]bool{
		"emergency":  emergency && !facts.Manual,
		"unreadable": !emergency && !facts.ListReadable,
		"blocked":    !emergency && facts.BlockedBy != nil,
		"running":    !facts.Manual && !rules.Running,
		"lease":      facts.Record.Key != 0 && !facts.LeaseOurs,
		"allow":      !emergency && !strings.HasPrefix(facts.Number, "+49"),
		"attempts":   !emergency && facts.Record.Attempts >= rules.MaxAttempts,
		"in call":    !emergency && facts.InCall,
		"gap":        !emergency && !facts.Callback && now.Sub(facts.LastAttempt) < rules.MinGap,
		"lock":       !facts.Manual && !facts.AbandonedAt.IsZero() && now.Sub(facts.AbandonedAt) < 72*time.Hour,
		"day":        !emergency && facts.AttemptsToday >= 3,
		"hours":      !emergency && !inHours,
		"load":       !emergency && (facts.CallsLastSec >= 5 || facts.CallsLive >= 10),
		"caller id":  !emergency && facts.CallerID != "+4930901820",
		"consent": !emergency && len(rules.Profiles[0].ConsentFor) > 0 &&
			(facts.Record.Consent.At.IsZero() || now.Before(facts.Record.Consent.At) || !facts.Record.Consent.Revoked.IsZero() && !now.Before(facts.Record.Consent.Revoked)),
	}
	any := false
	for rule, b := range broken {
		any = any || b
		if b && v.Permitted {
			t.Fatalf("permitted although %s: %+v", rule, facts)
		}
	}
	if !any && !v.Permitted {
		t.Fatalf("refused for no reason: %+v", v)
	}
	// What is put off until Next is not put off again by the same clock.
	if v.Kind == Temporary && v.Reason.Code == ReasonHours {
		if again := Gate(rules, facts, v.Next); again.Reason.Code == ReasonHours || again.Reason.Code == ReasonHoliday {
			t.Fatalf("at %s still %s", v.Next, again.Reason.Text)
		}
	}
	return v.Permitted
}

func drawGate(t *rapid.T) (Rules, Facts) {
	// Each thing is mostly in order, or hardly anything would be permitted.
	rare := func(name string) bool { return rapid.IntRange(0, 11).Draw(t, name) == 0 }
	rules, facts := allowRules(), okFacts()
	rules.Allow = []string{"+49"}
	rules.Running = !rare("stopped")
	facts.Number = "+493012345678"
	if rare("other number") {
		facts.Number = rapid.SampledFrom([]string{"112", "+43123456789", "601"}).Draw(t, "number")
	}
	facts.Manual, facts.Callback = rapid.Bool().Draw(t, "manual"), rapid.Bool().Draw(t, "callback")
	facts.LeaseOurs, facts.ListReadable = !rare("lost"), !rare("unreadable")
	facts.InCall = rare("in call")
	if rare("blocked") { // whatever its scope: the store gives the entry that applies
		facts.BlockedBy = rapid.SampledFrom([]*DNCEntry{{Number: facts.Number}, {Person: facts.Person, Client: "Muster"}, {Number: facts.Number, Campaign: "spring"}}).Draw(t, "entry")
	}
	facts.Record.Attempts = rapid.IntRange(0, 5).Draw(t, "attempts")
	facts.AttemptsToday = rapid.IntRange(0, 3).Draw(t, "today")
	facts.CallsLastSec, facts.CallsLive = rapid.IntRange(0, 5).Draw(t, "cps"), rapid.IntRange(0, 10).Draw(t, "live")
	if rare("no caller id") {
		facts.CallerID = rapid.SampledFrom([]string{"", "+4930901821", "+493090182", "30901820", facts.Number}).Draw(t, "caller id")
	}
	if rapid.IntRange(0, 2).Draw(t, "consent") == 0 {
		rules.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C}
		c := &facts.Record.Consent
		if !rare("no consent") {
			c.At = noon().Add(time.Duration(rapid.IntRange(-1, 24).Draw(t, "given")) * time.Hour)
		}
		if rare("revoked") {
			c.Revoked = noon().Add(time.Duration(rapid.IntRange(0, 14*24).Draw(t, "hours")) * time.Hour)
		}
	}
	return rules, facts
}

func TestVerdictUpdate(t *testing.T) {
	r := Record{Key: 1, Type: General, Status: Retrieved, Result: Busy, Attempts: 2, Note: "n", Owner: "ann"}
	next := noon().Add(time.Hour)
	for _, c := range []struct {
		name string
		v    Verdict
		want RecordUpdate
		ok   bool
	}{
		{"permitted", Verdict{Permitted: true}, RecordUpdate{}, false},
		{"global", global(ReasonMaxCalls, "full", next), RecordUpdate{}, false},
		{"lost", temporary(Reason{Code: ReasonLeaseLost}, next), RecordUpdate{}, false},
		{"temporary", temporary(Reason{Code: ReasonGap, Text: "soon"}, next),
			RecordUpdate{Type: General, Status: Ready, Result: Busy, Attempts: 2, NextDial: next, Reason: "soon", Note: "n", Owner: "ann"}, true},
		{"permanent", Verdict{Kind: Permanent, Type: NoCall, Status: Updated, Result: DoNotCall, Reason: Reason{Code: ReasonDoNotCall, Text: "listed"}},
			RecordUpdate{Type: NoCall, Status: Updated, Result: DoNotCall, Attempts: 2, Reason: "listed", Note: "n", Owner: "ann"}, true},
	} {
		got, ok := c.v.Update(r)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestWhy(t *testing.T) {
	rules, facts, now := allowRules(), okFacts(), noon()
	base := facts.Record
	for _, c := range []struct {
		name   string
		change func(*Record)
		facts  func(*Facts)
		want   string
	}{
		{"free", func(r *Record) { r.Status = Ready }, nil, "may be dialled now"},
		{"stale", func(r *Record) { r.Status = Stale }, nil, "a person frees it"},
		{"chain", func(r *Record) { r.Status = ChainReady }, nil, "another number"},
		{"leased", func(r *Record) { r.Status = Retrieved }, nil, "with an agent"},
		{"finished", func(r *Record) { r.Status, r.Result, r.Attempts = Updated, Answer, 1 }, nil, "finished: answer after 1 attempt"},
		{"finished for a reason", func(r *Record) { r.Status, r.Reason = Cancelled, "wrong prefix" }, nil, "wrong prefix"},
		{"waits", func(r *Record) { r.Status, r.NextDial = Ready, now.Add(time.Hour) }, nil, "waits until 2026-06-10 13:00 CEST"},
		{"waits, with reason", func(r *Record) { r.Status, r.NextDial, r.Reason = Ready, now.Add(time.Hour), "busy; later" }, nil, "busy; later"},
		{"blocked", func(r *Record) { r.Status, r.NextDial = Ready, now.Add(time.Hour) },
			func(f *Facts) { f.BlockedBy = &DNCEntry{Number: f.Number, By: "bea"} }, "do-not-call list for everybody, entered by bea"},
	} {
		r, f := base, facts
		c.change(&r)
		if c.facts != nil {
			c.facts(&f)
		}
		if got := Why(r, rules, f, now); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNamesAreOneToOne(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range CallResults() {
		got, err := ParseCallResult(r.String())
		if err != nil || got != r || seen[r.String()] {
			t.Errorf("%d %q: %v %v", int(r), r, got, err)
		}
		seen[r.String()] = true
	}
	if _, err := ParseCallResult("busyy"); err == nil {
		t.Error("a name that does not exist was read")
	}
	if r, err := ParseCallResult("99"); err != nil || r.String() != "99" {
		t.Errorf("an unknown code of an old list: %v %v", r, err)
	}
	if !slices.Contains(CallResults(), Answer) || Answer.String() != "answer" || Ready.String() != "ready" || PersonalCallback.String() != "personal-callback" {
		t.Error("names changed")
	}
}

// The hours that a change of the clock leaves out or repeats.
func TestNextOpeningOverClockChanges(t *testing.T) {
	for _, c := range []struct {
		name, zone  string
		from, until time.Duration
		now, want   string // UTC
	}{
		{"a begin that is left out", "Europe/Berlin", hm(2, 30), hm(4, 0), "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"a begin that comes twice, the first", "Europe/Berlin", hm(2, 15), hm(2, 45), "2026-10-24T23:00:00Z", "2026-10-25T00:15:00Z"},
		{"a begin that comes twice, the second", "Europe/Berlin", hm(2, 15), hm(2, 45), "2026-10-25T00:50:00Z", "2026-10-25T01:15:00Z"},
		{"half an hour of change, the first", "Australia/Lord_Howe", hm(1, 40), hm(1, 50), "2026-04-04T14:00:00Z", "2026-04-04T14:40:00Z"},
		{"half an hour of change, the second", "Australia/Lord_Howe", hm(1, 40), hm(1, 50), "2026-04-04T14:55:00Z", "2026-04-04T15:10:00Z"},
		{"a window over a change within it", "Europe/Berlin", hm(1, 0), hm(2, 30), "2026-10-25T00:40:00Z", "2026-10-25T01:00:00Z"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, _ := time.Parse(time.RFC3339, c.now)
		got, ok := nextOpening([]openness{{loc: loc, weeks: []*Week{daily(c.from, c.until)}}}, now)
		if s := got.UTC().Format(time.RFC3339); !ok || s != c.want {
			t.Errorf("%s: %s %v, want %s", c.name, s, ok, c.want)
		}
	}
}
