package phone

import (
	"context"
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
