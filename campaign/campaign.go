package campaign

import (
	"slices"
	"time"
)

// Campaign is everything about a campaign: the document as applied, worked out
// to plain data. It is never changed in place; a new document is a new value.
type Campaign struct {
	Name        string
	Description string
	Client      string // on whose behalf; scope of do-not-call entries
	Purpose     Purpose
	Greeting    string
	Priority    int // the larger is served first
	Mode        Mode
	Accept      AcceptMode
	Lists       []string
	Selection   Selection
	Agents      AgentSet
	Country     string // law profile
	CallerID    string
	Account     string // SIP account; empty = the line's default

	RingTimeout   time.Duration // 0 = 30 s
	AfterCallWork time.Duration // 0 = no timer
	AfterCallMore AfterCallMore
	Preview       PreviewRule
	AutoDial      time.Duration // push preview: dials by itself so long after Accept; 0 = the agent does

	Treatments   []Treatment
	Attempts     int // over all results; 0 = no limit. cmd sets Rules.MaxAttempts to the same
	OwnFailures  OwnFailures
	Results      []OfferedResult // what the agent is offered, in this order
	Dispositions []Disposition
	Fields       FieldSets
	Script       string // the text itself
	Responses    string // folder
	Recording    Recording
	Detection    Detection
	Announcement string // sound file for a contact who finds no agent
	Link         string // screen pop, with placeholders

	Files    string // the bundle its texts and sounds are from
	Rules    Rules  // worked out from profile, configuration and this document; Running is set by the floor
	Document []byte // the YAML as applied: what Store.PutCampaign keeps and `campaign show` prints
}

// Purpose is what the contact is called for.
type Purpose string

// The purposes.
const (
	AdvertisingB2C Purpose = "advertising-b2c"
	AdvertisingB2B Purpose = "advertising-b2b"
	Service        Purpose = "service"
	Research       Purpose = "research"
	Collection     Purpose = "collection"
)

// Mode is who fetches a record and who dials it.
type Mode string

// The modes.
const (
	ModePreview     Mode = "preview"
	ModePushPreview Mode = "push-preview"
	ModeProgressive Mode = "progressive"
	ModePredictive  Mode = "predictive"
)

// previews reports whether the agent decides when to dial, and closes the view
// herself whatever came of the call.
func (m Mode) previews() bool { return m == ModePreview || m == ModePushPreview }

// AcceptMode is whether an offered record waits for the agent's Accept.
type AcceptMode string

// The accept modes; empty is AcceptAuto in predictive mode, else AcceptClick.
const (
	AcceptClick AcceptMode = "click"
	AcceptAuto  AcceptMode = "auto"
)

// AgentSet says who is assigned to a campaign.
type AgentSet struct {
	All   bool
	Names []AgentID
	Teams []string
}

// Has reports whether an agent of the given team is assigned.
func (s AgentSet) Has(a AgentID, team string) bool {
	return s.All || slices.Contains(s.Names, a) || (team != "" && slices.Contains(s.Teams, team))
}

// AfterCallMore is by how much, and how many times for each call, an agent
// gives herself more time for after-call work; Times 0: never.
type AfterCallMore struct {
	By    time.Duration
	Times int
}

// PreviewRule is how an interaction preview behaves.
type PreviewRule struct {
	Timeout  time.Duration // countdown; 0 = 10 s in progressive and predictive, else 20 s
	OnMissed OnMissed
}

// OnMissed is what becomes of an agent who let a preview run out.
type OnMissed string

// What becomes of her; empty is MissedNotReady.
const (
	MissedNotReady  OnMissed = "not-ready"
	MissedStayReady OnMissed = "stay-ready"
)

// Treatment says what happens to a record after a call result or a disposition.
type Treatment struct {
	On        CallResult // 0: Code says when
	Code      string     // of a disposition, or of a branch of the tree; goes before a result
	RetryIn   Retry      // zero: no retry
	Increment Retry      // by so much each further retry comes later; After or Days
	Max       int        // attempts ending so, the first included; 0 = no limit
	MaxPerDay int        // the same within a calendar day of the contact; 0 = no limit
	Then      Then       // when no retry is left
}

// Retry is when a record is tried again. After, Days and OtherPart exclude one
// another; At may stand alone or with one of the first two.
type Retry struct {
	After     time.Duration
	Days      int           // calendar days of the contact, same time of day
	OtherPart bool          // in another part of the contact's day
	At        time.Duration // when the contact's clock shows so long since midnight; 0 = no such time
}

// Then is what follows when a treatment allows no further attempt.
type Then string

