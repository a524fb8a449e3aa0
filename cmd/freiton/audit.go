package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

func (c *cli) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit", Short: "The audit log: who did and read what",
		Example: "  freiton audit show --since 2026-03-01 --what list-exported\n  freiton audit check",
		RunE:    group,
	}
	cmd.AddCommand(c.auditShow(), c.auditCheck())
	return cmd
}

func auditTable(es []campaign.AuditEntry) table {
	t := table{head: []string{"n", "when", "who", "what", "about", "old", "new", "reason"}}
	for _, e := range es {
		t.add(e.N, stampOf(e.At), e.Who, e.What, e.About, e.Old, e.New, e.Reason)
	}
	return t
}

func (c *cli) auditShow() *cobra.Command {
	var o struct{ since, until, who, what, number string }
	var asCSV bool
	cmd := &cobra.Command{
		Use: "show", Short: "Entries of the log, oldest first",
		Long: `Prints who did and read what: exports, recordings played, people shown, exported
and erased, results and do-not-call entries changed with old and new value,
campaign documents, users and roles, logins, every attempt and what the gate
refused. People stand in it as hashes; --number finds the entries about one.`,
		Example: "  freiton audit show --since 2026-03-01 --who eva\n  freiton audit show --number +493023125001 --csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{}
			for name, text := range map[string]string{"since": o.since, "until": o.until} {
				if text == "" {
					continue
				}
				t, err := moment(text)
				if err != nil {
					return usage("--%s: %v", name, err)
				}
				q.Set(name, t.Format(time.RFC3339))
			}
			for name, text := range map[string]string{"who": o.who, "what": o.what, "number": o.number} {
				if text != "" {
					q.Set(name, text)
				}
			}
			if asCSV {
				return c.print(cmd, "/api/v1/audit/csv?"+q.Encode())
			}
			return fetch(c, cmd.Context(), http.MethodGet, "/api/v1/audit?"+q.Encode(), nil, auditTable)
		},
	}
	cmd.Flags().StringVar(&o.since, "since", "", "from this day or moment on, as in 2026-03-01 or 2026-03-01T14:00")
	cmd.Flags().StringVar(&o.until, "until", "", "before this day or moment")
	cmd.Flags().StringVar(&o.who, "who", "", "by this user")
	cmd.Flags().StringVar(&o.what, "what", "", "only this, as in list-exported")
	cmd.Flags().StringVar(&o.number, "number", "", "about whoever has this number")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "as CSV, all of it")
	return cmd
}

// moment reads a day or a moment in local time.
func moment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("%q is neither a day (2026-03-01) nor a moment (2026-03-01T14:00)", text)
}

// print copies an answer to standard output.
func (c *cli) print(cmd *cobra.Command, path string) error {
	return c.admin(cmd.Context(), func(client *desk.Client) error {
		r, err := client.Do(cmd.Context(), http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(c.out, r)
		return err
	})
}

// errLogBroken is the finding of audit check.
type errLogBroken int64

func (n errLogBroken) Error() string {
	return fmt.Sprintf("the audit log is not whole: entry %d is missing or was changed", int64(n))
}

func (c *cli) auditCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Whether the log is whole; its last checksum, written down elsewhere, proves all before it",
		Example: "  freiton audit check", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.admin(cmd.Context(), func(client *desk.Client) error {
				var st campaign.AuditState
				if err := client.Get(cmd.Context(), "/api/v1/audit/check", &st); err != nil {
					return err
				}
				t := table{}
				t.add("entries", st.Entries)
				t.add("whole", yes(st.Whole))
				t.add("checksum", st.Sum)
				if err := c.show(st, t); err != nil {
					return err
				}
				if !st.Whole {
					return errLogBroken(st.BrokenAt)
				}
				return nil
			})
		},
	}
}
