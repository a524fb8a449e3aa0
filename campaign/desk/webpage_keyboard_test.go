package desk_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/freiton/freiton/campaign"
)

// TestKeyboardOnly: from the login to Done without a mouse. A popup takes no
// focus, and Enter in a text field does not press it.
func TestKeyboardOnly(t *testing.T) {
	b := browser(t)
	w := worldOf(t)
	w.do(campaign.ClickLoad{By: "chief", Campaign: "spring"})
	w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	ann := w.visit(t, b, "en")
	ann.find("button", "Log in")
	ann.until("the first field has the focus", func() bool { return ann.focused() == "User name" })
	ann.run(input.InsertText("ann"))
	ann.tabTo("Password")
	ann.run(input.InsertText("annann"), chromedp.KeyEvent(kb.Enter))
	ann.find("button", "Log off")

	popup := ann.find("dialog", "Campaign started: spring")
	ann.tabTo("Number")
	ann.run(chromedp.KeyEvent(kb.Enter))
	if got := ann.focused(); got != "Number" {
		t.Errorf("the focus went to %q", got)
	}
	w.do(campaign.ClickHeadset{Agent: "ann", State: campaign.HeadsetUp}) // an event that redraws the page
	if len(ann.seen("button", "OK", popup)) != 1 {
		t.Error("Enter in a text field pressed a popup")
	}
	ann.tabTo("OK")
	ann.run(chromedp.KeyEvent(kb.Enter))
	ann.find("button", "Leave")
	ann.gone("dialog", "Campaign started: spring")
	if got := ann.on(ann.find("main", ""), `function() { return String(this === document.activeElement) }`); got != "true" {
		t.Errorf("with the popup the focus went, to %q", ann.focused())
	}
	ann.tabTo("Help")
	ann.run(chromedp.KeyEvent(kb.Enter))
	ann.find("dialog", "Help")
	ann.run(chromedp.KeyEvent(kb.Escape))
	ann.gone("dialog", "Help")
	if got := ann.focused(); got != "Help" {
		t.Errorf("with the dialog the focus went, to %q", got)
	}
	ann.tabTo("Ready")
	ann.run(chromedp.KeyEvent(" "))
	ann.find("dialog", "Interaction preview")
	ann.key("F2")
	ann.says("Call status", "Ringing")
	w.line.answers()
	ann.says("Call status", "Connected")
	ann.key("F8")
	ann.says("Call status", "On hold")
	ann.key("F8")
	ann.says("Call status", "Connected")
	for opens, field := range map[string]string{"Schedule callback": "Call back at", "Transfer": "Transfer to", "Consult": "Whom to consult"} {
		ann.tabTo(opens)
		ann.run(chromedp.KeyEvent(" "))
		ann.until(field+" has the focus", func() bool { return ann.focused() == field })
		ann.run(chromedp.KeyEvent(kb.Escape))
		ann.on(ann.find("main", ""), `function() { this.focus() }`)
	}
	ann.key("n")
	ann.until("the note has the focus", func() bool { return ann.focused() == "Note" })
	ann.run(input.InsertText("wants no more calls, d 1"))
	ann.key("d")
	ann.key("F9")
	ann.says("Call status", "Ended (by you)")
	ticked := func() bool {
		return ann.on(ann.find("checkbox", "Do not call"), `function() { return String(this.checked) }`) == "true"
	}
	if ticked() {
		t.Error("a letter of the note ticked Do not call")
	}
	ann.tabTo("Status after this call")
	ann.run(chromedp.KeyEvent(kb.Escape))
	ann.on(ann.find("main", ""), `function() { this.focus() }`)
	ann.key("d")
	ann.until("Do not call is ticked by its key", ticked)
	ann.key("d")
	ann.key("Enter", input.ModifierCtrl)
	ann.find("button", "Undo")
	if !strings.Contains(ann.text("document.body"), "Do not call") {
		t.Error("a second press took the tick away")
	}
}

// TestBadSound: whose side it comes from.
func TestBadSound(t *testing.T) {
	b := browser(t)
	p := worldOf(t).visit(t, b, "en")
	for figures, want := range map[string]string{
		`{}`: "", `{contact: {mos: 4.2}, headset: {mos: 4.1}}`: "", `{contact: {mos: 0}, headset: {mos: 0}}`: "",
		`{contact: {mos: 2.9}, headset: {mos: 3}}`:                       "headset",
		`{contact: {mos: 3}, headset: {mos: 4}}`:                         "contact",
		`{contact: {mos: 3, remote_loss: 1.9, rtt_ms: 300}}`:             "contact",
		`{contact: {mos: 3, remote_loss: 2}}`:                            "pbx",
		`{contact: {mos: 3, rtt_ms: 301}}`:                               "pbx",
		`{contact: {mos: 3.1, remote_loss: 20}, headset: {mos: 3.1}}`:    "",
		`{contact: {mos: 4}, headset: {mos: 3, remote_loss: 0, rtt: 1}}`: "headset",
	} {
		var got string
		p.evaluate(`import('/assets/sound.js').then(m => m.badSide(`+figures+`))`, &got)
		if got != want {
			t.Errorf("%s: %q, not %q", figures, got, want)
		}
	}
}

// focused is the name of what has the focus.
func (p *tab) focused() string {
	p.t.Helper()
	var name string
	p.run(chromedp.Evaluate(`(() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.labels?.[0]?.querySelector('span')?.innerText || e.innerText || '' })()`, &name))
	return strings.TrimSpace(name)
}

// tabTo presses Tab until something of that name has the focus.
func (p *tab) tabTo(name string) {
	p.t.Helper()
	for range 80 {
		p.run(chromedp.KeyEvent(kb.Tab))
		if p.focused() == name {
			return
		}
	}
	p.t.Fatalf("Tab never comes to %q", name)
}
