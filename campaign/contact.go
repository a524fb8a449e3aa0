package campaign

import (
	"context"
	"errors"
	"time"
)

// Contact is a person as the contact directory knows her: what was imported
// with her records, and what agents have changed since.
type Contact struct {
	Person     string // see PersonOf
	Name       string
	Number     string // the first of Records, or as entered
	CustomerID string
	Fields     []Field  // of the first record, then further ones; changed values in place of the imported
	Records    []Record // her numbers, by list and place; none: entered by hand only
	Changed    time.Time
	By         AgentID // who changed it last; empty: as imported
}

// ContactEdit changes a contact, or enters a new one. What is left out stays.
// A record keeps what was imported; whoever reads it gets the changed values.
type ContactEdit struct {
	Person string
	Name   *string
	Fields []Field // the changed ones, by the name of their column
	By     AgentID
	At     time.Time

	New        bool   // ErrExists when the person is known already
	Number     string // of a new contact
	CustomerID string // of a new contact
}

// ErrExists says that something to be made is there already.
var ErrExists = errors.New("exists already")

// ContactQuery looks for contacts. Every word of Text must begin a word of
// the name, the customer number, the id or a field; a text of digits may also
// begin the number.
type ContactQuery struct {
	Text  string
	Lists []string // nil: all; contacts entered by hand belong to none and are always found
	Limit int      // contacts
}

// Directory keeps contacts.
type Directory interface {
	// Contact is one person with all her records; ErrNotFound.
	Contact(ctx context.Context, person string) (Contact, error)
	// FindContacts looks for persons. Records holds only what was found.
	FindContacts(ctx context.Context, q ContactQuery) ([]Contact, error)
	PutContact(ctx context.Context, e ContactEdit) error
	// ForgetContact removes what was entered about a person by hand.
	ForgetContact(ctx context.Context, person string) error
}

// AttemptQuery selects calls, newest first; zero values select all.
type AttemptQuery struct {
	ID      AttemptID // only this one
	Agent   AgentID
	Since   time.Time
	Until   time.Time // before it
	Person  string
	Numbers []string // calls to one of these are taken as well as the person's
	Limit   int
}

// PastAttempt is a call, the name its contact has now, and what its outcome
// was before it was corrected, the last first.
type PastAttempt struct {
	Attempt
	Name string
	Was  []PastOutcome
}

// PastOutcome is an outcome that was corrected.
type PastOutcome struct {
	Until       time.Time // when it was corrected
	Result      CallResult
	Disposition string
	Note        string
}

// Histories are questions that stay quick however many records there are.
type Histories interface {
	// PastAttempts gives calls, newest first.
	PastAttempts(ctx context.Context, q AttemptQuery) ([]PastAttempt, error)
	// Owned gives the undone records that are an agent's own, by their time.
	Owned(ctx context.Context, owner AgentID, limit int) ([]Record, error)
	// CountRecords counts lists by status and result.
	CountRecords(ctx context.Context, lists []string) (byStatus map[RecordStatus]int, byResult map[CallResult]int, err error)
}

// Apply puts changed values into a record: the name, with every column that
// held it as imported, and fields by their name; new ones follow the old.
func (e ContactEdit) Apply(r *Record) {
	if e.Name != nil && *e.Name != r.Name {
		for i, f := range r.Fields {
			if f.Value == r.Name && r.Name != "" {
				r.Fields[i].Value = *e.Name
			}
		}
		r.Name = *e.Name
	}
	r.Fields = setFields(r.Fields, e.Fields)
}

// setFields changes the first field of each name, and adds what is not there.
func setFields(to, changed []Field) []Field {
next:
	for _, c := range changed {
		for i := range to {
			if to[i].Name == c.Name {
				to[i].Value = c.Value
				continue next
			}
		}
		to = append(to, c)
	}
	return to
}

// Merge is an edit on top of an earlier one.
func (e ContactEdit) Merge(later ContactEdit) ContactEdit {
	if later.Name != nil {
		e.Name = later.Name
	}
	e.Fields = setFields(append([]Field(nil), e.Fields...), later.Fields)
	return e
}
