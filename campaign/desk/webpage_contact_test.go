package desk_test

import (
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
)

// TestContactPage edits a contact in a call: what is typed outlives a reload,
// what is saved is everybody's, and a script in a name stays text. Then the
// directory and the messages.
func TestContactPage(t *testing.T) {
	b := browser(t)
	w := worldOf(t)
	say := words("de")
	p := w.visit(t, b, "de")
	p.logIn("ann", say)
	popupsJoin(p, say)
	p.press(say("Ready"), p.find("group", say("My status")))
	p.press(say("Accept"), p.find("dialog", say("Interaction preview")))
	p.says(say("Call status"), say("Ringing"))
	w.line.answers()
	p.says(say("Call status"), say("Connected"))

	const evil = `<img src=x onerror="document.title='owned'">`
	region := func() string {
		return p.text("[...document.querySelectorAll('section')].find(s => s.ariaLabel === 'Kontakt')")
	}
	if len(p.seen("button", say("Save"), p.find("region", say("Contact")))) != 0 {
		t.Error("Save though nothing was changed")
	}
	p.write(p.find("textbox", "Ort", p.find("region", say("Contact"))), "Bad Muster")
	p.write(p.find("textbox", "Name", p.find("region", say("Contact"))), evil)
	w.line.contactHolds() // an event comes
	p.says(say("Call status"), say("Held by contact"))
	w.line.contactResumes()
	p.says(say("Call status"), say("Connected"))
	reload(p)
	p.says(say("Call status"), say("Connected"))
	town := p.find("textbox", "Ort", p.find("region", say("Contact")))
	if got := p.on(town, "function() { return this.value }"); got != "Bad Muster" {
		t.Errorf("after a reload the town is %s", got)
	}
	p.press(say("Save"), p.find("region", say("Contact")))
	p.until("the saved contact", func() bool {
		return strings.Contains(region(), evil) && len(p.seen("button", say("Save"), p.find("region", say("Contact")))) == 0
	})
	if got := p.on(p.find("textbox", "Ort", p.find("region", say("Contact"))), "function() { return this.value }"); got != "Bad Muster" {
		t.Errorf("the saved town is %s", got)
	}
	p.until("the new name in the header", func() bool { return strings.Contains(p.text("document.querySelector('.call-party')"), evil) })
	w.line.contactHangsUp()
	p.says(say("Call status"), say("Ended"))
	p.choose(say("Call result"), say("Answer result"))
	p.press(say("Done"))
	p.gone("region", say("Outbound interaction"))

	p.press(say("Contact directory"))
	p.press("Neuer Kontakt")
	p.write(p.find("textbox", "Name"), "Gisela Neu")
	p.write(p.find("textbox", "Rufnummer"), "+493023125777")
	p.press(say("Save"))
	p.until("the new contact", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "Gisela Neu") })
	var owned bool
	p.evaluate("document.title.includes('owned')", &owned)
	if owned {
		t.Error("a name ran as a script")
	}

	p.press("Meine Nachrichten")
	p.find("region", "Meine Nachrichten")
	w.do(campaign.ClickStop{By: "chief", Campaign: "spring"})
	p.until("the dialer's message", func() bool {
		return strings.Contains(p.text("document.querySelector('main')"), "Kampagne spring wurde gestoppt")
	})
	p.press("Als gelesen markieren")
	p.gone("button", "Als gelesen markieren")
}
