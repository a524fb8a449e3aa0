// Package storetest is the conformance suite of campaign.Store: every
// implementation passes the same tests.
package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Run tests a store. open opens one; called again within the same test it
// gives another store over the same data, as a second process would have it.
func Run(t *testing.T, open func(t *testing.T) campaign.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"LeaseOrder", leaseOrder},
		{"LeaseListOrder", leaseListOrder},
		{"LeaseTop", leaseTop},
		{"LeaseOwner", leaseOwner},
		{"LeaseCallbacks", leaseCallbacks},
		{"LeaseNotYetDue", leaseNotYetDue},
		{"LeaseMassDue", leaseMassDue},
		{"LeaseCrowd", leaseCrowd},
		{"LeaseSamePerson", leaseSamePerson},
		{"LeaseChain", leaseChain},
		{"LeaseOnlyReady", leaseOnlyReady},
		{"LeaseNothing", leaseNothing},
		{"LeaseExpires", leaseExpires},
		{"LeaseExpiresInCall", leaseExpiresInCall},
		{"SelectOrder", selectOrder},
		{"SelectNewest", selectNewest},
		{"SelectFilter", selectFilter},
		{"SelectFilterLong", selectFilterLong},
		{"Missed", missedCallbacks},
		{"Release", release},
		{"ReleaseUpdate", releaseUpdate},
		{"Reclaim", reclaim},
		{"PermitWritesAttempt", permitWritesAttempt},
		{"PermitAgain", permitAgain},
		{"PermitFence", permitFence},
		{"PermitRefusals", permitRefusals},
		{"PermitGlobal", permitGlobal},
		{"PermitOneCall", permitOneCall},
		{"PermitManual", permitManual},
		{"PermitFacts", permitFacts},
		{"PermitCaps", permitCaps},
		{"PermitEarlier", permitEarlier},
		{"PermitWindow", permitWindow},
		{"PermitLate", permitLate},
		{"PermitWeek", permitWeek},
		{"DoNotCallAtDialling", doNotCallAtDialling},
		{"DoNotCallScopes", doNotCallScopes},
		{"DoNotCallUnblock", doNotCallUnblock},
		{"DoNotCallBlocks", doNotCallBlocks},
		{"SettleRecord", settleRecord},
		{"DeletedRecording", deletedRecording},
		{"SettleOnce", settleOnce},
		{"SettleKeepPlace", settleKeepPlace},
		{"SettleChain", settleChain},
		{"SettleBlock", settleBlock},
		{"SettleCorrection", settleCorrection},
		{"SettleLost", settleLost},
		{"SettleManual", settleManual},
		{"TurnNew", turnNew},
		{"TurnNumber", turnNumber},
		{"Inbound", inbound},
		{"InboundLate", inboundLate},
		{"Note", note},
		{"Open", openAttempts},
		{"Past", past},
		{"Recall", recall},
		{"ImportRoundTrip", importRoundTrip},
		{"ImportAgain", importAgain},
		{"ImportChains", importChains},
		{"RecordQueries", recordQueries},
		{"Lists", lists},
		{"Retry", retry},
		{"EndRest", endRest},
		{"Offers", offers},
		{"Campaigns", campaigns},
		{"CampaignParts", campaignParts},
		{"Bundles", bundles},
		{"Presences", presences},
		{"Watch", watch},
		{"Sessions", sessions},
		{"Users", users},
		{"Backup", backup},
		{"Close", closing},
		{"KnownAndAdd", knownAndAdd},
		{"ImportBigChains", importBigChains},
		{"BlockAll", blockAll},
		{"Forget", forget},
		{"Facts", facts},
		{"NationalLists", nationalLists},
		{"Prospect", prospect},
		{"LeaseOwn", leaseOwn},
		{"Answers", answeredCalls},
		{"AnswersWindows", answeredWindows},
		{"PermitBudget", permitBudget},
		{"PermitBudgetRinging", permitBudgetRinging},
		{"PermitAtRisk", permitAtRisk},
		{"Contacts", contacts},
		{"FindContacts", findContacts},
		{"PastAttempts", pastAttempts},
		{"Owned", owned},
		{"Messages", messages},
		{"Preferences", preferences},
		{"Cancelled", cancelled},
		{"Audit", audit},
		{"Refusals", refusals},
		{"Dossier", dossier},
		{"Erase", erase},
		{"EraseShared", eraseShared},
		{"EraseLocked", eraseLocked},
		{"AgentTimes", agentTimes},
		{"ListFigures", listFigures},
		{"Retained", retained},
		{"Concurrent", concurrent},
		{"RandomHistory", randomHistory},
		{"Lawful", lawful},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newBench(t, open)) })
	}
}

