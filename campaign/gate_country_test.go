package campaign

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// lander is a small Germany: two Länder with a holiday each, and Berlin by its
// area code.
func lander() Profile {
	p := germany()
	p.Regions = []Region{{Code: "BY", Holidays: []Date{{0, time.June, 10}}}, {Name: "Berlin", Code: "BE", Holidays: []Date{{0, time.June, 11}}, MaxPerDay: 2}, {Code: "XX", Hours: daily(hm(9, 0), hm(17, 0))}}
	p.Postcodes = Areas{"8": {"BY"}, "80": {"BY"}, "10": {"BE"}, "14": {"BE", "BY"}, "2": {"HH"}}
	p.AreaCodes = Areas{"30": {"BE"}, "3": {"BY"}, "89": {"BY"}}
	p.RegionUnknown = true
	return p
}

func TestRegions(t *testing.T) {
	nanp := lander()
	nanp.Country, nanp.AreaCodes = "US", Areas{"305": {"BY"}}
	none := lander()
	none.RegionUnknown = false
	for _, c := range []struct {
		p        Profile
		number   string
		kind     NumberKind
		postcode string
		want     string
	}{
		{lander(), "+493012345678", KindFixed, "", "BE"},
		{lander(), "+493312345678", KindFixed, "", "BY"},
		{lander(), "+498912345678", KindFixed, "", "BY"},
		{lander(), "+494012345678", KindFixed, "", "BY BE XX"}, // an area code nobody knows
		{lander(), "+491701234567", KindMobile, "", "BY BE XX"},
		{none, "+491701234567", KindMobile, "", ""},
		{lander(), "+491701234567", KindMobile, "80331", "BY"},
		{lander(), "+493012345678", KindFixed, "80331", "BY"}, // the postcode goes before
		{lander(), "+491701234567", KindMobile, "D-14195", "BY BE"},
		{lander(), "+491701234567", KindMobile, "20095", ""},
		{lander(), "+491701234567", KindMobile, "?", "BY BE XX"},
		{nanp, "+13055550100", KindFixedOrMobile, "", "BY BE XX"},
		{nanp, "+13055550100", KindFixedOrMobile, "10001", "BY BE"}, // both hold
		{nanp, "+12125550100", KindFixedOrMobile, "20001", ""},
		{lander(), "+491701234567", KindMobile, "=Berlin", "BE"},
		{lander(), "+493012345678", KindFixed, "=xx", "XX"}, // what the record says goes before
		{lander(), "+491701234567", KindMobile, "=active", "BY BE XX"},
		{nanp, "+13055550100", KindFixedOrMobile, "=be", "BY BE"}, // both hold
	} {
		r := Record{Fields: []Field{{"Ort", "x"}, {"PLZ", c.postcode}}}
		if state, ok := strings.CutPrefix(c.postcode, "="); ok {
			r.Fields = []Field{{"Ort", "x"}, {"State", state}}
		}
		var got []string
		for _, region := range c.p.regionsOf(&r, c.number, c.kind) {
			got = append(got, region.Code)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %s %q: %v, want %s", c.number, c.kind, c.postcode, got, c.want)
		}
	}
}

