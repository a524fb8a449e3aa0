package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Permit implements campaign.Store.
//
//	lease ours? ── no ──▶ ErrLost, nothing written
//	     │
//	asked before, and no answer came? ── yes ──▶ that permit is taken back
//	     │
//	  facts ──▶ campaign.Gate ── refused ──▶ record and chain settled, lease ended
//	                 │                        (not after a global refusal)
//	                 ▼
//	        attempt and calling written
func (s *Core) Permit(ctx context.Context, q campaign.PermitQuery) error {
	var refusal *campaign.Refusal
	err := s.write(ctx, "permit", func(t tx) error {
		refusal = nil
		var r row
		if q.Lease.Record.Key != 0 {
			var err error
			if r, err = t.ours(q.Lease); err != nil {
				return err
			}
		}
		identify(&q, &r)
		// What the gate sees must hold until the call is written.
		if err := t.db.Lock(guarded(q)...); err != nil {
			return err
		}
		if err := t.askedBefore(q, r.Key); err != nil {
			return err
		}
		facts, err := t.facts(q, &r)
		if err != nil {
			return err
		}
		v := campaign.Gate(q.Rules, facts, q.Now)
		if !v.Permitted {
			refusal = &campaign.Refusal{Verdict: v}
			if !facts.ListReadable {
				return passing{refusal} // the transaction has failed: nothing can be written
			}
			if err := t.refuse(&r, v, q.Now); err != nil {
				return err
			}
			return t.refused(q, &r, v)
		}
		if err := t.call(q, &r, facts.InCall); err != nil {
			return err
		}
		return t.auditCall(campaign.AuditDialled, q, q.Pacing)
	})
	if err == nil && refusal != nil {
		return refusal
	}
	return err
}

// askedBefore takes back a permit of the same attempt, whose answer never
// reached who asks again: it was not dialled, and the gate decides anew. An
// attempt that is under way is not permitted again, nor a second one for the
// record.
func (t tx) askedBefore(q campaign.PermitQuery, key campaign.Key) error {
	var mine, other int
	err := t.one(`SELECT coalesce(sum(CASE WHEN attempt = ? THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN attempt <> ? THEN 1 ELSE 0 END), 0)
		FROM calling WHERE attempt = ? OR record_key = ? AND record_key <> 0`, []any{q.Attempt, q.Attempt, q.Attempt, key}, &mine, &other)
	if err != nil || mine+other == 0 {
		return err
	}
	if other > 0 {
		return errCalled
	}
	n, err := t.exec(`DELETE FROM attempt WHERE id = ? AND process = ? AND record_key = ? AND number = ?
		AND ended_at = 0 AND ringing_at = 0 AND answered_at = 0 AND token IS NULL`, q.Attempt, q.Process, key, q.Number)
	if err == nil && n != 1 {
		return errCalled
	}
	if err == nil {
		_, err = t.exec(`DELETE FROM calling WHERE attempt = ?`, q.Attempt)
	}
	return err
}

// guarded are the names under which no two permits are decided at once. Calls
// beyond one to one draw on the campaign's abandonment budget, by whatever
// account each process makes them.
func guarded(q campaign.PermitQuery) []string {
	names := []string{"number " + q.Number, "person " + q.Person, "account " + q.Account}
	if q.Ahead {
		names = append(names, "campaign "+q.Campaign)
	}
	return names
}

// identify fills in number and person where the query leaves them to the record.
func identify(q *campaign.PermitQuery, r *row) {
	if q.Number == "" {
		q.Number = r.Phone
	}
	if q.Person == "" {
		q.Person = r.Person
	}
	if q.Person == "" {
		q.Person = campaign.PersonOf("", "", q.Number)
	}
}

func (t tx) refuse(r *row, v campaign.Verdict, now time.Time) error {
	if r.Key == 0 {
		return nil
	}
	u, changes := v.Update(r.Record)
	if !changes {
		return nil
	}
	r.apply(u, v.Kind == campaign.Temporary) // who only waits keeps the place at the top
	if err := t.save(r, now); err != nil {
		return err
	}
	if err := t.chain(r, v.Chain, "", now); err != nil {
		return err
	}
	return t.endLease(r.Key)
}

