package main

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/media/measure"
)

// handed is a day in the preview mode, with calls that go further than two
// people: the contact holds, others are consulted, all meet in a conference,
// and calls are handed on.
type handed struct {
	*labFloor
	people []contact
	expert contact // plays 800 Hz
	office contact // plays 1000 Hz
	manual string  // an extension
	events *browserTab
	kim    *agentPage
}

// openHanded opens a floor for it; n keeps its numbers apart.
func openHanded(t *testing.T, l *lab.Lab, browser context.Context, account, language string, n int) *handed {
	t.Helper()
	s := &handed{
		people: contacts(t, n,
			contact{name: "Hanna Huber", city: "Hamm", fate: "09"},
			contact{name: "Ida Imhof", city: "Itzehoe", fate: "22"},
			contact{name: "Jonas Jung", city: "Jena", fate: "22"}),
		manual: fateByCode(t, "04").Extension(),
	}
	others := contacts(t, n+100, contact{name: "the expert", fate: "22"}, contact{name: "the office", fate: "01"})
	s.expert, s.office = others[0], others[1]
	s.labFloor = openLabFloor(t, l, browser, floorPlan{
		account: account, language: language, names: namesOf(s.people),
		users: []campaign.User{{Name: "kim", Role: campaign.RoleAgent}, {Name: "witness", Role: campaign.RoleSupervisor}},
		lists: map[string]string{"customers": csvOf(s.people)},
		camps: map[string]string{"visits": "description: Visits\nmode: preview\nagents: all\nlists: [customers]\nafter_call_work: 60s\nrecording: {mode: on-demand}\n"},
	})
	s.kim = s.agent(t, "kim", pagetest.CheckPassed())
	return s
}

func (s *handed) work(t *testing.T) {
	s.events = s.watch(t, "witness")
	s.events.do("/campaigns/visits/load", nil)
	s.events.do("/campaigns/visits/start", nil)
	p := s.kim
	p.Press("OK", p.Find("dialog", s.say("Campaign started: visits")))
	p.Gone("dialog", s.say("Campaign started: visits"))
	p.status("Ready")
	p.link("Sound", "live")
	s.fetched(t)
	s.heldByContact(t)
	s.recorded(t)
	s.consulted(t)
	s.handedOn(t)
	s.byKeypad(t)
}

// fetched: nothing is dialled until she says so; who does not want a record
// gives it back.
func (s *handed) fetched(t *testing.T) {
	p, hanna := s.kim, s.people[0]
	p.campaign("My campaigns", "visits", "Get record")
	p.awaitText("region", "Outbound interaction", hanna.name)
	p.awaitText("status", "Call status", s.say("Not dialled yet"))
	p.Press(s.say("Return to list"))
	p.Gone("region", s.say("Outbound interaction"))
	rows, err := s.l.CDR()
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(rows, func(r lab.CDRRow) bool { return "+"+r.Dst == hanna.number }) {
		t.Errorf("a record that was only looked at was dialled: %+v", rows)
	}
	p.campaign("My campaigns", "visits", "Get record")
	p.awaitText("region", "Outbound interaction", hanna.name)
}

// dial places the call of the record on the desk.
func (s *handed) dial(c contact) {
	s.kim.T.Helper()
	p := s.kim
	p.awaitText("region", "Outbound interaction", c.name)
	p.awaitText("status", "Call status", s.say("Not dialled yet"))
	p.Press(s.say("Call"), p.Find("group", s.say("Call")+" …"))
	p.call("Connected")
}

// heldByContact: the exchange's re-INVITE, in the words of the page.
func (s *handed) heldByContact(t *testing.T) {
	p, hanna := s.kim, s.people[0]
	s.dial(hanna)
	p.hears(600)
	p.call("Held by contact")
	p.call("Connected")
	p.hears(600)
	p.Choose(s.say("Call result"), s.say("Wrong party"))
	p.Press(s.say("Hang up"))
	p.call("Ended")
	p.Press(s.say("Done and next"))
}

