package store

import (
	"context"
	"maps"
	"time"

	"github.com/freiton/freiton/campaign"
)

// prospectAtMost is at how many records a prospect looks: a second or so.
const prospectAtMost = 100_000

// Prospect looks through the lists of a campaign for what it will not dial.
func (s *Core) Prospect(ctx context.Context, c *campaign.Campaign, now time.Time) (campaign.Prospect, error) {
	p := campaign.Prospect{Because: []campaign.ProspectWhy{}}
	names := func(id int64) (text string, err error) {
		err = s.read(ctx, "columns", func(sc Row) error { return sc.Scan(&text) }, `SELECT names FROM layout WHERE id = ?`, id)
		return text, err
	}
	days, err := s.nationalDays(ctx)
	if err != nil {
		return p, err
	}
	for _, list := range c.Lists {
		n, missing := 0, true
		err := s.read(ctx, "count", func(sc Row) error { missing = false; return sc.Scan(&n) },
			`SELECT (SELECT count(*) FROM record WHERE list_id = list.id) FROM list WHERE name = ?`, list)
		if err != nil {
			return p, err
		}
		if missing {
			p.Missing = append(p.Missing, list)
		}
		p.Records += n
		if p.Looked >= prospectAtMost {
			continue
		}
		listed, err := s.nationallyListed(ctx, list)
		if err != nil {
			return p, err
		}
		err = s.read(ctx, "prospect", func(sc Row) error {
			var blocked bool
			r, err := scanRecord(sc, &blocked)
			if err == nil {
				err = s.unpack(&r, names)
			}
			if err != nil {
				return err
			}
			var e *campaign.DNCEntry
			if blocked {
				e = &campaign.DNCEntry{Number: r.Phone}
			}
			national := maps.Clone(days)
			for _, name := range listed[r.Phone] {
				national[name] = campaign.OnNational{Of: days[name].Of, Listed: true}
			}
			p.Add(c, &r.Record, e, national, now)
			return nil
		}, `SELECT `+recordColumns+`, CASE WHEN EXISTS (SELECT 1 FROM do_not_call d WHERE d.number <> '' AND d.number = r.phone AND `+scope+`)
			OR EXISTS (SELECT 1 FROM do_not_call d WHERE d.person <> '' AND d.person IN (r.person, 'number:' || r.phone) AND `+scope+`)
			THEN 1 ELSE 0 END`+fromRecord+`WHERE l.name = ? ORDER BY r.ord LIMIT ?`,
			c.Name, c.Client, c.Name, c.Client, list, prospectAtMost-p.Looked)
		if err != nil {
			return p, err
		}
	}
	p.Sort()
	return p, nil
}

// scope holds of a do-not-call entry d that is for a campaign (first parameter)
// of a client (second).
const scope = `(d.campaign = '' OR d.campaign = ?) AND (d.campaign <> '' OR d.client = '' OR d.client = ?)`
