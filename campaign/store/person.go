package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/freiton/freiton/campaign"
)

// subjects is whom a number stands for.
type subjects struct {
	number  string
	named   []string // identities of the number's records and attempts; several where people share it
	persons []string // what is looked for: identities, and those of calls without a record
	numbers []string
	hashes  []string // subjects of the numbers
	records []row
	keys    []string
	entered []campaign.Contact // by hand, or changed
}

// subjectsOf finds out who has a number and which others they have. person
// narrows it to one of those who share it.
func (t tx) subjectsOf(number, person string) (p subjects, err error) {
	p.number = t.s.number(number)
	alone := campaign.PersonOf("", "", p.number)
	named := map[string]bool{}
	err = t.query(func(sc Row) error {
		var who string
		err := sc.Scan(&who)
		if who != "" && who != alone {
			named[who] = true
		}
		return err
	}, `SELECT person FROM record WHERE phone = ? UNION SELECT person FROM attempt WHERE number = ?
		UNION SELECT person FROM contact WHERE number = ?`, p.number, p.number, p.number)
	if err != nil {
		return p, err
	}
	for who := range named {
		p.named = append(p.named, who)
	}
	slices.Sort(p.named)
	p.persons = append(slices.Clone(p.named), alone)
	p.numbers = []string{p.number}
	if person != "" {
		if !slices.Contains(p.persons, person) {
			return p, campaign.ErrNotFound
		}
		p.persons = []string{person}
	}
	if err := t.recordsFor(&p); err != nil {
		return p, err
	}
	if err := t.enteredOf(&p); err != nil {
		return p, err
	}
	err = t.manyOf(func(sc Row) error { return p.addNumber(sc) }, p.persons,
		`SELECT DISTINCT number FROM attempt WHERE number <> '' AND person IN `+manyList)
	if err != nil {
		return p, err
	}
	slices.Sort(p.numbers)
	for _, n := range p.numbers {
		h, err := t.subject(n)
		if err != nil {
			return p, err
		}
		p.hashes = append(p.hashes, h)
		if who := campaign.PersonOf("", "", n); person == "" && !slices.Contains(p.persons, who) {
			p.persons = append(p.persons, who)
		}
	}
	return p, nil
}

func (p *subjects) addNumber(sc Row) error {
	var n string
	err := sc.Scan(&n)
	if n != "" && !slices.Contains(p.numbers, n) {
		p.numbers = append(p.numbers, n)
	}
	return err
}

// enteredOf are the contacts that agents have entered or changed.
func (t tx) enteredOf(p *subjects) error {
	err := t.manyOf(func(sc Row) error { return p.addNumber(sc) }, p.persons, `SELECT number FROM contact WHERE person IN `+manyList)
	if err != nil {
		return err
	}
	return t.manyOf(func(sc Row) error {
		c, err := scanEntered(sc)
		p.entered = append(p.entered, c)
		return err
	}, p.persons, `SELECT person, number, customer_id, doc, changed, by_whom FROM contact WHERE person IN `+manyList)
}

func (t tx) recordsFor(p *subjects) error {
	err := t.manyOf(func(sc Row) error {
		r, err := scanRecord(sc)
		p.records = append(p.records, r)
		return err
	}, p.persons, `SELECT `+recordColumns+fromRecord+`WHERE r.person IN `+manyList+` ORDER BY l.name, r.ord`)
	if err != nil {
		return err
	}
	for i := range p.records {
		r := &p.records[i]
		if err := t.s.unpack(r, t.layout); err != nil {
			return err
		}
		p.keys = append(p.keys, key(r.Key))
		if !slices.Contains(p.numbers, r.Phone) {
			p.numbers = append(p.numbers, r.Phone)
		}
	}
	return nil
}

