package campaign

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// Store keeps lists, records, attempts and the do-not-call list. What it
// confirmed is on disk. Both implementations pass the same conformance suite.
type Store interface {
	// Lease takes the next record of a campaign's lists for an agent: her due
	// personal callbacks first, then the top of the list (last declined
	// first), then due callbacks, then list order. The record is Retrieved
	// until it is released or settled. ErrNoRecord carries what is waited for.
	Lease(ctx context.Context, q LeaseQuery) (Lease, error)
	// Extend renews leases of this process, and presences at it (heartbeat).
	Extend(ctx context.Context, process string, until time.Time) error
	// Release gives an undialled record back: to the very top, to its old
	// place, or not before a time.
	Release(ctx context.Context, l Lease, r Release) error
	// Permit is the only door to a dialled call. In one transaction it checks
	// that the lease is still ours, reads the facts, asks Gate, and writes the
	// attempt together with "this number and this person are being called". A
	// refusal is returned as *Refusal; where Verdict.Update says so it settles
	// the record (and Verdict.Chain its chain) in the same transaction, and
	// the lease ends. After a global refusal the lease stands. ErrLost when
	// the lease is not ours any more: nothing is written. Asked again with the
	// same attempt, because no answer came, it decides anew: it is one call.
	Permit(ctx context.Context, q PermitQuery) error
	// Facts gathers what Permit would put before the gate, and decides nothing:
	// whether a record is worth offering, and why it is not dialled now.
	Facts(ctx context.Context, q PermitQuery) (Facts, error)
	// Admit writes a call from outside as an attempt (Attempt.Inbound), with
	// "this number and this person are on the telephone", and says whose it is.
	Admit(ctx context.Context, a Attempt) (Caller, error)
	// Note keeps progress of an attempt (ringing, answered, joined); losing
	// one is harmless, the journal has it as well.
	Note(ctx context.Context, a Attempt) error
	// Settle writes the outcome of an attempt, its effect on record and
	// chain, and frees number and person. Idempotent by attempt, unless
	// Settlement.Correction. A manual call's settlement has no record.
	Settle(ctx context.Context, s Settlement) error
	// Recall gives calls that were on an agent's desk and are settled, newest
	// first, with what a correction needs: the record as it was when it was
	// dialled, but with its present fields. Calls of people who were erased are
	// left out.
	Recall(ctx context.Context, q RecallQuery) ([]ReturnedWork, error)
	// Missed gives personal callbacks that their owners did not take to the
	// group: their status is MissedCallback and anybody may lease them. The
	// owners get a message. It gives the records, Owner being whose they were.
	Missed(ctx context.Context, q MissedQuery) ([]Record, error)
	// Open lists the attempts without an end that a process (or, when empty,
	// any) has left, with their records.
	Open(ctx context.Context, process string) ([]OpenAttempt, error)
	// Turn changes the lease of a query to that of q.Number, another number of
	// the contact: what becomes of the call is that number's, and the one that was
	// leased is tried after it. A new number gets a record of its own at the end
	// of the chain, with everything the leased one has but what came of it. Where
	// the list has the number as somebody else's, the lease stays. ErrLost as
	// Permit.
	Turn(ctx context.Context, q PermitQuery) (Lease, error)
	// Reclaim gives back, to their old places, the records a process has
	// leased and not dialled (those without an open attempt); it runs when the
	// process starts again. It says how many.
	Reclaim(ctx context.Context, process string, now time.Time) (int, error)

	// Answers counts who has answered a campaign's calls of late, and how many
	// of them found no agent in time: of calls that are joined or over.
	Answers(ctx context.Context, campaign string, now time.Time) (Answers, error)

	// Block and Unblock keep the do-not-call list. Unblock removes the entries
	// of one scope that block a number, by itself or as its person; left are
	// those of others.
	Block(ctx context.Context, e DNCEntry) error
	Unblock(ctx context.Context, number string, in DNCScope) (removed int, left []DNCEntry, err error)
	Blocked(ctx context.Context) ([]DNCEntry, error)
	// Blocks gives, for each query, the entry that forbids the call; nil: none.
	Blocks(ctx context.Context, qs []PermitQuery) ([]*DNCEntry, error)

	// Import adds records to a list in one transaction per batch; Records and
	// Attempts read them back in list order and time order.
	Import(ctx context.Context, list string, rs []Record) error
	Records(ctx context.Context, q RecordQuery, each func(Record) error) error
	Attempts(ctx context.Context, campaign string, each func(Attempt) error) error
	Offers(ctx context.Context, campaign string, each func(Offer) error) error
	AddOffer(ctx context.Context, o Offer) error
	// Retry frees a stale or finished record for dialling by a person's word.
	Retry(ctx context.Context, list, id string) error
	Lists(ctx context.Context) ([]ListInfo, error)

	// Campaign documents (YAML as applied) and their state survive restarts. A
	// row without Document leaves the document and its files as they are, one
	// without State the state and the pause.
	PutCampaign(ctx context.Context, c CampaignRow) error
	Campaigns(ctx context.Context) ([]CampaignRow, error)

	// Watch calls changed after campaigns, users or the do-not-call list have
	// changed, by whomever, and once at its begin, until ctx is done. Several
	// changes may be one call.
	Watch(ctx context.Context, changed func())

	// At which process each agent works.
	Attendance

	// Users.
	PutUser(ctx context.Context, u User) error
	Users(ctx context.Context) ([]User, error)

	// Backup writes a consistent copy to a new file.
	Backup(ctx context.Context, file string) error

	Close() error
}

