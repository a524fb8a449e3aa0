package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/freiton/freiton/campaign/store"
)

const (
	// statementTime ends a statement, at the server and here, where the server
	// does not answer at all.
	statementTime = 10 * time.Second
	// conflicts is how often a transaction begins again after a conflict,
	// cuts how often after a lost connection.
	conflicts = 20
	cuts      = 2
)

// engine is a store.Engine over a PostgreSQL server. Each transaction has a
// connection of its own and sees what others have committed (READ COMMITTED);
// what two may not decide at once is locked: rows, names (Tx.Lock), and the
// unique indexes of lease and calling.
type engine struct {
	w, r    *sql.DB // transactions; long reading, which must not keep calls waiting
	callers bool    // leases run by the callers' clock
	grace   time.Duration
	secret  string   // never to be seen in an error
	texts   sync.Map // statement -> the same with $1, $2 …
}

// errDoubt says that nobody could tell whether a transaction is on disk.
var errDoubt = errors.New("the connection broke in the very moment of writing")

// Transact implements store.Engine.
func (e *engine) Transact(ctx context.Context, lazily bool, fn func(store.Tx) error) error {
	for conflict, cut := 0, 0; ; {
		err := e.once(ctx, lazily, fn)
		switch {
		case err == nil:
			return nil
		case conflicting(err) && conflict < conflicts:
			conflict++
			if !pause(ctx, time.Duration(rand.Int64N(int64(min(conflict, 10)*int(2*time.Millisecond))))) {
				return ctx.Err()
			}
		case errors.As(err, new(cutError)) && cut < cuts:
			cut++
		default:
			return e.clean(err)
		}
	}
}

// pause waits; false when ctx is done before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// cutError is a connection that broke before anything was on disk.
type cutError struct{ error }

func (e cutError) Unwrap() error { return e.error }

// conflicting: another transaction came between, and nothing was written.
func conflicting(err error) bool {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return false
	}
	switch pe.Code {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return true
	case "23505": // unique_violation: the same person, leased or called at the same time
		return pe.TableName == "lease" || pe.TableName == "calling" && pe.ConstraintName != "calling_pkey"
	}
	return false
}

// broken: the connection is gone, or the server ends it.
func broken(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return strings.HasPrefix(pe.Code, "57P0") || strings.HasPrefix(pe.Code, "08") || strings.HasPrefix(pe.Code, "25P03")
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) || isNetwork(err)
}

