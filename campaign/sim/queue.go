package sim

import "time"

// event is something that will happen; n is a dial's or an agent's number.
type event struct {
	at   time.Duration
	seq  int64 // of two at the same time, what was planned first comes first
	kind eventKind
	n    int64
}

type eventKind uint8

const (
	dialOver eventKind = iota
	patienceOver
	talkOver
	wrapOver
	breakOver
)

// queue is a binary heap of events, the earliest first.
type queue struct {
	heap []event
	seq  int64
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (q *queue) first() (event, bool) {
	if len(q.heap) == 0 {
		return event{}, false
	}
	return q.heap[0], true
}

func (q *queue) push(e event) {
	q.seq++
	e.seq = q.seq
	q.heap = append(q.heap, e)
	h := q.heap
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (q *queue) pop() {
	h := q.heap
	last := len(h) - 1
	h[0] = h[last]
	q.heap = h[:last]
	h = q.heap
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
