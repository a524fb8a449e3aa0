package list_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/freiton/freiton/campaign/list"
)

func sheet(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if _, err := f.NewSheet("Liste"); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := f.SetSheetRow("Liste", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A workbook is read as CSV is: the first sheet with rows, numbers with all
// their digits, line numbers of the sheet.
func TestImportXLSX(t *testing.T) {
	file := sheet(t,
		[]any{"Name", "Telefon", "Seit"},
		[]any{"Jörg; \"Fisch\"", "030 23125001", time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)},
		nil,
		[]any{"Ann", 4917139200001, "x"},
		[]any{"Bad", "hello", ""},
		[]any{"Zero", 3023125002, ""},
	)
	got, res := read(t, string(file))
	if len(got) != 3 || got[0].Phone != "+493023125001" || got[0].Name != "Jörg; \"Fisch\"" || got[1].Phone != "+4917139200001" || got[2].Phone != "+493023125002" {
		t.Fatalf("%+v", got)
	}
	if v := got[0].Fields[2].Value; v != "2026-03-04" {
		t.Errorf("date %q", v)
	}
	if len(res.Bad) != 1 || res.Bad[0].Line != 5 {
		t.Errorf("bad %+v", res.Bad)
	}
}

// A do-not-call list may be a workbook, with a heading or without.
func TestImportDNCXLSX(t *testing.T) {
	for what, file := range map[string][]byte{
		"heading":    sheet(t, []any{"Name", "Rufnummer"}, []any{"X", "030 23125001"}, []any{"Y", 4917139200001}),
		"no heading": sheet(t, []any{"030 23125001"}, []any{4917139200001}),
	} {
		es, res := readDNC(t, string(file), list.DNCOptions{By: "import x.xlsx"})
		if len(es) != 2 || es[0].Number != "+493023125001" || es[1].Number != "+4917139200001" || res.BadLines != 0 {
			t.Errorf("%s: %+v, %v", what, es, res.Bad)
		}
	}
}

func TestImportXLSXRefuses(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	for i := range 1_001 {
		if _, err := z.Create(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"torn":  "PK\x03\x04 and no more",
		"parts": bomb.String(),
		"empty": string(sheet(t)),
	} {
		if _, _, err := tryRead(t, file); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
