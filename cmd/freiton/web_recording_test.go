package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
	"github.com/freiton/freiton/sip/peer"
)

// A recording begins with the contact's consent and not before, holds the agent
// on the left and the contact on the right, nothing of a pause, and is gone when
// it is deleted; history says so. The WAV itself is the witness.
func TestRecordingWithConsent(t *testing.T) {
	f := openFloor(t, 1, "progressive\nrecording: {mode: ask}", fmt.Sprintf(deskList, "R-1;Paula;"+peer.Number("02", 1)+";Ulm\nR-2;Quirin;"+peer.Number("02", 2)+";Ulm\n"),
		campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	voice, err := media.NewFileEndpoint(media.FileOptions{Clock: f.voice.clock, Samples: media.Tone(700, time.Second, -12), Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	f.voice.headsets.put("ann", voice)
	t.Cleanup(func() { _ = voice.Close() })
	ann, boss := f.tab(t), f.tab(t)
	ann.login("ann")
	boss.login("boss")
	ann.follow()
	boss.do("/campaigns/spring/load", nil)
	ann.await(campaign.EventPopup, 0)
	ann.do("/campaigns/spring/popup", desk.PopupOK{Stage: campaign.PopupLoaded})
	boss.do("/campaigns/spring/start", nil)
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	if _, text := ann.ask(http.MethodGet, "/api/v1/campaigns/spring/texts", nil); !strings.Contains(text, `"recording":"ask"`) {
		t.Errorf("texts without the recording's mode: %s", text)
	}

	offer := ann.await(campaign.EventOffered, 0)
	on := "/interactions/" + string(offer.Interaction)
	ann.do(on+"/accept", nil)
	ann.await(campaign.EventOpened, offer.N)
	ann.do(on+"/shown", nil)
	joined := ann.await(campaign.EventJoined, offer.N)
	act := func(a campaign.RecordAction) { ann.do(on+"/recording", desk.RecordingSwitch{Action: a}) }
	if status, text := ann.ask(http.MethodPost, "/api/v1"+on+"/recording", desk.RecordingSwitch{Action: campaign.RecordStart}); status != http.StatusConflict {
		t.Errorf("it starts without consent: %d %s", status, text)
	}
	file := f.folder.in(filepath.Join("recordings", string(joined.InteractionView.Attempt)+".wav"))
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a file before the consent: %v", err)
	}
	act(campaign.RecordConsent)
	pass(1500 * time.Millisecond)
	started := ann.await(campaign.EventRecording, joined.N)
	act(campaign.RecordPause)
	if e := ann.await(campaign.EventRecording, started.N); e.InteractionView.RecordingState != campaign.RecordingPaused || e.InteractionView.RecordingUntil.IsZero() {
		t.Errorf("paused: %+v", e.InteractionView)
	}
	pass(1500 * time.Millisecond)
	act(campaign.RecordResume)
	pass(1500 * time.Millisecond)
	act(campaign.RecordStop)
	var channels [][]int16
	until(t, 10*time.Second, "the file is whole", func() bool {
		channels, _, err = measure.ReadWAV(file)
		return err == nil && len(channels) == 2 && len(channels[0]) > 4*8000
	})
	left, right := channels[0], channels[1]
	first, _ := measure.Sounding(left, 8000, -30)
	if l := measure.Level(left[first+800:first+8800], 8000, 700); l < -16 || l > -9 {
		t.Errorf("the agent on the left has %.1f dBFS", l)
	}
	if l := measure.Level(right[first+800:first+8800], 8000, 700); l > -35 {
		t.Errorf("the agent is on the right, too: %.1f dBFS", l)
	}
	if l := measure.RMS(right); l < -45 {
		t.Errorf("the contact on the right has %.1f dBFS", l)
	}
	if gap := measure.LongestGap(left[first:], 8000, -60); gap < 1200*time.Millisecond || gap > 2500*time.Millisecond {
		t.Errorf("the pause is %v of silence", gap)
	}
	ann.do(on+"/hangup", nil)
	ended := ann.await(campaign.EventEnded, joined.N)
	act(campaign.RecordDelete)
	until(t, 10*time.Second, "the file is gone", func() bool {
		_, err := os.Stat(file)
		return errors.Is(err, os.ErrNotExist)
	})
	ann.do(on+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ann.do(on+"/done", desk.DoneAnd{})
	ann.await(campaign.EventDone, ended.N)
	until(t, 10*time.Second, "history tells of consent and deletion", func() bool {
		_, text := ann.ask(http.MethodGet, "/api/v1/history", nil)
		return strings.Contains(text, `"recording":"deleted"`) && strings.Contains(text, `"consent":"given"`)
	})
}

// The recording announces itself: the agent hears it, the page is told, and the
// file begins behind it; a pause holds. Then the agent's own consent.
func TestRecordingAnnounced(t *testing.T) {
	f := openFloor(t, 1, "progressive\nrecording: {mode: announce, announcement: recorded.wav}", fmt.Sprintf(deskList, "R-1;Paula;"+peer.Number("02", 1)+";Ulm\n"),
		campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	heard := filepath.Join(t.TempDir(), "heard.wav")
	ear, err := media.NewFileEndpoint(media.FileOptions{Clock: f.voice.clock, Record: heard})
	if err != nil {
		t.Fatal(err)
	}
	f.voice.headsets.put("ann", ear)
	ann, boss := f.tab(t), f.tab(t)
	ann.login("ann")
	boss.login("boss")
	ann.follow()
	boss.do("/campaigns/spring/load", nil)
	ann.await(campaign.EventPopup, 0)
	ann.do("/campaigns/spring/popup", desk.PopupOK{Stage: campaign.PopupLoaded})
	boss.do("/campaigns/spring/start", nil)
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	offer := ann.await(campaign.EventOffered, 0)
	on := "/interactions/" + string(offer.Interaction)
	ann.do(on+"/accept", nil)
	ann.await(campaign.EventOpened, offer.N)
	ann.do(on+"/shown", nil)
	answered := ann.await(campaign.EventAnswered, offer.N)
	if v := answered.InteractionView; v.RecordingState != campaign.RecordingAnnouncing || v.Recording || v.RecordingBar != nil {
		t.Errorf("at the answer: %q", v.RecordingState)
	}
	begun := ann.await(campaign.EventRecording, answered.N)
	if v := begun.InteractionView; !v.Recording || begun.At.Sub(answered.At) < 900*time.Millisecond {
		t.Errorf("it is %q %v after the answer", v.RecordingState, begun.At.Sub(answered.At))
	}
	ann.do(on+"/recording", desk.RecordingSwitch{Action: campaign.RecordPause})
	ann.do(on+"/recording", desk.RecordingSwitch{Action: campaign.RecordResume})
	pass(time.Second)
	ann.do(on+"/hangup", nil)
	ended := ann.await(campaign.EventEnded, begun.N)
	channels, rate, err := measure.ReadWAV(f.folder.in(filepath.Join("recordings", string(ended.InteractionView.Attempt)+".wav")))
	if err != nil {
		t.Fatal(err)
	}
	if d := measure.Duration(len(channels[1]), rate); d < 800*time.Millisecond || measure.RMS(channels[1]) < -45 {
		t.Errorf("recorded %v, the contact has %.1f dBFS", d, measure.RMS(channels[1]))
	}
	if l := measure.Level(channels[0], rate, 2000); l > -35 {
		t.Errorf("the announcement is on the recording: %.1f dBFS", l)
	}
	if err := ear.Close(); err != nil {
		t.Fatal(err)
	}
	in, rate, err := measure.ReadWAV(heard)
	if err != nil {
		t.Fatal(err)
	}
	if l := measure.Level(in[0], rate, 2000); l < -30 {
		t.Errorf("the agent hears the announcement at %.1f dBFS", l)
	}
	until(t, 5*time.Second, "the contact heard it as well", func() bool {
		recs := f.x.Records()
		return len(recs) == 1 && recs[0].HeardDBFS > -30 && (recs[0].HeardHz == 0 || recs[0].HeardHz > 1950 && recs[0].HeardHz < 2050)
	})
	ownConsent(t, f, ann)
	writtenDown(t, f, boss, string(ended.InteractionView.Attempt))
}

// writtenDown: who listens to a recording or changes the do-not-call list is in
// the audit log, with the old and the new value.
func writtenDown(t *testing.T, f *floorUnderTest, boss *browserTab, attempt string) {
	t.Helper()
	ask := func(method, path string, body any) {
		t.Helper()
		if status, text := boss.ask(method, "/api/v1"+path, body); status/100 != 2 {
			t.Fatalf("%s %s: %d %.200s", method, path, status, text)
		}
	}
	ask(http.MethodGet, "/attempts/"+attempt+"/recording", nil)
	ask(http.MethodPost, "/dnc", desk.Blocked{Number: peer.Number("02", 1), Client: "Muster"})
	ask(http.MethodDelete, "/dnc/"+peer.Number("02", 1)+"?client=Muster", nil)
	var lines []string
	if err := f.store.AuditLog(t.Context(), campaign.AuditQuery{Who: "boss"}, func(e campaign.AuditEntry) error {
		if e.What != campaign.AuditLogin && e.What != campaign.AuditSwitched {
			lines = append(lines, fmt.Sprintf("%s %s %v %.13s → %s", e.What, e.About, e.Subject != "", e.Old, e.New))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"recording-played " + attempt + " true  → ", "dnc-added  true  → client Muster", "dnc-removed  true client Muster → "}
	if !slices.Equal(lines, want) {
		t.Errorf("the audit log has %q, want %q", lines, want)
	}
}

// ownConsent: given by herself, it stands in her account, with when and who; an
// administrator sees it; taken back it is so at once, and in the audit log.
func ownConsent(t *testing.T, f *floorUnderTest, ann *browserTab) {
	t.Helper()
	for _, given := range []bool{true, false} {
		if status, text := ann.ask(http.MethodPut, "/api/v1/session/recording-consent", desk.ConsentChange{Given: given}); status != http.StatusOK {
			t.Fatalf("consent: %d %s", status, text)
		}
		var s desk.Session
		if _, text := ann.ask(http.MethodGet, "/api/v1/session", nil); json.Unmarshal([]byte(text), &s) != nil || s.RecordingConsent == nil ||
			s.RecordingConsent.Given != given || s.RecordingConsent.By != "ann" || time.Since(s.RecordingConsent.At) > time.Minute {
			t.Errorf("her session says %s", text)
		}
	}
	var lines []string
	if err := f.store.AuditLog(t.Context(), campaign.AuditQuery{What: campaign.AuditUser, Who: "ann"}, func(e campaign.AuditEntry) error {
		lines = append(lines, e.Old+" → "+e.New)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const was, yes, no = "agent, headset browser", "agent, headset browser, consents to recording", "agent, headset browser, does not consent to recording"
	if want := []string{was + " → " + yes, yes + " → " + no}; !slices.Equal(lines, want) {
		t.Errorf("the audit log has %q", lines)
	}
}

// pass lets real time pass while sound flows.
func pass(d time.Duration) { <-time.After(d) }
