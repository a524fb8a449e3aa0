package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

// wrapUp: the timer runs out and warns, Done frees her for what she chose;
// undo, Done again, and the correction.
func (s *shift) wrapUp(t *testing.T) {
	p, paula := s.ann, s.people[0]
	p.Find("timer", "", p.region("Dispositions"))
	p.said("status", s.say("After-call work has run out"))
	s.chief.awaitText("region", "Agents", s.say("over time"))
	p.finished()
	p.hasStatus("Not ready")
	p.said("status", s.say("Not ready"))
	p.Press(s.say("Undo"))
	p.awaitText("region", "Outbound interaction", paula.name)
	p.Until("what was entered", func() bool {
		return p.On(p.Find("combobox", s.say("Disposition code")), `function() { return this.value }`) == "Sold/New" &&
			strings.HasPrefix(p.On(p.Find("textbox", s.say("Note")), `function() { return this.value }`), "Ruft zurück")
	})
	p.finished()
	p.hasStatus("Not ready")
	p.Press(s.say("Correct result"), p.region("Call history"))
	dialog := p.Find("dialog", s.say("Correct result"))
	p.Choose(s.say("Call result"), s.say("Wrong party"), dialog)
	p.Press(s.say("Save"), dialog)
	p.Gone("dialog", s.say("Correct result"))
	p.awaitText("region", "Call history", s.say("Wrong party"))
	p.Press(s.say("Call history"), p.Find("navigation", "Freiton"))
	p.awaitText("region", "Call history", paula.name)
	p.Press(s.say("Desk"), p.Find("navigation", "Freiton"))
}

// contactEnds: the contact hangs up, and Do not call alone is enough for Done.
func (s *shift) contactEnds(t *testing.T) {
	p, bruno := s.ann, s.people[1]
	p.status("Ready")
	p.accept(bruno.name)
	p.call("Connected")
	p.hears(500)
	p.call("Ended")
	if text := p.reads("status", "Call status"); !strings.Contains(text, s.say("by the contact")) {
		t.Errorf("ended by whom: %s", text)
	}
	p.Click(p.Find("checkbox", s.say("Do not call")))
	p.finished()
}

// nobodyAnswers: a busy line is settled by the dialer, shown, and the next
// record comes without a click.
func (s *shift) nobodyAnswers() {
	p, carla := s.ann, s.people[2]
	p.accept(carla.name)
	p.call("Ended")
	p.awaitText("status", "Call status", s.say("not connected"))
	p.awaitText("region", "Outbound interaction", s.say("Busy"))
	p.Gone("region", s.say("Outbound interaction"))
}

// declined: the record comes first again, to whoever is next.
// Not ready at an open preview declines as well.
func (s *shift) declined(t *testing.T) {
	doris, emil := s.people[3], s.people[4]
	first := s.ann.offered(doris.name)
	s.ann.Press(s.say("Decline"), first)
	s.ann.Until("another preview", func() bool {
		again := s.ann.Seen("dialog", s.say("Interaction preview"))
		return len(again) == 1 && again[0].BackendDOMNodeID != first
	})
	if text := s.ann.On(s.ann.offered(doris.name), `function() { return this.innerText }`); !strings.Contains(text, s.say("declined once")) {
		t.Errorf("the preview does not say that it was declined: %s", text)
	}
	s.ann.status("Not ready")
	s.ann.Gone("dialog", s.say("Interaction preview"))
	s.ben.status("Ready")
	s.ben.accept(doris.name)
	s.ben.call("Connected")
	s.ben.hears(1000)
	s.ann.status("Ready")
	s.ann.offered(emil.name)

	s.ben.Press(s.say("Wrong number – quick"))
	s.ben.Gone("region", s.say("Outbound interaction"))
	s.ben.awaitText("region", "Call history", s.say("Wrong number"))
	s.ben.status("Not ready")
}

// withdrawn: stopping the campaign takes an open preview away, in words.
func (s *shift) withdrawn() {
	s.ann.offered(s.people[4].name)
	s.chief.campaign("Campaigns", "spring", "Stop")
	s.ann.said("alert", s.say("Preview withdrawn"))
	s.ann.Gone("dialog", s.say("Interaction preview"))
	s.ann.hasStatus("Ready")
}

