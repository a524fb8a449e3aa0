package campaign

import (
	"cmp"
	"fmt"
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

// Outcome works out what an attempt does to its record and chain:
//
//	do not call, or 607          finished, entry on the list; chain finished
//	callback agreed              waits for its time; chain kept
//	final disposition            finished; chain finished
//	all trunks busy, dial error  ours: old place, nothing counted (unless OwnFailures.Count)
//	a treatment with a retry     waits for its time; chain kept
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
		return
	}
	o.a.Counted = true
	o.u.Attempts++
	disposition, _ := o.c.Disposition(o.w.Disposition)
	switch {
	case o.w.NoCall || o.a.Result == DoNotCall:
		o.optOut()
	case o.w.Callback != nil && !o.w.Callback.At.IsZero():
		o.callback(*o.w.Callback)
	case disposition.Final:
		o.finish("finished by disposition "+o.w.Disposition, ChainFinish)
	default:
		o.treat()
	}
}

// keepsPlace: the failure is ours, so it costs the contact nothing.
func (o *outcome) keepsPlace() bool {
	return ownFailure(o.a.Result) && !o.c.OwnFailures.Count && !o.w.NoCall
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
	o.u.Reason = "callback agreed for " + local(cb.At, locationOf(o.r, o.c.Rules))
}

func (o *outcome) finish(reason string, chain ChainAction) {
	o.u.Status, o.u.Reason, o.chain = Updated, reason, chain
	o.u.CallbackAt = time.Time{}
}

// treat applies the campaign's treatment of the result.
func (o *outcome) treat() {
	var t Treatment
	for _, t = range o.c.Treatments {
		if t.On == o.a.Result {
			break
		}
		t = Treatment{}
	}
	same := o.endedSo(time.Time{}) + 1
	switch {
	case t.On == 0:
		o.finish(fmt.Sprintf("finished: %s", o.a.Result), exhausted(o.a.Result, ""))
	case t.RetryIn == (Retry{}):
		o.finish(fmt.Sprintf("finished: %s", o.a.Result), exhausted(o.a.Result, t.Then))
	case t.Max > 0 && same >= t.Max:
		o.finish(fmt.Sprintf("given up: %s %d times", o.a.Result, same), exhausted(o.a.Result, t.Then))
	case o.c.Attempts > 0 && o.u.Attempts >= o.c.Attempts:
		o.finish(fmt.Sprintf("given up after %s", plural(o.u.Attempts, "attempt")), exhausted(o.a.Result, t.Then))
	default:
		o.u.Status = Ready
		o.u.NextDial = o.retryAt(t)
		o.u.Reason = fmt.Sprintf("%s; next attempt from %s", o.a.Result, local(o.u.NextDial, locationOf(o.r, o.c.Rules)))
	}
}

// endedSo counts earlier attempts with this attempt's result since a time.
// Attempts from before the list was imported are known by number only; they
// are taken to have ended as the record says the last one did.
func (o *outcome) endedSo(since time.Time) int {
	n := 0
	for _, p := range o.past {
		if p.Result == o.a.Result && !p.At.Before(since) {
			n++
		}
	}
	if older := o.r.Attempts - len(o.past); since.IsZero() && older > 0 && o.r.Result == o.a.Result {
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

// retryAt is when the record is tried again. It is not fitted into the
// permitted hours: the gate does that when the time has come.
func (o *outcome) retryAt(t Treatment) time.Time {
	loc := locationOf(o.r, o.c.Rules)
	here := o.now.In(loc)
	y, m, d := here.Date()
	tomorrow := time.Date(y, m, d+1, 0, 0, 0, 0, loc)
	full := t.MaxPerDay > 0 && o.endedSo(time.Date(y, m, d, 0, 0, 0, 0, loc))+1 >= t.MaxPerDay
	var at time.Time
	switch {
	case t.RetryIn.OtherPart:
		return otherPart(here, full)
	case t.RetryIn.Days > 0:
		at = here.AddDate(0, 0, t.RetryIn.Days)
	default:
		at = o.now.Add(t.RetryIn.After)
	}
	if full && at.Before(tomorrow) {
		at = tomorrow
	}
	return at
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

// ParseRetry reads a treatment's retry_in: a Go duration ("30m"), calendar days
// ("1d"), or "other-part-of-day". Empty is no retry.
func ParseRetry(s string) (Retry, error) {
	switch {
	case s == "":
		return Retry{}, nil
	case s == "other-part-of-day":
		return Retry{OtherPart: true}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days, "%d", &n); err == nil && fmt.Sprint(n) == days && n > 0 && n <= 3650 {
			return Retry{Days: n}, nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return Retry{After: d}, nil
	}
	return Retry{}, fmt.Errorf(`retry_in %q is neither a duration ("30m"), nor days ("1d"), nor "other-part-of-day"`, s)
}
