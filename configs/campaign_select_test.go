package configs

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const selective = `name: spring
attempts: 5
filter: {Ort: [Berlin, "!Potsdam"], PLZ: "1*"}
mix: {rescheduled: 1, fresh: 3}
newest_first: true
treatments:
  - {on: busy, retry_in: 30m, increment: 30m, max: 3, then: to-group}
  - {on: no-answer, retry_in: 1d, at: "17:30"}
  - {on: silence, at: "09:00"}
  - {on: No, retry_in: 30d}
  - {on: No/Price, then: give-up}
dispositions:
  No: {Price: refusal}
`

// Treatments and selection are read, and written so that they read the same.
func TestSelection(t *testing.T) {
	c, err := ParseCampaign([]byte(selective), "spring.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Filter{{"Ort", []string{"Berlin"}, []string{"Potsdam"}}, {"PLZ", []string{"1*"}, nil}}); !reflect.DeepEqual(c.Filter, want) {
		t.Errorf("filter %+v", c.Filter)
	}
	if want := (Mix{{"rescheduled", 1}, {"fresh", 3}}); !reflect.DeepEqual(c.Mix, want) || !c.NewestFirst {
		t.Errorf("mix %+v %v", c.Mix, c.NewestFirst)
	}
	if got := c.Treatments[1]; got.RetryIn.Days != 1 || got.At != TimeOfDay(17*time.Hour+30*time.Minute) {
		t.Errorf("treatment %+v", got)
	}
	if got := c.Treatments[0]; got.Increment.After != 30*time.Minute || got.Then != "to-group" {
		t.Errorf("treatment %+v", got)
	}
	text, err := MarshalCampaign(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseCampaign(text, "spring.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c.places, again.places = nil, nil
	if !reflect.DeepEqual(c, again) {
		t.Errorf("reads as %+v\n%s", again, text)
	}
}

func TestSelectionProblems(t *testing.T) {
	for _, c := range []struct{ from, to, line, want string }{
		{"on: busy", "on: bussy", "7:", `did you mean "busy"?`},
		{"on: No/Price", "on: No/Prize", "11:", `did you mean "No/Price"?`},
		{"on: No/Price", "on: No", "11:", "twice"},
		{`at: "17:30"`, `at: "25:30"`, "8:", "not a time of day"},
		{`at: "17:30"`, `at: "00:00"`, "8:", "not a time of day"},
		{"retry_in: 1d, at", "retry_in: other-part-of-day, at", "8:", "at odds"},
		{"retry_in: 30m, increment: 30m, max: 3,", "increment: 30m,", "7:", "increment"},
		{"increment: 30m", "increment: other-part-of-day", "7:", "increment"},
		{"increment", "incremnt", "7:", `did you mean "increment"?`},
		{"to-group", "to-grupp", "7:", `did you mean "to-group"?`},
		{"{rescheduled: 1, fresh: 3}", "{rescheduled: 0, fresh: 3}", "4:", "1 to 100"},
		{"{rescheduled: 1, fresh: 3}", "{reschedule: 1}", "4:", `did you mean "rescheduled"?`},
		{"newest_first: true", "order: [fresh, callback]", "4:", "order"},
		{"newest_first: true", "order: [fresh, fersh]", "5:", `did you mean "fresh"?`},
		{"mix: {rescheduled: 1, fresh: 3}", "order: [fresh, fresh]", "4:", "twice"},
		{`PLZ: "1*"`, `ort: "1*"`, "3:", "already"},
		{`PLZ: "1*"`, `PLZ: {a: b}`, "3:", "value"},
		{`PLZ: "1*"`, `PLZ: []`, "3:", "no values"},
		{`filter: {Ort: [Berlin, "!Potsdam"], PLZ: "1*"}`, `filter: Berlin`, "3:", "columns"},
	} {
		doc := strings.Replace(selective, c.from, c.to, 1)
		if doc == selective {
			t.Fatalf("%q is not in the document", c.from)
		}
		_, err := ParseCampaign([]byte(doc), "spring.yaml")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "spring.yaml:"+c.line) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}
