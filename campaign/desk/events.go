package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/freiton/freiton/campaign"
)

const (
	aliveEvery   = 2 * time.Second  // proof of life
	mailEvery    = 5                // so many of these: is there a message?
	sessionEvery = 15               // so many of these: is the session still good?
	writeWithin  = 10 * time.Second // a reader slower than that is disconnected
	batch        = 64 << 10         // bytes written at once
)

type eventsInput struct {
	Last  string `header:"Last-Event-ID" doc:"id of the last event seen"`
	Since string `query:"since" doc:"the same, for the first connection: State.n, a dash and State.epoch"`
	Tab   string `query:"tab" doc:"names the tab, as X-Tab does for commands"`
}

func (d *Desk) events(api huma.API) {
	op := forClients(operation("events", http.MethodGet, "/api/v1/events", campaign.RoleAgent,
		"Numbered events as they happen (server-sent events)"))
	op.Description = "id: is the event's number and the epoch of the numbers; without a name the data is an Event. `event: state` brings a State where the journal " +
		"does not reach back, or the epoch is another one; `event: link`, `event: viewer`, `event: messages`, `event: alive` and `event: session` have no number. A comment and `alive` come every 2 s."
	huma.Register(api, op, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		p := who(ctx)
		since, ok := d.web.seen(in.Last)
		if in.Last == "" {
			since, ok = d.web.seen(in.Since)
		}
		st := d.web.seats.open(p)
		if st == nil {
			return nil, problem(http.StatusTooManyRequests, CodeTooMany, "too many tabs are open: close some")
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer func() { d.web.seats.close(st, d.web.cfg.Now()) }()
			_, rw := humago.Unwrap(hc)
			out := &sse{epoch: d.web.epoch, w: rw, c: http.NewResponseController(rw)}
			if err := d.web.stream(ctx, p, st, out, since, ok); err != nil {
				d.cfg.Log.Debug("events end", "user", p.user, "err", err)
			}
		}}, nil
	})
}

// seen reads which event was seen last. A number of another epoch says nothing:
// another process has given it, or this one before its journal was damaged and
// the number was given again. Without an epoch it is believed.
func (w *Web) seen(id string) (since uint64, ok bool) {
	number, epoch, of := strings.Cut(id, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	return n, err == nil && (!of || epoch == w.epoch)
}

// sse writes server-sent events. Its buffer never grows past a batch and one
// event: a slow reader stops it, and is disconnected.
type sse struct {
	epoch string
	w     http.ResponseWriter
	c     *http.ResponseController
	buf   bytes.Buffer
}

// event adds one; flush writes.
func (o *sse) event(name string, id uint64, data any) error {
	b, err := json.Marshal(data) // escapes <, > and &, and never breaks a line
	if err != nil {
		return err
	}
	if id > 0 {
		fmt.Fprintf(&o.buf, "id: %d-%s\n", id, o.epoch)
	}
	if name != "" {
		fmt.Fprintf(&o.buf, "event: %s\n", name)
	}
	fmt.Fprintf(&o.buf, "data: %s\n\n", b)
	if o.buf.Len() >= batch {
		return o.flush()
	}
	return nil
}

func (o *sse) flush() error {
	if o.buf.Len() == 0 {
		return nil
	}
	_ = o.c.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err := o.w.Write(o.buf.Bytes())
	o.buf.Reset()
	if o.buf.Cap() > 2*batch {
		o.buf = bytes.Buffer{}
	}
	if err != nil {
		return err
	}
	return o.c.Flush()
}

// stream sends what happens until the reader, the session or the program ends.
// A reader that lags is cut off by the controller and comes back with the last
// number it saw.
func (w *Web) stream(ctx context.Context, p principal, st *stream, out *sse, since uint64, resumes bool) error {
	h := out.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in between must not collect
	out.w.WriteHeader(http.StatusOK)
	fmt.Fprint(&out.buf, "retry: 1000\n\n")
	events, cancel, err := w.subscribe(ctx, p, out, since, resumes)
	if err != nil {
		return err
	}
	defer cancel()
	rings, down := w.bells.hang(p.user)
	defer down()
	told := toldBeside{links: w.links.now(w.cfg), viewer: w.seats.looksOn(st)}
	told.mail, _ = w.mail(ctx, p.user)
	if err := errors.Join(out.event("link", 0, told.links), out.event("viewer", 0, told.viewer), out.event("messages", 0, told.mail)); err != nil {
		return err
	}
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for ticks := 1; ; {
		if err := out.flush(); err != nil {
			return err
		}
		var err error
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			if err := w.some(e, events, p, out); err != nil {
				return err
			}
			continue
		case <-st.changed:
		case <-st.recheck:
			if !w.stillGood(p, st) {
				return out.last(string(CodeExpired))
			}
		case <-rings:
			err = w.tellMail(ctx, p, out, &told, func(Mail) bool { return true })
		case <-st.end:
			return out.last("logged-off")
		case <-w.stop:
			return nil
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if ticks++; ticks%sessionEvery == 0 && !w.stillGood(p, st) {
				return out.last(string(CodeExpired))
			}
			if ticks%mailEvery == 0 { // another process may have brought a message
				unread := told.mail.Unread
				err = w.tellMail(ctx, p, out, &told, func(now Mail) bool { return now.Unread != unread })
			}
			fmt.Fprintf(&out.buf, ": %d\n\n", ticks)
			err = errors.Join(err, out.event("alive", 0, Alive{w.desk.now().UTC()}))
		}
		if err != nil {
			return err
		}
		if err := w.tellBeside(st, out, &told); err != nil {
			return err
		}
	}
}

