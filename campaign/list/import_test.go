package list_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/list"
)

// read imports a text and gives its records.
func read(t testing.TB, text string, edit ...func(*list.Options)) ([]campaign.Record, list.Result) {
	t.Helper()
	rs, res, err := tryRead(t, text, edit...)
	if err != nil {
		t.Fatal(err)
	}
	return rs, res
}

func tryRead(t testing.TB, text string, edit ...func(*list.Options)) ([]campaign.Record, list.Result, error) {
	t.Helper()
	var rs []campaign.Record
	o := list.Options{Country: "DE", Location: time.UTC, Sink: func(_ context.Context, batch []campaign.Record) error {
		rs = append(rs, batch...)
		return nil
	}}
	for _, e := range edit {
		e(&o)
	}
	res, err := list.Import(t.Context(), strings.NewReader(text), o)
	return rs, res, err
}

func phones(rs []campaign.Record) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Phone)
	}
	return out
}

func TestImportGerman(t *testing.T) {
	rs, res := read(t, "Kundennummer;Nachname;Vorname;Telefon;Handy;Ort;Zeitzone;von;bis\r\n"+
		"0815;Müller;Jörg;030 23125 001;0170 1234567;Köln;;9:30;18\r\n"+
		";Schmidt;;030 23125 002;;\"Bad \"\"X\"\"; Ort\";Europe/Berlin;;\r\n")
	if len(rs) != 3 || res.Read != 2 || res.Imported != 3 || res.Skipped != 0 || res.BadCells != 0 {
		t.Fatalf("%d records, %+v", len(rs), res)
	}
	if res.Comma != ';' || res.Encoding != list.UTF8 {
		t.Errorf("separator %q, encoding %s", res.Comma, res.Encoding)
	}
	fields := func(vals ...string) []campaign.Field {
		var out []campaign.Field
		for i, name := range strings.Split("Kundennummer;Nachname;Vorname;Telefon;Handy;Ort;Zeitzone;von;bis", ";") {
			out = append(out, campaign.Field{Name: name, Value: vals[i]})
		}
		return out
	}
	first := campaign.Record{
		ID: "1", Line: 1, Chain: "customer:0815", CustomerID: "0815", Person: "customer:0815", Phone: "+493023125001", PhoneType: "Telefon",
		Name: "Jörg Müller", From: 9*time.Hour + 30*time.Minute, Until: 18 * time.Hour,
		Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown,
		Fields: fields("0815", "Müller", "Jörg", "030 23125 001", "0170 1234567", "Köln", "", "9:30", "18"),
	}
	second := first
	second.Phone, second.PhoneType, second.Position, second.Status = "+491701234567", "Handy", 1, campaign.ChainReady
	third := campaign.Record{
		ID: "2", Line: 2, Phone: "+493023125002", Person: "number:+493023125002", PhoneType: "Telefon", Name: "Schmidt", TimeZone: "Europe/Berlin",
		Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown,
		Fields: fields("", "Schmidt", "", "030 23125 002", "", `Bad "X"; Ort`, "Europe/Berlin", "", ""),
	}
	for i, want := range []campaign.Record{first, second, third} {
		if !reflect.DeepEqual(rs[i], want) {
			t.Errorf("record %d\n%+v, want\n%+v", i, rs[i], want)
		}
	}
}

func TestImportEncodings(t *testing.T) {
	text := "Name;Telefon\nJörg Müßig;030 23125 001\n"
	latin, _ := charmap.ISO8859_1.NewEncoder().String(text)
	euro := strings.Replace(text, "Jörg", "€uro Jörg", 1)
	cp1252, _ := charmap.Windows1252.NewEncoder().String(euro)
	utf16 := "\xff\xfe"
	for _, r := range text {
		utf16 += string([]byte{byte(r), byte(r >> 8)})
	}
	for what, c := range map[string]struct {
		text, name string
		given      list.Encoding
		found      list.Encoding
	}{
		"utf-8":                {text, "Jörg Müßig", "", list.UTF8},
		"utf-8 with mark":      {"\xef\xbb\xbf" + text, "Jörg Müßig", "", list.UTF8},
		"latin-1":              {latin, "Jörg Müßig", "", list.Windows1252},
		"latin-1, told":        {latin, "Jörg Müßig", list.Latin1, list.Latin1},
		"windows-1252":         {cp1252, "€uro Jörg Müßig", "", list.Windows1252},
		"utf-16":               {utf16, "Jörg Müßig", "", list.UTF16},
		"late":                 {"Name;Telefon\n" + strings.Repeat("A;\n", 40000) + latin[len("Name;Telefon\n"):], "Jörg Müßig", "", list.Windows1252},
		"old line ends":        {strings.ReplaceAll(text, "\n", "\r"), "Jörg Müßig", "", list.UTF8},
		"without a last break": {strings.TrimSuffix(text, "\n"), "Jörg Müßig", "", list.UTF8},
	} {
		rs, res := read(t, c.text, func(o *list.Options) { o.Encoding = c.given })
		if len(rs) != 1 || rs[0].Name != c.name || res.Encoding != c.found {
			t.Errorf("%s: %+v, encoding %s", what, rs, res.Encoding)
		}
	}
}

