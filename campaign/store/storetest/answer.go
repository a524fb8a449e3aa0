package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// answering is what the stores do for people who ask what was done.
type answering interface {
	Audit(ctx context.Context, number string, es ...campaign.AuditEntry) error
	AuditLog(context.Context, campaign.AuditQuery, func(campaign.AuditEntry) error) error
	VerifyAudit(context.Context) (campaign.AuditState, error)
	Dossier(ctx context.Context, number, dataDir string) (*campaign.Dossier, error)
	Erase(ctx context.Context, id string, q campaign.EraseQuery) (campaign.Erasure, error)
	PendingErasures(context.Context) ([]campaign.Erasure, error)
	Erased(ctx context.Context, id string, at time.Time) error
}

func (b *bench) answers() answering { return b.s.(answering) }

func (b *bench) auditLog(q campaign.AuditQuery) (es []campaign.AuditEntry) {
	b.t.Helper()
	b.must(b.answers().AuditLog(b.t.Context(), q, func(e campaign.AuditEntry) error {
		es = append(es, e)
		return nil
	}))
	return es
}

// audit: every change that must be answered for leaves a line with old and new
// value, and the chain of lines is whole.
func audit(t *testing.T, b *bench) {
	ctx := campaign.As(t.Context(), "eva", "she asked for it")
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	s := b.settlement(l, a, campaign.Answer)
	b.settles(s)
	s = b.settlement(l, a, campaign.WrongParty)
	s.Correction = true
	b.settles(s)
	b.settles(s) // nothing changes, nothing to note
	b.must(b.s.Block(ctx, campaign.DNCEntry{Number: phone(1), Campaign: "spring", By: "eva"}))
	b.must(b.s.Block(ctx, campaign.DNCEntry{Number: phone(1), Campaign: "spring", By: "ben"})) // is there already
	_, _, err := b.s.Unblock(ctx, phone(1), campaign.DNCScope{Campaign: "spring"})
	b.must(err)
	ann := campaign.User{Name: "ann", Role: campaign.RoleAgent, Headset: "browser", Hash: "a", Created: b.now}
	b.must(b.s.PutUser(ctx, ann))
	b.must(b.s.PutUser(ctx, ann))
	ann.Role, ann.Team, ann.Clients, ann.Hash = campaign.RoleSupervisor, "berlin", []string{"Muster"}, "b"
	b.must(b.s.PutUser(ctx, ann))
	b.must(b.answers().Audit(t.Context(), phone(1), campaign.AuditEntry{Who: "eva", What: campaign.AuditPersonShown}))
	var got []string
	for _, e := range b.auditLog(campaign.AuditQuery{}) {
		got = append(got, string(e.What)+" "+string(e.Who)+": "+e.Old+" > "+e.New)
		if strings.Contains(e.About+e.Old+e.New+e.Reason+e.Subject, phone(1)[4:]) {
			t.Errorf("the log holds a number: %+v", e)
		}
	}
	want := []string{
		"dialled ann:  > spring", "result-changed ann: answer > wrong-party", "dnc-added eva:  > campaign spring",
		"dnc-removed eva: campaign spring, by eva at ", "user-changed eva:  > agent, headset browser",
		"user-changed eva: agent, headset browser > supervisor, team berlin, clients Muster, headset browser, new password",
		"person-shown eva:  > ",
	}
	if len(got) != len(want) {
		t.Fatalf("log %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("line %d: %q, want %q", i+1, got[i], want[i])
		}
	}
	equal(t, "about the number", len(b.auditLog(campaign.AuditQuery{Number: phone(1)})), 5)
	equal(t, "by ann", len(b.auditLog(campaign.AuditQuery{Who: "ann"})), 2)
	st, err := b.answers().VerifyAudit(t.Context())
	b.must(err)
	if !st.Whole || st.Entries != int64(len(want)) {
		t.Errorf("log %+v", st)
	}
}

// refusals: what the gate did not permit is kept, the same again counted.
func refusals(t *testing.T, b *bench) {
	b.imports(rec(1))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(2)}))
	q := campaign.PermitQuery{Campaign: "spring", Process: process, Agent: "ann", Number: phone(2), Rules: rules(), Manual: true, Now: b.now}
	for i := range 3 {
		q.Attempt, q.Now = campaign.AttemptID(rune('x'+i)), b.now.Add(time.Duration(i)*time.Minute)
		b.refused(q, campaign.ReasonDoNotCall)
	}
	q.Now = b.now.Add(3 * time.Hour)
	b.refused(q, campaign.ReasonDoNotCall)
	d, err := b.answers().Dossier(t.Context(), phone(2), "")
	b.must(err)
	if len(d.Refusals) != 2 || d.Refusals[0].Times != 3 || d.Refusals[0].Code != campaign.ReasonDoNotCall ||
		d.Refusals[0].Agent != "ann" || !d.Refusals[0].Last.Equal(b.now.Add(2*time.Minute)) {
		t.Errorf("refusals %+v", d.Refusals)
	}
	equal(t, "in the log", len(b.auditLog(campaign.AuditQuery{What: campaign.AuditRefused})), 2)

	// What the gate would refuse is not offered, and written down all the same.
	b.releases(b.leases("1"), campaign.Release{Refused: &campaign.RefusedOffer{
		Campaign: "spring", Agent: "ann", Reason: campaign.Reason{Code: campaign.ReasonDoNotCall, Text: "on the list"},
	}})
	d, err = b.answers().Dossier(t.Context(), phone(1), "")
	b.must(err)
	if len(d.Refusals) != 1 || d.Refusals[0].Text != "on the list" || d.Refusals[0].Campaign != "spring" {
		t.Errorf("not offered: %+v", d.Refusals)
	}
}

