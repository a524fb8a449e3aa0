package campaign

import (
	"slices"
	"time"
	_ "time/tzdata" // the windows must not depend on what a machine has installed
)

// openness is one clock by which a call is judged: a zone and everything that
// must be open in it at the same time.
type openness struct {
	loc      *time.Location
	weeks    []*Week
	window   Span // the record's own; From == Until: none
	holidays []Date
}

// closed says why no call is permitted at t; empty: it is.
func (o openness) closed(t time.Time) ReasonCode {
	local := t.In(o.loc)
	for _, d := range o.holidays {
		if d.on(local) {
			return ReasonHoliday
		}
	}
	for _, w := range o.weeks {
		if !w.open(local) {
			return ReasonHours
		}
	}
	if o.window != (Span{}) && o.window.From != o.window.Until && !o.window.has(clock(local)) {
		return ReasonHours
	}
	return ""
}

// edges lists the instants of local day t at which a window may open: the
// begin of every span, midnight, and a change of the clock (in which a begin
// may fall, or through which one comes twice).
func (o openness) edges(t time.Time) []time.Time {
	y, m, d := t.Date()
	begin := time.Date(y, m, d, 0, 0, 0, 0, o.loc)
	_, offset := begin.Zone()
	offsets := []int{offset}
	es := []time.Time{begin}
	if _, change := begin.ZoneBounds(); !change.IsZero() && change.Before(begin.Add(26*time.Hour)) {
		_, offset = change.In(o.loc).Zone()
		offsets = append(offsets, offset)
		es = append(es, change)
	}
	// In the hour that a change of the clock repeats, a begin comes twice: once
	// by each offset. In the one it leaves out, the change is the begin.
	add := func(s time.Duration) {
		wall := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(s)
		for _, offset := range offsets {
			if e := wall.Add(-time.Duration(offset) * time.Second); clock(e.In(o.loc)) == s%(24*time.Hour) {
				es = append(es, e)
			}
		}
	}
	for _, w := range o.weeks {
		for _, s := range w[time.Date(y, m, d, 12, 0, 0, 0, o.loc).Weekday()] {
			add(s.From)
		}
	}
	add(o.window.From)
	return es
}

// searchDays is how far ahead an opening is looked for: over any run of
// holidays, and short enough to be looked at again.
const searchDays = 30

// nextOpening gives the first instant not before from at which every clock is
// open, and false when there is none within searchDays.
func nextOpening(clocks []openness, from time.Time) (time.Time, bool) {
	if open(clocks, from) {
		return from, true
	}
	var edges []time.Time
	for _, o := range clocks {
		day := from.In(o.loc)
		// Noon, so that a clock change at midnight moves nothing to another day.
		noon := time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, o.loc)
		for i := range searchDays {
			edges = append(edges, o.edges(noon.AddDate(0, 0, i))...)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	for _, e := range edges {
		if e.After(from) && open(clocks, e) {
			return e, true
		}
	}
	return time.Time{}, false
}

func open(clocks []openness, t time.Time) bool {
	return !slices.ContainsFunc(clocks, func(o openness) bool { return o.closed(t) != "" })
}

func (w *Week) open(local time.Time) bool {
	return slices.ContainsFunc(w[local.Weekday()], func(s Span) bool { return s.has(clock(local)) })
}

// has: a span whose Until lies before its From goes over midnight; that is
// meant for a record's window only.
func (s Span) has(d time.Duration) bool {
	if s.From <= s.Until {
		return s.From <= d && d < s.Until
	}
	return d >= s.From || d < s.Until
}

func (d Date) on(t time.Time) bool {
	y, m, day := t.Date()
	return (d.Year == 0 || d.Year == y) && d.Month == m && d.Day == day
}

// clock is what a local clock shows, since midnight.
func clock(local time.Time) time.Duration {
	h, m, s := local.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second +
		time.Duration(local.Nanosecond())
}
