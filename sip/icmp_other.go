//go:build !linux

package sip

import (
	"net"
	"net/netip"
)

func wantICMP(*net.UDPConn) {}

func readICMP(*net.UDPConn) []netip.AddrPort { return nil }
