package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Descriptions are written with pion/sdp but read here: its parser refuses what
// must be answered with port 0 (m=image … udptl), session ids that are no 64 bit
// number, and lines out of order, all of which real far ends send.

// Limits of a description from the network.
const (
	maxSDP       = 64 << 10
	maxSDPLines  = 1000
	maxStreams   = 32
	maxFormats   = 128
	noPayload    = 255 // no payload type
	comfortNoise = 13  // RFC 3389 §4
)

// SDPError says why a description cannot be used.
type SDPError struct {
	Reason string
	Code   int // warning code of RFC 3261 §20.43: 304, 305 or 399
}

func (e *SDPError) Error() string { return "media: session description: " + e.Reason }

// Status is the SIP status that refuses such an offer (RFC 3261 §13.3.1.3).
func (e *SDPError) Status() int { return 488 }

// Warning is what goes into the Warning header of the refusal.
func (e *SDPError) Warning() (code int, text string) { return e.Code, e.Reason }

func badSDP(format string, args ...any) error {
	return &SDPError{Reason: fmt.Sprintf(format, args...), Code: 399}
}

// stream is one m= line, kept as it stands so that an answer has the same lines
// in the same order (RFC 3264 §6).
type stream struct {
	media, proto string
	port         int
	formats      []string
}

// format is a payload type number of the audio stream and what it stands for.
type format struct {
	number uint8
	codec  Codec // NoCodec for telephone-event
}

// description is what we read of a peer's session description.
type description struct {
	streams []stream
	audio   int // index of the audio stream that can be used; -1: none
	dir     Direction
	rtp     netip.AddrPort // invalid: not told as an address (a name, or hold by c=0.0.0.0)
	rtcp    netip.AddrPort
	formats []format // in the peer's order, only those we know
	dtmf    uint8    // number of telephone-event, noPayload if absent
	mux     bool
	offered bool // an audio line is there at all, be its port 0
}

// section is the session part or one media part of a description.
type section struct {
	m, c  string
	attrs []string
}

