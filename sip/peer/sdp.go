package peer

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// described is what the exchange needs of a session description.
type described struct {
	addr  netip.AddrPort // where audio goes; port 0: refused
	dir   string         // sendrecv, sendonly, recvonly, inactive; theirs
	law   uint8          // payload type of the first G.711 format: 0 µ, 8 A
	event int            // payload type of telephone-event, -1 none
	lines []string       // "audio RTP/AVP 8" of every m= line, in order
	audio int            // which of them is ours, -1 none
}

// held: they want us not to be heard, or said so the old way by the address
// (RFC 3264 §8.4, RFC 2543).
func (d *described) held() bool {
	return d.dir == "sendonly" || d.dir == "inactive" || d.addr.Addr().IsUnspecified()
}

// readSDP understands a description as pion/sdp does, which judges our own.
func readSDP(body []byte) (*described, error) {
	var s sdp.SessionDescription
	if err := s.Unmarshal(body); err != nil {
		return nil, fmt.Errorf("peer: session description: %w", err)
	}
	d := &described{event: -1, audio: -1}
	for i, m := range s.MediaDescriptions {
		d.lines = append(d.lines, fmt.Sprintf("%s %s %s", m.MediaName.Media,
			strings.Join(m.MediaName.Protos, "/"), strings.Join(m.MediaName.Formats, " ")))
		if d.audio >= 0 || m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
			continue
		}
		if err := d.readAudio(&s, m); err != nil {
			return nil, err
		}
		d.audio = i
	}
	if d.audio < 0 {
		return d, fmt.Errorf("peer: session description without audio we speak")
	}
	return d, nil
}

func (d *described) readAudio(s *sdp.SessionDescription, m *sdp.MediaDescription) error {
	names := map[string]string{"0": "pcmu/8000", "8": "pcma/8000"}
	d.dir = direction(s.Attributes, "sendrecv")
	d.dir = direction(m.Attributes, d.dir)
	for _, a := range m.Attributes {
		if pt, name, ok := strings.Cut(a.Value, " "); ok && a.Key == "rtpmap" {
			names[pt] = strings.ToLower(strings.TrimSpace(name))
		}
	}
	found := false
	for _, pt := range m.MediaName.Formats {
		n, err := strconv.Atoi(pt)
		if err != nil || n < 0 || n > 127 {
			return fmt.Errorf("peer: session description: payload type %q", pt)
		}
		switch name := strings.TrimSuffix(names[pt], "/1"); {
		case name == "telephone-event/8000":
			d.event = n
		case !found && (name == "pcma/8000" && n == 8 || name == "pcmu/8000" && n == 0):
			d.law, found = uint8(n), true
		}
	}
	if !found {
		return fmt.Errorf("peer: session description: no G.711 among %v", m.MediaName.Formats)
	}
	c := m.ConnectionInformation
	if c == nil {
		c = s.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return fmt.Errorf("peer: session description without c=")
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	if err != nil {
		return fmt.Errorf("peer: session description: c=%q is no address", c.Address.Address)
	}
	if p := m.MediaName.Port.Value; p < 1 || p > 65535 {
		return fmt.Errorf("peer: session description: port %d", p)
	}
	d.addr = netip.AddrPortFrom(ip, uint16(m.MediaName.Port.Value))
	return nil
}

func direction(list []sdp.Attribute, otherwise string) string {
	for _, a := range list {
		switch a.Key {
		case "sendrecv", "sendonly", "recvonly", "inactive":
			otherwise = a.Key
		}
	}
	return otherwise
}

// mirrored is the answer to a direction (RFC 3264 §6.1).
func mirrored(dir string) string {
	switch dir {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return dir
}

// writeSDP makes the exchange's own description: an answer to theirs, or, if
// theirs is nil, an offer.
func writeSDP(theirs *described, at netip.AddrPort, version int, dir string) []byte {
	ip := at.Addr().String()
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=exchange 1 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", version, ip, ip)
	if theirs == nil {
		theirs = &described{lines: []string{"audio RTP/AVP 8 0 101"}, law: 8, event: 101}
	}
	for i, line := range theirs.lines {
		kind, rest, _ := strings.Cut(line, " ")
		if i != theirs.audio {
			fmt.Fprintf(&b, "m=%s 0 %s\r\n", kind, rest) // RFC 3264 §6: refused, in its place
			continue
		}
		fmt.Fprintf(&b, "m=audio %d RTP/AVP %d", at.Port(), theirs.law)
		if theirs.event >= 0 {
			fmt.Fprintf(&b, " %d", theirs.event)
		}
		fmt.Fprintf(&b, "\r\na=rtpmap:%d %s/8000\r\n", theirs.law, map[uint8]string{0: "PCMU", 8: "PCMA"}[theirs.law])
		if theirs.event >= 0 {
			fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", theirs.event, theirs.event)
		}
		fmt.Fprintf(&b, "a=ptime:20\r\na=%s\r\n", dir)
	}
	return []byte(b.String())
}
