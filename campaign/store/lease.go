package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/freiton/freiton/campaign"
)

const (
	// Of the waiting records whose time has come, a lease looks at those that
	// fell due first. Where there are more, each record that is settled or given
	// back moves some to the line, where they are found by their place: more than
	// were leased meanwhile, so that even of 100,000 that fall due together all
	// are in line before long, and no lease costs more than another.
	window  = 64
	promote = 2
	// countLimit ends the counting of waiting records.
	countLimit = 10_000
	// askAgain is when to ask again for a record that is due while its number
	// or person is in another call.
	askAgain = 2 * time.Second
)

// free holds of a record whose number and person are neither leased nor in a
// call, and whose turn in the chain it is.
const free = ` AND NOT EXISTS (SELECT 1 FROM lease x WHERE x.number = r.phone)
	AND NOT EXISTS (SELECT 1 FROM lease x WHERE x.person = r.person)
	AND NOT EXISTS (SELECT 1 FROM calling x WHERE x.number = r.phone)
	AND NOT EXISTS (SELECT 1 FROM calling x WHERE x.person = r.person)
	AND (r.position = 0 OR NOT EXISTS (SELECT 1 FROM record e WHERE e.list_id = r.list_id AND e.chain = r.chain
		AND e.chain <> '' AND e.position < r.position AND e.status IN ` + undone + `)) `

// Lease implements campaign.Store.
func (s *Core) Lease(ctx context.Context, q campaign.LeaseQuery) (campaign.Lease, error) {
	var out campaign.Lease
	var none *campaign.NoRecord
	// Permit asks whether the lease is ours, and waits for the disk: with what it
	// writes, the lease is there as well.
	err := s.writeLazily(ctx, "lease", func(t tx) error {
		out, none = campaign.Lease{}, nil
		l, ok, err := t.straight(q)
		if ok || err != nil {
			out = l
			return err
		}
		lists, err := t.listIDs(q.Lists)
		if err != nil {
			return err
		}
		if err := t.expire(q.Now); err != nil {
			return err
		}
		if err := t.promote(q.Lists, q.Now); err != nil {
			return err
		}
		key, err := t.next(lists, q)
		if err != nil {
			return err
		}
		if key == 0 {
			none, err = t.noRecord(lists, q)
			return err
		}
		out, err = t.take(key, q)
		return err
	})
	if err == nil && none != nil {
		err = none
	}
	return out, err
}

