package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/list"
)

func (c *cli) dncCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dnc", Short: "The do-not-call list",
		Example: "  freiton dnc add +493023125001\n  freiton dnc import robinson.csv",
		RunE:    group,
	}
	cmd.AddCommand(c.dncImport(), c.dncExport(), c.dncAdd(), c.dncRemove())
	return cmd
}

func (c *cli) dncImport() *cobra.Command {
	var strict bool
	var national, date string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Add the numbers of a file: one a line, or a CSV with a heading",
		Long: `Adds the numbers of a file, CSV or XLSX: one a line, or with a heading, such as dnc
export prints: nobody on it is called, whatever for. With --national it is the whole list
of a country's registry as of --date, in place of an earlier one: it bars the calls that
the country's profile says, and they are not made at all once it is too old.`,
		Example: "  freiton dnc import robinson.csv\n  freiton dnc import tps.csv --national TPS --date 2026-11-20", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (national == "") != (date == "") {
				return usage("--national and --date belong together: a list counts from the day it is of")
			}
			q := url.Values{"by": {"import " + filepath.Base(args[0])}}
			if national != "" {
				q.Set("national", national)
				q.Set("date", date)
			}
			path := "/api/v1/dnc/import?" + q.Encode()
			var res desk.ImportResult
			if err := c.send(cmd.Context(), http.MethodPost, path, "text/csv", args[0], decodeInto(&res)); err != nil {
				return err
			}
			return c.imported(res, strict)
		},
	}
	cmd.Flags().StringVar(&national, "national", "", "which national list this is: US, CA, TPS, CTPS; elsewhere the country, as in FR")
	cmd.Flags().StringVar(&date, "date", "", "the day the national list is of, 2026-11-22")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit status 1 if there was a bad line")
	return cmd
}

func (c *cli) dncExport() *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print the do-not-call list as CSV, which dnc import reads",
		Example: "  freiton dnc export > dnc.csv\n  freiton dnc export --output json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !c.output.json {
				return c.admin(cmd.Context(), func(client *desk.Client) error {
					var bs []desk.Blocked
					if err := client.JSON(cmd.Context(), http.MethodGet, "/api/v1/dnc", nil, &bs); err != nil {
						return err
					}
					return list.ExportDNC(c.out, entries(bs))
				})
			}
			return fetch(c, cmd.Context(), http.MethodGet, "/api/v1/dnc", nil, blockedTable)
		},
	}
}

func entries(bs []desk.Blocked) []campaign.DNCEntry {
	es := make([]campaign.DNCEntry, len(bs))
	for i, b := range bs {
		es[i] = campaign.DNCEntry{Number: b.Number, Person: b.Person, Campaign: b.Campaign, Client: b.Client, At: b.At, By: b.By, Wording: b.Wording}
	}
	return es
}

func blockedTable(bs []desk.Blocked) table {
	t := table{head: []string{"number", "person", "campaign", "client", "since", "by", "wording"}}
	for _, b := range bs {
		t.add(b.Number, b.Person, b.Campaign, b.Client, when(&b.At), b.By, b.Wording)
	}
	return t
}

func (c *cli) dncAdd() *cobra.Command {
	var b desk.Blocked
	var only bool
	cmd := &cobra.Command{
		Use: "add NUMBER", Short: "Add a number, and whose it is, to the do-not-call list",
		Long: `Adds a number to the do-not-call list. Where the lists know whose it is, and it is
one person's, she is entered, too: her other numbers are not called either.`,
		Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Number = grouped(args)
			path := "/api/v1/dnc?number_only=" + strconv.FormatBool(only)
			return fetch(c, cmd.Context(), http.MethodPost, path, b, func(b desk.Blocked) table {
				if b.Person != "" {
					c.say("all numbers of %s are entered; with --number-only it is this one alone", b.Person)
				}
				return blockedTable([]desk.Blocked{b})
			})
		},
	}
	cmd.Example = "  freiton dnc add +493023125001\n  freiton dnc add 030 23125001 --campaign spring"
	cmd.Flags().BoolVar(&only, "number-only", false, "the number alone, and not the person's others")
	cmd.Flags().StringVar(&b.Campaign, "campaign", "", "only for this campaign; without it for everything")
	cmd.Flags().StringVar(&b.Client, "client", "", "only for campaigns of this client")
	cmd.Flags().StringVar(&b.Wording, "wording", "", "what the person said")
	return cmd
}

func (c *cli) dncRemove() *cobra.Command {
	var camp, client string
	cmd := &cobra.Command{
		Use: "remove NUMBER", Short: "Take a number off the do-not-call list: the entry for everything, of a campaign or for a client",
		Example: "  freiton dnc remove +493023125001\n  freiton dnc remove +493023125001 --client 'Muster GmbH'", Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			in := url.Values{}
			for name, value := range map[string]string{"campaign": camp, "client": client} {
				if value != "" {
					in.Set(name, value)
				}
			}
			path := "/api/v1/dnc/" + url.PathEscape(grouped(args)) + "?" + in.Encode()
			return fetch(c, cmd.Context(), http.MethodDelete, path, nil, func(r desk.Removed) table {
				for _, b := range r.Left {
					c.say("%s is still on the list: %s", grouped(args), leftWords(b))
				}
				t := table{head: []string{"removed"}}
				t.add(r.Removed)
				return t
			})
		},
	}
	cmd.Flags().StringVar(&camp, "campaign", "", "the entry of this campaign")
	cmd.Flags().StringVar(&client, "client", "", "the entry for campaigns of this client")
	cmd.MarkFlagsMutuallyExclusive("campaign", "client")
	return cmd
}

// leftWords say how an entry that was left can be taken off.
func leftWords(b desk.Blocked) string {
	switch {
	case b.Campaign != "":
		return "--campaign " + b.Campaign + " takes that off"
	case b.Client != "":
		return "--client '" + b.Client + "' takes that off"
	}
	return "for everything; without --campaign and --client that is taken off"
}
