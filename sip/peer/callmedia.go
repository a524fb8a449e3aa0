package peer

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"
)

// readOffer refuses a description that we cannot speak with 488.
func (c *call) readOffer() bool {
	if len(c.invite.Body) == 0 { // then the offer is ours
		return true
	}
	d, err := readSDP(c.invite.Body)
	if err != nil {
		c.violation("offer: %v", err)
		c.final(488)
		return false
	}
	c.theirs = d
	return true
}

// openMedia opens the RTP socket, once.
func (c *call) openMedia() bool {
	if c.stream != nil || c.version > 0 {
		return true
	}
	if !c.x.cfg.Quiet {
		s, err := newStream(c.x.ip())
		if err != nil {
			c.log.Warn("no socket for sound", "err", err)
			c.final(503)
			return false
		}
		s.noise, s.loss = c.habits.noise, c.habits.loss
		c.stream = s
		c.pacer = c.x.pacers[int(s.ssrc)%len(c.x.pacers)]
		c.pacer.add(s)
	}
	if c.theirs != nil {
		c.apply(c.theirs)
	}
	return true
}

// offer is our description as we wish it.
func (c *call) offer() []byte { return c.describe(c.dir) }

// describeAnswer is the same, narrowed to what theirs allows
// (RFC 3264 §6.1).
func (c *call) describeAnswer() []byte {
	if c.theirs == nil { // they left the offer to us
		return c.offer()
	}
	return c.describe(narrowed(c.dir, mirrored(c.theirs.dir)))
}

func (c *call) describe(dir string) []byte {
	at := netip.AddrPortFrom(c.x.ip(), 9) // discard: signalling only
	if c.stream != nil {
		at = c.stream.addr()
	}
	if c.zero {
		at = netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())
	}
	c.version++
	return writeSDP(c.theirs, at, c.version, dir)
}

// narrowed is what both directions allow.
func narrowed(a, b string) string {
	send := sends(a) && sends(b)
	recv := receives(a) && receives(b)
	switch {
	case send && recv:
		return "sendrecv"
	case send:
		return "sendonly"
	case recv:
		return "recvonly"
	}
	return "inactive"
}

func sends(dir string) bool    { return dir == "sendrecv" || dir == "sendonly" }
func receives(dir string) bool { return dir == "sendrecv" || dir == "recvonly" }

// apply takes a description of theirs as agreed.
func (c *call) apply(d *described) {
	c.theirs = d
	now := time.Now()
	if d.held() && !c.holding && c.heldAt.IsZero() {
		c.heldAt = now
	} else if !d.held() && !c.heldAt.IsZero() {
		c.rec.Held += now.Sub(c.heldAt)
		c.heldAt = time.Time{}
	}
	if c.stream == nil {
		return
	}
	on := sends(c.dir) && receives(d.dir)
	c.stream.change(func(s *stream) { s.direct(d, on) })
	switch {
	case c.holding:
		c.stream.setPhase(heldByContact)
	case d.held():
		c.stream.setPhase(heldByAgent)
	default:
		c.stream.setPhase(talking)
	}
}

// play changes the sound.
func (c *call) play(kind string, hz int) {
	if c.stream == nil {
		return
	}
	snd := c.x.sounds.get(kind, hz)
	c.stream.change(func(s *stream) {
		s.echo, s.pos = kind == "echo", 0
		s.snd = snd
	})
}

func (c *call) voiceHz() int { return voiceHz(c.number) }

// voiceHz is the dominating frequency of the contact's voice: 400 Hz and ten
// more for each of its number's code, so that a test can tell who was heard.
func voiceHz(number string) int {
	digits := bytes.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, []byte(number))
	if len(digits) < 2 {
		return 400
	}
	n, _ := strconv.Atoi(string(digits[len(digits)-2:]))
	return 400 + 10*n
}
