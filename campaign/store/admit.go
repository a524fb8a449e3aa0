package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/freiton/freiton/campaign"
)

// inboundAccount stands in for the account of calls from outside: they take no
// part in the caps of an account. No account has a blank in its name.
const inboundAccount = "calls from outside"

// Admit implements campaign.Store.
func (s *Core) Admit(ctx context.Context, a campaign.Attempt) (c campaign.Caller, err error) {
	err = s.write(ctx, "admit", func(t tx) error {
		c, err = t.caller(a.Number)
		if err != nil {
			return err
		}
		a.Record, a.RecordID, a.List, a.Person = c.Record.Key, c.Record.ID, c.Record.List, c.Person
		return t.admit(a)
	})
	return c, err
}

// caller finds out whose number it is, and who called it last.
func (t tx) caller(number string) (c campaign.Caller, err error) {
	c.Person = campaign.PersonOf("", "", number)
	if number == "" { // the number is withheld
		return c, nil
	}
	var key campaign.Key
	err = t.one(`SELECT agent, campaign, record_key, person FROM attempt WHERE number = ? AND inbound = 0 AND agent <> ''
		ORDER BY dialed_at DESC LIMIT 1`, []any{number}, &c.Agent, &c.Campaign, &key, &c.Person)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	if key == 0 {
		err = t.one(`SELECT key FROM record WHERE phone = ? ORDER BY key DESC LIMIT 1`, []any{number}, &key)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return c, err
		}
	}
	if key == 0 {
		return c, nil
	}
	r, err := t.look(key)
	if errors.Is(err, campaign.ErrNotFound) { // erased meanwhile
		return c, nil
	}
	c.Record, c.Person = r.Record, r.Person
	return c, err
}

// admit writes a call from outside, and that its number and person are on the
// telephone: what waits for them waits longer.
func (t tx) admit(a campaign.Attempt) error {
	if err := t.db.Lock("number "+a.Number, "person "+a.Person); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO attempt (id, campaign, record_key, record_id, list, number, person, agent, process, account, fence, dialed_at, ringing_at, counted, inbound, token)
		VALUES (?, '', ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 0, 1, ?)`,
		a.ID, a.Record, a.RecordID, a.List, a.Number, a.Person, a.Agent, a.Process, inboundAccount, ms(a.DialedAt), ms(a.RingingAt), a.Token)
	if err != nil {
		return err
	}
	var n int
	if err := t.one(`SELECT count(*) FROM calling WHERE number = ? OR person = ?`, []any{a.Number, a.Person}, &n); err != nil {
		return err
	}
	number, person := a.Number, a.Person
	if n > 0 || number == "" { // we are calling each other just now, or nobody knows who it is
		number, person = number+" "+string(a.ID), person+" "+string(a.ID)
	}
	_, err = t.exec(`INSERT INTO calling (attempt, number, person, record_key, process, account) VALUES (?, ?, ?, 0, ?, ?)`,
		a.ID, number, person, a.Process, inboundAccount)
	return err
}
