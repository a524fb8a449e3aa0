package store

import (
	"context"
	"time"

	"github.com/freiton/freiton/campaign"
)

// AttemptsBetween gives the attempts of a campaign (empty: all) that began in
// a span of time, oldest first.
func (s *Core) AttemptsBetween(ctx context.Context, name string, from, until time.Time, each func(campaign.Attempt) error) error {
	where, args := `a.dialed_at >= ? AND a.dialed_at < ?`, []any{ms(from), ms(until)}
	if name != "" {
		where, args = where+` AND a.campaign = ?`, append(args, name)
	}
	return s.read(ctx, "attempts", func(sc Row) error {
		a, err := scanAttempt(sc)
		if err != nil {
			return err
		}
		return each(a)
	}, `SELECT `+attemptColumns+` FROM attempt a WHERE `+where+` ORDER BY a.dialed_at, a.id`, args...)
}

// CountRefusals is how often the gate refused calls of a campaign for a reason.
func (s *Core) CountRefusals(ctx context.Context, name string, code campaign.ReasonCode, from, until time.Time) (n int, err error) {
	err = s.read(ctx, "refusals", func(sc Row) error { return sc.Scan(&n) },
		`SELECT coalesce(sum(times), 0) FROM refusal WHERE campaign = ? AND code = ? AND at >= ? AND at < ?`, name, code, ms(from), ms(until))
	return n, err
}

// KeepStates writes down what agents began to do; the same again changes nothing.
func (s *Core) KeepStates(ctx context.Context, states []campaign.AgentState) error {
	rows := make([][]any, len(states))
	for i, a := range states {
		rows[i] = []any{a.Process, int64(a.N), a.Agent, a.Team, ms(a.At), a.Status, a.Reason}
	}
	return s.write(ctx, "agent states", func(t tx) error {
		_, err := t.db.Insert(`INSERT INTO agent_state (process, n, agent, team, at, status, reason)`, `ON CONFLICT (process, n, agent) DO NOTHING`, rows)
		return err
	})
}

const stateColumns = `process, n, agent, team, at, status, reason`

func scanState(sc Row) (a campaign.AgentState, err error) {
	var at, n int64
	err = sc.Scan(&a.Process, &n, &a.Agent, &a.Team, &at, &a.Status, &a.Reason)
	a.N, a.At = uint64(n), timeOf(at)
	return a, err
}

// States gives what agents did in a span of time, by agent and time, beginning
// with what each was doing at its beginning.
func (s *Core) States(ctx context.Context, from, until time.Time) (out []campaign.AgentState, err error) {
	err = s.read(ctx, "agent states", func(sc Row) error {
		a, err := scanState(sc)
		out = append(out, a)
		return err
	}, `SELECT `+stateColumns+` FROM agent_state s WHERE at < ? AND at >= coalesce(
		(SELECT max(at) FROM agent_state o WHERE o.agent = s.agent AND o.at <= ?), 0) ORDER BY agent, at, process, n`, ms(until), ms(from))
	return out, err
}

// TeamTimes gives the times of teams on a day.
func (s *Core) TeamTimes(ctx context.Context, day string) (out []campaign.TeamTime, err error) {
	err = s.read(ctx, "team times", func(sc Row) error {
		x := campaign.TeamTime{Day: day}
		var ms int64
		err := sc.Scan(&x.Team, &x.Status, &x.Reason, &ms)
		x.For = time.Duration(ms) * time.Millisecond
		out = append(out, x)
		return err
	}, `SELECT team, status, reason, ms FROM team_time WHERE day = ? ORDER BY team, status, reason`, day)
	return out, err
}

