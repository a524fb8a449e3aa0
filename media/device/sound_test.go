//go:build cgo && linux

package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gen2brain/malgo"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

// micSink keeps what the microphone's frames hold, and checks them.
type micSink struct {
	mu      sync.Mutex
	samples []int16
	frames  int
	faults  []string
	last    media.Frame
}

func (e *micSink) WriteFrame(f *media.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.Samples() != f.Codec.FrameSamples() {
		e.faults = append(e.faults, fmt.Sprintf("%d samples in a frame", f.Samples()))
	}
	if e.frames > 0 {
		if f.Seq != e.last.Seq+1 || f.SSRC != e.last.SSRC || f.Marker {
			e.faults = append(e.faults, fmt.Sprintf("frame %+v after %+v", *f, e.last))
		}
		if step := f.Timestamp - e.last.Timestamp; step != uint32(f.Samples()) {
			e.faults = append(e.faults, fmt.Sprintf("timestamp moved by %d", step))
		}
	} else if !f.Marker {
		e.faults = append(e.faults, "first frame without marker")
	}
	e.frames++
	e.last = *f
	n := len(e.samples)
	e.samples = append(e.samples, make([]int16, f.Samples())...)
	f.Codec.Decode(e.samples[n:], f.Payload)
}

// heard is what was heard of a tone, the first second left out.
type heard struct {
	freq, level float64
	gap, length time.Duration
}

func hear(samples []int16, rate int) heard {
	first, end := measure.Sounding(samples, rate, -45)
	from, to := first+rate, end-rate/5
	if to <= from {
		return heard{length: measure.Duration(end-first, rate)}
	}
	s := samples[from:to]
	return heard{
		freq: measure.Frequency(s, rate), level: measure.RMS(s),
		gap: measure.LongestGap(s, rate, -40), length: measure.Duration(len(s), rate),
	}
}

func (g heard) check(freq, level float64) error {
	switch {
	case g.length < time.Second:
		return fmt.Errorf("sound for %v only", g.length)
	case g.freq < freq-2 || g.freq > freq+2:
		return fmt.Errorf("%.0f Hz, want %.0f", g.freq, freq)
	case g.level < level-1 || g.level > level+1:
		return fmt.Errorf("%.1f dBFS, want %.1f", g.level, level)
	case g.gap > 40*time.Millisecond:
		return fmt.Errorf("a gap of %v in %v", g.gap, g.length)
	}
	return nil
}

