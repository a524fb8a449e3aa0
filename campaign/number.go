package campaign

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// NumberKind is the class of a telephone number: what it costs and whether a
// machine may dial it depends on it.
type NumberKind string

// The kinds of numbers.
const (
	KindFixed         NumberKind = "fixed"
	KindMobile        NumberKind = "mobile"
	KindFixedOrMobile NumberKind = "fixed-or-mobile" // numbering plans that do not tell (North America)
	KindTollFree      NumberKind = "toll-free"
	KindPremium       NumberKind = "premium"
	KindSharedCost    NumberKind = "shared-cost"
	KindVoIP          NumberKind = "voip"
	KindPersonal      NumberKind = "personal"
	KindPager         NumberKind = "pager"
	KindCompany       NumberKind = "company" // universal access number
	KindVoicemail     NumberKind = "voicemail"
	KindSatellite     NumberKind = "satellite" // and other international networks, +870 to +883
	KindEmergency     NumberKind = "emergency" // never dialled by machine
	KindExtension     NumberKind = "extension" // matched a pattern of dial.allow
	KindUnknown       NumberKind = "unknown"   // never of a Number that ParseNumber gives
)

// Number is a telephone number, understood.
type Number struct {
	E164     string // "+4930901820"; an extension or emergency number as written, without blanks
	Country  string // ISO 3166; empty for extensions and international networks
	Kind     NumberKind
	Zones    []string // every time zone it may be in, IANA names; empty = unknown
	Repaired string   // what had to be mended, in words; empty = nothing
}

// NumberError says why a text is no telephone number that can be dialled, and
// what to write instead.
type NumberError struct {
	Raw    string // at most 40 characters of it
	Reason string
	Cure   string
}

func (e *NumberError) Error() string {
	return fmt.Sprintf("%q %s; %s", e.Raw, e.Reason, e.Cure)
}

const (
	maxRawNumber = 64 // characters; the longest written form of 15 digits is far shorter
	// BNetzA "Nummernplan Ortsnetzrufnummern": a geographic number has at most
	// 11 digits without its prefix. The library knows no such limit, because
	// direct dialling-in may add to it; it is used for doubtful readings only.
	maxPlainNSN = 11

	maxAreaCode  = 5 // digits
	maxEmergency = 3
)

// ParseNumber reads a telephone number as people write it. Patterns of allow
// without a plus ("6xx", x any digit) are extensions and are tried first;
// everything else is normalised to E.164, with defaultCountry (ISO 3166) where
// no country is written. The error is a *NumberError.
func ParseNumber(raw, defaultCountry string, allow []string) (Number, error) {
	text, err := cleanNumber(raw)
	if err != nil {
		return Number{}, err
	}
	country := strings.ToUpper(defaultCountry)
	// Before the extensions: a pattern such as "1xx" must not hide one.
	if isEmergency(text, country) {
		return Number{E164: text, Country: country, Kind: KindEmergency}, nil
	}
	if matchExtension(text, allow) {
		return Number{E164: text, Kind: KindExtension}, nil
	}
	plus := strings.HasPrefix(text, "+")
	if !plus && country == "" {
		return Number{}, numberError(raw, "has no country code", "write it with + and the country code")
	}
	parsed, err := phonenumbers.Parse(text, country)
	if rest, ok := strings.CutPrefix(text, "00"); ok && (err != nil || !phonenumbers.IsValidNumber(parsed)) {
		// An international prefix that is not this country's own.
		if p, e := phonenumbers.Parse("+"+rest, ""); e == nil && phonenumbers.IsValidNumber(p) {
			parsed, err = p, nil
		}
	}
	if err != nil {
		return Number{}, numberError(raw, "is not a telephone number", "write it with + and the country code")
	}
	n := Number{}
	if !plus && !strings.HasPrefix(text, "0") {
		parsed, n.Repaired, err = readWithoutPrefix(raw, text, country, parsed)
		if err != nil {
			return Number{}, err
		}
	}
	// A number of unknown type is in no range of its country: invalid.
	if n.Kind = kindOf(parsed); n.Kind == KindUnknown {
		return Number{}, numberError(raw, whyInvalid(parsed, country), "compare it with the source")
	}
	return describe(n, parsed), nil
}

