package pagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is a page in a browser.
type Tab struct {
	T   testing.TB
	Ctx context.Context // of chromedp: for what the methods do not do
}

// Patience is how long something may take to come onto the screen.
const Patience = 20 * time.Second

// Browser starts Chromium; each Open is a visitor of its own in it. It has a
// microphone that beeps, unless an option gives it a file to speak.
func Browser(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("Chromium is needed (Debian: apt-get install chromium)")
	}
	flags := append([]chromedp.ExecAllocatorOption{
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.ExecPath("chromium"), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-prefers-reduced-motion", true), chromedp.WindowSize(1440, 900),
	}, more...)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(cancel)
	silent := func(string, ...any) {} // it speaks of every event that is newer than itself
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(silent), chromedp.WithLogf(silent))
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx
}

// Open opens an address in a fresh profile whose browser speaks a language,
// after what else is to be done first. What the page throws or complains about
// fails the test.
func Open(t testing.TB, browser context.Context, url, language string, first ...chromedp.Action) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // the tab lives as long as the context of its first run
		t.Fatal(err)
	}
	p := &Tab{T: t, Ctx: ctx}
	chromedp.ListenTarget(ctx, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page threw: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError {
				t.Errorf("the page complained: %s", e.Args[0].Value)
			}
		}
	})
	p.Run(emulation.SetUserAgentOverride("Mozilla/5.0 Chrome").WithAcceptLanguage(language))
	p.Run(first...)
	p.Run(chromedp.Navigate(url))
	return p
}

// Run does what chromedp can.
func (p *Tab) Run(actions ...chromedp.Action) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, 2*Patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.T.Fatal(err)
	}
}

// Seen are the elements of a role and name; name empty is any.
func (p *Tab) Seen(role, name string, within ...cdp.BackendNodeID) []*accessibility.Node {
	p.T.Helper()
	var nodes []*accessibility.Node
	p.Run(chromedp.ActionFunc(func(ctx context.Context) error {
		q := accessibility.QueryAXTree().WithRole(role)
		if name != "" {
			q = q.WithAccessibleName(name)
		}
		if len(within) > 0 {
			q = q.WithBackendNodeID(within[0])
		} else {
			root, err := dom.GetDocument().Do(ctx)
			if err != nil {
				return err
			}
			q = q.WithBackendNodeID(root.BackendNodeID)
		}
		var err error
		nodes, err = q.Do(ctx)
		if err != nil && len(within) > 0 { // it has gone
			nodes, err = nil, nil
		}
		return err
	}))
	return slices.DeleteFunc(nodes, func(n *accessibility.Node) bool { return n.Ignored })
}

// Find waits for the one element of a role and name.
func (p *Tab) Find(role, name string, within ...cdp.BackendNodeID) cdp.BackendNodeID {
	p.T.Helper()
	var nodes []*accessibility.Node
	p.Until(fmt.Sprintf("%s %q", role, name), func() bool {
		nodes = p.Seen(role, name, within...)
		return len(nodes) > 0
	})
	if len(nodes) > 1 {
		p.T.Fatalf("%d elements are %s %q", len(nodes), role, name)
	}
	return nodes[0].BackendDOMNodeID
}

// Gone waits until nothing of the role and name is left.
func (p *Tab) Gone(role, name string) {
	p.T.Helper()
	p.Until(fmt.Sprintf("no %s %q", role, name), func() bool { return len(p.Seen(role, name)) == 0 })
}

// Until polls for something on the screen.
func (p *Tab) Until(what string, is func() bool) {
	p.T.Helper()
	ticks := time.NewTicker(80 * time.Millisecond) // looking costs the page time, too
	defer ticks.Stop()
	for end := time.Now().Add(Patience); !is(); <-ticks.C {
		if time.Now().After(end) {
			p.T.Fatalf("waited in vain for %s; the page says:\n%s", what, p.Text("document.body"))
		}
	}
}

// On calls a function with an element as this.
func (p *Tab) On(id cdp.BackendNodeID, function string, args ...any) string {
	p.T.Helper()
	var out string
	p.Run(chromedp.ActionFunc(func(ctx context.Context) error {
		obj, err := dom.ResolveNode().WithBackendNodeID(id).Do(ctx)
		if err != nil {
			return err
		}
		call := runtime.CallFunctionOn(function).WithObjectID(obj.ObjectID).WithReturnByValue(true)
		var values []*runtime.CallArgument
		for _, a := range args {
			b, err := json.Marshal(a)
			if err != nil {
				return err
			}
			values = append(values, &runtime.CallArgument{Value: b})
		}
		res, exc, err := call.WithArguments(values).Do(ctx)
		if err != nil {
			return err
		}
		if exc != nil {
			return exc
		}
		if res.Value != nil && json.Unmarshal(res.Value, &out) != nil {
			out = string(res.Value)
		}
		return nil
	}))
	return out
}

