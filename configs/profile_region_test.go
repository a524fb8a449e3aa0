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
