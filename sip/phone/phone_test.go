package phone

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
	"github.com/freiton/freiton/sip"
)

// Two stations in one process, real SIP and RTP on loopback.

func TestTalk(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours := a.dial(b.uri())
	theirs := b.inbound()
	if theirs.Remote().Number != "1001" {
		t.Errorf("called by %+v", theirs.Remote())
	}
	mine, hers := newHeadset(t, 1000), newHeadset(t, 600)
	join(t, mine, ours)
	join(t, hers, theirs)
	ours.await(Dialing)
	if len(ours.Token()) == 0 || ours.ID() == "" {
		t.Error("no token while dialling")
	}
	ringing := time.Now()
	theirs.Ring()
	ours.await(Ringing)
	mine.hears(t, 425) // the ringback is local
	theirs.Answer()
	ours.await(Answered)
	theirs.await(Answered)
	mine.hears(t, 600)
	hers.hears(t, 1000)
	if measure.Level(hers.from(ringing), 8000, 425) > -50 {
		t.Error("the far end heard our ringback")
	}
	at := time.Now()
	pause(500 * time.Millisecond)
	if l := measure.Level(mine.from(at), 8000, 425); l > -40 {
		t.Errorf("ringback in the talk: %.1f dBFS", l)
	}
	ours.Hangup(sip.Reason{Q850: 16})
	e, f := ours.ended(), theirs.ended()
	if e.Cause.By != sip.Local || f.Cause.By != sip.Remote || e.Cause.Status != 200 || f.Cause.Status != 200 {
		t.Errorf("ours %+v, theirs %+v", e.Cause, f.Cause)
	}
	if e.Stats.Sent < 25 || e.Stats.Received < 25 || e.Stats.Lost != 0 || e.Stats.Codec != media.PCMA {
		t.Errorf("stats %+v", e.Stats)
	}
	if ours.Stats() != e.Stats || ours.CodecName() != "pcma" {
		t.Error("the stats of an ended call are gone")
	}
}

func TestFarEndHangsUp(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs, _, _ := a.call(b)
	theirs.Hangup(sip.Reason{})
	if e := ours.ended(); e.Cause.By != sip.Remote || e.Cause.Status != 200 {
		t.Errorf("%+v", e.Cause)
	}
	if e := theirs.ended(); e.Cause.By != sip.Local {
		t.Errorf("%+v", e.Cause)
	}
}

func TestRejected(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs := a.rings(b)
	theirs.Reject(486)
	if e := ours.ended(); e.Cause.Status != 486 || e.Cause.By != sip.Remote {
		t.Errorf("%+v", e.Cause)
	}
	theirs.ended()
}

func TestCancelWhileItRings(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs := a.rings(b)
	ours.Hangup(sip.Reason{Q850: 16, Text: "enough"})
	if e := ours.ended(); e.Cause.Status != 487 || e.Cause.By != sip.Local {
		t.Errorf("%+v", e.Cause)
	}
	if e := theirs.ended(); e.Cause.By != sip.Remote {
		t.Errorf("%+v", e.Cause)
	}
}

// Nobody takes calls: 480, and no port is taken for it.
func TestNobodyTakesCalls(t *testing.T) {
	a, b := newStation(t), newStation(t)
	b.OnCall(nil)
	if e := a.dial(b.uri()).ended(); e.Cause.Status != 480 {
		t.Errorf("%+v", e.Cause)
	}
}

func TestHoldOurs(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs, mine, hers := a.call(b)
	ours.holds(theirs)
	settled := time.Now().Add(100 * time.Millisecond) // what was on its way
	pause(600 * time.Millisecond)
	if l := measure.RMS(hers.from(settled)); l > -60 {
		t.Errorf("on hold the far end hears %.1f dBFS", l)
	}
	if l := measure.RMS(mine.from(settled)); l > -60 {
		t.Errorf("on hold we hear %.1f dBFS", l)
	}
	back := func() (slower time.Duration) {
		resumed := ours.resumes(theirs)
		hers.hears(t, 1000)
		mine.hears(t, 600)
		return max(hers.first(1000, resumed).Sub(resumed), mine.first(600, resumed).Sub(resumed))
	}
	first := back()
	held := ours.HeldFor()
	bestOfThree(t, "voice back", first, 100*time.Millisecond, func() time.Duration {
		ours.holds(theirs)
		d := back()
		held = ours.HeldFor()
		return d
	})
	if held < 600*time.Millisecond || held > 5*time.Second {
		t.Errorf("held for %v", held)
	}
	ours.Hangup(sip.Reason{})
	if e := ours.ended(); e.HeldMS != held.Milliseconds() {
		t.Errorf("held_ms %d, %v", e.HeldMS, held)
	}
	if e := theirs.ended(); e.HeldMS != 0 {
		t.Errorf("theirs: held_ms %d: we held, they did not", e.HeldMS)
	}
}

