package line

import (
	"cmp"
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
	"github.com/freiton/freiton/media/record"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
	"github.com/freiton/freiton/sip/phone"
)

// resultNames are the call results as the fates file writes them.
var resultNames = map[campaign.CallResult]string{
	campaign.Answer: "answer", campaign.Busy: "busy", campaign.NoAnswer: "no-answer",
	campaign.InvalidNumber: "invalid-number", campaign.AllTrunksBusy: "all-trunks-busy",
	campaign.Rejected: "rejected", campaign.DialError: "dial-error", campaign.ResultCancelled: "cancelled",
}

// desk is a line over a real agent, with a headset for every agent asked for.
type desk struct {
	*Line
	t        *testing.T
	agent    *sip.Agent
	phone    *phone.Phone
	dir      string
	headsets map[campaign.AgentID]*media.FileEndpoint // the line's owner asks for them
}

// newDesk starts agent, phone and line towards an exchange.
func newDesk(t *testing.T, at string, account sip.Account, change ...func(*Config)) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), headsets: map[campaign.AgentID]*media.FileEndpoint{}}
	var err error
	d.agent, err = sip.New(sip.Config{
		Listen: []string{"udp://127.0.0.1:0"}, Trusted: []string{"127.0.0.1"}, Accounts: []sip.Account{account},
	})
	if err != nil {
		t.Fatal(err)
	}
	clock := media.NewClock()
	d.phone = phone.New(d.agent, phone.Config{Media: media.SessionConfig{
		IP: "127.0.0.1", Ports: media.PortRange{From: 20000, To: 29999}, Clock: clock,
	}})
	cfg := Config{
		Account: account.Name,
		URI:     Template("sip:{number}@" + at),
		Inbound: true,
		Record: func(file string) (Recorder, error) {
			return record.New(record.Options{Path: file, Agent: media.AtoB})
		},
		Headset: func(a campaign.AgentID) (media.Endpoint, error) {
			if h := d.headsets[a]; h != nil {
				return h, nil
			}
			h, err := media.NewFileEndpoint(media.FileOptions{
				Samples: media.Tone(1000, time.Second, -10), Loop: true, Clock: clock,
				Record: filepath.Join(d.dir, string(a)+".wav"),
			})
			d.headsets[a] = h
			return h, err
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	if d.Line, err = New(d.phone, cfg); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := d.agent.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if account.Registrar != "" {
		if err := d.agent.Register(ctx, account.Name); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(d.close)
	return d
}

func (d *desk) close() {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for e := range d.Events() {
			if e.Kind != campaign.LineEnded {
				continue
			}
			d.t.Errorf("left over: %+v", e)
		}
	}()
	if err := d.Line.Close(ctx); err != nil {
		d.t.Error(err)
	}
	<-drained
	for _, h := range d.headsets {
		if err := h.Close(); err != nil {
			d.t.Error(err)
		}
	}
	if err := d.agent.Close(ctx); err != nil {
		d.t.Error(err)
	}
	if n := d.phone.Calls(); n != 0 {
		d.t.Errorf("%d calls left", n)
	}
}

// floor is the little that a test needs of one: it hangs up what rings too
// long, and talks for a while.
type floor struct {
	line *Line
	ring time.Duration
	talk map[campaign.AttemptID]time.Duration          // longer than the contact, if absent
	from map[campaign.AttemptID]campaign.LineEventKind // since when it talks; absent: the answer
	ends map[campaign.AttemptID][]campaign.LineEvent
	log  map[campaign.AttemptID][]campaign.LineEventKind
	in   map[campaign.AttemptID]bool

	answered map[campaign.AttemptID]time.Time
}

// work handles events until so many Ended have come.
func (f *floor) work(t *testing.T, ends int) {
	t.Helper()
	f.ends = map[campaign.AttemptID][]campaign.LineEvent{}
	f.log = map[campaign.AttemptID][]campaign.LineEventKind{}
	f.in = map[campaign.AttemptID]bool{}
	f.answered = map[campaign.AttemptID]time.Time{}
	timers := map[campaign.AttemptID]*time.Timer{}
	later := func(id campaign.AttemptID, d time.Duration, by campaign.Party, reason string) {
		timers[id] = time.AfterFunc(d, func() { f.line.Do(campaign.Hangup{Attempt: id, By: by, Reason: reason}) })
	}
	defer func() {
		for _, timer := range timers {
			timer.Stop()
		}
	}()
	over := time.After(60 * time.Second)
	for n := 0; n < ends; {
		select {
		case <-over:
			t.Fatalf("%d of %d calls ended: %v", n, ends, f.log)
		case e := <-f.line.Events():
			f.log[e.Attempt] = append(f.log[e.Attempt], e.Kind)
			switch e.Kind {
			case campaign.LineDialing:
				later(e.Attempt, f.ring, campaign.ByDialer, campaign.HangupRingTimeout)
			case campaign.LineAnswered:
				f.answered[e.Attempt] = e.At
				if timer := timers[e.Attempt]; timer != nil {
					timer.Stop()
				}
			case campaign.LineIncoming:
				f.in[e.Attempt] = true
				f.line.Do(campaign.RejectCall{Attempt: e.Attempt, Status: 480})
			case campaign.LineEnded:
				if timer := timers[e.Attempt]; timer != nil {
					timer.Stop()
				}
				f.ends[e.Attempt] = append(f.ends[e.Attempt], e)
				n++
			}
			if talk, ok := f.talk[e.Attempt]; ok && e.Kind == cmp.Or(f.from[e.Attempt], campaign.LineAnswered) {
				later(e.Attempt, talk, campaign.ByAgent, "agent hung up")
			}
		}
	}
}

// Every fate of the practice exchange, all at once: what the fates file says is
// what the line says, and the exchange's own records agree.
func TestEveryFate(t *testing.T) {
	t.Parallel()
	const speed = 5
	fates, err := peer.Fates()
	if err != nil {
		t.Fatal(err)
	}
	x, err := peer.NewExchange(peer.ExchangeConfig{Speed: speed, T1: 200 * time.Millisecond}) // it gives a machine that stands still 12 s
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	d := newDesk(t, x.Addr(), sip.Account{Name: "pbx", Address: "sip:1001@" + x.Addr(), Registrar: "sip:" + x.Addr()})
	f := &floor{line: d.Line, ring: 40 * time.Second / speed, talk: map[campaign.AttemptID]time.Duration{}, from: map[campaign.AttemptID]campaign.LineEventKind{}}
	callbacks := 0
	for _, fate := range fates {
		id := campaign.AttemptID(fate.Code)
		if fate.EndedBy == "agent" {
			f.talk[id] = 10 * time.Second / speed
		}
		if strings.HasPrefix(fate.Name, "holds-us") { // however slow the machine: it comes back
			f.talk[id], f.from[id] = 5*time.Second/speed, campaign.LineRemoteResumed
		}
		if fate.CallsBack {
			callbacks++
		}
		d.Do(campaign.Dial{Attempt: id, Agent: campaign.AgentID("agent-" + fate.Code), Number: number(fate.Code)})
	}
	f.work(t, len(fates)+callbacks)
	for _, fate := range fates {
		checkFate(t, f, fate)
	}
	if len(f.in) != callbacks {
		t.Errorf("%d calls back, want %d", len(f.in), callbacks)
	}
	records := recordsOf(t, x)
	for _, fate := range fates {
		r := records[number(fate.Code)]
		checkRecord(t, fate, r)
		for _, v := range r.Violations {
			t.Errorf("%s %s: %s", r.Number, r.Fate, v)
		}
	}
}

// recordsOf gives the exchange's records of our calls, once all have ended.
func recordsOf(t *testing.T, x *peer.Exchange) map[string]peer.CallRecord {
	t.Helper()
	deadline := time.After(wait)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for x.Live() > 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the exchange has %d calls left", x.Live())
		}
	}
	byNumber := map[string]peer.CallRecord{}
	for _, r := range x.Records() {
		if r.Direction == "in" {
			byNumber[r.Number] = r
		}
	}
	return byNumber
}

