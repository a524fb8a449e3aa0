package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Turn implements campaign.Store.
func (s *Core) Turn(ctx context.Context, q campaign.PermitQuery) (campaign.Lease, error) {
	out := q.Lease
	err := s.write(ctx, "turn", func(t tx) error {
		out = q.Lease
		if err := t.addNumber(q.Lease.Record.Key, q.Number); err != nil {
			return err
		}
		r, err := t.ours(q.Lease)
		if err != nil {
			return err
		}
		if err := t.undialled(r.Key); err != nil {
			return err
		}
		var chosen campaign.Key
		err = t.one(`SELECT key FROM record WHERE list_id = ? AND chain = ? AND chain <> '' AND phone = ?`, []any{r.listID, r.Chain, q.Number}, &chosen)
		if errors.Is(err, sql.ErrNoRows) || err == nil && chosen == r.Key {
			return nil // the list has it elsewhere: it is dialled for the record all the same
		}
		if err != nil {
			return err
		}
		out, err = t.turn(&r, chosen, q)
		return err
	})
	return out, err
}

// turn leases another number of the contact in the place of r, which is tried
// after it: one that stood behind r changes places with it. A callback is the
// contact's, and goes along.
func (t tx) turn(r *row, chosen campaign.Key, q campaign.PermitQuery) (campaign.Lease, error) {
	o, err := t.record(chosen)
	if err != nil {
		return campaign.Lease{}, err
	}
	var until int64
	if err := t.one(`SELECT until FROM lease WHERE record_key = ?`, []any{r.Key}, &until); err != nil {
		return campaign.Lease{}, err
	}
	o.Status, r.Status, r.Top, r.NextDial = campaign.Ready, campaign.ChainReady, 0, time.Time{}
	if r.Kind() == campaign.KindCallback || r.Type == campaign.CampaignRescheduled {
		o.Type, o.Owner, o.CallbackAt = r.Type, r.Owner, r.CallbackAt
		r.Type, r.Owner, r.CallbackAt = campaign.General, "", time.Time{}
	}
	if err := errors.Join(t.endLease(r.Key), t.save(r, q.Now), t.save(&o, q.Now)); err != nil {
		return campaign.Lease{}, err
	}
	if o.Position > r.Position {
		_, err := t.exec(`UPDATE record SET position = CASE WHEN key = ? THEN CAST(? AS BIGINT) ELSE CAST(? AS BIGINT) END WHERE key IN (?, ?)`,
			o.Key, r.Position, o.Position, o.Key, r.Key)
		if err != nil {
			return campaign.Lease{}, err
		}
	}
	o, err = t.scanOne(takeRecord+`= ?`+returning(), q.Agent, q.Agent, o.Key)
	if err != nil {
		return campaign.Lease{}, err
	}
	if _, err := t.exec(`INSERT INTO lease (record_key, list_id, number, person, process, fence, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		o.Key, o.listID, o.Phone, o.Person, q.Process, o.fence, until); err != nil {
		return campaign.Lease{}, err
	}
	return t.leased(&o, campaign.LeaseQuery{Process: q.Process})
}
