package line

import (
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
)

// guard listens whether anything at all comes from an agent's headset. What is
// meant is an empty chair, a dead microphone, one that is switched off: no
// packet, or one and the same sample over and over (digital silence). A quiet
// listener is no such thing: the faintest room has some noise, and any change
// of the signal counts as sound. Frames marked as comfort noise do not.
type guard struct {
	heard atomic.Bool
	still int16 // the only byte of sound so far; -1: none yet. The tap's goroutine only
	timer *time.Timer
}

// watched says that a guard's time is over.
type watched struct {
	leg   *leg
	guard *guard
}

// WriteFrame implements media.Tap: the headset is on the left of a junction.
func (w *guard) WriteFrame(way media.Way, f *media.Frame) {
	if way != media.AtoB || f.Silence || w.heard.Load() {
		return
	}
	if f.DTMF != 0 {
		w.heard.Store(true)
		return
	}
	for _, b := range f.Payload {
		switch {
		case w.still < 0:
			w.still = int16(b)
		case w.still != int16(b):
			w.heard.Store(true)
			return
		}
	}
}

// watch begins to listen to the agent who is about to be joined.
func (g *leg) watch(within time.Duration) {
	g.unwatch()
	if within <= 0 {
		return
	}
	w := &guard{still: -1}
	w.timer = time.AfterFunc(within, func() { g.line.inbox.push(watched{g, w}) })
	g.guard = w
}

func (g *leg) unwatch() {
	if g.guard != nil {
		g.guard.timer.Stop()
		g.guard = nil
	}
}

// watched is told that the time of the guard is over.
func (g *leg) watched(with any) {
	w := with.(watched).guard
	if w != g.guard { // of somebody who has gone
		return
	}
	g.guard = nil
	if !w.heard.Load() {
		g.say(campaign.LineEvent{Kind: campaign.LineUnheard, Agent: g.agent})
	}
}
