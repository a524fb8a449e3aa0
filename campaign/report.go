package campaign

import (
	"context"
	"time"
)

// Stamp is a time in a report: RFC 3339 with milliseconds.
type Stamp struct{ time.Time }

// MarshalJSON writes the time with exactly three decimals.
func (s Stamp) MarshalJSON() ([]byte, error) {
	return []byte(s.Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// Report is what a campaign did, in the form scripts depend on.
type Report struct {
	Campaign  string          `json:"campaign"`
	StartedAt Stamp           `json:"started_at,omitzero"`
	EndedAt   Stamp           `json:"ended_at,omitzero"`
	Records   []ReportRecord  `json:"records"`
	Offers    []ReportOffer   `json:"offers"`
	Attempts  []ReportAttempt `json:"attempts"`
}

// ReportRecord is a record at the end.
type ReportRecord struct {
	ID          string            `json:"id"`
	CustomerID  string            `json:"customer_id,omitempty"`
	Phone       string            `json:"phone"`
	Status      RecordStatus      `json:"status"`
	CallResult  CallResult        `json:"call_result"`
	Attempts    int               `json:"attempts"`
	NextDialAt  Stamp             `json:"next_dial_at,omitzero"`
	Reason      string            `json:"reason,omitempty"`
	Disposition string            `json:"disposition,omitempty"`
	Note        string            `json:"note,omitempty"`
	DoNotCall   bool              `json:"do_not_call"`
	CallbackAt  Stamp             `json:"callback_at,omitzero"`
	Fields      map[string]string `json:"fields"`
}

// ReportOffer is a preview and what the agent made of it.
type ReportOffer struct {
	Record    string   `json:"record"`
	Agent     AgentID  `json:"agent"`
	OfferedAt Stamp    `json:"offered_at"`
	DecidedAt Stamp    `json:"decided_at,omitzero"`
	Decision  Decision `json:"decision"`
}

// ReportAttempt is a dialled call.
type ReportAttempt struct {
	Record       string     `json:"record,omitempty"`
	Phone        string     `json:"phone"`
	Agent        AgentID    `json:"agent,omitempty"`
	SIPStatus    int        `json:"sip_status,omitempty"`
	DialerResult CallResult `json:"dialer_result,omitempty"`
	CallResult   CallResult `json:"call_result,omitempty"`
	Disposition  string     `json:"disposition,omitempty"`
	DialedAt     Stamp      `json:"dialed_at,omitzero"`
	RingingAt    Stamp      `json:"ringing_at,omitzero"`
	AnsweredAt   Stamp      `json:"answered_at,omitzero"`
	JoinedAt     Stamp      `json:"joined_at,omitzero"`
	EndedAt      Stamp      `json:"ended_at,omitzero"`
	EndedBy      Party      `json:"ended_by,omitempty"`
	HeldMS       int64      `json:"held_ms"`
	RTP          *RTPReport `json:"rtp,omitempty"`
	Recording    string     `json:"recording,omitempty"`
}

// ReportQuery says what is reported.
type ReportQuery struct {
	Campaign  string
	Lists     []string
	StartedAt time.Time // zero: the first offer or attempt
	EndedAt   time.Time // zero: the last
	DataDir   string    // recordings are given relative to it
}

// BuildReport reads a campaign's report from the store.
func BuildReport(ctx context.Context, store Store, q ReportQuery) (*Report, error) {
	return nil, ErrClosed
}

// ReportOf is one attempt as the report shows it.
func ReportOf(a Attempt, dataDir string) ReportAttempt { return ReportAttempt{} }
