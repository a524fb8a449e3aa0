package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// NationalList is what the law of a country makes of one of its registers of
// people who want no calls. It is data of the country's profile; the own list
// blocks whatever a call is for.
type NationalList struct {
	Name      string        // under which it is imported, "TPS"; empty: the country's code
	Title     string        // what it is called, for reasons
	Blocks    []Purpose     // of calls that do not go to numbers on it
	NeededFor []Purpose     // of calls that are not made at all while it is missing or too old
	MaxAge    time.Duration // 0 = it may be of any age
	// ConsentPasses: documented consent of the person to the caller lets a call
	// through, for ConsentAge (0 = until it is revoked).
	ConsentPasses bool
	ConsentAge    time.Duration
}

// OnNational is what the store knows of a national list and a number.
type OnNational struct {
	Of     time.Time // the day the whole list is of; zero: it was never imported whole
	Listed bool      // the number is on it
}

// name is under which the list is imported.
func (l NationalList) name(country string) string {
	if l.Name == "" {
		return country
	}
	return l.Name
}

// concerns reports whether calls for a purpose have to do with the list. A call
// of which nobody has said what it is for may be advertising.
func (l NationalList) concerns(p Purpose) bool { return l.blocks(p) || slices.Contains(l.NeededFor, p) }

func (l NationalList) blocks(p Purpose) bool {
	if p == "" {
		return slices.ContainsFunc(l.Blocks, Purpose.advertises)
	}
	return slices.Contains(l.Blocks, p)
}

// needed: a person who dials by hand, and of whose purpose nothing is said, is
// not kept from telephoning by a list that is not there.
func (l NationalList) needed(p Purpose, manual bool) bool {
	if p == "" {
		return !manual && slices.ContainsFunc(l.NeededFor, Purpose.advertises)
	}
	return slices.Contains(l.NeededFor, p)
}

func (p Purpose) advertises() bool { return p == AdvertisingB2C || p == AdvertisingB2B }

// AsksNational tells whether a national list of the number's country has to do
// with what the call is for.
func (r Rules) AsksNational(number string) bool {
	profiles, country := r.lawOf(number)
	return slices.ContainsFunc(profiles, func(p Profile) bool {
		return country != "" && p.Country == country && slices.ContainsFunc(p.NationalLists, func(l NationalList) bool { return l.concerns(r.Purpose) })
	})
}

// passes reports whether the person's consent lets a call through all the same.
func (g *gate) passes(l NationalList) bool {
	c := g.Record.Consent
	given := !c.At.IsZero() && !c.At.After(g.now)
	revoked := !c.Revoked.IsZero() && !c.Revoked.After(g.now)
	return l.ConsentPasses && given && !revoked && (l.ConsentAge == 0 || g.now.Sub(c.At) <= l.ConsentAge)
}

// each looks at the national lists of the number's country through which its
// person's consent does not lead, until one says what is against the call.
func (g *gate) eachNational(look func(profile int, l NationalList, known OnNational) Reason) Reason {
	if g.National == nil {
		return Reason{} // not looked up
	}
	for i, p := range g.Profiles {
		if p.Country != g.country {
			continue
		}
		for _, l := range p.NationalLists {
			if g.passes(l) {
				continue
			}
			l.Name = l.name(p.Country)
			if why := look(i, l, g.National[l.Name]); why.Code != "" {
				why.Name = l.Name
				return why
			}
		}
	}
	return Reason{}
}

// national refuses what a list of the campaign's own country is needed for that
// is missing or too old: nothing is dialled until a newer one is imported.
func (g *gate) national() (Verdict, bool) {
	why := g.oldList(true)
	if why.Code == "" {
		return Verdict{}, false
	}
	v := global(why.Code, why.Text, time.Time{})
	v.Reason.Name = why.Name
	return v, true
}

// nationalElsewhere: a number of another country waits, the others of the list
// do not.
func (g *gate) nationalElsewhere() (Reason, time.Time) {
	why := g.oldList(false)
	if why.Code == "" {
		return why, time.Time{}
	}
	return why, g.now.Add(24 * time.Hour)
}

// oldList says which list is missing or too old, of the campaign's own country
// or of another one.
func (g *gate) oldList(home bool) Reason {
	return g.eachNational(func(i int, l NationalList, known OnNational) Reason {
		age := g.now.Sub(known.Of)
		switch {
		case (i == 0) != home, !l.needed(g.Purpose, g.Manual):
			return Reason{}
		case known.Of.IsZero():
			return Reason{Code: ReasonNational, Text: "the " + l.Title + " of " + g.country + " was never imported"}
		case l.MaxAge > 0 && age > l.MaxAge:
			return Reason{Code: ReasonNational, Text: fmt.Sprintf("the %s of %s is of %s: %s is too old", l.Title, g.country, known.Of.Format(time.DateOnly), days(age))}
		}
		return Reason{}
	})
}

// nationallyListed refuses a number on a national list. That says nothing about
// the contact's other numbers, nor about calls for another purpose, so the
// record is not marked as one that wants no calls.
func (g *gate) nationallyListed() (Verdict, bool) {
	why := g.eachNational(func(_ int, l NationalList, known OnNational) Reason {
		if !known.Listed || !l.blocks(g.Purpose) {
			return Reason{}
		}
		of := "which was not imported to its end"
		if !known.Of.IsZero() {
			of = fmt.Sprintf("as of %s (%s old)", known.Of.Format(time.DateOnly), days(g.now.Sub(known.Of)))
		}
		purpose := "advertising, for which calls without a purpose count"
		if g.Purpose != "" {
			purpose = string(g.Purpose)
		}
		text := []string{"on the " + l.Title, "of " + g.country, of + ":", "no calls for " + purpose}
		if l.ConsentPasses {
			text = append(text, "without the person's consent")
		}
		return Reason{Code: ReasonListed, Text: strings.Join(text, " ")}
	})
	if why.Code == "" {
		return Verdict{}, false
	}
	v := permanent(why.Code, why.Text, 0)
	v.Reason.Name = why.Name
	return v, true
}

func days(age time.Duration) string { return plural(int(max(age, 0).Hours()/24), "day") }
