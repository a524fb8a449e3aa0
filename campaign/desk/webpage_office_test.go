package desk_test

import (
	"strings"
	"testing"
)

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
	p.glance("campaigns")
	p.write(yaml, "bestand") // the document of that name in this world
	p.press(say("Save"))
	p.find("region", "Kampagne bearbeiten: bestand")
}