// call writes the attempt and that number and person are being called.
func (t tx) call(q campaign.PermitQuery, r *row, inCall bool) error {
	_, err := t.exec(`INSERT INTO attempt (id, campaign, record_key, record_id, list, number, person, agent, process, account, fence, dialed_at, begun_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		q.Attempt, q.Campaign, r.Key, r.ID, r.List, q.Number, q.Person, q.Agent, q.Process, q.Account, q.Lease.Fence, ms(q.Now), ms(t.db.Clock(q.Now)))
	if err != nil {
		return err
	}
	number, person := q.Number, q.Person
	if inCall { // and yet permitted: two people may call 112 at once
		number, person = number+" "+string(q.Attempt), person+" "+string(q.Attempt)
	}
	_, err = t.exec(`INSERT INTO calling (attempt, number, person, record_key, process, account, at_risk) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		q.Attempt, number, person, r.Key, q.Process, q.Account, atRisk(q))
	return err
}

// atRisk is what stands with a call beside others that are dialled ahead; all
// of them where nothing is said.
func atRisk(q campaign.PermitQuery) int {
	switch {
	case !q.Ahead:
		return 0
	case q.AtRisk <= 0:
		return math.MaxInt16
	}
	return min(q.AtRisk, math.MaxInt16)
}

// facts gathers what the gate wants to know.
func (t tx) facts(q campaign.PermitQuery, r *row) (campaign.Facts, error) {
	f := campaign.Facts{
		Number: q.Number, Person: q.Person, Campaign: q.Campaign, CallerID: q.CallerID,
		Record: r.Record, LeaseOurs: true, Manual: q.Manual, Callback: q.Callback,
		Ahead: q.Ahead,
	}
	if f.BlockedBy, f.ListReadable = t.blockedBy(q); !f.ListReadable {
		return f, nil // nothing may be dialled, whatever else there is to know
	}
	var n int
	err := t.one(`SELECT (SELECT count(*) FROM calling WHERE number = ? OR person = ?),
		(SELECT count(*) FROM calling WHERE account = ?), (SELECT count(*) FROM attempt WHERE account = ? AND begun_at > ?)`,
		[]any{q.Number, q.Person, q.Account, q.Account, ms(t.db.Clock(q.Now).Add(-time.Second))}, &n, &f.CallsLive, &f.CallsLastSec)
	f.InCall = n > 0
	if err == nil {
		err = t.recent(&f, q, r)
	}
	if err == nil && q.Rules.CountsEarlier(q.Number) {
		err = t.everCounted(&f, q)
	}
	if err == nil && q.Rules.AsksNational(q.Number) {
		f.National, err = t.national(q.Number)
	}
	if err == nil && q.Ahead {
		err = t.budget(&f, q)
	}
	return f, err
}

// toContact selects the attempts to a number or a person, also to those that
// were erased since. Two searches, each with its own index.
const toContact = ` FROM attempt a WHERE a.id IN
	(SELECT id FROM attempt WHERE number IN (?, ?) AND dialed_at >= ? UNION SELECT id FROM attempt WHERE person IN (?, ?) AND dialed_at >= ?)`

// abandonedCall selects calls after which no machine dials for a while: who
// answered had no agent, or too late, even if she stayed (Attempt.Late).
const abandonedCall = `(a.result = ? OR a.dialer_result = ? OR a.inbound = 0 AND a.answered_at > 0 AND a.joined_at > a.answered_at + ?)`

