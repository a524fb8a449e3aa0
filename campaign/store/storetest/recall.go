package storetest

import (
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// recall: what Settle was given to keep comes back with the record as it was
// dialled, though it is another one by now; a correction replaces it, and the
// audit log has the old value, of the callback too.
func recall(t *testing.T, b *bench) {
	b.imports(rec(1, named("Anna")), rec(2), rec(3))
	begin := b.now
	file := func(s *campaign.Settlement, turn int, cb *campaign.Callback, before campaign.Record) {
		s.Turn = turn
		s.Filed = &campaign.Filed{
			Desk:   campaign.AtDesk{Interaction: "i" + campaign.InteractionID(s.Attempt.ID), Kind: campaign.KindCampaign, Fence: s.Fence, Turn: turn, Wrap: campaign.Wrap{Result: s.Attempt.Result, Callback: cb}},
			Before: campaign.RecordUpdate{Type: before.Type, Status: before.Status, Result: before.Result, Note: "from before"},
		}
	}
	l := b.leases("1")
	a := b.permits(l)
	s := b.settlement(l, a, campaign.Answer)
	s.Attempt.Note = "calls back"
	s.Record.Type, s.Record.Owner, s.Record.NextDial = campaign.PersonalCallback, "ann", b.now.Add(24*time.Hour)
	s.Record.Attempts, s.Record.Status = 1, campaign.Ready
	tomorrow := &campaign.Callback{At: b.now.Add(24 * time.Hour), Personal: true}
	file(&s, 1, tomorrow, l.Record)
	b.settles(s)
	b.now = b.now.Add(time.Minute)
	b.calls("2", campaign.NoAnswer) // on nobody's desk
	b.now = b.now.Add(time.Minute)
	l = b.leases("3")
	last := b.settlement(l, b.permits(l), campaign.WrongParty)
	file(&last, 1, nil, l.Record)
	b.settles(last)

	works := func(q campaign.RecallQuery) []campaign.ReturnedWork {
		q.Agent, q.Limit = "ann", max(q.Limit, 1)
		ws, err := b.s.Recall(t.Context(), q)
		b.must(err)
		return ws
	}
	all := campaign.RecallQuery{Since: begin, Limit: 10}
	ws := works(all)
	equal(t, "calls", len(ws), 2)
	equal(t, "newest first", ws[0].Attempt.ID, last.Attempt.ID)
	w := ws[1]
	equal(t, "interaction", w.Desk.Interaction, "i"+campaign.InteractionID(a.ID))
	equal(t, "entered", [2]string{w.Desk.Wrap.Result.String(), w.Desk.Wrap.Note}, [2]string{"answer", "calls back"})
	equal(t, "callback", w.Desk.Wrap.Callback.At.UTC(), tomorrow.At)
	equal(t, "record", w.Record.Key, s.Attempt.Record)
	equal(t, "name", w.Record.Name, "Anna")
	equal(t, "as dialled", [3]any{w.Record.Type, w.Record.Attempts, w.Record.Note}, [3]any{campaign.General, 0, "from before"})
	equal(t, "limit", len(works(campaign.RecallQuery{Since: begin})), 1)
	equal(t, "since", len(works(campaign.RecallQuery{Since: begin.Add(time.Minute), Limit: 10})), 1)

	s.Correction = true
	file(&s, 2, nil, campaign.Record{})
	b.settles(s)
	equal(t, "corrected", [2]any{works(all)[1].Desk.Turn, works(all)[1].Desk.Wrap.Callback == nil}, [2]any{2, true})
	lines := b.auditLog(campaign.AuditQuery{What: campaign.AuditCorrected})
	equal(t, "lines", len(lines), 1)
	equal(t, "old", lines[0].Old, "answer, with a note, personal callback 2026-03-05T10:00:00Z")
	equal(t, "new", lines[0].New, "answer, with a note")
}
