package store

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// The straight way of a lease takes few journeys to the database: one looks
// through the lists, without locking anything, and one takes what it found. It
// finds what the long way (Core.Lease) would; where somebody else was quicker,
// or there is nothing, or records are chosen by kind or filter, that is gone.

// expireEvery is how often leases that have run out are given back while there
// are records without them.
const expireEvery = time.Second

// scout finds the first free record of each queue of a list:
//
//	name, agent, now; name, now; name, now; name; name; name, now
const scout = `SELECT 5 AS queue, key, at FROM (SELECT r.key, r.rank AS at FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 5 AND r.owner = ? AND r.rank <= ?` + free + `ORDER BY r.rank LIMIT 1) AS own
	UNION ALL SELECT 2, key, at FROM (SELECT r.key, r.rank AS at FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 2 AND r.next_dial <= ?` + free + `ORDER BY r.rank LIMIT 1) AS tops
	UNION ALL SELECT 3, key, at FROM (SELECT r.key, r.rank AS at FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 3 AND r.rank <= ?` + free + `ORDER BY r.rank LIMIT 1) AS callbacks
	UNION ALL SELECT 1, key, at FROM (SELECT r.key, r.rank AS at FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 1` + free + `ORDER BY r.rank LIMIT 1) AS line
	UNION ALL SELECT 6, key, at FROM (SELECT r.key, r.rank AS at FROM record r WHERE r.list_id = ` + listOf + ` AND r.queue = 6` + free + `ORDER BY r.rank LIMIT 1) AS again
	UNION ALL SELECT 4, key, at FROM (SELECT r.key, r.ord AS at FROM (SELECT * FROM record WHERE list_id = ` + listOf + ` AND queue = 4 AND rank <= ? ORDER BY rank, ord LIMIT 64) AS r
		WHERE 1 = 1` + free + `ORDER BY r.ord LIMIT 1) AS due`

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
	list  int   // place in the query
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
	if !t.s.expiredLately(q.Now) {
		if err := t.expire(q.Now); err != nil {
			return l, false, err
		}
	}
	best, waiting, err := t.scout(q)
	if err != nil || best.key == 0 {
		return l, false, err
	}
	r, err := t.scanOne(takeRecord+`IN (SELECT r.key FROM record r WHERE r.key = ? AND r.queue = ?`+free+`FOR UPDATE OF r SKIP LOCKED)`+returning(),
		q.Agent, q.Agent, best.key, best.queue)
	if errors.Is(err, campaign.ErrNotFound) {
		return l, false, nil // somebody else was quicker
	}
	if err != nil {
		return l, false, err
	}
	l, err = t.taken(&r, q)
	if err == nil && waiting {
		var lists []int64
		if lists, err = t.listIDs(q.Lists); err == nil {
			err = t.promote(lists, q.Now)
		}
	}
	return l, err == nil, err
}

// scout finds the record to be leased; waiting: records have fallen due that
// are not in line yet.
func (t tx) scout(q campaign.LeaseQuery) (best found, waiting bool, err error) {
	now := ms(q.Now)
	var all []found
	for i, name := range q.Lists {
		err = t.query(func(sc Row) error {
			f := found{list: i}
			err := sc.Scan(&f.queue, &f.key, &f.at)
			waiting = waiting || f.queue == queueWaiting
			all = append(all, f)
			return err
		}, scout, name, q.Agent, now, name, now, name, now, name, name, name, now)
		if err != nil {
			return best, false, err
		}
	}
	if len(all) == 0 {
		return best, false, nil
	}
	// Whole lists one after the other, but for what goes before all lists.
	best = slices.MinFunc(all, func(a, b found) int {
		c := cmp.Compare(a.class(), b.class())
		if c == 0 && a.class() == 3 {
			c = cmp.Compare(a.list, b.list)
		}
		return cmp.Or(c, cmp.Compare(a.at, b.at))
	})
	return best, waiting, nil
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
