package sip

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// udpSocket is a UDP listener as sipgo reads and writes it.
type udpSocket struct {
	*net.UDPConn
	wire  *wire
	local netip.AddrPort
	ready chan struct{} // closed when sipgo reads, and so knows the socket
	once  sync.Once
}

// ReadFrom returns the next message that passed the gate, in canonical form.
// It ends with an error only when the socket is closed: sipgo would stop
// reading for ever on any other.
func (u *udpSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	u.once.Do(func() { close(u.ready) })
	for {
		n, src, err := u.UDPConn.ReadFromUDPAddrPort(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return 0, nil, err
			}
			u.refused()
			continue
		}
		src = netip.AddrPortFrom(src.Addr().Unmap(), src.Port())
		if out := u.take(b[:n], src); out != nil && len(out) <= len(b) && !u.wire.shut() {
			u.wire.heard.LoadOrStore(src, struct{}{})
			return copy(b, out), net.UDPAddrFromAddrPort(src), nil
		}
	}
}

func (u *udpSocket) take(data []byte, src netip.AddrPort) []byte {
	if len(data) < 12 { // CRLF keep-alive, STUN noise, nothing
		return nil
	}
	m, _, err := readMessage(data, false)
	if err != nil || m == nil {
		u.wire.log.Debug("not SIP", "source", src.String(), "bytes", len(data))
		return nil
	}
	u.wire.trace.note(false, "udp", u.local, src, data)
	m.network, m.source = "udp", src
	return u.wire.gate(m, func(p []byte) {
		_, _ = u.WriteTo(p, net.UDPAddrFromAddrPort(src)) // stateless: the peer repeats if it is lost
	})
}

// WriteTo sends a datagram. A pending ICMP error of an earlier datagram, to
// whomever, is reported by the kernel at the next call: it is taken off and
// the write done again.
func (u *udpSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	u.wire.trace.note(true, "udp", u.local, localPort(to), b)
	for tries := 0; ; tries++ {
		n, err := u.UDPConn.WriteTo(b, to)
		if err == nil || tries == 8 || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.EHOSTUNREACH) {
			return n, err
		}
		u.refused()
	}
}

// refused tells the agent who is not there.
func (u *udpSocket) refused() {
	for _, to := range readICMP(u.UDPConn) {
		u.wire.lost(to)
	}
}
