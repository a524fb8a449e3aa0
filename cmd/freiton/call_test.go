package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// practice starts a practice exchange and writes a configuration for it.
func practice(t *testing.T, speed float64) (x *peer.Exchange, config string) {
	t.Helper()
	x, cfg := practiceWith(t, peer.ExchangeConfig{Speed: speed})
	return x, cfg.File
}

// practiceWith starts a practice exchange that knows the demo's account, and
// writes a configuration for it.
func practiceWith(t testing.TB, c peer.ExchangeConfig) (*peer.Exchange, configs.Config) {
	t.Helper()
	c.Accounts = map[string]string{demoUser: demoPassword}
	x, err := peer.NewExchange(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	cfg, err := demoConfig(t.TempDir(), x)
	if err != nil {
		t.Fatal(err)
	}
	return x, cfg
}

// prompt writes a tone to speak, and gives the file.
func prompt(t *testing.T, hz float64, d time.Duration) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prompt.wav")
	if err := media.WriteWAVFile(file, 8000, media.Tone(hz, d, -12)); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCall(t *testing.T) {
	x, config := practice(t, 10)
	say := prompt(t, 1000, 3*time.Second)
	for _, c := range []struct {
		name, fate string
		args       string
		status     int
		result     string
		sip        int
		endedBy    string
	}{
		{"talks", "00", "--play " + say + " --duration 1500ms", 0, "answer", 200, "agent"},
		{"plays to the end", "02", "--play " + prompt(t, 800, 700*time.Millisecond), 0, "answer", 200, "agent"},
		{"contact hangs up", "04", "", 0, "answer", 200, "contact"},
		{"busy", "10", "", 1, "busy", 486, "contact"},
		{"unknown", "20", "", 1, "invalid-number", 404, "contact"},
		{"rings out", "13", "--set dial.ring_timeout=1s", 1, "no-answer", 487, "dialer"},
		{"hold and digits", "02", "--play " + say + " --hold-at 500ms --hold-for 500ms --dtmf 12#A --dtmf-at 1200ms --duration 2500ms", 0, "answer", 200, "agent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(x.Records())
			number := peer.Number(c.fate, 0)
			args := append([]string{"call", number, "--config", config}, strings.Fields(c.args)...) // a script's: JSON without being asked
			status, out, errs := freiton(t, nil, args...)
			var got callResult
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v\nout %s\nerr %s", err, out, errs)
			}
			if status != c.status || got.DialerResult.String() != c.result || got.SIPStatus != c.sip || string(got.EndedBy) != c.endedBy || got.Phone != number {
				t.Errorf("status %d (want %d), %+v\nerr %s", status, c.status, got, errs)
			}
			records := x.Records()[before:]
			if len(records) != 1 {
				t.Fatalf("the exchange has %d records: %+v", len(records), records)
			}
			r := records[0]
			if r.Number != number || len(r.Violations) > 0 {
				t.Errorf("the exchange's record: %+v", r)
			}
			if billed := r.Billed(); math.Abs(float64(billed.Milliseconds()-got.ConnectedMS)) > 200 {
				t.Errorf("connected %d ms, the exchange says %s", got.ConnectedMS, billed)
			}
			if c.name == "talks" && (math.Abs(r.HeardHz-1000) > 20 || math.Abs(r.HeardDBFS+12) > 3) {
				t.Errorf("the exchange heard %.0f Hz at %.1f dBFS", r.HeardHz, r.HeardDBFS)
			}
			if c.name == "hold and digits" && (r.Digits != "12#A" || r.Held < 400*time.Millisecond || r.HeldDBFS > -60 || got.HeldMS < 400) {
				t.Errorf("digits %q, held %s at %.0f dBFS; we say held %d ms", r.Digits, r.Held, r.HeldDBFS, got.HeldMS)
			}
		})
	}
}

func TestCallRefused(t *testing.T) {
	_, config := practice(t, 10)
	blocked := peer.Number("00", 1)
	if status, _, errs := freiton(t, nil, "dnc", "add", blocked, "--config", config); status != 0 {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		name, number, args string
		status             int
		err                string
	}{
		{"on the do-not-call list", blocked, "", 1, "do-not-call"},
		{"not allowed", "+12025550123", "", 1, "not dialled"},
		{"no number", "hello", "", 2, "hello"},
		{"wrong password", peer.Number("00", 0), "--set sip.accounts.0.password=wrong", 1, "refuses user or password"},
		{"unknown headset", peer.Number("00", 0), "--headset device --play x.wav", 2, "exclude"},
		{"no such file", peer.Number("00", 0), "--play /nowhere.wav", 2, "/nowhere.wav"},
		{"no digits", peer.Number("00", 0), "--dtmf 12x --duration 1s", 2, "--dtmf"},
		{"before the answer", peer.Number("00", 0), "--duration -1s", 2, "negative"},
		{"no folder", peer.Number("00", 0), "--record /nowhere/x.wav --duration 1s", 2, "--record /nowhere"},
		{"port in use", peer.Number("00", 0), "", 1, "in use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"call", c.number, "--config", config}, strings.Fields(c.args)...)
			if c.name == "port in use" {
				busy, port := busyPort(t)
				defer busy.Close()
				args = append(args, "--set", "sip.listen.0=udp://127.0.0.1:"+port)
			}
			status, _, errs := freiton(t, nil, args...)
			if status != c.status || !strings.Contains(strings.ToLower(errs), strings.ToLower(c.err)) {
				t.Errorf("status %d (want %d), want %q in:\n%s", status, c.status, c.err, errs)
			}
		})
	}
}
