package media

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func newNegotiation(port uint16) *negotiation {
	return &negotiation{
		codecs: []Codec{PCMA, PCMU}, addr: netip.MustParseAddr("192.0.2.1"), port: port, id: 4711,
	}
}

// peerSDP is a description of a far end with one audio stream.
func peerSDP(lines ...string) []byte {
	head := []string{
		"v=0", "o=peer 1 1 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0",
		"m=audio 4000 RTP/AVP 8 0 96", "a=rtpmap:96 telephone-event/8000",
	}
	return []byte(strings.Join(append(head, lines...), "\r\n") + "\r\n")
}

func mustAnswer(t *testing.T, n *negotiation, offer []byte) string {
	t.Helper()
	answer, err := n.Answer(offer)
	if err != nil {
		t.Fatalf("%v\n%s", err, offer)
	}
	return string(answer)
}

func wantLine(t *testing.T, body, line string) {
	t.Helper()
	for l := range strings.Lines(body) {
		if strings.TrimRight(l, "\r\n") == line {
			return
		}
	}
	t.Errorf("no line %q in\n%s", line, body)
}

// The table of RFC 3264 §6.1, with our wish to hold or not.
func TestAnswerDirections(t *testing.T) {
	for _, c := range []struct {
		offered  string
		free     string
		holding  string
		remote   bool
		connLine string
	}{
		{"sendrecv", "sendrecv", "sendonly", false, ""},
		{"sendonly", "recvonly", "inactive", true, ""},
		{"recvonly", "sendonly", "sendonly", false, ""},
		{"inactive", "inactive", "inactive", true, ""},
		{"sendrecv", "recvonly", "inactive", true, "c=IN IP4 0.0.0.0"},
		{"sendonly", "recvonly", "inactive", true, "c=IN IP4 0.0.0.0"},
		{"inactive", "inactive", "inactive", true, "c=IN IP4 0.0.0.0"},
	} {
		for _, hold := range []bool{false, true} {
			n := newNegotiation(10000)
			mustAnswer(t, n, peerSDP())
			n.hold = hold
			offer := peerSDP("a=" + c.offered)
			if c.connLine != "" {
				offer = peerSDP(c.connLine, "a="+c.offered)
			}
			want := c.free
			if hold {
				want = c.holding
			}
			name := fmt.Sprintf("%s %s hold=%v", c.offered, c.connLine, hold)
			wantLine(t, mustAnswer(t, n, offer), "a="+want)
			if n.terms.dir.String() != want || n.terms.remoteHold != c.remote {
				t.Errorf("%s: dir %v, remote hold %v; want %s, %v", name, n.terms.dir, n.terms.remoteHold, want, c.remote)
			}
			if c.connLine != "" && n.terms.rtp.IsValid() {
				t.Errorf("%s: would send to %v", name, n.terms.rtp)
			}
		}
	}
}

// After both have held, the peer's unhold is answered sendonly while we still hold.
func TestDoubleHold(t *testing.T) {
	n := newNegotiation(10000)
	mustAnswer(t, n, peerSDP())
	n.hold = true
	offer, _ := n.Offer()
	wantLine(t, string(offer), "a=sendonly")
	if err := n.Accept(peerSDP("a=recvonly")); err != nil {
		t.Fatal(err)
	}
	wantLine(t, mustAnswer(t, n, peerSDP("a=sendonly")), "a=inactive")
	if !n.terms.remoteHold {
		t.Error("the peer's hold was not seen")
	}
	wantLine(t, mustAnswer(t, n, peerSDP("a=sendrecv")), "a=sendonly")
	if n.terms.remoteHold || !n.held() {
		t.Errorf("remote hold %v, ours %v", n.terms.remoteHold, n.held())
	}
	n.hold = false
	if !n.held() {
		t.Error("resumed before it was agreed")
	}
	if offer, _ = n.Offer(); !strings.Contains(string(offer), "a=sendrecv") {
		t.Errorf("resume offers\n%s", offer)
	}
	if err := n.Accept(peerSDP()); err != nil {
		t.Fatal(err)
	}
	if n.held() || n.terms.dir != SendRecv {
		t.Errorf("after resume: held %v, %v", n.held(), n.terms.dir)
	}
	// Held by the peer, we hold as well: inactive (RFC 3264 §8.4).
	mustAnswer(t, n, peerSDP("a=sendonly"))
	n.hold = true
	offer, _ = n.Offer()
	wantLine(t, string(offer), "a=inactive")
}