// ErrNoRecord says that nothing can be leased now.
var ErrNoRecord = errors.New("no record to be dialled now")

// NoRecord is the error of Lease when nothing is due. Next is when something
// will be (zero: nothing waits), Waiting how many records wait for a time,
// InWork how many are leased or being called. It is ErrNoRecord for errors.Is.
type NoRecord struct {
	Next    time.Time
	Waiting int
	InWork  int
}

func (e *NoRecord) Error() string { return ErrNoRecord.Error() }

// Is makes errors.Is(err, ErrNoRecord) true.
func (e *NoRecord) Is(target error) bool { return target == ErrNoRecord }

// ErrNotFound says that a list, record, campaign or user does not exist.
var ErrNotFound = errors.New("not found")

// ErrLost says that a lease is not ours any more.
var ErrLost = errors.New("the record was taken by another process")

// LeaseQuery asks for the next record.
type LeaseQuery struct {
	Campaign string
	Lists    []string
	Agent    AgentID // empty: for nobody in particular, dialled ahead
	Own      bool    // only a due personal callback of Agent's
	Process  string
	Now      time.Time
	Until    time.Time // end of the lease unless extended

	Kinds  []RecordKind // looked for in this order, and no others; empty: callbacks, then by place in the list
	Newest bool         // the last place of a list first
	Filter Filter       // holds for every record, whatever its kind
}

// Lease is a record taken by this process.
type Lease struct {
	Record  Record
	Fence   int64 // grows with every lease of the record
	Process string
	Past    []Past        // the record's counted attempts so far, oldest first: treatments count them
	Others  []OtherNumber // the other numbers of its chain, in order
}

// OtherNumber is another number of a contact.
type OtherNumber struct {
	Number string `json:"number"`
	Type   string `json:"type,omitempty"`
}

// Past is an earlier attempt of a record.
type Past struct {
	At          time.Time // begin
	Result      CallResult
	Disposition string
}

// Release says where an undialled record goes.
type Release struct {
	Top       bool      // to the very top of its list
	Declined  bool      // counts as declined or missed
	NotBefore time.Time // else to its old place, not before this
	Reason    string    // why it waits; empty = unchanged
	Now       time.Time

	// Update, when given, is the record's new state instead (removed from the
	// campaign, callback agreed without a call, refused before it was
	// offered), and Chain what it does to the contact's other numbers.
	Update *RecordUpdate
	Chain  ChainAction

	// Refused, when given, is what the gate would have refused: it is kept for
	// whoever asks about the person.
	Refused *RefusedOffer
}

// RefusedOffer is a record that was not offered because of the gate.
type RefusedOffer struct {
	Campaign string
	Agent    AgentID // empty: dialled ahead
	Reason   Reason
}

