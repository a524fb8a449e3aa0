package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// erasedMark stands before the hash of a number in the do-not-call list.
const erasedMark = "erased:"

// hashed is the hash by which a number is known where it must not stand.
// Numbers are few: without the key, which stays in the store, a hash would be
// guessed in minutes.
func hashed(key, number string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(number))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// subject is the hash of a number.
func (t tx) subject(number string) (string, error) {
	key, err := t.key()
	return hashed(key, number), err
}

const readKey = `SELECT value FROM secret WHERE name = 'subject'`

// key is the key of hashes, which is read once.
func (t tx) key() (string, error) {
	return t.s.keyBy(func(to *string) error { return t.one(readKey, nil, to) })
}

// secret is the key of hashes outside of transactions.
func (s *Core) secret(ctx context.Context) (string, error) {
	return s.keyBy(func(to *string) error {
		return s.read(ctx, "key", func(sc Row) error { return sc.Scan(to) }, readKey)
	})
}

func (s *Core) keyBy(read func(to *string) error) (string, error) {
	s.mu.Lock()
	key := s.key
	s.mu.Unlock()
	if key != "" {
		return key, nil
	}
	if err := read(&key); err != nil {
		return "", err
	}
	if key == "" {
		return "", errors.New("the store has lost its key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
	return key, nil
}

// audit adds lines to the audit log. It comes last in a transaction: from
// here on all others that add to it wait for this one.
func (t tx) audit(es ...campaign.AuditEntry) error {
	for _, e := range es {
		if _, err := t.exec(`UPDATE counter SET value = value + 1 WHERE name = 'audit'`); err != nil {
			return err
		}
		if err := t.one(`SELECT value FROM counter WHERE name = 'audit'`, nil, &e.N); err != nil {
			return err
		}
		before := ""
		if e.N > 1 {
			if err := t.one(`SELECT sum FROM audit WHERE n = ?`, []any{e.N - 1}, &before); err != nil {
				return err
			}
		}
		if e.At.IsZero() {
			e.At = campaign.Stamp{Time: t.s.opt.Now()}
		}
		e.Seal(before)
		_, err := t.exec(`INSERT INTO audit (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.N, ms(e.At.Time), e.Who, e.What, e.About, e.Subject, e.Old, e.New, e.Reason, e.Sum)
		if err != nil {
			return err
		}
	}
	return nil
}

const auditColumns = `n, at, who, what, about, subject, old, new, reason, sum`

func scanAudit(sc Row) (campaign.AuditEntry, error) {
	var e campaign.AuditEntry
	var at int64
	err := sc.Scan(&e.N, &at, &e.Who, &e.What, &e.About, &e.Subject, &e.Old, &e.New, &e.Reason, &e.Sum)
	e.At = campaign.Stamp{Time: timeOf(at)}
	return e, err
}

// Audit adds lines to the audit log. number is whom they are about, or empty.
func (s *Core) Audit(ctx context.Context, number string, es ...campaign.AuditEntry) error {
	return s.write(ctx, "audit", func(t tx) error {
		add := make([]campaign.AuditEntry, len(es))
		copy(add, es)
		for i := range add {
			if number == "" {
				break
			}
			subject, err := t.subject(s.number(number))
			if err != nil {
				return err
			}
			add[i].Subject = subject
		}
		return t.audit(add...)
	})
}

// AuditLog gives entries, oldest first.
func (s *Core) AuditLog(ctx context.Context, q campaign.AuditQuery, each func(campaign.AuditEntry) error) error {
	where, args := []string{`1 = 1`}, []any{}
	add := func(cond string, arg any) { where, args = append(where, cond), append(args, arg) }
	if !q.Since.IsZero() {
		add(`at >= ?`, ms(q.Since))
	}
	if !q.Until.IsZero() {
		add(`at < ?`, ms(q.Until))
	}
	if q.Who != "" {
		add(`who = ?`, q.Who)
	}
	if q.What != "" {
		add(`what = ?`, q.What)
	}
	if q.Number != "" {
		key, err := s.secret(ctx)
		if err != nil {
			return err
		}
		add(`subject = ?`, hashed(key, s.number(q.Number)))
	}
	return s.read(ctx, "audit log", func(sc Row) error {
		e, err := scanAudit(sc)
		if err != nil {
			return err
		}
		return each(e)
	}, `SELECT `+auditColumns+` FROM audit WHERE `+strings.Join(where, ` AND `)+` ORDER BY n`, args...)
}

// errBroken ends the reading of the log at the first wrong line.
var errBroken = errors.New("the audit log is not whole")

// VerifyAudit reads the whole log and says whether a line is missing or was
// changed, the last one included.
func (s *Core) VerifyAudit(ctx context.Context) (campaign.AuditState, error) {
	st := campaign.AuditState{Whole: true}
	var last int64 // first: what is added meanwhile is no fault
	err := s.read(ctx, "audit log", func(sc Row) error { return sc.Scan(&last) }, `SELECT value FROM counter WHERE name = 'audit'`)
	if err != nil {
		return st, err
	}
	err = s.AuditLog(ctx, campaign.AuditQuery{}, func(e campaign.AuditEntry) error {
		kept := e.Sum
		e.Seal(st.Sum)
		if e.N != st.Entries+1 || e.Sum != kept {
			return errBroken
		}
		st.Entries, st.Sum = e.N, kept
		return nil
	})
	if errors.Is(err, errBroken) || err == nil && st.Entries < last {
		st.Whole, st.BrokenAt, err = false, st.Entries+1, nil
	}
	return st, err
}

// refusedWithin is how long the same refusal is one.
const refusedWithin = time.Hour

// refused writes down what the gate did not permit.
func (t tx) refused(q campaign.PermitQuery, r *row, v campaign.Verdict) error {
	n, err := t.exec(`UPDATE refusal SET last_at = ?, times = times + 1, agent = ? WHERE id = (SELECT max(id) FROM refusal
		WHERE number = ? AND last_at > ? AND campaign = ? AND record_key = ? AND person = ?) AND code = ?`,
		ms(q.Now), q.Agent, q.Number, ms(q.Now.Add(-refusedWithin)), q.Campaign, r.Key, q.Person, v.Reason.Code)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(`INSERT INTO refusal (at, last_at, times, campaign, list, record_key, record_id, number, person, agent, code, text)
		VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		ms(q.Now), ms(q.Now), q.Campaign, r.List, r.Key, r.ID, q.Number, q.Person, q.Agent, v.Reason.Code, v.Reason.Text)
	if err != nil {
		return err
	}
	return t.auditCall(campaign.AuditRefused, q, string(v.Reason.Code))
}

// auditCall notes an attempt or its refusal.
func (t tx) auditCall(what campaign.AuditWhat, q campaign.PermitQuery, reason string) error {
	subject, err := t.subject(q.Number)
	if err != nil {
		return err
	}
	return t.audit(campaign.AuditEntry{At: campaign.Stamp{Time: q.Now}, Who: q.Agent, What: what, About: string(q.Attempt),
		Subject: subject, New: q.Campaign, Reason: reason})
}
