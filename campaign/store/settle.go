package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Settle implements campaign.Store. Settling again what is settled changes
// nothing, unless it was settled as an orphan; campaign.ErrLost says that the
// attempt is settled and its record was not touched, because somebody has leased
// it since.
func (s *Core) Settle(ctx context.Context, q campaign.Settlement) error {
	return s.SettleWhile(ctx, q, nil)
}

// SettleWhile is Settle, and changes nothing unless holds says so, which is asked
// first in the same transaction; nil: it does.
func (s *Core) SettleWhile(ctx context.Context, q campaign.Settlement, holds func(Tx) (bool, error)) error {
	if q.Attempt.EndedAt.IsZero() {
		return fmt.Errorf("store: settle: attempt %s has no end", q.Attempt.ID)
	}
	lost := false
	err := s.write(ctx, "settle", func(t tx) (err error) {
		lost = false
		if holds != nil {
			if ok, err := holds(t.db); err != nil || !ok {
				return err
			}
		}
		lost, err = t.settle(q)
		return err
	})
	if err == nil && lost {
		err = campaign.ErrLost
	}
	return err
}

// settle ends an attempt and its record's turn; lost: the record is somebody
// else's by now.
func (t tx) settle(q campaign.Settlement) (lost bool, err error) {
	st, err := t.attempt(q.Attempt.ID)
	if q.Attempt.Inbound && errors.Is(err, campaign.ErrNotFound) { // the store was away when it came
		if err := t.admit(q.Attempt); err != nil {
			return false, err
		}
		st, err = t.attempt(q.Attempt.ID)
	}
	if err != nil {
		return false, fmt.Errorf("attempt %s: %w", q.Attempt.ID, err)
	}
	// A process that was given up and comes back knows better.
	if st.ended && !q.Correction && (!st.orphan || q.Attempt.Text == campaign.OrphanText) {
		return false, nil
	}
	if st.ended && q.Correction {
		if err := t.keepOutcome(q.Attempt, q.Now); err != nil {
			return false, err
		}
	}
	if q.Tell {
		t.db.Changed()
	}
	answered := !q.Attempt.AnsweredAt.IsZero()
	filed, err := filedText(q.Filed)
	if err != nil {
		return false, err
	}
	if err := t.counting(q.Attempt.ID, answered, func() error { return t.end(q.Attempt, filed) }); err != nil {
		return false, err
	}
	if q.Block != nil {
		if err := t.block(q.Now, *q.Block); err != nil {
			return false, err
		}
	}
	if st.record != 0 && !st.inbound {
		if lost, err = t.settleRecord(q, st); err != nil {
			return false, err
		}
		if err := t.clearCrowd(q.Now); err != nil {
			return false, err
		}
	}
	return lost, t.auditCorrection(q, st, filed)
}

// keepOutcome remembers what an attempt's outcome was before a correction.
func (t tx) keepOutcome(a campaign.Attempt, now time.Time) error {
	_, err := t.exec(`INSERT INTO outcome_before (attempt, until, result, disposition, note)
		SELECT id, CAST(? AS BIGINT), result, disposition, note FROM attempt
		WHERE id = ? AND (result <> ? OR disposition <> ? OR note <> ?)`, ms(now), a.ID, a.Result, a.Disposition, a.Note)
	return err
}

// auditCorrection notes what a correction changed.
func (t tx) auditCorrection(q campaign.Settlement, st attemptState, filed string) error {
	if !st.ended || !q.Correction {
		return nil
	}
	if filed == "" || st.filed == "" { // one of the two knows more than the other
		filed, st.filed = "", ""
	}
	was, err := outcome(st.result, st.disposition, st.note, st.filed)
	if err != nil {
		return err
	}
	is, err := outcome(q.Attempt.Result, q.Attempt.Disposition, q.Attempt.Note, filed)
	if err != nil {
		return err
	}
	if st.note != "" && q.Attempt.Note != "" && st.note != q.Attempt.Note {
		is = strings.Replace(is, "with a note", "with another note", 1)
	}
	if was == is {
		return nil
	}
	subject, err := t.subject(st.number)
	if err != nil {
		return err
	}
	return t.audit(campaign.AuditEntry{At: campaign.Stamp{Time: q.Now}, Who: q.Attempt.Agent, What: campaign.AuditCorrected,
		About: string(q.Attempt.ID), Subject: subject, Old: was, New: is})
}

