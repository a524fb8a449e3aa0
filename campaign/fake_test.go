package campaign

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// memStore is a Store in memory, for tests of this package: the plainest
// reading of the interface.
type memStore struct {
	mu        sync.Mutex
	records   []*memRecord
	attempts  map[AttemptID]*memAttempt
	order     []AttemptID
	dnc       []DNCEntry
	offers    []Offer
	campaigns map[string]CampaignRow
	tops      int64
	away      error // every operation fails with it
	refuse    func(Settlement) error
	extended  int
	watchers  []chan struct{}
	presences map[AgentID]*memPresence
}

type memPresence struct {
	Presence
	until time.Time
}

type memRecord struct {
	Record
	fence int64
	by    string // process that leases it; empty: nobody
	until time.Time
}

type memAttempt struct {
	Attempt
	ahead   bool
	atRisk  int
	fence   int64
	settled int
	filed   *Filed
}

func newMemStore(rs ...Record) *memStore {
	s := &memStore{attempts: map[AttemptID]*memAttempt{}, campaigns: map[string]CampaignRow{}}
	for i, r := range rs {
		r.Key = Key(i + 1)
		r.Order = int64(i + 1)
		r.Type = cmp.Or(r.Type, General)
		r.Status = cmp.Or(r.Status, Ready)
		r.Result = cmp.Or(r.Result, Unknown)
		r.Person = cmp.Or(r.Person, PersonOf(r.CustomerID, r.Chain, r.Phone))
		s.records = append(s.records, &memRecord{Record: r})
	}
	return s
}

func (s *memStore) Missed(context.Context, MissedQuery) ([]Record, error) { return nil, nil }

func (s *memStore) rec(k Key) *memRecord {
	if k < 1 || int(k) > len(s.records) {
		return nil
	}
	return s.records[k-1]
}

// before is the order of offering.
func before(agent AgentID) func(a, b *memRecord) int {
	class := func(r *memRecord) int {
		switch {
		case r.Owner != "" && r.Owner == agent:
			return 0
		case r.Top > 0:
			return 1
		case r.Type == CampaignCallback || r.Type == CampaignRescheduled:
			return 2
		}
		return 3
	}
	return func(a, b *memRecord) int {
		return cmp.Or(cmp.Compare(class(a), class(b)), cmp.Compare(b.Top, a.Top), cmp.Compare(a.Order, b.Order))
	}
}

// leasable are the records an agent could get, in order.
func (s *memStore) leasable(lists []string, agent AgentID, now time.Time) []*memRecord {
	var rs []*memRecord
	for _, r := range s.records {
		if r.Status == Ready && r.by == "" && !r.NextDial.After(now) && slices.Contains(lists, r.List) &&
			(r.Owner == "" || r.Owner == agent) {
			rs = append(rs, r)
		}
	}
	slices.SortStableFunc(rs, before(agent))
	return rs
}

func (s *memStore) Lease(_ context.Context, q LeaseQuery) (Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return Lease{}, s.away
	}
	rs := s.leasable(q.Lists, q.Agent, q.Now)
	if q.Own {
		if rs = slices.DeleteFunc(rs, func(r *memRecord) bool { return r.Owner == "" }); len(rs) == 0 {
			return Lease{}, &NoRecord{}
		}
	}
	if len(rs) > 0 {
		r := rs[0]
		r.fence++
		r.Status, r.by, r.until = Retrieved, q.Process, q.Until
		return Lease{Record: r.Record, Fence: r.fence, Process: q.Process, Past: s.past(r.Key)}, nil
	}
	no := &NoRecord{}
	for _, r := range s.records {
		if !slices.Contains(q.Lists, r.List) {
			continue
		}
		switch {
		case r.Status == Retrieved:
			no.InWork++
		case r.Status == Ready && r.NextDial.After(q.Now):
			no.Waiting++
			if no.Next.IsZero() || r.NextDial.Before(no.Next) {
				no.Next = r.NextDial
			}
		}
	}
	return Lease{}, no
}

