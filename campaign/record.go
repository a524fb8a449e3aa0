package campaign

import "time"

// Key identifies a record inside one store, over all lists. Zero is no record.
type Key int64

// AgentID is an agent's user name.
type AgentID string

// AttemptID identifies one dialled call; a ULID, unique over all processes.
type AttemptID string

// Field is a custom column of a record: the header as imported and its text.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RecordType says why a record is to be called. The integer codes are the
// long-established ones, so that an existing list can move over.
type RecordType int

// The record types.
const (
	General             RecordType = 2
	CampaignRescheduled RecordType = 3
	PersonalRescheduled RecordType = 4
	PersonalCallback    RecordType = 5
	CampaignCallback    RecordType = 6
	NoCall              RecordType = 7
)

// RecordStatus is where a record stands in its list.
type RecordStatus int

// The record statuses.
const (
	Ready          RecordStatus = 1 // may be leased when its next dial time has come
	Retrieved      RecordStatus = 2 // leased, offered or being called
	Updated        RecordStatus = 3 // finished
	Stale          RecordStatus = 4 // its process died while it was dialled; never redialled by a machine
	Cancelled      RecordStatus = 5 // taken out of the campaign
	AgentError     RecordStatus = 6
	ChainUpdated   RecordStatus = 7 // finished because another number of its chain was
	MissedCallback RecordStatus = 8
	ChainReady     RecordStatus = 9 // waits for its turn in the chain
)

// CallResult is what came of an attempt.
type CallResult int

// The call results.
const (
	Busy             CallResult = 6
	NoAnswer         CallResult = 7
	AnsweringMachine CallResult = 9
	AllTrunksBusy    CallResult = 10
	InvalidNumber    CallResult = 11
	Fax              CallResult = 17
	Abandoned        CallResult = 21
	Rejected         CallResult = 26
	Unknown          CallResult = 28 // the initial one
	Silence          CallResult = 32
	Answer           CallResult = 33
	WrongParty       CallResult = 40
	DialError        CallResult = 41
	DoNotCall        CallResult = 51
	ResultCancelled  CallResult = 52
	WrongNumber      CallResult = 53
)

// Record is one number of one contact.
type Record struct {
	Key        Key
	List       string
	ID         string // from the list, else the number of its data line; unique within the list but for chains
	Line       int    // data line in the imported file, from 1
	Order      int64  // place in the list; ascending
	Chain      string // id of the chain; empty when the contact has one number only
	Position   int    // place in the chain, from 0
	Person     string // customer id, else chain, else number: see PersonOf
	CustomerID string
	Phone      string // E.164, or an extension as written
	PhoneType  string // header of the phone column, e.g. "mobile"
	Name       string
	Fields     []Field       // every imported column in its old order, also the mapped ones
	TimeZone   string        // IANA name; empty = from the number
	From       time.Duration // daily window, since local midnight; From == Until == 0: no own window
	Until      time.Duration

	Type     RecordType
	Status   RecordStatus
	Result   CallResult
	Attempts int        // counted ones
	Before   CallResult // of those the list brought with it: what they are taken to have ended in; 0 = not known
	NextDial time.Time  // zero = at once
	LastCall time.Time
	Owner    AgentID // of a personal callback

	Top      int64  // > 0: declined or returned to the top; the largest is offered first
	Declined int    // how often it was declined or missed
	Reason   string // what the gate last said, or why it is finished; one sentence

	Disposition string
	Note        string
	NoCall      bool // do not call was ticked
	CallbackAt  time.Time

	Consent Consent
}

// Consent is the documented permission to be called.
type Consent struct {
	At        time.Time
	Text      string
	Source    string
	Reference string
	Revoked   time.Time
}

// PersonOf gives the identity under which a contact is counted: the customer
// id, else the chain, else the number.
func PersonOf(customerID, chain, phone string) string {
	switch {
	case customerID != "":
		return "customer:" + customerID
	case chain != "":
		return "chain:" + chain
	default:
		return "number:" + phone
	}
}
