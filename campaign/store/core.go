package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Core is what a campaign.Store does, written once for every database. A store
// embeds it and adds how its database is opened, copied and closed.
//
// Statements are written for PostgreSQL, with ? for a parameter; an engine
// whose database speaks otherwise rewrites them. They keep to what all
// understand but for locks (FOR UPDATE …), which an engine with one writer at
// a time leaves out, and greatest.
type Core struct {
	db  Engine
	opt Options

	mu      sync.Mutex
	layouts map[int64][]string // column names; never change once written
	zones   map[string]*time.Location
	expired time.Time         // when leases that had run out were last given back
	crowded map[string]bool   // lists of which more has fallen due than a lease looks at
	passed  map[string]passed // by passedKey
	key     string            // of subject; never changes
}

// Options of a store. The zero value is usable.
type Options struct {
	// Country and Allow are dial.default_country and dial.allow: do-not-call
	// entries are normalised with them.
	Country string
	Allow   []string
	// Now is the clock for what is not told the time; nil = time.Now.
	Now func() time.Time
}

// Engine runs statements in a database.
type Engine interface {
	// Transact runs fn in a transaction, which is on disk when Transact
	// returns nil. It runs fn again from its beginning when another
	// transaction came between. A context that is done before it begins stops
	// it; later ones do not. lazily: what it does may be lost should the machine
	// of the database lose its power, until a later transaction is on disk. It
	// need not wait for the disk, then.
	Transact(ctx context.Context, lazily bool, fn func(Tx) error) error
	// Read runs a query outside of transactions and calls each for every row.
	Read(ctx context.Context, each func(Row) error, query string, args ...any) error
	// Matching looks for a word, small letters and digits only, in the column
	// search of a table: what stands behind FROM for the table under an alias,
	// and a condition that the word is one there, or begins one, with its
	// argument.
	Matching(table, alias, word string, begins bool) (from, where string, arg any)
}

// Tx is a running transaction.
type Tx interface {
	// Exec runs a statement and says how many rows it changed.
	Exec(query string, args ...any) (int64, error)
	// Batch runs statements one after the other, in one journey to the database.
	Batch(...Statement) error
	// Insert runs an INSERT INTO table (columns) for rows of equal length, each
	// of numbers, texts and nulls, and says how many were new. end is what
	// follows the values.
	Insert(into, end string, rows [][]any) (int64, error)
	// Query calls each for every row. each must not run another query.
	Query(each func(Row) error, query string, args ...any) error
	// Lock makes transactions that name the same thing wait for one another.
	Lock(names ...string) error
	// Clock is the time by which leases run and calls per second are counted, when
	// it is now for the caller: a database that several machines share goes by its
	// own clock.
	Clock(now time.Time) time.Time
	// Expired is until when leases have run out. It may lag behind Clock: while
	// the database was away nobody could renew one.
	Expired(now time.Time) time.Time
	// Changed tells other processes, once the transaction is on disk, that
	// campaigns, users or the do-not-call list are not what they were.
	Changed()
}

// Statement is one of Tx.Batch.
type Statement struct {
	Query   string
	Args    []any
	Each    func(Row) error // as of Tx.Query; nil: nothing is read
	Changed *int64          // if not nil: how many rows it changed
}

// Row is a row of a query.
type Row interface{ Scan(dest ...any) error }

// Drain gives each row of a query and closes it; an error of each ends it.
func Drain(rows *sql.Rows, each func(Row) error) error {
	defer func() { _ = rows.Close() }() // what went wrong, rows.Err says
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// New is a Core over an engine, whose schema is up to date.
func New(db Engine, o Options) *Core {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Core{db: db, opt: o, layouts: map[int64][]string{}, zones: map[string]*time.Location{}, crowded: map[string]bool{}, passed: map[string]passed{}}
}

// OpenError says in one line why a store cannot be opened, and what to do.
type OpenError struct {
	Path   string // the file, or the database's address without its secret
	Reason string
	Cure   string
	Err    error
}

func (e *OpenError) Error() string {
	s := "store " + e.Path + " " + e.Reason
	if e.Err != nil {
		s += " (" + strings.ReplaceAll(e.Err.Error(), "\n", " ") + ")"
	}
	return s + ": " + e.Cure
}

func (e *OpenError) Unwrap() error { return e.Err }

// tx is a running transaction of a Core.
type tx struct {
	db Tx
	s  *Core
}

// passing is an error that reaches the caller as it is, without a prefix.
type passing struct{ error }

// write runs fn in a transaction, which is on disk when write returns nil. fn
// may run several times: what it gives to the outside it sets, never adds to.
func (s *Core) write(ctx context.Context, what string, fn func(tx) error) error {
	return s.transact(ctx, what, false, fn)
}

// writeLazily is write, but for the disk: see Engine.Transact.
func (s *Core) writeLazily(ctx context.Context, what string, fn func(tx) error) error {
	return s.transact(ctx, what, true, fn)
}

func (s *Core) transact(ctx context.Context, what string, lazily bool, fn func(tx) error) error {
	err := ctx.Err()
	if err == nil {
		err = s.db.Transact(ctx, lazily, func(t Tx) error { return fn(tx{t, s}) })
	}
	if p := (passing{}); errors.As(err, &p) {
		return p.error
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// read runs a query outside of transactions.
func (s *Core) read(ctx context.Context, what string, each func(Row) error, q string, args ...any) error {
	var own error
	err := s.db.Read(ctx, func(r Row) error {
		own = each(r)
		return own
	}, q, args...)
	if err != nil && own == nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return err
}

func (t tx) exec(q string, args ...any) (int64, error) { return t.db.Exec(q, args...) }

func (t tx) query(each func(Row) error, q string, args ...any) error {
	return t.db.Query(each, q, args...)
}

// one scans a single row; sql.ErrNoRows when there is none.
func (t tx) one(q string, args []any, dest ...any) error {
	found := false
	err := t.db.Query(func(r Row) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	}, q, args...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return err
}

// manyRows is how many values one statement asks for.
const manyRows = 50

// manyOf runs a query for values, as many at a time as IN (manyList) holds.
func (t tx) manyOf(each func(Row) error, values []string, q string, args ...any) error {
	for part := range slices.Chunk(values, manyRows) {
		all := slices.Clone(args)
		for i := range manyRows {
			all = append(all, part[min(i, len(part)-1)]) // always as many: one statement
		}
		if err := t.query(each, q, all...); err != nil {
			return err
		}
	}
	return nil
}

const manyList = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Ping asks the database for nothing: what one question costs at least.
func (s *Core) Ping(ctx context.Context) error {
	return s.read(ctx, "ping", func(r Row) error { return r.Scan(new(int)) }, `SELECT 1`)
}

// leaseUntil is the end of a lease by the clock by which leases run.
func (t tx) leaseUntil(now, until time.Time) int64 {
	return ms(t.db.Clock(now).Add(until.Sub(now)))
}

// ms is a time as the tables keep it; 0 is the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
