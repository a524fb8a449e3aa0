package phone

import (
	"context"
	"fmt"
	"testing"

	"github.com/freiton/freiton/sip"
)

func TestHostOf(t *testing.T) {
	for uri, want := range map[string]string{
		"sip:601@127.0.0.1:5060":          "127.0.0.1",
		"sip:601@pbx.example;transport=t": "pbx.example",
		"sip:pbx.example":                 "pbx.example",
		"sips:a:b@pbx.example:5061?x=y":   "pbx.example",
		"sip:601@[::1]:5060":              "::1",
		"":                                "",
	} {
		if got := hostOf(uri); got != want {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
	}
}

func TestOwnAddressOnTheRoute(t *testing.T) {
	p := &Phone{cfg: Config{}}
	for _, ip := range []string{"", "0.0.0.0"} {
		p.cfg.Media.IP = ip
		cfg, err := p.media(context.Background(), "127.0.0.1")
		if err != nil || cfg.IP != "127.0.0.1" {
			t.Errorf("%q: %q, %v", ip, cfg.IP, err)
		}
	}
	p.cfg.Media.IP = "127.0.0.2"
	if cfg, err := p.media(context.Background(), "127.0.0.1"); err != nil || cfg.IP != "127.0.0.2" {
		t.Errorf("given: %q, %v", cfg.IP, err)
	}
}

// With a wildcard both directions of a call find their address.
func TestWildcard(t *testing.T) {
	wild := func(_ *sip.Config, c *Config) { c.Media.IP = "0.0.0.0" }
	a, b := newStation(t, wild), newStation(t, wild)
	ours, theirs, _, _ := a.call(b)
	ours.Hangup(sip.Reason{})
	for _, e := range []Event{ours.ended(), theirs.ended()} {
		if ip := e.Stats.Local.Addr().String(); ip != "127.0.0.1" {
			t.Errorf("RTP on %s", ip)
		}
	}
}

// A name that cannot be found costs its time once, not with every call.
func TestRouteIsRemembered(t *testing.T) {
	var r routes
	ctx := context.Background()
	_, first := r.to(ctx, "pbx.invalid")
	_, again := r.to(ctx, "pbx.invalid")
	if first == nil || again != first {
		t.Errorf("%v, again %v", first, again)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.to(gone, "localhost"); err == nil {
		t.Error("a look-up that was given up found something")
	}
	if ip, err := r.to(ctx, "localhost"); err != nil || !ip.IsLoopback() {
		t.Errorf("after one that was given up: %v, %v", ip, err)
	}
	if ip, err := r.to(gone, "localhost"); err != nil || !ip.IsLoopback() {
		t.Errorf("forgotten: %v, %v", ip, err)
	}
	for i := range 2 * maxRoutes {
		_, _ = r.to(ctx, fmt.Sprintf("127.0.%d.%d", i/256, i%256))
	}
	if len(r.known) > maxRoutes {
		t.Errorf("%d hosts remembered", len(r.known))
	}
}
