package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
)

// TestWorkflow works a progressive campaign step by step, in both languages.
func TestWorkflow(t *testing.T) {
	b := browser(t)
	for _, language := range []string{"de", "en"} {
		t.Run(language, func(t *testing.T) {
			say := words(language)
			w := worldOf(t)
			p := w.visit(t, b, language)
			p.logIn("ann", say)

			popupsJoin(p, say)
			p.press(say("Ready"), p.find("group", say("My status")))
			first := offeredName(p, say)
			if n := w.line.dials(); n != 0 {
				t.Fatalf("%d calls before Accept", n)
			}
			decline(p, say, first)
			p.press(say("Accept"), p.find("dialog", say("Interaction preview")))
			talk(p, say)
			afterCall(p, say)
		})
	}
}

// popupsJoin: the campaign is loaded, then started; OK on either joins. Enter
// in a field presses neither.
func popupsJoin(p *tab, say func(string) string) {
	p.t.Helper()
	p.w.do(campaign.ClickLoad{By: "chief", Campaign: "spring"})
	p.find("dialog", say("Campaign loaded: spring"))
	p.write(p.find("textbox", say("Number"), p.find("region", say("Manual call"))), "")
	p.key("Enter")
	p.press("OK", p.find("dialog", say("Campaign loaded: spring")))
	p.gone("dialog", say("Campaign loaded: spring"))
	p.w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	p.press("OK", p.find("dialog", say("Campaign started: spring")))
	p.gone("dialog", say("Campaign started: spring"))
	p.find("button", say("Leave"), p.find("region", say("My campaigns")))
}

// offeredName is whom the preview offers.
func offeredName(p *tab, say func(string) string) string {
	p.t.Helper()
	id := p.find("dialog", say("Interaction preview"))
	return p.on(id, `function() { return this.querySelector('.preview-party').innerText }`)
}

// decline: the record comes first again.
func decline(p *tab, say func(string) string, name string) {
	p.t.Helper()
	before := p.find("dialog", say("Interaction preview"))
	p.key("F4")
	p.until("the record offered again", func() bool {
		again := p.seen("dialog", say("Interaction preview"))
		return len(again) == 1 && again[0].BackendDOMNodeID != before
	})
	if again := offeredName(p, say); again != name {
		p.t.Errorf("after Decline %q was offered, want %q again", again, name)
	}
}

// talk: every region is there, call status and actions follow the call, and
// nothing typed is lost to an event or a reload.
func talk(p *tab, say func(string) string) {
	p.t.Helper()
	p.says(say("Call status"), say("Ringing"))
	view := p.find("region", say("Outbound interaction"))
	for _, name := range []string{"Case information", "Record information", "Script", "Dispositions", "Note"} {
		p.find("region", say(name), view)
	}
	for _, name := range []string{"Contact", "Responses", "Contact history"} {
		p.find("region", say(name))
	}
	p.w.line.answers()
	p.says(say("Call status"), say("Connected"))
	if s := p.on(p.find("region", say("Script")), `function() { return this.innerText }`); !strings.Contains(s, "Jonas Albrecht?") || !strings.Contains(s, "ann") {
		p.t.Errorf("the script is not filled in: %s", s)
	}
	hangup := p.on(p.find("button", say("Hang up")), `function() { const r = this.getBoundingClientRect(); return r.x + ' ' + r.y + ' ' + r.width }`)

	note := p.find("textbox", say("Note"))
	p.write(note, "Ruft zurück, ")
	p.key("F8")
	p.says(say("Call status"), say("On hold"))
	p.run(input.InsertText("hat es eilig"))
	p.press(say("Resume"))
	p.says(say("Call status"), say("Connected"))
	p.w.line.contactHolds()
	p.says(say("Call status"), say("Held by contact"))
	p.w.line.contactResumes()
	p.says(say("Call status"), say("Connected"))
	p.press(say("Mute"))
	p.find("button", say("Unmute"))
	if at := p.on(p.find("button", say("Hang up")), `function() { const r = this.getBoundingClientRect(); return r.x + ' ' + r.y + ' ' + r.width }`); at != hangup {
		p.t.Errorf("Hang up moved from %s to %s", hangup, at)
	}
	if s := p.on(note, `function() { return this.value }`); s != "Ruft zurück, hat es eilig" {
		p.t.Errorf("the note is %q", s)
	}
	p.choose(say("Call result"), say("Wrong party"))
	p.choose(say("Status after this call"), say("Not ready")+": Pause")
	reload(p)
	p.says(say("Call status"), say("Connected"))
	if s := p.on(p.find("textbox", say("Note")), `function() { return this.value }`); s != "Ruft zurück, hat es eilig" {
		p.t.Errorf("after a reload the note is %q", s)
	}
	if n := p.w.line.dials(); n != 1 {
		p.t.Errorf("%d calls were placed", n)
	}
}

