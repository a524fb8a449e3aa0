package device

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/media"
)

// fakeSound is a sound server whose streams are turned by the test.
type fakeSound struct {
	turns   map[Kind]func([]int16)
	rate    int
	refuse  Kind // cannot be opened, if refuses
	refuses bool
	hold    chan struct{} // closing waits for it; nil: not
	closed  []string
}

func (s *fakeSound) devices() ([]Device, error) {
	return []Device{{Kind: Capture, Name: "Mic", Default: true}, {Kind: Playback, Name: "Ear", Default: true}}, nil
}

func (s *fakeSound) open(d Device, rate int, turn func([]int16)) (stream, error) {
	if s.refuses && d.Kind == s.refuse {
		return nil, errors.New("device busy")
	}
	if s.turns == nil {
		s.turns = map[Kind]func([]int16){}
	}
	s.turns[d.Kind], s.rate = turn, rate
	return &fakeStream{s, d.Name}, nil
}

func (s *fakeSound) close() { s.closed = append(s.closed, "server") }

func (s *fakeSound) connect(*slog.Logger) (sound, error) { return s, nil }

// run turns the streams of these kinds for d.
func (s *fakeSound) run(d time.Duration, kinds ...Kind) {
	for range d / media.FrameTime {
		for _, k := range kinds {
			s.turns[k](make([]int16, s.rate/50))
		}
		time.Sleep(media.FrameTime) // of the bubble
	}
}

type fakeStream struct {
	s    *fakeSound
	name string
}

func (s *fakeStream) start() error { return nil }

func (s *fakeStream) close() {
	if s.s.hold != nil {
		<-s.s.hold
	}
	s.s.closed = append(s.s.closed, s.name)
}

func TestLostOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSound{}
		h, err := open(Options{Codec: media.Linear16}, s.connect)
		if err != nil {
			t.Fatal(err)
		}
		// Slow to begin: the loudspeaker takes its first buffer and lets it lie.
		s.run(20*time.Millisecond, Capture, Playback)
		s.run(4*time.Second, Capture)
		s.run(2*time.Second, Capture, Playback)
		if len(h.lost) != 0 {
			t.Fatal("lost before it was steady")
		}
		begun := time.Now()
		s.run(silentLimit-watchEvery, Capture)
		if len(h.lost) != 0 {
			t.Fatalf("lost after %v", time.Since(begun))
		}
		s.run(2*watchEvery+media.FrameTime, Capture)
		if err := <-h.Lost(); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), `playback "Ear"`) || strings.Contains(err.Error(), "Mic") {
			t.Errorf("%v", err)
		}
		s.run(3*time.Second, Capture)
		if st := h.Stats(); st.Captured < 500 || st.Overrun != 0 {
			t.Errorf("%+v", st)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err, more := <-h.Lost(); more {
			t.Errorf("told twice: %v", err)
		}
		if got := strings.Join(s.closed, " "); got != "Mic Ear server" {
			t.Errorf("closed %s", got)
		}
	})
}

func TestStuckServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSound{hold: make(chan struct{})}
		answer := make(chan struct{})
		_, err := open(Options{}, func(*slog.Logger) (sound, error) {
			<-answer
			return s, nil
		})
		if !errors.Is(err, ErrStuck) {
			t.Fatalf("Open: %v", err)
		}
		close(answer) // too late: all is closed again
		close(s.hold)
		synctest.Wait()
		if got := strings.Join(s.closed, " "); got != "Mic Ear server" {
			t.Errorf("closed %q", got)
		}

		s = &fakeSound{hold: make(chan struct{})}
		h, err := open(Options{}, s.connect)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := h.Close(); !errors.Is(err, ErrStuck) || time.Since(begun) != closeLimit {
			t.Errorf("Close: %v after %v", err, time.Since(begun))
		}
		close(s.hold)
	})
}

func TestBusyDevice(t *testing.T) {
	for _, kind := range []Kind{Capture, Playback} {
		s := &fakeSound{refuse: kind, refuses: true}
		_, err := open(Options{}, s.connect)
		if err == nil || !strings.Contains(err.Error(), "device busy") || !strings.Contains(err.Error(), kind.String()) {
			t.Errorf("%v busy: %v", kind, err)
		}
		if s.closed[len(s.closed)-1] != "server" {
			t.Errorf("left open: %v", s.closed)
		}
	}
}

// A sink that stops for a second gets the newest sound, and its place in time.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSound{}
		h, err := open(Options{Codec: media.PCMU}, s.connect)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		sink := &stopSink{gate: make(chan struct{})}
		h.SetSink(sink)
		s.run(time.Second, Capture, Playback) // the first frame is held up
		close(sink.gate)
		s.run(100*time.Millisecond, Capture, Playback)
		synctest.Wait()
		if n := len(sink.stamps); n > 10 {
			t.Errorf("%d frames at once", n)
		}
		// 55 frames have passed: the last whole one begins 53 to 54 after the first.
		first, last := sink.stamps[0], sink.stamps[len(sink.stamps)-1]
		if d := int(last - first); d <= 53*160 || d > 54*160 {
			t.Errorf("the last frame lies %d samples after the first, want up to %d", d, 54*160)
		}
	})
}

type stopSink struct {
	gate   chan struct{}
	stamps []uint32
}

func (s *stopSink) WriteFrame(f *media.Frame) {
	<-s.gate
	s.stamps = append(s.stamps, f.Timestamp)
}
