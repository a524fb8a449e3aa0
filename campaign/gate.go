package campaign

import (
	"time"
)

// Rules is what may be dialled, as the configuration, the country profile and
// the campaign say it: data, worked out once when a campaign is applied.
type Rules struct {
	Profiles []Profile // of the campaign's country; all must permit
	// Elsewhere are the profiles of all countries, and under "" that of any
	// other: the one of the number's country must permit as well. nil in a
	// laboratory.
	Elsewhere   map[string]Profile
	Purpose     Purpose       // why the contact is called; profiles may demand consent for it
	Allow       []string      // prefixes "+49" and extension patterns "6xx"; empty = nothing
	Kinds       []NumberKind  // special kinds of number (premium, satellite …) that may be dialled
	Hours       *Week         // the campaign's, narrows the profile's; nil = none
	Zone        string        // for Hours where the contact's zone is unknown and no profile has hours; empty = UTC
	CallerIDs   []string      // our own numbers; empty = not checked
	MaxAttempts int           // over all results; 0 = no limit
	MinGap      time.Duration // between two attempts to a number or person
	PerSecond   float64       // calls per second of the account; 0 = no limit
	MaxCalls    int           // concurrent calls of the account; 0 = no limit
	Running     bool          // the campaign runs
	// MaxAbandoned is the share of answered calls, 0 to 1, that may find no
	// agent in time: in every 24 h and in every 30 days.
	MaxAbandoned float64
}

// Profile is what the law of a country asks of a dialer.
type Profile struct {
	Country          string   // ISO 3166, or "lab"
	Version          string   // date of the facts
	Hours            *Week    // in the called person's clock; nil = none
	Holidays         []Date   // no calls on these; year 0 = every year
	Regions          []Region // parts of the country with narrower rules
	Postcodes        Areas
	AreaCodes        Areas
	RegionUnknown    bool // where no region is known, the rules of all hold
	NationalLists    []NationalList
	MaxPerDay        int             // attempts per number and person in a calendar day and in 24 h; 0 = no limit
	MaxPerWeek       int             // the same in seven days, in advertising; 0 = no limit
	MaxPerCampaign   int             // and in one campaign, ever; 0 = no limit
	MinRing          time.Duration   // the dialer never cancels before
	MaxRing          time.Duration   // and lets it ring no longer; 0 = no limit
	LockAfter        time.Duration   // no machine call after an abandoned one
	Premium          bool            // premium and satellite numbers may be dialled
	Recording        []RecordingMode // that are permitted; empty: all
	NeedsCallerID    bool            // no machine calls without a number of ours that is shown
	BothConsent      bool            // contact and agent have to consent to a recording before it begins
	ConsentFor       []Purpose       // purposes that need documented consent
	CallbackAnyHours bool            // an agreed callback may pass the window
	Emergency        []string        // numbers no machine dials and every person may; "112" and "911" always are
}

// Region is a part of a country with narrower rules of its own.
type Region struct {
	Name      string
	Code      string
	Hours     *Week
	Holidays  []Date
	MaxPerDay int
}

// Areas tells in which regions postcodes or national numbers are by how they
// begin; the longest beginning holds.
type Areas map[string][]string

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
	BlockedBy      *DNCEntry             // the do-not-call entry that applies
	ListReadable   bool                  // the do-not-call list could be read
	National       map[string]OnNational // by the lists' names; nil: not looked up
	InCall         bool                  // this number or person is being called, by any process
	AttemptsToday  int                   // to number or person, this calendar day in its zone or the last 24 h, whichever is more
	Recent         []time.Time           // when the attempts counted in AttemptsToday began, oldest first; may be left out
	Earlier        []Earlier             // every attempt that counts, oldest first; read where Rules.CountsEarlier
	LastAttempt    time.Time             // to number or person
	AbandonedAt    time.Time             // the last abandoned call to number or person
	CallsLive      int                   // of the account
	CallsLastSec   int                   // begun on the account in the last second
	Ahead          bool                  // see PermitQuery
	Answers        Answers               // of the campaign; read when Ahead
	AtRisk         int                   // calls of the campaign, in all processes, that may find no agent, this one included: RiskOf; read when Ahead
	Zones          []string              // every time zone the number may be in; empty = by the number. Record.TimeZone goes before
	Kind           NumberKind            // of the number; empty = the gate finds out itself, as it does with Zones
}

