// Package postgres keeps a campaign.Store in a PostgreSQL database, which
// several processes share: docs/architecture.md, and package store for what is
// the same over every database.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store"
)

var _ campaign.Store = (*Store)(nil)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// versions is the table that marks a database as ours and says which
	// migrations it has.
	versions = "freiton_version"
	// oldest is the oldest server that can be used: PostgreSQL 13 can tell what
	// became of a transaction.
	oldest = 130000
	// defaultGrace is how long after the server's start no lease runs out: time
	// for every process to come back and renew its own.
	defaultGrace = 45 * time.Second

	writers = 12
	readers = 6
)

// Options of Open. The zero value is usable.
type Options struct {
	store.Options
	// CallersClock makes leases run by the times that callers give, and not by
	// the server's clock: for one process, or tests in virtual time.
	CallersClock bool
	// Grace is how long after the server's start no lease runs out; 0 = 45 s.
	Grace time.Duration
}

// OpenError says in one line why a store cannot be opened, and what to do.
type OpenError = store.OpenError

// Store is a campaign.Store in a PostgreSQL database.
type Store struct {
	*store.Core
	db   *engine
	cfg  *pgx.ConnConfig
	path string
	now  func() time.Time

	taking sync.Mutex // held while doubts are taken back
	mu     sync.Mutex
	doubts []doubt
}

// Open connects to the database at an address such as
// postgres://user@host:5432/name and brings its schema up to date. The error
// is an *OpenError in one line, and holds no password.
func Open(ctx context.Context, address string, o Options) (*Store, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil { // its text may hold the address with the password
		return nil, &OpenError{Path: "postgres://…", Reason: "has an address that cannot be read", Cure: `write store: postgres://user@host:5432/database in freiton.yaml`}
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "freiton"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	e := &engine{callers: o.CallersClock, grace: o.Grace, secret: cfg.Password}
	e.w = openDB(cfg, writers, settings)
	e.r = openDB(cfg, readers, []string{"SET jit = off"}) // it costs more than all but the longest reading
	s := &Store{Core: store.New(e, o.Options), db: e, cfg: cfg, path: plain(cfg), now: o.Now}
	if err := s.migrate(ctx); err != nil {
		_ = s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// settings of a connection that writes.
//
// Every statement has an index to go by, and the tables it looks into beside
// it (lease, calling) are small: with these plans a statement costs the same
// on an empty list and on a million, whatever the server thinks of the size of
// its tables.
var settings = []string{
	"SET synchronous_commit = on", // what is confirmed is on disk
	"SET statement_timeout = " + milliseconds(statementTime),
	"SET lock_timeout = " + milliseconds(statementTime/2),
	"SET idle_in_transaction_session_timeout = " + milliseconds(2*statementTime),
	"SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3",
	// Plans are made once: whatever the parameters, the index is the same.
	"SET jit = off", "SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off", "SET enable_hashjoin = off", "SET enable_mergejoin = off",
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func openDB(cfg *pgx.ConnConfig, conns int, settings []string) *sql.DB {
	db := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.PgConn().Exec(ctx, strings.Join(settings, ";")).ReadAll()
		return err
	}))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// plain is the address without its secret.
func plain(cfg *pgx.ConnConfig) string {
	u := url.URL{Scheme: "postgres", User: url.User(cfg.User), Host: net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))), Path: "/" + cfg.Database}
	if strings.HasPrefix(cfg.Host, "/") { // the folder of a socket
		u.Host, u.RawQuery = "", "host="+cfg.Host
	}
	return u.String()
}

// Refusals of migrate.
var (
	errForeign = errors.New("another program's tables")
	errNewer   = errors.New("newer schema")
	errOld     = errors.New("old server")
	errRights  = errors.New("no right to create tables")
)

func (s *Store) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var version int
	var ours, tables, may bool
	err := s.db.r.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, to_regclass($1) IS NOT NULL,
		EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')),
		coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)`, versions).Scan(&version, &ours, &tables, &may)
	switch {
	case err != nil:
		return err
	case version < oldest:
		return fmt.Errorf("%w: version %d.%d", errOld, version/10000, version%10000)
	case tables && !ours:
		return errForeign
	case !may:
		return errRights
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	alone, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60)) // two processes may begin at once
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, s.db.r, files, goose.WithTableName(versions), goose.WithSessionLocker(alone))
	if err != nil {
		return err
	}
	sources := p.ListSources()
	have, want := int64(0), sources[len(sources)-1].Version
	if ours {
		if have, _, err = p.GetVersions(ctx); err != nil { // without the lock: most often there is nothing to do
			return err
		}
	}
	if have > want {
		return fmt.Errorf("%w: %d, this program knows %d", errNewer, have, want)
	}
	if have < want {
		_, err = p.Up(ctx)
	}
	return err
}

// explain names what is wrong with the database and what to do.
func (s *Store) explain(err error) error {
	refuse := func(reason, cure string, cause error) error {
		return &OpenError{Path: s.path, Reason: reason, Cure: cure, Err: s.db.clean(cause)}
	}
	var pe *pgconn.PgError
	errors.As(err, &pe)
	var connect *pgconn.ConnectError
	switch {
	case errors.Is(err, errForeign):
		return refuse("holds another program's tables", "give freiton a database of its own: createdb NAME", nil)
	case errors.Is(err, errNewer):
		return refuse("was written by a newer freiton", "install that version", err)
	case errors.Is(err, errOld):
		return refuse("is too old", "PostgreSQL 13 or newer is needed", err)
	case pe != nil && (pe.Code == "28P01" || pe.Code == "28000"):
		return refuse("refuses the user", `correct user and password in "store", or pg_hba.conf at the server`, pe)
	case pe != nil && pe.Code == "3D000":
		return refuse("does not exist", "create it: createdb "+s.cfg.Database, pe)
	case pe != nil && pe.Code == "53300":
		return refuse("has no connection left", "raise max_connections at the server", pe)
	case errors.Is(err, errRights) || pe != nil && pe.Code == "42501":
		return refuse("does not let "+s.cfg.User+" create tables", "make "+s.cfg.User+" the owner of the database", nil)
	case pe == nil && (errors.As(err, &connect) || isNetwork(err)):
		return refuse("does not answer", `start PostgreSQL, or correct "store" in freiton.yaml`, err)
	}
	return refuse("cannot be opened", "see freiton check, and the server's log", err)
}

// isNetwork: the trouble is between here and the server.
func isNetwork(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// Path is the database's address, without its password.
func (s *Store) Path() string { return s.path }

// Backup refuses: a server has its own means.
func (s *Store) Backup(context.Context, string) error {
	return fmt.Errorf("store: backup: the store is a PostgreSQL database: copy it with pg_dump --format=custom --file=FILE %q (%w)", s.path, errors.ErrUnsupported)
}

// Close closes the connections, after the transactions that run.
func (s *Store) Close() error { return errors.Join(s.db.w.Close(), s.db.r.Close()) }
