package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/freiton/freiton/configs"
)

// root is the top of the source tree.
const root = "../.."

// citation is a place where the code names a rule: RFC number and section,
// which is empty where the RFC as a whole is named.
type citation struct {
	rfc, section string
	file         string
	product      bool // not a test, not the practice exchange, not the laboratory
}

// citations reads all Go files. A citation may go on over the end of a comment
// line, and name several sections: "RFC 3264 §6.1, §8.4".
func citations(t *testing.T) []citation {
	t.Helper()
	var all []citation
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		for _, c := range citedIn(string(text)) {
			c.file = name
			c.product = !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "sip/peer/") && !strings.HasPrefix(name, "configs/lab/")
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func citedIn(text string) []citation {
	text = regexp.MustCompile(`\s*\n\s*//\s*`).ReplaceAllString(text, " ")
	var all []citation
	cite := regexp.MustCompile(`RFC (\d{3,5})((?:(?:,|,? and|,? or)? §[A-Z0-9][A-Za-z0-9.]*)*)`)
	section := regexp.MustCompile(`§([A-Z0-9][A-Za-z0-9.]*)`)
	for _, m := range cite.FindAllStringSubmatch(text, -1) {
		sections := section.FindAllStringSubmatch(m[2], -1)
		if len(sections) == 0 {
			all = append(all, citation{rfc: m[1]})
		}
		for _, s := range sections {
			all = append(all, citation{rfc: m[1], section: strings.Trim(s[1], ".")})
		}
	}
	return all
}

// indexLine is a line of docs/rfc.md: | 3261 | §9.1 | what it says | done |
type indexLine struct {
	rfc, section, status string
	line                 int
}

func rfcIndex(t *testing.T) []indexLine {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/rfc.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| (\d{3,5}) \| (?:§([A-Z0-9][A-Za-z0-9.]*))? ?\| [^|]+ \| (\w+) \|$`)
	var all []indexLine
	for i, l := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(l, "| ") || strings.HasPrefix(l, "| RFC") {
			continue
		}
		m := row.FindStringSubmatch(l)
		if m == nil {
			t.Errorf("docs/rfc.md:%d: not a line of the index: %s", i+1, l)
			continue
		}
		if !slices.Contains([]string{"done", "partly", "no"}, m[3]) {
			t.Errorf("docs/rfc.md:%d: the status is done, partly or no, not %s", i+1, m[3])
		}
		all = append(all, indexLine{m[1], m[2], m[3], i + 1})
	}
	return all
}

// covers says that a line of the index speaks of a citation: of its section, or
// of one it is part of. A line without a section speaks of the whole RFC.
func (l indexLine) covers(c citation) bool {
	if l.rfc != c.rfc {
		return false
	}
	return l.section == "" || c.section == l.section || strings.HasPrefix(c.section, l.section+".")
}

// inIndex says that a citation stands in the index. A line for the whole RFC
// is enough for a section only where the index has no sections of that RFC.
func inIndex(c citation, index []indexLine) bool {
	whole, sections := false, false
	for _, l := range index {
		switch {
		case l.rfc != c.rfc:
		case c.section == "" || l.section != "" && l.covers(c):
			return true
		case l.section == "":
			whole = true
		default:
			sections = true
		}
	}
	return whole && !sections
}

// What the code cites stands in docs/rfc.md, and what stands there as done or
// partly is cited by the product's code.
func TestRFCIndexAgreesWithTheCode(t *testing.T) {
	cited, index := citations(t), rfcIndex(t)
	missing := map[string]string{}
	for _, c := range cited {
		if !inIndex(c, index) {
			missing[fmt.Sprintf("| %s | §%s |", c.rfc, c.section)] = c.file
		}
	}
	for line, file := range missing {
		t.Errorf("docs/rfc.md lacks a line for %s cited in %s", line, file)
	}
	seen := map[string]bool{}
	for _, l := range index {
		if key := l.rfc + " " + l.section; seen[key] {
			t.Errorf("docs/rfc.md:%d: a second line for %s", l.line, key)
		} else {
			seen[key] = true
		}
		byCode := slices.ContainsFunc(cited, func(c citation) bool { return c.product && l.covers(c) })
		if l.status != "no" && !byCode {
			t.Errorf("docs/rfc.md:%d: RFC %s §%s is said to be %s, and no code cites it", l.line, l.rfc, l.section, l.status)
		}
	}
	if len(cited) < 50 || len(index) < 50 {
		t.Errorf("found %d citations and %d lines: this test looks in the wrong place", len(cited), len(index))
	}
}

func TestCitedIn(t *testing.T) {
	for text, want := range map[string]string{
		"x // RFC 3261 §13.2.2.4.":               "3261 13.2.2.4",
		"// (RFC 3264 §6.1, §8.4)":               "3264 6.1;3264 8.4",
		"// see RFC 3550\n\t// §6.4.1 and §A.3.": "3550 6.4.1;3550 A.3",
		"// RFC 4733, or by INFO":                "4733 ",
		"\"RFC 3264 §6)\"":                       "3264 6",
	} {
		var got []string
		for _, c := range citedIn(text) {
			got = append(got, c.rfc+" "+c.section)
		}
		if strings.Join(got, ";") != want {
			t.Errorf("%q: %v, want %s", text, got, want)
		}
	}
}

// blocks are the code blocks of a language in a Markdown file.
func blocks(t *testing.T, file, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("%s has no block of %s", file, language)
	}
	return all
}

// What the README tells to type is right: make targets exist, configurations
// load without a problem, and the PBX's part is the one the laboratory tests.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile("(?m)(?:^ *|`)make (\\w+)").FindAllStringSubmatch(string(text), -1)
	for _, m := range targets {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("there is no `make %s`", m[1])
		}
	}
	if len(targets) < 4 {
		t.Errorf("found %d make targets", len(targets))
	}
	pictures, err := filepath.Glob(filepath.Join(root, "docs", "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Errorf("%d pictures, %v", len(pictures), err)
	}
	for _, p := range pictures {
		if !strings.Contains(string(text), "(docs/"+filepath.Base(p)+")") {
			t.Errorf("%s is not shown", filepath.Base(p))
		}
	}
	for _, y := range blocks(t, "README.md", "yaml") {
		if strings.HasPrefix(y, "name: ") {
			if _, err := configs.ParseCampaign([]byte(y), "README.md"); err != nil {
				t.Error(err)
			}
			continue
		}
		path := filepath.Join(t.TempDir(), "freiton.yaml")
		if err := os.WriteFile(path, []byte(y), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := configs.Load(path, nil, []string{"PBX_PASSWORD=x"})
		if err != nil {
			t.Error(err)
		}
		for _, p := range configs.Check(cfg) {
			t.Error(p)
		}
	}
	lab := blocks(t, "configs/lab/README.md", "ini")
	for _, ini := range blocks(t, "README.md", "ini") {
		if !slices.Contains(lab, ini) {
			t.Errorf("configs/lab/README.md has another endpoint than\n%s", ini)
		}
	}
}

// Files and tests that the documents name are there. A file is named from the
// top, from campaign on, or by its name alone.
func TestDocsNameWhatIsThere(t *testing.T) {
	files, tests := map[string]bool{}, map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		files[name], files[strings.TrimPrefix(name, "campaign/")], files[d.Name()] = true, true, true
		if strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				tests[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	named := 0
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`([\\w./-]+\\.(?:go|yaml|js|sh)|Test\\w+)`").FindAllStringSubmatch(string(text), -1) {
			named++
			if !files[m[1]] && !tests[m[1]] {
				t.Errorf("%s names %s, which is not there", filepath.Base(doc), m[1])
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d names were found", named)
	}
}
