package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/media/measure"
)

// speechFile is a voice for the browser's microphone that never pauses long.
func speechFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "speech.wav")
	raw := path + ".raw.wav"
	for _, c := range [][]string{
		{"espeak-ng", "-s", "160", "-w", raw, "Good morning, this is Freiton calling. May I ask whether you received our letter about the new tariff? It is valid from next month."},
		{"sox", raw, "-r", "48000", "-c", "1", path, "gain", "-n", "-6"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s (configs/lab/install.sh installs it): %v %s", c[0], err, out)
		}
	}
	return path
}

// contact is somebody on the list, with the fate of calls to her.
type contact struct {
	name, city, fate string
	number           string
}

// contacts gives each a number of her fate; n keeps lists apart.
func contacts(t *testing.T, n int, all ...contact) []contact {
	t.Helper()
	for i := range all {
		all[i].number = fateByCode(t, all[i].fate).Number(n + i)
	}
	return all
}

func csvOf(cs []contact) string {
	var b strings.Builder
	b.WriteString("id;Name;City;Telefon\n")
	for i, c := range cs {
		fmt.Fprintf(&b, "%s-%d;%s;%s;%s\n", strings.ToUpper(c.name[:1]), 7001+i, c.name, c.city, c.number)
	}
	return b.String()
}

func namesOf(cs []contact) (names []string) {
	for _, c := range cs {
		names = append(names, c.name)
	}
	return names
}

// TestDesktop works the desktop's page step by step in a real browser against a
// real exchange, whose records, recordings and SIP are the
// witnesses: once in German, once in English.
func TestDesktop(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{Dialplan: callersBack + expertsTone})
	trace := traced(t, l)
	speech := speechFile(t)
	browser := labChromium(t, speech)
	for i, language := range []string{"de", "en"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			n := 1000 * (i + 1)
			people := contacts(t, n,
				contact{name: "Paula Adler", city: "Ulm", fate: "06"},
				contact{name: "Bruno Berger", city: "Bonn", fate: "04"},
				contact{name: "Carla Conrad", city: "Celle", fate: "10"},
				contact{name: "Doris Dahl", city: "Düren", fate: "01"},
				contact{name: "Emil Ebert", city: "Essen", fate: "01"})
			late := contacts(t, n+500, contact{name: "Frida Falk", city: "Fulda", fate: "01"})
			names := append(namesOf(people), namesOf(late)...)
			s := &shift{people: people, late: late, trace: trace, speech: speech}
			s.labFloor = openLabFloor(t, l, browser, floorPlan{
				account: fmt.Sprintf("100%d", i+1), language: language, names: names,
				users: []campaign.User{
					{Name: "ann", Role: campaign.RoleAgent}, {Name: "ben", Role: campaign.RoleAgent}, {Name: "witness", Role: campaign.RoleSupervisor},
				},
				lists: map[string]string{"customers": csvOf(people), "late": csvOf(late)},
				camps: map[string]string{
					"spring": "description: Offer of the season\nmode: progressive\nagents: all\nlists: [customers]\npriority: 10\nafter_call_work: 3s\npreview: {timeout: 20s}\n",
					"late":   "description: The rest\nmode: progressive\nagents: all\nlists: [late]\nafter_call_work: 60s\npreview: {timeout: 10s}\n",
				},
			})
			s.work(t)
		})
	}
	for i, language := range []string{"de", "en"} {
		t.Run("handed/"+language, func(t *testing.T) {
			t.Parallel()
			openHanded(t, l, browser, fmt.Sprintf("100%d", i+3), language, 3000+2000*i).work(t)
		})
	}
}

// callersBack lets a contact call us: Originate("Local/…@callers", …).
const callersBack = `
[callers]
exten => _100X-X.,1,Set(CALLERID(num)=+${EXTEN:5})
 same => n,Set(CALLERID(name)=)
 same => n,Dial(PJSIP/${EXTEN:0:4},30)
 same => n,Hangup()
`

// expertsTone has the second party of a call to NNNN = X1XX play 800 Hz.
const expertsTone = `
[party]
exten => _49301222X1XX,1,Set(CDR_PROP(disable)=1)
 same => n,Answer()
 same => n,MixMonitor(,r(${REC}/${EXTEN}-${UNIQUEID}.wav)t(${REC}/${EXTEN}-${UNIQUEID}-sent.wav))
 same => n,Playtones(800)
 same => n,Wait(3600)
`

// shift is a day of two agents.
type shift struct {
	*labFloor
	people, late []contact
	trace        *sipTrace
	speech       string
	events       *browserTab
	chief        *agentPage
	ann, ben     *agentPage
}

