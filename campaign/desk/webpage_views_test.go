package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

// TestViews renders every view at four widths, in both languages and themes:
// nothing may be wider than the screen, no word of a control cut off, and
// axe-core finds nothing serious. FREITON_SHOTS names a folder for pictures.
func TestViews(t *testing.T) {
	t.Parallel() // nothing in it is measured by the clock
	b := browser(t)
	w := worldOf(t)
	say := words("de")
	p := &looks{tab: w.visit(t, b, "de"), axe: axe(t)}
	p.find("button", say("Log in"))
	p.look("login")
	p.logIn("ann", say)
	w.do(campaign.ClickLoad{By: "chief", Campaign: "bestand"})
	w.do(campaign.ClickLoad{By: "chief", Campaign: "spring"})
	p.find("dialog", say("Campaign loaded: spring"))
	p.look("popups")
	w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	p.press("OK", p.find("dialog", say("Campaign started: spring")))
	p.look("idle")
	p.calls(say)
	p.others(say)

	w.mu.Lock()
	w.pbx = desk.Link{State: "lost", Text: "Die Anlage antwortet nicht (408)."}
	w.mu.Unlock()
	p.until("the lost PBX", func() bool { return strings.Contains(p.text("document.body"), "408") })
	p.look("pbx-lost")

	chief := &looks{tab: w.visit(t, b, "de"), axe: p.axe}
	chief.logIn("chief", say)
	chief.until("the campaigns", func() bool { return len(chief.seen("button", say("Stop"))) == 2 })
	chief.look("floor")

	eva := &looks{tab: w.visit(t, b, "de"), axe: p.axe}
	eva.logIn("eva", say)
	eva.press("OK", eva.find("dialog", say("Campaign started: spring")))
	eva.press(say("Ready"), eva.find("group", say("My status")))
	eva.press(say("Accept"), eva.find("dialog", say("Interaction preview")))
	eva.says(say("Call status"), say("Ringing"))
	eva.look("blank")
}

// calls are the views of a call.
func (p *looks) calls(say func(string) string) {
	line := p.w.line
	p.press(say("Ready"), p.find("group", say("My status")))
	p.find("dialog", say("Interaction preview"))
	p.look("preview")
	p.until("a preview to accept", func() bool { return len(p.seen("dialog", say("Interaction preview"))) == 1 || p.again(say) })
	p.press(say("Accept"), p.find("dialog", say("Interaction preview")))
	p.says(say("Call status"), say("Ringing"))
	p.look("ringing")
	line.answers()
	p.says(say("Call status"), say("Connected"))
	p.write(p.find("textbox", say("Note")), "Hat gerade wenig Zeit, bittet um Unterlagen per Post.")
	p.choose(say("Call result"), say("Answer result"))
	p.choose(say("Disposition code"), "Unterlagen gewünscht")
	p.write(p.find("textbox", "Ort", p.find("region", say("Contact"))), "Bad Muster")
	p.look("talking")
	p.press("Abbrechen", p.find("region", say("Contact")))
	p.press(say("Consent given – start recording"))
	p.press(say("Pause recording"))
	p.find("button", say("Resume recording"))
	p.look("paused")
	p.consults(say)
	p.press(say("Keypad"), p.find("group", say("Call")+" …"))
	p.press(say("Transfer"))
	p.press(say("Schedule callback"))
	p.write(p.find("textbox", say("Call back at")), say("tomorrow 15"))
	p.press(say("Mute"))
	p.press(say("Hold"))
	p.says(say("Call status"), say("On hold"))
	p.look("held")
	p.press(say("Save"), p.find("form", say("Schedule callback")))
	p.choose(say("Status after this call"), say("Not ready")+": Bildschirmpause")
	line.contactHangsUp()
	p.says(say("Call status"), say("Ended"))
	p.click(p.find("checkbox", say("Do not call")))
	p.look("wrap-up")
	p.press(say("Done"))
	p.gone("region", say("Outbound interaction"))
	p.find("button", say("Undo"))
	p.look("done")
	p.press(say("Correct result"))
	p.find("dialog", say("Correct result"))
	p.look("correct")
	p.press("Abbrechen")
}

// consults calls a colleague while the contact waits, and lets them all confer.
func (p *looks) consults(say func(string) string) {
	line := p.w.line
	p.press(say("Consult"))
	p.write(p.find("textbox", "Rückfrage bei"), "+49 30 901820")
	p.press(say("Call"), p.find("form", say("Consult")))
	p.says(say("Call status"), say("On hold"))
	p.says("Rückfragegespräch", say("Ringing"))
	line.answers()
	p.says("Rückfragegespräch", say("Connected"))
	p.look("consult")
	p.press(say("Conference"))
	p.says("Rückfragegespräch", "In der Konferenz")
	p.says(say("Call status"), say("Connected"))
	p.look("conference")
	p.press("Rückfrage beenden")
	p.gone("group", "Rückfragegespräch")
	p.says(say("Call status"), say("Connected"))
}

// again: the preview has run out meanwhile; be Ready once more.
func (p *looks) again(say func(string) string) bool {
	p.press(say("Ready"), p.find("group", say("My status")))
	return false
}

