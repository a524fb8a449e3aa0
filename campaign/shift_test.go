package campaign

import (
	"testing"
	"time"
)

// A shift is counted like the day's report, hour by hour, and says how long the
// list lasts.
func TestShift(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(h, m int) time.Time { return time.Date(2026, 3, 4, h, m, 0, 0, berlin) }
	call := func(h, m int, answered bool, r CallResult) Attempt {
		a := Attempt{Campaign: "spring", DialedAt: at(h, m).UTC(), EndedAt: at(h, m+1), DialerResult: r, Result: r, Counted: true}
		if answered {
			a.AnsweredAt = at(h, m)
			a.JoinedAt = a.AnsweredAt
		}
		return a
	}
	lost := call(11, 50, true, Abandoned)
	lost.JoinedAt = time.Time{}
	s := ShiftOf([]Attempt{
		call(9, 5, true, Answer), call(9, 10, false, NoAnswer), lost, call(11, 55, true, Answer), call(12, 1, false, Busy),
		{Campaign: "spring", DialedAt: at(12, 2), EndedAt: at(12, 2), EndedBy: ByDialer, DialerResult: ResultCancelled}, // never dialled
	}, 0.03, at(12, 30))
	if s.Dialled != 5 || s.Answered != 3 || s.LiveAnswers != 3 || s.Abandoned != 1 || s.OfLive < 0.33 || s.Allowed != 0.03 || s.LastHour != 3 {
		t.Errorf("%+v", s)
	}
	want := []ShiftHour{{at(9, 0), 2, 1}, {at(10, 0), 0, 0}, {at(11, 0), 2, 2}, {at(12, 0), 1, 0}}
	if len(s.Hours) != len(want) {
		t.Fatalf("hours %+v", s.Hours)
	}
	for i, h := range s.Hours {
		if !h.From.Equal(want[i].From) || h.Dialled != want[i].Dialled || h.Answered != want[i].Answered {
			t.Errorf("hour %d: %+v, not %+v", i, h, want[i])
		}
	}
	if f := s.Forecast(9); f != 0 {
		t.Errorf("three calls foretell %s", f)
	}
	var busy []Attempt
	for m := range 40 {
		busy = append(busy, call(12, m, false, NoAnswer))
	}
	if f := ShiftOf(busy, 0, at(12, 40)).Forecast(80); f != 80*time.Minute {
		t.Errorf("80 records last %s", f)
	}
	if s := ShiftOf(nil, 0, at(12, 0)); s.Hours == nil || s.Forecast(5) != 0 {
		t.Errorf("nothing yet: %+v", s)
	}
}