func (s *shift) work(t *testing.T) {
	s.events = s.watch(t, "witness")
	s.chief = s.page(t, s.link())
	s.ann, s.ben = s.agent(t, "ann"), s.agent(t, "ben", pagetest.CheckPassed())
	s.popups()
	s.firstCall(t)
	s.contactEnds(t)
	s.nobodyAnswers()
	s.declined(t)
	s.withdrawn()
	s.missed(t)
	s.manual(t)
	s.aside()
	s.inbound(t)
	s.neverTheSame(t)
	s.settled(t)
}

// popups: the administrator loads and starts, both agents join.
func (s *shift) popups() {
	s.chief.Press(s.say("Floor"))
	s.chief.campaign("Campaigns", "spring", "Load")
	for _, p := range []*agentPage{s.ann, s.ben} {
		p.Press("OK", p.Find("dialog", s.say("Campaign loaded: spring")))
		p.Gone("dialog", s.say("Campaign loaded: spring"))
		p.Find("button", s.say("Leave"), p.region("My campaigns"))
	}
	s.chief.campaign("Campaigns", "spring", "Start")
	for _, p := range []*agentPage{s.ann, s.ben} {
		p.Press("OK", p.Find("dialog", s.say("Campaign started: spring")))
		p.Gone("dialog", s.say("Campaign started: spring"))
	}
}

// firstCall is the whole of a call: offer, record before
// the INVITE, sound both ways, hold, mute, digits, wrap-up, undo, correction.
func (s *shift) firstCall(t *testing.T) {
	p, paula := s.ann, s.people[0]
	shown := p.reports("/shown")
	p.firstReady()
	offer := p.offered(paula.name)
	if text := p.On(offer, `function() { return this.innerText }`); !strings.Contains(text, paula.city) || strings.Contains(text, paula.number) {
		t.Errorf("the preview does not have the chosen fields: %s", text)
	}
	p.Find("timer", "", offer)
	p.accept(paula.name)
	p.call("Connected")
	s.orderOf(t, p, paula, shown)
	answered := time.Now()
	p.hears(800)
	p.awaitText("region", "Case information", "Offer of the season")
	p.awaitText("region", "Record information", paula.city)
	p.awaitText("region", "Script", "mit "+paula.name+"?")
	responses := p.region("Responses")
	p.Write(p.Find("searchbox", s.say("Search"), responses), "Euro")
	p.awaitText("region", "Responses", "12 Euro")
	person := p.region("Contact")
	p.Write(p.Find("textbox", "City", person), "Neu-Ulm")
	p.Press(s.say("Save"), person)
	p.awaitText("region", "Record information", "Neu-Ulm")
	note := p.Find("textbox", s.say("Note"))
	p.Write(note, "Ruft zurück; möchte <b>zwei</b> Angebote.")
	listen(3*time.Second - min(3*time.Second, time.Since(answered)))
	sound := p.figures()

	p.Press(s.say("Hold"))
	p.call("On hold")
	p.hearsNothing()
	listen(pauses)
	if h := p.hear(); h.Level > -55 {
		t.Errorf("on hold the page hears %+v", h)
	}
	listen(pauses / 2)
	p.Press(s.say("Resume"))
	p.call("Connected")
	p.hears(800)
	listen(2 * pauses)

	p.Press(s.say("Mute"))
	p.Find("button", s.say("Unmute"))
	listen(pauses + pauses/2)
	p.hears(800) // she still hears
	p.Press(s.say("Unmute"))
	p.Find("button", s.say("Mute"))
	listen(2 * pauses)
	p.Press(s.say("Keypad"), p.Find("region", s.say("Outbound interaction")))
	for _, digit := range "42#" {
		p.Press(string(digit), p.Find("group", s.say("Keypad")))
	}
	until(t, 10*time.Second, "the digits at Asterisk", func() bool { return s.digits(t, paula) == "42#" })
	p.Choose(s.say("Call result"), s.say("Answer result"))
	p.Choose(s.say("Disposition code"), "New")
	p.Choose(s.say("Status after this call"), s.say("Not ready")+": Pause")
	p.Press(s.say("Hang up"))
	p.call("Ended")
	if text := p.reads("status", "Call status"); !strings.Contains(text, s.say("by you")) {
		t.Errorf("ended by whom: %s", text)
	}
	s.heard(t, paula, sound)
	s.wrapUp(t)
}

