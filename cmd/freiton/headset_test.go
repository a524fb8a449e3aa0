package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// pageSound is the sound of an agent's page, without the page: it speaks a
// quiet hum until it vanishes.
type pageSound struct {
	pc   *webrtc.PeerConnection
	stop func()
	done sync.WaitGroup
}

// plugIn connects the sound of a logged-in tab.
func (b *browserTab) plugIn() *pageSound {
	b.t.Helper()
	return b.plugInWith(func(payload []byte) {
		for i := range payload {
			payload[i] = 0x55 + byte(i%2)<<3 // a little above nothing
		}
	})
}

// plugInWith says over and over what say writes into a packet.
func (b *browserTab) plugInWith(say func(payload []byte)) *pageSound {
	b.t.Helper()
	var m webrtc.MediaEngine
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}
	b.must(m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: codec, PayloadType: 8}, webrtc.RTPCodecTypeAudio))
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	b.must(err)
	mic, err := webrtc.NewTrackLocalStaticRTP(codec, "mic", "page")
	b.must(err)
	_, err = pc.AddTrack(mic)
	b.must(err)
	up := make(chan struct{})
	connected := sync.OnceFunc(func() { close(up) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			connected()
		}
	})
	offer, err := pc.CreateOffer(nil)
	b.must(err)
	b.must(pc.SetLocalDescription(offer))
	status, text := b.ask(http.MethodPost, "/api/v1/headset", desk.Description{SDP: offer.SDP})
	var answer desk.Description
	if status != http.StatusOK || json.Unmarshal([]byte(text), &answer) != nil {
		b.t.Fatalf("headset: %d %s", status, text)
	}
	b.must(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}))
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		b.t.Fatal("the headset does not come up")
	}
	stop := make(chan struct{})
	p := &pageSound{pc: pc, stop: sync.OnceFunc(func() { close(stop) })}
	p.done.Go(func() { // ends with vanish
		tick := time.NewTicker(media.FrameTime)
		defer tick.Stop()
		payload := make([]byte, 160)
		say(payload)
		for i := uint16(0); ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				_ = mic.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: i, Timestamp: 160 * uint32(i)}, Payload: payload})
			}
		}
	})
	b.t.Cleanup(p.vanish)
	return p
}

// freeze: the page says nothing any more and does not close its connection.
func (p *pageSound) freeze() {
	p.stop()
	p.done.Wait()
}

func (p *pageSound) vanish() {
	p.freeze()
	_ = p.pc.GracefulClose()
}

func (b *browserTab) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// call works the next preview until contact and agent hear each other.
func (b *browserTab) call(since uint64) (id string, joined campaign.Event) {
	b.t.Helper()
	offer := b.await(campaign.EventOffered, since)
	id = string(offer.Interaction)
	b.do("/interactions/"+id+"/accept", nil)
	b.await(campaign.EventOpened, offer.N)
	b.do("/interactions/"+id+"/shown", nil)
	return id, b.await(campaign.EventJoined, offer.N)
}

