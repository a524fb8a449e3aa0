package campaign_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
)

func TestParseNumber(t *testing.T) {
	allow := []string{"+49", "6xx", "1xx", "*9x", "5030901"}
	for _, c := range []struct {
		raw, country string
		want         string
		kind         campaign.NumberKind
		in           string
		repaired     string
	}{
		{"030 901820", "DE", "+4930901820", campaign.KindFixed, "DE", ""},
		{"(030) 901 820", "de", "+4930901820", campaign.KindFixed, "DE", ""},
		{"030/901820-12", "DE", "+493090182012", campaign.KindFixed, "DE", ""},
		{"+49 (0)30 901820", "", "+4930901820", campaign.KindFixed, "DE", ""},
		{"0049 30 901820", "DE", "+4930901820", campaign.KindFixed, "DE", ""},
		{"0049 30 901820", "US", "+4930901820", campaign.KindFixed, "DE", ""},
		{"tel:+49-30-901820", "", "+4930901820", campaign.KindFixed, "DE", ""},
		{"\u00a00170\u202f123\u20114567 ", "DE", "+491701234567", campaign.KindMobile, "DE", ""},
		{"０１７０ １２３４５６７", "DE", "+491701234567", campaign.KindMobile, "DE", ""},
		{"30901820", "DE", "+4930901820", campaign.KindFixed, "DE", "leading zero added"},
		{"1701234567", "DE", "+491701234567", campaign.KindMobile, "DE", "leading zero added"},
		{"491701234567", "DE", "+491701234567", campaign.KindMobile, "DE", "+ added"},
		{"4989123456", "DE", "+4989123456", campaign.KindFixed, "DE", "+ added"},
		{"4917012345", "DE", "+494917012345", campaign.KindFixed, "DE", "leading zero added"},
		{"+39 06 6982", "DE", "+39066982", campaign.KindFixed, "VA", ""},
		{"(212) 555-1234", "US", "+12125551234", campaign.KindFixedOrMobile, "US", ""},
		{"0900 5 123456", "DE", "+499005123456", campaign.KindPremium, "DE", ""},
		{"0137 1234567", "DE", "+491371234567", campaign.KindSharedCost, "DE", ""},
		{"0800 1234567", "DE", "+498001234567", campaign.KindTollFree, "DE", ""},
		{"+8816 1234 5678", "DE", "+881612345678", campaign.KindSatellite, "", ""},
		{"601", "DE", "601", campaign.KindExtension, "", ""},
		{"6 01", "DE", "601", campaign.KindExtension, "", ""},
		{"*97", "DE", "*97", campaign.KindExtension, "", ""},
		{"5030901", "DE", "5030901", campaign.KindExtension, "", ""},
		{"601", "", "601", campaign.KindExtension, "", ""},
		{"110", "DE", "110", campaign.KindEmergency, "DE", ""},
		{"1 1 2", "", "112", campaign.KindEmergency, "", ""},
		{"911", "US", "911", campaign.KindEmergency, "US", ""},
		{"030 110", "DE", "+4930110", campaign.KindEmergency, "DE", ""},
	} {
		n, err := campaign.ParseNumber(c.raw, c.country, allow)
		if err != nil {
			t.Errorf("%q in %q: %v", c.raw, c.country, err)
			continue
		}
		if n.E164 != c.want || n.Kind != c.kind || n.Country != c.in || n.Repaired != c.repaired {
			t.Errorf("%q in %q = %+v, want %s %s %s %q", c.raw, c.country, n, c.want, c.kind, c.in, c.repaired)
		}
	}
}

func TestParseNumberRefuses(t *testing.T) {
	for _, c := range []struct{ raw, country, reason string }{
		{"", "DE", "no digits"},
		{"  - ", "DE", "no digits"},
		{"030 901820", "", "no country code"},
		{"unbekannt", "DE", "letters"},
		{"030 901820 Müller", "DE", "letters"},
		{"030 901820 ext. 12", "DE", "letters"},
		{"030901820;0170", "DE", `';'`},
		{"12", "DE", "too short"},
		{"0170 12345678901234", "DE", "too long"},
		{"01 23 45 67 89", "DE", "no number range"},
		{"+999 123456", "DE", "not a telephone number"},
		{"+49110", "DE", "too short"},
		{"116116", "DE", "no number range"},
		{"612", "DE", "too short"}, // no pattern listed
		{"491512345678", "DE", "wrong number of digits"},
		{"0" + strings.Repeat("1", 100), "DE", "too long"},
		{"30\x00901820", "DE", "character"},
		{"4,91E+11", "DE", "character"},
	} {
		n, err := campaign.ParseNumber(c.raw, c.country, nil)
		var ne *campaign.NumberError
		if !errors.As(err, &ne) {
			t.Errorf("%q in %q = %+v, want an error", c.raw, c.country, n)
			continue
		}
		if !strings.Contains(ne.Reason, c.reason) || ne.Cure == "" {
			t.Errorf("%q in %q: %v, want reason %q and a cure", c.raw, c.country, err, c.reason)
		}
	}
}

func TestNumberZones(t *testing.T) {
	for _, c := range []struct {
		raw   string
		zones []string
		least int
	}{
		{"+4930901820", []string{"Europe/Berlin"}, 1},
		{"+12125551234", []string{"America/New_York"}, 1},
		{"+61412345678", []string{"Australia/Perth", "Australia/Sydney"}, 3}, // mobiles have no place
		{"+79161234567", []string{"Europe/Moscow", "Asia/Vladivostok"}, 8},
		{"+80012345678", nil, 0},
	} {
		n, err := campaign.ParseNumber(c.raw, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(n.Zones) < c.least || c.least == 0 && len(n.Zones) != 0 {
			t.Errorf("%s: zones %v, want at least %d", c.raw, n.Zones, c.least)
		}
		for _, z := range c.zones {
			if !slices.Contains(n.Zones, z) {
				t.Errorf("%s: zones %v miss %s", c.raw, n.Zones, z)
			}
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"030 901820", "+49 (0)30", "110", "٠١٧٠", "tel:+1", "+", "x", "\xff\xfe"} {
		f.Add(s, "DE")
	}
	f.Fuzz(func(t *testing.T, raw, country string) {
		n, err := campaign.ParseNumber(raw, country, []string{"6xx"})
		if err != nil {
			return
		}
		again, err := campaign.ParseNumber(n.E164, n.Country, []string{"6xx"})
		if err != nil || again.E164 != n.E164 || again.Kind != n.Kind {
			t.Errorf("%q: %+v read again: %+v, %v", raw, n, again, err)
		}
	})
}

func BenchmarkParseNumber(b *testing.B) {
	for b.Loop() {
		if _, err := campaign.ParseNumber("0171 1234567", "DE", nil); err != nil {
			b.Fatal(err)
		}
	}
}