// dossier gathers all numbers of a person, and nobody else's.
func dossier(t *testing.T, b *bench) {
	b.aPerson()
	d, err := b.answers().Dossier(t.Context(), phone(2), "")
	b.must(err)
	equal(t, "persons", strings.Join(d.Persons, " "), "customer:C1")
	equal(t, "numbers", strings.Join(d.Numbers, " "), phone(1)+" "+phone(2)+" "+phone(4))
	equal(t, "records", len(d.Records), 3)
	equal(t, "attempts", len(d.Attempts), 1)
	equal(t, "refusals", len(d.Refusals), 1)
	equal(t, "do not call", len(d.DoNotCall), 1)
	equal(t, "consent", d.Consent[0].Text, "yes, call me")
	equal(t, "offers", len(d.Offers), 1)
	equal(t, "exports", len(d.Exports), 1)
	a := d.Attempts[0]
	equal(t, "ring", a.RingMS, 4000)
	equal(t, "agent delay", a.AgentMS, 500)
	equal(t, "note", a.Note, "wants a boat")
	d, err = b.answers().Dossier(t.Context(), phone(99), "")
	b.must(err)
	equal(t, "unknown", d.Empty(), true)
}

// aPerson is customer C1 with numbers 1 and 2 in one list and 4 in another,
// called once on 1, do not call since, refused on 2; 3 is somebody else.
func (b *bench) aPerson() {
	mine := func(r *campaign.Record) {
		r.CustomerID, r.Person, r.Name = "C1", "customer:C1", "Wilhelmine Tannhäuser"
	}
	consent := func(r *campaign.Record) {
		r.Consent = campaign.Consent{At: b.now.Add(-time.Hour), Text: "yes, call me", Source: "web"}
	}
	b.imports(rec(1, mine, consent), rec(2, mine), rec(3))
	b.importsTo("others", rec(4, mine))
	l := b.leases("1")
	b.must(b.s.AddOffer(b.t.Context(), campaign.Offer{Campaign: "spring", Record: l.Record.Key, RecordID: "1", Agent: "ann",
		OfferedAt: b.now, DecidedAt: b.now, Decision: campaign.Accepted}))
	a := b.permits(l)
	a.RingingAt, a.AnsweredAt, a.JoinedAt = b.now.Add(time.Second), b.now.Add(5*time.Second), b.now.Add(5500*time.Millisecond)
	a.Note, a.Recording = "wants a boat", "recordings/x.wav"
	b.now = b.now.Add(time.Minute)
	s := b.settlement(l, a, campaign.Answer)
	s.Block = &campaign.DNCEntry{Person: "customer:C1", Client: "Muster", By: "ann", Wording: "Wilhelmine says no"}
	b.settles(s)
	l = b.leases("2")
	b.refused(b.permitQuery(l), campaign.ReasonDoNotCall)
	b.must(b.answers().Audit(b.t.Context(), "", campaign.AuditEntry{Who: "eva", What: campaign.AuditListExported, About: list}))
}

