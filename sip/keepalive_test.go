package sip

import (
	"context"
	"net"
	"testing"
	"time"
)

// TestKeepAlive: CRLF CRLF from the listener's socket, RFC 5626 §4.4.
func TestKeepAlive(t *testing.T) {
	ear, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ear.Close() }()
	a, err := New(Config{Listen: []string{"udp://127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close(context.Background()) }()
	f, err := a.wire.flowTo(context.Background(), "udp", localPort(ear.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	a.wire.keepAlive(f)
	_ = ear.SetReadDeadline(time.Now().Add(time.Second))
	b := make([]byte, 100)
	n, from, err := ear.ReadFrom(b)
	if err != nil || string(b[:n]) != "\r\n\r\n" || from.String() != a.Addrs()[0].String() {
		t.Errorf("%v: %q from %v", err, b[:n], from)
	}
}

func TestBackOffGrowsAndIsBounded(t *testing.T) {
	for fails, most := range map[int]time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second, 50: 2 * time.Minute} {
		for range 50 {
			if d := backOff(fails); d < most/2 || d > most {
				t.Errorf("after %d: %v, want %v to %v", fails, d, most/2, most)
			}
		}
	}
	for _, granted := range []time.Duration{time.Second, 59 * time.Second, 5 * time.Minute, time.Hour} {
		if d := refreshAfter(granted); d > granted-min(granted/4, 25*time.Second) || d < granted/2 {
			t.Errorf("granted %v, refreshed after %v", granted, d)
		}
	}
}
