package main

import (
	"fmt"
	"math"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/sim"
)

// onList is a cell, and what it comes to on a list of which each record is
// dialled once.
type onList struct {
	sim.Cell
	*reach
}

type reach struct {
	PerHour float64 `json:"reached_per_hour"` // people, by all agents together
	Records int     `json:"records"`
	Reached int     `json:"reached"`
	LastsH  float64 `json:"list_lasts_h"`
}

// reachOf works out a cell on so many records; nil where none are given.
func reachOf(cell sim.Cell, w sim.World, records int) *reach {
	if records == 0 || cell.DialsPerConnect == 0 || w.Talk.Mean == 0 {
		return nil
	}
	perHour := float64(cell.Agents) * cell.TalkMinPerHour / w.Talk.Mean.Minutes()
	reached := float64(records) / cell.DialsPerConnect
	return &reach{PerHour: perHour, Records: records, Reached: int(math.Round(reached)), LastsH: reached / perHour}
}

// cells are the columns of the table.
func (r *reach) cells() []any {
	if r == nil {
		return nil
	}
	return []any{fmt.Sprintf("%.0f", r.PerHour), fmt.Sprintf("%d of %d", r.Reached, r.Records), fmt.Sprintf("%.1f h", r.LastsH)}
}

// simRecords is how many records there are to be dialled: of --records, of a
// list, or left of the campaign whose world it is; 0 is not known.
func (c *cli) simRecords(cmd *cobra.Command, s simulation) (int, error) {
	switch {
	case s.list != "":
		n := 0
		err := c.admin(cmd.Context(), func(client *desk.Client) error {
			var ls []campaign.ListFigures
			err := client.JSON(cmd.Context(), http.MethodGet, "/api/v1/reports/list?list="+url.QueryEscape(s.list), nil, &ls)
			for _, l := range ls {
				n += l.Left
			}
			return err
		})
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing is left of list %s", s.list)
		}
		return n, err
	case cmd.Flags().Changed("records"):
		if s.records < 1 {
			return 0, usage("--records must be 1 or more")
		}
		return s.records, nil
	case s.campaign != "":
		var now desk.CampaignStatus
		err := c.admin(cmd.Context(), func(client *desk.Client) error {
			return client.JSON(cmd.Context(), http.MethodGet, campaignPath(s.campaign, "/status"), nil, &now)
		})
		return now.Left, err
	}
	return 0, nil
}
