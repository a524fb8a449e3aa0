package sim_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/sim"
)

// history is a report of 200 dials: of ten 4 are answered by a person after 6
// or 12 s of ringing and talked to for 60 or 180 s, 2 by a machine, 1 is busy,
// 3 ring out after 25 s.
func history(t *testing.T) []byte {
	t.Helper()
	begun := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	at := func(s int) campaign.Stamp { return campaign.Stamp{Time: begun.Add(time.Duration(s) * time.Second)} }
	r := campaign.Report{Campaign: "spring"}
	for i := range 200 {
		a := campaign.ReportAttempt{DialedAt: at(0), RingingAt: at(2), CallResult: campaign.NoAnswer, EndedAt: at(27)}
		switch k := i % 10; {
		case k < 4:
			a.CallResult, a.AnsweredAt, a.JoinedAt, a.EndedAt = campaign.Answer, at(8+6*(k%2)), at(8+6*(k%2)), at(8+6*(k%2)+60+120*(k/2))
		case k < 6:
			a.CallResult, a.AnsweredAt, a.EndedAt = campaign.AnsweringMachine, at(20), at(22)
		case k < 7:
			a.CallResult, a.RingingAt, a.EndedAt = campaign.Busy, campaign.Stamp{}, at(3)
		}
		r.Attempts = append(r.Attempts, a)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWorldOfAHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spring.json")
	if err := os.WriteFile(file, history(t), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := sim.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ got, want float64 }{
		"live": {w.Live, 0.4}, "machine": {w.Machine, 0.2}, "failed": {w.Failed, 0.1},
		"talk": {w.Talk.Mean.Seconds(), 120}, "its variation": {w.Talk.CV, 0.5},
		"setup": {w.Setup.Seconds(), 2}, "ring": {w.Ring.Mean.Seconds(), 9}, "its shape": {w.Ring.Shape, 9},
		"ring timeout": {w.Ring.Timeout.Seconds(), 25},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if w.Name != "spring" {
		t.Errorf("named %q", w.Name)
	}
	few := bytes.Replace(history(t), []byte(`"attempts":[`), []byte(`"attempts":[],"more":[`), 1)
	if _, err := sim.History(few); err == nil || !strings.Contains(err.Error(), "people") {
		t.Errorf("of nobody: %v", err)
	}
}

func FuzzWorld(f *testing.F) {
	f.Add([]byte("live: 0.25\ntalk: {mean: 150s, cv: 1.0}\nbreaks: {every: 60m, length: [5m, 15m]}\n"))
	f.Add([]byte(`{"attempts":[{"dialed_at":"2026-11-23T09:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func([]byte) (sim.World, error){sim.Parse, sim.History} {
			if w, err := read(text); err == nil && w.Check() != nil {
				t.Errorf("read, and not checked: %+v", w)
			}
		}
	})
}
