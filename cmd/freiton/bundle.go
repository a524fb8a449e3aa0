package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
)

// A bundle is a zip file, uncompressed, with the files a campaign's document
// names under the paths it names. The same files make the same bytes.

const (
	maxScript = 1 << 20
	maxSound  = 16 << 20 // far more than two minutes
	maxBundle = 64 << 20 // whatever another version may have put there
)

// packing collects files for a bundle.
type packing struct {
	c     configs.Campaign
	root  *os.Root // the document's folder: what leads out of it is not read
	w     *zip.Writer
	empty bool
	texts int // of the responses
	bytes int
}

// packed is the bundle of the files a document names, which lie beside it; nil
// where it names none.
func packed(c configs.Campaign) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(c.File))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var out bytes.Buffer
	p := &packing{c: c, root: root, w: zip.NewWriter(&out), empty: true}
	for _, f := range c.Files() {
		name, limit := filepath.ToSlash(filepath.Clean(f.Name)), int64(maxSound)
		if f.Key == "script" {
			limit = maxScript
		}
		if f.Folder {
			err = p.folder(f.Key, name)
		} else {
			_, err = p.add(f.Key, name, limit)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.w.Close(); err != nil || p.empty {
		return nil, err
	}
	return out.Bytes(), nil
}

// folder packs the texts of a folder, in the order of their names.
func (p *packing) folder(key, folder string) error {
	if info, err := p.root.Stat(folder); err != nil || !info.IsDir() {
		return p.bad(key, configs.Say("no-folder", "%s is no folder", named(folder)), configs.Say("how-folder", "make it, or leave the key out"))
	}
	return fs.WalkDir(p.root.FS(), folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !desk.ResponseFile(name) {
			return err
		}
		n, err := p.add(key, name, desk.MaxResponse)
		if err != nil {
			return err
		}
		p.texts, p.bytes = p.texts+1, p.bytes+n
		switch {
		case p.texts > desk.MaxResponses:
			return p.bad(key, configs.Say("texts-many", "%s has more than %s texts", named(folder), desk.MaxResponses), configs.Say("how-texts", "keep what agents need"))
		case p.bytes > desk.MaxResponseText:
			return p.bad(key, configs.Say("texts-long", "%s has more than %s KiB of text", named(folder), desk.MaxResponseText>>10), configs.Say("how-texts", "keep what agents need"))
		}
		return nil
	})
}

// add packs a file and says how long it is. A name given twice is one file.
func (p *packing) add(key, name string, limit int64) (int, error) {
	f, err := p.root.Open(name)
	if err != nil {
		return 0, p.bad(key, fileBad(name, err), configs.Say("how-beside", "put the file into the folder of the document or below, and write the path from there"))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return 0, p.bad(key, fileBad(name, err), configs.Say("how-name-file", "name a file"))
	}
	if int64(len(content)) > limit {
		return 0, p.bad(key, configs.Say("file-large", "%s is larger than %s KiB", named(name), limit>>10), configs.Say("how-smaller", "make it smaller"))
	}
	w, err := p.w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = w.Write(content)
	}
	p.empty = false
	return len(content), err
}

func (p *packing) bad(key string, what, how configs.Saying) error {
	return configs.AsError([]configs.Problem{{Place: p.c.File, Key: key, Text: what, Cure: how}})
}

// fileBad says that a file the document names is of no use.
func fileBad(name string, err error) configs.Saying {
	if errors.Is(err, fs.ErrNotExist) {
		return configs.Say("file-missing", "there is no file %s", named(name))
	}
	return configs.Say("file-bad", "%s cannot be used: %s", named(name), err)
}

// named is a name in quotes.
func named(name string) string { return fmt.Sprintf("%q", name) }

// isCopy reports whether a folder's name is that of an unpacked bundle.
func isCopy(name string) bool {
	ok, err := regexp.MatchString(`^[0-9a-f]{16}(\.part.*)?$`, name)
	return ok && err == nil
}

// copyOf is where a bundle is unpacked.
func (documents) copyOf(dir, files string) string {
	return filepath.Join(dir, files[:min(len(files), 16)])
}

// unpacked is the folder with a bundle's files; it is made where it is not here
// yet.
func (d documents) unpacked(ctx context.Context, dir, files string) (string, error) {
	to := d.copyOf(dir, files)
	if !isCopy(filepath.Base(to)) {
		return "", fmt.Errorf("campaign: its files cannot be named %q", files)
	}
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		return to, nil
	}
	content, err := d.store.Bundle(ctx, files)
	if errors.Is(err, campaign.ErrNotFound) {
		return "", errors.New("campaign: the files it names are not in the store: apply its document again")
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", campaign.ErrFilesAway, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	part, err := os.MkdirTemp(dir, filepath.Base(to)+".part")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(part) }() // gone, when all went well
	if err := unpack(part, content); err != nil {
		return "", fmt.Errorf("campaign: its files: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		if info, e := os.Stat(to); e != nil || !info.IsDir() { // else somebody was quicker
			return "", err
		}
	}
	return to, nil
}

// unpack writes a bundle's files into a folder, onto the disk.
func unpack(dir string, content []byte) error {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := int64(maxBundle)
	for _, f := range z.File {
		if left -= int64(f.UncompressedSize64); left < 0 || f.UncompressedSize64 > maxBundle {
			return errors.New("they are too large")
		}
		if err := unpackFile(root, f); err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(root *os.Root, f *zip.File) error {
	if !fs.ValidPath(f.Name) {
		return fmt.Errorf("%q is no place for a file", f.Name)
	}
	if err := root.MkdirAll(path.Dir(f.Name), 0o700); err != nil {
		return err
	}
	from, err := f.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := root.OpenFile(f.Name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}
