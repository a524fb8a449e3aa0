package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/sim"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// The whole program dials ahead: everybody is called once, who answers is with
// an agent at once, hears her, and is heard from the first word on.
func TestAutopilotPredictive(t *testing.T) {
	t.Parallel()              // it mostly waits for phones that ring
	rows := numbers("00", 20) // answers, speaks at once and waits for us
	for i := range 6 {
		rows = append(rows, fmt.Sprintf("%d;%s", 100+i, peer.Number("10", i))) // busy
	}
	f := newFlight(t, "mode: predictive\n", rows...)
	r, errs := f.run(t, "--agents", "4", "--hear", f.hear, "--talk", "1200ms")
	seen := map[string]int{}
	for _, a := range r.Attempts {
		seen[a.Record]++
		if a.AnsweredAt.IsZero() {
			continue
		}
		took := a.JoinedAt.Sub(a.AnsweredAt.Time)
		if a.CallResult != campaign.Answer || a.Agent == "" || a.JoinedAt.IsZero() || took < 0 || took > 2*time.Second {
			t.Errorf("attempt %+v: joined after %s", a, took)
		}
		if a.RTP == nil || a.RTP.Received == 0 {
			t.Errorf("attempt of %s: %+v", a.Record, a.RTP)
		}
	}
	if len(seen) != 26 || len(r.Attempts) != 26 || len(r.Offers) != 0 {
		t.Errorf("%d records called in %d attempts, %d offers\n%s", len(seen), len(r.Attempts), len(r.Offers), errs)
	}
	heard, _ := filepath.Glob(filepath.Join(f.hear, "*.wav"))
	loud := 0
	for _, name := range heard {
		samples, _, err := media.ReadWAVFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			if s > 1000 {
				loud++
				break
			}
		}
	}
	if loud < 20 {
		t.Errorf("%d of %d headsets heard a contact", loud, len(heard))
	}
	// What would two agents reach with such people? One command.
	args := []string{"simulate", "--campaign", "c", "--agents", "2", "--shifts", "2", "--wrap-up", "1s"}
	cells := asked[[]sim.Cell](t, f.config, args...)
	if len(cells) != 2 || cells[0].World != "c" || cells[1].Policy != sim.Predictive || cells[1].Agents != 2 || cells[1].Utilisation <= 0 {
		t.Errorf("simulated %+v", cells)
	}
	if again := asked[[]sim.Cell](t, f.config, args...); !reflect.DeepEqual(again, cells) {
		t.Errorf("and again %+v", again)
	}
	for _, wrong := range [][]string{{"--campaign", "d"}, {"--campaign", "c", "--world", "S1"}, {"--campaign", "c", "--agents", "0"}} {
		if status, out, errs := freiton(t, nil, append([]string{"simulate", "--config", f.config}, wrong...)...); status == 0 || out != "" || strings.Count(errs, "\n") > 2 {
			t.Errorf("%v: status %d %s%s", wrong, status, out, errs)
		}
	}
}

// However much the pacer would like to dial: the exchange never sees more calls
// at a time than the account may have, nor more in a second than it may begin,
// each with the caller id that is ours, and none outside the prefixes.
func TestPredictiveKeepsTheCaps(t *testing.T) {
	t.Parallel()
	const perSecond, atATime = 4, 3
	rows := append(numbers("00", 6), "90;+4312345678", "91;+433161234567")
	for i := range 10 {
		rows = append(rows, fmt.Sprintf("%d;%s", 100+i, peer.Number("10", i)))
	}
	f := newFlight(t, "mode: predictive\npacing: {max_abandoned: 100%}\ncaller_id: \"+4930901820\"\n", rows...)
	r, errs := f.run(t, "--agents", "6", "--talk", "500ms", "--set", fmt.Sprintf("dial.calls_per_second=%d", perSecond),
		"--set", fmt.Sprintf("sip.accounts.0.max_calls=%d", atATime), "--set", "dial.caller_ids=[\"+4930901820\"]")
	calls := f.exchange.Records()
	if len(calls) != 16 || len(r.Attempts) != 16 {
		t.Fatalf("%d calls, %d attempts\n%s", len(calls), len(r.Attempts), errs)
	}
	slices.SortFunc(calls, func(a, b peer.CallRecord) int { return a.Started.Compare(b.Started) })
	for i, c := range calls {
		live := 0
		for _, o := range calls[:i] {
			if o.Ended.After(c.Started) {
				live++
			}
		}
		if live >= atATime {
			t.Errorf("call %d is the %dth at a time", i, live+1)
		}
		// The gate counts when a call is permitted; on its way a packet may be late
		// by something, but not by a whole second.
		if j := i + 2*perSecond; j < len(calls) && calls[j].Started.Sub(c.Started) < time.Second {
			t.Errorf("%d calls within %s", 2*perSecond+1, calls[j].Started.Sub(c.Started))
		}
		if c.CallerID != "+4930901820" || !strings.HasPrefix(c.Number, "+49") {
			t.Errorf("call %d: to %s from %q", i, c.Number, c.CallerID)
		}
	}
	if took := calls[len(calls)-1].Started.Sub(calls[0].Started); took < (16/perSecond-2)*time.Second {
		t.Errorf("16 calls begun within %s", took)
	}
}
