package browser

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

const (
	maxDatagram  = 2048
	socketBuffer = 1 << 20 // 500 headsets bring 25,000 packets a second: 40 ms of them, if the system grants it
)

// port is the UDP socket of all browsers. What cannot be theirs stays outside.
type port struct {
	*net.UDPConn
	addr  netip.AddrPort
	told  []netip.Addr // instead of this machine's addresses
	junk  atomic.Uint64
	trace func(sent bool, packet []byte, at time.Time)
}

func openPort(addr string, told []netip.Addr) (*port, error) {
	network := "udp"
	if ap, err := netip.ParseAddrPort(addr); err == nil && ap.Addr().Is4() {
		network = "udp4" // "udp" makes 0.0.0.0 a socket for IPv6 too
	}
	ua, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		return nil, fmt.Errorf("browser: headset.udp %q: %w: write it as in 0.0.0.0:8443", addr, err)
	}
	conn, err := net.ListenUDP(network, ua)
	if err != nil {
		return nil, fmt.Errorf("browser: headset.udp %s cannot be opened: %w: is another process using it?", addr, err)
	}
	_ = conn.SetReadBuffer(socketBuffer) // a smaller one does for fewer
	_ = conn.SetWriteBuffer(socketBuffer)
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return &port{UDPConn: conn, addr: netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), told: told}, nil
}

// ReadFromAddrPort reads the next packet that is STUN, DTLS, RTP or RTCP. The
// mux above ends with the first error, so a single one is not passed on.
func (p *port) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for failures := 0; ; {
		n, from, err := p.UDPConn.ReadFromUDPAddrPort(b)
		if err != nil {
			if failures++; errors.Is(err, net.ErrClosed) || failures > 1000 {
				return 0, from, err
			}
			continue
		}
		failures = 0
		if !belongs(b[:n]) {
			p.junk.Add(1)
			continue
		}
		if p.trace != nil {
			p.trace(false, b[:n], time.Now())
		}
		return n, from, nil
	}
}

// WriteToAddrPort sends a packet.
func (p *port) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if p.trace != nil {
		p.trace(true, b, time.Now())
	}
	return p.UDPConn.WriteToUDPAddrPort(b, to)
}

// belongs tells by the first byte, and by the least length each has, whether a
// packet is of a kind that a browser sends (RFC 7983 §7).
func belongs(b []byte) bool {
	if len(b) < 12 || len(b) > maxDatagram {
		return false
	}
	switch first := b[0]; {
	case first <= 3: // STUN, with its cookie (RFC 8489 §5)
		return len(b) >= 20 && b[4] == 0x21 && b[5] == 0x12 && b[6] == 0xA4 && b[7] == 0x42
	case first >= 20 && first <= 63: // DTLS record (RFC 6347 §4.1)
		return len(b) >= 13
	}
	return b[0]>>6 == 2 // RTP, RTCP
}

// oneCandidate has the library gather one candidate for each IP version, where
// it would gather one for each address: all of them would read from the same
// socket. What browsers are told is up to candidates.
type oneCandidate struct {
	*ice.UDPMuxDefault
	port *port
}

// GetListenAddresses gives addresses the mux takes for its own.
func (m oneCandidate) GetListenAddresses() []net.Addr {
	a := m.port.addr.Addr()
	if !a.IsUnspecified() {
		return []net.Addr{m.port.LocalAddr()}
	}
	at := func(ip net.IP) net.Addr { return &net.UDPAddr{IP: ip, Port: int(m.port.addr.Port())} }
	if a.Is4() {
		return []net.Addr{at(net.IPv4(127, 0, 0, 1))}
	}
	return []net.Addr{at(net.IPv4(127, 0, 0, 1)), at(net.IPv6loopback)}
}

// candidates are the a=candidate lines of an answer (RFC 8839 §5.1), without
// the name: the advertised addresses, else the socket's, else all of this
// machine's as they are now, loopback last.
func (p *port) candidates() []string {
	var lines []string
	for i, a := range p.addrs() {
		// RFC 8445 §5.1.2.1: a host, in this order, component 1.
		priority := 126<<24 | max(0, 65535-i)<<8 | 255
		lines = append(lines, fmt.Sprintf("%d 1 udp %d %s %d typ host", i+1, priority, a, p.addr.Port()))
	}
	return lines
}

const maxCandidates = 16

func (p *port) addrs() []netip.Addr {
	own := p.addr.Addr()
	switch {
	case len(p.told) > 0:
		return p.told
	case !own.IsUnspecified():
		return []netip.Addr{own.WithZone("")}
	}
	list, err := net.InterfaceAddrs()
	if err != nil {
		list = nil // loopback is left
	}
	var addrs, loopback []netip.Addr
	for _, a := range list {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		ip := prefix.Addr().Unmap().WithZone("")
		switch {
		case own.Is4() && !ip.Is4(), ip.IsLinkLocalUnicast(), ip.IsMulticast(), ip.IsUnspecified():
		case ip.IsLoopback():
			loopback = append(loopback, ip)
		default:
			addrs = append(addrs, ip)
		}
	}
	if len(addrs) == 0 && len(loopback) == 0 {
		loopback = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	if limit := maxCandidates - len(loopback); len(addrs) > limit {
		addrs = addrs[:max(0, limit)]
	}
	return append(addrs, loopback...)
}

// hasCandidate tells whether an attribute is about candidates.
func hasCandidate(key string) bool {
	return strings.EqualFold(key, "candidate") || strings.EqualFold(key, "end-of-candidates")
}
