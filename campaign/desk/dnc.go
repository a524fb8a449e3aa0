package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Blocked is an entry of the do-not-call list.
type Blocked struct {
	Number   string    `json:"number,omitempty" doc:"E.164 or as the default country writes it"`
	Person   string    `json:"person,omitempty"`
	Campaign string    `json:"campaign,omitempty" doc:"empty: not limited to a campaign"`
	Client   string    `json:"client,omitempty"`
	At       time.Time `json:"at,omitzero"`
	By       string    `json:"by,omitempty"`
	Wording  string    `json:"wording,omitempty"`
}

// Removed counts what was taken away.
type Removed struct {
	Removed int       `json:"removed"`
	Left    []Blocked `json:"left,omitempty" doc:"entries of other campaigns or clients, or for everything: they still hold"`
}

func (d *Desk) dnc(api huma.API) {
	huma.Register(api, both(operation("dnc", http.MethodGet, "/api/v1/dnc", campaign.RoleAdministrator,
		"The do-not-call list")), d.blocked)
	huma.Register(api, both(operation("dnc-search", http.MethodGet, "/api/v1/dnc/search", campaign.RoleSupervisor,
		"Entries of the do-not-call list that hold a number, a name or a word; the newest 200")), d.searchBlocked)
	huma.Register(api, both(operation("dnc-add", http.MethodPost, "/api/v1/dnc", campaign.RoleSupervisor,
		"Add a number or person to the do-not-call list")), d.block)
	huma.Register(api, both(operation("dnc-remove", http.MethodDelete, "/api/v1/dnc/{number}", campaign.RoleSupervisor,
		"Take a number off the do-not-call list")), d.unblock)
	huma.Register(api, both(operation("dnc-import", http.MethodPost, "/api/v1/dnc/import", campaign.RoleAdministrator,
		"Add the numbers of a CSV file (the request body)")), d.importBlocked)
}

func (d *Desk) blocked(ctx context.Context, _ *struct{}) (*body[[]Blocked], error) {
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditDNCExported}); err != nil {
		return nil, err
	}
	es, err := d.cfg.Store.Blocked(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(listed(blockedInfo(es))), nil
}

// FoundBlocked are entries of the do-not-call list that were looked for.
type FoundBlocked struct {
	Entries []Blocked `json:"entries" doc:"newest first, 200 at most"`
	All     int       `json:"all" doc:"how many there are"`
}

const mostBlocked = 200

