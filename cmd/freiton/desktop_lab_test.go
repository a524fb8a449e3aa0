package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/media"
)

// labFloor is the real thing: `freiton serve` in a process of its own, Asterisk
// as its PBX, and agents whose desktops are pages in a Chromium.
type labFloor struct {
	t       *testing.T
	l       *lab.Lab
	browser context.Context
	account string // at Asterisk
	say     func(string) string
	lang    string
	config  string
	data    string
	listens string // the server's own address
	url     string // where the pages find it
	serve   *child
	names   []string // of contacts, for the pages' logs
	wire    *wire    // nil: none

	microphone string // what pages ask of it besides, as an object of JavaScript
	soundPort  int
}

// floorPlan is what a labFloor begins with.
type floorPlan struct {
	account  string
	language string
	users    []campaign.User
	lists    map[string]string // CSV by name
	camps    map[string]string // document after the common part, by name
	names    []string
	wired    bool    // the pages come over a wire that can be cut
	echo     bool    // the browsers' echo cancellation stays on, as agents have it
	sorry    []int16 // the announcement that campaigns may name, sorry.wav
}

// labChromium is a Chromium whose microphone speaks a file, over and over.
func labChromium(t *testing.T, wav string) context.Context {
	t.Helper()
	return pagetest.Browser(t,
		chromedp.Flag("use-file-for-fake-audio-capture", wav), chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("mute-audio", false), chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true), chromedp.Flag("disable-renderer-backgrounding", true))
}