func TestPostcode(t *testing.T) {
	for in, want := range map[string]string{"50667": "50667", " 50 667 ": "50667", "D-50667": "50667", "1067": "01067", "": "", "Köln": "", "12": "", "32801-1234": "32801-1234"} {
		r := Record{Fields: []Field{{"Zip Code", in}}}
		if got := r.Postcode(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The gate's rules of regions and of the number's country.
func TestGateCountries(t *testing.T) {
	all := map[string]Profile{"DE": lander(), "US": {Country: "US", Hours: daily(hm(8, 0), hm(21, 0))}, "": {Country: "strictest", Hours: daily(hm(13, 0), hm(14, 0))}}
	for _, c := range []struct {
		name   string
		change func(*Rules, *Facts, *time.Time)
		want   ReasonCode
		kind   RefusalKind
	}{
		{"another Land's holiday", func(_ *Rules, _ *Facts, _ *time.Time) {}, "", ""},
		{"own Land's holiday", func(_ *Rules, f *Facts, _ *time.Time) { f.Record.Fields = []Field{{"PLZ", "80331"}} }, ReasonHoliday, Temporary},
		{"mobile: every Land's", func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "+491701234567" }, ReasonHoliday, Temporary},
		{"a region's cap", func(_ *Rules, f *Facts, n *time.Time) { f.AttemptsToday, f.LastAttempt = 2, n.Add(-5*time.Hour) }, ReasonPerDay, Temporary},
		{"a region's hours", func(_ *Rules, f *Facts, n *time.Time) {
			f.Number, f.Record.Fields, *n = "+491701234567", nil, n.Add(2*24*time.Hour+6*time.Hour)
		}, ReasonHours, Temporary},
		{"the number's country, open", func(_ *Rules, f *Facts, n *time.Time) { f.Number, *n = "+12125550100", n.Add(5*time.Hour) }, "", ""},
		{"the number's country, closed", func(r *Rules, f *Facts, n *time.Time) {
			f.Number, r.Profiles = "+12125550100", []Profile{{Country: "DE"}}
		}, ReasonHours, Temporary},
		{"the campaign's country, closed", func(_ *Rules, f *Facts, n *time.Time) { f.Number, *n = "+12125550100", n.Add(14*time.Hour) }, ReasonHours, Temporary},
		{"a country without a profile", func(_ *Rules, f *Facts, _ *time.Time) { f.Number = "+33123456789" }, ReasonHours, Temporary},
		{"a laboratory asks nobody", func(r *Rules, f *Facts, _ *time.Time) {
			f.Number, r.Elsewhere, r.Profiles = "+33123456789", nil, []Profile{{Country: "lab"}}
		}, "", ""},
	} {
		rules, facts, now := allowRules(), okFacts(), noon()
		rules.Profiles, rules.Elsewhere = []Profile{lander()}, all
		rules.Allow = append(rules.Allow, "+33")
		c.change(&rules, &facts, &now)
		v := Gate(rules, facts, now)
		if v.Reason.Code != c.want || v.Permitted != (c.want == "") || v.Kind != c.kind {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

// The law of the number's country says how long it rings, as the campaign's does.
func TestRing(t *testing.T) {
	home, other := Profile{Country: "GB", MinRing: 15 * time.Second}, Profile{Country: "DE", MinRing: 20 * time.Second, MaxRing: 40 * time.Second}
	rules := Rules{Profiles: []Profile{home}, Elsewhere: map[string]Profile{"GB": home, "DE": other, "": {MaxRing: 25 * time.Second}}, Allow: []string{"6xx"}}
	for _, c := range []struct {
		set    time.Duration
		number string
		want   time.Duration
	}{
		{0, "+442079460000", 30 * time.Second}, {5 * time.Second, "+442079460000", 15 * time.Second}, {time.Minute, "+442079460000", time.Minute},
		{5 * time.Second, "+493012345678", 20 * time.Second}, {time.Minute, "+493012345678", 40 * time.Second},
		{0, "+33123456789", 25 * time.Second}, {time.Minute, "601", time.Minute}, {time.Minute, "nonsense", time.Minute},
	} {
		camp := Campaign{RingTimeout: c.set, Rules: rules}
		if got := camp.ring(c.number); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.set, c.number, got, c.want)
		}
	}
}

// history is what was dialled to one contact, and asks the gate with the facts
// that follow from it, as the store does.
type history struct {
	dials     []time.Time
	abandoned time.Time
}

func (h *history) facts(now time.Time, zone *time.Location) Facts {
	f := okFacts()
	f.AbandonedAt = h.abandoned
	since := now.Add(-24 * time.Hour)
	y, m, d := now.In(zone).Date()
	if midnight := time.Date(y, m, d, 0, 0, 0, 0, zone); midnight.Before(since) {
		since = midnight
	}
	for _, at := range h.dials {
		f.LastAttempt = at
		if !at.Before(since) {
			f.Recent = append(f.Recent, at)
		}
	}
	f.AttemptsToday = len(f.Recent)
	return f
}

// Over random histories of months: whatever is asked, when, and how it ends, no
// rule of the law is broken by what was dialled, and a refusal's next time is
// one at which the reason is gone.
func TestGateHistories(t *testing.T) {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	rapid.Check(t, func(t *rapid.T) {
		rules := allowRules()
		p := lander()
		rules.Profiles, rules.MaxAttempts = []Profile{p}, 0
		plz := rapid.SampledFrom([]string{"", "80331", "10115", "20095"}).Draw(t, "postcode")
		number := rapid.SampledFrom([]string{"+493012345678", "+491701234567"}).Draw(t, "number")
		most := 3
		if plz == "10115" || plz == "" {
			most = 2 // Berlin's, of the small Germany
		}
		var h history
		now := noon().AddDate(0, 0, -rapid.IntRange(0, 60).Draw(t, "begin"))
		for range rapid.IntRange(20, 60).Draw(t, "asks") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 29, 31, 180, 700, 1500, 5000}).Draw(t, "minutes")) * time.Minute)
			if lock := h.abandoned.Add(72*time.Hour - time.Minute); lock.After(now) && rapid.IntRange(0, 3).Draw(t, "when the lock ends") == 0 {
				now = lock
			}
			f := h.facts(now, berlin)
			f.Number, f.Record.Phone = number, number
			f.Record.Fields = []Field{{"PLZ", plz}}
			v := Gate(rules, f, now)
			if !v.Permitted {
				if v.Kind == Temporary && v.Next.After(now) && rapid.Bool().Draw(t, "wait") {
					now = v.Next
				} else if v.Kind == Temporary && !v.Next.After(now) {
					t.Fatalf("refused at %s until %s", now, v.Next)
				}
				continue
			}
			if broken := breaks(&h, now.In(berlin), plz, number, most); broken != "" {
				t.Fatalf("dialled at %s: %s; before: %v, abandoned %s", now.In(berlin), broken, h.dials, h.abandoned)
			}
			h.dials = append(h.dials, now)
			if rapid.IntRange(0, 9).Draw(t, "abandon") == 0 {
				h.abandoned = now
			}
		}
	})
}

