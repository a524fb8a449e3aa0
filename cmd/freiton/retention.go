package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
)

// retain deletes what is older than the configuration keeps. A run that is
// killed is taken up by the next one: files go before their names.
func retain(ctx context.Context, p personFiles, keep configs.Retention, now time.Time, dry bool) (r desk.Retained, err error) {
	r.DryRun = dry
	before := func(d configs.Duration) time.Time { return now.Add(-time.Duration(d)) }
	old, err := p.store.OldRecordings(ctx, before(keep.Recordings))
	if err != nil {
		return r, err
	}
	var gone []campaign.AttemptID
	for id, name := range old {
		if !dry {
			if err := removeRecording(p.dir, name); err != nil {
				return r, err
			}
		}
		gone = append(gone, id)
	}
	r.Recordings = len(gone)
	if !dry {
		if err := p.store.RecordingsGone(ctx, gone); err != nil {
			return r, err
		}
	}
	if r.Notes, err = p.store.OldNotes(ctx, before(keep.Notes), dry); err != nil {
		return r, err
	}
	y, m, d := before(keep.AgentTimes).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	if dry {
		states, err := p.store.States(ctx, time.Time{}, midnight)
		r.AgentTimes = len(states)
		return r, err
	}
	if r.AgentTimes, err = p.store.FoldStates(ctx, midnight); err != nil {
		return r, err
	}
	if err := p.store.Unlock(ctx, now); err != nil {
		return r, err
	}
	if err := p.compact(); err != nil {
		return r, err
	}
	return r, p.store.Audit(ctx, "", campaign.AuditEntry{Who: "retention", What: campaign.AuditRetention, At: campaign.Stamp{Time: now},
		New: fmt.Sprintf("%d recordings, %d notes, %d times of agents", r.Recordings, r.Notes, r.AgentTimes)})
}

// retainEvery is how often serve does it; the first time soon after its start.
const (
	retainEvery = 24 * time.Hour
	retainFirst = time.Minute
)

// retainDaily runs until ctx ends.
func (a *app) retainDaily(ctx context.Context) {
	timer := time.NewTimer(retainFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		r, err := retain(ctx, a.persons(a.journal), a.cfg.Retention, time.Now(), false)
		if err != nil {
			a.log.Error("retention: not everything that is too old is deleted; it is tried again", "err", err)
			timer.Reset(time.Hour)
			continue
		}
		a.log.Info("retention", "recordings", r.Recordings, "notes", r.Notes, "agent_times", r.AgentTimes)
		timer.Reset(retainEvery)
	}
}

func (c *cli) retentionCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "retention", Short: "Delete what is older than retention: says; a running server does it daily",
		Long: `Deletes recordings, notes and the times of single agents (which go on per team)
that are older than retention: of the configuration says. A running server does
this once a day, so with one running only --dry-run is of use.`,
		Example: "  freiton retention --dry-run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(r desk.Retained) table {
				t := table{head: []string{"recordings", "notes", "agent times"}}
				t.add(r.Recordings, r.Notes, r.AgentTimes)
				return t
			}
			if dry {
				return fetch(c, cmd.Context(), http.MethodGet, "/api/v1/retention", nil, show)
			}
			cfg, err := c.load()
			if err != nil {
				return err
			}
			v, err := openVault(cmd.Context(), cfg, c.log())
			if err != nil {
				return err
			}
			r, err := retain(cmd.Context(), v.persons(nil), cfg.Retention, time.Now(), false)
			if e := v.Close(); err == nil {
				err = e
			}
			if err != nil {
				return err
			}
			return c.show(r, show(r))
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only count")
	return cmd
}
