package media

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/media/measure"
)

// A tone said into the echo comes back as it was, after the time of listening;
// what was not said then does not.
func TestEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEcho(PCMA, nil, time.Second)
		var heard []int16
		say := NewClock()
		tone := Tone(1000, 20*time.Millisecond, -20)
		frame := Frame{Codec: PCMA, SSRC: 7, Payload: make([]byte, 160)}
		PCMA.Encode(frame.Payload, tone)
		sent := 0
		stop := say.add(func(now time.Time) {
			sent++
			if sent%10 == 0 { // a tenth is lost
				frame.Seq++
				frame.Timestamp += 160
				return
			}
			frame.At = now
			e.WriteFrame(&frame)
			frame.Seq++
			frame.Timestamp += 160
		})
		defer stop()
		e.SetSink(sinkFunc(func(f *Frame) {
			samples := make([]int16, 160)
			PCMA.Decode(samples, f.Payload)
			heard = append(heard, samples...)
		}))
		if s := e.Result().Stage; s != EchoBeep {
			t.Errorf("it begins with %s", s)
		}
		<-e.Done()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		beep, quiet, back := heard[:2400], heard[2400:10400], heard[10400:]
		if l := measure.Level(beep, 8000, 880); math.Abs(l+18) > 1 {
			t.Errorf("the beep has %.1f dBFS", l)
		}
		if l := measure.RMS(quiet); l > -65 { // the smallest step of A-law
			t.Errorf("while it listens it says %.1f dBFS", l)
		}
		if len(back) < 8000 {
			t.Fatalf("%d samples come back", len(back))
		}
		if l := measure.Level(back[:7800], 8000, 1000); math.Abs(l+20.9) > 1 {
			t.Errorf("the tone comes back at %.1f dBFS", l)
		}
		r := e.Result()
		if r.Stage != EchoDone || math.Abs(r.LevelDBFS+20) > 1.5 || math.Abs(r.Missing-0.1) > 0.03 || r.Clipped {
			t.Errorf("result %+v", r)
		}
	})
}

func TestEchoOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEcho(NoCodec, nil, 500*time.Millisecond)
		e.SetSink(sinkFunc(func(*Frame) {}))
		<-e.Done()
		if r := e.Result(); r.LevelDBFS != -120 || r.Missing != 1 || r.Stage != EchoDone {
			t.Errorf("result %+v", r)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		again := NewEcho(PCMU, nil, time.Minute)
		again.SetSink(sinkFunc(func(*Frame) {}))
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		<-again.Done() // closed before its time
	})
}

func TestEchoLoud(t *testing.T) {
	if r := weigh(Tone(300, time.Second, 0), 8000); !r.Clipped || math.Abs(r.LevelDBFS) > 0.5 {
		t.Errorf("a tone at full scale: %+v", r)
	}
	half := append(Tone(300, time.Second, -30), Silence(time.Second)...)
	if r := weigh(half, 8000); r.Clipped || math.Abs(r.LevelDBFS+30) > 0.5 || r.FloorDBFS != -120 {
		t.Errorf("a tone and silence: %+v", r)
	}
}
