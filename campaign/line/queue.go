package line

import "sync"

// queue is an unbounded first-in first-out list between goroutines. push never
// blocks, so neither the signalling nor the campaign ever waits for the other;
// what is waiting is counted instead.
//
//	phone events, commands ──push──▶ [ … ] ──pop──▶ one goroutine
type queue[T any] struct {
	mu     sync.Mutex
	items  []T
	most   int
	closed bool
	wake   chan struct{} // holds one token while there may be something to pop
}

func newQueue[T any]() *queue[T] {
	return &queue[T]{wake: make(chan struct{}, 1)}
}

// push appends v; false when the queue is closed and v is lost.
func (q *queue[T]) push(v T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.items = append(q.items, v)
	q.most = max(q.most, len(q.items))
	q.signal()
	return true
}

// pop takes the oldest item, waiting for one; false when the queue is closed
// and empty.
func (q *queue[T]) pop() (T, bool) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			v := q.items[0]
			var zero T
			q.items[0] = zero // lets go of what it holds
			q.items = q.items[1:]
			q.mu.Unlock()
			return v, true
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			var zero T
			return zero, false
		}
		<-q.wake
	}
}

// close lets pop end once the queue is empty; later pushes are refused.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// signal leaves a token for the one reader. The lock is held.
func (q *queue[T]) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// depth gives how many items wait and the most that ever did.
func (q *queue[T]) depth() (now, most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items), q.most
}
