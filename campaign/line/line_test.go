package line

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
)

func TestCallFromDialToEnd(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{Attempt: "7", Agent: "ann", Number: "+4930901820", CallerID: "+4930111"})
	o := b.phone.dialled[0]
	if o.URI != "sip:+4930901820@pbx.example" || o.Account != "pbx" || o.CallerID != "+4930111" {
		t.Errorf("dialled %+v", o)
	}
	b.settled()
	c.ear.speak() // early media
	if b.headsets["ann"].count() != 1 {
		t.Error("a reserved agent is to hear the call from the beginning")
	}
	c.say(phone.Dialing)
	if e := b.next(campaign.LineDialing); string(e.Token) != "dialing" || e.Attempt != "7" {
		t.Errorf("%+v", e)
	}
	c.say(phone.EarlyMedia)
	if e := b.next(campaign.LineRinging); string(e.Token) != "early media" {
		t.Errorf("%+v: the token is to be read again", e)
	}
	c.say(phone.Ringing) // said once is enough
	c.say(phone.Answered)
	if e := b.next(campaign.LineAnswered); string(e.Token) != "answered" {
		t.Errorf("%+v: the token is to be read again", e)
	}
	if e := b.next(campaign.LineJoined); e.Agent != "ann" {
		t.Errorf("%+v", e)
	}
	c.end(200, 16, sip.Remote)
	e := b.next(campaign.LineEnded)
	if e.Status != 200 || e.Result != campaign.Answer || e.By != campaign.ByContact {
		t.Errorf("%+v", e)
	}
	c.ear.speak()
	if b.headsets["ann"].count() != 1 || b.headsets["ann"].closed {
		t.Error("the headset is to be free again, and open")
	}
	c.say(phone.Digit)
	c.end(200, 16, sip.Remote)
	b.none()
}

// In predictive mode nobody hears the call until Connect.
func TestConnectAfterTheAnswer(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	c.say(phone.Dialing)
	c.say(phone.Answered)
	b.nextAll(campaign.LineDialing, campaign.LineAnswered)
	b.Do(campaign.Connect{Attempt: "1", Agent: "nobody"})
	b.none()
	b.Do(campaign.Connect{Attempt: "1", Agent: "ann"})
	b.next(campaign.LineJoined)
	c.ear.speak()
	b.Do(campaign.Connect{Attempt: "1", Agent: "ben"}) // another agent takes over
	if e := b.next(campaign.LineJoined); e.Agent != "ben" {
		t.Errorf("%+v", e)
	}
	c.ear.speak()
	b.headsets["ann"].speak()
	if a, n := b.headsets["ann"].count(), b.headsets["ben"].count(); a != 1 || n != 1 || c.ear.count() != 0 {
		t.Errorf("ann heard %d, ben %d, the contact %d", a, n, c.ear.count())
	}
	b.headsets["ben"].speak()
	if c.ear.count() != 1 {
		t.Errorf("the contact heard %d", c.ear.count())
	}
	c.end(200, 0, sip.Remote)
	b.next(campaign.LineEnded)
}

// A Connect that comes before the answer joins at once and says so at the answer.
func TestConnectWhileItRings(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	c.say(phone.Ringing)
	b.next(campaign.LineRinging)
	b.Do(campaign.Connect{Attempt: "1", Agent: "ann"})
	b.none()
	c.say(phone.Answered)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	c.end(200, 0, sip.Remote)
	b.next(campaign.LineEnded)
}