// missed: doing nothing puts the record first and the agent Not ready; the
// next agent's offer is that record. He agrees on a callback.
func (s *shift) missed(t *testing.T) {
	frida := s.late[0]
	s.chief.campaign("Campaigns", "late", "Load")
	s.chief.campaign("Campaigns", "late", "Start")
	for _, p := range []*agentPage{s.ann, s.ben} {
		p.Press("OK", p.Find("dialog", s.say("Campaign started: late")))
	}
	s.ann.offered(frida.name)
	s.ann.Gone("dialog", s.say("Interaction preview"))
	s.ann.hasStatus("Not ready")
	s.ann.said("alert", s.say("Preview not accepted"))
	if got := s.ann.On(s.ann.Find("combobox", s.say("Reason")), `function() { return this.selectedOptions[0].text }`); got != s.say("preview not accepted") {
		t.Errorf("the reason is %q", got)
	}
	s.ben.status("Ready")
	s.ben.accept(frida.name)
	s.ben.call("Connected")
	s.ben.Press(s.say("Schedule callback"))
	s.ben.Write(s.ben.Find("textbox", s.say("Call back at")), s.say("tomorrow 15"))
	s.ben.Click(s.ben.Find("checkbox", s.say("Personal callback")))
	s.ben.Press(s.say("Save"))
	s.ben.Gone("textbox", s.say("Call back at"))
	s.ben.Press(s.say("Hang up"))
	s.ben.call("Ended")
	s.ben.Choose(s.say("Call result"), s.say("Answer result"))
	s.ben.finished()
	s.ben.awaitText("region", "Workbin", frida.name)
}

// manual: a number from the dial pad, through the gate.
func (s *shift) manual(t *testing.T) {
	p, number := s.ann, fateByCode(t, "01").Number(9000+len(s.lang)+int(s.lang[0]))
	pad := p.region("Manual call")
	p.Write(p.Find("textbox", s.say("Number"), pad), number)
	p.Press(s.say("Call"), pad)
	p.call("Connected")
	p.hears(1000)
	p.Press(s.say("Hang up"))
	p.call("Ended")
	p.finished()
	if row := cdrOf(t, s.l, number); row.Disposition != "ANSWERED" {
		t.Errorf("the CDR says %+v", row)
	}
}

// aside: a new contact in the directory, and a message of the supervisor's.
func (s *shift) aside() {
	p := s.ann
	views := p.Find("navigation", "Freiton")
	p.Press(s.say("Contact directory"), views)
	p.Press(s.say("New contact"), p.region("Contact directory"))
	form := p.Find("form", s.say("New contact"))
	p.Write(p.Find("textbox", s.say("Name"), form), "Gerda Gans")
	p.Write(p.Find("textbox", s.say("Telephone number"), form), "030 23125077")
	p.Press(s.say("Save"), form)
	p.awaitText("region", "Contact directory", "Gerda Gans")
	s.events.do("/messages", desk.NewMessage{To: "agent", Name: "ann", Text: "Bitte um 12 Uhr in Raum 4."})
	p.said("alert", "Raum 4")
	p.Until("the message", func() bool {
		return slices.ContainsFunc(p.Seen("button", "", views), func(n *accessibility.Node) bool {
			return strings.HasPrefix(p.On(n.BackendDOMNodeID, `function() { return this.innerText }`), s.say("My messages"))
		})
	})
	p.Press(s.say("Desk"), views)
}

// inbound: the contact calls back, the agent who called her answers, with her
// record open.
func (s *shift) inbound(t *testing.T) {
	p, paula := s.ann, s.people[0]
	p.status("Ready")
	caller := fmt.Sprintf("Local/%s-%s@callers", s.account, strings.TrimPrefix(paula.number, "+"))
	if err := s.l.Originate(caller, "Milliwatt", ""); err != nil {
		t.Fatal(err)
	}
	ring := p.Find("dialog", s.say("Call from "+paula.name))
	p.Press(s.say("Answer"), ring)
	p.call("Connected")
	p.hears(1004)
	p.awaitText("region", "Inbound interaction", paula.name)
	if out, err := s.l.CLI("channel request hangup " + s.channel(t)); err != nil {
		t.Fatal(out, err)
	}
	p.call("Ended")
	p.Press(s.say("Done"))
	p.Gone("region", s.say("Inbound interaction"))
	p.status("Not ready")
}

// channel is the name of our account's channel at Asterisk.
func (s *shift) channel(t *testing.T) string {
	t.Helper()
	all, err := s.l.Channels()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c string) bool { return strings.HasPrefix(c, "PJSIP/"+s.account+"-") })
	if i < 0 {
		t.Fatalf("no channel of %s in %v", s.account, all)
	}
	channel, _, _ := strings.Cut(all[i], "!")
	return channel
}

// neverTheSame: no two agents had a record at the same time, by the events and
// by what stood on their screens.
func (s *shift) neverTheSame(t *testing.T) {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	holder := map[string]campaign.AgentID{}
	of := map[campaign.InteractionID]string{}
	last := ""
	for _, e := range s.events.events {
		if e.InteractionView == nil || e.InteractionView.Kind != campaign.KindCampaign {
			continue
		}
		if c := e.InteractionView.Content; c != nil {
			of[e.Interaction] = c.RecordID
		}
		record := of[e.Interaction]
		if e.Kind == campaign.EventOffered {
			if last != "" && last != record {
				t.Errorf("record %s came back to the top, but %s was offered", last, record)
			}
			last = ""
		}
		if e.Kind == campaign.EventDeclined || e.Kind == campaign.EventMissed {
			last = record
		}
		if e.InteractionView.State == campaign.StateOver {
			delete(holder, record)
			continue
		}
		if by := holder[record]; by != "" && by != e.Agent {
			t.Errorf("event %d (%s): record %s is on the desk of %s and of %s", e.N, e.Kind, record, by, e.Agent)
		}
		holder[record] = e.Agent
	}
	// A page that draws a frame later than another may still show for a moment
	// what is gone.
	const frame = 250 * time.Millisecond
	for _, a := range s.ann.spans() {
		for _, b := range s.ben.spans() {
			if a.what == b.what && a.from.Add(frame).Before(b.to) && b.from.Add(frame).Before(a.to) {
				t.Errorf("%s was on both screens: %v and %v", a.what, a, b)
			}
		}
	}
}

