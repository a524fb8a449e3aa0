package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// wire owns the sockets. sipgo's transport layer reads and writes them
// through our wrappers, which is where messages are brought into canonical
// form and unknown senders are turned away:
//
//	UDP socket --> udpSocket.ReadFrom -+-> gate --> sipgo transport --> sipgo transaction --> Agent
//	TCP conn   --> streamConn.Read ----+
type wire struct {
	log       *slog.Logger
	advertise uri
	timers    Timers
	gate      func(*message, reply) []byte // canonical bytes to go on with, nil to stop here
	known     func(netip.Addr) bool        // may this address open a connection
	lost      func(netip.AddrPort)         // ICMP: nobody there
	trace     *Trace

	tpl    *sipmsg.TransportLayer
	parser *sipmsg.Parser

	udp     []*udpSocket
	tcp     []net.Listener
	feed    *connFeed
	closing chan struct{}
	heard   sync.Map       // netip.AddrPort: peers of the UDP sockets, as in sipgo's pool
	wg      sync.WaitGroup // socket readers, acceptors

	mu     sync.Mutex
	conns  map[netip.AddrPort]*streamConn
	dials  map[netip.AddrPort]chan struct{} // closed when a dial in progress is over
	noTCP  map[netip.AddrPort]time.Time     // refused TCP, until
	perIP  map[netip.Addr]int
	routes map[netip.Addr]netip.Addr // our address on the way to a peer
}

// reply sends bytes back to where a message came from, outside transactions.
type reply func([]byte)

// flow is one way to a peer: protocol, our socket, its address, and how we
// name ourselves on it.
type flow struct {
	network string // "udp", "tcp"
	local   netip.AddrPort
	remote  netip.AddrPort
	sentBy  string // host:port for Via
	contact string // host:port[;transport=tcp] for Contact
}

func (f flow) valid() bool { return f.remote.IsValid() }

const maxConnsPerIP = 64

func newWire(log *slog.Logger, advertise uri, timers Timers) *wire {
	w := &wire{
		log: log, advertise: advertise, timers: timers,
		closing: make(chan struct{}),
		conns:   map[netip.AddrPort]*streamConn{},
		dials:   map[netip.AddrPort]chan struct{}{},
		noTCP:   map[netip.AddrPort]time.Time{},
		perIP:   map[netip.Addr]int{},
		routes:  map[netip.Addr]netip.Addr{},
	}
	// Only what sipgo needs for matching is parsed by it; all else stays
	// text, byte for byte.
	all := sipmsg.DefaultHeadersParser()
	few := map[string]sipmsg.HeaderParser{}
	for _, name := range []string{"via", "cseq", "call-id", "content-length"} {
		few[name] = all[name]
	}
	w.parser = sipmsg.NewParser(sipmsg.WithHeadersParsers(few))
	quiet := slog.New(demote{log.Handler()})
	w.tpl = sipmsg.NewTransportLayer(net.DefaultResolver, w.parser, nil,
		sipmsg.WithTransportLayerLogger(quiet),
		sipmsg.WithTransportLayerTransports(sipmsg.TransportsConfig{TCP: &sipmsg.TransportTCP{
			// Every connection is dialled by us and fed in; sipgo must not
			// open one of its own, unfiltered.
			DialerCreate: func(net.Addr) net.Dialer { return net.Dialer{Deadline: time.Unix(1, 0)} },
		}}))
	return w
}

// demote writes sipgo's log lines at debug level: it reports every piece of
// junk from the network as an error.
type demote struct{ slog.Handler }

func (d demote) Enabled(ctx context.Context, _ slog.Level) bool {
	return d.Handler.Enabled(ctx, slog.LevelDebug-4)
}
func (d demote) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug - 4
	return d.Handler.Handle(ctx, r)
}
func (d demote) WithAttrs(a []slog.Attr) slog.Handler { return demote{d.Handler.WithAttrs(a)} }
func (d demote) WithGroup(g string) slog.Handler      { return demote{d.Handler.WithGroup(g)} }

