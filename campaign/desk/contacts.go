package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Contact is a person as the contact directory shows her.
type Contact struct {
	ID         string         `json:"id,omitempty" doc:"names the person: customer id, else chain, else number"`
	List       string         `json:"list,omitempty" doc:"of the first of her records"`
	RecordID   string         `json:"record_id,omitempty"`
	Name       string         `json:"name,omitempty"`
	Number     string         `json:"number"`
	CustomerID string         `json:"customer_id,omitempty"`
	TimeZone   string         `json:"time_zone,omitempty" doc:"IANA, where it is known"`
	Numbers    []ContactLine  `json:"numbers,omitempty" doc:"all her numbers"`
	Fields     []ContactField `json:"fields"`
	Changed    time.Time      `json:"changed,omitzero"`
	ChangedBy  string         `json:"changed_by,omitempty"`
}

// ContactLine is one number of a contact.
type ContactLine struct {
	List     string `json:"list"`
	RecordID string `json:"record_id"`
	Number   string `json:"number"`
	Type     string `json:"type,omitempty"`
}

// ContactField is a column of a contact.
type ContactField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Locked bool   `json:"locked,omitempty" doc:"a number that is dialled: it is not changed here"`
}

// ContactChange is what somebody changed of a contact; what is left out stays.
type ContactChange struct {
	Name   *string          `json:"name,omitempty" maxLength:"200"`
	Fields []campaign.Field `json:"fields,omitempty" maxItems:"100" doc:"the changed ones"`
}

// NewContact is a contact entered by hand.
type NewContact struct {
	Name       string           `json:"name" minLength:"1" maxLength:"200"`
	Number     string           `json:"number" minLength:"1" maxLength:"64"`
	CustomerID string           `json:"customer_id,omitempty" maxLength:"100"`
	Fields     []campaign.Field `json:"fields,omitempty" maxItems:"50"`
}

// OneContact names a contact in a path.
type OneContact struct {
	ID string `path:"id" maxLength:"1000" doc:"as in Contact.id, escaped"`
}

// CodeExists says that a contact is there already.
const CodeExists campaign.ReasonCode = "exists"

const searchLimit = 50 // contacts found

func (d *Desk) contacts(api huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		return operation(id, method, "/api/v1"+path, campaign.RoleAgent, summary)
	}
	huma.Register(api, op("contacts", http.MethodGet, "/contacts", "Search the contact directory"), d.search)
	huma.Register(api, op("contact-new", http.MethodPost, "/contacts", "Enter a new contact"), d.newContact)
	huma.Register(api, op("contact", http.MethodGet, "/contacts/{id}", "A contact"), d.oneContact)
	huma.Register(api, op("contact-change", http.MethodPut, "/contacts/{id}", "Change a contact; lists that are exported give the new values"), d.changeContact)
	huma.Register(api, op("contact-calls", http.MethodGet, "/contacts/{id}/history", "A contact's calls, newest first"), d.contactCalls)
	huma.Register(api, op("interaction-contact", http.MethodGet, "/interactions/{id}/contact", "The contact of an interaction"), d.interactionContact)
	huma.Register(api, op("interaction-contact-change", http.MethodPut, "/interactions/{id}/contact", "Change the contact of an interaction; one that is not known yet is entered"), d.changeInteractionContact)
}

// unblinded refuses who may not see records just now.
func (d *Desk) unblinded(ctx context.Context) error {
	look, err := d.mayLook(ctx)
	if err == nil && !look {
		err = problem(http.StatusForbidden, CodeBlank, "the contact has not answered yet")
	}
	return err
}

