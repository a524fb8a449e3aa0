package media

import (
	"errors"
	"fmt"
	"time"
)

const (
	feedEvery = 500 * time.Millisecond
	// settleTime is how long frames may come late before their place is written.
	settleTime = time.Second
)

// WAVFeed writes a file half a second at a time, from a goroutine of its own:
// whoever brings frames never waits for the disk.
type WAVFeed struct {
	out  *WAVWriter
	err  error
	stop chan struct{}
	done chan struct{}
}

// FeedWAV begins to write to out what take appends to dst: what there is up to
// a moment that lies a second back, so that late frames find their place; last
// is the call in which everything is asked for. take is called from the feed's
// goroutine.
func FeedWAV(out *WAVWriter, take func(dst []int16, until time.Time, last bool) []int16) *WAVFeed {
	f := &WAVFeed{out: out, stop: make(chan struct{}), done: make(chan struct{})}
	go f.run(take) // owned by the feed, ends with Close
	return f
}

func (f *WAVFeed) run(take func([]int16, time.Time, bool) []int16) {
	defer close(f.done)
	ticker := time.NewTicker(feedEvery)
	defer ticker.Stop()
	var buf []int16
	for last := false; !last; {
		var until time.Time
		select {
		case <-f.stop:
			last, until = true, time.Now()
		case <-ticker.C:
			until = time.Now().Add(-settleTime)
		}
		buf = take(buf[:0], until, last)
		if err := f.out.Append(buf); err != nil && f.err == nil {
			f.err = fmt.Errorf("media: recording: %w", err)
		}
	}
}

// Close writes what is left and closes the file. An error of writing that came
// up on the way is told here. It is called once.
func (f *WAVFeed) Close() error {
	close(f.stop)
	<-f.done
	return errors.Join(f.err, f.out.Close())
}
