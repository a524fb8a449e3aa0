package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/sip/peer"
)

const deskList = "id;Name;Telefon;City\n%s"

// The whole way of a record over HTTP: log in, popup, preview, shown, call,
// hold, result, done, history; and the record is shown before it is dialled.
func TestDesktopCall(t *testing.T) {
	f := openFloor(t, 4, "progressive", fmt.Sprintf(deskList, "R-7001;Paula <script>alert(1)</script>;"+peer.Number("02", 1)+";Ulm\n"),
		campaign.User{Name: "ann", Role: campaign.RoleAgent}, campaign.User{Name: "boss", Role: campaign.RoleSupervisor})
	ann, boss := f.tab(t), f.tab(t)
	ann.login("ann")
	boss.login("boss")
	f.wear(t, "ann")
	ann.follow()
	if status, text := ann.ask(http.MethodPost, "/api/v1/campaigns/spring/load", nil); status != http.StatusForbidden {
		t.Errorf("an agent loads a campaign: %d %s", status, text)
	}
	boss.do("/campaigns/spring/load", nil)
	if p := ann.await(campaign.EventPopup, 0); p.Popup == nil || p.Popup.Stage != campaign.PopupLoaded {
		t.Errorf("popup %+v", p)
	}
	ann.do("/campaigns/spring/popup", desk.PopupOK{Stage: campaign.PopupLoaded})
	boss.do("/campaigns/spring/start", nil)
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})
	offer := ann.await(campaign.EventOffered, 0)
	id := string(offer.Interaction)
	if c := offer.InteractionView.Content; c == nil || c.RecordID != "R-7001" || !strings.Contains(c.Name, "<script>") {
		t.Errorf("offered content %+v", c)
	}
	if strings.Contains(ann.sent(), "<script") {
		t.Error("markup of a contact's name is on the wire")
	}
	other := f.tab(t)
	other.login("boss")
	if status, text := other.ask(http.MethodPost, "/api/v1/interactions/"+id+"/accept", nil); status != http.StatusConflict && status != http.StatusNotFound {
		t.Errorf("somebody else accepts: %d %s", status, text)
	}
	ann.do("/interactions/"+id+"/accept", nil)
	ann.await(campaign.EventOpened, offer.N)
	if n := len(f.x.Records()); n != 0 {
		t.Fatalf("%d calls before the record was shown", n)
	}
	ann.do("/interactions/"+id+"/shown", nil)
	ann.await(campaign.EventJoined, offer.N)
	if status, text := ann.ask(http.MethodGet, "/api/v1/interactions/"+id+"/history", nil); status != http.StatusOK {
		t.Errorf("contact's history: %d %s", status, text)
	}
	var q desk.Quality
	if _, text := ann.ask(http.MethodGet, "/api/v1/quality", nil); json.Unmarshal([]byte(text), &q) != nil || q.Contact == nil || q.Contact.Codec == "" {
		t.Errorf("quality %s", text)
	}
	ann.do("/interactions/"+id+"/hold", nil)
	ann.await(campaign.EventHeld, offer.N)
	ann.do("/interactions/"+id+"/resume", nil)
	ann.await(campaign.EventResumed, offer.N)
	note := "wants a <b>quote</b> & calls back"
	answer := campaign.Answer
	ann.do("/interactions/"+id+"/result", desk.Outcome{Result: &answer, Note: &note})
	ann.do("/interactions/"+id+"/hangup", nil)
	ann.await(campaign.EventEnded, offer.N)
	if status, text := ann.ask(http.MethodDelete, "/api/v1/session", nil); status != http.StatusConflict {
		t.Errorf("log off in after-call work: %d %s", status, text)
	}
	ann.do("/interactions/"+id+"/done", desk.DoneAnd{})
	ann.await(campaign.EventDone, offer.N)
	until(t, 5*time.Second, "the call is in her history", func() bool {
		_, text := ann.ask(http.MethodGet, "/api/v1/history", nil)
		var calls []desk.PastCall
		return json.Unmarshal([]byte(text), &calls) == nil && len(calls) == 1 && calls[0].Result == "answer" && calls[0].Note == note && calls[0].RecordID == "R-7001"
	})
	if recs := f.x.Records(); len(recs) != 1 || len(recs[0].Violations) > 0 {
		t.Errorf("the exchange's records %+v", recs)
	}
	f.again(t)
	correctsAfterRestart(t, f, f.tab(t), id)
}