// Some answer a hold with inactive; that does not mean they hold us.
func TestHoldAnsweredInactive(t *testing.T) {
	n := newNegotiation(10000)
	mustAnswer(t, n, peerSDP())
	n.hold = true
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	if err := n.Accept(peerSDP("a=inactive")); err != nil {
		t.Fatal(err)
	}
	if n.terms.remoteHold || n.terms.dir != Inactive {
		t.Errorf("remote hold %v, direction %v", n.terms.remoteHold, n.terms.dir)
	}
}

func TestUnknownStreamsGetPortZeroInOrder(t *testing.T) {
	n := newNegotiation(10000)
	offer := "v=0\r\no=- 99999999999999999999999999 1 IN IP4 198.51.100.7\r\ns= \r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n" +
		"m=image 4004 udptl t38\r\na=T38FaxVersion:0\r\n" +
		"m=video 4002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n" +
		"m=audio 4000 RTP/AVP 97 8\r\na=rtpmap:97 opus/48000/2\r\n" +
		"m=audio 4006 RTP/AVP 8\r\n" +
		"m=application 4008 UDP/BFCP *\r\na=inactive"
	answer := mustAnswer(t, n, []byte(offer))
	var got []string
	for l := range strings.Lines(answer) {
		if strings.HasPrefix(l, "m=") {
			got = append(got, strings.TrimSpace(l))
		}
	}
	want := []string{
		"m=image 0 udptl t38", "m=video 0 RTP/AVP 97", "m=audio 10000 RTP/AVP 8",
		"m=audio 0 RTP/AVP 8", "m=application 0 UDP/BFCP *",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("streams\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n.terms.dir != SendRecv {
		t.Errorf("direction %v: that of another stream was taken", n.terms.dir)
	}
	// A later offer of ours has the same lines.
	again, err := n.Offer()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(again), "m=") != 5 || !strings.Contains(string(again), "m=audio 10000 RTP/AVP 8 0 101") {
		t.Errorf("re-offer\n%s", again)
	}
}

func TestSessionLevelAndLastLine(t *testing.T) {
	n := newNegotiation(10000)
	wantLine(t, mustAnswer(t, n, []byte("v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\na=sendonly\nm=audio 4000 RTP/AVP 0")), "a=recvonly")
	n = newNegotiation(10000)
	wantLine(t, mustAnswer(t, n, []byte("v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=inactive")), "a=inactive")
	// What the stream says is stronger.
	n = newNegotiation(10000)
	wantLine(t, mustAnswer(t, n, []byte("v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\na=inactive\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 198.51.100.8\r\na=sendrecv\r\n")), "a=sendrecv")
	if n.terms.rtp != netip.MustParseAddrPort("198.51.100.8:4000") {
		t.Errorf("sends to %v", n.terms.rtp)
	}
}

// Dynamic numbers are the offerer's, and stay.
func TestPayloadNumbersStay(t *testing.T) {
	n := newNegotiation(10000)
	offer := []byte("v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 111 98 97\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:98 PCMA/8000/1\r\na=rtpmap:97 telephone-event/8000\r\n")
	answer := mustAnswer(t, n, offer)
	wantLine(t, answer, "m=audio 10000 RTP/AVP 98 97")
	wantLine(t, answer, "a=rtpmap:98 PCMA/8000")
	wantLine(t, answer, "a=rtpmap:97 telephone-event/8000")
	if n.terms.number != 98 || n.terms.dtmf != 97 || n.terms.recv[98] != PCMA || !n.terms.events[97] {
		t.Errorf("terms %+v", n.terms)
	}
	n.hold = true
	again, _ := n.Offer()
	wantLine(t, string(again), "m=audio 10000 RTP/AVP 98 0 97")
}

