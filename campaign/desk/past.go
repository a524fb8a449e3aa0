package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// PastCall is an attempt as a history shows it.
type PastCall struct {
	Attempt     string        `json:"attempt"`
	Campaign    string        `json:"campaign,omitempty"`
	List        string        `json:"list,omitempty"`
	RecordID    string        `json:"record_id,omitempty"`
	Name        string        `json:"name,omitempty"`
	Number      string        `json:"number,omitempty"`
	Agent       string        `json:"agent,omitempty"`
	DialedAt    time.Time     `json:"dialed_at"`
	AnsweredAt  time.Time     `json:"answered_at,omitzero"`
	EndedAt     time.Time     `json:"ended_at,omitzero"`
	EndedBy     string        `json:"ended_by,omitempty"`
	Result      string        `json:"result,omitempty"`
	Disposition string        `json:"disposition,omitempty"`
	Note        string        `json:"note,omitempty"`
	Recording   string        `json:"recording,omitempty" enum:"kept,deleted"`
	Consent     string        `json:"consent,omitempty" enum:"given,refused" doc:"to being recorded"`
	Was         []PastOutcome `json:"was,omitempty" doc:"what the outcome was before it was corrected, the last first"`
	Inbound     bool          `json:"inbound,omitempty" doc:"the contact called"`
}

// PastOutcome is an outcome before a correction.
type PastOutcome struct {
	Until       time.Time `json:"until"`
	Result      string    `json:"result,omitempty"`
	Disposition string    `json:"disposition,omitempty"`
	Note        string    `json:"note,omitempty"`
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
	pastLimit = 200 // calls of a history
	taskLimit = 200
	lookFor   = 5 * time.Second // no question to the store lasts longer
)

// errEnough ends an iteration that has found what it looked for.
var errEnough = errors.New("enough")

func (d *Desk) past(api huma.API) {
	get := func(id, path, summary string) huma.Operation {
		return operation(id, http.MethodGet, path, campaign.RoleAgent, summary)
	}
	huma.Register(api, get("history", "/api/v1/history", "One's own calls of a day, newest first"), d.ownHistory)
	huma.Register(api, get("contact-history", "/api/v1/interactions/{id}/history", "The contact's calls, newest first"), d.contactHistory)
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

func (d *Desk) ownHistory(ctx context.Context, in *struct {
	Day string `query:"day" format:"date" doc:"the server's day, e.g. 2026-03-04; without it today"`
}) (*body[[]PastCall], error) {
	p, now := who(ctx), d.now()
	y, m, day := now.Date()
	since := time.Date(y, m, day, 0, 0, 0, 0, now.Location())
	if in.Day != "" {
		t, err := time.ParseInLocation(time.DateOnly, in.Day, now.Location())
		if err != nil {
			return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "day: not a day such as 2026-03-04")
		}
		since = t
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	as, err := d.cfg.Store.PastAttempts(ctx, campaign.AttemptQuery{Agent: p.user, Since: since, Until: since.AddDate(0, 0, 1), Limit: pastLimit})
	if err != nil {
		return nil, d.problem(err)
	}
	out := make([]PastCall, 0, len(as))
	for _, a := range as {
		c := pastCall(a)
		// A record that stayed blank for an engaged agent stays so: it will be
		// dialled again.
		if p.engaged && a.AnsweredAt.IsZero() {
			c.List, c.RecordID, c.Number, c.Note, c.Name, c.Was = "", "", "", "", "", nil
		}
		out = append(out, c)
	}
	return reply(out), nil
}

func pastCall(a campaign.PastAttempt) PastCall {
	c := PastCall{Attempt: string(a.ID), Campaign: a.Campaign, List: a.List, RecordID: a.RecordID, Number: a.Number, Name: a.Name, Agent: string(a.Agent),
		DialedAt: a.DialedAt, AnsweredAt: a.AnsweredAt, EndedAt: a.EndedAt, EndedBy: string(a.EndedBy), Result: resultWord(a.Result),
		Disposition: a.Disposition, Note: a.Note, Inbound: a.Inbound}
	for _, o := range a.Was {
		c.Was = append(c.Was, PastOutcome{o.Until, resultWord(o.Result), o.Disposition, o.Note})
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

func resultWord(r campaign.CallResult) string {
	if r == 0 {
		return ""
	}
	return r.String()
}

func (d *Desk) contactHistory(ctx context.Context, in *OneInteraction) (*body[[]PastCall], error) {
	c, _, err := d.onDesk(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return d.callsOf(ctx, c)
}

// callsOf are a contact's calls that the caller may know of.
func (d *Desk) callsOf(ctx context.Context, c campaign.Contact) (*body[[]PastCall], error) {
	mine, err := d.mine(ctx)
	if err != nil {
		return nil, err
	}
	q := campaign.AttemptQuery{Person: c.Person, Numbers: []string{c.Number}, Limit: pastLimit}
	for _, r := range c.Records {
		if !slices.Contains(q.Numbers, r.Phone) {
			q.Numbers = append(q.Numbers, r.Phone)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	as, err := d.cfg.Store.PastAttempts(ctx, q)
	if err != nil {
		return nil, d.problem(err)
	}
	out := make([]PastCall, 0, len(as))
	for _, a := range as {
		if a.Campaign == "" || mine.campaigns == nil || mine.campaigns[a.Campaign] {
			out = append(out, pastCall(a))
		}
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
		if c, err := d.cfg.Documents.Parse(ctx, row); err == nil {
			for _, l := range c.Lists {
				r.lists[l] = true
			}
		}
	}
	return r, nil
}

func (r reach) list(name string) bool { return r.lists == nil || r.lists[name] }

// names are the lists of a reach; nil: all.
func (r reach) names() []string {
	if r.lists == nil {
		return nil
	}
	out := []string{}
	for l := range r.lists {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

func (d *Desk) workbin(ctx context.Context, _ *struct{}) (*body[[]Task], error) {
	p, now := who(ctx), d.now()
	look, err := d.mayLook(ctx)
	if err != nil {
		return nil, err
	}
	s, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: p.user, Role: campaign.RoleAgent})
	if err != nil {
		return nil, d.problem(err)
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	rs, err := d.cfg.Store.Owned(ctx, p.user, taskLimit)
	if err != nil {
		return nil, d.problem(err)
	}
	out := []Task{}
	for _, r := range rs {
		t := Task{Kind: "callback", At: r.NextDial, Missed: r.Status == campaign.MissedCallback || r.NextDial.Before(now)}
		t.Fields = []ContactField{}
		if look { // else only when
			t.Contact, t.Note = d.contactView(campaign.Contact{Person: r.Person, Name: r.Name, Number: r.Phone, CustomerID: r.CustomerID, Fields: r.Fields, Records: []campaign.Record{r}}), r.Note
		}
		out = append(out, t)
	}
	return reply(append(out, openOn(s.Interactions, p.user)...)), nil
}

// openOn are the records on somebody's own desk.
func openOn(is []campaign.InteractionView, user campaign.AgentID) (out []Task) {
	for _, i := range is {
		if i.Agent != user || i.State == campaign.StateOffered || i.Blank {
			continue
		}
		t := Task{Kind: "open", Interaction: string(i.ID), Note: i.Note}
		t.Fields = []ContactField{}
		if c := i.Content; c != nil {
			t.Contact.List, t.RecordID, t.Name, t.Number = c.List, c.RecordID, c.Name, c.Number
			for _, f := range c.Fields {
				t.Fields = append(t.Fields, ContactField{Name: f.Name, Value: f.Value})
			}
		}
		out = append(out, t)
	}
	return out
}
