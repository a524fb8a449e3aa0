package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/postgres"
)

// fault is what a proxy does to the next commit.
type fault int

const (
	none    fault = iota
	lost          // the server commits, its answer is lost
	unsent        // the server never hears of it
	outlast       // as lost, and nobody comes through until mend
)

// proxy stands between a store and its server.
type proxy struct {
	t      *testing.T
	target string
	dir    string

	mu    sync.Mutex
	next  fault
	cut   bool
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, target string) *proxy {
	p := &proxy{t: t, target: target, dir: t.TempDir(), conns: map[net.Conn]bool{}}
	l, err := net.Listen("unix", filepath.Join(p.dir, ".s.PGSQL.5432"))
	must(t, err)
	var all sync.WaitGroup
	all.Go(func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.close()
		all.Wait()
	})
	return p
}

func (p *proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) set(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next, p.cut = f, false
}

// take is the fault for a commit; it happens once.
func (p *proxy) take() fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.next
	p.next, p.cut = none, f == outlast
	return f
}

func (p *proxy) serve(c net.Conn) {
	s, err := net.Dial("unix", p.target)
	if err != nil {
		_ = c.Close()
		return
	}
	p.mu.Lock()
	refuse := p.cut
	p.conns[c], p.conns[s] = true, true
	p.mu.Unlock()
	defer func() { _, _ = c.Close(), s.Close() }()
	if refuse {
		return
	}
	var swallow sync.Mutex // held from a commit whose answer shall be lost
	answered := make(chan struct{})
	go func() { // ends with either connection; serve waits
		defer close(answered)
		buf := make([]byte, 1<<16)
		for {
			n, err := s.Read(buf)
			if err != nil || !swallow.TryLock() {
				_ = c.Close()
				return
			}
			_, err = c.Write(buf[:n])
			swallow.Unlock()
			if err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		if bytes.Contains(bytes.ToLower(buf[:n]), []byte("commit\x00")) {
			switch p.take() {
			case unsent:
				_, _ = c.Close(), s.Close()
			case lost, outlast:
				swallow.Lock()
			}
		}
		if _, err := s.Write(buf[:n]); err != nil {
			break
		}
	}
	<-answered
}

// through is a store that reaches its server by the proxy, and one that does
// not need it.
func through(t *testing.T) (*proxy, *postgres.Store, *postgres.Store) {
	p := newProxy(t, server(t).Socket())
	address := fresh(t)
	direct := open(t, address, postgres.Options{})
	must(t, direct.Import(t.Context(), "customers", contacts(4)))
	return p, open(t, strings.Replace(address, filepath.Dir(server(t).Socket()), p.dir, 1), postgres.Options{}), direct
}

func leaseQuery() campaign.LeaseQuery {
	now := time.Now()
	return campaign.LeaseQuery{Lists: []string{"customers"}, Agent: "ann", Process: "p", Now: now, Until: now.Add(time.Hour)}
}

func permitQuery(l campaign.Lease, id campaign.AttemptID) campaign.PermitQuery {
	return campaign.PermitQuery{Attempt: id, Lease: l, Process: "p", Rules: rules, Now: time.Now()}
}

func attempts(t *testing.T, s *postgres.Store) (ids string) {
	t.Helper()
	must(t, s.Attempts(t.Context(), "", func(a campaign.Attempt) error { ids += string(a.ID) + " "; return nil }))
	return ids
}

// TestCommitCut: the connection breaks in the moment of writing, and the store
// finds out what became of it.
func TestCommitCut(t *testing.T) {
	p, s, direct := through(t)
	l, err := s.Lease(t.Context(), leaseQuery())
	must(t, err)
	p.set(lost)
	must(t, s.Permit(t.Context(), permitQuery(l, "lost")))
	if got := attempts(t, direct); got != "lost " {
		t.Errorf("attempts %q", got)
	}
	p.set(unsent)
	l, err = s.Lease(t.Context(), leaseQuery())
	must(t, err)
	p.set(unsent)
	must(t, s.Permit(t.Context(), permitQuery(l, "unsent")))
	if got := attempts(t, direct); got != "lost unsent " {
		t.Errorf("attempts %q", got)
	}
}

// TestDoubt: what was written while nobody could ask about it is taken back.
func TestDoubt(t *testing.T) {
	p, s, direct := through(t)
	l, err := s.Lease(t.Context(), leaseQuery())
	must(t, err)
	p.set(outlast)
	if err := s.Permit(t.Context(), permitQuery(l, "A1")); err == nil || errors.As(err, new(*campaign.Refusal)) {
		t.Fatalf("permitted without an answer: %v", err)
	}
	if got := attempts(t, direct); got != "A1 " {
		t.Fatalf("attempts %q", got)
	}
	if err := s.Permit(t.Context(), permitQuery(l, "A1")); err == nil {
		t.Error("permitted while nobody came through")
	}
	p.set(none)
	must(t, s.Permit(t.Context(), permitQuery(l, "A2"))) // number and person are free again
	if got := attempts(t, direct); got != "A2 " {
		t.Errorf("attempts %q", got)
	}
	p.set(outlast)
	if l, err := s.Lease(t.Context(), leaseQuery()); err == nil || l.Record.Key != 0 {
		t.Fatalf("leased %s without an answer: %v", l.Record.ID, err)
	}
	p.set(none)
	must(t, s.Extend(t.Context(), "p", time.Now().Add(time.Hour)))
	q := leaseQuery()
	q.Process = "q"
	again, err := direct.Lease(t.Context(), q)
	must(t, err)
	if again.Record.ID != "2" { // 1 is the same person as 0, who is being called
		t.Errorf("leased %s", again.Record.ID)
	}
}

// TestWatch: changes are told at once, and found after the connection was lost.
func TestWatch(t *testing.T) {
	address := fresh(t)
	one, two := open(t, address, postgres.Options{}), open(t, address, postgres.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan struct{}, 16)
	var watching sync.WaitGroup
	watching.Go(func() { one.Watch(ctx, func() { told <- struct{}{} }) })
	defer watching.Wait()
	defer cancel()
	within := func(what string, limit time.Duration) {
		t.Helper()
		begin := time.Now()
		select {
		case <-told:
			t.Logf("%s: %v", what, time.Since(begin).Round(time.Microsecond))
		case <-time.After(limit):
			t.Fatalf("%s was not told within %v", what, limit)
		}
	}
	within("the begin", 5*time.Second)
	for _, c := range []struct {
		what   string
		change func() error
	}{
		{"campaign", func() error {
			return two.PutCampaign(t.Context(), campaign.CampaignRow{Name: "spring", State: campaign.Running})
		}},
		{"block", func() error { return two.Block(t.Context(), campaign.DNCEntry{Number: "+4930901820"}) }},
		{"unblock", func() error {
			_, _, err := two.Unblock(t.Context(), "+4930901820", campaign.DNCScope{})
			return err
		}},
		{"user", func() error { return two.PutUser(t.Context(), campaign.User{Name: "ann"}) }},
	} {
		must(t, c.change())
		within(c.what, 2*time.Second) // a loaded machine; alone it is under a millisecond
	}
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { must(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%changes%' AND pid <> pg_backend_pid()`)
	must(t, err)
	must(t, two.Block(t.Context(), campaign.DNCEntry{Number: "+4930901821"}))
	within("a change while the connection was lost", 5*time.Second)
	// Told or not, it looks once a second.
	_, err = conn.Exec(t.Context(), `UPDATE counter SET value = value + 1 WHERE name = 'changes'`)
	must(t, err)
	within("a change without notification", 3*time.Second)
	select {
	case <-told:
		t.Error("told without a change")
	case <-time.After(1500 * time.Millisecond):
	}
}

// TestOpenErrors: one line each, with the cure, and without the password.
func TestOpenErrors(t *testing.T) {
	address := fresh(t)
	exec := func(address, sql string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), address)
		must(t, err)
		_, err = conn.Exec(t.Context(), sql)
		must(t, err)
		must(t, conn.Close(t.Context()))
	}
	exec(address, `CREATE ROLE locked LOGIN PASSWORD 'richtig'`)
	as := func(user string) string {
		return strings.Replace(address, "postgres://postgres@", "postgres://"+user+"@", 1)
	}
	s, err := postgres.Open(t.Context(), address, postgres.Options{})
	must(t, err)
	must(t, s.Close())
	exec(address, `INSERT INTO freiton_version (version_id, is_applied) VALUES (9999, true)`)
	foreign := fresh(t)
	exec(foreign, `CREATE TABLE other (x int)`)
	for what, c := range map[string]struct{ address, says string }{
		"password":    {as("locked:geheim"), "refuses the user"},
		"rights":      {strings.Replace(fresh(t), "postgres@", "locked:richtig@", 1), "does not let locked"},
		"no database": {strings.Replace(address, "/postgres?", "/missing?", 1), "createdb missing"},
		"nobody":      {"postgres://ann:geheim@127.0.0.1:1/x", "does not answer"},
		"unreadable":  {"postgres://ann:geheim@[x/y", "cannot be read"},
		"newer":       {address, "newer freiton"},
		"foreign":     {foreign, "another program"},
	} {
		s, err := postgres.Open(t.Context(), c.address, postgres.Options{})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s: opened", what)
			continue
		}
		var oe *postgres.OpenError
		if !errors.As(err, &oe) || oe.Cure == "" {
			t.Errorf("%s: %T %v, want an OpenError with a cure", what, err, err)
		}
		if text := err.Error(); !strings.Contains(text, c.says) || strings.ContainsAny(text, "\n") || strings.Contains(text, "geheim") || strings.Contains(text, "richtig") {
			t.Errorf("%s: %q", what, text)
		}
		t.Log(err)
	}
}

