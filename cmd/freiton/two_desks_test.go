package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
	"github.com/freiton/freiton/sip/peer"
)

// Two servers on one PostgreSQL: users, logins, campaigns with their files and
// their state are the same at both, and an agent works at one of them.
func TestTwoServers(t *testing.T) {
	pg, err := pgtest.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	})
	address, err := pg.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x, err := peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	dir, jar := t.TempDir(), newJar(t)
	start := func(name string) (*child, []string, *browserTab) {
		cfg, err := demoConfig(filepath.Join(dir, name), x)
		if err != nil {
			t.Fatal(err)
		}
		url := fmt.Sprintf("127.0.0.1:%d", freePort(t))
		args := []string{"--config", cfg.File, "--set", "store=" + address, "--set", "web.listen=" + url}
		c := startChild(t, append([]string{"serve"}, args...)...)
		until(t, 60*time.Second, name+" serves", func() bool { return strings.Contains(c.errs.String(), "the desktop is at") })
		return c, args, &browserTab{t: t, base: "http://" + url, http: &http.Client{Jar: jar}, wake: make(chan struct{}, 1)}
	}
	_, argsOne, one := start("one")
	two, argsTwo, other := start("two")
	run := func(args []string, command string) {
		t.Helper()
		if status, _, errs := freiton(t, nil, append(strings.Fields(command), args...)...); status != 0 {
			t.Fatalf("%s: status %d\n%s", command, status, errs)
		}
	}
	seen := func(what string, b *browserTab, path string, ok func(text string) bool) {
		t.Helper()
		begin := time.Now()
		until(t, 10*time.Second, what, func() bool {
			status, text := b.ask(http.MethodGet, "/api/v1"+path, nil)
			return status == http.StatusOK && ok(text)
		})
		t.Logf("%s: seen after %v", what, time.Since(begin).Round(time.Millisecond))
	}
	has := func(part string) func(string) bool {
		return func(text string) bool { return strings.Contains(text, part) }
	}

	s, err := postgres.Open(t.Context(), address, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutUser(t.Context(), campaign.User{Name: "ann", Role: campaign.RoleAgent, Headset: "browser", Hash: cheapHash(t), Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	one.login("ann")
	other.csrf = one.csrf
	seen("her login", other, "/session", has(`"user":"ann"`))

	doc := filepath.Join(dir, "c.yaml")
	script := func(text string) {
		t.Helper()
		for name, text := range map[string]string{doc: "name: c\ncountry: lab\nagents: all\nscript: s.md\nresponses: r\n", filepath.Join(dir, "s.md"): text} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "r"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "r", "prices.md"), []byte("9.90"), 0o600); err != nil {
		t.Fatal(err)
	}
	script("Good morning")
	run(argsOne, "campaign apply -f "+doc)
	seen("the script", other, "/campaigns/c/texts", has("Good morning"))
	seen("the responses", other, "/campaigns/c/responses", has("9.90"))
	script("Good evening")
	run(argsTwo, "campaign apply -f "+doc)
	seen("the changed script", one, "/campaigns/c/texts", has("Good evening"))
	run(argsTwo, "campaign load c")
	state := func(ok func(desk.State) bool) func(string) bool {
		return func(text string) bool {
			var s desk.State
			return json.Unmarshal([]byte(text), &s) == nil && ok(s)
		}
	}
	seen("the campaign's state", one, "/state", state(func(s desk.State) bool { return len(s.Campaigns) == 1 && s.Campaigns[0].State == campaign.Loaded }))

	// She works at one; at the other she looks on, until she takes over.
	here := state(func(s desk.State) bool { return !s.Viewer && s.Me != nil && s.Me.Status == campaign.AgentNotReady })
	at := func(b *browserTab) func(string) bool {
		return state(func(s desk.State) bool { return s.Viewer && s.Elsewhere == b.base })
	}
	one.follow()
	other.follow()
	seen("her desk", one, "/state", here)
	seen("where she is", other, "/state", at(one))
	if status, text := other.ask(http.MethodPost, "/api/v1/agent/status", desk.StatusChange{Status: campaign.AgentReady}); status != http.StatusConflict {
		t.Errorf("ready at both: %d %s", status, text)
	}
	other.do("/desk/take-over", nil)
	seen("her desk, moved", other, "/state", here)
	seen("where she has gone", one, "/state", at(other))

	// The server stops; she goes on where she has the other tab.
	if err := two.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := two.wait(t, 20*time.Second); status != 0 {
		t.Errorf("status %d\n%s", status, two.errs.String())
	}
	seen("her desk, back", one, "/state", here)
}

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}
