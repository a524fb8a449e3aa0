package media

import (
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eventually waits for a condition that others bring about.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("still not: %s", what)
		case <-tick.C:
		}
	}
}

// listen lets real time pass while sound flows.
func listen(d time.Duration) { <-time.After(d) }

func newTestSession(t *testing.T, change ...func(*SessionConfig)) *Session {
	t.Helper()
	cfg := SessionConfig{IP: "127.0.0.1"}
	for _, c := range change {
		c(&cfg)
	}
	s, err := NewSession(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// agree has a offer and b answer.
func agree(t *testing.T, a, b *Session) {
	t.Helper()
	offer, err := a.Offer()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Answer(offer)
	if err != nil {
		t.Fatalf("%v\n%s", err, offer)
	}
	if err := a.Accept(answer); err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
}

// ear is a sink that keeps what it hears, placed by timestamps, and when it came.
type ear struct {
	mu     sync.Mutex
	track  *Track
	frames int
	digits []byte
	seqs   []uint16
	stamps []uint32
	at     []time.Time
	peaks  []int // greatest magnitude of each frame
}

func (e *ear) WriteFrame(f *Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.DTMF != 0 {
		e.digits = append(e.digits, f.DTMF)
		return
	}
	if e.track == nil {
		e.track = NewTrack(f.Codec.Rate(), f.At)
	}
	e.track.Place(f)
	e.frames++
	e.seqs = append(e.seqs, f.Seq)
	e.stamps = append(e.stamps, f.Timestamp)
	e.at = append(e.at, f.At)
	samples := make([]int16, f.Samples())
	f.Codec.Decode(samples, f.Payload)
	peak := 0
	for _, s := range samples {
		peak = max(peak, int(math.Abs(float64(s))))
	}
	e.peaks = append(e.peaks, peak)
}

func (e *ear) heard() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.track == nil {
		return nil
	}
	return e.track.Take(nil, e.track.End())
}

func (e *ear) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.frames
}

func (e *ear) peaksSince(at time.Time) []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	var p []int
	for i, t := range e.at {
		if !t.Before(at) {
			p = append(p, e.peaks[i])
		}
	}
	return p
}

func (e *ear) sequence() ([]uint16, []uint32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]uint16(nil), e.seqs...), append([]uint32(nil), e.stamps...)
}

// tonePlayer plays a tone over and over.
func tonePlayer(t *testing.T, freq float64, codec Codec) *FileEndpoint {
	t.Helper()
	e, err := NewFileEndpoint(FileOptions{Samples: Tone(freq, time.Second, -10), Loop: true, Codec: codec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func replaceAll(s, old, with string) string { return strings.ReplaceAll(s, old, with) }
