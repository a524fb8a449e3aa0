package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

const evilName = `<script>alert(1)</script>`

// openContacts is a house with two lists: ann and eva work spring's.
func openContacts(t *testing.T) *house {
	h := openHouse(t, nil)
	h.store.campaigns["spring"] = campaign.CampaignRow{Name: "spring", Document: []byte("name: spring")} // its list is "customers"
	h.store.records = []campaign.Record{
		{List: "customers", ID: "1", Name: "Anna", Person: "p/1", Phone: "+4930231250", PhoneType: "Tel", Fields: []campaign.Field{{Name: "Tel", Value: "030"}, {Name: "Ort", Value: "Köln"}}},
		{List: "secret", ID: "1", Name: "Anna", Person: "p/1", Phone: "+4930231251", Fields: []campaign.Field{{Name: "Kredit", Value: "schlecht"}}},
		{List: "secret", ID: "2", Name: "Otto", Person: "p2", Phone: "+4930231252"},
	}
	content := &campaign.Content{List: "customers", RecordID: "1", Name: "Anna", Number: "+4930231250"}
	h.hall.set(func(l *hall) {
		l.snap.Campaigns = []campaign.CampaignView{{Name: "spring", State: campaign.Running, Mode: campaign.ModeProgressive, Joined: []campaign.AgentID{"ann"}, Assigned: campaign.AgentSet{All: true}}}
		l.snap.Agents = []campaign.AgentView{{Agent: "ann"}}
		l.snap.Interactions = []campaign.InteractionView{
			{ID: "i-ann", Agent: "ann", State: campaign.StateTalking, AnsweredAt: h.clock.now(), Content: content},
			{ID: "i-eva", Agent: "eva", State: campaign.StateDialing, Blank: true},
			{ID: "i-sue", Agent: "sue", Kind: campaign.KindManual, State: campaign.StateTalking, AnsweredAt: h.clock.now(), Content: &campaign.Content{Number: "+4930999999"}},
		}
	})
	return h
}

// What an agent changes of a contact everybody reads; she reaches those of her
// lists and sees no column of others.
func TestContactChange(t *testing.T) {
	h := openContacts(t)
	ann, sue := h.visitor(t), h.visitor(t)
	ann.login("ann")
	sue.login("sue")
	read := func(a answer) (c Contact) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.text), &c); a.status != 200 || err != nil {
			t.Fatalf("%d %s", a.status, a.text)
		}
		return c
	}
	c := read(ann.ask("GET", "/api/v1/interactions/i-ann/contact", ""))
	if c.ID != "p/1" || len(c.Fields) != 2 || !c.Fields[0].Locked || c.Fields[1].Locked || len(c.Numbers) != 1 {
		t.Errorf("hers: %+v", c)
	}
	a := ann.ask("PUT", "/api/v1/interactions/i-ann/contact", `{"name":"`+evilName+`","fields":[{"name":"Ort","value":"Bonn"}]}`)
	if c = read(a); c.Name != evilName || c.Fields[1].Value != "Bonn" || c.ChangedBy != "ann" || strings.Contains(a.text, "Kredit") {
		t.Errorf("changed: %s", a.text)
	}
	if did := h.hall.did(); len(did) != 1 || did[0].(campaign.ClickContact).Person != "p/1" {
		t.Errorf("told the floor: %+v", did)
	}
	if c = read(sue.ask("GET", "/api/v1/contacts/p%2F1", "")); c.Name != evilName || len(c.Numbers) != 2 {
		t.Errorf("the supervisor's: %+v", c)
	}
	ann.want(ann.ask("PUT", "/api/v1/contacts/p%2F1", `{"fields":[{"name":"Tel","value":"110"}]}`), 422, campaign.ReasonBadInput)
	ann.want(ann.ask("PUT", "/api/v1/contacts/p%2F1", `{"fields":[{"name":"Kredit","value":"gut"}]}`), 422, campaign.ReasonBadInput)
	ann.want(ann.ask("PUT", "/api/v1/contacts/p%2F1", `{"name":"a\u0000b"}`), 422, campaign.ReasonBadInput)
	ann.want(ann.ask("GET", "/api/v1/contacts/p2", ""), 404, "")
	ann.want(ann.ask("PUT", "/api/v1/contacts/p2", `{"name":"x"}`), 404, "")
	ann.want(ann.ask("GET", "/api/v1/contact/p2", ""), 404, CodeNoOperation)
	ann.want(ann.ask("POST", "/api/v1/contacts/p2", `{}`), 404, CodeNoOperation)
	ann.want(ann.ask("PUT", "/api/v1/interactions/i-sue/contact", `{"name":"x"}`), 404, campaign.ReasonNoInteraction)

	n := read(ann.ask("POST", "/api/v1/contacts", `{"name":" Gisela ","number":"+4930231299","fields":[{"name":"E-Mail","value":"g@example.de"}]}`))
	if n.ID != "number:+4930231299" || n.Name != "Gisela" || n.Number != "+4930231299" {
		t.Errorf("new: %+v", n)
	}
	ann.want(ann.ask("POST", "/api/v1/contacts", `{"name":"Gisela","number":"+4930231299"}`), 409, CodeExists)
	ann.want(ann.ask("POST", "/api/v1/contacts", `{"name":" ","number":"+4930231298"}`), 422, campaign.ReasonBadInput)
	if a := ann.ask("GET", "/api/v1/contacts?q=gisela", ""); !strings.Contains(a.text, "g@example.de") {
		t.Errorf("not found: %s", a.text)
	}
	if u := read(sue.ask("PUT", "/api/v1/interactions/i-sue/contact", `{"name":"Walter"}`)); u.ID != "number:+4930999999" || u.Name != "Walter" {
		t.Errorf("a caller nobody knew: %+v", u)
	}
}

