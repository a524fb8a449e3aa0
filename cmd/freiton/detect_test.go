package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/configs/lab"
)

// tonesOnly never refuses a call: what becomes of it is said by tones in early
// media alone, as an analogue trunk does.
const tonesOnly = `
[lab](+)
exten => 691,1,Progress()
 same => n,Playtones(425/480,0/480)
 same => n,Wait(60)
exten => 692,1,Progress()
 same => n,Playtones(950/330,1400/330,1800/330,0/1000)
 same => n,Wait(60)
exten => 693,1,Progress()
 same => n,Playtones(480+620/250,0/250)
 same => n,Wait(60)
exten => 694,1,Progress()
 same => n,Playtones(425/1000,0/4000)
 same => n,Wait(60)
`

// What a network says by tones before the answer is the call's result, with an
// agent who hears it and, dialled ahead, without one. Ringing is ringing.
func TestTonesAtAsterisk(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{Dialplan: tonesOnly})
	want := map[string]string{"691": "busy", "692": "invalid-number", "693": "all-trunks-busy", "694": "no-answer"}
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("id;Name;Telefon\n1;A;691\n2;B;692\n3;C;693\n4;D;694\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"progressive", "predictive"} {
		t.Run(mode, func(t *testing.T) {
			config, _ := labConfig(t, l)
			file := filepath.Join(t.TempDir(), "lab.yaml")
			text := strings.NewReplacer("mode: progressive", "mode: "+mode, "ring_timeout: 3s", "ring_timeout: 6s").Replace(labDocument)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			report := filepath.Join(t.TempDir(), "report.json")
			status, _, errs := freiton(t, nil, "autopilot", "--config", config, "--campaign", file,
				"--list", list, "--agents", "4", "--talk", "1s", "--report", report)
			if status != 0 {
				t.Fatalf("status %d\n%s", status, errs)
			}
			seen := map[string]bool{}
			for _, a := range readReport(t, report).Attempts {
				seen[a.Phone] = true
				lasted := a.EndedAt.Sub(a.DialedAt.Time)
				if got := a.DialerResult.String(); got != want[a.Phone] || !a.AnsweredAt.IsZero() {
					t.Errorf("%s: %s after %v, want %s", a.Phone, got, lasted, want[a.Phone])
				}
				if want[a.Phone] != "no-answer" && lasted > 5*time.Second {
					t.Errorf("%s: the tone was heard after %v only", a.Phone, lasted)
				}
			}
			if len(seen) != len(want) {
				t.Errorf("called %v", seen)
			}
			if err := l.WaitChannels(0, 5*time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}
