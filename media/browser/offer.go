package browser

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/freiton/freiton/media"
	"github.com/pion/sdp/v3"
)

const (
	maxOffer = 32 << 10 // bytes; a browser's with audio alone has 2 to 4 kB
	maxLine  = 512      // of an attribute we read; a longer one is none of ours
	maxSSRC  = 8        // a=ssrc lines; a browser has one to four
)

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrOffer, fmt.Sprintf(format, args...))
}

// understood tells whether an attribute is one of those that reach the library,
// and whether its value is as it should be.
func understood(a sdp.Attribute) (known, good bool) {
	v := a.Value
	switch a.Key {
	case "group":
		return true, strings.HasPrefix(v, "BUNDLE ")
	case "mid":
		return true, isToken(v)
	case "msid", "ssrc":
		return true, true
	case "sendrecv", "sendonly", "recvonly", "rtcp-mux":
		return true, v == ""
	case "ice-ufrag": // RFC 8839 §5.4
		return true, isICE(v, 4)
	case "ice-pwd":
		return true, isICE(v, 22)
	case "fingerprint":
		return true, isFingerprint(v)
	case "setup": // RFC 8842 §5.2
		return true, v == "actpass"
	}
	return false, false
}

func isToken(v string) bool {
	return v != "" && len(v) <= 64 && strings.IndexFunc(v, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("-._~!#$%&'*+^`{|}", r)
	}) < 0
}

