package desk

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// TestCalls are calls of agents to themselves, through their own headsets.
type TestCalls interface {
	// Begin rings nobody: a beep, a time to speak, and the same time to hear it.
	Begin(agent campaign.AgentID) (TestCall, error)
	// Now is how far a test call is, or how the last one was; false: there was none.
	Now(agent campaign.AgentID) (TestCall, bool)
	End(agent campaign.AgentID)
}

// TestCall is a test call to oneself.
type TestCall struct {
	Stage    string  `json:"stage" enum:"beep,listen,play,done"`
	BeepMS   int     `json:"beep_ms" doc:"so long the beep is"`
	ListenMS int     `json:"listen_ms" doc:"then so long one may speak, and as long it is played back"`
	Level    float64 `json:"level_dbfs" doc:"of the loudest tenth of a second, from the stage play on; -120: nothing at all"`
	Floor    float64 `json:"floor_dbfs" doc:"of the quietest"`
	Missing  float64 `json:"missing" doc:"share of the packets that did not come, percent"`
	Clipped  bool    `json:"clipped" doc:"too loud: the voice was cut off"`
	RTTMS    float64 `json:"rtt_ms" doc:"of the way to the media port; 0: not known yet"`
}

// CheckLine is one line of a device check, as the page found it.
type CheckLine struct {
	Name    string `json:"name" maxLength:"40"`
	Verdict string `json:"verdict" enum:"good,warn,bad,pending"`
	Value   string `json:"value,omitempty" maxLength:"300"`
}

// CheckReport is a device check.
type CheckReport struct {
	Lines []CheckLine `json:"lines" maxItems:"40"`
	Agent string      `json:"browser,omitempty" maxLength:"400" doc:"the browser's own name"`
}

// CheckID is where a report is found again.
type CheckID struct {
	ID string `json:"id" doc:"stands in the server's log"`
}

func (d *Desk) soundCheck(api huma.API) {
	huma.Register(api, operation("headset-check", http.MethodPost, "/api/v1/headset/check", campaign.RoleAgent,
		"Report a device check: it is written into the server's log"), d.keepCheck)
	huma.Register(api, operation("test-call", http.MethodPost, "/api/v1/headset/test-call", campaign.RoleAgent,
		"Call oneself: a beep, a time to speak, and one's own voice back; not during a call"), d.beginTestCall)
	huma.Register(api, operation("test-call-now", http.MethodGet, "/api/v1/headset/test-call", campaign.RoleAgent,
		"How far the test call is, and what was heard"),
		func(ctx context.Context, _ *struct{}) (*body[TestCall], error) {
			if t := d.web.cfg.TestCalls; t != nil {
				if c, ok := t.Now(who(ctx).user); ok {
					return reply(c), nil
				}
			}
			return nil, problem(http.StatusNotFound, CodeNoHeadset, "there was no test call")
		})
	huma.Register(api, operation("test-call-end", http.MethodDelete, "/api/v1/headset/test-call", campaign.RoleAgent,
		"End the test call"),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			if t, p := d.web.cfg.TestCalls, who(ctx); t != nil && !d.web.seats.viewer(p.user, p.tab) {
				t.End(p.user)
			}
			return nil, nil
		})
}

func (d *Desk) beginTestCall(ctx context.Context, _ *struct{}) (*body[TestCall], error) {
	p, t := who(ctx), d.web.cfg.TestCalls
	switch {
	case t == nil:
		return nil, problem(http.StatusServiceUnavailable, CodeNoHeadset, "this server has no sound for browsers")
	case d.web.seats.viewer(p.user, p.tab):
		return nil, problem(http.StatusConflict, CodeViewer, "another tab has your desk: take over first")
	}
	me, err := d.web.me(ctx, p.user)
	if err != nil {
		return nil, d.problem(err)
	}
	if me != nil && me.Interaction != "" {
		return nil, problem(http.StatusConflict, campaign.ReasonBusy, "not while something is on your desk: finish it first")
	}
	c, err := t.Begin(p.user)
	if err != nil {
		return nil, problem(http.StatusConflict, CodeNoHeadset, err.Error())
	}
	return reply(c), nil
}

// keepCheck gives a report a name that can be read over the telephone.
func (d *Desk) keepCheck(ctx context.Context, in *struct{ Body CheckReport }) (*body[CheckID], error) {
	id := time.Now().UTC().Format("0102-150405-") + secret()[:4]
	level := slog.LevelInfo
	attrs := []any{"report", id, "agent", who(ctx).user, "browser", in.Body.Agent}
	for _, l := range in.Body.Lines {
		if l.Verdict == "bad" {
			level = slog.LevelWarn
		}
		attrs = append(attrs, slog.String(l.Name, l.Verdict+" "+l.Value))
	}
	d.cfg.Log.Log(ctx, level, "device check", attrs...)
	return reply(CheckID{id}), nil
}
