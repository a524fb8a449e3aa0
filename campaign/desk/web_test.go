package desk

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

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

func (h *hall) Settled(context.Context) error { return nil }

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

// Every operation, by who may call it.
// What is built in is a page that loads nothing of others.
// An engaged agent gets the bare code of a refusal.
// events is an open stream.
// next is the next event of a name and its data; "" when the stream ends.
// 10,000 events to tabs that do not read: they are cut off, the clicks and the
// tab that reads go on, and nothing is kept for them.
// until waits for something to become true.
// What an agent may look into: her campaigns' lists and calls, her own
// interactions, and nothing of them for an engaged one.
// Only a supervisor takes back Do not call.
// A supervisor whose own account is engaged sees others' records, not her own
// blank one.
// A stream ends with its session.
