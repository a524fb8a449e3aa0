package sip

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func challenged(lines ...string) *message {
	m := &message{status: 401, version: "SIP/2.0"}
	for _, l := range lines {
		m.fields = append(m.fields, field{"WWW-Authenticate", l})
	}
	return m
}

// TestLoginKnowsItsOwn: credentials go to the account's own hops and realms
// only. RFC 3261 §22.1.
func TestLoginKnowsItsOwn(t *testing.T) {
	home, away := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.9")
	acc := &account{Account: Account{Username: "u", Password: "p"}}
	acc.keys.own(netip.AddrPortFrom(home, 5060))
	ours, theirs := `Digest realm="ours", nonce="1"`, `Digest realm="theirs", nonce="2"`
	meet := func(hop netip.Addr, inside bool, line string) error {
		return (&login{acc: acc, inside: inside}).meet(challenged(line), hop)
	}
	for _, c := range []struct {
		what   string
		hop    netip.Addr
		inside bool
		line   string
		want   error
	}{
		{"in a dialog nothing is learned", home, true, ours, errForeignChallenge},
		{"a stranger", away, false, ours, errForeignChallenge},
		{"the first time", home, false, ours, nil},
		{"in a dialog", home, true, ours, nil},
		{"another realm", home, false, theirs, errForeignChallenge},
		{"another realm in a dialog", home, true, theirs, errForeignChallenge},
		{"our realm from a stranger", away, true, ours, errForeignChallenge},
		{"nothing we know", home, false, `Basic realm="ours"`, errNoDigest},
		{"an algorithm we lack", home, false, `Digest realm="ours", nonce="1", algorithm=SHA-1`, errNoDigest},
	} {
		if err := meet(c.hop, c.inside, c.line); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

// TestDigestVectors: RFC 7616 §3.9.1 and RFC 2069's form.
func TestDigestVectors(t *testing.T) {
	const nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	for alg, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c := challenge{realm: "http-auth@example.org", nonce: nonce, alg: alg, hasAlgorithm: true, qop: "auth"}
		got := c.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", nil, 1, cnonce)
		if !strings.Contains(got, `response="`+want+`"`) || !strings.Contains(got, "nc=00000001") {
			t.Errorf("%s: %s", alg, got)
		}
	}
}

// TestChallengeSpellings: several in a line, other schemes between, odd case.
func TestChallengeSpellings(t *testing.T) {
	list := readChallenges(challenged(
		`Basic realm="x", DIGEST Realm="a, b", NONCE="n1" , qop="auth-int,auth", stale=TRUE, Digest realm=a,nonce="n2",algorithm=sha-512-256`,
		`Digest nonce="no realm is a realm too"`, `Digest realm="no nonce"`, `Negotiate abc`))
	if len(list) != 3 || list[0].realm != "a, b" || list[0].nonce != "n1" || list[0].qop != "auth" || !list[0].stale ||
		list[1].alg != "SHA-512-256" || list[2].realm != "" {
		t.Errorf("%+v", list)
	}
	if c, ok := strongest(list); !ok || c.nonce != "n2" {
		t.Errorf("%+v", c)
	}
}
