package desk

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Description is a session description (SDP) of the browser's sound.
type Description struct {
	SDP string `json:"sdp" maxLength:"60000"`
}

// Quality is how both legs of a call sound; null where there is none.
type Quality struct {
	Contact *LegQuality `json:"contact,omitempty"`
	Headset *LegQuality `json:"headset,omitempty"`
}

// LegQuality is how one leg sounds.
type LegQuality struct {
	Codec    string  `json:"codec"`
	Loss     float64 `json:"loss" doc:"percent of packets lost"`
	JitterMS float64 `json:"jitter_ms"`
	RTTMS    float64 `json:"rtt_ms" doc:"round trip; 0: not known yet"`
	MOS      float64 `json:"mos" doc:"estimate, 1 to 4.5; 0: not known yet"`

	RemoteLoss float64 `json:"remote_loss" doc:"percent of our packets that the other end of this leg missed, by its last report"`
}

func (d *Desk) sound(api huma.API) {
	huma.Register(api, operation("headset-open", http.MethodPost, "/api/v1/headset", campaign.RoleAgent,
		"Connect the browser's microphone and loudspeaker: offer in, answer out"), d.openHeadset)
	huma.Register(api, operation("headset-close", http.MethodDelete, "/api/v1/headset", campaign.RoleAgent,
		"Take the headset off"),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			p, h := who(ctx), d.web.cfg.Headsets
			if h != nil && !d.web.seats.viewer(p.user, p.tab) {
				h.Close(string(p.user))
			}
			return nil, nil
		})
	huma.Register(api, operation("quality", http.MethodGet, "/api/v1/quality", campaign.RoleAgent,
		"How both legs of the present call sound"),
		func(ctx context.Context, _ *struct{}) (*body[Quality], error) {
			if d.web.cfg.Quality == nil {
				return reply(Quality{}), nil
			}
			return reply(d.web.cfg.Quality(who(ctx).user)), nil
		})
	huma.Register(api, operation("floor-quality", http.MethodGet, "/api/v1/floor/quality", campaign.RoleSupervisor,
		"How the present calls of the agents sound whom one sees: the worse leg of each"), d.floorQuality)
}

// AgentQuality is how an agent's call sounds.
type AgentQuality struct {
	Agent campaign.AgentID `json:"agent"`
	MOS   float64          `json:"mos" doc:"estimate of the worse leg, 1 to 4.5"`
	Side  string           `json:"side" enum:"contact,headset" doc:"which leg that is"`
}

func (d *Desk) floorQuality(ctx context.Context, _ *struct{}) (*body[[]AgentQuality], error) {
	out := []AgentQuality{}
	if d.web.cfg.Quality == nil || d.cfg.Control == nil {
		return reply(out), nil
	}
	snap, err := d.cfg.Control.Snapshot(ctx, d.viewer(who(ctx)))
	if err != nil {
		return nil, d.problem(err)
	}
	talking := map[campaign.InteractionID]bool{}
	for _, i := range snap.Interactions {
		talking[i.ID] = i.State == campaign.StateTalking
	}
	for _, a := range snap.Agents {
		if !talking[a.Interaction] {
			continue
		}
		q, one := d.web.cfg.Quality(a.Agent), AgentQuality{Agent: a.Agent}
		for side, leg := range map[string]*LegQuality{"contact": q.Contact, "headset": q.Headset} {
			if leg != nil && leg.MOS > 0 && (one.MOS == 0 || leg.MOS < one.MOS) {
				one.MOS, one.Side = leg.MOS, side
			}
		}
		if one.MOS > 0 {
			out = append(out, one)
		}
	}
	return reply(out), nil
}

func (d *Desk) openHeadset(ctx context.Context, in *struct{ Body Description }) (*body[Description], error) {
	p, h := who(ctx), d.web.cfg.Headsets
	switch {
	case h == nil:
		return nil, problem(http.StatusServiceUnavailable, CodeNoHeadset, "this server has no sound for browsers")
	case d.web.seats.viewer(p.user, p.tab):
		return nil, problem(http.StatusConflict, CodeViewer, "another tab has your desk: take over first")
	}
	answer, err := h.Open(ctx, string(p.user), in.Body.SDP)
	if err != nil {
		d.cfg.Log.Warn("headset", "agent", p.user, "err", err)
		return nil, problem(http.StatusUnprocessableEntity, CodeNoHeadset, "the headset cannot be connected: "+err.Error())
	}
	return reply(Description{answer}), nil
}