func (s *memStore) past(k Key) (ps []Past) {
	for _, id := range s.order {
		if a := s.attempts[id]; a.Record == k && a.Counted {
			ps = append(ps, Past{a.DialedAt, a.Result, a.Disposition})
		}
	}
	return ps
}

func (s *memStore) Extend(_ context.Context, process string, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.extended++
	for _, r := range s.records {
		if r.by == process {
			r.until = until
		}
	}
	for _, p := range s.presences {
		if p.Process == process && s.away == nil && !p.until.IsZero() {
			p.until = until
		}
	}
	return s.away
}

func (s *memStore) Release(_ context.Context, l Lease, rel Release) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return s.away
	}
	r := s.rec(l.Record.Key)
	if r == nil || r.by != l.Process || r.fence != l.Fence {
		return ErrLost
	}
	r.by, r.Status = "", Ready
	if rel.Declined {
		r.Declined++
	}
	if rel.Reason != "" {
		r.Reason = rel.Reason
	}
	switch {
	case rel.Update != nil:
		r.apply(*rel.Update)
		s.chain(r, rel.Chain)
	case rel.Top:
		s.tops++
		r.Top = s.tops
	case !rel.NotBefore.IsZero():
		r.NextDial, r.Top = rel.NotBefore, 0
	}
	return nil
}

func (r *memRecord) apply(u RecordUpdate) {
	r.Type, r.Status, r.Result, r.Attempts, r.NextDial, r.Owner = u.Type, u.Status, u.Result, u.Attempts, u.NextDial, u.Owner
	r.Reason, r.Disposition, r.Note, r.NoCall, r.CallbackAt, r.LastCall = u.Reason, u.Disposition, u.Note, u.NoCall, u.CallbackAt, u.LastCall
	r.by = ""
	if !u.KeepPlace {
		r.Top = 0
	}
}

func (s *memStore) chain(r *memRecord, do ChainAction) {
	if r.Chain == "" {
		return
	}
	for _, o := range s.records {
		if o == r || o.Chain != r.Chain || o.List != r.List || (o.Status != Ready && o.Status != ChainReady) {
			continue
		}
		switch {
		case do == ChainFinish:
			o.Status = ChainUpdated
		case do == ChainNext && o.Status == ChainReady:
			o.Status = Ready
			return
		}
	}
}

// called reports whether number or person has a call now.
func (s *memStore) called(number, person string) bool {
	for _, a := range s.attempts {
		if a.EndedAt.IsZero() && (a.Number == number || a.Person == person) {
			return true
		}
	}
	return false
}

// answers counts exactly.
func (s *memStore) answers(campaign string, now time.Time) (n Answers) {
	for _, a := range s.attempts {
		if a.Campaign != campaign {
			continue
		}
		if now.Sub(a.AnsweredAt) < BudgetDay {
			n.Day = n.Day.plus(a.Counts(), 1)
		}
		if now.Sub(a.AnsweredAt) < BudgetMonth {
			n.Month = n.Month.plus(a.Counts(), 1)
		}
	}
	return n
}

func (s *memStore) Answers(_ context.Context, campaign string, now time.Time) (Answers, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers(campaign, now), s.away
}

// bars is the entry that forbids calls to a number or a person, or nil.
func (s *memStore) bars(number, person string) *DNCEntry {
	for _, e := range s.dnc {
		if (e.Number != "" && e.Number == number) || (e.Person != "" && (e.Person == person || e.Person == PersonOf("", "", number))) {
			return &e
		}
	}
	return nil
}

