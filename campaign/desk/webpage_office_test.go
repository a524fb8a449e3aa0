package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign/desk"
)

// oneCall was busy.
type oneCall struct{}

func (oneCall) Calls(text string, _ int) []desk.SIPCall {
	if !strings.Contains("sip:+493023125000@pbx", text) {
		return nil
	}
	return []desk.SIPCall{{CallID: "a/b@c", Begun: time.Now(), Method: "INVITE", From: "sip:1001@pbx", To: "sip:+493023125000@pbx", Answer: "486 Busy Here", Messages: 2}}
}

func (oneCall) Kept() (int, time.Time) { return 1, time.Now().Add(-time.Hour) }

func (oneCall) Messages(id string) []desk.SIPMessage {
	if id != "a/b@c" {
		return nil
	}
	m := desk.SIPMessage{At: time.Now(), Out: true, Via: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.1:5060", Line: "INVITE sip:+493023125000@pbx", Text: "INVITE sip:+493023125000@pbx SIP/2.0\r\nContact: <img src=x onerror=alert(1)>\r\n"}
	back := m
	back.Out, back.At, back.Line, back.Text = false, m.At.Add(40*time.Millisecond), "486 Busy Here", "SIP/2.0 486 Busy Here\r\n"
	return []desk.SIPMessage{m, back}
}

func (oneCall) Export(id, format string) []byte { return []byte(format + " of " + id) }

// runsTheOffice: the administrator adds a user and locks her, enters a number
// that nobody calls any more and takes it off again, and changes a campaign: the
// form and the document are the same thing, and what the server says stands there.
func (p *looks) runsTheOffice(t *testing.T, say func(string) string) {
	t.Helper()
	main := func() string { return p.text("document.querySelector('main')") }
	p.press("Benutzer und Rollen")
	p.press("Neuer Benutzer")
	form := p.find("region", "Neuer Benutzer")
	p.write(p.find("textbox", say("User name"), form), "nele")
	p.choose("Rolle", "Teamleitung", form)
	p.write(p.find("textbox", "Team", form), "kiel")
	p.write(p.find("textbox", say("Password"), form), "nelenelenele")
	p.press(say("Save"), form)
	p.until("the new user", func() bool { return strings.Contains(main(), "kiel") })
	p.press("Benutzer bearbeiten: nele")
	p.click(p.find("checkbox", "Gesperrt: kann sich nicht anmelden"))
	p.glance("users")
	p.press(say("Save"), p.find("region", "Benutzer bearbeiten: nele"))
	p.until("locked", func() bool { return strings.Contains(main(), "gesperrt") })

	p.press("Sperrliste")
	p.write(p.find("textbox", "Rufnummer", p.find("region", "In die Sperrliste eintragen")), "+49 30 23125999")
	p.press(say("Save"))
	p.write(p.find("searchbox", "Rufnummer, Name oder Wort"), "+49 30 23125 999")
	p.press(say("Search"))
	p.find("button", "+49 30 23125999 austragen")
	p.glance("dnc")
	p.press("+49 30 23125999 austragen")
	p.gone("button", "+49 30 23125999 austragen")

	p.press(say("Campaigns"))
	p.press("Neue Kampagne")
	p.until("its first field has the focus", func() bool { return p.focused() == "Name" })
	p.write(p.find("textbox", "Beschreibung"), `Für "alle": #1`)
	p.choose("Wählmodus", "Vorschau", p.find("region", "Neue Kampagne"))
	yaml := p.find("textbox", "Dokument (YAML)")
	const value = `function() { return this.value }`
	if doc := p.on(yaml, value); !strings.Contains(doc, `description: "Für \"alle\": #1"`) || !strings.Contains(doc, "mode: preview\nlists: []") {
		t.Errorf("the document does not follow the form:\n%s", doc)
	}
	p.write(yaml, "# unser Name\nname: ernte # kurz\nlists: [a, b]\ndispositions:\n  # die Codes\n  Ja: success\n")
	for name, want := range map[string]string{"Name": "ernte", "Anruflisten": "a, b", "Klassifizierungscodes": "# die Codes\nJa: success"} {
		if got := p.on(p.find("textbox", name), value); got != want {
			t.Errorf("the form has %s %q, not %q", name, got, want)
		}
	}
	p.press(say("Save"))
	p.until("what the server says of it", func() bool { return strings.Contains(main(), "no such document") })
	p.write(yaml, "name: ernte\nmode: fast\n")
	p.press(say("Save"))
	p.until("what is wrong, where, and what to do", func() bool {
		return strings.Contains(main(), `Zeile 2, Spalte 7: mode: "fast" ist keines der Wörter für diesen Schlüssel. Bekannt sind hier: preview`)
	})
	p.speak("en")
	if !strings.Contains(main(), `line 2, column 7: mode: "fast" is not one of the words for this key. known here: preview`) {
		t.Error("in English it is not said")
	}
	p.speak("de")
	p.glance("campaigns")
	p.write(yaml, "bestand") // the document of that name in this world
	p.press(say("Save"))
	p.find("region", "Kampagne bearbeiten: bestand")

	p.press("SIP-Verlauf")
	p.write(p.find("searchbox", "Rufnummer, URI oder Call-ID"), "3023125000")
	p.press(say("Search"))
	p.until("the call", func() bool { return strings.Contains(main(), "486 Busy Here") })
	p.run(chromedp.Evaluate(`document.querySelector("button[aria-label^='Anzeigen: +493023125000@pbx']").click()`, nil))
	p.until("its messages", func() bool { return strings.Contains(main(), "+0.040 s") })
	p.run(chromedp.Evaluate(`document.querySelectorAll('.ladder details').forEach(d => { d.open = true })`, nil))
	p.until("their text", func() bool { return strings.Contains(main(), "<img src=x") })
	if !strings.Contains(main(), "ein Eintrag seit ") || !strings.Contains(main(), "nur im Speicher") {
		t.Error("the page does not say how far back one can look")
	}
	p.glance("ladder")
	var file string
	p.evaluate(`fetch([...document.querySelectorAll('a')].find(a => a.textContent === 'Export als Text').href).then(r => r.text())`, &file)
	if file != "text of a/b@c" {
		t.Errorf("exported: %s", file)
	}
}
