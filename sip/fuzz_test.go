package sip

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

func seeds(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/torture/*.sip")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wireForm(b), false)
		f.Add(wireForm(b), true)
	}
}

// wireForm turns a test file's line ends into CRLF.
func wireForm(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// FuzzMessage: whatever comes, reading it does not panic; what passes the
// gate is one message for sipgo, says the same when read again, and no header
// was added by its values.
func FuzzMessage(f *testing.F) {
	seeds(f)
	parser := sipmsg.NewParser()
	src := netip.MustParseAddrPort("192.0.2.7:5062")
	f.Fuzz(func(t *testing.T, data []byte, stream bool) {
		m, n, err := readMessage(data, stream)
		if err != nil {
			return
		}
		if n > len(data) {
			t.Fatalf("%d bytes used of %d", n, len(data))
		}
		m.source = src
		if m.isRequest() {
			if status, _ := m.check(); status != 0 {
				if status > 0 && m.get("Via") != "" {
					m.arrive(src)
					one(t, refuse(m, status, ""))
				}
				return
			}
			m.arrive(src)
			m.tagTo("tag")
		} else if !m.usable() || m.malformed != nil {
			return
		}
		out := m.bytes()
		again, used, err := readMessage(out, true)
		if err != nil || used != len(out) {
			t.Fatalf("canonical form does not read: %v, %d of %d\n%s", err, used, len(out), out)
		}
		if len(again.fields) != len(m.fields)+added(m) && again.malformed == nil {
			t.Fatalf("%d headers became %d\n%s", len(m.fields), len(again.fields), out)
		}
		out = bytes.Replace(out, []byte(initialMark+": 1\r\n"), nil, 1) // taken off when read
		if string(again.bytes()) != string(out) {
			t.Fatalf("not stable:\n%s\n%s", out, again.bytes())
		}
		_, _ = parser.ParseSIP(out) // it may refuse, it must not panic
		for _, v := range []string{"Contact", "From", "To", "Refer-To"} {
			_, _ = parseAddress(m.get(v))
		}
		readChallenges(m)
		_, _ = readReason(m)
		callerOf(m, true)
		if m.isRequest() {
			one(t, refuse(m, 481, ""))
		}
	})
}

// added counts the Content-Length that writing adds.
func added(m *message) int {
	n := 0
	for _, f := range m.fields {
		if strings.EqualFold(f.name, "Content-Length") {
			n--
		}
		if strings.EqualFold(f.name, initialMark) {
			n-- // taken off when read
		}
	}
	return n + 1
}

// one checks that bytes of ours are exactly one message.
func one(t *testing.T, b []byte) {
	t.Helper()
	_, n, err := readMessage(b, true)
	if err != nil || n != len(b) {
		t.Fatalf("%v, %d of %d:\n%s", err, n, len(b), b)
	}
}

// FuzzAddress: what we build out of any name and number is one header with
// the same name and number in it.
func FuzzAddress(f *testing.F) {
	for _, s := range [][2]string{{"Ann", "+4930"}, {`"`, `"`}, {"a\\", "#"}, {"x\r\nVia: y", "1\r\nTo: 2"}, {"", "a@b;c>"}, {"日本", "%41"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, name, number string) {
		if checkCaller(number, name) != nil {
			name, number = clean(name), clean(number)
		}
		a := account{address: uri{scheme: "sip", user: "1001", host: "pbx.test"}}
		a.CallerIDIn = "pai"
		v := a.callerID(DialOptions{CallerID: number, CallerName: name})
		if number == "" {
			return
		}
		raw := startRequest("INVITE", "sip:x@y").add("Via", "SIP/2.0/UDP h;branch=z9hG4bKx").addFields(v).end("", nil)
		m, n, err := readMessage(raw, true)
		if err != nil || n != len(raw) || len(m.fields) != 3 {
			t.Fatalf("%v: %d headers, %d of %d\n%q", err, len(m.fields), n, len(raw), raw)
		}
		got, err := parseAddress(m.get("P-Asserted-Identity"))
		if err != nil || len(number) > 200 {
			if len(number) <= 200 {
				t.Fatalf("%v: %q", err, raw)
			}
			return
		}
		u, err := got.uri()
		if err != nil || unescapeUser(u.user) != number || u.host != "pbx.test" {
			t.Fatalf("%v: number %q became %q in %q", err, number, u.user, raw)
		}
	})
}

// FuzzURI: a URI that is accepted is written as it was meant and cannot leave
// the place it is written to.
func FuzzURI(f *testing.F) {
	for _, s := range []string{"sip:a@b", "sip:a@[::1]:5060;lr;transport=tcp?x=y", "sips:%41@h", "sip:;p=1@h", "sip:h", "sip:a@b@c", "tel:1", "sip:a:b@h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseURI(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(u.String(), " \r\n\t<>\"") {
			t.Fatalf("%q", u.String())
		}
		again, err := parseURI(u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("%q: %v, %q", s, err, again.String())
		}
	})
}
