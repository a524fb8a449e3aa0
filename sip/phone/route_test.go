package phone

import (
	"context"
	"testing"
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
		cfg, err := p.media(context.Background(), "sip:601@127.0.0.1:5060")
		if err != nil || cfg.IP != "127.0.0.1" {
			t.Errorf("%q: %q, %v", ip, cfg.IP, err)
		}
	}
	p.cfg.Media.IP = "127.0.0.2"
	if cfg, err := p.media(context.Background(), "sip:601@127.0.0.1"); err != nil || cfg.IP != "127.0.0.2" {
		t.Errorf("given: %q, %v", cfg.IP, err)
	}
}
