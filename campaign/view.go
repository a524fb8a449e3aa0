package campaign

import "slices"

// overseer sees everything, within a scope.
func (v Viewer) overseer() bool {
	switch v.Role {
	case RoleTeamLeader, RoleSupervisor, RoleAdministrator, RoleAuditor:
		return true
	}
	return false
}

// agent and campaign report whether somebody or something is in the viewer's
// scope. Nobody is in everybody's: calls that have found no agent yet.
func (v Viewer) agent(a AgentID) bool { return v.Scope == nil || a == "" || v.Scope.Agents(a) }

func (v Viewer) campaign(name string) bool {
	return v.Scope == nil || name == "" || v.Scope.Campaigns(name)
}

// within gives what of an event is in the viewer's scope. A client sees how
// campaigns stand, and nobody who works in them.
func (v Viewer) within(e Event) (Event, bool) {
	if v.Scope == nil {
		return e, v.Role != RoleClient
	}
	if v.Role == RoleClient && (e.Kind != EventCampaign || e.CampaignView == nil) {
		return e, false
	}
	ok := v.agent(e.Agent) && v.campaign(e.Campaign)
	if i := e.InteractionView; i != nil {
		ok = ok && v.agent(i.Agent) && v.campaign(i.Campaign)
	}
	if e.Agent == "" && e.Campaign == "" {
		ok = ok && e.InteractionView == nil
	}
	if e.CampaignView != nil {
		c := v.ofCampaign(*e.CampaignView)
		e.CampaignView = &c
	}
	return e, ok
}

// ofCampaign is a campaign with those who have joined and are in scope.
func (v Viewer) ofCampaign(c CampaignView) CampaignView {
	if v.Role == RoleClient {
		return forAgent(c)
	}
	if v.Scope != nil {
		joined := []AgentID{}
		for _, a := range c.Joined {
			if v.agent(a) {
				joined = append(joined, a)
			}
		}
		c.Joined = joined
	}
	return c
}

// View gives what a viewer may see of an event; false: nothing. An agent sees
// herself and the campaigns; and while her record is blank, nothing of it:
// no field, number, id or count, and no sentence that might tell one.
func View(e Event, v Viewer) (Event, bool) {
	e.Keep = nil
	if v.overseer() || v.Role == RoleClient {
		return v.within(e)
	}
	if e.Kind == EventDeclineLots || e.Kind == EventUnanswered || e.Kind == EventAbandoned || e.Kind == EventRecovered || e.Kind == EventStored {
		return e, false
	}
	if e.Agent != "" && e.Agent != v.Agent {
		return e, false
	}
	if e.CampaignView != nil {
		c := forAgent(*e.CampaignView)
		e.CampaignView = &c
	}
	if e.InteractionView != nil {
		i := *e.InteractionView
		if i.Agent != v.Agent {
			return e, false
		}
		if i.Blank {
			i = blanked(i)
			e.Text, e.Reason = "", bare(e.Reason)
		}
		e.InteractionView = &i
	}
	return e, true
}

// blanked takes out everything that comes from the record.
func blanked(i InteractionView) InteractionView {
	i.Content, i.Declined = nil, 0
	i.Reason = bare(i.Reason)
	return i
}

// bare leaves the code of a reason only: its sentence may hold a contact's
// local time or number.
func bare(r *Reason) *Reason {
	if r == nil {
		return nil
	}
	return &Reason{Code: r.Code, Text: string(r.Code)}
}

// forAgent is a campaign without who else has joined.
func forAgent(c CampaignView) CampaignView {
	c.Joined = []AgentID{}
	return c
}

// viewSnapshot is Snapshot for a viewer, by the same rules as View.
func viewSnapshot(s Snapshot, v Viewer) Snapshot {
	if v.overseer() || v.Role == RoleClient {
		return v.snapshot(s)
	}
	s.Agents = slices.DeleteFunc(s.Agents, func(a AgentView) bool { return a.Agent != v.Agent })
	for i, c := range s.Campaigns {
		s.Campaigns[i] = forAgent(c)
	}
	s.Interactions = viewInteractions(s.Interactions, v)
	s.Recent = viewInteractions(s.Recent, v)
	return s
}

func viewInteractions(is []InteractionView, v Viewer) []InteractionView {
	is = slices.DeleteFunc(is, func(i InteractionView) bool { return i.Agent != v.Agent })
	for n, i := range is {
		if i.Blank {
			is[n] = blanked(i)
		}
	}
	return is
}

// snapshot is what of a snapshot is in the viewer's scope.
func (v Viewer) snapshot(s Snapshot) Snapshot {
	if v.Role == RoleClient {
		s.Agents, s.Interactions, s.Recent = nil, nil, nil
		if v.Scope == nil {
			s.Campaigns = nil
		}
	}
	if v.Scope == nil {
		return s
	}
	s.Agents = slices.DeleteFunc(s.Agents, func(a AgentView) bool { return !v.agent(a.Agent) })
	s.Campaigns = slices.DeleteFunc(s.Campaigns, func(c CampaignView) bool { return !v.campaign(c.Name) })
	for i, c := range s.Campaigns {
		s.Campaigns[i] = v.ofCampaign(c)
	}
	out := func(i InteractionView) bool { return !v.agent(i.Agent) || !v.campaign(i.Campaign) }
	s.Interactions, s.Recent = slices.DeleteFunc(s.Interactions, out), slices.DeleteFunc(s.Recent, out)
	return s
}
