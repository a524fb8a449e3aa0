package campaign

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// gateAsked is one question to the gate.
type gateAsked struct {
	rules Rules
	facts Facts
	now   time.Time
}

// gateEdge is a moment at which a rule's word changes: put places it so far
// before now, and shut says what holds there. What a rule does not concern is
// free of it.
type gateEdge struct {
	name string
	code ReasonCode
	put  func(q *gateAsked, past time.Duration)
	shut func(past time.Duration) bool
	free func(f *Facts) bool
}

func yet(past time.Duration) bool  { return past < 0 }  // shut until the edge
func from(past time.Duration) bool { return past >= 0 } // from the edge on
func over(past time.Duration) bool { return past > 0 }  // from the edge on, itself not

// clockEdge is an edge of the hours: what a clock in Berlin shows then.
func clockEdge(name, at string, code ReasonCode, shut func(time.Duration) bool, set func(*gateAsked)) gateEdge {
	return gateEdge{name: name, code: code, shut: shut, put: func(q *gateAsked, past time.Duration) {
		berlin, _ := time.LoadLocation("Europe/Berlin")
		t, err := time.ParseInLocation("2006-01-02 15:04", at, berlin)
		if err != nil {
			panic(err)
		}
		q.now = t.Add(past)
		set(q)
	}}
}

// gateEdges are those of every rule that has one.
func gateEdges() []gateEdge {
	manual := func(f *Facts) bool { return f.Manual }
	callback := func(f *Facts) bool { return f.Callback }
	nothing := func(*gateAsked) {}
	locked := func(q *gateAsked, past time.Duration) { q.facts.AbandonedAt = q.now.Add(-72*time.Hour - past) }
	consents := func(q *gateAsked, at time.Duration) {
		q.rules.Profiles[0].ConsentFor, q.facts.Record.Consent.At = []Purpose{AdvertisingB2C}, q.now.Add(-at)
	}
	register := func(q *gateAsked, of time.Duration, listed bool) {
		q.rules.Profiles[0].NationalLists = []NationalList{{Name: "DE", Title: "list", Blocks: []Purpose{AdvertisingB2C}, NeededFor: []Purpose{AdvertisingB2C},
			MaxAge: 31 * 24 * time.Hour, ConsentPasses: true, ConsentAge: 90 * 24 * time.Hour}}
		q.facts.National = map[string]OnNational{"DE": {Of: q.now.Add(-of), Listed: listed}}
	}
	own := func(q *gateAsked) { q.rules.Hours = daily(hm(10, 0), hm(16, 0)) }
	window := func(q *gateAsked) { q.facts.Record.From, q.facts.Record.Until = hm(10, 0), hm(16, 0) }
	night := func(q *gateAsked) { q.facts.Record.From, q.facts.Record.Until = hm(18, 0), hm(9, 0) }
	region := func(q *gateAsked) {
		q.rules.Profiles[0] = lander()
		q.facts.Number, q.facts.Record.Phone = "+491701234567", "+491701234567" // of no region: the hours of every one
	}
	holiday := func(q *gateAsked) {
		q.rules.Profiles[0].Hours = daily(0, hm(24, 0))
		q.rules.Profiles[0].Holidays = []Date{{0, time.June, 16}}
	}
	zones := func(q *gateAsked) { q.facts.Zones = []string{"Europe/Berlin", "America/New_York"} }
	return []gateEdge{
		{name: "72 h after an abandoned call", code: ReasonAbandonedLock, put: locked, shut: yet, free: manual},
		{name: "72 h, which one of two countries asks for", code: ReasonAbandonedLock, shut: yet, free: manual, put: func(q *gateAsked, past time.Duration) {
			locked(q, past)
			q.rules.Profiles = []Profile{q.rules.Profiles[0], {Country: "FR", LockAfter: 24 * time.Hour}}
		}},
		{name: "the smallest gap", code: ReasonGap, shut: yet, free: callback, put: func(q *gateAsked, past time.Duration) {
			q.facts.LastAttempt = q.now.Add(-30*time.Minute - past)
		}},
		{name: "three in seven days", code: ReasonPerWeek, shut: yet, put: func(q *gateAsked, past time.Duration) {
			q.rules.Profiles[0].MaxPerWeek, q.rules.Profiles = 5, append(q.rules.Profiles, Profile{Country: "FR", MaxPerWeek: 3})
			for _, ago := range []time.Duration{8 * 24 * time.Hour, 7*24*time.Hour + past, 48 * time.Hour, 25 * time.Hour} {
				q.facts.Earlier = append(q.facts.Earlier, Earlier{At: q.now.Add(-ago)})
			}
		}},
		{name: "consent", code: ReasonNoConsent, shut: yet, put: func(q *gateAsked, past time.Duration) { consents(q, past) }},
		{name: "consent revoked", code: ReasonNoConsent, shut: from, put: func(q *gateAsked, past time.Duration) {
			consents(q, 1000*time.Hour)
			q.facts.Record.Consent.Revoked = q.now.Add(-past)
		}},
		{name: "a list of 31 days", code: ReasonNational, shut: over, put: func(q *gateAsked, past time.Duration) { register(q, 31*24*time.Hour+past, false) }},
		{name: "a listed person's consent of 90 days", code: ReasonListed, shut: over, put: func(q *gateAsked, past time.Duration) {
			register(q, time.Hour, true)
			q.facts.Record.Consent.At = q.now.Add(-90*24*time.Hour - past)
		}},
		clockEdge("morning", "2026-06-15 08:00", ReasonHours, yet, nothing),
		clockEdge("evening", "2026-06-15 20:00", ReasonHours, from, nothing),
		clockEdge("Saturday morning", "2026-06-13 09:00", ReasonHours, yet, nothing),
		clockEdge("Saturday evening", "2026-06-13 18:00", ReasonHours, from, nothing),
		clockEdge("the campaign's morning", "2026-06-15 10:00", ReasonHours, yet, own),
		clockEdge("the campaign's evening", "2026-06-15 16:00", ReasonHours, from, own),
		clockEdge("the record's morning", "2026-06-15 10:00", ReasonHours, yet, window),
		clockEdge("the record's evening", "2026-06-15 16:00", ReasonHours, from, window),
		clockEdge("the record's night begins", "2026-06-15 18:00", ReasonHours, yet, night),
		clockEdge("the record's night ends", "2026-06-15 09:00", ReasonHours, from, night),
		clockEdge("a region's morning", "2026-06-15 09:00", ReasonHours, yet, region),
		clockEdge("a region's evening", "2026-06-15 17:00", ReasonHours, from, region),
		clockEdge("a holiday begins", "2026-06-16 00:00", ReasonHoliday, from, holiday),
		clockEdge("a holiday ends", "2026-06-17 00:00", ReasonHoliday, yet, holiday),
		clockEdge("the other zone's morning", "2026-06-15 14:00", ReasonHours, yet, zones),
	}
}

