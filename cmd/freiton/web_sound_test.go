package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
	"github.com/freiton/freiton/media"
)

// chromiumWithVoice is a browser whose microphone says something like syllables:
// a steady tone would be noise to it.
func chromiumWithVoice(t *testing.T) context.Context {
	t.Helper()
	voice := filepath.Join(t.TempDir(), "voice.wav")
	var said []int16
	for i := range 12 {
		said = append(said, media.ToneAt(48000, 300+float64(i*7%5)*150, 180*time.Millisecond, -12)...)
		said = append(said, make([]int16, 48000*90/1000)...)
	}
	if err := media.WriteWAVFile(voice, 48000, said); err != nil {
		t.Fatal(err)
	}
	return pagetest.Browser(t, chromedp.Flag("use-file-for-fake-audio-capture", voice), chromedp.Flag("allow-loopback-in-peer-connection", true))
}

// agentAt logs an agent in, who has not been through the device check.
func agentAt(t *testing.T, f *floorUnderTest, b context.Context, language, name string, first ...chromedp.Action) *pagetest.Tab {
	t.Helper()
	say := pagetest.Words(language)
	p := pagetest.Open(t, b, f.url, language, first...)
	p.Write(p.Find("textbox", say("User name")), name)
	p.Write(p.Find("textbox", say("Password")), agentPassword)
	p.Press(say("Log in"))
	return p
}

func (f *floorUnderTest) status(t *testing.T, agent campaign.AgentID) campaign.AgentStatus {
	t.Helper()
	s, err := f.control.Snapshot(t.Context(), campaign.Viewer{Agent: agent, Role: campaign.RoleAgent})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range s.Agents {
		if a.Agent == agent {
			return a.Status
		}
	}
	return ""
}

// The first Ready leads through the device check and, where nothing is red and
// nobody tries anything in it, on to Ready; passed, it is not asked for again. A test call brings one's own voice back. An unplugged headset is said,
// and nothing goes to the server until it is back.
func TestDeviceCheck(t *testing.T) {
	f := openFloor(t, 4, "progressive", fmt.Sprintf(deskList, "R-1;Paula;+493012345;Ulm\n"), campaign.User{Name: "ann", Role: campaign.RoleAgent})
	b := chromiumWithVoice(t)
	say := pagetest.Words("de")
	p := agentAt(t, f, b, "de", "ann")
	p.Press(say("Ready"), p.Find("group", say("My status")))
	box := p.Find("dialog", say("Device check"))
	if s := f.status(t, "ann"); s == campaign.AgentReady {
		t.Fatal("Ready before the device check")
	}
	p.Press("Klingelton abspielen", box) // she tries something: it waits for her
	result := p.Find("status", say("Check result"), box)
	p.Until("the check has passed", func() bool {
		return strings.HasPrefix(p.On(result, `function() { return this.textContent }`), "Bestanden")
	})
	p.Until("the report's number", func() bool { return strings.Contains(p.Text("document.querySelector('dialog')"), "Bericht ") })
	ownVoice(t, p, say)
	p.Press(say("Continue"), box)
	p.Gone("dialog", say("Device check"))
	until(t, 10*time.Second, "ann is Ready", func() bool { return f.status(t, "ann") == campaign.AgentReady })
	p.Press(say("Not ready"), p.Find("group", say("My status")))
	until(t, 10*time.Second, "ann is not Ready", func() bool { return f.status(t, "ann") == campaign.AgentNotReady })
	p.Press(say("Ready"), p.Find("group", say("My status")))
	until(t, 10*time.Second, "ann is Ready again without another check", func() bool { return f.status(t, "ann") == campaign.AgentReady })
	replug(t, f, p, say)
	p.Press(say("Not ready"), p.Find("group", say("My status")))
	until(t, 10*time.Second, "ann is not Ready", func() bool { return f.status(t, "ann") == campaign.AgentNotReady })
	p.Run(chromedp.Evaluate(`localStorage.removeItem('freiton.check')`, nil))
	p.Press(say("Ready"), p.Find("group", say("My status")))
	p.Find("dialog", say("Device check"))
	p.Gone("dialog", say("Device check"))
	until(t, 10*time.Second, "ann is Ready by itself", func() bool { return f.status(t, "ann") == campaign.AgentReady })
}

