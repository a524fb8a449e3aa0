package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// memory is a store of nothing but what these tests look at.
type memory struct {
	records   []campaign.Record
	attempts  []campaign.Attempt
	blocked   []campaign.DNCEntry
	campaigns map[string]campaign.CampaignRow
	users     map[campaign.AgentID]campaign.User
	retried   []string
	backups   []string
	desk      deskMemory
	log       []campaign.AuditEntry
	persons   []campaign.EraseQuery
	told      chan struct{} // twice: who takes it has something looked at, and then it was
}

func (m *memory) Watch(ctx context.Context, changed func()) {
	for {
		select {
		case m.told <- struct{}{}:
			changed()
			m.told <- struct{}{}
		case <-ctx.Done():
			return
		}
	}
}

func (m *memory) Audit(_ context.Context, number string, es ...campaign.AuditEntry) error {
	for _, e := range es {
		e.N, e.Subject = int64(len(m.log)+1), number
		m.log = append(m.log, e)
	}
	return nil
}

func (m *memory) AuditLog(_ context.Context, _ campaign.AuditQuery, each func(campaign.AuditEntry) error) error {
	for _, e := range m.log {
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) VerifyAudit(context.Context) (campaign.AuditState, error) {
	return campaign.AuditState{Whole: true}, nil
}

func (m *memory) Dossier(_ context.Context, number string) (*campaign.Dossier, error) {
	return &campaign.Dossier{Number: number, Records: []campaign.DossierRecord{{List: "customers", Name: "<b>Kim</b>"}},
		Attempts: []campaign.DossierAttempt{{ID: "a1", ReportAttempt: campaign.ReportAttempt{Recording: "recordings/a1.wav", CallResult: campaign.Answer}}}}, nil
}

func (m *memory) Forget(_ context.Context, q campaign.EraseQuery) (campaign.Erasure, error) {
	m.persons = append(m.persons, q)
	return campaign.Erasure{ID: "E1", By: q.By}, nil
}

func (m *memory) Open(name string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("sound of " + name)), nil
}

