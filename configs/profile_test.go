package configs

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProfiles(t *testing.T) {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Country)
		if p.ConnectWithin != Duration(2*time.Second) {
			t.Errorf("%s: connect within %s", p.Country, p.ConnectWithin)
		}
		if !slices.Contains(p.Recording, "off") {
			t.Errorf("%s: recording cannot be off", p.Country)
		}
	}
	if want := []string{"AT", "CA", "CH", "DE", "GB", "US", "lab", "strictest"}; !slices.Equal(names, want) {
		t.Errorf("profiles: %v, want %v", names, want)
	}
	if p := ProfileFor("FR"); p.Country != "FR" || p.Abandoned.Ceiling != 0 {
		t.Errorf("an unknown country: %+v", p)
	}
	if p := ProfileFor("lab"); p.Hours.Week() != nil || p.MinRing != 0 || p.MaxPerDay != 0 || p.LockAfter != 0 {
		t.Errorf("the laboratory has caps: %+v", p)
	}
}

// An unknown country must be treated no better than any country we know.
func TestStrictestIsStrictest(t *testing.T) {
	s := ProfileFor("ZZ")
	least := func(a, b int) bool { return b == 0 || a != 0 && a <= b } // 0 = no limit
	for _, p := range Profiles() {
		if p.Country == Lab {
			continue
		}
		own := overlap(s.Hours.Week(), s.Hours.Week())
		if overlap(s.Hours.Week(), p.Hours.Week()) != own {
			t.Errorf("%s is closed when the strictest is open", p.Country)
		}
		if !least(s.MaxPerDay, p.MaxPerDay) || !least(s.MaxPerWeek, p.MaxPerWeek) || !least(s.MaxPerCampaign, p.MaxPerCampaign) || !least(int(s.MaxRing), int(p.MaxRing)) || s.MinRing < p.MinRing ||
			s.LockAfter < p.LockAfter || s.Abandoned.Default > p.Abandoned.Default || s.Abandoned.Ceiling > p.Abandoned.Ceiling ||
			s.CallbackAnyHours && !p.CallbackAnyHours || s.Premium && !p.Premium ||
			s.KeepConsent < p.KeepConsent {
			t.Errorf("%s is stricter:\n%+v\n%+v", p.Country, p, s)
		}
		for _, purpose := range p.ConsentFor {
			if !slices.Contains(s.ConsentFor, purpose) {
				t.Errorf("%s wants consent for %s", p.Country, purpose)
			}
		}
		for _, l := range p.NationalLists {
			own := s.NationalLists[0]
			for _, purposes := range [][2][]string{{l.Blocks, own.Blocks}, {l.NeededFor, own.NeededFor}} {
				for _, purpose := range purposes[0] {
					if !slices.Contains(purposes[1], purpose) {
						t.Errorf("%s: list %s and %s", p.Country, l.Name, purpose)
					}
				}
			}
			if !least(int(own.MaxAge), int(l.MaxAge)) || own.ConsentPasses && !l.ConsentPasses || own.ConsentPasses && !least(int(own.ConsentAge), int(l.ConsentAge)) {
				t.Errorf("%s: list %s is stricter", p.Country, l.Name)
			}
		}
		for _, mode := range s.Recording {
			if !slices.Contains(p.Recording, mode) {
				t.Errorf("%s refuses recording %s", p.Country, mode)
			}
		}
		for _, h := range p.Dates(2026, 2026) {
			if !slices.Contains(s.Dates(2026, 2026), h) {
				t.Errorf("%s has a holiday on %v", p.Country, h)
			}
		}
	}
}

func TestGermanHolidays(t *testing.T) {
	// The federal holidays of 2026, as calendars print them.
	want := []string{"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25", "2026-10-03", "2026-12-25", "2026-12-26"}
	var got []string
	for _, d := range ProfileFor("DE").Dates(2026, 2026) {
		if d.Year == 0 {
			d.Year = 2026
		}
		got = append(got, time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
	if n := len(ProfileFor("DE").Dates(2025, 2028)); n != 5+4*4 {
		t.Errorf("four years have %d entries, want 5 of every year and 4 a year", n)
	}
	w := ProfileFor("DE").Hours.Week()
	if len(w[time.Sunday]) != 0 || w[time.Saturday][0] != (Span{9 * time.Hour, 18 * time.Hour}) || w[time.Monday][0] != (Span{8 * time.Hour, 20 * time.Hour}) {
		t.Errorf("hours: %v", w)
	}
}

// Lists are found by the name they are imported under, a country's own by its
// code where there is no profile.
func TestNationalListFor(t *testing.T) {
	for name, country := range map[string]string{"US": "US", "CA": "CA", "TPS": "GB", "CTPS": "GB", "FR": "FR"} {
		l, got, err := NationalListFor(name)
		if err != nil || got != country || l.Name != name || l.Title == "" {
			t.Errorf("%s: %+v %s %v, want %s", name, l, got, err, country)
		}
	}
	for _, name := range []string{"", "GB", "DE", "fr", "lab", "strictest", "Robinson"} {
		if l, _, err := NationalListFor(name); err == nil || !strings.Contains(err.Error(), "TPS") {
			t.Errorf("%q: %+v %v", name, l, err)
		}
	}
}

func TestEaster(t *testing.T) {
	for _, want := range []string{
		"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2019-04-21", "2024-03-31",
		"2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2285-03-22",
	} {
		day, err := time.Parse(time.DateOnly, want)
		if err != nil {
			t.Fatal(err)
		}
		if got := easter(day.Year()); !got.Equal(day) {
			t.Errorf("Easter %d is %s, want %s", day.Year(), got.Format(time.DateOnly), want)
		}
	}
	for year := 1600; year < 2600; year++ {
		if e := easter(year); e.Weekday() != time.Sunday {
			t.Errorf("Easter %d is a %s", year, e.Weekday())
		}
	}
}

func TestParseProfileRefuses(t *testing.T) {
	text, err := profileFiles.ReadFile("profiles/DE.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"max_per_day: 3\n", "", "max_per_day: is missing"},
		{"version: 2026-11-30", "version: today", `"today" is not a day`},
		{"date: 01-01", "date: 13-01", "not a day of the year"},
		{"easter: 39", "easter: 39, date: 05-14", "needs a date or a distance"},
		{"country: DE", "country: AT", `"AT" is not the name of the file`},
		{"default: 0%", "default: 4%", "the default is above the ceiling"},
	} {
		changed := strings.Replace(string(text), c.old, c.new, 1)
		if _, err := parseProfile([]byte(changed), "profiles/DE.yaml"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}
