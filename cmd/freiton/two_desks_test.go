package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// twoServers are two processes of the program on one PostgreSQL, and a browser's
// tab at each; the same browser, so that one login is for both.
type twoServers struct {
	*testing.T
	dir, address     string
	x                *peer.Exchange
	two              *child
	argsOne, argsTwo []string
	one, other       *browserTab
}

// TestTwoServers: users, logins, campaigns with their files and their state, the
// do-not-call list and what may be abandoned are the same at both; an agent works
// at one of them, and hears at the other what became of her call when the first
// was killed.
func TestTwoServers(t *testing.T) {
	t.Parallel() // it mostly waits for others
	b := &twoServers{T: t, dir: t.TempDir()}
	pg, err := pgtest.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	})
	if b.address, err = pg.Fresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.x, err = peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}, Speed: 8}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.x.Close)
	jar := newJar(t)
	_, b.argsOne, b.one = b.start("one", jar)
	b.two, b.argsTwo, b.other = b.start("two", jar)
	b.inStore(func(s *postgres.Store) error {
		ann := campaign.User{Name: "ann", Role: campaign.RoleAgent, Headset: "browser", Hash: cheapHash(t), Created: time.Now()}
		return s.PutUser(t.Context(), ann)
	})
	b.one.login("ann")
	b.other.csrf = b.one.csrf
	b.seen("her login", b.other, "/session", has(`"user":"ann"`))
	b.campaignFiles()
	b.oneDesk()
	b.users()
	b.doNotCall()
	b.abandoned()
	b.killed(jar)

	// The server stops; she goes on where she has the other tab.
	if err := b.two.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := b.two.wait(t, 20*time.Second); status != 0 {
		t.Errorf("status %d\n%s", status, b.two.errs.String())
	}
	b.seen("her desk, back", b.one, "/state", here())
}

// start starts a process with a data folder of its own, or again with the same.
func (b *twoServers) start(name string, jar http.CookieJar) (*child, []string, *browserTab) {
	b.Helper()
	cfg, err := demoConfig(filepath.Join(b.dir, name), b.x)
	if err != nil {
		b.Fatal(err)
	}
	url := fmt.Sprintf("127.0.0.1:%d", freePort(b.T))
	args := []string{"--config", cfg.File, "--set", "store=" + b.address, "--set", "web.listen=" + url}
	c := startChild(b.T, append([]string{"serve"}, args...)...)
	until(b.T, 60*time.Second, name+" serves", func() bool { return strings.Contains(c.errs.String(), "the desktop is at") })
	return c, args, b.tab("http://"+url, jar)
}

func (b *twoServers) tab(base string, jar http.CookieJar) *browserTab {
	return &browserTab{t: b.T, base: base, http: &http.Client{Jar: jar}, wake: make(chan struct{}, 1)}
}

// inStore does something in the store as a process would that runs for longer
// than the server's grace.
func (b *twoServers) inStore(do func(*postgres.Store) error) {
	b.Helper()
	s, err := postgres.Open(b.Context(), b.address, postgres.Options{Grace: time.Nanosecond})
	if err == nil {
		err = errors.Join(do(s), s.Close())
	}
	if err != nil {
		b.Fatal(err)
	}
}

// run runs a command line at the server of args; in is its standard input.
func (b *twoServers) run(args []string, in, command string) {
	b.Helper()
	var errs locked
	c := &cli{in: strings.NewReader(in), out: io.Discard, err: &errs}
	if status := run(b.Context(), c, append(strings.Fields(command), args...)); status != 0 {
		b.Fatalf("%s: status %d\n%s", command, status, errs.String())
	}
}

// seen waits until a server answers so, and says how long that took: a second is
// promised, and the rest is for a busy machine.
func (b *twoServers) seen(what string, at *browserTab, path string, ok func(text string) bool) {
	b.Helper()
	begin := time.Now()
	until(b.T, 10*time.Second, what, func() bool {
		status, text := at.ask(http.MethodGet, "/api/v1"+path, nil)
		return status == http.StatusOK && ok(text)
	})
	b.soon(what, begin)
}

