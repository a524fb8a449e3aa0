package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Known tells which numbers are in lists already, and in which. It is asked for
// every part of a file, while the list grows: with the plans of transactions,
// which do not hang on what the server believes of the size of a table.
func (s *Core) Known(ctx context.Context, numbers []string) (out map[string][]string, err error) {
	err = s.writeLazily(ctx, "known numbers", func(t tx) error {
		out = map[string][]string{}
		return t.manyOf(func(sc Row) error {
			var phone, list string
			err := sc.Scan(&phone, &list)
			if !slices.Contains(out[phone], list) { // a part may ask for a number twice
				out[phone] = append(out[phone], list)
			}
			return err
		}, numbers, `SELECT r.phone, (SELECT l.name FROM list l WHERE l.id = r.list_id) AS name FROM record r WHERE r.phone IN `+manyList+` ORDER BY 2`)
	})
	return out, err
}

// KnownIDs tells which of these ids a list has, and of which chain its records
// are: empty, where one of them is of none. It is asked like Known; the sum, and no grouping, keep the database
// from walking through the whole list instead of looking the ids up.
func (s *Core) KnownIDs(ctx context.Context, list string, ids []string) (out map[string]string, err error) {
	err = s.writeLazily(ctx, "known ids", func(t tx) error {
		out = map[string]string{}
		return t.manyOf(func(sc Row) error {
			var id, chain string
			err := sc.Scan(&id, &chain)
			if before, known := out[id]; !known || chain < before {
				out[id] = chain
			}
			return err
		}, ids, `SELECT id, chain FROM record WHERE list_id + 0 = `+listOf+` AND id IN `+manyList, list)
	})
	return out, err
}

// Records implements campaign.Store. Since and Changed select records that
// were offered, dialled, refused or freed (since then, or at all).
func (s *Core) Records(ctx context.Context, q campaign.RecordQuery, each func(campaign.Record) error) error {
	where, args := []string{`1 = 1`}, []any{}
	add := func(cond string, arg any) { where, args = append(where, cond), append(args, arg) }
	switch {
	case q.List != "" && q.ID != "": // an id is looked up, and no list walked through
		add(`r.list_id + 0 = `+listOf, q.List)
	case q.List != "": // by the list's number, so that the index on places gives the order
		add(`r.list_id = `+listOf, q.List)
	}
	if q.After > 0 {
		add(`r.ord > ?`, q.After)
	}
	if q.ID != "" {
		add(`r.id = ?`, q.ID)
	}
	if q.Phone != "" {
		add(`r.phone = ?`, s.number(q.Phone))
	}
	if !q.Since.IsZero() {
		add(`r.changed_at >= ?`, ms(q.Since))
	}
	if q.Changed {
		add(`r.changed_at > ?`, 0)
	}
	limit := ``
	if q.Limit > 0 {
		limit, args = ` LIMIT ?`, append(args, q.Limit)
	}
	names := func(id int64) (text string, err error) {
		err = s.read(ctx, "columns", func(sc Row) error { return sc.Scan(&text) }, `SELECT names FROM layout WHERE id = ?`, id)
		return text, err
	}
	return s.read(ctx, "records", func(sc Row) error {
		r, err := scanRecord(sc)
		if err == nil {
			err = s.unpack(&r, names)
		}
		if err != nil {
			return err
		}
		return each(r.Record)
	}, `SELECT `+recordColumns+fromRecord+`WHERE `+strings.Join(where, ` AND `)+` ORDER BY r.list_id, r.ord`+limit, args...)
}

// errBusy and errOptedOut are refusals of Retry.
var (
	errBusy     = notNow("the record is with an agent now; wait until that is done")
	errOptedOut = notNow("the contact wants no more calls")
)

func notNow(text string) error {
	return &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNotNow, Text: text}}
}

