package configs

import (
	"strings"
	"testing"
)

const goodAccount = "sip.accounts.0={name: pbx, address: 'sip:1001@pbx.example', registrar: 'sip:pbx.example:5060', username: '1001', password: x}"

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, set, want string }{
		{"beyond loopback", "web.listen=0.0.0.0:8080", "web.listen: \"0.0.0.0:8080\" is beyond this machine"},
		{"every address", "web.listen=:8080", "web.listen: "},
		{"no port", "web.listen=127.0.0.1", "web.listen: \"127.0.0.1\" is not an address and a port"},
		{"cert without key", "web.tls.cert=a.pem", "web.tls: a certificate needs its key"},
		{"cert and self signed", "web.tls={cert: a, key: b, self_signed: true}", "web.tls.self_signed: there is a certificate"},
		{"nothing to listen on", "sip.listen=[]", "sip.listen: there is nothing"},
		{"scheme", "sip.listen=tls://0.0.0.0:5061", "sip.listen.0: \"tls://0.0.0.0:5061\" does not begin with udp:// or tcp://"},
		{"listen on a name", "sip.listen=udp://pbx.example:5061", "sip.listen.0: "},
		{"listen twice", "sip.listen=udp://0.0.0.0:5070,udp://0.0.0.0:5070", "sip.listen.1: "},
		{"SIP port in media", "sip.listen=udp://0.0.0.0:20000", "sip.listen.0: port 20000 is one of media.ports"},
		{"wildcard advertised", "sip.advertise=0.0.0.0:5070", "sip.advertise: \"0.0.0.0:5070\" means every address"},
		{"advertise", "media.advertise=a b", "media.advertise: \"a b\" is not an address"},
		{"trusted", "sip.trusted=pbx", "sip.trusted.0: \"pbx\" is neither"},
		{"account without a name", "sip.accounts.0={address: 'sip:a@b'}", "sip.accounts.0.name: \"\" is not a name"},
		{"two of a name", "sip.accounts.1={name: pbx, address: 'sip:a@b'}", "sip.accounts.1.name: a second account"},
		{"address", "sip.accounts.0.address=1001@pbx", "sip.accounts.0.address: \"1001@pbx\" is not a SIP address"},
		{"address injects", "sip.accounts.0.address=sip:a@b\r\nX: y", "sip.accounts.0.address: "},
		{"registrar", "sip.accounts.0.registrar=pbx.example", "sip.accounts.0.registrar: "},
		{"proxy", "sip.accounts.0.proxy=pbx.example", "sip.accounts.0.proxy: "},
		{"password without user", "sip.accounts.0.username=", "sip.accounts.0: there is a password and no username"},
		{"account", "dial.account=pbxx", "dial.account: there is no account \"pbxx\"; the accounts are: pbx"},
		{"uri without number", "dial.uri=sip:100@pbx.example", "dial.uri: \"sip:100@pbx.example\" has no placeholder"},
		{"uri placeholder", "dial.uri=sip:{nummer}@pbx.example", "dial.uri: "},
		{"uri scheme", "dial.uri={number}@pbx.example", "dial.uri: "},
		{"country", "dial.country=Germany", "dial.country: \"Germany\" is not a country"},
		{"lower case", "dial.default_country=de", "dial.default_country: \"de\" is not a country"},
		{"lab is no number country", "dial.default_country=lab", "dial.default_country: "},
		{"allow", "dial.allow=0049", ""},
		{"allow a word", "dial.allow=Germany", "dial.allow.0: \"Germany\" is neither"},
		{"allow the world", "dial.allow=+", "dial.allow.0: "},
		{"allow emergency", "dial.allow=+49,110", "dial.allow.1: \"110\" also means the emergency number 110"},
		{"allow emergency by pattern", "dial.allow=1xx", "dial.allow.0: \"1xx\" also means the emergency number 110"},
		{"caller id", "dial.caller_ids=030901820", "dial.caller_ids.0: \"030901820\" is not a number in international form"},
		{"caller id twice", "dial.caller_ids=+4930901820,+4930901820", "dial.caller_ids.1: "},
		{"ring timeout", "dial.ring_timeout=10s", "dial.ring_timeout: 10s is less than 15s"},
		{"inbound", "inbound.to=the agents", "inbound.to: "},
		{"media ip", "media.ip=here", "media.ip: "},
		{"odd", "media.ports=16385-32767", "media.ports: 16385-32767 does not begin even and end odd: a call takes two, the even one first; write 16386-32767"},
		{"backwards", "media.ports=32767-16384", "media.ports: "},
		{"privileged", "media.ports=0-5", "media.ports: "},
		{"too few", "media.ports=16384-16393", "media.ports: 16384-16393 is enough for 5 calls, and the accounts may have 10"},
		{"no codec", "media.codecs=[]", "media.codecs: "},
		{"headset", "headset.udp=8443", "headset.udp: \"8443\" is not"},
		{"headset told", "headset.advertise=192.0.2.7,pbx.example", "headset.advertise.1: \"pbx.example\" is not an IP address"},
		{"headset told nothing", "headset.advertise=0.0.0.0", "headset.advertise.0: "},
		{"session", "web.session.absolute=30m", "web.session.absolute: 30m is less than web.session.idle (1h)"},
		{"headset in media", "headset.udp=0.0.0.0:16384", "headset.udp: port 16384 is one of media.ports"},
		{"reason", "not_ready=a,a", "not_ready.1: \"a\" stands there twice"},
		{"no data", "data=", "data: there is no data folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := Load("", []string{goodAccount, c.set}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ps := Check(cfg)
			if c.want == "" {
				if len(ps) > 0 {
					t.Errorf("problems: %v", ps)
				}
				return
			}
			if len(ps) != 1 || !strings.HasPrefix(ps[0].Key+": "+ps[0].Text.Text+"; "+ps[0].Cure.Text, c.want) || ps[0].Cure.Text == "" {
				t.Errorf("\n got %v\nwant %s", ps, c.want)
			}
			if len(ps) > 0 && ps[0].Place == "" {
				t.Errorf("no place: %v", ps)
			}
		})
	}
}

