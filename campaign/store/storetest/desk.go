package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// deskStore is what a desktop asks a store beside a dialer.
type deskStore interface {
	campaign.Directory
	campaign.Histories
	campaign.Mailbox
	campaign.Preferences
}

func (b *bench) desk() deskStore {
	b.t.Helper()
	s, ok := b.s.(deskStore)
	if !ok {
		b.t.Fatal("the store keeps no contacts, histories, messages or preferences")
	}
	return s
}

func named(name string) func(*campaign.Record) {
	return func(r *campaign.Record) {
		r.Name = name
		r.Fields = append(r.Fields, campaign.Field{Name: "Name", Value: name})
	}
}

func (b *bench) contact(person string) campaign.Contact {
	b.t.Helper()
	c, err := b.desk().Contact(b.t.Context(), person)
	b.must(err)
	return c
}

func fieldOf(fs []campaign.Field, name string) string {
	for _, f := range fs {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// contacts: what agents change is what everybody reads, and the record keeps
// what was imported.
func contacts(t *testing.T, b *bench) {
	d := b.desk()
	customer := func(r *campaign.Record) { r.CustomerID = "K1" }
	b.imports(rec(1, named("Anna Beispiel"), customer), rec(2, named("Anna Beispiel"), customer), rec(3, named("Ben")))
	name := "Anna Muster"
	edit := func(e campaign.ContactEdit) error {
		e.At = b.now
		return d.PutContact(t.Context(), e)
	}
	b.must(edit(campaign.ContactEdit{Person: "customer:K1", Name: &name, By: "ann"}))
	b.must(edit(campaign.ContactEdit{Person: "customer:K1", Fields: []campaign.Field{{Name: "Ort", Value: "Bonn"}}, By: "ben"}))
	for _, id := range []string{"1", "2"} {
		r := b.record(id)
		equal(t, "name of "+id, r.Name, name)
		equal(t, "its column", fieldOf(r.Fields, "Name"), name)
		equal(t, "town of "+id, fieldOf(r.Fields, "Ort"), "Bonn")
	}
	equal(t, "another's", fieldOf(b.record("3").Fields, "Ort"), "Köln")
	equal(t, "leased", b.leases("1").Record.Name, name)
	c := b.contact("customer:K1")
	if c.Name != name || len(c.Records) != 2 || c.By != "ben" || !c.Changed.Equal(b.now) || fieldOf(c.Fields, "Ort") != "Bonn" || c.CustomerID != "K1" {
		t.Errorf("contact %+v", c)
	}
	if _, err := d.Contact(t.Context(), "customer:nobody"); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := edit(campaign.ContactEdit{Person: "customer:nobody", Name: &name}); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("changed nobody: %v", err)
	}
	for _, person := range []string{"customer:K1", "number:" + phone(3)} {
		if err := edit(campaign.ContactEdit{Person: person, New: true, Name: &name}); !errors.Is(err, campaign.ErrExists) {
			t.Errorf("a new %s: %v", person, err)
		}
	}
	carl := "Carl"
	b.must(edit(campaign.ContactEdit{Person: "number:" + phone(9), New: true, Name: &carl, Number: phone(9), By: "ann"}))
	if c := b.contact("number:" + phone(9)); c.Name != carl || c.Number != phone(9) || len(c.Records) != 0 {
		t.Errorf("new contact %+v", c)
	}
	b.imports(rec(9, named("C. Nimmer")))
	equal(t, "imported later", b.record("9").Name, carl)
	b.must(d.ForgetContact(t.Context(), "number:"+phone(9)))
	equal(t, "forgotten", b.record("9").Name, "C. Nimmer")
}

func findContacts(t *testing.T, b *bench) {
	d := b.desk()
	b.imports(rec(1, named("Anna Beispiel")), rec(2, named("Ömer Çelik")), rec(3, named("Großmann, Eva")))
	b.importsTo("second", rec(4, named("Anna Anderswo")))
	name := "Gisela Neu"
	b.must(d.PutContact(t.Context(), campaign.ContactEdit{Person: "number:" + phone(8), New: true, Name: &name, Number: phone(8), At: b.now}))
	married := "Anna Verheiratet"
	b.must(d.PutContact(t.Context(), campaign.ContactEdit{Person: "number:" + phone(1), Name: &married, At: b.now}))
	for _, c := range []struct {
		text  string
		lists []string
		want  string
	}{
		{"anna", nil, "Anna Verheiratet, Anna Anderswo"},
		{"beisp ann", nil, "Anna Verheiratet"},
		{"Verheir", []string{list}, "Anna Verheiratet"},
		{"verheir", []string{"second"}, ""},
		{"anna", []string{"second"}, "Anna Anderswo"},
		{"anna", []string{}, ""},
		{"OMER", nil, "Ömer Çelik"},
		{"çelik", nil, "Ömer Çelik"},
		{"grossm", nil, "Großmann, Eva"},
		{"nna", nil, ""},
		{"gisela", []string{"second"}, name},
		{"030 23125 00", nil, "Anna Verheiratet, Ömer Çelik, Großmann, Eva, Anna Anderswo, Gisela Neu"},
		{phone(2), nil, "Ömer Çelik"},
		{`"anna" OR * (:`, nil, ""},
		{"' --", nil, ""},
		{"3", []string{list}, "Großmann, Eva"},
	} {
		got, err := d.FindContacts(t.Context(), campaign.ContactQuery{Text: c.text, Lists: c.lists, Limit: 10})
		b.must(err)
		var names []string
		for _, g := range got {
			names = append(names, g.Name)
		}
		equal(t, "found for "+c.text, strings.Join(names, ", "), c.want)
	}
	some, err := d.FindContacts(t.Context(), campaign.ContactQuery{Text: "anna", Limit: 1})
	b.must(err)
	equal(t, "at most", len(some), 1)
}

func pastAttempts(t *testing.T, b *bench) {
	d := b.desk()
	b.imports(rec(1, named("Anna")), rec(2, named("Ben")))
	begin := b.now
	b.calls("1", campaign.NoAnswer)
	b.now = b.now.Add(time.Minute)
	b.calls("2", campaign.Answer)
	b.now = b.now.Add(time.Minute)
	q := b.permitQuery(campaign.Lease{})
	q.Manual, q.Number, q.Person, q.Agent = true, phone(1), "", "eva"
	b.must(b.s.Permit(t.Context(), q))
	for what, c := range map[string]struct {
		q    campaign.AttemptQuery
		want string
	}{
		"hers":      {campaign.AttemptQuery{Agent: "ann"}, "Ben Anna"},
		"since":     {campaign.AttemptQuery{Agent: "ann", Since: begin.Add(time.Second)}, "Ben"},
		"person's":  {campaign.AttemptQuery{Person: "number:" + phone(1), Limit: 10}, " Anna"},
		"number's":  {campaign.AttemptQuery{Person: "customer:1", Numbers: []string{phone(1), phone(2)}}, " Ben Anna"},
		"limit":     {campaign.AttemptQuery{Limit: 1}, ""},
		"of nobody": {campaign.AttemptQuery{Agent: "nobody"}, "-"},
	} {
		as, err := d.PastAttempts(t.Context(), c.q)
		b.must(err)
		var names []string
		for _, a := range as {
			names = append(names, a.Name)
		}
		got := strings.Join(names, " ")
		if len(as) == 0 {
			got = "-"
		}
		equal(t, what, got, c.want)
	}
	first, err := d.PastAttempts(t.Context(), campaign.AttemptQuery{Person: "number:" + phone(2)})
	b.must(err)
	s := campaign.Settlement{Attempt: first[0].Attempt, Correction: true, Now: b.now, Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Updated, Result: campaign.WrongParty}}
	s.Attempt.Result, s.Attempt.Note = campaign.WrongParty, "was her son"
	for range 2 {
		b.settles(s)
	}
	again, err := d.PastAttempts(t.Context(), campaign.AttemptQuery{Person: "number:" + phone(2)})
	b.must(err)
	if a := again[0]; a.Result != campaign.WrongParty || len(a.Was) != 1 || a.Was[0].Result != campaign.Answer || !a.Was[0].Until.Equal(b.now) {
		t.Errorf("corrected: %+v", a)
	}
	byStatus, byResult, err := d.CountRecords(t.Context(), []string{list, "nothing"})
	b.must(err)
	equal(t, "finished", byStatus[campaign.Updated], 2)
	equal(t, "wrong party", byResult[campaign.WrongParty], 1)
}

