package media

import (
	"net/netip"
	"slices"
)

// negotiation is the offer/answer state of one session (RFC 3264). It does no
// input or output; Session guards it and acts upon terms.
//
//	         Offer            Accept (again for each fork)
//	  ┌───► offered ─────────────┐
//	  │        │ Rollback        ▼
//	terms ◄────┴─────────────  terms'      Answer: terms → terms' in one step;
//	                                       Rollback takes back the last step
type negotiation struct {
	codecs []Codec
	addr   netip.Addr
	port   uint16
	id     uint64

	hold    bool // our wish
	version uint64
	sent    ours // what we last said, to know whether it changed

	terms *terms // what is agreed; nil before the first exchange
	base  *terms // what Rollback returns to
	open  bool   // Rollback has something to take back
	offer *offer // our last offer; stays after its answer: another fork may answer too
}

// offer is what we offered and the wish behind it.
type offer struct {
	ours
	hold bool
}

// terms are what both sides agreed on. They are never changed once made.
type terms struct {
	dir        Direction // ours
	localHold  bool      // agreed while we wished to hold
	remoteHold bool      // the peer wishes to hear nothing

	codec  Codec // which we send, and its number
	number uint8
	dtmf   uint8          // number under which we send telephone-event, noPayload: not agreed
	recv   [128]Codec     // by payload type: what may come
	events [128]bool      // by payload type: telephone-event
	rtp    netip.AddrPort // where the peer wants it; invalid: unknown
	rtcp   netip.AddrPort
	mux    bool // RTP and RTCP on one port (RFC 5761)

	numbers []format // payload numbers stay for the whole session (RFC 3264 §8.3.2)
	dtmfPT  uint8
	streams []stream
	audio   int
	off     bool // audio was ended with port 0
}

// Offer describes our present wish.
func (n *negotiation) Offer() ([]byte, error) {
	o := ours{
		formats: n.formats(), dtmf: 101,
		streams: []stream{{media: "audio", proto: "RTP/AVP"}},
	}
	remoteHold := false
	if t := n.terms; t != nil {
		// RFC 3264 §8: the same m= lines in the same order, and no number anew.
		o.streams, o.audio, o.mux = t.streams, t.audio, t.mux
		o.dtmf = t.dtmfPT
		remoteHold = t.remoteHold
	}
	switch {
	case !n.hold:
		o.dir = SendRecv
	case remoteHold:
		o.dir = Inactive // RFC 3264 §8.4: a stream that was recvonly is held as inactive
	default:
		o.dir = SendOnly
	}
	body, err := n.marshal(&o)
	if err != nil {
		return nil, err
	}
	n.offer = &offer{ours: o, hold: n.hold}
	n.base, n.open = n.terms, true
	return body, nil
}

// formats are our codecs under the numbers the session already has for them.
func (n *negotiation) formats() []format {
	list := make([]format, 0, len(n.codecs))
	for _, c := range n.codecs {
		f := format{c.PayloadType(), c}
		if n.terms != nil {
			if i := slices.IndexFunc(n.terms.numbers, func(f format) bool { return f.codec == c }); i >= 0 {
				f = n.terms.numbers[i]
			}
		}
		list = append(list, f)
	}
	return list
}

// marshal fills in who we are. The version grows by one with each change and
// stays when the description is the same (RFC 3264 §8).
func (n *negotiation) marshal(o *ours) ([]byte, error) {
	o.addr, o.port, o.id = n.addr, n.port, n.id
	o.version = n.version
	if n.version == 0 || !o.same(&n.sent) {
		n.version++
		o.version = n.version
	}
	n.sent = *o
	return o.marshal()
}

// same tells whether two descriptions of ours differ in no line.
func (o *ours) same(p *ours) bool {
	return o.dir == p.dir && o.audio == p.audio && o.dtmf == p.dtmf && o.mux == p.mux && o.off == p.off &&
		slices.Equal(o.formats, p.formats) && slices.EqualFunc(o.streams, p.streams, func(a, b stream) bool {
		return a.media == b.media && a.proto == b.proto && slices.Equal(a.formats, b.formats)
	})
}

// wish is what we would do if the peer let us.
func (n *negotiation) wish() Direction {
	if n.hold {
		return SendOnly
	}
	return SendRecv
}

// Answer answers the peer's offer. On error the agreed terms stand, and there
// is nothing to roll back.
func (n *negotiation) Answer(body []byte) ([]byte, error) {
	out, t, err := n.answer(body)
	if err != nil {
		n.base, n.open, n.offer = nil, false, nil
		return nil, err
	}
	n.base, n.open, n.offer = n.terms, true, nil
	n.terms = t
	return out, nil
}

