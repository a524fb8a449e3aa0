package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// What comes is what was sent, byte for byte and number by number; what goes is
// moved by an offset, in the law it has.
func TestUntouched(t *testing.T) {
	hs := newHeadsets(t)
	c := open(t, hs, "ann")
	e, _ := hs.Endpoint("ann")
	var sink payloads
	e.SetSink(&sink)
	c.speak(t, 100, 20)
	eventually(t, "20 frames", func() bool { return len(sink.all()) == 20 })
	for i, f := range sink.all() {
		if f.Codec != media.PCMA || f.Seq != uint16(100+i) || f.Timestamp != uint32(160*(100+i)) || string(f.Payload) != strings.Repeat(string(rune((100+i)%64)), 160) {
			t.Fatalf("frame %d: %+v", i, f)
		}
	}

	f := media.Frame{Codec: media.PCMU, Payload: make([]byte, 160), SSRC: 1, Seq: 7, Timestamp: 70}
	for i := range 20 {
		f.Payload[0] = byte(i)
		if i != 10 { // lost before it came to us
			e.WriteFrame(&f)
		}
		f.Seq++
		f.Timestamp += 160
	}
	e.WriteFrame(&media.Frame{Codec: media.PCMU, DTMF: '1', Payload: []byte{1, 2, 3, 4}, SSRC: 1, Seq: 27})
	e.WriteFrame(&media.Frame{Codec: media.Linear8, Payload: make([]byte, 320), SSRC: 1, Seq: 28})
	var first rtp.Packet
	for i := range 20 {
		if i == 10 {
			continue
		}
		select {
		case p := <-c.heard:
			if i == 0 {
				first = p
			}
			if p.PayloadType != 0 || p.Payload[0] != byte(i) || p.SequenceNumber != first.SequenceNumber+uint16(i) || p.Timestamp != first.Timestamp+uint32(160*i) || p.SSRC != first.SSRC || p.SSRC == 1 {
				t.Fatalf("packet %d: %v after %v", i, p.Header, first.Header)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("packet %d did not come", i)
		}
	}
	select {
	case p := <-c.heard:
		t.Fatalf("more than was sound: %v", p.Header)
	case <-time.After(50 * time.Millisecond):
	}
	if st, _ := hs.Stats("ann"); st.Sent != 19 || st.SendErrors != 0 {
		t.Errorf("%+v", st)
	}
}

// A browser that will have one law only is given it.
func TestOneLaw(t *testing.T) {
	hs := newHeadsets(t, func(c *Config) { c.Codecs = []media.Codec{media.PCMU} })
	c := newClient(t, webrtc.MimeTypePCMU)
	answer, err := hs.Open(t.Context(), "ann", c.offer(t))
	if err != nil {
		t.Fatal(err)
	}
	c.accept(t, answer)
	e, _ := hs.Endpoint("ann")
	eventually(t, "up", func() bool { st, _ := hs.Stats("ann"); return st.Transport != "" })
	if e.Codec() != media.PCMU {
		t.Errorf("codec %v", e.Codec())
	}
	alaw, want := make([]byte, 160), make([]byte, 160)
	media.PCMA.Encode(alaw, media.Tone(440, 20*time.Millisecond, -10))
	media.Transcribe(want, alaw, media.PCMA, media.PCMU)
	e.WriteFrame(&media.Frame{Codec: media.PCMA, Payload: alaw, SSRC: 1})
	select {
	case p := <-c.heard:
		if p.PayloadType != 0 || string(p.Payload) != string(want) {
			t.Errorf("payload type %d", p.PayloadType)
		}
	case <-time.After(5 * time.Second):
		t.Error("nothing came")
	}
}

func TestStatesOfAConnection(t *testing.T) {
	hs := newHeadsets(t)
	states := watch(t, hs, "ann")
	if _, ok := hs.Endpoint("ann"); ok {
		t.Error("an endpoint before Open")
	}
	c := open(t, hs, "ann")
	e, ok := hs.Endpoint("ann")
	if !ok {
		t.Fatal("no endpoint")
	}
	wait := func(s State) {
		t.Helper()
		eventually(t, s.String(), func() bool { st, _ := hs.Stats("ann"); return st.State == s }, func() string { return "" })
	}
	wait(Silent) // up, and no sound: not what a headset should be
	c.speak(t, 0, 5)
	wait(Connected)
	wait(Silent)
	if st, _ := hs.Stats("ann"); st.Age < 400*time.Millisecond || st.Age > time.Second {
		t.Errorf("silent %v after the last packet", st.Age)
	}
	c.speak(t, 100, 5)
	wait(Connected)
	c.close() // tells us by DTLS
	begun := time.Now()
	wait(Lost)
	if d := time.Since(begun); d > quietAfter {
		t.Errorf("lost only after %v", d)
	}
	e.WriteFrame(&media.Frame{Codec: media.PCMA, Payload: make([]byte, 160)}) // into nothing

	again := open(t, hs, "ann")
	again.speak(t, 0, 5)
	wait(Connected)
	if same, _ := hs.Endpoint("ann"); same != e {
		t.Error("another endpoint")
	}
	third := open(t, hs, "ann") // another tab: takes over, nothing is lost between
	third.speak(t, 0, 5)
	wait(Connected)
	hs.Close("ann")
	if _, ok := hs.Endpoint("ann"); ok {
		t.Error("an endpoint after Close")
	}
	want := []State{Silent, Connected, Silent, Connected, Lost, Connected, Closed}
	got := states.seen()
	if len(got) < len(want) || !equalStates(got, want) {
		t.Errorf("%v instead of %v", got, want)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func equalStates(a, b []State) bool {
	// A machine with too much to do may find a headset quiet between two others.
	var c []State
	for i, s := range a {
		if s == Silent && i > 4 {
			continue
		}
		if len(c) == 0 || c[len(c)-1] != s {
			c = append(c, s)
		}
	}
	if len(c) != len(b) {
		return false
	}
	for i := range c {
		if c[i] != b[i] {
			return false
		}
	}
	return true
}

func TestStateTable(t *testing.T) {
	for s := Waiting; s <= Closed; s++ {
		for e := packetCame; e <= closedByUs; e++ {
			next := states[s][e]
			switch {
			case s == Closed && next != Closed,
				e == closedByUs && next != Closed,
				s != Closed && e == packetCame && next != Connected,
				s != Closed && e == connectionGone && next != Lost,
				s == Lost && e == noPacket && next != Lost:
				t.Errorf("%v + %d = %v", s, e, next)
			}
		}
	}
	if State(77).String() != "state 77" {
		t.Error(State(77))
	}
}

func TestLimits(t *testing.T) {
	hs := newHeadsets(t, func(c *Config) { c.Max = 1 })
	offer := newClient(t, webrtc.MimeTypePCMA).offer(t)
	if _, err := hs.Open(t.Context(), "ann", offer); err != nil {
		t.Fatal(err)
	}
	if _, err := hs.Open(t.Context(), "bob", offer); !errors.Is(err, ErrFull) {
		t.Errorf("a headset too many: %v", err)
	}
	// Offers that are answered and never followed do not pile up.
	for range 20 {
		if _, err := hs.Open(t.Context(), "ann", offer); err != nil {
			t.Fatal(err)
		}
	}
	if h := hs.find("ann"); h.peer.Load() != nil || h.pending.Load() == nil {
		t.Error("not one connection that waits")
	}
	// One that does not come up is given up.
	h := hs.find("ann")
	p := h.pending.Load()
	h.look(time.Now().Add(openLimit + time.Second))
	if h.pending.Load() != nil || !p.given.Load() {
		t.Error("still waited for")
	}
	hs.Close("ann")
	if _, err := hs.Open(t.Context(), "bob", "v=0\r\n"); !errors.Is(err, ErrOffer) {
		t.Errorf("%v", err)
	}
	if _, ok := hs.Endpoint("bob"); ok {
		t.Error("an endpoint by a refused offer")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hs.Open(ctx, "bob", offer); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := hs.Shutdown(); err != nil {
		t.Error(err)
	}
	if _, err := hs.Open(t.Context(), "bob", offer); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

// A certificate that is not the one of the offer's fingerprint gets no sound.
func TestForeignFingerprint(t *testing.T) {
	hs := newHeadsets(t)
	c := newClient(t, webrtc.MimeTypePCMA)
	offer := c.offer(t)
	at := strings.Index(offer, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
	other := "00"
	if offer[at:at+2] == other {
		other = "11"
	}
	answer, err := hs.Open(t.Context(), "ann", offer[:at]+other+offer[at+2:])
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	h := hs.find("ann")
	p := h.pending.Load()
	eventually(t, "given up", p.given.Load)
	if st, _ := hs.Stats("ann"); st.Opened != 0 || st.Transport != "" {
		t.Errorf("%+v", st)
	}
}

func TestJunkOnThePort(t *testing.T) {
	hs := newHeadsets(t)
	c := open(t, hs, "ann")
	e, _ := hs.Endpoint("ann")
	var sink payloads
	e.SetSink(&sink)
	conn, err := net.Dial("udp4", hs.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	junk := [][]byte{
		{}, {0}, []byte("GET / HTTP/1.1\r\n\r\n"), make([]byte, 60000), make([]byte, 20),
		append([]byte{0, 1, 0xFF, 0xFF, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...), // STUN, length a lie
		append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...),       // STUN without a name
		append([]byte{22, 254, 253}, make([]byte, 40)...),                             // DTLS of nobody
		append([]byte{0x80, 8}, make([]byte, 170)...),                                 // RTP of nobody
	}
	for range 200 {
		for _, b := range junk {
			_, _ = conn.Write(b)
		}
	}
	c.speak(t, 0, 20)
	// What the system itself dropped in the flood is not ours to answer for.
	eventually(t, "the sound after it", func() bool {
		all := sink.all()
		return len(all) >= 10 && all[len(all)-1].Seq == 19
	}, func() string {
		st, _ := hs.Stats("ann")
		return fmt.Sprintf("%d frames, junk %d, %+v", len(sink.all()), hs.port.junk.Load(), st)
	})
	if hs.port.junk.Load() == 0 {
		t.Error("nothing was kept outside")
	}
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want []string
		not  []string
	}{
		{Config{UDP: "127.0.0.1:0"}, []string{" 127.0.0.1 ", "a=ice-lite", "a=rtcp-mux", "a=end-of-candidates"}, []string{"srflx", "::1"}},
		{Config{UDP: "0.0.0.0:0"}, []string{" 127.0.0.1 "}, []string{" ::1 ", " 0.0.0.0 9", "fe80"}},
		{Config{UDP: "0.0.0.0:0", Advertise: []string{"198.51.100.7", "2001:db8::7"}}, []string{" 198.51.100.7 ", " 2001:db8::7 "}, []string{" 127.0.0.1 "}},
		{Config{UDP: "[::]:0"}, []string{" 127.0.0.1 "}, []string{" :: ", "fe80"}},
	} {
		hs := newHeadsets(t, func(cfg *Config) { *cfg = c.cfg })
		answer, err := hs.Open(t.Context(), "ann", newClient(t, webrtc.MimeTypePCMU).offer(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(answer, w) {
				t.Errorf("%+v: no %q in\n%s", c.cfg, w, answer)
			}
		}
		var candidates string
		for _, l := range strings.Split(answer, "\r\n") {
			if strings.HasPrefix(l, "a=candidate") {
				candidates += l + "\n"
			}
		}
		for _, n := range c.not {
			if strings.Contains(candidates, n) {
				t.Errorf("%+v: %q in\n%s", c.cfg, n, candidates)
			}
		}
		if !strings.Contains(answer, "m=audio 9 UDP/TLS/RTP/SAVPF 8 0\r\n") {
			t.Errorf("not our order of codecs:\n%s", answer)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{
		{UDP: "nowhere"}, {UDP: "127.0.0.1:99999"},
		{UDP: "127.0.0.1:0", Advertise: []string{"pbx.example"}},
		{UDP: "127.0.0.1:0", Advertise: []string{"0.0.0.0"}},
		{UDP: "127.0.0.1:0", Codecs: []media.Codec{media.Linear16}},
		{UDP: "127.0.0.1:0", Codecs: []media.Codec{media.PCMA, media.PCMA}},
	} {
		if hs, err := New(c); err == nil {
			t.Errorf("%+v taken", c)
			_ = hs.Shutdown()
		}
	}
	hs := newHeadsets(t)
	if _, err := New(Config{UDP: hs.Addr().String()}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a port in use: %v", err)
	}
}

// The library refuses a certificate after a month; a server runs longer.
func TestIdentityIsRenewed(t *testing.T) {
	var id identity
	now := time.Now()
	a, err := id.get(now)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := id.get(now.Add(time.Hour)); !b.Equals(a) {
		t.Error("renewed within the hour")
	}
	c, err := id.get(now.Add(40 * 24 * time.Hour))
	if err != nil || c.Equals(a) || !c.Expires().After(now.Add(41*24*time.Hour)) {
		t.Errorf("after 40 days: %v, expires %v", err, c.Expires())
	}
}
