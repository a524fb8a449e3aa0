package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
)

// campaignTexts changes one file of a campaign's bundle as if the document had
// been applied again with it.
type campaignTexts struct{ documents }

// places are where a campaign's texts lie: its script, and the folder of its
// responses.
func places(c configs.Campaign) (script, responses string) {
	script, responses = "script.md", "responses"
	if c.Script != "" {
		script = path.Clean(filepath.ToSlash(c.Script))
	}
	if c.Responses != "" {
		responses = path.Clean(filepath.ToSlash(c.Responses))
	}
	return script, responses
}

func (d campaignTexts) List(ctx context.Context, row campaign.CampaignRow) ([]desk.CampaignText, error) {
	c, err := configs.ParseCampaign(row.Document, "campaign")
	if err != nil || row.Files == "" {
		return nil, err
	}
	dir, err := d.unpacked(ctx, d.folder(c.Name), row.Files)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var out []desk.CampaignText
	script, responses := places(c)
	add := func(name string) {
		if b, err := root.ReadFile(name); err == nil {
			out = append(out, desk.CampaignText{Path: name, Text: strings.ToValidUTF8(string(b), "\uFFFD")})
		}
	}
	add(script)
	return out, fs.WalkDir(root.FS(), responses, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipAll // there are none
		}
		if !e.IsDir() && desk.ResponseFile(name) {
			add(name)
		}
		return nil
	})
}

func (d campaignTexts) Change(ctx context.Context, row campaign.CampaignRow, one desk.CampaignText) (campaign.Campaign, error) {
	c, err := configs.ParseCampaign(row.Document, "campaign")
	if err != nil {
		return campaign.Campaign{}, err
	}
	script, responses := places(c)
	if one.Path != script && !(strings.HasPrefix(one.Path, responses+"/") && desk.ResponseFile(one.Path)) || !fs.ValidPath(one.Path) ||
		slices.ContainsFunc(strings.Split(one.Path, "/"), func(part string) bool { return strings.HasPrefix(part, ".") }) {
		return campaign.Campaign{}, desk.ErrBadPath
	}
	document := string(row.Document)
	switch {
	case one.Path == script && c.Script == "":
		document = strings.TrimRight(document, "\n") + fmt.Sprintf("\nscript: %s\n", script)
	case one.Path != script && c.Responses == "":
		document = strings.TrimRight(document, "\n") + fmt.Sprintf("\nresponses: %s\n", responses)
	}
	dir, err := os.MkdirTemp("", "freiton-texts")
	if err != nil {
		return campaign.Campaign{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := d.filled(ctx, dir, row.Files, one); err != nil {
		return campaign.Campaign{}, err
	}
	return d.Adopt(ctx, []byte(document), filepath.Join(dir, "campaign.yaml"))
}

// filled puts a bundle's files, and one more, into a folder.
func (d campaignTexts) filled(ctx context.Context, dir, files string, one desk.CampaignText) error {
	if files != "" {
		content, err := d.store.Bundle(ctx, files)
		if err == nil {
			err = unpack(dir, content)
		}
		if err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if strings.TrimSpace(one.Text) == "" {
		return root.Remove(one.Path)
	}
	if err := root.MkdirAll(path.Dir(one.Path), 0o700); err != nil {
		return err
	}
	return root.WriteFile(one.Path, []byte(one.Text), 0o600)
}
