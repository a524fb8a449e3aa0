package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

// TestDesktopFaults: what goes wrong around a page that is in a call, against
// Asterisk: it is loaded again, its network is cut, its tab is closed, the
// server is killed. Each time: what the agent sees, that nothing she typed is
// lost, and that the record is settled.
func TestDesktopFaults(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{})
	s := &shift{trace: traced(t, l)}
	s.people = contacts(t, 3000,
		contact{name: "Rita Rabe", city: "Rom", fate: "01"},
		contact{name: "Nora Nagel", city: "Nizza", fate: "01"},
		contact{name: "Tina Tauber", city: "Turin", fate: "01"},
		contact{name: "Olga Ott", city: "Oslo", fate: "01"},
		contact{name: "Wanda Wolf", city: "Wien", fate: "04"},
		contact{name: "Karla Krug", city: "Kiel", fate: "01"})
	s.labFloor = openLabFloor(t, l, labChromium(t, speechFile(t)), floorPlan{
		account: "1003", language: "en", names: namesOf(s.people), wired: true,
		users: []campaign.User{
			{Name: "ann", Role: campaign.RoleAgent}, {Name: "ben", Role: campaign.RoleAgent}, {Name: "dora", Role: campaign.RoleAgent}, {Name: "witness", Role: campaign.RoleSupervisor},
		},
		lists: map[string]string{"customers": csvOf(s.people)},
		camps: map[string]string{"spring": "description: Offer\nmode: progressive\nagents: all\nlists: [customers]\nafter_call_work: 60s\npreview: {timeout: 30s}\nannouncement: sorry.wav\n"},
		sorry: media.Tone(440, sorryLasts, -16),
	})
	s.events = s.watch(t, "witness")
	s.events.do("/campaigns/spring/load", nil)
	s.events.do("/campaigns/spring/start", nil)
	s.ann = s.agent(t, "ann", pagetest.CheckPassed())
	s.ann.Press("OK", s.ann.Find("dialog", "Campaign started: spring"))
	s.ann.status("Ready")
	s.reloaded(t)
	s.cutOff(t)
	s.tabClosed(t)
	s.serverKilled(t)
	s.callKilled(t)
}

// reloaded: the same call goes on, nobody at the PBX notices.
func (s *shift) reloaded(t *testing.T) {
	p, rita := s.ann, s.people[0]
	p.accept(rita.name)
	p.call("Connected")
	p.hears(1000)
	p.Write(p.Find("textbox", "Note"), "before the reload")
	p.mayLeave()
	begun := time.Now()
	p.Run(chromedp.Reload())
	p.hears(1000)
	back := time.Since(begun)
	t.Logf("sound is back in the page %v after the reload began", back.Round(10*time.Millisecond))
	if back > 5*time.Second { // 2 s on a machine that is not busy
		t.Errorf("sound back only after %v", back)
	}
	p.call("Connected")
	if note := p.On(p.Find("textbox", "Note"), `function() { return this.value }`); note != "before the reload" {
		t.Errorf("the note is %q", note)
	}
	if n := s.changes(t, rita); n != 0 {
		t.Errorf("%d re-INVITEs for a reload", n)
	}
	s.done(p, "before the reload")
}

// mayLeave says yes when the browser asks whether to leave the page: somebody
// talks there.
func (p *agentPage) mayLeave() {
	chromedp.ListenTarget(p.Ctx, func(ev any) {
		if _, ok := ev.(*page.EventJavascriptDialogOpening); ok {
			go func() { _ = chromedp.Run(p.Ctx, page.HandleJavaScriptDialog(true)) }() // ends with the dialog or the tab
		}
	})
}

// changes is how many re-INVITEs of a call Asterisk saw.
func (s *shift) changes(t *testing.T, c contact) (n int) {
	t.Helper()
	for _, m := range s.trace.invites(t, s.l, c.number) {
		if strings.Contains(sipHeader(m.Text, "To"), ";tag=") {
			n++
		}
	}
	return n
}