// Before the answer an engaged agent gets nothing of a contact, wherever she asks.
func TestContactsBeforeAnswer(t *testing.T) {
	h := openContacts(t)
	h.store.attempts = []campaign.Attempt{{ID: "a1", Campaign: "spring", Agent: "eva", List: "customers", RecordID: "1", Number: "+4930231250", Person: "p/1", DialedAt: h.clock.now()}}
	eva := h.visitor(t)
	eva.login("eva")
	for _, ask := range [][2]string{
		{"GET", "/contacts?q=anna"}, {"GET", "/contacts/p%2F1"}, {"PUT", "/contacts/p%2F1"}, {"GET", "/contacts/p%2F1/history"}, {"POST", "/contacts"},
		{"GET", "/interactions/i-eva/contact"}, {"PUT", "/interactions/i-eva/contact"}, {"GET", "/interactions/i-eva/history"},
	} {
		body := ""
		if ask[0] != "GET" {
			body = `{"name":"x","number":"030231250"}`
		}
		if ask[0] == "PUT" {
			body = `{"name":"x"}`
		}
		a := eva.ask(ask[0], "/api/v1"+ask[1], body)
		eva.want(a, 403, CodeBlank)
		for _, s := range []string{"Anna", "49302", "Köln", "customers"} {
			if strings.Contains(a.text, s) {
				t.Errorf("%v tells %s: %s", ask, s, a.text)
			}
		}
	}
	for _, path := range []string{"/history", "/workbin", "/messages"} {
		if a := eva.ask("GET", "/api/v1"+path, ""); a.status != 200 || strings.Contains(a.text, "Anna") || strings.Contains(a.text, "49302") {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
}

func TestMessages(t *testing.T) {
	h := openContacts(t)
	ann, eva, sue := h.visitor(t), h.visitor(t), h.visitor(t)
	ann.login("ann")
	eva.login("eva")
	sue.login("sue")
	s := ann.events("")
	if got := s.next("messages"); got != `{"unread":0}` {
		t.Errorf("at first %s", got)
	}
	ann.want(ann.ask("POST", "/api/v1/messages", `{"to":"all","text":"hi"}`), 403, CodeForbidden)
	sue.want(sue.ask("POST", "/api/v1/messages", `{"to":"agent","name":"nobody","text":"hi"}`), 404, "")
	sue.want(sue.ask("POST", "/api/v1/messages", `{"to":"campaign","name":"spirng","text":"hi"}`), 404, campaign.ReasonUnknownCampaign)
	sue.want(sue.ask("POST", "/api/v1/messages", `{"to":"all","text":" "}`), 422, campaign.ReasonBadInput)
	sue.want(sue.ask("POST", "/api/v1/messages", `{"to":"campaign","name":"spring","text":"Break <b>"}`, "Idempotency-Key", "k1"), 200, "")
	sue.want(sue.ask("POST", "/api/v1/messages", `{"to":"campaign","name":"spring","text":"Break <b>"}`, "Idempotency-Key", "k1"), 200, "")
	if got := s.next("messages"); !strings.Contains(got, `"unread":1`) || !strings.Contains(got, "Break") {
		t.Errorf("live: %s", got)
	}
	inbox := func(v *visitor) (m Messages) {
		t.Helper()
		if err := json.Unmarshal([]byte(v.ask("GET", "/api/v1/messages", "").text), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	in := inbox(ann)
	if in.Unread != 1 || len(in.Messages) != 1 || in.Messages[0].From != "sue" || in.Messages[0].Text != "Break <b>" || in.Messages[0].Read {
		t.Fatalf("inbox %+v", in)
	}
	ann.want(ann.ask("POST", "/api/v1/messages/read", `{"ids":["`+in.Messages[0].ID+`"]}`), 204, "")
	if got := s.next("messages"); !strings.Contains(got, `"unread":0`) {
		t.Errorf("read: %s", got)
	}
	if in := inbox(eva); in.Unread != 1 {
		t.Errorf("another's: %+v", in)
	}
	if in := inbox(sue); len(in.Sent) != 1 || in.Sent[0].To != campaign.ToCampaign {
		t.Errorf("sent: %+v", in)
	}
}

// What the dialer says of itself: a stop and another mode to who has joined,
// what a supervisor has to know to supervisors.
func TestDialersMessages(t *testing.T) {
	h := openContacts(t)
	until(t, "somebody who follows the events", func() bool {
		h.hall.mu.Lock()
		defer h.hall.mu.Unlock()
		return len(h.hall.subs) > 0
	})
	// What it was before is told as well: who follows may have begun before it was there.
	was := campaign.CampaignView{Name: "spring", State: campaign.Running, Mode: campaign.ModeProgressive, Joined: []campaign.AgentID{"ann"}}
	h.hall.tell(campaign.Event{N: 2, Kind: campaign.EventCampaign, CampaignView: &was})
	view := was
	view.Mode = campaign.ModePredictive
	h.hall.tell(campaign.Event{N: 3, Kind: campaign.EventCampaign, CampaignView: &view})
	stopped := view
	stopped.State = campaign.Loaded
	h.hall.tell(campaign.Event{N: 4, Kind: campaign.EventCampaign, CampaignView: &stopped})
	h.hall.tell(campaign.Event{N: 5, Kind: campaign.EventDeclineLots, Agent: "ann", Text: "record 1 was declined 3 times"})
	h.hall.tell(campaign.Event{N: 6, Kind: campaign.EventWarning, Agent: "ann"})
	for reader, want := range map[campaign.AgentID][]campaign.ReasonCode{
		"ann": {CodeStopped, CodeMode}, "sue": {CodeOvertime, CodeDeclinedOften}, "adm": {CodeOvertime, CodeDeclinedOften}, "eva": nil,
	} {
		var got []campaign.ReasonCode
		until(t, "messages of "+string(reader), func() bool {
			in, _ := h.store.Inbox(t.Context(), reader, 10)
			got = nil
			for _, m := range in {
				got = append(got, m.Code)
			}
			return len(got) == len(want)
		})
		if len(got) != len(want) || len(want) > 0 && (got[0] != want[0] || got[1] != want[1]) {
			t.Errorf("%s: %v, want %v", reader, got, want)
		}
	}
}

func TestPreferences(t *testing.T) {
	h := openHouse(t, nil)
	ann := h.visitor(t)
	if s := ann.login("ann"); s.Language != "" || s.Favourites == nil || len(s.Favourites) != 0 {
		t.Errorf("at first %+v", s)
	}
	ann.want(ann.ask("PUT", "/api/v1/session/preferences", `{"language":"de","favourites":["a/b.md"]}`), 204, "")
	ann.want(ann.ask("PUT", "/api/v1/session/preferences", `{"language":"xx"}`), 422, "")
	if s := h.visitor(t).login("ann"); s.Language != "de" || len(s.Favourites) != 1 || s.Favourites[0] != "a/b.md" {
		t.Errorf("then %+v", s)
	}
}

func TestOverseeing(t *testing.T) {
	h := openContacts(t)
	h.store.campaigns["spring"] = campaign.CampaignRow{Name: "spring", State: campaign.Running, Document: []byte("name: spring")}
	ann, sue := h.visitor(t), h.visitor(t)
	ann.login("ann")
	sue.login("sue")
	force := `{"status":"not-ready","reason":"lunch"}`
	ann.want(ann.ask("POST", "/api/v1/agents/eva/status", force), 403, CodeForbidden)
	sue.want(sue.ask("POST", "/api/v1/agents/ann/status", `{"status":"not-ready","reason":""}`), 422, "")
	sue.want(sue.ask("POST", "/api/v1/agents/ann/status", force), 204, "")
	if did := h.hall.did(); len(did) != 1 || did[0] != (campaign.ClickStatus{Agent: "ann", Status: campaign.AgentNotReady, Reason: "lunch"}) {
		t.Errorf("forced %+v", did)
	}
	if n, _ := h.store.Unread(t.Context(), "ann"); n != 1 {
		t.Errorf("told her %d times", n)
	}
	sue.want(sue.ask("POST", "/api/v1/campaigns/spring/mode", `{"mode":"preview"}`), 409, campaign.ReasonRunningMode)
	adm := h.visitor(t)
	adm.login("adm")
	adm.want(adm.ask("PUT", "/api/v1/campaigns", "name: spring\nmode: push-preview\n"), 409, campaign.ReasonRunningMode)
	if did := h.hall.did(); len(did) != 1 {
		t.Errorf("what is refused was done: %+v", did)
	}
	sue.want(sue.ask("POST", "/api/v1/interactions/i-ann/aside", `{}`), 404, campaign.ReasonNoInteraction)
	h.hall.set(func(l *hall) { l.snap.Interactions[0].State = campaign.StateOffered })
	sue.want(sue.ask("POST", "/api/v1/interactions/i-ann/aside", `{"minutes":30}`), 204, "")
	did := h.hall.did()
	if c, ok := did[len(did)-1].(campaign.ClickDecline); !ok || c.Agent != "ann" || c.Aside != 30*time.Minute {
		t.Errorf("set aside: %+v", did)
	}
	for doc, want := range map[string]string{
		"name: a\nmode: progressive # now\nx: 1\n": "name: a\nmode: predictive # now\nx: 1\n",
		"name: a\n": "name: a\nmode: predictive\n",
	} {
		if got := string(withMode([]byte(doc), campaign.ModePredictive)); got != want {
			t.Errorf("%q: %q", doc, got)
		}
	}
}
