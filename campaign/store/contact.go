package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/freiton/freiton/campaign"
)

// contactDoc is the column doc of a contact.
type contactDoc struct {
	Name   *string          `json:"name,omitempty"`
	Fields []campaign.Field `json:"fields,omitempty"`
}

func readEdit(doc string) (campaign.ContactEdit, error) {
	var d contactDoc
	err := json.Unmarshal([]byte(doc), &d)
	return campaign.ContactEdit{Name: d.Name, Fields: d.Fields}, err
}

// PutContact implements campaign.Directory. Two who change different fields of
// one contact both keep what they wrote.
func (s *Core) PutContact(ctx context.Context, e campaign.ContactEdit) error {
	if e.Person == "" || len(e.Person) > maxName || len(e.CustomerID) > maxName {
		return errors.New("store: contact: it has no person, or one too long")
	}
	return s.write(ctx, "contact", func(t tx) error {
		var doc, number, customer string
		err := t.one(`SELECT doc, number, customer_id FROM contact WHERE person = ? FOR UPDATE`, []any{e.Person}, &doc, &number, &customer)
		found := err == nil
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		known := found
		if !known {
			var n int
			if err := t.one(`SELECT count(*) FROM (SELECT 1 FROM record WHERE person = ? LIMIT 1) x`, []any{e.Person}, &n); err != nil {
				return err
			}
			known = n > 0
		}
		switch {
		case e.New && known:
			return passing{fmt.Errorf("contact %s: %w", e.Person, campaign.ErrExists)}
		case !e.New && !known:
			return passing{fmt.Errorf("contact %s: %w", e.Person, campaign.ErrNotFound)}
		}
		was := campaign.ContactEdit{}
		if found {
			if was, err = readEdit(doc); err != nil {
				return err
			}
		}
		if e.New {
			number, customer = e.Number, e.CustomerID
		}
		return t.putContact(e, was.Merge(e), number, customer)
	})
}

// putContact writes a contact's whole state.
func (t tx) putContact(e, whole campaign.ContactEdit, number, customer string) error {
	b, err := json.Marshal(contactDoc{whole.Name, whole.Fields})
	if err != nil {
		return err
	}
	texts := []string{customer, number}
	if whole.Name != nil {
		texts = append([]string{*whole.Name}, texts...)
	}
	for _, f := range whole.Fields {
		texts = append(texts, f.Value)
	}
	_, err = t.exec(`INSERT INTO contact (person, number, customer_id, doc, search, created, changed, by_whom) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (person) DO UPDATE SET doc = excluded.doc, search = excluded.search, changed = excluded.changed, by_whom = excluded.by_whom`,
		e.Person, number, customer, string(b), joined(wordsOf(texts...)), ms(e.At), ms(e.At), e.By)
	return err
}

// ForgetContact implements campaign.Directory.
func (s *Core) ForgetContact(ctx context.Context, person string) error {
	return s.write(ctx, "forget contact", func(t tx) error {
		_, err := t.exec(`DELETE FROM contact WHERE person = ?`, person)
		return err
	})
}

// Contact implements campaign.Directory.
func (s *Core) Contact(ctx context.Context, person string) (campaign.Contact, error) {
	found := people{}
	err := s.recordsOf(ctx, found.add, ` FROM record r`+ofRecord+`WHERE r.person = ? ORDER BY r.list_id, r.ord LIMIT 100`, person)
	if err == nil {
		err = s.entered(ctx, found.enter, 1, `contact c`, `c.person = ?`, person)
	}
	if err != nil {
		return campaign.Contact{}, err
	}
	if len(found.list) == 0 {
		return campaign.Contact{}, fmt.Errorf("contact %s: %w", person, campaign.ErrNotFound)
	}
	return *found.list[0], nil
}

// recordsOf reads whole records; from begins with FROM.
func (s *Core) recordsOf(ctx context.Context, each func(campaign.Record), from string, args ...any) error {
	names := func(id int64) (text string, err error) {
		err = s.read(ctx, "columns", func(sc Row) error { return sc.Scan(&text) }, `SELECT names FROM layout WHERE id = ?`, id)
		return text, err
	}
	var rows []row
	err := s.read(ctx, "records", func(sc Row) error {
		r, err := scanRecord(sc)
		rows = append(rows, r)
		return err
	}, `SELECT `+recordColumns+from, args...)
	for i := range rows {
		if err == nil {
			err = s.unpack(&rows[i], names)
		}
		if err == nil {
			each(rows[i].Record)
		}
	}
	return err
}

// scanEntered reads a row of person, number, customer_id, doc, changed, by_whom.
func scanEntered(sc Row) (c campaign.Contact, err error) {
	var doc string
	var changed int64
	if err := sc.Scan(&c.Person, &c.Number, &c.CustomerID, &doc, &changed, &c.By); err != nil {
		return c, err
	}
	e, err := readEdit(doc)
	if e.Name != nil {
		c.Name = *e.Name
	}
	c.Fields, c.Changed = e.Fields, timeOf(changed)
	return c, err
}

// entered reads contacts that were changed or entered by hand.
func (s *Core) entered(ctx context.Context, each func(campaign.Contact) error, limit int, from, where string, args ...any) error {
	return s.read(ctx, "contacts", func(sc Row) error {
		c, err := scanEntered(sc)
		if err != nil {
			return err
		}
		return each(c)
	}, `SELECT c.person, c.number, c.customer_id, c.doc, c.changed, c.by_whom FROM `+from+` WHERE `+where+` LIMIT ?`, append(args, limit)...)
}

