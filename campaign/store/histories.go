package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// PastAttempts implements campaign.Histories. Person and numbers are asked for
// one by one: each has an index.
func (s *Core) PastAttempts(ctx context.Context, q campaign.AttemptQuery) ([]campaign.PastAttempt, error) {
	var out []campaign.PastAttempt
	seen := map[campaign.AttemptID]bool{}
	one := func(cond string, arg any) error {
		where, args := []string{`a.dialed_at >= ?`}, []any{ms(q.Since)}
		add := func(c string, v any) { where, args = append(where, c), append(args, v) }
		if cond != "" {
			add(cond, arg)
		}
		if q.ID != "" {
			add(`a.id = ?`, q.ID)
		}
		if !q.Until.IsZero() {
			add(`a.dialed_at < ?`, ms(q.Until))
		}
		if q.Agent != "" {
			add(`a.agent = ?`, q.Agent)
		}
		limit := ``
		if q.Limit > 0 {
			limit = fmt.Sprintf(` LIMIT %d`, q.Limit)
		}
		return s.read(ctx, "past attempts", func(sc Row) error {
			a, err := scanAttempt(sc)
			if !seen[a.ID] {
				seen[a.ID] = true
				out = append(out, campaign.PastAttempt{Attempt: a})
			}
			return err
		}, `SELECT `+attemptColumns+` FROM attempt a WHERE `+strings.Join(where, ` AND `)+` ORDER BY a.dialed_at DESC`+limit, args...)
	}
	var err error
	if q.Person == "" && len(q.Numbers) == 0 {
		err = one("", nil)
	}
	if q.Person != "" {
		err = one(`a.person = ?`, q.Person)
	}
	for _, n := range q.Numbers {
		if err == nil && n != "" {
			err = one(`a.number = ?`, n)
		}
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b campaign.PastAttempt) int { return b.DialedAt.Compare(a.DialedAt) })
	if q.Limit > 0 {
		out = out[:min(len(out), q.Limit)]
	}
	if err := s.nameThem(ctx, out); err != nil {
		return nil, err
	}
	return out, s.outcomesBefore(ctx, out)
}

// outcomesBefore looks up what was corrected.
func (s *Core) outcomesBefore(ctx context.Context, as []campaign.PastAttempt) error {
	for part := range slices.Chunk(as, 500) {
		place := make(map[campaign.AttemptID]int, len(part))
		ids := make([]any, len(part))
		for i, a := range part {
			place[a.ID], ids[i] = i, a.ID
		}
		err := s.read(ctx, "corrected outcomes", func(sc Row) error {
			var id campaign.AttemptID
			var until int64
			var o campaign.PastOutcome
			err := sc.Scan(&id, &until, &o.Result, &o.Disposition, &o.Note)
			o.Until = timeOf(until)
			part[place[id]].Was = append(part[place[id]].Was, o)
			return err
		}, `SELECT attempt, until, result, disposition, note FROM outcome_before WHERE attempt IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`) ORDER BY id DESC`, ids...)
		if err != nil {
			return err
		}
	}
	return nil
}

// nameThem looks up the names that the contacts of calls have now.
func (s *Core) nameThem(ctx context.Context, as []campaign.PastAttempt) error {
	names := map[campaign.Key]string{}
	var keys []any
	for _, a := range as {
		if _, known := names[a.Record]; a.Record != 0 && !known {
			names[a.Record] = ""
			keys = append(keys, a.Record)
		}
	}
	for part := range slices.Chunk(keys, 500) {
		err := s.read(ctx, "names", func(sc Row) error {
			var key campaign.Key
			var name, doc string
			err := sc.Scan(&key, &name, &doc)
			if err == nil && doc != "" {
				var e campaign.ContactEdit
				if e, err = readEdit(doc); err == nil && e.Name != nil {
					name = *e.Name
				}
			}
			names[key] = name
			return err
		}, `SELECT r.key, r.name, coalesce(ct.doc, '')`+fromRecord+`WHERE r.key IN (?`+strings.Repeat(`, ?`, len(part)-1)+`)`, part...)
		if err != nil {
			return err
		}
	}
	for i := range as {
		as[i].Name = names[as[i].Record]
	}
	return nil
}

// Owned implements campaign.Histories.
func (s *Core) Owned(ctx context.Context, owner campaign.AgentID, limit int) ([]campaign.Record, error) {
	var out []campaign.Record
	err := s.recordsOf(ctx, func(r campaign.Record) { out = append(out, r) }, fromRecord+
		`WHERE r.owner = ? AND r.owner <> '' AND r.status IN (1, 8) AND r.type IN (4, 5) ORDER BY r.next_dial LIMIT ?`, owner, limit)
	return out, err
}

// CountRecords implements campaign.Histories.
func (s *Core) CountRecords(ctx context.Context, lists []string) (map[campaign.RecordStatus]int, map[campaign.CallResult]int, error) {
	byStatus, byResult := map[campaign.RecordStatus]int{}, map[campaign.CallResult]int{}
	for _, list := range lists {
		err := s.read(ctx, "count", func(sc Row) error {
			var status campaign.RecordStatus
			var result campaign.CallResult
			var n int
			err := sc.Scan(&status, &result, &n)
			byStatus[status] += n
			byResult[result] += n
			return err
		}, `SELECT r.status, r.result, count(*) FROM record r WHERE r.list_id = (SELECT id FROM list WHERE name = ?) GROUP BY r.status, r.result`, list)
		if err != nil {
			return nil, nil, err
		}
	}
	return byStatus, byResult, nil
}

// isCallback is campaign.KindCallback in SQL: one that was agreed, or that an
// agent keeps for herself.
const isCallback = `(type IN (5, 6) OR type = 4 AND owner <> '')`

// ListFigures counts the records of lists: of those that keep, nil for all,
// lets through, by their names. now is when a callback is overdue.
func (s *Core) ListFigures(ctx context.Context, keep func(list string) bool, now time.Time) ([]campaign.ListFigures, error) {
	var out []campaign.ListFigures
	err := s.read(ctx, "list figures", func(sc Row) error {
		var name string
		var n campaign.RecordCount
		if err := sc.Scan(&name, &n.Status, &n.Result, &n.Records, &n.Called, &n.Open, &n.Overdue); err != nil {
			return err
		}
		if keep != nil && !keep(name) {
			return nil
		}
		if len(out) == 0 || out[len(out)-1].List != name {
			out = append(out, campaign.ListFigures{List: name, Statuses: map[string]int{}, Results: map[string]int{}})
		}
		out[len(out)-1].Count(n)
		return nil
	}, `SELECT l.name, coalesce(c.status, 0), coalesce(c.result, 0), coalesce(c.n, 0), coalesce(c.called, 0), coalesce(c.open, 0), coalesce(c.overdue, 0)
		FROM list l LEFT JOIN (SELECT list_id, status, result, count(*) AS n,
			sum(CASE WHEN attempts > 0 OR last_call > 0 THEN 1 ELSE 0 END) AS called,
			sum(CASE WHEN `+isCallback+` THEN 1 ELSE 0 END) AS open,
			sum(CASE WHEN `+isCallback+` AND next_dial > 0 AND next_dial < ? THEN 1 ELSE 0 END) AS overdue
			FROM record GROUP BY list_id, status, result) c ON c.list_id = l.id ORDER BY l.name, c.status, c.result`, ms(now))
	return out, err
}