// Click presses the mouse where the element is: what lies over it gets it. One
// that moves, because something above it has just come, is waited for.
func (p *Tab) Click(id cdp.BackendNodeID) {
	p.T.Helper()
	var x, y float64
	last := ""
	p.Until("a place to click that is not covered", func() bool {
		s := p.On(id, `function() { this.scrollIntoView({block: 'nearest'}); const r = this.getBoundingClientRect();
			const x = r.x + r.width / 2, y = r.y + r.height / 2, at = document.elementFromPoint(x, y);
			return !this.disabled && r.width && at && (this === at || this.contains(at) || at.contains(this)) ? x + ' ' + y : '' }`)
		n, _ := fmt.Sscan(s, &x, &y)
		still := s == last
		last = s
		return n == 2 && still
	})
	p.Run(chromedp.MouseClickXY(x, y))
}

// Press presses a button by its name.
func (p *Tab) Press(name string, within ...cdp.BackendNodeID) {
	p.T.Helper()
	p.Click(p.Find("button", name, within...))
}

// Key presses a key of the keyboard wherever the focus is.
func (p *Tab) Key(key string, mods ...input.Modifier) {
	p.T.Helper()
	code := map[string]int64{"F2": 113, "F4": 115, "F8": 119, "F9": 120, "Enter": 13}[key]
	text := ""
	if len(key) == 1 {
		text, code = key, int64(strings.ToUpper(key)[0])
	}
	var m input.Modifier
	for _, mod := range mods {
		m |= mod
	}
	p.Run(chromedp.ActionFunc(func(ctx context.Context) error {
		down := input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithWindowsVirtualKeyCode(code).WithModifiers(m)
		if text != "" {
			down = down.WithText(text)
		}
		if err := down.Do(ctx); err != nil {
			return err
		}
		return input.DispatchKeyEvent(input.KeyUp).WithKey(key).WithWindowsVirtualKeyCode(code).WithModifiers(m).Do(ctx)
	}))
}

// Write types into a field, as people do.
func (p *Tab) Write(id cdp.BackendNodeID, text string) {
	p.T.Helper()
	p.On(id, `function() { this.focus(); this.select?.() }`)
	p.Run(input.InsertText(text))
}

// Choose picks an option of a combo box by its words.
func (p *Tab) Choose(name, option string, within ...cdp.BackendNodeID) {
	p.T.Helper()
	id := p.Find("combobox", name, within...)
	got := p.On(id, `function(words) { const o = [...this.options].find(o => o.text === words); if (!o) return [...this.options].map(o => o.text).join('|');
		this.value = o.value; this.dispatchEvent(new Event('change', {bubbles: true})); return '' }`, option)
	if got != "" {
		p.T.Fatalf("%s has no %q: %s", name, option, got)
	}
}

// Text is what an expression's element shows.
func (p *Tab) Text(expression string) string {
	p.T.Helper()
	var s string
	p.Run(chromedp.Evaluate(expression+".innerText", &s))
	return s
}

// Evaluate gives an expression's value.
func (p *Tab) Evaluate(expression string, into any) {
	p.T.Helper()
	p.Run(chromedp.Evaluate(expression, into, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
}

// Says waits until a live value begins with a text.
func (p *Tab) Says(status, begin string) {
	p.T.Helper()
	var last string
	p.Until(fmt.Sprintf("%s %q", status, begin), func() bool {
		for _, n := range p.Seen("status", status) {
			last = p.On(n.BackendDOMNodeID, `function() { return this.innerText }`)
			if strings.HasPrefix(last, begin) {
				return true
			}
		}
		return false
	})
}

// LogIn goes through the first page.
func (p *Tab) LogIn(user, password string, say func(string) string) {
	p.T.Helper()
	p.Write(p.Find("textbox", say("User name")), user)
	p.Write(p.Find("textbox", say("Password")), password)
	p.Press(say("Log in"))
	p.Find("button", say("Log off"))
}

// CheckPassed is for Open: the device check counts as passed, whatever the
// devices. Where there is no sound nobody passes it.
func CheckPassed() chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(`localStorage['freiton.check'] = '{"passed":"any","until":9999999999999}'`).Do(ctx)
		return err
	})
}
