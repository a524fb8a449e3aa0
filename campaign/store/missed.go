package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/freiton/freiton/campaign"
)

// missedAtOnce is how many callbacks one transaction gives to the group.
const missedAtOnce = 200

// Missed implements campaign.Store.
func (s *Core) Missed(ctx context.Context, q campaign.MissedQuery) (out []campaign.Record, err error) {
	err = s.write(ctx, "missed callbacks", func(t tx) error {
		out = nil
		lists, err := t.listIDs(q.Lists)
		for i := 0; i < len(lists) && err == nil; i++ {
			var rs []row
			if rs, err = t.overdue(lists[i], q); err == nil {
				err = t.toGroup(rs, q)
			}
			for _, r := range rs {
				out = append(out, r.Record)
			}
		}
		return err
	})
	return out, err
}

// overdue are the callbacks of a list that their owners did not take. Who is at
// another process is that one's matter.
func (t tx) overdue(list int64, q campaign.MissedQuery) (rs []row, err error) {
	where := ` AND NOT EXISTS (SELECT 1 FROM presence p WHERE p.agent = r.owner AND p.process <> ? AND p.until > ?)`
	args := []any{list, ms(q.Before), q.Process, ms(t.db.Expired(q.Now))}
	if len(q.Present) > 0 {
		where += ` AND r.owner NOT IN (?` + strings.Repeat(`, ?`, len(q.Present)-1) + `)`
		for _, a := range q.Present {
			args = append(args, a)
		}
	}
	err = t.query(func(sc Row) error {
		r, err := scanRecord(sc)
		rs = append(rs, r)
		return err
	}, `SELECT `+recordColumns+fromRecord+`WHERE r.list_id = ? AND r.queue = 5 AND r.rank <= ?`+where+
		` ORDER BY r.rank LIMIT ? FOR UPDATE OF r SKIP LOCKED`, append(args, missedAtOnce)...)
	return rs, err
}

// toGroup makes callbacks missed ones, and tells their owners.
func (t tx) toGroup(rs []row, q campaign.MissedQuery) error {
	var told [][]any
	for i := range rs {
		r := &rs[i]
		r.Status = campaign.MissedCallback
		r.Reason = "callback of " + string(r.Owner) + ", who did not take it in time; anybody may call"
		if err := t.save(r, q.Now); err != nil {
			return err
		}
		id := "missed-" + strconv.FormatInt(int64(r.Key), 10) + "-" + strconv.FormatInt(ms(r.NextDial), 10)
		told = append(told, []any{r.Owner, id, ms(q.Now), "", campaign.ToAgent, r.Owner, campaign.CodeMissedCallback, campaign.MissedText(r.Record)})
	}
	_, err := t.db.Insert(`INSERT INTO message (reader, id, at, sender, audience, name, code, text)`, `ON CONFLICT (reader, id) DO NOTHING`, told)
	return err
}
