package browser

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/freiton/freiton/media"
	"github.com/pion/webrtc/v4"
)

// chromiumOffer is what a page of Chromium 156 sends that asks for all codecs.
func chromiumOffer(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "chromium.sdp"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
}

func TestOffer(t *testing.T) {
	offer := chromiumOffer(t)
	codecs := []media.Codec{media.PCMA, media.PCMU}
	clean, err := readOffer(offer, codecs)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"m=audio 9 UDP/TLS/RTP/SAVPF 8 0\r\n", "a=rtpmap:8 PCMA/8000", "a=rtcp-mux", "a=setup:actpass", "a=fingerprint:sha-256 "} {
		if !strings.Contains(clean, w) {
			t.Errorf("no %q in\n%s", w, clean)
		}
	}
	for _, n := range []string{"candidate", "opus", "extmap", "fmtp", "192.0.2"} {
		if strings.Contains(clean, n) {
			t.Errorf("%q in\n%s", n, clean)
		}
	}
	line := func(prefix string) string {
		for l := range strings.SplitSeq(offer, "\r\n") {
			if strings.HasPrefix(l, prefix) {
				return l + "\r\n"
			}
		}
		t.Fatalf("no %s", prefix)
		return ""
	}
	without := func(prefix string) string { return strings.ReplaceAll(offer, line(prefix), "") }
	with := func(prefix, l string) string { return strings.ReplaceAll(offer, line(prefix), l+"\r\n") }
	for name, bad := range map[string]string{
		"nothing":         "",
		"no SDP":          "hello",
		"too long":        offer + strings.Repeat("a=x\r\n", maxOffer/5),
		"no rtcp-mux":     without("a=rtcp-mux"),
		"no ufrag":        without("a=ice-ufrag"),
		"no password":     without("a=ice-pwd"),
		"no fingerprint":  without("a=fingerprint"),
		"no setup":        without("a=setup"),
		"no bundle":       without("a=group"),
		"no mid":          without("a=mid"),
		"SHA-1":           with("a=fingerprint", "a=fingerprint:sha-1 "+strings.TrimSuffix(strings.Repeat("AB:", 20), ":")),
		"short hash":      with("a=fingerprint", "a=fingerprint:sha-256 AB:CD"),
		"no hex":          with("a=fingerprint", "a=fingerprint:sha-256 "+strings.TrimSuffix(strings.Repeat("AX:", 32), ":")),
		"short ufrag":     with("a=ice-ufrag", "a=ice-ufrag:a"),
		"strange ufrag":   with("a=ice-ufrag", "a=ice-ufrag:abcd:efgh"),
		"endless ufrag":   with("a=ice-ufrag", "a=ice-ufrag:"+strings.Repeat("a", 300)),
		"active":          with("a=setup", "a=setup:holdconn"),
		"no telephone":    with("m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 111 9"),
		"another 8":       with("a=rtpmap:8", "a=rtpmap:8 G729/8000\r\na=rtpmap:0 L16/8000"),
		"no encryption":   with("m=audio", "m=audio 9 RTP/AVP 8 0"),
		"picture":         with("m=audio", "m=video 9 UDP/TLS/RTP/SAVPF 8 0"),
		"two sections":    offer + offer[strings.Index(offer, "m=audio"):],
		"ICE lite":        strings.Replace(offer, "t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n", 1),
		"mid with spaces": with("a=mid", "a=mid:0 1"),
	} {
		if got, err := readOffer(bad, codecs); !errors.Is(err, ErrOffer) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if clean, err := readOffer(offer, []media.Codec{media.PCMU}); err != nil || !strings.Contains(clean, "SAVPF 0\r\n") {
		t.Errorf("%v\n%s", err, clean)
	}
}

// FuzzOpen: whatever a page offers, the answer is a description or an error.
func FuzzOpen(f *testing.F) {
	offer := chromiumOffer(f)
	f.Add(offer)
	f.Add("")
	lines := strings.Split(offer, "\r\n")
	for i := range lines {
		f.Add(strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "\r\n"))
	}
	f.Add(strings.ReplaceAll(offer, "a=sendrecv", "a=recvonly"))
	f.Add(strings.ReplaceAll(offer, "a=mid:0", "a=mid:1"))
	f.Add(strings.ReplaceAll(offer, "BUNDLE 0", "BUNDLE 0 1 2"))
	f.Add(strings.ReplaceAll(offer, "a=ssrc:", "a=ssrc:-"))
	hs := newHeadsets(f)
	f.Fuzz(func(t *testing.T, offer string) {
		answer, err := hs.Open(t.Context(), "ann", offer)
		if (err == nil) != (answer != "") {
			t.Fatalf("%v and %q", err, answer)
		}
		if err == nil {
			var d webrtc.SessionDescription
			d.Type, d.SDP = webrtc.SDPTypeAnswer, answer
			if _, err := d.Unmarshal(); err != nil {
				t.Fatalf("%v\n%s", err, answer)
			}
		} else if !errors.Is(err, ErrOffer) {
			t.Fatal(err)
		}
		hs.Close("ann")
	})
}

func FuzzPort(f *testing.F) {
	f.Add([]byte{0x80, 8, 0, 1})
	f.Add(append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if belongs(b) && len(b) < 12 {
			t.Fatal("too short for anything")
		}
	})
}
