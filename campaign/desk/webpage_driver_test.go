package desk_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign/desk/pagetest"
)

// tab is a page of a world; pagetest does the work.
type tab struct {
	page *pagetest.Tab
	t    *testing.T
	ctx  context.Context
	w    *world
}

func tabOf(t *testing.T, w *world, p *pagetest.Tab) *tab {
	return &tab{page: p, t: t, ctx: p.Ctx, w: w}
}

func browser(t *testing.T) context.Context {
	t.Helper()
	return pagetest.Browser(t)
}

// visit opens the page in a fresh profile whose browser speaks a language.
func (w *world) visit(t *testing.T, b context.Context, language string) *tab {
	t.Helper()
	return tabOf(t, w, pagetest.Open(t, b, w.url+"/", language, pagetest.CheckPassed()))
}

func words(language string) func(string) string { return pagetest.Words(language) }

func (p *tab) run(actions ...chromedp.Action) {
	p.t.Helper()
	p.page.Run(actions...)
}

func (p *tab) seen(role, name string, within ...cdp.BackendNodeID) []*accessibility.Node {
	p.t.Helper()
	return p.page.Seen(role, name, within...)
}

func (p *tab) find(role, name string, within ...cdp.BackendNodeID) cdp.BackendNodeID {
	p.t.Helper()
	return p.page.Find(role, name, within...)
}

func (p *tab) gone(role, name string) {
	p.t.Helper()
	p.page.Gone(role, name)
}

func (p *tab) until(what string, is func() bool) {
	p.t.Helper()
	p.page.Until(what, is)
}

func (p *tab) on(id cdp.BackendNodeID, function string, args ...any) string {
	p.t.Helper()
	return p.page.On(id, function, args...)
}

func (p *tab) click(id cdp.BackendNodeID) {
	p.t.Helper()
	p.page.Click(id)
}

func (p *tab) press(name string, within ...cdp.BackendNodeID) {
	p.t.Helper()
	p.page.Press(name, within...)
}

func (p *tab) key(key string, mods ...input.Modifier) {
	p.t.Helper()
	p.page.Key(key, mods...)
}

func (p *tab) write(id cdp.BackendNodeID, text string) {
	p.t.Helper()
	p.page.Write(id, text)
}

func (p *tab) choose(name, option string, within ...cdp.BackendNodeID) {
	p.t.Helper()
	p.page.Choose(name, option, within...)
}

func (p *tab) text(expression string) string {
	p.t.Helper()
	return p.page.Text(expression)
}

func (p *tab) evaluate(expression string, into any) {
	p.t.Helper()
	p.page.Evaluate(expression, into)
}

func (p *tab) says(status, begin string) {
	p.t.Helper()
	p.page.Says(status, begin)
}

// logIn goes through the first page.
func (p *tab) logIn(user string, say func(string) string) {
	p.t.Helper()
	p.page.LogIn(user, user+user, say)
}
