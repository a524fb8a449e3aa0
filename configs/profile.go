package configs

import (
	"cmp"
	"embed"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

//go:embed profiles/*.yaml
var profileFiles embed.FS

// Profile is what the law of a country asks of a dialer, as gathered on a day
// from public sources: data, no advice. Each file names its sources.
type Profile struct {
	Country          string         `yaml:"country"` // ISO 3166, "lab", or "strictest"
	Version          string         `yaml:"version"` // day of the facts, "2025-11-01"
	Sources          []Source       `yaml:"sources,flow"`
	Hours            Hours          `yaml:"hours,flow"`
	Holidays         []Holiday      `yaml:"holidays,flow"`
	RegionUnknown    string         `yaml:"region_unknown" oneof:"all,none"` // whose rules hold for a number of which no region is known
	Regions          []Region       `yaml:"regions"`
	Postcodes        Areas          `yaml:"postcodes"`
	AreaCodes        Areas          `yaml:"area_codes"`
	MaxPerDay        int            `yaml:"max_per_day" min:"0"`      // attempts per number and person, in a day and in 24 h; 0 = no limit
	MaxPerWeek       int            `yaml:"max_per_week" min:"0"`     // the same in seven days, in advertising; 0 = no limit
	MaxPerCampaign   int            `yaml:"max_per_campaign" min:"0"` // and in one campaign; 0 = no limit
	MinRing          Duration       `yaml:"min_ring"`                 // the dialer never cancels before
	MaxRing          Duration       `yaml:"max_ring"`                 // and lets it ring no longer; 0 = no limit
	LockAfter        Duration       `yaml:"lock_after_abandoned"`
	CallerID         string         `yaml:"caller_id" oneof:"required,optional"` // whether a machine calls without a number of ours that is shown
	Abandoned        Abandoned      `yaml:"abandoned,flow"`
	ConnectWithin    Duration       `yaml:"connect_within"` // answer to agent; later is abandoned
	ConsentFor       []string       `yaml:"consent_for" oneof:"advertising-b2c,advertising-b2b,service,research,collection"`
	CallbackAnyHours bool           `yaml:"callback_any_hours"` // an agreed callback may pass the window
	Recording        []string       `yaml:"recording" oneof:"off,on-demand,ask,announce,always"`
	RecordingConsent string         `yaml:"recording_consent" oneof:"one,both"` // both: contact and agent, provable, before it begins
	Premium          bool           `yaml:"premium"`                            // premium and satellite numbers may be dialled
	NationalLists    []NationalList `yaml:"national_lists"`
	KeepConsent      Duration       `yaml:"keep_consent"`
	Emergency        []string       `yaml:"emergency"` // numbers no machine dials and every person may
}

// Source is where the facts of a profile come from, or what is not certain.
type Source struct {
	What string `yaml:"what"` // law, paragraph, date of the text
	For  string `yaml:"for"`  // what it says that stands in the profile
	Seen string `yaml:"seen"` // day on which it was read, "2026-11-30"; empty: it was not, and the figure is not verified
	At   string `yaml:"at"`   // where it was read
}

// NationalList is a public register of people who want no calls: which calls the
// law bars to numbers on it, and how old our copy may be.
type NationalList struct {
	Name          string   `yaml:"name"` // as in --national; empty: the country's code
	Title         string   `yaml:"title"`
	Blocks        []string `yaml:"blocks" oneof:"advertising-b2c,advertising-b2b,service,research,collection"`
	NeededFor     []string `yaml:"needed_for" oneof:"advertising-b2c,advertising-b2b,service,research,collection"` // not called for without a list of max_age
	MaxAge        Duration `yaml:"max_age"`                                                                        // 0 = no limit
	ConsentPasses bool     `yaml:"consent_passes"`                                                                 // documented consent of the person lets a call through
	ConsentAge    Duration `yaml:"consent_age"`                                                                    // for so long; 0 = until it is revoked
}

// Region is a part of a country with narrower rules of its own.
type Region struct {
	Name      string    `yaml:"name"`
	Code      string    `yaml:"code"`
	Hours     Hours     `yaml:"hours,flow"`
	Holidays  []Holiday `yaml:"holidays,flow"`
	MaxPerDay int       `yaml:"max_per_day" min:"0"`
}

// Areas tells in which regions the numbers or postcodes are that begin so; the
// longest beginning holds.
type Areas map[string][]string

func (a *Areas) decodeNode(d *decoder, n *yaml.Node, path string) {
	const how = `write it as in {"30": [BE], "33": [BB, BE]}`
	*a = Areas{}
	if n.Kind != yaml.MappingNode {
		d.add(n, path, "wants beginnings and regions, not "+kindWord(n).Text, how)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if _, err := strconv.ParseUint(k.Value, 10, 32); err != nil || v.Kind != yaml.SequenceNode || len(v.Content) == 0 || (*a)[k.Value] != nil {
			d.add(k, path, quote(k.Value)+" is not digits and its regions, once", how)
			continue
		}
		for _, c := range v.Content {
			(*a)[k.Value] = append((*a)[k.Value], c.Value)
		}
	}
}

// Abandoned is the share of answered calls that may find no agent.
type Abandoned struct {
	Default Percent `yaml:"default"`
	Ceiling Percent `yaml:"ceiling"` // to which a campaign may move it
}

// Holiday is a day without calls: the same date every year or once, the last weekday of
// a name up to that date, or so many days after Easter Sunday.
type Holiday struct {
	Name     string   `yaml:"name"`
	Date     MonthDay `yaml:"date"`
	Year     int      `yaml:"year" min:"2000" max:"2200"` // once, in that year; 0 = every year
	Weekday  string   `yaml:"weekday" oneof:"sun,mon,tue,wed,thu,fri,sat"`
	Easter   *int     `yaml:"easter" min:"-60" max:"70"`
	Observed bool     `yaml:"observed"` // on a Saturday the Friday before is one as well, on a Sunday the Monday after
}

// MonthDay is a day of every year, written "12-25".
type MonthDay struct {
	Month time.Month
	Day   int
}

// UnmarshalText reads "12-25".
func (m *MonthDay) UnmarshalText(b []byte) error {
	t, err := time.Parse("2006-01-02", "2024-"+string(b)) // a leap year
	if err != nil {
		return cure(plain("not a day of the year"), plain("write month and day, as in 12-25"))
	}
	*m = MonthDay{t.Month(), t.Day()}
	return nil
}

// MarshalText is what YAML and JSON get.
func (m MonthDay) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d-%02d", m.Month, m.Day), nil
}