// bench is one test's store and its clock.
type bench struct {
	t    *testing.T
	open func(t *testing.T) campaign.Store
	s    campaign.Store
	now  time.Time
	ids  int
}

func newBench(t *testing.T, open func(t *testing.T) campaign.Store) *bench {
	return &bench{t: t, open: open, s: open(t), now: time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)}
}

const (
	list    = "customers"
	process = "p1"
)

// rec is the record number n, freshly imported; edit changes it.
func rec(n int, edit ...func(*campaign.Record)) campaign.Record {
	r := campaign.Record{
		ID: fmt.Sprint(n), Line: n, Phone: phone(n), Name: fmt.Sprintf("Contact %d", n),
		Fields: []campaign.Field{{Name: "Tel", Value: phone(n)}, {Name: "Ort", Value: "Köln"}},
		Type:   campaign.General, Status: campaign.Ready, Result: campaign.Unknown,
	}
	for _, e := range edit {
		e(&r)
	}
	if r.Person == "" {
		r.Person = campaign.PersonOf(r.CustomerID, r.Chain, r.Phone)
	}
	return r
}

// phone is a number of those the regulator keeps for films.
func phone(n int) string { return fmt.Sprintf("+493023125%03d", n) }

func recs(from, to int, edit ...func(*campaign.Record)) []campaign.Record {
	var out []campaign.Record
	for n := from; n <= to; n++ {
		out = append(out, rec(n, edit...))
	}
	return out
}

func chain(id string, position int) func(*campaign.Record) {
	return func(r *campaign.Record) {
		r.Chain, r.Position = id, position
		if position > 0 {
			r.Status = campaign.ChainReady
		}
	}
}

func (b *bench) imports(rs ...campaign.Record) { b.t.Helper(); b.importsTo(list, rs...) }

func (b *bench) importsTo(name string, rs ...campaign.Record) {
	b.t.Helper()
	b.must(b.s.Import(b.t.Context(), name, rs))
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) query(agent campaign.AgentID) campaign.LeaseQuery {
	return campaign.LeaseQuery{
		Campaign: "spring", Lists: []string{list}, Agent: agent, Process: process,
		Now: b.now, Until: b.now.Add(30 * time.Second),
	}
}

// leases takes the next record and fails unless it is the wanted one.
func (b *bench) leases(want string) campaign.Lease {
	b.t.Helper()
	l, err := b.s.Lease(b.t.Context(), b.query("ann"))
	b.must(err)
	if l.Record.ID != want {
		b.t.Fatalf("leased %s, want %s", l.Record.ID, want)
	}
	return l
}

// leasesNothing fails unless there is no record now, and gives what is waited for.
func (b *bench) leasesNothing() *campaign.NoRecord {
	b.t.Helper()
	return b.nothing(b.query("ann"))
}

func (b *bench) nothing(q campaign.LeaseQuery) *campaign.NoRecord {
	b.t.Helper()
	l, err := b.s.Lease(b.t.Context(), q)
	var none *campaign.NoRecord
	if !errors.As(err, &none) || !errors.Is(err, campaign.ErrNoRecord) {
		b.t.Fatalf("leased %q, %v, want no record", l.Record.ID, err)
	}
	return none
}

func (b *bench) releases(l campaign.Lease, r campaign.Release) {
	b.t.Helper()
	r.Now = b.now
	b.must(b.s.Release(b.t.Context(), l, r))
}

