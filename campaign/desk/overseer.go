package desk

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// ModeChange is another mode for a campaign.
type ModeChange struct {
	Mode campaign.Mode `json:"mode" enum:"preview,push-preview,progressive,predictive"`
}

// ForcedStatus is a status that a supervisor gives an agent, and why.
type ForcedStatus struct {
	Status campaign.AgentStatus `json:"status" enum:"ready,not-ready,do-not-disturb,logged-off"`
	Reason string               `json:"reason" minLength:"1" maxLength:"100"`
}

// SetAside is for how long an offered record rests.
type SetAside struct {
	Minutes int `json:"minutes,omitempty" minimum:"1" maximum:"1440" doc:"0: 24 h"`
}

// overseeing registers what supervisors do on the floor.
func (d *Desk) overseeing(api huma.API) {
	post := func(id, path, summary string) huma.Operation {
		return operation(id, http.MethodPost, "/api/v1"+path, campaign.RoleSupervisor, summary)
	}
	huma.Register(api, both(post("campaign-mode", "/campaigns/{name}/mode", "Change the mode of a campaign; while it runs between progressive and predictive only")), d.changeMode)
	huma.Register(api, post("agent-force", "/agents/{agent}/status", "Set an agent's status, with a reason that she is told; during a call it takes effect after it"), d.forceStatus)
	huma.Register(api, post("interaction-aside", "/interactions/{id}/aside", "Set an offered record aside: it goes back to its old place and rests"), d.setAside)
}

// changeMode writes the mode into the campaign's document, the rest of which
// stays as it was written.
func (d *Desk) changeMode(ctx context.Context, in *struct {
	CampaignPath
	Body ModeChange
}) (*body[CampaignInfo], error) {
	row, err := d.row(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	old := row
	row.Document = withMode(row.Document, in.Body.Mode)
	c, err := d.cfg.Documents.Parse(ctx, row)
	if err != nil {
		return nil, documentProblem(err)
	}
	if c.Mode != in.Body.Mode {
		return nil, huma.Error422UnprocessableEntity("the document's mode is written in a way that is not changed here: apply the document with another mode")
	}
	return d.apply(ctx, old, &c, "")
}

// withMode puts a mode into a document.
func withMode(doc []byte, mode campaign.Mode) []byte {
	// Made for each request: a mode changes seldom.
	line := regexp.MustCompile(`(?m)^mode:[^\r\n#]*`)
	if line.Match(doc) {
		return line.ReplaceAll(doc, []byte("mode: "+string(mode)+" "))
	}
	return []byte(strings.TrimRight(string(doc), "\n") + "\nmode: " + string(mode) + "\n")
}

func (d *Desk) forceStatus(ctx context.Context, in *struct {
	Agent campaign.AgentID `path:"agent" maxLength:"64"`
	Body  ForcedStatus
}) (*struct{}, error) {
	by, b := who(ctx).user, in.Body
	s, err := d.cfg.Control.Snapshot(ctx, d.viewer(who(ctx)))
	if err != nil {
		return nil, d.problem(err)
	}
	if !slices.ContainsFunc(s.Agents, func(a campaign.AgentView) bool { return a.Agent == in.Agent }) {
		return nil, huma.Error404NotFound("no agent " + string(in.Agent) + " is on the floor")
	}
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditForced, About: string(in.Agent), New: string(b.Status), Reason: b.Reason}); err != nil {
		return nil, err
	}
	if err := d.cfg.Control.Do(ctx, campaign.ClickStatus{Agent: in.Agent, Status: b.Status, Reason: b.Reason}); err != nil {
		return nil, d.problem(err)
	}
	d.cfg.Log.Info("status forced", "agent", in.Agent, "status", b.Status, "reason", b.Reason, "by", by)
	m := campaign.Message{ID: secret(), At: d.now(), From: by, To: campaign.ToAgent, Name: string(in.Agent), Code: CodeForced, Text: string(b.Status) + ": " + b.Reason}
	return nil, d.problem(d.web.deliver(ctx, m, []campaign.AgentID{in.Agent}))
}

func (d *Desk) setAside(ctx context.Context, in *struct {
	OneInteraction
	Body *SetAside
}) (*struct{}, error) {
	rest := 24 * time.Hour
	if in.Body != nil && in.Body.Minutes > 0 {
		rest = time.Duration(in.Body.Minutes) * time.Minute
	}
	s, err := d.cfg.Control.Snapshot(ctx, d.viewer(who(ctx)))
	if err != nil {
		return nil, d.problem(err)
	}
	for _, i := range s.Interactions {
		if i.ID == in.ID && i.State == campaign.StateOffered {
			return nil, d.problem(d.cfg.Control.Do(ctx, campaign.ClickDecline{Agent: i.Agent, Interaction: i.ID, Aside: rest}))
		}
	}
	return nil, problem(http.StatusNotFound, campaign.ReasonNoInteraction, "this record is not being offered now")
}