// On both sides of every edge, by a nanosecond, a second, a minute or an hour,
// whoever dials: the rule says what it has to, nothing else is against the
// call, and a refusal's next time is the very first at which it is permitted.
func TestGateEdges(t *testing.T) {
	ways := []time.Duration{0, 1, time.Second, time.Minute, time.Hour, 24 * time.Hour}
	for _, e := range gateEdges() {
		t.Run(e.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				q := gateAsked{allowRules(), okFacts(), time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC)}
				q.facts.Manual, q.facts.Callback = rapid.Bool().Draw(t, "manual"), rapid.Bool().Draw(t, "callback")
				past := rapid.SampledFrom(ways).Draw(t, "past") * time.Duration(rapid.SampledFrom([]int{-1, 1}).Draw(t, "side"))
				if past.Abs() > time.Hour && !slices.Contains([]ReasonCode{ReasonAbandonedLock, ReasonNoConsent, ReasonNational, ReasonListed}, e.code) {
					past /= 24 // another edge is near
				}
				e.put(&q, past)
				v := Gate(q.rules, q.facts, q.now)
				shut := e.shut(past) && (e.free == nil || !e.free(&q.facts))
				if v.Permitted == shut || shut && v.Reason.Code != e.code {
					t.Fatalf("%s after the edge: %+v", past, v)
				}
				if v.Kind != Temporary {
					return
				}
				if got := Gate(q.rules, q.facts, v.Next); !got.Permitted {
					t.Fatalf("put off until %s, and then: %+v", v.Next, got)
				}
				if got := Gate(q.rules, q.facts, v.Next.Add(-1)); got.Permitted {
					t.Fatalf("put off until %s, and it would be permitted before", v.Next)
				}
			})
		})
	}
}

