package desk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// CampaignInfo is a campaign in a line.
type CampaignInfo struct {
	Name    string    `json:"name"`
	Mode    string    `json:"mode"`
	State   string    `json:"state" enum:"unloaded,loaded,running"`
	Paused  string    `json:"paused,omitempty" doc:"why it paused itself"`
	Changed time.Time `json:"changed"`
}

// CampaignStatus is what a campaign is doing now.
type CampaignStatus struct {
	CampaignInfo
	Records  int                  `json:"records"`
	Left     int                  `json:"left" doc:"records that may still be dialled"`
	Results  map[string]int       `json:"results" doc:"records by call result"`
	Statuses map[string]int       `json:"statuses" doc:"records by status"`
	Agents   []campaign.AgentView `json:"agents,omitempty" doc:"who has joined"`
	Why      string               `json:"why,omitempty" doc:"why nothing is dialled, in one sentence"`
	Pacing   string               `json:"pacing,omitempty" doc:"why a predictive campaign does not dial ahead, in one sentence"`
	Today    *Today               `json:"today,omitempty"`
}

// Today is how a campaign has gone today.
type Today struct {
	campaign.Shift
	LeftMS int64 `json:"list_lasts_ms,omitempty" doc:"how long what is left lasts at the pace of the last hour"`
}

// CampaignPath names the campaign in a path.
type CampaignPath struct {
	Name string `path:"name"`
}

type documentOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (d *Desk) campaigns(api huma.API) {
	huma.Register(api, forClients(both(operation("campaigns", http.MethodGet, "/api/v1/campaigns", campaign.RoleSupervisor,
		"All campaigns"))), d.allCampaigns)
	huma.Register(api, both(operation("campaign-apply", http.MethodPut, "/api/v1/campaigns", campaign.RoleAdministrator,
		"Create or change the campaign of a YAML document (the request body); while it runs its mode changes between progressive and predictive only")), d.applyCampaign)
	huma.Register(api, both(operation("campaign", http.MethodGet, "/api/v1/campaigns/{name}", campaign.RoleSupervisor,
		"The campaign's document as applied")), d.showCampaign)
	huma.Register(api, both(operation("campaign-prospect", http.MethodGet, "/api/v1/campaigns/{name}/prospect", campaign.RoleSupervisor,
		"What of its lists the campaign will not dial, and why")), d.campaignProspect)
	huma.Register(api, forClients(both(operation("campaign-status", http.MethodGet, "/api/v1/campaigns/{name}/status", campaign.RoleSupervisor,
		"What the campaign is doing"))), d.campaignStatus)
	huma.Register(api, forClients(both(operation("campaign-report", http.MethodGet, "/api/v1/campaigns/{name}/report", campaign.RoleSupervisor,
		"Records, offers and attempts of the campaign"))), d.campaignReport)
	huma.Register(api, both(operation("campaign-switch", http.MethodPost, "/api/v1/campaigns/{name}/{switch}", campaign.RoleSupervisor,
		"Load, start, stop or unload the campaign")), d.switchCampaign)
}