// Earlier is an attempt to a number or a person that counted.
type Earlier struct {
	At       time.Time
	Campaign string
}

// Verdict is the gate's answer.
type Verdict struct {
	Permitted bool
	Reason    Reason      // why not; zero when permitted
	Kind      RefusalKind // what it does to the record
	Next      time.Time   // temporary: not before; global: ask again then
	Type      RecordType  // permanent: the record's new type; 0 = unchanged
	Status    RecordStatus
	Result    CallResult
	Chain     ChainAction // permanent: what the other numbers of the contact do
}

// RefusalKind says what a refusal does to the record.
type RefusalKind string

// The kinds of refusal.
const (
	Permanent RefusalKind = "permanent" // the record is settled with Status and Result
	Temporary RefusalKind = "temporary" // the record waits until Next
	Global    RefusalKind = "global"    // nothing to do with the record: it stays leased, and the floor gives it back or asks again
)

// Reason is one sentence of why, for the desktop and the report, and its code
// for programs and translations.
type Reason struct {
	Code  ReasonCode `json:"code"`
	Text  string     `json:"text"`
	Until time.Time  `json:"until,omitzero"` // when it passes, where that is known
	Name  string     `json:"name,omitempty"` // campaign, entry or other name the sentence speaks of
}

func (r Reason) String() string { return r.Text }

// ReasonCode names a reason.
type ReasonCode string

// The gate's reasons.
const (
	ReasonLeaseLost     ReasonCode = "lease-lost"
	ReasonEmergency     ReasonCode = "emergency-number"
	ReasonUnreadable    ReasonCode = "do-not-call-unreadable"
	ReasonNotRunning    ReasonCode = "campaign-not-running"
	ReasonCallerID      ReasonCode = "caller-id"
	ReasonDoNotCall     ReasonCode = "do-not-call"
	ReasonNational      ReasonCode = "national-list-too-old"
	ReasonListed        ReasonCode = "on-national-list"
	ReasonNoConsent     ReasonCode = "no-consent"
	ReasonNotAllowed    ReasonCode = "number-not-allowed"
	ReasonNumberKind    ReasonCode = "number-kind"
	ReasonAttempts      ReasonCode = "attempts-used-up"
	ReasonInCall        ReasonCode = "in-call"
	ReasonAbandonedLock ReasonCode = "abandoned-lock"
	ReasonGap           ReasonCode = "too-soon"
	ReasonPerDay        ReasonCode = "attempts-per-day"
	ReasonPerWeek       ReasonCode = "attempts-per-week"
	ReasonPerCampaign   ReasonCode = "attempts-per-campaign"
	ReasonZoneUnknown   ReasonCode = "time-zone-unknown"
	ReasonHours         ReasonCode = "outside-hours"
	ReasonHoliday       ReasonCode = "holiday"
	ReasonPerSecond     ReasonCode = "calls-per-second"
	ReasonMaxCalls      ReasonCode = "concurrent-calls"
	ReasonBudget        ReasonCode = "abandonment-budget" // only calls beyond one for each free agent
)

// Refusal is the error with which Store.Permit passes on the gate's no.
type Refusal struct{ Verdict }

func (r *Refusal) Error() string { return "not dialled: " + r.Reason.Text }

// Update is the record after a refusal, and whether it changes at all: it does
// not after a global one, nor when the lease is not ours.
func (v Verdict) Update(r Record) (RecordUpdate, bool) {
	if v.Permitted || v.Kind == Global || v.Reason.Code == ReasonLeaseLost {
		return RecordUpdate{}, false
	}
	u := updateOf(r)
	u.Reason = v.Reason.Text
	if v.Kind == Temporary {
		u.Status, u.NextDial = Ready, v.Next
		return u, true
	}
	u.Status, u.NextDial = v.Status, time.Time{}
	if v.Type != 0 {
		u.Type = v.Type
	}
	if v.Result != 0 {
		u.Result = v.Result
	}
	return u, true
}

// updateOf is the update that changes nothing.
func updateOf(r Record) RecordUpdate {
	return RecordUpdate{
		Type: r.Type, Status: r.Status, Result: r.Result, Attempts: r.Attempts, NextDial: r.NextDial,
		Owner: r.Owner, Reason: r.Reason, Disposition: r.Disposition, Note: r.Note, NoCall: r.NoCall,
		CallbackAt: r.CallbackAt, LastCall: r.LastCall,
	}
}
