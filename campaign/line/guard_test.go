package line

import (
	"bytes"
	"testing"

	"github.com/freiton/freiton/media"
)

// What counts as a sound of the agent, and what as an empty chair.
func TestGuardHears(t *testing.T) {
	still := func(b byte) []byte { return bytes.Repeat([]byte{b}, 160) }
	hiss := still(0xd5)
	hiss[77] = 0x55 // the smallest step there is, once
	for _, c := range []struct {
		name   string
		frames []media.Frame
		way    media.Way
		heard  bool
	}{
		{"no packet", nil, media.AtoB, false},
		{"digital silence", []media.Frame{{Codec: media.PCMA, Payload: still(0xd5)}, {Codec: media.PCMA, Payload: still(0xd5)}}, media.AtoB, false},
		{"digital silence in the other law", []media.Frame{{Codec: media.PCMU, Payload: still(0xff)}}, media.AtoB, false},
		{"comfort noise", []media.Frame{{Codec: media.PCMA, Payload: hiss, Silence: true}}, media.AtoB, false},
		{"the contact only", []media.Frame{{Codec: media.PCMA, Payload: hiss}}, media.BtoA, false},
		{"a quiet room", []media.Frame{{Codec: media.PCMA, Payload: still(0xd5)}, {Codec: media.PCMA, Payload: hiss}}, media.AtoB, true},
		{"another value in the next frame", []media.Frame{{Codec: media.PCMA, Payload: still(0xd5)}, {Codec: media.PCMA, Payload: still(0x54)}}, media.AtoB, true},
		{"a key", []media.Frame{{Codec: media.PCMA, DTMF: '1', Payload: []byte{1, 0, 0, 0}}}, media.AtoB, true},
		{"samples that are all zero", []media.Frame{{Codec: media.Linear16, Payload: still(0)}}, media.AtoB, false},
	} {
		w := &guard{still: -1}
		for _, f := range c.frames {
			w.WriteFrame(c.way, &f)
		}
		if w.heard.Load() != c.heard {
			t.Errorf("%s: heard %v, want %v", c.name, w.heard.Load(), c.heard)
		}
	}
}
