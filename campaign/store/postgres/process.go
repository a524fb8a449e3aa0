package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store"
)

// A doubt is something that may be on disk although its caller was told of an
// error: the connection broke when it was written. It is taken back.
type doubt struct {
	lease   campaign.Lease     // given to nobody, or
	attempt campaign.AttemptID // permitted, and never dialled
}

func (s *Store) takeDoubts() []doubt {
	s.mu.Lock()
	defer s.mu.Unlock()
	ds := s.doubts
	s.doubts = nil
	return ds
}

func (s *Store) doubted(d doubt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubts = append(s.doubts, d)
}

// Lease implements campaign.Store.
func (s *Store) Lease(ctx context.Context, q campaign.LeaseQuery) (campaign.Lease, error) {
	l, err := s.Core.Lease(ctx, q)
	if errors.Is(err, errDoubt) && l.Record.Key != 0 {
		s.doubted(doubt{lease: l})
		return campaign.Lease{}, err
	}
	return l, err
}

// Permit implements campaign.Store.
func (s *Store) Permit(ctx context.Context, q campaign.PermitQuery) error {
	if err := s.takeBack(ctx); err != nil {
		return err
	}
	err := s.Core.Permit(ctx, q)
	if errors.Is(err, errDoubt) {
		s.doubted(doubt{attempt: q.Attempt})
	}
	return err
}

// takeBack undoes what is in doubt. Nothing of it was ever on the line. One does
// it at a time, and the others wait: what the heartbeat begins to take back is
// gone before it is permitted anew, and not after.
func (s *Store) takeBack(ctx context.Context) error {
	s.taking.Lock()
	defer s.taking.Unlock()
	ds := s.takeDoubts()
	for i, d := range ds {
		var err error
		if d.attempt != "" {
			err = s.db.Transact(ctx, false, func(t store.Tx) error {
				if _, err := t.Exec(`DELETE FROM calling WHERE attempt = ?`, d.attempt); err != nil {
					return err
				}
				_, err := t.Exec(`DELETE FROM attempt WHERE id = ? AND ended_at = 0`, d.attempt)
				return err
			})
		} else if err = s.Release(ctx, d.lease, campaign.Release{Now: s.now()}); errors.Is(err, campaign.ErrLost) {
			err = nil // it was never there
		}
		if err != nil {
			for _, left := range ds[i:] {
				s.doubted(left)
			}
			return fmt.Errorf("store: take back what is in doubt: %w", err)
		}
	}
	return nil
}

// Extend implements campaign.Store. It is the process's sign of life; with it
// the process also clears up after others that gave none.
func (s *Store) Extend(ctx context.Context, process string, until time.Time) error {
	if err := s.takeBack(ctx); err != nil {
		return err
	}
	now := s.now()
	err := s.db.Transact(ctx, false, func(t store.Tx) error {
		end := t.Clock(now).Add(until.Sub(now)).UnixMilli()
		// First, as a sweep has it: see gone.
		if _, err := t.Exec(`INSERT INTO process (name, until) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET until = excluded.until`, process, end); err != nil {
			return err
		}
		if _, err := t.Exec(`UPDATE lease SET until = ? WHERE process = ?`, end, process); err != nil {
			return err
		}
		_, err := t.Exec(store.ExtendPresence, end, process)
		return err
	})
	if err != nil {
		return fmt.Errorf("store: extend leases: %w", err)
	}
	if _, err = s.Sweep(ctx); err != nil {
		return err
	}
	return s.Seal(ctx)
}

// Enter implements campaign.Attendance. Who comes from a process that is gone
// finds the calls she had there settled; what fails is left to the next Extend.
func (s *Store) Enter(ctx context.Context, p campaign.Presence, move bool, now, until time.Time) (campaign.Presence, error) {
	got, err := s.Core.Enter(ctx, p, move, now, until)
	if err == nil && got.Process == p.Process {
		_, _ = s.Sweep(ctx)
	}
	return got, err
}

// Sweep settles the open attempts of processes that are gone, by
// OpenAttempt.Orphan, and says how many. A process is gone when its last sign
// of life (or, if it never gave one, the lease of the record) has run out.
// Their other leases run out by themselves.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	gone := map[campaign.AttemptID]bool{}
	err := s.db.Transact(ctx, false, func(t store.Tx) error {
		clear(gone)
		at := t.Expired(s.now())
		if at.IsZero() {
			return nil
		}
		return t.Query(func(r store.Row) error {
			var id campaign.AttemptID
			err := r.Scan(&id)
			gone[id] = true
			return err
		}, `SELECT a.id FROM attempt a LEFT JOIN process p ON p.name = a.process LEFT JOIN lease l ON l.record_key = a.record_key
			WHERE a.ended_at = 0 AND coalesce(p.until, l.until) <= ?`, at.UnixMilli())
	})
	if err != nil {
		return 0, fmt.Errorf("store: sweep: %w", err)
	}
	if len(gone) == 0 {
		return 0, nil
	}
	open, err := s.Open(ctx, "")
	if err != nil {
		return 0, err
	}
	n := 0
	for _, o := range open {
		if !gone[o.Attempt.ID] {
			continue
		}
		settled, err := s.orphan(ctx, o)
		if err != nil {
			return n, err
		}
		if settled {
			n++
		}
	}
	return n, nil
}

// orphan settles an open attempt, if its process is still gone.
func (s *Store) orphan(ctx context.Context, o campaign.OpenAttempt) (settled bool, err error) {
	err = s.SettleWhile(ctx, o.Orphan(s.now()), func(t store.Tx) (bool, error) {
		settled, err = s.gone(t, o.Attempt)
		return settled, err
	})
	if errors.Is(err, campaign.ErrLost) {
		err = nil
	}
	return settled, err
}

// gone reports whether the process of an attempt is gone at this moment, and
// keeps it so until the transaction ends: it may be coming back.
func (s *Store) gone(t store.Tx, a campaign.Attempt) (bool, error) {
	until := int64(0) // nobody knows
	each := func(r store.Row) error { return r.Scan(&until) }
	err := t.Query(each, `SELECT until FROM process WHERE name = ? FOR UPDATE`, a.Process)
	if err == nil && until == 0 {
		err = t.Query(each, `SELECT until FROM lease WHERE record_key = ? FOR UPDATE`, a.Record)
	}
	at := t.Expired(s.now())
	return err == nil && until != 0 && !at.IsZero() && until <= at.UnixMilli(), err
}
