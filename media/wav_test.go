package media

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/freiton/freiton/media/measure"
)

func TestWAVRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.wav")
	tone := Tone(440, 300*time.Millisecond, -6)
	if err := WriteWAVFile(path, 8000, tone); err != nil {
		t.Fatal(err)
	}
	got, rate, err := ReadWAVFile(path)
	if err != nil || rate != 8000 || !slices.Equal(got, tone) {
		t.Errorf("%d samples at %d Hz: %v", len(got), rate, err)
	}
	other, rate, err := measure.ReadWAV(path) // by a library
	if err != nil || rate != 8000 || len(other) != 1 || !slices.Equal(other[0], tone) {
		t.Errorf("library: %d channels at %d Hz: %v", len(other), rate, err)
	}
}

func TestWAVRefused(t *testing.T) {
	whole := append(wavHead(8000, 1), 1, 2, 3, 4)
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(whole)
		copy(c[at:], b)
		return c
	}
	for name, data := range map[string][]byte{
		"empty": {}, "no riff": change(0, 'X'), "no wave": change(8, 'X'), "cut": whole[:20],
		"no data": whole[:36], "8 bit": change(34, 8), "float": change(20, 3),
		"six channels": change(22, 6), "no channel": change(22, 0), "4 kHz": change(24, 0xA0, 0x0F),
		"data first": append([]byte("RIFF\x00\x00\x00\x00WAVE"), "data\x02\x00\x00\x00ab"...),
	} {
		if s, _, err := ReadWAV(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: read %d samples", name, len(s))
		}
	}
	if _, err := NewFileEndpoint(FileOptions{Play: "/no/such/file.wav"}); err == nil {
		t.Error("a file that is not there was opened")
	}
	if _, err := NewFileEndpoint(FileOptions{Record: "/no/such/place.wav"}); err == nil {
		t.Error("recording to a place that is not there")
	}
	if _, err := NewFileEndpoint(FileOptions{Loop: true}); err == nil {
		t.Error("nothing is played over and over")
	}
}

// Two channels are mixed down, chunks nobody knows are passed over, and sizes of
// a writer that was cut off do no harm.
func TestWAVVariants(t *testing.T) {
	stereo := append(wavHead(16000, 2), 100, 0, 200, 0, 0, 1, 0, 3)
	s, rate, err := ReadWAV(bytes.NewReader(stereo))
	if err != nil || rate != 16000 || !slices.Equal(s, []int16{150, 512}) {
		t.Errorf("stereo: %v at %d: %v", s, rate, err)
	}
	h := wavHead(8000, 1)
	listed := slices.Concat(h[:36], []byte("LIST\x03\x00\x00\x00abc\x00data\xff\xff\xff\xff"), []byte{1, 0, 2, 0, 3})
	s, _, err = ReadWAV(bytes.NewReader(listed))
	if err != nil || !slices.Equal(s, []int16{1, 2}) {
		t.Errorf("listed: %v: %v", s, err)
	}
}

func TestResample(t *testing.T) {
	for _, c := range []struct{ from, to int }{{8000, 16000}, {16000, 8000}, {22050, 8000}, {44100, 16000}, {48000, 8000}} {
		out := Resample(ToneAt(c.from, 1000, time.Second, -10), c.from, c.to)
		if len(out) != c.to {
			t.Errorf("%d to %d: %d samples", c.from, c.to, len(out))
		}
		if l := measure.Level(out, c.to, 1000); math.Abs(l+10) > 0.2 {
			t.Errorf("%d to %d: %.2f dBFS", c.from, c.to, l)
		}
	}
	// What 8 kHz cannot hold does not come back as something else.
	if l := measure.RMS(Resample(ToneAt(16000, 6000, time.Second, -10), 16000, 8000)); l > -40 {
		t.Errorf("6 kHz comes back at %.1f dBFS", l)
	}
}

func TestCodecs(t *testing.T) {
	for _, c := range []Codec{PCMU, PCMA} {
		buf, back := make([]byte, 8000), make([]int16, 8000)
		tone := Tone(1004, time.Second, -3)
		c.Encode(buf, tone)
		c.Decode(back, buf)
		var noise []int16
		for i := range tone {
			noise = append(noise, tone[i]-back[i])
		}
		if snr := measure.RMS(tone) - measure.RMS(noise); snr < 36 {
			t.Errorf("%v: signal to noise %.1f dB", c, snr)
		}
		for b := range 256 { // every code decodes to what encodes to it, but for the two zeros
			var s [1]int16
			c.Decode(s[:], []byte{byte(b)})
			var again [1]byte
			c.Encode(again[:], s[:])
			if again[0] != byte(b) && s[0] != 0 {
				t.Errorf("%v: code %02x is %d, which is %02x", c, b, s[0], again[0])
			}
		}
		if got, err := ParseCodec(c.Name()); err != nil || got != c {
			t.Errorf("ParseCodec(%q) = %v, %v", c.Name(), got, err)
		}
	}
	if _, err := ParseCodec("g729"); err == nil {
		t.Error("g729 is known")
	}
	// From one law to the other and what it sounds like: within a quantising step.
	for b := range 256 {
		var a, u [1]int16
		PCMA.Decode(a[:], []byte{byte(b)})
		PCMU.Decode(u[:], []byte{alawToUlaw[b]})
		if d := math.Abs(float64(a[0]) - float64(u[0])); d > math.Max(16, math.Abs(float64(a[0]))/16) {
			t.Errorf("A-law %02x is %d, as µ-law %d", b, a[0], u[0])
		}
	}
	var room [10]byte
	if n := PCMA.Encode(room[:], make([]int16, 20)); n != 10 {
		t.Errorf("encoded %d bytes into 10", n)
	}
	if n := Linear16.Decode(make([]int16, 3), make([]byte, 9)); n != 3 {
		t.Errorf("decoded %d samples into 3", n)
	}
}
