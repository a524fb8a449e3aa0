package media

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// wire carries the packets of two sessions and may lose some.
type wire struct {
	pass  atomic.Pointer[func(fromA, isRTCP bool, data []byte) bool]
	conns [2][2]*net.UDPConn // facing A and B, RTP and RTCP
	ends  [2][2]netip.AddrPort
	wg    sync.WaitGroup
}

// agreeOver has a offer and b answer with a wire between them.
func agreeOver(t *testing.T, a, b *Session, pass func(fromA, isRTCP bool, data []byte) bool) *wire {
	t.Helper()
	w := &wire{}
	w.pass.Store(&pass)
	for i, s := range []*Session{a, b} {
		var err error
		if w.conns[i][0], w.conns[i][1], err = openPair(netip.MustParseAddr("127.0.0.1"), PortRange{}); err != nil {
			t.Fatal(err)
		}
		at := s.LocalAddr()
		w.ends[i] = [2]netip.AddrPort{at, netip.AddrPortFrom(at.Addr(), at.Port()+1)}
	}
	for side := range 2 {
		for kind := range 2 {
			w.wg.Add(1)
			go w.carry(side, kind)
		}
	}
	t.Cleanup(func() {
		for _, side := range w.conns {
			for _, c := range side {
				_ = c.Close()
			}
		}
		w.wg.Wait()
	})
	offer, err := a.Offer()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Answer(w.rewrite(offer, a, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Accept(w.rewrite(answer, b, 0)); err != nil {
		t.Fatal(err)
	}
	return w
}

// rewrite puts the wire's port facing a side into the description of the other.
func (w *wire) rewrite(body []byte, of *Session, facing int) []byte {
	from := "m=audio " + itoa(of.LocalAddr().Port()) + " "
	to := "m=audio " + itoa(w.conns[facing][0].LocalAddr().(*net.UDPAddr).AddrPort().Port()) + " "
	return []byte(strings.Replace(string(body), from, to, 1))
}

func itoa(n uint16) string { return netip.AddrPortFrom(netip.IPv4Unspecified(), n).String()[8:] }

func (w *wire) carry(side, kind int) {
	defer w.wg.Done()
	buf := make([]byte, 2048)
	for {
		n, _, err := w.conns[side][kind].ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if (*w.pass.Load())(side == 0, kind == 1, buf[:n]) {
			_, _ = w.conns[1-side][kind].WriteToUDPAddrPort(buf[:n], w.ends[1-side][kind])
		}
	}
}

// farEnd is a far end written out by hand: a socket and the fields of a packet.
type farEnd struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
	h    rtp.Header
}

func newFarEnd(t *testing.T, to netip.AddrPort) *farEnd {
	t.Helper()
	rtpConn, rtcpConn, err := openPair(netip.MustParseAddr("127.0.0.1"), PortRange{})
	if err != nil {
		t.Fatal(err)
	}
	_ = rtcpConn.Close()
	t.Cleanup(func() { _ = rtpConn.Close() })
	return &farEnd{t: t, conn: rtpConn, to: to, h: rtp.Header{Version: 2, PayloadType: 8, SSRC: 0x1001, SequenceNumber: 65530, Timestamp: 4294967000}}
}

func (p *farEnd) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// sdp describes it, with further lines.
func (p *farEnd) sdp(lines ...string) []byte {
	return []byte(strings.Join(append([]string{
		"v=0", "o=peer 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
		"m=audio " + itoa(p.addr().Port()) + " RTP/AVP 8 0 101", "a=rtpmap:101 telephone-event/8000",
	}, lines...), "\r\n") + "\r\n")
}

// send sends one frame of the value level and moves on.
func (p *farEnd) send(level byte) {
	p.t.Helper()
	payload := make([]byte, 160)
	for i := range payload {
		payload[i] = level
	}
	p.raw(payload)
	p.h.Timestamp += 160
}

func (p *farEnd) raw(payload []byte) {
	p.t.Helper()
	data, err := (&rtp.Packet{Header: p.h, Payload: payload}).Marshal()
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.conn.WriteToUDPAddrPort(data, p.to); err != nil {
		p.t.Fatal(err)
	}
	p.h.SequenceNumber++
}

// event sends a telephone-event packet.
func (p *farEnd) event(digit byte, duration uint16, end, marker bool) {
	payload := []byte{digit, 10, 0, 0}
	if end {
		payload[1] |= eventEnd
	}
	binary.BigEndian.PutUint16(payload[2:], duration)
	was := p.h
	p.h.PayloadType, p.h.Marker = 101, marker
	p.raw(payload)
	p.h.PayloadType, p.h.Marker = was.PayloadType, false
}

// receive reads RTP until cond is content; the deadline is an error.
func (p *farEnd) receive(cond func(*rtp.Packet) bool) {
	p.t.Helper()
	buf := make([]byte, 2048)
	if err := p.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			p.t.Fatalf("nothing fitting came: %v", err)
		}
		var packet rtp.Packet
		if buf[1] >= 192 && buf[1] <= 223 {
			if _, err := rtcp.Unmarshal(buf[:n]); err != nil {
				p.t.Fatal(err)
			}
			continue
		}
		if err := packet.Unmarshal(buf[:n]); err != nil {
			p.t.Fatal(err)
		}
		if cond(&packet) {
			return
		}
	}
}

// nothing waits that no RTP comes for a while.
func (p *farEnd) nothing(d time.Duration) {
	p.t.Helper()
	p.drain()
	buf := make([]byte, 2048)
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	for {
		_, _, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		p.t.Fatal("RTP came where none was to come")
	}
}

func (p *farEnd) drain() {
	buf := make([]byte, 2048)
	for {
		_ = p.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, _, err := p.conn.ReadFromUDPAddrPort(buf); err != nil {
			return
		}
	}
}

// recorder of session events.
type eventLog struct {
	mu   sync.Mutex
	list []SessionEvent
}

func (l *eventLog) add(e SessionEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

func (l *eventLog) count(kind SessionEventKind) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.list {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (l *eventLog) digits() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := ""
	for _, e := range l.list {
		s += e.Digit
	}
	return s
}
