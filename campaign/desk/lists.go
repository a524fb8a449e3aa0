package desk

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Lists reads and writes list files.
type Lists interface {
	Import(ctx context.Context, list string, r io.Reader, o ImportOptions) (ImportResult, error)
	Export(ctx context.Context, list string, w io.Writer, o ExportOptions) error
	ImportBlocked(ctx context.Context, r io.Reader, o BlockOptions) (ImportResult, error)
}

// ImportOptions say how a file is read.
type ImportOptions struct {
	Map    map[string]string // our field -> the file's header
	DryRun bool
	Name   string // of the file, for messages
	Sheet  string // of a workbook; empty: the first with rows
}

// BlockOptions say what a do-not-call list is.
type BlockOptions struct {
	By       string    // who vouches for it
	National string    // name of the national list that it is, such as TPS; empty: our own
	Date     time.Time // of which day a national list is
}

// ExportOptions say what of a list is written and how.
type ExportOptions struct {
	Excel   bool
	Changed bool
	Since   time.Time
}

// ImportResult counts what came of an import.
type ImportResult struct {
	List         string         `json:"list,omitempty"`
	Lines        int            `json:"lines" doc:"data lines read"`
	Imported     int            `json:"imported" doc:"records added"`
	Skipped      int            `json:"skipped" doc:"records that were there already"`
	Repaired     int            `json:"repaired"`
	Twice        int            `json:"twice,omitempty" doc:"of the skipped, those that the file has twice"`
	Elsewhere    int            `json:"elsewhere" doc:"numbers that stand in another list as well"`
	InLists      map[string]int `json:"in_lists,omitempty" doc:"by list"`
	DuplicateIDs int            `json:"duplicate_ids,omitempty" doc:"ids that another contact of the file or list has too; they went in"`
	Bad          int            `json:"bad" doc:"lines that were left out"`
	BadLines     []BadLine      `json:"bad_lines,omitempty" doc:"the first of them"`
	Mended       []Mended       `json:"mended,omitempty" doc:"the first of those repaired"`
	Sheet        string         `json:"sheet,omitempty" doc:"of a workbook: the sheet that was read"`
	OtherSheets  []string       `json:"other_sheets,omitempty" doc:"sheets with rows that were not read"`
	Filled       int            `json:"filled,omitempty" doc:"cells of a workbook that say what one merged with them says above"`
	DryRun       bool           `json:"dry_run,omitempty"`
	Encoding     string         `json:"encoding,omitempty"`
	Separator    string         `json:"separator,omitempty"`
	Columns      []ImportColumn `json:"columns,omitempty" doc:"what the file's columns were taken for"`
	Types        map[string]int `json:"types,omitempty" doc:"records by type"`
	Statuses     map[string]int `json:"statuses,omitempty" doc:"records by status"`
	Results      map[string]int `json:"results,omitempty" doc:"records by call result, but for unknown"`
	Called       int            `json:"called,omitempty" doc:"records that were called before"`
	Blocked      int            `json:"blocked,omitempty" doc:"do-not-call entries that the file asks for"`
	Owners       map[string]int `json:"owners,omitempty" doc:"open personal callbacks by agent"`
	Unknown      []string       `json:"unknown_owners,omitempty" doc:"those of them without an account here"`
}

// ImportColumn is a column of a file and the field it was taken for.
type ImportColumn struct {
	Column string `json:"column"`
	Field  string `json:"field,omitempty" doc:"empty: kept as it is"`
}

