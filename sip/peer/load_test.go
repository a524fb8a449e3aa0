package peer

import (
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// TestLoad lets sipp place 200 calls at 40 a second, 80 at a time, while the
// exchange speaks in all of them.
func TestLoad(t *testing.T) {
	if _, err := exec.LookPath("sipp"); err != nil {
		t.Fatal("sipp is missing (Debian package sip-tester; configs/lab installs it)")
	}
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	x := startExchange(t, ExchangeConfig{Speed: 10})
	before := runtime.NumGoroutine()
	addr := x.wire.addr()
	begin := time.Now()
	out, err := exec.CommandContext(t.Context(), "sipp", addr.String(), "-sf", "testdata/uac.xml",
		"-s", Number("00", 0), "-i", "127.0.0.1", "-m", "200", "-r", "40", "-l", "200",
		"-key", "sink", fmt.Sprint(sink.LocalAddr().(*net.UDPAddr).Port),
		"-nostdin", "-timeout", "18s", "-timeout_error").CombinedOutput()
	if err != nil {
		t.Fatalf("sipp: %v\n%s", err, out)
	}
	took := time.Since(begin)
	var sent int
	for _, r := range records(t, x, 200) {
		if r.Status != 200 || r.EndedBy != "caller" || len(r.Violations) > 0 {
			t.Fatalf("record %+v", r)
		}
		// A loaded machine may be late, but never too fast, and drops little;
		// the sound may begin and stop up to 0.2 s off the times on the bill.
		if due := int(r.Billed() / (20 * time.Millisecond)); r.PacketsOut < due*3/4 || r.PacketsOut > due+10 {
			t.Errorf("%d packets sent in a call of %v", r.PacketsOut, r.Billed())
		}
		sent += r.PacketsOut
	}
	if took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if n := runtime.NumGoroutine(); n > before+4 || x.Live() != 0 {
		t.Errorf("%d goroutines after, %d before; %d calls live", n, before, x.Live())
	}
	t.Logf("200 calls in %v, %d RTP packets", took.Round(10*time.Millisecond), sent)
}
