package browser

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// peer is one connection with a page, from its offer to its end.
type peer struct {
	h      *Headset
	pc     *webrtc.PeerConnection
	sender *webrtc.RTPSender
	stream *media.Stream
	codec  media.Codec // the browser's; the law we send in where speaks does not have a frame's
	speaks [256]bool   // by media.Codec: what we may send
	born   time.Time

	out     atomic.Pointer[outlet] // nil until the connection is up
	count   atomic.Uint64          // packets that came
	level   atomic.Uint64          // power of the microphone, see loudness
	taken   atomic.Bool            // the browser's track has its reader
	given   atomic.Bool
	begin   sync.Mutex // guards closed, and adding to readers
	closed  bool
	readers sync.WaitGroup
	header  rtp.Header // of the packet that goes out, under the lock of stream
	buf     [maxDatagram]byte
	write   func(*media.Frame, uint32, uint16, uint32, bool) error
}

// outlet boxes the library's writer for an atomic pointer.
type outlet struct{ webrtc.TrackLocalWriter }

// connect makes the connection that offer, already cleaned, asks for.
func (hs *Headsets) connect(ctx context.Context, h *Headset, offer string) (_ *peer, answer string, err error) {
	id, err := hs.ids.get(time.Now())
	if err != nil {
		return nil, "", err
	}
	pc, err := hs.api.NewPeerConnection(webrtc.Configuration{
		Certificates:  []webrtc.Certificate{id},
		RTCPMuxPolicy: webrtc.RTCPMuxPolicyRequire,
	})
	if err != nil {
		return nil, "", fmt.Errorf("browser: connection: %w", err)
	}
	p := &peer{h: h, pc: pc, born: time.Now()}
	p.write = p.writePacket
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	pc.OnConnectionStateChange(p.changed)
	pc.OnTrack(p.found)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return nil, "", refuse("%v", err)
	}
	// Takes the place in the section the offer has opened.
	if p.sender, err = pc.AddTrack(voice{p}); err != nil {
		return nil, "", refuse("%v", err)
	}
	text, err := pc.CreateAnswer(nil)
	if err != nil {
		return nil, "", refuse("%v", err)
	}
	// Known before anything is bound to it: SetLocalDescription starts the rest.
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text.SDP); err != nil {
		return nil, "", fmt.Errorf("browser: answer: %w", err)
	}
	codecs, err := agreed(&d)
	if err != nil {
		return nil, "", err
	}
	p.codec = codecs[0]
	for _, c := range codecs {
		p.speaks[c] = true
	}
	p.stream = media.NewStream(uint32(p.sender.GetParameters().Encodings[0].SSRC), reportEvery)
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(text); err != nil {
		return nil, "", refuse("%v", err)
	}
	select {
	case <-gathered: // no server is asked: at once
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	address(&d, hs.port.candidates())
	body, err := d.Marshal()
	if err != nil {
		return nil, "", fmt.Errorf("browser: answer: %w", err)
	}
	return p, string(body), nil
}

// changed is called by the library when the connection comes up or ends.
func (p *peer) changed(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		p.h.promote(p)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		p.give("connection " + s.String())
	}
}

// give gives the connection up: it may not be closed in the library's own call.
func (p *peer) give(why string) {
	if !p.given.CompareAndSwap(false, true) {
		return
	}
	p.h.hs.log.Debug("headset connection ended", "agent", p.h.agent, "why", why, "after", time.Since(p.born).Round(time.Millisecond))
	p.h.dismiss(p)
	p.h.hs.work.Go(p.close)
}

// close ends the connection and waits for all that ran for it. It may be called
// more than once.
func (p *peer) close() {
	p.given.Store(true)
	p.out.Store(nil)
	p.begin.Lock()
	p.closed = true
	p.begin.Unlock()
	if err := p.pc.GracefulClose(); err != nil {
		p.h.hs.log.Debug("headset connection closed", "agent", p.h.agent, "err", err)
	}
	p.readers.Wait()
}

// run starts a reader. It is owned by the peer and ends when the library's end
// of the connection is closed.
func (p *peer) run(read func()) {
	p.begin.Lock()
	defer p.begin.Unlock()
	if !p.closed {
		p.readers.Go(read)
	}
}

// found starts to read the browser's track, of which there is one.
func (p *peer) found(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	if !p.taken.CompareAndSwap(false, true) {
		return
	}
	p.run(func() { p.hear(track) })
	p.run(func() {
		p.listen(func() ([]rtcp.Packet, error) { list, _, err := receiver.ReadRTCP(); return list, err })
	})
}

// listen takes the browser's reports until the connection ends.
func (p *peer) listen(read func() ([]rtcp.Packet, error)) {
	for bad := 0; bad < 1000; {
		list, err := read()
		if err != nil {
			if ended(err) {
				return
			}
			bad++ // a report that is none
			continue
		}
		p.stream.TakeRTCP(list, time.Now())
	}
}

// voice is our track for the library: it only asks for the way out.
type voice struct{ p *peer }

func (v voice) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	v.p.out.Store(&outlet{c.WriteStream()})
	v.p.run(func() {
		v.p.listen(func() ([]rtcp.Packet, error) { list, _, err := v.p.sender.ReadRTCP(); return list, err })
	})
	for _, known := range c.CodecParameters() {
		if uint8(known.PayloadType) == v.p.codec.PayloadType() {
			return known, nil
		}
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

func (v voice) Unbind(webrtc.TrackLocalContext) error { v.p.out.Store(nil); return nil }
func (v voice) ID() string                            { return "voice" }
func (v voice) RID() string                           { return "" }
func (v voice) StreamID() string                      { return "freiton" }
func (v voice) Kind() webrtc.RTPCodecType             { return webrtc.RTPCodecTypeAudio }

// identity is the certificate our fingerprint is of. One serves all connections;
// a month after it was made the library would refuse it, so there is a new one
// every day.
type identity struct {
	mu   sync.Mutex
	cert webrtc.Certificate
	made time.Time
}

func (i *identity) get(now time.Time) (webrtc.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.made.IsZero() && now.Sub(i.made) < 24*time.Hour && !now.Before(i.made) {
		return i.cert, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("browser: key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("browser: key: %w", err)
	}
	cert, err := webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "WebRTC"}, // RFC 8827 §6.5: tells nothing
		NotBefore:    now.Add(-24 * time.Hour),        // the browser's clock may be wrong
		NotAfter:     now.Add(30 * 24 * time.Hour),
	})
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("browser: certificate: %w", err)
	}
	i.cert, i.made = *cert, now
	return i.cert, nil
}

// logFactory takes what the library has to say into slog. All of it is for
// debugging: its warnings can be called forth by anybody who sends to the port.
type logFactory struct{ log *slog.Logger }

func (f logFactory) NewLogger(scope string) logging.LeveledLogger {
	return logger{f.log.With("webrtc", scope)}
}

type logger struct{ log *slog.Logger }

func (l logger) Trace(string)          {}
func (l logger) Tracef(string, ...any) {}
func (l logger) Debug(string)          {}
func (l logger) Debugf(string, ...any) {}
func (l logger) Info(string)           {}
func (l logger) Infof(string, ...any)  {}
func (l logger) Warn(msg string)       { l.log.Debug(msg) }
func (l logger) Error(msg string)      { l.log.Debug(msg) }
func (l logger) Warnf(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}
func (l logger) Errorf(format string, args ...any) { l.Warnf(format, args...) }
