package peer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// flow is the way to the other end: a UDP address or a TCP connection. Replies
// go back on the flow their request came by (RFC 3261 §18.2.2, RFC 3581 §4).
type flow struct {
	udp  *net.UDPConn
	addr netip.AddrPort
	tcp  net.Conn
}

func (f flow) send(b []byte) error {
	if f.tcp != nil {
		_ = f.tcp.SetWriteDeadline(time.Now().Add(5 * time.Second))
		_, err := f.tcp.Write(b)
		return err
	}
	_, err := f.udp.WriteToUDPAddrPort(b, f.addr)
	return err
}

// transport is the name in Via: "UDP" or "TCP".
func (f flow) transport() string {
	if f.tcp != nil {
		return "TCP"
	}
	return "UDP"
}

func (f flow) remote() netip.AddrPort {
	if f.tcp != nil {
		if a, ok := f.tcp.RemoteAddr().(*net.TCPAddr); ok {
			return a.AddrPort()
		}
	}
	return f.addr
}

func (f flow) String() string {
	if f.tcp != nil {
		return "tcp " + f.tcp.RemoteAddr().String()
	}
	return "udp " + f.addr.String()
}

// wire is a UDP socket and a TCP listener on one and the same port.
type wire struct {
	udp *net.UDPConn
	ln  *net.TCPListener

	// deliver gets every message, junk what is none. Both are called from the
	// readers' goroutines, those of UDP messages in order of arrival.
	deliver func(*Message, []byte, flow)
	junk    func([]byte, flow, error)

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	wg     sync.WaitGroup // readers; close waits for them
}

// openWire binds addr ("127.0.0.1:0") for UDP and TCP and starts reading.
func openWire(addr string, deliver func(*Message, []byte, flow), junk func([]byte, flow, error)) (*wire, error) {
	w := &wire{deliver: deliver, junk: junk, conns: map[net.Conn]struct{}{}}
	want, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("peer: listen on %s: %w", addr, err)
	}
	// A port free for UDP may be taken for TCP; with port 0 try another.
	for range 20 {
		if err = w.bind(want); err == nil {
			break
		}
		if want.Port != 0 {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("peer: listen on %s: %w", addr, err)
	}
	_ = w.udp.SetReadBuffer(4 << 20) // best effort: bursts of a load test
	w.wg.Add(2)
	go w.readUDP()
	go w.accept()
	return w, nil
}

func (w *wire) bind(want *net.UDPAddr) error {
	udp, err := net.ListenUDP("udp", want)
	if err != nil {
		return err
	}
	bound := udp.LocalAddr().(*net.UDPAddr)
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: bound.IP, Port: bound.Port})
	if err != nil {
		_ = udp.Close()
		return err
	}
	w.udp, w.ln = udp, ln
	return nil
}

// addr is the bound address, the same for UDP and TCP.
func (w *wire) addr() netip.AddrPort {
	return w.udp.LocalAddr().(*net.UDPAddr).AddrPort()
}

// close shuts the sockets and waits for the readers.
func (w *wire) close() {
	w.mu.Lock()
	w.closed = true
	_ = w.udp.Close()
	_ = w.ln.Close()
	for c := range w.conns {
		_ = c.Close()
	}
	w.mu.Unlock()
	w.wg.Wait()
}

// readUDP ends when the socket is closed.
func (w *wire) readUDP() {
	defer w.wg.Done()
	buf := make([]byte, 65536)
	for {
		n, from, err := w.udp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // e.g. port unreachable for something sent before
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		f := flow{udp: w.udp, addr: from}
		raw := append([]byte(nil), buf[:n]...)
		if keepAlive(raw) {
			continue
		}
		m, err := parse(raw)
		if err != nil {
			w.junk(raw, f, err)
			continue
		}
		w.deliver(m, raw, f)
	}
}

// keepAlive: nothing but CR, LF and NUL (RFC 5626 §3.5.1 and older habits).
func keepAlive(raw []byte) bool {
	for _, c := range raw {
		if c != '\r' && c != '\n' && c != 0 {
			return false
		}
	}
	return true
}

// accept ends when the listener is closed.
func (w *wire) accept() {
	defer w.wg.Done()
	for {
		c, err := w.ln.Accept()
		if err != nil {
			return
		}
		w.adopt(c)
	}
}

// adopt starts a reader for the connection, unless the wire is closed.
func (w *wire) adopt(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		_ = c.Close()
		return false
	}
	w.conns[c] = struct{}{}
	w.wg.Add(1)
	go w.readTCP(c)
	return true
}

// readTCP ends when the connection or the wire is closed, or on bytes that are
// not SIP: a stream cannot be resynchronised.
func (w *wire) readTCP(c net.Conn) {
	defer w.wg.Done()
	defer func() {
		_ = c.Close()
		w.mu.Lock()
		delete(w.conns, c)
		w.mu.Unlock()
	}()
	f := flow{tcp: c}
	stream := sipmsg.NewParser().NewSIPStream()
	defer stream.Close()
	buf := make([]byte, 16384)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if keepAlive(buf[:n]) {
			if n >= 4 { // RFC 5626 §4.4.1: a double CRLF is answered by one
				_ = f.send([]byte("\r\n"))
			}
			continue
		}
		err = stream.ParseSIPStream(buf[:n], func(parsed sipmsg.Message) {
			raw := []byte(parsed.String())
			if m, err := convert(parsed, raw); err != nil {
				w.junk(raw, f, err)
			} else {
				w.deliver(m, raw, f)
			}
		})
		if err != nil && !errors.Is(err, sipmsg.ErrParseSipPartial) {
			w.junk(append([]byte(nil), buf[:n]...), f, err)
			return
		}
	}
}

// to returns a flow to the address: over UDP from our own socket, over TCP by
// a new connection.
func (w *wire) to(transport, addr string) (flow, error) {
	if transport == "tcp" {
		c, err := net.DialTimeout("tcp", addr, 5*time.Second)
		if err != nil {
			return flow{}, fmt.Errorf("peer: connect to %s: %w", addr, err)
		}
		if !w.adopt(c) {
			return flow{}, fmt.Errorf("peer: connect to %s: %w", addr, net.ErrClosed)
		}
		return flow{tcp: c}, nil
	}
	a, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return flow{}, fmt.Errorf("peer: address %s: %w", addr, err)
	}
	ap := a.AddrPort()
	return flow{udp: w.udp, addr: netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())}, nil
}
