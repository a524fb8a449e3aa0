package campaign

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// recover clears up what an earlier process left behind:
//
//	settled in the journal, not confirmed   → settled in the store
//	permitted, but never sent to the line   → back to its old place, not counted
//	on the line                             → ended there (Line.Recover); unknown, stale
//	ended, the agent had not finished       → back to her desk (Returned)
//	leased, not dialled                     → back to its old place
//
// A machine never dials a stale record by itself.
func (c *Controller) recover(ctx context.Context) error {
	now := c.cfg.Now()
	fresh := c.cfg.Journal.Last() == 0
	left, err := c.leftovers(ctx, fresh)
	if err != nil {
		return err
	}
	c.hangUp(ctx, left)
	for _, l := range left {
		if err := c.decide(ctx, l, now); err != nil {
			return err
		}
	}
	if err := c.cfg.Store.Depart(ctx, c.cfg.Floor.Process); err != nil {
		return err
	}
	n, err := c.cfg.Store.Reclaim(ctx, c.cfg.Floor.Process, now)
	if err != nil {
		return fmt.Errorf("leased records: %w", err)
	}
	if len(left)+n > 0 {
		c.cfg.Log.Warn("an earlier process did not end in order", "attempts", len(left), "records_given_back", n)
	}
	if !fresh { // whoever followed the earlier process takes a snapshot: nothing before this number can be followed
		if _, err := c.cfg.Journal.Append(Event{Kind: EventRecovered, At: now, Text: "the program was started again"}); err != nil {
			return err
		}
	}
	c.hub.publish(nil, c.cfg.Journal.Last())
	c.hub.base = c.cfg.Journal.Last()
	return nil
}

// leftovers are the attempts of earlier runs that have no outcome yet, by the
// journal and the store; what was decided but not stored is stored now. fresh:
// the journal is new and knows of nothing.
func (c *Controller) leftovers(ctx context.Context, fresh bool) (left []leftover, err error) {
	known := map[AttemptID]bool{}
	for _, u := range c.cfg.Journal.unfinished() {
		known[u.Attempt.ID] = true
		if u.Settlement != nil {
			if err := c.resettle(ctx, *u.Settlement); err != nil {
				return nil, err
			}
			continue
		}
		left = append(left, leftover{attempt: u.Attempt, record: u.Record, desk: u.Desk, sent: true})
	}
	open, err := c.cfg.Store.Open(ctx, c.cfg.Floor.Process)
	if err != nil {
		return nil, fmt.Errorf("open attempts: %w", err)
	}
	for _, o := range open {
		i := slices.IndexFunc(left, func(l leftover) bool { return l.attempt.ID == o.Attempt.ID })
		if i >= 0 {
			left[i].record = o.Record // with its present fields
			if len(left[i].attempt.Token) == 0 {
				left[i].attempt.Token = o.Attempt.Token
			}
			continue
		}
		if known[o.Attempt.ID] {
			continue
		}
		// The journal does not know it: its Dial never left. Unless there was
		// progress, or the journal itself is new.
		progress := len(o.Attempt.Token) > 0 || !o.Attempt.RingingAt.IsZero() || !o.Attempt.AnsweredAt.IsZero()
		left = append(left, leftover{attempt: o.Attempt, record: o.Record, sent: progress || fresh})
	}
	return left, nil
}

// decide keeps a leftover for its agent to come back to, or settles it.
func (c *Controller) decide(ctx context.Context, l leftover, now time.Time) error {
	if l.comesBack() && c.cfg.Floor.keepsDesks() {
		c.left.Works = append(c.left.Works, ReturnedWork{Attempt: l.attempt, Record: l.record, Desk: *l.desk})
		return nil
	}
	s := l.settle(now)
	e := Event{Kind: EventRecovered, At: now, Attempt: l.attempt.ID, Campaign: l.attempt.Campaign, Text: s.Record.Reason, Keep: &Keep{Settlement: &s}}
	if _, err := c.cfg.Journal.Append(e); err != nil {
		return err
	}
	if err := c.resettle(ctx, s); err != nil {
		return err
	}
	if l.live() && l.desk != nil && l.attempt.Agent != "" {
		d := *l.desk
		d.Turn = s.Turn
		c.left.Works = append(c.left.Works, ReturnedWork{Attempt: s.Attempt, Record: l.record, Desk: d, Lost: true})
	}
	return nil
}

func (c *Controller) resettle(ctx context.Context, s Settlement) error {
	if ok := c.work.try(ctx, OpSettle{s}); !ok {
		return fmt.Errorf("attempt %s cannot be settled", s.Attempt.ID)
	}
	return nil
}

