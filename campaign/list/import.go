package list

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Options of Import. Only Sink has no useful zero value, and may be nil.
type Options struct {
	List     string // its name, for Known
	Country  string // dial.default_country
	Allow    []string
	Map      []Mapping
	Encoding Encoding
	Comma    rune           // , ; or tab; 0 = find out
	Sheet    string         // of a workbook; empty: the first that is shown and has rows
	Location *time.Location // of dates without a zone; nil = the machine's
	Lines    int            // data lines the list has already: ids and lines count on from there

	// Sink takes the records in batches, in order. It must not keep the slice.
	// nil is a dry run: everything is read and counted, nothing goes in.
	Sink func(ctx context.Context, rs []campaign.Record) error
	// Known tells which numbers are in lists already, and in which; nil = none.
	Known func(ctx context.Context, numbers []string) (map[string][]string, error)
	// KnownIDs tells which ids the list has already, and of which chain (empty:
	// of none); nil = none.
	KnownIDs func(ctx context.Context, ids []string) (map[string]string, error)
	// Block takes do-not-call entries for those who, as the file says, want no
	// calls, before the Sink takes the records; nil: they are only counted.
	Block func(ctx context.Context, es []campaign.DNCEntry) error
	// File is the file's name, the source of these entries.
	File string
	// Progress is called after every batch.
	Progress func(Progress)

	Batch  int // records; 0 = 1000
	MaxBad int // bad lines kept in Result.Bad, and numbers in Result.Mended; 0 = 1000. All are counted.
}

// Progress says how far an import is.
type Progress struct {
	Bytes int64 // of the file
	Lines int   // data lines
}

// Result is what an import found. Nothing is left out silently: every data
// line is either among the records or among the bad lines.
type Result struct {
	Read     int // data lines
	Imported int // records, one a number
	Skipped  int // data lines of which nothing went in
	Repaired int // numbers that had to be mended
	Mended   []Mended
	// Duplicates are numbers that the file (Twice of them) or this list has
	// already; they are reported and left out. Elsewhere counts numbers that
	// other lists have too; they go in. So do DuplicateIDs: ids that another
	// contact of the file or of the list has as well.
	Duplicates   int
	Twice        int
	Elsewhere    map[string]int
	DuplicateIDs int
	History      History
	BadCells     int       // all that is wrong, kept in Bad or not
	BadLines     int       // data lines in which something cannot be read; duplicates are none
	Bad          []BadLine // by line
	Encoding     Encoding  // as found
	Comma        rune
	Sheet        string   // of a workbook: the one that was read
	OtherSheets  []string // those with rows that were not
	Filled       int      // cells of a workbook that say what one merged with them says above
	Columns      []string // the file's own, in order
	Mapped       []Mapping
}

// BadLine is something that did not go in.
type BadLine struct {
	Line   int    // in the file; the header is line 1
	Column string // its header; empty = the whole line
	Value  string // at most 40 characters
	Reason string
	Cure   string
}

// Mended is a number that was understood though it was written wrong.
type Mended struct {
	Line   int
	Column string
	Value  string // as it stands there
	Number string // as it was understood
	How    string
}

// Import reads a call list in CSV or XLSX. A bad line is reported in the result and
// the rest goes in; the error says that the file as a whole cannot be read or
// the sink failed.
func Import(ctx context.Context, r io.Reader, o Options) (Result, error) {
	im := &importer{
		o: o, numbers: newTable(), customers: newTable(),
		ids: newTable(), idOwners: newTable(),
		res: Result{Elsewhere: map[string]int{}, Encoding: UTF8, History: newHistory()},
	}
	if im.o.Location == nil {
		im.o.Location = time.Local
	}
	if im.o.Batch <= 0 {
		im.o.Batch = 1000
	}
	if im.o.MaxBad <= 0 {
		im.o.MaxBad = 1000
	}
	comma, err := separatorOf(o.Comma)
	if err != nil {
		return im.res, err
	}
	in := bufio.NewReader(r)
	r = in
	var book *sheet
	if isWorkbook(in) {
		book, err = workbook(in, o.Sheet)
		if err != nil {
			return im.res, fmt.Errorf("list: %w", err)
		}
		defer book.Close()
		im.res.Sheet, im.res.OtherSheets = book.name, book.others
		r, comma, o.Encoding = book, ',', UTF8
	}
	if im.csv, err = newCSV(r, o.Encoding, comma); err != nil {
		return im.res, fmt.Errorf("list: %w", err)
	}
	if err := im.begin(); err != nil {
		return im.res, fmt.Errorf("list: %w", err)
	}
	err = im.run(ctx)
	if im.csv.seen != Detect {
		im.res.Encoding = im.csv.seen
	}
	if err != nil {
		return im.res, fmt.Errorf("list: %w", err)
	}
	if book != nil {
		im.res.Filled = book.merged.filled
	}
	// What the list has already is known a batch later than what is wrong.
	slices.SortStableFunc(im.res.Bad, func(a, b BadLine) int { return cmp.Compare(a.Line, b.Line) })
	return im.res, nil
}

