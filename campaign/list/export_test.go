package list_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/list"
)

// source is a list in memory.
type source struct {
	columns []string
	rs      []campaign.Record
	query   campaign.RecordQuery
}

func (s *source) Lists(context.Context) ([]campaign.ListInfo, error) {
	return []campaign.ListInfo{{Name: "a"}, {Name: "customers", Columns: s.columns}}, nil
}

func (s *source) Records(_ context.Context, q campaign.RecordQuery, each func(campaign.Record) error) error {
	s.query = q
	for _, r := range s.rs {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func export(t testing.TB, s *source, o list.ExportOptions) (string, list.Exported) {
	t.Helper()
	var b bytes.Buffer
	done, err := list.Export(context.Background(), &b, s, "customers", o)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), done
}

func worked() *source {
	return &source{columns: []string{"Tel", "name", "Tel"}, rs: []campaign.Record{{
		ID: "7", Phone: "+493023125001", PhoneType: "Tel", Name: "Jörg", CustomerID: "K1", Chain: "customer:K1",
		Fields: []campaign.Field{{Name: "Tel", Value: "030 23125 001"}, {Name: "name", Value: "Jörg; Łukasz"}, {Name: "Tel", Value: "=1+1"}},
		From:   9 * time.Hour, Until: 18*time.Hour + 30*time.Minute, Type: campaign.General, Status: campaign.Updated, Result: campaign.Answer,
		Attempts: 2, NextDial: time.Date(2026, 3, 4, 10, 0, 0, 5e6, time.UTC), Disposition: "Sold/New", Note: "-2 for 1", NoCall: true,
	}}}
}

func TestExport(t *testing.T) {
	s := worked()
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	got, done := export(t, s, list.ExportOptions{Since: since, Changed: true})
	want := "Tel,name,Tel,id,phone,phone_type,chain,position,customer_id,record_name,time_zone,from,until,type,status,call_result,attempts," +
		"next_dial_at,last_call_at,owner,declined,reason,disposition,note,do_not_call,callback_at," +
		"consent_at,consent_text,consent_source,consent_reference,consent_revoked\n" +
		"030 23125 001,Jörg; Łukasz,=1+1,7,+493023125001,Tel,customer:K1,,K1,Jörg,,09:00,18:30,general,updated,answer,2," +
		"2026-03-04T10:00:00.005Z,,,,,Sold/New,-2 for 1,true,,,,,,\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if done != (list.Exported{Records: 1}) {
		t.Errorf("%+v", done)
	}
	if want := (campaign.RecordQuery{List: "customers", Since: since, Changed: true}); s.query != want {
		t.Errorf("query %+v", s.query)
	}
	if _, err := list.Export(t.Context(), &bytes.Buffer{}, s, "nobody", list.ExportOptions{}); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("a list that is not there: %v", err)
	}
}

// TestExportExcel: semicolons, Windows-1252, and nothing a spreadsheet would
// execute or round.
func TestExportExcel(t *testing.T) {
	got, done := export(t, worked(), list.ExportOptions{Excel: true})
	line := strings.Split(got, "\r\n")[1]
	if want := "030 23125 001;\"J\xf6rg; ?ukasz\";'=1+1;7;'+493023125001;Tel;"; !strings.HasPrefix(line, want) {
		t.Errorf("got %q, want %q", line, want)
	}
	if !strings.Contains(line, ";'-2 for 1;") {
		t.Errorf("note not guarded: %q", line)
	}
	if done.Lost != 1 {
		t.Errorf("%d characters lost", done.Lost)
	}
	for _, c := range []struct{ cell, want string }{
		{"@cmd", "'@cmd"}, {"\tx", "'\tx"}, {"-12,50", "-12,50"}, {"-", "-"}, {"'s Gravenhage", "'s Gravenhage"},
		{"'=x", "''=x"}, {"", ""}, {"+", "'+"}, {"-1+1", "'-1+1"},
	} {
		s := &source{columns: []string{"x", "y"}, rs: []campaign.Record{{Fields: []campaign.Field{{Name: "x", Value: c.cell}, {Name: "y", Value: "end"}}}}}
		got, _ := export(t, s, list.ExportOptions{Excel: true})
		cell := strings.ReplaceAll(strings.Split(strings.SplitN(got, "\r\n", 2)[1], ";end;")[0], "\"", "")
		if cell != c.want {
			t.Errorf("%q is exported as %q, want %q", c.cell, cell, c.want)
		}
	}
}