// correctsAfterRestart: after a restart the call is among her last ones, under
// its old name; what she corrects reaches the record, and its old value is in
// her history and in the audit log.
func correctsAfterRestart(t *testing.T, f *floorUnderTest, ann *browserTab, id string) {
	t.Helper()
	ann.login("ann")
	var s desk.State
	if _, text := ann.ask(http.MethodGet, "/api/v1/state", nil); json.Unmarshal([]byte(text), &s) != nil || len(s.Recent) != 1 || string(s.Recent[0].ID) != id ||
		s.Recent[0].Result != campaign.Answer || s.Recent[0].Content == nil || s.Recent[0].Content.RecordID != "R-7001" {
		t.Fatalf("her last calls after a restart: %s", text)
	}
	at := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	ann.do("/interactions/"+id+"/correct", desk.Outcome{Callback: &desk.CallbackWish{At: at, Personal: true}})
	record := func() (r campaign.Record) {
		if err := f.store.Records(t.Context(), campaign.RecordQuery{List: "customers"}, func(x campaign.Record) error { r = x; return nil }); err != nil {
			t.Fatal(err)
		}
		return r
	}
	until(t, 5*time.Second, "the callback is written", func() bool {
		r := record()
		return r.Status == campaign.Ready && r.Type == campaign.PersonalRescheduled && r.Owner == "ann" && r.NextDial.Equal(at) && r.Attempts == 1
	})
	ann.do("/interactions/"+id+"/correct", desk.Outcome{Result: ptr(campaign.WrongNumber), Callback: &desk.CallbackWish{}})
	until(t, 5*time.Second, "the result is written", func() bool {
		r := record()
		return r.Status == campaign.Updated && r.Result == campaign.WrongNumber && r.Owner == "" && r.Attempts == 1
	})
	var calls []desk.PastCall
	if _, text := ann.ask(http.MethodGet, "/api/v1/history", nil); json.Unmarshal([]byte(text), &calls) != nil || len(calls) != 1 || len(calls[0].Was) != 1 || calls[0].Was[0].Result != "answer" {
		t.Errorf("history: %s", text)
	}
	var lines []string
	if err := f.store.AuditLog(t.Context(), campaign.AuditQuery{What: campaign.AuditCorrected}, func(e campaign.AuditEntry) error {
		lines = append(lines, fmt.Sprintf("%s: %s → %s", e.Who, e.Old, e.New))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	callback := "answer, with a note, personal callback " + at.Format(time.RFC3339)
	if want := []string{"ann: answer, with a note → " + callback, "ann: " + callback + " → wrong-number, with a note"}; !slices.Equal(lines, want) {
		t.Errorf("the audit log has %q, want %q", lines, want)
	}
}

// While the record of an engaged agent is blank, no byte of it is on her wire,
// whatever she asks for.
func TestDesktopBlank(t *testing.T) {
	busy, talks := peer.Number("10", 1), peer.Number("02", 2)
	f := openFloor(t, 4, "progressive", fmt.Sprintf(deskList,
		"R-8001;Quirin Zwickelbauer;"+busy+";Xanten\nR-8002;Walburga Ypsilanti;"+talks+";Zwiesel\n"),
		campaign.User{Name: "eva", Role: campaign.RoleAgent, Engaged: true}, campaign.User{Name: "boss", Role: campaign.RoleAdministrator})
	eva, boss := f.tab(t), f.tab(t)
	eva.login("eva")
	boss.login("boss")
	f.wear(t, "eva")
	eva.follow()
	boss.do("/campaigns/spring/load", nil)
	boss.do("/campaigns/spring/start", nil)
	eva.await(campaign.EventPopup, 0)
	eva.do("/campaigns/spring/popup", desk.PopupOK{Stage: campaign.PopupStarted})
	eva.do("/agent/status", desk.StatusChange{Status: campaign.AgentReady})

	secrets := []string{"R-8001", "R-8002", "Quirin", "Walburga", "Xanten", "Zwiesel"}
	for _, n := range []string{busy, talks} {
		digits := strings.TrimPrefix(n, "+")
		secrets = append(secrets, digits, strings.TrimPrefix(digits, "49"))
	}
	var since uint64
	clean := func(when string) {
		t.Helper()
		for _, path := range []string{"/state", "/workbin", "/contacts?q=Walburga", "/contacts?q=" + strings.TrimPrefix(talks, "+"), "/history", "/session",
			"/campaigns/spring/texts", "/campaigns/spring/responses?q=fair", "/campaigns/spring/status", "/campaigns/spring/report", "/campaigns/spring",
			"/lists", "/lists/customers/records", "/records/R-8002", "/records/R-8002/why", "/quality", "/dnc", "/users", "/server"} {
			asked := path[strings.LastIndex(path, "/"):]
			_, text := eva.ask(http.MethodGet, "/api/v1"+path, nil)
			for _, s := range secrets {
				if strings.Contains(text, s) && !strings.Contains(asked, s) {
					t.Errorf("%s: GET %s tells %s: %s", when, path, s, text)
				}
			}
		}
		eva.mu.Lock()
		defer eva.mu.Unlock()
		for _, line := range strings.Split(eva.wire.String(), "\n") {
			if strings.HasPrefix(line, "GET ") { // her own question, with the words in it
				continue
			}
			for _, s := range secrets {
				if strings.Contains(line, s) {
					t.Errorf("%s: %s is on the wire: %s", when, s, line)
				}
			}
		}
	}
	work := func() (offer campaign.Event) {
		offer = eva.await(campaign.EventOffered, since)
		clean("offered")
		id := string(offer.Interaction)
		eva.do("/interactions/"+id+"/accept", nil)
		eva.await(campaign.EventOpened, offer.N)
		if status, _ := eva.ask(http.MethodGet, "/api/v1/interactions/"+id+"/history", nil); status != http.StatusForbidden {
			t.Errorf("history of a blank record: %d", status)
		}
		eva.ask(http.MethodPost, "/api/v1/interactions/"+id+"/call", desk.CallTo{})
		eva.ask(http.MethodPost, "/api/v1/interactions/"+id+"/hold", nil)
		clean("opened")
		eva.do("/interactions/"+id+"/shown", nil)
		return offer
	}
	first := work() // busy: stays blank for good
	ended := eva.await(campaign.EventEnded, first.N)
	clean("busy")
	since = ended.N
	second := work()
	answered := eva.await(campaign.EventAnswered, second.N)
	if c := answered.InteractionView.Content; c == nil || c.RecordID != "R-8002" || c.Name != "Walburga Ypsilanti" {
		t.Fatalf("the answer does not fill the record: %+v", c)
	}
	// All that came before the answer, event for event.
	for _, line := range strings.Split(eva.sent(), "\n") {
		if strings.Contains(line, `"kind":"answered"`) {
			break
		}
		for _, s := range secrets {
			if strings.Contains(line, s) && !strings.HasPrefix(line, "GET ") {
				t.Errorf("%s before the answer: %s", s, line)
			}
		}
	}
	if _, text := eva.ask(http.MethodGet, "/api/v1/contacts?q=Walburga", nil); !strings.Contains(text, "R-8002") {
		t.Errorf("after the answer the directory is open: %s", text)
	}
	eva.do("/interactions/"+string(second.Interaction)+"/hangup", nil)
	eva.await(campaign.EventEnded, second.N)
	eva.do("/interactions/"+string(second.Interaction)+"/result", desk.Outcome{Result: ptr(campaign.Answer)})
	eva.do("/interactions/"+string(second.Interaction)+"/done", nil)
	eva.await(campaign.EventDone, second.N)
	until(t, 5*time.Second, "her history has both calls", func() bool {
		_, text := eva.ask(http.MethodGet, "/api/v1/history", nil)
		if strings.Contains(text, "Quirin") || strings.Contains(text, "R-8001") || strings.Contains(text, strings.TrimPrefix(busy, "+")) {
			t.Fatalf("the history tells the record that stayed blank: %s", text)
		}
		return strings.Contains(text, "R-8002") && strings.Contains(text, `"busy"`)
	})
}

func ptr[T any](v T) *T { return &v }

// demo prints its link alone on the last line, and the link opens the desktop,
// once.
func TestDemoLink(t *testing.T) {
	demo := startChild(t, "demo", "--data", t.TempDir())
	until(t, 20*time.Second, "the link", func() bool { return strings.Contains(demo.out.String(), "\n") })
	link := strings.TrimSuffix(demo.out.String(), "\n")
	base, _, ok := strings.Cut(link, "/login?token=")
	if !ok || strings.ContainsAny(link, " \n") {
		t.Fatalf("not a link alone: %q", link)
	}
	b := (&floorUnderTest{url: base}).tab(t)
	if status, text := b.ask(http.MethodGet, strings.TrimPrefix(link, base), nil); status != http.StatusOK || !strings.Contains(text, "<html") {
		t.Fatalf("the link: %d %.200s", status, text)
	}
	var s desk.State
	if status, text := b.ask(http.MethodGet, "/api/v1/state", nil); status != http.StatusOK || json.Unmarshal([]byte(text), &s) != nil ||
		s.Me == nil || len(s.Campaigns) != 1 || s.Campaigns[0].Name != "practice" {
		t.Errorf("state: %d %.300s", status, text)
	}
	again := (&floorUnderTest{url: base}).tab(t)
	again.ask(http.MethodGet, strings.TrimPrefix(link, base), nil)
	if status, _ := again.ask(http.MethodGet, "/api/v1/state", nil); status != http.StatusUnauthorized {
		t.Errorf("the link works twice: %d", status)
	}
}

// The demo without a person: every practice contact is called, and every call
// comes out as its fate says.
func TestDemoAutopilot(t *testing.T) {
	t.Parallel() // it mostly waits for phones that ring
	demo := startChild(t, "demo", "--data", t.TempDir(), "--autopilot", "--exit-when-done", "--speed", "6", "--agents", "24", "--talk", "1s")
	if code := demo.wait(t, 3*time.Minute); code != 0 || !strings.Contains(demo.errs.String(), "\n53 of 53 calls came out as their fate says\n") {
		t.Errorf("exit status %d\n%s", code, demo.errs.String())
	}
}
