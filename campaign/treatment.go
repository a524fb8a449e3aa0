package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Wrap is what an agent entered about a call. Zero values say nothing.
type Wrap struct {
	Result      CallResult // 0: the dialer's stands
	Disposition string
	Note        string
	NoCall      bool
	Callback    *Callback
}

// says: it tells what came of a call.
func (w Wrap) says() bool { return w.Result != 0 || w.NoCall || w.Callback != nil }

// Outcome works out what an attempt does to its record and chain:
//
//	all trunks busy, dial error  ours: old place, nothing counted (unless OwnFailures.Count)
//	do not call, or 607          finished, entry on the list; chain finished
//	callback agreed              waits for its time; chain kept
//	a treatment of the code      as below
//	final disposition            finished; chain finished
//	a treatment with a retry     waits for its time; chain kept
//	… used up, then to-group     a callback for any agent, once; chain kept
//	nothing listed, or used up   finished; chain by the result, see exhausted
//
// a is the attempt with its end; c is nil for a manual call.
func Outcome(c *Campaign, l Lease, a Attempt, w Wrap, now time.Time) Settlement {
	if c == nil {
		c = &Campaign{}
	}
	switch {
	case w.Result != 0:
		a.Result = w.Result
	case w.NoCall:
		a.Result = DoNotCall
	default:
		a.Result = orUnknown(a.DialerResult)
	}
	w.NoCall = w.NoCall || a.Status == 607 // RFC 8197 §4: the callee wants no such calls
	a.Disposition, a.Note = w.Disposition, w.Note
	o := outcome{c: c, r: l.Record, past: l.Past, a: a, w: w, now: now}
	o.decide()
	return Settlement{Attempt: o.a, Fence: l.Fence, Record: o.u, Chain: o.chain, Block: o.block, Now: now}
}

// outcome is one decision of Outcome.
type outcome struct {
	c    *Campaign
	r    Record
	past []Past
	a    Attempt
	w    Wrap
	now  time.Time

	u     RecordUpdate
	chain ChainAction
	block *DNCEntry
}

func (o *outcome) decide() {
	o.u = updateOf(o.r)
	o.u.Reason, o.u.NextDial = "", time.Time{}
	o.u.Result = o.a.Result
	o.u.LastCall = o.a.DialedAt
	// What an earlier call left stands until this one says something.
	o.u.Disposition = cmp.Or(o.w.Disposition, o.r.Disposition)
	o.u.Note = cmp.Or(o.w.Note, o.r.Note)
	o.u.NoCall = o.w.NoCall || o.r.NoCall
	if o.keepsPlace() {
		o.a.Counted = false
		o.u = updateOf(o.r)
		o.u.Status, o.u.Result, o.u.KeepPlace, o.u.LastCall = Ready, o.a.Result, true, o.a.DialedAt
		o.u.Reason = fmt.Sprintf("%s: our side's failure, not counted", o.a.Result)
		if wait := o.trunkPause(); wait > 0 {
			o.u.NextDial = o.now.Add(wait)
			o.u.Reason += "; tried again from " + local(o.u.NextDial, locationOf(o.r, o.c.Rules))
		}
		return
	}
	o.a.Counted = true
	o.u.Attempts++
	disposition, _ := o.c.Disposition(o.w.Disposition)
	t := o.c.treatment(o.a.Result, o.w.Disposition)
	switch {
	case o.w.NoCall || o.a.Result == DoNotCall:
		o.optOut()
	case o.w.Callback != nil && !o.w.Callback.At.IsZero():
		o.callback(*o.w.Callback)
	case disposition.Final && t.Code == "": // else the document says what to do with just this one
		o.finish("finished by disposition "+o.w.Disposition, ChainFinish)
	default:
		o.treat(t)
	}
}

// keepsPlace: the failure is ours, so it costs the contact nothing.
func (o *outcome) keepsPlace() bool {
	return ownFailure(o.a.Result) && !o.c.OwnFailures.Count && !o.w.NoCall
}

// A trunk that refuses is not asked again at once for the same number: after
// 30 s first, and twice as long after each further refusal in a row.
const (
	leastTrunkPause = 30 * time.Second
	mostTrunkPause  = 15 * time.Minute
)

// trunkPause is how long the record waits; 0 when nothing was sent.
func (o *outcome) trunkPause() time.Duration {
	if o.a.Status == 0 {
		return 0
	}
	wait := leastTrunkPause
	if ownFailure(o.r.Result) && !o.r.LastCall.IsZero() {
		wait = max(wait, 2*o.a.DialedAt.Sub(o.r.LastCall))
	}
	return min(wait, mostTrunkPause)
}

func ownFailure(r CallResult) bool { return r == AllTrunksBusy || r == DialError }

