package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/list"
	"github.com/freiton/freiton/configs"
)

// listFiles reads and writes list files for the desk.
type listFiles struct {
	store vaultStore
	cfg   configs.Config
}

var _ desk.Lists = listFiles{}

// inputError is what is wrong with the caller's file.
type inputError struct{ error }

// Input tells the desk so.
func (inputError) Input() bool { return true }

func (e inputError) Unwrap() error { return e.error }

// ours gives the store's error as it is; whatever else stopped an import is
// wrong with the file.
func ours(store, err error) error {
	if store != nil || err == nil {
		return store
	}
	return inputError{err}
}

func (l listFiles) Import(ctx context.Context, name string, r io.Reader, o desk.ImportOptions) (desk.ImportResult, error) {
	opts := list.Options{
		List: name, File: filepath.Base(o.Name), Sheet: o.Sheet, MaxBad: mostTold, Country: l.cfg.Dial.DefaultCountry, Allow: l.cfg.Allowed(), Known: l.store.Known,
		KnownIDs: func(ctx context.Context, ids []string) (map[string]string, error) {
			return l.store.KnownIDs(ctx, name, ids)
		},
	}
	if o.Name == "" {
		opts.File = "list " + name
	}
	for field, header := range o.Map {
		m, err := list.ParseMapping(field + "=" + header)
		if err != nil {
			return desk.ImportResult{}, inputError{err}
		}
		opts.Map = append(opts.Map, m...)
	}
	var err error
	if opts.Lines, err = l.store.LastLine(ctx, name); err != nil {
		return desk.ImportResult{}, err
	}
	var failed error
	if !o.DryRun {
		opts.Sink = func(ctx context.Context, rs []campaign.Record) error {
			failed = l.store.Import(ctx, name, rs)
			return failed
		}
		opts.Block = func(ctx context.Context, es []campaign.DNCEntry) error {
			failed = l.store.BlockAll(ctx, es)
			return failed
		}
	}
	res, err := list.Import(ctx, r, opts)
	out := importResult(name, res, o.DryRun)
	if err == nil && len(res.History.Owners) > 0 {
		out.Unknown, failed = l.strangers(ctx, res.History.Owners)
		err = failed
	}
	return out, ours(failed, err)
}