func (n *negotiation) answer(body []byte) ([]byte, *terms, error) {
	d, err := parseSDP(body)
	if err != nil {
		return nil, nil, err
	}
	t := &terms{localHold: n.hold, dtmf: noPayload, dtmfPT: 101, number: noPayload}
	o := ours{streams: d.streams, audio: d.audio, dtmf: noPayload}
	switch {
	case d.audio >= 0:
		if err := n.match(d, t); err != nil {
			return nil, nil, err
		}
		t.dir = n.wish() & d.dir.Reverse() // RFC 3264 §6.1
		t.remoteHold = !d.dir.Receives()
		o.dir, o.dtmf, o.mux = t.dir, d.dtmf, d.mux
		// One codec: with several the peer may change over at any time.
		o.formats = []format{{t.number, t.codec}}
	case n.terms != nil && d.offered:
		// The peer ends the stream (RFC 3264 §8.2); the call goes on without sound.
		t.codec, t.remoteHold, t.off, o.off = n.terms.codec, true, true, true
		t.numbers, t.dtmfPT = n.terms.numbers, n.terms.dtmfPT
		o.audio = slices.IndexFunc(d.streams, func(s stream) bool { return s.media == "audio" })
	default:
		return nil, nil, &SDPError{Reason: "no audio stream over plain RTP", Code: 304}
	}
	t.streams, t.audio = d.streams, o.audio
	out, err := n.marshal(&o)
	return out, t, err
}

// choose takes the first codec of the peer's order that we speak (RFC 3264
// §6.1), under the peer's number.
func (t *terms) choose(formats []format, codecs []Codec) error {
	for _, f := range formats {
		if slices.Contains(codecs, f.codec) {
			t.codec, t.number = f.codec, f.number
			return nil
		}
	}
	return &SDPError{Reason: "no codec in common", Code: 305}
}

// match fills in the terms of an answer.
func (n *negotiation) match(d *description, t *terms) error {
	if err := t.choose(d.formats, n.codecs); err != nil {
		return err
	}
	t.numbers = []format{{t.number, t.codec}}
	if d.dtmf != noPayload {
		t.dtmfPT = d.dtmf
	}
	t.take(d, d.formats, n.codecs)
	return nil
}

// take fills in where the peer is and what may come from it.
func (t *terms) take(d *description, formats []format, codecs []Codec) {
	t.rtp, t.rtcp, t.mux = d.rtp, d.rtcp, d.mux
	if t.mux {
		t.rtcp = t.rtp
	}
	t.dtmf = d.dtmf
	if d.dtmf != noPayload {
		t.events[d.dtmf] = true
	}
	for _, c := range codecs { // static numbers are understood in any case
		t.recv[c.PayloadType()] = c
	}
	for _, f := range formats {
		if slices.Contains(codecs, f.codec) {
			t.recv[f.number] = f.codec
		}
	}
}

// Accept takes the peer's answer to our last offer. It may come again, from
// another fork or in the final response: the last one counts.
func (n *negotiation) Accept(body []byte) error {
	if n.offer == nil {
		return badSDP("an answer without an offer of ours")
	}
	d, err := parseSDP(body)
	if err != nil {
		return err
	}
	if d.audio < 0 {
		return &SDPError{Reason: "the answer refuses the audio stream", Code: 304}
	}
	o := n.offer
	t := &terms{
		localHold: o.hold, dtmf: noPayload, number: noPayload, dtmfPT: o.dtmf,
		streams: o.streams, audio: o.audio, numbers: o.formats,
	}
	if err := t.choose(d.formats, n.codecs); err != nil {
		return err
	}
	t.take(d, append(slices.Clone(o.formats), d.formats...), n.codecs)
	t.mux = t.mux && o.mux // RFC 5761 §5.1.1: only if offered
	if !t.mux {
		t.rtcp = d.rtcp
	}
	t.events[o.dtmf] = true // what we offered may come, whatever number the peer wants
	t.dir = o.dir & d.dir.Reverse()
	t.remoteHold = n.holdInAnswer(o.dir, d.dir)
	n.terms = t
	return nil
}

// holdInAnswer reads from an answer whether the peer holds us.
func (n *negotiation) holdInAnswer(offered, answered Direction) bool {
	before := n.base != nil && n.base.remoteHold
	switch {
	case !offered.Sends(): // we offered inactive: the answer tells nothing
		return before
	case answered.Receives():
		return false
	case !offered.Receives() && !answered.Sends():
		// Some answer a hold with inactive instead of recvonly: not a hold of theirs.
		return before
	}
	return true
}

// Rollback takes back the last step: our offer was refused, or the peer's offer
// came to nothing. The version we used stays used.
func (n *negotiation) Rollback() {
	if n.open {
		n.terms = n.base
	}
	n.base, n.open, n.offer = nil, false, nil
}

// held tells whether our side is on hold: wished, or still agreed.
func (n *negotiation) held() bool {
	return n.hold || n.terms != nil && n.terms.localHold
}

// effective are the terms to act upon: before the first answer, those in which
// the sound of an early answer that is still on its way may come.
func (n *negotiation) effective() *terms {
	if n.terms != nil || n.offer == nil {
		return n.terms
	}
	o := n.offer
	t := &terms{dir: RecvOnly, localHold: o.hold, codec: n.codecs[0], number: noPayload, dtmf: noPayload}
	for _, f := range o.formats {
		t.recv[f.number] = f.codec
	}
	t.events[o.dtmf] = true
	return t
}