func (o *outcome) optOut() {
	o.u.Type, o.u.NoCall, o.u.Owner = NoCall, true, ""
	o.finish("the contact wants no more calls", ChainFinish)
	by := string(o.a.Agent)
	if o.a.Status == 607 || by == "" {
		by = "contact"
	}
	o.block = &DNCEntry{
		Number: o.a.Number, Person: o.a.Person, Client: o.c.Client,
		At: o.now, By: by, Attempt: o.a.ID, Wording: o.w.Note,
	}
}

func (o *outcome) callback(cb Callback) {
	o.u.Status, o.u.NextDial, o.u.CallbackAt = Ready, cb.At, time.Time{}
	o.u.Owner = ""
	switch {
	case cb.Personal && cb.Agreed:
		o.u.Type = PersonalCallback
	case cb.Personal:
		o.u.Type = PersonalRescheduled
	case cb.Agreed:
		o.u.Type = CampaignCallback
	default:
		o.u.Type = CampaignRescheduled
	}
	if cb.Personal {
		o.u.Owner = o.a.Agent
	}
	if cb.Agreed {
		o.u.CallbackAt = cb.At
	}
	o.u.Reason = "to be called again from "
	if cb.Agreed { // the contact's own wish
		o.u.Reason = "callback agreed for "
	}
	o.u.Reason += local(cb.At, locationOf(o.r, o.c.Rules))
}

func (o *outcome) finish(reason string, chain ChainAction) {
	o.u.Status, o.u.Reason, o.chain = Updated, reason, chain
	o.u.CallbackAt = time.Time{}
}

// treatment is the one for a disposition, the nearest branch of its tree first,
// else the one for the result; the zero Treatment when there is none.
func (c *Campaign) treatment(r CallResult, code string) Treatment {
	for code != "" {
		if i := slices.IndexFunc(c.Treatments, func(t Treatment) bool { return t.Code == code }); i >= 0 {
			return c.Treatments[i]
		}
		code = code[:max(strings.LastIndexByte(code, '/'), 0)]
	}
	if i := slices.IndexFunc(c.Treatments, func(t Treatment) bool { return t.Code == "" && t.On == r }); i >= 0 {
		return c.Treatments[i]
	}
	return Treatment{}
}

// treat applies the campaign's treatment.
func (o *outcome) treat(t Treatment) {
	what := o.a.Result.String()
	if t.Code != "" {
		what = o.w.Disposition
	}
	same := o.endedSo(t, time.Time{}) + 1
	switch {
	case t.On == 0 && t.Code == "":
		o.finish("finished: "+what, exhausted(o.a.Result, ""))
	case t.RetryIn == (Retry{}):
		o.end(t, "finished: "+what)
	case t.Max > 0 && same >= t.Max:
		o.end(t, fmt.Sprintf("given up: %s %d times", what, same))
	case o.c.Attempts > 0 && o.u.Attempts >= o.c.Attempts:
		o.finish(fmt.Sprintf("given up after %s", plural(o.u.Attempts, "attempt")), exhausted(o.a.Result, t.Then))
	default:
		o.u.Status = Ready
		o.u.NextDial = o.retryAt(t, same)
		o.u.Reason = fmt.Sprintf("%s; next attempt from %s", what, local(o.u.NextDial, locationOf(o.r, o.c.Rules)))
		o.wishIsOver()
	}
}

// wishIsOver: the contact's wish was one time. What comes later is our own
// choice, and does not pass what a wish may.
func (o *outcome) wishIsOver() {
	o.u.CallbackAt = time.Time{}
	switch o.u.Type {
	case PersonalCallback:
		o.u.Type = PersonalRescheduled
	case CampaignCallback:
		o.u.Type = CampaignRescheduled
	}
}

// end is what a treatment does when it allows no further attempt.
func (o *outcome) end(t Treatment, reason string) {
	grouped := o.r.Type == CampaignCallback || o.r.Type == CampaignRescheduled
	usedUp := o.c.Attempts > 0 && o.u.Attempts >= o.c.Attempts
	if t.Then != ThenToGroup || grouped || usedUp {
		o.finish(reason, exhausted(o.a.Result, t.Then))
		return
	}
	o.u.Type, o.u.Owner, o.u.Status, o.u.CallbackAt = CampaignCallback, "", Ready, time.Time{}
	o.u.NextDial = o.now
	if t.RetryIn != (Retry{}) {
		o.u.NextDial = o.retryAt(t, o.endedSo(t, time.Time{})+1)
	}
	o.u.Reason = reason + "; now a callback for any agent, from " + local(o.u.NextDial, locationOf(o.r, o.c.Rules))
}