// anyText is text as cells hold it: line ends are \n only.
func anyText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", " ", "\"", ",", ";", "\n", "ö", "€", "=", "+", "-", "@", "'", "\t", "0", "1", "Müller", "|", "\u00a0",
		}), 0, 6).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

func anyRecord(t *rapid.T, n int, columns []string) campaign.Record {
	moment := func(what string) time.Time {
		if rapid.Bool().Draw(t, what) {
			return time.UnixMilli(rapid.Int64Range(1, 4e12).Draw(t, what)).UTC()
		}
		return time.Time{}
	}
	trimmed := func(what string) string { return strings.Trim(anyText().Draw(t, what), " \n\t\u00a0") }
	r := campaign.Record{
		ID: fmt.Sprint("K", n), Line: n + 1, Phone: fmt.Sprintf("+493023125%03d", n), PhoneType: anyText().Draw(t, "type"),
		Name: anyText().Draw(t, "name"), TimeZone: rapid.SampledFrom([]string{"", "Europe/Berlin", "UTC"}).Draw(t, "zone"),
		Type:     rapid.SampledFrom([]campaign.RecordType{2, 3, 4, 5, 6, 7}).Draw(t, "type"),
		Status:   rapid.SampledFrom([]campaign.RecordStatus{1, 3, 4, 5, 6, 7, 8, 9}).Draw(t, "status"),
		Result:   rapid.SampledFrom(campaign.CallResults()).Draw(t, "result"),
		Attempts: rapid.IntRange(0, 9).Draw(t, "attempts"), Declined: rapid.IntRange(0, 9).Draw(t, "declined"),
		NextDial: moment("next"), LastCall: moment("last"), CallbackAt: moment("callback"),
		Owner:  campaign.AgentID(rapid.SampledFrom([]string{"", "ann"}).Draw(t, "owner")),
		Reason: anyText().Draw(t, "reason"), Disposition: anyText().Draw(t, "disposition"), Note: anyText().Draw(t, "note"),
		Consent: campaign.Consent{At: moment("at"), Text: anyText().Draw(t, "text"), Source: anyText().Draw(t, "source"),
			Reference: anyText().Draw(t, "ref"), Revoked: moment("revoked")},
	}
	r.NoCall = r.Type == campaign.NoCall && rapid.Bool().Draw(t, "no call")
	if rapid.Bool().Draw(t, "window") {
		r.From = time.Duration(rapid.IntRange(0, 1440).Draw(t, "from")) * time.Minute
		r.Until = time.Duration(rapid.IntRange(0, 86400).Draw(t, "until")) * time.Second
	}
	if rapid.Bool().Draw(t, "customer") {
		r.CustomerID = strings.ReplaceAll(trimmed("customer id"), "\u00a0", " ")
	}
	if r.CustomerID != "" {
		r.Chain, r.Position = "customer:"+r.CustomerID, rapid.IntRange(0, 3).Draw(t, "position")
	}
	r.Person = campaign.PersonOf(r.CustomerID, r.Chain, r.Phone)
	for _, c := range columns {
		r.Fields = append(r.Fields, campaign.Field{Name: c, Value: anyText().Draw(t, "field")})
	}
	return r
}