func isICE(v string, least int) bool {
	return len(v) >= least && len(v) <= 256 && strings.IndexFunc(v, func(r rune) bool {
		return !isAlphanumeric(r) && r != '+' && r != '/'
	}) < 0
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// isFingerprint takes the hashes we believe; RFC 8122 §5 knows weaker ones.
func isFingerprint(v string) bool {
	hash, hex, _ := strings.Cut(v, " ")
	n := 0
	switch strings.ToLower(hash) {
	case "sha-256":
		n = 32
	case "sha-384":
		n = 48
	case "sha-512":
		n = 64
	}
	if n == 0 || len(hex) != 3*n-1 {
		return false
	}
	for i, r := range hex {
		digit := r >= '0' && r <= '9' || r >= 'A' && r <= 'F' || r >= 'a' && r <= 'f'
		if digit == (i%3 == 2) || !digit && r != ':' {
			return false
		}
	}
	return true
}

// readOffer copies what we understand of an offer into a new description: one
// audio section with G.711, our preference first, ICE, DTLS, and no address
// at all. Everything else a browser offers is left out, and what is left must
// be whole.
func readOffer(offer string, codecs []media.Codec) (string, error) {
	if len(offer) > maxOffer {
		return "", refuse("%d bytes, of which %d are allowed", len(offer), maxOffer)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(offer); err != nil {
		return "", refuse("no session description: %v", err)
	}
	if len(d.MediaDescriptions) != 1 || d.MediaDescriptions[0].MediaName.Media != "audio" {
		return "", refuse("%d media sections, and one of audio is needed", len(d.MediaDescriptions))
	}
	m := d.MediaDescriptions[0]
	if proto := strings.Join(m.MediaName.Protos, "/"); proto != "UDP/TLS/RTP/SAVPF" {
		return "", refuse("the protocol is %q and not UDP/TLS/RTP/SAVPF", proto)
	}
	if _, lite := d.Attribute("ice-lite"); lite {
		return "", refuse("ICE lite at both ends connects nobody")
	}
	session, err := keep(d.Attributes)
	if err != nil {
		return "", err
	}
	section, err := keep(m.Attributes)
	if err != nil {
		return "", err
	}
	both := slices.Concat(session, section)
	for _, key := range []string{"group", "mid", "rtcp-mux", "ice-ufrag", "ice-pwd", "fingerprint", "setup"} {
		if !slices.ContainsFunc(both, func(a sdp.Attribute) bool { return a.Key == key }) {
			return "", refuse("no usable a=%s", key)
		}
	}
	formats, maps := g711(m, codecs)
	if len(formats) == 0 {
		return "", refuse("none of %v is offered", codecs)
	}
	clean := &sdp.SessionDescription{
		Origin:           sdp.Origin{Username: "-", SessionID: 1, SessionVersion: 1, NetworkType: "IN", AddressType: "IP4", UnicastAddress: "0.0.0.0"},
		SessionName:      "-",
		TimeDescriptions: []sdp.TimeDescription{{}},
		Attributes:       session,
		MediaDescriptions: []*sdp.MediaDescription{{
			MediaName:             sdp.MediaName{Media: "audio", Port: sdp.RangedPort{Value: 9}, Protos: m.MediaName.Protos, Formats: formats},
			ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"}},
			Attributes:            append(section, maps...),
		}},
	}
	text, err := clean.Marshal()
	if err != nil {
		return "", refuse("%v", err)
	}
	return string(text), nil
}

// keep is what of the attributes we understand, each once but for a=ssrc.
func keep(list []sdp.Attribute) ([]sdp.Attribute, error) {
	var out []sdp.Attribute
	count := map[string]int{}
	for _, a := range list {
		known, good := understood(a)
		if !known {
			continue
		}
		if len(a.Value) > maxLine || !good {
			if a.Key == "fingerprint" {
				continue // another one may be of a kind we believe
			}
			return nil, refuse("a=%s is not as it should be", a.Key)
		}
		limit := 1
		if a.Key == "ssrc" {
			limit = maxSSRC
		}
		if count[a.Key]++; count[a.Key] > limit {
			continue
		}
		out = append(out, a)
	}
	return out, nil
}

// g711 gives the formats of codecs that are offered, in the order of codecs,
// with their a=rtpmap lines. RFC 3551 §6 has fixed their numbers, and browsers
// use no others.
func g711(m *sdp.MediaDescription, codecs []media.Codec) (formats []string, maps []sdp.Attribute) {
	for _, c := range codecs {
		number := strconv.Itoa(int(c.PayloadType()))
		want := strings.ToUpper(c.Name()) + "/8000"
		mapped := slices.ContainsFunc(m.Attributes, func(a sdp.Attribute) bool {
			rest, is := strings.CutPrefix(a.Value, number+" ")
			return a.Key == "rtpmap" && is && !strings.EqualFold(rest, want) && !strings.EqualFold(rest, want+"/1")
		})
		if slices.Contains(m.MediaName.Formats, number) && !mapped {
			formats = append(formats, number)
			maps = append(maps, sdp.NewAttribute("rtpmap", number+" "+want))
		}
	}
	return formats, maps
}

// agreed reads the codecs of our answer, the first of which the browser sends.
func agreed(answer *sdp.SessionDescription) ([]media.Codec, error) {
	var codecs []media.Codec
	if len(answer.MediaDescriptions) == 1 && answer.MediaDescriptions[0].MediaName.Port.Value != 0 {
		for _, f := range answer.MediaDescriptions[0].MediaName.Formats {
			for _, c := range []media.Codec{media.PCMA, media.PCMU} {
				if f == strconv.Itoa(int(c.PayloadType())) {
					codecs = append(codecs, c)
				}
			}
		}
	}
	if len(codecs) == 0 {
		return nil, refuse("the library finds nothing to agree on")
	}
	return codecs, nil
}

// address puts our candidates in the place of those in an answer.
func address(answer *sdp.SessionDescription, candidates []string) {
	for _, m := range answer.MediaDescriptions {
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool { return hasCandidate(a.Key) })
		for _, c := range candidates {
			m.Attributes = append(m.Attributes, sdp.NewAttribute("candidate", c))
		}
		m.Attributes = append(m.Attributes, sdp.NewPropertyAttribute("end-of-candidates"))
	}
}
