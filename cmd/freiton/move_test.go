package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/configs"
)

// movedList is a list of another system, as its database gives it.
const movedList = `record_id,contact_info,contact_info_type,record_type,record_status,call_result,attempt,dial_sched_time,call_time,daily_from,daily_till,tz_dbid,campaign_id,agent_id,chain_id,chain_n,customer_id,tariff
1,+493023125001,1,2,1,28,0,0,0,28800,64800,101,5,,1,0,,A
2,+493023125002,1,2,3,33,1,0,1772532000,28800,64800,101,5,ben,2,0,,B
3,+493023125003,1,7,1,28,0,0,0,28800,64800,101,5,,3,0,,
4,+493023125004,1,2,1,51,2,0,1772532000,28800,64800,101,5,ben,4,0,K4,
5,+493023125005,1,5,1,33,1,1772618400,1772532000,28800,64800,101,5,ann,5,0,,
6,+493023125006,4,2,1,7,3,0,1772611200,28800,64800,101,5,,6,0,,
7,+493023125007,4,2,9,28,0,0,0,28800,64800,101,5,,6,1,,
2,+493023125008,1,2,1,28,0,0,0,28800,64800,101,5,,8,0,,
9,+493023125001,1,2,1,28,0,0,0,28800,64800,101,5,,9,0,,
`

// TestMovedList: a list comes with its past, into either database, and goes on
// into a new store with all of it.
func TestMovedList(t *testing.T) {
	t.Parallel()
	pg, err := pgtest.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := configs.Config{}
	cfg.Dial.DefaultCountry, cfg.Dial.Allow = "DE", []string{"+49"}
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC) // 1772618400
	o := store.Options{Country: "DE", Allow: []string{"+49"}, Now: func() time.Time { return now }}
	kinds := map[string]func() vaultStore{
		"sqlite": func() vaultStore {
			s, err := sqlite.Open(t.Context(), t.TempDir()+"/store.db", o)
			return opened(t, s, err)
		},
		"postgres": func() vaultStore {
			address, err := pg.Fresh(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := postgres.Open(t.Context(), address, postgres.Options{Options: o})
			return opened(t, s, err)
		},
	}
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			m := moving{T: t, now: now, cfg: cfg, s: open()}
			m.must(m.s.PutUser(t.Context(), campaign.User{Name: "ben", Role: campaign.RoleAgent}))
			m.dryRun()
			res := m.imports("old.csv", movedList)
			if res.Imported != 8 || res.Twice != 1 || res.DuplicateIDs != 1 || res.Called != 4 || res.Blocked != 2 {
				t.Errorf("%+v", res)
			}
			again := m.imports("old.csv", movedList)
			if again.Imported != 0 || again.Skipped != 9 {
				t.Errorf("the same file again: %+v", again)
			}
			var out bytes.Buffer
			m.must(listFiles{m.s, cfg}.Export(t.Context(), "moved", &out, desk.ExportOptions{}))
			before, blocked := m.records(), m.blocked()
			m.isAll()
			m.s = open()
			if res := m.imports("new.csv", out.String()); res.Imported != 8 || res.Bad != 0 {
				t.Errorf("export read again: %+v", res)
			}
			if after := m.records(); !reflect.DeepEqual(after, before) {
				t.Errorf("records\n%+v\nwere\n%+v", after, before)
			}
			if got := m.blocked(); got != strings.ReplaceAll(blocked, "old.csv", "new.csv") {
				t.Errorf("do not call\n%s\nwas\n%s", got, blocked)
			}
			m.isAll()
		})
	}
}

func opened(t *testing.T, s vaultStore, err error) vaultStore {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// moving is one pass of TestMovedList.
type moving struct {
	*testing.T
	now time.Time
	cfg configs.Config
	s   vaultStore
}

func (m *moving) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *moving) imports(file, text string) desk.ImportResult {
	m.Helper()
	res, err := listFiles{m.s, m.cfg}.Import(m.Context(), "moved", strings.NewReader(text), desk.ImportOptions{Name: "/somewhere/" + file})
	m.must(err)
	return res
}

