package main

import (
	"context"
	"slices"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
)

// figures works out reports over the store.
type figures struct {
	store      vaultStore
	docs       documents
	agentTimes time.Duration // how long figures of single agents are kept
}

var _ desk.Reports = figures{}

// Day is the evening report.
func (f figures) Day(ctx context.Context, day time.Time, keep desk.ReportScope) (campaign.DayReport, error) {
	now := time.Now()
	in := campaign.DayInput{From: day, Until: day.AddDate(0, 0, 1), Now: now, PerTeam: f.agentTimes > 0 && !day.After(now.Add(-f.agentTimes))}
	rows, err := f.store.Campaigns(ctx)
	if err != nil {
		return campaign.DayReport{}, err
	}
	for _, row := range rows {
		if c, err := f.docs.Parse(ctx, row); err == nil && (keep.Campaign == nil || keep.Campaign(c.Name)) {
			in.Campaigns = append(in.Campaigns, c)
		}
	}
	if in.Lists, err = f.store.ListFigures(ctx, keep.List, now); err != nil {
		return campaign.DayReport{}, err
	}
	err = f.store.AttemptsBetween(ctx, "", in.From, in.Until, func(a campaign.Attempt) error {
		if keep.Campaign == nil || a.Campaign != "" && keep.Campaign(a.Campaign) || a.Campaign == "" && keep.Agent(a.Agent) {
			if keep.Agent != nil && a.Agent != "" && !keep.Agent(a.Agent) {
				a.Agent = "" // counts for the campaign, and shows nobody
			}
			in.Attempts = append(in.Attempts, a)
		}
		return nil
	})
	if err == nil {
		in.States, err = f.store.States(ctx, in.From, in.Until)
	}
	if err == nil && keep.Agent == nil {
		in.Teams, err = f.store.TeamTimes(ctx, day.Format(time.DateOnly))
	}
	if err == nil {
		in.Users, err = f.store.Users(ctx)
	}
	if err != nil {
		return campaign.DayReport{}, err
	}
	if keep.Agent != nil {
		in.States = slices.DeleteFunc(in.States, func(a campaign.AgentState) bool { return !keep.Agent(a.Agent) })
	}
	return campaign.ReportDay(in), nil
}

// Abandonment is a day's proof for a campaign.
func (f figures) Abandonment(ctx context.Context, name string, day time.Time) (campaign.AbandonmentProof, error) {
	until := day.AddDate(0, 0, 1)
	p := campaign.AbandonmentProof{Campaign: name, Day: day.Format(time.DateOnly), From: campaign.Stamp{Time: day},
		Until: campaign.Stamp{Time: until}, MadeAt: campaign.Stamp{Time: time.Now()}}
	c, err := campaignWith(ctx, f.docs, f.store, func(c campaign.Campaign) bool { return c.Name == name })
	if err != nil {
		return p, err
	}
	p.Announcement, p.Allowed = c.Announcement, c.Rules.MaxAbandoned
	if p.Guard, err = f.store.CountRefusals(ctx, name, campaign.ReasonBudget, day, until); err != nil {
		return p, err
	}
	err = f.store.AuditLog(ctx, campaign.AuditQuery{Since: day, Until: until, What: campaign.AuditMaxAbandoned}, func(e campaign.AuditEntry) error {
		if e.About == name {
			p.Moved = append(p.Moved, e)
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	var paced []campaign.AuditEntry
	err = f.store.AuditLog(ctx, campaign.AuditQuery{Since: day, Until: until, What: campaign.AuditPaced}, func(e campaign.AuditEntry) error {
		paced = append(paced, e)
		return nil
	})
	if err != nil {
		return p, err
	}
	p.Fallbacks = campaign.FallbacksOf(name, paced)
	var as []campaign.Attempt
	err = f.store.AttemptsBetween(ctx, name, day, until, func(a campaign.Attempt) error {
		as = append(as, a)
		return nil
	})
	return campaign.ProveAbandonment(p, as), err
}

// Shift is how a campaign has gone since a day began.
func (f figures) Shift(ctx context.Context, name string, day time.Time) (campaign.Shift, error) {
	c, err := campaignWith(ctx, f.docs, f.store, func(c campaign.Campaign) bool { return c.Name == name })
	if err != nil {
		return campaign.Shift{}, err
	}
	now := time.Now()
	var as []campaign.Attempt
	err = f.store.AttemptsBetween(ctx, name, day, now, func(a campaign.Attempt) error {
		as = append(as, a)
		return nil
	})
	return campaign.ShiftOf(as, c.Rules.MaxAbandoned, now), err
}

// Attempts are a campaign's, oldest first.
func (f figures) Attempts(ctx context.Context, name string, each func(campaign.DossierAttempt) error) error {
	return f.store.Attempts(ctx, name, func(a campaign.Attempt) error { return each(campaign.DossierOf(a, f.docs.data)) })
}