// Date is a calendar day; Year 0 means every year.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Dates lists the holidays: those of the same date every year with year 0,
// those that move once for each year, both ends included.
func (p Profile) Dates(from, to int) []Date { return dates(p.Holidays, from, to) }

// Dates lists the holidays of a region as Profile.Dates does.
func (r Region) Dates(from, to int) []Date { return dates(r.Holidays, from, to) }

func dates(hs []Holiday, from, to int) []Date {
	var out []Date
	for _, h := range hs {
		if h.Easter == nil && h.Weekday == "" {
			if h.Year == 0 || h.Year >= from && h.Year <= to {
				out = append(out, Date{h.Year, h.Date.Month, h.Date.Day})
			}
			if h.Observed {
				out = append(out, observed(h.Date, from, to)...)
			}
			continue
		}
		for year := from; year <= to; year++ {
			var t time.Time
			if h.Easter != nil {
				t = easter(year).AddDate(0, 0, *h.Easter)
			} else {
				t = time.Date(year, h.Date.Month, h.Date.Day, 0, 0, 0, 0, time.UTC)
				day := slices.Index(dayNames(), h.Weekday)
				t = t.AddDate(0, 0, -((int(t.Weekday()) - day + 7) % 7))
			}
			out = append(out, Date{t.Year(), t.Month(), t.Day()})
		}
	}
	return out
}

