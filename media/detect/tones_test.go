package detect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
)

const ms = time.Millisecond

// play hears samples as 20 ms packets of A-law with a little noise, as a line
// has it, and gives what was found.
func play(t testing.TB, answered, machine bool, samples []int16) []Finding {
	t.Helper()
	var found []Finding
	d := New(Config{Contact: media.BtoA, Machine: machine, Found: func(f Finding) { found = append(found, f) }})
	if answered {
		d.Answered()
	}
	send(d, samples, nil)
	return found
}

// send writes samples as packets; lost says which never come.
func send(d *Detector, samples []int16, lost func(packet int) bool) {
	noise := rand.New(rand.NewPCG(1, 2))
	payload := make([]byte, 160)
	noisy := make([]int16, 160)
	for i := 0; i+160 <= len(samples); i += 160 {
		if lost != nil && lost(i/160) {
			continue
		}
		for j, x := range samples[i : i+160] {
			noisy[j] = int16(math.Max(-32768, math.Min(32767, float64(x)+noise.NormFloat64()*12)))
		}
		n := media.PCMA.Encode(payload, noisy)
		d.WriteFrame(media.BtoA, &media.Frame{Codec: media.PCMA, Payload: payload[:n], Timestamp: uint32(i), Seq: uint16(i / 160)})
	}
}

func join(parts ...[]int16) []int16 { return slices.Concat(parts...) }

func repeat(n int, parts ...[]int16) []int16 {
	return slices.Repeat(slices.Concat(parts...), n)
}

func dual(f1, f2 float64, d time.Duration, level float64) []int16 {
	a, b := media.Tone(f1, d, level), media.Tone(f2, d, level)
	for i := range a {
		a[i] += b[i]
	}
	return a
}

func sit(f1 float64, d1 time.Duration, f2 float64, d2 time.Duration, f3 float64, d3 time.Duration) []int16 {
	return join(media.Silence(400*ms), media.Tone(f1, d1, -16), media.Tone(f2, d2, -16), media.Tone(f3, d3, -16), media.Silence(600*ms))
}

func TestTones(t *testing.T) {
	pause := media.Silence(20 * ms)
	tests := map[string]struct {
		samples []int16
		want    []Kind
	}{
		"nothing":             {media.Silence(10 * time.Second), nil},
		"ringing, Germany":    {repeat(3, media.Ringback()), nil},
		"ringing, US":         {repeat(3, dual(440, 480, 2*time.Second, -19), media.Silence(4*time.Second)), nil},
		"ringing, UK":         {repeat(4, dual(400, 450, 400*ms, -19), media.Silence(200*ms), dual(400, 450, 400*ms, -19), media.Silence(2*time.Second)), nil},
		"dial tone":           {media.Tone(425, 8*time.Second, -15), nil},
		"busy, Germany":       {repeat(4, media.Tone(425, 480*ms, -15), media.Silence(480*ms)), []Kind{Busy}},
		"busy, US":            {repeat(4, dual(480, 620, 500*ms, -24), media.Silence(500*ms)), []Kind{Busy}},
		"busy, UK":            {repeat(5, media.Tone(400, 375*ms, -24), media.Silence(375*ms)), []Kind{Busy}},
		"busy, Switzerland":   {repeat(4, media.Tone(425, 500*ms, -30), media.Silence(500*ms)), []Kind{Busy}},
		"congestion, Germany": {repeat(6, media.Tone(425, 240*ms, -15), media.Silence(240*ms)), []Kind{Congestion}},
		"reorder, US":         {repeat(6, dual(480, 620, 250*ms, -24), media.Silence(250*ms)), []Kind{Congestion}},
		"twice is not busy":   {join(repeat(2, media.Tone(425, 480*ms, -15), media.Silence(480*ms)), media.Silence(3*time.Second)), nil},
		"special, E.180":      {sit(950, 330*ms, 1400, 330*ms, 1800, 330*ms), []Kind{InvalidNumber}},
		"special with pauses": {join(media.Silence(300*ms), media.Tone(950, 330*ms, -16), pause, media.Tone(1400, 330*ms, -16), pause, media.Tone(1800, 330*ms, -16), media.Silence(time.Second)), []Kind{InvalidNumber}},
		"special, edge":       {sit(910, 270*ms, 1355, 270*ms, 1765, 395*ms), []Kind{InvalidNumber}},
		"intercept":           {sit(913.8, 276*ms, 1370.6, 276*ms, 1776.7, 380*ms), []Kind{InvalidNumber}},
		"vacant code":         {sit(985.2, 380*ms, 1370.6, 276*ms, 1776.7, 380*ms), []Kind{InvalidNumber}},
		"no circuit":          {sit(985.2, 380*ms, 1428.5, 380*ms, 1776.7, 380*ms), []Kind{NoCircuit}},
		"reorder":             {sit(913.8, 276*ms, 1428.5, 380*ms, 1776.7, 380*ms), []Kind{NoCircuit}},
		"falling tones":       {sit(1800, 330*ms, 1400, 330*ms, 950, 330*ms), nil},
		"two of three":        {join(media.Silence(300*ms), media.Tone(950, 330*ms, -16), media.Tone(1400, 330*ms, -16), media.Silence(time.Second)), nil},
		"called fax":          {join(media.Silence(200*ms), media.Tone(2100, 3*time.Second, -12)), []Kind{Fax}},
		"2100 Hz, short":      {join(media.Silence(200*ms), media.Tone(2100, 600*ms, -12), media.Silence(time.Second)), nil},
		"calling fax":         {repeat(3, media.Tone(1100, 500*ms, -12), media.Silence(3*time.Second)), []Kind{Fax}},
		"busy that drifts":    {repeat(4, media.Tone(415, 160*ms, -15), media.Tone(425, 160*ms, -15), media.Tone(435, 160*ms, -15), media.Silence(480*ms)), []Kind{Busy}},
		"busy with a click":   {repeat(4, media.Tone(425, 240*ms, -15), media.Silence(6*ms), media.Tone(425, 234*ms, -15), media.Silence(480*ms)), []Kind{Busy}},
		"slow beats":          {repeat(6, media.Tone(425, 480*ms, -15), media.Silence(1500*ms)), nil},
		"two of three beats":  {join(repeat(2, media.Tone(425, 480*ms, -15), media.Silence(480*ms)), repeat(3, media.Tone(425, 200*ms, -15), media.Silence(900*ms))), nil},
		"long, then short":    {join(media.Tone(425, 2*time.Second, -15), media.Silence(480*ms), media.Tone(425, 480*ms, -15), media.Silence(480*ms), media.Tone(425, 480*ms, -15), media.Silence(2*time.Second)), nil},
		"1100 Hz after 3 s":   {join(media.Tone(700, 500*ms, -12), media.Silence(3*time.Second), media.Tone(1100, 500*ms, -12), media.Silence(5*time.Second)), nil},
		"1100 Hz, other tone": {join(media.Tone(1100, 500*ms, -12), dual(480, 620, 3*time.Second, -19), media.Tone(1100, 500*ms, -12), media.Silence(time.Second)), nil},
		"1100 Hz once":        {join(media.Tone(1100, 500*ms, -12), media.Silence(5*time.Second)), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []Kind
			for _, f := range play(t, false, false, tt.samples) {
				got = append(got, f.Kind)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("heard %v, want %v", got, tt.want)
			}
		})
	}
}

