package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

// personFiles is what is kept of people, over store, recordings and journal.
type personFiles struct {
	store   vaultStore
	dir     string
	journal *campaign.Journal // of the running controller; nil: none runs
	control desk.Control      // the running controller, which forgets, too; nil: none runs
}

var _ desk.Persons = personFiles{}

func (p personFiles) Dossier(ctx context.Context, number string) (*campaign.Dossier, error) {
	return p.store.Dossier(ctx, number, p.dir)
}

func (p personFiles) Open(name string) (io.ReadCloser, error) { return desk.OpenIn(p.dir, name) }

// Forget erases. The store does it in one transaction and keeps which files are
// to follow, so that a process that is killed in between finishes when it
// starts again.
func (p personFiles) Forget(ctx context.Context, q campaign.EraseQuery) (campaign.Erasure, error) {
	e, err := p.store.Erase(ctx, ulid.Make().String(), q)
	if err != nil {
		return e, err
	}
	if p.control != nil {
		if err := p.control.Do(ctx, campaign.ClickForget{Numbers: e.Numbers, Persons: e.Persons}); err != nil {
			return e, fmt.Errorf("the person is erased; what is on screens goes with the next start: %w", err)
		}
	}
	if err := p.finish(ctx, e); err != nil {
		return e, fmt.Errorf("the person is erased, but not all files; that is tried again at the next start: %w", err)
	}
	e.DoneAt = campaign.Stamp{Time: time.Now()}
	return e, nil
}

// finish deletes what an erasure has left to delete.
func (p personFiles) finish(ctx context.Context, e campaign.Erasure) error {
	for _, name := range e.Files {
		if err := removeRecording(p.dir, name); err != nil {
			return err
		}
	}
	if err := p.compact(); err != nil {
		return err
	}
	return p.store.Erased(ctx, e.ID, time.Now())
}

// finishAll does what an earlier process has left.
func (p personFiles) finishAll(ctx context.Context) error {
	es, err := p.store.PendingErasures(ctx)
	for _, e := range es {
		if err == nil {
			err = p.finish(ctx, e)
		}
	}
	return err
}

// compact takes what is settled out of the journal.
func (p personFiles) compact() error {
	if p.journal != nil {
		return p.journal.Compact()
	}
	dir := filepath.Join(p.dir, journalFolder)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	j, err := campaign.OpenJournal(campaign.JournalConfig{Dir: dir})
	if err != nil {
		return err
	}
	return errors.Join(j.Compact(), j.Close())
}

// removeRecording deletes a recording, which may be gone already.
func removeRecording(dir, name string) error {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		name = rel
	}
	if !filepath.IsLocal(name) || !strings.HasPrefix(filepath.ToSlash(name), "recordings/") {
		return fmt.Errorf("recording %s: it does not lie in the data folder", name)
	}
	err := os.Remove(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