// PermitQuery is what the gate needs besides what the store knows.
type PermitQuery struct {
	Attempt  AttemptID
	Lease    Lease // Lease.Record.Key == 0: a manual call without a record
	Campaign string
	Client   string
	Agent    AgentID
	Process  string
	Number   string
	Person   string
	CallerID string
	Account  string
	Rules    Rules
	Manual   bool
	Callback bool   // at the contact's own recorded wish
	Pacing   string // what the pacer went by, for the audit log
	// Ahead: there are more calls under way than free agents, so that its
	// answer may find nobody. It needs what is left of the abandonment budget.
	Ahead bool
	// AtRisk: so many calls of this process's may find no agent, this one
	// included. 0: not known, all of them may.
	AtRisk int
	Now    time.Time
}

// Attempt is one dialled call.
type Attempt struct {
	ID           AttemptID
	Campaign     string
	Record       Key
	RecordID     string
	List         string
	Number       string
	Person       string
	Agent        AgentID
	Process      string
	Inbound      bool // the contact called us; DialedAt is when the call came
	Status       int  // final SIP status
	DialerResult CallResult
	Result       CallResult // the dialer's, or what the agent said
	Disposition  string
	Note         string
	Counted      bool // counts as an attempt of the contact
	DialedAt     time.Time
	RingingAt    time.Time
	AnsweredAt   time.Time
	JoinedAt     time.Time
	EndedAt      time.Time
	EndedBy      Party
	Text         string
	HeldMS       int64
	RTP          *RTPReport
	Recording    string
	Recorded     *Recorded // nil: nothing was said about recording
	AnnouncedAt  time.Time // when the announcement for who finds no agent began
	AnnouncedEnd time.Time // when it had been played to its end; zero: it was not
	Token        []byte    // for Line.Recover; kept while the call lives
}

// Caller is whose number a call from outside has.
type Caller struct {
	Agent    AgentID // who called the number last; empty: nobody
	Campaign string  // for which
	Record   Record  // Key 0: it is in no list
	Person   string
}

// OpenAttempt is an attempt without an end and the record it belongs to, with
// the record's counted attempts before.
type OpenAttempt struct {
	Attempt Attempt
	Record  Record
	Past    []Past
}

// Settlement is the outcome of an attempt and what it does to its record.
type Settlement struct {
	Attempt Attempt // with EndedAt
	Fence   int64
	Record  RecordUpdate
	Chain   ChainAction
	Block   *DNCEntry // do not call was ticked, or the far end asked for it (607)
	Now     time.Time
	// Turn counts the settlements of an attempt, from 1: Done, undo and Done, or
	// corrections. An earlier one that is confirmed late confirms no later one.
	Turn int
	// Filed is kept for Recall; nil: the call was on nobody's desk.
	Filed *Filed
	// Tell: other processes are told that it is settled, for its agent may work at
	// one of them by now and has to know that its result is missing.
	Tell bool `json:",omitempty"`
	// Correction replaces the outcome an earlier settlement of the attempt
	// wrote. The record and chain follow only while nobody else works on the
	// record; the attempt always does.
	Correction bool
}

// RecordUpdate is the new state of a record after an attempt; all fields are
// written as they stand.
type RecordUpdate struct {
	Type        RecordType
	Status      RecordStatus
	Result      CallResult
	Attempts    int
	NextDial    time.Time
	Owner       AgentID
	KeepPlace   bool // not the contact's fault: back to its old place, no attempt counted
	Reason      string
	Disposition string
	Note        string
	NoCall      bool
	CallbackAt  time.Time
	LastCall    time.Time
}

// ChainAction is what an outcome does to the other numbers of the contact.
type ChainAction int

// The chain actions.
const (
	ChainKeep   ChainAction = iota // nothing
	ChainNext                      // the next ChainReady record of the chain becomes Ready
	ChainFinish                    // all other undone records become ChainUpdated
)

// Offer is a preview that was shown to an agent and what she made of it.
type Offer struct {
	Campaign  string
	Record    Key
	RecordID  string
	Agent     AgentID
	OfferedAt time.Time
	DecidedAt time.Time
	Decision  Decision
}

