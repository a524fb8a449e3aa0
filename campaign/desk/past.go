package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// PastCall is an attempt as a history shows it.
type PastCall struct {
	Attempt     string    `json:"attempt"`
	Campaign    string    `json:"campaign,omitempty"`
	List        string    `json:"list,omitempty"`
	RecordID    string    `json:"record_id,omitempty"`
	Name        string    `json:"name,omitempty"`
	Number      string    `json:"number,omitempty"`
	Agent       string    `json:"agent,omitempty"`
	DialedAt    time.Time `json:"dialed_at"`
	AnsweredAt  time.Time `json:"answered_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	EndedBy     string    `json:"ended_by,omitempty"`
	Result      string    `json:"result,omitempty"`
	Disposition string    `json:"disposition,omitempty"`
	Note        string    `json:"note,omitempty"`
	Recording   string    `json:"recording,omitempty" enum:"kept,deleted"`
	Consent     string    `json:"consent,omitempty" enum:"given,refused" doc:"to being recorded"`
}

// Contact is a record as the contact directory shows it.
type Contact struct {
	List     string           `json:"list"`
	RecordID string           `json:"record_id"`
	Name     string           `json:"name,omitempty"`
	Number   string           `json:"number"`
	Fields   []campaign.Field `json:"fields"`
}

// Task is something in the workbin: a callback of one's own, or a record that
// is open on the desk.
type Task struct {
	Contact
	Kind        string    `json:"kind" enum:"callback,open"`
	At          time.Time `json:"at,omitzero" doc:"when the callback is due"`
	Missed      bool      `json:"missed,omitempty" doc:"its time has passed without a call"`
	Interaction string    `json:"interaction,omitempty"`
	Note        string    `json:"note,omitempty"`
}

const (
	pastLimit   = 200 // calls of a history
	searchLimit = 50  // contacts found
	taskLimit   = 200
	lookFor     = 5 * time.Second // no question to the store lasts longer
)

// errEnough ends an iteration that has found what it looked for.
var errEnough = errors.New("enough")

func (d *Desk) past(api huma.API) {
	get := func(id, path, summary string) huma.Operation {
		return operation(id, http.MethodGet, path, campaign.RoleAgent, summary)
	}
	huma.Register(api, get("history", "/api/v1/history", "One's own calls of the day, newest first"), d.ownHistory)
	huma.Register(api, get("contact-history", "/api/v1/interactions/{id}/history", "The contact's calls, newest first"), d.contactHistory)
	huma.Register(api, get("contacts", "/api/v1/contacts", "Search the contact directory"), d.search)
	huma.Register(api, get("workbin", "/api/v1/workbin", "One's own callbacks and open records, due ones first"), d.workbin)
}

// mayLook reports whether a caller may see records at all just now. An engaged
// agent may not before a contact has answered: the next record could be among
// them.
func (d *Desk) mayLook(ctx context.Context) (bool, error) {
	p := who(ctx)
	if !p.engaged {
		return true, nil
	}
	s, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: p.user, Role: campaign.RoleAgent})
	if err != nil {
		return false, d.problem(err)
	}
	return slices.ContainsFunc(s.Interactions, func(i campaign.InteractionView) bool {
		return i.Agent == p.user && !i.Blank && !i.AnsweredAt.IsZero()
	}), nil
}

// attempts gives the last so many calls that are wanted, newest first.
func (d *Desk) attempts(ctx context.Context, wanted func(campaign.Attempt) bool) ([]campaign.Attempt, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	var found []campaign.Attempt
	err := d.cfg.Store.Attempts(ctx, "", func(a campaign.Attempt) error {
		if wanted(a) {
			if found = append(found, a); len(found) >= 2*pastLimit {
				found = slices.Clone(found[pastLimit:])
			}
		}
		return nil
	})
	slices.Reverse(found)
	return found[:min(len(found), pastLimit)], err
}

func (d *Desk) ownHistory(ctx context.Context, _ *struct{}) (*body[[]PastCall], error) {
	p, now := who(ctx), d.cfg.Now()
	y, m, day := now.Date()
	since := time.Date(y, m, day, 0, 0, 0, 0, now.Location())
	as, err := d.attempts(ctx, func(a campaign.Attempt) bool { return a.Agent == p.user && !a.DialedAt.Before(since) })
	if err != nil {
		return nil, d.problem(err)
	}
	out := make([]PastCall, 0, len(as))
	for _, a := range as {
		c := pastCall(a)
		// A record that stayed blank for an engaged agent stays so: it will be
		// dialled again.
		if p.engaged && a.AnsweredAt.IsZero() {
			c.List, c.RecordID, c.Number, c.Note = "", "", "", ""
		} else {
			c.Name = d.nameOf(ctx, a)
		}
		out = append(out, c)
	}
	return reply(out), nil
}

func pastCall(a campaign.Attempt) PastCall {
	c := PastCall{Attempt: string(a.ID), Campaign: a.Campaign, List: a.List, RecordID: a.RecordID, Number: a.Number, Agent: string(a.Agent),
		DialedAt: a.DialedAt, AnsweredAt: a.AnsweredAt, EndedAt: a.EndedAt, EndedBy: string(a.EndedBy), Disposition: a.Disposition, Note: a.Note}
	if a.Result != 0 {
		c.Result = a.Result.String()
	}
	if a.Recording != "" {
		c.Recording = "kept"
	}
	if r := a.Recorded; r != nil {
		c.Consent = string(r.Consent)
		if !r.DeletedAt.IsZero() {
			c.Recording = "deleted"
		}
	}
	return c
}

// nameOf looks a contact's name up; a call without a record has none.
func (d *Desk) nameOf(ctx context.Context, a campaign.Attempt) (name string) {
	if a.List == "" || a.RecordID == "" {
		return ""
	}
	_ = d.cfg.Store.Records(ctx, campaign.RecordQuery{List: a.List, ID: a.RecordID}, func(r campaign.Record) error {
		name = r.Name
		return errEnough
	})
	return name
}

func (d *Desk) contactHistory(ctx context.Context, in *OneInteraction) (*body[[]PastCall], error) {
	v, err := d.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if v.Blank || v.Content == nil {
		return nil, problem(http.StatusForbidden, CodeBlank, "the contact has not answered yet")
	}
	person, number := "", v.Content.Number
	if v.Content.List != "" {
		err := d.cfg.Store.Records(ctx, campaign.RecordQuery{List: v.Content.List, ID: v.Content.RecordID}, func(r campaign.Record) error {
			person = r.Person
			return errEnough
		})
		if err != nil && !errors.Is(err, errEnough) {
			return nil, d.problem(err)
		}
	}
	mine, err := d.mine(ctx)
	if err != nil {
		return nil, err
	}
	as, err := d.attempts(ctx, func(a campaign.Attempt) bool {
		return (person != "" && a.Person == person || a.Number == number) && (a.Campaign == "" || mine.campaigns == nil || mine.campaigns[a.Campaign])
	})
	if err != nil {
		return nil, d.problem(err)
	}
	out := make([]PastCall, 0, len(as))
	for _, a := range as {
		out = append(out, pastCall(a))
	}
	return reply(out), nil
}

// reach is which campaigns and lists somebody may look into; nil: all.
type reach struct{ campaigns, lists map[string]bool }

// mine is the caller's reach: an agent's are the campaigns she is assigned to.
func (d *Desk) mine(ctx context.Context) (reach, error) {
	p := who(ctx)
	if p.overseer() {
		s := d.scope(ctx)
		return reach{campaigns: s.campaigns, lists: s.lists}, nil
	}
	s, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: p.user, Role: campaign.RoleAgent})
	if err != nil {
		return reach{}, d.problem(err)
	}
	team := ""
	for _, a := range s.Agents {
		team = a.Team
	}
	r := reach{campaigns: map[string]bool{}, lists: map[string]bool{}}
	for _, c := range s.Campaigns {
		r.campaigns[c.Name] = c.Assigned.Has(p.user, team)
	}
	rows, err := d.cfg.Store.Campaigns(ctx)
	if err != nil {
		return r, d.problem(err)
	}
	for _, row := range rows {
		if !r.campaigns[row.Name] {
			continue
		}
		if c, err := d.cfg.Documents.Parse(row.Document); err == nil {
			for _, l := range c.Lists {
				r.lists[l] = true
			}
		}
	}
	return r, nil
}

func (r reach) list(name string) bool { return r.lists == nil || r.lists[name] }

func (d *Desk) search(ctx context.Context, in *struct {
	Q string `query:"q" maxLength:"100" doc:"part of a name, number, id or field; two characters at least"`
}) (*body[[]Contact], error) {
	look, err := d.mayLook(ctx)
	if err != nil {
		return nil, err
	}
	if !look {
		return nil, problem(http.StatusForbidden, CodeBlank, "the contact has not answered yet")
	}
	q := strings.ToLower(strings.TrimSpace(in.Q))
	if len([]rune(q)) < 2 {
		return reply([]Contact{}), nil
	}
	mine, err := d.mine(ctx)
	if err != nil {
		return nil, err
	}
	out := []Contact{}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	err = d.cfg.Store.Records(ctx, campaign.RecordQuery{}, func(r campaign.Record) error {
		if !mine.list(r.List) || !matches(r, q) {
			return nil
		}
		if out = append(out, contact(r)); len(out) >= searchLimit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, context.DeadlineExceeded) { // what was found in time is shown
		return nil, d.problem(err)
	}
	return reply(out), nil
}

// matches looks for a text in what people know a contact by. Digits are looked
// for in the number however it is written.
func matches(r campaign.Record, q string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), q) }
	if has(r.Name) || has(r.CustomerID) || r.ID == q {
		return true
	}
	if digits := strings.TrimLeft(keepDigits(q), "0"); len(digits) >= 3 && len(digits) >= len(q)/2 && strings.Contains(r.Phone, digits) {
		return true
	}
	return slices.ContainsFunc(r.Fields, func(f campaign.Field) bool { return has(f.Value) })
}

func keepDigits(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, s)
}

func contact(r campaign.Record) Contact {
	return Contact{List: r.List, RecordID: r.ID, Name: r.Name, Number: r.Phone, Fields: listed(r.Fields)}
}

func (d *Desk) workbin(ctx context.Context, _ *struct{}) (*body[[]Task], error) {
	p, now := who(ctx), d.cfg.Now()
	look, err := d.mayLook(ctx)
	if err != nil {
		return nil, err
	}
	s, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: p.user, Role: campaign.RoleAgent})
	if err != nil {
		return nil, d.problem(err)
	}
	out := []Task{}
	for _, i := range s.Interactions {
		if i.Agent != p.user || i.State == campaign.StateOffered || i.Blank {
			continue
		}
		t := Task{Kind: "open", Interaction: string(i.ID), Note: i.Note}
		if c := i.Content; c != nil {
			t.Contact = Contact{List: c.List, RecordID: c.RecordID, Name: c.Name, Number: c.Number, Fields: listed(c.Fields)}
		}
		out = append(out, t)
	}
	open := len(out)
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	err = d.cfg.Store.Records(ctx, campaign.RecordQuery{Changed: true}, func(r campaign.Record) error {
		waits := r.Status == campaign.Ready || r.Status == campaign.MissedCallback
		if r.Owner != p.user || !waits || r.Type != campaign.PersonalCallback && r.Type != campaign.PersonalRescheduled {
			return nil
		}
		t := Task{Kind: "callback", At: r.NextDial, Missed: r.Status == campaign.MissedCallback || r.NextDial.Before(now)}
		t.Fields = []campaign.Field{}
		if look { // else only when
			t.Contact, t.Note = contact(r), r.Note
		}
		if out = append(out, t); len(out) >= taskLimit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, d.problem(err)
	}
	slices.SortStableFunc(out[open:], func(a, b Task) int { return a.At.Compare(b.At) })
	return reply(out), nil
}
