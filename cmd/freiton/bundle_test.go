package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
)

// The files a document names are in the store: a process that never saw them has
// the same, and applying the document again brings what has changed.
func TestCampaignFiles(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), storeFile), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	here, there := documents{cfg, t.TempDir(), s}, documents{cfg, t.TempDir(), s}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("c.yaml", "name: c\nscript: texts/script.md\nresponses: texts/answers\nannouncement: sorry.wav\n")
	write("texts/script.md", "Good morning")
	write("texts/answers/prices/new.md", "# New\n9.90")
	write("texts/answers/notes.doc", "not read")
	if err := media.WriteWAVFile(filepath.Join(dir, "sorry.wav"), 8000, media.Tone(440, time.Second, -20)); err != nil {
		t.Fatal(err)
	}
	document, file, err := here.Read(filepath.Join(dir, "c.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	apply := func() campaign.CampaignRow {
		t.Helper()
		c, err := here.Adopt(t.Context(), document, file)
		if err != nil {
			t.Fatal(err)
		}
		row := campaign.CampaignRow{Name: c.Name, Document: c.Document, Files: c.Files}
		if err := s.PutCampaign(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		return row
	}
	is := func(row campaign.CampaignRow, script string) campaign.Campaign {
		t.Helper()
		c, err := there.Parse(t.Context(), row)
		if err != nil {
			t.Fatal(err)
		}
		sound, _, err := media.ReadWAVFile(c.Announcement)
		if c.Script != script || err != nil || len(sound) != 8000 || string(c.Document) != string(document) {
			t.Errorf("script %q, %d samples (%v), document %q", c.Script, len(sound), err, c.Document)
		}
		if text, err := os.ReadFile(filepath.Join(c.Responses, "prices", "new.md")); err != nil || string(text) != "# New\n9.90" {
			t.Errorf("response %q, %v", text, err)
		}
		if _, err := os.Stat(filepath.Join(c.Responses, "notes.doc")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what is no response was kept (%v)", err)
		}
		return c
	}
	first := apply()
	was := is(first, "Good morning")
	if again := apply(); again.Files != first.Files {
		t.Error("the same files have another name")
	}
	write("texts/script.md", "Good evening")
	second := apply()
	now := is(second, "Good evening")
	if first.Files == second.Files {
		t.Error("changed files are not told from those before")
	}

	if err := errors.Join(os.RemoveAll(filepath.Dir(now.Announcement)), there.Tidy(t.Context())); err != nil {
		t.Fatal(err)
	}
	is(second, "Good evening")
	if _, err := os.Stat(filepath.Dir(was.Announcement)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("old files stay (%v)", err)
	}

	refuse := func(what, want string) {
		t.Helper()
		_, err := here.Adopt(t.Context(), document, file)
		if err == nil || !strings.Contains(err.Error(), want) || exitStatus(err) != 2 {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		if page := (*desk.DocumentError)(nil); !errors.As(err, &page) || len(page.Problems) == 0 || page.Problems[0].What.Code == "" {
			t.Errorf("%s: a page cannot word it: %+v", what, page)
		}
	}
	write("texts/answers/long.md", strings.Repeat("x", desk.MaxResponse+1))
	refuse("a long text", `c.yaml: responses: "texts/answers/long.md" is larger than 64 KiB; make it smaller`)
	if err := errors.Join(os.Remove(filepath.Join(dir, "texts/answers/long.md")), os.Symlink("/etc/passwd", filepath.Join(dir, "texts/answers/out.md"))); err != nil {
		t.Fatal(err)
	}
	refuse("a link that leads out", `"texts/answers/out.md" cannot be used`)
	if _, err := there.Parse(t.Context(), campaign.CampaignRow{Document: document, Files: strings.Repeat("0", 64)}); err == nil || !strings.Contains(err.Error(), "apply its document again") {
		t.Errorf("files that nobody has: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	empty := documents{cfg, t.TempDir(), s}
	if _, err := empty.Parse(t.Context(), second); !errors.Is(err, campaign.ErrFilesAway) {
		t.Errorf("without the store: %v", err)
	}
}
