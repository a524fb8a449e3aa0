package list

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// DNCOptions of ImportDNC.
type DNCOptions struct {
	Country  string
	Allow    []string
	Map      []Mapping // of the telephone number
	Encoding Encoding
	Comma    rune
	Location *time.Location
	Progress func(Progress)

	// What entries say that the file does not: scope, who, when, why.
	Campaign, Client, By, Wording string
	At                            time.Time

	// Sink takes the entries in batches of 1000; nil is a dry run.
	Sink func(ctx context.Context, es []campaign.DNCEntry) error
}

// dncColumns are the headers of a do-not-call list beside the number, as plain
// makes them. They are those of ExportDNC and the usual ones.
func dncColumns() map[string]func(*campaign.DNCEntry, string) {
	person := func(e *campaign.DNCEntry, s string) { e.Person = s }
	wording := func(e *campaign.DNCEntry, s string) { e.Wording = s }
	customer := func(e *campaign.DNCEntry, s string) { e.Person = campaign.PersonOf(s, "", "") }
	by := func(e *campaign.DNCEntry, s string) { e.By = s }
	return map[string]func(*campaign.DNCEntry, string){
		"person": person, "customerid": customer, "kundennummer": customer, "kundennr": customer, "kdnr": customer,
		"campaign": func(e *campaign.DNCEntry, s string) { e.Campaign = s },
		"client":   func(e *campaign.DNCEntry, s string) { e.Client = s },
		"by":       by, "wer": by, "agent": by,
		"attempt": func(e *campaign.DNCEntry, s string) { e.Attempt = campaign.AttemptID(s) },
		"wording": wording, "reason": wording, "grund": wording, "bemerkung": wording, "note": wording, "notiz": wording,
	}
}

// ImportDNC reads a do-not-call list in CSV or XLSX: a column of numbers without
// a header, or with one. Bad lines are reported; whoever imports such a list must see
// to them, because these people may still be called.
func ImportDNC(ctx context.Context, r io.Reader, o DNCOptions) (Result, error) {
	d := &dncImporter{o: o, res: Result{Encoding: UTF8}}
	if d.o.Location == nil {
		d.o.Location = time.Local
	}
	comma, err := separatorOf(o.Comma)
	if err != nil {
		return d.res, err
	}
	in := bufio.NewReader(r)
	r = in
	var book *sheet
	if isWorkbook(in) {
		if book, err = workbook(in, ""); err != nil {
			return d.res, fmt.Errorf("do-not-call list: %w", err)
		}
		defer book.Close()
		d.res.Sheet, d.res.OtherSheets = book.name, book.others
		r, comma, o.Encoding = book, ',', UTF8
	}
	if d.csv, err = newCSV(r, o.Encoding, comma); err == nil {
		err = d.run(ctx)
	}
	if err != nil {
		return d.res, fmt.Errorf("do-not-call list: %w", err)
	}
	if book != nil {
		d.res.Filled = book.merged.filled
	}
	if d.csv.seen != Detect {
		d.res.Encoding = d.csv.seen
	}
	return d.res, nil
}

type dncImporter struct {
	o     DNCOptions
	csv   *csvReader
	res   Result
	head  *header // nil until the first line
	batch []campaign.DNCEntry
}

