package campaign

import "testing"

// TestScopes: who oversees a team, or is a client, sees nothing of the rest of
// the floor: not in the state, and in no event.
func TestScopes(t *testing.T) {
	berlin := &Scope{Agents: func(a AgentID) bool { return a == "ann" || a == "lea" }, Campaigns: func(n string) bool { return n == "spring" }}
	lea := Viewer{Agent: "lea", Role: RoleTeamLeader, Scope: berlin}
	kai := Viewer{Agent: "kai", Role: RoleClient, Scope: &Scope{Agents: func(AgentID) bool { return false }, Campaigns: func(n string) bool { return n == "spring" }}}
	rex, sue := Viewer{Agent: "rex", Role: RoleAuditor}, Viewer{Agent: "sue", Role: RoleSupervisor}
	call := func(agent AgentID, name string) *InteractionView {
		return &InteractionView{Agent: agent, Campaign: name, Content: &Content{Number: "+4930"}}
	}
	for _, c := range []struct {
		what                string
		e                   Event
		lea, kai, rex, sue_ bool
	}{
		{"her agent", Event{Kind: EventAgent, Agent: "ann", AgentView: &AgentView{Agent: "ann"}}, true, false, true, true},
		{"another team's", Event{Kind: EventAgent, Agent: "ben", AgentView: &AgentView{Agent: "ben"}}, false, false, true, true},
		{"her agent's call", Event{Kind: EventRinging, Agent: "ann", Campaign: "spring", InteractionView: call("ann", "spring")}, true, false, true, true},
		{"a call in another campaign", Event{Kind: EventRinging, Agent: "ann", Campaign: "autumn", InteractionView: call("ann", "autumn")}, false, false, true, true},
		{"another team's call", Event{Kind: EventRinging, Agent: "ben", Campaign: "spring", InteractionView: call("ben", "spring")}, false, false, true, true},
		{"a call without an agent or campaign", Event{Kind: EventRinging, InteractionView: call("", "")}, false, false, true, true},
		{"the campaign", Event{Kind: EventCampaign, Campaign: "spring", CampaignView: &CampaignView{Name: "spring", Joined: []AgentID{"ann", "ben"}}}, true, true, true, true},
		{"another campaign", Event{Kind: EventCampaign, Campaign: "autumn", CampaignView: &CampaignView{Name: "autumn"}}, false, false, true, true},
	} {
		for _, v := range []struct {
			Viewer
			want bool
		}{{lea, c.lea}, {kai, c.kai}, {rex, c.rex}, {sue, c.sue_}, {Viewer{Agent: "kai", Role: RoleClient}, false}, {Viewer{Agent: "x", Role: "king"}, false}} {
			if v.Role == "king" && c.e.CampaignView != nil {
				continue // campaigns are no secret
			}
			got, ok := View(c.e, v.Viewer)
			if ok != v.want {
				t.Errorf("%s for %s %s: %v", c.what, v.Role, v.Agent, ok)
			}
			if ok && got.CampaignView != nil {
				want := map[Role]int{RoleTeamLeader: 1, RoleClient: 0}
				if n, limited := want[v.Role]; limited && len(got.CampaignView.Joined) != n {
					t.Errorf("%s: %s sees who has joined: %v", c.what, v.Role, got.CampaignView.Joined)
				}
			}
		}
	}
	state := func(v Viewer) Snapshot {
		return viewSnapshot(Snapshot{
			Agents: []AgentView{{Agent: "ann"}, {Agent: "ben"}}, Campaigns: []CampaignView{{Name: "spring", Joined: []AgentID{"ben"}}, {Name: "autumn"}},
			Interactions: []InteractionView{*call("ann", "spring"), *call("ben", "spring")}, Recent: []InteractionView{*call("ben", "autumn")},
		}, v)
	}
	if s := state(lea); len(s.Agents) != 1 || len(s.Campaigns) != 1 || len(s.Campaigns[0].Joined) != 0 || len(s.Interactions) != 1 || len(s.Recent) != 0 {
		t.Errorf("the team leader sees %+v", s)
	}
	if s := state(kai); len(s.Agents)+len(s.Interactions)+len(s.Recent) != 0 || len(s.Campaigns) != 1 || len(s.Campaigns[0].Joined) != 0 {
		t.Errorf("the client sees %+v", s)
	}
	if s := state(rex); len(s.Agents) != 2 || len(s.Interactions) != 2 {
		t.Errorf("the auditor sees %+v", s)
	}
}
