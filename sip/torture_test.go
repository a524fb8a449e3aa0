package sip_test

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

type verdict struct{ name, status, why string }

func verdicts(t testing.TB) []verdict {
	f, err := os.Open("testdata/torture/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []verdict
	for s := bufio.NewScanner(f); s.Scan(); {
		if fs := strings.Fields(s.Text()); len(fs) > 2 && fs[0] != "#" {
			out = append(out, verdict{fs[0], fs[1], strings.Join(fs[2:], " ")})
		}
	}
	return out
}

// TestTorture sends messages of RFC 4475's kinds from a trusted address while
// a call runs: each gets the answer of its verdict, and the call goes on.
func TestTorture(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	(&peer.Registrar{}).Serve(far)
	r := facing(t, far, trusting, func(c *sip.Config) { c.Accounts[0].Registrar = far.URI("") })
	p, dlg := r.answered()
	list := verdicts(t)
	files, err := filepath.Glob("testdata/torture/*.sip")
	if err != nil || len(files) != len(list) || len(list) < 49 {
		t.Fatalf("%d messages, %d verdicts (%v)", len(files), len(list), err)
	}
	for _, v := range list {
		t.Run(v.name, func(t *testing.T) {
			if got := status(torture(t, udp(t, r.agent), v.name)); got != v.status {
				t.Errorf("%s: answered %q, want %s", v.why, got, v.status)
			}
		})
	}
	dlg.Request("OPTIONS").Expect(200)
	p.quiet(t1)
	r.uncalled() // by one of them
	p.bye(dlg)
}

func status(answer string) string {
	f := strings.Fields(answer)
	if len(f) < 2 {
		return "silence"
	}
	return f[1]
}

// torture sends one of the files and returns what comes back first.
func torture(t testing.TB, to, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/torture/" + name + ".sip")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	text := strings.ReplaceAll(string(b), "{port}", port)
	if bare, ok := strings.CutPrefix(text, "LF\n"); ok {
		text = bare
	} else {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(4 * t1))
	buf := make([]byte, 8192)
	n, err := c.Read(buf)
	if err != nil {
		return ""
	}
	if strings.ContainsAny(strings.NewReplacer("\r\n", "").Replace(string(buf[:n])), "\x07\x1b\x00") {
		t.Errorf("control characters came back: %q", buf[:n])
	}
	return string(buf[:n])
}
