package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/configs/lab"
)

// Telephones on desks, played by the exchange itself: 701 and 703 answer, hum at
// 440 and 520 Hz and are recorded; 701 is busy while DESK says so, and holds us
// for a second where it is sent to 704. They speak A-law only, the exchange's
// outside lines µ-law only.
const (
	deskPhones = `
[lab](+)
exten => 701,1,ExecIf($["${DESK}" = "busy"]?Hangup(17))
 same => n,Answer()
 same => n,MixMonitor(,r(${REC}/${EXTEN}-${UNIQUEID}.wav)t(${REC}/${EXTEN}-${UNIQUEID}-sent.wav))
 same => n(hum),Playtones(440)
 same => n,Wait(3600)
exten => 704,1,StopPlaytones()
 same => n,WaitExten(1.2,m)
 same => n,Goto(701,hum)
exten => 703,1,Answer()
 same => n,Playtones(520)
 same => n,Wait(3600)
`
	deskEndpoint = `
[desk]
type = endpoint
context = lab
accountcode = desk
disallow = all
allow = alaw
direct_media = no
rtp_symmetric = yes
moh_passthrough = yes
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
`
)

// deskLab is a floor at an exchange that has the agents' telephones, too.
func deskLab(t *testing.T, l *lab.Lab) *floorUnderTest {
	config, _ := labConfig(t, l)
	at, err := configs.Load(config, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	csv := "id;Name;Telefon\n"
	for i := range 3 {
		csv += fmt.Sprintf("R-%d;Kontakt %d;%s\n", i, i, fateByCode(t, "01").Number(i))
	}
	var users []campaign.User
	for _, name := range []campaign.AgentID{"ann", "ben", "busy", "refuses", "unknown", "rings"} {
		users = append(users, campaign.User{Name: name, Role: campaign.RoleAgent})
	}
	f := openFloorWith(t, 1, "progressive", csv, func(c *configs.Config) {
		c.Headset.HoldAfter, c.Headset.HandOnAfter = configs.Duration(500*time.Millisecond), configs.Duration(1800*time.Millisecond)
		c.SIP.Accounts = append([]configs.Account{{Name: "desks", Address: "sip:desk@" + l.SIPAddr()}}, at.SIP.Accounts...)
		c.Dial.Account, c.Dial.URI = at.Dial.Account, at.Dial.URI
	}, append(users, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})...)
	for name, number := range map[campaign.AgentID]string{"ann": "701", "ben": "703", "busy": "610", "refuses": "615", "unknown": "613", "rings": "616"} {
		f.headsetOf(t, name, "sip:"+number+"@"+l.SIPAddr())
	}
	return f
}

