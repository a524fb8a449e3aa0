package campaign

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// profilesFor are the campaign's profiles and, where its country is another
// one, that of the number's country.
func (r Rules) profilesFor(country string) []Profile {
	has := func(p Profile) bool { return p.Country == country }
	if country == "" || r.Elsewhere == nil || slices.ContainsFunc(r.Profiles, has) {
		return r.Profiles
	}
	p, ok := r.Elsewhere[country]
	if !ok {
		p = r.Elsewhere[""]
		p.Country = country
	}
	return append(slices.Clone(r.Profiles), p)
}

// lawOf are the profiles that hold for a call to a number, and its country;
// those of the campaign where the number is none.
func (r Rules) lawOf(number string) (profiles []Profile, country string) {
	if len(r.Profiles) == 0 {
		return nil, ""
	}
	n, err := ParseNumber(number, r.Profiles[0].Country, r.Allow)
	if err != nil {
		return r.Profiles, ""
	}
	return r.profilesFor(n.Country), n.Country
}

// regionsOf are the regions whose rules hold for a record of the profile's
// country:
//
//	by the state and the postcode of the record
//	else by the area code of a line that is bound to its place
//	else of all, where the profile says so
//	numbers of a plan that does not tell mobiles (NANP): by the area code as well
func (p *Profile) regionsOf(r *Record, number string, kind NumberKind) []Region {
	if len(p.Regions) == 0 {
		return nil
	}
	var codes []string
	national := nationalDigits(number, p.Country)
	postcode, state := r.Postcode(), p.stateOf(r)
	known := postcode != "" || state != ""
	if postcode != "" {
		codes = p.Postcodes.of(postcode)
	}
	if state != "" {
		codes = append(slices.Clone(codes), state)
	}
	if kind == KindFixed && !known || kind == KindFixedOrMobile {
		by := p.AreaCodes.of(national)
		known = known || kind == KindFixed && len(by) > 0
		codes = append(slices.Clone(codes), by...)
	}
	if !known {
		if p.RegionUnknown {
			return p.Regions
		}
		return nil
	}
	var out []Region
	for _, region := range p.Regions {
		if slices.Contains(codes, region.Code) {
			out = append(out, region)
		}
	}
	return out
}

// stateOf is the region that a column of the record names, by its code or its
// name; empty where none does, or one that the profile does not know.
func (p *Profile) stateOf(r *Record) string {
	for _, f := range r.Fields {
		switch columnName(f.Name) {
		case "state", "province", "bundesland", "kanton", "canton", "provinz", "region":
			v := strings.TrimSpace(f.Value)
			if i := slices.IndexFunc(p.Regions, func(r Region) bool { return strings.EqualFold(v, r.Code) || strings.EqualFold(v, r.Name) }); i >= 0 && v != "" {
				return p.Regions[i].Code
			}
		}
	}
	return ""
}

// columnName is a column's name as it is compared with others.
func columnName(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(name))
}

// of finds the regions of what begins with digits, by the longest beginning.
func (a Areas) of(digits string) []string {
	for n := len(digits); n > 0; n-- {
		if codes, ok := a[digits[:n]]; ok {
			return codes
		}
	}
	return nil
}

// nationalDigits is a number without its country code.
func nationalDigits(e164, country string) string {
	code := phonenumbers.GetCountryCodeForRegion(country)
	rest, _ := strings.CutPrefix(e164, "+"+strconv.Itoa(code))
	return rest
}

// Postcode is the postcode of a record: of a column that is named so, without
// blanks; empty when there is none that begins with a digit.
func (r *Record) Postcode() string {
	for _, f := range r.Fields {
		switch columnName(f.Name) {
		case "plz", "postleitzahl", "postcode", "postalcode", "zip", "zipcode":
			v := strings.ReplaceAll(strings.TrimSpace(f.Value), " ", "")
			_, v = cutCountry(v)
			if len(v) >= 4 && v[0] >= '0' && v[0] <= '9' {
				if len(v) == 4 { // a spreadsheet took the leading zero
					v = "0" + v
				}
				return v
			}
		}
	}
	return ""
}

// cutCountry takes off the country that people write before a postcode: "D-50667".
func cutCountry(v string) (country, rest string) {
	if c, rest, ok := strings.Cut(v, "-"); ok && len(c) > 0 && len(c) <= 2 && (c[0] < '0' || c[0] > '9') {
		return c, rest
	}
	return "", v
}
