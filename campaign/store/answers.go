package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/freiton/freiton/campaign"
)

// The abandonment budget is reckoned from a row for each campaign and hour,
// kept in the transactions that write what they count: 720 small rows answer
// for 30 days, however many calls there were.

// Answers implements campaign.Store.
func (s *Core) Answers(ctx context.Context, name string, now time.Time) (n campaign.Answers, err error) {
	query, args := answersIn(name, now)
	err = s.read(ctx, "answers", func(r Row) error { return scanAnswers(r, &n) }, query, args...)
	return n, err
}

const hour = int64(time.Hour / time.Millisecond)

// answersIn asks for both windows at once. Of the oldest hour of a window, of
// which but a part lies in it, only what was abandoned counts, in both numbers:
// wherever in it the window begins, no more is left of the budget than this.
func answersIn(name string, now time.Time) (query string, args []any) {
	day, month := ms(now.Add(-campaign.BudgetDay))/hour, ms(now.Add(-campaign.BudgetMonth))/hour
	return `SELECT sum(CASE WHEN hour > ? THEN answered WHEN hour = ? THEN abandoned ELSE 0 END),
		sum(CASE WHEN hour >= ? THEN abandoned ELSE 0 END),
		sum(CASE WHEN hour > ? THEN answered ELSE abandoned END), sum(abandoned)
		FROM answers WHERE campaign = ? AND hour >= ?`, []any{day, day, day, month, name, month}
}

func scanAnswers(r Row, n *campaign.Answers) error {
	var c [4]sql.NullInt64 // without a row they are NULL
	err := r.Scan(&c[0], &c[1], &c[2], &c[3])
	n.Day = campaign.AnswerCount{Answered: int(c[0].Int64), Abandoned: int(c[1].Int64)}
	n.Month = campaign.AnswerCount{Answered: int(c[2].Int64), Abandoned: int(c[3].Int64)}
	return err
}

// budget finds out what a call beyond one for each free agent needs to know.
func (t tx) budget(f *campaign.Facts, q campaign.PermitQuery) error {
	query, args := answersIn(q.Campaign, q.Now)
	if err := t.query(func(r Row) error { return scanAnswers(r, &f.Answers) }, query, args...); err != nil {
		return err
	}
	unseated := map[string]campaign.Unseated{}
	err := t.query(func(r Row) error {
		var process string
		var u campaign.Unseated
		err := r.Scan(&process, &u.Waiting, &u.Ringing, &u.AtRisk)
		unseated[process] = u
		return err
	}, `SELECT c.process, sum(CASE WHEN a.answered_at > 0 THEN 1 ELSE 0 END),
		sum(CASE WHEN a.answered_at = 0 THEN 1 ELSE 0 END), max(CASE WHEN a.answered_at = 0 THEN c.at_risk ELSE 0 END)
		FROM calling c JOIN attempt a ON a.id = c.attempt
		WHERE a.campaign = ? AND a.joined_at = 0 AND (c.at_risk > 0 OR a.answered_at > 0) GROUP BY c.process`, q.Campaign)
	f.AtRisk = campaign.RiskOf(q, unseated)
	return err
}

// counting runs change, which may change what an attempt adds to its campaign's
// answers, and counts the difference. maybe says whether it may at all.
func (t tx) counting(id campaign.AttemptID, maybe bool, change func() error) error {
	before, err := t.counted(id)
	if err != nil {
		return err
	}
	if err := change(); err != nil || !maybe && before.AnsweredAt.IsZero() {
		return err
	}
	after, err := t.counted(id)
	if err != nil {
		return err
	}
	old, new := before.Counts(), after.Counts()
	if old == new {
		return nil
	}
	_, err = t.exec(`INSERT INTO answers (campaign, hour, answered, abandoned) VALUES (?, ?, ?, ?)
		ON CONFLICT (campaign, hour) DO UPDATE SET answered = answers.answered + excluded.answered,
			abandoned = answers.abandoned + excluded.abandoned`,
		after.Campaign, ms(after.AnsweredAt)/hour, new.Answered-old.Answered, new.Abandoned-old.Abandoned)
	return err
}

// counted is what Attempt.Counts looks at.
func (t tx) counted(id campaign.AttemptID) (a campaign.Attempt, err error) {
	var answered, joined, ended int64
	err = t.one(`SELECT campaign, answered_at, joined_at, ended_at, dialer_result, result FROM attempt WHERE id = ?`, []any{id},
		&a.Campaign, &answered, &joined, &ended, &a.DialerResult, &a.Result)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	a.AnsweredAt, a.JoinedAt, a.EndedAt = timeOf(answered), timeOf(joined), timeOf(ended)
	return a, err
}
