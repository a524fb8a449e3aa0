package campaign

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// What others do to campaigns, to the do-not-call list and to where agents work (another process that
// shares the store, the command line, this process's own API) is in the store.
// The floor takes it over and does not write it back:
//
//	Store.Watch ─▶ StoreChanged ─▶ OpLook, behind every OpState of our own ─▶ Looked
//
// A look that an own change has overtaken is not believed: another one follows.

// StoreChanged says that campaigns or the do-not-call list may not be what they
// were.
type StoreChanged struct{}

// OpLook reads what others have done; Looked answers it, once the store does.
type OpLook struct {
	Calls   []Unanswered
	Present []Presence    // who is logged in
	Came    []RecallQuery // whose calls another process may be settling just now
	Awaited []AgentID     // whose after-call work from before waits here for them
}

// Unanswered is a contact who was not reached yet: offered, queued or ringing.
type Unanswered struct {
	Interaction InteractionID
	Query       PermitQuery
}

func (OpLook) storeOp() {}

// Looked is what the store has.
type Looked struct {
	Campaigns []ToldCampaign
	Blocked   []BlockedCall
	Consents  map[AgentID]bool // who consents to being recorded; nil: nobody knows
	Gone      []Presence       // who works, or wants to work, at another process
	Recalled  []Recalled       // of Came
	Away      []AgentID        // of Awaited: they work at another process
}

// ToldCampaign is a campaign as the store has it. Doc is nil where this
// process's configuration refuses the document.
type ToldCampaign struct {
	Row CampaignRow
	Doc *Campaign
}

// BlockedCall is an interaction whose contact wants no calls any more.
type BlockedCall struct {
	Interaction InteractionID
	Entry       DNCEntry
}

// look asks the store what others have done; one question at a time.
func (f *Floor) look() {
	if f.looking {
		f.lookAgain = true
		return
	}
	f.looking, f.lookAgain, f.lookedAt = true, false, f.stated
	op := OpLook{Present: f.present(), Came: f.came(), Awaited: f.awaited()}
	for _, w := range f.works {
		if _, ends := f.table[w.state][onOptOut]; ends && w.kind != KindInbound {
			op.Calls = append(op.Calls, Unanswered{Interaction: w.id, Query: f.permitQuery(w)})
		}
	}
	f.store(op)
}

func (f *Floor) onLooked(in Looked) {
	f.looking = false
	for _, p := range in.Gone {
		f.callAway(p)
	}
	for _, a := range in.Away {
		f.settleAway(a)
	}
	for _, r := range in.Recalled {
		f.onRecalled(r)
	}
	for _, b := range in.Blocked {
		if i := slices.IndexFunc(f.works, func(w *work) bool { return w.id == b.Interaction }); i >= 0 {
			f.step(f.works[i], onOptOut, b.Entry)
		}
	}
	if f.lookedAt == f.stated {
		for id, given := range in.Consents {
			f.recordingConsent(id, given)
		}
		for _, t := range in.Campaigns {
			f.takeOver(t)
		}
	} else {
		f.lookAgain = true
	}
	if f.lookAgain {
		f.look()
	}
}

// takeOver makes a campaign what the store says it is. It tells the agents
// here, and writes nothing.
func (f *Floor) takeOver(t ToldCampaign) {
	c := f.campaign(t.Row.Name)
	switch {
	case c == nil && t.Doc == nil:
		return
	case c == nil:
		c = &camp{state: Unloaded}
		f.campaigns = append(f.campaigns, c)
		f.setDocument(c, t.Doc)
	case t.Doc != nil && !t.Row.Says(c.doc):
		f.setDocument(c, t.Doc)
	}
	f.follow(c, cmp.Or(t.Row.State, Unloaded))
	f.followPause(c, t.Row.Pause)
}

// follow moves a campaign to the state it has elsewhere.
func (f *Floor) follow(c *camp, to RunState) {
	was := cmp.Or(c.state, Unloaded)
	switch {
	case was == to:
		return
	case to == Running:
		f.started(c)
	case to == Unloaded:
		f.unloaded(c)
	case was == Running:
		f.stopped(c, "was stopped")
	default:
		f.popup(c, PopupLoaded, f.agents...)
	}
	c.state = to
	f.stir()
}