// observed are the days on which a holiday is kept that falls on a weekend, of
// the years from to to; of one at New Year the last of them is in the year before.
func observed(d MonthDay, from, to int) (out []Date) {
	for year := from; year <= to+1; year++ {
		t := time.Date(year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
		switch t.Weekday() {
		case time.Saturday:
			t = t.AddDate(0, 0, -1)
		case time.Sunday:
			t = t.AddDate(0, 0, 1)
		default:
			continue
		}
		if t.Year() >= from && t.Year() <= to {
			out = append(out, Date{t.Year(), t.Month(), t.Day()})
		}
	}
	return out
}

// Strictest is the profile of every country that has none of its own.
const Strictest = "strictest"

// Profiles are all country profiles, by country.
func Profiles() []Profile {
	files, err := profileFiles.ReadDir("profiles")
	if err != nil {
		panic(err) // the embedded folder has a name of ours
	}
	var all []Profile
	for _, f := range files {
		name := path.Join("profiles", f.Name())
		text, err := profileFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		p, err := parseProfile(text, name)
		if err != nil {
			panic(err) // the embedded profile is wrong: found by the first test
		}
		all = append(all, p)
	}
	return all
}

// ProfileFor is the profile of a country (ISO 3166), "lab", or for any other
// the strictest, under that country's name.
func ProfileFor(country string) Profile {
	all := Profiles()
	for _, name := range []string{country, Strictest} {
		if i := slices.IndexFunc(all, func(p Profile) bool { return p.Country == name }); i >= 0 {
			p := all[i]
			p.Country = country
			return p
		}
	}
	panic("configs: no strictest profile")
}

// NationalListFor finds the national do-not-call list that is imported under a
// name, and its country: a list of a profile, or the one of a country without a
// profile, by its code.
func NationalListFor(name string) (l NationalList, country string, err error) {
	var names []string
	known := false
	for _, p := range Profiles() {
		if p.Country == Strictest {
			continue
		}
		for _, l := range p.NationalLists {
			if l.Name == "" {
				l.Name = p.Country
			}
			if l.Name == name {
				return l, p.Country, nil
			}
			names = append(names, l.Name)
		}
		known = known || p.Country == name
	}
	strict := ProfileFor(Strictest).NationalLists
	if known || len(name) != 2 || strings.ToUpper(name) != name || len(strict) == 0 {
		return l, "", fmt.Errorf("%s is no national do-not-call list: known are %s, and for a country without a profile its code, as in FR", quote(name), strings.Join(names, ", "))
	}
	l = strict[0]
	l.Name = name
	return l, name, nil
}

// parseProfile reads a profile; it must be complete.
func parseProfile(text []byte, name string) (Profile, error) {
	t, problems := parseTree(text, &source{name: name, lines: true})
	if len(problems) > 0 {
		return Profile{}, &Error{problems}
	}
	d := newDecoder(t, func(string) (string, bool) { return "", false })
	var p Profile
	d.value(t.root, reflect.ValueOf(&p).Elem(), "", "")
	k := &checker{place: func(key string) string { return cmp.Or(d.places[key], name) }, problems: d.problems}
	if want := strings.TrimSuffix(path.Base(name), ".yaml"); p.Country != want {
		k.add("country", quote(p.Country)+" is not the name of the file", "write "+want)
	}
	if _, err := time.Parse(time.DateOnly, p.Version); err != nil {
		k.add("version", quote(p.Version)+" is not a day", "write it as in 2025-11-01")
	}
	if p.Abandoned.Default > p.Abandoned.Ceiling {
		k.add("abandoned", "the default is above the ceiling", "lower one or raise the other")
	}
	k.holidays("holidays", p.Holidays)
	k.regions(p)
	k.nationalLists(p)
	k.sources(p)
	for i, key := range keysOf(reflect.TypeFor[Profile]()) {
		if _, given := d.places[key]; !given {
			k.add(key, "is missing: a profile says everything", "add it, field "+strconv.Itoa(i+1))
		}
	}
	return p, AsError(k.problems)
}

func (k *checker) holidays(key string, hs []Holiday) {
	for i, h := range hs {
		if (h.Easter == nil) == (h.Date == MonthDay{}) || h.Easter != nil && h.Weekday != "" ||
			(h.Observed || h.Year != 0) && (h.Easter != nil || h.Weekday != "") || h.Observed && h.Year != 0 {
			k.add(key+"."+strconv.Itoa(i), "needs a date or a distance from Easter, and not both", "write {date: 12-25} or {easter: 1}")
		}
	}
}

// nationalLists: each has a name of its own and says of which calls it is.
func (k *checker) nationalLists(p Profile) {
	var names []string
	for i, l := range p.NationalLists {
		key := fmt.Sprintf("national_lists.%d", i)
		if l.Title == "" || len(l.Blocks) == 0 {
			k.add(key, "says not what it is called or which calls it bars", "add title and blocks")
		}
		if l.Name == "" && len(p.NationalLists) > 1 {
			k.add(key, "has no name, and there are others", "add one")
		}
		if l.ConsentAge > 0 && !l.ConsentPasses {
			k.add(key, "gives consent an age, and it does not count", "add consent_passes: true")
		}
		names = append(names, l.Name)
	}
	k.unique("national_lists", names)
}

// sources: each says what it is good for, and when it was read.
func (k *checker) sources(p Profile) {
	for i, s := range p.Sources {
		key := fmt.Sprintf("sources.%d", i)
		if s.What == "" || s.For == "" {
			k.add(key, "does not say what it is and what for", "add what and for")
		}
		if _, err := time.Parse(time.DateOnly, s.Seen); err != nil && s.Seen != "" {
			k.add(key, quote(s.Seen)+" is not a day", "write it as in 2026-11-30, or leave it out: not verified")
		}
	}
}

// regions: every code that an area names is a region, once.
func (k *checker) regions(p Profile) {
	var codes []string
	for i, r := range p.Regions {
		k.holidays(fmt.Sprintf("regions.%d.holidays", i), r.Holidays)
		codes = append(codes, r.Code)
	}
	k.unique("regions", codes)
	for key, areas := range map[string]Areas{"postcodes": p.Postcodes, "area_codes": p.AreaCodes} {
		for begin, in := range areas {
			for _, code := range in {
				if !slices.Contains(codes, code) {
					k.add(key, quote(begin)+" is in the region "+quote(code)+", which there is not", suggest(code, codes).Text)
				}
			}
		}
	}
}

// emergency lists the numbers no machine may dial, whatever is allowed: the
// country's, and the two every mobile telephone knows (3GPP TS 22.101 §10.1.1).
func emergency(country string) []string {
	all := append([]string{"112", "911"}, ProfileFor(country).Emergency...)
	slices.Sort(all)
	return slices.Compact(all)
}
