package lab

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
)

const heard = 620 // Hz; what sipp says in these calls

// call is one call by sipp and what it must come to.
type call struct {
	Fate
	Number, User, Password, CallerID, Tone string
	Transport                              string

	output string
	err    error
}

// With gives a part of the scenario its own values beside the call's.
func (c call) With(pairs ...any) map[string]any {
	m := map[string]any{
		"Number": c.Number, "User": c.User, "Password": c.Password, "CallerID": c.CallerID,
	}
	extra := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		extra[pairs[i].(string)] = pairs[i+1]
	}
	maps.Copy(m, extra)
	return m
}

// TestFates dials every fate twice with sipp, as a telephone number over UDP
// and as a short extension over TCP. Witnesses: sipp's verdict on the messages,
// the call detail records, the recordings.
func TestFates(t *testing.T) {
	l := Start(t, Options{})
	fates, err := Fates()
	if err != nil {
		t.Fatal(err)
	}
	tone := toneFile(t)
	var calls []*call
	for i, f := range fates {
		a := Accounts()[i%3]
		calls = append(calls,
			&call{Fate: f, Number: f.Number(i), User: a.User, Password: a.Password, Tone: tone, Transport: "u1", CallerID: "+4930901820"},
			&call{Fate: f, Number: f.Extension(), User: a.User, Password: a.Password, Tone: tone, Transport: "t1"})
	}
	dialAll(t, l, calls)
	if err := l.WaitChannels(0, 5*time.Second); err != nil {
		t.Error(err)
	}
	want := 0
	for _, c := range calls {
		want += c.Rows
	}
	rows, err := l.WaitCDR(want, 5*time.Second)
	if err != nil {
		t.Error(err)
	}
	for _, c := range calls {
		t.Run(c.Name+"/"+c.Transport, func(t *testing.T) {
			if c.err != nil {
				t.Fatalf("sipp: %v\n%s", c.err, c.output)
			}
			checkRows(t, c, rows)
			if c.Records {
				checkRecording(t, l, c)
			}
		})
	}
	if len(rows) != want {
		t.Errorf("%d rows in the CDR instead of %d", len(rows), want)
	}
	for line := range strings.Lines(l.Log()) {
		if strings.Contains(line, "] ERROR[") {
			t.Errorf("Asterisk: %s", line)
		}
	}
}

// dialAll runs a sipp for each call, a dozen at a time.
func dialAll(t *testing.T, l *Lab, calls []*call) {
	t.Helper()
	scenario, err := template.ParseFiles("testdata/call.xml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	seats := make(chan struct{}, 12)
	var wg sync.WaitGroup
	for i, c := range calls {
		path := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		var text bytes.Buffer
		if err := scenario.Execute(&text, c); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		seats <- struct{}{}
		wg.Go(func() {
			defer func() { <-seats }()
			c.output, c.err = sipp(t.Context(), l, c.Transport, path)
		})
	}
	wg.Wait()
}

// sipp runs one scenario once and returns what it printed.
func sipp(ctx context.Context, l *Lab, transport, scenario string) (string, error) {
	sip, err := freePort(0)
	if err != nil {
		return "", err
	}
	media, err := freePort(0)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "sipp", l.SIPAddr(), "-sf", scenario, "-m", "1", "-t", transport,
		"-i", Host, "-mi", Host, "-p", fmt.Sprint(sip),
		"-mp", fmt.Sprint(media),
		"-nostdin", "-timeout", "20", "-timeout_error", "-trace_err", "-error_file", scenario+".err")
	cmd.Dir = filepath.Dir(scenario)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", nil
	}
	said, _ := os.ReadFile(scenario + ".err")
	return tail(string(out), 3) + "\n" + string(said), err
}

// toneFile makes what sipp says: two seconds of a tone in A-law.
func toneFile(t *testing.T) string {
	t.Helper()
	wav := filepath.Join(t.TempDir(), "tone.wav")
	if err := WriteWAV(wav, rate, sine(heard, 0.25, 2*time.Second)); err != nil {
		t.Fatal(err)
	}
	raw := strings.TrimSuffix(wav, ".wav") + ".al"
	if out, err := exec.Command("sox", wav, "-t", "al", raw).CombinedOutput(); err != nil {
		t.Fatalf("sox: %v\n%s", err, out)
	}
	return raw
}