// ownVoice: what is heard in the page while the server plays is the tone.
func ownVoice(t *testing.T, p *pagetest.Tab, say func(string) string) {
	t.Helper()
	p.Press(say("Test call"))
	verdict := p.Find("status", say("Test result"))
	p.Until("the verdict", func() bool {
		return strings.Contains(p.On(verdict, `function() { return this.textContent }`), "kam in diesem Browser wieder an")
	})
	text := p.On(verdict, `function() { return this.textContent }`)
	for _, want := range []string{"Ihre Stimme ist klar (-", "dauert es etwa"} {
		if !strings.Contains(text, want) {
			t.Errorf("the test call says %q, and not %q", text, want)
		}
	}
}

// replug takes the microphone out of the list of devices and puts it back.
func replug(t *testing.T, f *floorUnderTest, p *pagetest.Tab, say func(string) string) {
	t.Helper()
	var none any
	p.Run(chromedp.Evaluate(`navigator.mediaDevices.enumerateDevices().then(all => { window.all = all;
		navigator.mediaDevices.enumerateDevices = async () => window.all.filter(d => d.kind !== 'audioinput');
		navigator.mediaDevices.dispatchEvent(new Event('devicechange')); })`, &none, awaitPromise))
	p.Until("the headset is said to be gone", func() bool {
		return strings.Contains(p.Text("document.getElementById('app')"), "Das Headset wurde abgezogen")
	})
	until(t, 10*time.Second, "ann is not Ready without a headset", func() bool { return f.status(t, "ann") == campaign.AgentNotReady })
	sent := func() uint64 { st, _ := f.desktop.sound.Stats("ann"); return st.Received }
	until(t, 10*time.Second, "no packet comes any more", func() bool {
		st, ok := f.desktop.sound.Stats("ann")
		return ok && st.Age > time.Second
	})
	before := sent()
	p.Run(chromedp.Evaluate(`(async () => { navigator.mediaDevices.enumerateDevices = async () => window.all;
		navigator.mediaDevices.dispatchEvent(new Event('devicechange')); })()`, &none, awaitPromise))
	until(t, 10*time.Second, "packets come again", func() bool { return sent() > before+20 })
	until(t, 10*time.Second, "ann is Ready again with her headset", func() bool { return f.status(t, "ann") == campaign.AgentReady })
	p.Until("nothing is said any more", func() bool {
		return !strings.Contains(p.Text("document.getElementById('app')"), "Das Headset wurde abgezogen")
	})
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// A microphone that the browser blocks is red, says the cure, and keeps from Ready.
func TestDeviceCheckRefused(t *testing.T) {
	f := openFloor(t, 4, "progressive", fmt.Sprintf(deskList, "R-1;Paula;+493012345;Ulm\n"), campaign.User{Name: "ann", Role: campaign.RoleAgent})
	b := pagetest.Browser(t, chromedp.Flag("use-fake-ui-for-media-stream", false), chromedp.Flag("deny-permission-prompts", true))
	p := agentAt(t, f, b, "en", "ann")
	p.Press("Ready", p.Find("group", "My status"))
	box := p.Find("dialog", "Device check")
	result := p.Find("status", "Check result", box)
	p.Until("the check has failed", func() bool {
		return strings.HasPrefix(p.On(result, `function() { return this.textContent }`), "Failed")
	})
	if text := p.Text("document.querySelector('dialog')"); !strings.Contains(text, "padlock") {
		t.Errorf("no cure: %s", text)
	}
	if off := p.On(p.Find("button", "Continue", box), `function() { return String(this.disabled) }`); off != "true" {
		t.Error("it goes on all the same")
	}
	p.Press("Close", box)
	p.Gone("dialog", "Device check")
	if s := f.status(t, "ann"); s == campaign.AgentReady {
		t.Error("Ready without a microphone")
	}
}