// reload loads the page again. It asks whether one may leave, for somebody
// talks.
func reload(p *tab) {
	p.t.Helper()
	chromedp.ListenTarget(p.ctx, func(ev any) {
		if _, ok := ev.(*page.EventJavascriptDialogOpening); ok {
			go func() { _ = chromedp.Run(p.ctx, page.HandleJavaScriptDialog(true)) }() // ends with the dialog or the tab
		}
	})
	p.run(chromedp.Reload())
}

// afterCall: a result is needed, Done frees her for what she chose, undo and
// correction follow.
func afterCall(p *tab, say func(string) string) {
	p.t.Helper()
	p.w.line.contactHangsUp()
	p.says(say("Call status"), say("Ended"))
	p.on(p.find("main", ""), `function() { this.focus() }`)
	more := p.find("button", say("More time: 0:30"))
	p.key("e")
	p.until("once more", func() bool { return p.on(more, `function() { return this.title }`) == say("Possible once more") })
	p.press(say("More time: 0:30"))
	p.until("no more time", func() bool {
		return p.on(more, `function() { return this.disabled + this.innerText }`) == "true"+say("extended 2 times")
	})
	p.key("1")
	p.until("the result", func() bool {
		return p.on(p.find("combobox", say("Call result")), `function() { return this.value }`) == "answer"
	})
	p.choose(say("Disposition code"), "Termin vereinbart")
	p.press(say("Schedule callback"))
	p.write(p.find("textbox", say("Call back at")), say("tomorrow 15"))
	p.press(say("Save"))
	p.gone("textbox", say("Call back at"))
	p.key("Enter", input.ModifierCtrl)
	p.gone("region", say("Outbound interaction"))
	p.until("the status chosen during the call", func() bool { return strings.Contains(p.text("document.querySelector('header')"), "Pause") })

	p.press(say("Undo"))
	p.find("region", say("Outbound interaction"))
	p.until("what was entered", func() bool {
		return p.on(p.find("combobox", say("Disposition code")), `function() { return this.value }`) == "Interessiert/Termin vereinbart"
	})
	p.press(say("Done"))
	p.gone("region", say("Outbound interaction"))

	p.press(say("Correct result"))
	dialog := p.find("dialog", say("Correct result"))
	p.choose(say("Call result"), say("Wrong party"), dialog)
	at := p.find("textbox", say("Call back at"), dialog)
	p.write(at, "never")
	p.until("no time to save", func() bool {
		return p.on(p.find("button", say("Save"), dialog), `function() { return this.disabled }`) == "true"
	})
	p.write(at, say("tomorrow 16"))
	p.click(p.find("checkbox", say("Personal callback"), dialog))
	p.press(say("Save"), dialog)
	p.gone("dialog", say("Correct result"))
	p.until("the corrected result", func() bool {
		return strings.Contains(p.on(p.find("region", say("Call history")), `function() { return this.innerText }`), say("Wrong party"))
	})
	snap, err := p.w.control.Snapshot(p.t.Context(), campaign.Viewer{Agent: "ann", Role: campaign.RoleAgent})
	must(p.t, err)
	if c := snap.Recent[0].Callback; c == nil || !c.Personal || c.At.Local().Hour() != 16 {
		p.t.Errorf("the corrected callback is %+v", c)
	}
}

// TestEngagedPage: nothing of the record is on the page before the contact answers.
func TestEngagedPage(t *testing.T) {
	b, w, say := browser(t), worldOf(t), words("en")
	p := w.visit(t, b, "en")
	p.logIn("eva", say)
	popupsJoin(p, say)
	p.press("Ready", p.find("group", "My status"))
	p.press("Accept", p.find("dialog", "Interaction preview"))
	p.says("Call status", "Ringing")
	for _, secret := range []string{"Jonas", "Albrecht", "23125000", "K-10400", "Berlin"} {
		var html string
		p.evaluate(`document.documentElement.outerHTML`, &html)
		if strings.Contains(html, secret) {
			t.Errorf("%q is on the page before the answer", secret)
		}
	}
	w.line.answers()
	p.says("Call status", "Connected")
	p.until("the record", func() bool {
		return strings.Contains(p.on(p.find("region", "Record information"), `function() { return this.innerText }`), "Jonas Albrecht")
	})
}