// once runs a transaction one time.
func (e *engine) once(ctx context.Context, lazily bool, fn func(store.Tx) error) error {
	get, cancel := context.WithTimeout(ctx, statementTime)
	conn, err := e.w.Conn(get)
	cancel()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	defer func() { _ = conn.Close() }() // back to the pool
	// A caller who gives up in the middle would cost the connection.
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	t := &tx{e: e, ctx: life, db: conn}
	if err = fn(t); err == nil {
		err = t.finish()
	}
	if !t.begun {
		return err
	}
	guard := time.AfterFunc(statementTime, cut)
	defer guard.Stop()
	if err != nil {
		_, _ = t.raw("rollback")
		if t.cut {
			err = cutError{err}
		}
		return err
	}
	end := "commit"
	if lazily {
		end = "SET LOCAL synchronous_commit = off; commit"
	}
	results, err := t.raw(end)
	if err == nil {
		if tag := results[len(results)-1].CommandTag.String(); tag != "COMMIT" {
			return fmt.Errorf("the transaction was not committed: %s", tag)
		}
		return nil
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Severity == "ERROR" {
		return err
	}
	return e.outcome(life, t.xid, err)
}

// raw sends statements without parameters in one go.
func (t *tx) raw(statements string) (results []*pgconn.Result, err error) {
	err = t.on(func(c *pgx.Conn) error {
		results, err = c.PgConn().Exec(t.ctx, statements).ReadAll()
		return err
	})
	return results, err
}

// on runs fn on the connection.
func (t *tx) on(fn func(*pgx.Conn) error) (err error) {
	own := t.db.Raw(func(driverConn any) error {
		err = fn(driverConn.(*stdlib.Conn).Conn())
		return nil // what is wrong with the connection, the pool finds out itself
	})
	return cmp.Or(own, err)
}

// outcome asks the server what became of a transaction whose commit was not
// answered.
func (e *engine) outcome(ctx context.Context, xid string, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	for {
		var status sql.NullString
		err := e.w.QueryRowContext(ctx, `SELECT pg_xact_status($1::text::xid8)`, xid).Scan(&status)
		switch {
		case err == nil && status.String == "committed":
			return nil
		case err == nil && status.String == "aborted":
			return cutError{cause}
		case err == nil && !status.Valid:
			return fmt.Errorf("%w (%w)", errDoubt, cause)
		}
		if !pause(ctx, 100*time.Millisecond) {
			return fmt.Errorf("%w (%w)", errDoubt, cause)
		}
	}
}

// Read implements store.Engine.
func (e *engine) Read(ctx context.Context, each func(store.Row) error, q string, args ...any) error {
	vals, err := values(args)
	if err != nil {
		return err
	}
	rows, err := e.r.QueryContext(ctx, e.numbered(q), vals...)
	if err == nil {
		err = store.Drain(rows, each)
	}
	return e.clean(err)
}

// numbered is a statement with $1, $2 … in place of its question marks.
func (e *engine) numbered(q string) string {
	if text, ok := e.texts.Load(q); ok {
		return text.(string)
	}
	var b strings.Builder
	parts := strings.Split(q, "?")
	for i, part := range parts[:len(parts)-1] {
		b.WriteString(part + "$" + strconv.Itoa(i+1))
	}
	b.WriteString(parts[len(parts)-1])
	e.texts.Store(q, b.String())
	return b.String()
}

// values are arguments as the server takes them: plain types, and text without
// what it refuses.
func values(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok && (!utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0) {
			v = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
		}
		out[i] = v
	}
	return out, nil
}

// clean is an error without the password.
func (e *engine) clean(err error) error {
	if err == nil || e.secret == "" || !strings.Contains(err.Error(), e.secret) {
		return err
	}
	return cleaned{err, strings.ReplaceAll(err.Error(), e.secret, "***")}
}

type cleaned struct {
	err  error
	text string
}

func (c cleaned) Error() string        { return c.text }
func (c cleaned) Is(target error) bool { return errors.Is(c.err, target) }

// Lock implements store.Tx. The server keeps the locks until the transaction
// ends; all take them in the same order.
func (t *tx) Lock(names ...string) error {
	keys := make([]int64, len(names))
	for i, name := range names {
		h := fnv.New64a()
		_, _ = h.Write([]byte(name))
		keys[i] = int64(h.Sum64())
	}
	slices.Sort(keys)
	for part := range slices.Chunk(keys, lockAtOnce) {
		args := []any{}
		for i := range lockAtOnce {
			args = append(args, part[min(i, len(part)-1)])
		}
		_, err := t.Exec(`SELECT pg_advisory_xact_lock(key) FROM unnest(ARRAY[?::bigint, ?, ?]) AS key`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// lockAtOnce is how many locks one statement takes, in the order of its array.
const lockAtOnce = 3

// Changed implements store.Tx.
func (t *tx) Changed() { t.changed = true }

// channel is where processes are told of changes.
const channel = "freiton"

// finish is the end of a transaction that will be committed.
func (t *tx) finish() error {
	if t.changed { // last: others who change something wait from here on
		_, err := t.Exec(`UPDATE counter SET value = value + 1 WHERE name = 'changes' RETURNING pg_notify('` + channel + `', value::text)::text`)
		if err != nil {
			return err
		}
	}
	return nil
}

// Matching implements store.Engine by the index on the table's words.
func (e *engine) Matching(table, alias, word string, begins bool) (from, where string, arg any) {
	if begins {
		word += ":*"
	}
	return table + " " + alias, "to_tsvector('simple', " + alias + ".search) @@ to_tsquery('simple', ?)", word
}
