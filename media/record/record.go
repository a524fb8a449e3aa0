// Package record writes a call to a stereo WAV file: the agent on the left, the
// contact on the right, both where they were in time.
//
//	Junction ─► tap queue ─► Recorder ─► track left  ─┐
//	                                  └► track right ─┴─► WAV, every half second
//
// The file is whole at any moment: its sizes are written with its samples, so a
// killed process loses the last second and a half, and nothing else.
package record

import (
	"fmt"
	"sync"
	"time"

	"github.com/freiton/freiton/media"
)

// Options say what to record and how.
type Options struct {
	Path string
	Rate int // 0: 8000
	// Agent is the way of the agent's voice through the junction: AtoB if she
	// is the first of Join.
	Agent media.Way
}

// Recorder is a media.Tap. A junction may end and another begin with the same
// recorder: the recording goes on, with silence between.
type Recorder struct {
	agent media.Way

	mu     sync.Mutex
	tracks [2]*media.Track // left, right
	paused bool
	pauses []span
	closed bool
	feed   *media.WAVFeed

	left, right []int16 // what take has just taken
}

// span is a pause, in samples; end is -1 while it lasts.
type span struct{ begin, end int64 }

// New creates the file and begins to record. The time line begins now.
func New(opts Options) (*Recorder, error) {
	if opts.Rate == 0 {
		opts.Rate = 8000
	}
	out, err := media.CreateWAV(opts.Path, opts.Rate, 2)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	start := time.Now()
	r := &Recorder{
		agent:  opts.Agent,
		tracks: [2]*media.Track{media.NewTrack(opts.Rate, start), media.NewTrack(opts.Rate, start)},
	}
	r.feed = media.FeedWAV(out, r.take)
	return r, nil
}

// WriteFrame puts a frame where it belongs.
func (r *Recorder) WriteFrame(way media.Way, f *media.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	side := 0
	if way != r.agent {
		side = 1
	}
	r.tracks[side].Place(f)
}

// Pause keeps from now on what is said out of the file; its time is there, as
// silence, so that the gap is seen.
func (r *Recorder) Pause() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.paused && !r.closed {
		r.paused = true
		r.pauses = append(r.pauses, span{r.tracks[0].Now(time.Now()), -1})
	}
}

// Resume ends a pause.
func (r *Recorder) Resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused {
		r.paused = false
		r.pauses[len(r.pauses)-1].end = r.tracks[0].Now(time.Now())
	}
}

// Paused tells whether it is paused.
func (r *Recorder) Paused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paused
}

// Close writes what is left and closes the file. An error of writing that came
// up on the way is told here.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	r.mu.Unlock()
	return r.feed.Close()
}

// take gives both tracks up to a moment, left and right in turn.
func (r *Recorder) take(dst []int16, until time.Time, _ bool) []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	upTo, from := r.tracks[0].Now(until), r.tracks[0].Taken()
	r.left = r.tracks[0].Take(r.left[:0], upTo)
	r.right = r.tracks[1].Take(r.right[:0], upTo)
	r.blank(from, r.left, r.right)
	for i := range r.left {
		dst = append(dst, r.left[i], r.right[i])
	}
	return dst
}

// blank silences the pauses within samples that begin at from.
func (r *Recorder) blank(from int64, left, right []int16) {
	end := from + int64(len(left))
	for _, p := range r.pauses {
		stop := p.end
		if stop < 0 {
			stop = end
		}
		for i := max(p.begin, from); i < min(stop, end); i++ {
			left[i-from], right[i-from] = 0, 0
		}
	}
	for len(r.pauses) > 0 && r.pauses[0].end >= 0 && r.pauses[0].end <= end {
		r.pauses = r.pauses[1:]
	}
}
