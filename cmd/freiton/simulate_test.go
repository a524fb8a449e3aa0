package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// simulated runs `freiton simulate` and gives its exit status and what it printed.
func simulated(args ...string) (status int, out, complaint string) {
	var o, e bytes.Buffer
	status = run(context.Background(), &cli{out: &o, err: &e}, append([]string{"simulate"}, args...))
	return status, o.String(), e.String()
}

// The same command prints the same bytes, with the keys that scripts know.
func TestSimulate(t *testing.T) {
	t.Parallel()
	args := []string{"--world", "M1", "--agents", "3", "--shifts", "1", "--seed", "7", "--output", "json"}
	status, first, complaint := simulated(args...)
	if status != exitDone {
		t.Fatalf("status %d: %s", status, complaint)
	}
	if _, second, _ := simulated(args...); first != second {
		t.Error("the second run printed something else")
	}
	var cells []map[string]any
	if err := json.Unmarshal([]byte(first), &cells); err != nil {
		t.Fatal(err)
	}
	if len(cells) != 2 || cells[0]["policy"] != "progressive" || cells[1]["policy"] != "predictive" {
		t.Fatalf("%v", cells)
	}
	keys := []string{"world", "agents", "policy", "utilisation", "abandoned", "worst_shift", "wait_s", "talk_min_per_hour", "dials_per_connect", "optimum"}
	for _, key := range keys {
		if _, there := cells[1][key]; !there {
			t.Errorf("there is no %q", key)
		}
	}
	if len(cells[1]) != len(keys) {
		t.Errorf("%d keys, want %d", len(cells[1]), len(keys))
	}
}

// What would three agents reach on a list of so many records?
func TestSimulateOnAList(t *testing.T) {
	args := []string{"--world", "M1", "--agents", "3", "--shifts", "1", "--policy", "progressive", "--records", "1000"}
	status, out, complaint := simulated(args...)
	if status != exitDone || !strings.Contains(out, "REACHED/H") || !strings.Contains(out, " of 1000") {
		t.Fatalf("status %d: %s%s", status, out, complaint)
	}
	var cells []struct {
		Agents int
		Dials  float64 `json:"dials_per_connect"`
		Talk   float64 `json:"talk_min_per_hour"`
		Hour   float64 `json:"reached_per_hour"`
		N      int     `json:"reached"`
		Lasts  float64 `json:"list_lasts_h"`
	}
	_, out, _ = simulated(append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(out), &cells); err != nil || len(cells) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	// Each record is dialled once: dials an hour times hours are the records.
	c := cells[0]
	if got := c.Hour * c.Dials * c.Lasts; got < 999 || got > 1001 || c.N < int(1000/c.Dials) {
		t.Errorf("%.1f dials: %+v", got, c)
	}
	for _, bad := range [][]string{{"--records", "0"}, {"--records", "5", "--list", "l"}} {
		if status, _, complaint := simulated(bad...); status != exitUsage {
			t.Errorf("%v: status %d, %s", bad, status, complaint)
		}
	}
}

func TestSimulateAWorldOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ours.yaml")
	text := "live: 0.25\nmachine: 0.35\nfailed: 0.10\ntalk: {mean: 150s, cv: 1.0}\nwrap: {mean: 30s, cv: 0.6}\n" +
		"ring: {mean: 9s, shape: 3, timeout: 25s}\nsetup: 2s\ngrace: 2s\nlive_by_hour: [0.25, 0.40]\nbreaks: {every: 60m, length: [5m, 15m]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, complaint := simulated("--world", file, "--agents", "4", "--shifts", "1", "--policy", "progressive")
	if status != exitDone || !strings.Contains(out, "ours") {
		t.Errorf("status %d: %s%s", status, out, complaint)
	}
	for what, bad := range map[string]string{
		"an unknown key":  strings.Replace(text, "failed:", "faild:", 1),
		"a key too deep":  strings.Replace(text, "cv: 1.0", "cvv: 1.0", 1),
		"too much":        strings.Replace(text, "machine: 0.35", "machine: 0.9", 1),
		"no time":         strings.Replace(text, "150s", "150", 1),
		"nobody":          "live: 0\n",
		"nothing":         "",
		"no number":       "live: .nan\n",
		"an endless talk": "live: 0.1\ntalk: {mean: 9999h}\n",
		"half a break":    "live: 0.1\nbreaks: {every: 60m}\n",
	} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		status, _, complaint := simulated("--world", file, "--shifts", "1")
		if status != exitUsage || !strings.Contains(complaint, "ours.yaml") || strings.Count(complaint, "\n") != 1 || strings.Contains(complaint, `yaml:\"`) {
			t.Errorf("%s: status %d, %q", what, status, complaint)
		}
	}
}

func TestSimulateRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"--world", "S9"}, {"--world", "no/such.yaml"}, {"--agents", "0"}, {"--agents", "5,many"},
		{"--shifts", "0"}, {"--policy", "reckless"}, {"--max-abandoned", "3"},
	} {
		if status, out, complaint := simulated(args...); status != exitUsage || out != "" || complaint == "" {
			t.Errorf("%v: status %d, %q", args, status, complaint)
		}
	}
}