func (d *dncImporter) run(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		cells, line, err := d.csv.next()
		if errors.Is(err, io.EOF) {
			return d.flush(ctx)
		}
		bad := d.res.BadCells
		var ce *csvError
		switch {
		case errors.As(err, &ce):
			d.res.Read++
			d.res.BadLines++
			d.res.Skipped++
			d.bad(BadLine{Line: line, Reason: ce.reason, Cure: ce.cure})
			continue
		case err != nil:
			return err
		case blank(cells):
			continue
		}
		if d.head == nil {
			isHeader, err := d.begin(cells)
			if err != nil {
				return err
			}
			if isHeader {
				continue
			}
		}
		d.res.Read++
		before := len(d.batch)
		d.line(cells, line)
		if len(d.batch) == before {
			d.res.Skipped++
		}
		if d.res.BadCells > bad {
			d.res.BadLines++
		}
		if len(d.batch) >= 1000 {
			if err := d.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// begin takes the first line for a header, unless a number stands in it.
func (d *dncImporter) begin(cells []string) (isHeader bool, err error) {
	d.res.Comma = rune(d.csv.comma)
	for i, raw := range cells {
		if c, err := readPhone(raw, d.o.Country, d.o.Allow); err == nil && len(c.numbers) > 0 {
			d.head = &header{names: make([]string, len(cells)), phones: []int{i}}
			return false, nil
		}
	}
	d.head, err = readHeader(cells, d.o.Map, d.o.Country)
	if err != nil {
		return false, err
	}
	d.res.Columns, d.res.Mapped = d.head.names, d.head.mapped()
	return true, nil
}

func (d *dncImporter) bad(b BadLine) {
	d.res.BadCells++
	if r := []rune(b.Value); len(r) > 40 {
		b.Value = string(r[:40])
	}
	if len(d.res.Bad) < 1000 {
		d.res.Bad = append(d.res.Bad, b)
	}
}

// line adds an entry for each number of a line, or for its person alone.
func (d *dncImporter) line(cells []string, line int) {
	base := campaign.DNCEntry{At: d.o.At, By: d.o.By, Campaign: d.o.Campaign, Client: d.o.Client, Wording: d.o.Wording}
	columns := dncColumns()
	for i, name := range d.head.names {
		if i >= len(cells) || strings.TrimSpace(cells[i]) == "" {
			continue
		}
		s := strings.TrimSpace(cells[i])
		if set, ok := columns[plain(name)]; ok {
			set(&base, s)
		} else if p := plain(name); p == "at" || p == "date" || p == "datum" || p == "am" {
			at, err := parseTime(s, d.o.Location)
			if err != nil { // the entry holds all the same
				d.res.BadCells++
				continue
			}
			base.At = at
		}
	}
	before := len(d.batch)
	for _, col := range d.head.phones {
		if col >= len(cells) {
			continue
		}
		c, err := readPhone(cells[col], d.o.Country, d.o.Allow)
		if err != nil {
			d.bad(badNumber(line, d.head.names[col], cells[col], err))
			continue
		}
		if c.repaired != "" {
			d.res.Repaired += len(c.numbers)
		}
		for _, n := range c.numbers {
			e := base
			e.Number = n.E164
			d.batch = append(d.batch, e)
		}
	}
	if len(d.batch) > before {
		return
	}
	if base.Person != "" {
		d.batch = append(d.batch, base)
		return
	}
	if blankPhones(cells, d.head.phones) {
		d.bad(BadLine{Line: line, Reason: "it has no telephone number", Cure: "add one, or take the line out"})
	}
}

func blankPhones(cells []string, phones []int) bool {
	for _, i := range phones {
		if i < len(cells) && strings.TrimSpace(cells[i]) != "" {
			return false
		}
	}
	return true
}

func (d *dncImporter) flush(ctx context.Context) error {
	if d.o.Progress != nil {
		d.o.Progress(Progress{d.csv.read, d.res.Read})
	}
	d.res.Imported += len(d.batch)
	var err error
	if d.o.Sink != nil && len(d.batch) > 0 {
		err = d.o.Sink(ctx, d.batch)
	}
	d.batch = d.batch[:0]
	return err
}

// ExportDNC writes a do-not-call list as CSV that ImportDNC reads.
func ExportDNC(w io.Writer, es []campaign.DNCEntry) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"phone", "person", "campaign", "client", "at", "by", "attempt", "wording"}); err != nil {
		return err
	}
	for _, e := range es {
		row := []string{e.Number, e.Person, e.Campaign, e.Client, formatTime(e.At), e.By, string(e.Attempt), e.Wording}
		for i, s := range row {
			if unguard(s) != s {
				row[i] = "'" + s
			}
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
