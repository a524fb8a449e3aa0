package campaign

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	storeTimeout = 10 * time.Second // one operation of the store
	retryLater   = 2 * time.Second  // what the store did not take
)

// worker does the store operations, one after the other, so that a record
// that went back is back before the next one is asked for. What must not be
// lost (settlements and the like) is set aside when the store is away, and
// repeated; live calls and screens go on meanwhile.
type worker struct {
	c         *Controller
	mu        sync.Mutex
	queue     []queued
	ended     bool
	wake      chan struct{}
	aside     []StoreOp               // the worker's own
	unseen    *OpLook                 // not answered by the store yet
	documents map[string]readDocument // by campaign
	said      map[string]time.Time    // when trouble with an operation was last logged
	idle      chan struct{}           // closed and renewed when there is nothing to do
	busy      bool
}

// queued is an operation, and whether what led to it could be journalled.
type queued struct {
	op  StoreOp
	err error
}

func newWorker(c *Controller) *worker {
	return &worker{c: c, wake: make(chan struct{}, 1), idle: make(chan struct{}), documents: map[string]readDocument{}, said: map[string]time.Time{}}
}

func (w *worker) push(op StoreOp, journal error) {
	w.mu.Lock()
	w.queue = append(w.queue, queued{op, journal})
	w.busy = true
	w.mu.Unlock()
	w.nudge()
}

// end lets the worker finish what is queued and stop.
func (w *worker) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.nudge()
}