// TestLevels: a signal is known as long as it stands out of the noise.
func TestLevels(t *testing.T) {
	for _, level := range []float64{-6, -12, -20, -30, -36} {
		got := play(t, false, false, repeat(4, media.Tone(425, 480*ms, level), media.Silence(480*ms)))
		if len(got) != 1 || got[0].Kind != Busy {
			t.Errorf("busy at %v dBFS: heard %v", level, got)
		}
		got = play(t, false, false, sit(950, 330*ms, 1400, 330*ms, 1800, 330*ms))
		if len(got) != 1 || got[0].After > 2*time.Second {
			t.Errorf("special information: %v", got)
		}
	}
}

// TestLostPackets: a gap is silence of its length, whatever the packets say.
func TestLostPackets(t *testing.T) {
	busy := repeat(8, media.Tone(425, 480*ms, -15), media.Silence(480*ms))
	var found []Finding
	d := New(Config{Contact: media.BtoA, Found: func(f Finding) { found = append(found, f) }})
	send(d, busy, func(packet int) bool { return packet%48 >= 24 }) // silence is not sent at all
	if len(found) != 1 || found[0].Kind != Busy || found[0].After > 3*time.Second {
		t.Errorf("heard %v", found)
	}
	found = nil
	d = New(Config{Contact: media.BtoA, Found: func(f Finding) { found = append(found, f) }})
	frame := media.Frame{Codec: media.PCMA, Payload: make([]byte, 160), Timestamp: math.MaxUint32 - 100}
	for range 3 { // repeated, wrapping, of a wild length, of another way, of another codec's rate
		d.WriteFrame(media.BtoA, &frame)
		d.WriteFrame(media.AtoB, &frame)
		frame.Timestamp += 1 << 30
		d.WriteFrame(media.BtoA, &frame)
		d.WriteFrame(media.BtoA, &media.Frame{Codec: media.PCMA})
		d.WriteFrame(media.BtoA, &media.Frame{Codec: media.PCMA, Payload: make([]byte, 100_000)})
		d.WriteFrame(media.BtoA, &media.Frame{Codec: media.PCMA, DTMF: '1', Payload: []byte{1, 2, 3, 4}})
	}
	if found != nil || cap(d.buf) > longestGap {
		t.Errorf("heard %v in nothing, with room for %d samples", found, cap(d.buf))
	}
}

// TestOtherWay: what the agent's side sounds like is not the contact's.
func TestOtherWay(t *testing.T) {
	d := New(Config{Contact: media.AtoB, Found: func(f Finding) { t.Errorf("heard %v", f) }})
	send(d, repeat(4, media.Tone(425, 480*ms, -15), media.Silence(480*ms)), nil)
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x55, 0xd5}, uint32(0), uint32(7), true)
	f.Fuzz(func(t *testing.T, payload []byte, ts, ssrc uint32, answered bool) {
		d := New(Config{Contact: media.BtoA, Machine: true})
		for i := range 5 {
			if answered && i == 2 {
				d.Answered()
			}
			d.WriteFrame(media.BtoA, &media.Frame{Codec: media.PCMU, Payload: payload, Timestamp: ts, SSRC: ssrc * uint32(i)})
			ts = ts*2 + 160
		}
	})
}

func BenchmarkWriteFrame(b *testing.B) {
	d := New(Config{Contact: media.BtoA, Machine: true})
	d.Answered()
	payload := make([]byte, 160)
	media.PCMA.Encode(payload, dual(440, 480, 20*ms, -19))
	f := media.Frame{Codec: media.PCMA, Payload: payload}
	b.ReportAllocs()
	for b.Loop() {
		d.WriteFrame(media.BtoA, &f)
		f.Timestamp += 160
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20e6*100, "%core/call")
}