func (s *memStore) facts(q PermitQuery) (f Facts) {
	f = Facts{
		Ahead: q.Ahead, Answers: s.answers(q.Campaign, q.Now),
		Number: q.Number, Person: q.Person, Campaign: q.Campaign, CallerID: q.CallerID, Record: q.Lease.Record,
		LeaseOurs: true, Manual: q.Manual, Callback: q.Callback, ListReadable: true, InCall: s.called(q.Number, q.Person),
	}
	f.BlockedBy = s.bars(q.Number, q.Person)
	unseated := map[string]Unseated{}
	defer func() { f.AtRisk = RiskOf(q, unseated) }()
	for _, id := range s.order {
		a := s.attempts[id]
		if a.EndedAt.IsZero() {
			f.CallsLive++
			if a.Campaign == q.Campaign && a.JoinedAt.IsZero() && (a.ahead || !a.AnsweredAt.IsZero()) {
				u := unseated[a.Process]
				if a.AnsweredAt.IsZero() {
					u.Ringing, u.AtRisk = u.Ringing+1, max(u.AtRisk, a.atRisk)
				} else {
					u.Waiting++
				}
				unseated[a.Process] = u
			}
		}
		if q.Now.Sub(a.DialedAt) < time.Second {
			f.CallsLastSec++
		}
		if (a.Number != q.Number && a.Person != q.Person) || !a.Counted {
			continue
		}
		f.LastAttempt = a.DialedAt
		if q.Now.Sub(a.DialedAt) < 24*time.Hour {
			f.AttemptsToday++
			f.Recent = append(f.Recent, a.DialedAt)
		}
	}
	return f
}

func (s *memStore) Permit(_ context.Context, q PermitQuery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return s.away
	}
	r := s.rec(q.Lease.Record.Key)
	if q.Lease.Record.Key != 0 {
		if r == nil || r.by != q.Process || r.fence != q.Lease.Fence {
			return ErrLost
		}
		q.Lease.Record = r.Record
	}
	if v := Gate(q.Rules, s.facts(q), q.Now); !v.Permitted {
		if r != nil {
			if u, ok := v.Update(r.Record); ok {
				top := r.Top
				r.apply(u)
				if v.Kind == Temporary {
					r.Top = top
				}
				s.chain(r, v.Chain)
			}
		}
		return &Refusal{v}
	}
	if s.attempts[q.Attempt] != nil {
		return errors.New("attempt exists")
	}
	s.attempts[q.Attempt] = &memAttempt{fence: q.Lease.Fence, ahead: q.Ahead, atRisk: q.AtRisk, Attempt: Attempt{
		ID: q.Attempt, Campaign: q.Campaign, Record: q.Lease.Record.Key, RecordID: q.Lease.Record.ID, Number: q.Number,
		Person: q.Person, Agent: q.Agent, Process: q.Process, DialedAt: q.Now,
	}}
	s.order = append(s.order, q.Attempt)
	return nil
}

func (s *memStore) Facts(_ context.Context, q PermitQuery) (Facts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.Number, q.Person = q.Lease.Record.Phone, q.Lease.Record.Person
	return s.facts(q), s.away
}

func (s *memStore) Admit(_ context.Context, a Attempt) (c Caller, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return c, s.away
	}
	for _, id := range s.order {
		if o := s.attempts[id]; o.Number == a.Number && o.Agent != "" && !o.Inbound {
			c.Agent, c.Campaign, c.Person = o.Agent, o.Campaign, o.Person
			if r := s.rec(o.Record); r != nil {
				c.Record = r.Record
			}
		}
	}
	s.attempts[a.ID] = &memAttempt{Attempt: a}
	s.order = append(s.order, a.ID)
	return c, nil
}

func (s *memStore) Note(_ context.Context, a Attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.attempts[a.ID]; have != nil && have.EndedAt.IsZero() && s.away == nil {
		a.EndedAt = time.Time{}
		have.Attempt = a
	}
	return s.away
}