func TestWhoEndedAndWhatCameOfIt(t *testing.T) {
	agent := campaign.Hangup{Attempt: "1", By: campaign.ByAgent, Reason: "agent hung up"}
	ring := campaign.Hangup{Attempt: "1", By: campaign.ByDialer, Reason: campaign.HangupRingTimeout}
	for _, c := range []struct {
		name     string
		hangup   *campaign.Hangup
		answered bool
		status   int
		q850     int
		by       sip.Party
		want     verdict
		told     string
	}{
		{"agent hangs up while it rings", &agent, false, 487, 0, sip.Local, verdict{487, campaign.ResultCancelled, campaign.ByAgent, false}, "hangup 16 agent hung up"},
		{"ring timeout", &ring, false, 487, 0, sip.Local, verdict{487, campaign.NoAnswer, campaign.ByDialer, false}, "hangup 19 ring timeout"},
		{"ring timeout, the far end's own 487", &ring, false, 487, 0, sip.Remote, verdict{487, campaign.NoAnswer, campaign.ByDialer, false}, "hangup 19 ring timeout"},
		{"ring timeout, then nobody speaks to us", &ring, false, 408, 0, sip.Local, verdict{0, campaign.NoAnswer, campaign.ByDialer, false}, "hangup 19 ring timeout"},
		{"busy crosses the ring timeout", &ring, false, 486, 17, sip.Remote, verdict{486, campaign.Busy, campaign.ByContact, false}, "hangup 19 ring timeout"},
		{"busy", nil, false, 486, 17, sip.Remote, verdict{486, campaign.Busy, campaign.ByContact, false}, ""},
		{"refused with cause 21", nil, false, 403, 21, sip.Remote, verdict{403, campaign.Rejected, campaign.ByContact, false}, ""},
		{"unwanted", nil, false, 607, 0, sip.Remote, verdict{607, campaign.Rejected, campaign.ByContact, true}, ""},
		{"the exchange is dead", nil, false, 408, 0, sip.Local, verdict{0, campaign.DialError, campaign.ByDialer, false}, ""},
		{"no way to send", nil, false, 503, 0, sip.Local, verdict{0, campaign.DialError, campaign.ByDialer, false}, ""},
		{"agent hangs up", &agent, true, 200, 0, sip.Local, verdict{200, campaign.Answer, campaign.ByAgent, false}, "hangup 16 agent hung up"},
		{"the contact is faster", &agent, true, 200, 16, sip.Remote, verdict{200, campaign.Answer, campaign.ByContact, false}, "hangup 16 agent hung up"},
		{"the far end is lost in the call", nil, true, 408, 0, sip.Local, verdict{200, campaign.Answer, campaign.ByDialer, false}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			f := b.dial(campaign.Dial{})
			f.say(phone.Ringing)
			b.next(campaign.LineRinging)
			if c.answered {
				f.say(phone.Answered)
				b.next(campaign.LineAnswered)
			}
			if c.hangup != nil {
				b.Do(*c.hangup)
				f.await(t, c.told)
			}
			f.end(c.status, c.q850, c.by)
			e := b.next(campaign.LineEnded)
			if got := (verdict{e.Status, e.Result, e.By, e.OptOut}); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// Whatever fails, a Dial is answered by one LineEnded, and nothing is called.
func TestDialThatCannotBePlaced(t *testing.T) {
	for _, c := range []struct {
		name string
		dial campaign.Dial
		err  error
		text string
	}{
		{"number", campaign.Dial{Attempt: "1", Number: "1@evil.example"}, nil, "cannot be dialled"},
		{"headset", campaign.Dial{Attempt: "1", Number: "601", Agent: "nobody"}, nil, "headset of nobody"},
		{"late", campaign.Dial{Attempt: "1", Number: "601", Agent: "ann", Before: time.Now().Add(-time.Second)}, nil, "this process was suspended"},
		{"account", campaign.Dial{Attempt: "1", Number: "601", Agent: "ann"}, sip.ErrUnknownAccount, "unknown account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.phone.err = c.err
			b.Do(c.dial)
			e := b.next(campaign.LineEnded)
			if e.Result != campaign.DialError || e.By != campaign.ByDialer || e.Status != 0 || !strings.Contains(e.Text, c.text) {
				t.Errorf("%+v", e)
			}
			if c.err == nil && len(b.phone.dialled) != 0 {
				t.Errorf("dialled %+v", b.phone.dialled)
			}
			b.none()
		})
	}
}

func TestSameAttemptTwice(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	b.Do(campaign.Dial{Attempt: "1", Number: "602"})
	b.settled()
	if len(b.phone.dialled) != 1 {
		t.Fatalf("dialled %d times", len(b.phone.dialled))
	}
	c.end(486, 17, sip.Remote)
	b.next(campaign.LineEnded)
	b.none()
}

func TestCommandsInTheCall(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{Agent: "ann"})
	for _, early := range []campaign.Command{campaign.Hold{Attempt: "1"}, campaign.Digits{Attempt: "1", Digits: "1"}, campaign.Transfer{Attempt: "1", Number: "602"}} {
		b.Do(early) // nothing to hold yet
	}
	c.say(phone.Answered)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	b.Do(campaign.Hold{Attempt: "1"})
	c.await(t, "hold")
	c.say(phone.Held)
	b.next(campaign.LineHeld)
	b.Do(campaign.Resume{Attempt: "1"})
	c.await(t, "resume")
	c.say(phone.Resumed)
	c.say(phone.HeldByContact)
	c.say(phone.ResumedByContact)
	b.nextAll(campaign.LineResumed, campaign.LineRemoteHeld, campaign.LineRemoteResumed)
	b.Do(campaign.Mute{Attempt: "1", On: true})
	c.await(t, "mute true")
	b.Do(campaign.Mute{Attempt: "1"})
	c.await(t, "mute false")
	b.Do(campaign.Digits{Attempt: "1", Digits: "42#"})
	c.await(t, "digits 42#")
	b.Do(campaign.Digits{Attempt: "1", Digits: "x"})
	c.await(t, "digits x")
	c.event(phone.Event{Kind: phone.Digit, Digit: "5"})
	if e := b.next(campaign.LineDigit); e.Digit != "5" {
		t.Errorf("%+v", e)
	}
	b.Do(campaign.Transfer{Attempt: "1", Number: "602"})
	c.await(t, "transfer sip:602@pbx.example")
	b.Do(campaign.Transfer{Attempt: "1", Number: "6@2"})
	c.event(phone.Event{Kind: phone.TransferAsked, Target: "sip:190@elsewhere"})
	c.await(t, "transfer result 603")
	b.Do(campaign.Hold{Attempt: "unheard of"})
	c.event(phone.Event{Kind: phone.LostMedia}) // told to hang up only if so configured
	b.none()
	c.event(phone.Event{Kind: phone.Ended, HeldMS: 1234, Cause: sip.Cause{Status: 200, By: sip.Remote}})
	if e := b.next(campaign.LineEnded); e.HeldMS != 1234 {
		t.Errorf("%+v", e)
	}
	for _, did := range c.list() {
		if strings.HasPrefix(did, "hangup") || strings.Contains(did, "6@2") {
			t.Errorf("the call was told %q", did)
		}
	}
}

// A consultation takes the headset from the call on hold; a conference has both;
// whoever is left at its end speaks with the agent.
func TestConsultation(t *testing.T) {
	b := newBench(t)
	first := b.dial(campaign.Dial{Attempt: "1", Agent: "ann"})
	first.say(phone.Answered)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	second := b.dial(campaign.Dial{Attempt: "2", Agent: "ann"})
	second.say(phone.Answered)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	speaks := func(c *fakeCall, heard bool) {
		t.Helper()
		h := b.headsets["ann"]
		before := h.count()
		c.ear.speak()
		if after := h.count(); after > before != heard {
			t.Errorf("heard %v, want %v", after > before, heard)
		}
	}
	speaks(first, false)
	speaks(second, true)
	b.Do(campaign.Connect{Attempt: "1", Agent: "ann"})
	b.next(campaign.LineJoined)
	speaks(first, true)
	speaks(second, false)
	b.Do(campaign.TransferTo{Attempt: "1", With: "2"})
	first.await(t, "transfer to another call, false") // of a phone: this one is no phone's
	first.event(phone.Event{Kind: phone.Transferred, Status: 100})
	first.event(phone.Event{Kind: phone.Transferred, Status: 486, Reason: "Busy Here"})
	if e := b.next(campaign.LineTransferred); e.Status != 486 || e.Text != "Busy Here" {
		t.Errorf("%+v", e)
	}
	b.Do(campaign.Conference{Attempt: "1", With: "3"}) // there is none
	b.Do(campaign.Conference{Attempt: "1", With: "2"})
	b.settled()
	for _, c := range []*fakeCall{first, second} {
		for n, until := c.ear.count(), time.After(wait); c.ear.count() == n; {
			select {
			case <-until:
				t.Fatal("one of the three hears nothing in the conference")
			default:
				first.ear.speak()
				second.ear.speak()
			}
		}
	}
	first.end(200, 0, sip.Remote)
	b.next(campaign.LineEnded)
	b.settled()
	speaks(second, true)
	second.end(200, 0, sip.Remote)
	b.next(campaign.LineEnded)
	b.none()
}

// A transfer that worked ends the call as the agent's, one that failed does not.
func TestTransfer(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{Agent: "ann"})
	c.say(phone.Answered)
	c.event(phone.Event{Kind: phone.Transferred, Status: 486})
	c.event(phone.Event{Kind: phone.Transferred, Status: 200})
	c.end(200, 0, sip.Local)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined, campaign.LineTransferred, campaign.LineTransferred)
	if e := b.next(campaign.LineEnded); e.By != campaign.ByAgent || e.Result != campaign.Answer {
		t.Errorf("%+v", e)
	}
}

