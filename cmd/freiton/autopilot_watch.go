package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/freiton/freiton/campaign"
)

// stopping is what a signal has begun.
type stopping struct {
	now     atomic.Bool
	drained chan error // filled when no call lives
	cancel  func()
}

// stopOnSignal lets live calls end after a signal, and ends them at once after
// a second one.
func (c *cli) stopOnSignal(ctx context.Context, a *app) *stopping {
	s := &stopping{drained: make(chan error, 1)}
	signals, quit := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var running sync.WaitGroup
	s.cancel = func() {
		signal.Stop(signals)
		close(quit)
		running.Wait()
	}
	running.Go(func() { // ends with cancel
		select {
		case <-signals:
			c.say("no more dials; live calls have %s to end, a second signal ends them", time.Duration(a.cfg.Drain))
			s.now.Store(true)
			s.drained <- a.drain(ctx, signals)
		case <-quit:
		}
	})
	return s
}

// watch decides when a list has been worked.
type watch struct {
	app      *app
	camp     campaign.Campaign
	wait     time.Duration
	agents   *scriptedAgents
	progress *progress
}

// finished reports whether nothing is left to do; the error says why it could
// not be done.
func (w *watch) finished(ctx context.Context) (bool, error) {
	snap, err := w.app.control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		return true, err
	}
	w.progress.show(len(w.agents.offered))
	i := slices.IndexFunc(snap.Campaigns, func(c campaign.CampaignView) bool { return c.Name == w.camp.Name })
	if i < 0 {
		return true, fmt.Errorf("campaign %s is gone", w.camp.Name)
	}
	c := snap.Campaigns[i]
	switch {
	case c.Pause != nil && c.Pause.Code == campaign.ReasonJournal: // no event comes any more, nobody can finish
		return true, errors.New(c.Pause.Text)
	case len(snap.Interactions) > 0:
		return false, nil
	case c.State != campaign.Running: // by somebody else, over the socket or in another process
		return true, nil
	case c.Pause != nil:
		return true, fmt.Errorf("campaign %s has paused itself: %s", c.Name, c.Pause.Text)
	case w.agents.script.accept.none && len(w.agents.offered) > 0:
		if all, err := w.offeredAll(ctx); all || err != nil {
			return all, err
		}
	}
	switch {
	case !c.Asked || c.InWork > 0:
		return false, nil
	case c.Idle != nil && c.Idle.Code == campaign.IdleGate && c.Idle.Until.IsZero():
		return true, fmt.Errorf("nothing can be dialled: %s", c.Idle.Text)
	default:
		return c.Waiting == 0 || c.Next.IsZero() || time.Until(c.Next) > w.wait, nil
	}
}

// offeredAll reports whether each record that can be offered was offered once.
func (w *watch) offeredAll(ctx context.Context) (bool, error) {
	all := true
	err := w.app.store.Records(ctx, campaign.RecordQuery{List: w.camp.Lists[0]}, func(r campaign.Record) error {
		if r.Status == campaign.Ready && !w.agents.offered[r.ID] {
			all = false
		}
		return nil
	})
	return all, err
}

// progress shows how far a list is, on a terminal.
type progress struct{ bar *progressbar.ProgressBar }

func (c *cli) progress(ctx context.Context, a *app, camp campaign.Campaign) *progress {
	f, ok := c.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	total := 0
	_ = a.store.Records(ctx, campaign.RecordQuery{List: camp.Lists[0]}, func(campaign.Record) error { total++; return nil })
	return &progress{bar: progressbar.NewOptions(total, progressbar.OptionSetWriter(f),
		progressbar.OptionSetDescription("records offered"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())}
}

func (p *progress) show(n int) {
	if p.bar != nil {
		_ = p.bar.Set(n)
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
