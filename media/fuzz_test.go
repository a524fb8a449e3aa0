package media

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// FuzzSDP: any bytes as offer and as answer. What is answered is a description
// that another parser reads, with as many streams as the offer had.
func FuzzSDP(f *testing.F) {
	f.Add([]byte(peerSDP()), []byte(peerSDP("a=sendonly")))
	f.Add([]byte(peerSDP("a=rtcp-mux", "a=rtcp:9")), []byte("v=0\r\nm=audio 0 RTP/AVP 0"))
	f.Add([]byte("v=0\no=- 1 1 IN IP4 1.2.3.4\ns=-\nc=IN IP4 0.0.0.0\nt=0 0\na=inactive\nm=image 1 udptl t38\nm=audio 4000/2 RTP/AVP 8"), []byte{})
	f.Add([]byte("v=0\r\nc=IN IP6 ::1\r\nm=audio 4000 RTP/AVPF 96 97 98\r\na=rtpmap:96 PCMU/8000/1\r\na=rtpmap:98 telephone-event/8000\r\n"), []byte("v=0"))
	f.Fuzz(func(t *testing.T, offer, answer []byte) {
		n := newNegotiation(10000)
		out, err := n.Answer(offer)
		var status interface{ Status() int }
		switch {
		case err != nil && (!errors.As(err, &status) || status.Status() != 488):
			t.Fatalf("refused without a status: %v", err)
		case err == nil:
			checkAnswer(t, n, offer, out)
		}
		n = newNegotiation(10000)
		if _, err := n.Offer(); err != nil {
			t.Fatal(err)
		}
		if err := n.Accept(answer); err == nil && n.terms.number == noPayload {
			t.Fatalf("an answer without a codec was taken: %+v", n.terms)
		}
		n.Rollback()
	})
}

func checkAnswer(t *testing.T, n *negotiation, offer, out []byte) {
	t.Helper()
	d, err := parseSDP(out)
	if err != nil {
		t.Fatalf("our own answer: %v\n%s", err, out)
	}
	if want := strings.Count("\n"+string(offer), "\nm="); len(d.streams) != want {
		t.Fatalf("%d streams answered, %d offered\n%s", len(d.streams), want, out)
	}
	if d.dir != n.terms.dir {
		t.Fatalf("answered %v, terms say %v", d.dir, n.terms.dir)
	}
	// Ours alone, without the lines that only echo the offer.
	var own sdp.SessionDescription
	text := string(out)
	for i, st := range d.streams {
		if i != n.terms.audio {
			text = strings.Replace(text, "m="+st.media+" 0 "+st.proto+" "+strings.Join(st.formats, " "), "m=audio 0 RTP/AVP 0", 1)
		}
	}
	if err := own.UnmarshalString(text); err != nil && n.terms.number != noPayload {
		t.Fatalf("not readable elsewhere: %v\n%s", err, text)
	}
}

// FuzzRTP: any datagram from anyone, between packets of a call, which goes on.
func FuzzRTP(f *testing.F) {
	for _, p := range []rtp.Packet{
		{Header: rtp.Header{Version: 2, PayloadType: 8, SSRC: 1, SequenceNumber: 2}, Payload: make([]byte, 160)},
		{Header: rtp.Header{Version: 2, PayloadType: 101, SSRC: 1, Marker: true}, Payload: []byte{5, 0x8A, 3, 0x20}},
		{Header: rtp.Header{Version: 2, PayloadType: 13, SSRC: 1, Padding: true, PaddingSize: 4}, Payload: []byte{1}},
		{Header: rtp.Header{Version: 2, PayloadType: 0, CSRC: []uint32{1, 2}, Extension: true, ExtensionProfile: 0xBEDE}, Payload: []byte{1}},
	} {
		data, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, true)
		f.Add(data, false)
	}
	report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2}}}, &rtcp.Goodbye{Sources: []uint32{1}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(report, true)
	s, err := NewSession(SessionConfig{IP: "127.0.0.1"})
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	peer := netip.MustParseAddrPort("127.0.0.1:4000")
	stranger := netip.MustParseAddrPort("127.0.0.1:4002")
	body := bytes.ReplaceAll(peerSDP("a=inactive"), []byte("198.51.100.7"), []byte("127.0.0.1")) // says nothing to anyone
	if _, err := s.Answer(body); err != nil {
		f.Fatal(err)
	}
	l := *s.live.Load()
	l.dir = RecvOnly
	heard := 0
	track := NewTrack(8000, time.Now())
	mix := &mixer{}
	mix.legs.Store(&[]*mixLeg{})
	leg := mix.addLeg(&loopEnd{codec: PCMU})
	mix.addLeg(&loopEnd{codec: Linear16})
	s.SetSink(sinkFunc(func(f *Frame) {
		heard++
		track.Place(f)
		leg.WriteFrame(f)
	}))
	var seq uint16
	var ts, ssrc uint32
	f.Fuzz(func(t *testing.T, data []byte, known bool) {
		s.live.Store(&l)
		from := stranger
		if known {
			from = peer
		}
		now := time.Now()
		s.receive(data, from, now)
		s.receiveRTCP(data, from, now)
		mix.tick(now)
		track.Take(nil, track.End())
		if d := time.Since(now); d > time.Second {
			t.Fatalf("took %v", d)
		}
		// Whatever that was: a stream of its own is heard at once.
		before := heard
		ssrc++
		for range 3 {
			seq++
			ts += 160
			p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SSRC: 1000 + ssrc, SequenceNumber: seq, Timestamp: ts}, Payload: make([]byte, 160)}
			good, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			s.receive(good, peer, now)
		}
		if heard != before+3 {
			t.Fatalf("%d of 3 heard afterwards", heard-before)
		}
	})
}

type sinkFunc func(*Frame)

func (f sinkFunc) WriteFrame(fr *Frame) { f(fr) }

// FuzzWAV: any file is read or refused, and takes no more memory than it is long.
func FuzzWAV(f *testing.F) {
	head := wavHead(8000, 1)
	f.Add(append(head, 1, 2, 3, 4))
	f.Add(append(wavHead(48000, 2), make([]byte, 100)...))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffINFO"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		samples, rate, err := ReadWAV(bytes.NewReader(data))
		var bad *WAVError
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("error of another kind: %v", err)
		}
		if err == nil && (rate < 8000 || rate > 48000 || 2*len(samples) > len(data)) {
			t.Fatalf("%d samples at %d Hz of %d bytes", len(samples), rate, len(data))
		}
	})
}
