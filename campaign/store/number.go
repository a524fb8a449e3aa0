package store

import (
	"database/sql"
	"errors"
	"strconv"

	"github.com/freiton/freiton/campaign"
)

// addNumber gives a record's contact another number, unless the list has it: a
// record at the end of the chain, which this one begins where there is none.
func (t tx) addNumber(key campaign.Key, number string) error {
	im := &importing{tx: t, layouts: map[string]int64{}}
	if err := t.one(`SELECT id, ord FROM list WHERE id = (SELECT list_id FROM record WHERE key = ?) FOR UPDATE`,
		[]any{key}, &im.list, &im.ord); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = campaign.ErrLost // erased meanwhile
		}
		return err
	}
	r, err := t.record(key)
	if err != nil {
		return err
	}
	if r.Chain == "" { // the person stays who she is
		r.Chain = "record:" + r.ID
		if _, err := t.exec(`UPDATE record SET chain = ? WHERE key = ?`, r.Chain, key); err != nil {
			return err
		}
	}
	n := campaign.Record{
		ID: r.ID, Line: r.Line, Chain: r.Chain, Position: r.Position + 1, Person: r.Person, CustomerID: r.CustomerID, Phone: number,
		Name: r.Name, Fields: r.Fields, From: r.From, Until: r.Until, Consent: r.Consent, Reason: "entered by an agent",
	}
	if err := im.lookUp([]campaign.Record{n}); err != nil {
		return err
	}
	n.ID += "+" + strconv.Itoa(im.chains[n.Chain].last+1)
	if err := im.add(&n); err != nil {
		return err
	}
	if len(im.rows) == 0 { // the list has it
		return nil
	}
	if _, err := im.insert(); err != nil {
		return err
	}
	_, err = t.exec(`UPDATE list SET ord = ? WHERE id = ?`, im.ord, im.list)
	return err
}