func (d *Desk) search(ctx context.Context, in *struct {
	Q string `query:"q" maxLength:"100" doc:"beginnings of words of a name, customer number or field, or of a number; two characters at least"`
}) (*body[[]Contact], error) {
	if err := d.unblinded(ctx); err != nil {
		return nil, err
	}
	q := strings.TrimSpace(in.Q)
	if len([]rune(q)) < 2 {
		return reply([]Contact{}), nil
	}
	mine, err := d.mine(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	cs, err := d.cfg.Store.FindContacts(ctx, campaign.ContactQuery{Text: q, Lists: mine.names(), Limit: searchLimit})
	switch late := errors.Is(ctx.Err(), context.DeadlineExceeded); { // a store has its own words for it
	case late && len(cs) == 0:
		return nil, problem(http.StatusServiceUnavailable, CodeTooLong, "the search took too long; try again, or type more of the name or number")
	case err != nil && !late: // what was found in time is shown
		return nil, d.problem(err)
	}
	out := make([]Contact, 0, len(cs))
	for _, c := range cs {
		out = append(out, d.contactView(c))
	}
	return reply(out), nil
}

// contactView is a contact as the API shows it.
func (d *Desk) contactView(c campaign.Contact) Contact {
	v := Contact{ID: c.Person, Name: c.Name, Number: c.Number, CustomerID: c.CustomerID, Changed: c.Changed, ChangedBy: string(c.By), Fields: []ContactField{}}
	locked := map[string]bool{}
	for i, r := range c.Records {
		if i == 0 {
			v.List, v.RecordID = r.List, r.ID
		}
		if v.TimeZone == "" {
			v.TimeZone = r.TimeZone
		}
		locked[r.PhoneType] = r.PhoneType != ""
		v.Numbers = append(v.Numbers, ContactLine{List: r.List, RecordID: r.ID, Number: r.Phone, Type: r.PhoneType})
	}
	if v.TimeZone == "" {
		v.TimeZone = campaign.ZoneOfNumber(c.Number)
	}
	for _, f := range c.Fields {
		v.Fields = append(v.Fields, ContactField{f.Name, f.Value, locked[f.Name] || f.Value != "" && f.Value == c.CustomerID})
	}
	return v
}

// reachable is a contact that the caller may look at: one with a record in her
// lists, or one who was entered by hand and has none.
func (d *Desk) reachable(ctx context.Context, person string) (campaign.Contact, error) {
	if err := d.unblinded(ctx); err != nil {
		return campaign.Contact{}, err
	}
	c, err := d.cfg.Store.Contact(ctx, person)
	if err != nil {
		return c, d.problem(err)
	}
	return d.visible(ctx, c)
}

// visible is what the caller may see of a contact.
func (d *Desk) visible(ctx context.Context, c campaign.Contact) (campaign.Contact, error) {
	mine, err := d.mine(ctx)
	if err != nil || len(c.Records) == 0 || mine.lists == nil {
		return c, err
	}
	rs := slices.DeleteFunc(slices.Clone(c.Records), func(r campaign.Record) bool { return !mine.list(r.List) })
	if len(rs) == 0 {
		return campaign.Contact{}, huma.Error404NotFound("contact " + c.Person + ": not found")
	}
	// Of other lists' columns she sees nothing.
	known := map[string]bool{}
	for _, r := range rs {
		for _, f := range r.Fields {
			known[f.Name] = true
		}
	}
	c.Records, c.Number = rs, rs[0].Phone
	c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f campaign.Field) bool { return !known[f.Name] })
	return c, nil
}

func (d *Desk) oneContact(ctx context.Context, in *OneContact) (*body[Contact], error) {
	c, err := d.reachable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(d.contactView(c)), nil
}

func (d *Desk) changeContact(ctx context.Context, in *struct {
	OneContact
	Body ContactChange
}) (*body[Contact], error) {
	c, err := d.reachable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return d.saveContact(ctx, c, in.Body)
}

// saveContact writes a change and shows it to whoever has the contact on her desk.
func (d *Desk) saveContact(ctx context.Context, c campaign.Contact, change ContactChange) (*body[Contact], error) {
	e := campaign.ContactEdit{Person: c.Person, Name: change.Name, Fields: change.Fields, By: who(ctx).user, At: d.now()}
	known := d.contactView(c)
	for _, f := range e.Fields {
		i := slices.IndexFunc(known.Fields, func(k ContactField) bool { return k.Name == f.Name })
		if len(c.Records) > 0 && i < 0 {
			return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "the contact has no field "+f.Name)
		}
		if i >= 0 && known.Fields[i].Locked && known.Fields[i].Value != f.Value {
			return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, f.Name+" is not changed here: it is a number that is dialled, or names the customer")
		}
	}
	if err := sound(e); err != nil {
		return nil, err
	}
	return d.putContact(ctx, e)
}

func (d *Desk) putContact(ctx context.Context, e campaign.ContactEdit) (*body[Contact], error) {
	err := d.cfg.Store.PutContact(ctx, e)
	if errors.Is(err, campaign.ErrExists) {
		return nil, problem(http.StatusConflict, CodeExists, "this contact is in the directory already")
	}
	if err != nil {
		return nil, d.problem(err)
	}
	if err := d.cfg.Control.Do(ctx, campaign.ClickContact{ContactEdit: e}); err != nil {
		d.cfg.Log.Warn("a changed contact is stored, and not yet on the desks", "err", err)
	}
	c, err := d.cfg.Store.Contact(ctx, e.Person)
	if err != nil {
		return nil, d.problem(err)
	}
	if c, err = d.visible(ctx, c); err != nil {
		return nil, err
	}
	return reply(d.contactView(c)), nil
}

