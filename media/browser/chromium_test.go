package browser

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

// headsetJS are the desktop's files that make a headset: headset.js and what it is made of.
const headsetJS = "../../campaign/desk/web/headset*.js"

// desk serves the page and takes its offers, as campaign/desk does.
type desk struct {
	hs  *Headsets
	url string
}

func newHeadsets(t testing.TB, change ...func(*Config)) *Headsets {
	t.Helper()
	cfg := Config{UDP: "127.0.0.1:0"}
	for _, c := range change {
		c(&cfg)
	}
	hs, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hs.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return hs
}

func newDesk(t *testing.T, hs *Headsets) *desk {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/page.html") })
	files, err := filepath.Glob(headsetJS)
	if err != nil || len(files) == 0 {
		t.Fatalf("no headset: %v", err)
	}
	for _, file := range files {
		routes.HandleFunc("GET /"+filepath.Base(file), func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	routes.HandleFunc("POST /offer", func(w http.ResponseWriter, r *http.Request) {
		offer, _ := io.ReadAll(io.LimitReader(r.Body, maxOffer+1))
		answer, err := hs.Open(r.Context(), r.FormValue("agent"), string(offer))
		if err != nil {
			t.Logf("offer of %s: %v\n%s", r.FormValue("agent"), err, offer)
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	s := &http.Server{Handler: routes}
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() {
		_ = s.Close()
		serving.Wait()
	})
	return &desk{hs: hs, url: "http://" + l.Addr().String()}
}

// chromium starts a browser that speaks the WAV file into its microphone. Plain
// is one with nothing to help it but a permission given beforehand.
func chromium(t *testing.T, wav string, plain bool) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not on the PATH: configs/lab/install.sh installs it")
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("mute-audio", false),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
	)
	if wav != "" {
		opts = append(opts, chromedp.Flag("use-file-for-fake-audio-capture", wav))
	}
	if !plain {
		opts = append(opts,
			chromedp.Flag("allow-loopback-in-peer-connection", true),
			chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	}
	all, free := chromedp.NewExecAllocator(t.Context(), opts...)
	ctx, cancel := chromedp.NewContext(all)
	limited, stop := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(func() {
		stop()
		_ = chromedp.Cancel(ctx)
		cancel()
		free()
	})
	if err := chromedp.Run(limited); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return limited
}

// tab opens another tab of the browser.
func tab(t *testing.T, browser context.Context) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	run(t, ctx, page.BringToFront())
	return ctx
}

func run(t *testing.T, page context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(page, actions...); err != nil {
		t.Fatal(err)
	}
}

// script runs an expression in the page.
func script[T any](t *testing.T, page context.Context, js string) T {
	t.Helper()
	var v T
	run(t, page, chromedp.Evaluate(js, &v))
	return v
}

type heardTone struct {
	Hz, Level float64
	Running   string
}

func hear(t *testing.T, page context.Context) heardTone {
	t.Helper()
	return script[heardTone](t, page, `window.hear ? window.hear() : {hz: 0, level: -200}`)
}

// hearsInPage waits until the page's analyser has the tone on top.
func hearsInPage(t *testing.T, page context.Context, hz float64) heardTone {
	t.Helper()
	var got heardTone
	eventually(t, fmt.Sprintf("%g Hz in the page", hz), func() bool {
		got = hear(t, page)
		return math.Abs(got.Hz-hz) < 5 && got.Level > -35
	}, func() string {
		return fmt.Sprintf("%+v, %v", got, script[[]any](t, page, `window.happened ?? []`))
	})
	return got
}

// eventually waits for what others bring about.
func eventually(t testing.TB, what string, cond func() bool, why ...func() string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			s := ""
			for _, w := range why {
				s += ": " + w()
			}
			t.Fatalf("still not: %s%s", what, s)
		case <-tick.C:
		}
	}
}

// listen lets real time pass while sound flows.
func listen(d time.Duration) { <-time.After(d) }

// ear is a sink that keeps what it hears.
type ear struct {
	mu     sync.Mutex
	track  *media.Track
	frames []media.Frame // without payload
}

func (e *ear) WriteFrame(f *media.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.track == nil {
		e.track = media.NewTrack(f.Codec.Rate(), f.At)
	}
	e.track.Place(f)
	g := *f
	g.Payload = nil
	e.frames = append(e.frames, g)
}

func (e *ear) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.frames)
}

func (e *ear) all() []media.Frame {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.frames)
}

// forget begins anew.
func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.track, e.frames = nil, nil
}

func (e *ear) heard() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.track == nil {
		return nil
	}
	return e.track.Take(nil, e.track.End())
}

// hears waits for a second of sound and measures it.
func (e *ear) hears(t *testing.T, hz float64) (level float64) {
	t.Helper()
	e.forget()
	eventually(t, "a second of sound", func() bool { return e.count() >= 50 })
	s := e.heard()
	if f := measure.Frequency(s, 8000); math.Abs(f-hz) > 2 {
		t.Errorf("heard %g Hz instead of %g", f, hz)
	}
	if gap := measure.LongestGap(s, 8000, -40); gap > 40*time.Millisecond {
		t.Errorf("a gap of %v", gap)
	}
	return measure.Level(s, 8000, hz)
}

// toneFile is a WAV file with a tone, at the rate of Chromium's fake microphone.
func toneFile(t *testing.T, hz, dBFS float64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tone.wav")
	w, err := media.CreateWAV(path, 48000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(media.ToneAt(48000, hz, 10*time.Second, dBFS)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func player(t *testing.T, hz float64) *media.FileEndpoint {
	t.Helper()
	e, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(hz, time.Second, -10), Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// endpoint waits for an agent's headset to be connected.
func endpoint(t *testing.T, hs *Headsets, agent string) media.Endpoint {
	t.Helper()
	eventually(t, agent+" connected", func() bool {
		st, ok := hs.Stats(agent)
		return ok && st.State == Connected
	})
	e, _ := hs.Endpoint(agent)
	return e
}
