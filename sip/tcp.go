package sip

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// streamConn is a TCP connection as sipgo reads it: whole messages that
// passed the gate, in canonical form, one after the other.
type streamConn struct {
	net.Conn
	wire   *wire
	remote netip.AddrPort
	ready  chan struct{} // closed when sipgo knows the connection
	buf    []byte        // read, not yet a whole message
	out    []byte        // canonical, not yet handed to sipgo
	once   sync.Once
}

const (
	writeTimeout = 5 * time.Second
	// partTimeout bounds the time a peer may take for one message once it
	// has begun it.
	partTimeout = 30 * time.Second
)

func (c *streamConn) Read(b []byte) (int, error) {
	for len(c.out) == 0 {
		if err := c.fill(); err != nil {
			return 0, io.EOF // sipgo logs any other error loudly; it is no use to it
		}
	}
	n := copy(b, c.out)
	c.out = c.out[n:]
	return n, nil
}

func (c *streamConn) fill() error {
	for {
		if c.keepAlive() {
			continue
		}
		if len(c.buf) > 0 {
			m, n, err := readMessage(c.buf, true)
			if err == nil {
				c.wire.trace.note(false, "tcp", localPort(c.LocalAddr()), c.remote, c.buf[:n])
				c.buf = c.buf[n:]
				m.network, m.source = "tcp", c.remote
				if c.out = c.wire.gate(m, func(p []byte) { _, _ = c.Write(p) }); c.out != nil {
					return nil
				}
				continue
			}
			if err != errPartial {
				return err // no boundary to go on from, RFC 3261 §7.5
			}
		}
		if err := c.more(); err != nil {
			return err
		}
	}
}

// keepAlive takes CRLFCRLF (ping, answered with CRLF) and CRLF (pong) between
// messages off the buffer. RFC 5626 §3.5.1.
func (c *streamConn) keepAlive() bool {
	if len(c.buf) >= 4 && string(c.buf[:4]) == "\r\n\r\n" {
		c.buf = c.buf[4:]
		_, _ = c.Write([]byte("\r\n"))
		return true
	}
	return false
}

func (c *streamConn) more() error {
	if len(c.buf) > 2*maxMessage {
		return errTooLarge
	}
	deadline := time.Time{}
	if len(c.buf) > 4 {
		deadline = time.Now().Add(partTimeout)
	}
	if err := c.Conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	var chunk [4096]byte
	n, err := c.Conn.Read(chunk[:])
	if n > 0 {
		c.buf = append(c.buf[:len(c.buf):len(c.buf)], chunk[:n]...)
		return nil
	}
	return err
}

func (c *streamConn) Write(b []byte) (int, error) {
	c.wire.trace.note(true, "tcp", localPort(c.LocalAddr()), c.remote, b)
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Close may be called by sipgo and by us, in any number.
func (c *streamConn) Close() error {
	c.once.Do(func() {
		_ = c.Conn.Close()
		w := c.wire
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.conns[c.remote] == c {
			delete(w.conns, c.remote)
		}
		if w.perIP[c.remote.Addr()]--; w.perIP[c.remote.Addr()] <= 0 {
			delete(w.perIP, c.remote.Addr())
		}
	})
	return nil
}

// connFeed is the net.Listener from which sipgo takes every connection,
// accepted or dialled.
type connFeed struct {
	wire *wire
	in   chan *streamConn
	last *streamConn
}

func newConnFeed(w *wire) *connFeed {
	return &connFeed{wire: w, in: make(chan *streamConn)}
}

// Accept is called by sipgo, one goroutine. When it comes for the next
// connection it has registered the last one.
func (f *connFeed) Accept() (net.Conn, error) {
	if f.last != nil {
		close(f.last.ready)
		f.last = nil
	}
	select {
	case c := <-f.in:
		f.last = c
		return c, nil
	case <-f.wire.closing:
		return nil, net.ErrClosed
	}
}

func (f *connFeed) Close() error { return nil }

func (f *connFeed) Addr() net.Addr {
	if len(f.wire.tcp) > 0 {
		return f.wire.tcp[0].Addr()
	}
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
}

// adopt hands a connection to sipgo and returns when sipgo can be asked for
// it by its address.
func (w *wire) adopt(nc net.Conn) (*streamConn, error) {
	c := &streamConn{Conn: nc, wire: w, remote: localPort(nc.RemoteAddr()), ready: make(chan struct{})}
	w.mu.Lock()
	if w.shut() {
		w.mu.Unlock()
		_ = nc.Close()
		return nil, ErrClosed
	}
	w.conns[c.remote] = c
	w.perIP[c.remote.Addr()]++
	w.mu.Unlock()
	select {
	case w.feed.in <- c:
	case <-w.closing:
		_ = c.Close()
		return nil, ErrClosed
	}
	select {
	case <-c.ready:
		return c, nil
	case <-w.closing:
		_ = c.Close()
		return nil, ErrClosed
	}
}

func (w *wire) accept(ln net.Listener) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			select {
			case <-w.closing:
				return
			case <-time.After(50 * time.Millisecond): // out of descriptors: it passes
			}
			continue
		}
		ip := localPort(nc.RemoteAddr()).Addr()
		w.mu.Lock()
		many := w.perIP[ip] >= maxConnsPerIP
		w.mu.Unlock()
		if many || !w.known(ip) {
			_ = nc.Close() // strangers get nothing
			continue
		}
		_, _ = w.adopt(nc)
	}
}

// connect returns the connection to a peer, dialling if there is none. Several
// who ask at once share one dial.
func (w *wire) connect(ctx context.Context, remote netip.AddrPort) (*streamConn, error) {
	w.mu.Lock()
	if c := w.conns[remote]; c != nil {
		w.mu.Unlock()
		select {
		case <-c.ready:
			return c, nil
		case <-w.closing:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if wait := w.dials[remote]; wait != nil {
		w.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if c := w.conns[remote]; c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("connect to %s failed", remote)
	}
	wait := make(chan struct{})
	w.dials[remote] = wait
	w.mu.Unlock()
	c, err := w.dial(ctx, remote)
	w.mu.Lock()
	delete(w.dials, remote)
	w.mu.Unlock()
	close(wait)
	return c, err
}

func (w *wire) dial(ctx context.Context, remote netip.AddrPort) (*streamConn, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var d net.Dialer
	for _, ln := range w.tcp {
		// From the listener's address, so that the peer knows us by it.
		if ip := localPort(ln.Addr()).Addr(); !ip.IsUnspecified() && ip.Is4() == remote.Addr().Is4() && ip.IsLoopback() == remote.Addr().IsLoopback() {
			d.LocalAddr = &net.TCPAddr{IP: ip.AsSlice()}
			break
		}
	}
	nc, err := d.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return nil, err
	}
	return w.adopt(nc)
}

// tryTCP connects for a request too large for UDP, and remembers a refusal
// for a minute so that not every call waits for it.
func (w *wire) tryTCP(ctx context.Context, remote netip.AddrPort) (flow, bool) {
	w.mu.Lock()
	until := w.noTCP[remote]
	w.mu.Unlock()
	if time.Now().Before(until) {
		return flow{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	f, err := w.flowTo(ctx, "tcp", remote)
	if err == nil {
		return f, true
	}
	w.mu.Lock()
	if len(w.noTCP) > 1024 {
		clear(w.noTCP)
	}
	w.noTCP[remote] = time.Now().Add(time.Minute)
	w.mu.Unlock()
	return flow{}, false
}