// Decision is an agent's answer to an interaction preview.
type Decision string

// The decisions.
const (
	Accepted Decision = "accept"
	Declined Decision = "decline"
	Missed   Decision = "missed"
)

// DNCEntry is an entry of the do-not-call list.
type DNCEntry struct {
	Number   string // E.164, or empty when Person is given
	Person   string
	Campaign string // empty: not limited to a campaign
	Client   string // empty and no campaign: global
	At       time.Time
	By       string // user, "import FILE" or "contact"
	Attempt  AttemptID
	Wording  string
}

// DNCScope is where an entry of the do-not-call list holds: in a campaign, for a
// client, or, with neither, everywhere.
type DNCScope struct{ Campaign, Client string }

// Scope is where the entry holds.
func (e DNCEntry) Scope() DNCScope {
	if e.Campaign != "" { // the narrower one says all
		return DNCScope{Campaign: e.Campaign}
	}
	return DNCScope{Client: e.Client}
}

// RecordQuery selects records; zero values select all.
type RecordQuery struct {
	List    string
	ID      string
	Phone   string
	Since   time.Time
	Changed bool
	After   int64 // of a list: behind this place (Record.Order)
	Limit   int   // so many at most; 0: all
}

// ListInfo counts a list.
type ListInfo struct {
	Name     string
	Records  int
	ByStatus map[RecordStatus]int
	Imported time.Time
	Columns  []string // header of the imported file, in order
}

// CampaignRow is a campaign as kept by the store.
type CampaignRow struct {
	Name     string
	Document []byte // YAML as applied
	Files    string // what Bundles keeps of the files it names; empty: it names none
	State    RunState
	Pause    string // why it paused itself; empty when it did not
	Changed  time.Time
}

// Says reports whether a row still has the document, and the files, that a
// campaign was worked out from.
func (r CampaignRow) Says(c *Campaign) bool {
	return bytes.Equal(r.Document, c.Document) && r.Files == c.Files
}

// Bundles keeps the files that campaign documents name (script, responses,
// announcements), each campaign's in one piece, so that every process that
// shares the store has them.
type Bundles interface {
	// PutBundle keeps a bundle and gives its name, which is its content's hash.
	// What no campaign has named for a day is forgotten.
	PutBundle(ctx context.Context, content []byte, now time.Time) (string, error)
	// Bundle gives the content back; ErrNotFound.
	Bundle(ctx context.Context, name string) ([]byte, error)
}

// ErrFilesAway says that a campaign's files cannot be read now, which says
// nothing of its document.
var ErrFilesAway = errors.New("the campaign's files cannot be read now")

// RunState is what a campaign is doing.
type RunState string

// The run states.
const (
	Unloaded RunState = "unloaded"
	Loaded   RunState = "loaded"
	Running  RunState = "running"
)

// User is an account of a person.
type User struct {
	Name     AgentID
	Role     Role
	Engaged  bool   // ASM
	Headset  string // browser, device, device:NAME, sip:URI
	Hash     string // argon2id
	Team     string
	Clients  []string // whose campaigns a user of the role client sees
	Created  time.Time
	Disabled bool

	RecordingConsent AgentConsent
}

// AgentConsent is what an agent said to being recorded.
type AgentConsent struct {
	Given bool
	At    time.Time // when she gave it, or took it back; zero: she was not asked
	By    AgentID   // who wrote it down: she herself, or an administrator
}

// Role is what a user may do.
type Role string

// The roles.
const (
	RoleAgent         Role = "agent"
	RoleTeamLeader    Role = "team-leader" // a supervisor of her own team
	RoleSupervisor    Role = "supervisor"  // of the whole floor, or of a team where the account names one
	RoleAdministrator Role = "administrator"
	RoleAuditor       Role = "auditor" // reads everything, changes nothing
	RoleClient        Role = "client"  // sees the campaigns made for it
)

// Roles are all roles.
func Roles() []Role {
	return []Role{RoleAgent, RoleTeamLeader, RoleSupervisor, RoleAdministrator, RoleAuditor, RoleClient}
}
