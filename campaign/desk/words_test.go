package desk

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
)

// spoken says how the page looks up what a type's constants stand for: %s is
// the value.
func spoken() map[string]string {
	return map[string]string{
		"ReasonCode": "why %s", "InteractionState": "state %s", "AgentStatus": "state %s", "CallStatus": "call %s",
		"Mode": "mode %s", "RunState": "run %s", "Party": "ended %s", "RecordingState": "recording %s",
		"RecordingMode": "recording will %s", "RecordingConsent": "history consent %s", "PopupStage": "popup %s",
	}
}

// saidOtherwise are values that the page has other words for, or never shows.
func saidOtherwise() map[string]string {
	return map[string]string{
		"why login-needed": "error expired", "why session-expired": "error expired", "why wrong-password": "error wrong",
		"why throttled": "error throttled", "why forbidden": "error forbidden", "why viewer": "viewer", "why before-answer": "contacts hidden",
		"why declined-often": "message declined-often", "why after-call-overtime": "message after-call-overtime",
		"why campaign-unloaded": "message campaign-unloaded", "why status-forced": "message status-forced",
		"state closing": "state stopping", "state answering": "state dialing", "state over": "state not-ready", // she has nothing on her desk
		"state after-call-work": "state wrap-up", "recording will off": "recording none",
	}
}

// constants are the values of the string constants of a folder's Go files, by
// the name of their type.
func constants(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(dir, files, err)
	}
	out := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Type == nil || len(v.Values) != 1 {
				return true
			}
			lit, ok := v.Values[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			of := ""
			switch e := v.Type.(type) {
			case *ast.Ident:
				of = e.Name
			case *ast.SelectorExpr:
				of = e.Sel.Name
			}
			if value != "" {
				out[of] = append(out[of], value)
			}
			return true
		})
	}
	return out
}

// book are the texts of a language.
func book(t *testing.T, language string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("web", "i18n", language+".js"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  (?:'([^']+)'|(\w+)): `).FindAllSubmatch(b, -1) {
		out[string(m[1])+string(m[2])] = true
	}
	if len(out) < 300 {
		t.Fatalf("%s: %d texts", language, len(out))
	}
	return out
}

// TestWords: whatever the server can say, the page has words for, in both
// languages.
func TestWords(t *testing.T) {
	all := map[string][]string{}
	for _, dir := range []string{"..", "../pacing", "."} {
		for of, values := range constants(t, dir) {
			all[of] = append(all[of], values...)
		}
	}
	all["ReasonCode"] = append(all["ReasonCode"], "one-to-one") // said where there is no pacing
	keys := map[string]bool{}
	for of, form := range spoken() {
		if len(all[of]) == 0 {
			t.Errorf("no constant is a %s", of)
		}
		for _, value := range all[of] {
			key := strings.ReplaceAll(form, "%s", value)
			if other, ok := saidOtherwise()[key]; ok {
				key = other
			}
			keys[key] = true
		}
	}
	for _, r := range campaign.CallResults() {
		keys["result "+r.String()] = true
	}
	de, en := book(t, "de"), book(t, "en")
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !de[key] || !en[key] {
			t.Errorf("no words for %q: German %v, English %v", key, de[key], en[key])
		}
	}
	for key := range en {
		if !de[key] {
			t.Errorf("no German for %q", key)
		}
	}
	for key := range de {
		if !en[key] {
			t.Errorf("no English for %q", key)
		}
	}
}

// TestEventsOfThePage: each kind of event has its effect on the page, or is
// known to be shown by the views that it carries, or by a new snapshot, alone.
func TestEventsOfThePage(t *testing.T) {
	byItsViews := []string{"agent", "accepted", "declined", "shown", "waiting", "dialing", "held", "resumed", "extended", "consulted", "recording",
		"entered", "returned", "removed", "reopened", "corrected", "abandoned", "unanswered", "heard", "stored", "recovered", "recalled", "carried", "forgotten"}
	told := []string{"callback-missed"} // by a message
	b, err := os.ReadFile(filepath.Join("web", "effects.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range constants(t, "..")["EventKind"] {
		has := strings.Contains(string(b), "case '"+kind+"':") || strings.Contains(string(b), "e.kind === '"+kind+"'")
		if has == (slices.Contains(byItsViews, kind) || slices.Contains(told, kind)) {
			t.Errorf("event %s: in effects.js %v, and listed as needing nothing there: %v", kind, has, !has)
		}
	}
}

// TestDocumentWords: whatever is wrong with a campaign document has its German
// sentence, with the arguments of the English one.
func TestDocumentWords(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("web", "i18n", "document.de.js"))
	if err != nil {
		t.Fatal(err)
	}
	german := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  '?([a-z0-9-]+)'?: '(.*)',$`).FindAllStringSubmatch(string(b), -1) {
		german[m[1]] = m[2]
	}
	files, err := filepath.Glob("../../configs/*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../cmd/freiton/*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, file := range append(files, more...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("\\bSay\\(\"([a-z0-9-]+)\", (\"[^\"\n]*\"|`[^`]*`)").FindAllStringSubmatch(string(code), -1) {
			said[m[1]] = true
			form, ok := german[m[1]]
			for n := range 3 {
				if has := strings.Contains(form, fmt.Sprintf("{%d}", n)); !ok || has != (n < strings.Count(m[2], "%s")) {
					t.Errorf("%s %s: in German %q", m[1], m[2], form)
					break
				}
			}
		}
	}
	for code := range german {
		if !said[code] {
			t.Errorf("nobody says %q", code)
		}
	}
	if len(said) < 100 {
		t.Errorf("only %d sentences were found", len(said))
	}
}