// An event at another clock than the codec's is not for us.
func TestTelephoneEventClock(t *testing.T) {
	n := newNegotiation(10000)
	answer := mustAnswer(t, n, []byte("v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 110 101\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000\r\n"))
	wantLine(t, answer, "m=audio 10000 RTP/AVP 8 101")
}

func TestMuxOnlyWhenOffered(t *testing.T) {
	n := newNegotiation(10000)
	if a := mustAnswer(t, n, peerSDP()); strings.Contains(a, "rtcp-mux") || n.terms.mux {
		t.Errorf("mux without an offer\n%s", a)
	}
	n = newNegotiation(10000)
	wantLine(t, mustAnswer(t, n, peerSDP("a=rtcp-mux")), "a=rtcp-mux")
	if n.terms.rtcp != n.terms.rtp {
		t.Errorf("RTCP to %v", n.terms.rtcp)
	}
	n = newNegotiation(10000)
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	if err := n.Accept(peerSDP("a=rtcp-mux")); err != nil {
		t.Fatal(err)
	}
	if n.terms.mux || n.terms.rtcp.Port() != 4001 {
		t.Errorf("mux %v, RTCP to %v though not offered", n.terms.mux, n.terms.rtcp)
	}
	n = newNegotiation(10000)
	mustAnswer(t, n, peerSDP("a=rtcp:53020 IN IP4 198.51.100.9"))
	if n.terms.rtcp != netip.MustParseAddrPort("198.51.100.9:53020") {
		t.Errorf("RTCP to %v", n.terms.rtcp)
	}
}

// The answer of the 200, from another fork, replaces the early one.
func TestForkedAnswers(t *testing.T) {
	n := newNegotiation(10000)
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	if n.effective().dir != RecvOnly || n.effective().recv[8] != PCMA {
		t.Error("early sound could not be heard")
	}
	if err := n.Accept(peerSDP("a=sendonly")); err != nil {
		t.Fatal(err)
	}
	final := strings.ReplaceAll(string(peerSDP()), "198.51.100.7", "203.0.113.9")
	final = strings.ReplaceAll(final, "RTP/AVP 8 0 96", "RTP/AVP 0")
	if err := n.Accept([]byte(final)); err != nil {
		t.Fatal(err)
	}
	if n.terms.rtp.Addr().String() != "203.0.113.9" || n.terms.codec != PCMU || n.terms.dir != SendRecv || n.terms.dtmf != noPayload {
		t.Errorf("terms %+v", n.terms)
	}
	// Refused in the end after all: nothing is agreed.
	n.Rollback()
	if n.terms != nil {
		t.Error("terms survive a refused first offer")
	}
}

func TestRollback(t *testing.T) {
	n := newNegotiation(10000)
	mustAnswer(t, n, peerSDP())
	before := n.terms
	n.hold = true
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	n.Rollback()
	if n.terms != before {
		t.Error("a refused offer changed the terms")
	}
	if err := n.Accept(peerSDP()); err == nil {
		t.Error("an answer was accepted after the offer was taken back")
	}
	n.hold = false
	mustAnswer(t, n, peerSDP("a=sendonly"))
	n.Rollback()
	if n.terms != before {
		t.Error("a withdrawn offer of the peer stays")
	}
	n.Rollback() // nothing left to take back
	if n.terms != before {
		t.Error("a second rollback goes further back")
	}
	if _, err := n.Answer([]byte("v=0\r\nm=audio x\r\n")); err == nil {
		t.Fatal("answered rubbish")
	}
	n.Rollback()
	if n.terms != before {
		t.Error("a refused offer of the peer changed the terms")
	}
}

