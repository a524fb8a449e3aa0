package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Gate decides whether a number may be dialled now. It is the one place where
// that is decided, for every mode, callback and manual call; Store.Permit asks
// it within the transaction that writes the attempt. When several rules
// refuse, a global reason stands before a permanent one, and that before a
// temporary one.
func Gate(rules Rules, facts Facts, now time.Time) Verdict {
	g := newGate(rules, facts, now)
	for _, rule := range []func() (Verdict, bool){
		g.lease, g.emergency, g.listReadable, g.running, g.callerID, g.budget, g.national,
		g.doNotCall, g.nationallyListed, g.consent, g.allowed, g.kind, g.attempts, g.perCampaign,
		g.temporary, g.load,
	} {
		if v, decided := rule(); decided {
			return v
		}
	}
	return Verdict{Permitted: true}
}

// wishLasts is how long after the agreed time a callback is still at the
// contact's wish: who asked for nine in the evening did not ask for seven in the
// morning.
const wishLasts = 2 * time.Hour

// agreed reports whether the record is a callback at the contact's own wish, at
// the time that was wished for.
func (r Record) agreed(now time.Time) bool {
	return (r.Type == PersonalCallback || r.Type == CampaignCallback) && !r.CallbackAt.IsZero() &&
		!now.Before(r.CallbackAt) && now.Before(r.CallbackAt.Add(wishLasts))
}

// gate is one question put to the rules.
type gate struct {
	Rules
	Facts
	now       time.Time
	extension bool
	numKind   NumberKind
	country   string   // of the number
	regions   []Region // the number may be in
	anyRegion bool     // of which nobody knows: the rules of all hold
	clocks    []openness
	unknown   bool // the zone is, and a profile has hours
}

func newGate(rules Rules, facts Facts, now time.Time) *gate {
	g := &gate{Rules: rules, Facts: facts, now: now, numKind: facts.Kind}
	g.extension = matchExtension(facts.Number, rules.Allow)
	zones := facts.Zones
	country := ""
	if len(rules.Profiles) > 0 {
		country = rules.Profiles[0].Country
	}
	if n, err := ParseNumber(facts.Number, country, rules.Allow); err == nil {
		if g.numKind == "" {
			g.numKind = n.Kind
		}
		if len(zones) == 0 {
			zones = n.Zones
		}
		g.country = n.Country
	}
	g.Profiles = rules.profilesFor(g.country)
	for i := range g.Profiles {
		if p := &g.Profiles[i]; p.Country == g.country {
			g.regions = p.regionsOf(&facts.Record, facts.Number, g.numKind)
			g.anyRegion = len(g.regions) > 1 && len(g.regions) == len(p.Regions)
		}
	}
	if facts.Record.TimeZone != "" {
		zones = []string{facts.Record.TimeZone}
	}
	g.setClocks(zones)
	return g
}

// setClocks works out by which clocks the hours are judged: every zone the
// number may be in.
func (g *gate) setClocks(zones []string) {
	o := openness{window: Span{g.Record.From, g.Record.Until}}
	if g.Rules.Hours != nil {
		o.weeks = append(o.weeks, g.Rules.Hours)
	}
	lawful := false
	if !g.colleague() {
		for _, p := range g.Profiles {
			if g.Callback && p.CallbackAnyHours {
				continue
			}
			if p.Hours != nil {
				o.weeks = append(o.weeks, p.Hours)
				lawful = true
			}
			o.holidays = append(o.holidays, p.Holidays...)
			if p.Country != g.country {
				continue
			}
			for _, r := range g.regions {
				if r.Hours != nil {
					o.weeks = append(o.weeks, r.Hours)
					lawful = true
				}
				o.holidays = append(o.holidays, r.Holidays...)
			}
		}
	}
	for _, name := range zones {
		loc, err := time.LoadLocation(name)
		if err != nil || name == "" || name == "Local" {
			g.clocks = nil
			break
		}
		o.loc = loc
		g.clocks = append(g.clocks, o)
	}
	if len(g.clocks) > 0 {
		return
	}
	g.unknown = lawful
	o.loc = zoneOr(g.Zone, time.UTC)
	g.clocks = []openness{o}
}

func zoneOr(name string, other *time.Location) *time.Location {
	if name != "" && name != "Local" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return other
}

// colleague reports whether a person dials an extension of the house: hours
// and counts protect contacts, not colleagues.
func (g *gate) colleague() bool { return g.Manual && g.extension }

