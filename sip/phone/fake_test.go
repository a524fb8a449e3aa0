package phone

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// script is a far end without a wire: it plays signalling and sound of one
// call, and answers our re-INVITEs when told to.
type script struct {
	mu        sync.Mutex
	reinvites []time.Time
	infos     []string
	refers    []string
	hangups   []sip.Reason
	held      bool // our wish as the session knows it
	muted     bool
	remote    bool // the far end holds us
	dtmf      []string
	noDTMF    bool
	closed    int
	rolled    int
	events    func(media.SessionEvent)
	sink      media.Sink
	clock     *media.Clock
}

func (s *script) do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *script) count() (n int) {
	s.do(func() { n = len(s.reinvites) })
	return n
}

// The signalling.

type fakeDialog struct{ *script }

func (d fakeDialog) ID() string           { return "id" }
func (d fakeDialog) Token() []byte        { return []byte("token") }
func (d fakeDialog) Remote() sip.Identity { return sip.Identity{Number: "601"} }
func (d fakeDialog) Ring()                {}
func (d fakeDialog) Answer()              {}
func (d fakeDialog) Reject(int)           {}
func (d fakeDialog) Reinvite() {
	d.do(func() { d.reinvites = append(d.reinvites, time.Now()) })
}
func (d fakeDialog) Hangup(r sip.Reason) { d.do(func() { d.hangups = append(d.hangups, r) }) }
func (d fakeDialog) Info(digit string, _ time.Duration) {
	d.do(func() { d.infos = append(d.infos, digit) })
}
func (d fakeDialog) ReferResult(status int, _ string) {
	d.do(func() { d.refers = append(d.refers, fmt.Sprint(status)) })
}
func (d fakeDialog) ReferTo(*sip.Call)   {}
func (d fakeDialog) Refer(target string) { d.do(func() { d.refers = append(d.refers, target) }) }

// The sound.

type fakeSound struct{ *script }

func (s fakeSound) WriteFrame(*media.Frame)           {}
func (s fakeSound) Codec() media.Codec                { return media.PCMA }
func (s fakeSound) Clock() *media.Clock               { return s.clock }
func (s fakeSound) SetSink(k media.Sink)              { s.do(func() { s.sink = k }) }
func (s fakeSound) Close() error                      { s.do(func() { s.closed++ }); return nil }
func (s fakeSound) Offer() ([]byte, error)            { return []byte("offer"), nil }
func (s fakeSound) Answer([]byte) ([]byte, error)     { return []byte("answer"), nil }
func (s fakeSound) Accept([]byte) error               { return nil }
func (s fakeSound) Rollback()                         { s.do(func() { s.rolled++ }) }
func (s fakeSound) SetHold(h bool)                    { s.do(func() { s.held = h }) }
func (s fakeSound) SetMute(m bool)                    { s.do(func() { s.muted = m }) }
func (s fakeSound) RemoteHold() (h bool)              { s.do(func() { h = s.remote }); return h }
func (s fakeSound) Events(f func(media.SessionEvent)) { s.do(func() { s.events = f }) }
func (s fakeSound) Stats() media.Stats                { return media.Stats{} }
func (s fakeSound) SendDTMF(d string) error {
	if s.noDTMF {
		return media.ErrNoDTMF
	}
	s.do(func() { s.dtmf = append(s.dtmf, d) })
	return nil
}

// rig is a call on a script, and what it said.
type rig struct {
	*script
	t    *testing.T
	call *Call
	body *description

	emu  sync.Mutex
	said []Event
}

func newRig(t *testing.T) *rig {
	r := &rig{script: &script{clock: media.NewClock()}, t: t}
	p := &Phone{cfg: Config{Log: slog.New(slog.DiscardHandler)}, live: map[*Call]struct{}{}}
	r.call = newCall(p, sip.Outbound, func(e Event) {
		r.emu.Lock()
		defer r.emu.Unlock()
		r.said = append(r.said, e)
	})
	r.call.attach(fakeSound{r.script})
	r.call.connect(fakeDialog{r.script})
	r.body = (*description)(r.call)
	return r
}

// answered brings the call up.
func (r *rig) answered() {
	r.offer()
	r.signal(sip.Dialing)
	r.signal(sip.Ringing)
	r.accept()
	r.signal(sip.Answered)
}

func (r *rig) signal(k sip.EventKind) { r.call.signal(sip.Event{Kind: k, At: time.Now()}) }

func (r *rig) offer() {
	r.t.Helper()
	if _, err := r.body.Offer(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) accept() {
	r.t.Helper()
	if err := r.body.Accept([]byte("v=0")); err != nil {
		r.t.Fatal(err)
	}
}

// agreed is a re-INVITE of ours that the far end answers with 200.
func (r *rig) agreed() { r.offer(); r.accept(); r.signal(sip.Updated) }

// refused is one that it refuses.
func (r *rig) refused() { r.offer(); r.body.Rollback() }

// offered is a re-INVITE of theirs; hold: with sendonly.
func (r *rig) offered(hold bool) {
	r.t.Helper()
	r.do(func() { r.remote = hold })
	if _, err := r.body.Answer([]byte("v=0")); err != nil {
		r.t.Fatal(err)
	}
	r.signal(sip.Updated)
}

// kinds gives what was said so far.
func (r *rig) kinds() []EventKind {
	r.emu.Lock()
	defer r.emu.Unlock()
	var ks []EventKind
	for _, e := range r.said {
		ks = append(ks, e.Kind)
	}
	return ks
}

func (r *rig) last() Event {
	r.emu.Lock()
	defer r.emu.Unlock()
	return r.said[len(r.said)-1]
}

// check compares what was said since the answer.
func (r *rig) check(want ...EventKind) {
	r.t.Helper()
	got := r.kinds()
	if i := slices.Index(got, Answered); i >= 0 {
		got = got[i+1:]
	}
	if !slices.Equal(got, want) {
		r.t.Fatalf("said %v, want %v", got, want)
	}
}

// offers checks how many re-INVITEs have gone out in all.
func (r *rig) offers(want int) {
	r.t.Helper()
	if n := r.count(); n != want {
		r.t.Fatalf("%d re-INVITEs, want %d", n, want)
	}
}

// cut checks whether the sound is cut by our hold.
func (r *rig) cut(want bool) {
	r.t.Helper()
	r.do(func() {
		if r.held != want {
			r.t.Errorf("sound cut: %v", r.held)
		}
	})
}

// talking is a test, in virtual time, of a call that was answered a while ago;
// the call ends behind it.
func talking(t *testing.T, since time.Duration, test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.answered()
		time.Sleep(since)
		test(t, r)
		r.signal(sip.Ended)
	})
}

// passes lets virtual time pass, and what is due then be done.
func passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
