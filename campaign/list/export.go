package list

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/freiton/freiton/campaign"
)

// Source is where Export finds a list; a campaign.Store is one.
type Source interface {
	Lists(ctx context.Context) ([]campaign.ListInfo, error)
	Records(ctx context.Context, q campaign.RecordQuery, each func(campaign.Record) error) error
}

// ExportOptions say what is exported and how.
type ExportOptions struct {
	// Excel writes semicolons, Windows-1252 and guarded cells, as a German
	// spreadsheet opens them by a double click. See guard.
	Excel   bool
	Since   time.Time // only what changed since then
	Changed bool      // only what was offered, dialled, refused or freed at all
}

// Exported is what an export wrote.
type Exported struct {
	Records int
	Lost    int // characters that Windows-1252 does not have, written as ?
}

// Export writes a list as CSV: the original columns first and in their old
// order, then what became of the record (see ownBlock). A contact with several
// numbers has a line for each. Import reads it back as it was.
func Export(ctx context.Context, w io.Writer, src Source, list string, o ExportOptions) (Exported, error) {
	lists, err := src.Lists(ctx)
	if err != nil {
		return Exported{}, err
	}
	i := slices.IndexFunc(lists, func(l campaign.ListInfo) bool { return l.Name == list })
	if i < 0 {
		return Exported{}, fmt.Errorf("list %q: %w", list, campaign.ErrNotFound)
	}
	e := newExporter(w, lists[i].Columns, o.Excel)
	if err := e.write(e.header()); err != nil {
		return e.done, err
	}
	err = src.Records(ctx, campaign.RecordQuery{List: list, Since: o.Since, Changed: o.Changed}, func(r campaign.Record) error {
		e.done.Records++
		return e.write(e.line(&r))
	})
	if err != nil {
		return e.done, fmt.Errorf("export list %q: %w", list, err)
	}
	e.csv.Flush()
	return e.done, e.csv.Error()
}

type exporter struct {
	csv     *csv.Writer
	columns []string
	excel   bool
	row     []string
	done    Exported
}

func newExporter(w io.Writer, columns []string, excel bool) *exporter {
	e := &exporter{columns: columns, excel: excel}
	e.csv = csv.NewWriter(w)
	if excel {
		e.csv.Comma, e.csv.UseCRLF = ';', true
	}
	return e
}

func (e *exporter) write(row []string) error {
	for i, s := range row {
		if e.excel {
			row[i] = e.narrow(guard(s))
		} else if unguard(s) != s {
			row[i] = "'" + s // so that Import finds it as it is
		}
	}
	return e.csv.Write(row)
}

// narrow encodes a text in Windows-1252.
func (e *exporter) narrow(s string) string {
	if ascii(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			c = '?'
			e.done.Lost++
		}
		b = append(b, c)
	}
	return string(b)
}

func (e *exporter) header() []string {
	row := slices.Clone(e.columns)
	for _, f := range ownBlock() {
		name := string(f)
		if slices.ContainsFunc(e.columns, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), name) }) {
			name = ownPrefix + name
		}
		row = append(row, name)
	}
	return row
}

func (e *exporter) line(r *campaign.Record) []string {
	e.row = append(e.row[:0], make([]string, len(e.columns))...)
	for i, f := range r.Fields {
		at := i // most records have the columns of the list as they are
		if at >= len(e.columns) || e.columns[at] != f.Name {
			at = e.column(f.Name, count(r.Fields[:i], f.Name))
		}
		if at >= 0 {
			e.row[at] = f.Value
		}
	}
	return append(e.row,
		r.ID, r.Phone, r.PhoneType, r.Chain, number(r.Position), r.CustomerID, r.Name, r.TimeZone, formatClock(r.From), formatClock(r.Until),
		r.Type.String(), r.Status.String(), r.Result.String(), number(r.Attempts), formatTime(r.NextDial), formatTime(r.LastCall),
		string(r.Owner), number(r.Declined), r.Reason, r.Disposition, r.Note, yes(r.NoCall), formatTime(r.CallbackAt),
		formatTime(r.Consent.At), r.Consent.Text, r.Consent.Source, r.Consent.Reference, formatTime(r.Consent.Revoked),
	)
}

// column is the place of the nth column of a name, counted from 0.
func (e *exporter) column(name string, nth int) int {
	for i, c := range e.columns {
		if c == name {
			if nth == 0 {
				return i
			}
			nth--
		}
	}
	return -1
}

func count(fields []campaign.Field, name string) (n int) {
	for _, f := range fields {
		if f.Name == name {
			n++
		}
	}
	return n
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// plainNumber is what a spreadsheet may calculate with: -12,50 is no formula.
var plainNumber = regexp.MustCompile(`^-[0-9]*[.,]?[0-9]*$`)

// guard makes a cell safe for spreadsheets, which execute a text that begins
// with = + - @ or a control character as a formula (and make a number of
// +4930…). An apostrophe before it says that it is text; that is how OWASP
// ("CSV Injection") advises it. Negative numbers stay as they are. Import
// takes the apostrophe off again, so a cell that begins with one before such a
// character gets a second.
func guard(s string) string {
	if risky(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

func risky(s string) bool {
	return s != "" && strings.IndexByte("=+-@\t\n", s[0]) >= 0 && !plainNumber.MatchString(s)
}

// unguard takes off what guard, or a spreadsheet, has put before a cell.
func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && risky(strings.TrimLeft(s, "'")) {
		return s[1:]
	}
	return s
}
