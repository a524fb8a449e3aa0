package list

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// merge is a cell that reaches over several rows; both from 1, column from 0.
type merge struct{ column, first, last int }

// maxMerges is how many a sheet may have.
const maxMerges = maxRows

// merges finds the merged cells of a sheet that reach over several rows, by
// their first rows. It reads the file itself: excelize lays out the whole sheet
// in memory for this.
func merges(file string, book *excelize.File, sheet string) ([]merge, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	part, err := sheetPart(z, book, sheet)
	if err != nil || part == nil {
		return nil, err
	}
	in, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b := bufio.NewReaderSize(in, 64<<10)
	if found, err := skipTo(b, []byte("mergeCells")); !found {
		return nil, err
	}
	ms, err := readMerges(b)
	slices.SortFunc(ms, func(a, b merge) int { return a.first - b.first })
	return ms, err
}

// sheetPart is the part of the archive that holds a sheet; nil where the book
// does not say which.
func sheetPart(z *zip.ReadCloser, book *excelize.File, sheet string) (*zip.File, error) {
	id := ""
	for _, s := range book.WorkBook.Sheets.Sheet {
		if s.Name == sheet {
			id = s.ID
		}
	}
	var links struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	named := func(name string) *zip.File {
		i := slices.IndexFunc(z.File, func(p *zip.File) bool { return strings.EqualFold(strings.TrimPrefix(p.Name, "/"), name) })
		if i < 0 {
			return nil
		}
		return z.File[i]
	}
	rels := named("xl/_rels/workbook.xml.rels")
	if rels == nil {
		return nil, nil
	}
	in, err := rels.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if err := xml.NewDecoder(io.LimitReader(in, 16<<20)).Decode(&links); err != nil {
		return nil, err
	}
	for _, l := range links.Relationship {
		if l.ID != id {
			continue
		}
		if whole, ok := strings.CutPrefix(l.Target, "/"); ok {
			return named(whole), nil
		}
		return named(path.Join("xl", l.Target)), nil
	}
	return nil, nil
}

// skipTo reads to behind the opening tag of an element. Text cannot be taken
// for it: there < is written &lt;.
func skipTo(b *bufio.Reader, name []byte) (bool, error) {
	for {
		if _, err := b.ReadSlice('<'); errors.Is(err, bufio.ErrBufferFull) {
			continue
		} else if err != nil {
			return false, ignoreEOF(err)
		}
		tag, err := b.Peek(64)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		tag = tag[:max(0, bytes.IndexAny(tag, " />"))]
		if _, local, ok := bytes.Cut(tag, []byte(":")); ok {
			tag = local
		}
		if bytes.Equal(tag, name) {
			_, err := b.ReadSlice('>')
			return err == nil, ignoreEOF(err)
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// readMerges reads merged cells until something else comes.
func readMerges(r io.Reader) (ms []merge, err error) {
	d := xml.NewDecoder(r)
	for n := 0; ; n++ {
		token, err := d.RawToken()
		if err != nil {
			return ms, ignoreEOF(err)
		}
		start, ok := token.(xml.StartElement)
		switch end, ends := token.(xml.EndElement); {
		case ends && end.Name.Local != "mergeCell", ok && start.Name.Local != "mergeCell":
			return ms, nil
		case n > 4*maxMerges:
			return nil, fmt.Errorf("it has more than %d merged cells", maxMerges)
		case !ok:
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Local != "ref" {
				continue
			}
			if m, ok := readMerge(a.Value); ok {
				ms = append(ms, m)
			}
		}
	}
}

// readMerge reads "B3:B5"; ok means that it reaches over several rows.
func readMerge(ref string) (m merge, ok bool) {
	from, to, _ := strings.Cut(ref, ":")
	left, first, err := excelize.CellNameToCoordinates(strings.ReplaceAll(from, "$", ""))
	_, last, err2 := excelize.CellNameToCoordinates(strings.ReplaceAll(to, "$", ""))
	return merge{left - 1, first, last}, err == nil && err2 == nil && last > first && left <= maxColumns
}

// filler gives every row what a cell says that is merged over several: the sheet
// has it in the first only. The line with the headings, and what stands above
// it, is not passed on.
type filler struct {
	merges []merge // that have not begun
	open   []opened
	begun  bool // the headings have been
	filled int
}

// opened is a merged cell in whose rows we are.
type opened struct {
	merge
	says string
}

// row fills in what is said by merged cells above. A row that says nothing of
// its own stays empty: whole lines are merged for their looks.
func (f *filler) row(n int, cells []string) []string {
	f.open = slices.DeleteFunc(f.open, func(o opened) bool { return o.last < n })
	empty := blank(cells)
	for _, o := range f.open {
		if empty {
			break
		}
		for len(cells) <= o.column {
			cells = append(cells, "")
		}
		if strings.TrimSpace(cells[o.column]) == "" {
			cells[o.column] = o.says
			f.filled++
		}
	}
	for len(f.merges) > 0 && f.merges[0].first <= n {
		m := f.merges[0]
		f.merges = f.merges[1:]
		if f.begun && m.first == n && m.column < len(cells) && strings.TrimSpace(cells[m.column]) != "" {
			f.open = append(slices.DeleteFunc(f.open, func(o opened) bool { return o.column == m.column }), opened{m, cells[m.column]})
		}
	}
	f.begun = f.begun || !empty
	return cells
}
