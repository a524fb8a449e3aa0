package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// Config is what Headsets needs.
type Config struct {
	UDP       string        // address and port for all browsers, "0.0.0.0:8443"; port 0 is a free one
	Advertise []string      // IP literals to tell browsers instead of this machine's own (behind a NAT)
	Codecs    []media.Codec // G.711 in order of preference; empty: PCMA, PCMU
	Clock     *media.Clock  // handed on to what mixes a headset with others; nil: one of its own
	Max       int           // agents with a headset at the same time; 0: 1000
	Log       *slog.Logger  // nil: silent

	trace func(sent bool, packet []byte, at time.Time) // of tests: what passes the port
}

// The errors of Open; each comes wrapped with what is wrong.
var (
	ErrOffer  = errors.New("browser: offer refused") // the page's fault
	ErrFull   = errors.New("browser: too many headsets")
	ErrClosed = errors.New("browser: closed")
)

const (
	defaultMax = 1000
	// openLimit is how long a connection may take from the answer on.
	openLimit = 15 * time.Second
	// A connection whose browser sends no STUN, SRTP or anything for failAfter
	// is given up. ICE calls it disconnected some time before that, which
	// nobody needs to know: see quietAfter.
	disconnectAfter = 5 * time.Second
	failAfter       = 30 * time.Second
	reportEvery     = 2 * time.Second // RTCP: the quality chip is as old as that
)

// Headsets are the headsets of all agents. It is safe for use by several
// goroutines.
type Headsets struct {
	cfg  Config
	log  *slog.Logger
	port *port
	mux  *ice.UDPMuxDefault
	api  *webrtc.API
	ids  identity

	mu       sync.Mutex
	agents   map[string]*Headset
	all      []*Headset // of agents; copied on write, so that look walks it without the lock
	watchers []*watcher
	closed   bool

	stop chan struct{}
	work sync.WaitGroup // look, Opens under way, and connections that are being closed
}

type watcher struct{ f func(agent string, s State) }

// New opens the UDP port.
func New(cfg Config) (*Headsets, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = media.NewClock()
	}
	if cfg.Max == 0 {
		cfg.Max = defaultMax
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = []media.Codec{media.PCMA, media.PCMU}
	}
	for i, c := range cfg.Codecs {
		if c != media.PCMA && c != media.PCMU {
			return nil, fmt.Errorf("browser: codec %v cannot be had in a browser: pcma and pcmu can", c)
		}
		if slices.Contains(cfg.Codecs[:i], c) {
			return nil, fmt.Errorf("browser: codec %v is named twice", c)
		}
	}
	var told []netip.Addr
	for _, s := range cfg.Advertise {
		a, err := netip.ParseAddr(s)
		if err != nil || a.IsUnspecified() || a.IsMulticast() {
			return nil, fmt.Errorf("browser: %q to be advertised is no IP address of a host", s)
		}
		told = append(told, a.Unmap())
	}
	p, err := openPort(cfg.UDP, told)
	if err != nil {
		return nil, err
	}
	p.trace = cfg.trace
	h := &Headsets{cfg: cfg, log: cfg.Log, port: p, agents: map[string]*Headset{}, stop: make(chan struct{})}
	if err := h.prepare(); err != nil {
		_ = p.Close()
		return nil, err
	}
	h.work.Add(1)
	// Owned by Headsets, ends with Shutdown.
	go h.look()
	h.log.Debug("headset port open", "udp", p.LocalAddr())
	return h, nil
}

// prepare sets the library up: G.711 alone, no interceptors, one socket.
func (hs *Headsets) prepare() error {
	var m webrtc.MediaEngine
	for _, c := range hs.cfg.Codecs {
		params := webrtc.RTPCodecParameters{RTPCodecCapability: capability(c), PayloadType: webrtc.PayloadType(c.PayloadType())}
		if err := m.RegisterCodec(params, webrtc.RTPCodecTypeAudio); err != nil {
			return fmt.Errorf("browser: codec %v: %w", c, err)
		}
	}
	logs := logFactory{hs.log}
	hs.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: hs.port, Logger: logs.NewLogger("mux")})
	var s webrtc.SettingEngine
	s.LoggerFactory = logs
	s.SetLite(true)
	s.SetICEUDPMux(oneCandidate{hs.mux, hs.port})
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.DisableActiveTCP(true)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(disconnectAfter, failAfter-disconnectAfter, 2*time.Second)
	s.SetReceiveMTU(maxDatagram)
	hs.api = webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s))
	return nil
}

func capability(c media.Codec) webrtc.RTPCodecCapability {
	mime := webrtc.MimeTypePCMU
	if c == media.PCMA {
		mime = webrtc.MimeTypePCMA
	}
	return webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 8000}
}

