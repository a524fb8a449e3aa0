package browser

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

// farEnd is a call: our session, and one for the other side of the wire.
func farEnd(t *testing.T) (ours, theirs *media.Session) {
	t.Helper()
	var s [2]*media.Session
	for i := range s {
		var err error
		if s[i], err = media.NewSession(media.SessionConfig{IP: "127.0.0.1"}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s[i].Close() })
	}
	offer, err := s[0].Offer()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s[1].Answer(offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := s[0].Accept(answer); err != nil {
		t.Fatal(err)
	}
	return s[0], s[1]
}

// fromA is a tap of what the first endpoint says.
type fromA struct{ to media.Sink }

func (f fromA) WriteFrame(w media.Way, frame *media.Frame) {
	if w == media.AtoB {
		f.to.WriteFrame(frame)
	}
}

// usualLevel is the median level of 100 ms pieces: a gap turns the phase of the
// whole.
func usualLevel(s []int16, rate int, hz float64) float64 {
	var l []float64
	for n := rate / 10; len(s) >= n; s = s[n:] {
		l = append(l, measure.Level(s[:n], rate, hz))
	}
	slices.Sort(l)
	return l[len(l)/2]
}

// both hands frames to two sinks.
type both struct{ a, b media.Sink }

func (s both) WriteFrame(f *media.Frame) { s.a.WriteFrame(f); s.b.WriteFrame(f) }

// TestChromium is a browser with a tone for a microphone, and one tab after another.
func TestChromium(t *testing.T) {
	browser := chromium(t, toneFile(t, 703, -12), false)
	for _, c := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{
		{"call", testCall}, {"mute", testMute}, {"reload in a call", testReloadInCall},
		{"tab killed", testTabKilled},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, browser) })
	}
}

// testCall is the whole way: microphone file, page, headset, junction, RTP far
// end with its recording, and back from a file to the page's analyser.
func testCall(t *testing.T, chromium context.Context) {
	var fromPage, toPage *wire
	hs := newHeadsets(t, func(c *Config) { fromPage, toPage = traced(c) })
	d := newDesk(t, hs)
	browser := tab(t, chromium)
	begun := time.Now()
	run(t, browser, chromedp.Navigate(d.url+"/?agent=ann"))
	e := endpoint(t, hs, "ann")
	t.Logf("connected %v after the page was asked for", time.Since(begun).Round(time.Millisecond))

	ours, theirs := farEnd(t)
	record := filepath.Join(t.TempDir(), "far.wav")
	file, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(1000, time.Second, -10), Loop: true, Record: record})
	if err != nil {
		t.Fatal(err)
	}
	said := &ear{}
	near := media.Join(e, ours, media.WithTap(fromA{said}))
	defer near.Close()
	// The far side's own junction by hand, with a point of measurement.
	heardFar, heardNear := &wire{}, &wire{}
	theirs.SetSink(both{heardFar, file})
	file.SetSink(theirs)
	ours.SetSink(both{heardNear, e})

	hearsInPage(t, browser, 1000)
	listen(6 * time.Second)
	page := hear(t, browser)
	st, _ := hs.Stats("ann")
	q := script[map[string]any](t, browser, `window.headset.quality`)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}

	channels, rate, err := measure.ReadWAV(record)
	if err != nil {
		t.Fatal(err)
	}
	got := channels[0][len(channels[0])/8:]
	hz, level, gap := measure.Frequency(got, rate), usualLevel(got, rate, 703), measure.LongestGap(got, rate, -40)
	// A browser on a busy machine leaves gaps of its own: ours would be more.
	sent := said.heard()
	before := measure.LongestGap(sent[len(sent)/8:], 8000, -40)
	t.Logf("page hears %.1f Hz at %.1f dB; far end records %.0f Hz at %.1f dBFS for %v, longest gap %v, as the page sent it %v",
		page.Hz, page.Level, hz, level, measure.Duration(len(got), rate).Round(time.Millisecond), gap, before)
	if math.Abs(page.Hz-1000) > 5 || page.Level < -30 {
		t.Errorf("the page hears %+v instead of 1000 Hz", page)
	}
	if math.Abs(hz-703) > 2 || level < -14 || level > -10 {
		t.Errorf("the far end recorded %g Hz at %g dBFS instead of 703 Hz at −12 dBFS", hz, level)
	}
	if gap > before+40*time.Millisecond {
		t.Errorf("a gap of %v at the far end, of %v in what the page sent", gap, before)
	}
	if near.Mixed() {
		t.Error("mixed, not relayed")
	}

	for _, way := range []struct {
		name    string
		in, out *wire
	}{{"page to far end", fromPage, heardFar}, {"far end to page", heardNear, toPage}} {
		d := measure.Delays(&way.in.Wire, &way.out.Wire)
		if len(d) < 200 {
			t.Fatalf("%s: only %d packets could be paired", way.name, len(d))
		}
		p50, p99 := measure.Percentile(d, .5), measure.Percentile(d, .99)
		t.Logf("%s: %d packets, our delay p50 %v, p99 %v", way.name, len(d), p50, p99)
		if p50 > 5*time.Millisecond || p99 > 50*time.Millisecond {
			t.Errorf("%s: delay p50 %v, p99 %v", way.name, p50, p99)
		}
	}

	t.Logf("%+v", st)
	t.Logf("page: %v", q)
	if st.Codec != media.PCMA || st.Received < 250 || st.LossPercent > 1 || st.MOS < 4 || st.RemoteMOS < 4 || !st.RemoteHeard || st.RTTMS <= 0 ||
		st.Transport != "udp" || st.Candidate != "prflx" || !st.Remote.IsValid() || st.Age > 100*time.Millisecond || math.Abs(st.LevelDBFS+12) > 4 {
		t.Errorf("figures: %+v", st)
	}
	if loss, ok := q["lossPercent"].(float64); !ok || loss > 1 || q["rttMS"] == nil || q["jitterMS"] == nil {
		t.Errorf("the page's figures: %v", q)
	}
}

