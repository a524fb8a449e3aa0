package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// The straight way of a lease takes three journeys to the database: one looks
// through the lists, without locking anything, one takes what it found, and the
// commit. It finds what the long way (Core.Lease) would; where somebody else was quicker,
// or there is nothing, or records are chosen by kind or filter, that is gone.

// expireEvery is how often leases that have run out are given back while there
// are records without them.
const expireEvery = time.Second

// runOut finds a lease that has run out: by the caller's clock, which only says
// when to look closer (tx.expire).
const runOut = `SELECT record_key FROM lease WHERE until <= ? AND NOT EXISTS (SELECT 1 FROM calling c WHERE c.record_key = lease.record_key) LIMIT 1`

// scout finds the first free record of each queue of a list. Of those that fell
// due, n is how many the window holds; they are asked in the order of their
// places whether they are free until one is, and not all of them.
//
//	name, agent, now; name, now; name, now; name; name; name, now
const scout = `SELECT 5 AS queue, key, at, fence, 0 AS n FROM (SELECT r.key, r.rank AS at, r.fence FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 5 AND r.owner = ? AND r.rank <= ?` + free + `ORDER BY r.rank LIMIT 1) AS own
	UNION ALL SELECT 2, key, at, fence, 0 FROM (SELECT r.key, r.rank AS at, r.fence FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 2 AND r.next_dial <= ?` + free + `ORDER BY r.rank LIMIT 1) AS tops
	UNION ALL SELECT 3, key, at, fence, 0 FROM (SELECT r.key, r.rank AS at, r.fence FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 3 AND r.rank <= ?` + free + `ORDER BY r.rank LIMIT 1) AS callbacks
	UNION ALL SELECT 1, key, at, fence, 0 FROM (SELECT r.key, r.rank AS at, r.fence FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 1` + free + `ORDER BY r.rank LIMIT 1) AS line
	UNION ALL SELECT 6, key, at, fence, 0 FROM (SELECT r.key, r.rank AS at, r.fence FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 6` + free + `ORDER BY r.rank LIMIT 1) AS again
	UNION ALL SELECT 4, key, at, fence, n FROM (SELECT r.key, r.ord AS at, r.fence, r.n FROM
			(SELECT *, count(*) OVER () AS n FROM (SELECT key, ord, fence, phone, person, list_id, chain, position
				FROM record WHERE list_id = ` + listOf + ` AND queue = 4 AND rank <= ? ORDER BY rank, ord LIMIT 64) AS fallen ORDER BY ord LIMIT 64) AS r
		WHERE 1 = 1` + free + `LIMIT 1) AS due`

// holdRecord writes the lease of a record that takeRecord has just taken: what
// it was (scout's fence) plus one.
const holdRecord = `INSERT INTO lease (record_key, list_id, number, person, process, fence, until)
	SELECT r.key, r.list_id, r.phone, r.person, ?, r.fence, ? FROM record r WHERE r.key = ? AND r.fence = ?
		AND NOT EXISTS (SELECT 1 FROM lease x WHERE x.record_key = r.key)`

const listOf = `(SELECT id FROM list WHERE name = ?)`

// takeRecord, a condition and returning() take a record for an agent (the first
// two parameters) and read it. A missed callback that another one takes is the
// group's from now on.
const (
	takeRecord = `UPDATE record SET status = 2, queue = NULL, fence = fence + 1,
		type = ` + ofOthers + `6 ELSE type END, owner = ` + ofOthers + `'' ELSE owner END WHERE key `
	ofOthers = `CASE WHEN status = 8 AND owner <> ? THEN `
)

// returning are recordColumns where a statement changes the record; SQLite
// knows no other name of a table there, and no JOIN.
func returning() string {
	return ` RETURNING ` + strings.NewReplacer(
		`l.name`, `(SELECT l.name FROM list l WHERE l.id = record.list_id)`,
		`ct.doc`, `(SELECT ct.doc FROM contact ct WHERE ct.person = record.person)`,
		`r.`, `record.`).Replace(recordColumns)
}