// attr gives the value of the last attribute of that name.
func (s *section) attr(name string) (value string, ok bool) {
	for _, a := range slices.Backward(s.attrs) {
		key, v, _ := strings.Cut(a, ":")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// direction gives the last direction attribute.
func (s *section) direction() (Direction, bool) {
	for _, a := range slices.Backward(s.attrs) {
		if d, ok := parseDirection(strings.ToLower(strings.TrimSpace(a))); ok {
			return d, true
		}
	}
	return 0, false
}

// split cuts a description into its sections; the first is the session's.
// Lines it has no use for are ignored (RFC 8866 §5), a last line may lack CRLF.
func split(body []byte) ([]section, error) {
	if len(body) > maxSDP {
		return nil, badSDP("%d bytes are too many (limit %d)", len(body), maxSDP)
	}
	sections := make([]section, 1, 4)
	lines := 0
	for line := range strings.Lines(string(body)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if lines++; lines > maxSDPLines {
			return nil, badSDP("more than %d lines", maxSDPLines)
		}
		if lines == 1 && strings.TrimSpace(line) != "v=0" {
			return nil, badSDP("first line is not v=0")
		}
		if len(line) < 2 || line[1] != '=' {
			return nil, badSDP("line %d is not of the form x=value", lines)
		}
		value, here := line[2:], &sections[len(sections)-1]
		switch line[0] {
		case 'm':
			if len(sections) > maxStreams {
				return nil, badSDP("more than %d streams", maxStreams)
			}
			sections = append(sections, section{m: value})
		case 'c':
			here.c = value
		case 'a':
			here.attrs = append(here.attrs, value)
		}
	}
	if lines == 0 {
		return nil, badSDP("empty")
	}
	return sections, nil
}

// parseSDP reads a peer's description.
func parseSDP(body []byte) (*description, error) {
	sections, err := split(body)
	if err != nil {
		return nil, err
	}
	d := &description{audio: -1, dtmf: noPayload}
	session := &sections[0]
	for i := range sections[1:] {
		s := &sections[i+1]
		st, err := parseStream(s.m)
		if err != nil {
			return nil, err
		}
		d.streams = append(d.streams, st)
		if st.media != "audio" {
			continue
		}
		d.offered = true
		if d.audio >= 0 || st.port == 0 || st.proto != "RTP/AVP" && st.proto != "RTP/AVPF" {
			continue
		}
		d.audio = i
		if err := d.readAudio(st, s, session); err != nil {
			return nil, err
		}
	}
	if len(d.streams) == 0 {
		return nil, badSDP("no m= line")
	}
	return d, nil
}

func parseStream(m string) (stream, error) {
	f := strings.Fields(m)
	if len(f) < 4 || len(f) > 3+maxFormats {
		return stream{}, badSDP("bad m= line %q", clip(m))
	}
	number, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return stream{}, badSDP("bad port in m= line %q", clip(m))
	}
	for _, r := range m {
		if r < ' ' || r > '~' { // it goes back in our answer
			return stream{}, badSDP("bad character in an m= line")
		}
	}
	return stream{media: f[0], port: int(port), proto: f[2], formats: f[3:]}, nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func (d *description) readAudio(st stream, s, session *section) error {
	c := s.c
	if c == "" { // RFC 8866 §5.7
		c = session.c
	}
	addr, hold, err := parseConnection(c)
	if err != nil {
		return err
	}
	var ok bool
	// What the session says holds for each stream that says nothing (RFC 8866 §6.7).
	if d.dir, ok = s.direction(); !ok {
		if d.dir, ok = session.direction(); !ok {
			d.dir = SendRecv
		}
	}
	if hold {
		d.dir &^= RecvOnly // RFC 3264 §8.4: c=0.0.0.0 asks us to send nothing
	}
	if addr.IsValid() {
		d.rtp = netip.AddrPortFrom(addr, uint16(st.port))
		d.rtcp = rtcpAddress(d.rtp, s)
	}
	_, d.mux = s.attr("rtcp-mux")
	d.readFormats(st, s)
	return nil
}

// parseConnection reads a c= value. A host name gives no address: the peer is
// then found by its packets, since a lookup would hold up the answer.
func parseConnection(c string) (addr netip.Addr, hold bool, err error) {
	f := strings.Fields(c)
	if len(f) != 3 || !strings.EqualFold(f[0], "IN") {
		return addr, false, badSDP("bad or missing c= line %q", clip(c))
	}
	host, _, _ := strings.Cut(f[2], "/")
	addr, err = netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, false, nil
	}
	addr = addr.Unmap()
	switch {
	case addr.IsUnspecified():
		return netip.Addr{}, true, nil
	case addr.IsMulticast(), addr.Zone() != "", addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return netip.Addr{}, false, badSDP("address %s cannot be one phone's", clip(host))
	}
	return addr, false, nil
}

// rtcpAddress is the next port, unless a=rtcp says otherwise (RFC 3605 §2.1).
func rtcpAddress(rtp netip.AddrPort, s *section) netip.AddrPort {
	if rtp.Port() == 65535 {
		return netip.AddrPort{}
	}
	next := netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1)
	value, ok := s.attr("rtcp")
	if !ok {
		return next
	}
	f := strings.Fields(value)
	if len(f) == 0 {
		return next
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil || port == 0 {
		return next
	}
	addr := rtp.Addr()
	if len(f) == 4 {
		if a, err := netip.ParseAddr(f[3]); err == nil && !a.IsUnspecified() && !a.IsMulticast() && a.Zone() == "" {
			addr = a.Unmap()
		}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// readFormats keeps the payload types we know, in the peer's order.
func (d *description) readFormats(st stream, s *section) {
	names := map[uint8]string{0: "PCMU/8000", 8: "PCMA/8000"}
	for _, a := range s.attrs {
		key, value, _ := strings.Cut(a, ":")
		if !strings.EqualFold(key, "rtpmap") {
			continue
		}
		if f := strings.Fields(value); len(f) == 2 {
			if n, err := strconv.ParseUint(f[0], 10, 7); err == nil {
				names[uint8(n)] = strings.TrimSuffix(strings.ToUpper(f[1]), "/1")
			}
		}
	}
	for _, text := range st.formats {
		n, err := strconv.ParseUint(text, 10, 7)
		if err != nil {
			continue
		}
		number := uint8(n)
		switch names[number] {
		case "PCMU/8000":
			d.formats = append(d.formats, format{number, PCMU})
		case "PCMA/8000":
			d.formats = append(d.formats, format{number, PCMA})
		case "TELEPHONE-EVENT/8000": // RFC 4733 §2.1: the clock of the codec
			if d.dtmf == noPayload {
				d.dtmf = number
			}
		}
	}
}

// ours is what we say about ourselves.
type ours struct {
	addr    netip.Addr
	port    uint16
	id      uint64
	version uint64
	dir     Direction
	streams []stream // with port 0 for all but audio
	audio   int
	formats []format
	dtmf    uint8
	mux     bool
	off     bool // the audio stream too has port 0
}

// marshal writes it as a session description.
func (o *ours) marshal() ([]byte, error) {
	kind := "IP4"
	if o.addr.Is6() {
		kind = "IP6"
	}
	d := sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "freiton", SessionID: o.id, SessionVersion: o.version,
			NetworkType: "IN", AddressType: kind, UnicastAddress: o.addr.String(),
		},
		SessionName: "-",
		ConnectionInformation: &sdp.ConnectionInformation{
			NetworkType: "IN", AddressType: kind, Address: &sdp.Address{Address: o.addr.String()},
		},
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	for i, st := range o.streams {
		m := &sdp.MediaDescription{MediaName: sdp.MediaName{
			Media: st.media, Protos: strings.Split(st.proto, "/"), Formats: st.formats,
		}}
		if i == o.audio && !o.off {
			o.describeAudio(m)
		}
		d.MediaDescriptions = append(d.MediaDescriptions, m)
	}
	return d.Marshal()
}

func (o *ours) describeAudio(m *sdp.MediaDescription) {
	m.MediaName.Port.Value = int(o.port)
	m.MediaName.Formats = nil
	add := func(key, value string) { m.Attributes = append(m.Attributes, sdp.NewAttribute(key, value)) }
	for _, f := range o.formats {
		number := strconv.Itoa(int(f.number))
		m.MediaName.Formats = append(m.MediaName.Formats, number)
		add("rtpmap", fmt.Sprintf("%s %s/%d", number, f.codec.encoding(), f.codec.ClockRate()))
	}
	if o.dtmf != noPayload {
		number := strconv.Itoa(int(o.dtmf))
		m.MediaName.Formats = append(m.MediaName.Formats, number)
		add("rtpmap", number+" telephone-event/8000")
		add("fmtp", number+" 0-15")
	}
	add("ptime", "20")
	add("maxptime", "150")
	if o.mux {
		add("rtcp-mux", "")
	}
	add(o.dir.String(), "")
}
