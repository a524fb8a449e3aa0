package desk

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// ListPage is a part of a list. A list may have a million records: nobody gets
// it whole but as a file.
type ListPage struct {
	List    string         `json:"list"`
	Records []PlacedRecord `json:"records"`
	Next    int64          `json:"next,omitempty" doc:"after, for the page that follows; left out: this is the last one"`
}

// PlacedRecord is a record and its place in the list.
type PlacedRecord struct {
	Place int64 `json:"place"`
	Record
}

type listPageInput struct {
	List  string `path:"list" maxLength:"100"`
	After int64  `query:"after" minimum:"0" doc:"begin behind this place"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// listPage reads one record more than it gives: whether there is a next page
// costs no counting.
func (d *Desk) listPage(ctx context.Context, in *listPageInput) (*body[ListPage], error) {
	if !d.scope(ctx).list(in.List) {
		return nil, huma.Error404NotFound("no list is named " + in.List)
	}
	page := ListPage{List: in.List, Records: make([]PlacedRecord, 0, in.Limit)}
	q := campaign.RecordQuery{List: in.List, After: in.After, Limit: in.Limit + 1}
	err := d.cfg.Store.Records(ctx, q, func(r campaign.Record) error {
		if len(page.Records) == in.Limit {
			page.Next = page.Records[in.Limit-1].Place
			return nil
		}
		page.Records = append(page.Records, PlacedRecord{r.Order, recordView(r)})
		return nil
	})
	if err != nil {
		return nil, d.problem(err)
	}
	if len(page.Records) == 0 {
		return reply(page), d.knownList(ctx, in.List)
	}
	places := fmt.Sprintf("%d to %d", page.Records[0].Place, page.Records[len(page.Records)-1].Place)
	return reply(page), d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditListRead, About: in.List, New: places})
}