// Every count stops at its figure: what is below passes, and nothing at it,
// whoever dials; of several figures the narrowest holds.
func TestGateCounts(t *testing.T) {
	refusals := map[ReasonCode]int{}
	rapid.Check(t, func(t *rapid.T) {
		q := gateAsked{allowRules(), okFacts(), noon()}
		q.facts.Manual, q.facts.Callback = rapid.Bool().Draw(t, "manual"), rapid.Bool().Draw(t, "callback")
		// One count is near its figure, and none that the gate looks at before has one.
		near, place := rapid.IntRange(0, 5).Draw(t, "near"), -1
		count := func(name string) (have, most int) {
			place++
			switch {
			case place == near:
				most = rapid.IntRange(1, 5).Draw(t, "most "+name)
				return rapid.IntRange(most-1, 6).Draw(t, name), most
			case place > near:
				most = rapid.IntRange(0, 5).Draw(t, "most "+name)
			}
			return rapid.IntRange(0, 5).Draw(t, name), most
		}
		q.facts.Record.Attempts, q.rules.MaxAttempts = count("so far")
		inCampaign, campaignCap := count("in the campaign")
		today, home := count("today")
		other, region := 0, 0
		if near <= place {
			other, region = rapid.IntRange(0, 5).Draw(t, "most elsewhere"), rapid.IntRange(0, 5).Draw(t, "most in the region")
		}
		q.facts.AttemptsToday = today
		lastSecond, perSecond := count("just now")
		q.facts.CallsLastSec, q.rules.PerSecond = lastSecond, float64(perSecond)
		q.facts.CallsLive, q.rules.MaxCalls = count("live")
		p := germany()
		p.MaxPerDay, p.Regions = home, []Region{{Code: "BE", MaxPerDay: region}}
		p.AreaCodes = Areas{"30": {"BE"}}
		q.rules.Profiles = []Profile{p, {Country: "FR", MaxPerDay: other}}
		q.facts.Kind = KindFixed
		for i := range q.facts.AttemptsToday {
			q.facts.Recent = append(q.facts.Recent, q.now.Add(-20*time.Hour+time.Duration(i)*time.Hour))
		}
		if n := q.facts.AttemptsToday; n > 0 {
			q.facts.LastAttempt = q.facts.Recent[n-1]
		}
		q.rules.Profiles[1].MaxPerCampaign, q.facts.Campaign = campaignCap, "spring"
		for i := range inCampaign {
			q.facts.Earlier = append(q.facts.Earlier, Earlier{q.now.AddDate(0, -i, 0), "spring"}, Earlier{q.now, "autumn"})
		}
		q.rules.Purpose = rapid.SampledFrom([]Purpose{AdvertisingB2C, AdvertisingB2B, "", Collection}).Draw(t, "purpose")
		used := func(have, most int) bool { return most > 0 && have >= most }
		want := ReasonCode("")
		switch f := q.facts; {
		case used(f.Record.Attempts, q.rules.MaxAttempts):
			want = ReasonAttempts
		case used(inCampaign, campaignCap) && q.rules.Purpose != Collection:
			want = ReasonPerCampaign
		case used(f.AttemptsToday, home), used(f.AttemptsToday, other), used(f.AttemptsToday, region):
			want = ReasonPerDay
		case used(f.CallsLastSec, int(q.rules.PerSecond)):
			want = ReasonPerSecond
		case used(f.CallsLive, q.rules.MaxCalls):
			want = ReasonMaxCalls
		}
		v := Gate(q.rules, q.facts, q.now)
		if v.Permitted != (want == "") || v.Reason.Code != want {
			t.Fatalf("%+v, want %q", v, want)
		}
		refusals[want]++
	})
	if len(refusals) != 6 {
		t.Errorf("not every count was reached: %v", refusals)
	}
}

// Where nobody can tell the contact's clock no hour is the right one, whoever
// dials; only a colleague is called by hand all the same.
func TestGateUnknownZone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, facts := allowRules(), okFacts()
		now := noon().Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "minutes")) * time.Minute)
		facts.Manual, facts.Callback = rapid.Bool().Draw(t, "manual"), rapid.Bool().Draw(t, "callback")
		switch zone := rapid.SampledFrom([]string{"", "Local", "Mars/Phobos"}).Draw(t, "zone"); zone {
		case "":
			facts.Number, facts.Record.Phone = "601", "601"
		default:
			facts.Record.TimeZone = zone
		}
		v, colleague := Gate(rules, facts, now), facts.Manual && facts.Number == "601"
		if v.Permitted != colleague || !colleague && v.Reason.Code != ReasonZoneUnknown {
			t.Fatalf("%+v", v)
		}
	})
}
