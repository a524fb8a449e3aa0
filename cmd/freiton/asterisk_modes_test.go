package main

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs/lab"
)

// Every mode in which the program places the calls, with and without engaged
// agents, against a real PBX: each record is called once, comes out as its fate
// says, and the PBX's call detail records agree. Of calls dialled ahead nobody
// saw a preview, and who answered was with an agent within 2 s.
func TestModesAsterisk(t *testing.T) {
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
		{"push-preview", "mode: push-preview\nagents: [carl, dora]\n"},
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
		ahead := strings.HasPrefix(c.name, "predictive")
		if ahead != (len(r.Offers) == 0) {
			t.Errorf("%s: %d offers", c.name, len(r.Offers))
		}
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