func (d *Desk) allCampaigns(ctx context.Context, _ *struct{}) (*body[[]CampaignInfo], error) {
	rows, err := d.cfg.Store.Campaigns(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	out, mine := make([]CampaignInfo, 0, len(rows)), d.scope(ctx)
	for _, row := range rows {
		if !mine.campaign(row.Name) {
			continue
		}
		out = append(out, d.info(ctx, row))
	}
	return reply(out), nil
}

// info reads the mode from the document; one that this version cannot read
// any more is still listed.
func (d *Desk) info(ctx context.Context, row campaign.CampaignRow) CampaignInfo {
	i := CampaignInfo{Name: row.Name, State: string(row.State), Paused: row.Pause, Changed: row.Changed}
	if c, err := d.cfg.Documents.Parse(ctx, row); err == nil {
		i.Mode = string(c.Mode)
	}
	return i
}

func (d *Desk) row(ctx context.Context, name string) (campaign.CampaignRow, error) {
	rows, err := d.cfg.Store.Campaigns(ctx)
	if err != nil {
		return campaign.CampaignRow{}, d.problem(err)
	}
	for _, row := range rows {
		if row.Name == name {
			return row, nil
		}
	}
	return campaign.CampaignRow{}, huma.Error404NotFound("no campaign is named " + name)
}

// Documents reads campaign documents.
type Documents interface {
	// Parse reads one of the store.
	Parse(ctx context.Context, row campaign.CampaignRow) (campaign.Campaign, error)
	// Adopt reads one that is to be applied, and brings the files it names into
	// the store; file is where it was written, on this machine. Without it the
	// files are those of the campaign as it is.
	Adopt(ctx context.Context, document []byte, file string) (campaign.Campaign, error)
}

type applyInput struct {
	Upload
	File string `query:"file" doc:"where on the server's machine the document lies, with the files it names beside it"`
	Why  string `query:"why" maxLength:"200" doc:"needed where pacing.max_abandoned moves: the reason, for the audit log"`
}

// maxDocument is far more than a campaign document needs.
const maxDocument = 1 << 20

func (d *Desk) applyCampaign(ctx context.Context, in *applyInput) (*body[CampaignInfo], error) {
	if in.File != "" && !who(ctx).socket {
		return nil, problem(http.StatusForbidden, CodeForbidden, "file: names a file of the server, so it is for the command line there")
	}
	doc, err := io.ReadAll(io.LimitReader(in.r, maxDocument+1))
	if err != nil || len(doc) > maxDocument {
		return nil, huma.Error413RequestEntityTooLarge("a campaign document may have 1 MiB")
	}
	c, err := d.cfg.Documents.Adopt(ctx, doc, in.File)
	if err != nil {
		return nil, documentProblem(err)
	}
	row := campaign.CampaignRow{Name: c.Name, State: campaign.Unloaded}
	if old, err := d.row(ctx, c.Name); err == nil {
		row = old
	}
	return d.apply(ctx, row, &c, in.Why)
}

// apply makes a campaign what its new document and files say.
func (d *Desk) apply(ctx context.Context, row campaign.CampaignRow, c *campaign.Campaign, reason string) (*body[CampaignInfo], error) {
	// The floor asks the same; here nothing that is refused comes into the audit
	// log, and it holds where no floor runs. A document that cannot be read any
	// more keeps nobody from mending it.
	if old, err := d.cfg.Documents.Parse(ctx, row); err == nil {
		if err := campaign.ModeMayChange(row.State, old.Mode, c.Mode); err != nil {
			return nil, d.problem(err)
		}
	}
	changes, err := documentChanges(row, c, reason)
	if err != nil {
		return nil, err
	}
	for _, e := range changes { // before it holds: what is not written down is not done
		if err := d.note(ctx, "", e); err != nil {
			return nil, err
		}
	}
	if d.cfg.Control != nil { // it keeps the document itself
		if err := d.cfg.Control.Do(ctx, campaign.ClickApply{By: who(ctx).user, Campaign: c}); err != nil {
			return nil, d.problem(err)
		}
		// Who asks next, for the document or for what it will not dial, is answered
		// from the store. When that does not answer, nobody waits for it.
		within, cancel := context.WithTimeout(ctx, keptWithin)
		defer cancel()
		_ = d.cfg.Control.Settled(within)
		return d.infoOf(ctx, c.Name)
	}
	row.Document, row.Files, row.Changed = c.Document, c.Files, d.now()
	if err := d.cfg.Store.PutCampaign(ctx, row); err != nil {
		return nil, d.problem(err)
	}
	return reply(d.info(ctx, row)), nil
}

// keptWithin is how long an answer waits for the store to have what it tells.
const keptWithin = time.Second

// documentChanges is what the audit log says of a new document, and of new
// files. A budget of abandoned calls moves with a reason only.
func documentChanges(row campaign.CampaignRow, c *campaign.Campaign, why string) ([]campaign.AuditEntry, error) {
	if row.Says(c) {
		return nil, nil
	}
	name, old, new := c.Name, row.Document, c.Document
	gone, came := lineChanges(string(old), string(new))
	if row.Files != c.Files {
		came = strings.TrimSpace(came + "\nwith other files")
	}
	es := []campaign.AuditEntry{{What: campaign.AuditApplied, About: name, Old: gone, New: came, Reason: why}}
	budget := regexp.MustCompile(`max_abandoned["']?\s*:\s*([^\s,}#]+)`) // documents are applied seldom
	value := func(doc []byte) string {
		if m := budget.FindSubmatch(doc); m != nil {
			return string(m[1])
		}
		return "profile"
	}
	was, is := value(old), value(new)
	switch {
	case was == is:
		return es, nil
	case why == "" && len(old) > 0:
		return nil, problem(http.StatusUnprocessableEntity, CodeReason, "pacing.max_abandoned moves from "+was+" to "+is+": say why (--why, or ?why=); it is logged with your name")
	}
	return append(es, campaign.AuditEntry{What: campaign.AuditMaxAbandoned, About: name, Old: was, New: is, Reason: why}), nil
}

// lineChanges are the lines of a text that the other has not, each way.
func lineChanges(old, new string) (gone, came string) {
	without := func(text, other string) string {
		has := map[string]bool{}
		for line := range strings.Lines(other) {
			has[strings.TrimSpace(line)] = true
		}
		var out []string
		for line := range strings.Lines(text) {
			if t := strings.TrimSpace(line); t != "" && !has[t] {
				out = append(out, t)
			}
		}
		return strings.Join(out, "\n")
	}
	return without(old, new), without(new, old)
}

// infoOf is a campaign as the controller has it now; the store follows.
func (d *Desk) infoOf(ctx context.Context, name string) (*body[CampaignInfo], error) {
	snap, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		return nil, d.problem(err)
	}
	for _, c := range snap.Campaigns {
		if c.Name != name {
			continue
		}
		i := CampaignInfo{Name: c.Name, Mode: string(c.Mode), State: string(c.State), Changed: d.now()}
		if c.Pause != nil {
			i.Paused = c.Pause.Text
		}
		return reply(i), nil
	}
	return nil, huma.Error404NotFound("no campaign is named " + name)
}

