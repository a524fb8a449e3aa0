package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
)

// documents reads campaign documents. The files they name (script, responses,
// announcement) lie in the store, a bundle for each campaign, so that every
// process has them; a copy is unpacked in the data folder when it is needed:
//
//	data/campaigns/spring/2c26b46b68ffc68f/script.md, responses/…
type documents struct {
	cfg   configs.Config
	data  string // data folder
	store vaultStore
}

// folder is where copies of a campaign's files are.
func (d documents) folder(name string) string {
	return filepath.Join(d.data, "campaigns", url.PathEscape(name))
}

// Parse reads a document of the store. campaign.ErrFilesAway when it names files
// that are not here yet, and the store cannot be asked.
func (d documents) Parse(ctx context.Context, row campaign.CampaignRow) (_ campaign.Campaign, err error) {
	defer func() { err = worded(err) }()
	c, err := configs.ParseCampaign(row.Document, "campaign")
	if err != nil {
		return campaign.Campaign{}, err
	}
	dir := d.folder(c.Name)
	if row.Files != "" {
		if dir, err = d.unpacked(ctx, dir, row.Files); err != nil {
			return campaign.Campaign{}, err
		}
	}
	got, err := d.at(row.Document, filepath.Join(dir, "campaign.yaml"))
	got.Files = row.Files
	return got, err
}

// worded gives an error about a document to the desk in a form that its page can
// say in another language.
func worded(err error) error {
	var bad *configs.Error
	if done := (*desk.DocumentError)(nil); !errors.As(err, &bad) || errors.As(err, &done) {
		return err
	}
	out := &desk.DocumentError{Err: err}
	for _, p := range bad.Problems {
		out.Problems = append(out.Problems, desk.DocumentProblem{Place: p.Place, Key: p.Key, What: saying(p.Text), How: saying(p.Cure)})
	}
	return out
}

func saying(s configs.Saying) desk.Saying {
	out := desk.Saying{Code: s.Code, Text: s.Text}
	for _, a := range s.Args {
		out.Args = append(out.Args, saying(a))
	}
	return out
}

// at reads a document that lies, or could lie, in a file.
func (d documents) at(document []byte, file string) (campaign.Campaign, error) {
	c, err := configs.ParseCampaign(document, file)
	if err != nil {
		return campaign.Campaign{}, err
	}
	if err := configs.AsError(configs.CheckCampaign(c, d.cfg)); err != nil {
		return campaign.Campaign{}, err
	}
	return campaignOf(c, document, d.cfg, time.Now())
}

// Adopt reads a document that was written in a file and brings the files it
// names into the store. Without a file they are those of the campaign as it is.
func (d documents) Adopt(ctx context.Context, document []byte, file string) (_ campaign.Campaign, err error) {
	defer func() { err = worded(err) }()
	c, err := configs.ParseCampaign(document, file)
	if err != nil {
		return campaign.Campaign{}, err
	}
	row := campaign.CampaignRow{Document: document}
	if file == "" {
		rows, err := d.store.Campaigns(ctx)
		if err != nil {
			return campaign.Campaign{}, err
		}
		for _, was := range rows {
			if was.Name == c.Name {
				row.Files = was.Files
			}
		}
		return d.Parse(ctx, row)
	}
	if _, err := d.at(document, file); err != nil { // where its files are
		return campaign.Campaign{}, err
	}
	content, err := packed(c)
	if err == nil && content != nil {
		row.Files, err = d.store.PutBundle(ctx, content, time.Now())
	}
	if err != nil {
		return campaign.Campaign{}, err
	}
	return d.Parse(ctx, row)
}

// Tidy removes the copies of files that no campaign has any more. Nothing may
// be under way that was begun with them.
func (d documents) Tidy(ctx context.Context) error {
	rows, err := d.store.Campaigns(ctx)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, row := range rows {
		if row.Files != "" {
			used[d.copyOf(d.folder(row.Name), row.Files)] = true
		}
	}
	copies, err := filepath.Glob(filepath.Join(d.data, "campaigns", "*", "*"))
	if err != nil {
		return err
	}
	for _, dir := range copies {
		if isCopy(filepath.Base(dir)) && !used[dir] {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	return err
}

// Read reads a document from a file, for a command that was given its name.
func (d documents) Read(path string) (document []byte, file string, err error) {
	document, err = os.ReadFile(path)
	if err != nil {
		return nil, "", usage("campaign: %v", err)
	}
	if file, err = filepath.Abs(path); err != nil {
		return nil, "", usage("campaign: %v", err)
	}
	_, err = d.at(document, file)
	return document, file, err
}
