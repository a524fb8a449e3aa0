package line

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
)

// stuckRecorder takes its first frame and no other until it may.
type stuckRecorder struct{ may chan struct{} }

func (r stuckRecorder) WriteFrame(media.Way, *media.Frame) { <-r.may }
func (stuckRecorder) Pause()                               {}
func (stuckRecorder) Resume()                              {}
func (stuckRecorder) Close() error                         { return nil }

// Sound that is missing in a recording is not missing in silence.
func TestMissingSoundIsSaid(t *testing.T) {
	var log bytes.Buffer // the line's goroutine writes it, and is settled before it is read
	r := stuckRecorder{make(chan struct{})}
	b := newBench(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Record = func(string) (Recorder, error) { return r, nil }
	})
	c := b.dial(campaign.Dial{Attempt: "7", Agent: "ann"})
	c.say(phone.Answered)
	b.nextAll(campaign.LineAnswered, campaign.LineJoined)
	b.Do(campaign.RecordCall{Attempt: "7", Action: campaign.RecordStart, File: "7.wav"})
	b.settled()
	for range 100 {
		c.ear.speak()
	}
	close(r.may)
	c.end(200, 16, sip.Remote)
	b.next(campaign.LineEnded)
	b.settled()
	if got := log.String(); !strings.Contains(got, "sound is missing in the recording") || !strings.Contains(got, "attempt=7 frames=36") {
		t.Errorf("logged %q", got)
	}
}