// recorded: at the press of a button, without what is said in the pause.
func (s *handed) recorded(t *testing.T) {
	p, ida := s.kim, s.people[1]
	s.dial(ida)
	joined := s.events.await(campaign.EventJoined, s.events.last(campaign.EventDialing))
	p.hears(700)
	group := p.Find("group", s.say("Recording"))
	p.Press(s.say("Start recording"), group)
	p.Find("button", s.say("Pause recording"), group)
	listen(pauses)
	paused := time.Now()
	p.Press(s.say("Pause recording"), group)
	p.awaitText("group", "Recording", s.say("Recording paused"))
	listen(pauses)
	p.Press(s.say("Resume recording"), group)
	p.Find("button", s.say("Pause recording"), group)
	most := time.Since(paused) + 500*time.Millisecond
	listen(pauses)
	p.Press(s.say("Stop recording"), group)
	p.awaitText("group", "Recording", s.say("Recording ended"))
	file := filepath.Join(s.data, "recordings", string(joined.InteractionView.Attempt)+".wav")
	var sides [][]int16
	var rate int
	until(t, 10*time.Second, "the whole recording", func() (ok bool) {
		var err error
		sides, rate, err = measure.ReadWAV(file)
		return err == nil && len(sides) == 2
	})
	ours, theirs := sides[0], sides[1]
	if l := measure.RMS(ours); l < -40 {
		t.Errorf("the agent's voice on the left has %.1f dBFS", l)
	}
	if l := measure.Level(ours, rate, 700); l > -35 {
		t.Errorf("the contact is on the left, too: %.1f dBFS", l)
	}
	first, end := measure.Sounding(theirs, rate, -30)
	if gap := measure.LongestGap(theirs[first:end], rate, -45); gap < pauses || gap > most {
		t.Errorf("%v are left out of the recording; paused for %v to %v", gap, pauses, most)
	}
	if l := measure.Level(theirs[first:first+rate/5], rate, 700); l < -30 {
		t.Errorf("the contact on the right has %.1f dBFS", l)
	}
}

// consulted: with the contact of before, somebody else is called, spoken with
// in turns and together, and the two are left to each other.
func (s *handed) consulted(t *testing.T) {
	p, ida, expert := s.kim, s.people[1], s.expert
	listen(pauses)
	p.Press(s.say("Consult"))
	form := p.Find("form", s.say("Consult"))
	p.Write(p.Find("textbox", s.say("Whom to consult"), form), expert.number)
	p.Press(s.say("Call"), form)
	p.call("On hold")
	p.Says(s.say("Consultation"), s.say("Connected"))
	p.hears(800)
	listen(pauses + pauses/2)
	p.Press(s.say("Resume"))
	p.call("Connected")
	p.Says(s.say("Consultation"), s.say("On hold"))
	p.hears(700)
	listen(pauses)
	p.press(s.say("Speak with "))
	p.Says(s.say("Consultation"), s.say("Connected"))
	p.call("On hold")
	p.hears(800)
	listen(pauses + pauses/2)
	p.Press(s.say("Conference"))
	p.Says(s.say("Consultation"), s.say("In conference"))
	p.call("Connected")
	listen(3 * pauses)
	p.Press(s.say("Leave the two to each other"))
	p.call("Ended")
	s.alone(t, ida, expert)
	listen(2 * pauses)
	s.hangUpAtAsterisk(t)
	s.metInConference(t, ida, 800)
	s.metInConference(t, expert, 700)
	p.Choose(s.say("Call result"), s.say("Answer result"))
	p.Press(s.say("Done and next"))
}

// press presses the one button whose name begins so.
func (p *agentPage) press(begin string) {
	p.T.Helper()
	p.Until("button "+begin+"…", func() bool {
		for _, n := range p.Seen("button", "") {
			if name := jsonOf(p.T, n.Name.Value); strings.Contains(name, begin) {
				p.Click(n.BackendDOMNodeID)
				return true
			}
		}
		return false
	})
}

// alone waits until our account has no channel left, while the two still talk.
func (s *handed) alone(t *testing.T, a, b contact) {
	t.Helper()
	var all []string
	until(t, 15*time.Second, "our calls to be gone from Asterisk", func() bool {
		all, _ = s.l.Channels()
		return !slices.ContainsFunc(all, func(c string) bool { return strings.HasPrefix(c, "PJSIP/"+s.account+"-") })
	})
	if len(all) < 2 {
		t.Errorf("%s and %s do not talk: %v", a.name, b.name, all)
	}
}

// hangUpAtAsterisk ends what our contacts talk with each other; those of the
// other language talk on.
func (s *handed) hangUpAtAsterisk(t *testing.T) {
	t.Helper()
	all, err := s.l.Channels()
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, c := range all {
		ours := slices.ContainsFunc(append(slices.Clone(s.people), s.expert, s.office), func(p contact) bool {
			return strings.Contains(c, "!"+p.number+"!") || strings.Contains(c, "!"+strings.TrimPrefix(p.number, "+")+"!")
		})
		if channel, _, _ := strings.Cut(c, "!"); ours && strings.HasPrefix(channel, "PJSIP/party-") {
			_, _ = s.l.CLI("channel request hangup " + channel) // the other one ends with it
			ended++
		}
	}
	if ended == 0 {
		t.Errorf("none of our contacts talks any more: %v", all)
	}
}

// heardBy is what one party heard, in tenths of a second.
type heardBy struct {
	voice []bool // of the agent
	other []bool // the tone of the other party
	music []bool // of the exchange: on hold
}

