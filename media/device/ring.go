package device

import "sync/atomic"

// ring carries samples from one goroutine or thread to another without a lock:
// one writes, one reads. Its size is a power of two.
type ring struct {
	buf     []int16
	written atomic.Uint64 // changed by the writer only
	taken   atomic.Uint64 // changed by the reader only
}

func newRing(size int) *ring {
	n := 1
	for n < size {
		n *= 2
	}
	return &ring{buf: make([]int16, n)}
}

// len is the number of samples waiting.
func (r *ring) len() int { return int(r.written.Load() - r.taken.Load()) }

// write puts in what there is room for, and returns its number.
func (r *ring) write(p []int16) int {
	w := r.written.Load()
	n := min(len(p), len(r.buf)-int(w-r.taken.Load()))
	i := int(w) & (len(r.buf) - 1)
	k := copy(r.buf[i:], p[:n])
	copy(r.buf, p[k:n])
	r.written.Store(w + uint64(n))
	return n
}

// peek copies samples and leaves them.
func (r *ring) peek(dst []int16) int {
	t := r.taken.Load()
	n := min(len(dst), int(r.written.Load()-t))
	i := int(t) & (len(r.buf) - 1)
	k := copy(dst[:n], r.buf[i:])
	copy(dst[k:n], r.buf)
	return n
}

// skip takes samples without a look at them. There are that many.
func (r *ring) skip(n int) { r.taken.Add(uint64(n)) }

// read takes samples.
func (r *ring) read(dst []int16) int {
	n := r.peek(dst)
	r.skip(n)
	return n
}

// mend blends from what was heard before a cut into the samples at its end.
// It is for the reader: those samples are the reader's already.
func (r *ring) mend(before []int16) {
	t, n := r.taken.Load(), len(before)
	for i, x := range before {
		at := &r.buf[(int(t)+i)&(len(r.buf)-1)]
		*at = int16((int(x)*(n-i) + int(*at)*i) / n)
	}
}
