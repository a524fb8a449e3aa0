package campaign

import (
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// zonesOf lists every time zone a number may be in. A number that is bound to
// no place may be in any zone of its country.
func zonesOf(n Number, p *phonenumbers.PhoneNumber) []string {
	prefix := n.E164
	if n.Kind != KindFixed && n.Kind != KindFixedOrMobile {
		prefix = strconv.Itoa(int(p.GetCountryCode()))
		if prefix == "1" { // NANP: 25 countries share the code; the area code says more
			prefix = n.E164
		}
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(prefix)
	if err != nil || slices.Contains(zones, phonenumbers.UNKNOWN_TIMEZONE) {
		return nil
	}
	zones = slices.Clone(zones)
	if p.GetCountryCode() == 1 && len(n.E164) > len("+1212") {
		zones = append(zones, zonesOfArea(n.E164[len("+1"):len("+1212")])...)
		slices.Sort(zones)
		zones = slices.Compact(zones)
	}
	return zones
}

// zonesOfArea are the zones of an area code of North America that has several.
// The library knows the zone of exchanges within it, and takes all others for
// one of the two; but numbers move within their area, and new exchanges are
// opened, so that each may be in any of them. An overlay is where the code is
// that it was laid over (North American Numbering Plan Administrator).
func zonesOfArea(code string) []string {
	const eastern, central, mountain, pacific = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
	switch code {
	case "219", "574", // Indiana
		"812", "930",
		"270", "364", "606", // Kentucky
		"423", "729", // Tennessee
		"448", "850", // Florida
		"906": // Michigan
		return []string{eastern, central}
	case "308", // Nebraska
		"605", "701", // Dakotas
		"620", "785": // Kansas
		return []string{central, mountain}
	case "208", "986", // Idaho
		"458", "541", // Oregon
		"775": // Nevada
		return []string{mountain, pacific, "America/Boise"}
	case "928": // Arizona, and the Navajo Nation, which keeps summer time
		return []string{mountain, "America/Phoenix"}
	case "907": // Alaska
		return []string{"America/Adak", "America/Anchorage", "America/Juneau"}
	case "236", "250", "257", "672", "778": // British Columbia
		return []string{"America/Edmonton", "America/Fort_Nelson", "America/Vancouver"}
	case "306", "474", "639": // Saskatchewan, and Lloydminster, which keeps Alberta's time
		return []string{"America/Edmonton", "America/Regina"}
	case "807": // Ontario
		return []string{"America/Toronto", "America/Winnipeg"}
	case "367", "418", "581": // Quebec, and the Magdalen Islands
		return []string{"America/Halifax", "America/Toronto"}
	case "709", "879": // Newfoundland and Labrador
		return []string{"America/Halifax", "America/St_Johns"}
	case "867": // Yukon, Northwest Territories, Nunavut
		return []string{"America/Edmonton", "America/Fort_Nelson", "America/Toronto", "America/Vancouver", "America/Winnipeg"}
	}
	return nil
}

// ZoneOfNumber is the time zone of a number in E.164 that can be in one only;
// "" where it may be in several, or in none that is known.
func ZoneOfNumber(e164 string) string {
	if n, err := ParseNumber(e164, "", nil); err == nil && len(n.Zones) == 1 {
		return n.Zones[0]
	}
	return ""
}
