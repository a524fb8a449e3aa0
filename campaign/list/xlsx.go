package list

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/xuri/excelize/v2"
)

// The limits of a workbook. It is a compressed archive: what little it weighs
// says nothing about what comes out.
const (
	maxWorkbook = 256 << 20 // bytes as sent
	maxUnpacked = 1 << 30   // bytes of all its parts
	maxParts    = 1_000
	maxRows     = 1 << 20 // as many as a sheet can have
)

// isWorkbook tells an XLSX file by its beginning: a ZIP archive.
func isWorkbook(r *bufio.Reader) bool {
	b, _ := r.Peek(4)
	return bytes.Equal(b, []byte("PK\x03\x04"))
}

// sheet is a sheet of a workbook as CSV.
type sheet struct {
	io.ReadCloser
	name   string
	others []string // sheets that have rows too, and are not read
	merged filler   // of its merged cells; it is the writer's until the last row was read
}

// workbook turns a sheet of an XLSX file into CSV, line for row, so that both are
// read and repaired by the same rules: the one that is asked for, else the first
// that is shown and has rows. The caller closes it; closing early ends the work.
func workbook(r io.Reader, ask string) (*sheet, error) {
	f, err := os.CreateTemp("", "freiton-*.xlsx")
	if err != nil {
		return nil, err
	}
	name := f.Name()
	n, err := io.Copy(f, io.LimitReader(r, maxWorkbook+1))
	err = errors.Join(err, f.Close())
	if err == nil && n > maxWorkbook {
		err = fmt.Errorf("the workbook has more than %d MB; save the sheet as CSV", maxWorkbook>>20)
	}
	if err == nil {
		err = checkParts(name)
	}
	var book *excelize.File
	if err == nil {
		book, err = excelize.OpenFile(name, excelize.Options{
			UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: 16 << 20,
			ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd", LongTimePattern: "hh:mm:ss",
		})
	}
	if err != nil {
		_ = os.Remove(name)
		return nil, fmt.Errorf("the workbook cannot be read (%w); save it as CSV", err)
	}
	s, err := choose(book, ask)
	if err == nil {
		s.merged.merges, err = merges(name, book, s.name)
		if err != nil {
			err = fmt.Errorf("sheet %q: %w", s.name, err)
		}
	}
	if err != nil {
		_ = book.Close()
		_ = os.Remove(name)
		return nil, err
	}
	out, in := io.Pipe()
	s.ReadCloser = out
	go func() { // ended by the last row, or when the reader is closed
		err := writeSheet(book, s, in)
		_ = book.Close()
		_ = os.Remove(name)
		_ = in.CloseWithError(err)
	}()
	return s, nil
}

// choose finds the sheet to be read.
func choose(book *excelize.File, ask string) (*sheet, error) {
	var shown, hidden []string
	for _, name := range book.GetSheetList() {
		rows, err := book.Rows(name)
		if err != nil {
			return nil, fmt.Errorf("sheet %q: %w", name, err)
		}
		some := rows.Next()
		if err := rows.Close(); err != nil {
			return nil, fmt.Errorf("sheet %q: %w", name, err)
		}
		visible, err := book.GetSheetVisible(name)
		switch {
		case ask != "" && strings.EqualFold(strings.TrimSpace(ask), strings.TrimSpace(name)):
			return &sheet{name: name}, nil
		case some && (visible || err != nil):
			shown = append(shown, name)
		case some:
			hidden = append(hidden, name)
		}
	}
	all := append(shown, hidden...)
	switch {
	case ask != "":
		return nil, fmt.Errorf("the workbook has no sheet %q; it has %s", ask, quoted(book.GetSheetList()))
	case len(all) == 0:
		return &sheet{name: book.GetSheetList()[0]}, nil
	}
	return &sheet{name: all[0], others: all[1:]}, nil
}

// checkParts refuses an archive that would not fit before anything is unpacked.
func checkParts(name string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer z.Close()
	var size uint64
	for _, p := range z.File {
		size += min(p.UncompressedSize64, maxUnpacked+1)
	}
	if size > maxUnpacked || len(z.File) > maxParts {
		return fmt.Errorf("it unpacks to more than %d MB; save the sheet as CSV", maxUnpacked>>20)
	}
	return nil
}

// writeSheet writes the rows of a sheet.
func writeSheet(book *excelize.File, s *sheet, to io.Writer) error {
	w := csv.NewWriter(to)
	if err := writeRows(book, s, w); err != nil {
		return fmt.Errorf("sheet %q: %w", s.name, err)
	}
	w.Flush()
	return w.Error()
}

func writeRows(book *excelize.File, s *sheet, w *csv.Writer) error {
	shown, err := book.Rows(s.name)
	if err != nil {
		return err
	}
	defer shown.Close()
	kept, err := book.Rows(s.name)
	if err != nil {
		return err
	}
	defer kept.Close()
	for n := 1; shown.Next() && kept.Next(); n++ {
		if n > maxRows {
			return fmt.Errorf("it has more than %d rows; import it in parts", maxRows)
		}
		cells, err := shown.Columns()
		if err != nil {
			return err
		}
		raw, err := kept.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return err
		}
		if len(cells) > maxColumns {
			return fmt.Errorf("row %d has more than %d columns", n, maxColumns)
		}
		for i := range min(len(cells), len(raw)) {
			cells[i] = cellText(cells[i], raw[i])
		}
		cells = s.merged.row(n, cells)
		if len(cells) == 0 {
			cells = []string{""} // a line all the same: line numbers are those of the sheet
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	return errors.Join(shown.Error(), kept.Error())
}

// cellText is what a cell says: what is shown, but for long numbers that are
// shown shortened (4.92E+11) where the sheet still keeps every digit.
func cellText(shown, raw string) string {
	if strings.ContainsAny(shown, "eE") && raw != "" && strings.Trim(raw, "0123456789") == "" && strings.Trim(shown, "0123456789.,eE+") == "" {
		return raw
	}
	return shown
}
