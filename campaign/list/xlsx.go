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

// workbook turns the first sheet of an XLSX file that has rows into CSV, line
// for row, so that both are read and repaired by the same rules. The caller
// closes it; closing early ends the work.
func workbook(r io.Reader) (io.ReadCloser, error) {
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
	out, in := io.Pipe()
	go func() { // ended by the last row, or when the reader is closed
		err := writeSheet(book, in)
		_ = book.Close()
		_ = os.Remove(name)
		_ = in.CloseWithError(err)
	}()
	return out, nil
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

// writeSheet writes the rows of the first sheet that has any.
func writeSheet(book *excelize.File, to io.Writer) error {
	w := csv.NewWriter(to)
	for _, sheet := range book.GetSheetList() {
		n, err := writeRows(book, sheet, w)
		if err != nil {
			return fmt.Errorf("sheet %q: %w", sheet, err)
		}
		if n > 0 {
			break
		}
	}
	w.Flush()
	return w.Error()
}

func writeRows(book *excelize.File, sheet string, w *csv.Writer) (n int, err error) {
	shown, err := book.Rows(sheet)
	if err != nil {
		return 0, err
	}
	defer shown.Close()
	kept, err := book.Rows(sheet)
	if err != nil {
		return 0, err
	}
	defer kept.Close()
	for shown.Next() && kept.Next() {
		if n++; n > maxRows {
			return n, fmt.Errorf("it has more than %d rows; import it in parts", maxRows)
		}
		cells, err := shown.Columns()
		if err != nil {
			return n, err
		}
		raw, err := kept.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return n, err
		}
		if len(cells) > maxColumns {
			return n, fmt.Errorf("row %d has more than %d columns", n, maxColumns)
		}
		for i := range min(len(cells), len(raw)) {
			cells[i] = cellText(cells[i], raw[i])
		}
		if len(cells) == 0 {
			cells = []string{""} // a line all the same: line numbers are those of the sheet
		}
		if err := w.Write(cells); err != nil {
			return n, err
		}
	}
	return n, errors.Join(shown.Error(), kept.Error())
}

// cellText is what a cell says: what is shown, but for long numbers that are
// shown shortened (4.92E+11) where the sheet still keeps every digit.
func cellText(shown, raw string) string {
	if strings.ContainsAny(shown, "eE") && raw != "" && strings.Trim(raw, "0123456789") == "" && strings.Trim(shown, "0123456789.,eE+") == "" {
		return raw
	}
	return shown
}