// readWithoutPrefix decides about a number that begins neither with + nor with
// a zero. Spreadsheets drop both, so "491701234567" may be +49 170 1234567 or
// 0491 701234567; a guess would call a stranger.
func readWithoutPrefix(raw, text, country string, national *phonenumbers.PhoneNumber) (*phonenumbers.PhoneNumber, string, error) {
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(country))
	nsn := phonenumbers.GetNationalSignificantNumber(national)
	if !strings.HasPrefix(text, code) || nsn != phonenumbers.NormalizeDigitsOnly(text) {
		if nsn != phonenumbers.NormalizeDigitsOnly(text) {
			return national, "+ added", nil // the library itself saw that the country code is written
		}
		if phonenumbers.GetNddPrefixForRegion(country, true) == "0" && phonenumbers.IsValidNumber(national) {
			return national, "leading zero added", nil
		}
		return national, "", nil
	}
	international, err := phonenumbers.Parse("+"+text, "")
	valid := err == nil && phonenumbers.IsValidNumber(international)
	tooLong := len(nsn) > maxPlainNSN
	switch {
	case valid && (tooLong || !phonenumbers.IsValidNumber(national)):
		return international, "+ added", nil
	case valid:
		return nil, "", numberError(raw, "may be read in two ways, with the country code or with an area code",
			"write it with a leading + or 0")
	case tooLong:
		return nil, "", numberError(raw, "has a wrong number of digits", "write it with a leading + or 0")
	}
	return national, "leading zero added", nil
}

// describe fills in what is known about a valid number.
func describe(n Number, p *phonenumbers.PhoneNumber) Number {
	n.E164 = phonenumbers.Format(p, phonenumbers.E164)
	if region := phonenumbers.GetRegionCodeForNumber(p); len(region) == 2 {
		n.Country = region
	}
	// Who dials an emergency number behind an area code reaches the emergency
	// service in some networks (030 110).
	if nsn := phonenumbers.GetNationalSignificantNumber(p); n.Country != "" && len(nsn) <= maxAreaCode+maxEmergency {
		if area := phonenumbers.GetLengthOfGeographicalAreaCode(p); area > 0 && area < len(nsn) && isEmergency(nsn[area:], n.Country) {
			n.Kind = KindEmergency
		}
	}
	n.Zones = zonesOf(n, p)
	return n
}

func kindOf(p *phonenumbers.PhoneNumber) NumberKind {
	switch typ, code := phonenumbers.GetNumberType(p), p.GetCountryCode(); {
	case typ == phonenumbers.UNKNOWN:
		return KindUnknown
	case code == 870, code == 881, code == 882, code == 883: // ITU-T E.164 Annex to OB: Inmarsat, GMSS, international networks
		return KindSatellite
	case code == 979: // international premium rate
		return KindPremium
	default:
		return kindOfType(typ)
	}
}

func kindOfType(typ phonenumbers.PhoneNumberType) NumberKind {
	switch typ {
	case phonenumbers.FIXED_LINE:
		return KindFixed
	case phonenumbers.MOBILE:
		return KindMobile
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		return KindFixedOrMobile
	case phonenumbers.TOLL_FREE:
		return KindTollFree
	case phonenumbers.PREMIUM_RATE:
		return KindPremium
	case phonenumbers.SHARED_COST:
		return KindSharedCost
	case phonenumbers.VOIP:
		return KindVoIP
	case phonenumbers.PERSONAL_NUMBER:
		return KindPersonal
	case phonenumbers.PAGER:
		return KindPager
	case phonenumbers.UAN:
		return KindCompany
	case phonenumbers.VOICEMAIL:
		return KindVoicemail
	default:
		return KindUnknown
	}
}