// A resume that is refused resumes nothing.
func TestRefusedResume(t *testing.T) {
	n := newNegotiation(10000)
	mustAnswer(t, n, peerSDP())
	n.hold = true
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	if err := n.Accept(peerSDP("a=recvonly")); err != nil {
		t.Fatal(err)
	}
	n.hold = false
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	n.Rollback()
	if !n.held() || n.terms.dir != SendOnly {
		t.Errorf("held %v, %v", n.held(), n.terms.dir)
	}
	// A hold that was refused is over as soon as it is no longer wished.
	n = newNegotiation(10000)
	mustAnswer(t, n, peerSDP())
	n.hold = true
	if _, err := n.Offer(); err != nil {
		t.Fatal(err)
	}
	n.Rollback()
	if !n.held() {
		t.Error("not held while wished")
	}
	if n.hold = false; n.held() {
		t.Error("held though never agreed and no longer wished")
	}
}

func TestStreamEndedByPeer(t *testing.T) {
	n := newNegotiation(10000)
	mustAnswer(t, n, peerSDP())
	off := strings.Replace(string(peerSDP()), "audio 4000", "audio 0", 1)
	wantLine(t, mustAnswer(t, n, []byte(off)), "m=audio 0 RTP/AVP 8 0 96")
	if n.terms.dir != Inactive || !n.terms.remoteHold {
		t.Errorf("terms %+v", n.terms)
	}
	wantLine(t, mustAnswer(t, n, peerSDP()), "m=audio 10000 RTP/AVP 8 96")
	if n.terms.dir != SendRecv {
		t.Errorf("direction %v", n.terms.dir)
	}
}

func TestBadSDP(t *testing.T) {
	long := strings.Repeat("a=x\r\n", maxSDPLines+1)
	for name, body := range map[string]string{
		"empty":          "",
		"blank":          "\r\n\r\n",
		"not sdp":        "hello",
		"no version":     "o=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\n",
		"no stream":      "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n",
		"no connection":  "v=0\r\ns=-\r\nm=audio 4000 RTP/AVP 0\r\n",
		"bad port":       "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 70000 RTP/AVP 0\r\n",
		"negative port":  "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio -1 RTP/AVP 0\r\n",
		"no formats":     "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 4000 RTP/AVP\r\n",
		"multicast":      "v=0\r\nc=IN IP4 224.2.1.1/127\r\nm=audio 4000 RTP/AVP 0\r\n",
		"no codec":       "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n",
		"only secure":    "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 4000 RTP/SAVP 0\r\n",
		"only video":     "v=0\r\nc=IN IP4 198.51.100.7\r\nm=video 4000 RTP/AVP 97\r\n",
		"port 0":         "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 0 RTP/AVP 0\r\n",
		"too many lines": "v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 4000 RTP/AVP 0\r\n" + long,
		"too long":       "v=0\r\n" + strings.Repeat("x", maxSDP),
		"no equals sign": "v=0\r\nc=IN IP4 198.51.100.7\r\ngarbage\r\nm=audio 4000 RTP/AVP 0\r\n",
		"control bytes":  "v=0\r\nc=IN IP4 198.51.100.7\r\nm=video 4000 RTP/\x00AVP 0\r\nm=audio 4000 RTP/AVP 0\r\n",
	} {
		n := newNegotiation(10000)
		_, err := n.Answer([]byte(body))
		var status interface{ Status() int }
		if !errors.As(err, &status) || status.Status() != 488 {
			t.Errorf("%s: error %v, want one with status 488", name, err)
		}
		if n.terms != nil {
			t.Errorf("%s: something was agreed", name)
		}
	}
}

// A peer behind a name is found by its packets.
func TestHostNameInConnection(t *testing.T) {
	n := newNegotiation(10000)
	wantLine(t, mustAnswer(t, n, []byte("v=0\r\ns=-\r\nc=IN IP4 pbx.example\r\nm=audio 4000 RTP/AVP 0\r\n")), "a=sendrecv")
	if n.terms.rtp.IsValid() || n.terms.remoteHold {
		t.Errorf("terms %+v", n.terms)
	}
}

