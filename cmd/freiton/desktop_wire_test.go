package main

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// wire is the network between agents' pages and the server, at an address of
// loopback that is not the server's: TCP for the page, UDP for its sound. It can
// be cut, as a cable is: connections stay, and nothing comes through.
type wire struct {
	tcp  net.Listener
	udp  *net.UDPConn
	work sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	whole *sync.Cond
	over  bool
	open  map[io.Closer]bool
}

// wireHost is where the wire's near end is.
const wireHost = "127.0.0.2"

// layWire carries the two ports of a server on 127.0.0.1.
func layWire(t *testing.T, webPort, soundPort int) *wire {
	t.Helper()
	w := &wire{open: map[io.Closer]bool{}}
	w.whole = sync.NewCond(&w.mu)
	var err error
	if w.tcp, err = net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(wireHost), Port: webPort}); err != nil {
		t.Fatal(err)
	}
	if w.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(wireHost), Port: soundPort}); err != nil {
		t.Fatal(err)
	}
	w.keep(w.tcp)
	w.keep(w.udp)
	w.work.Go(func() { w.accept(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: webPort}) })    // ends with the listener
	w.work.Go(func() { w.packets(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: soundPort}) }) // ends with the socket
	t.Cleanup(func() {
		w.mu.Lock()
		w.over = true
		w.whole.Broadcast()
		for c := range w.open {
			_ = c.Close()
		}
		w.mu.Unlock()
		w.work.Wait()
	})
	return w
}

func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	w.whole.Broadcast()
}

// keep has the wire close it in the end; false: the end has come.
func (w *wire) keep(c io.Closer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		_ = c.Close()
		return false
	}
	w.open[c] = true
	return true
}

// through waits while the wire is cut.
func (w *wire) through() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.cut && !w.over {
		w.whole.Wait()
	}
}

func (w *wire) accept(to *net.TCPAddr) {
	for {
		near, err := w.tcp.Accept()
		if err != nil {
			return
		}
		w.work.Go(func() { // ends with either connection
			w.through()
			far, err := net.DialTCP("tcp", nil, to)
			if err != nil {
				_ = near.Close() // the server is away
				return
			}
			if !w.keep(near) || !w.keep(far) {
				return
			}
			w.work.Go(func() { w.carry(far, near) })
			w.carry(near, far)
		})
	}
}

func (w *wire) carry(to io.WriteCloser, from io.ReadCloser) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		w.through()
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// packets carries UDP: each near address has a socket of its own to the server.
func (w *wire) packets(to *net.UDPAddr) {
	far := map[string]*net.UDPConn{}
	b := make([]byte, 2048)
	for {
		n, near, err := w.udp.ReadFromUDP(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || w.isCut() {
			continue
		}
		c := far[near.String()]
		if c == nil {
			if c, err = net.DialUDP("udp", nil, to); err != nil || !w.keep(c) {
				continue
			}
			far[near.String()] = c
			w.work.Go(func() { w.back(c, near) })
		}
		_, _ = c.Write(b[:n])
	}
}

func (w *wire) back(c *net.UDPConn, near *net.UDPAddr) {
	b := make([]byte, 2048)
	for {
		n, err := c.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && !w.isCut() {
			_, _ = w.udp.WriteToUDP(b[:n], near)
		}
	}
}

func (w *wire) isCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

// cutFor cuts the wire so long, while something is done.
func (w *wire) cutFor(d time.Duration, meanwhile func()) {
	over := time.After(d)
	w.setCut(true)
	meanwhile()
	<-over
	w.setCut(false)
}