// orderOf: on the screen, then reported, then sent, and the call
// status in its order.
func (s *shift) orderOf(t *testing.T, p *agentPage, c contact, shown func() time.Time) {
	t.Helper()
	all := p.screens()
	i := slices.IndexFunc(all, func(x screen) bool { return x.Open == c.name })
	invites := s.trace.invites(t, s.l, c.number)
	if i < 0 || len(invites) == 0 {
		t.Fatalf("%d INVITEs to %s; the page showed %+v", len(invites), c.number, all)
	}
	seen, reported, sent := all[i].time(), shown(), invites[0].At
	t.Logf("record on the screen, %v later reported, %v later the INVITE is at Asterisk", reported.Sub(seen).Round(10*time.Microsecond), sent.Sub(reported).Round(10*time.Microsecond))
	if reported.Before(seen) || sent.Before(reported) {
		t.Errorf("shown %s, reported %s, INVITE %s", seen, reported, sent)
	}
	var words []string
	for _, x := range all[i:] {
		for _, w := range []string{"Dialing", "Ringing", "Connected"} {
			if strings.HasPrefix(x.Status, s.say(w)) && (len(words) == 0 || words[len(words)-1] != w) {
				words = append(words, w)
			}
		}
	}
	if got := strings.Join(words, " "); got != "Dialing Ringing Connected" {
		t.Errorf("call status: %s", got)
	}
}

// reports gives the time at which the page's last report of that end was sent.
func (p *agentPage) reports(end string) func() time.Time {
	p.T.Helper()
	sent := make(chan time.Time, 64)
	chromedp.ListenTarget(p.Ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok && strings.HasSuffix(e.Request.URL, end) {
			select {
			case sent <- e.WallTime.Time():
			default:
			}
		}
	})
	p.Run(network.Enable())
	return func() (last time.Time) {
		p.T.Helper()
		select {
		case last = <-sent:
		case <-time.After(5 * time.Second):
			p.T.Fatalf("no request to …%s", end)
		}
		return last
	}
}

// pauses is longer than the voice pauses by itself.
const pauses = 900 * time.Millisecond

// digits are those that Asterisk took for DTMF in a call.
func (s *shift) digits(t *testing.T, c contact) (all string) {
	t.Helper()
	for line := range strings.Lines(s.l.Log()) {
		if _, rest, ok := strings.Cut(line, "DTMF end '"); ok && strings.Contains(line, "received on PJSIP/"+s.account+"-") {
			all += rest[:1]
		}
	}
	return all
}

// heard measures Asterisk's recording: the voice, silent twice: while the call
// was held, and while she was muted. Whatever pauses the voice makes by itself
// are shorter.
func (s *shift) heard(t *testing.T, c contact, sound string) {
	t.Helper()
	row := cdrOf(t, s.l, c.number)
	if row.Disposition != "ANSWERED" || row.Billed < 5*time.Second {
		t.Errorf("the CDR says %+v", row)
	}
	rate, samples := recordingOf(t, s.l, row)
	file, fileRate, err := measure.ReadWAV(s.speech)
	if err != nil {
		t.Fatal(err)
	}
	said := measure.Envelope(file[0], fileRate)
	parts, best := spokenParts(samples, rate, pauses), 0.0
	for i, part := range parts {
		level, like := measure.RMS(part), measure.Likeness(said, measure.Envelope(part, rate))
		t.Logf("Asterisk recorded %v of voice at %.1f dBFS; its loudness over time correlates %.2f with what was spoken", measure.Duration(len(part), rate).Round(10*time.Millisecond), level, like)
		if level < -40 {
			t.Errorf("that is no voice: %.1f dBFS", level)
		}
		if i < 2 { // the last one has the digits
			best = max(best, like)
		}
	}
	if best < 0.6 { // one part may have gaps of a browser that was kept waiting
		t.Errorf("that is not what was spoken: correlation %.2f", best)
	}
	if len(parts) != 3 {
		t.Errorf("%d stretches of voice, want 3: before the hold, between hold and mute, after; %v recorded at %.1f dBFS; the page's figures: %s",
			len(parts), measure.Duration(len(samples), rate), measure.RMS(samples), sound)
	}
	var sdp []string
	for _, m := range s.trace.invites(t, s.l, c.number) {
		for _, a := range []string{"sendrecv", "sendonly", "inactive"} {
			if strings.Contains(m.Text, "a="+a) && (len(sdp) == 0 || sdp[len(sdp)-1] != a) {
				sdp = append(sdp, a)
			}
		}
	}
	if got := strings.Join(sdp, " "); got != "sendrecv sendonly sendrecv" {
		t.Errorf("the INVITEs offered %s", got)
	}
}