// toldBeside is what a reader was told last, beside the events.
type toldBeside struct {
	links  map[string]Link
	viewer Viewing
	mail   Mail
}

// tellBeside tells what has changed of the links and of who has the desk.
func (w *Web) tellBeside(st *stream, out *sse, told *toldBeside) error {
	if now := w.links.now(w.cfg); !maps.Equal(now, told.links) {
		told.links = now
		if err := out.event("link", 0, now); err != nil {
			return err
		}
	}
	if now := w.seats.looksOn(st); now != told.viewer {
		told.viewer = now
		return out.event("viewer", 0, now)
	}
	return nil
}

// tellMail tells how many messages there are, if that is news. While the store
// is away nothing is: a later look tells.
func (w *Web) tellMail(ctx context.Context, p principal, out *sse, told *toldBeside, news func(Mail) bool) error {
	now, err := w.mail(ctx, p.user)
	if err != nil || !news(now) {
		return nil
	}
	told.mail = now
	return out.event("messages", 0, now)
}

// last says why the stream ends.
func (o *sse) last(why string) error {
	_ = o.event("session", 0, Ended{why})
	return o.flush()
}

// Viewing is the data of `event: viewer`, Alive of `event: alive`, Ended of
// `event: session`.
type (
	Viewing struct {
		Viewer    bool   `json:"viewer"`
		Elsewhere string `json:"elsewhere,omitempty" doc:"the other process that has the desk"`
	}
	Alive struct {
		At time.Time `json:"at"`
	}
	Ended struct {
		Code string `json:"code"`
	}
)

// subscribe begins behind what the reader has seen, or with the state where
// that is too long ago or nothing.
func (w *Web) subscribe(ctx context.Context, p principal, out *sse, since uint64, resumes bool) (<-chan campaign.Event, func(), error) {
	source := w.desk.cfg.Control.(Events)
	if resumes {
		events, cancel := source.Subscribe(since)
		select {
		case e, ok := <-events:
			if ok {
				return events, cancel, w.some(e, events, p, out)
			}
			cancel()
		default:
			return events, cancel, nil
		}
	}
	s, err := w.state(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	events, cancel := source.Subscribe(s.N)
	if err := out.event("state", s.N, s); err != nil {
		cancel()
		return nil, nil, err
	}
	return events, cancel, nil
}

// errForgotten ends a stream: what it has shown is to be forgotten.
var errForgotten = errors.New("a person was erased")

// some writes an event and those that wait behind it.
func (w *Web) some(e campaign.Event, events <-chan campaign.Event, p principal, out *sse) error {
	for {
		if e.Kind == campaign.EventForgotten { // who comes back gets a snapshot
			return errForgotten
		}
		if a := e.AgentView; a != nil && a.Agent == p.user {
			w.left(*a)
		}
		if seen, ok := w.desk.view(e, p); ok {
			if err := out.event("", seen.N, seen); err != nil {
				return err
			}
		}
		select {
		case next, ok := <-events:
			if !ok {
				return out.flush() // the reader's loop finds the channel closed as well
			}
			e = next
		default:
			return nil
		}
	}
}

// stillGood asks the store for the session again: its use, its user and its
// end may have changed since the stream began.
func (w *Web) stillGood(p principal, st *stream) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ctx, err := w.sessions.scs.Load(ctx, w.seats.tokenOf(st))
	if err != nil {
		return true // the store is away; the next request will tell
	}
	if w.sessions.user(ctx) != p.user {
		return false
	}
	now, err := w.principal(ctx, p.user)
	return err != nil || now.user == p.user && now.role == p.role && now.engaged == p.engaged &&
		now.team == p.team && slices.Equal(now.clients, p.clients)
}
