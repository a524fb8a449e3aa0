package record

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("RECORD_UNTIL_KILLED"); path != "" {
		recordForever(path)
	}
	goleak.VerifyTestMain(m)
}

// speak starts a conversation of two tones and returns how to end it.
func speak(t testing.TB, r *Recorder) (end func()) {
	t.Helper()
	clock := media.NewClock()
	player := func(freq float64) *media.FileEndpoint {
		e, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(freq, time.Second, -10), Loop: true, Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	agent, contact := player(500), player(1100)
	j := media.Join(agent, contact, media.WithTap(r))
	return func() {
		j.Close()
		for _, e := range []*media.FileEndpoint{agent, contact} {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func pass(d time.Duration) { <-time.After(d) }

func checkSides(t *testing.T, channels [][]int16, from, to int) {
	t.Helper()
	for c, freq := range []float64{500, 1100} {
		part := channels[c][from:to]
		if l := measure.Level(part, 8000, freq); math.Abs(l+10) > 1 {
			t.Errorf("channel %d at %v Hz: %.1f dBFS, want −10", c, freq, l)
		}
		if gap := measure.LongestGap(part, 8000, -30); gap > 40*time.Millisecond {
			t.Errorf("channel %d: gap of %v", c, gap)
		}
		if l := measure.Level(part, 8000, 1600-freq); l > -40 {
			t.Errorf("channel %d holds the other side at %.1f dBFS", c, l)
		}
	}
}

// Agent left, contact right, both whole and at the same time; a pause is silence.
func TestStereoWithPause(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	r, err := New(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	end := speak(t, r)
	pass(1200 * time.Millisecond)
	r.Pause()
	paused := time.Since(begin)
	pass(700 * time.Millisecond)
	r.Resume()
	resumed := time.Since(begin)
	pass(800 * time.Millisecond)
	end()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	total := time.Since(begin)
	channels, rate, err := measure.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	if rate != 8000 || len(channels) != 2 {
		t.Fatalf("%d channels at %d Hz", len(channels), rate)
	}
	if d := measure.Duration(len(channels[0]), rate); d < total-100*time.Millisecond || d > total+100*time.Millisecond {
		t.Errorf("%v recorded of %v", d, total)
	}
	at := func(d time.Duration) int { return int(d * 8000 / time.Second) }
	checkSides(t, channels, at(100*time.Millisecond), at(paused-50*time.Millisecond))
	checkSides(t, channels, at(resumed+50*time.Millisecond), at(total-150*time.Millisecond))
	for c := range channels {
		if p := measure.Peak(channels[c][at(paused+20*time.Millisecond):at(resumed-20*time.Millisecond)]); p != 0 {
			t.Errorf("channel %d: peak %d within the pause", c, p)
		}
	}
}

// The two sides stay together: a sound of both at one moment is at one place.
func TestSidesAreAligned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	r, err := New(Options{Path: path, Agent: media.BtoA})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	tone := media.Tone(1000, 20*time.Millisecond, -10)
	payload := make([]byte, 160)
	media.PCMA.Encode(payload, tone)
	frame := func(way media.Way, ssrc, ts uint32, at time.Duration) {
		r.WriteFrame(way, &media.Frame{Codec: media.PCMA, SSRC: ssrc, Timestamp: ts, Payload: payload, At: start.Add(at)})
	}
	// The contact's frames come in bursts and out of order, the agent's in time.
	frame(media.AtoB, 1, 5000, 100*time.Millisecond)
	frame(media.AtoB, 1, 5000+160*25, 640*time.Millisecond)
	frame(media.AtoB, 1, 5000+160*20, 641*time.Millisecond)
	frame(media.BtoA, 2, 90000, 100*time.Millisecond)
	frame(media.BtoA, 2, 90000+160*20, 500*time.Millisecond)
	frame(media.BtoA, 2, 90000+160*25, 600*time.Millisecond)
	pass(800 * time.Millisecond)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	channels, _, err := measure.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range channels[0] {
		if channels[0][i] != channels[1][i] {
			t.Fatalf("the sides differ at %v", measure.Duration(i, 8000))
		}
	}
	if l := measure.RMS(channels[0][8*500+40 : 8*500+120]); l < -12 {
		t.Errorf("nothing at 500 ms: %.1f dBFS", l)
	}
}

func recordForever(path string) {
	r, err := New(Options{Path: path})
	if err != nil {
		panic(err)
	}
	var tb fatal
	speak(&tb, r)
	select {}
}

// fatal is a testing.TB for the process that is to be killed.
type fatal struct{ testing.TB }

func (*fatal) Helper()           {}
func (*fatal) Fatal(args ...any) { panic(args) }
func (*fatal) Error(args ...any) { panic(args) }

// After kill -9 the file is whole, by our reader, by another and by sox.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "killed.wav")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RECORD_UNTIL_KILLED="+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(20 * time.Second)
	for {
		if fi, err := os.Stat(path); err == nil && fi.Size() > 44+2*4*8000 { // two seconds are written
			break
		}
		select {
		case <-deadline:
			t.Fatal("nothing was recorded")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	channels, rate, err := measure.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	checkSides(t, channels, rate/2, len(channels[0])-rate/10)
	if _, _, err := media.ReadWAVFile(path); err != nil {
		t.Error(err)
	}
	sox, err := exec.LookPath("sox")
	if err != nil {
		t.Fatal("sox is needed (Debian package sox): ", err)
	}
	out, err := exec.Command(sox, path, "-n", "stat").CombinedOutput()
	if err != nil || strings.Contains(string(out), "WARN") || !strings.Contains(string(out), "Length") {
		t.Errorf("sox: %v\n%s", err, out)
	}
}

func TestUnwritable(t *testing.T) {
	if _, err := New(Options{Path: filepath.Join(t.TempDir(), "no", "such", "place.wav")}); err == nil {
		t.Error("no error")
	}
}
