package configs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// fullMoons are the days of the paschal full moon in the nineteen years of the
// moon's cycle, as the table of the calendar reform has them for 1900 to 2199,
// by year modulo 19. Easter is the Sunday after.
func fullMoons() [19]string {
	return [19]string{
		"04-14", "04-03", "03-23", "04-11", "03-31", "04-18", "04-08", "03-28", "04-16", "04-05",
		"03-25", "04-13", "04-02", "03-22", "04-10", "03-30", "04-17", "04-07", "03-27",
	}
}

func dayOf(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// next is the first such weekday after a day.
func next(d time.Time, wd time.Weekday) time.Time {
	for d = d.AddDate(0, 0, 1); d.Weekday() != wd; {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

// calendar works out the holidays of a year the way a calendar is made by hand:
// Easter by the moon, the others by counting Sundays and Thursdays.
func calendar(t *testing.T, year int) map[string]string {
	easter := next(dayOf(t, fmt.Sprintf("%d-%s", year, fullMoons()[year%19])), time.Sunday)
	after := func(sundays int) time.Time { return easter.AddDate(0, 0, 7*sundays) }
	ascension := next(after(5), time.Thursday)
	trinity := after(8)
	advent := next(dayOf(t, fmt.Sprintf("%d-11-26", year)), time.Sunday)
	all := map[string]string{
		"Karfreitag": easter.AddDate(0, 0, -2).Format("01-02"), "Ostermontag": next(easter, time.Monday).Format("01-02"),
		"Himmelfahrt": ascension.Format("01-02"), "Pfingstmontag": next(after(7), time.Monday).Format("01-02"),
		"Fronleichnam": next(trinity, time.Thursday).Format("01-02"), "Bettag": advent.AddDate(0, 0, -11).Format("01-02"),
	}
	for name, date := range map[string]string{
		"Neujahr": "01-01", "Könige": "01-06", "Frauentag": "03-08", "Arbeit": "05-01", "Friedensfest": "08-08", "Mariä": "08-15", "Kindertag": "09-20",
		"Einheit": "10-03", "Reformation": "10-31", "Allerheiligen": "11-01", "Weihnachten": "12-25", "Zweiter": "12-26",
		"Staatsfeiertag": "05-01", "Nationalfeiertag": "10-26", "Empfängnis": "12-08",
	} {
		all[name] = date
	}
	return all
}

// The holidays of every Land and of Austria, 2026 to 2030, against the ones
// worked out in another way and by the lists of their laws.
func TestHolidaysByHand(t *testing.T) {
	lands := map[string]string{
		"BW": "Könige Fronleichnam Allerheiligen", "BY": "Könige Fronleichnam Friedensfest Mariä Allerheiligen", "BE": "Frauentag",
		"BB": "Reformation", "HB": "Reformation", "HH": "Reformation", "HE": "Fronleichnam", "MV": "Frauentag Reformation", "NI": "Reformation",
		"NW": "Fronleichnam Allerheiligen", "RP": "Fronleichnam Allerheiligen", "SL": "Fronleichnam Mariä Allerheiligen",
		"SN": "Fronleichnam Reformation Bettag", "ST": "Könige Reformation", "SH": "Reformation", "TH": "Fronleichnam Kindertag Reformation",
	}
	de, at := ProfileFor("DE"), ProfileFor("AT")
	for year := 2026; year <= 2030; year++ {
		all := calendar(t, year)
		compare := func(what string, got []Date, names string) {
			var have, want []string
			for _, d := range got {
				have = append(have, fmt.Sprintf("%02d-%02d", d.Month, d.Day))
			}
			for _, n := range strings.Fields(names) {
				if all[n] == "" {
					t.Fatalf("no %s", n)
				}
				want = append(want, all[n])
			}
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("%s %d: %v, want %v", what, year, have, want)
			}
		}
		compare("DE", de.Dates(year, year), "Neujahr Karfreitag Ostermontag Arbeit Himmelfahrt Pfingstmontag Einheit Weihnachten Zweiter")
		compare("AT", at.Dates(year, year), "Neujahr Könige Karfreitag Ostermontag Staatsfeiertag Himmelfahrt Pfingstmontag Fronleichnam Mariä Nationalfeiertag Allerheiligen Empfängnis Weihnachten Zweiter")
		for _, r := range de.Regions {
			names := lands[r.Code]
			if r.Code == "BE" && year == 2028 {
				names, all["Aufstand"] = names+" Aufstand", "06-17" // 75 years, once
			}
			compare(r.Code, r.Dates(year, year), names)
		}
	}
	if len(de.Regions) != len(lands) {
		t.Errorf("%d Länder", len(de.Regions))
	}
}

// Swiss days of single cantons and Alabama's, as calendars print them.
func TestHolidaysAbroad(t *testing.T) {
	alabama := ProfileFor("US").Regions[slices.IndexFunc(ProfileFor("US").Regions, func(r Region) bool { return r.Code == "AL" })]
	for _, c := range []struct {
		dates func(from, to int) []Date
		want  []string
	}{
		{ProfileFor("CH").Dates, []string{"2026-04-09", "2027-04-01", "2026-08-01", "2026-09-10", "2026-09-21", "2027-09-09", "2027-09-20", "2026-06-04"}},
		{alabama.Dates, []string{"2026-01-19", "2026-02-16", "2026-02-17", "2026-04-27", "2026-05-25", "2026-06-01", "2026-06-19", "2026-07-03",
			"2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2027-06-18", "2027-07-05", "2027-12-24", "2027-12-31"}},
	} {
		for _, w := range c.want {
			d := dayOf(t, w)
			if !slices.ContainsFunc(c.dates(2026, 2027), func(x Date) bool {
				return (x.Year == 0 || x.Year == d.Year()) && x.Month == d.Month() && x.Day == d.Day()
			}) {
				t.Errorf("%s is no holiday", w)
			}
		}
	}
}

// Every profile says where its figures come from, and which were not verified.
func TestSources(t *testing.T) {
	for _, p := range Profiles() {
		verified := slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Seen != "" && s.At != "" })
		if p.Country != Lab && !verified {
			t.Errorf("%s: nothing was verified", p.Country)
		}
		for _, s := range p.Sources {
			if s.Seen != "" && s.At == "" {
				t.Errorf("%s: %s was read, and not where", p.Country, s.What)
			}
		}
	}
}
