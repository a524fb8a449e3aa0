//go:build cgo && linux

package main

import (
	"context"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/device/pulsetest"
	"github.com/freiton/freiton/sip/peer"
)

// sipPhone is a telephone on a desk: signalling by script, sound by a session.
type sipPhone struct {
	t      *testing.T
	far    *peer.Far
	dialog *peer.Dialog
	sound  *media.Session
	voice  *media.FileEndpoint
}

// pickUp answers the next call, and hums.
func (p *sipPhone) pickUp() {
	p.t.Helper()
	inv := p.far.ExpectWithin(10*time.Second, "INVITE")
	inv.Reply(180)
	var err error
	if p.sound, err = media.NewSession(media.SessionConfig{IP: "127.0.0.1"}); err != nil {
		p.t.Fatal(err)
	}
	answer, err := p.sound.Answer([]byte(inv.SDP()))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.voice, err = media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(900, time.Second, -14), Loop: true}); err != nil {
		p.t.Fatal(err)
	}
	p.voice.SetSink(p.sound)
	inv.Reply(200, peer.SDP(string(answer)))
	p.dialog = inv.Dialog()
	p.dialog.Expect("ACK")
	p.t.Cleanup(p.dead)
}

// dead: no RTP comes any more, and no word.
func (p *sipPhone) dead() {
	_ = p.voice.Close()
	_ = p.sound.Close()
}

// headset waits until the floor knows an agent's headset to be so.
func (f *floorUnderTest) headset(t *testing.T, agent campaign.AgentID, want campaign.HeadsetState) {
	t.Helper()
	until(t, 15*time.Second, string(agent)+"'s headset is "+string(want), func() bool { return f.agentView(t, agent).Headset == want })
}

func (f *floorUnderTest) agentView(t *testing.T, agent campaign.AgentID) campaign.AgentView {
	t.Helper()
	snap, err := f.control.Snapshot(t.Context(), campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range snap.Agents {
		if a.Agent == agent {
			return a
		}
	}
	return campaign.AgentView{}
}

// Headsets that are no browser's, lost in a call: a sound card
// that is unplugged and back, one whose sound server dies, a telephone whose
// sound stops, and one that hangs up. The practice exchange is the contact.
func TestWornHeadsets(t *testing.T) {
	card := pulsetest.Start(t)
	t.Setenv("PULSE_SERVER", card.Name)
	desktopPhone := &sipPhone{t: t, far: peer.NewFar(t)}
	csv := "id;Name;Telefon\nR-1;Ada;" + peer.Number("02", 1) + "\nR-2;Bea;" + peer.Number("02", 2) + "\n"
	f := openFloorWith(t, 4, "progressive", csv, func(c *configs.Config) {
		c.Headset.HoldAfter, c.Headset.HandOnAfter = configs.Duration(500*time.Millisecond), configs.Duration(5*time.Second)
		c.SIP.Accounts = append(c.SIP.Accounts, configs.Account{Name: "desks", Address: "sip:freiton@" + desktopPhone.far.Addr()})
	}, campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "ben", Role: campaign.RoleAgent}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	f.headsetOf(t, "ann", "device:testphone")
	f.headsetOf(t, "ben", desktopPhone.far.URI("ben"))
	ann, ben := f.tab(t), f.tab(t)
	f.startSpring(t)
	ann.join("ann")
	speech, quiet := context.WithCancel(t.Context())
	defer quiet()
	card.Say(speech, media.ToneAt(48000, 700, time.Minute, -14), "48000")
	f.headset(t, "ann", campaign.HeadsetUp)

	// Unplugged and plugged in again: the same call goes on.
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	id, at := ann.call(0)
	listen(time.Second)
	card.Unplug("sink_name=ear")
	lost := ann.await(campaign.EventSoundLost, at.N)
	held := ann.await(campaign.EventHeld, at.N)
	card.Ctl("load-module", "module-null-sink", "sink_name=ear", "sink_properties=device.description=Testphone-Ear")
	back := ann.await(campaign.EventSoundBack, held.N)
	resumed := ann.await(campaign.EventResumed, held.N)
	t.Logf("sound card: held %v after the loss was seen, back %v later", held.At.Sub(lost.At), back.At.Sub(held.At))
	listen(time.Second)
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentNotReady})
	ann.do("/interactions/"+id+"/hangup", nil)
	ann.do("/interactions/"+id+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ended := ann.await(campaign.EventEnded, resumed.N)
	ann.do("/interactions/"+id+"/done", nil)

	// Its server dies: the telephone takes the call over.
	ben.join("ben")
	desktopPhone.pickUp()
	f.headset(t, "ben", campaign.HeadsetUp)
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	id, at = ann.call(ended.N)
	ann.do("/interactions/"+id+"/result", desk.Outcome{Note: ptr("wants two")})
	ben.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	quiet()
	card.Signal(syscall.SIGKILL)
	offer := ben.await(campaign.EventTakeOver, at.N)
	if v := f.agentView(t, "ann"); v.After != campaign.AgentNotReady || v.AfterReason != "Technik" {
		t.Errorf("whose headset is lost will be %s %s", v.After, v.AfterReason)
	}
	if offer.InteractionView.Note != "wants two" {
		t.Errorf("taken over with %+v", offer.InteractionView)
	}
	id = string(offer.Interaction)
	ben.do("/interactions/"+id+"/accept", nil)
	resumed = ben.await(campaign.EventResumed, offer.N)
	listen(time.Second)
	desktopPhone.dead()
	lost = ben.await(campaign.EventSoundLost, resumed.N)
	held = ben.await(campaign.EventHeld, lost.N)
	desktopPhone.dialog.Request("BYE").Expect(200)
	desktopPhone.pickUp() // it is called again
	back = ben.await(campaign.EventSoundBack, held.N)
	resumed = ben.await(campaign.EventResumed, held.N)
	t.Logf("telephone: held %v after the loss was seen, back %v later", held.At.Sub(lost.At), back.At.Sub(held.At))
	listen(time.Second)
	desktopPhone.dialog.Request("BYE").Expect(200)
	ben.await(campaign.EventSoundLost, resumed.N) // a word of it is enough
	ben.do("/interactions/"+id+"/hangup", nil)
	ben.await(campaign.EventEnded, resumed.N)
	ben.do("/interactions/"+id+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ben.do("/interactions/"+id+"/done", nil)
	if a := f.attempt(t, 2); a.Agent != "ben" || a.Note != "wants two" || a.EndedBy != campaign.ByAgent {
		t.Errorf("taken over: %+v", a)
	}
	recs := f.x.Records()
	if len(recs) != 2 {
		t.Fatalf("%d calls at the exchange", len(recs))
	}
	for i, hz := range []float64{700, 900} {
		if r := recs[i]; math.Abs(r.HeardHz-hz) > 20 || r.HeardDBFS < -40 || r.Held == 0 || len(r.Violations) > 0 {
			t.Errorf("the contact heard %.0f Hz at %.1f dBFS, want %.0f: %+v", r.HeardHz, r.HeardDBFS, hz, r)
		}
	}
	desktopPhone.pickUp() // it is called as long as he is there
	ben.do("/agent/status", desk.StatusChange{Status: campaign.AgentLoggedOff})
	desktopPhone.dialog.Expect("BYE").Reply(200)
	f.headset(t, "ben", campaign.HeadsetMissing)
}

// headsetOf says what a user wears.
func (f *floorUnderTest) headsetOf(t *testing.T, name campaign.AgentID, headset string) {
	t.Helper()
	all, err := f.store.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range all {
		if u.Name == name {
			u.Headset = headset
			if err := f.store.PutUser(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
	}
}
