package configs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Hours is when calls are permitted, as it is written:
//
//	{mon-fri: "09:00-12:00, 13:00-18:00", sat: "10:00-14:00"}
//
// A day that is not written is closed; no entry at all means no limit.
type Hours []DayHours

// DayHours is one entry: days and the parts of them.
type DayHours struct {
	Days  string // "mon", "mon-fri", "sat-mon" or "daily"
	Spans []Span
}

// Span is a part of a day, since midnight; From inclusive, Until exclusive.
type Span struct{ From, Until time.Duration }

// Week is when calls are permitted by local weekday; index time.Sunday.
type Week [7][]Span

func dayNames() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// weekdays are the days an entry means; false when it means none.
func weekdays(s string) ([]time.Weekday, bool) {
	from, to, ranged := strings.Cut(s, "-")
	if s == "daily" {
		from, to, ranged = "sun", "sat", true
	}
	f := slices.Index(dayNames(), from)
	t := slices.Index(dayNames(), to)
	if !ranged {
		t = f
	}
	if f < 0 || t < 0 {
		return nil, false
	}
	days := []time.Weekday{time.Weekday(f)}
	for f != t {
		f = (f + 1) % 7
		days = append(days, time.Weekday(f))
	}
	return days, true
}

// Week is the hours by weekday, nil when there is no limit.
func (h Hours) Week() *Week {
	if len(h) == 0 {
		return nil
	}
	var w Week
	for _, e := range h {
		days, _ := weekdays(e.Days) // decoding has let no other pass
		for _, d := range days {
			w[d] = append(w[d], e.Spans...)
		}
	}
	return &w
}

func (h *Hours) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		d.say(n, path, Say("wants-hours", "wants days and hours, not %s", kindWord(n)), how(`{mon-fri: "09:00-18:00"}`))
		return
	}
	*h = Hours{}
	var seen [7]bool
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := join(path, k.Value)
		d.places[at] = d.place(v)
		days, ok := weekdays(k.Value)
		if !ok {
			d.say(k, at, Say("not-day", "%s is not a day", quote(k.Value)), Say("how-day", "write mon, tue, wed, thu, fri, sat or sun, a range as in mon-fri, or daily"))
			continue
		}
		for _, day := range days {
			if seen[day] {
				d.say(k, at, Say("day-twice", "there are hours for %s already", dayNames()[day]), Say("how-day-once", "name each day once; several spans stand in one entry, with a comma"))
			}
			seen[day] = true
		}
		text, ok := d.scalar(v, at, Say("hours", "hours"))
		if !ok {
			continue
		}
		spans, wrong := parseSpans(text)
		if wrong.Text != "" {
			d.say(v, at, wrong, Say("how-hours", `write it as in "09:00-12:00, 13:00-18:00", or "closed"`))
			continue
		}
		*h = append(*h, DayHours{k.Value, spans})
	}
}

// parseSpans reads "09:00-12:00, 13:00-18:00", in order and without overlap;
// "closed" is none. What is wrong with it is empty when nothing is.
func parseSpans(text string) ([]Span, Saying) {
	if text == "closed" {
		return nil, Saying{}
	}
	var spans []Span
	parts := strings.Split(text, ",")
	if len(parts) > 10 {
		return nil, Say("spans-many", "%s has too many spans", quote(text))
	}
	for _, part := range parts {
		from, until, ok := strings.Cut(part, "-")
		f, err1 := parseClock(from)
		u, err2 := parseClock(until)
		switch {
		case !ok || err1 != nil || err2 != nil:
			return nil, Say("spans-bad", "%s is not a span of hours", quote(text))
		case u <= f:
			return nil, Say("spans-backward", "%s ends before it begins", quote(text))
		case len(spans) > 0 && f < spans[len(spans)-1].Until:
			return nil, Say("spans-overlap", "%s has spans that overlap or are out of order", quote(text))
		}
		spans = append(spans, Span{f, u})
	}
	return spans, Saying{}
}

// parseClock reads "09:00" to "24:00" as time since midnight.
func parseClock(s string) (time.Duration, error) {
	hh, mm, ok := strings.Cut(strings.TrimSpace(s), ":")
	h, err1 := strconv.ParseUint(hh, 10, 8)
	m, err2 := strconv.ParseUint(mm, 10, 8)
	if !ok || err1 != nil || err2 != nil || len(mm) != 2 || len(hh) > 2 || h > 24 || m > 59 || h == 24 && m > 0 {
		return 0, fmt.Errorf("not a time of day")
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

func (h Hours) encodeNode() *yaml.Node {
	n := emptyMapping()
	for _, e := range h {
		parts := make([]string, len(e.Spans))
		for i, s := range e.Spans {
			parts[i] = clock(s.From) + "-" + clock(s.Until)
		}
		text := strings.Join(parts, ", ")
		if len(parts) == 0 {
			text = "closed"
		}
		v := textNode(text)
		v.Style = yaml.DoubleQuotedStyle
		n.Content = append(n.Content, textNode(e.Days), v)
	}
	return n
}

// overlap is the time of a week at which both permit calls; nil is no limit.
func overlap(a, b *Week) time.Duration {
	if a == nil || b == nil {
		return week
	}
	var sum time.Duration
	for d := range a {
		for _, x := range a[d] {
			for _, y := range b[d] {
				sum += max(0, min(x.Until, y.Until)-max(x.From, y.From))
			}
		}
	}
	return sum
}