func TestLostMediaEndsTheCall(t *testing.T) {
	b := newBench(t, func(c *Config) { c.HangupOnLostMedia = true })
	c := b.dial(campaign.Dial{Agent: "ann"})
	c.say(phone.Answered)
	c.say(phone.LostMedia)
	c.await(t, "hangup 16 lost media")
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	c.end(200, 0, sip.Local)
	if e := b.next(campaign.LineEnded); e.By != campaign.ByDialer || e.Result != campaign.Answer {
		t.Errorf("%+v", e)
	}
}

func TestInbound(t *testing.T) {
	b := newBench(t)
	c := newFakeCall(nil)
	b.incoming(c)
	in := b.next(campaign.LineIncoming)
	if in.Number != "+4915112345" || len(in.Attempt) != 26 {
		t.Errorf("%+v", in)
	}
	c.await(t, "ring")
	b.Do(campaign.AnswerCall{Attempt: in.Attempt, Agent: "ann"})
	c.await(t, "answer")
	c.say(phone.Answered)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	b.Do(campaign.Hangup{Attempt: in.Attempt, By: campaign.ByAgent})
	c.await(t, "hangup 16 ")
	c.end(200, 0, sip.Local)
	if e := b.next(campaign.LineEnded); e.Attempt != in.Attempt || e.By != campaign.ByAgent || e.Result != campaign.Answer {
		t.Errorf("%+v", e)
	}
}

