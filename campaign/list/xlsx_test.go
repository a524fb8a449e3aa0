package list_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/freiton/freiton/campaign"
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

// What a merged cell says holds for all its rows: a name, a customer's number.
// What is merged over columns, under the headings or over whole lines is layout.
func TestImportXLSXMerged(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range [][]any{
		{"Kunde", "Kd-Nr", "Telefon", "Notiz"},
		{},
		{"Ann", "K1", "030 23125001", "first"},
		{nil, nil, "030 23125002", "second"},
		{nil, nil, "030 23125003"},
		{"Ben", "K2", "030 23125004", "x"},
		{},
		{"Cem", "K3", "030 23125005", "y"},
		{nil, nil, nil, "more of it"},
		{nil, "K4", "030 23125006", "z"},
	} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, ref := range []string{"A1:A2", "C1:C2", "A3:A5", "B3:B5", "D4:D5", "A6:A7", "B6:B7", "C6:D7", "C8:C9"} {
		from, to, _ := strings.Cut(ref, ":")
		if err := f.MergeCell("Sheet1", from, to); err != nil {
			t.Fatal(err)
		}
	}
	file, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	got, res := read(t, file.String(), func(o *list.Options) { o.Map = []list.Mapping{{Field: list.FieldName, Column: "Kunde"}} })
	var is []string
	for _, r := range got {
		is = append(is, fmt.Sprintf("%s %s %s %d %s", r.Name, r.CustomerID, r.Phone[len(r.Phone)-1:], r.Position, r.Fields[3].Value))
	}
	want := []string{"Ann K1 1 0 first", "Ann K1 2 1 second", "Ann K1 3 2 second", "Ben K2 4 0 ", "Cem K3 5 0 y", " K4 6 0 z"}
	if !slices.Equal(is, want) || res.Filled != 6 {
		t.Errorf("%q, %d filled, %v", is, res.Filled, res.Bad)
	}
	if len(res.Bad) != 1 || res.Bad[0].Line != 9 || res.Twice != 1 {
		t.Errorf("what is merged with a number, and is none of its own: %v", res.Bad)
	}
}

// Of several sheets the first that is shown is read, or the one that is asked
// for; the others are named.
func TestImportXLSXSheets(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for name, number := range map[string]string{"Notizen": "030 23125001", "Nord": "030 23125002", "Süd": "3023125003"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range [][]any{{"Telefon", "Name"}, {number, name}} {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	hidden := f.SetSheetVisible("Notizen", false)
	b, err := f.WriteToBuffer()
	if err := errors.Join(hidden, err); err != nil {
		t.Fatal(err)
	}
	for ask, want := range map[string]string{"": "", "süd ": "Süd", "Notizen": "Notizen", "nix": "no sheet"} {
		var got []campaign.Record
		res, err := list.Import(t.Context(), bytes.NewReader(b.Bytes()), list.Options{Country: "DE", Sheet: ask, Sink: func(_ context.Context, rs []campaign.Record) error {
			got = append(got, rs...)
			return nil
		}})
		switch {
		case want == "no sheet":
			if err == nil || !strings.Contains(err.Error(), `no sheet "nix"`) || !strings.Contains(err.Error(), "Nord") {
				t.Error(err)
			}
		case err != nil || len(got) != 1 || got[0].Name != res.Sheet:
			t.Errorf("%q: %v, %+v, %+v", ask, err, got, res)
		case ask == "":
			if res.Sheet == "Notizen" || len(res.OtherSheets) != 2 || res.OtherSheets[1] != "Notizen" {
				t.Errorf("read %q, not %q", res.Sheet, res.OtherSheets)
			}
		case got[0].Name != want:
			t.Errorf("%q: read %q", ask, got[0].Name)
		case want == "Süd" && (len(res.Mended) != 1 || res.Mended[0].Number != "+493023125003" || res.Mended[0].Line != 2 || res.Mended[0].Column != "Telefon"):
			t.Errorf("mended %+v", res.Mended)
		}
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
