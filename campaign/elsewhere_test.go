package campaign

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// readTestDocument reads "NAME MODE".
func readTestDocument(_ context.Context, row CampaignRow) (Campaign, error) {
	text := row.Document
	name, mode, ok := strings.Cut(string(text), " ")
	if !ok {
		return Campaign{}, errors.New("it names no mode")
	}
	return Campaign{Name: name, Mode: Mode(mode), Lists: []string{"l"}, Agents: AgentSet{All: true}, Document: text, Files: row.Files}, nil
}

// is fails unless a rig has the campaign in a state and a mode, paused or not.
func (r *rig) is(what string, state RunState, mode Mode, paused bool) {
	r.t.Helper()
	s, err := r.c.Snapshot(r.t.Context(), Viewer{Role: RoleAdministrator})
	if err != nil || len(s.Campaigns) != 1 {
		r.t.Fatalf("%s: %v, %d campaigns", what, err, len(s.Campaigns))
	}
	if c := s.Campaigns[0]; c.State != state || c.Mode != mode || (c.Pause != nil) != paused {
		r.t.Errorf("%s: %s %s, pause %v; want %s %s, paused %v", what, c.State, c.Mode, c.Pause, state, mode, paused)
	}
}

// Two processes share the campaigns: what one does, the other takes over within
// a second, and nothing goes back and forth. While the store is away each has
// its own word; afterwards both have the last one written.
func TestShareCampaigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		one := newSharedRig(t, t.TempDir(), store, "one", readTestDocument)
		two := newSharedRig(t, t.TempDir(), store, "two", readTestDocument)
		both := func(what string, state RunState, mode Mode, paused bool) {
			t.Helper()
			time.Sleep(time.Second)
			one.is(what+", here", state, mode, paused)
			two.is(what+", there", state, mode, paused)
		}
		apply := func(r *rig, text string) {
			t.Helper()
			doc, err := readTestDocument(t.Context(), CampaignRow{Document: []byte(text)})
			if err != nil {
				t.Fatal(err)
			}
			r.do(ClickApply{By: "admin", Campaign: &doc})
		}
		two.do(ClickLogin{Agent: "ben"})
		apply(one, "spring progressive")
		both("applied", Unloaded, ModeProgressive, false)
		one.do(ClickLoad{Campaign: "spring"})
		if p := two.until(EventPopup); p.Agent != "ben" || p.Popup.Stage != PopupLoaded {
			t.Errorf("popup %+v", p)
		}
		two.do(ClickStart{Campaign: "spring"})
		both("started", Running, ModeProgressive, false)
		apply(one, "spring predictive")
		both("another mode", Running, ModePredictive, false)

		store.setAway(errors.New("connection refused"))
		one.do(ClickStop{Campaign: "spring"})
		apply(two, "spring progressive")
		one.do(ClickStart{Campaign: "spring"})
		one.do(ClickStop{Campaign: "spring"})
		time.Sleep(3 * time.Second)
		one.is("while the store is away", Loaded, ModePredictive, false)
		two.is("while the store is away", Running, ModeProgressive, false)
		store.setAway(nil)
		time.Sleep(5 * time.Second)
		both("when it is back", Loaded, ModeProgressive, false)

		// What was written before comes first, also when it had to wait.
		one.do(ClickStart{Campaign: "spring"})
		store.setAway(errors.New("connection refused"))
		one.do(ClickStop{Campaign: "spring"})
		synctest.Wait()
		store.setAway(nil)
		one.do(ClickStart{Campaign: "spring"})
		time.Sleep(5 * time.Second)
		both("started at last", Running, ModeProgressive, false)
		one.do(ClickStop{Campaign: "spring"})
		both("stopped", Loaded, ModeProgressive, false)

		// A third one begins, with what there is, and writes nothing.
		changes := len(store.campaigns["spring"].Document)
		three := newSharedRig(t, t.TempDir(), store, "three", readTestDocument)
		three.is("begun", Loaded, ModeProgressive, false)
		if got := store.campaigns["spring"]; len(got.Document) != changes || got.State != Loaded {
			t.Errorf("the store has %+v", got)
		}
		three.close()
		two.close()
		one.close()
	})
}

// A store that takes nothing is complained of once a minute, and again when it
// has worked in between.
func TestComplainsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := newWorker(&Controller{cfg: ControllerConfig{Log: slog.New(slog.NewTextHandler(&out, nil)), Now: time.Now}})
		full := errors.New("no space left on device")
		for range 45 { // 90 s
			w.complain("write", full)
			time.Sleep(2 * time.Second)
		}
		if n := strings.Count(out.String(), "level=ERROR"); n != 2 {
			t.Errorf("%d lines in 90 s", n)
		}
		w.complain("write", nil)
		w.complain("write", full)
		w.complain("lease", full)
		if n := strings.Count(out.String(), "level=ERROR"); n != 4 {
			t.Errorf("%d lines", n)
		}
	})
}

// An unreadable document does not stop the process, nor is its state lost.
func TestShareUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		r := newSharedRig(t, t.TempDir(), store, "p", readTestDocument)
		put := func(row CampaignRow) {
			if err := store.PutCampaign(t.Context(), row); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		put(CampaignRow{Name: "spring", Document: []byte("spring preview"), State: Running})
		put(CampaignRow{Name: "autumn", Document: []byte("?"), State: Running})
		r.is("one is left out", Running, ModePreview, false)
		put(CampaignRow{Name: "spring", Document: []byte("?"), State: Loaded})
		r.is("its new document is not taken over, its state is", Loaded, ModePreview, false)
		r.close()
	})
}
