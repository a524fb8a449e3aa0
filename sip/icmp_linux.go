package sip

import (
	"net"
	"net/netip"
	"syscall"
)

// wantICMP asks the kernel to queue ICMP errors (port or host unreachable)
// on an unconnected socket, so that a peer that is not there is known at once
// and not after 64*T1.
func wantICMP(u *net.UDPConn) {
	raw, err := u.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // without it we wait for the timer, as anywhere else
		if localPort(u.LocalAddr()).Addr().Is4() {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_RECVERR, 1)
		} else {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR, 1)
		}
	})
}

// readICMP empties the error queue and returns the destinations that could
// not be reached.
func readICMP(u *net.UDPConn) []netip.AddrPort {
	raw, err := u.SyscallConn()
	if err != nil {
		return nil
	}
	var out []netip.AddrPort
	_ = raw.Control(func(fd uintptr) {
		var p [64]byte
		var oob [512]byte
		for range 64 {
			_, _, _, to, err := syscall.Recvmsg(int(fd), p[:], oob[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
			if err != nil {
				return
			}
			switch a := to.(type) {
			case *syscall.SockaddrInet4:
				out = append(out, netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)))
			case *syscall.SockaddrInet6:
				out = append(out, netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)))
			}
		}
	})
	return out
}
