package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/sip/peer"
)

// asked runs a command that must succeed and reads its JSON answer.
func asked[T any](t *testing.T, config string, args ...string) (v T) {
	t.Helper()
	status, out, errs := freiton(t, nil, append(args, "--config", config, "--output", "json")...)
	if status != 0 {
		t.Fatalf("%v: status %d\n%s", args, status, errs)
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return v
}

// TestAnswering: after a day's calls the figures are there, a person's page
// shows the call, and when she is forgotten nothing of her is left in the data
// folder; also if the program dies in the middle of it.
func TestAnswering(t *testing.T) {
	f := newFlight(t, "dispositions: {Sold: success}\n", numbers("02", 3)...)
	f.run(t)
	day := asked[campaign.DayReport](t, f.config, "report", "day")
	if len(day.Campaigns) != 1 || day.Total.Dialled != 3 || day.Total.ReachedNet != 3 || day.Total.TalkMS == 0 || day.Total.Used != 3 || day.Total.Left != 0 {
		t.Errorf("day %+v", day)
	}
	agents := asked[[]campaign.AgentFigures](t, f.config, "report", "agents")
	if len(agents) != 1 || agents[0].Calls != 3 || agents[0].LoggedInMS == 0 || agents[0].HandlingMS == 0 {
		t.Errorf("agents %+v", agents)
	}
	if l := asked[[]campaign.ListFigures](t, f.config, "report", "list"); len(l) != 1 || l[0].Results["answer"] != 3 {
		t.Errorf("lists %+v", l)
	}
	proof := asked[campaign.AbandonmentProof](t, f.config, "report", "abandonment", "--campaign", "c")
	if proof.LiveAnswers != 3 || proof.Abandoned != 0 || proof.Sum == "" || proof.Sum != proof.Checksum() {
		t.Errorf("proof %+v", proof)
	}
	status, out, errs := freiton(t, nil, "report", "attempts", "c", "--config", f.config)
	if lines := strings.Split(strings.TrimSpace(out), "\n"); status != 0 || len(lines) != 4 || !strings.HasPrefix(lines[0], "attempt,campaign,list,record,phone") {
		t.Errorf("attempts: %d %q\n%s", status, out, errs)
	}
	status, out, _ = freiton(t, nil, "report", "agents", "--csv", "--config", f.config)
	if status != 0 || !strings.HasPrefix(out, "day,agent,team,calls,") {
		t.Errorf("csv: %d %q", status, out)
	}
	f.complaint(t, peer.Number("02", 1))
	f.diesErasing(t, peer.Number("02", 2))
	for _, args := range [][]string{{"report", "day", "--day", "yesterday"}, {"user", "add", "x", "--role", "king"}} {
		if status, _, errs := freiton(t, nil, append(args, "--config", f.config)...); status != 2 || strings.Contains(errs, "panic") {
			t.Errorf("%v: status %d %s", args, status, errs)
		} else if args[0] == "user" && !strings.Contains(errs, "agent, team-leader, supervisor, administrator, auditor, client") {
			t.Errorf("roles are not named: %s", errs)
		}
	}
}

// complaint asks about a number and forgets it.
func (f *flight) complaint(t *testing.T, number string) {
	t.Helper()
	d := asked[campaign.Dossier](t, f.config, "person", "show", number)
	if len(d.Attempts) != 1 || d.Attempts[0].CallResult != campaign.Answer || d.Attempts[0].Agent == "" || len(d.Records) != 1 {
		t.Fatalf("dossier %+v", d)
	}
	number = d.Number
	file := filepath.Join(f.dir, "answer.zip")
	if status, _, errs := freiton(t, nil, "person", "export", number, "--file", file, "--config", f.config); status != 0 {
		t.Fatal(errs)
	}
	z, err := zip.OpenReader(file)
	if err != nil || len(z.File) < 3 {
		t.Fatalf("zip: %v", err)
	}
	_ = z.Close()
	if status, _, errs := freiton(t, nil, "dnc", "add", number, "--config", f.config); status != 0 {
		t.Fatal(errs)
	}
	e := asked[campaign.Erasure](t, f.config, "person", "erase", number, "--reason", "letter")
	if e.Counts["records"] != 1 || e.Counts["attempts"] != 1 || e.DoneAt.IsZero() {
		t.Errorf("erasure %+v", e)
	}
	d = asked[campaign.Dossier](t, f.config, "person", "show", number)
	if len(d.Records)+len(d.Attempts) != 0 || len(d.Erasures) != 1 || len(d.DoNotCall) != 1 || !d.DoNotCall[0].Hashed {
		t.Errorf("afterwards %+v", d)
	}
	if st := asked[campaign.AuditState](t, f.config, "audit", "check"); !st.Whole || st.Entries < 10 {
		t.Errorf("audit %+v", st)
	}
	data := dataOf(t, f.config)
	found := 0
	err = filepath.WalkDir(data, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Type()&os.ModeSocket != 0 {
			return err
		}
		b, err := os.ReadFile(path)
		found++
		if strings.Contains(string(b), number) {
			t.Errorf("%s still holds %s", path, number)
		}
		return err
	})
	if err != nil || found < 2 {
		t.Errorf("data folder %s: %d files, %v", data, found, err)
	}
}

// diesErasing: a process that is killed when the store has forgotten, and the
// recording is still there, leaves it to the next one.
func (f *flight) diesErasing(t *testing.T, number string) {
	t.Helper()
	data := dataOf(t, f.config)
	s, err := sqlite.Open(t.Context(), filepath.Join(data, storeFile), sqlite.Options{Country: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	var of campaign.Attempt
	err = s.Attempts(t.Context(), "", func(a campaign.Attempt) error {
		if a.Number == number {
			of = a
		}
		return nil
	})
	file := "recordings/" + string(of.ID) + ".wav"
	if err == nil && of.ID != "" {
		of.Recording = file
		err = s.Settle(t.Context(), campaign.Settlement{Attempt: of, Correction: true, Now: of.EndedAt})
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(data, file), []byte("her voice"), 0o600)
	}
	if err == nil {
		_, err = s.Erase(t.Context(), "E9", campaign.EraseQuery{Number: number, By: "eva", Now: time.Now()})
	}
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	d := asked[campaign.Dossier](t, f.config, "person", "show", number)
	if len(d.Erasures) != 1 || d.Erasures[0].DoneAt.IsZero() || d.Erasures[0].Counts["recordings"] != 1 {
		t.Errorf("erasures %+v", d.Erasures)
	}
	if _, err := os.Stat(filepath.Join(data, file)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the recording is still there: %v", err)
	}
}

func dataOf(t *testing.T, config string) string {
	t.Helper()
	cfg, err := configs.Load(config, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(cfg.Data)
}
