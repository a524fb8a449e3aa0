package campaign

import "time"

// OrphanText marks an attempt that was settled for a process that is gone.
// What that process says itself, should it come back, replaces it.
const OrphanText = "the process that made the call is gone"

// Orphan settles an attempt whose process is gone, by the rule of recovery:
// nobody knows what became of the call, so it counts, the record is stale, and
// a machine never dials it again by itself.
func (o OpenAttempt) Orphan(now time.Time) Settlement {
	s := leftover{attempt: o.Attempt, record: o.Record, sent: true}.settle(now)
	s.Attempt.Text = OrphanText
	s.Record.Reason = OrphanText
	return s
}
