package lab

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	rate  = 8000
	music = 1320 // Hz; what a held party hears
	beep  = 1400 // Hz; the answering machine's
)

// spoken is what the people and machines of the dialplan say.
func spoken() map[string]string {
	return map[string]string{
		"hello":    "Mustermann, hallo?",
		"talk":     "Ja, ich höre Ihnen zu. Erzählen Sie bitte weiter.",
		"greeting": "Guten Tag. Sie haben den Anschluss der Familie Mustermann gewählt. Wir sind gerade nicht zu Hause. Bitte sprechen Sie nach dem Ton.",
	}
}

// writeSounds makes the sounds the dialplan plays.
func writeSounds(ctx context.Context, dir string) error {
	quiet := sine(50, 0.0005, 5*time.Second)
	files := map[string][]int16{
		"sounds/quiet.wav":      quiet,
		"sounds/quiet-half.wav": quiet[:rate/2],
		"sounds/beep.wav":       sine(beep, 0.3, 400*time.Millisecond),
		"music/music.wav":       sine(music, 0.2, 10*time.Second),
	}
	for name, samples := range files {
		if err := WriteWAV(filepath.Join(dir, name), rate, samples); err != nil {
			return err
		}
	}
	for name, text := range spoken() {
		if err := speak(ctx, filepath.Join(dir, "sounds", name+".wav"), text); err != nil {
			return err
		}
	}
	return nil
}

// speak writes text as German speech at the telephone's rate.
func speak(ctx context.Context, path, text string) error {
	raw := path + ".raw.wav"
	defer os.Remove(raw)
	for _, c := range [][]string{
		{"espeak-ng", "-v", "de", "-s", "150", "-w", raw, text},
		{"sox", raw, "-r", fmt.Sprint(rate), "-b", "16", "-c", "1", path, "gain", "-n", "-6"},
	} {
		if out, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", c[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// sine is a tone, in whole waves if d is whole seconds, so that it can be looped.
func sine(hz, amplitude float64, d time.Duration) []int16 {
	out := make([]int16, int(d.Seconds()*rate))
	for i := range out {
		out[i] = int16(amplitude * math.MaxInt16 * math.Sin(2*math.Pi*hz*float64(i)/rate))
	}
	return out
}

// WriteWAV writes mono 16 bit samples.
func WriteWAV(path string, rate int, samples []int16) error {
	size := uint32(2 * len(samples))
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+size)...)
	b = append(b, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, uint32(rate), uint32(2 * rate), 2 | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), size)
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return os.WriteFile(path, b, 0o644)
}

// errUnfinished says that Asterisk has not closed a recording yet.
var errUnfinished = errors.New("recording is not finished")

// ReadWAV reads a mono 16 bit file as Asterisk writes it.
func ReadWAV(path string) (rate int, samples []int16, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, nil, err
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return 0, nil, fmt.Errorf("%s: not a WAV file", path)
	}
	for at := 12; at+8 <= len(b); {
		id, size := string(b[at:at+4]), int(binary.LittleEndian.Uint32(b[at+4:]))
		body := b[at+8:]
		switch {
		case id == "fmt " && len(body) >= 16:
			if format := binary.LittleEndian.Uint16(body); format != 1 || body[2] != 1 || body[14] != 16 {
				return 0, nil, fmt.Errorf("%s: not mono 16 bit PCM", path)
			}
			rate = int(binary.LittleEndian.Uint32(body[4:]))
		case id == "data":
			if size != len(body) && size+1 != len(body) {
				return 0, nil, fmt.Errorf("%s: %w", path, errUnfinished)
			}
			samples = make([]int16, size/2)
			for i := range samples {
				samples[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			return rate, samples, nil
		}
		at += 8 + size + size&1
	}
	return 0, nil, fmt.Errorf("%s: no samples", path)
}

// Level is the loudness of samples in dBFS (a full square wave is 0).
func Level(samples []int16) float64 {
	var sum float64
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(sum/float64(max(1, len(samples)))/(math.MaxInt16*math.MaxInt16)+1e-12)
}

// Tone is the loudness in dBFS of one frequency in samples (Goertzel).
func Tone(samples []int16, rate int, hz float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hz/float64(rate))
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+k*s1-s2, s1
	}
	n := float64(max(1, len(samples)))
	power := (s1*s1 + s2*s2 - k*s1*s2) / (n * n) * 2
	return 10 * math.Log10(power/(math.MaxInt16*math.MaxInt16)+1e-12)
}

// Gap is the longest interruption of a tone between its first and its last
// sound, measured in steps of 10 ms; a tone never heard is one long gap.
func Gap(samples []int16, rate int, hz float64) time.Duration {
	step := rate / 100
	var longest, run time.Duration
	heard := false
	for at := 0; at+step <= len(samples); at += step {
		if Tone(samples[at:at+step], rate, hz) < -35 {
			run += 10 * time.Millisecond
			continue
		}
		if heard {
			longest = max(longest, run)
		}
		heard, run = true, 0
	}
	if !heard {
		return run
	}
	return longest
}

// Recordings returns the finished recordings of what callers of number said,
// oldest first.
func (l *Lab) Recordings(number string) ([]string, error) {
	all, err := os.ReadDir(filepath.Join(l.dir, "recordings"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range all {
		id, ok := strings.CutPrefix(e.Name(), number+"-")
		if !ok || strings.HasSuffix(id, "-sent.wav") {
			continue
		}
		path := filepath.Join(l.dir, "recordings", e.Name())
		if _, samples, err := ReadWAV(path); err == nil && len(samples) > 0 {
			found = append(found, path)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(callNumber(a), callNumber(b)) })
	return found, nil
}

// callNumber is the running number in a recording's unique id, SECONDS.NUMBER.
func callNumber(path string) int {
	id := strings.TrimSuffix(path, ".wav")
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '.')+1:])
	return n
}

// Recording waits for the recording of what the latest caller of number said
// and returns its path. The file is finished when the call has ended.
func (l *Lab) Recording(number string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var found []string
	var failed error
	err := l.poll(ctx, 20*time.Millisecond, func() bool {
		found, failed = l.Recordings(number)
		return failed != nil || len(found) > 0
	})
	if failed != nil {
		return "", failed
	}
	if err != nil {
		return "", fmt.Errorf("no recording of %s: %w", number, err)
	}
	return found[len(found)-1], nil
}

// Sent is the recording of what the exchange sent to the caller, given the one
// of what it heard.
func Sent(recording string) string { return strings.TrimSuffix(recording, ".wav") + "-sent.wav" }