// followPause: a campaign that paused itself did so for all. What our own
// journal forbids stays forbidden, whatever the others can do.
func (f *Floor) followPause(c *camp, why string) {
	switch {
	case c.state != Running || c.pause != nil && c.pause.Code == ReasonJournal:
	case why == "" && c.pause != nil:
		f.started(c)
	case why != "" && (c.pause == nil || c.pause.Text != why):
		c.pause = &Reason{Code: ReasonOwnFails, Text: why}
		f.withdraw(c, *c.pause)
	}
}

// barred is the gate's word on a contact who is on the do-not-call list.
func barred(e DNCEntry) Verdict {
	g := gate{Facts: Facts{BlockedBy: &e}}
	v, _ := g.doNotCall()
	return v
}

// optedOut takes an undialled record away: the contact wants no calls.
func (m *move) optedOut() error {
	if m.w.answered() { // dialled ahead and offered: the contact is on the line
		m.to, m.event = m.w.state, ""
		return nil
	}
	v := barred(m.in.(DNCEntry))
	m.reason = &v.Reason
	r := Release{Reason: v.Reason.Text}
	if u, ok := v.Update(m.w.lease.Record); ok {
		r = Release{Update: &u, Chain: v.Chain}
	}
	m.f.giveBack(m.w.lease, r)
	return nil
}

// optOutAsking: the gate knows already, or the permit is not used.
func (m *move) optOutAsking() error {
	v := barred(m.in.(DNCEntry))
	m.reason, m.w.dropped = &v.Reason, true
	return nil
}

// optOutCall ends a call that nobody has answered. The entry is there already,
// so settling it adds none.
func (m *move) optOutCall() error {
	v := barred(m.in.(DNCEntry))
	m.reason = &v.Reason
	m.w.wrap.NoCall, m.w.barred = true, true
	m.end(ByDialer, "opt-out")
	return nil
}

// look reads for OpLook. A document is read once for as long as it stays.
func (w *worker) look(ctx context.Context, op OpLook) (Looked, error) {
	var in Looked
	if w.c.cfg.Document != nil {
		rows, err := w.c.cfg.Store.Campaigns(ctx)
		if err != nil {
			return in, err
		}
		for _, row := range rows {
			doc, err := w.document(ctx, row)
			if err != nil {
				return in, err
			}
			in.Campaigns = append(in.Campaigns, ToldCampaign{Row: row, Doc: doc})
		}
	}
	users, err := w.c.cfg.Store.Users(ctx)
	if err != nil {
		return in, err
	}
	in.Consents = make(map[AgentID]bool, len(users))
	for _, u := range users {
		in.Consents[u.Name] = u.RecordingConsent.Given
	}
	if in.Gone, in.Away, err = w.gone(ctx, op.Present, op.Awaited); err != nil {
		return in, err
	}
	for _, q := range op.Came {
		works, err := w.c.cfg.Store.Recall(ctx, q)
		if err != nil {
			return in, err
		}
		in.Recalled = append(in.Recalled, Recalled{q.Agent, works})
	}
	if len(op.Calls) == 0 {
		return in, nil
	}
	qs := make([]PermitQuery, len(op.Calls))
	for i, c := range op.Calls {
		qs[i] = c.Query
	}
	entries, err := w.c.cfg.Store.Blocks(ctx, qs)
	if err != nil {
		return in, err
	}
	for i, e := range entries {
		if e != nil {
			in.Blocked = append(in.Blocked, BlockedCall{Interaction: op.Calls[i].Interaction, Entry: *e})
		}
	}
	return in, nil
}

// document works out a campaign's document, nil where it is refused here. An
// error says that its files are away.
func (w *worker) document(ctx context.Context, row CampaignRow) (*Campaign, error) {
	if d, ok := w.documents[row.Name]; ok && row.Says(&d.as) {
		return d.doc, nil
	}
	d := readDocument{as: Campaign{Document: row.Document, Files: row.Files}}
	c, err := w.c.cfg.Document(ctx, row)
	switch {
	case errors.Is(err, ErrFilesAway):
		return nil, err
	case err == nil:
		d.doc = &c
	default:
		w.c.cfg.Log.Error("campaign left out", "campaign", row.Name, "err", err)
	}
	w.documents[row.Name] = d
	return d.doc, nil
}

// readDocument is a campaign's document, and what it says.
type readDocument struct {
	as  Campaign // what was read: Document and Files only
	doc *Campaign
}

// watch tells the floor of changes in the store; quit ends it.
func (c *Controller) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.running.Go(func() { // ends with quit
		<-c.quit
		cancel()
	})
	c.cfg.Store.Watch(ctx, func() { c.post(StoreChanged{}) })
}
