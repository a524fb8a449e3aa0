package store

import (
	"context"
	"errors"
	"time"

	"github.com/freiton/freiton/campaign"
)

// expire gives back the records of leases that have run out, but for those
// with a call: what became of a call, only its process or Open can tell.
func (t tx) expire(now time.Time) error {
	_, err := t.giveBack(`until <= ?`, ms(t.db.Expired(now)))
	return err
}

// giveBack ends leases without a call, and says how many.
func (t tx) giveBack(where string, args ...any) (n int, err error) {
	var keys []campaign.Key
	err = t.query(func(sc Row) error {
		var k campaign.Key
		err := sc.Scan(&k)
		keys = append(keys, k)
		return err
	}, `SELECT record_key FROM lease WHERE `+where+
		` AND NOT EXISTS (SELECT 1 FROM calling c WHERE c.record_key = lease.record_key) FOR UPDATE SKIP LOCKED`, args...)
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		if err := t.undialled(k); errors.Is(err, errCalled) {
			continue // permitted before we had the lock
		} else if err != nil {
			return n, err
		}
		r, err := t.record(k)
		if err != nil {
			return n, err
		}
		if err := t.endLease(k); err != nil {
			return n, err
		}
		n++
		if r.Status != campaign.Retrieved {
			continue
		}
		r.Status = campaign.Ready
		if err := t.save(&r, time.Time{}); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (t tx) endLease(key campaign.Key) error {
	_, err := t.exec(`DELETE FROM lease WHERE record_key = ?`, key)
	return err
}

// Extend implements campaign.Store.
func (s *Core) Extend(ctx context.Context, process string, until time.Time) error {
	err := s.write(ctx, "extend leases", func(t tx) error {
		end := t.leaseUntil(s.opt.Now(), until)
		if _, err := t.exec(`UPDATE lease SET until = ? WHERE process = ?`, end, process); err != nil {
			return err
		}
		_, err := t.exec(ExtendPresence, end, process)
		return err
	})
	if err == nil {
		err = s.Seal(ctx)
	}
	return err
}

// Release implements campaign.Store.
func (s *Core) Release(ctx context.Context, l campaign.Lease, rel campaign.Release) error {
	return s.write(ctx, "release", func(t tx) error {
		r, err := t.ours(l)
		if err != nil {
			return err
		}
		if err := t.undialled(r.Key); err != nil {
			return err
		}
		if err := t.release(&r, rel); err != nil {
			return err
		}
		if err := t.endLease(r.Key); err != nil {
			return err
		}
		return t.clearCrowd(rel.Now)
	})
}

// undialled refuses what may not be done to a record while it is called.
func (t tx) undialled(key campaign.Key) error {
	var calls int
	err := t.one(`SELECT count(*) FROM calling WHERE record_key = ?`, []any{key}, &calls)
	if err == nil && calls > 0 {
		err = errCalled
	}
	return err
}

var errCalled = errors.New("the record is being called already")

func (t tx) release(r *row, rel campaign.Release) error {
	r.Status = campaign.Ready
	changed := time.Time{}
	if rel.Update != nil {
		r.apply(*rel.Update, rel.Top)
		changed = rel.Now
	} else if !rel.NotBefore.IsZero() {
		r.NextDial = rel.NotBefore
	}
	if rel.Reason != "" {
		r.Reason, changed = rel.Reason, rel.Now
	}
	if rel.Declined {
		r.Declined++
		changed = rel.Now
	}
	if rel.Top {
		// Strictly growing, so that the last one declined comes first.
		if err := t.one(`UPDATE counter SET value = value + 1 WHERE name = 'top' RETURNING value`, nil, &r.Top); err != nil {
			return err
		}
	}
	if err := t.save(r, changed); err != nil {
		return err
	}
	if no := rel.Refused; no != nil {
		q := campaign.PermitQuery{Campaign: no.Campaign, Agent: no.Agent, Number: r.Phone, Person: r.Person, Now: rel.Now}
		if err := t.refused(q, r, campaign.Verdict{Reason: no.Reason}); err != nil {
			return err
		}
	}
	return t.chain(r, rel.Chain, "", rel.Now)
}

// Reclaim implements campaign.Store.
func (s *Core) Reclaim(ctx context.Context, process string, _ time.Time) (n int, err error) {
	err = s.write(ctx, "reclaim", func(t tx) error {
		n, err = t.giveBack(`process = ?`, process)
		return err
	})
	return n, err
}
