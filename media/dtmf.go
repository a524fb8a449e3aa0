package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// A telephone-event (RFC 4733 §2.3):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|     event     |E|R| volume    |          duration             |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// One digit on the wire, a packet every 20 ms, all with one timestamp:
//
//	M160 320 480 640 E800 E800 E800 – | next digit or sound, 1280 later
const (
	eventLen    = 4
	eventEnd    = 0x80
	eventVolume = 10 // −10 dBm0
	digits      = "0123456789*#ABCD"

	toneFrames = 5 // 100 ms of tone
	endPackets = 3 // RFC 4733 §2.5.1.4
	digitSteps = 8 // the tone and a gap of 60 ms
	maxDigits  = 64
)

// Errors of SendDTMF.
var (
	ErrNoDTMF     = errors.New("media: the far end did not agree to telephone-event (RFC 4733)")
	ErrNotSending = errors.New("media: the agreed direction lets us send nothing")
)

// dtmfSender makes the packets of the digits in its queue.
type dtmfSender struct {
	queue  []byte
	active bool
	digit  byte
	step   int
	start  uint32
}

func checkDigits(s string) (string, error) {
	s = strings.ToUpper(s)
	for _, r := range s {
		if !strings.ContainsRune(digits, r) {
			return "", fmt.Errorf("media: %q is no DTMF digit (0-9 * # A-D)", r)
		}
	}
	return s, nil
}

// next fills in the payload of this tick. marker is set on the first packet of
// a digit; send is false in the last tick of its gap.
func (d *dtmfSender) next(due uint32, payload *[eventLen]byte) (marker, send bool) {
	if !d.active {
		d.digit, d.queue = d.queue[0], d.queue[1:]
		d.active, d.step, d.start = true, 0, due
	}
	step := d.step
	d.step++
	if d.step == digitSteps {
		d.active = false
	}
	if step >= toneFrames-1+endPackets {
		return false, false
	}
	duration := uint16(min(step+1, toneFrames) * 160)
	payload[0] = byte(strings.IndexByte(digits, d.digit))
	payload[1] = eventVolume
	if step >= toneFrames-1 {
		payload[1] |= eventEnd
	}
	binary.BigEndian.PutUint16(payload[2:], duration)
	return step == 0, true
}

// drop forgets what has not been sent.
func (d *dtmfSender) drop() { d.queue, d.active = nil, false }

func (d *dtmfSender) busy() bool { return d.active || len(d.queue) > 0 }

// dtmfReceiver reports each digit once, at the first packet of it that comes.
// The timestamp tells digits apart, so lost beginnings and ends do no harm.
type dtmfReceiver struct {
	ssrc     uint32
	seen     bool
	start    uint32
	duration uint16
	event    byte
	ended    bool
}

// packet takes one telephone-event; fresh tells that the digit is a new one.
func (d *dtmfReceiver) packet(ssrc, timestamp uint32, marker bool, payload []byte) (digit byte, fresh bool) {
	if len(payload) < eventLen || int(payload[0]) >= len(digits) {
		return 0, false
	}
	event, duration := payload[0], binary.BigEndian.Uint16(payload[2:])
	end := payload[1]&eventEnd != 0
	if d.seen && ssrc == d.ssrc {
		since := int32(timestamp - d.start)
		switch {
		case since < 0: // an earlier digit, come late
			return digits[event], false
		case since == 0:
			d.duration = max(d.duration, duration)
			d.ended = d.ended || end
			return digits[event], false
		case event == d.event && !marker && d.continues(since):
			// A segment of a long event (RFC 4733 §2.5.1.3), or a sender that
			// moves the timestamp on within a digit.
			d.start, d.duration, d.ended = timestamp, duration, end
			return digits[event], false
		}
	}
	*d = dtmfReceiver{ssrc: ssrc, seen: true, start: timestamp, duration: duration, event: event, ended: end}
	return digits[event], true
}

// continues tells whether an event that begins so much later still is the same one.
func (d *dtmfReceiver) continues(since int32) bool {
	reach := int32(d.duration)
	if !d.ended {
		reach += 160
	}
	return since <= reach
}
