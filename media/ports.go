package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
)

// PortRange is where RTP ports are taken from, both ends included. The zero
// value is 10000–20000.
type PortRange struct{ From, To int }

func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.From, r.To) }

// PortsExhaustedError says that no pair of ports of the range was free.
type PortsExhaustedError struct {
	IP    string
	Range PortRange
	Err   error // what the last attempt met
}

func (e *PortsExhaustedError) Error() string {
	return fmt.Sprintf("media: no free RTP port pair on %s in %s (%d pairs): widen the port range or end calls: %v",
		e.IP, e.Range, e.Range.pairs(), e.Err)
}

func (e *PortsExhaustedError) Unwrap() error { return e.Err }

func (r PortRange) orDefault() PortRange {
	if r == (PortRange{}) {
		return PortRange{From: 10000, To: 20000}
	}
	return r
}

func (r PortRange) firstEven() int { return r.From + r.From%2 }

// pairs is the number of an even port with the odd one after it.
func (r PortRange) pairs() int { return max(0, (r.To-r.firstEven()+1)/2) }

func (r PortRange) check() error {
	if r.From < 1 || r.To > 65535 || r.pairs() == 0 {
		return fmt.Errorf("media: port range %s holds no even RTP port with the odd one after it", r)
	}
	return nil
}

// openPair binds an even port for RTP and the next for RTCP (RFC 3550 §11).
// The start is random, so that a port just freed, to which strays may still
// come, is not the next one used.
func openPair(ip netip.Addr, r PortRange) (rtp, rtcp *net.UDPConn, err error) {
	r = r.orDefault()
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	n := r.pairs()
	start := rand.IntN(n)
	for i := range n {
		port := r.firstEven() + 2*((start+i)%n)
		rtp, rtcp, err = openAt(ip, port)
		if err == nil {
			return rtp, rtcp, nil
		}
		if !portTaken(err) {
			return nil, nil, fmt.Errorf("media: open RTP port %d on %s: %w", port, ip, err)
		}
	}
	return nil, nil, &PortsExhaustedError{IP: ip.String(), Range: r, Err: err}
}

func openAt(ip netip.Addr, port int) (rtp, rtcp *net.UDPConn, err error) {
	rtp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port))))
	if err != nil {
		return nil, nil, err
	}
	rtcp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port+1))))
	if err != nil {
		return nil, nil, errors.Join(err, rtp.Close())
	}
	return rtp, rtcp, nil
}

// portTaken tells an address in use, for which the next port may do, from an
// error that every port would meet.
func portTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES)
}
