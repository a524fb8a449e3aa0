package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/configs"
)

// vaultStore is the store of either kind, with what administration needs.
type vaultStore interface {
	campaign.Store
	campaign.Bundles
	desk.SessionStore
	campaign.Directory
	campaign.Histories
	campaign.Mailbox
	campaign.Preferences
	Known(ctx context.Context, numbers []string) (map[string][]string, error)
	KnownIDs(ctx context.Context, list string, ids []string) (map[string]string, error)
	LastLine(ctx context.Context, list string) (int, error)
	BlockAll(context.Context, []campaign.DNCEntry) error
	AddNational(ctx context.Context, list string, of time.Time, numbers []string) error
	PutNational(ctx context.Context, list string, of time.Time, by string) error
	EndRest(ctx context.Context, lists []string, after time.Time) error
	Forget(ctx context.Context, campaign string, lists []string, now time.Time) error
	Prospect(ctx context.Context, c *campaign.Campaign, now time.Time) (campaign.Prospect, error)
	Path() string
	desk.Ledger
	Dossier(ctx context.Context, number, dataDir string) (*campaign.Dossier, error)
	Erase(ctx context.Context, id string, q campaign.EraseQuery) (campaign.Erasure, error)
	PendingErasures(context.Context) ([]campaign.Erasure, error)
	Erased(ctx context.Context, id string, at time.Time) error
	AttemptsBetween(ctx context.Context, campaign string, from, until time.Time, each func(campaign.Attempt) error) error
	ListFigures(ctx context.Context, keep func(list string) bool, now time.Time) ([]campaign.ListFigures, error)
	CountRefusals(ctx context.Context, campaign string, code campaign.ReasonCode, from, until time.Time) (int, error)
	KeepStates(context.Context, []campaign.AgentState) error
	States(ctx context.Context, from, until time.Time) ([]campaign.AgentState, error)
	TeamTimes(ctx context.Context, day string) ([]campaign.TeamTime, error)
	FoldStates(ctx context.Context, midnight time.Time) (int, error)
	OldRecordings(ctx context.Context, before time.Time) (map[campaign.AttemptID]string, error)
	RecordingsGone(context.Context, []campaign.AttemptID) error
	OldNotes(ctx context.Context, before time.Time, dry bool) (int, error)
	Unlock(ctx context.Context, now time.Time) error
}

// openStore opens the store that the configuration names. Both packages' errors
// are one line with the cure.
func openStore(ctx context.Context, cfg configs.Config, folder string) (vaultStore, error) {
	o := store.Options{Country: cfg.Dial.DefaultCountry, Allow: cfg.Allowed()}
	if address, ok := cfg.Store.Postgres(); ok {
		s, err := postgres.Open(ctx, address, postgres.Options{Options: o})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := sqlite.Open(ctx, filepath.Join(folder, storeFile), o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// nameFile keeps a data folder's name among the processes of a shared store.
const nameFile = "process"

// processName is a process's name in the store. Where several share one, it is
// the data folder's own, given once: under the same name the next process of
// the folder, which has the journal, clears up after this one.
func processName(cfg configs.Config, folder string) (string, error) {
	if _, shared := cfg.Store.Postgres(); !shared {
		return localProcess, nil
	}
	file := filepath.Join(folder, nameFile)
	b, err := os.ReadFile(file)
	if name := strings.TrimSpace(string(b)); err == nil && name != "" {
		return name, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("data folder: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "freiton"
	}
	name := host + "-" + strings.ToLower(ulid.Make().String())
	if err := os.WriteFile(file, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	return name, nil
}
