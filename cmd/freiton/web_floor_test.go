package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// agentPassword is what everybody's is in these tests; cheapHash is its hash,
// quick to check.
const agentPassword = "swordfish-9"

func cheapHash(t testing.TB) string {
	t.Helper()
	h, err := argon2id.CreateHash(agentPassword, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// floorUnderTest is everything that serve runs, on a practice exchange, with
// the agents' desktop.
type floorUnderTest struct {
	*app
	x       *peer.Exchange
	url     string
	desktop *desktop
	stop    func() // the desktop's
}

// openFloor opens it with a campaign "spring" over a list.
func openFloor(t testing.TB, speed float64, mode string, csv string, users ...campaign.User) *floorUnderTest {
	t.Helper()
	return openFloorWith(t, speed, mode, csv, func(*configs.Config) {}, users...)
}

// openFloorWith does so with a changed configuration.
func openFloorWith(t testing.TB, speed float64, mode string, csv string, change func(*configs.Config), users ...campaign.User) *floorUnderTest {
	t.Helper()
	x, cfg := practiceWith(t, peer.ExchangeConfig{Speed: speed})
	change(&cfg)
	ctx := t.Context()
	a, err := openApp(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	f := &floorUnderTest{app: a, x: x}
	t.Cleanup(func() {
		if err := f.app.Close(); err != nil {
			t.Error(err)
		}
	})
	hash := cheapHash(t)
	for _, u := range users {
		u.Headset, u.Hash, u.Created = "browser", hash, time.Now()
		if err := a.store.PutUser(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("responses/prices.md", "# Prices\nAll are fair.\n")
	if err := media.WriteWAVFile(filepath.Join(dir, "recorded.wav"), 8000, media.Tone(2000, time.Second, -10)); err != nil {
		t.Fatal(err)
	}
	file := write("spring.yaml", "name: spring\ndescription: Spring offer\nmode: "+mode+"\ncountry: lab\nagents: all\nlists: [customers]\n"+
		"results: [answer, {wrong-number: quick}]\nresponses: responses\ngreeting: \"Good day, {name}\"\nafter_call_work: 30s\n"+
		"preview: {timeout: 20s}\nfields: {preview: [campaign, name, City], case: [campaign, phone], record: [name, City]}\n")
	docs := a.documents()
	document, file, err := docs.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	camp, err := docs.Adopt(ctx, document, file)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := (listFiles{a.store, a.cfg}).Import(ctx, "customers", strings.NewReader(csv), desk.ImportOptions{}); err != nil || res.Bad > 0 {
		t.Fatalf("import: %+v, %v", res, err)
	}
	if err := a.control.Do(ctx, campaign.ClickApply{By: "test", Campaign: &camp, State: campaign.Unloaded}); err != nil {
		t.Fatal(err)
	}
	f.serve(t)
	return f
}

// serve opens the desktop of an app that was just opened.
func (f *floorUnderTest) serve(t testing.TB) {
	t.Helper()
	if err := f.voice.registered(t.Context(), f.cfg); err != nil {
		t.Fatal(err)
	}
	d, err := f.openDesktop("")
	if err != nil {
		t.Fatal(err)
	}
	f.stop = serveWeb(t, d)
	f.url, f.desktop = d.web.URL(), d
}

// again ends the program, and starts it over the same data.
func (f *floorUnderTest) again(t testing.TB) {
	t.Helper()
	f.stop()
	if err := f.app.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), f.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	f.app = a
	f.serve(t)
}

// serveWeb serves a desktop until stop, or the test's end.
func serveWeb(t testing.TB, d *desktop) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.web.Serve(ctx) }() // ends with ctx, waited for below
	stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-done, d.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// wear gives an agent a headset that says nothing.
func (f *floorUnderTest) wear(t *testing.T, agent campaign.AgentID) {
	t.Helper()
	ear, err := media.NewFileEndpoint(media.FileOptions{Clock: f.voice.clock})
	if err != nil {
		t.Fatal(err)
	}
	f.voice.headsets.put(agent, ear)
	t.Cleanup(func() { _ = ear.Close() })
}

// startSpring has the campaign started by a supervisor.
func (f *floorUnderTest) startSpring(t *testing.T) (boss *browserTab) {
	t.Helper()
	boss = f.tab(t)
	boss.login("boss")
	boss.follow()
	boss.do("/campaigns/spring/load", nil)
	boss.do("/campaigns/spring/start", nil)
	return boss
}