func TestBothWays(t *testing.T) {
	for _, codec := range []media.Codec{media.Linear8, media.Linear16, media.PCMA} {
		t.Run(codec.Name(), func(t *testing.T) {
			t.Parallel()
			p := startPulse(t)
			h := p.open(Options{Name: "testphone", Codec: codec})
			steady(t, h)
			// Neither the sound server nor we have right of way here: where others take
			// the whole machine, what is heard has holes that are not ours. One good run
			// is enough.
			for begun := time.Now(); ; {
				err := bothWays(t, p, h)
				if err == nil {
					break
				}
				if time.Since(begun) > 40*time.Second {
					t.Fatal(err)
				}
				t.Logf("once more: %v", err)
			}
			t.Logf("%+v", h.Stats())
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// bothWays sends a tone to the loudspeaker and another to the microphone.
func bothWays(t *testing.T, p *pulseServer, h *Headset) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
	defer cancel()
	before := h.Stats()
	rec := p.Record(ctx)
	p.Say(ctx, media.ToneAt(48000, 700, 5*time.Second, -17), "48000")
	file, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(1000, 6*time.Second, -13), Codec: media.PCMA})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	j := media.Join(file, h)
	defer j.Close()
	if mixed := h.Codec() != media.PCMA; j.Mixed() != mixed {
		t.Errorf("mixed: %v, want %v", j.Mixed(), mixed)
	}
	mic := &micSink{}
	h.SetSink(mic) // instead of the file, which hears nothing worth having
	select {
	case <-ctx.Done():
	case err := <-h.Lost():
		t.Fatal(err)
	}
	h.SetSink(nil)
	mic.mu.Lock()
	defer mic.mu.Unlock()
	if len(mic.faults) > 0 {
		return errors.New(mic.faults[0])
	}
	ear, mouth := hear(rec(), 16000), hear(mic.samples, h.Codec().Rate())
	t.Logf("loudspeaker %+v, microphone %+v", ear, mouth)
	if now := h.Stats(); now.Dropped != before.Dropped {
		return fmt.Errorf("samples without room: %+v", now)
	}
	if err := ear.check(1000, -13); err != nil {
		return fmt.Errorf("loudspeaker: %w", err)
	}
	if err := mouth.check(700, -17); err != nil {
		return fmt.Errorf("microphone: %w", err)
	}
	return nil
}

// steady waits until both devices have got going.
func steady(t *testing.T, h *Headset) {
	t.Helper()
	frames := uint64(steadyTime / media.FrameTime)
	waitStats(t, h, func(s Stats) bool {
		return s.Captured > frames && s.Played > frames*uint64(h.Codec().FrameSamples())
	})
}

func TestDevicesOfServer(t *testing.T) {
	t.Parallel()
	p := startPulse(t)
	s, err := p.connect(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	list, err := s.devices()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range list {
		got[d.ID] = fmt.Sprintf("%v %s default=%v monitor=%v dummy=%v", d.Kind, d.Name, d.Default, d.Monitor, d.Dummy)
	}
	for id, want := range map[string]string{
		"ear":           "playback Testphone-Ear default=true monitor=false dummy=false",
		"mouth":         "playback Mouthpiece default=false monitor=false dummy=false",
		"mic":           "capture Testphone-Mic default=true monitor=false dummy=false",
		"ear.monitor":   "capture Monitor of Testphone-Ear default=false monitor=true dummy=false",
		"mouth.monitor": "capture Monitor of Mouthpiece default=false monitor=true dummy=false",
	} {
		if got[id] != want {
			t.Errorf("%s: %q, want %q", id, got[id], want)
		}
	}
	if len(list) != 5 {
		t.Errorf("%d devices, want 5: %+v", len(list), got)
	}
}

func TestDefaultDevices(t *testing.T) {
	t.Parallel()
	p := startPulse(t)
	h := p.open(Options{})
	mic, ear := h.Devices()
	if mic.ID != "mic" || ear.ID != "ear" || h.Codec() != media.Linear8 || h.Clock() == nil {
		t.Errorf("opened %+v and %+v, %v", mic, ear, h.Codec())
	}
	steady(t, h)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err, open := <-h.Lost(); open {
		t.Errorf("closed, and lost: %v", err)
	}
}

func waitStats(t *testing.T, h *Headset, good func(Stats) bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !good(h.Stats()) {
		select {
		case <-deadline:
			t.Fatalf("not reached: %+v", h.Stats())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestLost(t *testing.T) {
	for _, c := range []struct {
		name  string
		happy error // of Close
		what  string
		do    func(*pulseServer)
	}{
		{"server killed", nil, "Testphone-", func(p *pulseServer) { p.Signal(syscall.SIGKILL) }},
		{"server ended", nil, "Testphone-", func(p *pulseServer) { p.Signal(syscall.SIGTERM) }},
		{"server stopped", ErrStuck, "Testphone-", func(p *pulseServer) { p.Signal(syscall.SIGSTOP) }},
		{"loudspeaker unplugged", nil, "Testphone-Ear", func(p *pulseServer) { p.Unplug("sink_name=ear") }},
		{"microphone unplugged", nil, "Testphone-Mic", func(p *pulseServer) { p.Unplug("source_name=mic") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startPulse(t)
			h := p.open(Options{Name: "testphone"})
			steady(t, h)
			c.do(p)
			begun := time.Now()
			select {
			case err := <-h.Lost():
				t.Logf("after %v: %v", time.Since(begun), err)
				if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), c.what) {
					t.Errorf("lost by %v, want ErrLost with %s", err, c.what)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("not told")
			}
			h.WriteFrame(&media.Frame{Codec: media.PCMA, Payload: make([]byte, 160)}) // harmless
			if err := h.Close(); !errors.Is(err, c.happy) || (err == nil) != (c.happy == nil) {
				t.Errorf("Close: %v, want %v", err, c.happy)
			}
			p.Signal(syscall.SIGCONT) // let go what is stuck
		})
	}
}

func TestServerWithoutCard(t *testing.T) {
	t.Parallel()
	p := startPulse(t)
	p.Ctl("load-module", "module-always-sink")
	p.Ctl("load-module", "module-null-sink", "sink_name=auto_null", "sink_properties=device.description=Dummy-Output")
	p.Ctl("set-default-sink", "auto_null")
	p.Ctl("set-default-source", "ear.monitor")
	_, err := open(Options{}, p.connect)
	if !errors.Is(err, ErrNoSound) || !strings.Contains(err.Error(), "plug in a headset") {
		t.Errorf("dummy as default: %v", err)
	}
	if !errors.Is(err, ErrNoDevice) || !strings.Contains(err.Error(), "no microphone") {
		t.Errorf("monitor as default: %v", err)
	}
}

// TestQuiet runs the C libraries in a process of their own, whose stderr must
// stay empty whatever they come upon.
func TestQuiet(t *testing.T) {
	t.Parallel()
	gone := "unix:" + filepath.Join(t.TempDir(), "no")
	for _, c := range []struct {
		name, backend, want string
		env                 []string
	}{
		{"no server", "pulse", "no sound server answers at PULSE_SERVER=" + gone, []string{"PULSE_SERVER=" + gone}},
		// libpulse complains of the folder of another user, and of one it cannot make.
		{"folder of another", "pulse", "no sound server answers", []string{"HOME=/proc/1/none", "XDG_RUNTIME_DIR=/proc/1"}},
		{"no cards", "alsa", "no sound server answers", []string{"HOME=" + t.TempDir(), "ALSA_CONFIG_PATH=/none", "PULSE_SERVER=" + gone}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
			cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "FREITON_TEST_BACKEND=" + c.backend}, c.env...)
			var out, noise bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &noise
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s%s", err, out.Bytes(), noise.Bytes())
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("said %q, want %q", out.String(), c.want)
			}
			if noise.Len() > 0 {
				t.Errorf("noise: %s", noise.Bytes())
			}
		})
	}
}

