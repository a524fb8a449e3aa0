package browser

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// client is a browser of our own, without a page.
type client struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	heard chan rtp.Packet
	ready chan struct{}
	begun sync.WaitGroup
}

func newClient(t testing.TB, mime string) *client {
	t.Helper()
	var m webrtc.MediaEngine
	for mime, pt := range map[string]webrtc.PayloadType{webrtc.MimeTypePCMU: 0, webrtc.MimeTypePCMA: 8} {
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 8000}, PayloadType: pt,
		}, webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{pc: pc, heard: make(chan rtp.Packet, 1000), ready: make(chan struct{})}
	if c.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 8000}, "mic", "page"); err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(c.track); err != nil {
		t.Fatal(err)
	}
	up := sync.OnceFunc(func() { close(c.ready) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			up()
		}
	})
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		c.begun.Go(func() {
			for {
				p, _, err := track.ReadRTP()
				if errors.Is(err, io.EOF) || err != nil {
					return
				}
				select {
				case c.heard <- *p:
				default:
				}
			}
		})
	})
	t.Cleanup(c.close)
	return c
}

func (c *client) close() {
	_ = c.pc.GracefulClose()
	c.begun.Wait()
}

func (c *client) offer(t testing.TB) string {
	t.Helper()
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	return offer.SDP
}

func (c *client) accept(t testing.TB, answer string) {
	t.Helper()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
	select {
	case <-c.ready:
	case <-time.After(10 * time.Second):
		t.Fatalf("not connected\n%s", answer)
	}
}

func open(t testing.TB, hs *Headsets, agent string) *client {
	t.Helper()
	c := newClient(t, webrtc.MimeTypePCMA)
	answer, err := hs.Open(t.Context(), agent, c.offer(t))
	if err != nil {
		t.Fatal(err)
	}
	c.accept(t, answer)
	eventually(t, "up", func() bool { st, _ := hs.Stats(agent); return st.Transport != "" })
	return c
}

// speak sends n frames, 20 ms apart, each filled with its number.
func (c *client) speak(t testing.TB, from, n int) {
	t.Helper()
	tick := time.NewTicker(media.FrameTime)
	defer tick.Stop()
	for i := from; i < from+n; i++ {
		p := rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(160 * i)},
			Payload: []byte(strings.Repeat(string(rune(i%64)), 160)),
		}
		if err := c.track.WriteRTP(&p); err != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
}

// payloads is a sink that keeps what comes.
type payloads struct {
	mu     sync.Mutex
	frames []media.Frame
}

func (s *payloads) WriteFrame(f *media.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := *f
	g.Payload = append([]byte(nil), f.Payload...)
	s.frames = append(s.frames, g)
}

func (s *payloads) all() []media.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]media.Frame(nil), s.frames...)
}
