package desk

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Record is a record as the API shows it; words, not codes.
type Record struct {
	List       string            `json:"list"`
	ID         string            `json:"id"`
	CustomerID string            `json:"customer_id,omitempty"`
	Chain      string            `json:"chain,omitempty"`
	Position   int               `json:"position"`
	Phone      string            `json:"phone"`
	PhoneType  string            `json:"phone_type,omitempty"`
	Name       string            `json:"name,omitempty"`
	Type       string            `json:"type"`
	Status     string            `json:"status"`
	CallResult string            `json:"call_result"`
	Attempts   int               `json:"attempts"`
	NextDialAt *time.Time        `json:"next_dial_at,omitempty"`
	LastCall   *time.Time        `json:"last_call,omitempty"`
	Owner      string            `json:"owner,omitempty"`
	Declined   int               `json:"declined,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Note       string            `json:"note,omitempty"`
	DoNotCall  bool              `json:"do_not_call,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`
}

func recordView(r campaign.Record) Record {
	v := Record{List: r.List, ID: r.ID, CustomerID: r.CustomerID, Chain: r.Chain, Position: r.Position,
		Phone: r.Phone, PhoneType: r.PhoneType, Name: r.Name, Type: r.Type.String(), Status: r.Status.String(), CallResult: r.Result.String(),
		Attempts: r.Attempts, NextDialAt: moment(r.NextDial), LastCall: moment(r.LastCall), Owner: string(r.Owner),
		Declined: r.Declined, Reason: r.Reason, Note: r.Note, DoNotCall: r.NoCall}
	if len(r.Fields) > 0 {
		v.Fields = make(map[string]string, len(r.Fields))
		for _, f := range r.Fields {
			v.Fields[f.Name] = f.Value
		}
	}
	return v
}

// moment gives nil for the zero time, so that it is left out.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Round(time.Millisecond)
	return &t
}

// pairs reads "field=header" arguments.
func pairs(args []string) (map[string]string, error) {
	m := make(map[string]string, len(args))
	for _, a := range args {
		k, v, ok := strings.Cut(a, "=")
		if !ok || k == "" { // an empty header takes the field away from the column it would be found in
			return nil, fmt.Errorf("map: %q is not FIELD=HEADER, e.g. phone=Tel", a)
		}
		m[k] = v
	}
	return m, nil
}

// refuse answers 422 for what is wrong with the caller's file, and 500 for
// what is wrong here. An error of the file says so by a method Input() bool.
func (d *Desk) refuse(err error) error {
	var in interface{ Input() bool }
	if errors.As(err, &in) && in.Input() {
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return d.problem(err)
}
