package browser

import (
	"encoding/binary"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

// wire is a point of measurement that can be a sink.
type wire struct{ measure.Wire }

func (w *wire) WriteFrame(f *media.Frame) { w.Add(f.Seq, f.At) }

// traced has the port tell of RTP that passes it: SRTP leaves the header in clear.
func traced(cfg *Config) (in, out *wire) {
	in, out = &wire{}, &wire{}
	cfg.trace = func(sent bool, b []byte, at time.Time) {
		if b[0]>>6 != 2 || b[1] >= 192 && b[1] <= 223 { // RTCP: RFC 5761 §4
			return
		}
		w := in
		if sent {
			w = out
		}
		w.Add(binary.BigEndian.Uint16(b[2:]), at)
	}
	return in, out
}
