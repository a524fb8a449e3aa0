package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/campaign/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCrash(t *testing.T) {
	storetest.Crash(t, func(folder string) (campaign.Store, error) {
		return sqlite.Open(t.Context(), filepath.Join(folder, "freiton.db"), sqlite.Options{})
	})
}

// TestOpenErrors: one line each, with the file and the cure.
func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(at("file"), []byte("x"), 0o600))
	must(t, os.WriteFile(at("garbage"), []byte(strings.Repeat("no database ", 1000)), 0o600))
	must(t, os.Mkdir(at("folder"), 0o700))
	foreign(t, at("foreign"), `CREATE TABLE other (x)`)
	newer(t, at("newer"))
	truncated(t, at("truncated"))
	for name, want := range map[string][]string{
		"file/freiton.db": {"cannot be created", "data"},
		"folder":          {"cannot be written", "data"},
		"garbage":         {"is damaged", "freiton restore"},
		"truncated":       {"is damaged", "freiton restore"},
		"foreign":         {"another program", "data"},
		"newer":           {"newer freiton", "9999"},
	} {
		s, err := sqlite.Open(t.Context(), at(name), sqlite.Options{})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s was opened", name)
			continue
		}
		var oe *sqlite.OpenError
		if !errors.As(err, &oe) || oe.Cure == "" {
			t.Errorf("%s: %T %v, want an OpenError with a cure", name, err, err)
		}
		for _, part := range append(want, at(name)) {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %q does not say %q in one line", name, err, part)
			}
		}
	}
	if got, err := os.ReadFile(at("garbage")); err != nil || !strings.HasPrefix(string(got), "no database") {
		t.Errorf("a file that is not ours was changed: %v", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func foreign(t *testing.T, path, stmt string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec(stmt)
	must(t, err)
	must(t, db.Close())
}

func newer(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	must(t, err)
	must(t, s.Close())
	foreign(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
}

// truncated is a store that lost its end.
func truncated(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	must(t, err)
	must(t, s.Close())
	must(t, os.Truncate(path, 3000))
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "data #1?%.db")
	s := open(t, path)
	must(t, s.Import(t.Context(), "a", []campaign.Record{record(1)}))
	if s.Path() != path {
		t.Errorf("path %s", s.Path())
	}
	names, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, n := range names {
		info, err := n.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 || !strings.HasPrefix(n.Name(), "data #1?%.db") {
			t.Errorf("%s has mode %v", n.Name(), info.Mode())
		}
	}
	if len(names) != 3 { // with the log and its index
		t.Errorf("files %v", names)
	}
}

// TestDurable: what is confirmed is on disk.
func TestDurable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "freiton.db"))
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "10000"} {
		if got := sqlite.Pragma(s, pragma); got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

// TestListUnreadable: when the do-not-call list cannot be read, nothing is
// dialled, and the record stays leased.
func TestListUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freiton.db")
	s := open(t, path)
	must(t, s.Import(t.Context(), "a", []campaign.Record{record(1)}))
	foreign(t, path, `DROP TABLE do_not_call`)
	now := time.Now()
	l, err := s.Lease(t.Context(), campaign.LeaseQuery{Lists: []string{"a"}, Process: "p", Now: now, Until: now.Add(time.Minute)})
	must(t, err)
	err = s.Permit(t.Context(), campaign.PermitQuery{
		Attempt: "A1", Lease: l, Process: "p", Now: now, Rules: campaign.Rules{Allow: []string{"+49"}, Running: true},
	})
	var refusal *campaign.Refusal
	if !errors.As(err, &refusal) || refusal.Reason.Code != campaign.ReasonUnreadable || refusal.Kind != campaign.Global {
		t.Errorf("permit: %v", err)
	}
	if err := s.Permit(t.Context(), campaign.PermitQuery{Attempt: "A2", Number: "+4930901820", Manual: true, Now: now}); !errors.As(err, &refusal) {
		t.Errorf("manual call: %v", err)
	}
}

func TestRestore(t *testing.T) {
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "freiton.db"), filepath.Join(dir, "backup")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	must(t, err)
	must(t, s.Import(t.Context(), "a", []campaign.Record{record(1), record(2)}))
	must(t, s.Backup(t.Context(), copied))
	must(t, s.Import(t.Context(), "later", []campaign.Record{record(3)}))
	must(t, s.Close())
	must(t, sqlite.Verify(t.Context(), copied))
	must(t, sqlite.Restore(t.Context(), copied, path))
	for file, want := range map[string]int{path: 1, path + ".before-restore": 2} {
		s := open(t, file)
		ls, err := s.Lists(t.Context())
		must(t, err)
		if len(ls) != want {
			t.Errorf("%s has lists %+v", file, ls)
		}
	}
	damaged := filepath.Join(dir, "damaged")
	b, err := os.ReadFile(copied)
	must(t, err)
	for i := 3 * len(b) / 4; i < len(b); i++ {
		b[i] ^= 0x55
	}
	must(t, os.WriteFile(damaged, b, 0o600))
	for what, file := range map[string]string{"damaged": damaged, "missing": filepath.Join(dir, "missing")} {
		var oe *sqlite.OpenError
		if err := sqlite.Restore(t.Context(), file, path); !errors.As(err, &oe) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := sqlite.Verify(t.Context(), path); err != nil {
		t.Errorf("after refused restores: %v", err)
	}
}