func TestImportSeparators(t *testing.T) {
	for what, text := range map[string]string{
		"comma":     "name,phone,city\nA,+493023125001,\"x;y\"\n",
		"semicolon": "name;phone;city\nA;+493023125001;x;;\n",
		"tab":       "name\tphone\tcity\nA\t+493023125001\tx\n",
		"hint":      "sep=|\nname|phone|city\nA|+493023125001|x\n",
		"in quotes": "\"a,b,c,d\";phone\nA;+493023125001\n",
	} {
		rs, res := read(t, text)
		if !slices.Equal(phones(rs), []string{"+493023125001"}) || res.BadCells != 0 {
			t.Errorf("%s: %v, %+v", what, phones(rs), res.Bad)
		}
	}
}

func TestImportHeaders(t *testing.T) {
	for _, c := range []struct {
		header string
		maps   string
		want   string // columns taken for phone; "error: …"
	}{
		{"Telefon privat,Mobil-Nr.,Telefax", "", "Telefon privat,Mobil-Nr."},
		{"phone_1,phone 2,Phone3", "", "phone_1,phone 2,Phone3"},
		{"Rufnummer,Nummer", "", "Rufnummer"},
		{"Kd.-Nr.,Nummer", "", "Nummer"},
		{"contact_info,record_id", "", "contact_info"},
		{"A,B,phone", "phone=B", "B"},
		{"A,B,C", "phone=C,phone=#1", "A,C"},
		{"TEL: (mobil),x", "", "TEL: (mobil)"},
		{"A,B,C", "phone=A,C,name=B", "A,C"},
		{"\"A,C\",B,C", "phone=A,C", "A,C"},
		{"A,B", "", `error: no column is named like a telephone number; the first line has "A", "B": name one of them "phone", or say which it is with --map phone=COLUMN`},
		{"030 23125 001,Muster", "", `error: the first line has a telephone number, "030 23125 001", where it must name the columns: put a line above it, such as phone,name`},
		{"A,phone", "phone=Tel", `error: there is no column "Tel"; the file has "A", "phone"`},
		{"", "", `error: the file is empty; its first line must name the columns`},
	} {
		_, res, err := tryRead(t, c.header+"\n", func(o *list.Options) {
			if c.maps != "" {
				o.Map, _ = list.ParseMapping(c.maps)
			}
		})
		if err != nil {
			if got := strings.TrimPrefix(err.Error(), "list: "); "error: "+got != c.want {
				t.Errorf("%q: %s, want %s", c.header, got, c.want)
			}
			continue
		}
		var got []string
		for _, m := range res.Mapped {
			if m.Field == list.FieldPhone {
				got = append(got, m.Column)
			}
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%q: phones %q, want %s", c.header, got, c.want)
		}
	}
	for _, s := range []string{"phone", "telephone=x", "=x"} {
		if _, err := list.ParseMapping(s); err == nil {
			t.Errorf("mapping %q was taken", s)
		}
	}
}