// attempt is the campaign's n-th, from 1, once it has ended.
func (f *floorUnderTest) attempt(t *testing.T, n int) (a campaign.Attempt) {
	t.Helper()
	until(t, 10*time.Second, fmt.Sprintf("attempt %d is settled", n), func() bool {
		i := 0
		if err := f.store.Attempts(t.Context(), "spring", func(x campaign.Attempt) error {
			if i++; i == n {
				a = x
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return i >= n && !a.EndedAt.IsZero()
	})
	return a
}

// A page vanishes in a call, against the practice exchange: the contact is held
// and comes back with the page; stays it away, the call is ended after the
// announcement, with a callback; or somebody else takes it over.
func TestHeadsetLost(t *testing.T) {
	csv := "id;Name;Telefon\nR-1;Ada;" + peer.Number("02", 1) + "\nR-2;Bea;" + peer.Number("02", 2) + "\nR-3;Cleo;" + peer.Number("02", 3) + "\n"
	f := openFloorWith(t, 4, "progressive", csv, func(c *configs.Config) {
		c.Headset.HoldAfter, c.Headset.HandOnAfter = configs.Duration(500*time.Millisecond), configs.Duration(3*time.Second)
	}, campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "ben", Role: campaign.RoleAgent}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	f.announce(t, 700*time.Millisecond)
	ann, ben := f.tab(t), f.tab(t)
	f.startSpring(t)
	ann.join("ann")
	ben.join("ben")
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	until(t, 10*time.Second, "she is told that her headset is missing", func() bool {
		var s desk.State
		_, text := ann.ask(http.MethodGet, "/api/v1/state", nil)
		return json.Unmarshal([]byte(text), &s) == nil && s.Me.Idle != nil && s.Me.Idle.Code == campaign.IdleHeadset
	})

	// Back in time: the same call goes on.
	sound := ann.plugIn()
	id, at := ann.call(0)
	sound.vanish()
	ann.await(campaign.EventSoundLost, at.N)
	held := ann.await(campaign.EventHeld, at.N)
	sound = ann.plugIn()
	back := ann.await(campaign.EventSoundBack, held.N)
	if back.Reason == nil || back.Reason.Code != campaign.ReasonSoundBack {
		t.Errorf("she is told %+v", back.Reason)
	}
	resumed := ann.await(campaign.EventResumed, held.N)
	ann.do("/interactions/"+id+"/hangup", nil)
	ann.do("/interactions/"+id+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ann.await(campaign.EventEnded, resumed.N)
	ann.do("/interactions/"+id+"/done", nil)
	done := ann.await(campaign.EventDone, resumed.N)

	// Stays it away and nobody else is there: announcement, end, callback.
	id, at = ann.call(done.N)
	ann.do("/interactions/"+id+"/result", desk.Outcome{Note: ptr("asked for blue")})
	sound.freeze() // and does not even say so
	cut := ann.await(campaign.EventCutOff, at.N)
	resumed = ann.await(campaign.EventResumed, cut.N)
	ended := ann.await(campaign.EventEnded, resumed.N)
	if d := ended.At.Sub(resumed.At); d < 600*time.Millisecond {
		t.Errorf("the announcement of 700 ms had %v", d)
	}
	if a := f.attempt(t, 2); a.EndedBy != campaign.ByDialer || a.Note != "asked for blue" || a.HeldMS < 1000 {
		t.Errorf("cut off: %+v", a)
	}
	var cutOff campaign.Record
	if err := f.store.Records(t.Context(), campaign.RecordQuery{List: "customers", ID: "R-2"}, func(r campaign.Record) error {
		cutOff = r
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if wait := cutOff.NextDial.Sub(ended.At); cutOff.Status != campaign.Ready || cutOff.Type != campaign.CampaignRescheduled || wait < 4*time.Minute || wait > 6*time.Minute {
		t.Errorf("no callback task: %+v", cutOff)
	}

	// Somebody else is there: she takes it over, with what was typed.
	sound.vanish()
	sound = ann.plugIn()
	id, at = ann.call(ended.N) // she is Ready again by herself
	ann.do("/interactions/"+id+"/result", desk.Outcome{Note: ptr("wants two")})
	ben.plugIn()
	ben.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	sound.vanish()
	offer := ben.await(campaign.EventTakeOver, at.N)
	if v := offer.InteractionView; v.From != "ann" || v.Content == nil || v.Content.RecordID != "R-3" || v.Note != "wants two" {
		t.Errorf("offered to take over: %+v", v)
	}
	ben.do("/interactions/"+string(offer.Interaction)+"/accept", nil)
	ann.await(campaign.EventHandedOn, at.N)
	ben.await(campaign.EventResumed, offer.N)
	ben.do("/interactions/"+string(offer.Interaction)+"/hangup", nil)
	ben.await(campaign.EventEnded, offer.N)
	ben.do("/interactions/"+string(offer.Interaction)+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ben.do("/interactions/"+string(offer.Interaction)+"/done", nil)
	if a := f.attempt(t, 3); a.Agent != "ben" || a.Note != "wants two" || a.EndedBy != campaign.ByAgent {
		t.Errorf("taken over: %+v", a)
	}
	recs := f.x.Records()
	if len(recs) != 3 {
		t.Fatalf("%d calls at the exchange", len(recs))
	}
	for _, r := range recs {
		if r.Held == 0 || len(r.Violations) > 0 || r.EndedBy != "caller" {
			t.Errorf("the exchange saw %+v", r)
		}
	}
}

// announce gives campaign spring an announcement of a tone.
func (f *floorUnderTest) announce(t *testing.T, d time.Duration) {
	t.Helper()
	f.change(t, func(c *campaign.Campaign) {
		c.Announcement = filepath.Join(t.TempDir(), "sorry.wav")
		if err := media.WriteWAVFile(c.Announcement, 8000, media.Tone(440, d, -20)); err != nil {
			t.Fatal(err)
		}
	})
}

// change changes campaign spring beyond what its document says.
func (f *floorUnderTest) change(t *testing.T, how func(*campaign.Campaign)) {
	t.Helper()
	if err := f.control.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := f.store.Campaigns(t.Context())
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v %v", rows, err)
	}
	c, err := f.documents().Parse(t.Context(), rows[0])
	if err != nil {
		t.Fatal(err)
	}
	how(&c)
	if err := f.control.Do(t.Context(), campaign.ClickApply{By: "test", Campaign: &c, State: campaign.Unloaded}); err != nil {
		t.Fatal(err)
	}
}