func separatorOf(r rune) (byte, error) {
	switch r {
	case 0, ',', ';', '\t', '|':
		return byte(r), nil
	}
	return 0, fmt.Errorf("separator %q is not known; use comma, semicolon or tab", r)
}

// importer is one import.
type importer struct {
	o         Options
	csv       *csvReader
	head      *header
	res       Result
	numbers   *table // of the file
	customers *table
	ids       *table // of the file's data lines
	idOwners  *table // the same, each with the contact it belongs to
	blocks    []campaign.DNCEntry
	batch     []campaign.Record
	places    []place // of the batch's records
	worst     int     // the last line that counts in BadLines
}

// place is where a record of the batch comes from.
type place struct {
	line   int
	column string
	row    int // data line
}

// begin reads the header.
func (im *importer) begin() error {
	for {
		cells, line, err := im.csv.next()
		if errors.Is(err, io.EOF) {
			cells, err = nil, nil
			im.head, err = readHeader(nil, nil, "")
			return err
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if blank(cells) {
			continue
		}
		if im.head, err = readHeader(cells, im.o.Map, im.o.Country); err != nil {
			return err
		}
		if im.head.custom == len(im.head.names) { // our own export closes its quotes
			im.csv.rowlike = im.head.rowlike
		}
		im.res.Comma = rune(im.csv.comma)
		im.res.Columns = slices.Clone(im.head.names[:im.head.custom])
		im.res.Mapped = im.head.mapped()
		return nil
	}
}

// mapped tells which column was taken for what.
func (h *header) mapped() []Mapping {
	var out []Mapping
	for i, name := range h.names {
		if slices.Contains(h.phones, i) {
			out = append(out, Mapping{FieldPhone, name})
		}
		for _, f := range append(ownBlock(), FieldFirst, FieldLast, FieldCompany) {
			if j, ok := h.of[f]; ok && j == i {
				out = append(out, Mapping{f, name})
			}
		}
	}
	return out
}

func (im *importer) run(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		cells, line, err := im.csv.next()
		if errors.Is(err, io.EOF) {
			return im.flush(ctx)
		}
		var ce *csvError
		switch {
		case errors.As(err, &ce):
			im.res.Read++
			im.res.Skipped++
			im.bad(BadLine{Line: line, Reason: ce.reason, Cure: ce.cure})
			continue
		case err != nil:
			return err
		case blank(cells):
			continue
		}
		im.res.Read++
		before := len(im.batch)
		im.row(cells, line)
		if len(im.batch) == before {
			im.res.Skipped++
		}
		if len(im.batch) >= im.o.Batch || len(im.blocks) >= im.o.Batch {
			if err := im.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

// bad reports what cannot be read, and counts its line.
func (im *importer) bad(b BadLine) {
	if b.Line != im.worst {
		im.worst = b.Line
		im.res.BadLines++
	}
	im.tell(b)
}

// tell reports what does not go in.
func (im *importer) tell(b BadLine) {
	im.res.BadCells++
	if r := []rune(b.Value); len(r) > 40 {
		b.Value = string(r[:40])
	}
	if len(im.res.Bad) < im.o.MaxBad {
		im.res.Bad = append(im.res.Bad, b)
	}
}

// mended counts and keeps what was repaired.
func (im *importer) mended(line int, column, raw string, c cell) {
	im.res.Repaired += len(c.numbers)
	if len(im.res.Mended) >= im.o.MaxBad {
		return
	}
	var became []string
	for _, n := range c.numbers {
		became = append(became, n.E164)
	}
	if r := []rune(raw); len(r) > 40 {
		raw = string(r[:40])
	}
	im.res.Mended = append(im.res.Mended, Mended{line, column, raw, strings.Join(became, ", "), c.repaired})
}

// row makes the records of a row: one for each number in it.
func (im *importer) row(cells []string, line int) {
	h := im.head
	if len(cells) > len(h.names) {
		if !blank(cells[len(h.names):]) {
			im.bad(BadLine{Line: line, Reason: fmt.Sprintf("it has %d columns, the first line has %d", len(cells), len(h.names)),
				Cure: "put text with a separator in it into quotes"})
			return
		}
		cells = cells[:len(h.names)]
	}
	for len(cells) < len(h.names) {
		cells = append(cells, "")
	}
	v := &rowReader{im: im, cells: cells, line: line}
	base := v.record()
	if base.NoCall || base.Type == campaign.NoCall || base.Result == campaign.DoNotCall {
		im.block(v, base) // also where the rest of the line cannot be read
	}
	if v.failed {
		return
	}
	im.numbersOf(v, base)
}

// numbersOf adds a record for each number of a row.
func (im *importer) numbersOf(v *rowReader, base campaign.Record) {
	first := len(im.batch)
	empty := true
	for _, col := range im.head.phones {
		raw := v.cells[col]
		c, err := readPhone(raw, im.o.Country, im.o.Allow)
		if err != nil {
			empty = false
			im.bad(badNumber(v.line, im.head.names[col], raw, err))
			continue
		}
		if c.repaired != "" {
			im.mended(v.line, im.head.names[col], raw, c)
		}
		for _, n := range c.numbers {
			empty = false
			if im.numbers.add(n.E164) > 0 {
				im.res.Duplicates++
				im.res.Twice++
				im.tell(BadLine{v.line, im.head.names[col], raw, "the number stands in the file already", "skipped, it is called once"})
				continue
			}
			r := base
			r.Phone = n.E164
			if _, given := im.head.of[FieldPhoneType]; !given {
				r.PhoneType = im.head.names[col]
			}
			im.batch = append(im.batch, r)
			im.places = append(im.places, place{v.line, im.head.names[col], im.res.Read})
		}
	}
	if empty {
		im.bad(BadLine{Line: v.line, Reason: "it has no telephone number", Cure: "add one, or take the line out"})
	}
	im.enchain(im.batch[first:], v.text(FieldStatus) != "")
	if len(im.batch) > first {
		im.checkID(v, im.batch[first])
	}
}

func badNumber(line int, column, raw string, err error) BadLine {
	b := BadLine{Line: line, Column: column, Value: raw, Reason: err.Error(), Cure: "compare it with the source"}
	var ne *campaign.NumberError
	if errors.As(err, &ne) {
		b.Reason, b.Cure = ne.Reason, ne.Cure
	}
	return b
}

// enchain makes the numbers of one contact a chain: those of a row, and those
// of all rows with the same customer id. stated: the file gives their status.
func (im *importer) enchain(rs []campaign.Record, stated bool) {
	if len(rs) == 0 {
		return
	}
	ours := im.ours()
	for i := range rs {
		r := &rs[i]
		switch {
		case ours, r.Chain != "": // the file says so
		case r.CustomerID != "":
			r.Chain = "customer:" + r.CustomerID
			r.Position = int(im.customers.add(r.CustomerID))
		case len(rs) > 1:
			r.Chain, r.Position = "number:"+rs[0].Phone, i
		}
		if r.Chain != "" && r.Position > 0 && r.Status == campaign.Ready && !stated {
			r.Status = campaign.ChainReady
		}
		r.Person = campaign.PersonOf(r.CustomerID, r.Chain, r.Phone)
	}
}

// flush hands the batch to the sink.
func (im *importer) flush(ctx context.Context) error {
	if im.o.Progress != nil {
		defer func() { im.o.Progress(Progress{im.csv.read, im.res.Read}) }()
	}
	if err := im.flushBlocks(ctx); err != nil || len(im.batch) == 0 {
		return err
	}
	if err := im.known(ctx); err != nil {
		return err
	}
	if err := im.knownIDs(ctx); err != nil {
		return err
	}
	im.res.Imported += len(im.batch)
	for i := range im.batch {
		im.res.History.count(&im.batch[i])
	}
	var err error
	if im.o.Sink != nil && len(im.batch) > 0 {
		err = im.o.Sink(ctx, im.batch)
	}
	im.batch, im.places = im.batch[:0], im.places[:0]
	return err
}

// known leaves out what the list has already and counts what others have.
func (im *importer) known(ctx context.Context) error {
	if im.o.Known == nil {
		return nil
	}
	numbers := make([]string, len(im.batch))
	for i := range im.batch {
		numbers[i] = im.batch[i].Phone
	}
	found, err := im.o.Known(ctx, numbers)
	if err != nil {
		return err
	}
	kept, left := 0, map[int]int{} // data line -> records of it that stay
	for _, p := range im.places {
		left[p.row]++
	}
	for i := range im.batch {
		r, p := im.batch[i], im.places[i]
		here := false
		for _, list := range found[r.Phone] {
			if list == im.o.List {
				here = true
			} else {
				im.res.Elsewhere[list]++
			}
		}
		if here {
			im.res.Duplicates++
			im.tell(BadLine{p.line, p.column, r.Phone, "the number is in the list already", "skipped, it is called once"})
			if left[p.row]--; left[p.row] == 0 {
				im.res.Skipped++
			}
			continue
		}
		im.batch[kept], im.places[kept] = r, p
		kept++
	}
	im.batch, im.places = im.batch[:kept], im.places[:kept]
	return nil
}

// idOf is the id of a record: from the list, else the number of its data line.
func (im *importer) idOf(given string) string {
	if given != "" {
		return given
	}
	return strconv.Itoa(im.o.Lines + im.res.Read)
}
