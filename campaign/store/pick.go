package store

import (
	"database/sql"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/freiton/freiton/campaign"
)

// fresh holds of a record that campaign.Record.Kind calls fresh.
const fresh = `(type = 2 AND attempts = 0 AND last_call = 0)`

const (
	// A filter is put to records page by page; a lease looks at so many pages
	// of a line at most and goes on at the next one, so that none takes long.
	pickPage  = 500
	pickPages = 40
	// goOn is when to ask again for a line that was not seen to its end.
	goOn = 100 * time.Millisecond
	// passedFor is how long it is believed that records do not pass a filter.
	// What this process puts back is looked at again at once; what another one
	// does, or a change of a record's fields, after this time.
	passedFor = 5 * time.Minute
)

// passed is how far a line was seen that has nothing for a filter.
type passed struct {
	list   int64
	queue  int
	newest bool
	rank   int64
	at     time.Time
}

func passedKey(list int64, queue int, q campaign.LeaseQuery) string {
	return strconv.FormatInt(list, 10) + " " + strconv.Itoa(queue) + strconv.FormatBool(q.Newest) + q.Filter.Key()
}

// passedTo is the place up to which nothing passes; false: none is known.
func (s *Core) passedTo(list int64, queue int, q campaign.LeaseQuery) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.passed[passedKey(list, queue, q)]
	return p.rank, ok && q.Now.Sub(p.at) < passedFor && !q.Now.Before(p.at)
}

func (s *Core) pass(list int64, queue int, q campaign.LeaseQuery, rank int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := passedKey(list, queue, q)
	p, ok := s.passed[key]
	if !ok || q.Now.Sub(p.at) >= passedFor || q.Now.Before(p.at) {
		p.at = q.Now
	}
	s.passed[key] = passed{list, queue, q.Newest, rank, p.at}
}

// unpass makes filters look again at a place of a line: a record came back.
func (s *Core) unpass(list int64, queue sql.NullInt64, rank int64) {
	if !queue.Valid || queue.Int64 != queueLine && queue.Int64 != queueAgain {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.passed {
		if p.list != list || p.queue != int(queue.Int64) {
			continue
		}
		if p.newest {
			p.rank = max(p.rank, rank+1)
		} else {
			p.rank = min(p.rank, rank-1)
		}
		s.passed[key] = p
	}
}

// unpassNewest makes filters that look at the newest records first begin anew:
// the list got more.
func (s *Core) unpassNewest(list int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.passed, func(_ string, p passed) bool { return p.list == list && p.newest })
}

// candidate is what a filter must know of a record.
type candidate struct {
	row
	rank  int64
	fresh bool
}

// candidates reads records of a list. Without a filter they have no fields.
func (t tx) candidates(f campaign.Filter, where string, args ...any) ([]candidate, error) {
	fields := `0, ''`
	if len(f) > 0 {
		fields = `r.layout_id, r.vals`
	}
	var cs []candidate
	err := t.query(func(sc Row) error {
		var c candidate
		var isFresh int
		var next int64
		err := sc.Scan(&c.Key, &c.Order, &c.rank, &isFresh, &c.Name, &c.Phone, &c.PhoneType, &c.CustomerID, &c.Result, &next, &c.List, &c.layoutID, &c.vals)
		c.fresh, c.NextDial = isFresh == 1, timeOf(next)
		cs = append(cs, c)
		return err
	}, `SELECT r.key, r.ord, r.rank, CASE WHEN `+fresh+` THEN 1 ELSE 0 END,
		r.name, r.phone, r.phone_type, r.customer_id, r.result, r.next_dial, l.name, `+fields+fromRecord+`WHERE `+where, args...)
	for i := 0; i < len(cs) && err == nil && len(f) > 0; i++ {
		err = t.s.unpack(&cs[i].row, t.layout)
	}
	return cs, err
}

