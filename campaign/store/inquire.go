package store

import (
	"context"
	"errors"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Facts implements campaign.Store.
func (s *Core) Facts(ctx context.Context, q campaign.PermitQuery) (f campaign.Facts, err error) {
	err = s.write(ctx, "facts", func(t tx) error {
		var r row
		if q.Lease.Record.Key != 0 {
			if r, err = t.look(q.Lease.Record.Key); err != nil {
				return err
			}
		}
		identify(&q, &r)
		f, err = t.facts(q, &r)
		return err
	})
	return f, err
}

// errLive says that calls of a campaign live.
var errLive = errors.New("calls of this campaign are live: end them first")

// Forget removes the records of lists and the offers of a campaign, so that the
// same list can be worked from the start. The do-not-call list stays, and so do
// the attempts, under the campaign's name and the moment: they are the proof of
// calls, and the caps of numbers and persons count them. It refuses while a call
// of the campaign lives.
func (s *Core) Forget(ctx context.Context, name string, lists []string, now time.Time) error {
	return s.write(ctx, "forget", func(t tx) error {
		var live int
		if err := t.one(`SELECT count(*) FROM attempt WHERE campaign = ? AND ended_at = 0`, []any{name}, &live); err != nil {
			return err
		}
		if live > 0 {
			return passing{errLive}
		}
		if _, err := t.exec(`DELETE FROM offer WHERE campaign = ?`, name); err != nil {
			return err
		}
		until := name + " until " + now.UTC().Format(time.RFC3339Nano)
		if _, err := t.exec(`UPDATE attempt SET campaign = ? WHERE campaign = ?`, until, name); err != nil {
			return err
		}
		for _, list := range lists {
			if err := t.forgetList(list); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetAtOnce is how many records one statement removes, so that none takes long.
const forgetAtOnce = 10_000

func (t tx) forgetList(name string) error {
	if _, err := t.exec(`DELETE FROM lease WHERE list_id IN (SELECT id FROM list WHERE name = ?)`, name); err != nil {
		return err
	}
	for n := int64(forgetAtOnce); n == forgetAtOnce; {
		var err error
		n, err = t.exec(`DELETE FROM record WHERE key IN (SELECT key FROM record
			WHERE list_id = (SELECT id FROM list WHERE name = ?) LIMIT ?)`, name, forgetAtOnce)
		if err != nil {
			return err
		}
	}
	_, err := t.exec(`DELETE FROM list WHERE name = ?`, name)
	return err
}

// LastLine is the largest data line of a list, 0 for an empty or unknown one:
// what is imported next counts on from there.
func (s *Core) LastLine(ctx context.Context, list string) (n int, err error) {
	err = s.read(ctx, "last line", func(sc Row) error { return sc.Scan(&n) },
		`SELECT coalesce(max(line), 0) FROM record WHERE list_id = (SELECT id FROM list WHERE name = ?)`, list)
	return n, err
}
