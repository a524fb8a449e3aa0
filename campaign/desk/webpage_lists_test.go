package desk_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/list"
	"github.com/freiton/freiton/campaign/store/sqlite"
)

// TestListsPage: the administrator checks a file, corrects what a column means,
// and brings it in, then looks after users, numbers and campaigns; nobody else
// has these pages.
func TestListsPage(t *testing.T) {
	b, w, say := browser(t), worldOf(t), words("de")
	file := filepath.Join(t.TempDir(), "umzug.csv")
	must(t, os.WriteFile(file, []byte("record_id;contact_info;record_status;call_result;attempt;agent_id;record_type;Ansprechpartnerin;Zweitnummer\n"+
		"1;+493023125000;1;28;0;;2;Jonas Albrecht;\n"+
		"2;030 23125 001;3;33;2;;2;Wilhelmine Oberpostdirektionsratsgattin;0170 1234567\n"+
		"3;030 23125 002;1;51;1;;2;Nein Danke;\n4;030 23125 003;1;28;1;jens;5;Rückruf Erbeten;\n5;keine Ahnung;1;28;0;;2;;\n5;030 23125 001;1;28;0;;2;;\n"), 0o600))
	p := &looks{tab: w.visit(t, b, "de"), axe: axe(t)}
	p.logIn("chief", say)
	p.press("Anruflisten")
	main := func() string { return p.text("document.querySelector('main')") }
	p.until("the lists", func() bool { return strings.Contains(main(), "kunden") && strings.Contains(main(), "bestand") })
	p.write(p.find("combobox", "Name der Liste"), "umzug")
	p.run(chromedp.ActionFunc(func(ctx context.Context) error { // its name in the tree of roles is the browser's
		input, _, err := runtime.Evaluate(`document.querySelector("input[type=file]")`).Do(ctx)
		if err != nil {
			return err
		}
		return dom.SetFileInputFiles([]string{file}).WithObjectID(input.ObjectID).Do(ctx)
	}))
	p.press("Datei prüfen")
	p.until("what would come", func() bool { return strings.Contains(main(), "4 Datensätze kämen hinein, 1 fehlerhafte Zeilen") })
	for _, said := range []string{"Eine Nummer steht auch in anderen Listen: kunden 1", "1 stehen doppelt in der Datei", "Ein Sperreintrag", "Persönliche Rückrufe: 1 jens", "keine Ahnung"} {
		if !strings.Contains(main(), said) {
			t.Errorf("the check does not say %q:\n%s", said, main())
		}
	}
	if n := w.countRecords("umzug"); n != 0 {
		t.Fatalf("the check brought in %d records", n)
	}
	p.choose("Bedeutung von Zweitnummer", "Rufnummer")
	p.choose("Bedeutung von Ansprechpartnerin", "Name")
	p.press("Datei prüfen")
	p.until("one number more", func() bool { return strings.Contains(main(), "5 Datensätze kämen") })
	p.look("lists-checked")
	p.press("5 Datensätze importieren")
	p.until("it is in", func() bool {
		return strings.Contains(main(), "5 Datensätze importiert, 1 fehlerhafte") && strings.Contains(main(), "umzug exportieren")
	})
	if n := w.countRecords("umzug"); n != 5 {
		t.Errorf("%d records came in", n)
	}
	p.glance("lists-imported")
	p.runsTheOffice(t, say)
	q := &looks{tab: w.visit(t, b, "de"), axe: p.axe}
	q.logIn("lena", say)
	q.find("button", "Berichte")
	for _, name := range []string{"Anruflisten", "Kampagnen", "Benutzer und Rollen", "SIP-Verlauf"} {
		if len(q.seen("button", name)) > 0 {
			t.Errorf("a team leader has the page %s", name)
		}
	}
	var status int
	q.evaluate(`fetch('/api/v1/sip').then(r => r.status)`, &status)
	if status != 403 {
		t.Errorf("a team leader asks for everybody's calls: %d", status)
	}
}

func (w *world) countRecords(name string) (n int) {
	must(w.t, w.lists.store.Records(w.t.Context(), campaign.RecordQuery{List: name}, func(campaign.Record) error { n++; return nil }))
	return n
}

// fileLists reads lists as the program does.
type fileLists struct{ store *sqlite.Store }

func (l fileLists) Import(ctx context.Context, name string, r io.Reader, o desk.ImportOptions) (desk.ImportResult, error) {
	opts := list.Options{List: name, Country: "DE", Known: l.store.Known}
	for f, column := range o.Map {
		m, err := list.ParseMapping(f + "=" + column)
		if err != nil {
			return desk.ImportResult{}, err
		}
		opts.Map = append(opts.Map, m...)
	}
	if !o.DryRun {
		opts.Sink = func(ctx context.Context, rs []campaign.Record) error { return l.store.Import(ctx, name, rs) }
	}
	res, err := list.Import(ctx, r, opts)
	out := desk.ImportResult{Lines: res.Read, Imported: res.Imported, Skipped: res.Duplicates, Twice: res.Twice, InLists: res.Elsewhere,
		Bad: res.BadLines, DryRun: o.DryRun, Called: res.History.Called, Blocked: res.History.Blocked, Owners: map[string]int{}, Results: map[string]int{}}
	for _, n := range res.Elsewhere {
		out.Elsewhere += n
	}
	for a, n := range res.History.Owners {
		out.Owners[string(a)] = n
	}
	for v, n := range res.History.ByResult {
		out.Results[v.String()] = n
	}
	left := res.Mapped
	for _, c := range res.Columns {
		col := desk.ImportColumn{Column: c}
		if len(left) > 0 && left[0].Column == c {
			col.Field, left = string(left[0].Field), left[1:]
		}
		out.Columns = append(out.Columns, col)
	}
	for _, b := range res.Bad {
		out.BadLines = append(out.BadLines, desk.BadLine{Line: b.Line, Column: b.Column, Reason: b.Value + ": " + b.Reason})
	}
	return out, err
}

func (fileLists) Export(context.Context, string, io.Writer, desk.ExportOptions) error {
	return errors.ErrUnsupported
}

func (fileLists) ImportBlocked(context.Context, io.Reader, desk.BlockOptions) (desk.ImportResult, error) {
	return desk.ImportResult{}, errors.ErrUnsupported
}