// testMute: the server's mute and the page's each make silence that goes on.
func testMute(t *testing.T, chromium context.Context) {
	hs := newHeadsets(t)
	d := newDesk(t, hs)
	browser := tab(t, chromium)
	run(t, browser, chromedp.Navigate(d.url+"/?agent=ann"))
	e := endpoint(t, hs, "ann")
	far := &ear{}
	e.SetSink(far)
	far.hears(t, 703)
	silent := func(who string) {
		t.Helper()
		listen(200 * time.Millisecond) // what was on its way
		far.forget()
		eventually(t, "silence of "+who, func() bool { return far.count() >= 40 })
		if l := measure.RMS(far.heard()); l > -65 { // the least sample of A-law is at −69
			t.Errorf("muted by %s: %g dBFS", who, l)
		}
	}
	hs.SetMute("ann", true)
	silent("the server")
	if st, _ := hs.Stats("ann"); st.LevelDBFS < -20 || !st.Muted {
		t.Errorf("the level of a muted microphone: %+v", st)
	}
	hs.SetMute("ann", false)
	far.hears(t, 703)
	script[any](t, browser, `window.headset.mute(true)`)
	silent("the page")
	eventually(t, "a hint that she talks while muted", func() bool {
		return script[bool](t, browser, `window.happened.some(([n]) => n === 'talking')`)
	})
	if l := script[float64](t, browser, `window.headset.level`); l < -20 {
		t.Errorf("the page's own meter shows %g dBFS while muted", l)
	}
	if st, _ := hs.Stats("ann"); st.State != Connected {
		t.Errorf("a muted page is %v", st.State)
	}
	script[any](t, browser, `window.headset.mute(false)`)
	listen(200 * time.Millisecond)
	far.hears(t, 703)

	// The server gives the headset up, as when it is started again: the page
	// comes back by itself.
	begun := time.Now()
	hs.Close("ann")
	endpoint(t, hs, "ann").SetSink(far)
	far.hears(t, 703)
	t.Logf("a second of sound %v after the server closed", time.Since(begun).Round(time.Millisecond))
	if got := script[string](t, browser, `window.headset.state`); got != "live" {
		t.Errorf("the page says %s", got)
	}

	// Two choices of a microphone, of which the first takes longer: the last one counts.
	var tracks string
	run(t, browser, chromedp.Evaluate(`(async () => {
		const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		const got = [];
		let n = 0;
		navigator.mediaDevices.getUserMedia = async c => {
			const which = n++;
			if (which === 0) await new Promise(r => setTimeout(r, 300));
			const s = await real(c);
			got[which] = s.getAudioTracks()[0];
			return s;
		};
		await Promise.all([window.headset.useMicrophone([]), window.headset.useMicrophone([])]);
		return got.map(t => t.readyState).join();
	})()`, &tracks, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if tracks != "ended,live" {
		t.Errorf("the microphones of two choices are %s", tracks)
	}
	far.hears(t, 703)
}

// changes collects the states of an agent.
type changes struct {
	mu   sync.Mutex
	list []State
	at   []time.Time
}

func watch(t testing.TB, hs *Headsets, agent string) *changes {
	c := &changes{}
	cancel := hs.Watch(func(a string, s State) {
		if a == agent {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.list, c.at = append(c.list, s), append(c.at, time.Now())
		}
	})
	t.Cleanup(cancel)
	return c
}

func (c *changes) seen() []State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

func (c *changes) when(s State) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.list) - 1; i >= 0; i-- {
		if c.list[i] == s {
			return c.at[i]
		}
	}
	return time.Time{}
}

