package desk

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFileSessions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.json")
	open := func() *FileSessions {
		t.Helper()
		s, err := OpenSessions(file)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	has := func(s *FileSessions, token string, want bool) {
		t.Helper()
		if _, ok, err := s.Find(token); ok != want || err != nil {
			t.Errorf("%s: %v, %v", token, ok, err)
		}
	}
	s := open()
	later := time.Now().Add(time.Hour)
	for _, token := range []string{"a", "b", "c"} {
		if err := s.Commit(token, []byte(token), later); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete("a"); err != nil {
		t.Fatal(err)
	}
	// A request that began before the log off ends after it.
	if err := s.Commit("a", []byte("a"), later); err != nil {
		t.Fatal(err)
	}
	has(s, "a", false)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	again := open()
	has(again, "a", false)
	has(again, "b", true)
	again.now = func() time.Time { return later.Add(time.Second) }
	has(again, "b", false)
	if err := os.WriteFile(file, []byte(`{"b": tru`), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := open()
	has(damaged, "b", false)
	if err := damaged.Commit("d", nil, later); err != nil {
		t.Error(err)
	}
	has(open(), "d", true)
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Error(err)
	}
}