func number(code string) string { return "+493023125" + "0" + code }

func checkFate(t *testing.T, f *floor, fate peer.Fate) {
	t.Helper()
	id := campaign.AttemptID(fate.Code)
	ends := f.ends[id]
	if len(ends) != 1 {
		t.Errorf("%s %s ended %d times: %v", fate.Code, fate.Name, len(ends), f.log[id])
		return
	}
	e := ends[0]
	if resultNames[e.Result] != fate.CallResult || string(e.By) != fate.EndedBy {
		t.Errorf("%s %s: %s by %s (status %d, %q), want %s by %s; said %v", fate.Code, fate.Name,
			resultNames[e.Result], e.By, e.Status, e.Text, fate.CallResult, fate.EndedBy, f.log[id])
	}
	// A call taken back is 487 to us, whether or not the far end came to say it.
	if e.Status != fate.Status && e.Status != statusTerminated {
		t.Errorf("%s %s: status %d, want %d", fate.Code, fate.Name, e.Status, fate.Status)
	}
	if e.OptOut != (fate.Status == 607) {
		t.Errorf("%s %s: opt-out %v", fate.Code, fate.Name, e.OptOut)
	}
	if strings.HasPrefix(fate.Name, "holds-us") {
		i := slices.Index(f.log[id], campaign.LineRemoteHeld)
		if j := slices.Index(f.log[id], campaign.LineRemoteResumed); i < 0 || j < i {
			t.Errorf("%s %s: said %v", fate.Code, fate.Name, f.log[id])
		}
	}
	if fate.CallResult == "answer" && (e.RTP == nil || e.RTP.Codec != "pcma") {
		t.Errorf("%s %s: rtp %+v", fate.Code, fate.Name, e.RTP)
	}
}

