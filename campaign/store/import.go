package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Import implements campaign.Store: see Add.
func (s *Core) Import(ctx context.Context, list string, rs []campaign.Record) error {
	_, err := s.Add(ctx, list, rs)
	return err
}

// Add appends records to a list, which it creates, in one transaction, and
// says how many were new: a number that the list already has is left out, so
// that an import that broke off can be repeated. Places in the list are given
// in the order of rs. A record whose chain has an unfinished earlier number
// waits for its turn; what somebody was calling elsewhere is ready here.
func (s *Core) Add(ctx context.Context, list string, rs []campaign.Record) (added int, err error) {
	if list == "" {
		return 0, errors.New("store: import: the list has no name")
	}
	err = s.write(ctx, "import", func(t tx) error {
		added = 0
		im, err := t.beginImport(list)
		if err == nil {
			err = im.lookUp(rs)
		}
		if err != nil {
			return err
		}
		for i := range rs {
			if err := im.add(&rs[i]); err != nil {
				return fmt.Errorf("record %s (line %d): %w", rs[i].ID, rs[i].Line, err)
			}
		}
		added, err = im.finish(s.opt.Now())
		return err
	})
	return added, err
}

// maxName is how long, in bytes, may be what records are found by.
const maxName = 1000

// importing is one batch of an import.
type importing struct {
	tx
	list    int64
	name    string
	ord     int64
	columns []string
	layouts map[string]int64 // by their JSON
	last    []campaign.Field // of the record before, whose layout the next one most often shares
	lastID  int64

	known  map[string]bool        // numbers that the list has
	chains map[string]*chainState // as the list has them
	rows   [][]any                // to be inserted
}

// chainState is what the list has of a chain.
type chainState struct {
	last    int  // position
	waiting bool // a number of it has its turn, or is having it
}

func (t tx) beginImport(name string) (*importing, error) {
	im := &importing{tx: t, name: name, layouts: map[string]int64{}}
	if _, err := t.exec(`INSERT INTO list (name) VALUES (?) ON CONFLICT (name) DO NOTHING`, name); err != nil {
		return nil, err
	}
	var columns string
	if err := t.one(`SELECT id, ord, columns FROM list WHERE name = ? FOR UPDATE`, []any{name}, &im.list, &im.ord, &columns); err != nil {
		return nil, err
	}
	return im, json.Unmarshal([]byte(columns), &im.columns)
}

// lookUp finds out what the list has of the chains of a batch. Numbers without
// a chain are left to the index.
func (im *importing) lookUp(rs []campaign.Record) error {
	im.known, im.chains = map[string]bool{}, map[string]*chainState{}
	var phones, chains []string
	for i := range rs {
		if c := rs[i].Chain; c != "" {
			phones = append(phones, rs[i].Phone)
			if im.chains[c] == nil {
				im.chains[c] = &chainState{last: -1}
				chains = append(chains, c)
			}
		}
	}
	err := im.manyOf(func(sc Row) error {
		var phone string
		err := sc.Scan(&phone)
		im.known[phone] = true
		return err
	}, phones, `SELECT phone FROM record WHERE list_id + 0 = ? AND phone IN `+manyList, im.list)
	if err != nil {
		return err
	}
	return im.chainsOf(chains)
}

// chainNumbers finds the numbers of a chain: list, chain. Many are one question,
// but each is looked up for itself: of a list that the database has not counted
// yet, it would walk through all chains.
const chainNumbers = `SELECT chain, position, CASE WHEN status IN ` + undone + ` THEN 1 ELSE 0 END
	FROM record WHERE list_id = ? AND chain <> '' AND chain = ?`

// chainsOf finds out what the list has of chains.
func (im *importing) chainsOf(chains []string) error {
	each := func(sc Row) error {
		var name string
		var position int
		var waiting bool
		err := sc.Scan(&name, &position, &waiting)
		c := im.chains[name]
		c.last, c.waiting = max(c.last, position), c.waiting || waiting
		return err
	}
	for part := range slices.Chunk(chains, manyRows) {
		var args []any
		for i := range manyRows {
			args = append(args, im.list, part[min(i, len(part)-1)]) // always as many: one statement
		}
		if err := im.query(each, chainNumbers+strings.Repeat(` UNION ALL `+chainNumbers, manyRows-1), args...); err != nil {
			return err
		}
	}
	return nil
}

const insertRecord = `INSERT INTO record (list_id, id, line, ord, chain, position, person, customer_id, phone, phone_type, name,
	layout_id, vals, time_zone, win_from, win_until, type, status, result, attempts, next_dial, last_call, owner, top, declined,
	reason, disposition, note, no_call, callback_at, consent_at, consent_text, consent_source, consent_ref, consent_revoked, queue, rank, search, before_result)`

// insert writes the batch and says how many records were new.
func (im *importing) insert() (int64, error) {
	defer im.s.unpassNewest(im.list)
	return im.db.Insert(insertRecord, `ON CONFLICT (phone, list_id) DO NOTHING`, im.rows)
}