func (b *twoServers) soon(what string, begin time.Time) {
	b.Helper()
	took := time.Since(begin).Round(time.Millisecond)
	if b.Logf("%s: seen after %v", what, took); took > 3*time.Second {
		b.Errorf("%s: only after %v", what, took)
	}
}

func has(part string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, part) }
}

func stateOf(ok func(desk.State) bool) func(string) bool {
	return func(text string) bool {
		var s desk.State
		return json.Unmarshal([]byte(text), &s) == nil && ok(s)
	}
}

// here: she has her desk at this server.
func here() func(string) bool {
	return stateOf(func(s desk.State) bool { return !s.Viewer && s.Me != nil && s.Me.Status == campaign.AgentNotReady })
}

func (b *twoServers) write(name, text string) {
	b.Helper()
	name = filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// apply applies the campaign at one of the servers.
func (b *twoServers) apply(args []string, mode string) {
	b.Helper()
	b.write("c.yaml", "name: c\ncountry: lab\nagents: all\nlists: [customers]\nscript: s.md\nresponses: r\npacing: {max_abandoned: 3%}\nmode: "+mode+"\n")
	b.run(args, "", "campaign apply -f "+filepath.Join(b.dir, "c.yaml"))
}

// campaignFiles: a campaign, its files and its state.
func (b *twoServers) campaignFiles() {
	b.write("r/prices.md", "9.90")
	b.write("s.md", "Good morning")
	b.apply(b.argsOne, "progressive")
	b.seen("the script", b.other, "/campaigns/c/texts", has("Good morning"))
	b.seen("the responses", b.other, "/campaigns/c/responses", has("9.90"))
	b.write("s.md", "Good evening")
	b.apply(b.argsTwo, "progressive")
	b.seen("the changed script", b.one, "/campaigns/c/texts", has("Good evening"))
	b.run(b.argsTwo, "", "campaign load c")
	b.seen("the campaign's state", b.one, "/state", stateOf(func(s desk.State) bool { return len(s.Campaigns) == 1 && s.Campaigns[0].State == campaign.Loaded }))
}

// oneDesk: she works at one; at the other she looks on, until she takes over.
func (b *twoServers) oneDesk() {
	at := func(t *browserTab) func(string) bool {
		return stateOf(func(s desk.State) bool { return s.Viewer && s.Elsewhere == t.base })
	}
	b.one.follow()
	b.other.follow()
	b.seen("her desk", b.one, "/state", here())
	b.seen("where she is", b.other, "/state", at(b.one))
	if status, text := b.other.ask(http.MethodPost, "/api/v1/agent/status", desk.StatusChange{Status: campaign.AgentReady}); status != http.StatusConflict {
		b.Errorf("ready at both: %d %s", status, text)
	}
	b.other.do("/desk/take-over", nil)
	b.seen("her desk, moved", b.other, "/state", here())
	b.seen("where she has gone", b.one, "/state", at(b.other))
}

// users: who gets another role or password, or is barred at one server, does so at
// the other; a session that has to end there does, and its stream.
func (b *twoServers) users() {
	const ben = "ben"
	b.run(b.argsTwo, "", "user add ben --role supervisor")
	b.inStore(func(s *postgres.Store) error {
		us, err := s.Users(b.Context())
		for _, u := range us {
			if u.Name == ben {
				u.Hash = cheapHash(b.T)
				err = errors.Join(err, s.PutUser(b.Context(), u))
			}
		}
		return err
	})
	comes := func() *browserTab {
		b.Helper()
		tab := b.tab(b.one.base, newJar(b.T))
		tab.login(ben)
		return tab
	}
	ended := func(what string, tab *browserTab, begin time.Time) {
		b.Helper()
		until(b.T, 10*time.Second, what, func() bool { return strings.Contains(tab.sent(), "event: session") })
		b.soon(what, begin)
		if status, text := tab.ask(http.MethodGet, "/api/v1/state", nil); status != http.StatusUnauthorized {
			b.Errorf("%s: the session: %d %s", what, status, text)
		}
		if status, text := tab.ask(http.MethodPost, "/api/v1/session", desk.Credentials{Name: ben, Password: agentPassword}); status != http.StatusUnauthorized {
			b.Errorf("%s: logged in: %d %s", what, status, text)
		}
	}
	tab := comes()
	b.run(b.argsTwo, "", "user change ben --role agent")
	b.seen("another role", tab, "/session", has(`"role":"agent"`))
	tab.do("/agent/status", desk.StatusChange{Status: campaign.AgentNotReady})
	tab.follow()
	b.run(b.argsTwo, "", "user change ben --disabled")
	ended("a barred user", tab, time.Now())
	b.inStore(func(s *postgres.Store) error {
		ps, err := s.Present(b.Context())
		if len(ps) != 1 || ps[0].Agent != "ann" {
			b.Errorf("at work are %+v", ps)
		}
		return err
	})
	b.run(b.argsTwo, "", "user change ben --disabled=false")
	tab = comes()
	tab.follow()
	b.run(b.argsTwo, "another-9", "user passwd ben")
	ended("another password", tab, time.Now())
}

// ready: ann wants records, at the second server.
func (b *twoServers) ready() {
	b.Helper()
	b.other.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
}

// doNotCall: an entry made at one server takes away what is offered at the other,
// ends what rings there, and refuses what would be dialled next.
func (b *twoServers) doNotCall() {
	ann := b.other
	offered, rings := peer.Number("02", 1), peer.Number("13", 2)
	b.write("l.csv", fmt.Sprintf("id;Name;Telefon\nR-1;Ada;%s\nR-2;Bea;%s\n", offered, rings))
	b.run(b.argsOne, "", "list import customers "+filepath.Join(b.dir, "l.csv"))
	b.run(b.argsOne, "", "campaign start c")
	ann.await(campaign.EventPopup, 0)
	ann.do("/campaigns/c/join", nil)
	ann.plugIn()
	b.ready()
	offer := ann.await(campaign.EventOffered, 0)
	blocks := func(what, number string, kind campaign.EventKind, since uint64) campaign.Event {
		b.Helper()
		b.run(b.argsOne, "", "dnc add "+number)
		begin := time.Now()
		e := ann.await(kind, since)
		b.soon(what, begin)
		return e
	}
	gone := blocks("an offered record is withdrawn", offered, campaign.EventWithdrawn, offer.N)
	if gone.Reason == nil || gone.Reason.Code != campaign.ReasonDoNotCall {
		b.Errorf("withdrawn because of %+v", gone.Reason)
	}
	second := ann.await(campaign.EventOffered, gone.N)
	ann.accepts(second)
	ringing := ann.await(campaign.EventRinging, second.N)
	if end := blocks("what rings is ended", rings, campaign.EventEnded, ringing.N).InteractionView; end.EndedBy != campaign.ByDialer || !end.AnsweredAt.IsZero() {
		b.Errorf("ended: %+v", end)
	}
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentNotReady})
	ann.await(campaign.EventDone, ringing.N) // its result was shown
	ann.do("/manual", desk.Number{Number: offered})
	if e := ann.await(campaign.EventRefused, ringing.N); e.Reason == nil || e.Reason.Code != campaign.ReasonDoNotCall {
		b.Errorf("a manual call: %+v", e.Reason)
	}
	for _, c := range b.x.Records() {
		if c.Number == offered {
			b.Errorf("%s was dialled", offered)
		}
	}
}

// accepts takes an offered record, and reports that it is shown.
func (b *browserTab) accepts(offer campaign.Event) {
	b.t.Helper()
	b.do("/interactions/"+string(offer.Interaction)+"/accept", nil)
	b.await(campaign.EventOpened, offer.N)
	b.do("/interactions/"+string(offer.Interaction)+"/shown", nil)
}
func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}
