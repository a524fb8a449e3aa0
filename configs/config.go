package configs

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Config is freiton.yaml. What each key means stands in the embedded file,
// beside its default; a test keeps both alike.
type Config struct {
	Data      Path      `yaml:"data"`
	Store     Store     `yaml:"store"`
	Web       Web       `yaml:"web"`
	SIP       SIP       `yaml:"sip"`
	Dial      Dial      `yaml:"dial"`
	Inbound   Inbound   `yaml:"inbound"`
	Media     Media     `yaml:"media"`
	Headset   Headset   `yaml:"headset"`
	NotReady  []string  `yaml:"not_ready"`
	Retention Retention `yaml:"retention"`
	Drain     Duration  `yaml:"drain" max:"1h"`

	// File is what was loaded, "" for the defaults alone.
	File string `yaml:"-"`

	places map[string]string // key path -> place, for Check
}

// Web is the agent desktop's listener.
type Web struct {
	Listen     string `yaml:"listen"`
	TLS        TLS    `yaml:"tls"`
	AllowPlain bool   `yaml:"allow_plain"`
	Session    Login  `yaml:"session"`
}

// Login is how long somebody stays logged in.
type Login struct {
	Idle     Duration `yaml:"idle" min:"1m" max:"1w"`
	Absolute Duration `yaml:"absolute" min:"5m" max:"30d"`
}

// TLS is a certificate and its key, or the wish for a self-signed one.
type TLS struct {
	Cert       Path `yaml:"cert"`
	Key        Path `yaml:"key"`
	SelfSigned bool `yaml:"self_signed"`
}

// On says that the listener speaks TLS.
func (t TLS) On() bool { return t.SelfSigned || t.Cert != "" }

// SIP is the user agent.
type SIP struct {
	Listen    []string  `yaml:"listen"` // "udp://0.0.0.0:5070"
	Advertise string    `yaml:"advertise"`
	Trusted   []string  `yaml:"trusted"`
	Accounts  []Account `yaml:"accounts"`
}

// Account is one account at a PBX, or a trunk when Registrar is empty.
type Account struct {
	Name         string   `yaml:"name"`
	Address      string   `yaml:"address"`
	Registrar    string   `yaml:"registrar"`
	Proxy        string   `yaml:"proxy"`
	Username     string   `yaml:"username"`
	Password     Secret   `yaml:"password"` // also what password_file holds
	PasswordFile Path     `yaml:"password_file"`
	CallerIDIn   string   `yaml:"caller_id_in" oneof:"pai,rpid,from" default:"pai"`
	MaxCalls     int      `yaml:"max_calls" min:"1" max:"10000" default:"10"`
	Expires      Duration `yaml:"expires" min:"30s" max:"1d" default:"5m"`
}

// Dial is how numbers are dialled, and which.
type Dial struct {
	Account        string   `yaml:"account"`
	URI            string   `yaml:"uri"`
	Country        string   `yaml:"country"`
	DefaultCountry string   `yaml:"default_country"`
	Allow          []string `yaml:"allow"`
	Kinds          []string `yaml:"kinds" oneof:"premium,satellite,shared-cost,personal,pager,voicemail"`
	CallerIDs      []string `yaml:"caller_ids"`
	RingTimeout    Duration `yaml:"ring_timeout" max:"3m"`
	CallsPerSecond float64  `yaml:"calls_per_second" min:"0" max:"1000"` // 0 = no limit
}

// Inbound says who gets calls from outside: "agents", "reject", or the name of
// one agent.
type Inbound struct {
	To           string `yaml:"to"`
	Announcement Path   `yaml:"announcement"` // when nobody answers; empty: 480
	OptOut       string `yaml:"opt_out" oneof:",0,1,2,3,4,5,6,7,8,9,*,#"`
}

// Media is the audio of calls.
type Media struct {
	IP        string    `yaml:"ip"`
	Advertise string    `yaml:"advertise"`
	Ports     PortRange `yaml:"ports"`
	Codecs    []string  `yaml:"codecs" oneof:"pcma,pcmu"` // in order of preference
}

// Headset is the audio of browsers.
type Headset struct {
	UDP       string   `yaml:"udp"`
	Advertise []string `yaml:"advertise"`

	HoldAfter   Duration `yaml:"hold_after" min:"500ms" max:"30s"`
	HandOnAfter Duration `yaml:"hand_on_after" min:"1s" max:"10m"`
}

// Retention is after what time things are deleted.
type Retention struct {
	Recordings Duration `yaml:"recordings" min:"1d"`
	Notes      Duration `yaml:"notes" min:"1d"`
	AgentTimes Duration `yaml:"agent_times" min:"1d"`
}

// Lab is the profile, and the country, of laboratories and of the practice
// exchange: no hours and no caps.
const Lab = "lab"

// DialAccount is the account that dials: the one named by dial.account, else
// the first.
func (c Config) DialAccount() (Account, bool) {
	for _, a := range c.SIP.Accounts {
		if c.Dial.Account == "" || a.Name == c.Dial.Account {
			return a, true
		}
	}
	return Account{}, false
}

// DialURI is dial.uri, or when it is empty the number at the registrar of the
// account that dials, or at the host of its address.
func (c Config) DialURI() string {
	a, ok := c.DialAccount()
	if c.Dial.URI != "" || !ok {
		return c.Dial.URI
	}
	at := a.Registrar
	if at == "" {
		at = a.Address
	}
	scheme, rest, _ := strings.Cut(at, ":")
	if _, host, ok := strings.Cut(rest, "@"); ok {
		rest = host
	}
	return scheme + ":{number}@" + rest
}

// Allowed is dial.allow, or when it is empty the prefix of the default
// country. It is never empty.
func (c Config) Allowed() []string {
	if len(c.Dial.Allow) > 0 {
		return c.Dial.Allow
	}
	return []string{fmt.Sprintf("+%d", phonenumbers.GetCountryCodeForRegion(c.Dial.DefaultCountry))}
}

// place is where a key was written, or where its parent was.
func (c Config) place(key string) string {
	for {
		if p, ok := c.places[key]; ok {
			return p
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return c.File
		}
		key = key[:i]
	}
}