// dryRun tells all and changes nothing.
func (m *moving) dryRun() {
	m.Helper()
	res, err := listFiles{m.s, m.cfg}.Import(m.Context(), "moved", strings.NewReader(movedList), desk.ImportOptions{Name: "old.csv", DryRun: true})
	m.must(err)
	fields := map[string]string{}
	for _, c := range res.Columns {
		fields[c.Column] = c.Field
	}
	for column, want := range map[string]string{"record_id": "id", "contact_info": "phone", "record_status": "status", "call_time": "last_call_at",
		"dial_sched_time": "next_dial_at", "agent_id": "owner", "tz_dbid": "time_zone", "chain_n": "position", "campaign_id": "", "tariff": ""} {
		if fields[column] != want {
			m.Errorf("column %s is %q, want %q", column, fields[column], want)
		}
	}
	if res.Imported != 8 || res.Blocked != 2 || res.Twice != 1 || res.DuplicateIDs != 1 || res.Statuses["updated"] != 3 || res.Results["no-answer"] != 1 {
		m.Errorf("dry run: %+v", res)
	}
	if res.Owners["ann"] != 1 || !reflect.DeepEqual(res.Unknown, []string{"ann"}) {
		m.Errorf("owners %v, without an account %v", res.Owners, res.Unknown)
	}
	if rs := m.records(); len(rs) != 0 || m.blocked() != "" {
		m.Errorf("a dry run left %d records, do not call %q", len(rs), m.blocked())
	}
}

func (m *moving) records() []campaign.Record {
	m.Helper()
	var out []campaign.Record
	m.must(m.s.Records(m.Context(), campaign.RecordQuery{}, func(r campaign.Record) error {
		r.Key, r.Line, r.Order = 0, 0, 0 // of the store and the file
		out = append(out, r)
		return nil
	}))
	return out
}

func (m *moving) blocked() string {
	m.Helper()
	es, err := m.s.Blocked(m.Context())
	m.must(err)
	var lines []string
	for _, e := range es {
		lines = append(lines, e.Number+" "+e.Person+" "+e.By)
	}
	return strings.Join(lines, "\n")
}

// isAll asks for what must be as it was: who is called and who is not.
func (m *moving) isAll() {
	m.Helper()
	q := campaign.LeaseQuery{Campaign: "c", Lists: []string{"moved"}, Agent: "ann", Process: "p", Now: m.now, Until: m.now.Add(time.Minute)}
	var got []string
	for {
		l, err := m.s.Lease(m.Context(), q)
		if err != nil {
			break
		}
		got = append(got, l.Record.ID)
		m.must(m.s.Release(m.Context(), l, campaign.Release{NotBefore: m.now.Add(time.Hour), Now: m.now}))
	}
	if want := []string{"5", "1", "6", "2"}; !reflect.DeepEqual(got, want) { // her callback first; 7 waits for 6
		m.Errorf("leased %v, want %v", got, want)
	}
	for number, want := range map[string]campaign.ReasonCode{"+493023125003": campaign.ReasonDoNotCall, "+493023125004": campaign.ReasonDoNotCall, "+493023125006": campaign.ReasonGap} {
		facts, err := m.s.Facts(m.Context(), campaign.PermitQuery{Number: number, Now: m.now})
		m.must(err)
		facts.LeaseOurs = true
		v := campaign.Gate(campaign.Rules{Allow: []string{"+49"}, Running: true, MinGap: 3 * time.Hour, Profiles: []campaign.Profile{{Country: "lab"}}}, facts, m.now)
		if v.Permitted || v.Reason.Code != want {
			m.Errorf("%s: %+v, want %s", number, v, want)
		}
	}
}
