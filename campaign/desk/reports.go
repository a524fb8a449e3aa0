package desk

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Reports works out figures. keep says which campaigns and agents are wanted.
type Reports interface {
	Day(ctx context.Context, day time.Time, keep ReportScope) (campaign.DayReport, error)
	Abandonment(ctx context.Context, name string, day time.Time) (campaign.AbandonmentProof, error)
	// Shift is how a campaign has gone since a day began.
	Shift(ctx context.Context, name string, day time.Time) (campaign.Shift, error)
	Attempts(ctx context.Context, name string, each func(campaign.DossierAttempt) error) error
}

// ReportScope is what of the floor a report is about; nil functions: all.
type ReportScope struct {
	Campaign func(string) bool
	Agent    func(campaign.AgentID) bool
	List     func(string) bool
}

type dayInput struct {
	Day string `query:"day" maxLength:"10" doc:"as in 2026-03-04; empty: today"`
}

type csvInput struct {
	dayInput
	List string `query:"list" maxLength:"100" doc:"of the figures of lists: only this one"`
}

// day is the wanted day's first moment.
func (d *Desk) day(text string) (time.Time, error) {
	now := d.cfg.Now()
	if text == "" {
		text = now.Format(time.DateOnly)
	}
	t, err := time.ParseInLocation(time.DateOnly, text, now.Location())
	if err != nil {
		return t, huma.Error422UnprocessableEntity(fmt.Sprintf("day: %q is no day, as in 2026-03-04", text))
	}
	return t, nil
}

func (d *Desk) reports(api huma.API) {
	if d.cfg.Reports == nil {
		return
	}
	get := func(id, path, summary string) huma.Operation {
		return both(operation(id, http.MethodGet, path, campaign.RoleSupervisor, summary))
	}
	huma.Register(api, forClients(get("report-day", "/api/v1/reports/day", "The evening report: figures of a day, by campaign")), d.reportDay)
	huma.Register(api, get("report-agents", "/api/v1/reports/agents", "Agents' figures of a day; after the retention time per team only"), d.reportAgents)
	huma.Register(api, forClients(get("report-list", "/api/v1/reports/list", "Lists: used, left, callbacks open and overdue")), d.reportList)
	huma.Register(api, forClients(get("report-day-csv", "/api/v1/reports/day/csv", "The evening report as CSV; times in ms")), d.figuresCSV("day", dayRows))
	huma.Register(api, get("report-agents-csv", "/api/v1/reports/agents/csv", "Agents' figures as CSV; times in ms"), d.figuresCSV("agents", agentRows))
	huma.Register(api, forClients(get("report-list-csv", "/api/v1/reports/list/csv", "Lists as CSV")), d.figuresCSV("list", listRows))
	huma.Register(api, forClients(get("abandonment", "/api/v1/campaigns/{name}/abandonment", "The day's proof of abandoned calls, with a checksum")), d.abandonment)
	huma.Register(api, forClients(get("attempts-csv", "/api/v1/campaigns/{name}/attempts", "Every attempt of a campaign as CSV")), d.attemptsCSV)
}

func (d *Desk) dayOf(ctx context.Context, in *dayInput, about string) (campaign.DayReport, error) {
	day, err := d.day(in.Day)
	if err != nil {
		return campaign.DayReport{}, err
	}
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditReportRead, About: about, New: day.Format(time.DateOnly)}); err != nil {
		return campaign.DayReport{}, err
	}
	keep := ReportScope{}
	if s := d.scope(ctx); !s.all {
		keep = ReportScope{Campaign: s.campaign, Agent: s.agent, List: s.list}
	}
	r, err := d.cfg.Reports.Day(ctx, day, keep)
	if err == nil && who(ctx).role == campaign.RoleClient { // whoever works for it is not its business
		r.Agents, r.Total.PauseMS, r.Total.AfterCallMS = []campaign.AgentFigures{}, 0, 0
	}
	return r, d.problem(err)
}

func (d *Desk) reportDay(ctx context.Context, in *dayInput) (*body[campaign.DayReport], error) {
	r, err := d.dayOf(ctx, in, "day")
	if err != nil {
		return nil, err
	}
	return reply(r), nil
}

func (d *Desk) reportAgents(ctx context.Context, in *dayInput) (*body[[]campaign.AgentFigures], error) {
	r, err := d.dayOf(ctx, in, "agents")
	if err != nil {
		return nil, err
	}
	return reply(r.Agents), nil
}

func (d *Desk) reportList(ctx context.Context, in *struct {
	List string `query:"list" doc:"only this list"`
}) (*body[[]campaign.ListFigures], error) {
	r, err := d.dayOf(ctx, &dayInput{}, "list")
	if err != nil {
		return nil, err
	}
	if r.Lists, err = onlyList(r.Lists, in.List); err != nil {
		return nil, err
	}
	return reply(r.Lists), nil
}

// onlyList leaves the list of a name; empty: all of them.
func onlyList(ls []campaign.ListFigures, name string) ([]campaign.ListFigures, error) {
	if name == "" {
		return ls, nil
	}
	ls = slices.DeleteFunc(ls, func(l campaign.ListFigures) bool { return l.List != name })
	if len(ls) == 0 {
		return nil, huma.Error404NotFound("no list is named " + name)
	}
	return ls, nil
}

