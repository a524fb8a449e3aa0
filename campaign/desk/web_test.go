package desk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/goleak"

	"github.com/freiton/freiton/campaign"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hall is a controller that remembers clicks and shows what it is told to.
type hall struct {
	mu     sync.Mutex
	clicks []campaign.Click
	snap   campaign.Snapshot
	refuse error
	subs   []chan campaign.Event
	wait   chan struct{} // not nil: a click waits for it
}

func (h *hall) Do(_ context.Context, c campaign.Click) error {
	h.mu.Lock()
	wait := h.wait
	h.mu.Unlock()
	if wait != nil {
		<-wait
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clicks = append(h.clicks, c)
	return h.refuse
}

// Snapshot filters as the controller does, as far as these tests look.
func (h *hall) Snapshot(_ context.Context, v campaign.Viewer) (campaign.Snapshot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.snap
	s.Agents, s.Interactions = slices.Clone(s.Agents), slices.Clone(s.Interactions)
	s.Campaigns, s.Recent = slices.Clone(s.Campaigns), slices.Clone(s.Recent)
	if v.Role == campaign.RoleAgent {
		s.Agents = slices.DeleteFunc(s.Agents, func(a campaign.AgentView) bool { return a.Agent != v.Agent })
		s.Interactions = slices.DeleteFunc(s.Interactions, func(i campaign.InteractionView) bool { return i.Agent != v.Agent })
	}
	return s, nil
}

func (h *hall) Subscribe(uint64) (<-chan campaign.Event, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := make(chan campaign.Event, 1024)
	h.subs = append(h.subs, ch)
	return ch, func() {}
}

// tell never waits for a reader, as the controller does not.
func (h *hall) tell(e campaign.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs = slices.DeleteFunc(h.subs, func(ch chan campaign.Event) bool {
		select {
		case ch <- e:
			return false
		default:
			close(ch)
			return true
		}
	})
}

func (h *hall) set(f func(*hall)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h)
}

// did counts the clicks that are not somebody's coming and going.
func (h *hall) did() (out []campaign.Click) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.clicks {
		switch c.(type) {
		case campaign.ClickLogin, campaign.ClickLogout:
		default:
			out = append(out, c)
		}
	}
	return out
}

// wall is a clock that is set by hand.
type wall struct {
	mu sync.Mutex
	at time.Time
}

func (w *wall) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *wall) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// house is a desktop under test.
type house struct {
	*Web
	hall  *hall
	store *memory
	clock *wall
}

const password = "correct horse"

// openHouse serves a desktop; change may alter its configuration.
func openHouse(t *testing.T, change func(*WebConfig)) *house {
	t.Helper()
	h := &house{hall: &hall{}, clock: &wall{at: time.Now()}}
	h.hall.snap.N = 1
	d, m, _ := newDesk(h.hall)
	d.cfg.Now = h.clock.now
	h.store = m
	for name, role := range map[campaign.AgentID]campaign.Role{"ann": campaign.RoleAgent, "eva": campaign.RoleAgent, "sue": campaign.RoleSupervisor, "adm": campaign.RoleAdministrator} {
		m.users[name] = campaign.User{Name: name, Role: role, Hash: "hash of " + password, Headset: "browser", Engaged: name == "eva"}
	}
	d.cfg.HashPassword = func(plain string) (string, error) { return "hash of " + plain, nil }
	cfg := WebConfig{
		Listen: "127.0.0.1:0", Now: h.clock.now, NotReady: []string{"Pause"},
		CheckPassword: func(plain, hash string) (bool, error) { return hash == "hash of "+plain, nil },
		Files: fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>desk</title>")}, "app.js": {Data: []byte("// " + strings.Repeat("code ", 400))},
			"secret.go": {Data: []byte("package secret")}, "app.test.js": {Data: []byte("secret")}},
	}
	if change != nil {
		change(&cfg)
	}
	if cfg.Sessions == nil {
		s, err := OpenSessions(filepath.Join(t.TempDir(), "sessions.json"))
		if err != nil {
			t.Fatal(err)
		}
		s.now = h.clock.now
		cfg.Sessions = s
	}
	w, err := d.OpenWeb(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.Web = w
	h.start(t)
	return h
}

func (h *house) start(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }() // ends with ctx, waited for below
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// visitor is a browser.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
	head http.Header
}

