package desk_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/desk/pagetest"
)

// lateData lets what is fetched come to the page when the browser takes nothing
// that moves for the answer to a click any more, and adds up what moved.
const lateData = `(() => {
	const real = window.fetch;
	window.underWay = 0;
	window.moved = [];
	window.cameAt = 0;
	window.fetch = async (url, how) => {
		if ((how?.method || 'GET') !== 'GET' || String(url).includes('/events')) return real(url, how);
		window.underWay++;
		try {
			const answer = await real(url, how), body = await answer.text();
			await new Promise(done => setTimeout(done, 650));
			return new Response(body.length ? body : null, {status: answer.status, headers: answer.headers});
		} finally {
			window.underWay--;
			window.cameAt = performance.now();
		}
	};
	const name = s => s.node ? (s.node.nodeName + '.' + (s.node.className || '') + ' ' + Math.round(s.previousRect.y) + '+' + Math.round(s.previousRect.height) + '→' + Math.round(s.currentRect.y) + '+' + Math.round(s.currentRect.height)) : 'gone';
	new PerformanceObserver(list => {
		for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved.push({by: e.value, what: e.sources.map(name).join(', ')});
	}).observe({type: 'layout-shift', buffered: true});
})()`

// mayMove is how much of the screen may move how far when data come: hardly any
// (a good page's is below 0.1, by the measure of layout shifts).
const mayMove = 0.02

// TestNothingMoves opens every page, on a screen and on a telephone, and works
// a call: what comes late pushes nothing away that one is about to press.
func TestNothingMoves(t *testing.T) {
	t.Parallel() // it mostly waits for what comes late
	b, w, say := browser(t), worldOf(t), words("de")
	w.do(campaign.ClickLoad{By: "chief", Campaign: "spring"})
	w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	for _, size := range [][2]int64{{1440, 900}, {390, 844}} {
		late := func(user string) *tab {
			p := tabOf(t, w, pagetest.Open(t, b, w.url+"/", "de", pagetest.CheckPassed(), emulation.SetDeviceMetricsOverride(size[0], size[1], 1, false),
				chromedp.ActionFunc(func(ctx context.Context) error {
					_, err := page.AddScriptToEvaluateOnNewDocument(lateData).Do(ctx)
					return err
				})))
			p.write(p.find("textbox", say("User name")), user)
			p.write(p.find("textbox", say("Password")), user+user)
			p.press(say("Log in"))
			p.find("navigation", "Freiton")
			p.still("the first page")
			return p
		}
		chief := late("chief")
		for _, view := range []string{"Berichte", "Protokoll", "Benutzer und Rollen"} {
			chief.press(view, chief.find("navigation", "Freiton"))
			chief.still(view)
		}
		late("dora").worksStill(say) // no warning of missing sound comes to her page
	}
}

// worksStill is a call of an agent.
func (p *tab) worksStill(say func(string) string) {
	p.t.Helper()
	if len(p.seen("button", say("Take over here"))) > 0 { // her other tab has the desk
		p.press(say("Take over here"))
		p.gone("button", say("Take over here"))
	}
	p.press(say("Call history"), p.find("navigation", "Freiton"))
	p.still("history")
	p.press("Arbeitsplatz", p.find("navigation", "Freiton"))
	p.w.do(campaign.ClickJoin{Agent: "dora", Campaign: "spring"})
	p.press(say("Ready"), p.find("group", say("My status")))
	p.find("dialog", say("Interaction preview"))
	p.still("preview")
	p.press(say("Accept"), p.find("dialog", say("Interaction preview")))
	p.came(say("Ringing"), say)
	p.still("ringing")
	p.w.line.answers()
	p.came(say("Connected"), say)
	p.still("talking")
	p.w.line.contactHangsUp()
	p.came(say("Ended"), say)
	p.still("after-call work")
	p.choose(say("Call result"), say("Wrong party"))
	p.press(say("Done"))
	p.gone("region", say("Outbound interaction"))
	p.still("done")
	p.noticesMoveNothing(say)
	p.w.do(campaign.ClickLogout{Agent: "dora"})
}

// noticesMoveNothing: a warning, a toast and a popup come while she looks for
// something to press, and everything is where it was.
func (p *tab) noticesMoveNothing(say func(string) string) {
	p.t.Helper()
	places := func() (at map[string]string) {
		p.evaluate(`Object.fromEntries([...document.querySelectorAll('.statebar :is(button, select), .side :is(button, input), .centre :is(button, input, a)')].map((e, n) => {
			const r = e.getBoundingClientRect();
			return [(e.getAttribute('aria-label') || e.innerText || e.tagName) + ' ' + e.closest('[aria-label]')?.getAttribute('aria-label'), Math.round(r.x) + ' ' + Math.round(r.y)];
		}))`, &at)
		return at
	}
	p.find("dialog", say("Interaction preview"))
	p.until("what is under way", func() bool {
		was := places()
		p.still("the next preview")
		return maps.Equal(was, places())
	})
	was := places()
	p.w.mu.Lock()
	p.w.pbx = desk.Link{State: "lost", Code: "pbx-silent"}
	p.w.mu.Unlock()
	p.w.do(campaign.ClickStop{By: "chief", Campaign: "spring"})
	p.w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	p.find("dialog", say("Campaign started: ")+"spring")
	for _, words := range []string{"Die Telefonanlage ist nicht erreichbar", say("Preview withdrawn")} {
		p.until(words, func() bool { return strings.Contains(p.text("document.body"), words) })
	}
	for what, at := range places() {
		if before, ok := was[what]; ok && before != at {
			p.t.Errorf("%s was at %s and is at %s when notices have come", what, before, at)
		}
	}
	p.w.mu.Lock()
	p.w.pbx = desk.Link{State: "live"}
	p.w.mu.Unlock()
	p.press(say("My messages"), p.find("navigation", "Freiton")) // what a toast said can be read again
	if told := p.on(p.find("region", "Hinweise dieser Seite"), `function() { return this.innerText }`); !strings.Contains(told, say("Preview withdrawn")) {
		p.t.Errorf("told before: %q", told)
	}
	p.press("Arbeitsplatz", p.find("navigation", "Freiton"))
}

// came waits for a call status. What the call's own step changes on the page is
// not what its data do, which come later.
func (p *tab) came(status string, say func(string) string) {
	p.t.Helper()
	p.says(say("Call status"), status)
	p.evaluate("void (window.moved = [])", nil)
}

// still waits until everything has come, and asks what moved meanwhile.
func (p *tab) still(view string) {
	p.t.Helper()
	var moved struct {
		By   float64
		What []string
	}
	p.until("the data of "+view, func() bool {
		var come bool
		p.evaluate("underWay === 0 && performance.now() - cameAt > 300", &come)
		return come
	})
	p.evaluate(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
		const all = window.moved;
		window.moved = [];
		done({by: all.reduce((sum, m) => sum + m.by, 0), what: all.map(m => m.by.toFixed(3) + ': ' + m.what)});
	}, 50))))`, &moved)
	if moved.By > mayMove {
		p.t.Errorf("%s: %.3f of the screen moved when its data came:\n%q", view, moved.By, moved.What)
	}
}