// sound refuses what no name or field holds.
func sound(e campaign.ContactEdit) error {
	fields := e.Fields
	if e.Name != nil {
		fields = append(slices.Clone(fields), campaign.Field{Name: "name", Value: *e.Name})
	}
	for _, f := range fields {
		if f.Name == "" || len(f.Name) > 200 || len(f.Value) > 4000 {
			return problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "a field has a name of 200 and a value of 4000 bytes at most: "+f.Name)
		}
		for _, c := range f.Name + f.Value {
			if unicode.IsControl(c) && c != '\n' && c != '\t' || c == unicode.ReplacementChar {
				return problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, f.Name+": characters that nobody can read")
			}
		}
	}
	return nil
}

func (d *Desk) newContact(ctx context.Context, in *struct{ Body NewContact }) (*body[Contact], error) {
	if err := d.unblinded(ctx); err != nil {
		return nil, err
	}
	number, err := d.dialable(in.Body.Number)
	if err != nil {
		return nil, err
	}
	name, customer := strings.TrimSpace(in.Body.Name), strings.TrimSpace(in.Body.CustomerID)
	if name == "" {
		return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "a contact needs a name")
	}
	e := campaign.ContactEdit{Person: campaign.PersonOf(customer, "", number), New: true, Name: &name, Number: number, CustomerID: customer,
		Fields: in.Body.Fields, By: who(ctx).user, At: d.now()}
	if err := sound(e); err != nil {
		return nil, err
	}
	return d.putContact(ctx, e)
}

func (d *Desk) contactCalls(ctx context.Context, in *OneContact) (*body[[]PastCall], error) {
	c, err := d.reachable(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return d.callsOf(ctx, c)
}

// onDesk is the contact of one of the caller's interactions; known is false
// for somebody who is in no list and was not entered yet.
func (d *Desk) onDesk(ctx context.Context, id campaign.InteractionID) (c campaign.Contact, known bool, err error) {
	v, err := d.own(ctx, id)
	if err != nil {
		return c, false, err
	}
	if v.Blank || v.Content == nil || v.Content.Number == "" && v.Content.RecordID == "" {
		return c, false, problem(http.StatusForbidden, CodeBlank, "the contact has not answered yet")
	}
	person := ""
	if v.Content.List != "" {
		err := d.cfg.Store.Records(ctx, campaign.RecordQuery{List: v.Content.List, ID: v.Content.RecordID}, func(r campaign.Record) error {
			person = r.Person
			return errEnough
		})
		if err != nil && !errors.Is(err, errEnough) {
			return c, false, d.problem(err)
		}
	}
	if person == "" {
		person, err = d.personOf(ctx, v.Content.Number)
		if err != nil {
			return c, false, err
		}
	}
	c, err = d.cfg.Store.Contact(ctx, person)
	if errors.Is(err, campaign.ErrNotFound) {
		return campaign.Contact{Person: person, Name: v.Content.Name, Number: v.Content.Number}, false, nil
	}
	if err == nil {
		c, err = d.visible(ctx, c)
	}
	return c, true, d.problem(err)
}

// personOf is whose number it is, as far as the caller may know.
func (d *Desk) personOf(ctx context.Context, number string) (string, error) {
	mine, err := d.mine(ctx)
	if err != nil {
		return "", err
	}
	cs, err := d.cfg.Store.FindContacts(ctx, campaign.ContactQuery{Text: number, Lists: mine.names(), Limit: 2})
	if err != nil {
		return "", d.problem(err)
	}
	for _, c := range cs {
		if c.Number == number || slices.ContainsFunc(c.Records, func(r campaign.Record) bool { return r.Phone == number }) {
			return c.Person, nil
		}
	}
	return campaign.PersonOf("", "", number), nil
}

func (d *Desk) interactionContact(ctx context.Context, in *OneInteraction) (*body[Contact], error) {
	c, _, err := d.onDesk(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(d.contactView(c)), nil
}

func (d *Desk) changeInteractionContact(ctx context.Context, in *struct {
	OneInteraction
	Body ContactChange
}) (*body[Contact], error) {
	c, known, err := d.onDesk(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if known {
		return d.saveContact(ctx, c, in.Body)
	}
	e := campaign.ContactEdit{Person: c.Person, New: true, Name: in.Body.Name, Number: c.Number, Fields: in.Body.Fields, By: who(ctx).user, At: d.now()}
	if err := sound(e); err != nil {
		return nil, err
	}
	return d.putContact(ctx, e)
}
