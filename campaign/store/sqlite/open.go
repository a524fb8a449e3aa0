// Package sqlite keeps a campaign.Store in one SQLite file.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store"
)

var _ campaign.Store = (*Store)(nil)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a file as ours ("FRTN"), so that another program's
// database is refused and not migrated.
const applicationID = 0x4652544e

const (
	busyTimeout = 10 * time.Second // how long a transaction waits for another process
	readers     = 4
)

// Options of Open. The zero value is usable.
type Options = store.Options

// OpenError says in one line why a store cannot be opened, and what to do.
type OpenError = store.OpenError

func openError(path, reason, cure string, err error) *OpenError {
	return &OpenError{Path: path, Reason: reason, Cure: cure, Err: err}
}

// Store is a campaign.Store in one file.
type Store struct {
	*store.Core
	path  string
	db    *engine
	close func() error // the engine's, once
}

// Open opens or creates the store in the file path and brings its schema up to
// date. The error is an *OpenError in one line.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, openError(path, "has no absolute path", "start from a folder that exists", err)
	}
	if err := makeFile(path); err != nil {
		return nil, err
	}
	db := &engine{writer: make(chan struct{}, 1), due: make(chan struct{}, 1), quit: make(chan struct{}), folded: make(chan struct{})}
	db.writer <- struct{}{}
	s := &Store{Core: store.New(db, o), path: path, db: db, close: sync.OnceValue(db.close)}
	if db.w, err = openDB(path, true); err == nil {
		db.r, err = openDB(path, false)
	}
	if err == nil {
		err = migrate(ctx, db.w)
	}
	go db.checkpoints() // Close ends it
	if err != nil {
		_ = s.Close()
		return nil, explain(path, err)
	}
	return s, nil
}

// makeFile creates the file with rights for its owner only; SQLite gives its
// companions (-wal, -shm) the same.
func makeFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return openError(path, "cannot be created", "give write permission on "+dir+` or set "data" in freiton.yaml to another folder`, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return openError(path, "cannot be written", "give write permission on "+dir+` or set "data" in freiton.yaml to another folder`, err)
	}
	return f.Close()
}

func openDB(path string, write bool) (*sql.DB, error) {
	q := url.Values{}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	q.Add("_pragma", "foreign_keys(1)")
	if write {
		q.Add("_pragma", "secure_delete(1)")                                        // what was erased is overwritten
		q.Add("_pragma", "cache_size(-131072)")                                     // KiB
		q.Add("_pragma", fmt.Sprintf("wal_autocheckpoint(%d)", 20*checkpointPages)) // see checkpoints
		q.Add("_pragma", "synchronous(FULL)")                                       // in WAL: fsync at every commit, so that a confirmed call survives a power cut
	} else {
		q.Add("_pragma", "cache_size(-16384)")
		q.Add("_pragma", "query_only(1)")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	n := 1
	if !write {
		n = readers
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// errForeign and errNewer are refusals of migrate.
var (
	errForeign = errors.New("another program's database")
	errNewer   = errors.New("newer schema")
)

func migrate(ctx context.Context, db *sql.DB) error {
	var id, tables int64
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return err
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return errForeign
	}
	// Kept in the file, so before the first table.
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %s, the file system has no shared memory", mode)
	}
	p, err := provider(db)
	if err != nil {
		return err
	}
	// The id is written with the first table or not at all: two processes may
	// meet here, and a crash between the two would leave a foreign file.
	if id == 0 {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id=%d", applicationID)); err != nil {
			return err
		}
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("%w: %d, this program knows %d", errNewer, have, want)
	}
	if have == want {
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files)
}

// explain names what is wrong with the file and what to do.
func explain(path string, err error) error {
	var oe *OpenError
	if errors.As(err, &oe) {
		return err
	}
	if errors.Is(err, errForeign) {
		return openError(path, "is the database of another program", `set "data" in freiton.yaml to another folder`, nil)
	}
	if errors.Is(err, errNewer) {
		return openError(path, "was written by a newer freiton", "install that version, or restore an older backup with: freiton restore FILE", err)
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return openError(path, "is damaged", "restore a backup with: freiton restore FILE", err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return openError(path, "cannot be written", "give write permission on "+filepath.Dir(path), err)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return openError(path, "is in use", "end the other program that has it open", err)
		case sqlite3.SQLITE_FULL:
			return openError(path, "cannot grow", "make room on the disk", err)
		}
	}
	return openError(path, "cannot be opened", "see freiton check", err)
}

// Close waits for the running transaction and closes the file. Closing again
// says the same as the first time.
func (s *Store) Close() error { return s.close() }

// errClosed is what a transaction gets that comes after Close.
var errClosed = errors.New("the store is closed")

func (e *engine) close() error {
	<-e.writer // never given back: nothing writes after Close
	close(e.quit)
	<-e.folded
	var errs []error
	e.dropConn()
	for _, db := range []*sql.DB{e.r, e.w} { // the writer last: it folds the write-ahead log into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

const (
	// checkpointEvery is after how many transactions the write-ahead log is
	// folded into the file, checkpointPages about how long it is then.
	checkpointEvery = 256
	checkpointPages = 2000
)

// checkpoints folds the write-ahead log into the file from time to time. Left
// to itself SQLite does it within a commit, which then takes a hundred times
// as long: somebody's call would wait.
//
// The first pass runs beside the writer, which goes on writing; the second one
// holds it up for the little that came meanwhile, so that the log is done with
// and begins anew.
func (e *engine) checkpoints() {
	defer close(e.folded)
	for {
		select {
		case <-e.due:
		case <-e.quit:
			return
		}
		e.fold()
		select {
		case <-e.writer:
			e.fold()
			if e.shreds.Load() {
				e.empty()
			}
			e.writer <- struct{}{}
		case <-e.quit:
			return
		}
	}
}

// Erase is Core's, and leaves nothing in the write-ahead log either: folded into
// the file, an old page of it would stay there until it is written over.
func (s *Store) Erase(ctx context.Context, id string, q campaign.EraseQuery) (campaign.Erasure, error) {
	e, err := s.Core.Erase(ctx, id, q)
	if err != nil {
		return e, err
	}
	s.db.shreds.Store(true)
	select {
	case <-s.db.writer:
		s.db.empty()
		s.db.writer <- struct{}{}
	case <-s.db.quit:
	}
	return e, nil
}

// empty folds the whole write-ahead log into the file and cuts it off. The caller
// holds the writer. Where somebody reads, it waits for nobody: the next of
// checkpoints tries again.
func (e *engine) empty() {
	ctx := context.Background()
	c, err := e.r.Conn(ctx)
	if err != nil {
		return
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, `PRAGMA busy_timeout=0`); err != nil {
		return
	}
	var busy, frames, folded int
	if err := c.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &folded); err == nil && busy == 0 {
		e.shreds.Store(false)
	}
	_, _ = c.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout=%d`, busyTimeout.Milliseconds()))
}

// fold waits for nobody; what it cannot fold, the next one does.
func (e *engine) fold() { _, _ = e.r.Exec(`PRAGMA wal_checkpoint(PASSIVE)`) }

// committed counts transactions, a big one for several.
func (e *engine) committed(n int) {
	after := e.commits.Add(int64(n))
	if after/checkpointEvery == (after-int64(n))/checkpointEvery {
		return
	}
	select {
	case e.due <- struct{}{}:
	default: // one is under way
	}
}

// Path is the file.
func (s *Store) Path() string { return s.path }