// grab locks a record that is to be leased, if it is still in its queue and free.
func (t tx) grab(key campaign.Key, queue int) (bool, error) {
	err := t.one(`SELECT r.key FROM record r WHERE r.key = ? AND r.queue = ?`+free+`FOR UPDATE OF r SKIP LOCKED`, []any{key, queue}, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// pick is the first free record of a line that passes the query's filter.
func (t tx) pick(list int64, queue int, q campaign.LeaseQuery) (place, error) {
	after, order := ` AND r.rank > ? ORDER BY r.rank LIMIT ?`, int64(-1)
	if q.Newest {
		after, order = ` AND r.rank < ? ORDER BY r.rank DESC LIMIT ?`, int64(1)<<62
	}
	from, known := t.s.passedTo(list, queue, q)
	if !known {
		from = order
	}
	seen, matched := from, false
	for range pickPages {
		cs, err := t.candidates(q.Filter, `r.list_id = ? AND r.queue = ?`+after, list, queue, from, pickPage)
		if err != nil {
			return place{}, err
		}
		for i := range cs {
			c := &cs[i]
			from = c.rank
			if !q.Filter.Match(&c.Record) {
				if !matched {
					seen = c.rank
				}
				continue
			}
			matched = true
			ok, err := t.grab(c.Key, queue)
			if ok || err != nil {
				t.s.pass(list, queue, q, seen)
				return place{c.Key, c.Order}, err
			}
		}
		if len(cs) < pickPage {
			break
		}
	}
	t.s.pass(list, queue, q, seen)
	return place{}, nil
}

// firstPassing is the first free record of a queue of callbacks or of the top
// that passes a filter: they are few.
func (t tx) firstPassing(list int64, queue int, f campaign.Filter, where string, args ...any) (campaign.Key, int64, error) {
	cs, err := t.candidates(f, `r.list_id = ? AND `+where+` ORDER BY r.rank LIMIT ?`, append(append([]any{list}, args...), pickPage*pickPages)...)
	if err != nil {
		return 0, 0, err
	}
	for i := range cs {
		if !f.Match(&cs[i].Record) {
			continue
		}
		if ok, err := t.grab(cs[i].Key, queue); ok || err != nil {
			return cs[i].Key, cs[i].rank, err
		}
	}
	return 0, 0, nil
}

// waiting counts the records of a queue that a query may get, up to countLimit,
// and finds when the first of them is due; 0: now, or none.
func (t tx) waiting(list int64, queue int, due string, q campaign.LeaseQuery) (n int, soonest int64, err error) {
	where, args := `r.list_id = ? AND r.queue = ?`, []any{list, queue}
	if queue == queueOwn {
		where, args = where+` AND r.owner = ?`, append(args, q.Agent)
	}
	if queue == queueWaiting && !wants(q, campaign.KindFresh) {
		where += ` AND NOT ` + fresh
	}
	if queue == queueWaiting && !wants(q, campaign.KindRescheduled) {
		where += ` AND ` + fresh
	}
	if len(q.Filter) > 0 {
		return t.waitingFor(list, queue, q, where, args)
	}
	var first sql.NullInt64
	err = t.one(`SELECT count(*), min(due) FROM (SELECT `+due+` AS due FROM record r WHERE `+where+` ORDER BY 1 LIMIT ?) AS waiting`,
		append(args, countLimit), &n, &first)
	return n, first.Int64, err
}

// waitingFor is waiting with a filter.
func (t tx) waitingFor(list int64, queue int, q campaign.LeaseQuery, where string, args []any) (n int, soonest int64, err error) {
	line := queue == queueLine || queue == queueAgain
	if from, known := t.s.passedTo(list, queue, q); line && known {
		cmp := ` AND r.rank > ?`
		if q.Newest {
			cmp = ` AND r.rank < ?`
		}
		where, args = where+cmp, append(args, from)
	}
	order, limit := ` ORDER BY r.rank LIMIT ?`, countLimit
	if line {
		limit = pickPage // pick has looked: what is not free, or beyond what it looks at in one go
		if q.Newest {
			order = ` ORDER BY r.rank DESC LIMIT ?`
		}
	}
	cs, err := t.candidates(q.Filter, where+order, append(args, limit)...)
	if err != nil {
		return 0, 0, err
	}
	for i := range cs {
		c := &cs[i]
		if !q.Filter.Match(&c.Record) {
			continue
		}
		at := c.rank
		if queue == queueTop {
			at = ms(c.NextDial)
		}
		if n++; !line && (soonest == 0 || at < soonest) {
			soonest = at
		}
	}
	if line && n == 0 && len(cs) == limit {
		return 1, ms(q.Now.Add(goOn)), nil // not seen to its end
	}
	return n, soonest, nil
}
