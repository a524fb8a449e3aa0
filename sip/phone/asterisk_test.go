package phone

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
	"github.com/freiton/freiton/sip"
)

// A real exchange at the other end. Its recordings and its list of channels are
// the witness.

// extension is a station registered as 1001 with the laboratory.
type extension struct {
	*station
	lab *lab.Lab
}

func newExtension(t *testing.T, l *lab.Lab) *extension {
	t.Helper()
	s := newStation(t, func(c *sip.Config, _ *Config) {
		c.Trusted = nil // the registrar is trusted as it is
		c.Accounts = []sip.Account{{
			Name: "trunk", Address: "sip:1001@" + l.SIPAddr(), Registrar: "sip:" + l.SIPAddr(), Password: "lab-1001",
		}}
	})
	if err := s.agent.Register(context.Background(), "trunk"); err != nil {
		t.Fatal(err)
	}
	return &extension{s, l}
}

func (x *extension) call(number string) *leg { return x.dial("sip:" + number + "@" + x.lab.SIPAddr()) }

// talk dials and joins the headset.
func (x *extension) talk(t *testing.T, number string, h *headset) *leg {
	t.Helper()
	l := x.call(number)
	l.t = t
	join(t, h, l)
	l.await(Answered)
	return l
}

// gone hangs up and checks that nothing is left at either end.
func (x *extension) gone(t *testing.T, l *leg) Event {
	t.Helper()
	l.Hangup(sip.Reason{Q850: 16})
	e := l.ended()
	x.quiet(t)
	return e
}

func (x *extension) quiet(t *testing.T) {
	t.Helper()
	if err := x.lab.WaitChannels(0, within); err != nil {
		t.Error(err)
	}
	if n := x.Calls(); n != 0 {
		t.Errorf("%d calls left on our side", n)
	}
}

// recorded reads what the exchange recorded of the latest caller of a number.
func (x *extension) recorded(t *testing.T, number string) []int16 {
	t.Helper()
	path, err := x.lab.Recording(number)
	if err != nil {
		t.Fatal(err)
	}
	rate, pcm, err := lab.ReadWAV(path)
	if err != nil || rate != 8000 {
		t.Fatalf("%s: %d Hz, %v", path, rate, err)
	}
	return pcm
}

func TestAsterisk(t *testing.T) {
	l := lab.Start(t, lab.Options{})
	x := newExtension(t, l)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *extension)
	}{
		{"sound both ways", soundBothWays},
		{"hold with music", holdWithMusic},
		{"held by the exchange", heldByExchange},
		{"early media", earlyMedia},
		{"local ringback", localRingback},
		{"digits there and back", digitsThereAndBack},
		{"inbound", inboundFromAsterisk},
		{"far end hangs up", farEndHangsUp},
		{"cancel", cancelAtAsterisk},
		{"transfer", transferAtAsterisk},
		{"attended transfer", attendedTransferAtAsterisk},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, x) })
	}
}

// thrice runs a check whose limits of time a busy machine may miss: the first
// of three runs without a complaint is enough.
func thrice(t *testing.T, check func() []string) {
	t.Helper()
	var complaints []string
	for range 3 {
		if complaints = check(); len(complaints) == 0 {
			return
		}
		t.Log(complaints)
	}
	t.Errorf("three times: %v", complaints)
}

func soundBothWays(t *testing.T, x *extension) {
	thrice(t, func() []string {
		heard := filepath.Join(t.TempDir(), "heard.wav")
		file, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(1200, time.Second, -10), Loop: true, Record: heard})
		if err != nil {
			t.Fatal(err)
		}
		c := x.call("601")
		c.t = t
		junction := media.Join(file, c.Endpoint())
		c.await(Answered)
		pause(3 * time.Second)
		junction.Close()
		e := x.gone(t, c)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		ours, rate, err := measure.ReadWAV(heard)
		if err != nil {
			t.Fatal(err)
		}
		found := checkTone(t, "what we heard", ours[0], rate, 1000)
		found = append(found, checkTone(t, "what the exchange heard", x.recorded(t, "601"), 8000, 1200)...)
		if s := e.Stats; s.Lost != 0 || s.Received < 140 || s.Sent < 140 || s.MOS < 4 {
			found = append(found, fmt.Sprintf("stats %+v", s))
		}
		return found
	})
}

