package desk_test

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
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is a page as somebody meets it who knows roles and names only: what is
// found is found in the accessibility tree.
type tab struct {
	t   *testing.T
	ctx context.Context
	w   *world
}

// patience is how long something may take to come onto the screen.
const patience = 10 * time.Second

// browser starts Chromium; each tab of it is a visitor of its own.
func browser(t *testing.T) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("Chromium is needed (Debian: apt-get install chromium)")
	}
	flags := []chromedp.ExecAllocatorOption{
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.ExecPath("chromium"), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1440, 900),
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(cancel)
	silent := func(string, ...any) {} // it speaks of every event that is newer than itself
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(silent), chromedp.WithLogf(silent))
	t.Cleanup(cancel)
	must(t, chromedp.Run(ctx))
	return ctx
}

// visit opens the page in a fresh profile whose browser speaks a language.
func (w *world) visit(t *testing.T, b context.Context, language string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	must(t, chromedp.Run(ctx)) // the tab lives as long as the context of its first run
	p := &tab{t: t, ctx: ctx, w: w}
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
	p.run(emulation.SetUserAgentOverride("Mozilla/5.0 Chrome").WithAcceptLanguage(language), chromedp.Navigate(w.url+"/"))
	return p
}

func (p *tab) run(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 2*patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// seen are the elements of a role and name; name empty is any.
func (p *tab) seen(role, name string, within ...cdp.BackendNodeID) []*accessibility.Node {
	p.t.Helper()
	var nodes []*accessibility.Node
	p.run(chromedp.ActionFunc(func(ctx context.Context) error {
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

// find waits for the one element of a role and name.
func (p *tab) find(role, name string, within ...cdp.BackendNodeID) cdp.BackendNodeID {
	p.t.Helper()
	var nodes []*accessibility.Node
	p.until(fmt.Sprintf("%s %q", role, name), func() bool {
		nodes = p.seen(role, name, within...)
		return len(nodes) > 0
	})
	if len(nodes) > 1 {
		p.t.Fatalf("%d elements are %s %q", len(nodes), role, name)
	}
	return nodes[0].BackendDOMNodeID
}

// gone waits until nothing of the role and name is left.
func (p *tab) gone(role, name string) {
	p.t.Helper()
	p.until(fmt.Sprintf("no %s %q", role, name), func() bool { return len(p.seen(role, name)) == 0 })
}

// until polls for something on the screen.
func (p *tab) until(what string, is func() bool) {
	p.t.Helper()
	ticks := time.NewTicker(30 * time.Millisecond)
	defer ticks.Stop()
	for end := time.Now().Add(patience); !is(); <-ticks.C {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain for %s; the page says:\n%s", what, p.text("document.body"))
		}
	}
}

// on calls a function with an element as this.
func (p *tab) on(id cdp.BackendNodeID, function string, args ...any) string {
	p.t.Helper()
	var out string
	p.run(chromedp.ActionFunc(func(ctx context.Context) error {
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

// click presses the mouse where the element is: what lies over it gets it.
func (p *tab) click(id cdp.BackendNodeID) {
	p.t.Helper()
	var x, y float64
	p.until("a place to click that is not covered", func() bool {
		s := p.on(id, `function() { this.scrollIntoView({block: 'nearest'}); const r = this.getBoundingClientRect();
			const x = r.x + r.width / 2, y = r.y + r.height / 2, at = document.elementFromPoint(x, y);
			return !this.disabled && r.width && at && (this === at || this.contains(at) || at.contains(this)) ? x + ' ' + y : '' }`)
		n, _ := fmt.Sscan(s, &x, &y)
		return n == 2
	})
	p.run(chromedp.MouseClickXY(x, y))
}

func (p *tab) press(name string, within ...cdp.BackendNodeID) {
	p.t.Helper()
	p.click(p.find("button", name, within...))
}

// key presses a key of the keyboard wherever the focus is.
func (p *tab) key(key string, mods ...input.Modifier) {
	p.t.Helper()
	code := map[string]int64{"F2": 113, "F4": 115, "F8": 119, "F9": 120, "Enter": 13}[key]
	text := ""
	if len(key) == 1 {
		text, code = key, int64(strings.ToUpper(key)[0])
	}
	var m input.Modifier
	for _, mod := range mods {
		m |= mod
	}
	p.run(chromedp.ActionFunc(func(ctx context.Context) error {
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

// write types into a field, as people do.
func (p *tab) write(id cdp.BackendNodeID, text string) {
	p.t.Helper()
	p.on(id, `function() { this.focus(); this.select?.() }`)
	p.run(input.InsertText(text))
}

// choose picks an option of a combo box by its words.
func (p *tab) choose(name, option string, within ...cdp.BackendNodeID) {
	p.t.Helper()
	id := p.find("combobox", name, within...)
	got := p.on(id, `function(words) { const o = [...this.options].find(o => o.text === words); if (!o) return [...this.options].map(o => o.text).join('|');
		this.value = o.value; this.dispatchEvent(new Event('change', {bubbles: true})); return '' }`, option)
	if got != "" {
		p.t.Fatalf("%s has no %q: %s", name, option, got)
	}
}

func (p *tab) text(expression string) string {
	p.t.Helper()
	var s string
	p.run(chromedp.Evaluate(expression+".innerText", &s))
	return s
}

// evaluate gives an expression's value.
func (p *tab) evaluate(expression string, into any) {
	p.t.Helper()
	p.run(chromedp.Evaluate(expression, into, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
}

// says waits until a live value begins with a text.
func (p *tab) says(status, begin string) {
	p.t.Helper()
	var last string
	p.until(fmt.Sprintf("%s %q", status, begin), func() bool {
		for _, n := range p.seen("status", status) {
			last = p.on(n.BackendDOMNodeID, `function() { return this.innerText }`)
			if strings.HasPrefix(last, begin) {
				return true
			}
		}
		return false
	})
}

// logIn goes through the first page.
func (p *tab) logIn(user string, say func(string) string) {
	p.t.Helper()
	p.write(p.find("textbox", say("User name")), user)
	p.write(p.find("textbox", say("Password")), user+user)
	p.press(say("Log in"))
	p.find("button", say("Log off"))
}
