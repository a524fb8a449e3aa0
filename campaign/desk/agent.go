package desk

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// StatusChange is a choice of My status.
type StatusChange struct {
	Status campaign.AgentStatus `json:"status" enum:"ready,not-ready,after-call-work,do-not-disturb,logged-off"`
	Reason string               `json:"reason,omitempty" maxLength:"100"`
}

// PopupOK is OK on one of a campaign's popups.
type PopupOK struct {
	Stage campaign.PopupStage `json:"stage" enum:"loaded,started"`
}

// Number is a number as people write it.
type Number struct {
	Number string `json:"number" maxLength:"64"`
}

func (d *Desk) agent(api huma.API) {
	post := func(id, path, summary string) huma.Operation {
		return operation(id, http.MethodPost, path, campaign.RoleAgent, summary)
	}
	huma.Register(api, post("status", "/api/v1/agent/status", "Choose My status; during a call it takes effect after it"), d.setStatus)
	type one struct{ CampaignPath }
	huma.Register(api, post("join", "/api/v1/campaigns/{name}/join", "Join a campaign"),
		func(ctx context.Context, in *one) (*struct{}, error) {
			return d.clicked(ctx, campaign.ClickJoin{Agent: who(ctx).user, Campaign: in.Name})
		})
	huma.Register(api, post("leave", "/api/v1/campaigns/{name}/leave", "Leave a campaign"),
		func(ctx context.Context, in *one) (*struct{}, error) {
			return d.clicked(ctx, campaign.ClickLeave{Agent: who(ctx).user, Campaign: in.Name})
		})
	huma.Register(api, post("popup", "/api/v1/campaigns/{name}/popup", "OK on a popup: join"),
		func(ctx context.Context, in *struct {
			CampaignPath
			Body PopupOK
		}) (*struct{}, error) {
			return d.clicked(ctx, campaign.ClickPopup{Agent: who(ctx).user, Campaign: in.Name, Stage: in.Body.Stage})
		})
	huma.Register(api, post("get-record", "/api/v1/campaigns/{name}/record", "Get the next record (preview mode); it comes as an event"),
		func(ctx context.Context, in *one) (*struct{}, error) {
			return d.clicked(ctx, campaign.ClickGetRecord{Agent: who(ctx).user, Campaign: in.Name})
		})
	huma.Register(api, post("undo", "/api/v1/undo", "Take the last Done back, for 10 s"),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			return d.clicked(ctx, campaign.ClickUndo{Agent: who(ctx).user})
		})
	huma.Register(api, post("manual", "/api/v1/manual", "Call a number from the dial pad, through the gate"),
		func(ctx context.Context, in *struct{ Body Number }) (*struct{}, error) {
			n, err := d.dialable(in.Body.Number)
			if err != nil {
				return nil, err
			}
			return d.clicked(ctx, campaign.ClickManual{Agent: who(ctx).user, Number: n})
		})
}

// dialable is a number as the campaign knows it.
func (d *Desk) dialable(raw string) (string, error) {
	n, err := d.cfg.Number(raw)
	if err != nil {
		return "", problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, err.Error())
	}
	return n, nil
}

// clicked does what an agent clicked at her desk.
func (d *Desk) clicked(ctx context.Context, c campaign.Click) (*struct{}, error) {
	p := who(ctx)
	if d.web.seats.viewer(p.user, p.tab) {
		return nil, problem(http.StatusConflict, CodeViewer, "another tab has your desk: take over there first")
	}
	return nil, d.agentProblem(ctx, d.cfg.Control.Do(ctx, c))
}

// setStatus also logs in who is not an agent yet, or has logged off: choosing
// a status is coming to work.
func (d *Desk) setStatus(ctx context.Context, in *struct{ Body StatusChange }) (*struct{}, error) {
	p := who(ctx)
	me, err := d.web.me(ctx, p.user)
	if err != nil {
		return nil, d.problem(err)
	}
	if (me == nil || me.Status == campaign.AgentLoggedOff) && in.Body.Status != campaign.AgentLoggedOff {
		u, _, err := d.web.people.get(ctx, p.user)
		if err != nil {
			return nil, d.problem(err)
		}
		u.Name, u.Engaged = p.user, p.engaged
		if _, err := d.clicked(ctx, d.web.login(u)); err != nil {
			return nil, err
		}
	}
	return d.clicked(ctx, campaign.ClickStatus{Agent: p.user, Status: in.Body.Status, Reason: in.Body.Reason})
}
