package campaign

import (
	"time"
)

// Rules is what may be dialled, as the configuration, the country profile and
// the campaign say it: data, worked out once when a campaign is applied.
type Rules struct {
	Profiles    []Profile     // of the campaign's country and the number's; all must permit
	Allow       []string      // prefixes "+49" and extension patterns "6xx"; empty = nothing
	Hours       *Week         // the campaign's, narrows the profile's; nil = none
	CallerIDs   []string      // our own numbers; empty = not checked
	MaxAttempts int           // over all results; 0 = no limit
	MinGap      time.Duration // between two attempts to a number or person
	PerSecond   float64       // calls per second of the account; 0 = no limit
	MaxCalls    int           // concurrent calls of the account; 0 = no limit
	Running     bool          // the campaign runs
}

// Profile is what the law of a country asks of a dialer.
type Profile struct {
	Country   string        // ISO 3166, or "lab"
	Version   string        // date of the facts
	Hours     *Week         // in the called person's clock; nil = none
	Holidays  []Date        // no calls on these; year 0 = every year
	MaxPerDay int           // attempts per number and person in a calendar day and in 24 h; 0 = no limit
	MinRing   time.Duration // the dialer never cancels before
	LockAfter time.Duration // no machine call after an abandoned one
	Premium   bool          // premium and satellite numbers may be dialled
}

// Week is when calls are permitted, by local weekday; index time.Sunday.
type Week [7][]Span

// Span is a part of a day, since midnight; From inclusive, Until exclusive.
type Span struct{ From, Until time.Duration }

// Date is a calendar day; Year 0 means every year.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Facts is what the store knows about a number and a person at the moment of
// dialling.
type Facts struct {
	Number, Person string
	Campaign       string
	CallerID       string
	Record         Record // Key 0: none
	LeaseOurs      bool
	Manual         bool
	Callback       bool
	BlockedBy      *DNCEntry // the do-not-call entry that applies
	ListReadable   bool      // the do-not-call list could be read
	InCall         bool      // this number or person is being called, by any process
	AttemptsToday  int       // to number or person, this calendar day in its zone or the last 24 h, whichever is more
	LastAttempt    time.Time // to number or person
	AbandonedAt    time.Time // the last abandoned call to number or person
	CallsLive      int       // of the account
	CallsLastSec   int       // begun on the account in the last second
	Zones          []string  // every time zone the number may be in; empty = unknown
}