func (g *gate) lease() (Verdict, bool) {
	if g.Record.Key == 0 || g.LeaseOurs {
		return Verdict{}, false
	}
	return temporary(Reason{Code: ReasonLeaseLost, Text: "another process has taken the record"}, g.now), true
}

func (g *gate) emergency() (Verdict, bool) {
	if !g.isEmergency() {
		return Verdict{}, false
	}
	if g.Manual {
		return Verdict{Permitted: true}, true // whatever else holds
	}
	return permanent(ReasonEmergency, "emergency numbers are never dialled by machine", InvalidNumber), true
}

func (g *gate) isEmergency() bool {
	digits := strings.TrimPrefix(g.Number, "+")
	if g.numKind == KindEmergency || digits == "112" || digits == "911" {
		return true
	}
	return slices.ContainsFunc(g.Profiles, func(p Profile) bool { return slices.Contains(p.Emergency, g.Number) })
}

func (g *gate) listReadable() (Verdict, bool) {
	if g.ListReadable {
		return Verdict{}, false
	}
	return global(ReasonUnreadable, "the do-not-call list cannot be read, so nothing is dialled", g.now.Add(5*time.Second)), true
}

func (g *gate) running() (Verdict, bool) {
	if g.Manual || g.Running {
		return Verdict{}, false
	}
	return global(ReasonNotRunning, "the campaign does not run", time.Time{}), true
}

func (g *gate) callerID() (Verdict, bool) {
	// Who dials by hand shows what the PBX shows for her.
	needed := len(g.CallerIDs) > 0 || !g.Manual && slices.ContainsFunc(g.Profiles, func(p Profile) bool { return p.NeedsCallerID })
	switch {
	case g.CallerID == "" && needed:
		return global(ReasonCallerID, "no caller id is set: it has to be one of our own numbers, which stand in dial.caller_ids", time.Time{}), true
	case len(g.CallerIDs) == 0 || slices.Contains(g.CallerIDs, g.CallerID):
		return Verdict{}, false
	}
	return global(ReasonCallerID, fmt.Sprintf("the caller id %q is not one of our own numbers", g.CallerID), time.Time{}), true
}

func (g *gate) doNotCall() (Verdict, bool) {
	e := g.BlockedBy
	if e == nil {
		return Verdict{}, false
	}
	scope := "for everybody"
	switch {
	case e.Campaign != "":
		scope = "for campaign " + e.Campaign
	case e.Client != "":
		scope = "for " + e.Client
	}
	by := ""
	if e.By != "" {
		by = ", entered by " + e.By
	}
	if !e.At.IsZero() {
		by += " on " + e.At.Format(time.DateOnly)
	}
	v := permanent(ReasonDoNotCall, "on the do-not-call list "+scope+by, DoNotCall)
	v.Status, v.Type = Updated, NoCall
	if e.Person != "" {
		v.Chain = ChainFinish
	}
	return v, true
}

func (g *gate) consent() (Verdict, bool) {
	needed := slices.ContainsFunc(g.Profiles, func(p Profile) bool { return slices.Contains(p.ConsentFor, g.Purpose) })
	if !needed {
		return Verdict{}, false
	}
	c := g.Record.Consent
	switch {
	case !c.Revoked.IsZero() && !c.Revoked.After(g.now):
		return permanent(ReasonNoConsent, "consent to be called was revoked on "+c.Revoked.Format(time.DateOnly), 0), true
	case c.At.IsZero() || c.At.After(g.now):
		return permanent(ReasonNoConsent, fmt.Sprintf("no documented consent, which %s needs", g.Purpose), 0), true
	}
	return Verdict{}, false
}

func (g *gate) allowed() (Verdict, bool) {
	if allowedNumber(g.Number, g.Allow) {
		return Verdict{}, false
	}
	return permanent(ReasonNotAllowed, "the number begins with nothing that dial.allow names", 0), true
}

// allowedNumber reports whether a number begins with an allowed prefix or
// matches an allowed extension pattern.
func allowedNumber(number string, allow []string) bool {
	if matchExtension(number, allow) {
		return true
	}
	return slices.ContainsFunc(allow, func(p string) bool {
		return len(p) > 1 && p[0] == '+' && strings.HasPrefix(number, p)
	})
}

