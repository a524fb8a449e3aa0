package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
)

func (c *cli) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Call lists: import, export, look at records",
		Example: "  freiton list import customers customers.csv\n  freiton list why 4711",
		RunE:    group,
	}
	cmd.AddCommand(c.listImport(), c.listExport(), c.listAll(), c.listRecords(),
		c.recordCommand("show ID", "Show a record", http.MethodGet, "", recordTable),
		c.recordCommand("retry ID", "Free a stale or finished record for dialling", http.MethodPost, "/retry", recordTable),
		c.listWhy())
	return cmd
}

func (c *cli) listImport() *cobra.Command {
	var o struct {
		mapping        []string
		sheet          string
		dryRun, strict bool
	}
	cmd := &cobra.Command{
		Use:   "import LIST FILE",
		Short: "Add the records of a CSV or XLSX file to a list",
		Long: `Adds the records of a CSV or XLSX file to a list, made if it does not exist.
Columns are found by their headings in any order (phone, telefon, mobil, name,
kundennummer and so on), or named with --map. What a list brings of its past (record_type,
record_status, call_result, attempt, call_time, dial_sched_time, agent_id and so
on, in the usual codes or words) is kept: what is finished stays so, calls count,
callbacks keep agent and time, and who wants no calls comes on the do-not-call
list. A number that a spreadsheet has damaged is mended where that is certain, and
told; what a merged cell of a workbook says holds for each of its rows. --dry-run
tells how each column is understood. A line that cannot be read is reported and the
rest goes in; with --strict such lines make the exit status 1.`,
		Example: `  freiton list import customers customers.csv
  freiton list import customers kunden.csv --map phone=Tel --map name=Ansprechpartner --dry-run`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !configs.IsListName(args[0]) {
				return usage("%q is no name for a list: use letters, digits, - _ and . (up to 64), so that a campaign can name it", args[0])
			}
			q := url.Values{"map": o.mapping, "dry_run": {strconv.FormatBool(o.dryRun)}, "name": {args[1]}, "sheet": {o.sheet}}
			path := "/api/v1/lists/" + url.PathEscape(args[0]) + "/records?" + q.Encode()
			var res desk.ImportResult
			err := c.send(cmd.Context(), http.MethodPost, path, "text/csv", args[1], decodeInto(&res))
			if err != nil {
				return err
			}
			return c.imported(res, o.strict)
		},
	}
	cmd.Flags().StringArrayVar(&o.mapping, "map", nil, "FIELD=HEADING, as in phone=Tel; may be repeated")
	cmd.Flags().StringVar(&o.sheet, "sheet", "", "of a workbook: the sheet by name; default: the first that is shown and has rows")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only say what would be imported")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "exit status 1 if there was a bad line")
	return cmd
}

func decodeInto(out any) func(io.Reader) error {
	return func(r io.Reader) error { return json.NewDecoder(r).Decode(out) }
}

// imported shows what came of an import.
func (c *cli) imported(res desk.ImportResult, strict bool) error {
	c.sayImport(res)
	t := table{head: []string{"lines", "imported", "skipped", "repaired", "bad"}}
	t.add(res.Lines, res.Imported, res.Skipped, res.Repaired, res.Bad)
	if err := c.show(res, t); err != nil {
		return err
	}
	if strict && res.Bad > 0 {
		return errBadLines(res.Bad)
	}
	return nil
}

// errBadLines is how many lines could not be read.
type errBadLines int

func (n errBadLines) Error() string { return many(int(n), "bad line") }

// mostTold is how many of them an import keeps.
const mostTold = 1000

// sayImport tells what was left out, line by line, and what the file was
// understood to say.
func (c *cli) sayImport(res desk.ImportResult) {
	for _, b := range res.BadLines {
		column := ""
		if b.Column != "" {
			column = ", column " + b.Column
		}
		c.say("line %d%s: %s", b.Line, column, b.Reason)
	}
	if len(res.BadLines) >= mostTold {
		c.say("only the first %d are told", mostTold)
	}
	c.sayMended(res)
	c.sayUnderstood(res)
	if len(res.OtherSheets) > 0 {
		others := fmt.Sprintf("%q", res.OtherSheets)
		c.say("only the sheet %q was read, and not %s: name another with --sheet", res.Sheet, strings.Trim(others, "[]"))
	}
	if res.Filled > 0 {
		c.say("%s filled: what a merged cell says holds for each of its rows", manyVerb(res.Filled, "cell was", "cells were"))
	}
	verb := "imported"
	if res.DryRun {
		verb = "would be imported"
	}
	c.say("%s read, %s %s, %s skipped, %d repaired, %s",
		many(res.Lines, "line"), many(res.Imported, "record"), verb, many(res.Skipped, "duplicate"), res.Repaired, many(res.Bad, "bad line"))
	if res.Skipped > 0 {
		c.say("of the duplicates the file has %d twice, and the list has %d already", res.Twice, res.Skipped-res.Twice)
	}
	if res.DuplicateIDs > 0 {
		c.say("%s to another contact as well", manyVerb(res.DuplicateIDs, "id belongs", "ids belong"))
	}
	if res.Elsewhere > 0 {
		c.say("%s in other lists too: %s", manyVerb(res.Elsewhere, "of the numbers is", "of the numbers are"), counts(res.InLists))
	}
}

