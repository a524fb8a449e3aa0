package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// RecordKind groups records as an order or a mix names them.
type RecordKind string

// The kinds of records.
const (
	KindFresh       RecordKind = "fresh"       // never dialled
	KindRescheduled RecordKind = "rescheduled" // dialled before, and to be tried again
	KindCallback    RecordKind = "callback"    // at a time that was agreed or chosen, for one agent or any
)

// recordKinds are all of them.
func recordKinds() []RecordKind {
	return []RecordKind{KindFresh, KindRescheduled, KindCallback}
}

// Kind is what an order or a mix takes the record for.
func (r *Record) Kind() RecordKind {
	switch {
	case r.Type == PersonalCallback, r.Type == CampaignCallback, r.Type == PersonalRescheduled && r.Owner != "":
		return KindCallback
	case r.Type <= General && r.Attempts == 0 && r.LastCall.IsZero():
		return KindFresh
	default:
		return KindRescheduled
	}
}

// Selection is which records of its lists a campaign offers, and in what
// order. The zero value offers all: callbacks first, then by place in the list.
type Selection struct {
	Order  []RecordKind // kinds, the first served first; one left out is not offered; empty: see above
	Mix    []Share      // instead of Order: how many of each kind
	Newest bool         // within a kind the last place of the list first
	Filter Filter
}

// Share is how many records of a kind a mix offers in a round.
type Share struct {
	Kind  RecordKind
	Count int
}

// Filter is what a record must have to be offered: all conditions hold.
type Filter []Condition

// Condition is what one field must hold: one of Any, where there are any, and
// none of Not. Values are compared without regard to case and outer blanks; one
// that ends in * is a beginning. An absent field is empty.
type Condition struct {
	Field string // a column by its header; else name, phone, phone_type, customer_id, list, last_result
	Any   []string
	Not   []string
}

// Match tells whether a record passes the filter.
func (f Filter) Match(r *Record) bool { return f.fails(r) == nil }

// fails is the first condition that does not hold, or nil.
func (f Filter) fails(r *Record) *Condition {
	for i := range f {
		c := &f[i]
		has, _ := r.filterField(c.Field)
		if len(c.Any) > 0 && !matchAny(c.Any, has) || matchAny(c.Not, has) {
			return c
		}
	}
	return nil
}

func matchAny(values []string, has string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		if begin, ok := strings.CutSuffix(v, "*"); ok {
			return len(has) >= len(begin) && strings.EqualFold(has[:len(begin)], begin)
		}
		return strings.EqualFold(has, strings.TrimSpace(v))
	})
}

// filterField is a field of a record as a filter names it; known: it has one.
func (r *Record) filterField(name string) (value string, known bool) {
	for _, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			return strings.TrimSpace(f.Value), true
		}
	}
	switch strings.ToLower(name) {
	case "name":
		return r.Name, true
	case "phone":
		return r.Phone, true
	case "phone_type":
		return r.PhoneType, true
	case "customer_id":
		return r.CustomerID, true
	case "list":
		return r.List, true
	case "last_result":
		return orUnknown(r.Result).String(), true
	}
	return "", false
}

func (r *Record) has(field string) bool {
	_, known := r.filterField(field)
	return known
}

// Key is the filter as one text: equal filters have equal keys.
func (f Filter) Key() string {
	var b strings.Builder
	for _, c := range f {
		b.WriteString(strconv.Quote(c.Field))
		for _, v := range c.Any {
			b.WriteString("=" + strconv.Quote(v))
		}
		for _, v := range c.Not {
			b.WriteString("!" + strconv.Quote(v))
		}
	}
	return b.String()
}

// String is a condition in words.
func (c *Condition) String() string {
	var parts []string
	if len(c.Any) > 0 {
		parts = append(parts, strings.Join(c.Any, " or "))
	}
	if len(c.Not) > 0 {
		parts = append(parts, "not "+strings.Join(c.Not, " nor "))
	}
	return c.Field + ": " + strings.Join(parts, ", ")
}

// offered tells whether the selection offers records of a kind at all.
func (s *Selection) offered(k RecordKind) bool {
	return len(s.Order) == 0 || slices.Contains(s.Order, k)
}

// mix deals the kinds of a campaign by their shares: each is owed its share of
// every record offered, and the one that is owed most goes first (smooth
// weighted round-robin). What one kind does not have the others give.
type mix struct {
	owed map[RecordKind]int
}

// order is in which order the next record is looked for; nil: by place.
func (m *mix) order(s *Selection) []RecordKind {
	if len(s.Mix) == 0 {
		return s.Order
	}
	shares := slices.Clone(s.Mix)
	slices.SortStableFunc(shares, func(a, b Share) int {
		return cmp.Compare(m.owed[b.Kind]+b.Count, m.owed[a.Kind]+a.Count)
	})
	var kinds []RecordKind
	for _, sh := range shares {
		kinds = append(kinds, sh.Kind)
	}
	for _, k := range recordKinds() { // of no share: when the others have nothing
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// deal takes down that a record is asked for, most likely of kind k.
func (m *mix) deal(s *Selection, k RecordKind) { m.turn(s, k, 1) }

// undeal takes back a deal that gave nothing.
func (m *mix) undeal(s *Selection, k RecordKind) { m.turn(s, k, -1) }

// turn is a deal, or with -1 the opposite. Nothing is owed for ever: a kind
// that had no records for long does not flood the floor when it gets some.
func (m *mix) turn(s *Selection, k RecordKind, sign int) {
	if len(s.Mix) == 0 {
		return
	}
	if m.owed == nil {
		m.owed = map[RecordKind]int{}
	}
	total := 0
	for _, sh := range s.Mix {
		total += sh.Count
	}
	for _, sh := range s.Mix {
		owed := m.owed[sh.Kind] + sign*sh.Count
		if sh.Kind == k {
			owed -= sign * total
		}
		m.owed[sh.Kind] = max(-2*total, min(owed, 2*total))
	}
}
