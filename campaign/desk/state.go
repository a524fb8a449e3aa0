package desk

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// State is all that a desktop shows, as of event N: what it knew before is
// replaced.
type State struct {
	N            uint64                     `json:"n"`
	Epoch        string                     `json:"epoch" doc:"of the numbers of events; another one with each start of the program"`
	At           time.Time                  `json:"at" doc:"the server's clock"`
	Me           *campaign.AgentView        `json:"me" doc:"null: not logged in as an agent"`
	Agents       []campaign.AgentView       `json:"agents,omitempty" doc:"of the floor; supervisors only"`
	Campaigns    []campaign.CampaignView    `json:"campaigns"`
	Interactions []campaign.InteractionView `json:"interactions"`
	Recent       []campaign.InteractionView `json:"recent" doc:"own last ones, newest first"`
	Draining     bool                       `json:"draining,omitempty"`
	Viewer       bool                       `json:"viewer" doc:"another tab has the desk: take over, or look on"`
	Elsewhere    string                     `json:"elsewhere,omitempty" doc:"another process has it: which"`
	Links        map[string]Link            `json:"links"`
	Results      []campaign.OfferedResult   `json:"results" doc:"offered where no campaign says what"`
	NotReady     []string                   `json:"not_ready" doc:"reasons of Not ready"`
}

func (d *Desk) state(api huma.API) {
	huma.Register(api, forClients(operation("state", http.MethodGet, "/api/v1/state", campaign.RoleAgent,
		"Everything the desktop shows, and the number of the last event in it")),
		func(ctx context.Context, _ *struct{}) (*body[State], error) {
			s, err := d.web.state(ctx, who(ctx))
			if err != nil {
				return nil, d.problem(err)
			}
			return reply(s), nil
		})
	huma.Register(api, own(operation("take-over", http.MethodPost, "/api/v1/desk/take-over", campaign.RoleAgent,
		"Make this tab the desk; the other one looks on. Another process ends a call first; then it is here")),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			p := who(ctx)
			d.web.seats.take(p.user, p.tab)
			if d.web.seats.viewer(p.user, p.tab) { // another process has it
				return nil, d.problem(d.web.come(ctx, p.user, true))
			}
			return nil, nil
		})
	d.events(api)
}

// state is the state for a viewer. Who comes with an older session to a
// program that was started again is logged in on the floor again.
func (w *Web) state(ctx context.Context, p principal) (State, error) {
	if w.seats.first(p.user) {
		if err := w.come(ctx, p.user, false); err != nil {
			return State{}, err
		}
	}
	snap, err := w.snapshot(ctx, p)
	if err != nil {
		return State{}, err
	}
	s := State{
		N: snap.N, Epoch: w.epoch, At: snap.At, Campaigns: listed(snap.Campaigns), Interactions: listed(snap.Interactions), Recent: listed(snap.Recent),
		Draining: snap.Draining, Links: w.links.now(w.cfg),
		Results: offered(), NotReady: listed(w.cfg.NotReady),
	}
	for _, a := range snap.Agents {
		if a.Agent == p.user {
			s.Me = &a
			w.left(a)
		}
	}
	look := w.seats.viewing(p.user, p.tab)
	s.Viewer, s.Elsewhere = look.Viewer, look.Elsewhere
	if p.overseer() {
		s.Agents = listed(snap.Agents)
	}
	return s, nil
}

// listed makes nothing an empty list.
func listed[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// offered are the results a person can find out; the others are the dialer's.
func offered() []campaign.OfferedResult {
	var out []campaign.OfferedResult
	for _, r := range []campaign.CallResult{campaign.Answer, campaign.WrongParty, campaign.AnsweringMachine, campaign.WrongNumber,
		campaign.Busy, campaign.NoAnswer, campaign.Fax, campaign.Silence} {
		out = append(out, campaign.OfferedResult{Result: r})
	}
	return out
}

// snapshot is the controller's for a viewer. A supervisor with an engaged
// account sees her own blank record as little as an agent does.
func (w *Web) snapshot(ctx context.Context, p principal) (campaign.Snapshot, error) {
	s, err := w.desk.cfg.Control.Snapshot(ctx, w.desk.viewer(p))
	if err != nil || !p.overseer() {
		return s, err
	}
	own, err := w.desk.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: p.user, Role: campaign.RoleAgent})
	if err != nil {
		return s, err
	}
	others := func(i campaign.InteractionView) bool { return i.Agent == p.user }
	s.Recent = own.Recent
	if p.engaged {
		s.Interactions = append(slices.DeleteFunc(s.Interactions, others), own.Interactions...)
		s.N = min(s.N, own.N) // what lies between comes again as events
	}
	return s, nil
}

// view is the campaign's filter, by the same rule.
func (d *Desk) view(e campaign.Event, p principal) (campaign.Event, bool) {
	if p.engaged && e.Agent == p.user {
		return campaign.View(e, campaign.Viewer{Agent: p.user, Role: campaign.RoleAgent})
	}
	return campaign.View(e, d.viewer(p))
}

// links are the states of what the desk depends on.
type links struct {
	mu    sync.Mutex
	kept  map[string]Link
	since time.Time
}

func newLinks() *links { return &links{} }

// now asks for the states; who is asked a hundred times a second answers once.
func (l *links) now(cfg WebConfig) map[string]Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := cfg.Now(); l.kept == nil || at.Sub(l.since) >= 200*time.Millisecond {
		l.since = at
		l.kept = map[string]Link{}
		if cfg.PBX != nil {
			l.kept["pbx"] = cfg.PBX()
		}
	}
	return maps.Clone(l.kept)
}