func TestInboundNotTaken(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		name   string
		do     func(campaign.AttemptID) campaign.Command
		told   string
		status int
		by     sip.Party
		want   verdict
	}{
		{"the caller gives up", nil, "", 487, sip.Remote, verdict{487, campaign.NoAnswer, campaign.ByContact, false}},
		{"rejected", func(id campaign.AttemptID) campaign.Command { return campaign.RejectCall{Attempt: id, Status: 603} },
			"reject 603", 603, sip.Local, verdict{603, campaign.Rejected, campaign.ByAgent, false}},
		{"rejected without a status", func(id campaign.AttemptID) campaign.Command { return campaign.RejectCall{Attempt: id} },
			"reject 480", 480, sip.Local, verdict{480, campaign.Rejected, campaign.ByAgent, false}},
	} {
		f := newFakeCall(nil)
		b.incoming(f)
		in := b.next(campaign.LineIncoming)
		f.await(t, "ring")
		if c.do != nil {
			b.Do(c.do(in.Attempt))
			f.await(t, c.told)
		}
		f.end(c.status, 0, c.by)
		e := b.next(campaign.LineEnded)
		if got := (verdict{e.Status, e.Result, e.By, e.OptOut}); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestRecover(t *testing.T) {
	b := newBench(t)
	if err := b.Recover([]byte("token")); err != nil || len(b.phone.released) != 1 || string(b.phone.released[0]) != "token" {
		t.Errorf("%v, released %q", err, b.phone.released)
	}
}

// Close ends every call as the dialer's and says so; a later Dial is ended at once.
func TestClose(t *testing.T) {
	b := newBench(t)
	const n = 20
	for i := range n {
		c := b.dial(campaign.Dial{Attempt: campaign.AttemptID(fmt.Sprint(i))})
		if i%2 == 0 {
			c.say(phone.Answered)
		}
		go func() {
			if <-c.told == "hangup 16 shutdown" {
				c.end(map[bool]int{true: 200, false: 487}[i%2 == 0], 0, sip.Local)
			}
		}()
	}
	b.settled()
	closed := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		closed <- b.Close(ctx)
	}()
	ends := map[campaign.AttemptID]int{}
	for e := range b.Events() {
		if e.Kind != campaign.LineEnded {
			continue
		}
		ends[e.Attempt]++
		if e.By != campaign.ByDialer {
			t.Errorf("%+v", e)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for i := range n {
		if k := ends[campaign.AttemptID(fmt.Sprint(i))]; k != 1 {
			t.Errorf("attempt %d ended %d times", i, k)
		}
	}
}

// A far end that never confirms does not keep the line open, nor its Ended back.
func TestCloseByForce(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	c.say(phone.Answered)
	b.nextAll(campaign.LineAnswered)
	ctx, cancel := context.WithCancel(context.Background())
	closed := make(chan error, 1)
	go func() { closed <- b.Close(ctx) }()
	c.await(t, "hangup 16 shutdown")
	b.Do(campaign.Dial{Attempt: "2", Number: "601"}) // while it closes
	if e := b.next(campaign.LineEnded); e.Attempt != "2" || e.Result != campaign.DialError {
		t.Errorf("%+v", e)
	}
	cancel()
	e := b.next(campaign.LineEnded)
	if e.Attempt != "1" || e.Status != 200 || e.Result != campaign.Answer || e.By != campaign.ByDialer {
		t.Errorf("%+v", e)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	c.end(200, 0, sip.Remote) // too late to count
	if e, ok := <-b.Events(); ok {
		t.Errorf("%+v after the end", e)
	}
}

func TestCloseSaysWhatNobodyRead(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	c.say(phone.Dialing)
	c.say(phone.Ringing)
	c.end(486, 17, sip.Remote)
	b.settled()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Close(ctx); !errors.Is(err, ErrUnread) {
		t.Errorf("%v", err)
	}
}

// Nobody reads, and neither the signalling nor the commander waits.
func TestNobodyReads(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.say(phone.Answered)
		for range 10_000 {
			c.event(phone.Event{Kind: phone.Digit, Digit: "1"})
			b.Do(campaign.Hold{Attempt: "none"})
		}
		c.end(200, 0, sip.Remote)
	}()
	select {
	case <-done:
	case <-time.After(wait):
		t.Fatal("the signalling waits for a reader")
	}
	b.settled()
	if _, most := b.Waiting(); most < 10_000 {
		t.Errorf("at most %d waited", most)
	}
	digits := 0
	b.next(campaign.LineAnswered)
	for e := range b.Events() {
		if e.Kind == campaign.LineEnded {
			break
		}
		digits++
	}
	if digits != 10_000 {
		t.Errorf("%d digits came through", digits)
	}
}

// Who asked first is who ended it.
func TestFirstHangupCounts(t *testing.T) {
	b := newBench(t)
	c := b.dial(campaign.Dial{})
	c.say(phone.Ringing)
	b.Do(campaign.Hangup{Attempt: "1", By: campaign.ByAgent, Reason: "agent hung up"})
	b.Do(campaign.Hangup{Attempt: "1", By: campaign.ByDialer, Reason: campaign.HangupRingTimeout})
	c.await(t, "hangup 16 agent hung up")
	c.await(t, "hangup 19 ring timeout")
	c.end(487, 0, sip.Local)
	b.next(campaign.LineRinging)
	if e := b.next(campaign.LineEnded); e.By != campaign.ByAgent || e.Result != campaign.ResultCancelled {
		t.Errorf("%+v", e)
	}
}

// fakeDetector hears what the test says, and notes what it is shown.
type fakeDetector struct {
	mu       sync.Mutex
	frames   int
	answered bool
	tell     func(campaign.Heard)
}

func (d *fakeDetector) WriteFrame(way media.Way, _ *media.Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if way == media.BtoA {
		d.frames++
	}
}

func (d *fakeDetector) Answered() { d.mu.Lock(); d.answered = true; d.mu.Unlock() }

func (d *fakeDetector) seen() (int, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.frames, d.answered
}

// A call is listened to with and without an agent, from its first sound on; and
// not at all where the campaign does not want it.
func TestDetect(t *testing.T) {
	made := make(chan *fakeDetector, 4)
	b := newBench(t, func(c *Config) {
		c.Detect = func(_ campaign.Detection, tell func(campaign.Heard)) Detector {
			d := &fakeDetector{tell: tell}
			made <- d
			return d
		}
	})
	for i, agent := range []campaign.AgentID{"ann", ""} {
		id := campaign.AttemptID(fmt.Sprint(i))
		c := b.dial(campaign.Dial{Attempt: id, Agent: agent, Detect: campaign.Detection{Tones: true}})
		d := <-made
		c.say(phone.EarlyMedia)
		b.next(campaign.LineRinging)
		waitFor(t, "frames heard", func() bool { c.ear.speak(); n, _ := d.seen(); return n > 0 })
		if _, answered := d.seen(); answered {
			t.Error("answered too early")
		}
		d.tell(campaign.HeardBusy)
		if e := b.next(campaign.LineHeard); e.Heard != campaign.HeardBusy || e.Attempt != id {
			t.Errorf("%+v", e)
		}
		c.say(phone.Answered)
		b.next(campaign.LineAnswered)
		if _, answered := d.seen(); !answered {
			t.Error("the detector does not know that the call was answered")
		}
		if agent != "" {
			b.next(campaign.LineJoined)
		}
		c.end(200, 16, sip.Remote)
		b.next(campaign.LineEnded)
		d.tell(campaign.HeardFax) // too late
		b.none()
	}
	b.dial(campaign.Dial{Attempt: "3", Agent: "ben"}).end(486, 17, sip.Remote)
	b.next(campaign.LineEnded)
	if len(made) > 0 {
		t.Error("listened to a call of a campaign that does not want it")
	}
}

// waitFor polls what no event tells of.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(wait); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
