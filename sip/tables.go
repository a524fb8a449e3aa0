package sip

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// callTable finds calls by Call-ID and our tag. It is split so that messages
// of different calls do not wait for one another.
type callTable struct {
	seed   maphash.Seed
	shards [32]callShard
}

type callShard struct {
	mu sync.RWMutex
	m  map[string][]entry
}

type entry struct {
	tag  string
	call *Call
}

func (t *callTable) init() {
	t.seed = maphash.MakeSeed()
	for i := range t.shards {
		t.shards[i].m = map[string][]entry{}
	}
}

func (t *callTable) shard(id string) *callShard {
	return &t.shards[maphash.String(t.seed, id)%uint64(len(t.shards))]
}

func (t *callTable) add(c *Call, tag string) {
	s := t.shard(c.dlg.callID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[c.dlg.callID] = append(s.m[c.dlg.callID], entry{tag, c})
}

func (t *callTable) remove(c *Call) {
	s := t.shard(c.dlg.callID)
	s.mu.Lock()
	defer s.mu.Unlock()
	var keep []entry
	for _, e := range s.m[c.dlg.callID] {
		if e.call != c {
			keep = append(keep, e)
		}
	}
	if len(keep) == 0 {
		delete(s.m, c.dlg.callID)
		return
	}
	s.m[c.dlg.callID] = keep
}

// find returns the call of a dialog, nil if there is none.
func (t *callTable) find(id, tag string) *Call {
	s := t.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.m[id] {
		if e.tag == tag {
			return e.call
		}
	}
	return nil
}

// merged tells whether an inbound call of this Call-ID and caller's tag is
// there already: the same INVITE by another way.
func (t *callTable) merged(id, fromTag string) bool {
	s := t.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.m[id] {
		if e.call.direction == Inbound && e.call.origin == fromTag {
			return true
		}
	}
	return false
}

func (t *callTable) has(id string) bool {
	s := t.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.m[id]) > 0
}

func (t *callTable) list() []*Call {
	var out []*Call
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.RLock()
		for _, es := range s.m {
			for _, e := range es {
				out = append(out, e.call)
			}
		}
		s.mu.RUnlock()
	}
	return out
}

func (t *callTable) len() int {
	n := 0
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.RLock()
		for _, es := range s.m {
			n += len(es)
		}
		s.mu.RUnlock()
	}
	return n
}

// peerSet counts for each address the live calls that talk to it.
type peerSet struct {
	mu    sync.Mutex
	count map[netip.Addr]int
	in    sync.Map // netip.Addr: what has, read for each packet
}

func (p *peerSet) add(ip netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[netip.Addr]int{}
	}
	if p.count[ip]++; p.count[ip] == 1 {
		p.in.Store(ip, struct{}{})
	}
}

func (p *peerSet) drop(ip netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count[ip]--; p.count[ip] <= 0 {
		delete(p.count, ip)
		p.in.Delete(ip)
	}
}

func (p *peerSet) has(ip netip.Addr) bool { _, ok := p.in.Load(ip); return ok }

// recentSet remembers for a while the calls we made and that ended, and those
// being released: a late 2xx to them is acknowledged and hung up, one to any
// other Call-ID is not ours and gets nothing.
type recentSet struct {
	mu sync.Mutex
	m  map[string]*ending
}

// ending is what is known of such a call.
type ending struct {
	until  time.Time
	acc    *account
	tok    *token          // when being released
	final  chan int        // status of the INVITE's final response, for Release
	byed   map[string]bool // To tags that were hung up
	target string          // request URI of the INVITE
}

// report tells Release of a final response, if it waits.
func (e *ending) report(status int) {
	select {
	case e.final <- status:
	default:
	}
}

const maxRecent = 4096

func (r *recentSet) put(id string, e *ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.m == nil {
		r.m = map[string]*ending{}
	}
	if len(r.m) >= maxRecent {
		for k, v := range r.m {
			if now.After(v.until) {
				delete(r.m, k)
			}
		}
		if len(r.m) >= maxRecent {
			clear(r.m)
		}
	}
	e.byed = map[string]bool{}
	r.m[id] = e
}

func (r *recentSet) get(id string) *ending {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.m[id]
	if e != nil && time.Now().After(e.until) {
		delete(r.m, id)
		return nil
	}
	return e
}

// first tells whether this fork has not been hung up yet.
func (r *recentSet) first(e *ending, tag string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.byed[tag] || len(e.byed) > 32 {
		return false
	}
	e.byed[tag] = true
	return true
}