// done hangs up, chooses a result and is done.
func (s *shift) done(p *agentPage, note string) {
	p.T.Helper()
	p.Press("Hang up")
	p.call("Ended")
	p.Choose("Call result", "Answer")
	p.finished()
	p.awaitText("region", "Call history", note)
}

// cutOff: the page's network is cut for 10 s, and she goes on typing: the page
// says so, the contact is held and comes back, the note has it all.
func (s *shift) cutOff(t *testing.T) {
	p, nora := s.ann, s.people[1]
	p.accept(nora.name)
	p.call("Connected")
	p.hears(1000)
	p.Write(p.Find("textbox", "Note"), "before the cut")
	at := s.events.await(campaign.EventJoined, s.events.last(campaign.EventOffered))
	s.wire.cutFor(10*time.Second, func() {
		p.Write(p.Find("textbox", "Note"), "before the cut, and in it")
		p.said("status", "The server is not answering")
		p.said("status", "Connection lost")
		s.events.await(campaign.EventHeld, at.N)
	})
	s.events.await(campaign.EventResumed, at.N)
	p.call("Connected")
	p.hears(1000)
	p.said("alert", "Your headset was gone for")
	p.link("Server", "live")
	if note := p.On(p.Find("textbox", "Note"), `function() { return this.value }`); note != "before the cut, and in it" {
		t.Errorf("the note is %q", note)
	}
	s.done(p, "before the cut, and in it")
	if n := s.changes(t, nora); n != 2 {
		t.Errorf("%d re-INVITEs instead of a hold and a resume", n)
	}
}

// last is the number of the newest event of a kind.
func (b *browserTab) last(kind campaign.EventKind) (n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Kind == kind {
			n = e.N
		}
	}
	return n
}

// sorryLasts is how long the campaign's announcement speaks.
const sorryLasts = 1500 * time.Millisecond

// tabClosed: two agents close their tabs in a call. For 3 s
// nothing happens, then the contacts are held. One call is taken over by a third
// agent, with what was typed; for the other there is nobody, and it is ended
// after the announcement. Who comes back is told.
func (s *shift) tabClosed(t *testing.T) {
	p, tina, olga := s.ann, s.people[2], s.people[3]
	s.ben = s.agent(t, "ben", pagetest.CheckPassed())
	s.ben.Press("OK", s.ben.Find("dialog", "Campaign started: spring"))
	dora := s.agent(t, "dora", pagetest.CheckPassed())
	dora.Press("OK", dora.Find("dialog", "Campaign started: spring"))
	dora.mayLeave()
	dora.status("Ready")
	at := s.inCall(p, tina)
	atDora := s.inCall(dora, olga)
	s.ben.status("Ready")
	s.ben.offered(s.people[4].name)
	s.ben.Press("Decline") // he is free for what comes
	s.ben.status("Not ready")
	closed := time.Now()
	p.Run(page.Close())
	held := s.events.await(campaign.EventHeld, at.N, p.name)
	closedToo := time.Now() // hers is the later one: for it there is nobody
	dora.Run(page.Close())
	s.ben.status("Ready")
	s.events.await(campaign.EventHeld, atDora.N, dora.name)
	over := s.events.await(campaign.EventTakeOver, held.N)
	t.Logf("tab closed, the contact held %v later and offered to %s after %v", held.At.Sub(closed), over.Agent, over.At.Sub(closed))
	s.heldInTime(t, tina, closed)
	s.heldInTime(t, olga, closedToo)
	dialog := s.ben.Find("dialog", "Take over the call with "+tina.name)
	s.ben.Press("Accept", dialog)
	s.ben.call("Connected")
	s.ben.hears(1000)
	s.ben.awaitText("region", "Outbound interaction", tina.name)
	if note := s.ben.On(s.ben.Find("textbox", "Note"), `function() { return this.value }`); note != "typed by ann" {
		t.Errorf("the note is %q", note)
	}
	s.cutOffFor(t, dora, olga)
	s.ben.Choose("Status after this call", "Not ready")
	s.done(s.ben, "typed by ann")
	s.heardBoth(t, tina)
	s.ann = s.agent(t, "ann", pagetest.CheckPassed())
	s.ann.said("alert", "ben has taken the call over")
	s.ann.hasStatus("Not ready")
	if name := s.ann.On(s.ann.Find("combobox", "Reason"), `function() { return this.selectedOptions[0].value }`); name != "Technik" {
		t.Errorf("she is not ready because of %q", name)
	}
}