func (m *memory) Records(_ context.Context, q campaign.RecordQuery, each func(campaign.Record) error) error {
	n := 0
	for _, r := range m.records {
		if (q.List == "" || q.List == r.List) && (q.ID == "" || q.ID == r.ID) && (q.After == 0 || r.Order > q.After) {
			if q.Limit > 0 && n == q.Limit {
				break
			}
			n++
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Retry(_ context.Context, list, id string) error {
	m.retried = append(m.retried, list+"/"+id)
	return nil
}

func (m *memory) Lists(context.Context) ([]campaign.ListInfo, error) {
	return []campaign.ListInfo{{Name: "customers", Records: len(m.records), ByStatus: map[campaign.RecordStatus]int{campaign.Ready: len(m.records)}}}, nil
}

func (m *memory) Block(_ context.Context, e campaign.DNCEntry) error {
	m.blocked = append(m.blocked, e)
	return nil
}

func (m *memory) Unblock(_ context.Context, number string, in campaign.DNCScope) (n int, left []campaign.DNCEntry, _ error) {
	m.blocked = slices.DeleteFunc(m.blocked, func(e campaign.DNCEntry) bool {
		switch {
		case e.Number != number:
			return false
		case e.Scope() != in:
			left = append(left, e)
			return false
		}
		n++
		return true
	})
	return n, left, nil
}
func (m *memory) Blocked(context.Context) ([]campaign.DNCEntry, error) { return m.blocked, nil }
func (m *memory) PutCampaign(_ context.Context, c campaign.CampaignRow) error {
	m.campaigns[c.Name] = c
	return nil
}

func (m *memory) Campaigns(context.Context) (rows []campaign.CampaignRow, _ error) {
	for _, c := range m.campaigns {
		rows = append(rows, c)
	}
	return rows, nil
}

func (m *memory) PutUser(_ context.Context, u campaign.User) error {
	m.users[u.Name] = u
	return nil
}

func (m *memory) Users(context.Context) (us []campaign.User, _ error) {
	for _, u := range m.users {
		us = append(us, u)
	}
	return us, nil
}

func (m *memory) Attempts(_ context.Context, _ string, each func(campaign.Attempt) error) error {
	for _, a := range m.attempts {
		if err := each(a); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Backup(_ context.Context, file string) error {
	m.backups = append(m.backups, file)
	return nil
}

// lines counts what it is given instead of reading it.
type lines struct{ got string }

func (l *lines) Import(_ context.Context, list string, r io.Reader, o ImportOptions) (ImportResult, error) {
	b, err := io.ReadAll(r)
	l.got = string(b)
	return ImportResult{List: list, Lines: strings.Count(l.got, "\n"), DryRun: o.DryRun, Encoding: o.Map["phone"]}, err
}

func (l *lines) Export(_ context.Context, list string, w io.Writer, o ExportOptions) error {
	_, err := fmt.Fprintf(w, "list;%s;excel=%v\n", list, o.Excel)
	return err
}

func (l *lines) ImportBlocked(_ context.Context, r io.Reader, o BlockOptions) (ImportResult, error) {
	b, err := io.ReadAll(r)
	return ImportResult{Imported: strings.Count(string(b), "\n"), List: o.By}, err
}

// floor remembers the clicks; a stop is refused.
type floor struct{ clicks []campaign.Click }

func (f *floor) Do(_ context.Context, c campaign.Click) error {
	f.clicks = append(f.clicks, c)
	if _, ok := c.(campaign.ClickStop); ok {
		return &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNotNow, Text: "it is stopped already"}}
	}
	return nil
}

func (f *floor) Settled(context.Context) error { return nil }

func (f *floor) Snapshot(context.Context, campaign.Viewer) (campaign.Snapshot, error) {
	return campaign.Snapshot{
		Agents:    []campaign.AgentView{{Agent: "ann", Joined: []string{"spring"}}, {Agent: "ben"}},
		Campaigns: []campaign.CampaignView{{Name: "spring", Idle: &campaign.Reason{Text: "nobody is ready"}}},
	}, nil
}

// documents know the keys "name" and, on the second line, "mode".
type documents struct{}

func (documents) Parse(_ context.Context, row campaign.CampaignRow) (campaign.Campaign, error) {
	doc := row.Document
	if !strings.HasPrefix(string(doc), "name: ") {
		return campaign.Campaign{}, errors.New("campaign: line 1: name is missing")
	}
	name, mode, _ := strings.Cut(strings.TrimPrefix(string(doc), "name: "), "\nmode: ")
	return campaign.Campaign{Name: strings.TrimSpace(name), Mode: cmp.Or(campaign.Mode(strings.TrimSpace(mode)), campaign.ModeProgressive), Lists: []string{"customers"}, Document: doc}, nil
}

func (d documents) Adopt(ctx context.Context, doc []byte, _ string) (campaign.Campaign, error) {
	return d.Parse(ctx, campaign.CampaignRow{Document: doc})
}

func newDesk(control Control) (*Desk, *memory, *lines) {
	m := &memory{told: make(chan struct{}), campaigns: map[string]campaign.CampaignRow{}, users: map[campaign.AgentID]campaign.User{}, records: []campaign.Record{
		{List: "customers", ID: "1", Phone: "+4930231250", Status: campaign.Ready, Result: campaign.Unknown, Fields: []campaign.Field{{Name: "Ort", Value: "Berlin"}}},
		{List: "customers", ID: "2", Phone: "+4930231251", Status: campaign.Ready, Result: campaign.Unknown},
		{List: "others", ID: "2", Phone: "+4930231252", Status: campaign.Ready, Result: campaign.Unknown},
	}}
	l := &lines{}
	return New(Config{
		Version: "test", Store: m, Control: control, Lists: l, Log: slog.New(slog.DiscardHandler),
		Now:       func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) },
		Documents: documents{}, Ledger: m, Persons: m,
		Why: func(context.Context, campaign.Record) (string, error) { return "it is Sunday there", nil },
		Report: func(context.Context, string) (func(io.Writer) error, error) {
			return func(w io.Writer) error { _, err := io.WriteString(w, `{"campaign": "spring"}`); return err }, nil
		},
		Number: func(raw string) (string, error) {
			if raw == "030 231250" {
				return "+4930231250", nil
			}
			if !strings.HasPrefix(raw, "+") {
				return "", errors.New(raw + " is not a telephone number")
			}
			return raw, nil
		},
		HashPassword: func(plain string) (string, error) { return "hash of " + fmt.Sprint(len(plain)), nil },
	}), m, l
}

// status is the HTTP status an error stands for; 0 without one.
func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func TestLists(t *testing.T) {
	ctx, control := t.Context(), &floor{}
	d, m, l := newDesk(control)
	c := d.Local()

	big := "phone\n" + strings.Repeat("+4930231250\n", 200_000) // more than one read, more than huma's usual limit
	r, err := c.Do(ctx, http.MethodPost, "/api/v1/lists/customers/records?map=phone=Tel&dry_run=true", "text/csv", strings.NewReader(big))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(r)
	if l.got != big || !strings.Contains(string(b), `"encoding":"Tel"`) || !strings.Contains(string(b), `"dry_run":true`) {
		t.Errorf("import got %d bytes, answer %s", len(l.got), b)
	}
	if len(control.clicks) != 1 || control.clicks[0] != (campaign.ClickListChanged{List: "customers"}) {
		t.Errorf("clicks %v", control.clicks)
	}

	if r, err = c.Do(ctx, http.MethodGet, "/api/v1/lists/customers/records?excel=true", "", nil); err != nil {
		t.Fatal(err)
	}
	if b, _ = io.ReadAll(r); string(b) != "list;customers;excel=true\n" {
		t.Errorf("export: %q", b)
	}
	if _, err = c.Do(ctx, http.MethodGet, "/api/v1/lists/nothing/records", "", nil); status(err) != 404 {
		t.Errorf("export of an unknown list: %v", err)
	}

	var rec Record
	if err := c.Get(ctx, "/api/v1/records/1", &rec); err != nil || rec.Status != "ready" || rec.Fields["Ort"] != "Berlin" {
		t.Errorf("record %+v, %v", rec, err)
	}
	if err := c.Get(ctx, "/api/v1/records/2", &rec); status(err) != 409 {
		t.Errorf("an id in two lists: %v", err)
	}
	for i := range m.records {
		m.records[i].Order = int64(i + 1)
	}
	var page ListPage
	if err := c.Get(ctx, "/api/v1/lists/customers/page?limit=1", &page); err != nil || len(page.Records) != 1 || page.Records[0].ID != "1" || page.Next != 1 {
		t.Errorf("first page %+v, %v", page, err)
	}
	page = ListPage{}
	if err := c.Get(ctx, "/api/v1/lists/customers/page?after=1", &page); err != nil || len(page.Records) != 1 || page.Records[0].ID != "2" || page.Records[0].List != "customers" || page.Next != 0 {
		t.Errorf("last page %+v, %v", page, err)
	}
	if err := c.Get(ctx, "/api/v1/lists/nothing/page", &page); status(err) != 404 {
		t.Errorf("a page of an unknown list: %v", err)
	}
	if err := c.Get(ctx, "/api/v1/lists/customers/page?limit=1001", &page); status(err) != 422 {
		t.Errorf("too long a page: %v", err)
	}
	var why Why
	if err := c.Get(ctx, "/api/v1/records/2/why?list=others", &why); err != nil || why.Why != "it is Sunday there" {
		t.Errorf("why %+v, %v", why, err)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/records/1/retry", nil, &rec); err != nil || fmt.Sprint(m.retried) != "[customers/1]" {
		t.Errorf("retried %v, %v", m.retried, err)
	}
}

func TestDoNotCall(t *testing.T) {
	ctx := t.Context()
	d, m, _ := newDesk(nil)
	c := d.Local()
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/dnc", Blocked{Number: "030 231250", Campaign: "spirng"}, nil); status(err) != 404 || len(m.blocked) > 0 {
		t.Errorf("a campaign that does not exist: %v", err)
	}
	m.campaigns["spring"] = campaign.CampaignRow{Name: "spring"}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/dnc", Blocked{Number: "030 231250", Campaign: "spring"}, nil); err != nil {
		t.Fatal(err)
	}
	if len(m.blocked) != 1 || m.blocked[0].Number != "+4930231250" || m.blocked[0].At.IsZero() || m.blocked[0].By == "" {
		t.Errorf("blocked %+v", m.blocked)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/dnc", Blocked{Number: "nobody"}, nil); status(err) != 422 {
		t.Errorf("no number: %v", err)
	}
	if err := c.JSON(ctx, http.MethodDelete, "/api/v1/dnc/+4930231250", nil, nil); status(err) != 404 || !strings.Contains(err.Error(), "for everything, but of campaign spring") {
		t.Errorf("removed without its campaign: %v", err)
	}
	m.blocked = append(m.blocked, campaign.DNCEntry{Number: "+4930231250", Client: "Muster"})
	var gone Removed
	if err := c.JSON(ctx, http.MethodDelete, "/api/v1/dnc/+4930231250?campaign=spring", nil, &gone); err != nil || gone.Removed != 1 || len(gone.Left) != 1 || gone.Left[0].Client != "Muster" {
		t.Errorf("removed %+v, %v", gone, err)
	}
	if err := c.JSON(ctx, http.MethodDelete, "/api/v1/dnc/+4930231250?client=Muster", nil, nil); err != nil {
		t.Error(err)
	}
	if err := c.JSON(ctx, http.MethodDelete, "/api/v1/dnc/+4930231250", nil, nil); status(err) != 404 {
		t.Errorf("removed twice: %v", err)
	}
	if r, err := c.Do(ctx, http.MethodPost, "/api/v1/dnc/import?by=robinson.csv", "text/csv", strings.NewReader("+491\n+492\n")); err != nil {
		t.Error(err)
	} else if b, _ := io.ReadAll(r); !strings.Contains(string(b), `"imported":2`) {
		t.Errorf("import: %s", b)
	}
}

