package main

import (
	"strings"
	"testing"

	"github.com/freiton/freiton/configs"
)

// TestProcessName: with SQLite there is one process; a shared store knows each
// data folder by a name of its own, which stays.
func TestProcessName(t *testing.T) {
	name := func(cfg configs.Config, folder string) string {
		t.Helper()
		n, err := processName(cfg, folder)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var alone, shared configs.Config
	if err := shared.Store.UnmarshalText([]byte("postgres://ann@db/freiton")); err != nil {
		t.Fatal(err)
	}
	here, there := t.TempDir(), t.TempDir()
	if got := name(alone, here); got != localProcess {
		t.Errorf("SQLite: %q", got)
	}
	one := name(shared, here)
	if again := name(shared, here); again != one || one == localProcess {
		t.Errorf("%q, then %q", one, again)
	}
	if two := name(shared, there); two == one {
		t.Errorf("two folders are both %q", one)
	}
	shell := shellProcess(one, 42)
	if pid, ours := shellPID(one, shell); !ours || pid != 42 || !strings.HasPrefix(shell, shellPrefix) {
		t.Errorf("%s: process %d, ours %v", shell, pid, ours)
	}
	if _, ours := shellPID("elsewhere", shell); ours {
		t.Errorf("%s is taken for one of this folder", shell)
	}
}