// inCall takes the next record, and types.
func (s *shift) inCall(p *agentPage, c contact) campaign.Event {
	p.T.Helper()
	since := s.events.last(campaign.EventJoined)
	p.accept(c.name)
	p.call("Connected")
	p.hears(1000)
	p.Write(p.Find("textbox", "Note"), "typed by "+p.name)
	p.saved()
	return s.events.await(campaign.EventJoined, since, p.name)
}

// heldInTime: Asterisk's word of when the contact was held, and that nothing
// came before.
func (s *shift) heldInTime(t *testing.T, c contact, closed time.Time) {
	t.Helper()
	var again []sipMessage
	for _, m := range s.trace.invites(t, s.l, c.number) {
		if strings.Contains(sipHeader(m.Text, "To"), ";tag=") {
			again = append(again, m)
		}
	}
	if len(again) == 0 || !strings.Contains(again[0].Text, "a=sendonly") {
		t.Fatalf("%s was not held: %d re-INVITEs", c.name, len(again))
	}
	if d := again[0].At.Sub(closed); d < 3*time.Second || d > 6*time.Second {
		t.Errorf("%s was held %v after the tab was closed, not 3 s and a little", c.name, d)
	}
}

// cutOffFor: nobody was there for the call of an agent. Asterisk heard her, the
// announcement and its end; the contact is to be called back.
func (s *shift) cutOffFor(t *testing.T, p *agentPage, c contact) {
	t.Helper()
	s.events.await(campaign.EventCutOff, 0)
	rate, samples := recordingOf(t, s.l, cdrOf(t, s.l, c.number))
	_, end := measure.Sounding(samples, rate, -45)
	from := end - int(sorryLasts.Seconds()*float64(rate))*3/4
	if from < 0 {
		t.Fatalf("Asterisk recorded only %v", measure.Duration(len(samples), rate))
	}
	if hz := measure.Frequency(samples[from:end], rate); hz < 435 || hz > 445 {
		t.Errorf("the last that %s heard was of %.0f Hz, not the announcement", c.name, hz)
	}
	var att campaign.ReportAttempt
	until(t, 10*time.Second, "the attempt is settled", func() bool {
		for _, a := range s.report("spring").Attempts {
			if a.Phone == c.number {
				att = a
			}
		}
		return att.EndedBy != ""
	})
	rec := s.recordOf(c)
	if att.EndedBy != campaign.ByDialer || att.HeldMS < 5000 || rec.Status != campaign.Ready || rec.Note != "typed by "+p.name || rec.NextDialAt.IsZero() {
		t.Errorf("cut off: %+v, the record %+v", att, rec)
	}
}

// heardBoth: Asterisk recorded the voice before the hold and after it.
func (s *shift) heardBoth(t *testing.T, c contact) {
	t.Helper()
	rate, samples := recordingOf(t, s.l, cdrOf(t, s.l, c.number))
	parts := spokenParts(samples, rate, 5*time.Second)
	if len(parts) != 2 {
		t.Fatalf("%d stretches of voice, want 2: before the tab was closed, and of who took over", len(parts))
	}
	for i, part := range parts {
		if level := measure.RMS(part); level < -40 {
			t.Errorf("part %d is no voice: %.1f dBFS", i, level)
		}
	}
}

