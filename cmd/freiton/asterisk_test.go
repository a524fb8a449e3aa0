package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs/lab"
)

// labConfig writes a configuration for a laboratory, on free ports and with a
// short data folder.
func labConfig(t *testing.T, l *lab.Lab) (config, data string) {
	t.Helper()
	data, err := os.MkdirTemp("", "freiton-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	text := fmt.Sprintf(`data: %[1]q
sip:
  listen: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]
  accounts:
    - {name: pbx, address: "sip:1001@%[2]s", registrar: "sip:%[2]s", username: "1001", password: lab-1001, max_calls: 50}
dial:
  account: pbx
  uri: "sip:{digits}@%[2]s"
  country: lab
  allow: ["+49", "6xx"]
  caller_ids: ["+493090182000"]
  calls_per_second: 50
media: {ip: 127.0.0.1}
drain: 10s
`, data, l.SIPAddr())
	config = filepath.Join(data, "freiton.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config, data
}

// labDocument is a campaign of the laboratory.
const labDocument = `name: lab
mode: progressive
country: lab
client: Muster GmbH
agents: all
caller_id: "+493090182000"
ring_timeout: 3s
own_failures: {count: true, pause_after: -1}
treatments: []
`

// labCampaign writes a campaign document for the laboratory.
func labCampaign(t *testing.T, more string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lab.yaml")
	text := labDocument + more
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// labList writes a call list: so many numbers of each fate, mixed.
func labList(t *testing.T, fates map[string]int) (file string, fateOf map[string]lab.Fate) {
	t.Helper()
	fateOf = map[string]lab.Fate{}
	var lines []string
	for code, n := range fates {
		for i := range n {
			f := fateByCode(t, code)
			number := f.Number(i)
			fateOf[number] = f
			lines = append(lines, fmt.Sprintf("%s-%d;Kontakt %s %d;%s", f.Name, i, f.Name, i, number))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { // mixed, and the same each time
		return strings.Compare(a[len(a)-3:]+a, b[len(b)-3:]+b)
	})
	file = filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(file, []byte("id;Name;Telefon\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, fateOf
}

func fateByCode(t *testing.T, code string) lab.Fate {
	t.Helper()
	fates, err := lab.Fates()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(fates, func(f lab.Fate) bool { return f.Code == code })
	if i < 0 {
		t.Fatalf("no fate %s", code)
	}
	return fates[i]
}

func readReport(t *testing.T, file string) campaign.Report {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r campaign.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

// A list against a real PBX: its call detail records are the witness.
func TestAutopilotAsterisk(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	l := lab.Start(t, lab.Options{})
	config, _ := labConfig(t, l)
	fates := map[string]int{
		"01": 10, "02": 4, "05": 6, "06": 4, "07": 2, "10": 8, "11": 4, "12": 4, "13": 6, "14": 4, "15": 4, "16": 4, "17": 2, "99": 2,
	}
	list, fateOf := labList(t, fates)
	blocked := []string{fateByCode(t, "01").Number(3), fateByCode(t, "10").Number(2), fateByCode(t, "13").Number(1)}
	for _, number := range blocked {
		if status, _, errs := freiton(t, nil, "dnc", "add", number, "--config", config); status != 0 {
			t.Fatal(errs)
		}
	}
	report, hear := filepath.Join(t.TempDir(), "report.json"), t.TempDir()
	status, _, errs := freiton(t, nil, "autopilot", "--config", config, "--campaign", labCampaign(t, ""), "--list", list,
		"--agents", "2", "--accept", "every:5", "--talk", "2s", "--say", prompt(t, 700, 10*time.Second), "--hear", hear, "--report", report)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, errs)
	}
	t.Log(errs)
	r := readReport(t, report)
	if len(r.Records) < 60 || len(r.Records) != len(fateOf) {
		t.Fatalf("%d records, the list has %d", len(r.Records), len(fateOf))
	}
	checkRecords(t, r, fateOf, blocked)
	checkCDR(t, l, r, fateOf)
	checkDeclined(t, r)
	if err := l.WaitChannels(0, 5*time.Second); err != nil {
		t.Error(err)
	}
	checkAudio(t, l, r, fateOf)
}

// checkRecords: every record has the result of its fate, in one attempt; the
// blocked ones have none, and a reason.
func checkRecords(t *testing.T, r campaign.Report, fateOf map[string]lab.Fate, blocked []string) {
	t.Helper()
	attempts := map[string]int{}
	for _, a := range r.Attempts {
		attempts[a.Phone]++
		if want := fateOf[a.Phone].Result; a.DialerResult.String() != want {
			t.Errorf("%s (%s): dialer's result %s, want %s", a.Phone, fateOf[a.Phone].Name, a.DialerResult, want)
		}
		if want := fateOf[a.Phone].SIP; a.SIPStatus != want {
			t.Errorf("%s (%s): SIP status %d, want %d", a.Phone, fateOf[a.Phone].Name, a.SIPStatus, want)
		}
		if a.EndedAt.IsZero() || a.EndedBy == "" || a.DialedAt.IsZero() {
			t.Errorf("%s: attempt without an end: %+v", a.Phone, a)
		}
	}
	for _, rec := range r.Records {
		if slices.Contains(blocked, rec.Phone) {
			if attempts[rec.Phone] != 0 || rec.Reason == "" || rec.Status != campaign.Updated || rec.CallResult != campaign.DoNotCall {
				t.Errorf("%s is on the do-not-call list: %d attempts, %+v", rec.Phone, attempts[rec.Phone], rec)
			}
			continue
		}
		if attempts[rec.Phone] != 1 || rec.Attempts != 1 || rec.Status != campaign.Updated || rec.CallResult.String() != fateOf[rec.Phone].Result {
			t.Errorf("%s (%s): %d attempts, %+v", rec.Phone, fateOf[rec.Phone].Name, attempts[rec.Phone], rec)
		}
	}
}

// checkCDR: the same numbers, the same count of calls, dispositions by the
// fates file, billed seconds within one.
func checkCDR(t *testing.T, l *lab.Lab, r campaign.Report, fateOf map[string]lab.Fate) {
	t.Helper()
	want := 0
	for _, a := range r.Attempts {
		want += fateOf[a.Phone].Rows
	}
	rows, err := l.WaitCDR(want, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != want {
		t.Errorf("%d rows in Asterisk's CDR, want %d", len(rows), want)
	}
	byNumber := map[string]lab.CDRRow{}
	for _, row := range rows {
		number := "+" + strings.TrimPrefix(row.Dst, "+")
		if _, twice := byNumber[number]; twice {
			t.Errorf("%s was called twice", number)
		}
		byNumber[number] = row
		if !strings.Contains(row.CallerID, "493090182000") && row.Src != "+493090182000" && row.Src != "493090182000" {
			t.Errorf("%s saw caller id %q, src %q", number, row.CallerID, row.Src)
		}
	}
	for _, a := range r.Attempts {
		fate, row := fateOf[a.Phone], byNumber[a.Phone]
		if fate.Rows == 0 {
			continue
		}
		if row.Disposition != fate.Disposition {
			t.Errorf("%s (%s): CDR says %q, want %q", a.Phone, fate.Name, row.Disposition, fate.Disposition)
		}
		var connected time.Duration
		if !a.AnsweredAt.IsZero() {
			connected = a.EndedAt.Sub(a.AnsweredAt.Time)
		}
		if d := connected - row.Billed; d.Abs() > time.Second {
			t.Errorf("%s (%s): connected %s, CDR billed %s", a.Phone, fate.Name, connected, row.Billed)
		}
	}
}

// checkDeclined: after a decline the next offer is that record.
func checkDeclined(t *testing.T, r campaign.Report) {
	t.Helper()
	offers := slices.Clone(r.Offers)
	slices.SortFunc(offers, func(a, b campaign.ReportOffer) int { return a.OfferedAt.Compare(b.OfferedAt.Time) })
	declined := 0
	for _, o := range offers {
		if o.Decision != campaign.Declined {
			continue
		}
		declined++
		next := slices.IndexFunc(offers, func(n campaign.ReportOffer) bool { return n.OfferedAt.After(o.DecidedAt.Time) })
		if next < 0 || offers[next].Record != o.Record {
			t.Errorf("record %s was declined by %s at %s, the next offer is %+v", o.Record, o.Agent, o.DecidedAt, offers[max(next, 0)])
		}
	}
	if want := len(offers) / 5; declined != want {
		t.Errorf("%d of %d offers declined, want %d", declined, len(offers), want)
	}
}

// checkAudio: what was spoken is in Asterisk's recordings, what Asterisk played
// is in ours.
func checkAudio(t *testing.T, l *lab.Lab, r campaign.Report, fateOf map[string]lab.Fate) {
	t.Helper()
	heard, gaps := 0, 0
	for _, a := range r.Attempts {
		fate := fateOf[a.Phone]
		if fate.Name != "tone" {
			continue
		}
		file, err := l.Recording(strings.TrimPrefix(a.Phone, "+"))
		if err != nil {
			t.Errorf("%s: %v", a.Phone, err)
			continue
		}
		rate, samples, err := lab.ReadWAV(file)
		if err != nil {
			t.Fatal(err)
		}
		samples = spoken(samples, rate)
		level, gap := lab.Tone(samples, rate, 700), lab.Gap(samples, rate, 700)
		if math.Abs(level+15) > 1.5 || len(samples) < rate {
			t.Errorf("%s: Asterisk heard %.1f dBFS at 700 Hz, %d ms", a.Phone, level, len(samples)*1000/rate)
		}
		if gap > 40*time.Millisecond {
			gaps++
			t.Logf("%s: a gap of %s in what Asterisk heard", a.Phone, gap)
		}
		heard++
	}
	if gaps > heard/5 { // a machine that runs all tests at once starves one now and then
		t.Errorf("%d of %d recordings have gaps", gaps, heard)
	}
	if heard < 5 {
		t.Errorf("only %d recordings were measured", heard)
	}
}

// spoken cuts a recording to from where it speaks to where it ends speaking.
func spoken(samples []int16, rate int) []int16 {
	frame := rate / 50
	first, last := -1, 0
	for i := 0; i+frame <= len(samples); i += frame {
		if lab.Level(samples[i:i+frame]) > -40 {
			if first < 0 {
				first = i
			}
			last = i + frame
		}
	}
	if first < 0 || last-first < 4*frame {
		return nil
	}
	return samples[first+frame : last-frame]
}

// A call from the shell, heard on both sides.
func TestCallAsterisk(t *testing.T) {
	l := lab.Start(t, lab.Options{})
	config, _ := labConfig(t, l)
	heard := filepath.Join(t.TempDir(), "heard.wav")
	number := fateByCode(t, "01").Number(42)
	status, out, errs := freiton(t, nil, "call", number, "--config", config, "--output", "json",
		"--play", prompt(t, 700, 5*time.Second), "--record", heard, "--duration", "3s")
	if status != 0 {
		t.Fatalf("status %d\n%s", status, errs)
	}
	var got callResult
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	rows, err := l.WaitCDR(1, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if d := rows[0].Billed - time.Duration(got.ConnectedMS)*time.Millisecond; d.Abs() > 500*time.Millisecond {
		t.Errorf("connected %d ms, Asterisk billed %s", got.ConnectedMS, rows[0].Billed)
	}
	rate, samples, err := lab.ReadWAV(heard)
	if err != nil {
		t.Fatal(err)
	}
	samples = spoken(samples, rate)
	if level, gap := lab.Tone(samples, rate, 1000), lab.Gap(samples, rate, 1000); level < -25 || gap > 40*time.Millisecond || len(samples) < 2*rate {
		t.Errorf("we heard %.1f dBFS at 1000 Hz, longest gap %s, %d ms", level, gap, len(samples)*1000/rate)
	}
	checkAudio1(t, l, number)
}

func checkAudio1(t *testing.T, l *lab.Lab, number string) {
	t.Helper()
	file, err := l.Recording(strings.TrimPrefix(number, "+"))
	if err != nil {
		t.Fatal(err)
	}
	rate, samples, err := lab.ReadWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	samples = spoken(samples, rate)
	if level, gap := lab.Tone(samples, rate, 700), lab.Gap(samples, rate, 700); math.Abs(level+15) > 1.5 || gap > 40*time.Millisecond {
		t.Errorf("Asterisk heard %.1f dBFS at 700 Hz, longest gap %s", level, gap)
	}
}