func (g *gate) kind() (Verdict, bool) {
	switch g.numKind {
	case KindPremium, KindSatellite:
		if slices.ContainsFunc(g.Profiles, func(p Profile) bool { return p.Premium }) {
			return Verdict{}, false
		}
	case KindSharedCost, KindPersonal, KindPager, KindVoicemail:
	default:
		return Verdict{}, false
	}
	if slices.Contains(g.Kinds, g.numKind) {
		return Verdict{}, false
	}
	return permanent(ReasonNumberKind, fmt.Sprintf("it is a %s number, a kind that is not allowed", g.numKind), 0), true
}

func (g *gate) attempts() (Verdict, bool) {
	if g.MaxAttempts <= 0 || g.Record.Attempts < g.MaxAttempts {
		return Verdict{}, false
	}
	v := permanent(ReasonAttempts, fmt.Sprintf("all %s are used up", plural(g.MaxAttempts, "attempt")), 0)
	v.Status = Updated
	return v, true
}

// temporary asks the rules that only put off. The first of them gives the
// reason, the last to pass the time, moved into the next permitted hours.
func (g *gate) temporary() (Verdict, bool) {
	var why Reason
	from := g.now
	for _, rule := range []func() (Reason, time.Time){g.inCall, g.abandonedLock, g.gap, g.perDay, g.perWeek, g.nationalElsewhere} {
		if r, next := rule(); r.Code != "" {
			if why.Code == "" {
				why = r
			}
			if next.After(from) {
				from = next
			}
		}
	}
	closed, at := g.hours()
	if why.Code == "" && closed.Code == "" {
		return Verdict{}, false
	}
	if why.Code == "" {
		why = closed
	}
	next, ok := nextOpening(g.clocks, from)
	switch {
	case g.unknown:
		next = from.Add(24 * time.Hour)
	case !ok:
		next = from.AddDate(0, 0, searchDays)
		if why.Code == ReasonHours || why.Code == ReasonHoliday {
			why.Text = "the permitted hours of profile, campaign and record have no time in common"
		}
	}
	why.Until = next
	if word := again(why.Code); ok && word != "" {
		why.Text += "; " + word + " " + local(next, at)
	}
	if g.anyRegion && (why.Code == ReasonHours || why.Code == ReasonHoliday) {
		why.Text += ". Neither state nor postcode is known, so the rules of every region hold"
	}
	return Verdict{Reason: why, Kind: Temporary, Next: next}, true
}

// again is what stands before the time at which a reason has passed.
func again(code ReasonCode) string {
	switch code {
	case ReasonHours:
		return "they open"
	case ReasonHoliday:
		return "calls are permitted from"
	case ReasonAbandonedLock, ReasonGap, ReasonPerDay, ReasonPerWeek:
		return "from"
	case ReasonInCall, ReasonNational:
		return "asked again"
	}
	return ""
}

func (g *gate) inCall() (Reason, time.Time) {
	if !g.InCall {
		return Reason{}, time.Time{}
	}
	return Reason{Code: ReasonInCall, Text: "this number or person is being called just now"}, g.now.Add(2 * time.Minute)
}

func (g *gate) abandonedLock() (Reason, time.Time) {
	var lock time.Duration
	for _, p := range g.Profiles {
		lock = max(lock, p.LockAfter)
	}
	until := g.AbandonedAt.Add(lock)
	if g.Manual || g.AbandonedAt.IsZero() || !until.After(g.now) {
		return Reason{}, time.Time{}
	}
	return Reason{Code: ReasonAbandonedLock, Text: "after an abandoned call no machine dials for a while"}, until
}

func (g *gate) gap() (Reason, time.Time) {
	until := g.LastAttempt.Add(g.MinGap)
	if g.colleague() || g.Callback || g.LastAttempt.IsZero() || !until.After(g.now) {
		return Reason{}, time.Time{}
	}
	return Reason{Code: ReasonGap, Text: "too soon after the last attempt"}, until
}

func (g *gate) perDay() (Reason, time.Time) {
	if g.colleague() {
		return Reason{}, time.Time{}
	}
	most := 0
	narrow := func(n int) {
		if n > 0 && (most == 0 || n < most) {
			most = n
		}
	}
	for _, p := range g.Profiles {
		narrow(p.MaxPerDay)
	}
	for _, r := range g.regions {
		narrow(r.MaxPerDay)
	}
	if most == 0 || g.AttemptsToday < most {
		return Reason{}, time.Time{}
	}
	// A day later the last attempt is not counted any more; where the store
	// tells them all, the one that makes room is.
	next := g.LastAttempt.Add(24 * time.Hour)
	if n := len(g.Recent); n >= most {
		next = g.Recent[n-most].Add(24 * time.Hour)
	}
	if !next.After(g.now) {
		next = g.now.Add(time.Hour) // a calendar day of 25 h
	}
	return Reason{Code: ReasonPerDay, Text: plural(most, "attempt") + " a day to one number or person, and no more"}, next
}

