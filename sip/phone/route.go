package phone

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/freiton/freiton/media"
)

// lookupTime is how long finding our own address may take.
const lookupTime = time.Second

// media gives the session's configuration for a call with a far end at host: with
// no address, or a wildcard, ours on the route to that host. A wildcard must
// never stand in a c= line.
func (p *Phone) media(ctx context.Context, host string) (media.SessionConfig, error) {
	cfg := p.cfg.Media
	if ip, err := netip.ParseAddr(cfg.IP); err == nil && !ip.IsUnspecified() {
		return cfg, nil
	}
	ip, err := ownAddress(ctx, host)
	if err != nil {
		return cfg, fmt.Errorf("phone: our address towards %s: %w", host, err)
	}
	cfg.IP = ip.String()
	return cfg, nil
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