// endedSo counts earlier attempts that ended so that the treatment applied,
// since a time. Attempts from before the list was imported are known by number
// only; they are taken to have ended as the record then said the last one did.
// Those from before a person freed the record are none of all its attempts.
func (o *outcome) endedSo(t Treatment, since time.Time) int {
	applies := func(r CallResult, code string) bool {
		if t.Code == "" {
			return r == o.a.Result
		}
		return code == t.Code || strings.HasPrefix(code, t.Code+"/")
	}
	n, past := 0, o.past
	if since.IsZero() {
		past = past[max(0, len(past)-o.r.Attempts):]
	}
	for _, p := range past {
		if applies(p.Result, p.Disposition) && !p.At.Before(since) {
			n++
		}
	}
	last := o.r.Result
	if t.Code == "" && o.r.Before != 0 {
		last = o.r.Before
	}
	if older := o.r.Attempts - len(o.past); since.IsZero() && older > 0 && applies(last, o.r.Disposition) {
		n += older
	}
	return n
}

// exhausted says what a finished record does to its chain: a contact who was
// reached is done with; a number that is useless, or at which nobody was
// reached, lets the next one try.
func exhausted(r CallResult, then Then) ChainAction {
	switch then {
	case ThenNextInChain:
		return ChainNext
	case ThenGiveUp:
		return ChainFinish
	}
	switch r {
	case Answer, Rejected, DoNotCall:
		return ChainFinish
	case Unknown:
		return ChainKeep
	default:
		return ChainNext
	}
}

// The parts of a contact's day begin at these hours.
const (
	afternoon = 12
	evening   = 17
	// minPartGap keeps "another part of the day" from being a few minutes on.
	minPartGap = 2 * time.Hour
)

// retryAt is when the record is tried again after n attempts that ended so. It
// is not fitted into the permitted hours: the gate does that when the time has
// come.
func (o *outcome) retryAt(t Treatment, n int) time.Time {
	loc := locationOf(o.r, o.c.Rules)
	here := o.now.In(loc)
	y, m, d := here.Date()
	tomorrow := time.Date(y, m, d+1, 0, 0, 0, 0, loc)
	full := t.MaxPerDay > 0 && o.endedSo(t, time.Date(y, m, d, 0, 0, 0, 0, loc))+1 >= t.MaxPerDay
	if t.RetryIn.OtherPart {
		return otherPart(here, full)
	}
	at := here
	if days := t.RetryIn.Days + (n-1)*t.Increment.Days; days > 0 {
		at = here.AddDate(0, 0, days)
	}
	at = at.Add(t.RetryIn.After + time.Duration(n-1)*t.Increment.After)
	if full && at.Before(tomorrow) {
		at = tomorrow
	}
	if t.RetryIn.At == 0 {
		return at
	}
	begin := at
	if t.RetryIn.Days > 0 || at.Equal(tomorrow) { // that day, whatever the time of day now
		y, m, d := at.Date()
		begin = time.Date(y, m, d, 0, 0, 0, 0, loc)
	}
	return nextClock(begin, o.now, t.RetryIn.At)
}

// nextClock is the first time not before begin, and after now, at which the
// clock of begin's place shows so long since midnight. In the hour that a
// change of the clock leaves out it is the time just after.
func nextClock(begin, now time.Time, clock time.Duration) time.Time {
	y, m, d := begin.Date()
	for {
		at := time.Date(y, m, d, 0, 0, int(clock.Seconds()), 0, begin.Location())
		if !at.Before(begin) && at.After(now) {
			return at
		}
		d++
	}
}

// otherPart gives the begin of another part of the day than here's: the next
// one of today, or tomorrow's when the day is full or over.
func otherPart(here time.Time, full bool) time.Time {
	y, m, d := here.Date()
	if !full {
		for _, h := range []int{afternoon, evening} {
			if at := time.Date(y, m, d, h, 0, 0, 0, here.Location()); !at.Before(here.Add(minPartGap)) {
				return at
			}
		}
	}
	h := 0 // the morning: as early as the hours permit
	if here.Hour() < afternoon {
		h = afternoon
	}
	return time.Date(y, m, d+1, h, 0, 0, 0, here.Location())
}

// locationOf is the clock of a record: its own zone, else one the number is
// in, else the campaign's, else UTC.
func locationOf(r Record, rules Rules) *time.Location {
	fallback := zoneOr(rules.Zone, time.UTC)
	if r.TimeZone != "" {
		return zoneOr(r.TimeZone, fallback)
	}
	if n, err := ParseNumber(r.Phone, "", rules.Allow); err == nil && len(n.Zones) > 0 {
		return zoneOr(n.Zones[0], fallback)
	}
	return fallback
}