// narrowest is the smallest figure of the profiles that is a limit at all, in
// calls that advertise, or of which nobody has said what they are for.
func (g *gate) narrowest(figure func(Profile) int) (most int) {
	if g.colleague() || g.Purpose != "" && !g.Purpose.advertises() {
		return 0
	}
	for _, p := range g.Profiles {
		if n := figure(p); n > 0 && (most == 0 || n < most) {
			most = n
		}
	}
	return most
}

const week = 7 * 24 * time.Hour

func (g *gate) perWeek() (Reason, time.Time) {
	most := g.narrowest(func(p Profile) int { return p.MaxPerWeek })
	i := slices.IndexFunc(g.Earlier, func(e Earlier) bool { return e.At.After(g.now.Add(-week)) })
	if most == 0 || i < 0 || len(g.Earlier)-i < most {
		return Reason{}, time.Time{}
	}
	return Reason{Code: ReasonPerWeek, Text: plural(most, "attempt") + " a week to one number or person, and no more"},
		g.Earlier[len(g.Earlier)-most].At.Add(week)
}

func (g *gate) perCampaign() (Verdict, bool) {
	most, n := g.narrowest(func(p Profile) int { return p.MaxPerCampaign }), 0
	for _, e := range g.Earlier {
		if e.Campaign == g.Campaign {
			n++
		}
	}
	if g.Campaign == "" || most == 0 || n < most {
		return Verdict{}, false
	}
	v := permanent(ReasonPerCampaign, plural(most, "attempt")+" to one number or person in a campaign, and no more", 0)
	v.Status = Updated
	return v, true
}

// CountsEarlier reports whether the law of a number asks for earlier attempts
// than those of a day.
func (r Rules) CountsEarlier(number string) bool {
	profiles, _ := r.lawOf(number)
	return slices.ContainsFunc(profiles, func(p Profile) bool { return p.MaxPerWeek > 0 || p.MaxPerCampaign > 0 })
}

// hours gives the reason why it is not the time to call, and the place whose
// clock says so.
func (g *gate) hours() (Reason, *time.Location) {
	if g.unknown {
		return Reason{Code: ReasonZoneUnknown, Text: "the contact's time zone is not known, so its hours cannot be kept: give the record one"}, time.UTC
	}
	for _, o := range g.clocks {
		switch o.closed(g.now) {
		case ReasonHours:
			return Reason{Code: ReasonHours, Text: "outside the permitted hours"}, o.loc
		case ReasonHoliday:
			return Reason{Code: ReasonHoliday, Text: "a holiday where the contact is"}, o.loc
		}
	}
	return Reason{}, g.clocks[0].loc
}

func (g *gate) load() (Verdict, bool) {
	if g.PerSecond > 0 && float64(g.CallsLastSec) >= g.PerSecond {
		calls := fmt.Sprintf("%g calls", g.PerSecond)
		if g.PerSecond == 1 {
			calls = "1 call"
		}
		return global(ReasonPerSecond, "the account begins no more than "+calls+" per second",
			g.now.Add(max(time.Duration(float64(time.Second)/g.PerSecond), 100*time.Millisecond))), true
	}
	if g.MaxCalls > 0 && g.CallsLive >= g.MaxCalls {
		return global(ReasonMaxCalls, fmt.Sprintf("the account carries no more than %s at once", plural(g.MaxCalls, "call")),
			g.now.Add(time.Second)), true
	}
	return Verdict{}, false
}

func permanent(code ReasonCode, text string, result CallResult) Verdict {
	return Verdict{
		Reason: Reason{Code: code, Text: text}, Kind: Permanent,
		Status: Cancelled, Result: result, Chain: ChainNext,
	}
}

func temporary(r Reason, next time.Time) Verdict {
	r.Until = next
	return Verdict{Reason: r, Kind: Temporary, Next: next}
}

func global(code ReasonCode, text string, next time.Time) Verdict {
	return Verdict{Reason: Reason{Code: code, Text: text, Until: next}, Kind: Global, Next: next}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// local writes a time as the contact's clock shows it.
func local(t time.Time, loc *time.Location) string {
	return t.In(loc).Format("2006-01-02 15:04 MST")
}
