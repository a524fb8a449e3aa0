package browser

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/freiton/freiton/media"
)

// wire remembers the numbered packets that pass a point, and when.
type wire struct {
	mu  sync.Mutex
	seq []uint16
	at  []time.Time
}

func (w *wire) add(seq uint16, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq, w.at = append(w.seq, seq), append(w.at, at)
}

// WriteFrame makes it a sink.
func (w *wire) WriteFrame(f *media.Frame) { w.add(f.Seq, f.At) }

// delays pairs what came in with what went out, whose numbers are a constant
// apart: the one that most packets vote for.
func delays(in, out *wire) []time.Duration {
	in.mu.Lock()
	defer in.mu.Unlock()
	out.mu.Lock()
	defer out.mu.Unlock()
	votes := map[uint16]int{}
	for i, o := range out.at {
		if k, _ := slices.BinarySearchFunc(in.at, o, time.Time.Compare); k > 0 {
			votes[out.seq[i]-in.seq[k-1]]++
		}
	}
	var offset uint16
	for o, n := range votes {
		if n > votes[offset] {
			offset = o
		}
	}
	came := map[uint16]time.Time{}
	for i, s := range in.seq {
		came[s+offset] = in.at[i]
	}
	// After a gap of its source a session sends silence of its own, and what
	// comes then is numbered anew: such packets are not paired.
	var d []time.Duration
	for i, s := range out.seq {
		if at, ok := came[s]; ok && out.at[i].After(at) && out.at[i].Sub(at) < time.Second {
			d = append(d, out.at[i].Sub(at))
		}
	}
	slices.Sort(d)
	return d
}

func percentile(d []time.Duration, p float64) time.Duration { return d[int(float64(len(d)-1)*p)] }

// traced has the port tell of RTP that passes it: SRTP leaves the header in clear.
func traced(cfg *Config) (in, out *wire) {
	in, out = &wire{}, &wire{}
	cfg.trace = func(sent bool, b []byte, at time.Time) {
		if b[0]>>6 != 2 || b[1] >= 192 && b[1] <= 223 { // RTCP: RFC 5761 §4
			return
		}
		w := in
		if sent {
			w = out
		}
		w.add(binary.BigEndian.Uint16(b[2:]), at)
	}
	return in, out
}
