package campaign

import "slices"

// overseer sees everything.
func (v Viewer) overseer() bool {
	return v.Role == RoleSupervisor || v.Role == RoleAdministrator
}

// View gives what a viewer may see of an event; false: nothing. An agent sees
// herself and the campaigns; and while her record is blank, nothing of it:
// no field, number, id or count, and no sentence that might tell one.
func View(e Event, v Viewer) (Event, bool) {
	e.Keep = nil
	if v.overseer() {
		return e, true
	}
	if e.Kind == EventDeclineLots || e.Kind == EventAbandoned || e.Kind == EventRecovered || e.Kind == EventStored {
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
	if v.overseer() {
		return s
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
