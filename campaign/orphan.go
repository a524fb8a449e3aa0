package campaign

import "time"

// OrphanText marks an attempt that was settled for a process that is gone.
// What that process says itself, should it come back, replaces it.
const OrphanText = "the process that made the call is gone"

// orphanSaidText is an orphan's whose agent has said what came of it: that stays.
const orphanSaidText = OrphanText + "; its agent has entered the result since"

// Orphan settles an attempt whose process is gone, by the rule of recovery:
// nobody knows what became of the call, so it counts, the record is stale, and
// a machine never dials it again by itself. It is among its agent's last calls,
// wherever she logs in.
func (o OpenAttempt) Orphan(now time.Time) Settlement {
	s := leftover{attempt: o.Attempt, record: o.Record, desk: o.desk(), sent: true}.settle(now)
	s.Attempt.Text = OrphanText
	s.Record.Reason = OrphanText
	return s
}

// desk is what of its agent's desk is in the store; nil: it was on nobody's. What
// she had entered is in the journal of her process only.
func (o OpenAttempt) desk() *AtDesk {
	a := o.Attempt
	if a.Agent == "" {
		return nil
	}
	d := &AtDesk{Interaction: InteractionID(a.ID), Kind: KindManual, Past: o.Past, Wrap: Wrap{Disposition: a.Disposition, Note: a.Note}}
	switch {
	case a.Inbound:
		d.Kind = KindInbound
	case a.Campaign != "":
		d.Kind = KindCampaign
	}
	return d
}
