package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/freiton/freiton/campaign"
)

// row is a record as the table holds it.
type row struct {
	campaign.Record
	listID     int64
	layoutID   int64
	vals       string
	fence      int64
	finishedBy campaign.AttemptID
	was        campaign.RecordStatus
	edited     string // what agents have changed of the contact; JSON, see contactDoc
}

// The places where Lease looks for a record. See the schema.
const (
	queueLine     = 1
	queueTop      = 2
	queueCallback = 3
	queueWaiting  = 4
	queueOwn      = 5
	queueAgain    = 6
)

// queueOf says where Lease finds a record, and its rank there.
func queueOf(r *campaign.Record) (queue sql.NullInt64, rank int64) {
	missed := r.Status == campaign.MissedCallback && r.Kind() == campaign.KindCallback
	if !missed && r.Status != campaign.Ready || r.Type == campaign.NoCall {
		return sql.NullInt64{}, 0
	}
	at := func(q int64) sql.NullInt64 { return sql.NullInt64{Int64: q, Valid: true} }
	switch {
	case missed:
		return at(queueCallback), ms(r.NextDial)
	case isOwn(r):
		return at(queueOwn), ms(r.NextDial)
	case r.Top > 0:
		return at(queueTop), -r.Top
	case r.Type == campaign.CampaignCallback, r.Type == campaign.PersonalCallback:
		return at(queueCallback), ms(r.NextDial)
	case !r.NextDial.IsZero():
		return at(queueWaiting), ms(r.NextDial) // Lease moves it to the line when its time has come
	case r.Kind() == campaign.KindFresh:
		return at(queueLine), r.Order
	default:
		return at(queueAgain), r.Order
	}
}

// isOwn: an agent's own record is offered to nobody else.
func isOwn(r *campaign.Record) bool {
	return r.Owner != "" && (r.Type == campaign.PersonalCallback || r.Type == campaign.PersonalRescheduled)
}

// undone are the statuses in which a number of a chain still has its turn, or
// is having it.
const undone = `(1, 2, 8, 9)`

const recordColumns = `r.key, r.list_id, l.name, r.id, r.line, r.ord, r.chain, r.position, r.person, r.customer_id,
	r.phone, r.phone_type, r.name, r.layout_id, r.vals, r.time_zone, r.win_from, r.win_until,
	r.type, r.status, r.result, r.attempts, r.next_dial, r.last_call, r.owner, r.top, r.declined, r.reason,
	r.disposition, r.note, r.no_call, r.callback_at,
	r.consent_at, r.consent_text, r.consent_source, r.consent_ref, r.consent_revoked,
	r.fence, r.finished_by, r.was, r.before_result, coalesce(ct.doc, '')`

const (
	fromRecord = ` FROM record r` + ofRecord
	ofRecord   = ` JOIN list l ON l.id = r.list_id LEFT JOIN contact ct ON ct.person = r.person `
)

// scanRecord reads recordColumns, followed by more. The fields are still
// packed: see unpack.
func scanRecord(sc Row, more ...any) (row, error) {
	var r row
	var from, until, next, last, callback, consent, revoked int64
	err := sc.Scan(append([]any{&r.Key, &r.listID, &r.List, &r.ID, &r.Line, &r.Order, &r.Chain, &r.Position, &r.Person, &r.CustomerID,
		&r.Phone, &r.PhoneType, &r.Name, &r.layoutID, &r.vals, &r.TimeZone, &from, &until,
		&r.Type, &r.Status, &r.Result, &r.Attempts, &next, &last, &r.Owner, &r.Top, &r.Declined, &r.Reason,
		&r.Disposition, &r.Note, &r.NoCall, &callback,
		&consent, &r.Consent.Text, &r.Consent.Source, &r.Consent.Reference, &revoked,
		&r.fence, &r.finishedBy, &r.was, &r.Before, &r.edited}, more...)...)
	r.From, r.Until = time.Duration(from)*time.Millisecond, time.Duration(until)*time.Millisecond
	r.NextDial, r.LastCall, r.CallbackAt = timeOf(next), timeOf(last), timeOf(callback)
	r.Consent.At, r.Consent.Revoked = timeOf(consent), timeOf(revoked)
	return r, err
}

// unpack sets the fields of a record from its values and the names of its
// layout, which names looks up where the store has not seen it yet, and puts in
// what agents have changed.
func (s *Core) unpack(r *row, names func(id int64) (string, error)) error {
	if err := s.unpackFields(r, names); err != nil || r.edited == "" {
		return err
	}
	e, err := readEdit(r.edited)
	e.Apply(&r.Record)
	return err
}

func (s *Core) unpackFields(r *row, names func(id int64) (string, error)) error {
	if r.layoutID == 0 {
		return nil
	}
	s.mu.Lock()
	header := s.layouts[r.layoutID]
	s.mu.Unlock()
	if header == nil {
		text, err := names(r.layoutID)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &header); err != nil {
			return err
		}
		s.mu.Lock()
		s.layouts[r.layoutID] = header
		s.mu.Unlock()
	}
	var vals []string
	if err := json.Unmarshal([]byte(r.vals), &vals); err != nil {
		return err
	}
	r.Fields = make([]campaign.Field, min(len(vals), len(header)))
	for i := range r.Fields {
		r.Fields[i] = campaign.Field{Name: header[i], Value: vals[i]}
	}
	return nil
}

