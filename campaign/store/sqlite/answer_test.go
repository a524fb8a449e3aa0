package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/sqlite"
)

// TestErasedFile: what was erased is in no corner of the file.
func TestErasedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freiton.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Country: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	var rs []campaign.Record
	for n := range 50 {
		rs = append(rs, record(n))
	}
	rs[7].Name, rs[7].Note = "Wilhelmine Tannhäuser", "wants a boat"
	rs[7].Fields[0].Value = rs[7].Name
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Import(t.Context(), "customers", rs))
	who, note := "customer:C7", "Wilhelmine wants a boat"
	must(s.PutContact(t.Context(), campaign.ContactEdit{Person: who, Name: &note, New: true, Number: rs[7].Phone, CustomerID: "C7"}))
	must(s.Block(t.Context(), campaign.DNCEntry{Number: rs[7].Phone, Wording: "Wilhelmine says no"}))
	_, err = s.Erase(t.Context(), "E1", campaign.EraseQuery{Number: rs[7].Phone, By: "eva", Now: time.Now()})
	must(err)
	log, err := os.ReadFile(path + "-wal") // while the program runs on
	must(err)
	must(s.Close())
	b, err := os.ReadFile(path)
	must(err)
	b = append(b, log...)
	for _, text := range []string{"Wilhelmine", "Tannh", "wilhelmine", "tannh", "boat", rs[7].Phone, rs[7].Phone[1:]} {
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%q is still in the file", text)
		}
	}
	if !bytes.Contains(b, []byte(rs[8].Phone)) {
		t.Error("somebody else is gone as well")
	}
}

// TestAuditTampered: lines cannot be changed, and who changes the file all the
// same is found out.
func TestAuditTampered(t *testing.T) {
	for _, c := range []struct {
		name, change string
		at           int64
	}{
		{"changed", `UPDATE audit SET new = 'nothing' WHERE n = 2`, 2},
		{"missing", `DELETE FROM audit WHERE n = 2`, 2},
		{"cut off", `DELETE FROM audit WHERE n = 3`, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "freiton.db")
			s := open(t, path)
			for range 3 {
				if err := s.Audit(t.Context(), "", campaign.AuditEntry{Who: "eva", What: campaign.AuditLogin}); err != nil {
					t.Fatal(err)
				}
			}
			if st, err := s.VerifyAudit(t.Context()); err != nil || !st.Whole || st.Entries != 3 {
				t.Fatalf("%+v, %v", st, err)
			}
			if err := tamper(t.Context(), path, c.change); err == nil {
				t.Fatal("the log let itself be changed")
			}
			if err := tamper(t.Context(), path, `DROP TRIGGER audit_update`, `DROP TRIGGER audit_delete`, c.change); err != nil {
				t.Fatal(err)
			}
			if st, err := s.VerifyAudit(t.Context()); err != nil || st.Whole || st.BrokenAt != c.at {
				t.Errorf("%+v, %v", st, err)
			}
		})
	}
}

// TestAuditLine: a line that has no number yet can neither be changed nor taken
// away; the heartbeat gives it one.
func TestAuditLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freiton.db")
	s := open(t, path)
	for range 3 {
		must(t, s.Audit(t.Context(), "", campaign.AuditEntry{Who: "eva", What: campaign.AuditLogin}))
	}
	for _, change := range []string{`UPDATE audit_line SET who = 'nobody'`, `DELETE FROM audit_line WHERE id = 2`} {
		if err := tamper(t.Context(), path, change); err == nil {
			t.Errorf("the log let itself be changed: %s", change)
		}
	}
	must(t, s.Extend(t.Context(), "p", time.Now().Add(time.Minute)))
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var lines, sealed int
	must(t, db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM audit_line), (SELECT count(*) FROM audit)`).Scan(&lines, &sealed))
	if lines != 0 || sealed != 3 {
		t.Errorf("%d lines without a number, %d with one", lines, sealed)
	}
	if st, err := s.VerifyAudit(t.Context()); err != nil || !st.Whole || st.Entries != 3 {
		t.Errorf("%+v, %v", st, err)
	}
}

// tamper changes the file behind the store's back.
func tamper(ctx context.Context, path string, statements ...string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
