package sip_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
	"go.uber.org/goleak"
)

const (
	t1 = 50 * time.Millisecond
	t2 = 400 * time.Millisecond
	t4 = 500 * time.Millisecond
)

func TestMain(m *testing.M) {
	sip.Prepare(sip.Timers{T1: t1, T2: t2, T4: t4})
	goleak.VerifyTestMain(m)
}

// logger writes to the test's log when FREITON_TEST_LOG is set.
func logger(t testing.TB) *slog.Logger {
	if os.Getenv("FREITON_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
}

// start opens an agent on free ports and closes it at the end of the test.
func start(t testing.TB, change func(*sip.Config)) *sip.Agent {
	t.Helper()
	a := newAgent(t, change)
	open(t, a)
	return a
}

func newAgent(t testing.TB, change func(*sip.Config)) *sip.Agent {
	t.Helper()
	cfg := sip.Config{Listen: []string{"udp://127.0.0.1:0"}, UserAgent: "freiton/test", Log: logger(t),
		Accounts: []sip.Account{{Name: "trunk", Address: "sip:1001@127.0.0.1"}}}
	if change != nil {
		change(&cfg)
	}
	a, err := sip.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func open(t testing.TB, a *sip.Agent) {
	t.Helper()
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAgent(t, a) })
}

func closeAgent(t testing.TB, a *sip.Agent) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Logf("close: %v", err)
	}
	if s := a.Stats(); s.Calls != 0 || s.ClientTransactions != 0 || s.ServerTransactions != 0 || s.Connections != 0 {
		t.Errorf("left after Close: %+v", s)
	}
}

// udp is the agent's UDP address.
func udp(t testing.TB, a *sip.Agent) string {
	for _, x := range a.Addrs() {
		if u, ok := x.(*net.UDPAddr); ok {
			return u.String()
		}
	}
	t.Fatal("no UDP listener")
	return ""
}

// uri is where the agent takes calls.
func uri(t testing.TB, a *sip.Agent) string { return "sip:1001@" + udp(t, a) }

// trusting lets loopback call us.
func trusting(c *sip.Config) { c.Trusted = []string{"127.0.0.1"} }

// body is a session describer that keeps a diary.
type body struct {
	mu       sync.Mutex
	offer    string
	answer   string
	refuse   error // of Answer
	reject   error // of Accept
	diary    []string
	accepted []string
}

func newBody() *body { return &body{offer: peer.PlainSDP(4000), answer: peer.PlainSDP(4002)} }

func (b *body) note(s string) { b.diary = append(b.diary, s) }

func (b *body) Offer() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note("offer")
	return []byte(b.offer), nil
}

func (b *body) Answer(offer []byte) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note("answer")
	b.accepted = append(b.accepted, string(offer))
	return []byte(b.answer), b.refuse
}

func (b *body) Accept(answer []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note("accept")
	b.accepted = append(b.accepted, string(answer))
	return b.reject
}

func (b *body) Rollback() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note("rollback")
}

func (b *body) story() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.diary, " ")
}

type refusal int

func (r refusal) Error() string { return fmt.Sprint("refused with ", int(r)) }
func (r refusal) Status() int   { return int(r) }

// eventually polls a condition that no event tells of.
func eventually(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(d)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

// nobody is an address where nobody listens.
func nobody(t testing.TB) string { return fmt.Sprint("127.0.0.1:", freePort(t)) }

// change alters the body while the call runs.
func (b *body) change(f func(*body)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b)
}
