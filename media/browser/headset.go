package browser

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/webrtc/v4"
)

// Headset is an agent's endpoint. The connections with her pages come and go
// below it:
//
//	Open ─► pending ──up──► peer ──another one is up, or gone──► closed
type Headset struct {
	hs    *Headsets
	agent string
	users int // Opens under way; guarded by Headsets.mu

	opening chan struct{} // holds one token while Open works
	change  sync.Mutex    // guards changes of peer and pending
	peer    atomic.Pointer[peer]
	pending atomic.Pointer[peer]
	over    bool         // by Close
	known   atomic.Bool  // an offer was answered
	times   atomic.Int32 // connections that came up

	telling sync.Mutex    // guards changes of state, and telling them
	state   atomic.Uint32 // State
	pulse   pulse         // of the goroutine that looks

	sink atomic.Pointer[sinkBox]
	mute atomic.Bool
}

type sinkBox struct{ media.Sink }

var _ media.Endpoint = (*Headset)(nil)

func newHeadset(hs *Headsets, agent string) *Headset {
	return &Headset{hs: hs, agent: agent, opening: make(chan struct{}, 1)}
}

// Codec is what the browser sends; before the first connection what we prefer.
func (h *Headset) Codec() media.Codec {
	if p := h.peer.Load(); p != nil {
		return p.codec
	}
	return h.hs.cfg.Codecs[0]
}

// Clock is the clock of the configuration: a mix with this endpoint runs by it.
func (h *Headset) Clock() *media.Clock { return h.hs.cfg.Clock }

// SetSink says where the microphone's frames go.
func (h *Headset) SetSink(sink media.Sink) {
	if sink == nil {
		h.sink.Store(nil)
		return
	}
	h.sink.Store(&sinkBox{sink})
}

// WriteFrame plays a frame in the page. With no page it is lost.
func (h *Headset) WriteFrame(f *media.Frame) {
	if p := h.peer.Load(); p != nil {
		p.speak(f)
	}
}

// Close ends the headset, as Headsets.Close does.
func (h *Headset) Close() error {
	h.hs.mu.Lock()
	if h.hs.agents[h.agent] == h {
		delete(h.hs.agents, h.agent)
		h.hs.list()
	}
	h.hs.mu.Unlock()
	h.end()
	return nil
}

// opened tells whether an offer was ever answered.
func (h *Headset) opened() bool { return h.known.Load() }

// await makes p the connection that is waited for. False: the headset is over.
func (h *Headset) await(p *peer) bool {
	h.change.Lock()
	defer h.change.Unlock()
	if h.over {
		return false
	}
	if h.peer.Load() != p && !p.given.Load() { // it may be up already, or over
		h.pending.Store(p)
	}
	h.known.Store(true)
	return true
}

func (h *Headset) swapPending(p *peer) *peer {
	h.change.Lock()
	defer h.change.Unlock()
	return h.pending.Swap(p)
}

// promote lets a connection that is up take the place of the one before.
func (h *Headset) promote(p *peer) {
	h.change.Lock()
	if h.over || p.given.Load() {
		h.change.Unlock()
		return
	}
	h.pending.CompareAndSwap(p, nil)
	before := h.peer.Swap(p)
	h.times.Add(1)
	h.change.Unlock()
	h.hs.log.Debug("headset connection up", "agent", h.agent, "after", time.Since(p.born).Round(time.Millisecond))
	if before != nil && before != p {
		before.give("replaced")
	}
}

// dismiss takes a connection out of use.
func (h *Headset) dismiss(p *peer) {
	h.change.Lock()
	h.pending.CompareAndSwap(p, nil)
	was := h.peer.CompareAndSwap(p, nil)
	h.change.Unlock()
	if was {
		h.step(connectionGone)
	}
}

// discard closes a connection, if it is one, and waits for it.
func (h *Headset) discard(p *peer) {
	if p != nil {
		p.close()
	}
}

// end closes all and waits for it.
func (h *Headset) end() {
	h.change.Lock()
	h.over = true
	peer, pending := h.peer.Swap(nil), h.pending.Swap(nil)
	h.change.Unlock()
	h.discard(peer)
	h.discard(pending)
	h.sink.Store(nil)
	if h.opened() {
		h.step(closedByUs)
	}
}

// Quality are the figures of the connection with her page as it is, or was last.
func (h *Headset) Quality() (media.Stats, bool) { return h.stats(time.Now()).Stats, true }

// Stats are the figures of a headset at one moment. Those of media.Stats are of
// the present connection: what we hear of the browser, and what the browser
// reports about what it hears of us.
type Stats struct {
	media.Stats
	State     State
	Age       time.Duration // since the last packet of the browser; 0: none came yet
	RemoteMOS float64       // what the agent hears of us; 0: she has not reported yet
	LevelDBFS float64       // of the microphone, before Mute; −120: nothing at all
	Muted     bool          // by SetMute
	Transport string        // "udp"; "": no connection
	Candidate string        // the browser's: host, srflx, prflx (found by its checks) or relay
	Opened    int           // connections that came up so far, this one included
}

func (h *Headset) stats(now time.Time) Stats {
	st := Stats{State: State(h.state.Load()), LevelDBFS: levelFloor, Muted: h.mute.Load(), Opened: int(h.times.Load())}
	st.Codec = h.Codec()
	st.Local = h.hs.port.addr
	p := h.peer.Load()
	if p == nil {
		return st
	}
	st.Stats = p.stream.Stats()
	st.Codec, st.Local, st.Direction = p.codec, h.hs.port.addr, media.SendRecv
	if !st.HeardAt.IsZero() {
		st.Age = max(0, now.Sub(st.HeardAt))
	}
	if st.RemoteHeard {
		st.RemoteMOS = media.MOS(st.RemoteLossPercent, st.RTTMS, st.RemoteJitterMS)
	}
	if st.Age < quietAfter {
		st.LevelDBFS = decibels(p.level.Load())
	}
	st.Remote, st.Transport, st.Candidate = p.path()
	return st
}

// path is how the browser reaches us.
func (p *peer) path() (remote netip.AddrPort, transport, kind string) {
	dtls := p.sender.Transport()
	if dtls == nil {
		return
	}
	pair, err := dtls.ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Remote == nil {
		return
	}
	if ip := net.ParseIP(pair.Remote.Address); ip != nil {
		a, _ := netip.AddrFromSlice(ip)
		remote = netip.AddrPortFrom(a.Unmap(), pair.Remote.Port)
	}
	if pair.Remote.Protocol == webrtc.ICEProtocolUDP {
		transport = "udp"
	}
	return remote, transport, pair.Remote.Typ.String()
}