// TestListUnreadable: when the do-not-call list cannot be read, nothing is
// dialled, and the record stays leased.
func TestListUnreadable(t *testing.T) {
	address := fresh(t)
	s := open(t, address, postgres.Options{})
	must(t, s.Import(t.Context(), "customers", contacts(1)))
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	_, err = conn.Exec(t.Context(), `DROP TABLE do_not_call`)
	must(t, err)
	must(t, conn.Close(t.Context()))
	l, err := s.Lease(t.Context(), leaseQuery())
	must(t, err)
	var refusal *campaign.Refusal
	if err := s.Permit(t.Context(), permitQuery(l, "A1")); !errors.As(err, &refusal) || refusal.Reason.Code != campaign.ReasonUnreadable || refusal.Kind != campaign.Global {
		t.Errorf("permit: %v", err)
	}
	if err := s.Release(t.Context(), l, campaign.Release{Now: time.Now()}); err != nil {
		t.Errorf("the lease: %v", err)
	}
}

// TestAuditApart: what others add to the audit log keeps no call waiting, even
// while the log is being sealed; and what was added is not to be taken away.
func TestAuditApart(t *testing.T) {
	address := fresh(t)
	s := open(t, address, postgres.Options{})
	must(t, s.Import(t.Context(), "customers", contacts(1)))
	l, err := s.Lease(t.Context(), leaseQuery())
	must(t, err)
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer conn.Close(t.Context())
	sealing, err := conn.Begin(t.Context())
	must(t, err)
	for _, held := range []string{`SELECT value FROM counter WHERE name = 'audit' FOR UPDATE`,
		`INSERT INTO audit_line (at, who, what, about, subject, old, new, reason) VALUES (1, 'eva', 'login', '', '', '', '', '')`} {
		_, err = sealing.Exec(t.Context(), held)
		must(t, err)
	}
	must(t, s.Permit(t.Context(), permitQuery(l, "A1")))
	must(t, sealing.Commit(t.Context()))
	for _, change := range []string{`DELETE FROM audit_line`, `UPDATE audit_line SET who = 'nobody'`, `TRUNCATE audit_line`} {
		if _, err := conn.Exec(t.Context(), change); err == nil {
			t.Errorf("the log let itself be changed: %s", change)
		}
	}
	if st, err := s.VerifyAudit(t.Context()); err != nil || !st.Whole || st.Entries != 2 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestText: what a server would refuse in a text is no reason to lose a call.
func TestText(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	r := contact(1)
	r.Name, r.Note = "a\x00b", "c\xffd"
	must(t, s.Import(t.Context(), "customers", []campaign.Record{r}))
	must(t, s.Records(t.Context(), campaign.RecordQuery{}, func(r campaign.Record) error {
		if r.Name != "ab" || r.Note != "c\uFFFDd" {
			t.Errorf("name %q, note %q", r.Name, r.Note)
		}
		return nil
	}))
	r = contact(2)
	r.CustomerID = strings.Repeat("x", 5000)
	if err := s.Import(t.Context(), "customers", []campaign.Record{r}); err == nil {
		t.Error("an endless customer id was imported")
	}
}
