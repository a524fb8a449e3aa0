package desk

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// CampaignTexts are what a campaign's agents read: script and responses, files
// that its document names.
type CampaignTexts interface {
	// List gives them all, the script first.
	List(ctx context.Context, row campaign.CampaignRow) ([]CampaignText, error)
	// Change gives the campaign with one of them written, or without it where
	// the text is empty; it is not applied yet. ErrBadPath where the campaign
	// has no place for it.
	Change(ctx context.Context, row campaign.CampaignRow, one CampaignText) (campaign.Campaign, error)
}

// ErrBadPath says where texts may lie.
var ErrBadPath = errors.New("a text is the script that the document names (script.md where it names none), or a .md or .txt file in the folder of the responses (responses)")

// CampaignText is one of them.
type CampaignText struct {
	Path string `json:"path" maxLength:"200" doc:"beside the document, as in script.md or responses/price.md"`
	Text string `json:"text" maxLength:"60000" doc:"Markdown; empty: it is removed"`
}

func (d *Desk) campaignTexts(api huma.API) {
	if d.cfg.Texts == nil {
		return
	}
	huma.Register(api, both(operation("campaign-files", http.MethodGet, "/api/v1/campaigns/{name}/files", campaign.RoleAdministrator,
		"Script and responses of a campaign, as they were written")),
		func(ctx context.Context, in *CampaignPath) (*body[[]CampaignText], error) {
			row, err := d.row(ctx, in.Name)
			if err != nil {
				return nil, err
			}
			all, err := d.cfg.Texts.List(ctx, row)
			if err != nil {
				return nil, d.problem(err)
			}
			return reply(listed(all)), nil
		})
	huma.Register(api, both(operation("campaign-file", http.MethodPut, "/api/v1/campaigns/{name}/files", campaign.RoleAdministrator,
		"Write the script or a response; agents have it at their next call")),
		func(ctx context.Context, in *struct {
			CampaignPath
			Body CampaignText
		}) (*body[CampaignInfo], error) {
			row, err := d.row(ctx, in.Name)
			if err != nil {
				return nil, err
			}
			c, err := d.cfg.Texts.Change(ctx, row, in.Body)
			if err != nil {
				if bad := (*DocumentError)(nil); errors.As(err, &bad) {
					return nil, documentProblem(err)
				}
				return nil, huma.Error422UnprocessableEntity(in.Body.Path + ": " + err.Error())
			}
			return d.apply(ctx, row, &c, in.Body.Path)
		})
}