// FoldStates turns what single agents did before a midnight into the times of
// teams, for good.
func (s *Core) FoldStates(ctx context.Context, midnight time.Time) (n int, err error) {
	err = s.write(ctx, "fold agent states", func(t tx) error {
		n = 0
		var states []campaign.AgentState
		err := t.query(func(sc Row) error {
			a, err := scanState(sc)
			states = append(states, a)
			return err
		}, `SELECT `+stateColumns+` FROM agent_state WHERE at < ? ORDER BY agent, at, process, n`, ms(midnight))
		if err != nil || len(states) == 0 {
			return err
		}
		add := func(day time.Time, a campaign.AgentState, d time.Duration) {
			if err != nil || a.Status == string(campaign.AgentLoggedOff) {
				return
			}
			_, err = t.exec(`INSERT INTO team_time (day, team, status, reason, ms) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (day, team, status, reason) DO UPDATE SET ms = team_time.ms + excluded.ms`,
				day.Format(time.DateOnly), a.Team, a.Status, a.Reason, d.Milliseconds())
		}
		first := states[0].At
		for _, a := range states {
			if a.At.Before(first) {
				first = a.At
			}
		}
		y, m, d := first.In(midnight.Location()).Date()
		for day := time.Date(y, m, d, 0, 0, 0, 0, midnight.Location()); day.Before(midnight); day = day.AddDate(0, 0, 1) {
			campaign.EachSpan(states, day, day.AddDate(0, 0, 1), func(a campaign.AgentState, d time.Duration) { add(day, a, d) })
		}
		if err != nil {
			return err
		}
		for i, a := range states { // what goes on over midnight stays, from then on
			last := i+1 == len(states) || states[i+1].Agent != a.Agent
			q, args := `DELETE FROM agent_state WHERE process = ? AND n = ? AND agent = ?`, []any{a.Process, int64(a.N), a.Agent}
			if last && a.Status != string(campaign.AgentLoggedOff) {
				q, args = `UPDATE agent_state SET at = ? WHERE process = ? AND n = ? AND agent = ?`, append([]any{ms(midnight)}, args...)
			} else {
				n++
			}
			if _, err := t.exec(q, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// OldRecordings are the recordings of attempts before a moment, by attempt.
func (s *Core) OldRecordings(ctx context.Context, before time.Time) (map[campaign.AttemptID]string, error) {
	out := map[campaign.AttemptID]string{}
	err := s.read(ctx, "old recordings", func(sc Row) error {
		var id campaign.AttemptID
		var file string
		err := sc.Scan(&id, &file)
		out[id] = file
		return err
	}, `SELECT id, recording FROM attempt WHERE dialed_at < ? AND ended_at > 0 AND recording <> ''`, ms(before))
	return out, err
}

// RecordingsGone says that recordings are deleted.
func (s *Core) RecordingsGone(ctx context.Context, ids []campaign.AttemptID) error {
	return s.write(ctx, "recordings", func(t tx) error {
		for _, id := range ids {
			if _, err := t.exec(`UPDATE attempt SET recording = '' WHERE id = ?`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// OldNotes deletes the notes of calls before a moment, and says how many;
// with dry it only counts them.
func (s *Core) OldNotes(ctx context.Context, before time.Time, dry bool) (n int, err error) {
	err = s.write(ctx, "old notes", func(t tx) error {
		n = 0
		for _, x := range []struct{ table, where string }{
			{`attempt`, `note <> '' AND ended_at > 0 AND ended_at < ?`},
			{`record`, `note <> '' AND last_call > 0 AND last_call < ? AND status NOT IN ` + undone},
			{`outcome_before`, `note <> '' AND until < ?`},
		} {
			var count int
			if err := t.one(`SELECT count(*) FROM `+x.table+` WHERE `+x.where, []any{ms(before)}, &count); err != nil {
				return err
			}
			if n += count; dry || count == 0 {
				continue
			}
			if _, err := t.exec(`UPDATE `+x.table+` SET note = '' WHERE `+x.where, ms(before)); err != nil {
				return err
			}
		}
		if dry {
			return nil
		}
		_, err := t.exec(`UPDATE attempt SET filed = '' WHERE filed <> '' AND ended_at > 0 AND ended_at < ?`, ms(before)) // the record's note is in it
		return err
	})
	return n, err
}