// checkTone checks frequency, level and that there is no hole in a tone of at
// least 2.5 s.
func checkTone(t *testing.T, what string, pcm []int16, rate int, hz float64) (found []string) {
	t.Helper()
	first, end := measure.Sounding(pcm, rate, -35)
	pcm = pcm[first:end]
	length := measure.Duration(len(pcm), rate)
	f, level, gap := measure.Frequency(pcm, rate), measure.Level(pcm, rate, hz), measure.LongestGap(pcm, rate, -35)
	t.Logf("%s: %.0f Hz, %.1f dBFS, longest gap %v of %v", what, f, level, gap, length)
	if math.Abs(f-hz) > 5 || level < -16 || level > -4 || gap > 40*time.Millisecond || length < 2500*time.Millisecond {
		found = append(found, fmt.Sprintf("%s: %.0f Hz at %.1f dBFS, longest gap %v of %v; want %g Hz", what, f, level, gap, length, hz))
	}
	return found
}

// On hold nothing of our voice leaves, the other party hears music, we hear
// nothing; after the resume our voice is back within 100 ms, and so is theirs.
func holdWithMusic(t *testing.T, x *extension) {
	thrice(t, func() (found []string) {
		h := newHeadset(t, 1000)
		c := x.talk(t, "622", h)
		h.hears(t, 700)
		pause(time.Second)
		c.Hold()
		cut := time.Now()
		c.await(Held)
		agreed := time.Now().Add(100 * time.Millisecond)
		pause(2 * time.Second)
		if l := measure.RMS(h.from(agreed)); l > -60 {
			t.Errorf("on hold we hear %.1f dBFS", l)
		}
		c.Resume()
		resumed := time.Now()
		held := resumed.Sub(cut)
		c.await(Resumed)
		h.hears(t, 700)
		if d := h.first(700, resumed).Sub(resumed); d > 100*time.Millisecond {
			found = append(found, fmt.Sprintf("their voice back after %v", d))
		}
		pause(time.Second)
		e := x.gone(t, c)
		if d := float64(e.HeldMS) - held.Seconds()*1000; d < -5 || d > 100 {
			found = append(found, fmt.Sprintf("held_ms %d, held for %v", e.HeldMS, held))
		}
		return append(found, checkHoldHeard(t, x.recorded(t, "622"), held)...)
	})
}

// checkHoldHeard finds voice, music, voice in what the other party heard.
func checkHoldHeard(t *testing.T, pcm []int16, held time.Duration) (found []string) {
	t.Helper()
	const n = 80 // 10 ms
	voice := func(i int) bool {
		return measure.Level(pcm[i:i+n], 8000, 1000) > -20 && measure.Level(pcm[i:i+n], 8000, 1320) < -20
	}
	from, to := 0, 0 // the longest stretch without our voice between voices
	last := -1
	for i := 0; i+n <= len(pcm); i += n {
		if !voice(i) {
			continue
		}
		if last >= 0 && i-last > to-from {
			from, to = last+n, i
		}
		last = i
	}
	gap := measure.Duration(to-from, 8000)
	t.Logf("held %v; the other party was without our voice for %v", held, gap)
	if d := gap - held; d < -100*time.Millisecond || d > 100*time.Millisecond {
		found = append(found, fmt.Sprintf("without our voice for %v, held for %v: cut at once and back within 100 ms", gap, held))
	}
	if to-from < 100*n {
		t.Fatal("the other party was never without our voice")
	}
	middle := pcm[from+8*n : to-8*n]
	music, leak := measure.Level(middle, 8000, 1320), measure.Level(middle, 8000, 1000)
	t.Logf("meanwhile music at %.1f dBFS, our voice at %.1f", music, leak)
	if music < -30 || leak > -50 {
		t.Errorf("meanwhile music at %.1f dBFS, our voice at %.1f", music, leak)
	}
	return found
}

func heldByExchange(t *testing.T, x *extension) {
	h := newHeadset(t, 1000)
	c := x.talk(t, "609", h)
	h.hears(t, 600)
	c.await(HeldByContact)
	from := time.Now()
	c.await(ResumedByContact)
	if d := time.Since(from); d < 3*time.Second || d > 5*time.Second {
		t.Errorf("held for %v, want 4 s", d)
	}
	h.hears(t, 600)
	at := time.Now()
	pause(500 * time.Millisecond)
	e := x.gone(t, c)
	if e.HeldMS != 0 {
		t.Errorf("held_ms %d: we did not hold", e.HeldMS)
	}
	// Our voice is back as well.
	pcm := x.recorded(t, "609")
	if l := measure.Level(pcm[max(0, len(pcm)-3200):], 8000, 1000); l < -20 {
		t.Errorf("after the exchange's resume it hears us at %.1f dBFS (%v)", l, at)
	}
}