func TestCampaigns(t *testing.T) {
	ctx := t.Context()
	d, m, _ := newDesk(nil)
	c := d.Local()
	put := func(doc string) error {
		r, err := c.Do(ctx, http.MethodPut, "/api/v1/campaigns", "application/yaml", strings.NewReader(doc))
		if err == nil {
			r.Close()
		}
		return err
	}
	if err := put("mode: progressive"); status(err) != 422 || !strings.Contains(err.Error(), "name is missing") {
		t.Errorf("a bad document: %v", err)
	}
	if err := put("name: spring"); err != nil {
		t.Fatal(err)
	}
	var info CampaignInfo
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/campaigns/spring/start", nil, &info); err != nil || info.State != "running" || m.campaigns["spring"].State != campaign.Running {
		t.Errorf("start without a server: %+v, %v", info, err)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/campaigns/spring/explode", nil, nil); status(err) != 422 {
		t.Errorf("an unknown switch: %v", err)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/campaigns/summer/start", nil, nil); status(err) != 404 {
		t.Errorf("an unknown campaign: %v", err)
	}
	r, err := c.Do(ctx, http.MethodGet, "/api/v1/campaigns/spring", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(r); string(b) != "name: spring" {
		t.Errorf("the document came back as %q", b)
	}

	// The same with a controller: it is told, and its refusal is the answer.
	control := &floor{}
	d.cfg.Control = control
	if err := put("name: spring"); err != nil {
		t.Fatal(err)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/campaigns/spring/stop", nil, nil); status(err) != 409 || err.Error() != "it is stopped already" {
		t.Errorf("stop: %v", err)
	}
	var st CampaignStatus
	if err := c.Get(ctx, "/api/v1/campaigns/spring/status", &st); err != nil || st.Why != "nobody is ready" || len(st.Agents) != 1 || st.Left != 2 || st.Results["unknown"] != 2 {
		t.Errorf("status %+v, %v", st, err)
	}
	if len(control.clicks) != 2 {
		t.Errorf("clicks %v", control.clicks)
	}
}