// recent finds out about earlier attempts. Those that do not count never
// reached the contact's telephone.
func (t tx) recent(f *campaign.Facts, q campaign.PermitQuery, r *row) error {
	key, err := t.key()
	if err != nil {
		return err
	}
	args := func(since int64) []any {
		return []any{q.Number, erasedMark + hashed(key, q.Number), since, q.Person, erasedMark + hashed(key, q.Person), since}
	}
	err = t.query(func(sc Row) error {
		var at int64
		if err := sc.Scan(&at); err != nil {
			return err
		}
		f.Recent = append(f.Recent, timeOf(at))
		return nil
	}, `SELECT a.dialed_at`+toContact+` AND a.counted = 1 ORDER BY a.dialed_at`, args(ms(t.s.dayBegins(q, r)))...)
	if err != nil {
		return err
	}
	var last, abandoned sql.NullInt64
	err = t.one(`SELECT max(CASE WHEN a.counted = 1 THEN a.dialed_at END),
		max(CASE WHEN `+abandonedCall+` THEN greatest(a.dialed_at, a.answered_at, a.ended_at) END)`+toContact,
		append([]any{campaign.Abandoned, campaign.Abandoned, campaign.ConnectWithin.Milliseconds()}, args(0)...), &last, &abandoned)
	f.LastAttempt, f.AbandonedAt = timeOf(last.Int64), timeOf(abandoned.Int64)
	if err == nil {
		err = t.earlier(f, q, t.s.dayBegins(q, r))
	}
	f.AttemptsToday = len(f.Recent)
	return err
}

// everCounted tells every attempt that counts, for caps of longer times than a
// day: people are not called often, and these are looked up by their index.
func (t tx) everCounted(f *campaign.Facts, q campaign.PermitQuery) error {
	key, err := t.key()
	if err != nil {
		return err
	}
	return t.query(func(sc Row) error {
		var at int64
		var e campaign.Earlier
		err := sc.Scan(&at, &e.Campaign)
		e.At = timeOf(at)
		f.Earlier = append(f.Earlier, e)
		return err
	}, `SELECT a.dialed_at, a.campaign`+toContact+` AND a.counted = 1 ORDER BY a.dialed_at`,
		q.Number, erasedMark+hashed(key, q.Number), 0, q.Person, erasedMark+hashed(key, q.Person), 0)
}

// earlier adds the calls that were made before the list came here: a record
// brings its last one with it. One of ours is an attempt of the same moment.
func (t tx) earlier(f *campaign.Facts, q campaign.PermitQuery, since time.Time) error {
	err := t.query(func(sc Row) error {
		var ms int64
		var result campaign.CallResult
		if err := sc.Scan(&ms, &result); err != nil {
			return err
		}
		at := timeOf(ms)
		if result == campaign.Abandoned && at.After(f.AbandonedAt) {
			f.AbandonedAt = at
		}
		if at.After(f.LastAttempt) {
			f.LastAttempt = at
		}
		if !at.Before(since) && !slices.ContainsFunc(f.Recent, at.Equal) {
			f.Recent = append(f.Recent, at)
		}
		return nil
	}, `SELECT last_call, result FROM record WHERE key IN (SELECT key FROM record WHERE phone = ? UNION SELECT key FROM record WHERE person = ?)
		AND last_call > 0 AND result NOT IN (?, ?)`, q.Number, q.Person, campaign.AllTrunksBusy, campaign.DialError)
	slices.SortFunc(f.Recent, time.Time.Compare)
	return err
}

// dayBegins is when the day began for which attempts are counted: 24 h ago, or
// midnight where the contact is, if that is longer ago, as it is at the end of
// the day on which the clocks go back.
func (s *Core) dayBegins(q campaign.PermitQuery, r *row) time.Time {
	since := q.Now.Add(-24*time.Hour + time.Millisecond) // what is a whole day ago makes room
	zones := []string{r.TimeZone}
	if r.TimeZone == "" {
		n, err := campaign.ParseNumber(q.Number, "", q.Rules.Allow)
		if err != nil {
			return since
		}
		zones = n.Zones
	}
	for _, name := range zones {
		loc := s.zone(name)
		if loc == nil {
			continue
		}
		y, m, d := q.Now.In(loc).Date()
		if midnight := time.Date(y, m, d, 0, 0, 0, 0, loc); midnight.Before(since) {
			since = midnight
		}
	}
	return since
}

// zone is a time zone by name, or nil; they are read from disk once.
func (s *Core) zone(name string) *time.Location {
	s.mu.Lock()
	defer s.mu.Unlock()
	loc, known := s.zones[name]
	if !known {
		loc, _ = time.LoadLocation(name) // unknown: the gate says so
		if name == "" {
			loc = nil
		}
		s.zones[name] = loc
	}
	return loc
}

