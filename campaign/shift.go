package campaign

import "time"

// Shift is how a campaign has gone since a day began, for the floor.
type Shift struct {
	Dialled     int         `json:"dialled"`
	Answered    int         `json:"answered" doc:"by whomever or whatever"`
	LiveAnswers int         `json:"live_answers"`
	Abandoned   int         `json:"abandoned"`
	OfLive      float64     `json:"abandoned_of_live" doc:"share of live answers, 0 to 1"`
	Allowed     float64     `json:"max_abandoned" doc:"share that may be abandoned, 0 to 1"`
	LastHour    int         `json:"dialled_last_hour"`
	Hours       []ShiftHour `json:"hours" doc:"from the first hour with a call to the present one"`

	over time.Duration // in which LastHour was dialled
}

// ShiftHour is one hour of it.
type ShiftHour struct {
	From     time.Time `json:"from"`
	Dialled  int       `json:"dialled"`
	Answered int       `json:"answered"`
}

// ShiftOf counts the attempts of a day up to now. Of one that reaches back to
// an earlier day nothing is asked: attempts are those that began in it.
func ShiftOf(as []Attempt, allowed float64, now time.Time) Shift {
	s := Shift{Allowed: allowed, Hours: []ShiftHour{}}
	var f DayFigures
	byHour := map[time.Time]*ShiftHour{}
	var first time.Time
	for _, a := range as {
		if a.neverDialled() || a.DialedAt.IsZero() || a.DialedAt.After(now) {
			continue
		}
		f.count(a, NeutralCode)
		hour := hourOf(a.DialedAt.In(now.Location()))
		if byHour[hour] == nil {
			byHour[hour] = &ShiftHour{From: hour}
		}
		byHour[hour].Dialled++
		if !a.AnsweredAt.IsZero() {
			byHour[hour].Answered++
		}
		if age := now.Sub(a.DialedAt); age <= time.Hour {
			s.LastHour++
			s.over = max(s.over, age)
		}
		if first.IsZero() || hour.Before(first) {
			first = hour
		}
	}
	f.shares(0)
	s.Dialled, s.Answered, s.LiveAnswers, s.Abandoned, s.OfLive = f.Dialled, f.ReachedGross, f.LiveAnswers, f.Abandoned, f.OfLive
	if first.IsZero() {
		return s
	}
	for h := first; !h.After(now); h = h.Add(time.Hour) {
		if one := byHour[h]; one != nil {
			s.Hours = append(s.Hours, *one)
		} else {
			s.Hours = append(s.Hours, ShiftHour{From: h})
		}
	}
	return s
}

// hourOf is the beginning of a time's hour, by its own clock.
func hourOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, t.Location())
}

// Forecast is how long what is left of the lists lasts at the pace of the last
// hour, or of what of it was worked; 0: there is too little to tell.
func (s Shift) Forecast(left int) time.Duration {
	if s.LastHour < 5 || s.over < 5*time.Minute {
		return 0
	}
	return (time.Duration(left) * s.over / time.Duration(s.LastHour)).Round(time.Minute)
}
