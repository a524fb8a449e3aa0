package configs

import (
	"path/filepath"
	"reflect"
	"slices"
	"time"
)

// Campaign is a campaign document as it was written: what is not written is
// the zero value, and Complete fills in the defaults. What each key means
// stands in sample/sample.yaml.
type Campaign struct {
	Name          string         `yaml:"name"`
	Description   string         `yaml:"description"`
	Client        string         `yaml:"client"`
	Purpose       string         `yaml:"purpose" oneof:"advertising-b2c,advertising-b2b,service,research,collection"`
	Greeting      string         `yaml:"greeting"`
	Priority      int            `yaml:"priority" min:"-1000" max:"1000"`
	Mode          string         `yaml:"mode" oneof:"preview,push-preview,progressive,predictive"`
	Accept        string         `yaml:"accept" oneof:"click,auto"`
	Lists         []string       `yaml:"lists"`
	Filter        Filter         `yaml:"filter,flow"`
	Order         []string       `yaml:"order,flow" oneof:"fresh,rescheduled,callback"` // a kind left out is not offered
	Mix           Mix            `yaml:"mix,flow"`
	NewestFirst   bool           `yaml:"newest_first"`
	Agents        Agents         `yaml:"agents"`
	Country       string         `yaml:"country"`
	Hours         Hours          `yaml:"hours,flow"`
	CallerID      string         `yaml:"caller_id"`
	Account       string         `yaml:"account"` // of sip.accounts; empty = dial.account
	RingTimeout   Duration       `yaml:"ring_timeout" max:"3m"`
	AfterCallWork *Duration      `yaml:"after_call_work" max:"1h"` // 0 = no timer
	AfterCallMore AfterCallMore  `yaml:"after_call_more,flow"`
	Preview       Preview        `yaml:"preview,flow"`
	Attempts      int            `yaml:"attempts" min:"1" max:"1000"` // over all results
	MinGap        Duration       `yaml:"min_gap" max:"1y"`            // between two attempts to a number or person
	Treatments    []Treatment    `yaml:"treatments,flow"`
	OwnFailures   OwnFailures    `yaml:"own_failures,flow"`
	Results       []ResultChoice `yaml:"results,flow"`
	Dispositions  Dispositions   `yaml:"dispositions"`
	Fields        Fields         `yaml:"fields,flow"`
	Script        string         `yaml:"script"`    // file beside the document
	Responses     string         `yaml:"responses"` // folder beside it
	Recording     Recording      `yaml:"recording,flow"`
	Detection     Detection      `yaml:"detection,flow"`
	Pacing        Pacing         `yaml:"pacing,flow"`
	Announcement  string         `yaml:"announcement"` // sound file beside it
	Link          string         `yaml:"link"`

	// File is the name the document was read under.
	File string `yaml:"-"`

	places map[string]string
}

// Preview is how a record is offered.
type Preview struct {
	Timeout  Duration `yaml:"timeout" max:"10m"`
	OnMissed string   `yaml:"on_missed" oneof:"not-ready,stay-ready"`
	AutoDial Duration `yaml:"auto_dial" max:"10m"` // push preview: dialled by itself so long after Accept; 0 = by the agent
}

// AfterCallMore is how an agent gives herself more time for after-call work.
type AfterCallMore struct {
	By    Duration `yaml:"by" min:"5s" max:"10m"`
	Times *int     `yaml:"times" min:"0" max:"100"` // for each call; 0 = never
}

// Treatment is what happens to a record after a call result or a disposition.
type Treatment struct {
	On        string    `yaml:"on"` // a call result, or the code of a disposition or of a branch of them
	RetryIn   Retry     `yaml:"retry_in"`
	At        TimeOfDay `yaml:"at"`                            // of the contact's clock: the first one after retry_in
	Increment Retry     `yaml:"increment"`                     // by so much each further retry comes later
	Max       int       `yaml:"max" min:"1" max:"1000"`        // attempts ending so, the first included; 0 = no limit of its own
	MaxPerDay int       `yaml:"max_per_day" min:"1" max:"100"` // the same in a day of the contact; 0 = no limit
	Then      string    `yaml:"then" oneof:"next-in-chain,to-group,give-up"`
}

// OwnFailures is how results are taken that are ours and not the contact's:
// all-trunks-busy and dial-error.
type OwnFailures struct {
	Count      bool `yaml:"count"`                             // they count as attempts, and treatments apply
	PauseAfter int  `yaml:"pause_after" min:"-1" max:"100000"` // so many in a row pause the campaign; 0 = 10, -1 = never
}

// Fields are the fields the administrator chose for the views.
type Fields struct {
	Preview []string `yaml:"preview"`
	Case    []string `yaml:"case"`
	Record  []string `yaml:"record"`
}

