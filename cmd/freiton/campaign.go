package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

func (c *cli) campaignCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "campaign", Short: "Campaigns: apply, load, start, stop, report",
		Example: "  freiton campaign apply -f spring.yaml\n  freiton campaign start spring\n  freiton campaign status spring",
		RunE:    group,
	}
	cmd.AddCommand(c.campaignApply(), c.campaignAll(), c.campaignShow(),
		c.campaignSwitch("load", "Load a campaign: its agents are told and may join"),
		c.campaignSwitch("start", "Start a campaign, or go on after a pause"),
		c.campaignSwitch("stop", "Stop a campaign: open previews go back, calls are finished"),
		c.campaignSwitch("unload", "Unload a campaign"),
		c.campaignMode(), c.campaignStatus(), c.campaignReport())
	return cmd
}

func (c *cli) campaignApply() *cobra.Command {
	var file, why string
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Create or change a campaign from its document",
		Long: `Creates or changes a campaign from its document. While the campaign runs its
mode changes between progressive and predictive only.`,
		Example: "  freiton campaign apply -f spring.yaml", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			_, whole, err := documents{cfg: cfg}.Read(file)
			if err != nil {
				return err
			}
			var info desk.CampaignInfo
			if err := c.send(cmd.Context(), http.MethodPut, "/api/v1/campaigns?file="+url.QueryEscape(whole)+"&why="+url.QueryEscape(why), "application/yaml", file, decodeInto(&info)); err != nil {
				return err
			}
			if err := c.show(info, campaignTable([]desk.CampaignInfo{info})); err != nil {
				return err
			}
			return c.sayProspect(cmd.Context(), info.Name)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "campaign document (YAML)")
	cmd.Flags().StringVar(&why, "why", "", "the reason, for the audit log; needed where pacing.max_abandoned moves")
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // a flag that was just added
	}
	return cmd
}

func campaignTable(cs []desk.CampaignInfo) table {
	t := table{head: []string{"campaign", "mode", "state", "paused"}}
	for _, i := range cs {
		t.add(i.Name, i.Mode, i.State, i.Paused)
	}
	return t
}

func (c *cli) campaignAll() *cobra.Command {
	return &cobra.Command{
		Use: "all", Short: "All campaigns", Example: "  freiton campaign all", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fetch(c, cmd.Context(), http.MethodGet, "/api/v1/campaigns", nil, campaignTable)
		},
	}
}

func campaignPath(name, more string) string {
	return "/api/v1/campaigns/" + url.PathEscape(name) + more
}

func (c *cli) campaignShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Print a campaign's document", Example: "  freiton campaign show spring > spring.yaml", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				r, err := client.Do(cmd.Context(), http.MethodGet, campaignPath(args[0], ""), "", nil)
				if err != nil {
					return err
				}
				defer r.Close()
				if !c.output.json {
					_, err = io.Copy(c.out, r)
					return err
				}
				text, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				return c.showDocument(text)
			})
		},
	}
}

func (c *cli) campaignSwitch(to, short string) *cobra.Command {
	return &cobra.Command{
		Use: to + " NAME", Short: short, Example: "  freiton campaign " + to + " spring", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := fetch(c, cmd.Context(), http.MethodPost, campaignPath(args[0], "/"+to), nil, func(i desk.CampaignInfo) table {
				return campaignTable([]desk.CampaignInfo{i})
			})
			if err == nil && (to == "load" || to == "start") {
				err = c.sayProspect(cmd.Context(), args[0])
			}
			return err
		},
	}
}

func (c *cli) campaignMode() *cobra.Command {
	return &cobra.Command{
		Use: "mode NAME MODE", Short: "Change a campaign's mode; while it runs between progressive and predictive only",
		Long: `Writes another mode into the campaign's document, the rest of which stays as it
is: preview, push-preview, progressive or predictive. While the campaign runs it
changes between progressive and predictive only.`,
		Example: "  freiton campaign mode spring predictive", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := desk.ModeChange{Mode: campaign.Mode(args[1])}
			return fetch(c, cmd.Context(), http.MethodPost, campaignPath(args[0], "/mode"), body, func(i desk.CampaignInfo) table {
				return campaignTable([]desk.CampaignInfo{i})
			})
		},
	}
}

// sayProspect tells what of its lists a campaign will not dial.
func (c *cli) sayProspect(ctx context.Context, name string) error {
	return c.admin(ctx, func(client *desk.Client) error {
		var o desk.Outlook
		if err := client.JSON(ctx, http.MethodGet, campaignPath(name, "/prospect"), nil, &o); err != nil {
			return err
		}
		c.say("%s", o.Text)
		for _, d := range o.Doubts {
			c.say("%s", d)
		}
		return nil
	})
}

func (c *cli) campaignStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status NAME", Short: "What a campaign is doing, and why nothing is dialled", Example: "  freiton campaign status spring", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := fetch(c, cmd.Context(), http.MethodGet, campaignPath(args[0], "/status"), nil, statusTable)
			if err == nil {
				err = c.sayProspect(cmd.Context(), args[0])
			}
			return err
		},
	}
}

func statusTable(s desk.CampaignStatus) table {
	t := table{}
	t.add("campaign", s.Name)
	t.add("mode", s.Mode)
	t.add("state", s.State)
	if s.Paused != "" {
		t.add("paused", s.Paused)
	}
	if s.Why != "" {
		t.add("not dialling", s.Why)
	}
	if s.Pacing != "" {
		t.add("pacing", s.Pacing)
	}
	t.add("records", s.Records)
	t.add("left", s.Left)
	t.add("statuses", counts(s.Statuses))
	t.add("results", counts(s.Results))
	for _, a := range s.Agents {
		t.add("agent "+string(a.Agent), doing(a))
	}
	return t
}

// doing is an agent's status, and what she does or waits for.
func doing(a campaign.AgentView) string {
	s := strings.TrimSpace(string(a.Status) + " " + a.Reason)
	switch {
	case a.Idle != nil && a.Status == campaign.AgentReady: // of the others it says the status once more
		s += ": " + a.Idle.Text
	case a.Interaction != "" && a.Status == campaign.AgentReady:
		s += ": at work on a record"
	}
	return s
}

func (c *cli) campaignReport() *cobra.Command {
	return &cobra.Command{
		Use: "report NAME", Short: "Records, offers and attempts of a campaign: JSON, at a terminal a table of the records",
		Example: "  freiton campaign report spring > report.json\n  freiton campaign report spring --output table", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !c.forPerson() {
				return c.print(cmd, campaignPath(args[0], "/report"))
			}
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				r, err := client.Do(cmd.Context(), http.MethodGet, campaignPath(args[0], "/report"), "", nil)
				if err != nil {
					return err
				}
				defer r.Close()
				t := c.reportTable()
				if err := campaign.ReadReport(r, campaign.ReportParts{Record: t.record}); err != nil {
					return fmt.Errorf("the report broke off: %w", err)
				}
				return t.end()
			})
		},
	}
}
