package campaign

import (
	"testing"
	"testing/synctest"
	"time"
)

// In preview the agent sees the other numbers, and may dial one of them, or a
// new one.
func TestPreviewNumbers(t *testing.T) {
	for _, number := range []string{"", "+4930777", "+4930888"} {
		f, w := workIn(t, ModePreview, StateOpen)
		w.lease.Others = []OtherNumber{{"+4930777", "office"}}
		w.attempt.ID = ""
		if o := w.view(true).Content.Others; len(o) != 1 || o[0].Number != "+4930777" {
			t.Errorf("shown are %+v", o)
		}
		if err := f.step(w, onCall, ClickCall{Agent: "ann", Number: number}); err != nil {
			t.Fatal(err)
		}
		f.step(w, onPermitted, nil)
		var dialled string
		for _, c := range f.out.Line {
			if d, ok := c.(Dial); ok {
				dialled = d.Number
			}
		}
		if number != "" && dialled != number || number == "" && dialled != w.lease.Record.Phone {
			t.Errorf("%q: dialled %q", number, dialled)
		}
	}
}

// The store gets it with the permit, once.
func TestPreviewNumberIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore(testRecords(1, "0")...)
		r := newRig(t, t.TempDir(), store)
		c := testCampaign()
		c.Mode = ModePreview
		r.do(ClickApply{Campaign: c, State: Running}, ClickLogin{Agent: "ann"}, ClickJoin{"ann", "spring"}, ClickGetRecord{"ann", "spring"})
		v := r.until(EventOpened).InteractionView
		r.do(ClickCall{"ann", v.ID, "+49307770"})
		r.until(EventJoined)
		r.do(ClickHangup{"ann", v.ID})
		r.until(EventEnded)
		time.Sleep(time.Second)
		synctest.Wait()
		store.mu.Lock()
		if len(store.records) != 2 || store.records[1].Phone != "+49307770" || store.records[1].Chain != store.records[0].Chain {
			t.Errorf("%+v", store.records[1:])
		}
		// What becomes of the call is the number's that was called.
		for _, id := range store.order {
			if a := store.attempts[id]; a.Record != 2 || a.RecordID != store.records[1].ID {
				t.Errorf("the call to %s is an attempt of record %q", a.Number, a.RecordID)
			}
		}
		store.mu.Unlock()
		r.close()
	})
}