// open binds all listeners, or none.
func (w *wire) open(list []listen) (err error) {
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	for _, l := range list {
		addr := net.JoinHostPort(l.host, strconv.Itoa(int(l.port)))
		switch l.network {
		case "udp":
			network := "udp4"
			if ip, _ := netip.ParseAddr(l.host); ip.Is6() {
				network = "udp6"
			}
			pc, err := net.ListenPacket(network, addr)
			if err != nil {
				return portError("udp", addr, err)
			}
			u := pc.(*net.UDPConn)
			_ = u.SetReadBuffer(1 << 20) // a burst of calls; the kernel may give less
			wantICMP(u)
			w.udp = append(w.udp, &udpSocket{UDPConn: u, wire: w, local: localPort(pc.LocalAddr()), ready: make(chan struct{})})
		case "tcp":
			ln, err := net.Listen("tcp", addr)
			if err != nil {
				return portError("tcp", addr, err)
			}
			w.tcp = append(w.tcp, ln)
		}
	}
	return nil
}

func portError(network, addr string, err error) error {
	return fmt.Errorf("sip: cannot listen on %s://%s: %w (another program may hold the port: stop it, or choose another in listen)", network, addr, err)
}

func localPort(a net.Addr) netip.AddrPort {
	ap, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// serve starts the readers; they end when close is called.
func (w *wire) serve() {
	for _, u := range w.udp {
		w.wg.Go(func() { _ = w.tpl.ServeUDP(u) })
	}
	w.feed = newConnFeed(w)
	w.wg.Go(func() { _ = w.tpl.ServeTCP(w.feed) })
	for _, ln := range w.tcp {
		w.wg.Go(func() { w.accept(ln) })
	}
	for _, u := range w.udp {
		<-u.ready // before, sipgo would open a socket of its own to send
	}
}

func (w *wire) close() {
	w.mu.Lock()
	if w.shut() {
		w.mu.Unlock()
		return
	}
	close(w.closing)
	conns := make([]*streamConn, 0, len(w.conns))
	for _, c := range w.conns {
		conns = append(conns, c)
	}
	w.mu.Unlock()
	w.bury()
	for _, u := range w.udp {
		_ = u.UDPConn.Close()
	}
	for _, ln := range w.tcp {
		_ = ln.Close()
	}
	for _, c := range conns {
		_ = c.Close()
	}
	w.wg.Wait()
	w.bury() // the readers have taken their entries with them
}

// shut tells whether close has begun: nothing is read any more.
func (w *wire) shut() bool {
	select {
	case <-w.closing:
		return true
	default:
		return false
	}
}

// bury puts a dead connection in the place of ours, for every peer that was
// heard. sipgo works on messages in goroutines nobody can wait for; one that
// comes late and finds no connection would open a socket of its own, for ever.
func (w *wire) bury() {
	pool := w.tpl.Pool("udp")
	for _, u := range w.udp {
		pool.Add(u.UDPConn.LocalAddr().String(), grave{u.UDPConn.LocalAddr()})
	}
	w.heard.Range(func(k, _ any) bool {
		pool.Add(k.(netip.AddrPort).String(), grave{net.UDPAddrFromAddrPort(k.(netip.AddrPort))})
		return true
	})
}

// grave is a connection that is gone.
type grave struct{ addr net.Addr }

func (g grave) LocalAddr() net.Addr           { return g.addr }
func (g grave) WriteMsg(sipmsg.Message) error { return net.ErrClosed }
func (g grave) Ref(int) int                   { return 1 }
func (g grave) TryClose() (int, error)        { return 1, nil }
func (g grave) Close() error                  { return nil }

func (w *wire) addrs() []net.Addr {
	var out []net.Addr
	for _, u := range w.udp {
		out = append(out, u.UDPConn.LocalAddr())
	}
	for _, ln := range w.tcp {
		out = append(out, ln.Addr())
	}
	return out
}

// can tells whether we have a socket for the protocol and the peer's address
// family.
func (w *wire) can(network string, ip netip.Addr) bool {
	if network == "tcp" {
		return true
	}
	return w.socketFor(ip) != nil
}

// socketFor chooses the UDP listener whose address reaches ip: the same
// family; loopback from loopback; else the first.
func (w *wire) socketFor(ip netip.Addr) *udpSocket {
	var second *udpSocket
	for _, u := range w.udp {
		l := u.local.Addr()
		if l.Is4() != ip.Is4() {
			continue
		}
		if l.IsUnspecified() || l.IsLoopback() == ip.IsLoopback() {
			return u
		}
		if second == nil {
			second = u
		}
	}
	return second
}

var errNoSocket = errors.New("no listener for this protocol and address family")

// flowTo prepares the way to a peer; for TCP it connects if need be.
func (w *wire) flowTo(ctx context.Context, network string, remote netip.AddrPort) (flow, error) {
	if network == "tcp" {
		c, err := w.connect(ctx, remote)
		if err != nil {
			return flow{}, err
		}
		return w.tcpFlow(c.LocalAddr(), remote), nil
	}
	u := w.socketFor(remote.Addr())
	if u == nil {
		return flow{}, fmt.Errorf("%w: %s to %s", errNoSocket, network, remote)
	}
	f := flow{network: "udp", local: u.local, remote: remote}
	f.sentBy = w.name(w.ours(u.local.Addr(), remote.Addr()), u.local.Port())
	f.contact = f.sentBy
	return f, nil
}

func (w *wire) tcpFlow(local net.Addr, remote netip.AddrPort) flow {
	l := localPort(local)
	f := flow{network: "tcp", local: l, remote: remote}
	port := l.Port()
	for _, ln := range w.tcp {
		p := localPort(ln.Addr())
		if p.Addr().IsUnspecified() || p.Addr() == l.Addr() {
			port = p.Port()
			break
		}
	}
	f.sentBy = w.name(l.Addr(), port)
	f.contact = f.sentBy + ";transport=tcp"
	return f
}

// ours is the address a peer knows us by: the bound one, or for a wildcard
// the one the route to the peer leaves from. Never a wildcard.
func (w *wire) ours(bound, peer netip.Addr) netip.Addr {
	if !bound.IsUnspecified() {
		return bound
	}
	w.mu.Lock()
	a, ok := w.routes[peer]
	w.mu.Unlock()
	if ok {
		return a
	}
	c, err := net.Dial("udp", netip.AddrPortFrom(peer, 5060).String()) // sends nothing, asks the routing table
	if err != nil {
		return peer
	}
	a = localPort(c.LocalAddr()).Addr()
	_ = c.Close()
	w.mu.Lock()
	if len(w.routes) > 4096 {
		clear(w.routes)
	}
	w.routes[peer] = a
	w.mu.Unlock()
	return a
}

func (w *wire) name(ip netip.Addr, port uint16) string {
	u := uri{host: ip.String(), port: int(port)}
	if w.advertise.host != "" {
		u.host = w.advertise.host
		if w.advertise.port != 0 {
			u.port = w.advertise.port
		}
	}
	return u.hostport()
}

// resolve finds the addresses of a URI's host, best first. RFC 3263 §4.2: with
// a port or an address no SRV is asked.
func (w *wire) resolve(ctx context.Context, u uri) (network string, out []netip.AddrPort, err error) {
	network = u.network()
	if network == "" {
		network = "udp"
		if len(w.udp) == 0 {
			network = "tcp"
		}
	}
	if network != "udp" && network != "tcp" {
		return "", nil, fmt.Errorf("transport %q is not built in", network)
	}
	if ip, e := netip.ParseAddr(u.host); e == nil {
		return network, []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), defaultPort(u.port))}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	if u.port == 0 {
		if _, srv, e := net.DefaultResolver.LookupSRV(ctx, "sip", network, u.host); e == nil {
			for _, s := range srv[:min(len(srv), 8)] { // sorted by priority and weight, RFC 2782
				out = append(out, w.lookup(ctx, network, s.Target, s.Port)...)
			}
		}
	}
	if len(out) == 0 {
		out = w.lookup(ctx, network, u.host, defaultPort(u.port))
	}
	if len(out) == 0 {
		return "", nil, fmt.Errorf("no address for host %q", u.host)
	}
	return network, out, nil
}

func (w *wire) lookup(ctx context.Context, network, host string, port uint16) []netip.AddrPort {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	var out []netip.AddrPort
	for _, ip := range ips {
		if ip = ip.Unmap(); w.can(network, ip) {
			out = append(out, netip.AddrPortFrom(ip, port))
		}
	}
	return out
}

func defaultPort(p int) uint16 {
	if p == 0 {
		return 5060
	}
	return uint16(p)
}
