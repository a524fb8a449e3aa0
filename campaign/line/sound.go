package line

import (
	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
)

// A leg's call is joined with one thing at a time: the file of a Play, else the
// agent's headset. The left side of a recording is that, the right the contact.
//
//	headset ─┐
//	         ├─ joined ── ear, recording ── call
//	player ──┘      └─ guests: the agent's other call, in a conference; a player that both are to hear
//
// A headset is joined with one call at a time: the last one that took it.

// join makes the junction anew; what was there before is parted.
func (g *leg) join() {
	g.part()
	var near media.Endpoint
	alone := g.player != nil && (!g.beside || g.muted || g.headset == nil)
	switch {
	case alone:
		near = g.player
	case g.headset != nil:
		near = g.headset
		g.line.take(g)
	default:
		return
	}
	var options []media.JoinOption
	if g.ear != nil {
		options = append(options, media.WithTap(g.ear))
	}
	if g.recording != nil {
		options = append(options, media.WithTap(g.recording))
	}
	if g.guard != nil && !alone {
		options = append(options, media.WithTap(g.guard))
	}
	if g.kept != nil {
		if !alone {
			options = append(options, media.WithKept(g.kept))
		}
		g.kept = nil
	}
	g.joined = media.Join(near, g.call.Endpoint(), options...)
	if g.guest != nil && !alone {
		g.joined.Admit(g.guest.call.Endpoint())
	}
	if g.player != nil && !alone {
		g.joined.Admit(g.player)
	}
}

// take parts the agent's headset from her other calls, but for a guest of this
// one, whose call has no junction of its own.
func (l *Line) take(g *leg) {
	for _, o := range l.legs {
		if o != g && o.agent == g.agent && o.agent != "" && o.player == nil {
			o.part()
			if o.guest != nil {
				o.guest = nil // it was a conference; now she speaks to one of them
			}
		}
	}
}

// conference takes another call of the same agent into this one.
func (g *leg) conference(with any) {
	o := g.line.legs[with.(campaign.Conference).With]
	if o == nil || o == g || o.state != answered || o.agent != g.agent || g.headset == nil {
		g.line.cfg.Log.Warn("no conference", "attempt", g.attempt)
		return
	}
	o.part()
	for _, x := range []*leg{g, o} {
		x.unmute()
		x.muted = false
	}
	g.guest = o
	g.join()
}

// dissolve ends the conferences in which the leg took part. Whoever is left
// speaks with the agent.
func (g *leg) dissolve() {
	for _, o := range g.line.legs {
		if o.guest == g {
			o.guest = nil
			if o.joined != nil {
				o.joined.Dismiss(g.call.Endpoint())
			}
		}
	}
	if o := g.guest; o != nil {
		g.guest = nil
		o.join()
	}
}

// part leaves call and headset to themselves.
func (g *leg) part() {
	if g.joined == nil {
		return
	}
	g.joined.Close()
	if n := g.joined.Dropped(); n > 0 {
		g.line.cfg.Log.Warn("this machine is too slow: sound is missing in the recording, or was not listened to for tones",
			"attempt", g.attempt, "frames", n)
	}
	g.joined = nil
}

// play speaks a file to the contact; meanwhile the agent hears nothing, unless
// it is for both. Then she is joined again.
func (g *leg) play(with any) {
	file := with.(campaign.Play).File
	far := g.call.Endpoint()
	options := media.FileOptions{Play: file, Wait: true, Codec: far.Codec()}
	if c, ok := far.(interface{ Clock() *media.Clock }); ok {
		options.Clock = c.Clock()
	}
	player, err := media.NewFileEndpoint(options)
	if err != nil {
		g.line.cfg.Log.Error("nothing played", "attempt", g.attempt, "file", file, "err", err)
		// Whoever waits for its end waits no longer.
		g.say(campaign.LineEvent{Kind: campaign.LinePlayed, Text: err.Error()})
		return
	}
	g.stopPlaying()
	g.unmute()
	g.player, g.beside = player, with.(campaign.Play).Both
	g.join()
	player.Start()
	// Owned by the line: ends when the file does, or with stopPlaying.
	g.line.players.Go(func() {
		<-player.Done()
		g.line.inbox.push(played{g, player})
	})
}

// played is told that a file was spoken.
func (g *leg) played(with any) {
	if with.(played).player != g.player {
		return // another one is speaking by now
	}
	g.stopPlaying()
	if g.muted {
		g.call.Mute(true)
	}
	g.join()
	g.say(campaign.LineEvent{Kind: campaign.LinePlayed})
}

func (g *leg) stopPlaying() {
	if g.player == nil {
		return
	}
	g.part()
	g.close(g.player)
	g.player = nil
}

func (g *leg) close(c interface{ Close() error }) {
	if err := c.Close(); err != nil {
		g.line.cfg.Log.Error("a file was not written to its end", "attempt", g.attempt, "err", err)
	}
}

// record does what a RecordCall says. Before the answer there is nothing to be
// recorded: the file is begun then.
func (g *leg) record(with any) {
	c := with.(campaign.RecordCall)
	switch {
	case c.Action == campaign.RecordStart && g.picked:
		g.startRecording(c.File)
	case c.Action == campaign.RecordStart:
		g.recordTo = c.File
	case c.Action == campaign.RecordStop:
		g.recordTo = ""
		announcing := g.player != nil && g.beside
		if announcing {
			g.stopPlaying()
			g.call.Mute(g.muted)
		}
		if g.stopRecording() || announcing {
			g.join()
		}
	case c.Action == campaign.RecordDelete:
		g.recordTo = ""
		if g.stopRecording() {
			g.join()
		}
		g.line.erase(c)
	case g.recording == nil:
		g.line.cfg.Log.Warn("no recording", "attempt", g.attempt, "action", c.Action)
	case c.Action == campaign.RecordPause:
		g.recording.Pause()
	case c.Action == campaign.RecordResume:
		g.recording.Resume()
	}
}

func (g *leg) startRecording(file string) {
	g.recordTo = ""
	if g.recording != nil {
		g.line.cfg.Log.Warn("recorded already", "attempt", g.attempt)
		return
	}
	if g.line.cfg.Record == nil {
		g.line.cfg.Log.Error("not recorded: recordings are not set up", "attempt", g.attempt)
		return
	}
	r, err := g.line.cfg.Record(file)
	if err != nil {
		g.line.cfg.Log.Error("not recorded", "attempt", g.attempt, "err", err)
		return
	}
	g.recording = r
	g.join()
}

// stopRecording parts the call, so that nothing more is written, and completes
// the file.
func (g *leg) stopRecording() bool {
	if g.recording == nil {
		return false
	}
	g.part()
	g.close(g.recording)
	g.recording = nil
	return true
}

// silence ends everything that has to do with sound.
func (g *leg) silence() {
	g.unwatch()
	g.stopPlaying()
	g.stopRecording()
	g.part()
}
