package desk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
)

// TestHeadsetLostOnThePage: a lost headset is said at once, and what became of
// the call as well; another agent sees whose call she takes over.
func TestHeadsetLostOnThePage(t *testing.T) {
	b := browser(t)
	w := worldOf(t)
	en := words("en")
	ann := w.visit(t, b, "en")
	ann.logIn("ann", en)
	popupsJoin(ann, en)
	ann.press("Ready", ann.find("group", "My status"))
	name := offeredName(ann, en)
	ann.key("F2")
	ann.says("Call status", "Ringing")
	w.line.answers()
	ann.says("Call status", "Connected")
	page := func(p *tab) string { return p.text(`document.body`) }

	w.do(campaign.ClickHeadset{Agent: "ann", State: campaign.HeadsetLost})
	ann.says("Call status", "On hold")
	ann.until("she is told that the contact waits", func() bool {
		return strings.Contains(page(ann), "The contact is on hold and hears music") && strings.Contains(page(ann), "Another agent is asked in")
	})
	ann.shot("parked")
	w.do(campaign.ClickHeadset{Agent: "ann", State: campaign.HeadsetUp})
	ann.says("Call status", "Connected")
	ann.until("she is told what happened", func() bool { return strings.Contains(page(ann), "hears you again") })
	ann.shot("back")

	de := words("de")
	eva := w.visit(t, b, "de")
	eva.logIn("eva", de)
	eva.press("OK", eva.find("dialog", de("Campaign started: spring")))
	w.do(campaign.ClickHeadset{Agent: "ann", State: campaign.HeadsetLost})
	ann.says("Call status", "On hold")
	eva.press("Bereit", eva.find("group", "Mein Status"))
	eva.until("the call is offered", func() bool {
		return strings.Contains(page(eva), "ann hat das Headset verloren") && strings.Contains(page(eva), name)
	})
	eva.shot("take-over")
	eva.key("F2")
	eva.says("Anrufstatus", "Verbunden")
	ann.until("she is told who has it", func() bool { return strings.Contains(page(ann), "eva has taken the call over") })
	ann.shot("handed-on")
	telephoneOnThePage(t, w, de)
}

// telephoneOnThePage: an agent with a telephone reads what is wrong with it and
// what to do, and is asked for no microphone.
func telephoneOnThePage(t *testing.T, w *world, de func(string) string) {
	w.do(campaign.ClickHeadset{Agent: "paul", State: campaign.HeadsetMissing, Why: &campaign.Reason{Code: campaign.ReasonPhoneBusy, Text: "busy"}})
	paul := w.visit(t, browser(t), "de")
	paul.logIn("paul", de)
	paul.press("OK", paul.find("dialog", de("Campaign started: spring")))
	paul.press("Bereit", paul.find("group", "Mein Status"))
	paul.until("what is wrong with the telephone, and that nothing comes for it", func() bool { return strings.Count(paul.text(`document.body`), "Das Telefon ist besetzt") > 1 })
	paul.shot("telephone-busy")
	paul.press(de("Sound"))
	dialog := paul.find("dialog", de("Sound"))
	if text := paul.text(`document.querySelector('dialog')`); !strings.Contains(text, "1002@pbx.example") || strings.Contains(text, de("check microphone")) {
		t.Errorf("the sound menu says %q", text)
	}
	paul.shot("telephone-menu")
	paul.press(de("Close"), dialog)
	w.do(campaign.ClickHeadset{Agent: "paul", State: campaign.HeadsetUp})
	paul.until("nothing is wrong any more", func() bool { return !strings.Contains(paul.text(`document.body`), "Telefon ist besetzt") })
	paul.shot("telephone-up")
}

// shot keeps a picture where FREITON_SHOTS says, wide and narrow.
func (p *tab) shot(name string) {
	p.t.Helper()
	dir := os.Getenv("FREITON_SHOTS")
	if dir == "" {
		return
	}
	for width, tag := range map[int64]string{1440: "wide", 390: "narrow"} {
		var png []byte
		p.run(emulation.SetDeviceMetricsOverride(width, 900, 1, false), chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile(filepath.Join(dir, "headset-"+name+"-"+tag+".png"), png, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	p.run(emulation.ClearDeviceMetricsOverride())
}