// figuresCSV gives a part of the day's report as a file.
func (d *Desk) figuresCSV(about string, rows func(campaign.DayReport) [][]string) func(context.Context, *csvInput) (*huma.StreamResponse, error) {
	return func(ctx context.Context, in *csvInput) (*huma.StreamResponse, error) {
		r, err := d.dayOf(ctx, &in.dayInput, about+" csv")
		if err != nil {
			return nil, err
		}
		if r.Lists, err = onlyList(r.Lists, in.List); err != nil {
			return nil, err
		}
		return d.csv(about, func(w *csv.Writer) error { return w.WriteAll(rows(r)) }), nil
	}
}

// cells are values as a CSV file has them.
func cells(values ...any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			out[i] = safeCell(v)
		case float64:
			out[i] = strconv.FormatFloat(v, 'f', 4, 64)
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

func dayRows(r campaign.DayReport) [][]string {
	out := [][]string{{"day", "campaign", "dialled", "reached_gross", "reached_net", "successes", "refusals", "successes_per_hour", "talk_ms", "after_call_ms", "pause_ms",
		"live_answers", "abandoned", "abandoned_of_live", "abandoned_of_all", "records", "used", "left", "callbacks_open", "callbacks_overdue"}}
	for _, f := range append(slices.Clone(r.Campaigns), r.Total) { // the total has no name, and the times
		out = append(out, cells(r.Day, f.Campaign, f.Dialled, f.ReachedGross, f.ReachedNet, f.Successes, f.Refusals, f.SuccessPerHour, f.TalkMS, f.AfterCallMS, f.PauseMS,
			f.LiveAnswers, f.Abandoned, f.OfLive, f.OfAll, f.Records, f.Used, f.Left, f.CallbacksOpen, f.Overdue))
	}
	return out
}

func agentRows(r campaign.DayReport) [][]string {
	out := [][]string{{"day", "agent", "team", "calls", "reached_net", "successes", "successes_per_hour", "talk_ms", "logged_in_ms", "ready_ms", "handling_ms", "after_call_ms", "pause_ms"}}
	for _, a := range r.Agents {
		out = append(out, cells(r.Day, string(a.Agent), a.Team, a.Calls, a.Reached, a.Successes, a.SuccessPerHour, a.TalkMS, a.LoggedInMS, a.ReadyMS, a.HandlingMS, a.AfterCallMS, a.PauseMS))
	}
	return out
}

func listRows(r campaign.DayReport) [][]string {
	out := [][]string{{"list", "records", "used", "left", "callbacks_open", "callbacks_overdue"}}
	for _, l := range r.Lists {
		out = append(out, cells(l.List, l.Records, l.Used, l.Left, l.Open, l.Overdue))
	}
	return out
}

func (d *Desk) abandonment(ctx context.Context, in *struct {
	CampaignPath
	dayInput
}) (*body[campaign.AbandonmentProof], error) {
	day, err := d.day(in.Day)
	if err != nil {
		return nil, err
	}
	if _, err := d.row(ctx, in.Name); err != nil {
		return nil, err
	}
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditReportRead, About: in.Name, New: "abandonment " + day.Format(time.DateOnly)}); err != nil {
		return nil, err
	}
	p, err := d.cfg.Reports.Abandonment(ctx, in.Name, day)
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(p), nil
}

func (d *Desk) attemptsCSV(ctx context.Context, in *CampaignPath) (*huma.StreamResponse, error) {
	if _, err := d.row(ctx, in.Name); err != nil {
		return nil, err
	}
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditAttemptsExported, About: in.Name}); err != nil {
		return nil, err
	}
	return d.csv("attempts", func(w *csv.Writer) error {
		if err := w.Write([]string{"attempt", "campaign", "list", "record", "phone", "agent", "sip_status", "dialer_result", "call_result", "disposition",
			"dialed_at", "ringing_at", "answered_at", "joined_at", "ended_at", "ended_by", "ring_ms", "agent_delay_ms", "contact_ms", "held_ms",
			"codec", "sent", "received", "lost", "jitter_ms", "mos", "recording", "note", "text"}); err != nil {
			return err
		}
		return d.cfg.Reports.Attempts(ctx, in.Name, func(a campaign.DossierAttempt) error { return w.Write(attemptCells(a)) })
	}), nil
}

func attemptCells(a campaign.DossierAttempt) []string {
	name := func(r campaign.CallResult) string {
		if r == 0 {
			return ""
		}
		return r.String()
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	rtp := make([]string, 6)
	if r := a.RTP; r != nil {
		rtp = []string{r.Codec, fmt.Sprint(r.Sent), fmt.Sprint(r.Received), fmt.Sprint(r.Lost), fmt.Sprint(r.JitterMS), fmt.Sprint(r.MOS)}
	}
	status := ""
	if a.SIPStatus != 0 {
		status = strconv.Itoa(a.SIPStatus)
	}
	cells := []string{string(a.ID), safeCell(a.Campaign), safeCell(a.List), safeCell(a.Record), a.Phone, safeCell(string(a.Agent)), status, name(a.DialerResult), name(a.CallResult),
		safeCell(a.Disposition), stamp(a.DialedAt), stamp(a.RingingAt), stamp(a.AnsweredAt), stamp(a.JoinedAt), stamp(a.EndedAt), string(a.EndedBy),
		n(a.RingMS), n(a.AgentMS), n(a.ContactMS), n(a.HeldMS)}
	return append(append(cells, rtp...), a.Recording, safeCell(a.Note), safeCell(a.Text))
}
