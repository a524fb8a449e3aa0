package line

import (
	"sync"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
)

// ear is a leg's detector. Before anybody is joined it hears what the far end
// sends directly, then as a tap of the junction: two goroutines one after the
// other, and for a moment both.
type ear struct {
	mu       sync.Mutex
	detector Detector
}

func (e *ear) WriteFrame(way media.Way, f *media.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.detector.WriteFrame(way, f)
}

// listen gives the leg its detector, if the campaign wants one.
func (g *leg) listen(d campaign.Detection) {
	if g.line.cfg.Detect == nil || !d.Tones && !d.Machine {
		return
	}
	g.ear = &ear{detector: g.line.cfg.Detect(d, func(h campaign.Heard) { g.line.inbox.push(noticed{g, h}) })}
}

func (g *leg) sayHeard(with any) {
	g.say(campaign.LineEvent{Kind: campaign.LineHeard, Heard: with.(noticed).heard})
}

// alone is the sink of a call dialled ahead: what the contact says is kept for
// the agent to come, and listened to.
type alone struct {
	kept *media.Keep
	ear  *ear
}

func (a alone) WriteFrame(f *media.Frame) {
	a.kept.WriteFrame(f)
	if a.ear != nil {
		a.ear.WriteFrame(media.BtoA, f)
	}
}