// Addr is the address of the UDP port.
func (hs *Headsets) Addr() netip.AddrPort { return hs.port.addr }

// Open answers the offer of an agent's page. When the connection is up it takes
// the place of an earlier one of hers, and her Endpoint speaks through it. The
// error is ErrOffer, ErrFull, ErrClosed, or that of ctx.
func (hs *Headsets) Open(ctx context.Context, agent, offer string) (answer string, err error) {
	terms, err := readOffer(offer, hs.cfg.Codecs)
	if err != nil {
		return "", err
	}
	h, err := hs.enter(agent)
	if err != nil {
		return "", err
	}
	defer hs.leave(h)
	// One at a time for an agent, so that she never has more than two connections.
	select {
	case h.opening <- struct{}{}:
		defer func() { <-h.opening }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	h.discard(h.swapPending(nil))
	p, answer, err := hs.connect(ctx, h, terms)
	if err != nil {
		return "", err
	}
	if !h.await(p) {
		h.discard(p)
		return "", ErrClosed
	}
	hs.log.Debug("headset offered", "agent", agent)
	return answer, nil
}

// enter finds the agent's headset or makes one; leave takes away one that has
// come to nothing.
func (hs *Headsets) enter(agent string) (*Headset, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.closed {
		return nil, ErrClosed
	}
	h := hs.agents[agent]
	if h == nil {
		if len(hs.agents) >= hs.cfg.Max {
			return nil, fmt.Errorf("%w: %d are open, which is the limit", ErrFull, hs.cfg.Max)
		}
		h = newHeadset(hs, agent)
		hs.agents[agent] = h
		hs.list()
	}
	h.users++
	hs.work.Add(1)
	return h, nil
}

func (hs *Headsets) leave(h *Headset) {
	defer hs.work.Done()
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h.users--; h.users == 0 && hs.agents[h.agent] == h && !h.opened() {
		delete(hs.agents, h.agent)
		hs.list()
	}
}

// list renews all. mu is held.
func (hs *Headsets) list() {
	hs.all = make([]*Headset, 0, len(hs.agents))
	for _, h := range hs.agents {
		hs.all = append(hs.all, h)
	}
}

func (hs *Headsets) find(agent string) *Headset {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.agents[agent]
}

// Endpoint is the agent's headset: the same one from her first Open to Close,
// whatever becomes of her page. False: she has none.
func (hs *Headsets) Endpoint(agent string) (media.Endpoint, bool) {
	if h := hs.find(agent); h != nil && h.opened() {
		return h, true
	}
	return nil, false
}

// SetMute sends silence for what an agent says from now on, or stops doing so.
// The page mutes too, but a page may be wrong.
func (hs *Headsets) SetMute(agent string, mute bool) {
	if h := hs.find(agent); h != nil {
		h.mute.Store(mute)
	}
}

// Stats gives the figures of an agent's headset. False: she has none.
func (hs *Headsets) Stats(agent string) (Stats, bool) {
	h := hs.find(agent)
	if h == nil || !h.opened() {
		return Stats{}, false
	}
	return h.stats(time.Now()), true
}

// Watch has f called with every change of a headset's state, in order for each
// agent, until cancel. f must not block, nor call Open, Close or Shutdown.
func (hs *Headsets) Watch(f func(agent string, s State)) (cancel func()) {
	w := &watcher{f}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.watchers = append(slices.Clone(hs.watchers), w)
	return func() {
		hs.mu.Lock()
		defer hs.mu.Unlock()
		list := slices.Clone(hs.watchers)
		hs.watchers = slices.DeleteFunc(list, func(x *watcher) bool { return x == w })
	}
}

func (hs *Headsets) tell(agent string, s State) {
	hs.mu.Lock()
	list := hs.watchers
	hs.mu.Unlock()
	hs.log.Debug("headset", "agent", agent, "state", s)
	for _, w := range list {
		w.f(agent, s)
	}
}

// Close ends an agent's headset: her next Open makes another one.
func (hs *Headsets) Close(agent string) {
	hs.mu.Lock()
	h := hs.agents[agent]
	delete(hs.agents, agent)
	hs.list()
	hs.mu.Unlock()
	if h != nil {
		h.end()
	}
}

// Shutdown closes all headsets and the port, and waits for all that ran.
func (hs *Headsets) Shutdown() error {
	hs.mu.Lock()
	if hs.closed {
		hs.mu.Unlock()
		return nil
	}
	hs.closed = true
	all := hs.all
	hs.agents, hs.all = map[string]*Headset{}, nil
	hs.mu.Unlock()
	var ending sync.WaitGroup
	for _, h := range all {
		ending.Go(h.end)
	}
	ending.Wait()
	close(hs.stop)
	hs.work.Wait()
	err := hs.port.Close()
	_ = hs.mux.Close() // has no error of its own
	return err
}
