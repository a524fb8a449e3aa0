package main

import (
	"bytes"
	"net"
	"strconv"
	"sync"
	"testing"
)

// locked is a buffer that the log and the command may write at once, as they
// may to standard error.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// busyPort is a UDP port on loopback that somebody else has.
func busyPort(t *testing.T) (net.PacketConn, string) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return c, strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
}
