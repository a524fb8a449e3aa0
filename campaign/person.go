package campaign

import "time"

// Dossier is everything that is kept of a person: the answer to a complaint.
type Dossier struct {
	Number    string           `json:"number"`
	MadeAt    Stamp            `json:"made_at"`
	Persons   []string         `json:"persons" doc:"identities that have the number: customer:ID, chain:ID or number:E164"`
	Numbers   []string         `json:"numbers" doc:"all numbers of these persons"`
	Records   []DossierRecord  `json:"records"`
	Contacts  []DossierContact `json:"contacts" doc:"what agents have entered or changed"`
	Consent   []DossierConsent `json:"consent" doc:"of the records, and locked proofs of records that were erased"`
	Attempts  []DossierAttempt `json:"attempts"`
	Offers    []DossierOffer   `json:"offers"`
	Refusals  []GateRefusal    `json:"refusals" doc:"what the gate refused"`
	DoNotCall []DossierBlock   `json:"do_not_call"`
	Audit     []AuditEntry     `json:"audit" doc:"who looked at or changed what, but for attempts and refusals"`
	Exports   []AuditEntry     `json:"exports" doc:"exports of the lists the person was in"`
	Erasures  []Erasure        `json:"erasures"`
}

// Empty reports whether nothing is known of the person.
func (d *Dossier) Empty() bool {
	return len(d.Records)+len(d.Contacts)+len(d.Consent)+len(d.Attempts)+len(d.Refusals)+len(d.DoNotCall)+len(d.Erasures) == 0
}

// DossierRecord is a record of the person.
type DossierRecord struct {
	List string `json:"list"`
	ReportRecord
	Name  string `json:"name,omitempty"`
	Chain string `json:"chain,omitempty"`
}

// DossierContact is what agents have entered or changed of a contact.
type DossierContact struct {
	Person     string            `json:"person"`
	Number     string            `json:"number,omitempty"`
	CustomerID string            `json:"customer_id,omitempty"`
	Name       string            `json:"name,omitempty"`
	Fields     map[string]string `json:"fields"`
	Changed    Stamp             `json:"changed,omitzero"`
	By         AgentID           `json:"by,omitempty"`
}

// DossierConsent is a documented permission to be called.
type DossierConsent struct {
	List      string `json:"list,omitempty"`
	Record    string `json:"record,omitempty"`
	At        Stamp  `json:"at,omitzero"`
	Text      string `json:"text,omitempty"`
	Source    string `json:"source,omitempty"`
	Reference string `json:"reference,omitempty"`
	Revoked   Stamp  `json:"revoked,omitzero"`
	Locked    bool   `json:"locked,omitempty" doc:"kept as proof beyond an erasure"`
}

// DossierAttempt is a call to the person.
type DossierAttempt struct {
	ID       AttemptID `json:"id"`
	Campaign string    `json:"campaign,omitempty" doc:"empty: a manual call"`
	List     string    `json:"list,omitempty"`
	ReportAttempt
	Note      string `json:"note,omitempty"`
	Text      string `json:"text,omitempty" doc:"what the far end or the dialer said"`
	RingMS    int64  `json:"ring_ms" doc:"how long it rang; until the answer or the end"`
	AgentMS   int64  `json:"agent_delay_ms,omitempty" doc:"from the answer to an agent in the call"`
	ContactMS int64  `json:"contact_ms,omitempty" doc:"from the answer to the end"`
	Announced Stamp  `json:"announced_at,omitzero" doc:"when the announcement for who finds no agent began"`
	ToEnd     Stamp  `json:"announced_to_end_at,omitzero" doc:"when it had been played to its end"`
}

// DossierOffer is a preview of the person's record.
type DossierOffer struct {
	Campaign string `json:"campaign"`
	ReportOffer
}

// GateRefusal is a call that the gate did not permit. The same refusal again
// within the hour counts up Times.
type GateRefusal struct {
	At       Stamp      `json:"at"`
	Last     Stamp      `json:"last" doc:"when it was refused last"`
	Times    int        `json:"times"`
	Campaign string     `json:"campaign,omitempty" doc:"empty: a manual call"`
	List     string     `json:"list,omitempty"`
	Record   string     `json:"record,omitempty"`
	Number   string     `json:"number"`
	Agent    AgentID    `json:"agent,omitempty"`
	Code     ReasonCode `json:"code"`
	Text     string     `json:"text"`
}

// DossierBlock is a do-not-call entry.
type DossierBlock struct {
	Number   string    `json:"number,omitempty"`
	Person   string    `json:"person,omitempty"`
	Campaign string    `json:"campaign,omitempty"`
	Client   string    `json:"client,omitempty"`
	At       Stamp     `json:"at"`
	By       string    `json:"by,omitempty"`
	Attempt  AttemptID `json:"attempt,omitempty"`
	Wording  string    `json:"wording,omitempty"`
	Hashed   bool      `json:"hashed,omitempty" doc:"the number itself was erased; the entry still blocks"`
}

// EraseQuery says who is forgotten.
type EraseQuery struct {
	Number string
	Person string // one of Dossier.Persons; needed only where several have the number
	All    bool   // everybody who has the number
	By     AgentID
	Reason string
	Now    time.Time
}

// Erasure is the record of a deletion. It names nobody: it is found by the
// hash of a number.
type Erasure struct {
	ID     string         `json:"id"`
	At     Stamp          `json:"at"`
	By     AgentID        `json:"by"`
	Reason string         `json:"reason,omitempty"`
	Counts map[string]int `json:"counts" doc:"what was deleted or made anonymous"`
	Kept   []string       `json:"kept" doc:"what stays, and why"`
	// Exports are files that left the program with the person in them: they
	// are out of its reach.
	Exports []string `json:"exports,omitempty"`
	DoneAt  Stamp    `json:"done_at,omitzero" doc:"when the files were gone, too; absent: still to be done"`

	Files []string `json:"-"` // recordings still to be deleted, relative to the data folder
	// Who was erased, for what is in memory; never written down.
	Numbers []string `json:"-"`
	Persons []string `json:"-"`
}

// DossierOf is an attempt as the dossier shows it.
func DossierOf(a Attempt, dataDir string) DossierAttempt {
	d := DossierAttempt{ID: a.ID, Campaign: a.Campaign, List: a.List, ReportAttempt: ReportOf(a, dataDir), Note: a.Note, Text: a.Text,
		Announced: Stamp{a.AnnouncedAt}, ToEnd: Stamp{a.AnnouncedEnd}}
	until := a.AnsweredAt
	if until.IsZero() {
		until = a.EndedAt
	}
	if !a.RingingAt.IsZero() && until.After(a.RingingAt) {
		d.RingMS = until.Sub(a.RingingAt).Milliseconds()
	}
	if delay, ok := a.AgentDelay(); ok {
		d.AgentMS = delay.Milliseconds()
	}
	if !a.AnsweredAt.IsZero() && a.EndedAt.After(a.AnsweredAt) {
		d.ContactMS = a.EndedAt.Sub(a.AnsweredAt).Milliseconds()
	}
	return d
}

// AgentDelay is how long a person who answered waited for an agent; false where
// nobody was joined.
func (a Attempt) AgentDelay() (time.Duration, bool) {
	if a.AnsweredAt.IsZero() || a.JoinedAt.IsZero() {
		return 0, false
	}
	return max(a.JoinedAt.Sub(a.AnsweredAt), 0), true
}

// ReportRecordOf is a record as reports show it.
func ReportRecordOf(r Record) ReportRecord { return reportRecord(r) }