func (w *worker) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// flush waits until the store has taken everything.
func (w *worker) flush(ctx context.Context) error {
	// Behind whatever is still on its way through the journal.
	done := make(chan struct{})
	w.c.cfg.Journal.append(nil, func(error) { close(done) })
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		w.mu.Lock()
		busy, idle := w.busy, w.idle
		w.mu.Unlock()
		if !busy {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run is the worker's goroutine; end ends it.
func (w *worker) run() {
	retry := time.NewTicker(retryLater)
	defer retry.Stop()
	var limit <-chan time.Time // for what is left after end
	for {
		select {
		case <-w.wake:
		case <-retry.C:
			w.repeat()
		case <-limit:
			return
		}
		for {
			q, ok := w.take()
			if !ok {
				break
			}
			w.do(q)
		}
		w.mu.Lock()
		ended := w.ended
		w.mu.Unlock()
		if ended && len(w.aside) == 0 {
			return
		}
		if ended && limit == nil {
			limit = time.After(closeWithin)
		}
	}
}

func (w *worker) take() (queued, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		if w.busy = len(w.aside) > 0; !w.busy {
			close(w.idle)
			w.idle = make(chan struct{})
		}
		return queued{}, false
	}
	q := w.queue[0]
	w.queue = w.queue[1:]
	return q, true
}

// do does one operation. Lease and permit are answered whatever happens; they
// are not even asked when the journal failed, for nothing may be dialled.
func (w *worker) do(q queued) {
	c := w.c
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	now := c.cfg.Now()
	switch op := q.op.(type) {
	case OpLease:
		in := Leased{Seq: op.Seq, Agent: op.Query.Agent, Err: q.err}
		if in.Err == nil {
			op.Query.Now, op.Query.Until = now, now.Add(c.cfg.LeaseFor)
			in.Lease, in.Err = c.cfg.Store.Lease(ctx, op.Query)
			w.complain("lease", in.Err)
			in.Facts = factsOf(ctx, c.cfg.Store, op, in)
		}
		c.post(in)
	case OpAdmit:
		in := Admitted{Attempt: op.Attempt.ID}
		in.Caller, in.Err = c.cfg.Store.Admit(ctx, op.Attempt)
		w.complain("inbound call", in.Err)
		c.post(in)
	case OpPermit:
		in := Permitted{Interaction: op.Interaction, Attempt: op.Query.Attempt, Err: q.err}
		if in.Err == nil {
			op.Query.Now, in.Until = now, now.Add(c.cfg.LeaseFor/2) // the heartbeat was a third ago at most
			in.Lease, in.Err = permit(ctx, c.cfg.Store, op.Query)
			w.complain("permit", in.Err)
		}
		c.post(in)
	case OpMissed:
		if q.err != nil {
			return
		}
		op.Query.Now = now
		rs, err := c.cfg.Store.Missed(ctx, op.Query) // not done now, it is asked for again in a minute
		w.complain("missed callbacks", err)
		if len(rs) > 0 {
			c.post(MissedCallbacks{op.Campaign, rs})
		}
	case OpLook:
		w.unseen = &op
		w.see(ctx)
	case OpAnswers:
		in := Counted{Campaign: op.Campaign, Err: q.err}
		if in.Err == nil {
			in.Answers, in.Err = c.cfg.Store.Answers(ctx, op.Campaign, now)
			w.complain("answers", in.Err)
		}
		c.post(in)
	default:
		if !w.try(ctx, q.op) {
			w.aside = append(w.aside, q.op)
		}
	}
}

// try does an operation that must not be lost; false: not now.
func (w *worker) try(ctx context.Context, op StoreOp) bool {
	s := w.c.cfg.Store
	var err error
	switch op := op.(type) {
	case OpRelease:
		err = s.Release(ctx, op.Lease, op.Release)
	case OpNote:
		w.complain("note", s.Note(ctx, op.Attempt))
		return true // losing one is harmless
	case OpRecall:
		var works []ReturnedWork
		if works, err = s.Recall(ctx, op.Query); err == nil {
			w.c.post(Recalled{op.Query.Agent, works})
		}
	case OpSettle:
		if w.settles(op.Settlement.Attempt.ID) {
			return false // Done, undo and Done again: in this order
		}
		if err = s.Settle(ctx, op.Settlement); err == nil || errors.Is(err, ErrLost) {
			k := &Keep{Stored: op.Settlement.Attempt.ID, Turn: op.Settlement.Turn}
			w.c.cfg.Journal.append([]Event{{Kind: EventStored, At: w.c.cfg.Now(), Keep: k}}, func(error) {})
		}
	case OpLeave:
		err = s.Leave(ctx, op.Presence)
	case OpOffer:
		err = s.AddOffer(ctx, op.Offer)
	case OpBlock:
		err = s.Block(ctx, op.Entry)
	case OpState:
		if w.waits(op.Row.Name) {
			return false // what was written before comes first
		}
		err = s.PutCampaign(ctx, op.Row)
	}
	if errors.Is(err, ErrLost) {
		w.c.cfg.Log.Warn("another process has the record; ours is not written", "err", err)
		return true
	}
	w.complain("write", err)
	return err == nil
}

// repeat tries again what was set aside.
func (w *worker) repeat() {
	aside := w.aside
	w.aside = nil
	for _, op := range aside {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		if !w.try(ctx, op) {
			w.aside = append(w.aside, op)
		}
		cancel()
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	w.see(ctx)
}

// waits reports whether a change of a campaign (of any, when empty) is set
// aside.
func (w *worker) waits(name string) bool {
	return slices.ContainsFunc(w.aside, func(op StoreOp) bool {
		s, ok := op.(OpState)
		return ok && (name == "" || s.Row.Name == name)
	})
}

// settles reports whether a settlement of an attempt is set aside.
func (w *worker) settles(id AttemptID) bool {
	return slices.ContainsFunc(w.aside, func(op StoreOp) bool {
		s, ok := op.(OpSettle)
		return ok && s.Settlement.Attempt.ID == id
	})
}

// see answers the floor's question what others have done. While a change of our
// own is set aside, the store has not the last word.
func (w *worker) see(ctx context.Context) {
	if w.unseen == nil || w.waits("") {
		return
	}
	in, err := w.look(ctx, *w.unseen)
	w.complain("look", err)
	if err == nil {
		w.unseen = nil
		w.c.post(in)
	}
}

// complainEvery is how often one and the same trouble is logged: it is tried
// again every two seconds.
const complainEvery = time.Minute

// complain logs an error that is one, once in a while.
func (w *worker) complain(what string, err error) {
	var no *Refusal
	if err == nil || errors.Is(err, ErrNoRecord) || errors.Is(err, ErrLost) || errors.As(err, &no) {
		delete(w.said, what)
		return
	}
	now := w.c.cfg.Now()
	if last, said := w.said[what]; said && now.Sub(last) < complainEvery {
		return
	}
	w.said[what] = now
	w.c.cfg.Log.Error("the store does not do what it should; it is asked again", "operation", what, "err", err)
}

// permit asks the gate. An agent who dials another number of the contact than
// the one that is leased changes to that number's record before: its lease is
// given, nil otherwise.
func permit(ctx context.Context, store Store, q PermitQuery) (turned *Lease, err error) {
	if l := q.Lease.Record; l.Key != 0 && !q.Manual && q.Number != "" && q.Number != l.Phone {
		lease, err := store.Turn(ctx, q)
		if err != nil {
			return nil, err
		}
		q.Lease, turned = lease, &lease
	}
	return turned, store.Permit(ctx, q)
}

// factsOf is what is known of a record that an agent is to be offered: she need
// not see whom she must not call. A store that does not say is the gate's
// matter, which asks it again before the call.
func factsOf(ctx context.Context, store Store, op OpLease, in Leased) Facts {
	if in.Err != nil || in.Agent == "" {
		return Facts{}
	}
	q := op.Offer
	q.Lease, q.Now = in.Lease, op.Query.Now
	facts, err := store.Facts(ctx, q)
	if err != nil {
		return Facts{}
	}
	return facts
}
