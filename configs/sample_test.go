package configs

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"gopkg.in/yaml.v3"
)

// sampleRows are the records of the sample list, by header.
func sampleRows(t *testing.T) []map[string]string {
	t.Helper()
	text, err := fs.ReadFile(Sample(), "sample.csv")
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, h := range lines[0] {
			row[h] = l[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// The numbers of the sample list belong to nobody: the ranges the German
// regulator keeps free for films and books (Bundesnetzagentur, Mitteilung
// 148/2021). Each is there once, and is a number.
func TestSampleNumbersReachNobody(t *testing.T) {
	free := regexp.MustCompile(`^\+49(3023125\d{3}|6990009\d{3}|4066969\d{3}|2214710\d{3}|8999998\d{3}|17139200\d{2}|176040690\d{2})$`)
	seen := map[string]bool{}
	for _, row := range sampleRows(t) {
		for _, raw := range []string{row["Telefon"], row["Mobil"]} {
			if raw == "" {
				continue
			}
			n, err := phonenumbers.Parse(raw, "DE")
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			e := phonenumbers.Format(n, phonenumbers.E164)
			if !free.MatchString(e) || !phonenumbers.IsPossibleNumber(n) {
				t.Errorf("%s is %s: not one of the free numbers", raw, e)
			}
			if seen[e] {
				t.Errorf("%s is there twice", e)
			}
			seen[e] = true
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d numbers", len(seen))
	}
}

// Every fate of the practice exchange is in the sample list, under its name.
func TestSampleHasEveryFate(t *testing.T) {
	text, err := os.ReadFile("../sip/peer/fates.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var fates []struct{ Code, Name string }
	if err := yaml.Unmarshal(text, &fates); err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	ids := map[string]bool{}
	for _, row := range sampleRows(t) {
		phone := row["Telefon"]
		have[phone[len(phone)-2:]] = row["Übung"]
		if ids[row["id"]] || ids[row["Kundennummer"]] || row["Name"] == "" || row["Ort"] == "" {
			t.Errorf("row %v", row)
		}
		ids[row["id"]], ids[row["Kundennummer"]] = true, true
	}
	if len(fates) < 25 {
		t.Errorf("only %d fates", len(fates))
	}
	for _, f := range fates {
		if have[f.Code] != f.Name {
			t.Errorf("fate %s (%s) is %q in the sample list", f.Code, f.Name, have[f.Code])
		}
	}
}

func TestSampleCampaign(t *testing.T) {
	text, err := fs.ReadFile(Sample(), "sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCampaign(text, "sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "practice" || c.Country != Lab {
		t.Errorf("the sample must be practice, and run at any hour: %s, %s", c.Name, c.Country)
	}
	if ps := CheckCampaign(c, Default()); len(ps) > 0 {
		t.Error(ps)
	}
	for _, name := range []string{c.Script, c.Responses} {
		if _, err := fs.Stat(Sample(), name); err != nil {
			t.Errorf("the campaign names %s: %v", name, err)
		}
	}
	columns := sampleRows(t)[0]
	builtIn := []string{"campaign", "description", "phone", "name", "call_kind", "attempt_no", "last_result", "last_call"}
	for _, f := range append(append(append([]string{}, c.Fields.Preview...), c.Fields.Case...), c.Fields.Record...) {
		if _, ok := columns[f]; !ok && !strings.Contains(strings.Join(builtIn, " "), f) {
			t.Errorf("the field %s is neither a column nor built in", f)
		}
	}
	// It is the manual of campaign documents: every key stands in it.
	for _, key := range keysOf(reflect.TypeFor[Campaign]()) {
		if !regexp.MustCompile(`(?m)(^|[ #])`+key+`: `).Match(text) && !strings.Contains(string(text), "\n"+key+":\n") {
			t.Errorf("the sample campaign does not explain %s", key)
		}
	}
}