// What follows. Empty: the default of the result, see Outcome.
const (
	ThenNextInChain Then = "next-in-chain"
	ThenToGroup     Then = "to-group" // a callback for any agent, once
	ThenGiveUp      Then = "give-up"  // the whole chain is finished
)

// OwnFailures is how all-trunks-busy and dial-error are taken, which are ours
// and not the contact's.
type OwnFailures struct {
	Count      bool // laboratory: they count as attempts and treatments apply
	PauseAfter int  // so many in a row pause the campaign; 0 = 10, negative = never
}

// OfferedResult is a call result in the agent's menu.
type OfferedResult struct {
	Result CallResult `json:"result"`
	Quick  bool       `json:"quick,omitempty"` // one key sets it, hangs up and is Done
}

// Disposition is a node of the tree of disposition codes; a leaf has a Kind.
// Its code is the path of names joined by "/".
type Disposition struct {
	Name     string          `json:"name"`
	Kind     DispositionKind `json:"kind,omitempty"`
	Final    bool            `json:"final,omitempty"` // no further attempt, whatever the treatments say
	Children []Disposition   `json:"children,omitempty"`
}

// DispositionKind is what a disposition means for the business.
type DispositionKind string

// The kinds of disposition.
const (
	SuccessCode DispositionKind = "success"
	RefusalCode DispositionKind = "refusal"
	NeutralCode DispositionKind = "neutral"
)

// FieldSets are the fields the administrator chose for the views.
type FieldSets struct{ Preview, Case, Record []string }

// Recording is whether and how calls are recorded.
type Recording struct {
	Mode         RecordingMode
	Announcement string // sound file for RecordingAnnounce: what contact and agent hear before it begins
}

// RecordingMode is off, on-demand, ask, announce or always.
type RecordingMode string

// The recording modes; empty is off.
const (
	RecordingOff      RecordingMode = "off"
	RecordingOnDemand RecordingMode = "on-demand"
	RecordingAsk      RecordingMode = "ask"
	RecordingAnnounce RecordingMode = "announce"
	RecordingAlways   RecordingMode = "always"
)

// Detection is what is listened for beside the conversation.
type Detection struct {
	Tones   bool // busy and special information tones in early media, and fax
	Machine bool // whether a person or an answering machine speaks: advice for the agent
}

// The defaults that stand where a campaign says nothing.
const (
	defaultRing        = 30 * time.Second
	defaultProgressive = 10 * time.Second
	defaultPreview     = 20 * time.Second
	defaultPauseAfter  = 10
)

// previewTimeout is the countdown of an offer.
func (c *Campaign) previewTimeout() time.Duration {
	switch {
	case c.Preview.Timeout > 0:
		return c.Preview.Timeout
	case c.Mode.previews():
		return defaultPreview
	default:
		return defaultProgressive
	}
}

// ring is how long a contact's phone is let ring: never less, nor longer, than
// the law of the campaign's and of the number's country asks.
func (c *Campaign) ring(number string) time.Duration {
	d := c.RingTimeout
	if d <= 0 {
		d = defaultRing
	}
	profiles, _ := c.Rules.lawOf(number)
	for _, p := range profiles {
		d = max(d, p.MinRing)
	}
	for _, p := range profiles {
		if p.MaxRing > 0 {
			d = min(d, p.MaxRing)
		}
	}
	return d
}

// accepts reports whether an offered record is opened without a click.
func (c *Campaign) accepts() bool {
	if c.Mode.previews() {
		return false
	}
	return c.Accept == AcceptAuto || c.Accept == "" && c.Mode == ModePredictive
}

// quick reports whether a result is marked quick.
func (c *Campaign) quick(r CallResult) bool {
	return slices.ContainsFunc(c.Results, func(o OfferedResult) bool { return o.Result == r && o.Quick })
}

// offers reports whether the agent may choose a result.
func (c *Campaign) offers(r CallResult) bool {
	return len(c.Results) == 0 || slices.ContainsFunc(c.Results, func(o OfferedResult) bool { return o.Result == r })
}

// Disposition finds a leaf of the tree by its code.
func (c *Campaign) Disposition(code string) (Disposition, bool) {
	return findDisposition(c.Dispositions, "", code)
}

func findDisposition(ds []Disposition, prefix, code string) (Disposition, bool) {
	for _, d := range ds {
		path := prefix + d.Name
		if path == code && len(d.Children) == 0 {
			return d, true
		}
		if got, ok := findDisposition(d.Children, path+"/", code); ok {
			return got, true
		}
	}
	return Disposition{}, false
}
