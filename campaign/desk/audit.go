package desk

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Ledger is the audit log. number is whom an entry is about, or empty.
type Ledger interface {
	Audit(ctx context.Context, number string, es ...campaign.AuditEntry) error
	AuditLog(context.Context, campaign.AuditQuery, func(campaign.AuditEntry) error) error
	VerifyAudit(context.Context) (campaign.AuditState, error)
}

// note writes down what a caller did or is about to read. Who reads gets
// nothing that could not be written down.
func (d *Desk) note(ctx context.Context, number string, e campaign.AuditEntry) error {
	if d.cfg.Ledger == nil {
		return nil
	}
	if e.Who == "" {
		e.Who = who(ctx).user
	}
	e.At = campaign.Stamp{Time: d.cfg.Now()}
	return d.problem(d.cfg.Ledger.Audit(ctx, number, e))
}

// as is the context for changes of the store in the caller's name.
func as(ctx context.Context, reason string) context.Context {
	return campaign.As(ctx, who(ctx).user, reason)
}

type auditInput struct {
	Since  time.Time `query:"since"`
	Until  time.Time `query:"until"`
	Who    string    `query:"who" maxLength:"64"`
	What   string    `query:"what" maxLength:"64" doc:"dialled, refused, result-changed, list-exported …"`
	Number string    `query:"number" maxLength:"64" doc:"entries about whoever has this number"`
}

func (in auditInput) query() campaign.AuditQuery {
	return campaign.AuditQuery{Since: in.Since, Until: in.Until, Who: campaign.AgentID(in.Who), What: campaign.AuditWhat(in.What), Number: in.Number}
}

func (d *Desk) auditing(api huma.API) {
	if d.cfg.Ledger == nil {
		return
	}
	huma.Register(api, both(operation("audit", http.MethodGet, "/api/v1/audit", campaign.RoleAdministrator,
		"Who did and read what, oldest first; the last 10,000 entries")), d.auditLog)
	huma.Register(api, both(operation("audit-csv", http.MethodGet, "/api/v1/audit/csv", campaign.RoleAdministrator,
		"The same as CSV, whole")), d.auditCSV)
	huma.Register(api, both(operation("audit-check", http.MethodGet, "/api/v1/audit/check", campaign.RoleAdministrator,
		"Whether the log is whole: every entry's checksum covers the one before it")), func(ctx context.Context, _ *struct{}) (*body[campaign.AuditState], error) {
		st, err := d.cfg.Ledger.VerifyAudit(ctx)
		if err != nil {
			return nil, d.problem(err)
		}
		return reply(st), nil
	})
}

// auditAtOnce is how many entries one answer holds.
const auditAtOnce = 10_000

func (d *Desk) auditLog(ctx context.Context, in *auditInput) (*body[[]campaign.AuditEntry], error) {
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditRead}); err != nil {
		return nil, err
	}
	out := []campaign.AuditEntry{}
	err := d.cfg.Ledger.AuditLog(ctx, in.query(), func(e campaign.AuditEntry) error {
		if out = append(out, e); len(out) >= 2*auditAtOnce {
			out = append(out[:0], out[auditAtOnce:]...)
		}
		return nil
	})
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(out[max(len(out)-auditAtOnce, 0):]), nil
}

func (d *Desk) auditCSV(ctx context.Context, in *auditInput) (*huma.StreamResponse, error) {
	if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditRead, New: "csv"}); err != nil {
		return nil, err
	}
	return d.csv("audit", func(w *csv.Writer) error {
		if err := w.Write([]string{"n", "at", "who", "what", "about", "subject", "old", "new", "reason", "sum"}); err != nil {
			return err
		}
		return d.cfg.Ledger.AuditLog(ctx, in.query(), func(e campaign.AuditEntry) error {
			return w.Write([]string{strconv.FormatInt(e.N, 10), stamp(e.At), safeCell(string(e.Who)), string(e.What), safeCell(e.About),
				e.Subject, safeCell(e.Old), safeCell(e.New), safeCell(e.Reason), e.Sum})
		})
	}), nil
}

// csv streams a file; one that breaks off is a broken connection, not half a
// file that looks whole.
func (d *Desk) csv(what string, write func(*csv.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+what+`.csv"`)
		w := csv.NewWriter(hc.BodyWriter())
		err := write(w)
		w.Flush()
		if err == nil {
			err = w.Error()
		}
		if err != nil {
			d.cfg.Log.Error("export broke off", "export", what, "err", err)
			panic(http.ErrAbortHandler)
		}
	}}
}

// stamp is a moment in a CSV file.
func stamp(s campaign.Stamp) string {
	if s.IsZero() {
		return ""
	}
	return s.Format("2006-01-02T15:04:05.000Z07:00")
}

// safeCell keeps a spreadsheet from taking a text for a formula.
func safeCell(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' && !digits(s[1:]) || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
