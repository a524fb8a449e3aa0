package media

import (
	"testing"
	"time"
)

// keptEar is an endpoint that writes down which frames it hears.
type keptEar struct {
	sink Sink
	seqs []uint16
}

func (e *keptEar) WriteFrame(f *Frame) { e.seqs = append(e.seqs, f.Seq) }
func (e *keptEar) Codec() Codec        { return PCMA }
func (e *keptEar) SetSink(s Sink)      { e.sink = s }
func (e *keptEar) Close() error        { return nil }

// What was kept is heard first and in order; what came before a time or is too
// old is not; a frame that comes late to the keeper is heard as well.
func TestKeep(t *testing.T) {
	k, begin := NewKeep(), time.Now()
	payload := make([]byte, 160)
	frame := func(n int) *Frame {
		return &Frame{Codec: PCMA, Payload: payload, Seq: uint16(n), At: begin.Add(time.Duration(n) * 20 * time.Millisecond)}
	}
	for n := range 10 {
		payload[0] = byte(n)
		k.WriteFrame(frame(n))
	}
	payload[0] = 99 // the keeper has copies
	if k.frames[3].Payload[0] != 3 {
		t.Errorf("frame 3 holds %d", k.frames[3].Payload[0])
	}
	k.Forget(begin.Add(60 * time.Millisecond))
	agent, contact := &keptEar{}, &keptEar{}
	j := Join(agent, contact, WithKept(k))
	defer j.Close()
	k.WriteFrame(frame(10))
	contact.sink.WriteFrame(frame(11))
	want := []uint16{3, 4, 5, 6, 7, 8, 9, 10, 11}
	if len(agent.seqs) != len(want) {
		t.Fatalf("heard %v, want %v", agent.seqs, want)
	}
	for i := range want {
		if agent.seqs[i] != want[i] {
			t.Fatalf("heard %v, want %v", agent.seqs, want)
		}
	}
	full := NewKeep()
	for n := range keptFrames + 5 {
		full.WriteFrame(frame(n))
	}
	if len(full.frames) != keptFrames || full.frames[0].Seq != 5 {
		t.Errorf("%d frames, the oldest %d", len(full.frames), full.frames[0].Seq)
	}
}