// breaks says which rule a dial breaks, worked out anew.
func breaks(h *history, at time.Time, plz, number string, most int) string {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	day := fmt.Sprintf("%d-%d", at.Month(), at.Day())
	closed := []string{"12-25", "12-26"}
	if at.Year() == 2026 {
		closed = append(closed, "5-1")
	}
	anywhere := plz == "" && number == "+491701234567"
	if plz == "80331" || anywhere {
		closed = append(closed, "6-10")
	}
	if plz == "10115" || plz == "" {
		closed = append(closed, "6-11")
	}
	last24, today := 0, 0
	for _, d := range h.dials {
		if at.Sub(d) < 24*time.Hour {
			last24++
		}
		if b := d.In(at.Location()); b.YearDay() == at.YearDay() && b.Year() == at.Year() {
			today++
		}
	}
	switch wd := at.Weekday(); {
	case wd == time.Sunday:
		return "a Sunday"
	case wd == time.Saturday && (hour < 9 || hour >= 18), hour < 8, hour >= 20:
		return "outside the hours"
	case anywhere && (hour < 9 || hour >= 17):
		return "outside the hours of a region"
	case slices.Contains(closed, day):
		return "a holiday"
	case last24 >= most, today >= most:
		return "too many in a day"
	case len(h.dials) > 0 && at.Sub(h.dials[len(h.dials)-1]) < 30*time.Minute:
		return "too soon"
	case !h.abandoned.IsZero() && at.Sub(h.abandoned) < 72*time.Hour:
		return "after an abandoned call"
	}
	return ""
}