// Recording is whether and how calls are recorded.
type Recording struct {
	Mode         string `yaml:"mode" oneof:"off,on-demand,ask,announce,always"`
	Announcement string `yaml:"announcement"` // sound file beside the document, for announce: what both hear before it begins
}

// Detection is what is listened for beside the conversation.
type Detection struct {
	Tones   string `yaml:"tones" oneof:"on,off"`
	Machine string `yaml:"machine" oneof:"off,advise"`
}

// Pacing is what predictive dialling must keep to.
type Pacing struct {
	MaxAbandoned *Percent `yaml:"max_abandoned"` // nil = the profile's
}

// ParseCampaign reads a campaign document, as strictly as Load reads a
// configuration. file is its name in messages and says in which folder script,
// responses and announcement are; it is not opened. The error is an *Error.
func ParseCampaign(text []byte, file string) (Campaign, error) {
	t, problems := parseTree(text, &source{name: file, lines: true})
	if len(problems) > 0 {
		return Campaign{}, &Error{problems}
	}
	d := newDecoder(t, func(string) (string, bool) { return "", false })
	c := Campaign{File: file}
	d.value(t.root, reflect.ValueOf(&c).Elem(), "", "")
	c.places = d.places
	k := &checker{place: c.place, problems: d.problems}
	if len(d.problems) == 0 {
		k.campaign(c)
	}
	if len(k.problems) > 0 {
		return Campaign{}, &Error{k.problems}
	}
	return c, nil
}

// MarshalCampaign writes a campaign as a document: the keys that were written,
// in the order of the manual, so that ParseCampaign reads the same campaign.
func MarshalCampaign(c Campaign) ([]byte, error) { return marshal(c, true) }

// Complete fills in what the document does not say: from the configuration,
// else the defaults.
func (c Campaign) Complete(cfg Config) Campaign {
	def := func(p *string, value string) {
		if *p == "" {
			*p = value
		}
	}
	def(&c.Country, cfg.Dial.Country)
	def(&c.Purpose, "advertising-b2c") // of all the one with the strictest rules
	def(&c.Mode, "progressive")
	def(&c.Account, cfg.Dial.Account)
	def(&c.Preview.OnMissed, "not-ready")
	def(&c.Recording.Mode, "off")
	def(&c.Detection.Tones, "on")
	def(&c.Detection.Machine, "off")
	accept := "click"
	if c.Mode == "predictive" {
		accept = "auto"
	}
	def(&c.Accept, accept)
	if c.CallerID == "" && len(cfg.Dial.CallerIDs) > 0 {
		c.CallerID = cfg.Dial.CallerIDs[0]
	}
	if !c.Agents.All && len(c.Agents.Names) == 0 && len(c.Agents.Teams) == 0 {
		c.Agents.All = true
	}
	if c.RingTimeout == 0 {
		c.RingTimeout = cfg.Dial.RingTimeout
	}
	if c.AfterCallWork == nil {
		work := Duration(time.Minute)
		c.AfterCallWork = &work
	}
	if c.AfterCallMore.By == 0 {
		c.AfterCallMore.By = Duration(30 * time.Second)
	}
	if c.AfterCallMore.Times == nil {
		times := 10
		c.AfterCallMore.Times = &times
	}
	if c.Preview.Timeout == 0 {
		c.Preview.Timeout = Duration(20 * time.Second)
		if c.Mode == "progressive" || c.Mode == "predictive" {
			c.Preview.Timeout = Duration(10 * time.Second)
		}
	}
	if c.Pacing.MaxAbandoned == nil {
		share := ProfileFor(c.Country).Abandoned.Default
		c.Pacing.MaxAbandoned = &share
	}
	if c.OwnFailures.PauseAfter == 0 {
		c.OwnFailures.PauseAfter = 10
	}
	return c
}

// NamedFile is a file that a document names, or a folder of texts.
type NamedFile struct {
	Key    string // where it is named
	Name   string
	Folder bool
}

// Files are the files that the document names.
func (c Campaign) Files() []NamedFile {
	return slices.DeleteFunc([]NamedFile{
		{Key: "script", Name: c.Script},
		{Key: "responses", Name: c.Responses, Folder: true},
		{Key: "announcement", Name: c.Announcement},
		{Key: "recording.announcement", Name: c.Recording.Announcement},
	}, func(f NamedFile) bool { return f.Name == "" })
}

// Beside is the path of a file the document names: in its own folder or below.
func (c Campaign) Beside(name string) string {
	return under(filepath.Dir(c.File), name)
}

// place is where a key was written, else the file.
func (c Campaign) place(key string) string {
	return Config{File: c.File, places: c.places}.place(key)
}