func (d *Desk) searchBlocked(ctx context.Context, in *struct {
	Q string `query:"q" maxLength:"100" doc:"a number in any notation, or part of whatever an entry holds; empty: all"`
}) (*body[FoundBlocked], error) {
	q := strings.ToLower(strings.TrimSpace(in.Q))
	number := ""
	if n, err := d.cfg.Number(q); err == nil && strings.ContainsAny(q, "0123456789") {
		number = n
	}
	// A number stands in the log as its hash; other words may be a name, and are left out.
	if err := d.note(ctx, number, campaign.AuditEntry{What: campaign.AuditDNCExported, About: "search"}); err != nil {
		return nil, err
	}
	es, err := d.cfg.Store.Blocked(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	es = slices.DeleteFunc(es, func(e campaign.DNCEntry) bool {
		all := strings.ToLower(strings.Join([]string{e.Number, e.Person, e.Campaign, e.Client, e.By, e.Wording}, "\n"))
		return !strings.Contains(all, q) && (number == "" || e.Number != number)
	})
	slices.SortStableFunc(es, func(a, b campaign.DNCEntry) int { return b.At.Compare(a.At) })
	return reply(FoundBlocked{Entries: listed(blockedInfo(es[:min(len(es), mostBlocked)])), All: len(es)}), nil
}

func (d *Desk) block(ctx context.Context, in *struct {
	NumberOnly bool `query:"number_only" doc:"the number alone; without it the person whose number it is, with all her numbers, where the lists know just one"`
	Body       Blocked
}) (*body[Blocked], error) {
	b := in.Body
	if b.Number == "" && b.Person == "" {
		return nil, huma.Error422UnprocessableEntity("a number or a person is needed")
	}
	if b.Number != "" {
		n, err := d.cfg.Number(b.Number)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		b.Number = n
	}
	if b.Person == "" && !in.NumberOnly {
		var err error
		if b.Person, err = d.onlyOwner(ctx, b.Number); err != nil {
			return nil, d.problem(err)
		}
	}
	if b.Campaign != "" {
		if _, err := d.row(ctx, b.Campaign); err != nil {
			return nil, err
		}
	}
	b.At = d.now()
	if p := who(ctx); b.By == "" || !p.socket {
		b.By = string(p.user)
	}
	err := d.cfg.Store.Block(ctx, campaign.DNCEntry{Number: b.Number, Person: b.Person, Campaign: b.Campaign, Client: b.Client, At: b.At, By: b.By, Wording: b.Wording})
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(b), nil
}

// onlyOwner is whose number it is, where the lists know a customer or a chain, and
// just one: who wants no more calls is a person, and not a telephone.
func (d *Desk) onlyOwner(ctx context.Context, number string) (person string, err error) {
	several := false
	err = d.cfg.Store.Records(ctx, campaign.RecordQuery{Phone: number}, func(r campaign.Record) error {
		switch {
		case r.Person == "" || r.Person == campaign.PersonOf("", "", number) || r.Person == person:
		case person != "":
			several = true
		default:
			person = r.Person
		}
		return nil
	})
	if several {
		return "", err
	}
	return person, err
}

func (d *Desk) unblock(ctx context.Context, in *struct {
	Number   string `path:"number"`
	Campaign string `query:"campaign" doc:"the entry of this campaign; with neither this nor client the one for everything"`
	Client   string `query:"client" doc:"the entry for campaigns of this client"`
}) (*body[Removed], error) {
	number, err := d.cfg.Number(in.Number)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	scope := campaign.DNCScope{Campaign: in.Campaign, Client: in.Client}
	n, left, err := d.cfg.Store.Unblock(as(ctx, ""), number, scope)
	switch {
	case err != nil:
		return nil, d.problem(err)
	case n == 0 && len(left) > 0:
		return nil, huma.Error404NotFound(number + " is not on the do-not-call list " + scopeWords(scope) + ", but " + scopesOf(left) + ": name that")
	case n == 0:
		return nil, huma.Error404NotFound(number + " is not on the do-not-call list")
	}
	return reply(Removed{n, blockedInfo(left)}), nil
}

// scopeWords say where an entry holds.
func scopeWords(in campaign.DNCScope) string {
	switch {
	case in.Campaign != "":
		return "of campaign " + in.Campaign
	case in.Client != "":
		return "for client " + in.Client
	}
	return "for everything"
}

// scopesOf are the places where entries hold, each once.
func scopesOf(es []campaign.DNCEntry) string {
	var words []string
	for _, e := range es {
		if w := scopeWords(e.Scope()); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " and ")
}

func blockedInfo(es []campaign.DNCEntry) (bs []Blocked) {
	for _, e := range es {
		bs = append(bs, Blocked{Number: e.Number, Person: e.Person, Campaign: e.Campaign, Client: e.Client, At: e.At, By: e.By, Wording: e.Wording})
	}
	return bs
}

type blockedInput struct {
	Upload
	By       string `query:"by" doc:"who vouches for it, usually the file's name"`
	National string `query:"national" maxLength:"20" doc:"which whole national list this is, such as US, TPS or CTPS"`
	Date     string `query:"date" doc:"of which day the national list is, 2026-11-22"`
}

func (d *Desk) importBlocked(ctx context.Context, in *blockedInput) (*body[ImportResult], error) {
	o := BlockOptions{By: in.By, National: strings.ToUpper(in.National)}
	if (in.National == "") != (in.Date == "") {
		return nil, huma.Error422UnprocessableEntity("a national list needs a name and a date")
	}
	if in.Date != "" {
		var err error
		if o.Date, err = time.Parse(time.DateOnly, in.Date); err != nil || o.Date.After(d.cfg.Now().Add(24*time.Hour)) {
			return nil, huma.Error422UnprocessableEntity("date " + in.Date + " is not a day up to today, written as in 2026-11-22")
		}
	}
	res, err := d.cfg.Lists.ImportBlocked(ctx, in.r, o)
	if err != nil {
		return nil, d.refuse(err)
	}
	return reply(res), nil
}