func earlyMedia(t *testing.T, x *extension) {
	h := newHeadset(t, 1000)
	c := x.call("607")
	c.t = t
	join(t, h, c)
	c.await(EarlyMedia)
	h.hears(t, 425)
	c.await(Answered)
	h.hears(t, 900)
	x.gone(t, c)
}

func localRingback(t *testing.T, x *extension) {
	h := newHeadset(t, 1000)
	c := x.call("606")
	c.t = t
	join(t, h, c)
	c.await(Ringing)
	h.hears(t, 425) // 606 sends no sound while it rings
	c.await(Answered)
	h.hears(t, 800)
	x.gone(t, c)
}

func digitsThereAndBack(t *testing.T, x *extension) {
	c := x.talk(t, "621", newHeadset(t, 1000))
	pause(300 * time.Millisecond) // Read begins
	if err := c.Digits("1590"); err != nil {
		t.Fatal(err)
	}
	got := ""
	for range 4 {
		got += c.await(Digit).Digit
	}
	if got != "1590" {
		t.Errorf("sent back: %q", got)
	}
	x.gone(t, c)
}

func inboundFromAsterisk(t *testing.T, x *extension) {
	// Originate waits for the answer.
	placed := make(chan error, 1)
	go func() { placed <- x.lab.Originate("PJSIP/1001", "Milliwatt", "") }()
	c := x.inbound()
	c.t = t
	h := newHeadset(t, 1000)
	join(t, h, c)
	c.Ring()
	c.Answer()
	c.await(Answered)
	h.hears(t, 1004)
	if err := <-placed; err != nil {
		t.Error(err)
	}
	if err := x.lab.HangupAll(); err != nil {
		t.Fatal(err)
	}
	if e := c.ended(); e.Cause.By != sip.Remote {
		t.Errorf("%+v", e.Cause)
	}
	x.quiet(t)
}

func farEndHangsUp(t *testing.T, x *extension) {
	c := x.talk(t, "605", newHeadset(t, 1000))
	at := time.Now()
	e := c.ended()
	if d := time.Since(at); e.Cause.By != sip.Remote || e.Cause.Status != 200 || d < 900*time.Millisecond || d > 2*time.Second {
		t.Errorf("%+v after %v", e.Cause, d)
	}
	x.quiet(t)
}

func cancelAtAsterisk(t *testing.T, x *extension) {
	c := x.call("611")
	c.t = t
	c.await(Ringing)
	if e := x.gone(t, c); e.Cause.Status != 487 || e.Cause.By != sip.Local {
		t.Errorf("%+v", e.Cause)
	}
}

// A bridged party is handed on to 601; our call ends by itself.
func transferAtAsterisk(t *testing.T, x *extension) {
	h := newHeadset(t, 1000)
	c := x.talk(t, "622", h)
	h.hears(t, 700)
	c.Transfer(fmt.Sprintf("sip:601@%s", x.lab.SIPAddr()))
	if e := c.await(Transferred); e.Status >= 300 {
		t.Errorf("transfer: %d %s", e.Status, e.Reason)
	}
	c.ended()
	if err := x.lab.HangupAll(); err != nil {
		t.Fatal(err)
	}
	x.quiet(t)
}

// Two parties we talk to one after the other are left to each other: both our
// calls end, and the second party, who heard us, hears the first one's tone.
func attendedTransferAtAsterisk(t *testing.T, x *extension) {
	h := newHeadset(t, 1000)
	first := x.talk(t, "622", h)
	h.hears(t, 700)
	first.Hold()
	first.await(Held)
	second := x.talk(t, "622", h)
	h.hears(t, 700)
	pause(500 * time.Millisecond)
	first.TransferTo(second.Call)
	for e := first.await(Transferred); e.Status < 200; e = first.await(Transferred) {
	}
	second.ended()
	first.ended()
	pause(time.Second)
	if err := x.lab.HangupAll(); err != nil {
		t.Fatal(err)
	}
	x.quiet(t)
	pcm := x.recorded(t, "622")
	_, end := measure.Sounding(pcm, 8000, -35)
	if before, after := pcm[:4000], pcm[max(0, end-4000):end]; measure.Level(after, 8000, 700) < -25 || measure.Level(after, 8000, 1000) > -50 {
		t.Errorf("the second party heard us at %.1f dBFS first; at last the first party at %.1f and us at %.1f",
			measure.Level(before, 8000, 1000), measure.Level(after, 8000, 700), measure.Level(after, 8000, 1000))
	}
}
