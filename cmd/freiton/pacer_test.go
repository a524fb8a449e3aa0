package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// What the pacer has learned survives a restart, and a damaged file only costs
// what was in it.
func TestPacerRemembers(t *testing.T) {
	file := filepath.Join(t.TempDir(), pacerFile)
	log := slog.New(slog.DiscardHandler)
	p := openPacer(file, graceOfLaw, log)
	for i := range int64(50) {
		p.Observe(campaign.PacingEvent{Campaign: "spring", Kind: campaign.PacingDialled, Dial: i})
		p.Observe(campaign.PacingEvent{Campaign: "spring", Kind: campaign.PacingAnswered, Dial: i, After: 9 * time.Second})
		p.Observe(campaign.PacingEvent{Campaign: "spring", Kind: campaign.PacingJoined, Dial: i})
		p.Observe(campaign.PacingEvent{Campaign: "spring", Kind: campaign.PacingTalked, After: 2 * time.Minute})
	}
	want := p.Stats("spring")
	p.Close()
	p = openPacer(file, graceOfLaw, log)
	if got := p.Stats("spring"); !reflect.DeepEqual(got.Talk, want.Talk) || got.Answers.Slow != want.Answers.Slow || got.Theta != want.Theta || got.Joined != 50 {
		t.Errorf("after a restart %+v", got)
	}
	p.Close()
	if err := os.WriteFile(file, []byte("{damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	p = openPacer(file, graceOfLaw, log)
	if got := p.Stats("spring"); got.Joined != 0 {
		t.Errorf("out of a damaged file: %+v", got)
	}
	p.Close()
	p = openPacer(file, graceOfLaw, log)
	defer p.Close()
	if got := p.Stats("spring"); got.Joined != 0 {
		t.Errorf("%+v", got)
	}
}
