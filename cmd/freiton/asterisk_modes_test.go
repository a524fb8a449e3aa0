package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs/lab"
)

// Every mode, with and without engaged agents, against a real PBX: each record
// is called once, comes out as its fate says, and the PBX's call detail records
// agree. Of calls dialled ahead nobody saw a preview, nor of those whose record
// the agent fetched, and who answered was with an agent within 2 s. The report
// has the same form in all of them.
func TestModesAsterisk(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	l := lab.Start(t, lab.Options{})
	config, _ := labConfig(t, l)
	for _, name := range []string{"ann", "ben"} {
		if status, _, errs := freiton(t, nil, "user", "add", name, "--role", "agent", "--engaged", "--config", config); status != 0 {
			t.Fatal(errs)
		}
	}
	var all campaign.Report
	fates := map[string]lab.Fate{}
	for i, c := range []struct{ name, more string }{
		{"progressive", "agents: [carl, dora]\n"},
		{"progressive-engaged", "agents: [ann, ben]\n"},
		{"predictive", "mode: predictive\nagents: [carl, dora]\n"},
		{"predictive-engaged", "mode: predictive\nagents: [ann, ben]\n"},
		{"preview", "mode: preview\nagents: [carl, dora]\n"},
		{"preview-engaged", "mode: preview\nagents: [ann, ben]\n"},
		{"push-preview", "mode: push-preview\nagents: [carl, dora]\n"},
		{"push-preview-engaged", "mode: push-preview\nagents: [ann, ben]\n"},
	} {
		text := "id;Telefon\n"
		of := map[string]lab.Fate{}
		for _, code := range []string{"01", "02", "10", "13"} {
			f := fateByCode(t, code)
			number := f.Number(i)
			of[number] = f
			text += f.Name + ";" + number + "\n"
		}
		dir := t.TempDir()
		list, camp, report := filepath.Join(dir, c.name+".csv"), filepath.Join(dir, c.name+".yaml"), filepath.Join(dir, "report.json")
		doc := strings.NewReplacer("name: lab\n", "name: "+c.name+"\n", "mode: progressive\n", "", "agents: all\n", "").Replace(labDocument) + c.more
		if !strings.Contains(c.more, "mode:") {
			doc += "mode: progressive\n"
		}
		for file, text := range map[string]string{list: text, camp: doc} {
			if err := writeFile(file, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		status, _, errs := freiton(t, nil, "autopilot", "--config", config, "--campaign", camp, "--list", list, "--agents", "2", "--talk", "1s",
			"--say", prompt(t, 700, 3*time.Second), "--report", report)
		if status != 0 {
			t.Fatalf("%s: status %d\n%s", c.name, status, errs)
		}
		r := readReport(t, report)
		t.Logf("%s: %s", c.name, errs)
		checkRecords(t, r, of, nil)
		ahead, fetched := strings.HasPrefix(c.name, "predictive"), strings.HasPrefix(c.name, "preview")
		if want := len(of); len(r.Offers) != want && !ahead && !fetched || len(r.Offers) > 0 && (ahead || fetched) {
			t.Errorf("%s: %d offers", c.name, len(r.Offers))
		}
		checkContract(t, c.name, config, report)
		for _, a := range r.Attempts {
			if ahead && a.AnsweredAt.IsZero() != (a.Agent == "") {
				t.Errorf("%s: %s answered %s, agent %q", c.name, a.Phone, a.AnsweredAt, a.Agent)
			}
			if late := a.JoinedAt.Sub(a.AnsweredAt.Time); !a.AnsweredAt.IsZero() && (a.JoinedAt.IsZero() || late > 2*time.Second) {
				t.Errorf("%s: %s joined %s after the answer", c.name, a.Phone, late)
			}
		}
		all.Attempts = append(all.Attempts, r.Attempts...)
		maps.Copy(fates, of)
	}
	checkCDR(t, l, all, fates)
}

// checkContract compares a report with the names and forms that scripts depend
// on, and with what the command for a campaign's report prints.
func checkContract(t *testing.T, name, config, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	status, out, errs := freiton(t, nil, "campaign", "report", name, "--config", config)
	if status != 0 || out != string(text) {
		t.Errorf("%s: campaign report, status %d: %s\n%s\nthe file:\n%s", name, status, errs, out, text)
	}
	var r map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	has := func(what string, v any, always, sometimes string) {
		o, _ := v.(map[string]any)
		for _, key := range strings.Fields(always) {
			if o[key] == nil {
				t.Errorf("%s: %s without %s: %v", name, what, key, v)
			}
		}
		for key, value := range o {
			if !slices.Contains(strings.Fields(always+" "+sometimes), key) {
				t.Errorf("%s: %s has %s: %v", name, what, key, v)
			}
			if at, _ := value.(string); strings.HasSuffix(key, "_at") && !stamped.MatchString(at) {
				t.Errorf("%s: %s: %s is %v", name, what, key, value)
			}
		}
	}
	has("the report", r, "campaign started_at ended_at records offers attempts", "")
	for _, rec := range r["records"].([]any) {
		has("a record", rec, "id phone status call_result attempts do_not_call fields",
			"customer_id next_dial_at reason disposition note callback_at")
		if _, isText := rec.(map[string]any)["id"].(string); !isText {
			t.Errorf("%s: the id is no string: %v", name, rec)
		}
	}
	for _, o := range r["offers"].([]any) {
		has("an offer", o, "record agent offered_at decided_at decision", "")
		if d := o.(map[string]any)["decision"]; d != "accept" {
			t.Errorf("%s: %v", name, o)
		}
	}
	for _, a := range r["attempts"].([]any) {
		always := "record phone sip_status dialer_result call_result dialed_at ended_at ended_by held_ms"
		if a.(map[string]any)["answered_at"] != nil {
			always += " agent answered_at joined_at rtp"
			has("rtp", a.(map[string]any)["rtp"], "codec sent received lost jitter_ms mos", "")
		}
		has("an attempt", a, always, "agent disposition ringing_at recording")
	}
}

// stamped is RFC 3339 with milliseconds.
var stamped = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$`)