func (h *house) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &visitor{t: t, base: h.URL(), head: http.Header{}, http: &http.Client{Jar: jar, Transport: tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	Problem
}

func (v *visitor) ask(method, path, body string, head ...string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header = v.head.Clone()
	for i := 0; i+1 < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	a := answer{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(text, &a.Problem); err != nil {
			v.t.Errorf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return a
}

func (v *visitor) want(a answer, status int, code campaign.ReasonCode) {
	v.t.Helper()
	if a.status != status || a.Code != code {
		v.t.Errorf("%d %q, want %d %q: %.300s", a.status, a.Code, status, code, a.text)
	}
}

func (v *visitor) login(name string) Session {
	v.t.Helper()
	a := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, password))
	var s Session
	if err := json.Unmarshal([]byte(a.text), &s); a.status != 200 || err != nil {
		v.t.Fatalf("login: %d %s", a.status, a.text)
	}
	v.head.Set("X-CSRF-Token", s.CSRF)
	return s
}

const ready = `{"status":"ready"}`

func (v *visitor) ready(head ...string) answer {
	v.t.Helper()
	return v.ask("POST", "/api/v1/agent/status", ready, head...)
}

func TestPasswords(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	wrong := `{"name":"ann","password":"guess"}`
	a := v.ask("POST", "/api/v1/session", wrong)
	v.want(a, 401, CodePassword)
	b := v.ask("POST", "/api/v1/session", `{"name":"nobody","password":"guess"}`)
	if a.text != b.text {
		t.Errorf("one can tell who exists: %s and %s", a.text, b.text)
	}
	for range 4 {
		v.want(v.ask("POST", "/api/v1/session", wrong), 401, CodePassword)
	}
	slow := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password))
	v.want(slow, 429, CodeThrottled) // even the right one
	if slow.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.clock.pass(35 * time.Second)
	v.login("ann")

	// Many names from one address.
	for i := range 30 {
		v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"u%d","password":"x"}`, i))
	}
	v.want(v.ask("POST", "/api/v1/session", `{"name":"sue","password":"x"}`), 429, CodeThrottled)
	if d := h.byUser.wait("sue", h.clock.now()); d != 0 {
		t.Errorf("sue pays for the address: %s", d)
	}
	u := h.store.users["ann"]
	u.Hash = ""
	h.store.users["ann"] = u
	h.clock.pass(20 * time.Minute)
	v.want(v.ask("POST", "/api/v1/session", `{"name":"ann","password":""}`), 401, CodePassword)
	if strings.Contains(a.header.Get("Set-Cookie"), "freiton") {
		t.Error("a failed login got a session")
	}
}

func TestSessionCookie(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	a := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password))
	c := a.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(c, part) {
			t.Errorf("%s is missing: %s", part, c)
		}
	}
	if strings.Contains(c, "Expires") || strings.Contains(c, "Max-Age") {
		t.Errorf("it outlives the browser: %s", c)
	}
	again := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password)).header.Get("Set-Cookie")
	if again == "" || again == c {
		t.Errorf("not rotated: %s, %s", c, again)
	}
	first, _, _ := strings.Cut(c, ";")
	other := h.visitor(t)
	other.want(other.ask("GET", "/api/v1/state", "", "Cookie", first), 401, CodeLogin) // the old token is dead
	// A token somebody else has planted is not taken over.
	name, _, _ := strings.Cut(first, "=")
	planted := other.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password), "Cookie", name+"=planted")
	if c := planted.header.Get("Set-Cookie"); !strings.HasPrefix(c, name+"=") || strings.HasPrefix(c, name+"=planted") {
		t.Errorf("fixation: %s", c)
	}
}

func TestExpiry(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentNotReady}} })
	h.clock.pass(50 * time.Minute)
	v.want(v.ask("GET", "/api/v1/state", ""), 200, "")
	h.clock.pass(50 * time.Minute) // it was used
	v.want(v.ask("GET", "/api/v1/session", ""), 200, "")

	at := func(a campaign.AgentView) { h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{a} }) }
	at(campaign.AgentView{Agent: "ann", Status: campaign.AgentAfterCall, Interaction: "i1"})
	h.clock.pass(13 * time.Hour)
	v.want(v.ready(), 204, "") // not in after-call work, past every limit
	at(campaign.AgentView{Agent: "ann", Status: campaign.AgentNotReady})
	v.want(v.ask("GET", "/api/v1/state", ""), 401, CodeExpired) // past the absolute one
	v.want(v.ask("GET", "/api/v1/state", ""), 401, CodeLogin)   // and gone
	if last := h.hall.clicks[len(h.hall.clicks)-1]; last != (campaign.ClickLogout{Agent: "ann"}) {
		t.Errorf("she is still on the floor: %v", last)
	}
	v.login("ann")
	h.clock.pass(61 * time.Minute)
	v.want(v.ready(), 401, CodeExpired) // idle
	v.login("ann")
	at(campaign.AgentView{Agent: "ann", Status: campaign.AgentReady})
	h.clock.pass(3 * time.Hour)
	v.want(v.ask("GET", "/api/v1/state", ""), 200, "") // she waits for a call
}

func TestSessionsSurvive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.json")
	open := func(c *WebConfig) {
		s, err := OpenSessions(file)
		if err != nil {
			t.Fatal(err)
		}
		c.Sessions = s
	}
	h := openHouse(t, open)
	v := h.visitor(t)
	a := v.login("ann")
	u := h.store.users["ann"]
	cookie := v.http.Jar.Cookies(mustRequest(t, v.base).URL)[0]

	_, port, _ := strings.Cut(strings.TrimPrefix(h.URL(), "http://"), ":")
	second := openHouse(t, open) // the first still has its port; the cookie's name has it as well
	_, port2, _ := strings.Cut(strings.TrimPrefix(second.URL(), "http://"), ":")
	v2 := second.visitor(t)
	name := strings.Replace(cookie.Name, port, port2, 1)
	got := v2.ask("GET", "/api/v1/session", "", "Cookie", name+"="+cookie.Value)
	if got.status != 200 || !strings.Contains(got.text, a.CSRF) {
		t.Errorf("after a restart: %d %s", got.status, got.text)
	}
	// Logged in on the floor again.
	v2.want(v2.ask("GET", "/api/v1/state", "", "Cookie", name+"="+cookie.Value), 200, "")
	if !slices.Contains(second.hall.clicks, campaign.Click(campaign.ClickLogin{Agent: "ann"})) {
		t.Errorf("clicks %v", second.hall.clicks)
	}
	// A new password ends every session that does not know it, at once or a second later.
	u.Hash = "hash of another"
	second.store.users["ann"] = u
	second.clock.pass(2 * time.Second)
	v2.want(v2.ask("GET", "/api/v1/session", "", "Cookie", name+"="+cookie.Value), 401, CodeExpired)
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOwnPassword(t *testing.T) {
	h := openHouse(t, nil)
	one, two := h.visitor(t), h.visitor(t)
	one.login("ann")
	two.login("ann")
	one.want(one.ask("PUT", "/api/v1/session/password", `{"old":"wrong","new":"long enough"}`), 422, CodePassword)
	one.want(one.ask("PUT", "/api/v1/session/password", fmt.Sprintf(`{"old":%q,"new":"short"}`, password)), 422, campaign.ReasonBadInput)
	a := one.ask("PUT", "/api/v1/session/password", fmt.Sprintf(`{"old":%q,"new":"long enough"}`, password))
	one.want(a, 204, "")
	if a.header.Get("Set-Cookie") == "" {
		t.Error("not rotated")
	}
	one.want(one.ready(), 204, "")
	two.want(two.ready(), 401, CodeExpired)
	if h.store.users["ann"].Hash != "hash of long enough" {
		t.Errorf("user %+v", h.store.users["ann"])
	}
}

func TestDisabledUser(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	u := h.store.users["ann"]
	u.Disabled = true
	h.store.users["ann"] = u
	h.clock.pass(2 * time.Second)
	v.want(v.ready(), 401, CodeExpired)
	v.want(v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password)), 401, CodePassword)
}

func TestForgery(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	v.want(v.ready("Origin", "https://evil.example"), 403, CodeOrigin)
	v.want(v.ready("Origin", "null"), 403, CodeOrigin)
	v.want(v.ready("Sec-Fetch-Site", "cross-site"), 403, CodeOrigin)
	v.want(v.ready("Sec-Fetch-Site", "same-site"), 403, CodeOrigin)
	v.want(v.ready("X-CSRF-Token", ""), 403, CodeCSRF)
	v.want(v.ready("X-CSRF-Token", "x"), 403, CodeCSRF)
	v.want(v.ask("DELETE", "/api/v1/session", "", "X-CSRF-Token", ""), 403, CodeCSRF)
	other := h.visitor(t)
	v.want(v.ready("X-CSRF-Token", other.login("sue").CSRF), 403, CodeCSRF) // another session's
	v.want(v.ask("POST", "/api/v1/session", `{"name":"ann","password":"x"}`, "Origin", "https://evil.example"), 403, CodeOrigin)
	if got := h.hall.did(); len(got) != 0 {
		t.Errorf("something was done: %v", got)
	}
	v.want(v.ready("Origin", h.URL(), "Sec-Fetch-Site", "same-origin"), 204, "")
	if got := h.hall.did(); len(got) != 1 {
		t.Errorf("clicks %v", got)
	}
}

// Every operation, by who may call it.
func TestRoles(t *testing.T) {
	h := openHouse(t, nil)
	nobody, ann, sue, adm := h.visitor(t), h.visitor(t), h.visitor(t), h.visitor(t)
	ann.login("ann")
	sue.login("sue")
	adm.login("adm")
	n := 0
	for path, item := range h.desk.api.OpenAPI().Paths {
		for method, op := range map[string]any{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete} {
			o := operationOf(op)
			if o == nil || strings.HasSuffix(path, "/events") || path == "/api/v1/session" {
				continue
			}
			n++
			url := strings.NewReplacer("{name}", "x", "{id}", "x", "{list}", "x", "{number}", "x", "{switch}", "load").Replace(path)
			role, _ := o.Metadata[roleMark].(campaign.Role)
			if role == "" {
				role = campaign.RoleAdministrator
			}
			nobody.want(nobody.ask(method, url, "{}"), 401, CodeLogin)
			for _, v := range []struct {
				*visitor
				role campaign.Role
			}{{ann, campaign.RoleAgent}, {sue, campaign.RoleSupervisor}, {adm, campaign.RoleAdministrator}} {
				a := v.ask(method, url, "{}")
				refused := a.status == 403 && a.Code == CodeForbidden
				if want := !may(v.role, role) || o.Metadata[placeMark] == "socket"; refused != want {
					t.Errorf("%s %s (%s) by %s: %d %s", method, url, role, v.role, a.status, a.text)
				}
			}
		}
	}
	if n < 45 {
		t.Errorf("only %d operations", n)
	}
	// A file of the server is named over the socket only.
	adm.want(adm.ask("PUT", "/api/v1/campaigns?file=/etc/passwd", "name: x"), 403, CodeForbidden)
	// And the socket has no desktop.
	var got *Error
	if err := h.desk.Local().JSON(t.Context(), "POST", "/api/v1/undo", nil, nil); !errors.As(err, &got) || got.Status != 403 {
		t.Errorf("a desktop on the socket: %v", err)
	}
}

func TestBodies(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	big := `{"status":"ready","reason":"` + strings.Repeat("x", 70<<10) + `"}`
	v.want(v.ask("POST", "/api/v1/agent/status", big), 413, CodeTooLarge)
	req, err := http.NewRequestWithContext(t.Context(), "POST", v.base+"/api/v1/agent/status", io.MultiReader(strings.NewReader(big))) // no length
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "k1"} {
		req.Body = io.NopCloser(strings.NewReader(big))
		req.Header = v.head.Clone()
		req.Header.Set("Idempotency-Key", key)
		res, err := v.http.Do(req)
		if err != nil || res.StatusCode != 413 {
			t.Errorf("without a length: %v, %v", res, err)
		}
		if err == nil {
			res.Body.Close()
		}
	}
	for _, bad := range []string{"", "{", "[]", `{"status":"king"}`, `{"status":"ready","x":1}`, `{"status":1}`, strings.Repeat("[", 10000)} {
		if a := v.ask("POST", "/api/v1/agent/status", bad); a.status < 400 || a.status >= 500 {
			t.Errorf("%.20q: %d %s", bad, a.status, a.text)
		}
	}
	if got := h.hall.did(); len(got) != 0 {
		t.Errorf("something was done: %v", got)
	}
}

func TestPage(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	for path, want := range map[string]int{
		"/": 200, "/index.html": 200, "/assets/app.js": 200, "/assets/secret.go": 404, "/assets/app.test.js": 404, "/assets/": 404,
		"/app.js": 404, "/assets/index.html": 404, "/web.go": 404, "/assets/%2e%2e/secret.go": 404, "/assets/..%2f..%2fdesk.go": 404, "/assets//etc/passwd": 404,
		"/assets/%00": 404, "/favicon.ico": 404, "/api/v1/nothing": 404, "/assets/..%5c..%5cdesk.go": 404, "/reference": 200, "/openapi.json": 200, "/docs": 404,
	} {
		a := v.ask("GET", path, "")
		if a.status != want && !(want == 404 && (a.status == 301 || a.status == 307 || a.status == 308)) || strings.Contains(a.text, "package ") || strings.Contains(a.text, "secret") && path != "/reference" && path != "/openapi.json" {
			t.Errorf("%s: %d %.80s", path, a.status, a.text)
		}
		for name, part := range map[string]string{"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
			if !strings.Contains(a.header.Get(name), part) {
				t.Errorf("%s: %s is %q", path, name, a.header.Get(name))
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("policy %s", csp)
		}
	}
	a := v.ask("GET", "/assets/app.js", "", "Accept-Encoding", "gzip")
	tag := a.header.Get("ETag")
	if a.header.Get("Content-Encoding") != "gzip" || len(a.text) > 200 || tag == "" || a.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%d bytes, %v", len(a.text), a.header)
	}
	if a := v.ask("GET", "/assets/app.js", "", "Accept-Encoding", "gzip", "If-None-Match", tag); a.status != 304 || a.text != "" {
		t.Errorf("again: %d %q", a.status, a.text)
	}
	if a := v.ask("GET", "/assets/app.js", "", "Accept-Encoding", "gzip;q=0"); a.header.Get("Content-Encoding") != "" || !strings.HasPrefix(a.text, "// code") {
		t.Errorf("without: %v", a.header)
	}
	if a := v.ask("GET", "/reference", ""); strings.Contains(a.text, "<script") || strings.Contains(a.text, "//unpkg") || !strings.Contains(a.text, "/api/v1/interactions/{id}/accept") {
		t.Errorf("the reference: %.300s", a.text)
	}
}

// What is built in is a page that loads nothing of others.
func TestBuiltPage(t *testing.T) {
	h := openHouse(t, func(c *WebConfig) { c.Files = nil })
	v := h.visitor(t)
	sub, err := fs.Sub(built, "web")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = fs.WalkDir(sub, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		path := "/assets/" + name
		if name == "index.html" {
			path = "/"
		}
		if a := v.ask("GET", path, ""); loadable(name) && a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		} else if a.status == 200 {
			n++
			for _, bad := range []string{"<script src=\"http", "src=\"//", "from 'http", "@import", "style=\"", "onclick="} {
				if strings.Contains(a.text, bad) && !strings.HasPrefix(name, "vendor/") {
					t.Errorf("%s: %s", name, bad)
				}
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestIdempotency(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	for range 3 {
		v.want(v.ready("Idempotency-Key", "k"), 204, "")
	}
	if got := h.hall.did(); len(got) != 1 {
		t.Errorf("%d clicks", len(got))
	}
	v.want(v.ask("POST", "/api/v1/agent/status", `{"status":"not-ready"}`, "Idempotency-Key", "k"), 422, CodeKeyReused)
	v.want(v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "k"), 422, CodeKeyReused)
	sue := h.visitor(t)
	sue.login("sue")
	sue.want(sue.ready("Idempotency-Key", "k"), 204, "") // her own k
	if got := h.hall.did(); len(got) != 2 {
		t.Errorf("%d clicks", len(got))
	}
	// A refusal is repeated as well.
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNotNow, Text: "no"}}
	})
	v.want(v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "u"), 409, campaign.ReasonNotNow)
	again := v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "u")
	v.want(again, 409, campaign.ReasonNotNow)
	if again.header.Get("Idempotent-Replayed") != "true" || len(h.hall.did()) != 3 {
		t.Errorf("%v, %d clicks", again.header, len(h.hall.did()))
	}
	// Two at once: the second waits for the first.
	gate := make(chan struct{})
	h.hall.set(func(h *hall) { h.refuse, h.wait = nil, gate })
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { v.want(v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "both"), 204, "") })
	}
	close(gate)
	both.Wait()
	if got := h.hall.did(); len(got) != 4 {
		t.Errorf("%d clicks", len(got))
	}
	// After its time a key is free.
	h.hall.set(func(h *hall) { h.wait = nil })
	h.clock.pass(replayFor + time.Second)
	v.want(v.ready("Idempotency-Key", "k"), 204, "")
	if got := h.hall.did(); len(got) != 5 {
		t.Errorf("%d clicks", len(got))
	}
}

// An engaged agent gets the bare code of a refusal.
func TestRefusals(t *testing.T) {
	h := openHouse(t, nil)
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNoInteraction, Text: "+49301234 is somebody else's"}}
	})
	ann, eva := h.visitor(t), h.visitor(t)
	h.hall.set(func(h *hall) { h.refuse = nil })
	ann.login("ann")
	eva.login("eva")
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNoInteraction, Text: "+49301234 is somebody else's"}}
	})
	a := ann.ask("POST", "/api/v1/interactions/i9/accept", "")
	ann.want(a, 404, campaign.ReasonNoInteraction)
	if !strings.Contains(a.Detail, "somebody") {
		t.Errorf("detail %q", a.Detail)
	}
	e := eva.ask("POST", "/api/v1/interactions/i9/accept", "")
	eva.want(e, 404, campaign.ReasonNoInteraction)
	if strings.Contains(e.text, "4930") {
		t.Errorf("a number for an engaged agent: %s", e.text)
	}
}

// events is an open stream.
type events struct {
	lines *bufio.Scanner
	close func() error
}

func (v *visitor) events(query string) *events {
	v.t.Helper()
	req := mustRequest(v.t, v.base+"/api/v1/events"+query)
	res, err := v.http.Do(req)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		v.t.Fatalf("events: %v %v", res, err)
	}
	v.t.Cleanup(func() { res.Body.Close() })
	return &events{bufio.NewScanner(res.Body), res.Body.Close}
}

// next is the next event of a name and its data; "" when the stream ends.
func (e *events) next(name string) string {
	at := ""
	for e.lines.Scan() {
		switch line := e.lines.Text(); {
		case line == "":
			at = ""
		case strings.HasPrefix(line, "event: "):
			at = line[7:]
		case strings.HasPrefix(line, "data: ") && at == name:
			return line[6:]
		}
	}
	return ""
}

func TestTwoDesktops(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	one := v.events("?since=1&tab=one")
	if got := one.next("viewer"); got != `{"viewer":false}` {
		t.Errorf("the first tab: %s", got)
	}
	two := v.events("?since=1&tab=two")
	if got := two.next("viewer"); got != `{"viewer":true}` {
		t.Errorf("the second tab: %s", got)
	}
	if a := v.ask("GET", "/api/v1/state", "", "X-Tab", "two"); !strings.Contains(a.text, `"viewer":true`) {
		t.Errorf("state: %s", a.text)
	}
	v.want(v.ready("X-Tab", "two"), 409, CodeViewer)
	v.want(v.ready("X-Tab", "one"), 204, "")
	v.want(v.ask("POST", "/api/v1/desk/take-over", "", "X-Tab", "two"), 204, "")
	if got := one.next("viewer"); got != `{"viewer":true}` {
		t.Errorf("the first tab after that: %s", got)
	}
	if got := two.next("viewer"); got != `{"viewer":false}` {
		t.Errorf("the second tab after that: %s", got)
	}
	v.want(v.ready("X-Tab", "one"), 409, CodeViewer)
	v.want(v.ready("X-Tab", "two"), 204, "")
	// The end of the session ends both.
	h.hall.set(func(h *hall) { h.snap.Agents = nil })
	v.want(v.ask("DELETE", "/api/v1/session", ""), 204, "")
	for _, s := range []*events{one, two} {
		if got := s.next("session"); got != `{"code":"logged-off"}` {
			t.Errorf("at the end: %s", got)
		}
		if got := s.next(""); got != "" {
			t.Errorf("after the end: %s", got)
		}
	}
}

func TestEventStream(t *testing.T) {
	h := openHouse(t, func(c *WebConfig) { c.PBX = func() Link { return Link{State: "live"} } })
	v := h.visitor(t)
	v.login("ann")
	s := v.events("")
	var st State
	if err := json.Unmarshal([]byte(s.next("state")), &st); err != nil || st.N != 1 || st.Interactions == nil || len(st.NotReady) != 1 || st.Links["pbx"].State != "live" {
		t.Errorf("state %+v, %v", st, err)
	}
	if got := s.next("link"); !strings.Contains(got, "live") {
		t.Errorf("link %s", got)
	}
	s.next("viewer")
	evil := campaign.InteractionView{ID: "i", Agent: "ann", Content: &campaign.Content{Name: "</script><script>alert(1)</script>\n\ndata: x"}}
	h.hall.tell(campaign.Event{N: 2, Kind: campaign.EventOffered, Agent: "eva", InteractionView: &campaign.InteractionView{ID: "j", Agent: "eva"}})
	h.hall.tell(campaign.Event{N: 3, Kind: campaign.EventOffered, Agent: "ann", InteractionView: &evil})
	got := s.next("")
	var e campaign.Event
	if err := json.Unmarshal([]byte(got), &e); err != nil || e.N != 3 || e.InteractionView.Content.Name != evil.Content.Name {
		t.Errorf("not her event: %s", got)
	}
	if strings.ContainsAny(got, "<>") {
		t.Errorf("markup on the wire: %s", got)
	}
	if alive := s.next("alive"); alive == "" {
		t.Error("no proof of life")
	}
	// The controller cuts a reader off; she may come back.
	h.hall.set(func(h *hall) { close(h.subs[0]) })
	if got := s.next(""); got != "" {
		t.Errorf("after that: %s", got)
	}
}

func TestLostDesk(t *testing.T) {
	h := openHouse(t, nil)
	p := principal{user: "ann", session: "s", tab: "a"}
	st := h.seats.open(p)
	h.seats.close(st, h.clock.now())
	if got := h.seats.lost(h.clock.now().Add(29 * time.Second)); len(got) != 0 {
		t.Errorf("too soon: %v", got)
	}
	if got := h.seats.lost(h.clock.now().Add(31 * time.Second)); len(got) != 1 {
		t.Fatalf("lost %v", got)
	}
	if got := h.seats.lost(h.clock.now().Add(32 * time.Second)); len(got) != 0 {
		t.Errorf("told twice: %v", got)
	}
	h.hall.set(func(h *hall) {
		h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentReady, Interaction: "i"}}
	})
	h.away(t.Context(), "ann")
	if got := h.hall.did(); len(got) != 0 {
		t.Errorf("in a call: %v", got)
	}
	h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentReady}} })
	h.away(t.Context(), "ann")
	if got := h.hall.did(); len(got) != 1 || got[0] != (campaign.ClickStatus{Agent: "ann", Status: campaign.AgentNotReady, Reason: "Technik"}) {
		t.Errorf("clicks %v", got)
	}
	h.seats.open(p) // she is back
	if got := h.seats.lost(h.clock.now().Add(time.Hour)); len(got) != 0 {
		t.Errorf("lost with an open tab: %v", got)
	}
	for range userStreams - 1 {
		h.seats.open(p)
	}
	if h.seats.open(p) != nil {
		t.Error("no limit to one user's tabs")
	}
}

func TestTLS(t *testing.T) {
	folder := t.TempDir()
	h := openHouse(t, func(c *WebConfig) { c.SelfSigned = folder })
	v := h.visitor(t)
	if !strings.HasPrefix(h.URL(), "https://") {
		t.Errorf("url %s", h.URL())
	}
	a := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password))
	if c := a.header.Get("Set-Cookie"); !strings.Contains(c, "Secure") || !strings.HasPrefix(c, "__Host-") {
		t.Errorf("cookie %s", c)
	}
	if a.header.Get("Strict-Transport-Security") != "" {
		t.Error("a browser that was told so could not come back to a self-signed page")
	}
	first, err := ownCertificate(folder, "127.0.0.1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	second, err := ownCertificate(folder, "127.0.0.1", time.Now())
	if err != nil || !bytes.Equal(first.Certificate[0], second.Certificate[0]) {
		t.Errorf("not kept: %v", err)
	}
	third, err := ownCertificate(folder, "127.0.0.1", time.Now().Add(certLife-certRenew/2))
	if err != nil || bytes.Equal(first.Certificate[0], third.Certificate[0]) {
		t.Errorf("not renewed: %v", err)
	}
}

func TestPlainBeyondLoopback(t *testing.T) {
	for _, c := range []struct {
		listen string
		allow  bool
		want   error
	}{{"0.0.0.0:0", false, ErrPlain}, {":0", false, ErrPlain}, {"[::]:0", false, ErrPlain}, {"0.0.0.0:0", true, nil}, {"localhost:0", false, nil}} {
		d, _, _ := newDesk(&hall{})
		s, err := OpenSessions(filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := d.OpenWeb(WebConfig{Listen: c.listen, AllowPlain: c.allow, Sessions: s})
		if !errors.Is(err, c.want) {
			t.Errorf("%s, %v: %v", c.listen, c.allow, err)
		}
		if err == nil {
			w.Close()
		}
	}
}

func TestWelcome(t *testing.T) {
	h := openHouse(t, nil)
	if link, err := h.Welcome(t.Context(), "administrator"); err != nil || link != "" {
		t.Errorf("there is one with a password: %q, %v", link, err)
	}
	delete(h.store.users, "adm")
	link, err := h.Welcome(t.Context(), "administrator")
	if err != nil || h.store.users["administrator"].Role != campaign.RoleAdministrator {
		t.Fatalf("%q, %v", link, err)
	}
	v := h.visitor(t)
	path := strings.TrimPrefix(link, h.URL())
	v.want(v.ask("HEAD", path, ""), 405, "")
	if a := v.ask("GET", path, ""); a.status != 303 || a.header.Get("Location") != "/" {
		t.Errorf("%d %v", a.status, a.header)
	}
	a := v.ask("GET", "/api/v1/session", "")
	if a.status != 200 || !strings.Contains(a.text, `"has_password":false`) {
		t.Errorf("%d %s", a.status, a.text)
	}
	var s Session
	_ = json.Unmarshal([]byte(a.text), &s)
	v.head.Set("X-CSRF-Token", s.CSRF)
	v.want(v.ask("PUT", "/api/v1/session/password", `{"new":"long enough"}`), 204, "")
	other := h.visitor(t)
	if a := other.ask("GET", path, ""); a.header.Get("Location") != "/?link=used" {
		t.Errorf("twice: %v", a.header)
	}
	late := strings.TrimPrefix(h.Link("ann"), h.URL())
	h.clock.pass(linkLife + time.Minute)
	if a := other.ask("GET", late, ""); a.header.Get("Location") != "/?link=used" {
		t.Errorf("late: %v", a.header)
	}
	other.want(other.ask("GET", "/api/v1/session", ""), 401, CodeLogin)
}

func operationOf(v any) *huma.Operation {
	o, _ := v.(*huma.Operation)
	return o
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 10,000 events to tabs that do not read: they are cut off, the clicks and the
// tab that reads go on, and nothing is kept for them.
func TestSleepingTabs(t *testing.T) {
	const sleepers, events = 10, 10_000
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	before, routines := heap(), runtime.NumGoroutine()
	u, err := url.Parse(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	cookie := v.http.Jar.Cookies(u)[0]
	var conns []net.Conn
	for i := range sleepers {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /api/v1/events?since=1&tab=t%d HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", i, u.Host, cookie.Name, cookie.Value)
		conns = append(conns, c)
	}
	awake := v.events("?since=1&tab=awake")
	awake.next("viewer")
	until(t, "all are connected", func() bool {
		h.hall.mu.Lock()
		defer h.hall.mu.Unlock()
		return len(h.hall.subs) == sleepers+1
	})
	read := make(chan int, events)
	go func() { // ends with the stream
		defer close(read)
		for {
			var e campaign.Event
			if json.Unmarshal([]byte(awake.next("")), &e) != nil {
				return
			}
			read <- int(e.N)
		}
	}()
	reason := strings.Repeat("r", 400)
	most := before
	for n := 2; n < events+2; n++ {
		h.hall.tell(campaign.Event{N: uint64(n), Kind: campaign.EventAgent, Agent: "ann", AgentView: &campaign.AgentView{Agent: "ann", Reason: reason}})
		if n%200 == 0 { // the one who reads keeps up
			for got := range read {
				if got == n {
					break
				}
			}
			most = max(most, heap())
		}
	}
	if grown := most - before; grown > 8<<20 {
		t.Errorf("%d KiB were kept for sleeping tabs", grown>>10)
	}
	v.want(v.ready("X-Tab", "t0"), 204, "") // the first tab had the desk; clicks do not wait for readers
	h.hall.mu.Lock()
	if n := len(h.hall.subs); n != 1 {
		t.Errorf("%d still subscribe", n)
	}
	h.hall.mu.Unlock()
	// The server gives each up when its write has waited too long.
	until(t, "they are cut off", func() bool {
		h.seats.mu.Lock()
		defer h.seats.mu.Unlock()
		return h.seats.all == 1
	})
	awake.close()
	for range read {
	}
	for _, c := range conns {
		c.Close()
	}
	v.http.CloseIdleConnections()
	until(t, "nobody serves them any more", func() bool { return runtime.NumGoroutine() <= routines })
}

// until waits for something to become true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not in 30 s", what)
		}
	}
}

// What an agent may look into: her campaigns' lists and calls, her own
// interactions, and nothing of them for an engaged one.
func TestLookingAround(t *testing.T) {
	h := openHouse(t, nil)
	h.store.campaigns["spring"] = campaign.CampaignRow{Name: "spring", Document: []byte("name: spring")} // its list is "customers"
	h.store.campaigns["autumn"] = campaign.CampaignRow{Name: "autumn", Document: []byte("name: autumn")}
	h.store.records[0].Name, h.store.records[0].Person = "Anna Beispiel", "p1"
	h.store.records[2].Name = "Anna Anderswo"
	h.store.records[1] = campaign.Record{List: "customers", ID: "2", Name: "Cem", Phone: "+4930231251", Status: campaign.Ready, Type: campaign.PersonalCallback,
		Owner: "ann", NextDial: h.clock.now().Add(time.Hour), Note: "after lunch"}
	at := h.clock.now()
	h.store.attempts = []campaign.Attempt{
		{ID: "a0", Campaign: "spring", Agent: "ann", Number: "+4930231250", Person: "p1", DialedAt: at.Add(-48 * time.Hour), Result: campaign.Busy},
		{ID: "a1", Campaign: "spring", Agent: "ben", Number: "+4930231250", Person: "p1", DialedAt: at, AnsweredAt: at, Result: campaign.Answer, Note: "asked for a quote"},
		{ID: "a2", Campaign: "autumn", Agent: "ben", Number: "+4930231250", Person: "p1", DialedAt: at, Result: campaign.Busy},
		{ID: "a3", Campaign: "spring", Agent: "ann", List: "customers", RecordID: "1", Number: "+4930231250", Person: "p1", DialedAt: at, Result: campaign.NoAnswer},
		{ID: "a4", Campaign: "spring", Agent: "eva", List: "customers", RecordID: "1", Number: "+4930231250", Person: "p1", DialedAt: at, Result: campaign.NoAnswer},
	}
	content := &campaign.Content{List: "customers", RecordID: "1", Name: "Anna Beispiel", Number: "+4930231250"}
	h.hall.set(func(h *hall) {
		h.snap.Campaigns = []campaign.CampaignView{{Name: "spring", Assigned: campaign.AgentSet{All: true}}, {Name: "autumn", Assigned: campaign.AgentSet{Names: []campaign.AgentID{"ben"}}}}
		h.snap.Interactions = []campaign.InteractionView{
			{ID: "i-ann", Agent: "ann", State: campaign.StateTalking, AnsweredAt: at, Content: content},
			{ID: "i-ben", Agent: "ben", State: campaign.StateTalking, AnsweredAt: at, Content: content},
			{ID: "i-eva", Agent: "eva", State: campaign.StateDialing, Blank: true},
		}
	})
	ann, eva, sue := h.visitor(t), h.visitor(t), h.visitor(t)
	ann.login("ann")
	eva.login("eva")
	sue.login("sue")
	get := func(v *visitor, path string, has, hasNot []string) {
		t.Helper()
		a := v.ask("GET", "/api/v1"+path, "")
		for _, s := range has {
			if a.status != 200 || !strings.Contains(a.text, s) {
				t.Errorf("GET %s: %s is missing in %d %s", path, s, a.status, a.text)
			}
		}
		for _, s := range hasNot {
			if strings.Contains(a.text, s) {
				t.Errorf("GET %s: %s is in %s", path, s, a.text)
			}
		}
	}
	get(ann, "/contacts?q=anna", []string{"Anna Beispiel"}, []string{"Anderswo"})
	get(ann, "/contacts?q=030+231250", []string{"Anna Beispiel"}, []string{"Cem"})
	get(ann, "/contacts?q=berlin", []string{"Anna Beispiel"}, nil)
	get(ann, "/contacts?q=a", []string{"[]"}, nil)
	get(sue, "/contacts?q=anna", []string{"Anna Beispiel", "Anderswo"}, nil)
	get(ann, "/interactions/i-ann/history", []string{"a3", "a1", "asked for a quote", "a0"}, []string{"a2"})
	get(ann, "/history", []string{"a3", "Anna Beispiel", "no-answer"}, []string{"a0", "a1", "a4"})
	get(ann, "/workbin", []string{"Cem", "after lunch", "callback", "i-ann"}, []string{"i-ben"})
	get(ann, "/campaigns/spring/texts", []string{"Pause"}, nil)
	ann.want(ann.ask("GET", "/api/v1/campaigns/autumn/texts", ""), 404, campaign.ReasonUnknownCampaign)
	ann.want(ann.ask("GET", "/api/v1/interactions/i-ben/history", ""), 404, campaign.ReasonNoInteraction)

	eva.want(eva.ask("GET", "/api/v1/contacts?q=anna", ""), 403, CodeBlank)
	eva.want(eva.ask("GET", "/api/v1/interactions/i-eva/history", ""), 403, CodeBlank)
	h.store.records[1].Owner = "eva"
	get(eva, "/workbin", []string{"callback"}, []string{"Cem", "lunch", "49302", `"2"`})
	get(eva, "/history", []string{"a4", "no-answer"}, []string{"Anna", "49302", `"1"`, "customers"})
	h.hall.set(func(h *hall) {
		h.snap.Interactions[2].Blank, h.snap.Interactions[2].AnsweredAt, h.snap.Interactions[2].Content = false, at, content
	})
	get(eva, "/contacts?q=anna", []string{"Anna Beispiel"}, nil)
	get(eva, "/workbin", []string{"Cem"}, nil)
}

// Only a supervisor takes back Do not call.
func TestDoNotCallStays(t *testing.T) {
	h := openHouse(t, nil)
	h.hall.set(func(h *hall) {
		h.snap.Recent = []campaign.InteractionView{{ID: "i", Agent: "ann", NoCall: true}, {ID: "s", Agent: "sue", NoCall: true}}
	})
	ann, sue := h.visitor(t), h.visitor(t)
	ann.login("ann")
	sue.login("sue")
	ann.want(ann.ask("POST", "/api/v1/interactions/i/correct", `{"no_call":false}`), 403, CodeForbidden)
	ann.want(ann.ask("POST", "/api/v1/interactions/i/correct", `{"no_call":true,"result":"busy"}`), 204, "")
	sue.want(sue.ask("POST", "/api/v1/interactions/s/correct", `{"no_call":false}`), 204, "")
	ann.want(ann.ask("POST", "/api/v1/interactions/i/result", `{"result":"king"}`), 422, "")
}

// A supervisor whose own account is engaged sees others' records, not her own
// blank one.
func TestEngagedSupervisor(t *testing.T) {
	p := principal{user: "sue", role: campaign.RoleSupervisor, engaged: true}
	mine := campaign.Event{N: 1, Agent: "sue", InteractionView: &campaign.InteractionView{Agent: "sue", Blank: true, Content: &campaign.Content{Name: "X"}}}
	if e, ok := view(mine, p); !ok || e.InteractionView.Content != nil {
		t.Errorf("her own: %+v", e.InteractionView)
	}
	hers := campaign.Event{N: 1, Agent: "ann", InteractionView: &campaign.InteractionView{Agent: "ann", Content: &campaign.Content{Name: "X"}}}
	if e, ok := view(hers, p); !ok || e.InteractionView.Content == nil {
		t.Errorf("another's: %+v", e.InteractionView)
	}
}

// A stream ends with its session.
func TestStreamFollowsSession(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	s := v.events("?since=1")
	s.next("viewer")
	var st *stream
	h.seats.mu.Lock()
	for st = range h.seats.by["ann"].streams {
	}
	h.seats.mu.Unlock()
	p := principal{user: "ann", role: campaign.RoleAgent, session: st.session, token: st.token}
	if !h.stillGood(p, st) {
		t.Error("it is good")
	}
	for range 3 {
		h.clock.pass(30 * time.Minute)
		v.ask("GET", "/api/v1/workbin", "") // a page does so by itself
	}
	if h.stillGood(p, st) {
		t.Error("it is used no more")
	}
	v.want(v.ready(), 401, CodeLogin)
	v.login("ann")
	u := h.store.users["ann"]
	u.Role = campaign.RoleSupervisor
	h.store.users["ann"] = u
	h.clock.pass(2 * time.Second)
	if h.stillGood(p, st) {
		t.Error("her role has changed")
	}
}

func TestResponses(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(t.TempDir(), "outside.md")
	for name, text := range map[string]string{
		filepath.Join(dir, "prices.md"): "# Prices\nAll are fair.", filepath.Join(dir, "law", "gdpr.txt"): "Your data", filepath.Join(dir, "x.exe"): "no", out: "outside",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(out, filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	rs, err := responses(dir, nil)
	if err != nil || fmt.Sprint(rs) != "[{law/gdpr gdpr Your data} {prices Prices All are fair.}]" {
		t.Errorf("%v, %v", rs, err)
	}
	if rs, err = responses(dir, []string{"fair", "price"}); err != nil || len(rs) != 1 {
		t.Errorf("%v, %v", rs, err)
	}
	if rs, err = responses(filepath.Join(dir, "nowhere"), nil); err != nil || len(rs) != 0 {
		t.Errorf("%v, %v", rs, err)
	}
}
