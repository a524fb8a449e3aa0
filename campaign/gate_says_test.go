package campaign

import (
	"strings"
	"testing"
	"time"
)

// Whatever the gate refuses, it says what and until when in one sentence; where
// nothing but a person helps it says what she has to do, or nothing more.
func TestGateSays(t *testing.T) {
	said := map[ReasonCode]bool{}
	for _, c := range []struct {
		want   string
		change func(r *Rules, f *Facts, now *time.Time)
	}{
		{"another process has taken the record", func(_ *Rules, f *Facts, _ *time.Time) { f.LeaseOurs = false }},
		{"emergency numbers are never dialled by machine", func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "110" }},
		{"the do-not-call list cannot be read, so nothing is dialled", func(_ *Rules, f *Facts, _ *time.Time) { f.ListReadable = false }},
		{"the campaign does not run", func(r *Rules, _ *Facts, _ *time.Time) { r.Running = false }},
		{"no caller id is set: it has to be one of our own numbers, which stand in dial.caller_ids", func(_ *Rules, f *Facts, _ *time.Time) { f.CallerID = "" }},
		{`the caller id "+4930999999" is not one of our own numbers`, func(_ *Rules, f *Facts, _ *time.Time) { f.CallerID = "+4930999999" }},
		{"on the do-not-call list for Muster, entered by ann on 2026-06-01", func(_ *Rules, f *Facts, _ *time.Time) {
			f.BlockedBy = &DNCEntry{Number: f.Number, Client: "Muster", By: "ann", At: time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)}
		}},
		{"the list of DE was never imported", func(r *Rules, f *Facts, _ *time.Time) {
			r.Profiles[0].NationalLists = []NationalList{{Title: "list", NeededFor: []Purpose{AdvertisingB2C}}}
			f.National = map[string]OnNational{}
		}},
		{"on the list of DE as of 2026-06-10 (0 days old): no calls for advertising-b2c", func(r *Rules, f *Facts, now *time.Time) {
			r.Profiles[0].NationalLists = []NationalList{{Title: "list", Blocks: []Purpose{AdvertisingB2C}}}
			f.National = map[string]OnNational{"DE": {Of: *now, Listed: true}}
		}},
		{"no documented consent, which advertising-b2c needs", func(r *Rules, _ *Facts, _ *time.Time) { r.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C} }},
		{"consent to be called was revoked on 2026-06-09", func(r *Rules, f *Facts, now *time.Time) {
			r.Profiles[0].ConsentFor = []Purpose{AdvertisingB2C}
			f.Record.Consent = Consent{At: now.AddDate(0, 0, -9), Revoked: now.AddDate(0, 0, -1)}
		}},
		{"the number begins with nothing that dial.allow names", func(r *Rules, _ *Facts, _ *time.Time) { r.Allow = []string{"+43"} }},
		{"it is a premium number, a kind that is not allowed", func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "+499001234567" }},
		{"all 5 attempts are used up", func(_ *Rules, f *Facts, _ *time.Time) { f.Record.Attempts = 5 }},
		{"1 attempt to one number or person in a campaign, and no more", func(r *Rules, f *Facts, _ *time.Time) {
			r.Profiles[0].MaxPerCampaign, f.Campaign, f.Earlier = 1, "spring", []Earlier{{Campaign: "spring"}}
		}},
		{"this number or person is being called just now; asked again 2026-06-10 12:02 CEST", func(_ *Rules, f *Facts, _ *time.Time) { f.InCall = true }},
		{"after an abandoned call no machine dials for a while; from 2026-06-13 11:00 CEST", func(_ *Rules, f *Facts, n *time.Time) { f.AbandonedAt = n.Add(-time.Hour) }},
		{"too soon after the last attempt; from 2026-06-10 12:20 CEST", func(_ *Rules, f *Facts, n *time.Time) { f.LastAttempt = n.Add(-10 * time.Minute) }},
		// Not at 20:20, when nobody may be called.
		{"too soon after the last attempt; from 2026-06-11 08:00 CEST", func(_ *Rules, f *Facts, n *time.Time) {
			*n = n.Add(7*time.Hour + 55*time.Minute)
			f.LastAttempt = n.Add(-5 * time.Minute)
		}},
		{"3 attempts a day to one number or person, and no more; from 2026-06-11 11:00 CEST", func(_ *Rules, f *Facts, n *time.Time) {
			f.AttemptsToday, f.LastAttempt = 3, n.Add(-time.Hour)
		}},
		{"1 attempt a week to one number or person, and no more; from 2026-06-15 12:00 CEST", func(r *Rules, f *Facts, n *time.Time) {
			r.Profiles[0].MaxPerWeek, f.Earlier = 1, []Earlier{{At: n.Add(-48 * time.Hour)}}
		}},
		{"the contact's time zone is not known, so its hours cannot be kept: give the record one", func(_ *Rules, f *Facts, _ *time.Time) { f.Record.TimeZone = "Mars/Phobos" }},
		{"outside the permitted hours; they open 2026-06-11 08:00 CEST", func(_ *Rules, _ *Facts, n *time.Time) { *n = n.Add(9 * time.Hour) }},
		{"outside the permitted hours; they open 2026-06-16 09:00 CEST. Neither state nor postcode is known, so the rules of every region hold", func(r *Rules, f *Facts, n *time.Time) {
			r.Profiles[0], f.Number, *n = lander(), "+491701234567", n.AddDate(0, 0, 5).Add(9*time.Hour)
		}},
		{"a holiday where the contact is; calls are permitted from 2026-06-11 08:00 CEST", func(r *Rules, _ *Facts, _ *time.Time) { r.Profiles[0].Holidays = []Date{{0, time.June, 10}} }},
		{"the permitted hours of profile, campaign and record have no time in common", func(r *Rules, _ *Facts, _ *time.Time) { r.Hours = daily(hm(6, 0), hm(7, 0)) }},
		{"the account begins no more than 5 calls per second", func(_ *Rules, f *Facts, _ *time.Time) { f.CallsLastSec = 5 }},
		{"the account carries no more than 10 calls at once", func(_ *Rules, f *Facts, _ *time.Time) { f.CallsLive = 10 }},
	} {
		rules, facts, now := allowRules(), okFacts(), noon()
		c.change(&rules, &facts, &now)
		v := Gate(rules, facts, now)
		if v.Permitted || v.Reason.Text != c.want {
			t.Errorf("%q, want %q", v.Reason.Text, c.want)
		}
		if timed := again(v.Reason.Code) != "" && v.Kind == Temporary; timed && !strings.Contains(c.want, "no time in common") && !strings.Contains(v.Reason.Text, " CEST") {
			t.Errorf("%q does not say until when", v.Reason.Text)
		}
		said[v.Reason.Code] = true
	}
	// The budget's sentences are asked for where it is tested.
	for _, code := range []ReasonCode{
		ReasonLeaseLost, ReasonEmergency, ReasonUnreadable, ReasonNotRunning, ReasonCallerID, ReasonDoNotCall, ReasonNational, ReasonListed, ReasonNoConsent,
		ReasonNotAllowed, ReasonNumberKind, ReasonAttempts, ReasonInCall, ReasonAbandonedLock, ReasonGap, ReasonPerDay, ReasonPerWeek, ReasonPerCampaign,
		ReasonZoneUnknown, ReasonHours, ReasonHoliday, ReasonPerSecond, ReasonMaxCalls,
	} {
		if !said[code] {
			t.Errorf("nothing was refused for %s", code)
		}
	}
}
