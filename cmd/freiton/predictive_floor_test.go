package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// Dialled ahead for an engaged agent: until the contact has answered and is
// hers, no byte of a record is on her wire, whatever she asks for; of a call
// that nobody answers there never is.
func TestPredictiveBlank(t *testing.T) {
	t.Parallel()
	busy, talks := peer.Number("10", 1), peer.Number("00", 2)
	f := openFloor(t, 4, "predictive", fmt.Sprintf(deskList,
		"R-8001;Quirin Zwickelbauer;"+busy+";Xanten\nR-8002;Walburga Ypsilanti;"+talks+";Zwiesel\n"),
		campaign.User{Name: "eva", Role: campaign.RoleAgent, Engaged: true}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	boss, eva := f.startSpring(t), f.tab(t)
	eva.join("eva")
	eva.plugIn()
	secrets := []string{"R-8001", "R-8002", "Quirin", "Walburga", "Xanten", "Zwiesel",
		strings.TrimPrefix(busy, "+49"), strings.TrimPrefix(talks, "+49")}
	eva.status(campaign.AgentReady)
	ringing := boss.await(campaign.EventRinging, 0)
	for _, path := range []string{"/state", "/workbin", "/contacts?q=burga", "/history", "/campaigns/spring/status", "/campaigns/spring/report",
		"/lists/customers/records", "/quality", "/interactions/" + string(ringing.Interaction) + "/history"} {
		eva.ask(http.MethodGet, "/api/v1"+path, nil)
	}
	for _, what := range []string{"/accept", "/shown", "/hold"} {
		if status, _ := eva.ask(http.MethodPost, "/api/v1/interactions/"+string(ringing.Interaction)+what, nil); status < 400 {
			t.Errorf("she has a hand on a call that is not hers: %s %d", what, status)
		}
	}
	opened := eva.await(campaign.EventOpened, 0)
	v := opened.InteractionView
	if v.Content == nil || v.Content.RecordID != "R-8002" || v.Content.Name != "Walburga Ypsilanti" || v.AnsweredAt.IsZero() || opened.At.Before(v.AnsweredAt) {
		t.Errorf("opened with %+v", v)
	}
	joined := eva.await(campaign.EventJoined, opened.N)
	before, _, _ := strings.Cut(eva.sent(), `"kind":"opened"`)
	before = before[:strings.LastIndexByte(before, '\n')]
	if !strings.Contains(before, "/history: ") {
		t.Fatalf("nothing was asked before the answer:\n%s", before)
	}
	for _, s := range secrets {
		if strings.Contains(before, s) {
			t.Errorf("%s was on the wire before the contact was hers", s)
		}
	}
	for _, s := range []string{"Quirin", "Xanten", "R-8001"} {
		if strings.Contains(eva.sent(), s) {
			t.Errorf("%s, who was busy, is on the wire", s)
		}
	}
	id := string(opened.Interaction)
	eva.do("/interactions/"+id+"/hangup", nil)
	eva.await(campaign.EventEnded, joined.N)
	eva.do("/interactions/"+id+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	eva.do("/interactions/"+id+"/done", nil)
}

// An empty chair: from ann's page come packets of digital silence. The contact
// goes on to the next agent, who is heard, and ann is Not ready and told why.
func TestPredictiveEmptyChair(t *testing.T) {
	t.Parallel()
	f := openFloor(t, 4, "predictive", fmt.Sprintf(deskList, "R-1;Ada;"+peer.Number("02", 1)+";Ulm\n"),
		campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "ben", Role: campaign.RoleAgent},
		campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	boss, ann, ben := f.startSpring(t), f.tab(t), f.tab(t)
	ann.join("ann")
	ben.join("ben")
	ann.plugInWith(func(payload []byte) {
		for i := range payload {
			payload[i] = 0xd5 // A-law's zero
		}
	})
	ben.plugIn()
	ann.status(campaign.AgentReady) // she is free longest
	hers := ann.await(campaign.EventJoined, 0)
	ben.status(campaign.AgentReady)
	gone := ann.await(campaign.EventWithdrawn, hers.N)
	if v := gone.InteractionView; v.ID != hers.Interaction || gone.Reason == nil || gone.Reason.Code != campaign.ReasonUnheard {
		t.Errorf("taken from her: %+v because %+v", v, gone.Reason)
	}
	if after := gone.At.Sub(hers.At); after < 2900*time.Millisecond {
		t.Errorf("after %s already", after)
	}
	var s desk.State
	until(t, 5*time.Second, "she is Not ready and knows why", func() bool {
		_, text := ann.ask(http.MethodGet, "/api/v1/state", nil)
		return json.Unmarshal([]byte(text), &s) == nil && s.Me.Status == campaign.AgentNotReady && s.Me.Reason == "no sound from the headset" && s.Me.Interaction == ""
	})
	took := boss.awaitThat("the contact is with ben", func(e campaign.Event) bool {
		v := e.InteractionView
		return e.Kind == campaign.EventJoined && v.Agent == "ben" && v.Attempt == hers.InteractionView.Attempt
	})
	if _, text := boss.ask(http.MethodGet, "/api/v1/campaigns/spring/status", nil); !strings.Contains(text, `"pacing":"one call for each free agent`) {
		t.Errorf("why it does not dial ahead: %s", text)
	}
	if c := took.InteractionView; c.Content != nil && c.Content.RecordID != hers.InteractionView.Content.RecordID {
		t.Errorf("another record: %+v", c)
	}
	id := string(took.Interaction)
	// Ben hums: 4 s after the join the call is still his.
	unheard := took.At.Add(4 * time.Second)
	until(t, 20*time.Second, "the guard's time is over", func() bool { return time.Now().After(unheard) })
	_, text := ben.ask(http.MethodGet, "/api/v1/state", nil)
	if !strings.Contains(text, id) || strings.Contains(ben.sent(), `"kind":"withdrawn"`) {
		t.Errorf("an agent who speaks loses her call: %s", text)
	}
	ben.do("/interactions/"+id+"/hangup", nil)
	ben.await(campaign.EventEnded, took.N)
	ben.do("/interactions/"+id+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	ben.status(campaign.AgentNotReady)
	ben.do("/interactions/"+id+"/done", nil)
}

// A contact who finds no agent hears the announcement from its first word,
// begun within 2 s of the answer, to its last; nobody dials her by machine for
// 72 h, and the day's proof tells of her.
func TestPredictiveAbandoned(t *testing.T) {
	const length = 800 * time.Millisecond
	row := func(i int) string { return fmt.Sprintf("R-%d;Ada;%s;Ulm\n", i, peer.Number("03", i)) }
	f := openFloor(t, 8, "predictive\npacing: {max_abandoned: 100%}\ntreatments: [{on: abandoned, retry_in: 1s, max: 9}]", fmt.Sprintf(deskList, row(0)),
		campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	f.change(t, func(c *campaign.Campaign) {
		c.Announcement = filepath.Join(t.TempDir(), "sorry.wav")
		if err := media.WriteWAVFile(c.Announcement, 8000, media.Tone(440, length, -20)); err != nil {
			t.Fatal(err)
		}
		for i := range c.Rules.Profiles {
			c.Rules.Profiles[i].LockAfter = 72 * time.Hour
		}
	})
	boss, ann := f.startSpring(t), f.tab(t)
	ann.join("ann")
	ann.plugIn()
	var since uint64
	began, lost := time.Duration(0), 0
	for {
		ann.status(campaign.AgentReady)
		since = boss.await(campaign.EventRinging, since).N
		ann.status(campaign.AgentNotReady) // it rings, and nobody is there any more
		since = boss.await(campaign.EventEnded, since).N
		lost++
		until(t, 5*time.Second, "the exchange knows that it is over", func() bool { return f.x.Live() == 0 })
		r := f.x.Records()[lost-1]
		if r.Heard.IsZero() || r.EndedBy != "caller" {
			t.Fatalf("no announcement was heard: %+v", r)
		}
		if heard := r.Ended.Sub(r.Heard); heard < length-60*time.Millisecond {
			t.Errorf("of an announcement of %s only %s was heard", length, heard)
		}
		began = r.Heard.Sub(r.Answered)
		t.Logf("the announcement was heard %s after the answer", began)
		if began < 1500*time.Millisecond {
			t.Errorf("no agent was waited for: the announcement came %s after the answer", began)
		}
		if began <= 2*time.Second {
			break
		}
		if lost == 3 {
			t.Fatalf("the announcement began %s after the answer", began)
		}
		// Another chance, on a machine that stood still at the wrong moment.
		if _, err := (listFiles{f.store, f.cfg}).Import(t.Context(), "customers", strings.NewReader(fmt.Sprintf(deskList, row(lost))), desk.ImportOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	// The treatment would have her called again after a second; the lock stands before it.
	ann.status(campaign.AgentReady)
	until(t, 10*time.Second, "the record says why it is not dialled", func() bool {
		_, text := boss.ask(http.MethodGet, "/api/v1/records/R-0/why", nil)
		return strings.Contains(text, "after an abandoned call")
	})
	var n, again int
	if err := f.store.Attempts(t.Context(), "spring", func(a campaign.Attempt) error {
		if n++; a.RecordID == "R-0" && !a.DialedAt.IsZero() {
			again++
		}
		return nil
	}); err != nil || again != 1 {
		t.Errorf("R-0 was dialled %d times (%d attempts): %v", again, n, err)
	}
	ann.status(campaign.AgentNotReady)
	var p campaign.AbandonmentProof
	_, text := boss.ask(http.MethodGet, "/api/v1/campaigns/spring/abandonment", nil)
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Abandoned != lost || p.LiveAnswers != lost || len(p.Calls) != lost || p.Sum != p.Checksum() {
		t.Errorf("the proof: %s", text)
	}
	for _, c := range p.Calls {
		if c.StayedMS < (1500*time.Millisecond + length - 60*time.Millisecond).Milliseconds() {
			t.Errorf("the proof of a call: %+v", c)
		}
	}
}