func (d *Desk) showCampaign(ctx context.Context, in *CampaignPath) (*documentOutput, error) {
	row, err := d.row(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &documentOutput{ContentType: "application/yaml", Body: row.Document}, nil
}

// Outlook is a campaign's prospect, and the same in one sentence.
type Outlook struct {
	campaign.Prospect
	Text   string   `json:"text"`
	Doubts []string `json:"doubts,omitempty" doc:"what of the campaign's document is likely a slip, such as a list that does not exist"`
}

func (d *Desk) campaignProspect(ctx context.Context, in *CampaignPath) (*body[Outlook], error) {
	row, err := d.row(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	p, err := d.cfg.Prospect(ctx, in.Name)
	if err != nil {
		return nil, d.problem(err)
	}
	strangers, err := d.strangers(ctx, row)
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(Outlook{p, p.String(), append(p.Doubts(), strangers...)}), nil
}

// strangers are those whom a campaign's agents: names and who are not there.
func (d *Desk) strangers(ctx context.Context, row campaign.CampaignRow) ([]string, error) {
	c, err := d.cfg.Documents.Parse(ctx, row)
	if err != nil {
		return nil, err
	}
	users, err := d.cfg.Store.Users(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range c.Agents.Names {
		if !slices.ContainsFunc(users, func(u campaign.User) bool { return u.Name == name }) {
			out = append(out, fmt.Sprintf("no user is named %q, who is among the agents: freiton user add", name))
		}
	}
	for _, team := range c.Agents.Teams {
		if !slices.ContainsFunc(users, func(u campaign.User) bool { return u.Team == team }) {
			out = append(out, fmt.Sprintf("nobody is in team %q, which is to work it", team))
		}
	}
	return out, nil
}

func (d *Desk) campaignStatus(ctx context.Context, in *CampaignPath) (*body[CampaignStatus], error) {
	row, err := d.row(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	s := CampaignStatus{Why: "no server runs on this data folder"}
	if d.cfg.Control != nil {
		if err := d.floor(ctx, in.Name, &s); err != nil {
			return nil, err
		}
	}
	s.CampaignInfo = d.info(ctx, row)
	if err := d.count(ctx, row, &s); err != nil {
		return nil, d.problem(err)
	}
	if d.cfg.Reports != nil {
		today, err := d.shifts.of(ctx, d.cfg.Reports, in.Name, d.cfg.Now())
		if err != nil {
			return nil, d.problem(err)
		}
		s.Today = &Today{today, today.Forecast(s.Left).Milliseconds()}
	}
	return reply(s), nil
}

// floor fills in what the controller knows.
func (d *Desk) floor(ctx context.Context, name string, s *CampaignStatus) error {
	v := d.viewer(who(ctx))
	snap, err := d.cfg.Control.Snapshot(ctx, v)
	if err != nil {
		return d.problem(err)
	}
	s.Why = "it is not loaded"
	for _, c := range snap.Campaigns {
		if c.Name == name {
			s.Why = ""
			if c.Idle != nil {
				s.Why = c.Idle.Text
			}
			if c.Pacing != nil && (c.Idle == nil || c.Idle.Code != c.Pacing.Code) {
				s.Pacing = c.Pacing.Text
			}
		}
	}
	for _, a := range snap.Agents {
		if slices.Contains(a.Joined, name) {
			s.Agents = append(s.Agents, a)
		}
	}
	return nil
}

func (d *Desk) count(ctx context.Context, row campaign.CampaignRow, s *CampaignStatus) error {
	c, err := d.cfg.Documents.Parse(ctx, row)
	if err != nil {
		return err
	}
	s.Results, s.Statuses = map[string]int{}, map[string]int{}
	byStatus, byResult, err := d.cfg.Store.CountRecords(ctx, c.Lists)
	for status, n := range byStatus {
		s.Records += n
		s.Statuses[status.String()] += n
		if status == campaign.Ready || status == campaign.MissedCallback || status == campaign.ChainReady {
			s.Left += n
		}
	}
	for result, n := range byResult {
		s.Results[result.String()] += n
	}
	return err
}

func (d *Desk) campaignReport(ctx context.Context, in *CampaignPath) (*huma.StreamResponse, error) {
	if _, err := d.row(ctx, in.Name); err != nil {
		return nil, err
	}
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditReportRead, About: in.Name}); err != nil {
		return nil, err
	}
	write, err := d.cfg.Report(ctx, in.Name)
	if err != nil {
		return nil, d.problem(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/json")
		if err := write(hc.BodyWriter()); err != nil {
			d.cfg.Log.Error("report broke off", "campaign", in.Name, "err", err)
			panic(http.ErrAbortHandler) // a broken connection, not half a report that looks whole
		}
	}}, nil
}

func (d *Desk) switchCampaign(ctx context.Context, in *struct {
	CampaignPath
	Switch string `path:"switch" enum:"load,start,stop,unload"`
}) (*body[CampaignInfo], error) {
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditSwitched, About: in.Name, New: in.Switch}); err != nil {
		return nil, err
	}
	if d.cfg.Control != nil {
		if err := d.cfg.Control.Do(ctx, click(in.Switch, in.Name, who(ctx).user)); err != nil {
			return nil, d.problem(err)
		}
		return d.infoOf(ctx, in.Name)
	}
	row, err := d.row(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	// Without a server the wish is written down; the next one begins so.
	row.State, row.Pause, row.Changed = after(in.Switch), "", d.now()
	if err := d.cfg.Store.PutCampaign(ctx, row); err != nil {
		return nil, d.problem(err)
	}
	return reply(d.info(ctx, row)), nil
}

// click is the click for a switch.
func click(to, name string, by campaign.AgentID) campaign.Click {
	switch to {
	case "load":
		return campaign.ClickLoad{By: by, Campaign: name}
	case "start":
		return campaign.ClickStart{By: by, Campaign: name}
	case "stop":
		return campaign.ClickStop{By: by, Campaign: name}
	default:
		return campaign.ClickUnload{By: by, Campaign: name}
	}
}

// after is the state a switch leads to.
func after(to string) campaign.RunState {
	switch to {
	case "start":
		return campaign.Running
	case "unload":
		return campaign.Unloaded
	default:
		return campaign.Loaded
	}
}