// finish writes the batch, and what it changes of the list.
func (im *importing) finish(now time.Time) (int, error) {
	added, err := im.insert()
	if err != nil {
		return 0, err
	}
	columns, err := json.Marshal(im.columns)
	if err != nil {
		return 0, err
	}
	_, err = im.exec(`UPDATE list SET ord = ?, columns = ?, imported = ? WHERE id = ?`, im.ord, string(columns), ms(now), im.list)
	return int(added), err
}

func (im *importing) add(r *campaign.Record) error {
	if r.Phone == "" {
		return errors.New("no telephone number")
	}
	if len(r.ID) > maxName || len(r.CustomerID) > maxName || len(r.Chain) > maxName || len(r.Person) > maxName {
		return fmt.Errorf("its id, customer id or chain is longer than %d bytes", maxName)
	}
	if im.known[r.Phone] {
		return nil
	}
	layout, vals, err := im.pack(r.Fields)
	if err != nil {
		return err
	}
	im.known[r.Phone] = true
	im.ord++
	n := *r
	n.Order = im.ord
	im.defaults(&n)
	if n.Chain != "" {
		im.enchain(&n)
	}
	queue, rank := queueOf(&n)
	im.rows = append(im.rows, []any{
		im.list, n.ID, n.Line, n.Order, n.Chain, n.Position, n.Person, n.CustomerID, n.Phone, n.PhoneType, n.Name,
		layout, vals, n.TimeZone, n.From.Milliseconds(), n.Until.Milliseconds(),
		n.Type, n.Status, n.Result, n.Attempts, ms(n.NextDial), ms(n.LastCall), n.Owner, n.Top, n.Declined,
		n.Reason, n.Disposition, n.Note, flag(n.NoCall), ms(n.CallbackAt),
		ms(n.Consent.At), n.Consent.Text, n.Consent.Source, n.Consent.Reference, ms(n.Consent.Revoked), queue, rank, searchText(&n), n.Before,
	})
	return nil
}

// defaults fills in what a fresh record leaves open.
func (im *importing) defaults(r *campaign.Record) {
	if r.Type == 0 {
		r.Type = campaign.General
	}
	if r.Result == 0 {
		r.Result = campaign.Unknown
	}
	if r.Attempts > 0 {
		r.Before = r.Result
	}
	if r.Person == "" {
		r.Person = campaign.PersonOf(r.CustomerID, r.Chain, r.Phone)
	}
	switch r.Status {
	case 0, campaign.Retrieved:
		r.Status = campaign.Ready
	case campaign.ChainReady:
		if r.Chain == "" {
			r.Status = campaign.Ready
		}
	}
	r.Top = 0 // a place at the top is won by a decline
}

// enchain finds a record's place in its chain, behind what an earlier import
// brought, and whether it has its turn.
func (im *importing) enchain(r *campaign.Record) {
	c := im.chains[r.Chain]
	if r.Position <= c.last {
		r.Position = c.last + 1
	}
	if r.Status == campaign.Ready || r.Status == campaign.ChainReady {
		r.Status = campaign.Ready
		if c.waiting {
			r.Status = campaign.ChainReady
		}
	}
	c.last = r.Position
	c.waiting = c.waiting || !r.Status.Done()
}

// pack splits fields into the layout (their names, kept once) and the values.
func (im *importing) pack(fields []campaign.Field) (layout int64, vals string, err error) {
	if len(fields) == 0 {
		return 0, "[]", nil
	}
	values := make([]string, len(fields))
	same := len(fields) == len(im.last)
	for i, f := range fields {
		values[i] = f.Value
		same = same && f.Name == im.last[i].Name
	}
	b, err := json.Marshal(values)
	if err != nil {
		return 0, "", err
	}
	if !same {
		if im.lastID, err = im.layoutOf(fields); err != nil {
			return 0, "", err
		}
		im.last = fields
	}
	return im.lastID, string(b), nil
}

func (im *importing) layoutOf(fields []campaign.Field) (int64, error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
		// A name may head several columns: as many as any record has.
		if count(names[:i+1], f.Name) > count(im.columns, f.Name) {
			im.columns = append(im.columns, f.Name)
		}
	}
	b, err := json.Marshal(names)
	if err != nil {
		return 0, err
	}
	if id := im.layouts[string(b)]; id != 0 {
		return id, nil
	}
	if _, err := im.exec(`INSERT INTO layout (names) VALUES (?) ON CONFLICT DO NOTHING`, string(b)); err != nil {
		return 0, err
	}
	var id int64
	if err := im.one(`SELECT id FROM layout WHERE names = ?`, []any{string(b)}, &id); err != nil {
		return 0, err
	}
	im.layouts[string(b)] = id
	return id, nil
}

func count(names []string, name string) (n int) {
	for _, s := range names {
		if s == name {
			n++
		}
	}
	return n
}