// record reads one record to be changed; campaign.ErrNotFound.
func (t tx) record(key campaign.Key) (row, error) {
	return t.readRecord(`WHERE r.key = ? FOR UPDATE OF r`, key)
}

// look reads one record that is not to be changed; campaign.ErrNotFound.
func (t tx) look(key campaign.Key) (row, error) { return t.readRecord(`WHERE r.key = ?`, key) }

// readRecord reads the one record that a condition gives.
func (t tx) readRecord(where string, args ...any) (row, error) {
	return t.scanOne(`SELECT `+recordColumns+fromRecord+where, args...)
}

func (t tx) scanOne(query string, args ...any) (row, error) {
	var r row
	found := false
	err := t.query(func(sc Row) (err error) {
		found = true
		r, err = scanRecord(sc)
		return err
	}, query, args...)
	if err != nil {
		return r, err
	}
	if !found {
		return r, campaign.ErrNotFound
	}
	return r, t.s.unpack(&r, t.layout)
}

func (t tx) layout(id int64) (names string, err error) {
	err = t.one(`SELECT names FROM layout WHERE id = ?`, []any{id}, &names)
	return names, err
}

// save writes what may change of a record, and where Lease finds it.
func (t tx) save(r *row, changed time.Time) error {
	queue, rank := queueOf(&r.Record)
	n, err := t.exec(`UPDATE record SET type = ?, status = ?, result = ?, attempts = ?, next_dial = ?, last_call = ?,
		owner = ?, top = ?, declined = ?, reason = ?, disposition = ?, note = ?, no_call = ?, callback_at = ?,
		finished_by = ?, was = ?, queue = ?, rank = ?, changed_at = greatest(changed_at, ?) WHERE key = ?`,
		r.Type, r.Status, r.Result, r.Attempts, ms(r.NextDial), ms(r.LastCall),
		r.Owner, r.Top, r.Declined, r.Reason, r.Disposition, r.Note, flag(r.NoCall), ms(r.CallbackAt),
		r.finishedBy, r.was, queue, rank, ms(changed), r.Key)
	if err == nil && n != 1 {
		err = errors.New("the record vanished")
	}
	t.s.unpass(r.listID, queue, rank)
	return err
}

// apply gives a record its new state. What was at the top stays there only
// when keepTop or the update says that it keeps its place.
func (r *row) apply(u campaign.RecordUpdate, keepTop bool) {
	r.Type, r.Status, r.Result, r.Attempts = u.Type, u.Status, u.Result, u.Attempts
	r.NextDial, r.Owner, r.Reason = u.NextDial, u.Owner, u.Reason
	r.Disposition, r.Note, r.NoCall = u.Disposition, u.Note, u.NoCall
	r.CallbackAt, r.LastCall = u.CallbackAt, u.LastCall
	if !keepTop && !u.KeepPlace {
		r.Top = 0
	}
}

// chain does to the other numbers of the contact what the outcome of a record
// asks for. by is the attempt, so that a correction can take it back.
func (t tx) chain(r *row, act campaign.ChainAction, by campaign.AttemptID, now time.Time) error {
	if r.Chain == "" || act == campaign.ChainKeep {
		return nil
	}
	where := `status IN ` + undone + ` AND r.key <> ? ORDER BY r.position`
	args := []any{r.listID, r.Chain, r.Key}
	if act == campaign.ChainNext {
		where = `status = 9 AND r.position > ? ORDER BY r.position LIMIT 1`
		args[2] = r.Position
	}
	others, err := t.chainRecords(where, args...)
	if err != nil {
		return err
	}
	for i := range others {
		o := &others[i]
		if act == campaign.ChainNext {
			o.Status = campaign.Ready
		} else {
			o.was, o.finishedBy = o.Status, by
			o.Status, o.Reason = campaign.ChainUpdated, "another number of this contact is finished"
		}
		if err := t.save(o, now); err != nil {
			return err
		}
	}
	return nil
}

// unchain takes back that an attempt finished the other numbers of a contact.
func (t tx) unchain(r *row, by campaign.AttemptID, now time.Time) error {
	if r.Chain == "" {
		return nil
	}
	others, err := t.chainRecords(`status = 7 AND finished_by = ? ORDER BY r.position`, r.listID, r.Chain, by)
	if err != nil {
		return err
	}
	for i := range others {
		o := &others[i]
		o.Status, o.Reason, o.was, o.finishedBy = o.was, "", 0, ""
		if o.Status == campaign.Retrieved {
			o.Status = campaign.Ready
		}
		if err := t.save(o, now); err != nil {
			return err
		}
	}
	return nil
}

func (t tx) chainRecords(where string, args ...any) ([]row, error) {
	var rs []row
	err := t.query(func(sc Row) error {
		r, err := scanRecord(sc)
		rs = append(rs, r)
		return err
	}, `SELECT `+recordColumns+fromRecord+`WHERE r.list_id = ? AND r.chain = ? AND r.chain <> '' AND r.`+where+` FOR UPDATE OF r`, args...)
	return rs, err
}