// TestPreviewMode fetches a record, gives one back, calls one on another
// number, and ends with Done and next.
func TestPreviewMode(t *testing.T) {
	b, w, say := browser(t), worldOf(t), words("de")
	p := w.visit(t, b, "de")
	p.logIn("ann", say)
	w.do(campaign.ClickLoad{By: "chief", Campaign: "bestand"})
	w.do(campaign.ClickStart{By: "chief", Campaign: "bestand"})
	p.press("OK", p.find("dialog", say("Campaign started: bestand")))
	p.press(say("Get record"))
	p.press(say("Return to list"), p.find("region", say("Outbound interaction")))
	p.gone("region", say("Outbound interaction"))
	p.press(say("Get record"))
	view := p.find("region", say("Outbound interaction"))
	p.write(p.find("textbox", say("Number"), view), "+491713920001")
	p.press(say("Call"), view)
	p.says(say("Call status"), say("Ringing"))
	w.line.busy()
	p.says(say("Call status"), say("Ended"))
	p.press(say("Done and next"))
	p.until("the next record", func() bool {
		next := p.seen("region", say("Outbound interaction"))
		return len(next) == 1 && next[0].BackendDOMNodeID != view
	})
	if w.sound.asked.Load() == 0 {
		t.Error("she was never Ready, calls, and nobody asked for her headset")
	}
	if d, ok := w.line.did[0].(campaign.Dial); !ok || d.Number != "+491713920001" {
		t.Errorf("dialled %+v", w.line.did[0])
	}
	p.press(say("Remove from campaign"))
	p.gone("region", say("Outbound interaction"))
	for reason, want := range map[string]string{
		`{code: 'outside-hours', text: 'closed', until: '2026-06-11T06:00:00Z'}`: "außerhalb der erlaubten Zeiten; wieder ab ",
		`{code: 'do-not-call', text: 'blocked', until: '2026-06-11T06:00:00Z'}`:  "steht auf der Sperrliste",
		`{code: 'abandoned-lock', text: 'locked'}`:                               "nach einem Lost Call gesperrt",
		`{code: 'gate', name: 'outside-hours', text: 'closed'}`:                  "Zurückgehalten: außerhalb der erlaubten Zeiten",
	} {
		var got string
		p.evaluate("import('/assets/ui.js').then(m => m.why("+reason+"))", &got)
		if later := strings.TrimPrefix(got, want); later == got || strings.HasSuffix(want, " ") != (later != "") {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
}

// TestHostileName: what stands in a list is text.
func TestHostileName(t *testing.T) {
	b, w, say := browser(t), worldOf(t), words("en")
	p := w.visit(t, b, "en")
	p.logIn("chief", say)
	p.press("Contact directory")
	p.write(p.find("searchbox", "Search", p.find("region", "Contact directory")), "onerror")
	p.until("the contact", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "<img src=x") })
	var title string
	p.evaluate("document.title", &title)
	var images int
	p.evaluate("document.querySelectorAll('main img').length", &images)
	if title == "owned" || images != 0 {
		t.Errorf("title %q, %d images", title, images)
	}
	for name, want := range map[string]string{"Ann": "Ann", "": "", "ليلى": "\u2068ليلى\u2069", "Ann\u202egnp.exe": "\u2068Anngnp.exe\u2069"} {
		var got string
		p.evaluate(fmt.Sprintf("import('/assets/text.js').then(m => m.isolated(%q))", name), &got)
		if got != want {
			t.Errorf("%q beside a number: %q, not %q", name, got, want)
		}
	}
}

// TestInboundCall: a call that comes in is answered and ends like any other.
func TestInboundCall(t *testing.T) {
	b, w, say := browser(t), worldOf(t), words("de")
	p := w.visit(t, b, "de")
	p.logIn("ann", say)
	p.press(say("Ready"), p.find("group", say("My status")))
	p.until("Ready", func() bool {
		return p.on(p.find("button", say("Ready")), `function() { return this.ariaPressed }`) == "true"
	})
	w.line.calls("+493023125000")
	p.press(say("Answer"))
	p.says(say("Call status"), say("Connected"))
	w.line.end("inbound-1", campaign.Answer, 200, campaign.ByContact)
	p.says(say("Call status"), say("Ended"))
	p.press(say("Done"))
	p.gone("button", say("Hang up"))
}

// TestSecondTab: a second tab looks on until it takes over; then the first does.
// Who works at another process looks on as well, at a desk.
func TestSecondTab(t *testing.T) {
	b, w, say := browser(t), worldOf(t), words("en")
	away, err := w.lists.store.Enter(t.Context(), campaign.Presence{Agent: "ann", Process: "other", Place: "elsewhere"}, false, time.Now(), time.Now().Add(time.Hour))
	must(t, err)
	p := w.visit(t, b, "en")
	p.logIn("ann", say)
	p.find("button", "Take over here")
	if p.find("button", "Desk"); !strings.Contains(p.text("document.querySelector('header')"), "Logged off") {
		t.Error("an agent without a desk is taken for a supervisor")
	}
	must(t, w.lists.store.Leave(t.Context(), away))
	p.gone("button", "Take over here")
	ctx, cancel := chromedp.NewContext(p.ctx)
	t.Cleanup(cancel)
	must(t, chromedp.Run(ctx))
	second := tabOf(t, w, &pagetest.Tab{T: t, Ctx: ctx})
	second.run(chromedp.Navigate(w.url + "/"))
	second.press("Take over here")
	second.gone("button", "Take over here")
	p.find("button", "Take over here")
	second.press("Ready", second.find("group", "My status"))
	second.find("button", "Check sound") // she has no headset here; that is the desk's matter, and no viewer's
	p.run(chromedp.Reload())
	p.find("button", "Take over here")
	if len(p.seen("button", "Check sound")) != 0 {
		t.Error("a viewer wants the headset")
	}
	second.until("Ready", func() bool { return strings.Contains(second.text("document.querySelector('header')"), "Ready") })
}
