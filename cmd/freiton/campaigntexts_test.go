package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/configs"
)

// Texts are written where the document has a place for them and nowhere else;
// a document that names none gets one.
func TestCampaignTexts(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), storeFile), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	texts := campaignTexts{documents{configs.Default(), t.TempDir(), s}}
	row := campaign.CampaignRow{Name: "c", Document: []byte("name: c # ours\nlists: [a]\n")}
	put := func(path, text string) error {
		c, err := texts.Change(t.Context(), row, desk.CampaignText{Path: path, Text: text})
		if err == nil {
			row.Document, row.Files = c.Document, c.Files
			err = s.PutCampaign(t.Context(), row)
		}
		return err
	}
	for path, ok := range map[string]bool{
		"script.md": true, "responses/prices/new.md": true, "responses/short.txt": true,
		"campaign.yaml": false, "responses": false, "responses/../x.md": false, "../x.md": false, "/etc/x.md": false, "responses/.hidden.md": false, "responses/tool.sh": false, "responses//x.md": false,
	} {
		if err := put(path, "# "+path); (err == nil) != ok || !ok && !errors.Is(err, desk.ErrBadPath) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if doc := string(row.Document); !strings.HasPrefix(doc, "name: c # ours\nlists: [a]\n") || !strings.Contains(doc, "\nscript: script.md\n") || !strings.Contains(doc, "\nresponses: responses\n") {
		t.Errorf("the document is\n%s", doc)
	}
	all, err := texts.List(t.Context(), row)
	if err != nil || len(all) != 3 || all[0] != (desk.CampaignText{Path: "script.md", Text: "# script.md"}) {
		t.Errorf("%+v, %v", all, err)
	}
	c, err := texts.Parse(t.Context(), row)
	if err != nil || c.Script != "# script.md" {
		t.Errorf("agents read %q, %v", c.Script, err)
	}
	if err := put("responses/short.txt", " \n"); err != nil {
		t.Error(err)
	}
	if all, err := texts.List(t.Context(), row); err != nil || len(all) != 2 {
		t.Errorf("left %+v, %v", all, err)
	}
}