func (s *memStore) Settle(_ context.Context, q Settlement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return s.away
	}
	if s.refuse != nil {
		if err := s.refuse(q); err != nil {
			return err
		}
	}
	a := s.attempts[q.Attempt.ID]
	if a == nil && q.Attempt.Inbound {
		a = &memAttempt{}
		s.attempts[q.Attempt.ID] = a
	}
	if a == nil {
		return errors.New("no such attempt")
	}
	if a.settled > 0 && !q.Correction {
		return nil
	}
	if q.Tell {
		defer s.tell()
	}
	if q.Block != nil {
		s.dnc = append(s.dnc, *q.Block)
	}
	if !q.Correction {
		a.settled++
	}
	if q.Filed != nil {
		a.filed = q.Filed
	}
	dialed := a.DialedAt
	a.Attempt = q.Attempt
	if a.DialedAt.IsZero() {
		a.DialedAt = dialed
	}
	r := s.rec(q.Attempt.Record)
	if r == nil || q.Attempt.Inbound {
		return nil
	}
	if r.fence != a.fence || (q.Correction && r.by != "") {
		if q.Correction {
			return nil
		}
		return ErrLost
	}
	r.apply(q.Record)
	s.chain(r, q.Chain)
	return nil
}

func (s *memStore) Recall(_ context.Context, q RecallQuery) (works []ReturnedWork, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Backward(s.order) {
		a := s.attempts[id]
		if a.filed == nil || a.Agent != q.Agent || a.DialedAt.Before(q.Since) || len(works) >= q.Limit {
			continue
		}
		var r Record
		if have := s.rec(a.Record); have != nil {
			r = have.Record
		}
		works = append(works, a.filed.Returned(a.Attempt, r))
	}
	return works, s.away
}

func (s *memStore) Open(_ context.Context, process string) ([]OpenAttempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []OpenAttempt
	for _, id := range s.order {
		a := s.attempts[id]
		if a.settled > 0 || (process != "" && a.Process != process) {
			continue
		}
		o := OpenAttempt{Attempt: a.Attempt}
		if r := s.rec(a.Record); r != nil {
			o.Record = r.Record
		}
		out = append(out, o)
	}
	return out, s.away
}

func (s *memStore) Reclaim(_ context.Context, process string, _ time.Time) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		open := false
		for _, a := range s.attempts {
			open = open || (a.Record == r.Key && a.settled == 0)
		}
		if r.by == process && !open {
			r.by, r.Status = "", Ready
			n++
		}
	}
	return n, s.away
}

func (s *memStore) Block(_ context.Context, e DNCEntry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dnc = append(s.dnc, e)
	return s.away
}

func (s *memStore) Unblock(context.Context, string, DNCScope) (int, []DNCEntry, error) {
	return 0, nil, nil
}

func (s *memStore) Blocked(context.Context) ([]DNCEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dnc), nil
}

func (s *memStore) Import(context.Context, string, []Record) error { return nil }

