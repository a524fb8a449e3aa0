package media

import (
	"slices"
	"sync"
	"time"
)

// Keep is a sink that keeps the latest of what comes, until somebody is there
// to hear it: see WithKept. A contact speaks as soon as she has picked up, and
// the agent is found a moment later.
type Keep struct {
	mu     sync.Mutex
	frames []Frame // oldest first, each with a payload of its own
	to     Sink    // by now somebody hears
}

// keptFrames is how much is kept: 3 s of frames of 20 ms.
const keptFrames = 150

// NewKeep makes one that is empty.
func NewKeep() *Keep { return &Keep{} }

// WriteFrame keeps a copy, or hands the frame on when somebody hears by now.
func (k *Keep) WriteFrame(f *Frame) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.to != nil {
		k.to.WriteFrame(f)
		return
	}
	if len(k.frames) == keptFrames {
		k.frames = slices.Delete(k.frames, 0, 1)
	}
	c := *f
	c.Payload = slices.Clone(f.Payload)
	k.frames = append(k.frames, c)
}

// Forget drops what came before a time: ringing tones and the like.
func (k *Keep) Forget(before time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.frames = slices.DeleteFunc(k.frames, func(f Frame) bool { return f.At.Before(before) })
}

// flush gives everything to a sink, and from now on what comes.
func (k *Keep) flush(to Sink) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.to = to
	for i := range k.frames {
		to.WriteFrame(&k.frames[i])
	}
	k.frames = nil
}

// WithKept lets A hear first what was kept of B, at once and in order: the
// receiver of it catches up as it does after any delay.
func WithKept(k *Keep) JoinOption { return func(j *Junction) { j.kept = k } }