func TestUsers(t *testing.T) {
	ctx := t.Context()
	d, m, _ := newDesk(nil)
	c := d.Local()
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/users", NewUser{Name: "ann", Role: "agent", Password: "long enough"}, nil); err != nil {
		t.Fatal(err)
	}
	if u := m.users["ann"]; u.Hash != "hash of 11" || u.Headset != "browser" {
		t.Errorf("user %+v", u)
	}
	for _, bad := range []NewUser{
		{Name: "ann", Role: "agent"},                       // exists
		{Name: "../x", Role: "agent"},                      // a name that could be a path
		{Name: "ben", Role: "king"},                        //
		{Name: "ben", Role: "agent", Password: "short"},    //
		{Name: "ben", Role: "agent", Headset: "megaphone"}, //
	} {
		if err := c.JSON(ctx, http.MethodPost, "/api/v1/users", bad, nil); status(err) != 409 && status(err) != 422 {
			t.Errorf("%+v was taken: %v", bad, err)
		}
	}
	if err := c.JSON(ctx, http.MethodPut, "/api/v1/users/ann/password", Password{"another one"}, nil); err != nil {
		t.Error(err)
	}
	var us []UserInfo
	if err := c.Get(ctx, "/api/v1/users", &us); err != nil || len(us) != 1 || !us[0].Password {
		t.Errorf("users %+v, %v", us, err)
	}
}

func TestSocket(t *testing.T) {
	d, m, _ := newDesk(nil)
	folder, err := os.MkdirTemp("", "desk") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, SocketName), nil, 0o644); err != nil { // left by a kill
		t.Fatal(err)
	}
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(filepath.Join(folder, SocketName)); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v, %v", fi.Mode(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx, l) }()
	c := Dial(folder)
	var info ServerInfo
	if err := c.Get(ctx, "/api/v1/server", &info); err != nil || info.Version != "test" || info.PID != os.Getpid() {
		t.Errorf("server %+v, %v", info, err)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/backup", BackupRequest{File: "relative.db"}, nil); status(err) != 422 {
		t.Errorf("a relative backup: %v", err)
	}
	if err := c.JSON(ctx, http.MethodPost, "/api/v1/backup", BackupRequest{File: "/tmp/x.db"}, nil); err != nil || len(m.backups) != 1 {
		t.Errorf("backup: %v", err)
	}
	c.http.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
	if err := c.Get(t.Context(), "/api/v1/server", &info); err == nil {
		t.Error("it still answers")
	}
}