func (s *memStore) Records(_ context.Context, q RecordQuery, each func(Record) error) error {
	s.mu.Lock()
	rs := slices.Clone(s.records)
	s.mu.Unlock()
	for _, r := range rs {
		if q.List == "" || q.List == r.List {
			if err := each(r.Record); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *memStore) Attempts(_ context.Context, campaign string, each func(Attempt) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if a := s.attempts[id]; campaign == "" || a.Campaign == campaign {
			if err := each(a.Attempt); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *memStore) Offers(_ context.Context, campaign string, each func(Offer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.offers {
		if o.Campaign == campaign {
			if err := each(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *memStore) AddOffer(_ context.Context, o Offer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away == nil {
		s.offers = append(s.offers, o)
	}
	return s.away
}

func (s *memStore) Retry(context.Context, string, string) error { return nil }
func (s *memStore) Lists(context.Context) ([]ListInfo, error)   { return nil, nil }
func (s *memStore) PutUser(context.Context, User) error         { return nil }
func (s *memStore) Users(context.Context) ([]User, error)       { return nil, nil }
func (s *memStore) Backup(context.Context, string) error        { return nil }
func (s *memStore) Close() error                                { return nil }

func (s *memStore) Campaigns(context.Context) (rows []CampaignRow, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.campaigns)) {
		rows = append(rows, s.campaigns[name])
	}
	return rows, s.away
}

func (s *memStore) Watch(ctx context.Context, changed func()) {
	told := make(chan struct{}, 1)
	s.mu.Lock()
	s.watchers = append(s.watchers, told)
	s.mu.Unlock()
	for changed(); ; changed() {
		select {
		case <-told:
		case <-ctx.Done():
			return
		}
	}
}

// tell says that something has changed; the caller holds the lock.
func (s *memStore) tell() {
	for _, told := range s.watchers {
		select {
		case told <- struct{}{}:
		default:
		}
	}
}

func (s *memStore) Enter(_ context.Context, p Presence, move bool, now, until time.Time) (Presence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return Presence{}, s.away
	}
	defer s.tell()
	was := s.presences[p.Agent]
	if was == nil {
		if s.presences == nil {
			s.presences = map[AgentID]*memPresence{}
		}
		was = &memPresence{}
		s.presences[p.Agent] = was
	}
	if was.Process != p.Process && was.until.After(now) {
		if move {
			was.Wanted = p.Process
		}
		return was.Presence, nil
	}
	p.Turn = was.Turn + 1
	*was = memPresence{p, until}
	return p, nil
}

func (s *memStore) Leave(_ context.Context, p Presence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.presences[p.Agent]; s.away == nil && was != nil && was.Process == p.Process && was.Turn == p.Turn {
		was.Turn++
		if was.Wanted == "" {
			was.until = time.Time{}
		} else {
			was.Process, was.Place, was.Wanted = was.Wanted, "", ""
		}
		s.tell()
	}
	return s.away
}

func (s *memStore) Depart(_ context.Context, process string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.presences {
		if p.Process == process {
			p.until, p.Wanted = time.Time{}, ""
		}
	}
	return nil
}

func (s *memStore) Present(context.Context) (ps []Presence, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.presences {
		if !p.until.IsZero() {
			ps = append(ps, p.Presence)
		}
	}
	return ps, s.away
}

func (s *memStore) Blocks(_ context.Context, qs []PermitQuery) ([]*DNCEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*DNCEntry, len(qs))
	for i, q := range qs {
		out[i] = s.bars(q.Number, q.Person)
	}
	return out, s.away
}

func (s *memStore) PutCampaign(_ context.Context, c CampaignRow) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away == nil {
		was := s.campaigns[c.Name]
		if c.Document == nil {
			c.Document, c.Files = was.Document, was.Files
		}
		if c.State == "" {
			c.State, c.Pause = cmp.Or(was.State, Unloaded), was.Pause
		}
		s.campaigns[c.Name] = c
		s.tell()
	}
	return s.away
}

func (s *memStore) setAway(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}

func (s *memStore) addNumber(key Key, number string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rec(key)
	if r == nil {
		return ErrNotFound
	}
	if slices.ContainsFunc(s.records, func(o *memRecord) bool { return o.List == r.List && o.Phone == number }) {
		return nil
	}
	r.Chain = cmp.Or(r.Chain, "record:"+r.ID)
	n := Record{Key: Key(len(s.records) + 1), ID: r.ID + "+", List: r.List, Chain: r.Chain, Person: r.Person, Phone: number, Name: r.Name,
		Type: General, Status: ChainReady, Result: Unknown, Order: int64(len(s.records) + 1)}
	s.records = append(s.records, &memRecord{Record: n})
	return nil
}

func (s *memStore) Turn(_ context.Context, q PermitQuery) (Lease, error) {
	if err := s.addNumber(q.Lease.Record.Key, q.Number); err != nil {
		return Lease{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.rec(q.Lease.Record.Key)
	i := slices.IndexFunc(s.records, func(o *memRecord) bool { return o.Chain == was.Chain && o.Phone == q.Number })
	if i < 0 {
		return q.Lease, s.away
	}
	now := s.records[i]
	now.fence, now.by, now.until, now.Status = now.fence+1, was.by, was.until, Retrieved
	was.by, was.Status = "", ChainReady
	return Lease{Record: now.Record, Fence: now.fence, Process: q.Lease.Process, Others: []OtherNumber{{was.Phone, ""}}}, s.away
}
