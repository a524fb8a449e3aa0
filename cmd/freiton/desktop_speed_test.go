package main

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
)

// TestEventToScreen: 50 desktops follow the floor, and one real page among
// them shows what happened: from the server's time of an event to the change
// of the page, on one clock.
func TestEventToScreen(t *testing.T) {
	const desktops = 50
	changes, bound := 60, time.Second  // beside other tests, with the race detector
	if os.Getenv("SCREEN") == "full" { // make screen
		changes, bound = 600, 100*time.Millisecond
	}
	users := []campaign.User{{Name: "ann", Role: campaign.RoleAgent}}
	for i := range desktops - 1 {
		users = append(users, campaign.User{Name: campaign.AgentID(fmt.Sprintf("sup-%d", i)), Role: campaign.RoleSupervisor})
	}
	f := openFloor(t, 1, "progressive", oneRecord, users...)
	for i := range desktops - 1 {
		tab := f.tab(t)
		tab.login(string(users[1+i].Name))
		tab.follow()
	}
	witness := f.tab(t)
	witness.login("sup-0")
	witness.follow()
	p := pagetest.Open(t, pagetest.Browser(t), f.url+"/", "en")
	p.LogIn("ann", agentPassword, pagetest.Words("en"))
	p.Press("Not ready", p.Find("group", "My status"))
	p.Evaluate(`(() => {
		window.changes = {};
		new MutationObserver(() => {
			for (const m of document.body.textContent.matchAll(/reason-(\d+)\./g)) window.changes[m[1]] ??= performance.timeOrigin + performance.now();
		}).observe(document.body, {subtree: true, childList: true, characterData: true});
	})()`, nil)
	var late []time.Duration
	since := witness.last(campaign.EventAgent)
	for i := range changes {
		if err := f.control.Do(t.Context(), campaign.ClickStatus{Agent: "ann", Status: campaign.AgentNotReady, Reason: fmt.Sprintf("reason-%d.", i)}); err != nil {
			t.Fatal(err)
		}
		e := witness.await(campaign.EventAgent, since)
		since = e.N
		var shown float64
		p.Until("the change on the screen", func() bool {
			p.Evaluate(fmt.Sprintf("window.changes[%d] || 0", i), &shown)
			return shown > 0
		})
		late = append(late, time.UnixMicro(int64(shown*1000)).Sub(e.At))
	}
	slices.Sort(late)
	p50, p99 := late[len(late)/2], late[len(late)*99/100]
	t.Logf("%d desktops, %d events: event to screen p50 %v, p99 %v", desktops, changes, p50.Round(100*time.Microsecond), p99.Round(100*time.Microsecond))
	if late[0] < 0 || p50 > 100*time.Millisecond || p99 > bound {
		t.Errorf("event to screen: p50 %v, p99 %v, the soonest %v", p50, p99, late[0])
	}
}
