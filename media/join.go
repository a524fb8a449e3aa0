package media

import (
	"sync"
	"sync/atomic"
	"time"
)

// Way tells the two directions through a Junction.
type Way uint8

const (
	AtoB Way = iota // what A's far side says
	BtoA            // what B's says
)

// Tap gets a copy of every frame that passes a junction, from a goroutine of its
// own. It may take its time; frames it is too slow for are dropped and counted.
type Tap interface {
	WriteFrame(Way, *Frame)
}

// JoinOption changes a Join.
type JoinOption func(*Junction)

// WithTap adds a tap. Frames are shown as they came, before any mixing.
func WithTap(t Tap) JoinOption {
	return func(j *Junction) { j.taps = append(j.taps, newTapQueue(t)) }
}

// Junction is two endpoints that hear each other.
//
//	relay   A ──► pass ──────────────► B     the payload as it came
//	                └─► tap queue ─► Tap
//	mix     A ──► pass ─► leg ─► mixer ─► B  jitter buffer, samples, clock
type Junction struct {
	a, b Endpoint
	ways [2]*pass
	taps []*tapQueue
	kept *Keep // of b

	mu     sync.Mutex
	mix    *mixer
	guests map[Endpoint]*mixLeg
	closed bool
}

// Join lets a and b hear each other until Close. Frames are relayed as long as
// both speak the same family of codecs, else mixed; a change during the call is
// followed.
func Join(a, b Endpoint, opts ...JoinOption) *Junction {
	j := &Junction{a: a, b: b}
	for _, o := range opts {
		o(j)
	}
	j.ways[AtoB] = &pass{j: j, way: AtoB, codec: b.Codec}
	j.ways[BtoA] = &pass{j: j, way: BtoA, codec: a.Codec}
	j.ways[AtoB].to.Store(&sinkBox{b})
	j.ways[BtoA].to.Store(&sinkBox{a})
	if !a.Codec().relays(b.Codec()) {
		j.toMix()
	}
	if j.kept != nil {
		j.kept.flush(j.ways[BtoA])
	}
	a.SetSink(j.ways[AtoB])
	b.SetSink(j.ways[BtoA])
	return j
}

// pass is the sink of one endpoint: a way through the junction.
type pass struct {
	j      *Junction
	way    Way
	codec  func() Codec // of the endpoint at the other end
	to     atomic.Pointer[sinkBox]
	closed atomic.Bool
	mixed  atomic.Bool
}

// WriteFrame hands the frame on.
func (p *pass) WriteFrame(f *Frame) {
	if p.closed.Load() {
		return
	}
	for _, t := range p.j.taps {
		t.put(p.way, f)
	}
	if !p.mixed.Load() && f.DTMF == 0 && !f.Codec.relays(p.codec()) {
		p.j.toMix()
	}
	if to := p.to.Load(); to != nil {
		to.WriteFrame(f)
	}
}

// toMix changes the junction over to the mix path, once.
func (j *Junction) toMix() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.mix != nil || j.closed {
		return
	}
	j.mix = newMixer(clockOf(j.a, j.b))
	legA, legB := j.mix.addLeg(j.a), j.mix.addLeg(j.b)
	j.ways[AtoB].to.Store(&sinkBox{legA})
	j.ways[BtoA].to.Store(&sinkBox{legB})
	j.ways[AtoB].mixed.Store(true)
	j.ways[BtoA].mixed.Store(true)
}

// Admit takes a third party into the conversation: everybody hears the others.
// The taps go on with a and b alone. An endpoint is admitted once; after Close
// nobody is.
func (j *Junction) Admit(guest Endpoint) {
	j.toMix()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || j.guests[guest] != nil {
		return
	}
	if j.guests == nil {
		j.guests = map[Endpoint]*mixLeg{}
	}
	j.guests[guest] = j.mix.admit(guest)
}

// Dismiss lets a guest go; the endpoint lives on, a and b go on in the mix.
func (j *Junction) Dismiss(guest Endpoint) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if leg := j.guests[guest]; leg != nil && !j.closed {
		j.mix.dismiss(leg)
		delete(j.guests, guest)
	}
}

// clockOf is the clock of the first endpoint that has one.
func clockOf(endpoints ...Endpoint) *Clock {
	for _, e := range endpoints {
		if c, ok := e.(interface{ Clock() *Clock }); ok {
			return c.Clock()
		}
	}
	return NewClock()
}

// Mixed tells whether the junction has taken the mix path.
func (j *Junction) Mixed() bool { return j.ways[AtoB].mixed.Load() }

// Dropped is the number of frames the taps were too slow for.
func (j *Junction) Dropped() uint64 {
	var n uint64
	for _, t := range j.taps {
		n += t.dropped.Load()
	}
	return n
}

// Close parts the endpoints, which live on, and waits until the taps have seen
// what passed before.
func (j *Junction) Close() {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return
	}
	j.closed = true
	mix := j.mix
	j.mu.Unlock()
	for i, e := range [2]Endpoint{j.a, j.b} {
		j.ways[i].closed.Store(true)
		unset(e, j.ways[i])
	}
	if mix != nil {
		mix.close()
	}
	for _, t := range j.taps {
		t.close()
	}
}

// unset takes a sink away, unless the endpoint has got another since. An
// endpoint of another package keeps a closed pass, which is as good.
func unset(e Endpoint, sink Sink) {
	if u, ok := e.(interface{ unsetSink(Sink) }); ok {
		u.unsetSink(sink)
	}
}

// tapQueue is the way to a tap: a ring of copies and the goroutine that empties it.
type tapQueue struct {
	tap     Tap
	dropped atomic.Uint64
	mu      sync.Mutex
	ring    [tapDepth]tapFrame
	head, n int
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

const (
	tapDepth = 64  // over half a second of both ways
	tapBytes = 800 // 100 ms of G.711, 25 ms of Linear16
)

type tapFrame struct {
	way   Way
	frame Frame
	data  [tapBytes]byte
}

func newTapQueue(t Tap) *tapQueue {
	q := &tapQueue{tap: t, wake: make(chan struct{}, 1), done: make(chan struct{})}
	// Owned by the junction, ends with close.
	go q.run()
	return q
}

// put copies the frame if there is room.
func (q *tapQueue) put(way Way, f *Frame) {
	q.mu.Lock()
	if q.n == tapDepth || len(f.Payload) > tapBytes || q.closed {
		q.mu.Unlock()
		q.dropped.Add(1)
		return
	}
	slot := &q.ring[(q.head+q.n)%tapDepth]
	slot.way, slot.frame = way, *f
	if f.At.IsZero() {
		slot.frame.At = time.Now()
	}
	slot.frame.Payload = slot.data[:copy(slot.data[:], f.Payload)]
	q.n++
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *tapQueue) run() {
	defer close(q.done)
	for {
		q.mu.Lock()
		if q.n == 0 {
			closed := q.closed
			q.mu.Unlock()
			if closed {
				return
			}
			<-q.wake
			continue
		}
		slot := &q.ring[q.head] // stays the reader's until n is lowered
		q.mu.Unlock()
		q.tap.WriteFrame(slot.way, &slot.frame)
		q.mu.Lock()
		q.head = (q.head + 1) % tapDepth
		q.n--
		q.mu.Unlock()
	}
}

func (q *tapQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	<-q.done
}