// Interop trap 2, with two real ends.
func TestHoldBoth(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs, mine, hers := a.call(b)
	ours.holds(theirs)
	theirs.holds(ours)
	theirs.resumes(ours) // theirs is over, ours is not
	at := time.Now().Add(60 * time.Millisecond)
	pause(400 * time.Millisecond)
	if l, m := measure.RMS(hers.from(at)), measure.RMS(mine.from(at)); l > -60 || m > -60 {
		t.Errorf("we still hold: they hear %.1f, we %.1f dBFS", l, m)
	}
	ours.resumes(theirs)
	hers.hears(t, 1000)
	mine.hears(t, 600)
	theirs.hangsUp(ours)
}

// Both press hold in the same moment, again and again: re-INVITEs cross.
func TestHoldCrossing(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs, mine, hers := a.call(b)
	ours.Hold()
	theirs.Hold()
	ours.await(Held)
	theirs.await(Held)
	ours.Resume()
	theirs.Resume()
	ours.await(Resumed)
	theirs.await(Resumed)
	mine.hears(t, 600)
	hers.hears(t, 1000)
	ours.hangsUp(theirs)
}

func TestDigits(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs, _, _ := a.call(b)
	const digits = "1590*#AD"
	if err := ours.Digits(digits); err != nil {
		t.Fatal(err)
	}
	got := ""
	for range digits {
		got += theirs.await(Digit).Digit
	}
	if got != digits {
		t.Errorf("%q came as %q", digits, got)
	}
	ours.hangsUp(theirs)
}

func TestMute(t *testing.T) {
	a, b := newStation(t), newStation(t)
	ours, theirs, mine, hers := a.call(b)
	ours.Mute(true)
	at := time.Now().Add(60 * time.Millisecond)
	pause(400 * time.Millisecond)
	heard := hers.from(at)
	if l := measure.RMS(heard); l > -60 || len(heard) < 1600 {
		t.Errorf("muted: %.1f dBFS in %d samples; silence is to be sent", l, len(heard))
	}
	if l := measure.Level(mine.from(at), 8000, 600); l < -14 {
		t.Errorf("muted, we hear %.1f dBFS", l)
	}
	ours.Mute(false)
	hers.hears(t, 1000)
	ours.hangsUp(theirs)
}

// The range is full: an Ended that says why, nothing on the wire.
func TestNoPortLeft(t *testing.T) {
	b := newStation(t)
	a := newStation(t, func(_ *sip.Config, c *Config) { c.Media.Ports = media.PortRange{From: 29990, To: 29991} })
	first := a.answeredBy(b)
	second := a.dial(b.uri())
	e := second.await(Ended)
	if e.Cause.By != sip.Local || e.Cause.Status != 0 || e.Cause.Reason == "" {
		t.Errorf("%+v", e.Cause)
	}
	if ks := second.kinds(); len(ks) != 1 {
		t.Errorf("said %v", ks)
	}
	second.Hangup(sip.Reason{}) // nothing there: no harm
	second.Hold()
	if second.ID() != "" || second.Token() != nil || a.Calls() != 1 {
		t.Errorf("id %q, token %q, calls %d", second.ID(), second.Token(), a.Calls())
	}
	select {
	case <-b.incoming:
		t.Error("a call went out without sound")
	default:
	}
	first.hangsUp()
	a.answeredBy(b).hangsUp() // the port is free again
}

// The callee has no port: the caller is told, not left ringing.
func TestNoPortForAnInboundCall(t *testing.T) {
	a := newStation(t)
	b := newStation(t, func(_ *sip.Config, c *Config) { c.Media.Ports = media.PortRange{From: 29994, To: 29995} })
	first := a.answeredBy(b)
	if e := a.dial(b.uri()).ended(); e.Cause.Status != 500 {
		t.Errorf("%+v", e.Cause)
	}
	first.hangsUp()
}

func TestDialThatCannotBeSent(t *testing.T) {
	a := newStation(t)
	told := make(chan Event, 10)
	for _, o := range []DialOptions{
		{Account: "trunk", URI: "not a uri"},
		{Account: "nobody", URI: "sip:bob@127.0.0.1"},
	} {
		o.Events = func(e Event) { told <- e }
		if c, err := a.Dial(context.Background(), o); err == nil || c != nil {
			t.Errorf("%+v: %v, %v", o, c, err)
		} else if o.Account == "nobody" && !errors.Is(err, sip.ErrUnknownAccount) {
			t.Error(err)
		}
	}
	if len(told) != 0 || a.Calls() != 0 {
		t.Errorf("%d events, %d calls", len(told), a.Calls())
	}
}

// Another process ends the call by its token, ringing or talking.
func TestRelease(t *testing.T) {
	a, b, later := newStation(t), newStation(t), newStation(t)
	ours, theirs := a.rings(b)
	if err := later.Release(context.Background(), ours.Token()); err != nil {
		t.Errorf("ringing: %v", err)
	}
	if e := theirs.ended(); e.Cause.By != sip.Remote {
		t.Errorf("%+v", e.Cause)
	}
	talking, other, _, _ := a.call(b)
	if err := later.Release(context.Background(), talking.Token()); err != nil {
		t.Errorf("talking: %v", err)
	}
	if e := other.ended(); e.Cause.By != sip.Remote || e.Cause.Status != 200 {
		t.Errorf("%+v", e.Cause)
	}
	if err := later.Release(context.Background(), []byte("nonsense")); err == nil {
		t.Error("nonsense was taken for a token")
	}
}
