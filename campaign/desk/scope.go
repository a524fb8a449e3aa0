package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// scope is the part of the floor that a caller sees.
type scope struct {
	all       bool
	agents    map[campaign.AgentID]bool
	campaigns map[string]bool
	lists     map[string]bool
}

func (s scope) agent(a campaign.AgentID) bool { return s.all || s.agents[a] }
func (s scope) campaign(name string) bool     { return s.all || s.campaigns[name] }
func (s scope) list(name string) bool         { return s.all || s.lists[name] }

// attempt: of a campaign in scope, or by an agent in scope without one.
func (s scope) attempt(a campaign.Attempt) bool {
	if a.Campaign == "" {
		return s.agent(a.Agent)
	}
	return s.campaign(a.Campaign) && (a.Agent == "" || len(s.agents) == 0 || s.agent(a.Agent))
}

// scopes are what scopes are made of: users and campaigns as the store has
// them, at most a second old.
type scopes struct {
	mu   sync.Mutex
	at   time.Time
	us   []campaign.User
	docs map[string]readDocument
}

// readDocument is a campaign document, read once.
type readDocument struct {
	as campaign.Campaign // what was read: Document and Files only
	c  campaign.Campaign
}

func (s *scopes) get(ctx context.Context, d *Desk) ([]campaign.User, map[string]readDocument, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := d.cfg.Now(); s.docs != nil && now.Sub(s.at) < peopleFor && !now.Before(s.at) {
		return s.us, s.docs, nil
	}
	us, err := d.cfg.Store.Users(ctx)
	if err != nil {
		return nil, nil, err
	}
	rows, err := d.cfg.Store.Campaigns(ctx)
	if err != nil {
		return nil, nil, err
	}
	docs := make(map[string]readDocument, len(rows))
	for _, row := range rows {
		doc, known := s.docs[row.Name]
		if !known || !row.Says(&doc.as) {
			c, err := d.cfg.Documents.Parse(ctx, row)
			if err != nil {
				continue // nobody's but the whole floor's
			}
			doc = readDocument{campaign.Campaign{Document: row.Document, Files: row.Files}, c}
		}
		docs[row.Name] = doc
	}
	s.at, s.us, s.docs = d.cfg.Now(), us, docs
	return us, docs, nil
}

// scope is the caller's. What cannot be read is out of it.
func (d *Desk) scope(ctx context.Context) scope { return d.scopeOf(ctx, who(ctx)) }

func (d *Desk) scopeOf(ctx context.Context, p principal) scope {
	if !p.scoped() {
		return scope{all: true}
	}
	s := scope{agents: map[campaign.AgentID]bool{}, campaigns: map[string]bool{}, lists: map[string]bool{}}
	us, docs, err := d.scopes.get(ctx, d)
	if err != nil {
		d.cfg.Log.Error("what a user may see cannot be read", "user", p.user, "err", err)
		return s
	}
	if p.role != campaign.RoleClient {
		s.agents[p.user] = true
		for _, u := range us {
			if p.team != "" && u.Team == p.team {
				s.agents[u.Name] = true
			}
		}
	}
	for name, doc := range docs {
		s.campaigns[name] = p.oversees(doc.c, s.agents)
		for _, l := range doc.c.Lists {
			s.lists[l] = s.lists[l] || s.campaigns[name]
		}
	}
	return s
}

// oversees: a client its own campaigns, a team those its agents are assigned to.
func (p principal) oversees(c campaign.Campaign, team map[campaign.AgentID]bool) bool {
	if p.role == campaign.RoleClient {
		return c.Client != "" && slices.Contains(p.clients, c.Client)
	}
	return c.Agents.All || p.team != "" && slices.Contains(c.Agents.Teams, p.team) ||
		slices.ContainsFunc(c.Agents.Names, func(a campaign.AgentID) bool { return team[a] })
}

// viewer is what the campaign's filter wants to know.
func (d *Desk) viewer(p principal) campaign.Viewer {
	v := campaign.Viewer{Agent: p.user, Role: p.role}
	if p.scoped() {
		now := func() scope { return d.scopeOf(context.Background(), p) }
		v.Scope = &campaign.Scope{
			Agents:    func(a campaign.AgentID) bool { return now().agent(a) },
			Campaigns: func(name string) bool { return now().campaign(name) },
		}
	}
	return v
}

// inScope refuses what lies outside the caller's scope, as if it did not exist.
func (d *Desk) inScope(ctx huma.Context, p principal) *Problem {
	if !p.scoped() {
		return nil
	}
	path, s := ctx.Operation().Path, d.scopeOf(ctx.Context(), p)
	if strings.Contains(path, "/campaigns/{name}") && !s.campaign(ctx.Param("name")) {
		return problem(http.StatusNotFound, campaign.ReasonUnknownCampaign, "no campaign is named "+ctx.Param("name"))
	}
	if strings.Contains(path, "{list}") && !s.list(ctx.Param("list")) {
		return problem(http.StatusNotFound, "", "no list is named "+ctx.Param("list"))
	}
	return nil
}