// leftover is an attempt without an outcome.
type leftover struct {
	attempt Attempt
	record  Record
	desk    *AtDesk // nil: it was on nobody's desk, as far as is known
	sent    bool    // it may be on the line
}

// comesBack: it is its agent's after-call work.
func (l leftover) comesBack() bool {
	return l.desk != nil && l.attempt.Agent != "" && !l.attempt.EndedAt.IsZero()
}

// wrap is what the agent had entered.
func (l leftover) wrap() Wrap {
	if l.desk != nil {
		return l.desk.Wrap
	}
	return Wrap{Result: l.attempt.Result, Disposition: l.attempt.Disposition, Note: l.attempt.Note}
}

// live: the line may still carry it.
func (l leftover) live() bool { return l.sent && l.attempt.EndedAt.IsZero() }

// recoverAtOnce bounds how many far ends are spoken to at the same time.
const recoverAtOnce = 8

// hangUp ends what is on the line; a far end that does not answer is logged.
func (c *Controller) hangUp(ctx context.Context, left []leftover) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, recoverAtOnce)
	for _, l := range left {
		if !l.live() || len(l.attempt.Token) == 0 {
			continue
		}
		wg.Go(func() { // waited for below
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := c.cfg.Line.Recover(l.attempt.Token); err != nil {
				c.cfg.Log.Warn("a call of the earlier process could not be ended", "call", l.attempt.ID, "err", err)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }() // ends with the last Recover
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// settle decides about a leftover. No treatment is applied: a person looks at
// it, or the agent has said enough.
func (l leftover) settle(now time.Time) Settlement {
	s := l.outcome(now)
	if s.Turn = 1; l.desk != nil {
		d := *l.desk
		d.Turn++
		s.Turn, s.Filed, s.Tell = d.Turn, file(d, l.record), true
	}
	return s
}

func (l leftover) outcome(now time.Time) Settlement {
	a := l.attempt
	a.Token = nil
	if a.Inbound {
		return l.settleInbound(a, now)
	}
	u, w := updateOf(l.record), l.wrap()
	switch {
	case !l.sent:
		a.EndedAt, a.EndedBy, a.DialerResult, a.Result = now, ByDialer, ResultCancelled, ResultCancelled
		a.Text = "the program stopped before it was dialled"
		u.Status, u.KeepPlace = Ready, true
		return Settlement{Attempt: a, Record: u, Now: now}
	case !a.EndedAt.IsZero() && (w.Result != 0 || w.NoCall || w.Callback != nil || a.AnsweredAt.IsZero() || l.corrects()):
		lease := Lease{Record: l.record}
		if l.desk != nil {
			lease.Fence = l.desk.Fence
		}
		s := Outcome(nil, lease, a, w, now)
		s.Record.Reason += "; the program stopped during after-call work"
		s.Correction = l.corrects()
		return s
	case !a.EndedAt.IsZero():
		a.Result = Unknown
		u.Reason = "the program stopped during after-call work, before there was a result"
	default:
		a.EndedAt, a.EndedBy, a.DialerResult, a.Result = now, ByDialer, Unknown, Unknown
		a.Text = "the program stopped during the call"
		u.Reason = "the program stopped while the contact was being called"
	}
	a.Counted = true
	u.Status, u.Result, u.Attempts, u.NextDial = Stale, Unknown, l.record.Attempts+1, time.Time{}
	u.LastCall = a.DialedAt
	a.Note, a.Disposition = w.Note, w.Disposition
	if w.Note != "" {
		u.Note = w.Note
	}
	if w.Disposition != "" {
		u.Disposition = w.Disposition
	}
	return Settlement{Attempt: a, Record: u, Now: now}
}

// corrects: it was settled before, and Done was taken back.
func (l leftover) corrects() bool { return l.desk != nil && l.desk.Correction }

// settleInbound: a call from outside changes no record; the note stays.
func (l leftover) settleInbound(a Attempt, now time.Time) Settlement {
	if a.EndedAt.IsZero() {
		a.EndedAt, a.EndedBy, a.DialerResult = now, ByDialer, Unknown
		a.Text = "the program stopped during the call"
	}
	if a.Result == 0 {
		a.Result = orUnknown(a.DialerResult)
	}
	w := l.wrap()
	a.Note = w.Note
	if w.Result != 0 {
		a.Result = w.Result
	}
	s := Settlement{Attempt: a, Now: now, Correction: l.corrects()}
	if w.NoCall {
		s.Block = Outcome(nil, Lease{}, a, w, now).Block
	}
	return s
}
