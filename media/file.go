package media

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// FileOptions say what a FileEndpoint plays and where it records.
type FileOptions struct {
	Play    string  // WAV file, see ReadWAVFile
	Samples []int16 // instead of Play
	Rate    int     // of Samples; 0: 8000
	Loop    bool    // over and over
	Wait    bool    // play from Start on, not as soon as it is joined
	Record  string  // WAV file for what it hears; "": nowhere
	Codec   Codec   // what it speaks; NoCodec: PCMA
	Clock   *Clock  // shared; nil: one of its own
}

// FileEndpoint is an endpoint that speaks from a file and writes what it hears
// into another. A missing frame is silence in the recording.
type FileEndpoint struct {
	codec Codec
	clock *Clock
	loop  bool
	sound []byte // all of it, in codec: a tick cuts a slice
	sink  atomic.Pointer[sinkBox]

	mu      sync.Mutex // guards the life: started, closed, remove
	wait    bool
	started bool
	closed  bool
	remove  func()
	done    chan struct{}
	finish  func()

	// The clock's goroutine only.
	pos   int
	frame Frame
	tail  []byte

	rec *fileRecorder
}

// NewFileEndpoint reads the whole file to be played and creates the one to
// record into.
func NewFileEndpoint(opts FileOptions) (*FileEndpoint, error) {
	if opts.Codec == NoCodec {
		opts.Codec = PCMA
	}
	if opts.Clock == nil {
		opts.Clock = NewClock()
	}
	samples, rate := opts.Samples, opts.Rate
	if rate == 0 {
		rate = 8000
	}
	if opts.Play != "" {
		var err error
		if samples, rate, err = ReadWAVFile(opts.Play); err != nil {
			return nil, err
		}
	}
	samples = Resample(samples, rate, opts.Codec.Rate())
	if opts.Loop && len(samples) == 0 {
		return nil, errors.New("media: nothing to play over and over")
	}
	e := &FileEndpoint{
		codec: opts.Codec, clock: opts.Clock, loop: opts.Loop, wait: opts.Wait,
		sound: make([]byte, opts.Codec.Bytes(len(samples))),
		tail:  make([]byte, opts.Codec.Bytes(opts.Codec.FrameSamples())),
		done:  make(chan struct{}),
	}
	e.finish = sync.OnceFunc(func() { close(e.done) })
	e.codec.Encode(e.sound, samples)
	e.frame = firstFrame(e.codec)
	if opts.Record != "" {
		rec, err := newFileRecorder(opts.Record, opts.Codec.Rate())
		if err != nil {
			return nil, err
		}
		e.rec = rec
	}
	return e, nil
}

// Codec is what it speaks.
func (e *FileEndpoint) Codec() Codec { return e.codec }

// Clock is the clock it plays by.
func (e *FileEndpoint) Clock() *Clock { return e.clock }

// SetSink says where to play to. The first sink starts it, unless it waits.
func (e *FileEndpoint) SetSink(sink Sink) {
	storeSink(&e.sink, sink)
	if sink != nil && !e.wait {
		e.Start()
	}
}

func (e *FileEndpoint) unsetSink(sink Sink) { clearSink(&e.sink, sink) }

// Start begins to play; again is nothing.
func (e *FileEndpoint) Start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started || e.closed {
		return
	}
	e.started = true
	if len(e.sound) == 0 {
		e.finish()
		return
	}
	e.remove = e.clock.add(e.tick)
}

// Done is closed when all was played, or the endpoint was closed.
func (e *FileEndpoint) Done() <-chan struct{} { return e.done }

// tick plays 20 ms.
func (e *FileEndpoint) tick(now time.Time) {
	n := len(e.tail)
	if e.pos >= len(e.sound) {
		if !e.loop {
			e.finish()
			return // stays in the clock until Close; it costs next to nothing
		}
		e.pos = 0
	}
	payload := e.sound[e.pos:min(e.pos+n, len(e.sound))]
	e.pos += n
	if len(payload) < n {
		k := copy(e.tail, payload)
		for i := range e.tail[k:] {
			e.tail[k+i] = e.codec.silence()
		}
		payload = e.tail
	}
	f := &e.frame
	f.Payload, f.At = payload, now
	if sink := e.sink.Load(); sink != nil {
		sink.WriteFrame(f)
	}
	f.step(e.codec.FrameSamples())
}

// WriteFrame records what is heard.
func (e *FileEndpoint) WriteFrame(f *Frame) {
	if e.rec != nil {
		e.rec.place(f)
	}
}

// Close stops playing, and writes the recording to its end.
func (e *FileEndpoint) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	remove := e.remove
	e.mu.Unlock()
	if remove != nil {
		remove()
	}
	e.finish()
	e.sink.Store(nil)
	if e.rec != nil {
		return e.rec.feed.Close()
	}
	return nil
}

// fileRecorder writes a track to a mono file.
type fileRecorder struct {
	mu    sync.Mutex
	track *Track // made with the first frame: the recording begins there
	rate  int
	feed  *WAVFeed
}

func newFileRecorder(path string, rate int) (*fileRecorder, error) {
	out, err := CreateWAV(path, rate, 1)
	if err != nil {
		return nil, err
	}
	r := &fileRecorder{rate: rate}
	r.feed = FeedWAV(out, r.take)
	return r, nil
}

func (r *fileRecorder) place(f *Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.track == nil {
		if f.Samples() == 0 {
			return
		}
		r.track = NewTrack(r.rate, f.At)
	}
	r.track.Place(f)
}

func (r *fileRecorder) take(dst []int16, until time.Time, last bool) []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.track == nil {
		return dst
	}
	upTo := r.track.End()
	if !last {
		upTo = min(upTo, r.track.Now(until))
	}
	return r.track.Take(dst, upTo)
}
