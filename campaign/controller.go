package campaign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// ControllerConfig is what a controller is made of.
type ControllerConfig struct {
	Floor   FloorConfig // NewID may be nil: ULIDs
	Store   Store
	Line    Line
	Journal *Journal
	Log     *slog.Logger
	Now     func() time.Time // nil = time.Now
	// Document works out a campaign's document as the store keeps it; nil = the
	// campaigns of the store are not taken over.
	Document func(context.Context, CampaignRow) (Campaign, error)
	LeaseFor time.Duration // how long a lease lasts without a heartbeat; 0 = 1 min
}

// Controller owns the floor.
//
//	clicks ───┐            ┌─ Hold, Hangup …: at once ───────────────────────▶ Line
//	line    ──┼─▶ loop ────┤                          ┌─ events ─▶ subscribers
//	store   ──┤   (Floor)  └─▶ Journal (append, sync) ┼─ Dial ───────────────▶ Line
//	timer   ──┘                                       └─ store ops ─▶ worker ─▶ Store
//
// The loop waits for nobody. What is shown, dialled or written to the store is
// in the journal before; the journal calls back in order.
type Controller struct {
	cfg   ControllerConfig
	floor *Floor    // the loop's
	next  time.Time // the loop's: when the floor wants to be asked again
	hub   *hub
	jobs  chan job
	work  *worker
	left  Returned // by an earlier process; Start hands it to the floor

	quit    chan struct{}
	stopped sync.Once
	broken  sync.Once      // the journal is
	running sync.WaitGroup // loop, worker, heartbeat; Close waits for them

	mu       sync.Mutex
	started  bool
	unsent   map[AttemptID]Command // the Dial or Connect that waits for the journal
	early    map[Connect]bool      // each Connect that did not wait for it to the end
	calls    int                   // live, as of the last step
	wrapUps  int
	changed  chan struct{} // closed and renewed with every step
	lineLock sync.Mutex    // Line.Do is called from the loop and by the journal
}

// job is one step of the loop: an input, or a wish to see the state.
type job struct {
	in    any
	reply func(error)
	snap  func(Snapshot)
}

// ErrClosed says that the controller or journal does not run.
var ErrClosed = errors.New("the campaign controller is not running")

