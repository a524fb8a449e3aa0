package media

import (
	"net/netip"
	"time"
)

// Symmetric RTP (RFC 4961) under probation. The address in the description is
// believed at once; any other source has to send probationRun valid packets in
// sequence, and while we hear somebody, only after that source fell silent:
// nobody takes over a call by sending packets at it. What came during the
// probation is kept and heard once it is passed, or the first word would be lost.
const (
	probationRun   = 4
	probationSlots = 3 // sources observed at once, so that one cannot crowd out another
	keepPackets    = 16
	keepBytes      = 512
	silentBefore   = 250 * time.Millisecond
	// shunTime is how long the old source is ignored after the peer told a new
	// address: its last packets are still on their way.
	shunTime = time.Second
)

type verdict uint8

const (
	dropPacket    verdict = iota
	acceptPacket          // from the source we listen to
	acceptLatched         // likewise, and it has just become that
	acceptKept            // likewise, and packets of its probation are waiting in candidate.kept
	onProbation
)

// sources decides whom we listen to and send to. Its owner is the goroutine
// that reads the socket.
type sources struct {
	epoch     uint32
	signalled netip.AddrPort
	current   netip.AddrPort
	heardAt   time.Time
	shunned   netip.AddrPort
	shunUntil time.Time
	slots     [probationSlots]candidate
	passed    *candidate // set with acceptKept
}

// candidate is a source on probation.
type candidate struct {
	from netip.AddrPort
	ssrc uint32
	seq  uint16
	run  int
	at   time.Time
	n    int // packets kept
	kept []keptPacket
}

type keptPacket struct {
	n    int
	data [keepBytes]byte
}

// judge decides about one valid packet. l.rtp is the address of the peer's
// description, invalid if it told none.
func (s *sources) judge(data []byte, from netip.AddrPort, l *live, now time.Time, ssrc uint32, seq uint16) verdict {
	if l.rtp.IsValid() && l.rtp != s.signalled {
		s.resignal(l, now)
	}
	switch {
	case from == s.current:
		s.heardAt = now
		for i := range s.slots { // whoever else sends has to begin again
			s.slots[i].run, s.slots[i].n = 0, 0
		}
		return acceptPacket
	case from == s.signalled:
		s.current, s.heardAt = from, now
		return acceptLatched
	case from == s.shunned && now.Before(s.shunUntil):
		return dropPacket
	}
	c := s.candidate(from)
	c.observe(data, ssrc, seq, now)
	if c.run < probationRun || s.current.IsValid() && now.Sub(s.heardAt) < silentBefore {
		return onProbation
	}
	s.current, s.heardAt, s.passed = from, now, c
	return acceptKept
}

// resignal takes an address from a description. The first one, when a source
// has passed before it, changes nothing until it is heard; another one means
// that the peer has moved.
func (s *sources) resignal(l *live, now time.Time) {
	s.signalled = l.rtp
	if s.epoch != l.epoch && s.current.IsValid() && s.current != l.rtp {
		s.shunned, s.shunUntil = s.current, now.Add(shunTime)
		s.current = netip.AddrPort{}
	}
	s.epoch = l.epoch
}

// candidate finds the slot of a source, or takes the one longest unheard.
func (s *sources) candidate(from netip.AddrPort) *candidate {
	oldest := &s.slots[0]
	for i := range s.slots {
		c := &s.slots[i]
		if c.from == from {
			return c
		}
		if c.at.Before(oldest.at) {
			oldest = c
		}
	}
	oldest.from, oldest.run, oldest.n = from, 0, 0
	return oldest
}

// observe counts the packet if it goes on where the last one ended.
func (c *candidate) observe(data []byte, ssrc uint32, seq uint16, now time.Time) {
	step := int16(seq - c.seq)
	if c.run > 0 && (ssrc != c.ssrc || step < 1 || step > 5 || now.Sub(c.at) > time.Second) {
		c.run, c.n = 0, 0
	}
	c.run++
	c.ssrc, c.seq, c.at = ssrc, seq, now
	if len(data) > keepBytes {
		return
	}
	if c.kept == nil {
		c.kept = make([]keptPacket, keepPackets) // once per slot
	}
	if c.n == keepPackets {
		copy(c.kept, c.kept[1:])
		c.n--
	}
	k := &c.kept[c.n]
	k.n = copy(k.data[:], data)
	c.n++
}

// latch is the source we found, and under which told address of the peer.
type latch struct {
	epoch uint32
	addr  netip.AddrPort
}
