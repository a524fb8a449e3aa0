package campaign

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// recordingLaws gives every campaign a mode of recording and the numbers'
// country a law of it, and the agents their word.
func (w *world) recordingLaws() {
	modes := []RecordingMode{RecordingOff, RecordingOnDemand, RecordingAsk, RecordingAnnounce, RecordingAlways}
	law := func(p Profile) Profile {
		for _, m := range modes {
			if w.dice.IntN(8) > 0 {
				p.Recording = append(p.Recording, m)
			}
		}
		p.BothConsent = w.dice.IntN(3) == 0
		return p
	}
	there := law(Profile{Country: "DE"})
	for _, c := range w.f.campaigns {
		doc := *c.doc
		doc.Recording = Recording{Mode: append(modes, modes[1:]...)[w.dice.IntN(9)], Announcement: "recorded.wav"}
		doc.Rules.Profiles = []Profile{law(doc.Rules.Profiles[0])}
		doc.Rules.Elsewhere = map[string]Profile{"DE": there, "": there}
		w.apply(ClickApply{Campaign: &doc, State: Running})
	}
	for _, n := range w.names {
		w.apply(ClickRecordingConsent{n, w.dice.IntN(4) > 0})
	}
}

// mayRecord says in plain words why a call must not be recorded now.
func (w *world) mayRecord(x *work) string {
	mode := x.doc.Recording.Mode
	for _, p := range []Profile{x.doc.Rules.Profiles[0], x.doc.Rules.Elsewhere["DE"]} {
		both := p.BothConsent
		switch {
		case mode == RecordingOff || mode == "":
			return "the campaign records nothing"
		case len(p.Recording) > 0 && !slices.Contains(p.Recording, mode):
			return "the law of " + p.Country + " forbids it"
		case both && mode == RecordingAlways:
			return "nobody has agreed"
		case both && !x.agent.consents:
			return "the agent has not consented"
		}
		r := x.attempt.Recorded
		switch {
		case (mode == RecordingAsk || mode == RecordingOnDemand && both) && (r == nil || r.Consent != ConsentGiven):
			return "the contact has not agreed"
		case mode == RecordingAnnounce && (r == nil || r.Announced.IsZero() && r.Consent != ConsentGiven):
			return "the contact has not heard of it"
		}
	}
	if r := x.attempt.Recorded; r != nil && r.Consent == ConsentRefused {
		return "the contact has refused"
	}
	return ""
}

// records checks a command to the recorder: it begins and goes on by rule only,
// and no file is begun twice.
func (w *world) records(c RecordCall) {
	if c.Action == RecordDelete {
		delete(w.files, c.File)
	}
	if c.Action != RecordStart && c.Action != RecordResume {
		return
	}
	x := w.f.workOf(c.Attempt)
	if why := w.mayRecord(x); why != "" {
		w.t.Fatalf("%s: %s, and %s: %+v, mode %s", c.Attempt, c.Action, why, x.attempt.Recorded, x.doc.Recording.Mode)
	}
	if c.Action == RecordStart {
		if w.files[c.File] {
			w.t.Fatalf("%s is begun twice", c.File)
		}
		w.files[c.File] = true
		w.recorded++
	}
}

// recordings checks that what runs may run.
func (w *world) recordings() {
	for _, x := range w.f.works {
		if x.agent == nil || x.doc == nil || x.attempt.ID == "" || x.recording != RecordingOn && x.recording != RecordingPaused {
			continue
		}
		if why := w.mayRecord(x); why != "" {
			w.t.Fatalf("%s is being recorded for %s (%s), and %s", x.attempt.ID, x.agent.id, x.state, why)
		}
	}
}

// recordingClick is something an agent or the contact says about a recording.
func (w *world) recordingClick() {
	n := w.names[w.dice.IntN(len(w.names))]
	if i := slices.IndexFunc(w.f.agents, func(a *agent) bool { return a.work != nil && a.work.state == StateTalking }); i >= 0 {
		n = w.f.agents[i].id
	}
	x := w.f.agent(n).work
	if x == nil || w.dice.IntN(6) == 0 {
		w.apply(ClickRecordingConsent{n, w.dice.IntN(3) > 0})
		return
	}
	if x.recording == RecordingAnnouncing && w.dice.IntN(2) == 0 {
		w.apply(LineEvent{Kind: LinePlayed, At: w.now, Attempt: x.attempt.ID, Text: []string{"", "", "no such file"}[w.dice.IntN(3)]})
		return
	}
	action := rapid.SampledFrom([]RecordAction{RecordStart, RecordConsent, RecordConsent, RecordPause, RecordResume, RecordRefuse, RecordStop, RecordDelete}).Draw(w.t, "record")
	w.apply(ClickRecord{n, x.id, action})
	w.recordings()
}

// talk works until somebody talks to a contact, or gives up.
func (w *world) talk() bool {
	for range 80 {
		if slices.ContainsFunc(w.f.works, func(x *work) bool { return x.state == StateTalking && x.kind == KindCampaign }) {
			return true
		}
		w.work()
		w.storeStep()
		for _, id := range sortedKeys(w.live) {
			x := w.f.workOf(id)
			if x == nil || x.state != StateDialing && x.state != StateRinging {
				continue
			}
			w.heard[id] = true
			if w.live[id].Agent == "" {
				w.answered[id] = w.now
			}
			w.apply(LineEvent{Kind: LineAnswered, At: w.now, Attempt: id})
		}
		w.advance(100 * time.Millisecond)
	}
	return false
}

// Whatever the campaign, the laws of both countries, contact and agent say, and
// in whatever order, with headsets lost and calls handed on: nothing is recorded
// before, or after, who has to has agreed.
func TestFloorRecording(t *testing.T) {
	var done, talks, files int
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, ModeProgressive, ModeProgressive, ModePredictive)
		w.recordingLaws()
		for range 4 {
			if w.talk() {
				talks++
			}
			for range rapid.IntRange(5, 20).Draw(t, "steps") {
				switch w.dice.IntN(8) {
				default:
					w.recordingClick()
				case 5:
					w.lineStep()
				case 6:
					w.headset()
				case 7:
					w.advance(time.Duration(w.dice.IntN(70)) * time.Second)
				}
				w.recordings()
			}
		}
		w.end()
		done, files = done+1, files+w.recorded
	})
	t.Logf("%d histories, %d talks, %d recordings", done, talks, files)
	if done >= 100 && files < done/4 {
		t.Errorf("in %d histories only %d recordings", done, files)
	}
}
