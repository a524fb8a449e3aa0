package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/sip/peer"
)

// A process killed in the middle of an erasure: the next one completes it, and
// no file of the data folder holds the person any more; who asked not to be
// called is not called when a list brings the number back.
func TestKilledErasing(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "", numbers("02", 2)...)
	f.run(t)
	number := peer.Number("02", 1)
	if status, _, errs := freiton(t, nil, "dnc", "add", number, "--config", f.config); status != 0 {
		t.Fatal(errs)
	}
	data := dataOf(t, f.config)
	// Each try is killed at another moment of its work.
	for _, after := range []time.Duration{0, 40 * time.Millisecond, 120 * time.Millisecond, 300 * time.Millisecond} {
		c := startChild(t, "person", "erase", number, "--reason", "letter", "--config", f.config)
		timer := time.NewTimer(after)
		select {
		case <-timer.C:
			_ = c.cmd.Process.Signal(syscall.SIGKILL)
		case <-c.done:
		}
		timer.Stop()
		<-c.done
	}
	if status, _, errs := freiton(t, nil, "person", "erase", number, "--config", f.config); status != 0 {
		t.Fatal(errs)
	}
	d := asked[campaign.Dossier](t, f.config, "person", "show", number)
	if len(d.Records)+len(d.Attempts) != 0 || len(d.Erasures) == 0 || len(d.DoNotCall) == 0 || !d.DoNotCall[0].Hashed {
		t.Errorf("%+v", d)
	}
	for _, e := range d.Erasures {
		if e.DoneAt.IsZero() {
			t.Errorf("erasure %s is not done", e.ID)
		}
	}
	err := filepath.WalkDir(data, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Type()&os.ModeSocket != 0 {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), number) {
			t.Errorf("%s still holds %s", path, number)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if r, errs := f.run(t, "--fresh"); len(r.Attempts) != 1 || r.Attempts[0].Phone == number {
		t.Errorf("%d attempts after the list came again\n%s", len(r.Attempts), errs)
	}
}
