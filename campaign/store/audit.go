package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
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

// audit adds lines to the audit log. They are there with the transaction, which
// waits for no other one; their places in the chain of checksums they get when
// Seal comes by.
func (t tx) audit(es ...campaign.AuditEntry) error {
	rows := make([][]any, len(es))
	for i, e := range es {
		if e.At.IsZero() {
			e.At = campaign.Stamp{Time: t.s.opt.Now()}
		}
		rows[i] = []any{ms(e.At.Time), e.Who, e.What, e.About, e.Subject, e.Old, e.New, e.Reason}
	}
	_, err := t.db.Insert(`INSERT INTO audit_line (`+lineColumns+`)`, ``, rows)
	return err
}

// sealAtOnce is how many lines one transaction seals.
const sealAtOnce = 1000

// Seal numbers the lines that were added to the audit log since the last time
// and gives each the checksum that follows on the one before. Every heartbeat
// does it, and whoever reads the log; of several processes one after the other.
func (s *Core) Seal(ctx context.Context) error {
	for n := sealAtOnce; n == sealAtOnce; {
		waits := false
		err := s.read(ctx, "audit log", func(sc Row) error { return sc.Scan(&waits) }, `SELECT EXISTS (SELECT 1 FROM audit_line)`)
		if err != nil || !waits {
			return err
		}
		err = s.write(ctx, "seal the audit log", func(t tx) (err error) {
			n, err = t.seal()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// seal seals the oldest lines and says how many.
func (t tx) seal() (int, error) {
	var last int64
	if err := t.one(`SELECT value FROM counter WHERE name = 'audit' FOR UPDATE`, nil, &last); err != nil {
		return 0, err
	}
	before := ""
	if last > 0 {
		if err := t.one(`SELECT sum FROM audit WHERE n = ?`, []any{last}, &before); err != nil {
			return 0, err
		}
	}
	var ids []string
	var rows [][]any
	err := t.query(func(sc Row) error {
		var id, at int64
		var e campaign.AuditEntry
		if err := sc.Scan(&id, &at, &e.Who, &e.What, &e.About, &e.Subject, &e.Old, &e.New, &e.Reason); err != nil {
			return err
		}
		last++
		e.N, e.At = last, campaign.Stamp{Time: timeOf(at)}
		e.Seal(before)
		before = e.Sum
		ids = append(ids, strconv.FormatInt(id, 10))
		rows = append(rows, []any{e.N, at, e.Who, e.What, e.About, e.Subject, e.Old, e.New, e.Reason, e.Sum})
		return nil
	}, `SELECT id, `+lineColumns+` FROM audit_line ORDER BY id LIMIT ?`, sealAtOnce)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if _, err := t.db.Insert(`INSERT INTO audit (`+auditColumns+`)`, ``, rows); err != nil {
		return 0, err
	}
	// By their ids: another transaction may have added lines between them.
	err = t.manyOf(func(Row) error { return nil }, ids, `DELETE FROM audit_line WHERE id IN `+manyList+` RETURNING id`)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(`UPDATE counter SET value = ? WHERE name = 'audit'`, last)
	return len(rows), err
}

const (
	lineColumns  = `at, who, what, about, subject, old, new, reason`
	auditColumns = `n, ` + lineColumns + `, sum`
)

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
	if err := s.Seal(ctx); err != nil {
		return err
	}
	return s.auditLog(ctx, q, each)
}

func (s *Core) auditLog(ctx context.Context, q campaign.AuditQuery, each func(campaign.AuditEntry) error) error {
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
	if err := s.Seal(ctx); err != nil {
		return st, err
	}
	var last int64 // first: what is added meanwhile is no fault
	err := s.read(ctx, "audit log", func(sc Row) error { return sc.Scan(&last) }, `SELECT value FROM counter WHERE name = 'audit'`)
	if err != nil {
		return st, err
	}
	err = s.auditLog(ctx, campaign.AuditQuery{}, func(e campaign.AuditEntry) error {
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