// serverKilled in after-call work, and then stopped by signals: the page says
// that the server is away, keeps what is typed meanwhile and comes back by
// itself. The after-call work is there again, in the same view with everything
// in it; the record belongs to it until Done, which settles it once.
func (s *shift) serverKilled(t *testing.T) {
	p, wanda := s.ann, s.people[4]
	p.status("Ready")
	p.accept(wanda.name)
	p.call("Ended")
	p.Choose("Call result", "Wrong party")
	p.Write(p.Find("textbox", "Note"), "before the crash")
	p.saved()
	if err := s.serve.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.serve.done
	p.said("status", "The server is not answering")
	p.Write(p.Find("textbox", "Note"), "before the crash, and after it")
	s.start()
	s.cameBack(t, p, wanda)
	for range 2 { // the second one does not wait for after-call work
		if err := s.serve.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		until(t, 10*time.Second, "the signal is heard", func() bool { return strings.Contains(s.serve.errs.String(), "no more dials") })
	}
	if status := s.serve.wait(t, 30*time.Second); status != 0 {
		t.Errorf("status %d\n%s", status, s.serve.errs.String())
	}
	s.start()
	s.cameBack(t, p, wanda)
	p.finished()
	p.hasStatus("Not ready")
	until(t, 10*time.Second, "the record is settled", func() bool { return s.recordOf(wanda).Attempts == 1 })
	if rec := s.recordOf(wanda); rec.Note != "before the crash, and after it" || rec.CallResult != campaign.WrongParty || rec.Status != campaign.Updated {
		t.Errorf("settled as %+v", rec)
	}
	calls := 0
	for _, a := range s.report("spring").Attempts {
		if a.Phone == wanda.number {
			calls++
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	p.Press("Call history", p.Find("navigation", "Freiton"))
	p.awaitText("region", "Call history", wanda.name)
}

// callKilled: the server is killed during a call. The agent reads what became
// of it and of what she typed, and gives its result afterwards.
func (s *shift) callKilled(t *testing.T) {
	p, karla := s.ann, s.people[5]
	p.Press("Desk", p.Find("navigation", "Freiton"))
	p.Press("OK", p.Find("dialog", "Campaign started: spring"))
	p.status("Ready")
	p.accept(karla.name)
	p.call("Connected")
	p.Write(p.Find("textbox", "Note"), "in the call")
	p.saved()
	if err := s.serve.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.serve.done
	p.Write(p.Find("textbox", "Note"), "in the call, and after the crash")
	p.said("status", "The server is not answering")
	s.start()
	p.link("Server", "live")
	p.Gone("region", "Outbound interaction")
	p.said("alert", "during your call with "+karla.name)
	p.said("status", "when you typed it about "+karla.name+": “in the call, and after the crash”")
	if rec := s.recordOf(karla); rec.Status != campaign.Stale || rec.Note != "in the call" {
		t.Errorf("after the crash the record is %+v", rec)
	}
	p.entry("row", "Call history", "Correct result", "the call with "+karla.name, func(text string) bool { return strings.Contains(text, karla.name) })
	dialog := p.Find("dialog", "Correct result")
	p.Choose("Call result", "Answer", dialog)
	p.Press("Save", dialog)
	until(t, 10*time.Second, "the result is written", func() bool { return s.recordOf(karla).Status == campaign.Updated })
	if rec := s.recordOf(karla); rec.CallResult != campaign.Answer || rec.Note != "in the call, and after the crash" || rec.Attempts != 1 {
		t.Errorf("corrected to %+v", rec)
	}
}

// cameBack looks at after-call work from before a restart.
func (s *shift) cameBack(t *testing.T, p *agentPage, c contact) {
	t.Helper()
	p.link("Server", "live")
	p.awaitText("region", "Outbound interaction", c.name)
	p.said("status", "Your after-call work is back")
	p.hasStatus("After-call work")
	if note := p.On(p.Find("textbox", "Note"), `function() { return this.value }`); note != "before the crash, and after it" {
		t.Errorf("the note is %q", note)
	}
	if rec := s.recordOf(c); rec.Status != campaign.Retrieved || rec.Attempts != 0 {
		t.Errorf("meanwhile the record is %+v", rec)
	}
}

// recordOf is a contact's record as the report has it.
func (s *shift) recordOf(c contact) campaign.ReportRecord {
	all := s.report("spring").Records
	return all[slices.IndexFunc(all, func(r campaign.ReportRecord) bool { return r.Phone == c.number })]
}