// Retry implements campaign.Store. Of a contact with several numbers the stale
// ones are freed, or, when none is, all of them in their order. Attempts of
// the record are counted from nought; the caps per number and person stand.
func (s *Core) Retry(ctx context.Context, list, id string) error {
	return s.write(ctx, "retry", func(t tx) error {
		rs, stale, err := t.retried(list, id)
		if err != nil {
			return err
		}
		undone := false
		for i := range rs {
			r := &rs[i]
			if stale && r.Status != campaign.Stale {
				undone = undone || !r.Status.Done()
				continue
			}
			r.Status, r.NextDial, r.Reason = campaign.Ready, time.Time{}, ""
			r.Attempts, r.finishedBy, r.was = 0, "", 0
			if undone {
				r.Status = campaign.ChainReady
			}
			undone = undone || r.Chain != ""
			if err := t.save(r, s.opt.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndRest lets records that were set aside until after a time be dialled again
// at once: the moves of campaign.ClickDecline and ClickReturn taken back.
func (s *Core) EndRest(ctx context.Context, lists []string, after time.Time) error {
	return s.write(ctx, "end rest", func(t tx) error {
		for _, list := range lists {
			var rs []row
			if err := t.query(func(sc Row) error {
				r, err := scanRecord(sc)
				rs = append(rs, r)
				return err
			}, `SELECT `+recordColumns+fromRecord+`WHERE l.name = ? AND r.status = ? AND r.next_dial > ? AND r.reason = ? FOR UPDATE OF r`,
				list, campaign.Ready, ms(after), campaign.SetAside); err != nil {
				return err
			}
			for i := range rs {
				r := &rs[i]
				if r.NextDial, r.Reason = s.opt.Now(), ""; r.Type == campaign.General && r.Attempts == 0 {
					r.NextDial = time.Time{}
				}
				if err := t.save(r, s.opt.Now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// retried reads the records of an id and refuses what a retry may not touch.
func (t tx) retried(list, id string) (rs []row, stale bool, err error) {
	err = t.query(func(sc Row) error {
		r, err := scanRecord(sc)
		if err != nil {
			return err
		}
		rs, stale = append(rs, r), stale || r.Status == campaign.Stale
		switch {
		case r.Status == campaign.Retrieved:
			return errBusy
		case r.NoCall || r.Type == campaign.NoCall:
			return errOptedOut
		}
		return nil
	}, `SELECT `+recordColumns+fromRecord+`WHERE l.name = ? AND r.id = ? ORDER BY r.chain, r.position FOR UPDATE OF r`, list, id)
	if err == nil && len(rs) == 0 {
		err = campaign.ErrNotFound
	}
	if err != nil {
		err = fmt.Errorf("record %s of list %s: %w", id, list, err)
	}
	return rs, stale, err
}

// Lists implements campaign.Store.
func (s *Core) Lists(ctx context.Context) ([]campaign.ListInfo, error) {
	var out []campaign.ListInfo
	err := s.read(ctx, "lists", func(sc Row) error {
		var name, columns string
		var imported int64
		var status *campaign.RecordStatus
		var n int
		if err := sc.Scan(&name, &imported, &columns, &status, &n); err != nil {
			return err
		}
		if len(out) == 0 || out[len(out)-1].Name != name {
			l := campaign.ListInfo{Name: name, ByStatus: map[campaign.RecordStatus]int{}, Imported: timeOf(imported)}
			if err := json.Unmarshal([]byte(columns), &l.Columns); err != nil {
				return err
			}
			out = append(out, l)
		}
		if status != nil {
			l := &out[len(out)-1]
			l.ByStatus[*status] = n
			l.Records += n
		}
		return nil
	}, `SELECT l.name, l.imported, l.columns, c.status, coalesce(c.n, 0) FROM list l LEFT JOIN
		(SELECT list_id, status, count(*) AS n FROM record GROUP BY list_id, status) c ON c.list_id = l.id ORDER BY l.name, c.status`)
	return out, err
}