// matchExtension tells whether a number matches an extension pattern of allow:
// entries without a plus, in which x stands for any digit ("6xx").
func matchExtension(number string, allow []string) bool {
	for _, pattern := range allow {
		if pattern != "" && pattern[0] != '+' && matchPattern(number, pattern) {
			return true
		}
	}
	return false
}

func matchPattern(number, pattern string) bool {
	if len(number) != len(pattern) {
		return false
	}
	for i := range len(pattern) {
		switch c := pattern[i]; {
		case c == 'x' || c == 'X':
			if number[i] < '0' || number[i] > '9' {
				return false
			}
		case c != number[i]:
			return false
		}
	}
	return true
}

// isEmergency: the emergency numbers of the country, and 112, which every
// mobile network of the world connects.
func isEmergency(text, country string) bool {
	if len(text) > 6 || strings.HasPrefix(text, "+") {
		return false
	}
	return text == "112" || country != "" && phonenumbers.IsEmergencyNumber(text, country)
}

// cleanNumber takes out what people put between digits and refuses what cannot
// belong to a number. What is left are digits, a leading plus, * and #.
func cleanNumber(raw string) (string, error) {
	if len(raw) > 4*maxRawNumber || len([]rune(raw)) > maxRawNumber {
		return "", numberError(raw, "is too long for a telephone number", "give one number only")
	}
	text := strings.TrimPrefix(strings.TrimSpace(raw), "tel:")
	// "+49 (0)30": the zero is for callers at home only.
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "00") {
		text = strings.Replace(text, "(0)", "", 1)
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9', r == '*', r == '#':
			b.WriteRune(r)
		case unicode.IsDigit(r): // full-width, Arabic-Indic …
			b.WriteString(phonenumbers.NormalizeDigitsOnly(string(r)))
		case (r == '+' || r == '＋') && b.Len() == 0:
			b.WriteByte('+')
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Pd, r), strings.ContainsRune("()[]/.−", r):
		case unicode.IsLetter(r):
			return "", numberError(raw, "has letters in it", "write the digits of one number only")
		default:
			return "", numberError(raw, fmt.Sprintf("has the character %q in it", r), "write the digits of one number only")
		}
	}
	if b.Len() == 0 {
		return "", numberError(raw, "has no digits", "write a telephone number")
	}
	return b.String(), nil
}

func whyInvalid(p *phonenumbers.PhoneNumber, country string) string {
	if region := phonenumbers.GetRegionCodeForCountryCode(int(p.GetCountryCode())); len(region) == 2 && region != "ZZ" {
		country = region
	}
	switch phonenumbers.IsPossibleNumberWithReason(p) {
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "is too short for a number of " + country
	case phonenumbers.TOO_LONG:
		return "is too long for a number of " + country
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "has a country code that does not exist"
	default:
		return "is in no number range of " + country
	}
}

func numberError(raw, reason, cure string) *NumberError {
	if r := []rune(raw); len(r) > 40 {
		raw = string(r[:40])
	}
	return &NumberError{Raw: raw, Reason: reason, Cure: cure}
}

// NumberPrefix is the beginning of a number in E.164 that a text of four digits
// or more means, as somebody types it who looks for a number; "" for any other
// text.
func NumberPrefix(text, defaultCountry string) string {
	digits := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c == '+':
			return c
		case strings.ContainsRune(" -/().", c):
			return -1
		}
		return 'x'
	}, text)
	if len(digits) < 4 || strings.Contains(digits, "x") || strings.LastIndex(digits, "+") > 0 {
		return ""
	}
	if digits[0] == '+' {
		return digits
	}
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		return "+" + rest
	}
	country := strings.ToUpper(defaultCountry)
	trunk := phonenumbers.GetNddPrefixForRegion(country, true)
	code := phonenumbers.GetCountryCodeForRegion(country)
	rest, ok := strings.CutPrefix(digits, trunk)
	if code == 0 || !ok || trunk == "" {
		return ""
	}
	return "+" + strconv.Itoa(code) + rest
}
