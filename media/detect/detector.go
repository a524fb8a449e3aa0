package detect

import (
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/media"
)

// Kind is what was heard.
type Kind uint8

// What a Detector finds. Before the answer: SIT to Congestion; after it any.
const (
	// InvalidNumber: special information tones that announce that the number
	// does not exist or was changed (ITU-T E.180 §7; the variants that say more
	// by frequency and length are those of North America).
	InvalidNumber Kind = iota + 1
	// NoCircuit: special information tones of a network that has no line free.
	NoCircuit
	Busy       // busy tone: on and off alike, 0.33 s and longer
	Congestion // the same, faster
	Fax        // a called fax (2100 Hz, ITU-T T.30 §4.3.3.2), or a calling one (1100 Hz every 3 s)
	Person     // spoke shortly and waits for us
	Machine    // speaks on without waiting
	Beep       // of an answering machine: it records from now on
	Silence    // nobody spoke for a while after the answer
)

// String is the kind in a word.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "nothing"
}

var kindNames = [...]string{
	InvalidNumber: "invalid number", NoCircuit: "no circuit", Busy: "busy", Congestion: "congestion",
	Fax: "fax", Person: "person", Machine: "answering machine", Beep: "beep", Silence: "silence",
}

// Finding is something heard.
type Finding struct {
	Kind Kind
	// After is how much of the contact's sound had come: since the answer,
	// before it since the first packet.
	After time.Duration
}

// Config says what to listen for.
type Config struct {
	// Contact is the way of the contact's voice through the junction:
	// media.BtoA if the contact is the second of media.Join.
	Contact media.Way
	// Machine also tells persons from answering machines after the answer.
	Machine bool
	// Found is told each kind once, from the goroutine of the tap.
	Found func(Finding)
}

// Detector is a media.Tap.
type Detector struct {
	cfg     Config
	scope   *scope
	tones   tones
	cadence cadence

	picked   atomic.Bool // Answered was called
	answered bool
	start    time.Duration // of the scope, at the answer
	said     [Silence + 1]bool
	buf      []int16
	next     uint32 // timestamp the next frame should have
	ssrc     uint32
	begun    bool
}

var _ media.Tap = (*Detector)(nil)

// New makes a detector for one call.
func New(cfg Config) *Detector { return &Detector{cfg: cfg, scope: newScope()} }

// Answered says that the call was answered: from its next frame on a person may
// speak. It is safe at any time.
func (d *Detector) Answered() { d.picked.Store(true) }

func (d *Detector) begin() {
	d.answered, d.start = true, d.scope.at
	d.tones, d.cadence = tones{}, cadence{}
}

// longestGap is filled with silence; a longer one is a new beginning.
const longestGap = 2 * rate // samples

// WriteFrame listens to a frame of the contact. It keeps nothing of it.
func (d *Detector) WriteFrame(way media.Way, f *media.Frame) {
	if way != d.cfg.Contact || f.DTMF != 0 || f.Codec.Rate() != rate {
		return
	}
	if d.picked.Load() && !d.answered {
		d.begin()
	}
	n := f.Samples()
	if f.Silence {
		n = f.Codec.FrameSamples()
	}
	if n <= 0 || n > rate {
		return
	}
	if d.begun && f.SSRC == d.ssrc {
		gap := int32(f.Timestamp - d.next) // RFC 3550 §5.1: it wraps
		switch {
		case gap < 0: // late or twice: its place is past
			return
		case gap > 0 && gap <= longestGap:
			d.listen(d.room(int(gap)))
		}
	}
	d.begun, d.ssrc, d.next = true, f.SSRC, f.Timestamp+uint32(n)
	pcm := d.room(n)
	if !f.Silence {
		n = f.Codec.Decode(pcm, f.Payload)
	}
	d.listen(pcm[:n])
}

// room is so many samples of silence, reused.
func (d *Detector) room(n int) []int16 {
	if cap(d.buf) < n {
		d.buf = make([]int16, n)
	}
	d.buf = d.buf[:n]
	clear(d.buf)
	return d.buf
}

func (d *Detector) listen(samples []int16) {
	d.scope.write(samples, func(r run, open bool) {
		if r.to <= d.start && d.answered {
			return
		}
		r.from = max(r.from, d.start)
		d.tell(d.tones.hear(r, open, d.answered && d.cfg.Machine))
		if d.answered && d.cfg.Machine {
			d.tell(d.cadence.hear(r, open, d.start))
		}
	})
}

func (d *Detector) tell(k Kind) {
	if k == 0 || d.said[k] || d.cfg.Found == nil {
		return
	}
	d.said[k] = true
	d.cfg.Found(Finding{Kind: k, After: d.scope.at - d.start})
}