func owned(t *testing.T, b *bench) {
	due := func(in time.Duration, status campaign.RecordStatus) func(*campaign.Record) {
		return func(r *campaign.Record) {
			r.Type, r.Status, r.Owner, r.NextDial = campaign.PersonalCallback, status, "ann", b.now.Add(in)
		}
	}
	b.imports(rec(1, due(time.Hour, campaign.Ready)), rec(2, due(-time.Hour, campaign.MissedCallback)), rec(3, due(time.Minute, campaign.Updated)), rec(4),
		rec(5, due(0, campaign.Ready), func(r *campaign.Record) { r.Owner = "ben" }))
	rs, err := b.desk().Owned(t.Context(), "ann", 10)
	b.must(err)
	if len(rs) != 2 || rs[0].ID != "2" || rs[1].ID != "1" || fieldOf(rs[0].Fields, "Ort") != "Köln" {
		t.Errorf("hers: %+v", rs)
	}
	if rs, err = b.desk().Owned(t.Context(), "", 10); err != nil || len(rs) != 0 {
		t.Errorf("nobody's: %+v %v", rs, err)
	}
}

func messages(t *testing.T, b *bench) {
	d := b.desk()
	m := campaign.Message{ID: "m1", At: b.now, From: "sue", To: campaign.ToCampaign, Name: "spring", Text: "Break at 12 <b>"}
	b.must(d.PutMessage(t.Context(), m, []campaign.AgentID{"ann", "ben"}))
	b.must(d.PutMessage(t.Context(), m, []campaign.AgentID{"ann"}))
	later := campaign.Message{ID: "m0", At: b.now.Add(time.Minute), To: campaign.ToAgent, Name: "ann", Code: "missed-callback", Text: "late"}
	b.must(d.PutMessage(t.Context(), later, []campaign.AgentID{"ann"}))
	unread := func(who campaign.AgentID, want int) {
		t.Helper()
		n, err := d.Unread(t.Context(), who)
		b.must(err)
		equal(t, "unread of "+string(who), n, want)
	}
	unread("ann", 2)
	unread("eva", 0)
	b.must(d.ReadMessages(t.Context(), "ann", []string{"m1"}, b.now.Add(time.Second)))
	unread("ann", 1)
	unread("ben", 1)
	in, err := d.Inbox(t.Context(), "ann", 10)
	b.must(err)
	if len(in) != 2 || in[0].ID != "m0" || in[0].Code != "missed-callback" || !in[0].ReadAt.IsZero() || in[1].Text != m.Text || in[1].From != "sue" || in[1].ReadAt.IsZero() {
		t.Errorf("inbox %+v", in)
	}
	sent, err := d.Sent(t.Context(), "sue", 10)
	b.must(err)
	if len(sent) != 1 || sent[0].Readers != 2 || sent[0].ReadBy != 1 || sent[0].To != campaign.ToCampaign || sent[0].Name != "spring" {
		t.Errorf("sent %+v", sent)
	}
	b.must(d.ReadMessages(t.Context(), "ann", nil, b.now))
	unread("ann", 0)
}

func preferences(t *testing.T, b *bench) {
	d := b.desk()
	b.must(d.PutPreference(t.Context(), "ann", "language", "de"))
	b.must(d.PutPreference(t.Context(), "ann", "language", "en"))
	for who, want := range map[campaign.AgentID]string{"ann": "en", "ben": ""} {
		v, err := d.Preference(t.Context(), who, "language")
		b.must(err)
		equal(t, string(who), v, want)
	}
}
