package campaign

import (
	"strings"
	"testing"
	"time"
)

func TestFilter(t *testing.T) {
	r := Record{Name: "Ann", Phone: "+49301", List: "l", Result: Busy, Fields: []Field{{"Ort", " Köln "}, {"PLZ", "50667"}}}
	for _, c := range []struct {
		f    Filter
		want bool
	}{
		{nil, true},
		{Filter{{Field: "ort", Any: []string{"bonn", "KÖLN"}}}, true},
		{Filter{{Field: "Ort", Any: []string{"Bonn"}}}, false},
		{Filter{{Field: "Ort", Not: []string{"Köln"}}}, false},
		{Filter{{Field: "Ort", Not: []string{"Bonn"}}}, true},
		{Filter{{Field: "PLZ", Any: []string{"5*"}, Not: []string{"50667"}}}, false},
		{Filter{{Field: "PLZ", Any: []string{"506670*"}}}, false},
		{Filter{{Field: "PLZ", Any: []string{"5*"}}, {Field: "Ort", Any: []string{"Bonn"}}}, false},
		{Filter{{Field: "none", Any: []string{""}}}, true},
		{Filter{{Field: "none", Any: []string{"x"}}}, false},
		{Filter{{Field: "last_result", Any: []string{"busy"}}}, true},
		{Filter{{Field: "list", Not: []string{"L"}}}, false},
	} {
		if got := c.f.Match(&r); got != c.want {
			t.Errorf("%v: %v", c.f, got)
		}
	}
	a, b := Filter{{Field: "a", Any: []string{"b", "c"}}}, Filter{{Field: "a", Any: []string{"b"}, Not: []string{"c"}}}
	if a.Key() == b.Key() || a.Key() == "" {
		t.Errorf("keys %q %q", a.Key(), b.Key())
	}
}

func TestRecordKind(t *testing.T) {
	for _, c := range []struct {
		r    Record
		want RecordKind
	}{
		{Record{Type: General}, KindFresh},
		{Record{Type: General, Attempts: 1}, KindRescheduled},
		{Record{Type: General, LastCall: time.Unix(1, 0)}, KindRescheduled}, // a call that did not count
		{Record{Type: CampaignRescheduled}, KindRescheduled},
		{Record{Type: CampaignCallback}, KindCallback},
		{Record{Type: PersonalCallback}, KindCallback},
		{Record{Type: PersonalRescheduled, Owner: "ann"}, KindCallback},
	} {
		if got := c.r.Kind(); got != c.want {
			t.Errorf("%+v: %s", c.r, got)
		}
	}
}

// A mix deals by its shares, also when records are asked for ahead, and gives
// what one kind lacks to the others without owing it for ever.
func TestMix(t *testing.T) {
	s := &Selection{Mix: []Share{{KindFresh, 3}, {KindRescheduled, 1}}}
	var m mix
	var got strings.Builder
	for range 8 {
		kinds := m.order(s)
		if len(kinds) != 3 || kinds[2] != KindCallback {
			t.Fatalf("order %v", kinds)
		}
		m.deal(s, kinds[0])
		got.WriteString(string(kinds[0][0]))
	}
	if got.String() != "ffrfffrf" {
		t.Errorf("dealt %s", got.String())
	}
	m = mix{}
	for range 100 { // no rescheduled ones for long
		k := m.order(s)[0]
		m.deal(s, k)
		if k == KindRescheduled {
			m.undeal(s, k)
			m.deal(s, KindFresh)
		}
	}
	n := 0
	for range 20 {
		k := m.order(s)[0]
		m.deal(s, k)
		if k == KindRescheduled {
			n++
		}
	}
	if n > 8 {
		t.Errorf("%d of 20 are rescheduled ones", n)
	}
	if k := (&mix{}).order(&Selection{Order: []RecordKind{KindCallback}}); len(k) != 1 {
		t.Errorf("order %v", k)
	}
}