func checkRows(t *testing.T, c *call, rows []CDRRow) {
	t.Helper()
	var mine []CDRRow
	for _, r := range rows {
		if r.Dst == c.Number {
			mine = append(mine, r)
		}
	}
	if len(mine) != c.Rows {
		t.Fatalf("%d rows instead of %d: %+v", len(mine), c.Rows, mine)
	}
	if c.Rows == 0 {
		return
	}
	r := mine[0]
	src := c.User
	if c.CallerID != "" {
		src = c.CallerID
	}
	if r.Disposition != c.Disposition || r.Account != c.User || r.Src != src || r.CallID == "" {
		t.Errorf("row %+v, want disposition %q, account %q, source %q and a Call-ID", r, c.Disposition, c.User, src)
	}
	if c.Answers > 0 && !near(r.Answer.Sub(r.Start), c.Answers) {
		t.Errorf("answered after %v, want %v", r.Answer.Sub(r.Start), c.Answers)
	}
	if c.Ends > 0 && !near(r.Billed, c.Ends) {
		t.Errorf("ended after %v, want %v", r.Billed, c.Ends)
	}
}

// near allows for Asterisk waiting up to half a second for the first packet.
func near(got, want time.Duration) bool {
	return got > want-100*time.Millisecond && got < want+800*time.Millisecond
}

func checkRecording(t *testing.T, l *Lab, c *call) {
	t.Helper()
	path, err := l.Recording(c.Number)
	if err != nil {
		t.Fatal(err)
	}
	got := tones(t, path, heard, music)
	if got[heard] < 1 {
		t.Errorf("the exchange heard %v s of our %d Hz, want more than one", got[heard], heard)
	}
	if gap := gapIn(t, path); c.Name != "music" && gap > 40*time.Millisecond {
		t.Errorf("our tone is interrupted for %v in the recording", gap)
	}
	if c.Name == "music" && (got[music] < 1.5 || got[music] > 2.5) {
		t.Errorf("while held the other party heard %v s of music, want two", got[music])
	}
	if c.Name != "music" && got[music] > 0 {
		t.Errorf("%v s of music in the recording of a call that was not held", got[music])
	}
	if c.Hears > 0 && c.Name != "music" {
		if sent := tones(t, Sent(path), c.Hears); sent[c.Hears] < 1 {
			t.Errorf("the exchange sent %v s of %d Hz, want more than one", sent[c.Hears], c.Hears)
		}
	}
}

func gapIn(t *testing.T, path string) time.Duration {
	t.Helper()
	rate, samples, err := ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	return Gap(samples, rate, heard)
}

// tones measures for how many seconds each frequency is heard in a file.
func tones(t *testing.T, path string, hz ...int) map[int]float64 {
	t.Helper()
	rate, samples, err := ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[int]float64{}
	step := rate / 50
	for at := 0; at+step <= len(samples); at += step {
		for _, f := range hz {
			if Tone(samples[at:at+step], rate, float64(f)) > -30 {
				out[f] += 0.02
			}
		}
	}
	for f := range out {
		out[f] = math.Round(out[f]*100) / 100
	}
	return out
}

// TestDigits sends digits to the exchange, which must note them in the CDR and
// send them back; the calling side is a dialplan too, and writes what came back
// into its own row.
func TestDigits(t *testing.T) {
	const digits = "159*#0"
	f, err := FateNamed("digits")
	if err != nil {
		t.Fatal(err)
	}
	l := Start(t, Options{Dialplan: `
[caller]
exten => s,1,SendDTMF(` + digits + `,150,120)
 same => n,Read(BACK,,6,t(),1,10)
 same => n,Set(CDR(userfield)=back ${BACK})
 same => n,Hangup()
`})
	if _, err := l.CLI("channel originate Local/" + f.Extension() + "@lab/n extension s@caller"); err != nil {
		t.Fatal(err)
	}
	rows, err := l.WaitCDR(2, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, r := range rows {
		got[r.UserField] = true
	}
	if !got[digits] || !got["back "+digits] {
		t.Errorf("digits in the CDR: %v, want %q and the same sent back", got, digits)
	}
}

// TestBusyPort shows that a port in use is one clear error.
func TestBusyPort(t *testing.T) {
	taken, err := net.ListenPacket("udp", net.JoinHostPort(Host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.LocalAddr().(*net.UDPAddr).Port
	l, err := New(t.Context(), Options{Port: port})
	if err == nil {
		_ = l.Stop()
		t.Fatal("started on a port in use")
	}
	if !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("the error does not name the port: %v", err)
	}
}
