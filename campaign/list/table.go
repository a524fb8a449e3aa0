package list

import "hash/maphash"

// table counts keys in about 24 bytes each, so that a million lines need no
// more than a few dozen megabytes: open addressing, at most half full.
type table struct {
	seed maphash.Seed
	keys []uint64
	vals []uint32
	n    int
}

func newTable() *table {
	return &table{seed: maphash.MakeSeed(), keys: make([]uint64, 1024), vals: make([]uint32, 1024)}
}

// add counts a key and says how often it was there before. Short strings of
// digits are kept exactly, others as 63 bits of their hash.
func (t *table) add(key string) (before uint32) {
	if 2*t.n >= len(t.keys) {
		t.grow()
	}
	k := t.key(key)
	i := t.slot(k)
	if t.keys[i] == 0 {
		t.keys[i] = k
		t.n++
	}
	t.vals[i]++
	return t.vals[i] - 1
}

func (t *table) slot(k uint64) int {
	mask := len(t.keys) - 1
	i := int((k*0x9e3779b97f4a7c15)>>32) & mask // Fibonacci hashing: numbers come in rows
	for t.keys[i] != 0 && t.keys[i] != k {
		i = (i + 1) & mask
	}
	return i
}

func (t *table) key(s string) uint64 {
	digits := s
	if len(s) > 0 && s[0] == '+' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 17 {
		return maphash.String(t.seed, s) | 1<<63
	}
	k := uint64(1) // leading zeros count
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return maphash.String(t.seed, s) | 1<<63
		}
		k = k*10 + uint64(digits[i]-'0')
	}
	if len(digits) != len(s) {
		return k<<1 | 1
	}
	return k << 1
}

func (t *table) grow() {
	keys, vals := t.keys, t.vals
	t.keys, t.vals = make([]uint64, 2*len(keys)), make([]uint32, 2*len(vals))
	for i, k := range keys {
		if k != 0 {
			j := t.slot(k)
			t.keys[j], t.vals[j] = k, vals[i]
		}
	}
}
