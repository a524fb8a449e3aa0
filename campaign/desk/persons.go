package desk

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Persons answers what is kept of a person, and forgets her.
type Persons interface {
	// Dossier is everything that is kept of whoever has the number.
	Dossier(ctx context.Context, number string) (*campaign.Dossier, error)
	// Forget erases; when it returns, recordings and the journal are done, too.
	Forget(ctx context.Context, q campaign.EraseQuery) (campaign.Erasure, error)
	// Open opens a recording of an attempt; the name is relative to the data folder.
	Open(name string) (io.ReadCloser, error)
}

// PersonPath names a person by one of her numbers.
type PersonPath struct {
	Number string `path:"number" maxLength:"64" doc:"E.164 or as the default country writes it"`
}

func (d *Desk) persons(api huma.API) {
	if d.cfg.Persons == nil {
		return
	}
	huma.Register(api, both(operation("person", http.MethodGet, "/api/v1/persons/{number}", campaign.RoleSupervisor,
		"Everything that is kept of a person")), d.showPerson)
	huma.Register(api, both(operation("person-page", http.MethodGet, "/api/v1/persons/{number}/page", campaign.RoleSupervisor,
		"The same as a page to print")), d.personPage)
	huma.Register(api, both(operation("person-export", http.MethodGet, "/api/v1/persons/{number}/export", campaign.RoleAdministrator,
		"The same as a zip file: JSON, page and recordings")), d.exportPerson)
	huma.Register(api, both(operation("person-erase", http.MethodDelete, "/api/v1/persons/{number}", campaign.RoleAdministrator,
		"Forget a person: records, notes, recordings … Proof of consent and a hashed do-not-call entry stay")), d.erasePerson)
	huma.Register(api, both(operation("recording", http.MethodGet, "/api/v1/attempts/{id}/recording", campaign.RoleSupervisor,
		"The recording of a call (WAV, contact left, agent right)")), d.playRecording)
}

// whole refuses callers who see part of the floor only: a person's calls may
// have been anybody's.
func (d *Desk) whole(ctx context.Context) error {
	if p := who(ctx); p.scoped() {
		return problem(http.StatusForbidden, CodeForbidden, "this shows calls of the whole floor, and you see a part of it")
	}
	return nil
}

func (d *Desk) dossier(ctx context.Context, number string, what campaign.AuditWhat) (*campaign.Dossier, error) {
	if err := d.whole(ctx); err != nil {
		return nil, err
	}
	n, err := d.cfg.Number(number)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	if err := d.note(ctx, n, campaign.AuditEntry{What: what}); err != nil {
		return nil, err
	}
	p, err := d.cfg.Persons.Dossier(ctx, n)
	return p, d.problem(err)
}

func (d *Desk) showPerson(ctx context.Context, in *PersonPath) (*body[*campaign.Dossier], error) {
	p, err := d.dossier(ctx, in.Number, campaign.AuditPersonShown)
	if err != nil {
		return nil, err
	}
	return reply(p), nil
}

type pageOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (d *Desk) personPage(ctx context.Context, in *struct {
	PersonPath
	Lang string `query:"lang" enum:"de,en" default:"de"`
}) (*pageOutput, error) {
	p, err := d.dossier(ctx, in.Number, campaign.AuditPersonShown)
	if err != nil {
		return nil, err
	}
	page, err := dossierPage(p, in.Lang, "/assets/print.css")
	if err != nil {
		return nil, d.problem(err)
	}
	return &pageOutput{ContentType: "text/html; charset=utf-8", Body: page}, nil
}

func (d *Desk) exportPerson(ctx context.Context, in *PersonPath) (*huma.StreamResponse, error) {
	p, err := d.dossier(ctx, in.Number, campaign.AuditPersonExported)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/zip")
		hc.SetHeader("Content-Disposition", `attachment; filename="person.zip"`)
		if err := d.zipPerson(hc.BodyWriter(), p); err != nil {
			d.cfg.Log.Error("export broke off", "export", "person", "err", err)
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

func (d *Desk) zipPerson(w io.Writer, p *campaign.Dossier) error {
	z := zip.NewWriter(w)
	f, err := z.Create("person.json")
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return err
	}
	for _, lang := range []string{"de", "en"} {
		page, err := dossierPage(p, lang, "")
		if err != nil {
			return err
		}
		if f, err = z.Create("person." + lang + ".html"); err != nil {
			return err
		}
		if _, err := f.Write(page); err != nil {
			return err
		}
	}
	for _, a := range p.Attempts {
		if a.Recording == "" {
			continue
		}
		r, err := d.cfg.Persons.Open(a.Recording)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its time was over
		}
		if err != nil {
			return err
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: "recordings/" + filepath.Base(a.Recording), Method: zip.Store, Modified: a.DialedAt.Time})
		if err == nil {
			_, err = io.Copy(f, r)
		}
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return z.Close()
}

func (d *Desk) erasePerson(ctx context.Context, in *struct {
	PersonPath
	Person string `query:"person" doc:"one of those who share the number: customer:ID, chain:ID"`
	All    bool   `query:"all" doc:"everybody who has the number"`
	Reason string `query:"reason" maxLength:"200" doc:"for the deletion record, as in: letter of 4 March. No names"`
}) (*body[campaign.Erasure], error) {
	n, err := d.cfg.Number(in.Number)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	e, err := d.cfg.Persons.Forget(ctx, campaign.EraseQuery{Number: n, Person: in.Person, All: in.All, By: who(ctx).user, Reason: in.Reason, Now: d.cfg.Now()})
	if errors.Is(err, campaign.ErrNotFound) {
		return nil, huma.Error404NotFound(in.Person + " does not have the number " + n)
	}
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(e), nil
}

func (d *Desk) playRecording(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64"`
}) (*huma.StreamResponse, error) {
	as, err := d.cfg.Store.PastAttempts(ctx, campaign.AttemptQuery{ID: campaign.AttemptID(in.ID), Limit: 1})
	if err != nil {
		return nil, d.problem(err)
	}
	if len(as) == 0 || as[0].Recording == "" || !d.scope(ctx).attempt(as[0].Attempt) {
		return nil, huma.Error404NotFound("no recording of a call " + in.ID)
	}
	found := as[0].Attempt
	r, err := d.cfg.Persons.Open(found.Recording)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, huma.Error404NotFound("the recording is not kept any more")
	}
	if err != nil {
		return nil, d.problem(err)
	}
	if err := d.note(ctx, found.Number, campaign.AuditEntry{What: campaign.AuditPlayed, About: in.ID}); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer r.Close()
		hc.SetHeader("Content-Type", "audio/wav")
		if _, err := io.Copy(hc.BodyWriter(), r); err != nil {
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// OpenIn opens a file below a folder, and no other.
func OpenIn(folder, name string) (io.ReadCloser, error) {
	if !filepath.IsLocal(name) || !strings.HasPrefix(filepath.ToSlash(name), "recordings/") {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return os.OpenInRoot(folder, name)
}
