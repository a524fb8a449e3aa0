package phone

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/freiton/freiton/media"
)

const (
	lookupTime = time.Second      // how long finding our own address may take
	routeTime  = 30 * time.Second // how long it is believed
	blindTime  = 5 * time.Second  // how long a failure is: a dead name server must not hold up every call
	maxRoutes  = 256
)

// routes remembers our own address towards a host.
type routes struct {
	mu    sync.Mutex
	known map[string]route
}

type route struct {
	ip    netip.Addr
	err   error
	until time.Time
}

// media gives the session's configuration for a call with a far end at host: with
// no address, or a wildcard, ours on the route to that host. A wildcard must
// never stand in a c= line.
func (p *Phone) media(ctx context.Context, host string) (media.SessionConfig, error) {
	cfg := p.cfg.Media
	if ip, err := netip.ParseAddr(cfg.IP); err == nil && !ip.IsUnspecified() {
		return cfg, nil
	}
	ip, err := p.routes.to(ctx, host)
	if err != nil {
		return cfg, fmt.Errorf("phone: our address towards %s: %w", host, err)
	}
	cfg.IP = ip.String()
	return cfg, nil
}

// to gives our address towards a host.
func (r *routes) to(ctx context.Context, host string) (netip.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.known[host]; ok && time.Now().Before(k.until) {
		return k.ip, k.err
	}
	k := route{until: time.Now().Add(routeTime)}
	if k.ip, k.err = ownAddress(ctx, host); k.err != nil {
		k.until = time.Now().Add(blindTime)
	}
	if k.err != nil && ctx.Err() != nil {
		return k.ip, k.err // the caller gave up: that says nothing about the host
	}
	if r.known == nil || len(r.known) >= maxRoutes {
		r.known = map[string]route{}
	}
	r.known[host] = k
	return k.ip, k.err
}

// ownAddress asks the system's routes; nothing is sent.
func ownAddress(ctx context.Context, host string) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", net.JoinHostPort(host, "9"))
	if err != nil {
		return netip.Addr{}, err
	}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	return local, conn.Close()
}

// hostOf gives the host of a SIP URI that the signalling has to judge anyway.
func hostOf(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if i := strings.IndexAny(rest, ";?>"); i >= 0 {
		rest = rest[:i]
	}
	if inner, ok := strings.CutPrefix(rest, "["); ok {
		rest, _, _ = strings.Cut(inner, "]")
		return rest
	}
	host, _, _ := strings.Cut(rest, ":")
	return host
}
