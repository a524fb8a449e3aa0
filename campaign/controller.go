package campaign

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// ControllerConfig is what a controller is made of.
type ControllerConfig struct {
	Floor    FloorConfig // NewID may be nil: ULIDs
	Store    Store
	Line     Line
	Journal  *Journal
	Log      *slog.Logger
	Now      func() time.Time // nil = time.Now
	LeaseFor time.Duration    // how long a lease lasts without a heartbeat; 0 = 1 min
}

// Controller owns the floor.
type Controller struct{}

// ErrClosed says that the controller does not run.
var ErrClosed = errors.New("the campaign controller is not running")

// NewController makes a controller; nothing runs before Start.
func NewController(cfg ControllerConfig) (*Controller, error) { return nil, ErrClosed }

// Start recovers what an earlier process left behind and begins to work. ctx
// bounds the recovery only.
func (c *Controller) Start(ctx context.Context) error { return ErrClosed }

// Do makes a click happen. It answers after the journal has it: nil, a
// *NotPossible, ErrClosed or the context's error.
func (c *Controller) Do(ctx context.Context, click Click) error { return ErrClosed }

// Subscribe gives the events after number since, then those to come, until
// cancel. The channel is closed when the subscriber lags, when since is too old
// (take a Snapshot and subscribe from its N) and when the controller closes.
func (c *Controller) Subscribe(since uint64) (events <-chan Event, cancel func()) {
	return nil, nil
}

// Snapshot gives the state a viewer may see.
func (c *Controller) Snapshot(ctx context.Context, v Viewer) (Snapshot, error) {
	return Snapshot{}, ErrClosed
}

// Drain stops dialling, lets live calls end by themselves for at most d, and
// then ends them. It returns when no call lives and everything is settled, or
// with ctx.
func (c *Controller) Drain(ctx context.Context, d time.Duration) error { return ErrClosed }

// EndCalls ends all live calls at once (the second signal).
func (c *Controller) EndCalls() {}

// Close stops the controller. Calls that live are left to the next start's
// recovery; Drain before.
func (c *Controller) Close() error { return ErrClosed }

// View gives what a viewer may see of an event; false: nothing.
func View(e Event, v Viewer) (Event, bool) { return e, false }