// people are contacts as they are found, each once.
type people struct {
	list []*campaign.Contact
	by   map[string]*campaign.Contact
}

func (p *people) get(person string) (c *campaign.Contact, old bool) {
	if c, old = p.by[person]; !old {
		if p.by == nil {
			p.by = map[string]*campaign.Contact{}
		}
		c = &campaign.Contact{Person: person}
		p.by[person] = c
		p.list = append(p.list, c)
	}
	return c, old
}

func (p *people) add(r campaign.Record) {
	c, old := p.get(r.Person)
	if slices.ContainsFunc(c.Records, func(o campaign.Record) bool { return o.Key == r.Key }) {
		return
	}
	if !old {
		c.Name, c.Number, c.CustomerID, c.Fields = r.Name, r.Phone, r.CustomerID, slices.Clone(r.Fields)
	} else {
		for _, f := range r.Fields {
			if !slices.ContainsFunc(c.Fields, func(o campaign.Field) bool { return o.Name == f.Name }) {
				c.Fields = append(c.Fields, f)
			}
		}
	}
	c.Records = append(c.Records, r)
}

// enter puts in what was entered by hand; records have it already.
func (p *people) enter(e campaign.Contact) error {
	c, old := p.get(e.Person)
	c.Changed, c.By = e.Changed, e.By
	if !old {
		c.Name, c.Number, c.CustomerID, c.Fields = e.Name, e.Number, e.CustomerID, e.Fields
	}
	return nil
}

// recordsPerContact is how many records are looked through for each contact
// wanted: a contact has one to three, as a rule.
const recordsPerContact = 4

// FindContacts implements campaign.Directory.
func (s *Core) FindContacts(ctx context.Context, q campaign.ContactQuery) ([]campaign.Contact, error) {
	words := longestFirst(wordsOf(q.Text))
	if len(words) == 0 || q.Limit <= 0 || q.Lists != nil && len(q.Lists) == 0 {
		return nil, nil
	}
	// The plus keeps SQLite from beginning with the lists.
	in, lists := ``, []any{}
	if q.Lists != nil {
		in = ` AND +r.list_id IN (SELECT id FROM list WHERE name IN (?` + strings.Repeat(`, ?`, len(q.Lists)-1) + `))`
		for _, l := range q.Lists {
			lists = append(lists, l)
		}
	}
	var found people
	records := func(from, where string, args ...any) error {
		args = append(append(args, lists...), q.Limit*recordsPerContact)
		return s.recordsOf(ctx, found.add, ` FROM `+from+` JOIN list l ON l.id = +r.list_id LEFT JOIN contact ct ON ct.person = r.person WHERE `+where+in+` LIMIT ?`, args...)
	}
	var err error
	if number := campaign.NumberPrefix(q.Text, s.opt.Country); number != "" {
		err = records(`record r`, `r.phone >= ? AND r.phone < ?`, number, number+":") // : follows 9
		if err == nil {
			err = s.byHand(ctx, &found, q, `contact c`, `c.number >= ? AND c.number < ?`, number, number+":")
		}
	}
	// A whole word is found at once; its beginning makes SQLite collect all
	// that have it.
	for _, begins := range []bool{false, true} {
		if err == nil && len(found.list) < q.Limit {
			from, where, args := s.matching("record", "r", words, begins)
			err = records(from, where, args...)
		}
	}
	if err == nil {
		from, where, args := s.matching("contact", "c", words, true)
		err = s.byHand(ctx, &found, q, from, where, args...)
	}
	out := make([]campaign.Contact, 0, min(len(found.list), q.Limit))
	for _, c := range found.list[:cap(out)] {
		out = append(out, *c)
	}
	return out, err
}

// longestFirst sorts words, each once: the longest is in the fewest records.
func longestFirst(words []string) []string {
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(words)
}

// matching asks the index for the first word, and the column for the others.
func (s *Core) matching(table, alias string, words []string, begins bool) (from, where string, args []any) {
	from, where, arg := s.db.Matching(table, alias, words[0], begins)
	args = []any{arg}
	for _, w := range words[1:] {
		where += ` AND ' ' || ` + alias + `.search LIKE ?` // letters and digits only: nothing to escape
		args = append(args, `% `+w+`%`)
	}
	return from, where, args
}

// byHand adds contacts found by what was entered. One who has records is shown
// with them, and only where they are in the lists asked for.
func (s *Core) byHand(ctx context.Context, found *people, q campaign.ContactQuery, from, where string, args ...any) error {
	var entered []campaign.Contact
	err := s.entered(ctx, func(c campaign.Contact) error {
		entered = append(entered, c)
		return nil
	}, q.Limit, from, where, args...)
	for _, c := range entered {
		if err != nil || found.by[c.Person] != nil {
			continue
		}
		var whole campaign.Contact
		if whole, err = s.Contact(ctx, c.Person); err != nil {
			continue
		}
		rs := whole.Records
		if q.Lists != nil {
			rs = slices.DeleteFunc(slices.Clone(rs), func(r campaign.Record) bool { return !slices.Contains(q.Lists, r.List) })
		}
		for _, r := range rs {
			found.add(r)
		}
		if len(whole.Records) == 0 {
			_ = found.enter(c)
		}
	}
	return err
}