// Agents whose headset is a telephone, at a real exchange: its recordings say
// who heard whom, its call detail records that one call to the telephone lasted
// for two contacts.
func TestPhoneHeadsetAsterisk(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	l := lab.Start(t, lab.Options{Codecs: "ulaw", Dialplan: deskPhones, PJSIP: deskEndpoint})
	f := deskLab(t, l)
	ann, ben := f.tab(t), f.tab(t)
	f.startSpring(t)
	ann.join("ann")
	ben.join("ben")
	f.headset(t, "ann", campaign.HeadsetUp)
	f.desktop.tests.listen = 400 * time.Millisecond
	ann.do("/headset/test-call", nil)
	unreachable(t, f)
	f.headset(t, "ben", campaign.HeadsetUp)
	var echo desk.TestCall
	until(t, 5*time.Second, "the test call is over", func() bool { echo = reads[desk.TestCall](ann, "/headset/test-call"); return echo.Stage == "done" })
	if echo.Level < -30 || echo.Missing > 50 {
		t.Errorf("test call: %+v", echo)
	}
	ann.do("/headset/test-call", nil) // the next call ends it
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})

	// Two contacts, one call to the telephone. The first one is put on hold.
	id, at := ann.call(0)
	listen(800 * time.Millisecond)
	ann.do("/interactions/"+id+"/hold", nil)
	held := ann.await(campaign.EventHeld, at.N)
	listen(700 * time.Millisecond)
	ann.do("/interactions/"+id+"/resume", nil)
	resumed := ann.await(campaign.EventResumed, held.N)
	listen(700 * time.Millisecond)
	if q := reads[desk.Quality](ann, "/quality"); q.Contact == nil || q.Headset == nil || !strings.EqualFold(q.Contact.Codec, "pcmu") || !strings.EqualFold(q.Headset.Codec, "pcma") || q.Headset.MOS == 0 {
		t.Errorf("quality of the legs: %+v, %+v", q.Contact, q.Headset)
	}
	ended := ann.finish(id, resumed.N)
	listen(400 * time.Millisecond)
	_, at = ann.call(ended.N)
	listen(800 * time.Millisecond)

	// The telephone itself holds for a while, and hangs up then: it is called again.
	desks := func() string {
		t.Helper()
		all, err := l.Channels()
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(all, func(c string) bool { return strings.HasPrefix(c, "PJSIP/desk-") && strings.Contains(c, "!701!") })
		if i < 0 {
			t.Fatalf("no call to 701: %q", all)
		}
		name, _, _ := strings.Cut(all[i], "!")
		return name
	}
	tell := func(format string, args ...any) {
		t.Helper()
		if out, err := l.CLI(fmt.Sprintf(format, args...)); err != nil {
			t.Fatalf("%s, %v", out, err)
		}
	}
	why := func(want campaign.ReasonCode) {
		t.Helper()
		until(t, 5*time.Second, "why there is no headset: "+string(want), func() bool {
			w := f.agentView(t, "ann").HeadsetWhy
			return w != nil && w.Code == want
		})
	}
	tell("channel redirect %s lab,704,1", desks())
	lost := ann.await(campaign.EventSoundLost, at.N)
	why(campaign.ReasonPhoneHolds)
	back := ann.await(campaign.EventSoundBack, lost.N)
	resumed = ann.await(campaign.EventResumed, lost.N)
	t.Logf("held by the telephone for %v", back.At.Sub(lost.At))
	listen(500 * time.Millisecond)
	tell("channel request hangup %s", desks())
	lost = ann.await(campaign.EventSoundLost, resumed.N)
	back = ann.await(campaign.EventSoundBack, lost.N)
	resumed = ann.await(campaign.EventResumed, lost.N)
	t.Logf("the telephone hung up: the contact held %v", back.At.Sub(lost.At))
	listen(500 * time.Millisecond)

	// And again; now it stays away, and Ben takes the call over with his.
	ben.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	tell("dialplan set global DESK busy")
	tell("channel request hangup %s", desks())
	why(campaign.ReasonPhoneBusy)
	offer := ben.await(campaign.EventTakeOver, resumed.N)
	id = string(offer.Interaction)
	ben.do("/interactions/"+id+"/accept", nil)
	resumed = ben.await(campaign.EventResumed, offer.N)
	listen(800 * time.Millisecond)
	ben.finish(id, resumed.N)
	for _, name := range []campaign.AgentID{"ann", "ben"} {
		if err := f.control.Do(t.Context(), campaign.ClickStatus{Agent: name, Status: campaign.AgentLoggedOff}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.WaitChannels(0, 5*time.Second); err != nil {
		t.Error(err)
	}
	whoHeardWhom(t, l)
}

// unreachable: who cannot be called is told why, and what to do.
func unreachable(t *testing.T, f *floorUnderTest) {
	t.Helper()
	for _, name := range []string{"busy", "refuses", "unknown", "rings"} {
		tab := f.tab(t)
		tab.login(name)
		tab.follow()
	}
	for _, name := range []campaign.AgentID{"busy", "refuses", "unknown", "rings"} {
		until(t, 10*time.Second, string(name)+"'s telephone is called", func() bool { return f.agentView(t, name).HeadsetWhy != nil })
		if w := f.agentView(t, name).HeadsetWhy; w.Code != "phone-"+campaign.ReasonCode(name) || w.Text == "" {
			t.Errorf("%s: %+v", name, w)
		}
		if err := f.control.Do(t.Context(), campaign.ClickStatus{Agent: name, Status: campaign.AgentLoggedOff}); err != nil {
			t.Fatal(err)
		}
	}
}

// reads asks for something and gives it.
func reads[T any](b *browserTab, path string) (v T) {
	b.t.Helper()
	if status, text := b.ask(http.MethodGet, "/api/v1"+path, nil); status != http.StatusOK || json.Unmarshal([]byte(text), &v) != nil {
		b.t.Fatalf("%s: %d %s", path, status, text)
	}
	return v
}

// finish ends a call as its agent does, and is Not ready then.
func (b *browserTab) finish(id string, since uint64) campaign.Event {
	b.t.Helper()
	b.do("/interactions/"+id+"/hangup", nil)
	b.do("/interactions/"+id+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ended := b.await(campaign.EventEnded, since)
	b.do("/interactions/"+id+"/done", nil)
	return ended
}

// whoHeardWhom asks the exchange.
func whoHeardWhom(t *testing.T, l *lab.Lab) {
	t.Helper()
	var files [][]string // of what came from us to the telephone, and to both contacts
	for _, number := range []string{"701", strings.TrimPrefix(fateByCode(t, "01").Number(0), "+"), strings.TrimPrefix(fateByCode(t, "01").Number(1), "+")} {
		all, err := l.Recordings(number)
		if err != nil || len(all) == 0 {
			t.Fatalf("%s: %v, %v", number, all, err)
		}
		files = append(files, all)
	}
	for _, c := range []struct {
		what, file string
		hz         float64
		least      []time.Duration // sound, silence, sound …
	}{
		{"the first contact heard the agent", files[1][0], 440, []time.Duration{500e6, 400e6, 400e6}},
		{"the second contact heard the agent, not while her telephone held", files[2][0], 440, []time.Duration{500e6, 500e6, 250e6, 400e6, 250e6}},
		{"the second contact heard who took over", files[2][0], 520, []time.Duration{400e6}},
		{"the telephone heard the test call's beep", files[0][0], 880, []time.Duration{100e6}},
		{"and its own voice", files[0][0], 440, []time.Duration{200e6}},
		{"the telephone heard the first contact, nobody while he was on hold, and the second", files[0][0], 1000, []time.Duration{500e6, 400e6, 400e6, 250e6, 500e6}},
	} {
		rate, samples, err := lab.ReadWAV(c.file)
		if err != nil {
			t.Fatal(err)
		}
		got := stretches(samples, rate, c.hz)
		t.Logf("%s: %v", c.what, got)
		for i, least := range c.least {
			if i >= len(got) || got[i] < least {
				t.Errorf("%s: %v, want at least %v", c.what, got, c.least)
				break
			}
		}
	}
	rows, err := l.CDR()
	if err != nil {
		t.Fatal(err)
	}
	row := func(dst string) lab.CDRRow {
		i := slices.IndexFunc(rows, func(r lab.CDRRow) bool { return r.Dst == dst && r.Disposition == "ANSWERED" })
		if i < 0 {
			t.Fatalf("no row for %s in %+v", dst, rows)
		}
		return rows[i]
	}
	desk := row("701")
	if first, second := row(strings.TrimPrefix(fateByCode(t, "01").Number(0), "+")), row(strings.TrimPrefix(fateByCode(t, "01").Number(1), "+")); !desk.Answer.Before(first.Start) || !desk.End.After(second.Answer) {
		t.Errorf("the call to the telephone lasted from %s to %s, the contacts' from %s and %s", desk.Answer, desk.End, first.Start, second.Answer)
	}
}

// stretches are how long a tone sounds, is silent, sounds again …, from its
// first sound to its last, in steps of 50 ms. What is missing for less than
// 200 ms is no hold, but a machine that does too much at once; one step alone is
// a click.
func stretches(samples []int16, rate int, hz float64) (runs []time.Duration) {
	const length, least = 50 * time.Millisecond, 200 * time.Millisecond
	step, silent, before := rate/20, time.Duration(0), false
	for at := 0; at+step <= len(samples); at += step {
		n, now := len(runs), lab.Tone(samples[at:at+step], rate, hz) > -35
		sounds := now && (before || at+2*step <= len(samples) && lab.Tone(samples[at+step:at+2*step], rate, hz) > -35)
		before = now
		switch {
		case !sounds:
			silent += length
			continue
		case n == 0:
			runs = append(runs, 0)
		case silent < least:
			runs[n-1] += silent
		default:
			runs = append(runs, silent, 0)
		}
		silent = 0
		runs[len(runs)-1] += length
	}
	return runs
}

// A process that is killed cannot hang its agents' telephones up; the next one
// does, and the agent has hers again. One that is told to stop hangs up itself.
func TestPhoneKilledAsterisk(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	l := lab.Start(t, lab.Options{Dialplan: deskPhones})
	config, _ := labConfig(t, l)
	var errs locked
	add := &cli{in: strings.NewReader(agentPassword), out: io.Discard, err: &errs}
	if status := run(t.Context(), add, []string{"user", "add", "cara", "--role", "agent", "--headset", "sip:703@" + l.SIPAddr(), "--password-stdin", "--config", config}); status != 0 {
		t.Fatal(errs.String())
	}
	url := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	serve := func() *child {
		c := startChild(t, "serve", "--config", config, "--set", "web.listen="+url, "--set", "headset.udp=127.0.0.1:0")
		until(t, 20*time.Second, "it serves", func() bool { return strings.Contains(c.errs.String(), "the desktop is at") })
		return c
	}
	first := serve()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	comes := func() {
		tab := &browserTab{t: t, base: "http://" + url, http: &http.Client{Jar: jar}, wake: make(chan struct{}, 1)}
		tab.login("cara")
		tab.follow()
		tab.awaitThat("her telephone is picked up", func(e campaign.Event) bool { return e.AgentView != nil && e.AgentView.Headset == campaign.HeadsetUp })
	}
	comes()
	if err := first.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.done
	if err := l.WaitChannels(1, time.Second); err != nil {
		t.Fatal(err)
	}
	second := serve()
	if err := l.WaitChannels(0, 5*time.Second); err != nil {
		t.Errorf("the call of a process that was killed: %v\n%s", err, second.errs.String())
	}

	comes()
	if err := second.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := second.wait(t, 20*time.Second); status != 0 {
		t.Errorf("status %d\n%s", status, second.errs.String())
	}
	if err := l.WaitChannels(0, time.Second); err != nil {
		t.Error(err)
	}
}