// checkRecord asks the other witness.
func checkRecord(t *testing.T, fate peer.Fate, r peer.CallRecord) {
	t.Helper()
	by := map[string]string{"agent": "caller", "dialer": "caller", "contact": "contact"}[fate.EndedBy]
	if r.EndedBy != by && fate.Name != "deaf-to-cancel" {
		t.Errorf("%s %s: the exchange says ended by %q, want %q", fate.Code, fate.Name, r.EndedBy, by)
	}
	if fate.EndedBy != "agent" {
		return
	}
	checkHeard(t, fate.Code+" "+fate.Name, r)
}

// checkHeard checks that the contact heard the agent's 1000 Hz. The exchange
// gives no frequency where the talk was too broken up to tell.
func checkHeard(t *testing.T, name string, r peer.CallRecord) {
	t.Helper()
	if r.HeardHz != 0 && math.Abs(r.HeardHz-1000) > 20 || r.HeardDBFS < -18 {
		t.Errorf("%s: the contact heard %.0f Hz at %.1f dBFS", name, r.HeardHz, r.HeardDBFS)
	}
}

// Announcement, recording with pause, and the agent again, heard by both ends.
func TestPlayAndRecord(t *testing.T) {
	t.Parallel()
	x, err := peer.NewExchange(peer.ExchangeConfig{T1: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	d := newDesk(t, x.Addr(), sip.Account{Name: "pbx", Address: "sip:1001@" + x.Addr()})
	sorry, rec := filepath.Join(d.dir, "sorry.wav"), filepath.Join(d.dir, "call.wav")
	if err := media.WriteWAVFile(sorry, 8000, media.Tone(2000, 600*time.Millisecond, -10)); err != nil {
		t.Fatal(err)
	}
	d.Do(campaign.Dial{Attempt: "1", Agent: "ann", Number: number("06")}) // a tone of 1000 Hz
	d.Do(campaign.RecordCall{Attempt: "1", Action: campaign.RecordStart, File: rec})
	next := func(want campaign.LineEventKind) campaign.LineEvent {
		t.Helper()
		select {
		case e := <-d.Events():
			if e.Kind != want {
				t.Fatalf("%+v, want %s", e, want)
			}
			return e
		case <-time.After(wait):
			t.Fatalf("no %s", want)
			return campaign.LineEvent{}
		}
	}
	next(campaign.LineDialing)
	next(campaign.LineRinging)
	begin := next(campaign.LineAnswered).At // the recording begins here
	next(campaign.LineJoined)
	marks := []time.Duration{0} // when the next part began, on the recording's time line
	mark := func(stay time.Duration) {
		<-time.After(stay)
		marks = append(marks, time.Since(begin))
	}
	mark(700 * time.Millisecond)
	d.Do(campaign.Play{Attempt: "1", File: sorry})
	next(campaign.LinePlayed)
	mark(0)
	mark(600 * time.Millisecond)
	d.Do(campaign.RecordCall{Attempt: "1", Action: campaign.RecordPause})
	mark(600 * time.Millisecond)
	d.Do(campaign.RecordCall{Attempt: "1", Action: campaign.RecordResume})
	mark(600 * time.Millisecond)
	d.Do(campaign.Hangup{Attempt: "1", By: campaign.ByAgent, Reason: "agent hung up"})
	next(campaign.LineEnded)
	channels, rate, err := measure.ReadWAV(rec) // complete as soon as Ended was said
	if err != nil {
		t.Fatal(err)
	}
	if len(channels) != 2 || len(channels[0]) != len(channels[1]) {
		t.Fatalf("%d channels", len(channels))
	}
	// part is the middle half of a part of the call, so that neither the way of
	// the packets nor a busy machine counts.
	part := func(ch, i int) []int16 {
		from, to, n := marks[i], marks[i+1], len(channels[ch])
		quarter := (to - from) / 4
		at := func(d time.Duration) int { return min(n, int(d.Seconds()*float64(rate))) }
		return channels[ch][at(from+quarter):at(to-quarter)]
	}
	for _, c := range []struct {
		what     string
		ch, part int
		hz       float64
		there    bool
	}{
		{"agent at first", 0, 0, 1000, true},
		{"contact at first", 1, 0, 1000, true},
		{"announcement", 0, 1, 2000, true},
		{"agent under the announcement", 0, 1, 1000, false},
		{"contact under the announcement", 1, 1, 1000, true},
		{"agent again", 0, 2, 1000, true},
		{"announcement after its end", 0, 2, 2000, false},
		{"agent in the pause", 0, 3, 1000, false},
		{"contact in the pause", 1, 3, 1000, false},
		{"agent after the pause", 0, 4, 1000, true},
		{"contact after the pause", 1, 4, 1000, true},
	} {
		if l := measure.Level(part(c.ch, c.part), rate, c.hz); c.there != (l > -16) || !c.there && l > -40 {
			t.Errorf("%s: %g Hz at %.1f dBFS", c.what, c.hz, l)
		}
	}
	want := marks[len(marks)-1]
	if got := measure.Duration(len(channels[0]), rate); got < want-200*time.Millisecond || got > want+400*time.Millisecond {
		t.Errorf("recorded %v of %v", got, want)
	}
}
