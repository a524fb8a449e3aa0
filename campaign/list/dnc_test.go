package list_test

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/list"
)

func readDNC(t *testing.T, text string, o list.DNCOptions) ([]campaign.DNCEntry, list.Result) {
	t.Helper()
	var es []campaign.DNCEntry
	o.Country, o.Location = "DE", time.UTC
	o.Sink = func(_ context.Context, batch []campaign.DNCEntry) error {
		es = append(es, batch...)
		return nil
	}
	res, err := list.ImportDNC(t.Context(), strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return es, res
}

func TestImportDNC(t *testing.T) {
	at := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	o := list.DNCOptions{By: "import robinson.csv", Client: "Muster", At: at}
	es, res := readDNC(t, "030 23125 001\nunbekannt\n\n030 23125 002 / 030 23125 003\n030 23125 001\n", o)
	entry := func(n string) campaign.DNCEntry {
		return campaign.DNCEntry{Number: "+493023125" + n, At: at, By: o.By, Client: "Muster"}
	}
	if want := []campaign.DNCEntry{entry("001"), entry("002"), entry("003"), entry("001")}; !reflect.DeepEqual(es, want) {
		t.Errorf("%+v", es)
	}
	if res.Read != 4 || res.Imported != 4 || res.Skipped != 1 || len(res.Bad) != 1 || res.Bad[0].Line != 2 {
		t.Errorf("%+v", res)
	}

	es, res = readDNC(t, "Name;Rufnummer;Kundennummer;Datum;Grund\nX;030 23125 001;42;01.02.2026;will nicht\nY;;43;;\nZ;;;;\nW;x;44;;\n", o)
	first := entry("001")
	first.Person, first.At, first.Wording = "customer:42", time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), "will nicht"
	second := entry("")
	second.Number, second.Person = "", "customer:43"
	third := second
	third.Person = "customer:44" // the number is reported, the person holds
	if want := []campaign.DNCEntry{first, second, third}; !reflect.DeepEqual(es, want) {
		t.Errorf("%+v, want %+v", es, want)
	}
	if res.Skipped != 1 || len(res.Bad) != 2 || res.BadLines != 2 {
		t.Errorf("%+v", res)
	}
	if _, err := list.ImportDNC(t.Context(), strings.NewReader("a,b\n"), list.DNCOptions{}); err == nil || !strings.Contains(err.Error(), "--map") {
		t.Errorf("without numbers: %v", err)
	}
}

func TestExportDNC(t *testing.T) {
	want := []campaign.DNCEntry{
		{Number: "+493023125001", Person: "customer:42", Client: "Muster", At: time.UnixMilli(1772618400123).UTC(), By: "ann", Attempt: "A1", Wording: "\"no\", '=x"},
		{Person: "chain:7", Campaign: "spring", At: time.UnixMilli(1).UTC(), By: "ben"},
	}
	var b bytes.Buffer
	if err := list.ExportDNC(&b, want); err != nil {
		t.Fatal(err)
	}
	got, res := readDNC(t, b.String(), list.DNCOptions{})
	if !reflect.DeepEqual(got, want) || res.BadCells != 0 {
		t.Errorf("%+v came back as %+v, %v", want, got, res.Bad)
	}
}