// found is a record that scout has found.
type found struct {
	queue int
	key   campaign.Key
	at    int64 // what orders it in its queue
	fence int64
	list  int // place in the query
}

// class is the order of the queues: an agent's own, the top, callbacks, and
// then by places.
func (f found) class() int {
	switch f.queue {
	case queueOwn:
		return 0
	case queueTop:
		return 1
	case queueCallback:
		return 2
	default:
		return 3
	}
}

// straight leases the next record; false: the long way has to be gone.
func (t tx) straight(q campaign.LeaseQuery) (l campaign.Lease, ok bool, err error) {
	if q.Own || len(q.Kinds) > 0 || len(q.Filter) > 0 || q.Newest {
		return l, false, nil
	}
	best, late, err := t.scout(q)
	if err == nil && late && !t.s.expiredLately(q.Now) {
		if err = t.expire(q.Now); err == nil {
			best, _, err = t.scout(q)
		}
	}
	if err != nil || best.key == 0 {
		return l, false, err
	}
	var r row
	var taken, held int64
	err = t.db.Batch(
		Statement{Query: takeRecord + `IN (SELECT r.key FROM record r WHERE r.key = ? AND r.queue = ?` + free + `FOR UPDATE OF r SKIP LOCKED)` + returning(),
			Args: []any{q.Agent, q.Agent, best.key, best.queue}, Each: func(sc Row) (err error) {
				taken++
				r, err = scanRecord(sc)
				return err
			}},
		Statement{Query: holdRecord, Args: []any{q.Process, t.leaseUntil(q.Now, q.Until), best.key, best.fence + 1}, Changed: &held},
	)
	switch {
	case err != nil:
		return l, false, err
	case taken == 0 && held == 0: // somebody else was quicker
		return l, false, nil
	case taken == 0:
		return l, false, t.endLease(best.key)
	case held == 0:
		return l, false, fmt.Errorf("record %d is leased and in line", best.key)
	}
	if err := t.s.unpack(&r, t.layout); err != nil {
		return l, false, err
	}
	l, err = t.leased(&r, q)
	return l, err == nil, err
}

// scout finds the record to be leased; late: there is a lease that has run out.
func (t tx) scout(q campaign.LeaseQuery) (best found, late bool, err error) {
	now := ms(q.Now)
	var all []found
	todo := []Statement{{Query: runOut, Args: []any{now}, Each: func(Row) error { late = true; return nil }}}
	for i, name := range q.Lists {
		todo = append(todo, Statement{Query: scout, Args: []any{name, q.Agent, now, name, now, name, now, name, name, name, now}, Each: func(sc Row) error {
			f, n := found{list: i}, 0
			err := sc.Scan(&f.queue, &f.key, &f.at, &f.fence, &n)
			if n == window {
				t.s.crowds(name)
			}
			all = append(all, f)
			return err
		}})
	}
	if err := t.db.Batch(todo...); err != nil || len(all) == 0 {
		return best, late, err
	}
	// Whole lists one after the other, but for what goes before all lists.
	best = slices.MinFunc(all, func(a, b found) int {
		c := cmp.Compare(a.class(), b.class())
		if c == 0 && a.class() == 3 {
			c = cmp.Compare(a.list, b.list)
		}
		return cmp.Or(c, cmp.Compare(a.at, b.at))
	})
	return best, late, nil
}

// expiredLately reports whether leases that had run out were given back a
// moment ago; if not, it notes that they are now.
func (s *Core) expiredLately(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := now.Sub(s.expired); d >= 0 && d < expireEvery {
		return true
	}
	s.expired = now
	return false
}

// crowds notes that more records of a list have fallen due than a lease looks at.
func (s *Core) crowds(list string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crowded[list] = true
}

// clearCrowd moves records that have fallen due to their places in line, where
// there are more than a lease looks at. That is done with what ends the work on
// a record, for which nobody waits.
func (t tx) clearCrowd(now time.Time) error {
	t.s.mu.Lock()
	lists := slices.Collect(maps.Keys(t.s.crowded))
	clear(t.s.crowded)
	t.s.mu.Unlock()
	return t.promote(lists, now)
}
