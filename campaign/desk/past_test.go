package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

func TestLookingAround(t *testing.T) {
	h := openHouse(t, nil)
	h.store.campaigns["spring"] = campaign.CampaignRow{Name: "spring", Document: []byte("name: spring")} // its list is "customers"
	h.store.campaigns["autumn"] = campaign.CampaignRow{Name: "autumn", Document: []byte("name: autumn")}
	h.store.records[0].Name, h.store.records[0].Person = "Anna Beispiel", "p1"
	h.store.records[2].Name = "Anna Anderswo"
	h.store.records[1] = campaign.Record{List: "customers", ID: "2", Name: "Cem", Phone: "+4930231251", Status: campaign.Ready, Type: campaign.PersonalCallback,
		Owner: "ann", NextDial: h.clock.now().Add(time.Hour), Note: "after lunch"}
	at := h.clock.now()
	h.store.attempts = []campaign.Attempt{
		{ID: "a0", Campaign: "spring", Agent: "ann", Number: "+4930231250", Person: "p1", DialedAt: at.Add(-48 * time.Hour), Result: campaign.Busy},
		{ID: "a1", Campaign: "spring", Agent: "ben", Number: "+4930231250", Person: "p1", DialedAt: at, AnsweredAt: at, Result: campaign.Answer, Note: "asked for a quote"},
		{ID: "a2", Campaign: "autumn", Agent: "ben", Number: "+4930231250", Person: "p1", DialedAt: at, Result: campaign.Busy},
		{ID: "a3", Campaign: "spring", Agent: "ann", List: "customers", RecordID: "1", Number: "+4930231250", Person: "p1", DialedAt: at, Result: campaign.NoAnswer},
		{ID: "a4", Campaign: "spring", Agent: "eva", List: "customers", RecordID: "1", Number: "+4930231250", Person: "p1", DialedAt: at, Result: campaign.NoAnswer},
	}
	content := &campaign.Content{List: "customers", RecordID: "1", Name: "Anna Beispiel", Number: "+4930231250"}
	h.hall.set(func(h *hall) {
		h.snap.Campaigns = []campaign.CampaignView{{Name: "spring", Assigned: campaign.AgentSet{All: true}}, {Name: "autumn", Assigned: campaign.AgentSet{Names: []campaign.AgentID{"ben"}}}}
		h.snap.Interactions = []campaign.InteractionView{
			{ID: "i-ann", Agent: "ann", State: campaign.StateTalking, AnsweredAt: at, Content: content},
			{ID: "i-ben", Agent: "ben", State: campaign.StateTalking, AnsweredAt: at, Content: content},
			{ID: "i-eva", Agent: "eva", State: campaign.StateDialing, Blank: true},
		}
	})
	ann, eva, sue := h.visitor(t), h.visitor(t), h.visitor(t)
	ann.login("ann")
	eva.login("eva")
	sue.login("sue")
	get := func(v *visitor, path string, has, hasNot []string) {
		t.Helper()
		a := v.ask("GET", "/api/v1"+path, "")
		for _, s := range has {
			if a.status != 200 || !strings.Contains(a.text, s) {
				t.Errorf("GET %s: %s is missing in %d %s", path, s, a.status, a.text)
			}
		}
		for _, s := range hasNot {
			if strings.Contains(a.text, s) {
				t.Errorf("GET %s: %s is in %s", path, s, a.text)
			}
		}
	}
	get(ann, "/contacts?q=anna", []string{"Anna Beispiel"}, []string{"Anderswo"})
	get(ann, "/contacts?q=030+231250", []string{"Anna Beispiel"}, []string{"Cem"})
	get(ann, "/contacts?q=berlin", []string{"Anna Beispiel"}, nil)
	get(ann, "/contacts?q=a", []string{"[]"}, nil)
	get(sue, "/contacts?q=anna", []string{"Anna Beispiel", "Anderswo"}, nil)
	get(ann, "/interactions/i-ann/history", []string{"a3", "a1", "asked for a quote", "a0"}, []string{"a2"})
	get(ann, "/history", []string{"a3", "Anna Beispiel", "no-answer"}, []string{"a0", "a1", "a4"})
	get(ann, "/workbin", []string{"Cem", "after lunch", "callback", "i-ann"}, []string{"i-ben"})
	get(ann, "/campaigns/spring/texts", []string{"Pause"}, nil)
	ann.want(ann.ask("GET", "/api/v1/campaigns/autumn/texts", ""), 404, campaign.ReasonUnknownCampaign)
	ann.want(ann.ask("GET", "/api/v1/interactions/i-ben/history", ""), 404, campaign.ReasonNoInteraction)

	eva.want(eva.ask("GET", "/api/v1/contacts?q=anna", ""), 403, CodeBlank)
	eva.want(eva.ask("GET", "/api/v1/interactions/i-eva/history", ""), 403, CodeBlank)
	h.store.records[1].Owner = "eva"
	get(eva, "/workbin", []string{"callback"}, []string{"Cem", "lunch", "49302", `"2"`})
	get(eva, "/history", []string{"a4", "no-answer"}, []string{"Anna", "49302", `"1"`, "customers"})
	h.hall.set(func(h *hall) {
		h.snap.Interactions[2].Blank, h.snap.Interactions[2].AnsweredAt, h.snap.Interactions[2].Content = false, at, content
	})
	get(eva, "/contacts?q=anna", []string{"Anna Beispiel"}, nil)
	get(eva, "/workbin", []string{"Cem"}, nil)
}

func TestDoNotCallStays(t *testing.T) {
	h := openHouse(t, nil)
	h.hall.set(func(h *hall) {
		h.snap.Recent = []campaign.InteractionView{{ID: "i", Agent: "ann", NoCall: true}, {ID: "s", Agent: "sue", NoCall: true}}
	})
	ann, sue := h.visitor(t), h.visitor(t)
	ann.login("ann")
	sue.login("sue")
	ann.want(ann.ask("POST", "/api/v1/interactions/i/correct", `{"no_call":false}`), 403, CodeForbidden)
	ann.want(ann.ask("POST", "/api/v1/interactions/i/correct", `{"no_call":true,"result":"busy"}`), 204, "")
	sue.want(sue.ask("POST", "/api/v1/interactions/s/correct", `{"no_call":false}`), 204, "")
	ann.want(ann.ask("POST", "/api/v1/interactions/i/result", `{"result":"king"}`), 422, "")
}

func TestEngagedSupervisor(t *testing.T) {
	p := principal{user: "sue", role: campaign.RoleSupervisor, engaged: true}
	mine := campaign.Event{N: 1, Agent: "sue", InteractionView: &campaign.InteractionView{Agent: "sue", Blank: true, Content: &campaign.Content{Name: "X"}}}
	if e, ok := new(Desk).view(mine, p); !ok || e.InteractionView.Content != nil {
		t.Errorf("her own: %+v", e.InteractionView)
	}
	hers := campaign.Event{N: 1, Agent: "ann", InteractionView: &campaign.InteractionView{Agent: "ann", Content: &campaign.Content{Name: "X"}}}
	if e, ok := new(Desk).view(hers, p); !ok || e.InteractionView.Content == nil {
		t.Errorf("another's: %+v", e.InteractionView)
	}
}
