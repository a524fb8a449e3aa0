package campaign

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// An agent's last calls outlive the process, and are hers at whichever process
// she logs in: what is needed to correct one is in the store, beside its
// attempt.
//
//	Done ─▶ Settle, with Filed ─▶ store ─▶ Recall, with her next login ─▶ recent ─▶ Correct result

// Filed is what a correction has to know of a call beyond its attempt.
type Filed struct {
	Desk   AtDesk       `json:"desk"`
	Before RecordUpdate `json:"before,omitzero"` // the record as it was when it was dialled
}

// RecallQuery asks for calls of an agent that can be corrected.
type RecallQuery struct {
	Agent AgentID
	Since time.Time // dialled then or later
	Limit int
}

// OpRecall asks for Store.Recall; Recalled answers it, once the store does.
type OpRecall struct{ Query RecallQuery }

func (OpRecall) storeOp() {}

// Recalled are an agent's last calls as the store has them, newest first.
type Recalled struct {
	Agent AgentID
	Works []ReturnedWork
}

// filed is what the store keeps for a later correction; nil: on nobody's desk.
func (w *work) filed() *Filed {
	if k := w.keep(); k.Desk != nil && w.hers() {
		return file(*k.Desk, w.lease.Record)
	}
	return nil
}

// file keeps an interaction for later. Note and disposition are the attempt's.
func file(d AtDesk, r Record) *Filed {
	d.Wrap.Note, d.Wrap.Disposition, d.Correction = "", "", false
	f := &Filed{Desk: d}
	if r.Key != 0 {
		f.Before = updateOf(r)
	}
	return f
}

// Returned is the call as it was on its agent's desk. r is the record as it is
// now; zero: there is none.
func (f Filed) Returned(a Attempt, r Record) ReturnedWork {
	b := f.Before
	r.Type, r.Status, r.Result, r.Attempts, r.NextDial, r.Owner = b.Type, b.Status, b.Result, b.Attempts, b.NextDial, b.Owner
	r.Reason, r.Disposition, r.Note, r.NoCall, r.CallbackAt, r.LastCall = b.Reason, b.Disposition, b.Note, b.NoCall, b.CallbackAt, b.LastCall
	f.Desk.Wrap.Disposition, f.Desk.Wrap.Note = a.Disposition, a.Note
	return ReturnedWork{Attempt: a, Record: r, Desk: f.Desk}
}

// recallOf asks for an agent's last calls of today.
func recallOf(a AgentID, now time.Time) RecallQuery {
	y, m, d := now.Date()
	return RecallQuery{Agent: a, Since: time.Date(y, m, d, 0, 0, 0, 0, now.Location()), Limit: recentCalls}
}

// recallWithin is how long a login waits for the store; behind that the last
// calls come later.
const recallWithin = time.Second

// recall brings an agent's last calls with her login, so that whoever looks
// next sees them.
func (c *Controller) recall(ctx context.Context, in ClickLogin) ClickLogin {
	ctx, cancel := context.WithTimeout(ctx, recallWithin)
	defer cancel()
	works, err := c.cfg.Store.Recall(ctx, recallOf(in.Agent, c.cfg.Now()))
	if err == nil {
		in.Last = &Recalled{in.Agent, works}
	}
	return in
}

// cameFor is how long after a login it is looked whether another process has
// settled calls of hers meanwhile.
const cameFor = time.Minute

// came asks for the last calls of those who have just logged in.
func (f *Floor) came() (qs []RecallQuery) {
	for _, a := range f.agents {
		if a.loggedIn() && f.now.Sub(a.cameAt) < cameFor {
			qs = append(qs, recallOf(a.id, f.now))
		}
	}
	return qs
}

// onRecalled puts an agent's last calls beside those that are known. What
// another process has corrected since is newer there.
func (f *Floor) onRecalled(in Recalled) {
	a := f.agent(in.Agent)
	if a == nil {
		return
	}
	for _, r := range slices.Backward(in.Works) {
		c := f.campaign(r.Attempt.Campaign)
		if r.Desk.Kind == KindCampaign && c == nil {
			continue
		}
		i := slices.IndexFunc(a.recent, func(w *work) bool { return w.attempt.ID == r.Attempt.ID })
		if i >= 0 && (a.recent[i] == a.work || a.recent[i].turn >= r.Desk.Turn) || a.work != nil && a.work.attempt.ID == r.Attempt.ID {
			continue
		}
		w := f.workFrom(r)
		w.state, w.settled = StateOver, true
		if i >= 0 {
			a.recent[i] = w
		} else {
			a.recent = append(a.recent, w)
		}
		f.tell(w, &move{event: EventRecalled, content: true})
	}
	slices.SortStableFunc(a.recent, func(v, w *work) int { return w.attempt.DialedAt.Compare(v.attempt.DialedAt) })
	a.recent = a.recent[:min(len(a.recent), recentCalls)]
	missing := a.missing()
	if a.notice == nil || missing == nil && a.notice.Code != ReasonSettledAway { // she may have said it at another process
		a.said()
		a.notice = cmp.Or(a.notice, missing)
	}
}

// workFrom makes an interaction of what was on its agent's desk.
func (f *Floor) workFrom(r ReturnedWork) *work {
	w := &work{
		id: r.Desk.Interaction, kind: r.Desk.Kind, agent: f.someone(r.Attempt.Agent), attempt: r.Attempt, wrap: r.Desk.Wrap, turn: r.Desk.Turn,
		lease:     Lease{Record: r.Record, Fence: r.Desk.Fence, Process: f.cfg.Process, Past: r.Desk.Past},
		offeredAt: r.Attempt.DialedAt, ahead: r.Desk.Ahead, taken: r.Desk.Ahead, correction: r.Desk.Correction, barred: r.Desk.Barred,
		wrapSince: r.Desk.Since, extended: r.Desk.Extended, returned: true,
	}
	if c := f.campaign(r.Attempt.Campaign); c != nil {
		w.camp, w.doc = c, c.doc
	}
	return w
}
