package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/freiton/freiton/campaign"
)

// SocketName is the file name of the administration socket in the data folder.
const SocketName = "admin.sock"

// Config is what a Desk is made of. Control is nil where no controller runs.
type Config struct {
	Version      string
	Store        Store
	Control      Control
	Lists        Lists
	Documents    Documents
	Ledger       Ledger        // nil: nothing is written down
	Persons      Persons       // nil: no dossiers
	Reports      Reports       // nil: no figures
	SIP          SIPTrace      // nil: no ladders
	Texts        CampaignTexts // nil: texts are changed with the document only
	Why          func(context.Context, campaign.Record) (string, error)
	Prospect     func(ctx context.Context, name string) (campaign.Prospect, error) // what the campaign will not dial
	TooOld       func(ctx context.Context) (Retained, error)                       // what retention would delete now
	Report       func(ctx context.Context, name string) (write func(io.Writer) error, err error)
	Number       func(raw string) (string, error) // normalises to E.164
	HashPassword func(plain string) (string, error)
	Now          func() time.Time
	Log          *slog.Logger
}

// Store is what the desk reads and writes itself.
type Store interface {
	Records(context.Context, campaign.RecordQuery, func(campaign.Record) error) error
	Retry(ctx context.Context, list, id string) error
	Lists(context.Context) ([]campaign.ListInfo, error)
	Attempts(ctx context.Context, campaign string, each func(campaign.Attempt) error) error
	campaign.Directory
	campaign.Histories
	campaign.Mailbox
	campaign.Preferences
	Block(context.Context, campaign.DNCEntry) error
	Unblock(ctx context.Context, number string, in campaign.DNCScope) (int, []campaign.DNCEntry, error)
	Blocked(context.Context) ([]campaign.DNCEntry, error)
	PutCampaign(context.Context, campaign.CampaignRow) error
	Campaigns(context.Context) ([]campaign.CampaignRow, error)
	PutUser(context.Context, campaign.User) error
	Users(context.Context) ([]campaign.User, error)
	Watch(ctx context.Context, changed func())
	Backup(ctx context.Context, file string) error
}

// Control is the running campaign controller.
type Control interface {
	Do(context.Context, campaign.Click) error
	Snapshot(context.Context, campaign.Viewer) (campaign.Snapshot, error)
	Settled(context.Context) error // when the store has everything that was decided so far
}

// Desk serves the API.
type Desk struct {
	cfg Config
	mux *http.ServeMux
	api huma.API
	web *Web // nil: only the socket

	scopes scopes
	shifts shifts
}

// New makes a Desk and registers every operation.
func New(cfg Config) *Desk {
	d := &Desk{cfg: cfg, mux: http.NewServeMux()}
	hc := huma.DefaultConfig("Freiton", cfg.Version)
	hc.CreateHooks = nil                 // no $schema links in answers: scripts compare them
	hc.DocsPath, hc.SchemasPath = "", "" // its page loads a script of somebody else: see reference.go
	api := humago.New(d.mux, hc)
	api.UseMiddleware(d.admit)
	d.api = api
	d.lists(api)
	d.dnc(api)
	d.campaigns(api)
	d.campaignTexts(api)
	d.users(api)
	d.auditing(api)
	d.persons(api)
	d.reports(api)
	d.server(api)
	d.login(api)
	d.state(api)
	d.agent(api)
	d.interactions(api)
	d.sound(api)
	d.soundCheck(api)
	d.past(api)
	d.contacts(api)
	d.messages(api)
	d.overseeing(api)
	d.ladders(api)
	d.texts(api)
	d.mux.HandleFunc("/api/", noOperation)
	return d
}

// now is the time as the API gives times: in milliseconds.
func (d *Desk) now() time.Time { return d.cfg.Now().Truncate(time.Millisecond) }

// Handler serves the API of an administrator at this machine.
func (d *Desk) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := principal{user: administrator, role: campaign.RoleAdministrator, socket: true}
		d.mux.ServeHTTP(w, r.WithContext(withPrincipal(r.Context(), p)))
	})
}

// server registers what concerns the whole program.
func (d *Desk) server(api huma.API) {
	huma.Register(api, both(operation("server", http.MethodGet, "/api/v1/server", campaign.RoleAgent,
		"What answers here")), func(context.Context, *struct{}) (*body[ServerInfo], error) {
		return reply(ServerInfo{Version: d.cfg.Version, Running: d.cfg.Control != nil, PID: os.Getpid()}), nil
	})
	huma.Register(api, onlySocket(operation("retention", http.MethodGet, "/api/v1/retention", campaign.RoleAdministrator,
		"What is older than retention: says, and would be deleted now")), d.tooOld)
	huma.Register(api, onlySocket(operation("backup", http.MethodPost, "/api/v1/backup", campaign.RoleAdministrator,
		"Write a consistent copy of the store to a new file on the server")),
		func(ctx context.Context, in *struct{ Body BackupRequest }) (*struct{}, error) {
			if !filepath.IsAbs(in.Body.File) {
				return nil, huma.Error422UnprocessableEntity("file: an absolute path is needed, for the server's folder is another than yours")
			}
			if err := d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditBackup, About: in.Body.File}); err != nil {
				return nil, err
			}
			return nil, d.problem(d.cfg.Store.Backup(ctx, in.Body.File))
		})
}

// ServerInfo says what answers.
type ServerInfo struct {
	Version string `json:"version"`
	Running bool   `json:"running" doc:"a campaign controller runs in this process"`
	PID     int    `json:"pid"`
}

// Retained is what a run of retention deleted, or would.
type Retained struct {
	Recordings int  `json:"recordings"`
	Notes      int  `json:"notes"`
	AgentTimes int  `json:"agent_times" doc:"entries of single agents, kept per team from now on"`
	DryRun     bool `json:"dry_run,omitempty"`
}

func (d *Desk) tooOld(ctx context.Context, _ *struct{}) (*body[Retained], error) {
	r, err := d.cfg.TooOld(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(r), nil
}

// BackupRequest names the file of a backup; it must not exist yet.
type BackupRequest struct {
	File string `json:"file" minLength:"1"`
}

// body is an answer with a JSON body.
type body[T any] struct{ Body T }

func reply[T any](v T) *body[T] { return &body[T]{Body: v} }

// Listen opens the administration socket of a data folder: mode 0600, so the
// same user of the operating system is the administrator. A socket file left
// by a process that was killed is replaced; the caller holds the folder's lock.
func Listen(dataFolder string) (net.Listener, error) {
	path := filepath.Join(dataFolder, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("administration socket %s: %w", path, err)
	}
	old := umask(0o177)
	l, err := net.Listen("unix", path)
	umask(old)
	if err != nil {
		return nil, fmt.Errorf("administration socket %s: %w (a socket's path may have 107 bytes; choose a shorter data folder)", path, err)
	}
	return l, nil
}

// Serve answers on the listener until the context ends; it returns when every
// request has been answered or two seconds have passed.
func (d *Desk) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{Handler: d.Handler(), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }() // owned here; ended by Shutdown
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := srv.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	<-done
	return err
}