// blockedBy is the do-not-call entry that applies, the widest first. When the
// list cannot be read, nothing may be dialled. Entries of people who were
// forgotten block by their hashes.
func (t tx) blockedBy(q campaign.PermitQuery) (e *campaign.DNCEntry, readable bool) {
	key, err := t.key()
	if err != nil {
		return nil, false
	}
	err = t.query(func(sc Row) error {
		found, err := scanEntry(sc)
		e = &found
		return err
	}, entryThatBlocks, blockedArgs(key, q)...)
	if err != nil {
		return nil, false
	}
	return e, true
}

// entryThatBlocks finds the entry that forbids a call; blockedArgs are its
// parameters.
const entryThatBlocks = `SELECT ` + entryColumns + ` FROM (
		SELECT ` + entryColumns + ` FROM do_not_call WHERE number <> '' AND number IN (?, ?)
		UNION ALL SELECT ` + entryColumns + ` FROM do_not_call WHERE person <> '' AND person IN (?, ?, ?)) AS entry
	WHERE (campaign = '' OR campaign = ?) AND (campaign <> '' OR client = '' OR client = ?)
	ORDER BY campaign <> '', client <> '', at LIMIT 1`

func blockedArgs(key string, q campaign.PermitQuery) []any {
	return []any{q.Number, erasedMark + hashed(key, q.Number), q.Person, campaign.PersonOf("", "", q.Number),
		erasedMark + hashed(key, q.Person), q.Campaign, q.Client}
}

// Note implements campaign.Store. A time already known stays.
func (s *Core) Note(ctx context.Context, a campaign.Attempt) error {
	return s.write(ctx, "note", func(t tx) error {
		if a.JoinedAt.IsZero() {
			return t.note(a)
		}
		return t.counting(a.ID, true, func() error { return t.note(a) })
	})
}

func (t tx) note(a campaign.Attempt) error {
	recorded, gone, err := recordedText(a)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE attempt SET ringing_at = CASE WHEN ringing_at = 0 THEN ? ELSE ringing_at END,
		answered_at = CASE WHEN answered_at = 0 THEN ? ELSE answered_at END,
		joined_at = CASE WHEN joined_at = 0 THEN ? ELSE joined_at END,
		agent = CASE WHEN ? <> '' THEN ? ELSE agent END,
		disposition = CASE WHEN ? <> '' THEN ? ELSE disposition END,
		note = CASE WHEN ? <> '' THEN ? ELSE note END,
		recording = CASE WHEN ? <> '' OR ? = 1 THEN ? ELSE recording END,
		recorded = CASE WHEN ? <> '' THEN ? ELSE recorded END,
		announced_at = greatest(announced_at, ?), announced_end = greatest(announced_end, ?),
		token = coalesce(?, token)
		WHERE id = ? AND ended_at = 0`,
		ms(a.RingingAt), ms(a.AnsweredAt), ms(a.JoinedAt), a.Agent, a.Agent, a.Disposition, a.Disposition, a.Note, a.Note,
		a.Recording, flag(gone), a.Recording, recorded, recorded, ms(a.AnnouncedAt), ms(a.AnnouncedEnd), a.Token, a.ID)
	return err
}

// attemptState is what Settle must know of an attempt.
type attemptState struct {
	record  campaign.Key
	fence   int64
	ended   bool
	orphan  bool // ended for a process that was thought to be gone
	inbound bool

	number      string
	result      campaign.CallResult
	disposition string
	note        string
	filed       string // see campaign.Filed
}

func (t tx) attempt(id campaign.AttemptID) (st attemptState, err error) {
	var ended int64
	var text string
	err = t.one(`SELECT record_key, fence, ended_at, text, number, result, disposition, note, inbound, filed FROM attempt WHERE id = ? FOR UPDATE`, []any{id},
		&st.record, &st.fence, &ended, &text, &st.number, &st.result, &st.disposition, &st.note, &st.inbound, &st.filed)
	if errors.Is(err, sql.ErrNoRows) {
		err = campaign.ErrNotFound
	}
	st.ended = ended != 0
	st.orphan = st.ended && text == campaign.OrphanText
	return st, err
}