// span is how long something stood on a screen.
type span struct {
	what     string
	from, to time.Time
}

// spans are the contacts a page showed, in the preview or open.
func (p *agentPage) spans() (all []span) {
	p.T.Helper()
	screens := p.screens()
	for i, x := range screens {
		to := time.Now()
		if i+1 < len(screens) {
			to = screens[i+1].time()
		}
		for _, what := range []string{x.Preview, x.Open} {
			if what != "" && what != "?" {
				all = append(all, span{what, x.time(), to})
			}
		}
	}
	return all
}

// settled: report, CDR and what was entered agree.
func (s *shift) settled(t *testing.T) {
	spring, late := s.report("spring"), s.report("late")
	want := []struct{ result, disposition, sip string }{
		{"wrong-party", "Sold/New", "ANSWERED"}, {"do-not-call", "", "ANSWERED"}, {"busy", "", "BUSY"}, {"wrong-number", "", "ANSWERED"}, {"", "", ""},
	}
	for i, c := range s.people {
		n := slices.IndexFunc(spring.Records, func(r campaign.ReportRecord) bool { return r.Phone == c.number })
		if n < 0 {
			t.Fatalf("%s is not in the report", c.name)
		}
		rec, attempts := spring.Records[n], 0
		for _, a := range spring.Attempts {
			if a.Phone == c.number {
				attempts++
				if row := cdrOf(t, s.l, c.number); row.Disposition != want[i].sip {
					t.Errorf("%s: the CDR says %s", c.name, row.Disposition)
				} else if on := s.answerOnTheWay(t, c); !a.AnsweredAt.IsZero() && (a.EndedAt.Sub(a.AnsweredAt.Time)+on-row.Billed).Abs() > time.Second {
					t.Errorf("%s: connected %s, Asterisk billed %s and had the ACK %s after its answer", c.name, a.EndedAt.Sub(a.AnsweredAt.Time), row.Billed, on)
				}
			}
		}
		if want[i].sip == "" {
			if attempts != 0 || rec.Status != campaign.Ready {
				t.Errorf("%s was only offered: %d attempts, %+v", c.name, attempts, rec)
			}
			continue
		}
		if attempts != 1 || rec.CallResult.String() != want[i].result || rec.Disposition != want[i].disposition {
			t.Errorf("%s: %d attempts, %+v", c.name, attempts, rec)
		}
	}
	if rec := spring.Records[0]; !strings.HasPrefix(rec.Note, "Ruft zurück; möchte <b>") {
		t.Errorf("the note is %q", rec.Note)
	}
	if rec := spring.Records[1]; !rec.DoNotCall {
		t.Errorf("Do not call is not set: %+v", rec)
	}
	if rec := late.Records[0]; rec.CallbackAt.IsZero() {
		t.Errorf("no callback: %+v", rec)
	}
	decisions := map[string]int{}
	for _, o := range append(spring.Offers, late.Offers...) {
		decisions[string(o.Decision)]++
	}
	if decisions["decline"] != 2 || decisions["missed"] != 1 || decisions["accept"] != 5 {
		t.Errorf("decisions %v", decisions)
	}
}

// answerOnTheWay is how long Asterisk had answered a call before it had our
// ACK: a machine with much else to do reads the answer late.
func (s *shift) answerOnTheWay(t *testing.T, c contact) time.Duration {
	t.Helper()
	invites := s.trace.invites(t, s.l, c.number)
	if len(invites) == 0 {
		return 0
	}
	call, seq := sipHeader(invites[0].Text, "Call-ID"), strings.Fields(sipHeader(invites[0].Text, "CSeq"))[0]
	var answered time.Time
	for _, m := range s.trace.messages(t) {
		if sipHeader(m.Text, "Call-ID") != call || strings.Fields(sipHeader(m.Text, "CSeq") + " ?")[0] != seq {
			continue
		}
		switch {
		case answered.IsZero() && strings.HasPrefix(m.Text, "SIP/2.0 200 "):
			answered = m.At
		case !answered.IsZero() && strings.HasPrefix(m.Text, "ACK "):
			return m.At.Sub(answered)
		}
	}
	return 0
}