// rules permits whatever the store does not forbid.
func rules() campaign.Rules {
	return campaign.Rules{Allow: []string{"+49"}, Running: true, Profiles: []campaign.Profile{{Country: "lab"}}}
}

func (b *bench) permitQuery(l campaign.Lease) campaign.PermitQuery {
	b.ids++
	return campaign.PermitQuery{
		Attempt: campaign.AttemptID(fmt.Sprintf("A%04d", b.ids)), Lease: l, Campaign: "spring", Client: "Muster", Agent: "ann",
		Process: process, Number: l.Record.Phone, Person: l.Record.Person, Rules: rules(), Now: b.now,
	}
}

// permits opens the door and gives the attempt that went through.
func (b *bench) permits(l campaign.Lease) campaign.Attempt {
	b.t.Helper()
	q := b.permitQuery(l)
	b.must(b.s.Permit(b.t.Context(), q))
	return b.attemptOf(q)
}

func (b *bench) attemptOf(q campaign.PermitQuery) campaign.Attempt {
	return campaign.Attempt{
		ID: q.Attempt, Campaign: q.Campaign, Record: q.Lease.Record.Key, RecordID: q.Lease.Record.ID, List: q.Lease.Record.List,
		Number: q.Number, Person: q.Person, Agent: q.Agent, Process: q.Process, DialedAt: q.Now, Counted: true,
	}
}

// refused fails unless the gate refuses for the reason.
func (b *bench) refused(q campaign.PermitQuery, want campaign.ReasonCode) *campaign.Refusal {
	b.t.Helper()
	err := b.s.Permit(b.t.Context(), q)
	var refusal *campaign.Refusal
	if !errors.As(err, &refusal) {
		b.t.Fatalf("permit: %v, want a refusal for %s", err, want)
	}
	if refusal.Reason.Code != want {
		b.t.Fatalf("refused for %s (%s), want %s", refusal.Reason.Code, refusal.Reason.Text, want)
	}
	return refusal
}

// settlement of an attempt that ended so; the record is finished.
func (b *bench) settlement(l campaign.Lease, a campaign.Attempt, result campaign.CallResult) campaign.Settlement {
	a.EndedAt, a.EndedBy, a.DialerResult, a.Result = b.now, campaign.ByContact, result, result
	return campaign.Settlement{
		Attempt: a, Fence: l.Fence, Now: b.now,
		Record: campaign.RecordUpdate{
			Type: l.Record.Type, Status: campaign.Updated, Result: result, Attempts: l.Record.Attempts + 1, LastCall: b.now,
		},
	}
}

func (b *bench) settles(s campaign.Settlement) {
	b.t.Helper()
	b.must(b.s.Settle(b.t.Context(), s))
}

// calls works the next record from lease to settlement.
func (b *bench) calls(want string, result campaign.CallResult, edit ...func(*campaign.Settlement)) {
	b.t.Helper()
	l := b.leases(want)
	s := b.settlement(l, b.permits(l), result)
	for _, e := range edit {
		e(&s)
	}
	b.settles(s)
}

// record reads one record of the list.
func (b *bench) record(id string) campaign.Record {
	b.t.Helper()
	rs := b.records(campaign.RecordQuery{List: list, ID: id})
	if len(rs) != 1 {
		b.t.Fatalf("%d records with id %s, want 1", len(rs), id)
	}
	return rs[0]
}

func (b *bench) records(q campaign.RecordQuery) []campaign.Record {
	b.t.Helper()
	var out []campaign.Record
	b.must(b.s.Records(b.t.Context(), q, func(r campaign.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

func (b *bench) attempts(campaignName string) []campaign.Attempt {
	b.t.Helper()
	var out []campaign.Attempt
	b.must(b.s.Attempts(b.t.Context(), campaignName, func(a campaign.Attempt) error {
		out = append(out, a)
		return nil
	}))
	return out
}

// status fails unless the record has it.
func (b *bench) status(id string, want campaign.RecordStatus) {
	b.t.Helper()
	if got := b.record(id).Status; got != want {
		b.t.Fatalf("record %s is %v, want %v", id, got, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