func TestIPv6(t *testing.T) {
	n := newNegotiation(10000)
	n.addr = netip.MustParseAddr("2001:db8::1")
	answer := mustAnswer(t, n, []byte("v=0\r\no=- 1 1 IN IP6 2001:db8::2\r\ns=-\r\nc=IN IP6 2001:db8::2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"))
	wantLine(t, answer, "c=IN IP6 2001:db8::1")
	if n.terms.rtp != netip.MustParseAddrPort("[2001:db8::2]:4000") {
		t.Errorf("sends to %v", n.terms.rtp)
	}
}

// Over random histories of hold, offer, refusal and withdrawal, two negotiations
// agree with each other and with a model of a few lines.
func TestNegotiationModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sides := [2]*negotiation{newNegotiation(10000), newNegotiation(20000)}
		var model struct {
			wish   [2]bool // to hold
			agreed bool
			dir    [2]Direction
			holds  [2]bool // the other's hold as this side knows it
			by     [2]bool // our wish at the last agreement
		}
		versions := [2]uint64{}
		last := [2]string{}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			a := rapid.IntRange(0, 1).Draw(t, "side")
			b := 1 - a
			switch rapid.SampledFrom([]string{"hold", "resume", "exchange", "exchange", "refused", "early"}).Draw(t, "do") {
			case "hold":
				model.wish[a], sides[a].hold = true, true
			case "resume":
				model.wish[a], sides[a].hold = false, false
			case "refused":
				offer, err := sides[a].Offer()
				if err != nil {
					t.Fatal(err)
				}
				checkVersion(t, &versions[a], &last[a], offer)
				sides[a].Rollback()
			case "early", "exchange":
				offer, err := sides[a].Offer()
				if err != nil {
					t.Fatal(err)
				}
				checkVersion(t, &versions[a], &last[a], offer)
				answer, err := sides[b].Answer(offer)
				if err != nil {
					t.Fatalf("%v\n%s", err, offer)
				}
				checkVersion(t, &versions[b], &last[b], answer)
				for range rapid.IntRange(1, 2).Draw(t, "answers") {
					if err := sides[a].Accept(answer); err != nil {
						t.Fatalf("%v\n%s", err, answer)
					}
				}
				offered := SendRecv
				if model.wish[a] {
					offered = SendOnly
					if model.holds[a] {
						offered = Inactive
					}
				}
				got := offered.Reverse()
				if model.wish[b] {
					got &^= RecvOnly
				}
				model.dir[b], model.dir[a] = got, got.Reverse()
				model.holds[b] = offered != SendRecv
				switch offered {
				case SendRecv:
					model.holds[a] = model.wish[b]
				case SendOnly:
					if !model.wish[b] {
						model.holds[a] = false
					}
				}
				model.by = model.wish
				model.agreed = true
			}
			if !model.agreed {
				continue
			}
			for i, n := range sides {
				if n.terms.dir != model.dir[i] || n.terms.remoteHold != model.holds[i] || n.held() != (model.wish[i] || model.by[i]) {
					t.Fatalf("side %d: %v, remote hold %v, held %v; model %+v", i, n.terms.dir, n.terms.remoteHold, n.held(), model)
				}
				if model.by[i] && n.terms.dir.Receives() {
					t.Fatalf("side %d holds and receives", i)
				}
			}
		}
	})
}

var originLine = regexp.MustCompile(`o=freiton (\d+) (\d+) IN`)

// checkVersion: the version is the one before when nothing changed, else one more.
func checkVersion(t *rapid.T, version *uint64, last *string, body []byte) {
	m := originLine.FindSubmatch(body)
	if m == nil {
		t.Fatalf("no origin in\n%s", body)
	}
	v, _ := strconv.ParseUint(string(m[2]), 10, 64)
	rest := originLine.ReplaceAllString(string(body), "")
	want := *version
	if rest != *last {
		want++
	}
	if v != want {
		t.Fatalf("version %d after %d, changed %v", v, *version, rest != *last)
	}
	*version, *last = v, rest
}
