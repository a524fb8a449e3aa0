package line

import (
	"sync"
	"testing"
)

func TestQueueKeepsOrderAndLosesNothing(t *testing.T) {
	const writers, each = 8, 500
	q := newQueue[[2]int]()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if !q.push([2]int{w, i}) {
					t.Error("push refused on an open queue")
				}
			}
		})
	}
	go func() { wg.Wait(); q.close() }()
	var next [writers]int
	total := 0
	for {
		v, ok := q.pop()
		if !ok {
			break
		}
		if v[1] != next[v[0]] {
			t.Fatalf("writer %d: got %d, want %d", v[0], v[1], next[v[0]])
		}
		next[v[0]]++
		total++
	}
	if total != writers*each {
		t.Fatalf("%d of %d came through", total, writers*each)
	}
}

func TestQueueNeverBlocksItsWriter(t *testing.T) {
	q := newQueue[int]()
	for i := range 100_000 { // nobody reads
		q.push(i)
	}
	if now, most := q.depth(); now != 100_000 || most != 100_000 {
		t.Fatalf("depth %d, most %d", now, most)
	}
	for i := range 100_000 {
		if v, ok := q.pop(); !ok || v != i {
			t.Fatalf("pop %d: %d, %v", i, v, ok)
		}
	}
	if now, most := q.depth(); now != 0 || most != 100_000 {
		t.Fatalf("after reading: depth %d, most %d", now, most)
	}
}

func TestQueueClosed(t *testing.T) {
	q := newQueue[int]()
	q.push(1)
	q.close()
	if q.push(2) {
		t.Error("a closed queue took an item")
	}
	if v, ok := q.pop(); !ok || v != 1 {
		t.Errorf("what was in it is lost: %d, %v", v, ok)
	}
	if _, ok := q.pop(); ok {
		t.Error("an empty closed queue gave an item")
	}
}