// others are the views outside a call.
func (p *looks) others(say func(string) string) {
	p.press(say("Call history"))
	p.look("history")
	p.press(say("Contact directory"))
	p.write(p.find("searchbox", say("Search")), "donau")
	p.until("a contact", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "Donaudampf") })
	p.press("Neuer Kontakt")
	p.look("directory")
	p.press("Meine Nachrichten")
	p.find("region", "Meine Nachrichten")
	p.look("messages")
	p.run(emulation.SetDeviceMetricsOverride(390, 844, 1, false))
	p.press("Weiteres")
	p.find("button", say("Help"))
	p.lookAt("tools", []string{"light", "dark"}, [2]int64{390, 844}, [2]int64{320, 640})
	p.run(emulation.SetDeviceMetricsOverride(390, 844, 1, false))
	p.press("Zu den Seiten")
	p.until("the pages in sight", func() bool {
		return p.on(p.find("button", "Meine Nachrichten"), `function() { const r = this.getBoundingClientRect(); return r.top > 0 && r.bottom < innerHeight && document.activeElement === this }`) == "true"
	})
	p.run(emulation.SetDeviceMetricsOverride(1440, 900, 1, false))
	for _, name := range []string{"Help", "Settings"} {
		p.press(say(name))
		p.find("dialog", say(name))
		p.look(strings.ToLower(name))
		p.press("Schließen")
		p.gone("dialog", say(name))
	}
	p.press(say("Sound"))
	p.find("dialog", say("Sound"))
	p.look("sound")
	p.press("Gerätetest")
	p.find("dialog", "Gerätetest")
	p.until("the check's end", func() bool { return strings.Contains(p.text("document.querySelector('dialog')"), "Bericht ") })
	p.look("check")
	p.press("Schließen")
	p.press("Arbeitsplatz")
	p.w.do(campaign.ClickStart{By: "chief", Campaign: "bestand"})
	p.press("OK", p.find("dialog", say("Campaign started: bestand")))
	p.press(say("Get record"))
	p.find("button", say("Return to list"))
	p.look("record-open")
	p.press(say("Return to list"))
}

// looks is a tab that is looked at.
type looks struct {
	*tab
	axe   string
	count int
}

const tooWide = `(() => {
	const wide = document.documentElement.scrollWidth - innerWidth, out = [];
	const name = e => e.tagName + '.' + e.className + ' ' + (e.innerText || '').slice(0, 40);
	if (wide > 0) for (const e of document.querySelectorAll('body *')) if (e.getBoundingClientRect().right > innerWidth + 1) out.push('beyond the edge: ' + name(e));
	for (const e of document.querySelectorAll('button, dt, h2, .pill-word, .field-name, .tag')) if (e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') out.push('cut off: ' + name(e));
	const bar = document.querySelector('.statebar'), open = bar?.querySelector('.more-tools[aria-expanded=true]');
	if (bar && !open && innerWidth < 400 && bar.offsetHeight > 120) out.push('the state bar is ' + bar.offsetHeight + ' high: nothing is left for the call');
	return out.slice(0, 5).join('\n');
})()`

// look shows the view in every way there is.
func (p *looks) look(view string) {
	p.t.Helper()
	p.lookAt(view, []string{"light", "dark"}, [2]int64{1440, 900}, [2]int64{1024, 768}, [2]int64{390, 844}, [2]int64{320, 640})
}

// glance is a look at what differs little from a view looked at already.
func (p *looks) glance(view string) {
	p.t.Helper()
	p.lookAt(view, []string{"light"}, [2]int64{1440, 900}, [2]int64{390, 844})
}

func (p *looks) lookAt(view string, themes []string, sizes ...[2]int64) {
	p.t.Helper()
	shots := os.Getenv("FREITON_SHOTS")
	for _, size := range sizes {
		for _, theme := range themes {
			p.run(emulation.SetDeviceMetricsOverride(size[0], size[1], 1, false),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
			for _, language := range []string{"en", "de"} { // German last: the test goes on in it
				p.speak(language)
				p.count++
				name := fmt.Sprintf("%s-%d-%s-%s", view, size[0], theme, language)
				var wide string
				p.evaluate(tooWide, &wide)
				if wide != "" {
					p.t.Errorf("%s: %s", name, wide)
				}
				if shots != "" {
					p.shot(filepath.Join(shots, name+".png"))
				}
			}
			if p.axe != "" && (size[0] == 1440 || size[0] == 390) {
				p.accessible(fmt.Sprintf("%s-%d-%s", view, size[0], theme))
			}
		}
	}
	p.run(emulation.SetDeviceMetricsOverride(1440, 900, 1, false), emulation.SetEmulatedMedia())
}

// speak switches the language with the page's own field.
func (p *looks) speak(language string) {
	p.t.Helper()
	p.evaluate(fmt.Sprintf(`new Promise(done => { const s = document.querySelector('.language select'); s.value = %q;
		s.dispatchEvent(new Event('change', {bubbles: true})); requestAnimationFrame(() => requestAnimationFrame(() => done(0))) })`, language), nil)
}

func (p *looks) shot(file string) {
	p.t.Helper()
	var png []byte
	p.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().Do(ctx)
		return err
	}))
	must(p.t, os.WriteFile(file, png, 0o644))
}

// accessible asks axe-core.
func (p *looks) accessible(name string) {
	p.t.Helper()
	var found string
	p.evaluate(p.axe+`; axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(
		r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => ({id: v.id, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' :: ' + n.failureSummary.slice(0, 300))}))))`, &found)
	var list []any
	if err := json.Unmarshal([]byte(found), &list); err != nil || len(list) > 0 {
		p.t.Errorf("%s: axe-core: %v %s", name, err, found)
	}
}

// axe brings axe-core's text; npm is asked once.
func axe(t *testing.T) string {
	t.Helper()
	var errs strings.Builder
	cmd := exec.Command("testdata/web-tools.sh")
	cmd.Stderr = &errs
	dir, err := cmd.Output()
	if err != nil {
		t.Fatalf("axe-core: %v: %s", err, errs.String())
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "node_modules/axe-core/axe.min.js"))
	must(t, err)
	return string(b)
}