// freePort is a port of loopback that is free for UDP and TCP.
func freePort(t *testing.T) int {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		_ = l.Close()
		if err == nil {
			_ = u.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// openLabFloor writes configuration, users, lists and campaigns as an
// administrator would before the first start, and starts the server.
func openLabFloor(t *testing.T, l *lab.Lab, browser context.Context, plan floorPlan) *labFloor {
	t.Helper()
	f := &labFloor{t: t, l: l, browser: browser, account: plan.account, say: pagetest.Words(plan.language), lang: plan.language, names: plan.names}
	f.microphone = "{echoCancellation: false}"
	if plan.echo {
		f.microphone = "{}"
	}
	f.config, f.data = labConfig(t, l)
	replaced(t, f.config, "1001", plan.account)
	web := freePort(t)
	sound, host, advertise := freePort(t), "127.0.0.1", ""
	if plan.wired {
		f.wire, host = layWire(t, web, sound), wireHost
		advertise = ", advertise: [" + wireHost + "]"
	}
	f.append(f.config, fmt.Sprintf("web: {listen: \"127.0.0.1:%d\"}\nheadset: {udp: \"127.0.0.1:%d\", hand_on_after: 14s%s}\n"+
		"inbound: {to: agents}\nnot_ready: [Pause, Schulung, Technik]\n", web, sound, advertise))
	f.soundPort = sound
	f.listens, f.url = fmt.Sprintf("http://127.0.0.1:%d", web), fmt.Sprintf("http://%s:%d", host, web)
	f.putUsers(plan.users)
	dir := t.TempDir()
	for name, csv := range plan.lists {
		file := filepath.Join(dir, name+".csv")
		f.append(file, csv)
		f.run("list", "import", name, file)
	}
	f.append(filepath.Join(dir, "script.md"), "# Gespräch\n\n1. Guten Tag, spreche ich mit {name}?\n")
	if err := os.Mkdir(filepath.Join(dir, "responses"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.append(filepath.Join(dir, "responses", "prices.md"), "# Preise\n\nDer Tarif kostet 12 Euro.\n")
	f.append(filepath.Join(dir, "responses", "moving.md"), "# Umzug\n\nWir ziehen mit Ihnen um.\n")
	if plan.sorry != nil {
		if err := media.WriteWAVFile(filepath.Join(dir, "sorry.wav"), 8000, plan.sorry); err != nil {
			t.Fatal(err)
		}
	}
	for name, document := range plan.camps {
		file := filepath.Join(dir, name+".yaml")
		f.append(file, "name: "+name+"\ncountry: lab\nclient: Muster GmbH\ncaller_id: \"+493090182000\"\nring_timeout: 20s\n"+
			"own_failures: {count: true, pause_after: -1}\nresults: [answer, wrong-party, {answering-machine: quick}, {wrong-number: quick}]\n"+
			"dispositions: {Sold: {New: success}, Refused: {Price: refusal}}\nscript: script.md\nresponses: responses\ngreeting: \"Muster GmbH, mein Name ist {agent}\"\n"+
			"fields: {preview: [campaign, name, City], case: [campaign, description, phone], record: [name, City, attempt_no]}\n"+document)
		f.run("campaign", "apply", "-f", file)
	}
	f.start()
	return f
}

func (f *labFloor) append(file, text string) {
	f.t.Helper()
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, append(old, text...), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// run is a command of the administrator that must succeed.
func (f *labFloor) run(args ...string) (out string) {
	f.t.Helper()
	status, out, errs := freiton(f.t, nil, append(args, "--config", f.config)...)
	if status != 0 {
		f.t.Fatalf("freiton %s: status %d\n%s", strings.Join(args, " "), status, errs)
	}
	return out
}

// putUsers adds users with a password that is quick to check.
func (f *labFloor) putUsers(users []campaign.User) {
	f.t.Helper()
	cfg, err := configs.Load(f.config, nil, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	v, err := openVault(f.t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		f.t.Fatal(err)
	}
	hash := cheapHash(f.t)
	for _, u := range users {
		u.Headset, u.Hash, u.Created = "browser", hash, time.Now()
		if err := v.store.PutUser(f.t.Context(), u); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := v.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// start starts the server and waits until it serves and is registered.
func (f *labFloor) start() {
	f.t.Helper()
	f.serve = startChild(f.t, "serve", "--config", f.config)
	serve := f.serve
	f.t.Cleanup(func() {
		if f.t.Failed() {
			said := serve.errs.String()
			f.t.Logf("what the server said last:\n%s", said[max(0, len(said)-2000):])
		}
	})
	until(f.t, 30*time.Second, "the desktop's address", func() bool {
		select {
		case <-f.serve.done:
			f.t.Fatalf("freiton serve has ended\n%s", f.serve.errs.String())
		default:
		}
		return strings.Contains(f.serve.errs.String(), "the desktop is at "+f.listens)
	})
	if err := f.l.WaitRegistered(f.account, true, 20*time.Second); err != nil {
		f.t.Fatal(err)
	}
}

// link is the one-time link of the first administrator.
func (f *labFloor) link() string {
	f.t.Helper()
	m := regexp.MustCompile(`http://\S+/login\?token=\S+`).FindString(f.serve.errs.String())
	if m == "" {
		f.t.Fatalf("no link for the administrator\n%s", f.serve.errs.String())
	}
	return m
}

// page opens the desktop in a browser of somebody's own.
func (f *labFloor) page(t *testing.T, url string, first ...chromedp.Action) *agentPage {
	t.Helper()
	p := &agentPage{floor: f, say: f.say}
	first = append(first, emulation.SetFocusEmulationEnabled(true), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(fmt.Sprintf(witness, jsonOf(t, append([]string{}, f.names...)), jsonOf(t, f.say("Interaction preview")),
			jsonOf(t, f.say("Outbound interaction")), jsonOf(t, f.say("Call status")), f.microphone)).Do(ctx)
		return err
	}))
	p.Tab = pagetest.Open(t, f.browser, url, f.lang, first...)
	return p
}

// agent opens the desktop and logs in.
func (f *labFloor) agent(t *testing.T, name string, first ...chromedp.Action) *agentPage {
	t.Helper()
	p := f.page(t, f.url+"/", first...)
	p.name = name
	p.LogIn(name, agentPassword, f.say)
	return p
}

// watch follows all events as a supervisor's program does.
func (f *labFloor) watch(t *testing.T, name string) *browserTab {
	t.Helper()
	b := (&floorUnderTest{url: f.listens}).tab(t)
	b.login(name)
	b.follow()
	return b
}

// report is a campaign's.
func (f *labFloor) report(name string) campaign.Report {
	f.t.Helper()
	var r campaign.Report
	if err := json.Unmarshal([]byte(f.run("campaign", "report", name, "--output", "json")), &r); err != nil {
		f.t.Fatal(err)
	}
	return r
}

// agentPage is somebody's desktop.
type agentPage struct {
	*pagetest.Tab
	floor *labFloor
	name  string
	say   func(string) string
}

// region is a part of the page by its name.
func (p *agentPage) region(name string) cdp.BackendNodeID {
	p.T.Helper()
	return p.Find("region", p.say(name))
}

// reads is what a part of the page says.
func (p *agentPage) reads(role, name string) string {
	p.T.Helper()
	return p.On(p.Find(role, p.say(name)), `function() { return this.innerText }`)
}

// awaitText waits until a part of the page says something.
func (p *agentPage) awaitText(role, name, text string) {
	p.T.Helper()
	last := ""
	p.Until(fmt.Sprintf("%s %q to say %q", role, p.say(name), text), func() bool {
		for _, n := range p.Seen(role, p.say(name)) {
			last = p.On(n.BackendDOMNodeID, `function() { return this.innerText }`)
		}
		return strings.Contains(last, text)
	})
}

// said waits until a live value of any name (role status or alert) says something.
func (p *agentPage) said(role, text string) {
	p.T.Helper()
	p.Until(fmt.Sprintf("a %s that says %q", role, text), func() bool {
		return slices.ContainsFunc(p.Seen(role, ""), func(n *accessibility.Node) bool {
			return strings.Contains(p.On(n.BackendDOMNodeID, `function() { return this.innerText }`), text)
		})
	})
}

// status presses one of the buttons of My status and waits until it holds.
func (p *agentPage) status(name string) {
	p.T.Helper()
	p.Press(p.say(name), p.Find("group", p.say("My status")))
	p.hasStatus(name)
}

// firstReady presses Ready for the first time in this browser: the device
// check comes before it.
func (p *agentPage) firstReady() {
	p.T.Helper()
	p.Press(p.say("Ready"), p.Find("group", p.say("My status")))
	p.Find("dialog", p.say("Device check")) // goes on by itself
	p.Gone("dialog", p.say("Device check"))
	p.hasStatus("Ready")
}

func (p *agentPage) hasStatus(name string) {
	p.T.Helper()
	p.Until("status "+name, func() bool {
		group := p.Find("group", p.say("My status"))
		return slices.ContainsFunc(p.Seen("button", p.say(name), group), func(n *accessibility.Node) bool {
			return p.On(n.BackendDOMNodeID, `function() { return this.ariaPressed }`) == "true"
		})
	})
}

// campaign presses a button of a campaign's entry in a list of the page.
func (p *agentPage) campaign(region, campaign, button string) {
	p.T.Helper()
	p.entry("listitem", region, button, "campaign "+campaign, func(text string) bool { return strings.HasPrefix(text, campaign) })
}

// entry presses a button of the entry whose text is so, in a list or table of
// the page.
func (p *agentPage) entry(role, region, button, what string, is func(text string) bool) {
	p.T.Helper()
	var entry cdp.BackendNodeID
	p.Until(what, func() bool {
		for _, n := range p.Seen(role, "", p.region(region)) {
			if is(p.On(n.BackendDOMNodeID, `function() { return this.innerText }`)) {
				entry = n.BackendDOMNodeID
				return len(p.Seen("button", p.say(button), entry)) > 0
			}
		}
		return false
	})
	p.Press(p.say(button), entry)
}

// offered waits for a preview of this contact.
func (p *agentPage) offered(contact string) cdp.BackendNodeID {
	p.T.Helper()
	p.awaitText("dialog", "Interaction preview", contact)
	return p.Find("dialog", p.say("Interaction preview"))
}

// saved waits until the server has the note.
func (p *agentPage) saved() {
	p.T.Helper()
	p.Until("the note to be saved", func() bool {
		text := p.reads("region", "Note")
		return strings.Contains(text, p.say("saved")) && !strings.Contains(text, p.say("not saved yet"))
	})
}

// link waits until one of the link lights says a word.
func (p *agentPage) link(name, word string) {
	p.T.Helper()
	p.Until(name+" "+word, func() bool {
		return slices.ContainsFunc(p.Seen("listitem", ""), func(n *accessibility.Node) bool {
			text := p.On(n.BackendDOMNodeID, `function() { return this.textContent }`)
			return strings.HasPrefix(text, p.say(name)) && strings.Contains(text, p.say(word))
		})
	})
}

// accept takes the preview of a contact.
func (p *agentPage) accept(contact string) {
	p.T.Helper()
	p.link("Sound", "live")
	p.Press(p.say("Accept"), p.offered(contact))
	p.awaitText("region", "Outbound interaction", contact)
}

// call waits for a word of the call status.
func (p *agentPage) call(word string) {
	p.T.Helper()
	p.Says(p.say("Call status"), p.say(word))
}

// finished presses Done and waits until the interaction is gone.
func (p *agentPage) finished() {
	p.T.Helper()
	p.Press(p.say("Done"))
	p.Gone("region", p.say("Outbound interaction"))
}

// screen is what a page showed, as its own witness noted it.
type screen struct {
	At      float64 `json:"at"` // ms since 1970, this machine's clock
	Preview string  `json:"preview"`
	Open    string  `json:"open"`
	Status  string  `json:"status"`
}

func (s screen) time() time.Time { return time.UnixMicro(int64(s.At * 1000)) }

// screens is everything the page showed since it was loaded.
func (p *agentPage) screens() []screen {
	p.T.Helper()
	var all []screen
	p.Evaluate("window.freitonWitness.screens", &all)
	return all
}

// heardTone is what the page's analyser hears.
type heardTone struct {
	Hz    float64 `json:"hz"`
	Level float64 `json:"level"` // dBFS of the whole
	State string  `json:"state"`
}

func (p *agentPage) hear() (h heardTone) {
	p.T.Helper()
	p.Evaluate("window.freitonWitness.hear()", &h)
	return h
}

// hears waits until a tone is in the page's ear.
func (p *agentPage) hears(hz float64) {
	p.T.Helper()
	var h heardTone
	p.Until(fmt.Sprintf("%g Hz in the page", hz), func() bool {
		h = p.hear()
		return h.Hz > hz-8 && h.Hz < hz+8 && h.Level > -35
	})
}

// hearsNothing waits until it is silent in the page's ear.
func (p *agentPage) hearsNothing() {
	p.T.Helper()
	p.Until("silence in the page", func() bool { return p.hear().Level < -55 })
}

// figures are what the page knows of its own sound, for a failure's words.
func (p *agentPage) figures() (text string) {
	p.T.Helper()
	p.Evaluate(`(async () => {
		const out = [await fetch('/api/v1/quality').then(r => r.text())];
		for (const c of window.freitonWitness.connections) {
			const t = c.getSenders()[0]?.track;
			out.push(c.connectionState, t ? [t.label, t.enabled, t.muted, t.readyState].join(' ') : 'no track');
			for (const x of (await c.getStats()).values()) if (/^(media-source|outbound-rtp|inbound-rtp)$/.test(x.type)) out.push([x.type, x.audioLevel, x.packetsSent, x.packetsReceived].join(' '));
		}
		return out.join('; ');
	})()`, &text)
	return text
}

// listen lets real time pass while sound flows.
func listen(d time.Duration) { <-time.After(d) }

// witness stands in every page before its own scripts: it notes what is on the
// screen, and when, and has an ear for what the headset plays.
const witness = `(() => {
	const names = %s, preview = %s, outbound = %s, callStatus = %s;
	const w = window.freitonWitness = {screens: [], hear, connections: []};
	const named = (role, name) => [...document.querySelectorAll(role)].find(e => e.getAttribute('aria-label') === name);
	const who = e => e ? names.find(n => e.textContent.includes(n)) || '?' : '';
	let last = '';
	new MutationObserver(() => {
		const open = named('section', outbound);
		const now = {preview: who(named('[role=dialog]', preview)), open: who(open), status: open ? named('[role=status]', callStatus)?.textContent || '' : ''};
		const text = JSON.stringify(now);
		if (text === last) return;
		last = text;
		w.screens.push({at: performance.timeOrigin + performance.now(), ...now});
	}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});

	// What Chromium's echo canceller hears at both ends at once it takes for echo,
	// also with a microphone that is near no loudspeaker: of a voice that never
	// pauses, pieces of half a second to a second are missing then. Without the
	// canceller none are. TestMouthToEar leaves it on.
	const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = c => ask({...c, audio: {...c.audio, ...%s}});
	const connections = w.connections;
	const Real = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Real { constructor(...a) { super(...a); connections.push(this); } };
	let ear = null;
	function hear() {
		const pc = connections.findLast(c => c.connectionState === 'connected');
		const track = pc?.getReceivers()[0]?.track;
		if (!track) return {hz: 0, level: -200, state: 'none'};
		if (ear?.track !== track) {
			ear?.context.close();
			const context = new AudioContext(), a = context.createAnalyser();
			a.fftSize = 8192;
			a.smoothingTimeConstant = 0;
			context.createMediaStreamSource(new MediaStream([track])).connect(a);
			ear = {track, context, a, f: new Float32Array(a.frequencyBinCount), s: new Float32Array(a.fftSize)};
		}
		ear.a.getFloatFrequencyData(ear.f);
		ear.a.getFloatTimeDomainData(ear.s);
		let best = 0, power = 0;
		ear.f.forEach((v, i) => { if (v > ear.f[best]) best = i; });
		for (const s of ear.s) power += s * s;
		return {hz: best * ear.context.sampleRate / ear.a.fftSize, level: Math.max(-200, 10 * Math.log10(2 * power / ear.s.length + 1e-20)), state: ear.context.state};
	}
})()`

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
