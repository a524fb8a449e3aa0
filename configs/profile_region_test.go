package configs

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func regionDays(t *testing.T, code string, year int) []string {
	t.Helper()
	for _, r := range ProfileFor("DE").Regions {
		if r.Code != code {
			continue
		}
		var out []string
		for _, d := range r.Dates(year, year) {
			out = append(out, time.Date(year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
		}
		slices.Sort(out)
		return out
	}
	t.Fatalf("no region %s", code)
	return nil
}

// The holidays of the Länder, as calendars print them.
func TestLandHolidays(t *testing.T) {
	if n := len(ProfileFor("DE").Regions); n != 16 {
		t.Errorf("%d Länder", n)
	}
	for _, c := range []struct {
		land string
		year int
		want string
	}{
		{"BY", 2026, "2026-01-06 2026-06-04 2026-08-08 2026-08-15 2026-11-01"},
		{"SN", 2026, "2026-06-04 2026-10-31 2026-11-18"},
		{"SN", 2027, "2027-05-27 2027-10-31 2027-11-17"},
		{"BE", 2026, "2026-03-08"},
		{"TH", 2027, "2027-05-27 2027-09-20 2027-10-31"},
		{"NW", 2028, "2028-06-15 2028-11-01"},
	} {
		if got := strings.Join(regionDays(t, c.land, c.year), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.land, got, c.want)
		}
	}
	// The last Wednesday up to 22 November, also when that is one.
	if got := regionDays(t, "SN", 2028); !slices.Contains(got, "2028-11-22") {
		t.Errorf("Buß- und Bettag 2028: %v", got)
	}
}

// Places are in the Land they are in, and every German postcode is in one.
func TestAreas(t *testing.T) {
	in := func(a Areas, digits string) []string {
		for n := len(digits); n > 0; n-- {
			if codes, ok := a[digits[:n]]; ok {
				return codes
			}
		}
		return nil
	}
	de, us := ProfileFor("DE"), ProfileFor("US")
	for _, c := range []struct {
		a      Areas
		digits string
		want   string
	}{
		{de.Postcodes, "50667", "NW"}, {de.Postcodes, "80331", "BY"}, {de.Postcodes, "10115", "BE"}, {de.Postcodes, "01067", "SN"},
		{de.Postcodes, "99084", "TH"}, {de.Postcodes, "66111", "SL"}, {de.Postcodes, "28195", "HB"}, {de.Postcodes, "24103", "SH"},
		{de.Postcodes, "04600", "TH"}, {de.Postcodes, "27498", "SH"}, {de.Postcodes, "63739", "BY"}, {de.Postcodes, "97877", "BW"}, {de.Postcodes, "14467", "BB"},
		{de.AreaCodes, "3023125001", "BE"}, {de.AreaCodes, "89123456", "BY"}, {de.AreaCodes, "2214710003", "NW"}, {de.AreaCodes, "2611234", "RP"},
		{de.AreaCodes, "6811234", "SL"}, {de.AreaCodes, "3411234", "SN"}, {de.AreaCodes, "3611234", "TH"}, {de.AreaCodes, "4711234", "HB"},
		{de.AreaCodes, "30678123", "BB"}, {de.AreaCodes, "35385123", "ST"}, {de.AreaCodes, "35341123", "BB"}, {de.AreaCodes, "36621123", "SN"},
		{de.AreaCodes, "36694123", "ST"}, {de.AreaCodes, "40521123", "SH"}, {de.AreaCodes, "4725123", "SH"}, {de.AreaCodes, "6188123", "BY"}, {de.AreaCodes, "7111234", "BW"}, {de.AreaCodes, "5611234", "HE"}, {de.AreaCodes, "3851234", "MV"}, {de.AreaCodes, "3911234", "ST"},
		{us.Postcodes, "33101", "FL"}, {us.Postcodes, "35203", "AL"}, {us.AreaCodes, "3055550100", "FL"}, {us.AreaCodes, "2055550100", "AL"},
	} {
		if got := in(c.a, c.digits); !slices.Contains(got, c.want) {
			t.Errorf("%s is in %v, want %s", c.digits, got, c.want)
		}
	}
	for _, gone := range []string{"00", "05", "43", "62"} { // never given out
		if in(de.Postcodes, gone) != nil {
			t.Errorf("postcodes %s are in %v", gone, in(de.Postcodes, gone))
		}
	}
	n := 0
	for range de.Postcodes {
		n++
	}
	if n != 97 { // of 00 to 99 all but those, and Helgoland
		t.Errorf("%d beginnings of postcodes", n)
	}
	if in(us.Postcodes, "10001") != nil {
		t.Error("New York is in a narrower state")
	}
}

// The narrower states of the US: their hours and caps, days that are holidays in
// one and not in another, and where their codes lead.
func TestStates(t *testing.T) {
	us := ProfileFor("US")
	names := map[string]bool{}
	for _, r := range us.Regions {
		names[r.Code] = true
	}
	if len(us.Regions) != 51 || len(names) != 51 {
		t.Errorf("%d states, %d codes: the 50 and the District", len(us.Regions), len(names))
	}
	for _, c := range []struct {
		code, area, zip, day string // day: a holiday there; "-" before one that is none
		open, close          [3]int // Wednesday, Saturday, Sunday; 0: shut
		perDay               int
	}{
		{"FL", "305", "33101", "-2026-07-04", [3]int{8, 8, 8}, [3]int{20, 20, 20}, 3},
		{"AL", "205", "35203", "2026-07-03", [3]int{8, 8, 0}, [3]int{20, 20, 0}, 0},
		{"CT", "959", "06103", "-2026-07-04", [3]int{9, 9, 9}, [3]int{20, 20, 20}, 0},
		{"KY", "502", "40202", "-2026-12-25", [3]int{10, 10, 10}, [3]int{21, 21, 21}, 0},
		{"LA", "504", "70112", "2026-02-17", [3]int{8, 8, 0}, [3]int{20, 20, 0}, 0},
		{"MD", "410", "21201", "-2026-12-25", [3]int{8, 8, 8}, [3]int{20, 20, 20}, 3},
		{"MA", "617", "02108", "-2026-12-25", [3]int{8, 8, 8}, [3]int{20, 20, 20}, 0},
		{"MI", "313", "48226", "-2026-12-25", [3]int{9, 9, 9}, [3]int{21, 21, 21}, 0},
		{"MN", "612", "55401", "-2026-12-25", [3]int{9, 9, 9}, [3]int{21, 21, 21}, 0},
		{"MS", "601", "39201", "2026-04-27", [3]int{8, 8, 0}, [3]int{20, 20, 0}, 0},
		{"NV", "702", "89101", "-2026-12-25", [3]int{9, 9, 9}, [3]int{20, 20, 20}, 0},
		{"NM", "505", "87501", "-2026-12-25", [3]int{9, 9, 9}, [3]int{21, 21, 21}, 0},
		{"OK", "405", "73102", "-2026-12-25", [3]int{8, 8, 8}, [3]int{20, 20, 20}, 3},
		{"PA", "215", "19103", "2026-11-03", [3]int{8, 8, 0}, [3]int{21, 12, 0}, 0},
		{"RI", "401", "02903", "2026-08-10", [3]int{9, 10, 0}, [3]int{18, 17, 0}, 0},
		{"SD", "605", "57101", "-2026-12-25", [3]int{9, 0, 0}, [3]int{21, 0, 0}, 0},
		{"TX", "713", "77002", "-2026-12-25", [3]int{9, 9, 12}, [3]int{21, 21, 21}, 0},
		{"UT", "801", "84101", "2026-07-24", [3]int{9, 9, 0}, [3]int{21, 21, 0}, 0},
		{"WA", "206", "98101", "-2026-12-25", [3]int{8, 8, 8}, [3]int{20, 20, 20}, 0},
		{"WY", "307", "82001", "-2026-12-25", [3]int{8, 8, 8}, [3]int{20, 20, 20}, 0},
		{"NY", "", "06390", "-2026-12-25", [3]int{}, [3]int{}, 0},
	} {
		r := us.Regions[slices.IndexFunc(us.Regions, func(r Region) bool { return r.Code == c.code })]
		week := r.Hours.Week()
		for i, wd := range []time.Weekday{time.Wednesday, time.Saturday, time.Sunday} {
			var got Span
			if week != nil && len(week[wd]) == 1 {
				got = week[wd][0]
			}
			if want := (Span{time.Duration(c.open[i]) * time.Hour, time.Duration(c.close[i]) * time.Hour}); got != want {
				t.Errorf("%s on %s: %v, want %v", c.code, wd, got, want)
			}
		}
		day, none := strings.CutPrefix(c.day, "-")
		d := dayOf(t, day)
		if has := slices.ContainsFunc(r.Dates(2026, 2026), func(x Date) bool { return x.Month == d.Month() && x.Day == d.Day() }); has == none {
			t.Errorf("%s: %s is a holiday: %v", c.code, day, has)
		}
		if r.MaxPerDay != c.perDay {
			t.Errorf("%s: %d a day", c.code, r.MaxPerDay)
		}
		long := func(a Areas, digits string) []string {
			for n := len(digits); n > 0; n-- {
				if in, ok := a[digits[:n]]; ok {
					return in
				}
			}
			return nil
		}
		if c.area != "" && !slices.Equal(long(us.AreaCodes, c.area+"5550100"), []string{c.code}) || !slices.Equal(long(us.Postcodes, c.zip), []string{c.code}) {
			t.Errorf("%s: %s and %s lead to %v and %v", c.code, c.area, c.zip, long(us.AreaCodes, c.area), long(us.Postcodes, c.zip))
		}
	}
}
