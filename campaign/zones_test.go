package campaign

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// Every zone that the library knows of any exchange of an area code is a zone of
// every number of it, and of the numbers of its overlays.
func TestZonesOfAreas(t *testing.T) {
	overlays := map[string]string{"364": "270", "930": "812", "729": "423", "448": "850", "986": "208", "458": "541", "236": "250", "257": "250", "672": "250", "778": "250", "367": "418", "581": "418", "879": "709", "474": "306", "639": "306"}
	number := func(area string, exchange int) string { return fmt.Sprintf("1%s%d0100", area, exchange) }
	several := 0
	for a := 200; a < 1000; a++ {
		area := fmt.Sprint(a)
		n, err := ParseNumber("+"+number(area, 555), "", nil)
		if err != nil || n.Kind != KindFixedOrMobile {
			continue
		}
		under := area
		if o, ok := overlays[area]; ok {
			under = o
		}
		var want []string
		for x := 200; x < 1000; x++ {
			zones, _ := phonenumbers.GetTimezonesForPrefix(number(under, x))
			want = append(want, zones...)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		if len(want) > 1 {
			several++
		}
		for _, zone := range want {
			// Zones of the library that are others under another name, or, of one
			// exchange of Alaska, the wrong one.
			if zone == "America/North_Dakota/Center" || zone == "America/Puerto_Rico" && under == "709" || zone == "Pacific/Honolulu" && area == "907" {
				continue
			}
			if !slices.Contains(n.Zones, zone) {
				t.Errorf("+1 %s may be in %s, and its numbers are in %v", area, zone, n.Zones)
			}
		}
		for _, zone := range zonesOfArea(area) {
			if _, err := time.LoadLocation(zone); err != nil {
				t.Error(err)
			}
		}
	}
	if several < 25 {
		t.Errorf("only %d area codes have several zones", several)
	}
}

// numbersOf draws valid numbers of a country, of every kind it has.
func numbersOf(country string) *rapid.Generator[Number] {
	kinds := []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.VOIP, phonenumbers.UAN}
	return rapid.Custom(func(t *rapid.T) Number {
		for range 1000 {
			example := phonenumbers.GetExampleNumberForType(country, rapid.SampledFrom(kinds).Draw(t, "kind"))
			if example == nil {
				continue
			}
			text := []byte(phonenumbers.Format(example, phonenumbers.E164))
			code := 1 + len(fmt.Sprint(example.GetCountryCode()))
			for i := code + rapid.IntRange(0, 4).Draw(t, "kept"); i < len(text); i++ {
				text[i] = byte('0' + rapid.IntRange(0, 9).Draw(t, "digit"))
			}
			if n, err := ParseNumber(string(text), "", nil); err == nil && n.Country == country && n.Kind != KindEmergency {
				return n
			}
		}
		t.Fatalf("no number of %s", country)
		return Number{}
	})
}

// A valid number of any country with a profile of ours is dialled only while it
// is the permitted time in every zone the library knows for it, and in those of
// its area; and when the gate says that it will be dialled, it is.
func TestEveryZoneIsOpen(t *testing.T) {
	dialled := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"DE", "US", "CA", "GB", "AT", "CH"}).Draw(t, "country")
		n := numbersOf(country).Draw(t, "number")
		rules, facts := allowRules(), okFacts()
		rules.Profiles = []Profile{{Country: country, Hours: daily(hm(8, 0), hm(20, 0), 1, 2, 3, 4, 5, 6)}}
		rules.Allow = []string{n.E164}
		rules.Kinds = []NumberKind{KindPremium, KindSharedCost, KindPersonal, KindPager, KindVoicemail, KindSatellite}
		facts.Number, facts.Record.Phone = n.E164, n.E164
		parsed, err := phonenumbers.Parse(n.E164, "")
		if err != nil {
			t.Fatal(err)
		}
		zones, err := phonenumbers.GetTimezonesForNumber(parsed)
		if err != nil {
			t.Fatal(err)
		}
		if country == "US" || country == "CA" {
			zones = append(zones, zonesOfArea(n.E164[2:5])...)
		}
		var clocks []*time.Location
		for _, zone := range zones {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			clocks = append(clocks, loc)
		}
		now := noon().Add(time.Duration(rapid.IntRange(0, 300*24*4).Draw(t, "quarters")) * 15 * time.Minute)
		v := Gate(rules, facts, now)
		if !v.Permitted { // when it says that it is open, it must be
			now = v.Next
			v = Gate(rules, facts, now)
		}
		if !v.Permitted && len(n.Zones) < 3 {
			t.Fatalf("%s (%s) is not dialled at %s: %s", n.E164, strings.Join(n.Zones, " "), now, v.Reason)
		}
		if v.Permitted {
			dialled[country]++
		}
		for _, loc := range clocks {
			if local := now.In(loc); v.Permitted && (local.Hour() < 8 || local.Hour() >= 20 || local.Weekday() == time.Sunday) {
				t.Fatalf("%s (%s) is dialled at %s of %s", n.E164, strings.Join(n.Zones, " "), local, loc)
			}
		}
	})
	if len(dialled) < 6 {
		t.Errorf("hardly any is dialled: %v", dialled)
	}
}
