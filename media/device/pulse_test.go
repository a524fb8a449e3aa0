//go:build cgo && linux

package device

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/gen2brain/malgo"

	"github.com/freiton/freiton/media/device/pulsetest"
)

// pulseServer is a sound server that nobody else reaches.
type pulseServer struct {
	*pulsetest.Server
	t *testing.T
}

func startPulse(t *testing.T) *pulseServer {
	t.Helper()
	return &pulseServer{pulsetest.Start(t), t}
}

// connect reaches this server and no other.
func (p *pulseServer) connect(log *slog.Logger) (sound, error) {
	return connectTo(p.Name, []malgo.Backend{malgo.BackendPulseaudio}, log)
}

func (p *pulseServer) open(opts Options) *Headset {
	p.t.Helper()
	opts.Log = slog.New(slog.NewTextHandler(testLog{p.t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h, err := open(opts, p.connect)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = h.Close() })
	return h
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}
