package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// writeReport writes the campaign's report: to a file, or standard output, and
// a summary for people.
func (c *cli) writeReport(ctx context.Context, a *app, camp campaign.Campaign, file string, started time.Time) error {
	q := campaign.ReportQuery{Campaign: camp.Name, Lists: camp.Lists, DataDir: a.folder.path}
	var sum summary
	if err := campaign.EachOfReport(ctx, a.store, q, sum.parts()); err != nil {
		return err
	}
	c.say("%s", sum.text(time.Since(started)))
	write := func(w io.Writer) error { return campaign.WriteReport(ctx, w, a.store, q) }
	switch {
	case file == "" && !c.output.json:
		t := c.reportTable()
		return errors.Join(campaign.EachOfReport(ctx, a.store, q, campaign.ReportParts{Record: t.record}), t.end())
	case file == "" || file == "-":
		return write(c.out)
	}
	if err := replaceFile(file, write); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// writeFile writes a whole file or none.
func writeFile(name string, text []byte) error {
	return replaceFile(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func replaceFile(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}

// summary counts a report as it goes by.
type summary struct {
	records, offers, attempts, ready int
	results                          map[string]int
	order                            []string
	first                            campaign.ReportRecord // of those that are ready, whose time comes first
}

func (s *summary) parts() campaign.ReportParts {
	s.results = map[string]int{}
	return campaign.ReportParts{
		Record: func(r campaign.ReportRecord) error {
			s.records++
			if r.Status == campaign.Ready {
				if s.ready++; s.ready == 1 || r.NextDialAt.Before(s.first.NextDialAt.Time) {
					s.first = r
				}
			}
			return nil
		},
		Offer: func(campaign.ReportOffer) error { s.offers++; return nil },
		Attempt: func(a campaign.ReportAttempt) error {
			s.attempts++
			name := a.CallResult.String()
			if s.results[name]++; s.results[name] == 1 {
				s.order = append(s.order, name)
			}
			return nil
		},
	}
}

func (s *summary) text(took time.Duration) string {
	slices.SortFunc(s.order, func(a, b string) int { return s.results[b] - s.results[a] })
	parts := make([]string, len(s.order))
	for i, name := range s.order {
		parts[i] = fmt.Sprintf("%d %s", s.results[name], name)
	}
	text := fmt.Sprintf("%d records, %d offers, %d attempts in %s", s.records, s.offers, s.attempts, took.Round(100*time.Millisecond))
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text + s.waiting()
}

// waiting says which records are left for another time, and what the first of
// them waits for: a list can be at its end for now and not be worked.
func (s *summary) waiting() string {
	if s.ready == 0 {
		return ""
	}
	text := fmt.Sprintf("; %d of the records wait to be dialled", s.ready)
	if !s.first.NextDialAt.IsZero() {
		text += fmt.Sprintf(", the first (%s) from %s", s.first.ID, s.first.NextDialAt.Format("2006-01-02 15:04:05"))
	}
	if s.first.Reason != "" {
		text += ": " + s.first.Reason
	} else if s.first.CallResult != campaign.Unknown {
		text += ", after " + s.first.CallResult.String()
	}
	return text
}

// reportRows is a table of a report's records.
type reportRows struct{ longTable }

func (c *cli) reportTable() *reportRows {
	return &reportRows{longTable{table: table{head: []string{"record", "phone", "status", "result", "attempts", "reason"}}, out: c.out}}
}

func (t *reportRows) record(r campaign.ReportRecord) error {
	return t.add(r.ID, r.Phone, r.Status, r.CallResult, r.Attempts, r.Reason)
}