// strangers are the owners of callbacks who have no account here: such a
// callback goes to the group when nobody takes it in time.
func (l listFiles) strangers(ctx context.Context, owners map[campaign.AgentID]int) ([]string, error) {
	users, err := l.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for name := range owners {
		if !slices.ContainsFunc(users, func(u campaign.User) bool { return u.Name == name }) {
			out = append(out, string(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

func importResult(name string, res list.Result, dry bool) desk.ImportResult {
	h := res.History
	out := desk.ImportResult{
		List: name, Lines: res.Read, Imported: res.Imported, Skipped: res.Duplicates, Repaired: res.Repaired,
		Twice: res.Twice, InLists: res.Elsewhere, DuplicateIDs: res.DuplicateIDs,
		Bad: res.BadLines, DryRun: dry, Encoding: string(res.Encoding), Separator: string(res.Comma),
		Types: words(h.ByType), Statuses: words(h.ByStatus), Results: words(h.ByResult),
		Called: h.Called, Blocked: h.Blocked,
	}
	for _, n := range res.Elsewhere {
		out.Elsewhere += n
	}
	for owner, n := range h.Owners {
		if out.Owners == nil {
			out.Owners = map[string]int{}
		}
		out.Owners[string(owner)] = n
	}
	out.Sheet, out.OtherSheets, out.Filled = res.Sheet, res.OtherSheets, res.Filled
	for _, m := range res.Mended {
		out.Mended = append(out.Mended, desk.Mended(m))
	}
	left := slices.Clone(res.Mapped) // in the order of the columns
	for _, c := range res.Columns {
		col := desk.ImportColumn{Column: c}
		if len(left) > 0 && left[0].Column == c {
			col.Field, left = string(left[0].Field), left[1:]
		}
		out.Columns = append(out.Columns, col)
	}
	for _, b := range res.Bad {
		reason := b.Reason
		if b.Value != "" {
			reason = fmt.Sprintf("%q: %s", b.Value, reason)
		}
		if b.Cure != "" {
			reason += "; " + b.Cure
		}
		out.BadLines = append(out.BadLines, desk.BadLine{Line: b.Line, Column: b.Column, Reason: reason})
	}
	return out
}

// words counts by name.
func words[T interface {
	comparable
	fmt.Stringer
}](counts map[T]int) map[string]int {
	out := map[string]int{}
	for v, n := range counts {
		out[v.String()] += n
	}
	return out
}

func (l listFiles) Export(ctx context.Context, name string, w io.Writer, o desk.ExportOptions) error {
	_, err := list.Export(ctx, w, l.store, name, list.ExportOptions{Excel: o.Excel, Changed: o.Changed, Since: o.Since})
	return err
}

func (l listFiles) ImportBlocked(ctx context.Context, r io.Reader, b desk.BlockOptions) (desk.ImportResult, error) {
	if b.National != "" {
		return l.importNational(ctx, r, b)
	}
	var failed error
	res, err := list.ImportDNC(ctx, r, list.DNCOptions{
		Country: l.cfg.Dial.DefaultCountry, Allow: l.cfg.Allowed(), By: b.By, At: time.Now(),
		Sink: func(ctx context.Context, es []campaign.DNCEntry) error {
			failed = l.store.BlockAll(ctx, es)
			return failed
		},
	})
	return importResult("", res, false), ours(failed, err)
}

// importNational takes in a whole national list. Its numbers are written as
// people there write them; whatever else it says of them is no matter of ours.
func (l listFiles) importNational(ctx context.Context, r io.Reader, b desk.BlockOptions) (desk.ImportResult, error) {
	which, country, err := configs.NationalListFor(b.National)
	if err != nil {
		return desk.ImportResult{}, inputError{err}
	}
	var failed error
	res, err := list.ImportDNC(ctx, r, list.DNCOptions{
		Country: country, By: b.By, At: b.Date,
		Sink: func(ctx context.Context, es []campaign.DNCEntry) error {
			numbers := make([]string, len(es))
			for i, e := range es {
				numbers[i] = e.Number
			}
			failed = l.store.AddNational(ctx, which.Name, b.Date, numbers)
			return failed
		},
	})
	if err == nil && res.Imported == 0 {
		err = errors.New("not one number was read: no national list")
	}
	if err == nil {
		failed = l.store.PutNational(ctx, which.Name, b.Date, b.By)
		err = failed
	}
	return importResult("", res, false), ours(failed, err)
}

// whyNot says in one sentence why a record is not dialled now: as the campaign
// that works its list would be answered.
func whyNot(ctx context.Context, docs documents, store vaultStore, r campaign.Record) (string, error) {
	c, row, err := nearest(ctx, docs, store, r)
	if errors.Is(err, campaign.ErrNotFound) {
		why := "no campaign works its list " + r.List
		if r.Status.Done() && r.Reason != "" {
			why = r.Reason + "; " + why
		}
		return why, nil
	}
	if err != nil {
		return "", err
	}
	now := time.Now()
	c.Rules.Running = row.State == campaign.Running && row.Pause == ""
	facts, err := store.Facts(ctx, campaign.PermitQuery{
		Lease: campaign.Lease{Record: r}, Campaign: c.Name, Client: c.Client, Process: localProcess,
		CallerID: c.CallerID, Account: c.Account, Rules: c.Rules, Now: now,
	})
	if err != nil {
		return "", err
	}
	return campaign.WhyNot(&c, row, r, facts, now), nil
}

// nearest is the campaign that works a record's list and is nearest to dialling
// it: one whose filter lets it through, one that runs before one that is loaded,
// and of several the most important.
func nearest(ctx context.Context, docs documents, store vaultStore, r campaign.Record) (best campaign.Campaign, row campaign.CampaignRow, err error) {
	rows, err := store.Campaigns(ctx)
	if err != nil {
		return best, row, err
	}
	states := []campaign.RunState{campaign.Unloaded, campaign.Loaded, campaign.Running}
	rank := func(c campaign.Campaign, row campaign.CampaignRow) []int {
		takes, paused := 0, 0
		if c.Selection.Filter.Match(&r) {
			takes = 1
		}
		if row.Pause == "" {
			paused = 1
		}
		return []int{takes, slices.Index(states, row.State), paused, c.Priority}
	}
	err = campaign.ErrNotFound
	for _, next := range rows {
		c, bad := docs.Parse(ctx, next)
		if bad != nil || !slices.Contains(c.Lists, r.List) {
			continue
		}
		if err != nil || slices.Compare(rank(c, next), rank(best, row)) > 0 {
			best, row, err = c, next, nil
		}
	}
	return best, row, err
}
