package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
)

func (c *cli) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "report", Short: "Figures: of a day, of agents, of lists, of abandoned calls",
		Example: "  freiton report day\n  freiton report agents --day 2026-03-04 --csv\n  freiton report abandonment --campaign spring --output json",
		RunE:    group,
	}
	cmd.AddCommand(c.reportDay(), c.reportAgents(), c.reportList(), c.reportAbandonment(), c.reportAttempts())
	return cmd
}

// figuresCommand is a report with --day and --csv.
func figuresCommand[T any](c *cli, use, short, path string, rows func(T) table) *cobra.Command {
	var day string
	var asCSV bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  freiton report " + use + " --day 2026-03-04\n  freiton report " + use + " --csv > " + use + ".csv",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{}
			if day != "" {
				if _, err := time.Parse(time.DateOnly, day); err != nil {
					return usage("--day: %q is no day, as in 2026-03-04", day)
				}
				q.Set("day", day)
			}
			return fetchCSV(c, cmd, path, q, asCSV, rows)
		},
	}
	cmd.Flags().StringVar(&day, "day", "", "the `day`, as in 2026-03-04; without it today")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "as CSV: times in ms, shares from 0 to 1")
	return cmd
}

// fetchCSV is fetch, and prints the API's CSV where that is wished.
func fetchCSV[T any](c *cli, cmd *cobra.Command, path string, q url.Values, asCSV bool, rows func(T) table) error {
	if asCSV {
		return c.print(cmd, path+"/csv?"+q.Encode())
	}
	return fetch(c, cmd.Context(), http.MethodGet, path+"?"+q.Encode(), nil, rows)
}

func shareOf(of float64) string { return fmt.Sprintf("%.2f %%", 100*of) }

// spent is a time in hours, minutes and seconds.
func spent(ms int64) string {
	s := (ms + 500) / 1000
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func (c *cli) reportDay() *cobra.Command {
	return figuresCommand(c, "day", "The evening report: dialled, reached, successes, abandoned; by campaign, and of all", "/api/v1/reports/day", dayTable)
}

func dayTable(r campaign.DayReport) table {
	t := table{head: []string{"campaign", "dialled", "gross", "net", "successes", "per hour", "talk", "after-call", "pause",
		"abandoned", "of live", "of all", "records", "used", "left", "callbacks", "overdue"}}
	add := func(name string, f campaign.DayFigures, times bool) {
		after, pause := "", ""
		if times {
			after, pause = spent(f.AfterCallMS), spent(f.PauseMS)
		}
		t.add(name, f.Dialled, f.ReachedGross, f.ReachedNet, f.Successes, fmt.Sprintf("%.1f", f.SuccessPerHour), spent(f.TalkMS), after, pause,
			f.Abandoned, shareOf(f.OfLive), shareOf(f.OfAll), f.Records, f.Used, f.Left, f.CallbacksOpen, f.Overdue)
	}
	for _, f := range r.Campaigns {
		add(f.Campaign, f, false)
	}
	add("all", r.Total, true)
	return t
}

func (c *cli) reportAgents() *cobra.Command {
	return figuresCommand(c, "agents", "Agents' figures of a day; after retention.agent_times per team only", "/api/v1/reports/agents", agentsTable)
}

func agentsTable(as []campaign.AgentFigures) table {
	t := table{head: []string{"agent", "team", "calls", "net", "successes", "per hour", "logged in", "ready", "talk", "handling", "after-call", "pause"}}
	for _, a := range as {
		t.add(a.Agent, a.Team, a.Calls, a.Reached, a.Successes, fmt.Sprintf("%.1f", a.SuccessPerHour), spent(a.LoggedInMS), spent(a.ReadyMS),
			spent(a.TalkMS), spent(a.HandlingMS), spent(a.AfterCallMS), spent(a.PauseMS))
	}
	return t
}

func (c *cli) reportList() *cobra.Command {
	var asCSV bool
	cmd := &cobra.Command{
		Use: "list [LIST]", Short: "Lists as they stand: used, left, callbacks open and overdue",
		Example: "  freiton report list\n  freiton report list customers --output json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{}
			if len(args) > 0 {
				q.Set("list", args[0])
			}
			return fetchCSV(c, cmd, "/api/v1/reports/list", q, asCSV, func(ls []campaign.ListFigures) table {
				t := table{head: []string{"list", "records", "used", "left", "callbacks", "overdue", "statuses", "results"}}
				for _, l := range ls {
					t.add(l.List, l.Records, l.Used, l.Left, l.Open, l.Overdue, counts(l.Statuses), counts(l.Results))
				}
				return t
			})
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "as CSV")
	return cmd
}

func (c *cli) reportAbandonment() *cobra.Command {
	var name, day string
	cmd := &cobra.Command{
		Use: "abandonment --campaign NAME", Short: "A day's proof of abandoned calls, with a checksum",
		Long: `Proves for a campaign and a day how many live answers found no agent within 2 s
(of live answers and of all attempts), how soon agents were there, what callers
without one heard, what the gate held back, and who moved what may be abandoned.
The checksum covers all of it: keep the document with --output json.`,
		Example: "  freiton report abandonment --campaign spring --day 2026-03-04 --output json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if day != "" {
				if _, err := time.Parse(time.DateOnly, day); err != nil {
					return usage("--day: %q is no day, as in 2026-03-04", day)
				}
			}
			return fetch(c, cmd.Context(), http.MethodGet, campaignPath(name, "/abandonment?day="+url.QueryEscape(day)), nil, proofTable)
		},
	}
	cmd.Flags().StringVar(&name, "campaign", "", "the campaign")
	cmd.Flags().StringVar(&day, "day", "", "the `day`, as in 2026-03-04; without it today")
	if err := cmd.MarkFlagRequired("campaign"); err != nil {
		panic(err) // a flag that was just added
	}
	return cmd
}

func proofTable(p campaign.AbandonmentProof) table {
	t := table{}
	t.add("campaign", p.Campaign)
	t.add("day", p.Day)
	t.add("attempts", p.Attempts)
	t.add("live answers", p.LiveAnswers)
	t.add("abandoned", p.Abandoned)
	t.add("of live answers", shareOf(p.OfLive))
	t.add("of all attempts", shareOf(p.OfAll))
	t.add("may be abandoned", shareOf(p.Allowed))
	t.add("answer to agent", fmt.Sprintf("half within %s, 95 %% within %s, longest %s", millis(p.P50MS), millis(p.P95MS), millis(p.MaxMS)))
	t.add("later than 2 s", p.Late)
	t.add("announcement", p.Announcement)
	t.add("heard to its end", fmt.Sprintf("%d of %d", p.Announced, p.Abandoned))
	t.add("held back by the gate", p.Guard)
	t.add("fell back", many(p.FellBack, "time")+" to one call for each free agent")
	for _, f := range p.Fallbacks {
		t.add("", fmt.Sprintf("%s to %s: %s", stampOf(f.From), stampOf(f.Until), f.Text))
	}
	for _, e := range slices.Clone(p.Moved) {
		t.add("moved", fmt.Sprintf("%s by %s: %s to %s, %s", stampOf(e.At), e.Who, e.Old, e.New, cmp.Or(e.Reason, "no reason given")))
	}
	t.add("checksum", p.Sum)
	return t
}

func (c *cli) reportAttempts() *cobra.Command {
	return &cobra.Command{
		Use: "attempts CAMPAIGN", Short: "Every attempt of a campaign as CSV",
		Example: "  freiton report attempts spring > attempts.csv", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.print(cmd, campaignPath(args[0], "/attempts"))
		},
	}
}