func (s *handed) heardBy(t *testing.T, c contact, tone float64) (h heardBy) {
	t.Helper()
	const music = 1320
	file, err := s.l.Recording(strings.TrimPrefix(c.number, "+"))
	if err != nil {
		t.Fatal(err)
	}
	rate, samples, err := lab.ReadWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(samples, rate/10) {
		other, hold := measure.Level(part, rate, tone), measure.Level(part, rate, music)
		rest := math.Pow(10, measure.RMS(part)/10) - math.Pow(10, other/10) - math.Pow(10, hold/10)
		h.other, h.music = append(h.other, other > -30), append(h.music, hold > -30)
		h.voice = append(h.voice, rest > math.Pow(10, -38.0/10) && hold <= -30)
	}
	return h
}

// metInConference: the party heard the agent's voice and the music of a hold,
// then agent and other party together, and in the end the other party alone.
func (s *handed) metInConference(t *testing.T, c contact, tone float64) {
	t.Helper()
	h := s.heardBy(t, c, tone)
	first := 0 // of half a second of the tone: a voice has a bit of every tone in it
	for first+5 <= len(h.other) && count(h.other[first:first+5]) < 5 {
		first++
	}
	if first+5 > len(h.other) {
		t.Errorf("%s never heard the other party's %g Hz", c.name, tone)
		return
	}
	before, hold, both, after := count(h.voice[:first]), longestRun(h.music[:first], true), 0, 0
	end := max(first, len(h.other)-2*int(2*pauses/(100*time.Millisecond))/3) // most of what they had to themselves
	for i := first; i < len(h.other); i++ {
		switch {
		case !h.other[i]:
		case i >= end && !h.voice[i]:
			after++
		case i < end && h.voice[i]:
			both++
		}
	}
	t.Logf("%s heard %d ms of the agent, %d ms of music, then %d ms of both, %d ms of the other party alone", c.name, before*100, hold*100, both*100, after*100)
	if before < 5 || hold < 5 || both < 5 || after < 5 {
		t.Errorf("%s did not hear the agent, music on hold, both, and the other party alone: %+v", c.name, h)
	}
	if n := longestRun(h.music[first:], true); n > 2 {
		t.Errorf("%s heard music in the conference or after it", c.name)
	}
}

func count(of []bool) (n int) {
	for _, x := range of {
		if x {
			n++
		}
	}
	return n
}

// longestRun is the most that stand one after another.
func longestRun(of []bool, what bool) (most int) {
	n := 0
	for _, x := range of {
		n++
		if x != what {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// handedOn: a transfer without a question. The contact hears the other party,
// and the exchange has a row for the call it made.
func (s *handed) handedOn(t *testing.T) {
	p, jonas, office := s.kim, s.people[2], s.office
	s.dial(jonas)
	p.hears(700)
	listen(pauses)
	p.Press(s.say("Transfer"))
	form := p.Find("form", s.say("Transfer"))
	p.Write(p.Find("textbox", s.say("Transfer to"), form), office.number)
	p.Press(s.say("Transfer"), form)
	p.call("Ended")
	s.alone(t, jonas, office)
	listen(2 * pauses)
	s.hangUpAtAsterisk(t)
	if row := cdrOf(t, s.l, office.number); row.Disposition != "ANSWERED" {
		t.Errorf("the exchange's call to %s: %+v", office.name, row)
	}
	if h := s.heardBy(t, jonas, 1000); longestRun(h.other, true) < 8 || count(h.voice) == 0 {
		t.Errorf("%s did not hear the agent, then %s: %+v", jonas.name, office.name, h)
	}
	if h := s.heardBy(t, office, 700); longestRun(h.other, true) < 8 {
		t.Errorf("%s did not hear the contact: %+v", office.name, h)
	}
	p.Choose(s.say("Call result"), s.say("Answer result"))
	p.Press(s.say("Done and next"))
	p.said("alert", s.say("No more records"))
	p.Gone("region", s.say("Outbound interaction"))
}

// byKeypad: a manual call whose number is pressed, not typed.
func (s *handed) byKeypad(t *testing.T) {
	p := s.kim
	pad := p.region("Manual call")
	p.Press(s.say("Keypad"), pad)
	keys := p.Find("group", s.say("Keypad"), pad)
	for _, digit := range s.manual {
		p.Press(string(digit), keys)
	}
	p.Press(s.say("Call"), pad)
	p.call("Connected")
	p.hears(500)
	p.call("Ended")
	p.finished()
	if row := cdrOf(t, s.l, "+"+s.manual); row.Disposition != "ANSWERED" {
		t.Errorf("the CDR says %+v", row)
	}
	r := s.report("visits")
	for i, want := range []campaign.CallResult{campaign.WrongParty, campaign.Answer, campaign.Answer} {
		c := s.people[i]
		n := slices.IndexFunc(r.Records, func(r campaign.ReportRecord) bool { return r.Phone == c.number })
		if n < 0 || r.Records[n].CallResult != want || r.Records[n].Attempts != 1 {
			t.Errorf("%s: %+v", c.name, r.Records)
		}
	}
}