// mendedTold is how many mended numbers an import tells; a dry run tells all.
const mendedTold = 20

// sayMended tells what was repaired: it is another number than the file's.
func (c *cli) sayMended(res desk.ImportResult) {
	for i, m := range res.Mended {
		if i == mendedTold && !res.DryRun {
			c.say("%d more were repaired: --dry-run tells them", res.Repaired-i)
			return
		}
		c.say("line %d, column %s: %q was understood as %s: %s", m.Line, m.Column, m.Value, m.Number, m.How)
	}
}

// many is a count and what is counted.
func many(n int, what string) string { return manyVerb(n, what, what+"s") }

func manyVerb(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// sayUnderstood tells what the columns were taken for, and what they say of the
// past: all of it on a dry run.
func (c *cli) sayUnderstood(res desk.ImportResult) {
	var taken, kept []string
	for _, col := range res.Columns {
		if col.Field == "" {
			kept = append(kept, col.Column)
		} else {
			taken = append(taken, col.Column+" is "+col.Field)
		}
	}
	if res.DryRun && len(res.Columns) > 0 {
		c.say("columns: %s", strings.Join(taken, ", "))
		if len(kept) > 0 {
			c.say("kept as they are: %s", strings.Join(kept, ", "))
		}
		for _, of := range []struct {
			what string
			m    map[string]int
		}{{"type", res.Types}, {"status", res.Statuses}, {"call result", res.Results}} {
			if len(of.m) > 0 {
				c.say("by %s: %s", of.what, counts(of.m))
			}
		}
	}
	if res.Called > 0 {
		c.say("%d were called before: their attempts and last call count", res.Called)
	}
	if len(res.Owners) > 0 {
		c.say("personal callbacks: %s", counts(res.Owners))
	}
	if len(res.Unknown) > 0 {
		c.say("no account here: %s; make it with freiton user add, or these callbacks go to the group", strings.Join(res.Unknown, ", "))
	}
	if res.Blocked > 0 {
		c.say("%s", manyVerb(res.Blocked, "do-not-call entry", "do-not-call entries"))
	}
}

func (c *cli) listExport() *cobra.Command {
	var o struct {
		excel, changed bool
		since, output  string
	}
	cmd := &cobra.Command{
		Use:   "export LIST",
		Short: "Print a list as CSV, its own columns first",
		Example: `  freiton list export customers > customers.csv
  freiton list export customers --excel --changed --file customers.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"excel": {strconv.FormatBool(o.excel)}, "changed": {strconv.FormatBool(o.changed)}}
			if o.since != "" {
				at, err := parseSince(o.since, time.Now())
				if err != nil {
					return err
				}
				q.Set("since", at.Format(time.RFC3339))
			}
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				r, err := client.Do(cmd.Context(), http.MethodGet, "/api/v1/lists/"+url.PathEscape(args[0])+"/records?"+q.Encode(), "", nil)
				if err != nil {
					return err
				}
				defer r.Close()
				if o.output == "" {
					_, err = io.Copy(c.out, r)
					return err
				}
				return copyToFile(o.output, r)
			})
		},
	}
	cmd.Flags().BoolVar(&o.excel, "excel", false, "semicolons and Windows-1252, as spreadsheets want it")
	cmd.Flags().BoolVar(&o.changed, "changed", false, "only records that were worked on")
	cmd.Flags().StringVar(&o.since, "since", "", "only records changed since: 2026-11-22, 2026-11-22T09:00, or 24h ago")
	cmd.Flags().StringVar(&o.output, "file", "", "write to this file instead of standard output")
	return cmd
}

// copyToFile writes a whole file or none.
func copyToFile(name string, r io.Reader) error {
	f, err := os.Create(name + ".part")
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(name + ".part")
		return err
	}
	return os.Rename(name+".part", name)
}

// parseSince reads a day, a local time, or a duration before now.
func parseSince(s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("--since: %q is neither a day (2026-11-22), a time (2026-11-22T09:00) nor a duration (24h)", s)
}

func (c *cli) listAll() *cobra.Command {
	return &cobra.Command{
		Use: "all", Short: "All lists and their counts", Example: "  freiton list all", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fetch(c, cmd.Context(), http.MethodGet, "/api/v1/lists", nil, func(ls []desk.ListSummary) table {
				t := table{head: []string{"list", "records", "imported", "by status"}}
				for _, l := range ls {
					t.add(l.Name, l.Records, when(&l.Imported), counts(l.ByStatus))
				}
				return t
			})
		},
	}
}

func (c *cli) listRecords() *cobra.Command {
	var after int64
	var limit int
	cmd := &cobra.Command{
		Use: "records LIST", Short: "Show the records of a list, a page at a time", Args: cobra.ExactArgs(1),
		Example: "  freiton list records customers\n  freiton list records customers --after 100 --limit 20",
		RunE: func(cmd *cobra.Command, args []string) error {
			if after < 0 || limit < 1 || limit > 1000 {
				return usage("--after is a place in the list, from 0 on, and --limit at least 1 and at most 1000")
			}
			q := url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(limit)}}
			path := "/api/v1/lists/" + url.PathEscape(args[0]) + "/page?" + q.Encode()
			return fetch(c, cmd.Context(), http.MethodGet, path, nil, func(p desk.ListPage) table {
				t := table{head: []string{"place", "record", "name", "phone", "status", "call result", "attempts", "next dial"}}
				for _, r := range p.Records {
					t.add(r.Place, r.ID, r.Name, r.Phone, r.Status, r.CallResult, r.Attempts, when(r.NextDialAt))
				}
				if p.Next > 0 {
					c.say("there are more: --after %d", p.Next)
				}
				return t
			})
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "begin behind this place in the list")
	cmd.Flags().IntVar(&limit, "limit", 100, "so many at most")
	return cmd
}

// counts writes "3 ready, 1 stale", in the order of the names.
func counts(m map[string]int) string {
	var parts []string
	for name, n := range m {
		if n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+name)
		}
	}
	sort.Slice(parts, func(i, j int) bool {
		return parts[i][strings.IndexByte(parts[i], ' '):] < parts[j][strings.IndexByte(parts[j], ' '):]
	})
	return strings.Join(parts, ", ")
}

// recordPath is the path of a record in the API.
func recordPath(id, list, more string) string {
	p := "/api/v1/records/" + url.PathEscape(id) + more
	if list != "" {
		p += "?list=" + url.QueryEscape(list)
	}
	return p
}

func (c *cli) recordCommand(use, short, method, more string, rows func(desk.Record) table) *cobra.Command {
	var list string
	word, _, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{
		Use: use, Short: short, Long: short + ". In the place of its id a telephone number will do.",
		Example: "  freiton list " + word + " 4711", Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			return fetch(c, cmd.Context(), method, recordPath(grouped(args), list, more), nil, rows)
		},
	}
	cmd.Flags().StringVar(&list, "list", "", "the list, where several have such an id")
	return cmd
}

func (c *cli) listWhy() *cobra.Command {
	var list string
	cmd := &cobra.Command{
		Use: "why ID", Short: "Say why a record is not dialled now",
		Long: `Says in one sentence why a record is not dialled now; of a contact with several
numbers, why the one in turn is not. In the place of the id a telephone number
will do.`,
		Example: "  freiton list why 4711\n  freiton list why 030 23125001 --list customers", Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			return fetch(c, cmd.Context(), http.MethodGet, recordPath(grouped(args), list, "/why"), nil, func(w desk.Why) table {
				return table{rows: [][]string{{w.Why}}}
			})
		},
	}
	cmd.Flags().StringVar(&list, "list", "", "the list, where several have such an id")
	return cmd
}

func recordTable(r desk.Record) table {
	t := table{}
	row := func(name, value string) {
		if value != "" {
			t.add(name, value)
		}
	}
	row("record", r.ID)
	row("list", r.List)
	row("name", r.Name)
	row("phone", r.Phone)
	row("type", r.Type)
	row("status", r.Status)
	row("call result", r.CallResult)
	row("attempts", strconv.Itoa(r.Attempts))
	row("next dial", when(r.NextDialAt))
	row("last call", when(r.LastCall))
	row("customer id", r.CustomerID)
	if r.Chain != "" {
		row("chain", r.Chain+", position "+strconv.Itoa(r.Position))
	}
	row("owner", r.Owner)
	row("reason", r.Reason)
	row("note", r.Note)
	if r.DoNotCall {
		row("do not call", "yes")
	}
	names := make([]string, 0, len(r.Fields))
	for name := range r.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		row("  "+name, r.Fields[name])
	}
	return t
}
