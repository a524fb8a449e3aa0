package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestManager walks as a team leader would, without a server: what is likely a
// slip in a file or a campaign is said, and whatever a command says is of the
// campaign that would call.
func TestManager(t *testing.T) {
	t.Parallel() // its files are its own
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	run := func(want int, args ...string) (out, errs string) {
		t.Helper()
		status, out, errs := freiton(t, nil, append(args, "--set", "data="+filepath.Join(dir, "data"), "--set", "dial.country=lab")...)
		if status != want {
			t.Fatalf("%v: status %d\n%s", args, status, errs)
		}
		return out, errs
	}
	says := func(text string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("nothing says %q:\n%s", w, text)
			}
		}
	}
	_, errs := run(0, "list", "import", "a", write("a.csv", "id;Telefon;Ort\n1;30 23125000;Bonn\n2;030 23125001;Köln\n3;030 23125001;Köln\n"))
	says(errs, `line 2, column Telefon: "30 23125000" was understood as +493023125000`,
		"3 lines read, 2 records imported, 1 duplicate skipped, 1 repaired, 0 bad lines")

	_, errs = run(0, "campaign", "apply", "-f", write("early.yaml", "name: early\nlists: [a, nix]\nagents: [zoe, {team: rome}]\nfilter: {Ortt: \"!Ulm\"}\n"))
	says(errs, "of 2 records none is left out", `there is no list "nix"`, `no record has a column "Ortt"`, `no user is named "zoe"`, `nobody is in team "rome"`)
	run(0, "campaign", "apply", "-f", write("late.yaml", "name: late\nlists: [a]\nfilter: {Ort: Bonn}\n"))
	run(0, "campaign", "load", "late")
	for id, want := range map[string]string{"1": "campaign late is loaded", "2": "campaign early is not loaded"} {
		out, _ := run(0, "list", "why", id)
		says(out, want)
	}
	run(0, "list", "import", "b", write("b.csv", "id;Telefon;Mobil\n7;030 23125007;0171 3920007\n1;030 23125008\n"))
	_, errs = run(1, "list", "why", "1")
	says(errs, "the lists a, b have a record 1")
	_, errs = run(1, "list", "why", "K-4711")
	says(errs, "no record has the id or the number K-4711")
	for _, of := range []string{"7", "030 23125007"} { // of two numbers of a contact, the one in turn
		out, _ := run(0, "list", "why", of)
		says(out, "no campaign works its list b")
	}
	run(0, "campaign", "mode", "late", "push-preview") // without a server, too
	out, _ := run(0, "campaign", "show", "late")
	says(out, "mode: push-preview", "filter: {Ort: Bonn}")
	_, errs = run(2, "campaign", "mode", "late", "sideways")
	says(errs, "progressive")
	run(0, "campaign", "apply", "-f", write("b.yaml", "name: b\nlists: [b]\n"))
	run(0, "dnc", "add", "030 23125007", "--number-only")
	out, _ = run(0, "list", "why", "0171 3920007") // hers, and not entered
	says(out, "another number of the contact is tried first")
	_, errs = run(0, "dnc", "add", "030 23125007")
	says(errs, "all numbers of ")
	out, _ = run(0, "list", "why", "0171 3920007", "--output", "json")
	says(out, "do-not-call")
	out, _ = run(0, "report", "list", "a", "--csv")
	says(out, "list,records,used,left,callbacks_open,callbacks_overdue\na,2,0,2,0,0\n")
	_, errs = run(1, "report", "list", "nix", "--csv")
	says(errs, "no list is named nix")
}
