package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/freiton/freiton"

// mayImport is the import table of docs/architecture.md: a child imports its
// parents, sisters do not know each other, and nothing crosses between the
// houses but at two hinges. What is there for tests is in no program, but for
// the laboratory's own. Paths are relative to the module.
func mayImport(pkg, imported string) bool {
	if forTests(imported) {
		return path.Dir(pkg) == imported
	}
	for parent := path.Dir(pkg); parent != "."; parent = path.Dir(parent) {
		if imported == parent {
			return true
		}
	}
	hinges := map[string][]string{
		"sip/peer":      {"media"},
		"sip/phone":     {"media"},
		"campaign/line": {"media", "sip", "sip/phone"},
	}
	return pkg == "cmd/freiton" || slices.Contains(hinges[pkg], imported)
}

func forTests(pkg string) bool {
	return pkg == "configs/lab" || pkg == "media/measure" || strings.HasSuffix(pkg, "test")
}

// ownedBy says where modules of others may be imported, so that their types do
// not leak through the house: by beginning of the module's path.
func ownedBy() map[string][]string {
	return map[string][]string{
		"github.com/emiago/sipgo":    {"sip", "sip/peer", "cmd/freiton"}, // cmd: the timers, once
		"github.com/pion/":           {"media", "sip/peer"},              // the witness has its own ears
		"github.com/zaf/g711":        {"media", "sip/peer"},
		"github.com/gen2brain/malgo": {"media/device"},
		"github.com/spf13/cobra":     {"cmd/freiton"},
		"modernc.org/sqlite":         {"campaign/store"},
		"github.com/jackc/pgx":       {"campaign/store"},
		"github.com/danielgtaylor/":  {"campaign/desk"},
		"github.com/alexedwards/scs": {"campaign/desk"},
		"github.com/xuri/excelize":   {"campaign/list"},
	}
}

// goPackage is what `go list -json` says of one.
type goPackage struct {
	ImportPath string
	Imports    []string
	Error      *struct{ Err string }
}

// packages asks the go tool for every package of the module, as built with and
// without cgo: both variants are held to the table.
func packages(t *testing.T) []goPackage {
	t.Helper()
	var all []goPackage
	for _, cgo := range []string{"CGO_ENABLED=1", "CGO_ENABLED=0"} {
		cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Error", module+"/...")
		cmd.Env = append(cmd.Environ(), cgo)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		dec := json.NewDecoder(strings.NewReader(string(out)))
		for {
			var p goPackage
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
	}
	return all
}

func TestLayers(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, module+"/")
		seen[pkg] = true
		for _, i := range p.Imports {
			if imported, ours := strings.CutPrefix(i, module+"/"); ours && !mayImport(pkg, imported) {
				t.Errorf("%s must not import %s (docs/architecture.md, the import table)", pkg, imported)
			}
			if wrong := misplaced(pkg, i); wrong != "" {
				t.Error(wrong)
			}
		}
	}
	for _, must := range []string{"sip", "media", "campaign", "configs", "cmd/freiton"} {
		if !seen[must] {
			t.Errorf("package %s was not looked at", must)
		}
	}
}

// misplaced says so when a module of others is imported outside its place.
func misplaced(pkg, imported string) string {
	for prefix, homes := range ownedBy() {
		if !strings.HasPrefix(imported, prefix) {
			continue
		}
		if !slices.ContainsFunc(homes, func(h string) bool { return pkg == h || strings.HasPrefix(pkg, h+"/") && h != "sip" }) {
			return pkg + " must not import " + imported + ": it belongs to " + strings.Join(homes, ", ")
		}
	}
	return ""
}

// The table itself: what it must allow and what it must refuse.
func TestImportTable(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		want          bool
	}{
		{"media/record", "media", true},
		{"media/measure", "media", true},
		{"sip/peer", "media", true},
		{"sip/peer", "sip", true},
		{"sip/phone", "media", true},
		{"campaign/line", "sip/phone", true},
		{"campaign/store/sqlite", "campaign/store", true},
		{"campaign/store/sqlite", "campaign", true},
		{"configs/lab/run", "configs/lab", true},
		{"cmd/freiton", "campaign/desk", true},

		{"media", "sip", false},
		{"sip", "media", false},
		{"campaign", "sip", false},
		{"campaign", "campaign/store", false},
		{"configs", "campaign", false},
		{"media/record", "media/detect", false},
		{"sip/phone", "sip/peer", false},
		{"campaign/desk", "campaign/store", false},
		{"campaign/desk", "sip/phone", false},
		{"campaign/line", "media/record", false},
		{"campaign/store", "configs", false},
		{"cmd/freiton", "configs/lab", false},
		{"cmd/freiton", "media/measure", false},
		{"campaign/store/sqlite", "campaign/store/storetest", false},
		{"media/device", "media/device/pulsetest", false},
	} {
		if got := mayImport(c.pkg, c.imported); got != c.want {
			t.Errorf("%s imports %s: %v, want %v", c.pkg, c.imported, got, c.want)
		}
	}
}