// NewController makes a controller; nothing runs before Start.
func NewController(cfg ControllerConfig) (*Controller, error) {
	if cfg.Store == nil || cfg.Line == nil || cfg.Journal == nil {
		return nil, errors.New("a controller needs a store, a line and a journal")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.LeaseFor <= 0 {
		cfg.LeaseFor = time.Minute
	}
	if cfg.Floor.NewID == nil {
		cfg.Floor.NewID = func(_ string, at time.Time) string {
			return ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String()
		}
	}
	c := &Controller{
		cfg: cfg, floor: NewFloor(cfg.Floor), jobs: make(chan job), quit: make(chan struct{}),
		unsent: map[AttemptID]Command{}, early: map[Connect]bool{}, changed: make(chan struct{}), hub: newHub(cfg.Journal.Last()),
	}
	c.work = newWorker(c)
	return c, nil
}

// Start recovers what an earlier process left behind, takes over the campaigns
// of the store and begins to work. ctx bounds this beginning only.
func (c *Controller) Start(ctx context.Context) error {
	c.mu.Lock()
	again := c.started
	c.started = true
	c.mu.Unlock()
	if again {
		return errors.New("the campaign controller runs already")
	}
	if err := c.recover(ctx); err != nil {
		return fmt.Errorf("recovery: %w", err)
	}
	if c.cfg.Document != nil {
		in, err := c.work.look(ctx, OpLook{})
		if err != nil {
			return fmt.Errorf("campaigns: %w", err)
		}
		c.step(job{in: in})
	}
	if len(c.left.Works) > 0 {
		c.step(job{in: c.left})
	}
	c.running.Go(c.loop)
	c.running.Go(c.work.run)
	c.running.Go(c.heartbeat)
	c.running.Go(c.watch)
	return nil
}

// Do makes a click happen. It answers after the journal has it: nil, a
// *NotPossible, ErrClosed or the context's error.
func (c *Controller) Do(ctx context.Context, click Click) error {
	answer := make(chan error, 1)
	if in, ok := click.(ClickLogin); ok && c.runs() {
		in, err := c.enter(ctx, in)
		if err != nil {
			return err
		}
		click = c.recall(ctx, in)
	}
	j := job{in: click, reply: func(err error) { answer <- err }}
	if err := c.send(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runs reports whether the controller was started.
func (c *Controller) runs() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// send hands a job to the loop.
func (c *Controller) send(ctx context.Context, j job) error {
	if !c.runs() {
		return ErrClosed
	}
	select {
	case c.jobs <- j:
		return nil
	case <-c.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// post hands an input to the loop from one of the controller's own goroutines.
func (c *Controller) post(in any) {
	select {
	case c.jobs <- job{in: in}:
	case <-c.quit:
	}
}

// Subscribe gives the events after number since, then those to come, until
// cancel. The channel is closed when the subscriber lags, when since is too old
// (take a Snapshot and subscribe from its N) and when the controller closes.
// Events are not filtered: see View.
func (c *Controller) Subscribe(since uint64) (events <-chan Event, cancel func()) {
	return c.hub.subscribe(since)
}

// Snapshot gives the state a viewer may see.
func (c *Controller) Snapshot(ctx context.Context, v Viewer) (Snapshot, error) {
	got := make(chan Snapshot, 1)
	if err := c.send(ctx, job{snap: func(s Snapshot) { got <- s }}); err != nil {
		return Snapshot{}, err
	}
	select {
	case s := <-got:
		return viewSnapshot(s, v), nil
	case <-ctx.Done():
		return Snapshot{}, ctx.Err()
	}
}

// Drain stops dialling, lets live calls end by themselves and after-call work
// be done for at most d, and then ends them; what after-call work is left waits
// for the next start (see FloorConfig.ReturnWithin). It returns when that is done
// and the store has everything, or with ctx. A store that takes nothing is
// waited for a moment only: what is decided is in the journal.
func (c *Controller) Drain(ctx context.Context, d time.Duration) error {
	if err := c.send(ctx, job{in: DrainFloor{}}); err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		calls, wrapUps, changed := c.live()
		if calls+wrapUps == 0 {
			break
		}
		select {
		case <-changed:
		case <-timer.C:
			if err := c.send(ctx, job{in: FinishFloor{}}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-c.quit:
			return ErrClosed
		}
	}
	return c.Settled(ctx)
}

// Settled returns when the store has everything that was decided so far. A
// store that takes nothing is waited for a moment only.
func (c *Controller) Settled(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, closeWithin)
	defer cancel()
	if err := c.work.flush(within); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the store did not take everything within %s, the journal has the rest for the next start: %w", closeWithin, err)
	}
	return nil
}

// EndCalls ends all live calls at once (the second signal).
func (c *Controller) EndCalls() {
	_ = c.send(context.Background(), job{in: FinishFloor{}})
}

func (c *Controller) live() (calls, wrapUps int, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls, c.wrapUps, c.changed
}

// closeWithin is how long Close lets the store take what is decided; the rest
// is in the journal.
const closeWithin = 5 * time.Second

// Close stops the controller. Calls that live are left to the next start's
// recovery; Drain before. What the line has said by now is still taken in.
func (c *Controller) Close() error {
	c.mu.Lock()
	started := c.started
	c.mu.Unlock()
	c.stopped.Do(func() { close(c.quit) })
	if started {
		c.running.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
		defer cancel()
		if err := c.cfg.Store.Depart(ctx, c.cfg.Floor.Process); err != nil {
			c.cfg.Log.Warn("agents can work at another process only when this one is known to be gone", "err", err)
		}
	}
	c.hub.close()
	return nil
}

// loop is the only goroutine that touches the floor; quit ends it.
func (c *Controller) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	line := c.cfg.Line.Events()
	for {
		select {
		case j := <-c.jobs:
			c.step(j)
		case ev, ok := <-line:
			if !ok {
				line = nil
				continue
			}
			c.step(job{in: ev})
		case <-timer.C:
			c.step(job{})
		case <-c.quit:
			c.lastWords(line)
			return
		}
		if c.next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(c.next.Sub(c.cfg.Now()), 0))
		}
	}
}

// lastWords takes in what the line has said already, and lets the worker end
// behind it.
func (c *Controller) lastWords(line <-chan LineEvent) {
	for more := line != nil; more; {
		select {
		case ev, ok := <-line:
			if more = ok; ok {
				c.step(job{in: ev})
			}
		default:
			more = false
		}
	}
	c.cfg.Journal.append(nil, func(error) { c.work.end() })
}

// step puts one job to the floor and sees its effects on their way.
func (c *Controller) step(j job) {
	if j.snap != nil {
		s := c.floor.Snapshot()
		s.At, s.N = wholeMS(c.cfg.Now()), c.cfg.Journal.Last()
		// Events on their way to the disk are in the snapshot, so it is shown
		// only behind them.
		c.cfg.Journal.append(nil, func(error) {
			c.hub.publish(nil, s.N)
			j.snap(s)
		})
		return
	}
	if ev, ok := j.in.(LineEvent); ok {
		ev.At = wholeMS(ev.At)
		j.in = ev
	}
	fx, next := c.floor.Apply(j.in, wholeMS(c.cfg.Now()))
	c.next = next
	later := c.atOnce(fx.Line)
	c.cfg.Journal.append(fx.Events, c.after(fx, later, j.reply))
	c.mu.Lock()
	c.calls, c.wrapUps = c.floor.Live()
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
}

// wholeMS cuts a time to milliseconds, as the store keeps and the API shows it.
// Its monotonic reading stays: a clock that is set does not move a countdown.
func wholeMS(t time.Time) time.Time { return t.Add(-time.Duration(t.Nanosecond() % 1e6)) }

// heartbeat says that this process lives, from its beginning on, and renews its
// leases; quit ends it.
func (c *Controller) heartbeat() {
	tick := time.NewTicker(c.cfg.LeaseFor / 3)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		if err := c.cfg.Store.Extend(ctx, c.cfg.Floor.Process, c.cfg.Now().Add(c.cfg.LeaseFor)); err != nil {
			c.cfg.Log.Warn("the leases could not be renewed", "err", err)
		}
		cancel()
		select {
		case <-tick.C:
		case <-c.quit:
			return
		}
	}
}
