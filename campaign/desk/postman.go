package desk

import (
	"context"
	"slices"
	"time"

	"github.com/freiton/freiton/campaign"
)

// postman writes the messages that the dialer sends of itself: what a
// supervisor has to know, and what agents are told quietly.
type postman struct {
	w         *Web
	campaigns map[string]campaign.CampaignView // as last seen
}

// deliverWithin is how long the store may take for a message.
const deliverWithin = 10 * time.Second

// post follows the events until the context ends. A message that cannot be
// stored is lost, and that is logged: none carries what is not shown elsewhere.
func (w *Web) post(ctx context.Context) {
	source := w.desk.cfg.Control.(Events)
	for ctx.Err() == nil {
		snap, err := w.desk.cfg.Control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
		if err != nil {
			return
		}
		p := &postman{w: w, campaigns: map[string]campaign.CampaignView{}}
		for _, c := range snap.Campaigns {
			p.campaigns[c.Name] = c
		}
		events, cancel := source.Subscribe(snap.N)
		open := true
		for open {
			var e campaign.Event
			select {
			case <-ctx.Done():
				open = false
			case e, open = <-events:
				if open {
					p.take(ctx, e)
				}
			}
		}
		cancel()
		if !pauseFor(ctx, time.Second) { // a reader that lagged, or a controller that closes
			return
		}
	}
}

func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// take writes what an event has to say to whom.
func (p *postman) take(ctx context.Context, e campaign.Event) {
	switch e.Kind {
	case campaign.EventDeclineLots:
		p.toOverseers(ctx, e, campaign.Message{Code: CodeDeclinedOften, Name: string(e.Agent), Text: e.Text})
	case campaign.EventWarning:
		p.toOverseers(ctx, e, campaign.Message{Code: CodeOvertime, Name: string(e.Agent), Text: string(e.Agent) + ": after-call work has run out"})
	case campaign.EventCampaign:
		if e.CampaignView != nil {
			p.campaign(ctx, e, *e.CampaignView)
		}
	}
}

// campaign tells the joined agents of a stop, an unload and another mode, and
// supervisors of a pause that the campaign made itself.
func (p *postman) campaign(ctx context.Context, e campaign.Event, now campaign.CampaignView) {
	was, known := p.campaigns[now.Name]
	p.campaigns[now.Name] = now
	if !known {
		return
	}
	joined := slices.Clone(was.Joined)
	for _, a := range now.Joined {
		if !slices.Contains(joined, a) {
			joined = append(joined, a)
		}
	}
	m := campaign.Message{To: campaign.ToCampaign, Name: now.Name}
	switch {
	case was.State != campaign.Unloaded && now.State == campaign.Unloaded:
		m.Code, m.Text = CodeUnloaded, "campaign "+now.Name+" was unloaded"
	case was.State == campaign.Running && now.State == campaign.Loaded:
		m.Code, m.Text = CodeStopped, "campaign "+now.Name+" was stopped"
	case was.Mode != now.Mode:
		m.Code, m.Text = CodeMode, string(now.Mode)
	}
	if m.Code != "" {
		p.send(ctx, e, m, joined)
	}
	if was.Pause == nil && now.Pause != nil {
		p.toOverseers(ctx, e, campaign.Message{Code: CodePaused, To: campaign.ToCampaign, Name: now.Name, Text: now.Pause.Text})
	}
}

func (p *postman) toOverseers(ctx context.Context, e campaign.Event, m campaign.Message) {
	us, err := p.w.desk.cfg.Store.Users(ctx)
	if err != nil {
		p.w.desk.cfg.Log.Warn("a message is lost: the users cannot be read", "code", m.Code, "err", err)
		return
	}
	if m.To == "" {
		m.To = campaign.ToAgent
	}
	var to []campaign.AgentID
	for _, u := range us {
		if !u.Disabled && (principal{role: u.Role}).overseer() {
			to = append(to, u.Name)
		}
	}
	p.send(ctx, e, m, to)
}

func (p *postman) send(ctx context.Context, e campaign.Event, m campaign.Message, to []campaign.AgentID) {
	if len(to) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	m.ID, m.At = secret(), e.At
	if err := p.w.deliver(ctx, m, to); err != nil {
		p.w.desk.cfg.Log.Warn("a message is lost", "code", m.Code, "err", err)
	}
}