// BadLine is a line that was left out, and why.
type BadLine struct {
	Line   int    `json:"line" doc:"line of the file, from 1"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
}

// Mended is a number that was understood though it was written wrong.
type Mended struct {
	Line   int    `json:"line"`
	Column string `json:"column"`
	Value  string `json:"value" doc:"as it stands in the file"`
	Number string `json:"number" doc:"as it was understood"`
	How    string `json:"how"`
}

// ListSummary is a list and its counts.
type ListSummary struct {
	Name     string         `json:"name"`
	Records  int            `json:"records"`
	ByStatus map[string]int `json:"by_status"`
	Imported time.Time      `json:"imported"`
}

// maxImport is the largest file taken over the API.
const maxImport = 4 << 30

// Upload is an operation's streamed request body: huma would read it whole.
type Upload struct{ r io.Reader }

// Resolve implements huma.Resolver.
func (u *Upload) Resolve(ctx huma.Context) []error {
	u.r = io.LimitReader(ctx.BodyReader(), maxImport)
	return nil
}

type importInput struct {
	Upload
	List   string   `path:"list" maxLength:"100"`
	Map    []string `query:"map,explode" doc:"field=header, e.g. phone=Tel"`
	DryRun bool     `query:"dry_run"`
	Name   string   `query:"name" doc:"the file's name, for messages"`
	Sheet  string   `query:"sheet" doc:"of a workbook; without it the first that is shown and has rows"`
}

type recordInput struct {
	ID   string `path:"id"`
	List string `query:"list" doc:"needed only where lists share ids"`
}

func (d *Desk) lists(api huma.API) {
	huma.Register(api, both(operation("lists", http.MethodGet, "/api/v1/lists", campaign.RoleSupervisor,
		"All lists with their counts")), d.allLists)
	huma.Register(api, both(operation("import-list", http.MethodPost, "/api/v1/lists/{list}/records", campaign.RoleAdministrator,
		"Add the records of a CSV file (the request body) to a list")), d.importList)
	huma.Register(api, both(operation("export-list", http.MethodGet, "/api/v1/lists/{list}/records", campaign.RoleAdministrator,
		"The list as CSV, its own columns first")), d.exportList)
	huma.Register(api, both(operation("list-page", http.MethodGet, "/api/v1/lists/{list}/page", campaign.RoleSupervisor,
		"Records of a list, a page at a time, in the list's order")), d.listPage)
	huma.Register(api, both(operation("record", http.MethodGet, "/api/v1/records/{id}", campaign.RoleSupervisor,
		"A record")), d.showRecord)
	huma.Register(api, both(operation("why", http.MethodGet, "/api/v1/records/{id}/why", campaign.RoleSupervisor,
		"Why a record is not dialled now, in one sentence")), d.whyRecord)
	huma.Register(api, both(operation("retry", http.MethodPost, "/api/v1/records/{id}/retry", campaign.RoleSupervisor,
		"Free a stale or finished record for dialling")), d.retryRecord)
}

func (d *Desk) allLists(ctx context.Context, _ *struct{}) (*body[[]ListSummary], error) {
	ls, err := d.cfg.Store.Lists(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	out := make([]ListSummary, 0, len(ls))
	mine := d.scope(ctx)
	for _, l := range ls {
		if !mine.list(l.Name) {
			continue
		}
		s := ListSummary{Name: l.Name, Records: l.Records, Imported: l.Imported, ByStatus: map[string]int{}}
		for status, n := range l.ByStatus {
			s.ByStatus[status.String()] = n
		}
		out = append(out, s)
	}
	return reply(out), nil
}

func (d *Desk) importList(ctx context.Context, in *importInput) (*body[ImportResult], error) {
	m, err := pairs(in.Map)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	res, err := d.cfg.Lists.Import(ctx, in.List, in.r, ImportOptions{Map: m, DryRun: in.DryRun, Name: in.Name, Sheet: in.Sheet})
	if err != nil {
		return nil, d.refuse(err)
	}
	if !in.DryRun {
		e := campaign.AuditEntry{What: campaign.AuditListImported, About: in.List, New: fmt.Sprintf("%d records of %s", res.Imported, in.Name)}
		if err := d.note(ctx, "", e); err != nil {
			return nil, err
		}
	}
	return reply(res), d.changed(ctx, in.List)
}

type exportInput struct {
	List    string    `path:"list"`
	Excel   bool      `query:"excel" doc:"semicolon and Windows-1252"`
	Changed bool      `query:"changed" doc:"only records that were worked on"`
	Since   time.Time `query:"since" doc:"only records changed since"`
}

func (d *Desk) exportList(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	if err := d.knownList(ctx, in.List); err != nil {
		return nil, err
	}
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditListExported, About: in.List}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv")
		err := d.cfg.Lists.Export(ctx, in.List, hc.BodyWriter(), ExportOptions{Excel: in.Excel, Changed: in.Changed, Since: in.Since})
		if err != nil {
			d.cfg.Log.Error("export broke off", "list", in.List, "err", err)
			panic(http.ErrAbortHandler) // a broken connection, not half a file that looks whole
		}
	}}, nil
}

func (d *Desk) knownList(ctx context.Context, name string) error {
	ls, err := d.cfg.Store.Lists(ctx)
	if err != nil {
		return d.problem(err)
	}
	for _, l := range ls {
		if l.Name == name {
			return nil
		}
	}
	return huma.Error404NotFound("no list is named " + name)
}

func (d *Desk) showRecord(ctx context.Context, in *recordInput) (*body[Record], error) {
	rs, err := d.find(ctx, in)
	if err != nil {
		return nil, err
	}
	return reply(recordView(rs[0])), nil
}

// Why is the answer to "why is this record not dialled now".
type Why struct {
	Record string `json:"record"`
	Why    string `json:"why"`
}

func (d *Desk) whyRecord(ctx context.Context, in *recordInput) (*body[Why], error) {
	rs, err := d.find(ctx, in)
	if err != nil {
		return nil, err
	}
	r := whoseTurn(rs)
	text, err := d.cfg.Why(ctx, r)
	if err != nil {
		return nil, d.problem(err)
	}
	if len(rs) > 1 {
		text = r.Phone + ": " + text
	}
	return reply(Why{Record: r.ID, Why: text}), nil
}

// whoseTurn is, of the numbers of a contact, the one that says why the contact
// is not called: the one in turn, else the one that was called last.
func whoseTurn(rs []campaign.Record) campaign.Record {
	rank := func(r campaign.Record) int {
		switch {
		case r.Status == campaign.ChainUpdated:
			return 0
		case r.Status.Done() && r.Status != campaign.Stale: // that waits for a person
			return 1
		case r.Status == campaign.ChainReady:
			return 2
		}
		return 3
	}
	return slices.MaxFunc(rs, func(a, b campaign.Record) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.LastCall.Compare(b.LastCall), cmp.Compare(b.Position, a.Position))
	})
}

func (d *Desk) retryRecord(ctx context.Context, in *recordInput) (*body[Record], error) {
	rs, err := d.find(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := d.cfg.Store.Retry(ctx, rs[0].List, rs[0].ID); err != nil {
		return nil, d.problem(err)
	}
	if err := d.note(ctx, rs[0].Phone, campaign.AuditEntry{What: campaign.AuditRetried, About: rs[0].List}); err != nil {
		return nil, err
	}
	if err := d.changed(ctx, rs[0].List); err != nil {
		return nil, err
	}
	return d.showRecord(ctx, &recordInput{ID: in.ID, List: rs[0].List})
}

// find gives the records of an id: several of one list are a chain, in order.
func (d *Desk) find(ctx context.Context, in *recordInput) ([]campaign.Record, error) {
	rs, err := d.findBy(ctx, campaign.RecordQuery{List: in.List, ID: in.ID})
	if err == nil && len(rs) == 0 && d.cfg.Number != nil {
		if number, bad := d.cfg.Number(in.ID); bad == nil {
			rs, err = d.findBy(ctx, campaign.RecordQuery{List: in.List, Phone: number})
		}
	}
	var lists []string
	for _, r := range rs {
		if !slices.Contains(lists, r.List) {
			lists = append(lists, r.List)
		}
	}
	switch {
	case err != nil:
		return nil, d.problem(err)
	case len(rs) == 0:
		return nil, huma.Error404NotFound("no record has the id or the number " + in.ID + "; freiton list records LIST shows them")
	case len(lists) > 1:
		return nil, huma.Error409Conflict(fmt.Sprintf("the lists %s have a record %s: name the list (on the command line with --list)", strings.Join(lists, ", "), in.ID))
	}
	return rs, nil
}

// findBy are the records that are found, of those that may be seen.
func (d *Desk) findBy(ctx context.Context, q campaign.RecordQuery) (rs []campaign.Record, err error) {
	mine := d.scope(ctx)
	err = d.cfg.Store.Records(ctx, q, func(r campaign.Record) error {
		if mine.list(r.List) {
			rs = append(rs, r)
		}
		return nil
	})
	return rs, err
}

// changed lets the controller look again.
func (d *Desk) changed(ctx context.Context, list string) error {
	if d.cfg.Control == nil {
		return nil
	}
	return d.problem(d.cfg.Control.Do(ctx, campaign.ClickListChanged{List: list}))
}
