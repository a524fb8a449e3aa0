package main

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

func (c *cli) personCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "person", Short: "What is kept of a person: show, export, erase",
		Example: "  freiton person show +493023125001\n  freiton person erase +493023125001 --reason 'letter of 4 March'",
		RunE:    group,
	}
	cmd.AddCommand(c.personShow(), c.personExport(), c.personErase())
	return cmd
}

func personPath(number, more string) string {
	return "/api/v1/persons/" + url.PathEscape(number) + more
}

func (c *cli) personShow() *cobra.Command {
	var html string
	cmd := &cobra.Command{
		Use: "show NUMBER", Short: "Everything that is kept of whoever has the number, to answer a complaint with",
		Long: `Shows consent, every call with who, when, result, ring time and agent delay,
recordings, do-not-call entries, what the gate refused, records and notes, and
who looked at them: of all numbers of the person. That it was shown is in the
audit log.`,
		Example: "  freiton person show +493023125001\n  freiton person show 030 23125001 --html complaint.html\n  freiton person show +493023125001 --output json",
		Args:    oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			if html != "" {
				return c.download(cmd, personPath(grouped(args), "/page?lang="+c.language()), html)
			}
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				var d campaign.Dossier
				if err := client.Get(cmd.Context(), personPath(grouped(args), ""), &d); err != nil {
					return err
				}
				if c.output.json {
					return printJSON(c.out, d)
				}
				return c.showDossier(d)
			})
		},
	}
	cmd.Flags().StringVar(&html, "html", "", "write a page to print to this `file`")
	return cmd
}

// language is that of the environment, for pages.
func (c *cli) language() string {
	for _, v := range c.env {
		name, value, _ := strings.Cut(v, "=")
		if (name == "LC_ALL" || name == "LANG") && strings.HasPrefix(value, "de") {
			return "de"
		}
	}
	return "en"
}

// download writes an answer to a new file.
func (c *cli) download(cmd *cobra.Command, path, file string) error {
	return c.admin(cmd.Context(), func(client *desk.Client) error {
		r, err := client.Do(cmd.Context(), http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			_ = os.Remove(file)
			return err
		}
		c.say("written to %s", file)
		return nil
	})
}

// showDossier prints the parts of a dossier as tables with a heading each.
func (c *cli) showDossier(d campaign.Dossier) error {
	head := table{}
	head.add("number", d.Number)
	head.add("as of", stampOf(d.MadeAt))
	head.add("identities", strings.Join(d.Persons, ", "))
	head.add("numbers", strings.Join(d.Numbers, ", "))
	if err := head.print(c.out); err != nil {
		return err
	}
	for _, part := range dossierTables(d) {
		if len(part.t.rows) == 0 {
			part.t = table{}
			part.t.add("none")
		}
		if _, err := io.WriteString(c.out, "\n"+part.name+"\n"); err != nil {
			return err
		}
		if err := part.t.print(c.out); err != nil {
			return err
		}
	}
	return nil
}

func stampOf(s campaign.Stamp) string { return when(&s.Time) }

func millis(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }

type namedTable struct {
	name string
	t    table
}

func dossierTables(d campaign.Dossier) []namedTable {
	consent := table{head: []string{"given", "wording", "source", "reference", "revoked", "record"}}
	for _, x := range d.Consent {
		from := x.List + " " + x.Record
		if x.Locked {
			from = "locked proof"
		}
		consent.add(stampOf(x.At), x.Text, x.Source, x.Reference, stampOf(x.Revoked), from)
	}
	calls := table{head: []string{"when", "number", "who", "campaign", "result", "rang", "agent after", "spoke", "ended by", "recording", "note"}}
	for _, a := range d.Attempts {
		delay := ""
		if !a.JoinedAt.IsZero() {
			delay = millis(a.AgentMS)
		}
		calls.add(stampOf(a.DialedAt), a.Phone, a.Agent, a.Campaign, strings.TrimSuffix(a.CallResult.String()+", "+a.Disposition, ", "),
			millis(a.RingMS), delay, millis(a.ContactMS), a.EndedBy, a.Recording, a.Note)
	}
	refused := table{head: []string{"first", "last", "times", "number", "campaign", "reason"}}
	for _, r := range d.Refusals {
		refused.add(stampOf(r.At), stampOf(r.Last), r.Times, r.Number, r.Campaign, r.Text)
	}
	blocked := table{head: []string{"since", "number or person", "campaign", "client", "by", "wording"}}
	for _, b := range d.DoNotCall {
		what := strings.TrimSpace(b.Number + " " + b.Person)
		if b.Hashed {
			what = "(hashed)"
		}
		blocked.add(stampOf(b.At), what, b.Campaign, b.Client, b.By, b.Wording)
	}
	records := table{head: []string{"list", "record", "number", "name", "status", "result", "attempts", "note", "reason"}}
	for _, r := range d.Records {
		records.add(r.List, r.ID, r.Phone, r.Name, r.Status, r.CallResult, r.Attempts, r.Note, r.Reason)
	}
	for _, x := range d.Contacts {
		records.add("by "+string(x.By), x.CustomerID, x.Number, x.Name)
	}
	erased := table{head: []string{"when", "by", "reason", "what", "done"}}
	for _, e := range d.Erasures {
		erased.add(stampOf(e.At), e.By, e.Reason, counts(e.Counts), stampOf(e.DoneAt))
	}
	return []namedTable{{"CONSENT", consent}, {"CALLS", calls}, {"REFUSED BY THE GATE", refused}, {"DO NOT CALL", blocked}, {"RECORDS", records},
		{"SEEN AND CHANGED BY", auditTable(d.Audit)}, {"FILES THAT LEFT", auditTable(d.Exports)}, {"DELETIONS", erased}}
}

func (c *cli) personExport() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "export NUMBER", Short: "Write everything that is kept of a person, with recordings, to a zip file",
		Example: "  freiton person export +493023125001 --file answer.zip", Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				file = "person.zip"
			}
			return c.download(cmd, personPath(grouped(args), "/export"), file)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "zip `file`, which must not exist (default person.zip)")
	return cmd
}

func (c *cli) personErase() *cobra.Command {
	var person, reason string
	var all bool
	cmd := &cobra.Command{
		Use: "erase NUMBER", Short: "Forget a person: records, notes, recordings, whatever there is, of all her numbers",
		Long: `Deletes records, previews, notes, recordings and what the journal holds of the
person, and takes her out of attempts. Proof of consent stays, found by the
number only, and so do do-not-call entries, hashed: a list that brings the
number back does not bring back the calls. A deletion record says what was
deleted, and which exports left the program before: those are not in its reach.`,
		Example: "  freiton person erase +493023125001 --reason 'letter of 4 March'\n  freiton person erase +493023125001 --person customer:4711",
		Args:    oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"reason": {reason}}
			if person != "" {
				q.Set("person", person)
			}
			if all {
				q.Set("all", "true")
			}
			return fetch(c, cmd.Context(), http.MethodDelete, personPath(grouped(args), "?"+q.Encode()), nil, erasureTable)
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "who, where several people share the number (person show names them)")
	cmd.Flags().BoolVar(&all, "all", false, "everybody who has the number")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the deletion record; no names")
	return cmd
}

func erasureTable(e campaign.Erasure) table {
	t := table{}
	t.add("erased", e.ID)
	for _, name := range slices.Sorted(maps.Keys(e.Counts)) {
		t.add(name, e.Counts[name])
	}
	for _, k := range e.Kept {
		t.add("kept", k)
	}
	for _, x := range e.Exports {
		t.add("left before", x)
	}
	return t
}