// erase forgets a person with all numbers; who asked not to be called is not
// called when a new list brings the number back.
func erase(t *testing.T, b *bench) {
	b.aPerson()
	l := b.leases("3")
	q := campaign.EraseQuery{Number: phone(2), By: "eva", Reason: "letter of 4 March", Now: b.now}
	e, err := b.answers().Erase(t.Context(), "E1", q)
	b.must(err)
	equal(t, "records", e.Counts["records"], 3)
	equal(t, "recordings", strings.Join(e.Files, " "), "recordings/x.wav")
	equal(t, "exports", len(e.Exports), 1)
	pending, err := b.open(t).(answering).PendingErasures(t.Context())
	b.must(err)
	if len(pending) != 1 || pending[0].Files[0] != "recordings/x.wav" {
		t.Errorf("pending %+v", pending)
	}
	b.must(b.answers().Erased(t.Context(), "E1", b.now))
	for _, n := range []int{1, 2, 4} {
		d, err := b.answers().Dossier(t.Context(), phone(n), "")
		b.must(err)
		if len(d.Records)+len(d.Attempts)+len(d.Offers)+len(d.Refusals) != 0 || len(d.Erasures) != 1 || !d.DoNotCall[0].Hashed {
			t.Errorf("number %d: %+v", n, d)
		}
		equal(t, "done", d.Erasures[0].DoneAt.IsZero(), false)
	}
	d, err := b.answers().Dossier(t.Context(), phone(1), "")
	b.must(err)
	if len(d.Consent) != 1 || !d.Consent[0].Locked || d.Consent[0].Text != "yes, call me" {
		t.Errorf("consent %+v", d.Consent)
	}
	as := b.attempts("spring")
	if len(as) != 1 || as[0].Number+as[0].Person+as[0].Note+as[0].Recording+as[0].RecordID != "" || as[0].Result != campaign.Answer || as[0].Agent != "ann" {
		t.Errorf("attempt %+v", as)
	}
	b.settles(b.settlement(l, b.permits(l), campaign.NoAnswer)) // nobody else is concerned
	b.imports(rec(5, func(r *campaign.Record) { r.Phone = phone(2) }), rec(6, func(r *campaign.Record) { r.CustomerID = "C1" }))
	b.refused(b.permitQuery(b.leases("5")), campaign.ReasonDoNotCall) // the number
	b.refused(b.permitQuery(b.leases("6")), campaign.ReasonDoNotCall) // the customer
	n, _, err := b.s.Unblock(t.Context(), phone(2), campaign.DNCScope{Client: "Muster"})
	b.must(err)
	equal(t, "unblocked", n, 1)
	st, err := b.answers().VerifyAudit(t.Context())
	b.must(err)
	equal(t, "log", st.Whole, true)
}

// eraseShared: people who share a number are told apart, and who is on the
// line is not forgotten in the middle of it.
func eraseShared(t *testing.T, b *bench) {
	of := func(customer string) func(*campaign.Record) {
		return func(r *campaign.Record) { r.Phone, r.CustomerID = phone(1), customer }
	}
	b.imports(rec(1, of("A")))
	b.importsTo("others", rec(2, of("B")), rec(3, func(r *campaign.Record) { r.CustomerID = "B" }))
	q := campaign.EraseQuery{Number: phone(1), By: "eva", Now: b.now}
	var no *campaign.NotPossible
	if _, err := b.answers().Erase(t.Context(), "E1", q); !errors.As(err, &no) || !strings.Contains(no.Reason.Text, "customer:A, customer:B") {
		t.Errorf("shared: %v", err)
	}
	l := b.leases("1")
	q.Person = "customer:A"
	if _, err := b.answers().Erase(t.Context(), "E1", q); !errors.As(err, &no) {
		t.Errorf("with an agent: %v", err)
	}
	b.releases(l, campaign.Release{})
	e, err := b.answers().Erase(t.Context(), "E1", q)
	b.must(err)
	equal(t, "records", e.Counts["records"], 1)
	equal(t, "left", len(b.records(campaign.RecordQuery{})), 2)
	q.Person = "customer:Z"
	if _, err := b.answers().Erase(t.Context(), "E2", q); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// eraseLocked: who found no agent stays locked, and an attempt counts, also when
// the person was erased and a list brings the number back; for a while only.
func eraseLocked(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	s := b.settlement(l, a, campaign.Abandoned)
	s.Attempt.AnsweredAt, s.Attempt.AnnouncedAt, s.Attempt.AnnouncedEnd = b.now, b.now, b.now.Add(time.Second)
	b.settles(s)
	if as := b.attempts("spring"); len(as) != 1 || !as[0].AnnouncedAt.Equal(b.now) || !as[0].AnnouncedEnd.Equal(b.now.Add(time.Second)) {
		t.Errorf("the announcement: %+v", as)
	}
	_, err := b.answers().Erase(t.Context(), "E1", campaign.EraseQuery{Number: phone(1), By: "eva", Now: b.now})
	b.must(err)
	d, err := b.answers().Dossier(t.Context(), phone(1), "")
	b.must(err)
	equal(t, "attempts shown", len(d.Attempts), 0)
	b.imports(rec(2, func(r *campaign.Record) { r.Phone = phone(1) }))
	l = b.leases("2")
	q := b.permitQuery(l)
	q.Rules.Profiles = []campaign.Profile{{Country: "lab", LockAfter: 72 * time.Hour}}
	b.refused(q, campaign.ReasonAbandonedLock)
	b.must(b.s.(interface {
		Unlock(context.Context, time.Time) error
	}).Unlock(t.Context(), b.now.AddDate(0, 0, 31)))
	if as := b.attempts("spring"); len(as) != 1 || as[0].Number != "" {
		t.Errorf("attempts %+v", as)
	}
}