// end writes the outcome into the attempt and frees number and person.
func (t tx) end(a campaign.Attempt, filed string) error {
	rtp := ""
	if a.RTP != nil {
		b, err := json.Marshal(a.RTP)
		if err != nil {
			return err
		}
		rtp = string(b)
	}
	recorded, gone, err := recordedText(a)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE attempt SET agent = CASE WHEN ? <> '' THEN ? ELSE agent END, status = ?, dialer_result = ?, result = ?,
		disposition = ?, note = ?, counted = ?,
		dialed_at = CASE WHEN CAST(? AS BIGINT) <> 0 THEN ? ELSE dialed_at END,
		ringing_at = greatest(ringing_at, ?), answered_at = greatest(answered_at, ?), joined_at = greatest(joined_at, ?),
		announced_at = greatest(announced_at, ?), announced_end = greatest(announced_end, ?),
		ended_at = ?, ended_by = ?, text = ?, held_ms = ?, rtp = ?,
		recording = CASE WHEN ? <> '' OR ? = 1 THEN ? ELSE recording END,
		recorded = CASE WHEN ? <> '' THEN ? ELSE recorded END,
		filed = CASE WHEN ? <> '' THEN ? ELSE filed END, token = NULL
		WHERE id = ?`,
		a.Agent, a.Agent, a.Status, a.DialerResult, a.Result, a.Disposition, a.Note, flag(a.Counted),
		ms(a.DialedAt), ms(a.DialedAt), ms(a.RingingAt), ms(a.AnsweredAt), ms(a.JoinedAt),
		ms(a.AnnouncedAt), ms(a.AnnouncedEnd),
		ms(a.EndedAt), a.EndedBy, a.Text, a.HeldMS, rtp, a.Recording, flag(gone), a.Recording, recorded, recorded, filed, filed, a.ID)
	if err != nil {
		return err
	}
	_, err = t.exec(`DELETE FROM calling WHERE attempt = ?`, a.ID)
	return err
}

// settleRecord gives the record its new state, if it is still the one that was
// dialled.
func (t tx) settleRecord(q campaign.Settlement, st attemptState) (lost bool, err error) {
	r, err := t.record(st.record)
	if errors.Is(err, campaign.ErrNotFound) { // erased meanwhile
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if r.fence != st.fence || q.Fence != 0 && q.Fence != r.fence {
		return !q.Correction, nil
	}
	if st.ended {
		var leased int
		if err := t.one(`SELECT count(*) FROM lease WHERE record_key = ?`, []any{r.Key}, &leased); err != nil || leased > 0 {
			return false, err
		}
		if err := t.unchain(&r, q.Attempt.ID, q.Now); err != nil {
			return false, err
		}
	}
	r.apply(q.Record, false)
	if err := t.save(&r, q.Now); err != nil {
		return false, err
	}
	if err := t.chain(&r, q.Chain, q.Attempt.ID, q.Now); err != nil {
		return false, err
	}
	return false, t.endLease(r.Key)
}

const attemptColumns = `a.id, a.campaign, a.record_key, a.record_id, a.list, a.number, a.person, a.agent, a.process,
	a.status, a.dialer_result, a.result, a.disposition, a.note, a.counted, a.dialed_at, a.ringing_at, a.answered_at,
	a.joined_at, a.ended_at, a.ended_by, a.text, a.held_ms, a.rtp, a.recording, a.recorded, a.token, a.inbound,
	a.announced_at, a.announced_end`

// scanAttempt reads attemptColumns, followed by more.
func scanAttempt(sc Row, more ...any) (campaign.Attempt, error) {
	var a campaign.Attempt
	var dialed, ringing, answered, joined, ended, announced, toEnd int64
	var rtp, recorded string
	err := sc.Scan(append([]any{&a.ID, &a.Campaign, &a.Record, &a.RecordID, &a.List, &a.Number, &a.Person, &a.Agent, &a.Process,
		&a.Status, &a.DialerResult, &a.Result, &a.Disposition, &a.Note, &a.Counted, &dialed, &ringing, &answered,
		&joined, &ended, &a.EndedBy, &a.Text, &a.HeldMS, &rtp, &a.Recording, &recorded, &a.Token, &a.Inbound,
		&announced, &toEnd}, more...)...)
	if err != nil {
		return a, err
	}
	for _, f := range []struct {
		to *time.Time
		ms int64
	}{{&a.DialedAt, dialed}, {&a.RingingAt, ringing}, {&a.AnsweredAt, answered}, {&a.JoinedAt, joined}, {&a.EndedAt, ended},
		{&a.AnnouncedAt, announced}, {&a.AnnouncedEnd, toEnd}} {
		*f.to = timeOf(f.ms)
	}
	for _, s := range []*string{&a.Number, &a.Person} {
		if strings.HasPrefix(*s, erasedMark) {
			*s = "" // a hash, for the gate only
		}
	}
	if rtp != "" {
		a.RTP = new(campaign.RTPReport)
		err = json.Unmarshal([]byte(rtp), a.RTP)
	}
	if recorded != "" && err == nil {
		a.Recorded = new(campaign.Recorded)
		err = json.Unmarshal([]byte(recorded), a.Recorded)
	}
	return a, err
}

// Open implements campaign.Store.
func (s *Core) Open(ctx context.Context, process string) ([]campaign.OpenAttempt, error) {
	var out []campaign.OpenAttempt
	err := s.write(ctx, "open attempts", func(t tx) error { // one state for attempts and records
		out = nil
		where, args := `a.ended_at = 0`, []any{}
		if process != "" {
			where, args = where+` AND a.process = ?`, []any{process}
		}
		err := t.query(func(sc Row) error {
			a, err := scanAttempt(sc)
			out = append(out, campaign.OpenAttempt{Attempt: a})
			return err
		}, `SELECT `+attemptColumns+` FROM attempt a WHERE `+where+` ORDER BY a.dialed_at, a.id`, args...)
		if err != nil {
			return err
		}
		for i := range out {
			if out[i].Attempt.Record == 0 {
				continue
			}
			r, err := t.look(out[i].Attempt.Record)
			if err != nil && !errors.Is(err, campaign.ErrNotFound) {
				return err
			}
			out[i].Record = r.Record
			if out[i].Past, err = t.past(r.Key); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Attempts implements campaign.Store; the empty campaign means all.
func (s *Core) Attempts(ctx context.Context, name string, each func(campaign.Attempt) error) error {
	where, args := ``, []any{}
	if name != "" {
		where, args = `WHERE a.campaign = ? `, []any{name}
	}
	return s.read(ctx, "attempts", func(sc Row) error {
		a, err := scanAttempt(sc)
		if err != nil {
			return err
		}
		return each(a)
	}, `SELECT `+attemptColumns+` FROM attempt a `+where+`ORDER BY a.dialed_at, a.id`, args...)
}

// recordedText are the facts about a recording as they are kept; gone: it was
// deleted, and its name with it.
func recordedText(a campaign.Attempt) (text string, gone bool, err error) {
	if a.Recorded == nil {
		return "", false, nil
	}
	b, err := json.Marshal(a.Recorded)
	return string(b), !a.Recorded.DeletedAt.IsZero() && a.Recording == "", err
}