func testReloadInCall(t *testing.T, chromium context.Context) {
	hs := newHeadsets(t)
	d := newDesk(t, hs)
	browser := tab(t, chromium)
	reload(t, hs, d, browser)
}

// reload is a call in which the page is loaded again: both directions are back
// in under 2 s through the same endpoint and junction.
func reload(t *testing.T, hs *Headsets, d *desk, browser context.Context) {
	t.Helper()
	states := watch(t, hs, "ann")
	run(t, browser, chromedp.Navigate(d.url+"/?agent=ann"))
	e := endpoint(t, hs, "ann")
	ours, theirs := farEnd(t)
	j := media.Join(e, ours)
	defer j.Close()
	far := &ear{}
	theirs.SetSink(far)
	file := player(t, 1000)
	file.SetSink(theirs)
	hearsInPage(t, browser, 1000)
	far.hears(t, 703)

	begun := time.Now()
	first := states.when(Connected)
	run(t, browser, page.Reload())
	eventually(t, "the new page's sound", func() bool { return states.when(Connected).After(first) })
	up := states.when(Connected).Sub(begun)
	got := hearsInPage(t, browser, 1000)
	back := time.Since(begun)
	far.hears(t, 703)
	t.Logf("reload: microphone back after %v, sound in the page measured after %v (%.1f Hz at %.1f dB); states %v",
		up.Round(time.Millisecond), back.Round(time.Millisecond), got.Hz, got.Level, states.seen())
	if back > 2*time.Second {
		t.Errorf("sound back only after %v", back)
	}
	if again, ok := hs.Endpoint("ann"); !ok || again != e {
		t.Error("another endpoint")
	}
	if st, _ := hs.Stats("ann"); st.Opened != 2 {
		t.Errorf("%d connections", st.Opened)
	}
	if got.Running != "running" {
		t.Errorf("audio context %s", got.Running)
	}
}

// TestPlainBrowser is a page without the flags that hide what goes wrong in
// front of real agents: no loopback among the browser's addresses, no autoplay.
func TestPlainBrowser(t *testing.T) {
	hs := newHeadsets(t, func(c *Config) { c.UDP = "0.0.0.0:0" })
	d := newDesk(t, hs)
	reload(t, hs, d, chromium(t, toneFile(t, 703, -12), true))
}

// killPages ends the processes of all pages of a browser.
func killPages(t *testing.T, browser context.Context) {
	t.Helper()
	list, err := systeminfo.GetProcessInfo().Do(cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser))
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, p := range list {
		if p.Type != "renderer" {
			continue
		}
		if process, err := os.FindProcess(int(p.ID)); err == nil && process.Kill() == nil {
			killed++
		}
	}
	if killed == 0 {
		t.Fatalf("no page among %d processes", len(list))
	}
}