// listIDs finds lists by name; a list that does not exist has no records.
func (t tx) listIDs(names []string) ([]int64, error) {
	ids := make([]int64, 0, len(names))
	for _, name := range names {
		var id int64
		err := t.one(`SELECT id FROM list WHERE name = ?`, []any{name}, &id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// promote moves waiting records whose time has come to their places in line:
// see window.
func (t tx) promote(lists []string, now time.Time) error {
	var todo []Statement
	for _, name := range lists {
		todo = append(todo, promoteIn(name, now))
	}
	return t.db.Batch(todo...)
}

func promoteIn(list string, now time.Time) Statement {
	return Statement{Query: `UPDATE record SET queue = CASE WHEN ` + fresh + ` THEN 1 ELSE 6 END, rank = ord WHERE key IN
		(SELECT key FROM record WHERE list_id = ` + listOf + ` AND queue = 4 AND rank <= ? ORDER BY rank, ord LIMIT ` + strconv.Itoa(promote) + ` FOR UPDATE SKIP LOCKED)`,
		Args: []any{list, ms(now)}}
}

// next finds the record to be leased; 0 when there is none.
func (t tx) next(lists []int64, q campaign.LeaseQuery) (campaign.Key, error) {
	now := ms(q.Now)
	if q.Agent != "" && wants(q, campaign.KindCallback) {
		if key, err := t.first(lists, q, queueOwn, `r.owner = ? AND r.rank <= ?`, q.Agent, now); key != 0 || err != nil {
			return key, err
		}
	}
	if q.Own {
		return 0, nil
	}
	key, err := t.first(lists, q, queueTop, `r.next_dial <= ?`, now)
	if len(q.Kinds) == 0 {
		q.Kinds = []campaign.RecordKind{campaign.KindCallback, ""} // fresh and rescheduled ones by their places
	}
	for _, kind := range q.Kinds {
		if key != 0 || err != nil {
			break
		}
		if kind == campaign.KindCallback {
			key, err = t.first(lists, q, queueCallback, `r.rank <= ?`, now)
			continue
		}
		for _, id := range lists { // whole lists one after the other, as the campaign names them
			if key == 0 && err == nil {
				key, err = t.inLine(id, kind, q)
			}
		}
	}
	return key, err
}

// wants tells whether a query asks for records of a kind.
func wants(q campaign.LeaseQuery, kind campaign.RecordKind) bool {
	return len(q.Kinds) == 0 || slices.Contains(q.Kinds, kind)
}

// place is a record that can be leased and its place in the list.
type place struct {
	key campaign.Key
	ord int64
}

// before tells which of two comes first; a key of 0 is none.
func (p place) before(o place, newest bool) bool {
	return p.key != 0 && (o.key == 0 || newest && p.ord > o.ord || !newest && p.ord < o.ord)
}

// inLine is the first record of a kind, or of both that are not callbacks, in
// the line of a list.
func (t tx) inLine(list int64, kind campaign.RecordKind, q campaign.LeaseQuery) (campaign.Key, error) {
	var best place
	if kind != campaign.KindRescheduled {
		p, err := t.head(list, queueLine, q)
		if err != nil {
			return 0, err
		}
		best = p
	}
	if kind != campaign.KindFresh {
		p, err := t.head(list, queueAgain, q)
		if err != nil {
			return 0, err
		}
		if p.before(best, q.Newest) {
			best = p
		}
	}
	return t.due(list, kind, q, best)
}

// head is the first free record of a queue that is ordered by place.
func (t tx) head(list int64, queue int, q campaign.LeaseQuery) (p place, err error) {
	if len(q.Filter) > 0 {
		return t.pick(list, queue, q)
	}
	order := `r.rank`
	if q.Newest {
		order = `r.rank DESC`
	}
	err = t.one(`SELECT r.key, r.rank FROM record r WHERE r.list_id = ? AND r.queue = ?`+free+`ORDER BY `+order+` LIMIT 1 FOR UPDATE OF r SKIP LOCKED`,
		[]any{list, queue}, &p.key, &p.ord)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return p, err
}

// due is the free waiting record of the window that comes before the first in
// line; else that one.
func (t tx) due(list int64, kind campaign.RecordKind, q campaign.LeaseQuery, first place) (campaign.Key, error) {
	cs, err := t.candidates(q.Filter, `r.list_id = ? AND r.queue = 4 AND r.rank <= ? ORDER BY r.rank, r.ord LIMIT ?`, list, ms(q.Now), window)
	if err != nil {
		return 0, err
	}
	cs = slices.DeleteFunc(cs, func(c candidate) bool {
		return kind != "" && c.fresh != (kind == campaign.KindFresh) || !q.Filter.Match(&c.Record) ||
			!place{c.Key, c.Order}.before(first, q.Newest)
	})
	slices.SortFunc(cs, func(a, b candidate) int {
		if q.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.Order, b.Order)
	})
	for _, c := range cs {
		if ok, err := t.grab(c.Key, queueWaiting); ok || err != nil {
			return c.Key, err
		}
	}
	return first.key, nil
}

// first is the free record with the smallest rank among the lists that passes
// the filter.
func (t tx) first(lists []int64, q campaign.LeaseQuery, queue int, where string, args ...any) (key campaign.Key, err error) {
	var rank int64
	where = `r.queue = ` + strconv.Itoa(queue) + ` AND ` + where // written out, so that a partial index can be chosen
	for _, id := range lists {
		var k campaign.Key
		var rk int64
		if len(q.Filter) > 0 {
			k, rk, err = t.firstPassing(id, queue, q.Filter, where, args...)
		} else {
			err = t.one(`SELECT r.key, r.rank FROM record r WHERE r.list_id = ? AND `+where+free+`ORDER BY r.rank LIMIT 1 FOR UPDATE OF r SKIP LOCKED`,
				append([]any{id}, args...), &k, &rk)
		}
		if errors.Is(err, sql.ErrNoRows) || err == nil && k == 0 {
			err = nil
			continue
		}
		if err != nil {
			return 0, err
		}
		if key == 0 || rk < rank {
			key, rank = k, rk
		}
	}
	return key, nil
}

// take makes a record the process's own.
func (t tx) take(key campaign.Key, q campaign.LeaseQuery) (campaign.Lease, error) {
	r, err := t.scanOne(takeRecord+`= ?`+returning(), q.Agent, q.Agent, key)
	if err != nil {
		return campaign.Lease{}, err
	}
	return t.taken(&r, q)
}

// taken writes the lease of a record that was taken.
func (t tx) taken(r *row, q campaign.LeaseQuery) (campaign.Lease, error) {
	if _, err := t.exec(`INSERT INTO lease (record_key, list_id, number, person, process, fence, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.Key, r.listID, r.Phone, r.Person, q.Process, r.fence, t.leaseUntil(q.Now, q.Until)); err != nil {
		return campaign.Lease{}, err
	}
	return t.leased(r, q)
}

// leased is the lease of a record that was taken, with what is known beside it.
func (t tx) leased(r *row, q campaign.LeaseQuery) (l campaign.Lease, err error) {
	l = campaign.Lease{Record: r.Record, Fence: r.fence, Process: q.Process}
	if r.Chain != "" {
		if l.Others, err = t.others(r); err != nil {
			return l, err
		}
	}
	if r.LastCall.IsZero() && r.Attempts == 0 {
		return l, nil // nobody has called it
	}
	l.Past, err = t.past(r.Key)
	return l, err
}

// others are the other numbers of a record's chain.
func (t tx) others(r *row) (others []campaign.OtherNumber, err error) {
	err = t.query(func(sc Row) error {
		var o campaign.OtherNumber
		err := sc.Scan(&o.Number, &o.Type)
		others = append(others, o)
		return err
	}, `SELECT phone, phone_type FROM record WHERE list_id = ? AND chain = ? AND chain <> '' AND key <> ? ORDER BY position, key`, r.listID, r.Chain, r.Key)
	return others, err
}

// past are the counted attempts of a record, oldest first.
func (t tx) past(key campaign.Key) ([]campaign.Past, error) {
	var past []campaign.Past
	err := t.query(func(sc Row) error {
		var at int64
		var p campaign.Past
		err := sc.Scan(&at, &p.Result, &p.Disposition)
		p.At = timeOf(at)
		past = append(past, p)
		return err
	}, `SELECT dialed_at, result, disposition FROM attempt WHERE record_key = ? AND counted = 1 AND ended_at > 0 ORDER BY dialed_at, id`, key)
	return past, err
}

// noRecord says what is waited for.
func (t tx) noRecord(lists []int64, q campaign.LeaseQuery) (*campaign.NoRecord, error) {
	out := &campaign.NoRecord{}
	if q.Own {
		return out, nil
	}
	now := ms(q.Now)
	var next int64
	for _, id := range lists {
		for _, w := range []struct {
			queue int
			due   string // what says when it is due
			kind  campaign.RecordKind
		}{
			{queueWaiting, `rank`, ""},
			{queueCallback, `rank`, campaign.KindCallback},
			{queueTop, `next_dial`, ""},
			{queueOwn, `rank`, campaign.KindCallback},
			{queueLine, `0`, campaign.KindFresh}, // in line, and yet not free
			{queueAgain, `0`, campaign.KindRescheduled},
		} {
			if w.kind != "" && !wants(q, w.kind) {
				continue
			}
			n, soonest, err := t.waiting(id, w.queue, w.due, q)
			if err != nil {
				return nil, err
			}
			out.Waiting += n
			if n == 0 {
				continue
			}
			at := soonest
			if at <= now {
				at = now + askAgain.Milliseconds()
			}
			if next == 0 || at < next {
				next = at
			}
		}
		var n int
		if err := t.one(`SELECT count(*) FROM lease WHERE list_id = ?`, []any{id}, &n); err != nil {
			return nil, err
		}
		out.InWork += n
	}
	out.Next = timeOf(next)
	return out, nil
}

// ours reads the record of a lease, if the lease stands: ErrLost otherwise.
func (t tx) ours(l campaign.Lease) (row, error) {
	r, err := t.readRecord(`JOIN lease x ON x.record_key = r.key WHERE r.key = ? AND x.fence = ? AND x.process = ? FOR UPDATE OF x, r`,
		l.Record.Key, l.Fence, l.Process)
	if errors.Is(err, campaign.ErrNotFound) {
		err = passing{campaign.ErrLost}
	}
	return r, err
}
