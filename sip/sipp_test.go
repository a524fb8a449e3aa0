package sip_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
)

// sipp runs SIPp, an independent implementation, until it ends by itself or
// the test does.
type sipp struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan error
	port int
}

func startSipp(t testing.TB, args ...string) *sipp {
	t.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		t.Fatal("sipp is not installed; configs/lab/install.sh installs it (Debian package sip-tester)")
	}
	s := &sipp{port: freePort(t), done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	s.cmd = exec.CommandContext(ctx, path, append([]string{"-i", "127.0.0.1", "-p", strconv.Itoa(s.port),
		"-nostdin", "-cp", strconv.Itoa(freePort(t))}, args...)...)
	s.cmd.Dir = t.TempDir()
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.WaitDelay = time.Second
	if err := s.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() { s.done <- s.cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-s.done:
		case <-time.After(3 * time.Second):
			t.Error("sipp does not end")
		}
	})
	return s
}

// wait returns sipp's verdict: nil means that every call went as scripted.
func (s *sipp) wait(t testing.TB, d time.Duration) {
	t.Helper()
	select {
	case err := <-s.done:
		s.done <- err
		if err != nil {
			t.Fatalf("sipp: %v\n%s", err, s.out.String())
		}
	case <-time.After(d):
		t.Fatalf("sipp is not done after %v", d)
	}
}

// bound waits until sipp listens.
func (s *sipp) bound(t testing.TB) {
	eventually(t, 3*time.Second, "sipp listens", func() bool {
		pc, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			_ = pc.Close()
		}
		return err != nil
	})
}

func freePort(t testing.TB) int {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pc.Close() }()
	return pc.LocalAddr().(*net.UDPAddr).Port
}

func scenario(t testing.TB, name string) string {
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSippAnswers calls SIPp's built-in callee.
func TestSippAnswers(t *testing.T) {
	t.Parallel()
	s := startSipp(t, "-sn", "uas", "-m", "3")
	s.bound(t)
	a := start(t, nil)
	for range 3 {
		p := dial(t, a, fmt.Sprintf("sip:service@127.0.0.1:%d", s.port))
		p.expect(sip.Dialing)
		p.until(sip.Answered) // its 180 and 200 leave at once, and sipgo may turn them round
		p.call.Hangup(sip.Reason{})
		if c := p.expect(sip.Ended).Cause; c.Status != 200 {
			t.Errorf("cause %+v", c)
		}
	}
	s.wait(t, 10*time.Second)
}

// TestSippCalls lets SIPp's built-in caller call us, over UDP and TCP.
func TestSippCalls(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"u1", "t1"} {
		t.Run(transport, func(t *testing.T) {
			a := newAgent(t, func(c *sip.Config) {
				c.Trusted = []string{"127.0.0.1"}
				c.Listen = append(c.Listen, "tcp://127.0.0.1:0")
			})
			a.OnCall(func(c *sip.Call) {
				c.Accept(newBody(), func(sip.Event) {})
				c.Ring()
				c.Answer()
			})
			open(t, a)
			addr := a.Addrs()[0].String()
			if transport == "t1" {
				addr = a.Addrs()[1].String()
			}
			s := startSipp(t, "-sn", "uac", "-t", transport, "-s", "1001", "-d", "100", "-m", "5", "-r", "10", addr)
			s.wait(t, 20*time.Second)
		})
	}
}

// TestSippDifficult calls a callee of SIPp's that loses our ACKs, answers twice,
// asks for what we do not know, and goes on after its BYE. SIPp must not repeat
// anything itself (-nr): it takes our second ACK for a repeated first one.
func TestSippDifficult(t *testing.T) {
	t.Parallel()
	s := startSipp(t, "-sf", scenario(t, "difficult.xml"), "-m", "1", "-nr")
	s.bound(t)
	p := dial(t, start(t, nil), fmt.Sprintf("sip:service@127.0.0.1:%d", s.port))
	p.until(sip.Answered)
	p.until(sip.Ended)
	s.wait(t, 10*time.Second)
}