// Dossier gathers everything that is kept of the people who have a number;
// dataDir is what recordings are given relative to.
func (s *Core) Dossier(ctx context.Context, number, dataDir string) (d *campaign.Dossier, err error) {
	if err := s.Seal(ctx); err != nil {
		return nil, err
	}
	err = s.write(ctx, "dossier", func(t tx) error { // one state of all tables
		d = &campaign.Dossier{
			MadeAt: campaign.Stamp{Time: s.opt.Now()}, Records: []campaign.DossierRecord{}, Contacts: []campaign.DossierContact{}, Consent: []campaign.DossierConsent{},
			Attempts: []campaign.DossierAttempt{}, Offers: []campaign.DossierOffer{}, Refusals: []campaign.GateRefusal{},
			DoNotCall: []campaign.DossierBlock{}, Audit: []campaign.AuditEntry{}, Exports: []campaign.AuditEntry{}, Erasures: []campaign.Erasure{},
		}
		p, err := t.subjectsOf(number, "")
		if err != nil {
			return err
		}
		d.Number, d.Persons, d.Numbers = p.number, p.named, p.numbers
		if len(p.named) == 0 {
			d.Persons = []string{campaign.PersonOf("", "", p.number)}
		}
		for _, r := range p.records {
			d.Records = append(d.Records, campaign.DossierRecord{List: r.List, ReportRecord: campaign.ReportRecordOf(r.Record), Name: r.Name, Chain: r.Chain})
			if c := r.Consent; c != (campaign.Consent{}) {
				d.Consent = append(d.Consent, campaign.DossierConsent{List: r.List, Record: r.ID, At: campaign.Stamp{Time: c.At}, Text: c.Text,
					Source: c.Source, Reference: c.Reference, Revoked: campaign.Stamp{Time: c.Revoked}})
			}
		}
		for _, c := range p.entered {
			x := campaign.DossierContact{Person: c.Person, Number: c.Number, CustomerID: c.CustomerID, Name: c.Name,
				Fields: map[string]string{}, Changed: campaign.Stamp{Time: c.Changed}, By: c.By}
			for _, f := range c.Fields {
				x.Fields[f.Name] = f.Value
			}
			d.Contacts = append(d.Contacts, x)
		}
		for _, part := range []func(*campaign.Dossier, subjects) error{
			func(d *campaign.Dossier, p subjects) error { return t.dossierAttempts(d, p, dataDir) },
			t.dossierOffers, t.dossierRefusals, t.dossierBlocks, t.dossierNational, t.dossierAudit, t.dossierProofs, t.dossierErasures,
		} {
			if err := part(d, p); err != nil {
				return err
			}
		}
		return nil
	})
	return d, err
}

func (t tx) dossierAttempts(d *campaign.Dossier, p subjects, dataDir string) error {
	as, err := t.attemptsOf(p, true)
	for _, a := range as {
		d.Attempts = append(d.Attempts, campaign.DossierOf(a, dataDir))
	}
	return err
}

// attemptsOf are the calls to people; with byNumber also those to the number
// that was asked for, whoever was meant.
func (t tx) attemptsOf(p subjects, byNumber bool) (as []campaign.Attempt, err error) {
	seen := map[campaign.AttemptID]bool{}
	add := func(sc Row) error {
		a, err := scanAttempt(sc)
		if err == nil && !seen[a.ID] {
			seen[a.ID] = true
			as = append(as, a)
		}
		return err
	}
	err = t.manyOf(add, p.persons, `SELECT `+attemptColumns+` FROM attempt a WHERE a.person IN `+manyList+` ORDER BY a.dialed_at, a.id`)
	if err == nil && byNumber {
		err = t.query(add, `SELECT `+attemptColumns+` FROM attempt a WHERE a.number = ? ORDER BY a.dialed_at, a.id`, p.number)
	}
	slices.SortStableFunc(as, func(a, b campaign.Attempt) int { return a.DialedAt.Compare(b.DialedAt) })
	return as, err
}

func (t tx) dossierOffers(d *campaign.Dossier, p subjects) error {
	return t.manyOf(func(sc Row) error {
		var o campaign.DossierOffer
		var offered, decided int64
		err := sc.Scan(&o.Campaign, &o.Record, &o.Agent, &offered, &decided, &o.Decision)
		o.OfferedAt, o.DecidedAt = campaign.Stamp{Time: timeOf(offered)}, campaign.Stamp{Time: timeOf(decided)}
		d.Offers = append(d.Offers, o)
		return err
	}, p.keys, `SELECT campaign, record_id, agent, offered_at, decided_at, decision FROM offer WHERE record_key IN `+manyList+` ORDER BY offered_at, id`)
}

const refusalColumns = `at, last_at, times, campaign, list, record_id, number, agent, code, text`

func scanRefusal(sc Row) (campaign.GateRefusal, error) {
	var r campaign.GateRefusal
	var at, last int64
	err := sc.Scan(&at, &last, &r.Times, &r.Campaign, &r.List, &r.Record, &r.Number, &r.Agent, &r.Code, &r.Text)
	r.At, r.Last = campaign.Stamp{Time: timeOf(at)}, campaign.Stamp{Time: timeOf(last)}
	return r, err
}

func (t tx) dossierRefusals(d *campaign.Dossier, p subjects) error {
	add := func(sc Row) error {
		r, err := scanRefusal(sc)
		d.Refusals = append(d.Refusals, r)
		return err
	}
	err := t.manyOf(add, p.persons, `SELECT `+refusalColumns+` FROM refusal WHERE person IN `+manyList+` ORDER BY at, id`)
	if err != nil {
		return err
	}
	slices.SortStableFunc(d.Refusals, func(a, b campaign.GateRefusal) int { return a.At.Compare(b.At.Time) })
	return nil
}