func TestImportBadLines(t *testing.T) {
	text := strings.Join([]string{
		"id,name,phone,phone2,time_zone,von,attempts",
		`1,good,030 23125 001,,,,`,
		`2,letters,unbekannt,,,,`,
		`3,"opened,030 23125 003,,,,`,
		`4,good,030 23125 004,,,,`,
		`5,wide,030 23125 005,,,,,surplus`,
		`6,half,12,030 23125 006,,,`,
		`7,zone,030 23125 007,,Berlin,,`,
		`8,clock,030 23125 008,,,morning,`,
		`9,count,030 23125 009,,,,many`,
		`10,"after" quote,030 23125 010,,,,`,
		``,
		`11,none,,,,,`,
		`12,twice,030 23125 001,,,,`,
		`13,emergency,110,,,,`,
		`14,"two`,
		`lines",030 23125 014,,,,`,
		`15,inches 7",030 23125 015`,
		`16,` + strings.Repeat("x", 200<<10) + `,030 23125 016`,
		`17,last,030 23125 017,,,,`,
	}, "\n")
	rs, res := read(t, text)
	want := []string{
		"+493023125001", "+493023125004", "+493023125006", "+493023125014", "+493023125015", "+493023125017",
	}
	if !slices.Equal(phones(rs), want) {
		t.Errorf("numbers %v, want %v", phones(rs), want)
	}
	var got []string
	for _, b := range res.Bad {
		got = append(got, fmt.Sprintf("%d %s: %s", b.Line, b.Column, b.Reason))
		if b.Cure == "" {
			t.Errorf("%v has no cure", b)
		}
	}
	wantBad := []string{
		"3 phone: has letters in it",
		"4 : a quote is opened and never closed",
		"6 : it has 8 columns, the first line has 7",
		"7 phone: is too short for a number of DE",
		"8 time_zone: is not a time zone",
		"9 von: is not a time of day",
		"10 attempts: is not a count",
		"11 : there is text after a closing quote",
		"13 : it has no telephone number",
		"14 phone: the number stands in the file already",
		"15 phone: is an emergency number",
		"19 : the line is longer than 128 KiB",
	}
	if !slices.Equal(got, wantBad) {
		t.Errorf("bad lines\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantBad, "\n"))
	}
	if res.Read != 17 || res.Skipped != 11 || res.Imported != 6 || res.Duplicates != 1 || res.BadCells != len(wantBad) || res.BadLines != len(wantBad)-1 {
		t.Errorf("%d read, %d skipped, %d imported, %d duplicates, %d bad", res.Read, res.Skipped, res.Imported, res.Duplicates, res.BadCells)
	}
	if rs[3].Name != "two\nlines" || rs[4].Name != `inches 7"` {
		t.Errorf("names %q, %q", rs[3].Name, rs[4].Name)
	}
	if rs[1].ID != "4" || rs[1].Line != 4 {
		t.Errorf("id %s, line %d", rs[1].ID, rs[1].Line)
	}
}

// TestImportForgottenQuote: a quote that is closed by chance lines further
// down swallows none of them, and text of several lines stays whole.
func TestImportForgottenQuote(t *testing.T) {
	rs, res := read(t, "name,phone,note\n"+
		"\"Müller\nGmbH, Köln\",030 23125 001,\"one\ntwo, three, 4\"\n"+
		"a,\"030 23125 002,x\nb,030 23125 003,y\nc,030 23125 004\",z\n"+
		"d,030 23125 005,\"x\n"+
		"e,030 23125 006,7\"\n")
	want := []string{"+493023125001", "+493023125003", "+493023125006"}
	var bad []int
	for _, b := range res.Bad {
		bad = append(bad, b.Line)
	}
	if !slices.Equal(phones(rs), want) || !slices.Equal(bad, []int{5, 7, 8}) {
		t.Errorf("%v, %v", phones(rs), res.Bad)
	}
	if rs[0].Name != "Müller\nGmbH, Köln" || rs[0].Fields[2].Value != "one\ntwo, three, 4" {
		t.Errorf("%+v", rs[0])
	}
}

func TestImportSpreadsheetDamage(t *testing.T) {
	for _, c := range []struct{ cell, want string }{
		{"30901820", "+4930901820"},
		{"'030 901820", "+4930901820"},
		{"'+4930901820", "+4930901820"},
		{`"=""030901820"""`, "+4930901820"},
		{"4930901820.0", "+4930901820"},
		{`"491701234567,00"`, "+491701234567"},
		{"4.91701234567E+11", "+491701234567"},
		{"\u00a0030\u00a0901820\u200b", "+4930901820"},
		{"030 901820 / 0170 1234567", "+4930901820 +491701234567"},
		{"030/901820; 0170/1234567", "+4930901820 +491701234567"},
		{"030 901820 oder 0170 1234567", "+4930901820 +491701234567"},
		{"030 901820 0170 1234567", "+4930901820 +491701234567"},
		{"+4930901820+491701234567", "+4930901820 +491701234567"},
		{"Tel.: 030 901820", "+4930901820"},
		{"030 901820 (privat)", "+4930901820"},
		{`"4,91E+11"`, "digits are lost"},
		{"4.9E+11", "digits are lost"},
		{"1.23456E+2", "is not a telephone number"},
		{"030 901820 / unbekannt", "letters"},
		{"-", ""},
	} {
		rs, res := read(t, "x\tphone\ny\t"+c.cell+"\n")
		got := strings.Join(phones(rs), " ")
		if strings.HasPrefix(c.want, "+") {
			if got != c.want || res.Repaired == 0 && !strings.ContainsAny(c.cell, "\u00a0+") {
				t.Errorf("%q: %s, repaired %d, %v, want %s", c.cell, got, res.Repaired, res.Bad, c.want)
			}
			continue
		}
		if got != "" || len(res.Bad) != 1 || !strings.Contains(res.Bad[0].Reason, c.want) {
			t.Errorf("%q: %s, %v, want %s", c.cell, got, res.Bad, c.want)
		}
	}
}

// A list of a system with the long-established integer codes.
func TestImportHistory(t *testing.T) {
	rs, res := read(t, "record_id,contact_info,contact_info_type,record_type,record_status,call_result,attempt,dial_sched_time,call_time,"+
		"daily_from,daily_till,agent_id,chain_id,chain_n,note\n"+
		"77,+493023125001,1,6,1,7,3,1772618400,1772532000,28800,64800,ann,5,0,x\n"+
		"78,+493023125002,4,2,9,28,0,0,0,28800,64800,,5,1,\n"+
		"79,+493023125003,4,2,2,28,0,0,0,0,0,,6,0,\n"+
		"80,+493023125004,4,9,2,28,0,0,0,0,0,,6,0,\n")
	if len(rs) != 3 || len(res.Bad) != 1 || res.Bad[0].Column != "record_type" {
		t.Fatalf("%d records, %v", len(rs), res.Bad)
	}
	want := campaign.Record{
		ID: "77", Line: 1, Chain: "5", Person: "chain:5", Phone: "+493023125001", PhoneType: "1", Type: campaign.CampaignCallback, Status: campaign.Ready,
		Result: campaign.NoAnswer, Attempts: 3, NextDial: time.Unix(1772618400, 0).UTC(), LastCall: time.Unix(1772532000, 0).UTC(),
		From: 8 * time.Hour, Until: 18 * time.Hour, Owner: "ann", CallbackAt: time.Unix(1772618400, 0).UTC(), Fields: rs[0].Fields,
	}
	if !reflect.DeepEqual(rs[0], want) {
		t.Errorf("record\n%+v, want\n%+v", rs[0], want)
	}
	if rs[1].Chain != "5" || rs[1].Position != 1 || rs[1].Status != campaign.ChainReady || rs[2].Status != campaign.Ready {
		t.Errorf("chain %+v, %+v", rs[1], rs[2])
	}
	if f := rs[0].Fields; len(f) != 15 || f[14] != (campaign.Field{Name: "note", Value: "x"}) {
		t.Errorf("fields %+v", f)
	}
}

// TestImportMapPlaces: columns named by their places, several of numbers.
func TestImportMapPlaces(t *testing.T) {
	m, err := list.ParseMapping("phone=#2,#3")
	if err != nil {
		t.Fatal(err)
	}
	rs, _ := read(t, "a,b,c\n1,030 23125 001,030 23125 002\n", func(o *list.Options) { o.Map = m })
	if want := []string{"+493023125001", "+493023125002"}; !slices.Equal(phones(rs), want) {
		t.Errorf("%v, want %v", phones(rs), want)
	}
}

// TestImportMoved: what the codes and words of another system mean here.
func TestImportMoved(t *testing.T) {
	head := "record_id,contact_info,record_type,record_status,call_result,attempt,dial_sched_time,call_time,daily_from,daily_till,tz_dbid,agent_id,chain_id,chain_n,customer_id\n"
	rows := []struct{ row, want string }{ // type status result attempts owner callback chain
		{"1,+493023125001,2,3,33,1,0,1772532000,3600,86400,101,,,,", "general updated answer 1 - - - 1h0m0s-24h0m0s"},
		{"2,+493023125002,7,1,28,0,0,0,0,0,101,,,,", "no-call updated unknown 0 - - - 0s-0s"},
		{"3,+493023125003,2,1,51,2,0,1772532000,0,0,101,,,,K1", "no-call updated do-not-call 2 - - customer:K1 0s-0s"},
		{"4,+493023125004,5,1,33,1,1772618400,1772532000,0,0,101,ann,7,0,", "personal-callback ready answer 1 ann 10:00 old/7 0s-0s"},
		{"5,+493023125005,5,1,33,1,1772618400,1772532000,0,0,101,,8,0,", "campaign-callback ready answer 1 - 10:00 old/8 0s-0s"},
		{"6,+493023125006,4,8,7,2,1772618400,1772532000,0,0,101,,,,", "campaign-rescheduled missed-callback no-answer 2 - - - 0s-0s"},
		{"7,+493023125007,1,0,0,0,0,0,0,0,Europe/Berlin,,,,", "general ready unknown 0 - - - 0s-0s"},
		{"8,+493023125008,general,ready,Nicht erreicht,0,0,0,0,0,,,,,", "general ready no-answer 0 - - - 0s-0s"},
		{"9,+493023125009,2,1,Answering Machine Detected,0,0,0,0,0,,,,,", "general ready answering-machine 0 - - - 0s-0s"},
		{"10,+493023125010,2,7,53,3,0,1772532000,0,0,,,7,1,", "general chain-updated wrong-number 3 - - old/7 0s-0s"},
		{"11,+493023125011,Persönlicher Rückruf,bereit,Erreicht,1,4.3.26 10:00,03.03.26 10:00,0,0,,ann,,,", "personal-callback ready answer 1 ann 10:00 - 0s-0s"},
		{"12,+493023125012,Wiedervorlage,offen,Besetzt,1,,,0,0,,,,,", "campaign-rescheduled ready busy 1 - - - 0s-0s"},
	}
	text := head
	for _, r := range rows {
		text += r.row + "\n"
	}
	dash := func(s string) string { return cmp.Or(s, "-") }
	var blocked []campaign.DNCEntry
	rs, res := read(t, text, func(o *list.Options) {
		o.List, o.File = "old", "old.csv"
		o.Block = func(_ context.Context, es []campaign.DNCEntry) error { blocked = append(blocked, es...); return nil }
	})
	if len(rs) != len(rows) || res.BadLines != 0 {
		t.Fatalf("%d records, %v", len(rs), res.Bad)
	}
	for i, r := range rs {
		callback := ""
		if !r.CallbackAt.IsZero() {
			callback = r.CallbackAt.Format("15:04")
		}
		got := fmt.Sprintf("%v %v %v %d %s %s %s %v-%v", r.Type, r.Status, r.Result, r.Attempts, dash(string(r.Owner)), dash(callback), dash(r.Chain), r.From, r.Until)
		if got != rows[i].want {
			t.Errorf("%s\n%s, want\n%s", rows[i].row, got, rows[i].want)
		}
	}
	want := []campaign.DNCEntry{
		{Number: "+493023125002", By: "import old.csv"},
		{Number: "+493023125003", Person: "customer:K1", By: "import old.csv", At: time.Unix(1772532000, 0).UTC()},
	}
	if !slices.Equal(blocked, want) || res.History.Blocked != 2 || res.History.Called != 8 || res.History.Owners["ann"] != 2 || len(res.History.Owners) != 1 {
		t.Errorf("blocked %+v, %+v", blocked, res.History)
	}
}

// TestImportBlocksWhatever: who wants no calls is blocked even where the number
// is in the list already, or the rest of the line cannot be read.
func TestImportBlocksWhatever(t *testing.T) {
	var blocked []string
	_, res := read(t, "phone,mobile,customer_id,do_not_call,time_zone\n"+
		"030 23125 001,,,ja,\n030 23125 002,0170 1234567,,x,Mars\n030 23125 003,,,,\n030 23125 003,,,1,\nhello,,K9,1,\n", func(o *list.Options) {
		o.List, o.Batch = "here", 2
		o.Known = func(context.Context, []string) (map[string][]string, error) {
			return map[string][]string{"+493023125001": {"here"}}, nil
		}
		o.Block = func(_ context.Context, es []campaign.DNCEntry) error {
			for _, e := range es {
				blocked = append(blocked, e.Number+e.Person)
			}
			return nil
		}
	})
	if want := []string{"+493023125001", "+493023125002", "+491701234567", "+493023125003", "customer:K9"}; !slices.Equal(blocked, want) {
		t.Errorf("blocked %v, want %v", blocked, want)
	}
	if res.Imported != 1 || res.Twice != 1 || res.Duplicates != 2 {
		t.Errorf("%+v", res)
	}
}

func TestImportDuplicateIDs(t *testing.T) {
	rs, res := read(t, "id,phone,mobile,customer_id\n1,030 23125 001,,\n2,030 23125 002,0170 1234567,\n1,030 23125 003,,\n"+
		"3,030 23125 004,,K\n3,030 23125 005,,K\n4,030 23125 006,,\n5,030 23125 007,,L\n", func(o *list.Options) {
		o.KnownIDs = func(_ context.Context, ids []string) (map[string]string, error) {
			return map[string]string{"4": "", "5": "customer:L"}, nil
		}
	})
	var told []string
	for _, b := range res.Bad {
		told = append(told, fmt.Sprintf("%d %s", b.Line, b.Value))
	}
	if len(rs) != 8 || res.DuplicateIDs != 2 || res.BadLines != 0 || !slices.Equal(told, []string{"4 1", "7 4"}) {
		t.Errorf("%d records, %d ids twice, told %v", len(rs), res.DuplicateIDs, told)
	}
}

func TestImportConsent(t *testing.T) {
	rs, res := read(t, "phone,consent_at,consent_text,consent_source,consent_reference,consent_revoked\n"+
		"030 23125 001,31.03.2026 14:30,ja,Web,F-1,\n030 23125 002,2026-03-31,,,,2026-04-01T08:00:00+02:00\n030 23125 003,ja,,,,\n")
	want := campaign.Consent{At: time.Date(2026, 3, 31, 14, 30, 0, 0, time.UTC), Text: "ja", Source: "Web", Reference: "F-1"}
	if rs[0].Consent != want {
		t.Errorf("%+v, want %+v", rs[0].Consent, want)
	}
	if got := rs[1].Consent.Revoked; !got.Equal(time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("revoked %v", got)
	}
	if len(rs) != 2 || len(res.Bad) != 1 || !strings.Contains(res.Bad[0].Cure, "--map consent_at=") {
		t.Errorf("%d records, %v", len(rs), res.Bad)
	}
}

func TestImportChains(t *testing.T) {
	rs, _ := read(t, "kdnr,tel,mobil\n"+
		"7,030 23125 001,030 23125 002\n"+
		",030 23125 003,030 23125 004\n"+
		"7,,030 23125 005\n"+
		",030 23125 006,030 23125 006\n"+
		",030 23125 001,030 23125 007\n")
	var got []string
	for _, r := range rs {
		got = append(got, fmt.Sprintf("%s %s/%d %v", r.Phone[10:], r.Chain, r.Position, r.Status))
	}
	want := []string{
		"001 customer:7/0 ready", "002 customer:7/1 chain-ready",
		"003 number:+493023125003/0 ready", "004 number:+493023125003/1 chain-ready",
		"005 customer:7/2 chain-ready",
		"006 /0 ready",
		"007 /0 ready",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestImportKnown(t *testing.T) {
	asked := 0
	rs, res := read(t, "phone,phone2\n030 23125 001,030 23125 002\n030 23125 003,\n030 23125 004,\n", func(o *list.Options) {
		o.List, o.Batch = "here", 2
		o.Known = func(_ context.Context, numbers []string) (map[string][]string, error) {
			asked += len(numbers)
			return map[string][]string{"+493023125001": {"here", "other"}, "+493023125003": {"here"}, "+493023125004": {"other"}}, nil
		}
	})
	if !slices.Equal(phones(rs), []string{"+493023125002", "+493023125004"}) || asked != 4 {
		t.Errorf("%v, asked for %d", phones(rs), asked)
	}
	if res.Duplicates != 2 || res.Elsewhere["other"] != 2 || res.Imported != 2 || res.Skipped != 1 || len(res.Bad) != 2 || res.Bad[1].Line != 3 || res.BadLines != 0 {
		t.Errorf("%+v", res)
	}
}

// A line of which a part goes in and a part cannot be read is a bad line, once;
// what is reported stands in the order of the lines.
func TestImportBadLinesInOrder(t *testing.T) {
	_, res := read(t, "phone,phone2\n030 23125 001,\n030 23125 002,hello\nhello,hello\n030 23125 003,\n", func(o *list.Options) {
		o.List = "here"
		o.Known = func(context.Context, []string) (map[string][]string, error) {
			return map[string][]string{"+493023125001": {"here"}, "+493023125003": {"here"}}, nil
		}
	})
	var lines []int
	for _, b := range res.Bad {
		lines = append(lines, b.Line)
	}
	if !slices.Equal(lines, []int{2, 3, 4, 4, 5}) || res.BadLines != 2 || res.Duplicates != 2 || res.Imported != 1 {
		t.Errorf("lines %v, %+v", lines, res)
	}
}

func TestImportDryRunAndProgress(t *testing.T) {
	var seen []list.Progress
	res, err := list.Import(t.Context(), strings.NewReader("phone\n030 23125 001\n030 23125 002\n030 23125 003\n"), list.Options{
		Country: "DE", Batch: 2, Progress: func(p list.Progress) { seen = append(seen, p) },
	})
	if err != nil || res.Imported != 3 {
		t.Fatalf("%+v, %v", res, err)
	}
	if want := []list.Progress{{Bytes: 34, Lines: 2}, {Bytes: 48, Lines: 3}}; !slices.Equal(seen, want) {
		t.Errorf("progress %v, want %v", seen, want)
	}
}

func TestImportRefusesFiles(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"workbook":     {"PK\x03\x04…", "save it as CSV"},
		"old workbook": {"\xd0\xcf\x11\xe0…", "save it as .xlsx or as CSV"},
		"binary":       {"phone\n\x00\x01", "no text file"},
		"open header":  {"\"phone\n030", "line 1: a quote is opened"},
	} {
		_, _, err := tryRead(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
	boom := errors.New("boom")
	_, _, err := tryRead(t, "phone\n030 23125 001\n", func(o *list.Options) {
		o.Sink = func(context.Context, []campaign.Record) error { return boom }
	})
	if !errors.Is(err, boom) {
		t.Errorf("sink: %v", err)
	}
	if _, err := list.Import(t.Context(), io.MultiReader(strings.NewReader("phone\n1,"), &failing{boom}), list.Options{}); !errors.Is(err, boom) {
		t.Errorf("reader: %v", err)
	}
	if _, err := list.Import(t.Context(), &failing{boom}, list.Options{}); !errors.Is(err, boom) {
		t.Errorf("reader at once: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := list.Import(ctx, strings.NewReader("phone\n030 23125 001\n"), list.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// lines is an endless list without a place in memory.
type lines struct {
	n, max int
	buf    bytes.Buffer
}

func (l *lines) Read(p []byte) (int, error) {
	for l.buf.Len() < len(p) && l.n < l.max {
		if l.n == 0 {
			l.buf.WriteString("Kundennummer;Name;Telefon;Ort\n")
		}
		fmt.Fprintf(&l.buf, "K%d;Jörg Müller %d;0171 %07d;Köln\n", l.n, l.n, l.n)
		l.n++
	}
	return l.buf.Read(p)
}

// TestImportMemory: the memory for a list grows with its numbers only, by a
// few dozen bytes each, and not with its text.
func TestImportMemory(t *testing.T) {
	const n = 20_000
	var most uint64
	res, err := list.Import(t.Context(), &lines{max: n}, list.Options{
		Country: "DE",
		Progress: func(p list.Progress) {
			if p.Lines%5000 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		},
	})
	if err != nil || res.Imported != n {
		t.Fatalf("%d imported, %v", res.Imported, err)
	}
	if most > 32<<20 {
		t.Errorf("%d MiB in use", most>>20)
	}
}

func BenchmarkImport(b *testing.B) {
	done := 0
	for b.Loop() {
		const n = 100_000
		in := &lines{max: n}
		res, err := list.Import(b.Context(), in, list.Options{Country: "DE"})
		if err != nil || res.Imported != n {
			b.Fatal(res, err)
		}
		done += n
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "records/s")
}
