package sip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Text is the call as text, to be read and to be given away: numbers and names
// are masked.
func (c TraceCall) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Call-ID %s\n", c.CallID)
	for _, m := range c.Messages {
		from, to := m.ends()
		fmt.Fprintf(&b, "\n%s  %s -> %s  %s\n%s\n", m.At.UTC().Format("2006-01-02T15:04:05.000Z"), from, to, m.Network, anonymous(m.Text))
	}
	return b.Bytes()
}

// Pcap is the call as a capture file, masked like Text. Every message is one
// UDP datagram in it, whatever carried it: what reads such files knows SIP
// then without more.
func (c TraceCall) Pcap() []byte {
	var b bytes.Buffer
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }                                                   // a buffer takes everything
	for _, v := range []any{uint32(0xa1b2c3d4), uint16(2), uint16(4), int32(0), uint32(0), uint32(65535), uint32(101)} { // 101: raw IP
		le(v)
	}
	for _, m := range c.Messages {
		p := packet(m)
		le(uint32(m.At.Unix()))
		le(uint32(m.At.Nanosecond() / 1000))
		le(uint32(len(p)))
		le(uint32(len(p)))
		b.Write(p)
	}
	return b.Bytes()
}

func (m TraceMessage) ends() (from, to netip.AddrPort) {
	if m.Out {
		return m.Local, m.Remote
	}
	return m.Remote, m.Local
}

// packet is a message as an IP packet; its checksums are left open, as a
// capture on the sending machine has them.
func packet(m TraceMessage) []byte {
	body := []byte(anonymous(m.Text))
	if len(body) > 60000 {
		body = body[:60000]
	}
	from, to := m.ends()
	var ip []byte
	if from.Addr().Is4() && to.Addr().Is4() {
		ip = make([]byte, 20)
		ip[0], ip[8], ip[9] = 0x45, 64, 17
		binary.BigEndian.PutUint16(ip[2:], uint16(28+len(body)))
		copy(ip[12:], from.Addr().AsSlice())
		copy(ip[16:], to.Addr().AsSlice())
	} else {
		ip = make([]byte, 40)
		ip[0], ip[6], ip[7] = 0x60, 17, 64
		binary.BigEndian.PutUint16(ip[4:], uint16(8+len(body)))
		a, b := from.Addr().As16(), to.Addr().As16()
		copy(ip[8:], a[:])
		copy(ip[24:], b[:])
	}
	udp := make([]byte, 8)
	binary.BigEndian.PutUint16(udp, from.Port())
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(8+len(body)))
	return append(append(ip, udp...), body...)
}