func (t tx) dossierBlocks(d *campaign.Dossier, p subjects) error {
	values := slices.Concat(p.numbers, p.persons)
	for _, h := range p.hashes {
		values = append(values, erasedMark+h)
	}
	for _, who := range p.persons {
		h, err := t.subject(who)
		if err != nil {
			return err
		}
		values = append(values, erasedMark+h)
	}
	seen := map[campaign.DossierBlock]bool{}
	for _, column := range []string{"number", "person"} {
		err := t.manyOf(func(sc Row) error {
			e, err := scanEntry(sc)
			b := campaign.DossierBlock{Number: e.Number, Person: e.Person, Campaign: e.Campaign, Client: e.Client,
				At: campaign.Stamp{Time: e.At}, By: e.By, Attempt: e.Attempt, Wording: e.Wording}
			if strings.HasPrefix(e.Number, erasedMark) || strings.HasPrefix(e.Person, erasedMark) {
				b.Number, b.Person, b.Hashed = "", "", true
			}
			if !seen[b] {
				seen[b] = true
				d.DoNotCall = append(d.DoNotCall, b)
			}
			return err
		}, values, `SELECT `+entryColumns+` FROM do_not_call WHERE `+column+` <> '' AND `+column+` IN `+manyList+` ORDER BY at, id`)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t tx) dossierAudit(d *campaign.Dossier, p subjects) error {
	err := t.manyOf(func(sc Row) error {
		e, err := scanAudit(sc)
		if e.What != campaign.AuditDialled && e.What != campaign.AuditRefused {
			d.Audit = append(d.Audit, e)
		}
		return err
	}, p.hashes, `SELECT `+auditColumns+` FROM audit WHERE subject IN `+manyList+` ORDER BY n`)
	if err != nil {
		return err
	}
	d.Exports, err = t.exportsOf(p)
	return err
}

// exportsOf are the files that left the program with these people in them.
func (t tx) exportsOf(p subjects) (out []campaign.AuditEntry, err error) {
	out = []campaign.AuditEntry{}
	lists := map[string]bool{}
	for _, r := range p.records {
		lists[r.List] = true
	}
	if len(p.records) == 0 {
		return out, nil
	}
	err = t.query(func(sc Row) error {
		e, err := scanAudit(sc)
		if e.What != campaign.AuditListExported || lists[e.About] {
			out = append(out, e)
		}
		return err
	}, `SELECT `+auditColumns+` FROM audit WHERE what IN (?, ?, ?) ORDER BY n`,
		campaign.AuditListExported, campaign.AuditAttemptsExported, campaign.AuditBackup)
	return out, err
}

func (t tx) dossierProofs(d *campaign.Dossier, p subjects) error {
	return t.manyOf(func(sc Row) error {
		var at, revoked int64
		c := campaign.DossierConsent{Locked: true}
		err := sc.Scan(&at, &c.Text, &c.Source, &c.Reference, &revoked)
		c.At, c.Revoked = campaign.Stamp{Time: timeOf(at)}, campaign.Stamp{Time: timeOf(revoked)}
		d.Consent = append(d.Consent, c)
		return err
	}, p.hashes, `SELECT at, text, source, reference, revoked FROM consent_proof WHERE subject IN `+manyList+` ORDER BY id`)
}

const erasureColumns = `id, at, by_whom, reason, counts, kept, exports, files, done_at`

func scanErasure(sc Row) (campaign.Erasure, error) {
	var e campaign.Erasure
	var at, done int64
	var counts, kept, exports, files string
	err := sc.Scan(&e.ID, &at, &e.By, &e.Reason, &counts, &kept, &exports, &files, &done)
	e.At, e.DoneAt = campaign.Stamp{Time: timeOf(at)}, campaign.Stamp{Time: timeOf(done)}
	if err == nil {
		err = json.Unmarshal([]byte(counts), &e.Counts)
	}
	for _, l := range []struct {
		text string
		to   *[]string
	}{{kept, &e.Kept}, {exports, &e.Exports}, {files, &e.Files}} {
		if err == nil {
			err = json.Unmarshal([]byte(l.text), l.to)
		}
	}
	return e, err
}

func (t tx) dossierErasures(d *campaign.Dossier, p subjects) error {
	return t.manyOf(func(sc Row) error {
		e, err := scanErasure(sc)
		d.Erasures = append(d.Erasures, e)
		return err
	}, p.hashes, `SELECT `+erasureColumns+` FROM erasure WHERE id IN (SELECT erasure FROM erased WHERE subject IN `+manyList+`) ORDER BY at, id`)
}