func testTabKilled(t *testing.T, chromium context.Context) {
	hs := newHeadsets(t)
	d := newDesk(t, hs)
	states := watch(t, hs, "ann")
	run(t, tab(t, chromium), chromedp.Navigate(d.url+"/?agent=ann"))
	e := endpoint(t, hs, "ann")
	far := &ear{}
	e.SetSink(far)
	far.hears(t, 703)
	killPages(t, chromium)
	eventually(t, "silent", func() bool { return !states.when(Silent).IsZero() })
	frames := far.all()
	after := states.when(Silent).Sub(frames[len(frames)-1].At)
	t.Logf("silent %v after the last packet; %v", after.Round(time.Millisecond), states.seen())
	if after < 450*time.Millisecond || after > time.Second {
		t.Errorf("silent %v after the last packet", after)
	}
	st, _ := hs.Stats("ann")
	if st.State != Silent || st.Age < 450*time.Millisecond || st.LevelDBFS != levelFloor {
		t.Errorf("%+v", st)
	}
	// She comes back in another tab: the same endpoint.
	run(t, tab(t, chromium), chromedp.Navigate(d.url+"/?agent=ann"))
	eventually(t, "connected again", func() bool { return states.seen()[len(states.seen())-1] == Connected })
	far.hears(t, 703)
	if again, _ := hs.Endpoint("ann"); again != e {
		t.Error("another endpoint")
	}
}

func TestTwoAgents(t *testing.T) {
	hs := newHeadsets(t)
	d := newDesk(t, hs)
	browser := chromium(t, "", false)
	pages := []context.Context{tab(t, browser), tab(t, browser)}
	var ears [2]ear
	for i, p := range pages {
		run(t, p, chromedp.Navigate(fmt.Sprintf("%s/?agent=a%d&hz=%d", d.url, i, 500+300*i)))
		e := endpoint(t, hs, fmt.Sprint("a", i))
		file := player(t, float64(1000+400*i))
		e.SetSink(&ears[i])
		file.SetSink(e)
	}
	for i, p := range pages {
		run(t, p, page.BringToFront())
		got := hearsInPage(t, p, float64(1000+400*i))
		level := ears[i].hears(t, float64(500+300*i))
		t.Logf("agent %d hears %.1f Hz at %.1f dB and is heard at %.1f dBFS", i, got.Hz, got.Level, level)
	}
	a, _ := hs.Stats("a0")
	b, _ := hs.Stats("a1")
	if a.Local != b.Local || a.Remote == b.Remote {
		t.Errorf("%v and %v by %v and %v", a.Remote, b.Remote, a.Local, b.Local)
	}
}

// TestSpeech has the browser do with the voice what it does for agents.
func TestSpeech(t *testing.T) {
	path := filepath.Join(t.TempDir(), "speech.wav")
	raw := path + ".raw.wav"
	for _, c := range [][]string{
		{"espeak-ng", "-s", "150", "-w", raw, "Good morning, this is Freiton. May I ask whether you received our letter?"},
		{"sox", raw, "-r", "48000", "-c", "1", path, "gain", "-n", "-6", "pad", "0.5", "1"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s (configs/lab/install.sh installs it): %v %s", c[0], err, out)
		}
	}
	channels, rate, err := measure.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	hs := newHeadsets(t)
	d := newDesk(t, hs)
	browser := chromium(t, path, false)
	run(t, browser, chromedp.Navigate(d.url+"/?agent=ann&processing"))
	far := &ear{}
	endpoint(t, hs, "ann").SetSink(far)
	listen(measure.Duration(len(channels[0]), rate) + time.Second)
	got := far.heard()
	likeness := measure.Likeness(measure.Envelope(channels[0], rate), measure.Envelope(got, 8000))
	t.Logf("loudness over time: correlation %.2f with the file; level %.1f dBFS", likeness, measure.RMS(got))
	if likeness < 0.6 || measure.RMS(got) < -40 {
		t.Errorf("what is heard is not the speech of the file: correlation %.2f", likeness)
	}
}