// TestRoundTrip: what is exported comes back as it was, and is exported the
// same again.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		columns := rapid.SliceOfN(rapid.SampledFrom([]string{"Tel", "Name", "phone", "status", "Ort, PLZ", "", "=x", "'=x", "x\"y", "id"}), 1, 5).Draw(rt, "columns")
		s := &source{columns: columns}
		for n := range rapid.IntRange(1, 4).Draw(rt, "records") {
			s.rs = append(s.rs, anyRecord(rt, n, columns))
		}
		o := list.ExportOptions{Excel: rapid.Bool().Draw(rt, "excel")}
		text, done := export(t, s, o)
		if done.Lost != 0 {
			rt.Fatalf("%d characters lost", done.Lost)
		}
		var again []campaign.Record
		res, err := list.Import(context.Background(), strings.NewReader(text), list.Options{
			Country: "DE", Sink: func(_ context.Context, rs []campaign.Record) error { again = append(again, rs...); return nil },
		})
		if err != nil || res.BadCells != 0 {
			rt.Fatalf("%v, %v\n%s", err, res.Bad, text)
		}
		for i := range again {
			if !reflect.DeepEqual(again[i], s.rs[i]) {
				rt.Fatalf("record\n%+v came back as\n%+v\n%s", s.rs[i], again[i], text)
			}
		}
		if len(again) != len(s.rs) || !reflect.DeepEqual(res.Columns, columns) {
			rt.Fatalf("%d records of %d, columns %q", len(again), len(s.rs), res.Columns)
		}
		if twice, _ := export(t, &source{columns: res.Columns, rs: again}, o); twice != text {
			rt.Fatalf("exported again\n%s\nat first\n%s", twice, text)
		}
	})
}

// TestImportExportImport: a list of somebody else, once through.
func TestImportExportImport(t *testing.T) {
	text := "Kd-Nr;Name;Telefon;Mobil;Name\n" +
		"1;'=SUM(A1);030 23125 001 / 030 23125 002;0170 1234567;b\n" +
		";Öz;30 23125 003;;\n1;x;;+49 171 1234567;\"a\nb\"\n"
	first, res := read(t, text)
	for _, excel := range []bool{false, true} {
		out, _ := export(t, &source{columns: res.Columns, rs: first}, list.ExportOptions{Excel: excel})
		second, again := read(t, out)
		for i := range first {
			first[i].Line = i + 1 // one line a number now
		}
		if !reflect.DeepEqual(first, second) || again.BadCells != 0 {
			t.Errorf("excel %v: %v\n%+v\nwant\n%+v", excel, again.Bad, second, first)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"phone\n030 23125 001\n", "a;tel;mobil\n\"x\n\";030 23125 001;'+4930\n", "sep=,\nphone\n1", "\xff\xfep\x00", "\"", "phone\r030\r",
		"phone,record_status\n+493023125001,9\n", "tel\n\"030\n031,\"\n", "\xef\xbb\xbfphone\n\xe4", "phone\n4,91E+11\n=\"030\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var rs []campaign.Record
		res, err := list.Import(context.Background(), bytes.NewReader(text), list.Options{
			Country: "DE", Location: time.UTC, Sink: func(_ context.Context, b []campaign.Record) error { rs = append(rs, b...); return nil },
		})
		if err != nil {
			return
		}
		if res.Imported != len(rs) || res.Skipped > res.Read || res.Skipped > res.BadCells {
			t.Errorf("%d records, %+v", len(rs), res)
		}
		seen := map[string]bool{}
		for _, r := range rs {
			if r.Phone == "" || r.Person == "" || r.ID == "" || seen[r.Phone] || len(r.Fields) != len(res.Columns) {
				t.Errorf("record %+v", r)
			}
			seen[r.Phone] = true
		}
		out, _ := export(t, &source{columns: res.Columns, rs: rs}, list.ExportOptions{})
		again, res2 := read(t, out)
		if len(again) != len(rs) || res2.BadCells != 0 {
			t.Errorf("%d records came back of %d: %v\n%q", len(again), len(rs), res2.Bad, out)
		}
	})
}