func TestCheckPermits(t *testing.T) {
	for _, sets := range [][]string{
		{},
		{"web.listen=0.0.0.0:8443", "web.tls.self_signed=true"},
		{"web.listen=[::1]:8080"},
		{"web.listen=localhost:8080"},
		{"web.listen=0.0.0.0:8080", "web.allow_plain=true"},
		{"dial.country=lab", "dial.ring_timeout=2s"},
		{"dial.country=FR", "dial.allow=+33,6xx,*98"},
		{"sip.listen=udp://127.0.0.1:0,tcp://[::1]:0", "sip.advertise=sip.example:5070", "sip.trusted=192.0.2.7,2001:db8::/32"},
		{"sip.accounts.0.address=sip:%231001@[2001:db8::1]", "dial.uri=sip:{digits}@192.0.2.1;transport=tcp"},
		{"inbound.to=ann"},
	} {
		cfg, err := Load("", append([]string{goodAccount}, sets...), nil)
		if err != nil {
			t.Fatal(err)
		}
		if ps := Check(cfg); len(ps) > 0 {
			t.Errorf("%v: %v", sets, ps)
		}
	}
}

func TestMatchExtension(t *testing.T) {
	for _, c := range []struct {
		pattern, number string
		want            bool
	}{
		{"6xx", "601", true}, {"6xx", "6011", false}, {"6xx", "60", false}, {"6xx", "6*1", false},
		{"*98", "*98", true}, {"601", "601", true}, {"601", "602", false},
	} {
		if got := matchExtension(c.pattern, c.number); got != c.want {
			t.Errorf("%s means %s: %v", c.pattern, c.number, got)
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"lisen": "listen", "Listen": "listen", "lsiten": "listen", "xyz": "", "": ""} {
		if got := nearest(word, []string{"listen", "tls"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
