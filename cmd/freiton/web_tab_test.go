package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

// browserTab is a browser's tab without a page: it keeps every byte it was sent.
type browserTab struct {
	t    testing.TB
	base string
	http *http.Client
	csrf string

	mu     sync.Mutex
	wire   bytes.Buffer // all that came, headers too
	events []campaign.Event
	wake   chan struct{}
}

func (f *floorUnderTest) tab(t testing.TB) *browserTab {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browserTab{t: t, base: f.url, http: &http.Client{Jar: jar}, wake: make(chan struct{}, 1)}
}

// ask sends a request and gives status and body.
func (b *browserTab) ask(method, path string, body any) (int, string) {
	b.t.Helper()
	var in io.Reader
	if body != nil {
		j, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		in = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, in)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", b.csrf)
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(&b.wire, "%s %s: %d %v\n%s\n", method, path, res.StatusCode, res.Header, text)
	return res.StatusCode, string(text)
}

// do sends a command that must be taken.
func (b *browserTab) do(path string, body any) {
	b.t.Helper()
	if status, text := b.ask(http.MethodPost, "/api/v1"+path, body); status != http.StatusNoContent && status != http.StatusOK {
		b.t.Fatalf("%s: %d %s", path, status, text)
	}
}

func (b *browserTab) login(name string) {
	b.t.Helper()
	status, text := b.ask(http.MethodPost, "/api/v1/session", desk.Credentials{Name: name, Password: agentPassword})
	var s desk.Session
	if err := json.Unmarshal([]byte(text), &s); status != http.StatusOK || err != nil {
		b.t.Fatalf("login: %d %s", status, text)
	}
	b.csrf = s.CSRF
}

// follow reads the events until the test ends.
func (b *browserTab) follow() {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+"/api/v1/events?since=0", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("events: %v %v", res, err)
	}
	done := make(chan struct{})
	go func() { // ends with the test's context, waited for in the cleanup
		defer close(done)
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		name := ""
		for lines.Scan() {
			line := lines.Text()
			b.mu.Lock()
			b.wire.WriteString(line + "\n")
			if n, ok := strings.CutPrefix(line, "event: "); ok {
				name = n
			} else if data, ok := strings.CutPrefix(line, "data: "); ok && name == "" {
				var e campaign.Event
				if err := json.Unmarshal([]byte(data), &e); err == nil {
					b.events = append(b.events, e)
				}
			} else if line == "" {
				name = ""
			}
			b.mu.Unlock()
			select {
			case b.wake <- struct{}{}:
			default:
			}
		}
	}()
	b.t.Cleanup(func() { <-done })
}

// join brings an agent to the started campaign, not Ready yet.
func (b *browserTab) join(name string) {
	b.t.Helper()
	b.login(name)
	b.follow()
	b.await(campaign.EventPopup, 0)
	b.do("/campaigns/spring/popup", desk.PopupOK{Stage: campaign.PopupStarted})
}

func (b *browserTab) status(s campaign.AgentStatus) {
	b.t.Helper()
	b.do("/agent/status", desk.StatusChange{Status: s})
}

// await waits for an event of a kind, after number since; of one of these agents,
// where any are named.
func (b *browserTab) await(kind campaign.EventKind, since uint64, of ...string) campaign.Event {
	b.t.Helper()
	return b.awaitThat(fmt.Sprintf("%s after %d of %v", kind, since, of), func(e campaign.Event) bool {
		return e.Kind == kind && e.N > since && (len(of) == 0 || slices.Contains(of, string(e.Agent)))
	})
}

// awaitThat waits for the first event that is so.
func (b *browserTab) awaitThat(what string, is func(campaign.Event) bool) campaign.Event {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		for _, e := range b.events {
			if is(e) {
				b.mu.Unlock()
				return e
			}
		}
		b.mu.Unlock()
		select {
		case <-b.wake:
		case <-deadline:
			b.mu.Lock()
			defer b.mu.Unlock()
			b.t.Fatalf("not there: %s\n%s", what, b.wire.String())
		}
	}
}

func (b *browserTab) sent() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wire.String()
}