// TestChild is the body of TestQuiet, in its own process.
func TestChild(t *testing.T) {
	backend := os.Getenv("FREITON_TEST_BACKEND")
	if backend == "" {
		return // the parent's run
	}
	list := []malgo.Backend{malgo.BackendPulseaudio}
	if backend == "alsa" {
		list = []malgo.Backend{malgo.BackendAlsa}
	}
	s, err := connectTo("", list, nil)
	if err == nil { // ALSA itself is always there
		devices, derr := s.devices()
		_, oerr := s.open(Device{Kind: Playback}, 8000, func([]int16) {})
		s.close()
		if derr == nil && oerr == nil && len(devices) > 0 {
			t.Fatal("a card where there is none: " + strconv.Itoa(len(devices)))
		}
		err = noSound(errors.Join(derr, oerr))
	} else if !errors.Is(err, ErrNoSound) {
		t.Fatal(err)
	}
	fmt.Println(err)
}

func TestOpenByEnvironment(t *testing.T) {
	p := startPulse(t)
	t.Setenv("PULSE_SERVER", p.Name)
	list, err := Devices()
	if err != nil || len(list) != 5 {
		t.Fatalf("%v, %v", list, err)
	}
	h, err := Open(Options{Name: "TESTPHONE"})
	if err != nil {
		t.Fatal(err)
	}
	waitStats(t, h, func(s Stats) bool { return s.Captured > 2 })
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(Options{Name: "mouth.monitor"}); !errors.Is(err, ErrNoDevice) {
		t.Errorf("no loudspeaker of that name, and opened: %v", err)
	}
}

func TestHasCards(t *testing.T) {
	dir := t.TempDir()
	if hasCards(dir) || hasCards(filepath.Join(dir, "none")) {
		t.Error("a card in an empty folder")
	}
	if err := os.WriteFile(filepath.Join(dir, "timer"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if hasCards(dir) {
		t.Error("the timer is no card")
	}
	if err := os.WriteFile(filepath.Join(dir, "pcmC0D0p"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !hasCards(dir) {
		t.Error("card not seen")
	}
}
