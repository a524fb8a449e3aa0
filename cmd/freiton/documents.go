package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
)

// documents reads campaign documents, and keeps the files they name (script,
// responses, announcement) in the data folder: a restart finds them, wherever
// the document was applied from.
//
//	data/campaigns/spring/spring.yaml, script.md, responses/…
type documents struct {
	cfg  configs.Config
	data string // data folder
}

// home is where a campaign's document and files are kept.
func (d documents) home(name string) string {
	dir := url.PathEscape(name)
	return filepath.Join(d.data, "campaigns", dir, dir+".yaml")
}

// Parse reads a document of the store.
func (d documents) Parse(document []byte) (campaign.Campaign, error) {
	c, err := configs.ParseCampaign(document, "campaign")
	if err != nil {
		return campaign.Campaign{}, err
	}
	return d.at(document, d.home(c.Name))
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

// Adopt reads a document that was written in a file and takes over the files
// it names. Without a file it is one whose files are here already.
func (d documents) Adopt(document []byte, file string) (campaign.Campaign, error) {
	if file == "" {
		return d.Parse(document)
	}
	if _, err := d.at(document, file); err != nil { // where its files are
		return campaign.Campaign{}, err
	}
	c, err := configs.ParseCampaign(document, file)
	if err != nil {
		return campaign.Campaign{}, err
	}
	home := d.home(c.Name)
	if err := os.MkdirAll(filepath.Dir(home), 0o700); err != nil {
		return campaign.Campaign{}, err
	}
	kept := c
	kept.File = home
	for _, name := range []string{c.Script, c.Responses, c.Announcement} {
		if name == "" || c.Beside(name) == kept.Beside(name) {
			continue
		}
		if err := copyAll(kept.Beside(name), c.Beside(name)); err != nil {
			return campaign.Campaign{}, fmt.Errorf("%s: %s: %w", file, name, err)
		}
	}
	if err := writeFile(home, document); err != nil {
		return campaign.Campaign{}, err
	}
	return d.at(document, home)
}

// copyAll copies a file, or a folder with what is in it.
func copyAll(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from)))
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, text)
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
