package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/campaign/store"
)

// engine is a store.Engine over one file. It has one writing connection, so
// transactions of one process queue; other processes wait for the file.
type engine struct {
	w, r *sql.DB

	writer chan struct{}        // holds a token while nobody writes
	conn   *sql.Conn            // the writing connection and
	stmts  map[string]*sql.Stmt // its statements; of the holder of the token
	lazy   bool                 // its commits do not wait for the disk

	hub     hub         // of those who watch for changes
	shreds  atomic.Bool // something was erased, and the log has it still
	commits atomic.Int64
	due     chan struct{} // asks for a checkpoint
	quit    chan struct{} // closed by close
	folded  chan struct{} // closed when checkpoints has ended
}

// dialect rewrites a statement for SQLite. There are no row locks: who writes
// has the file.
var dialect = strings.NewReplacer(
	" FOR UPDATE OF x, r", "", " FOR UPDATE OF r SKIP LOCKED", "", " FOR UPDATE SKIP LOCKED", "", " FOR UPDATE OF r", "", " FOR UPDATE", "", "greatest(", "max(")

// tx is a running transaction on the writing connection. Its statements are
// prepared once and kept. They take no context: cancelling one in the middle
// would cost the connection, and a transaction is short.
type tx struct {
	e       *engine
	rows    int64 // changed
	changed bool  // campaigns, users or the do-not-call list
}

// Lock has nothing to do: there is one writer.
func (t *tx) Lock(...string) error { return nil }

// Clock is the caller's: all processes are on one machine.
func (t *tx) Clock(now time.Time) time.Time { return now }

// Expired is the caller's time as well.
func (t *tx) Expired(now time.Time) time.Time { return now }

// Changed tells those who watch in this process: nobody else writes the file
// while it runs.
func (t *tx) Changed() { t.changed = true }

// Transact implements store.Engine.
func (e *engine) Transact(ctx context.Context, lazily bool, fn func(store.Tx) error) error {
	select {
	case <-e.writer:
		defer func() { e.writer <- struct{}{} }()
	case <-e.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.transact(lazily, fn)
}

func (e *engine) transact(lazily bool, fn func(store.Tx) error) (err error) {
	ctx := context.Background()
	if e.conn == nil {
		if e.conn, err = e.w.Conn(ctx); err != nil {
			e.conn = nil
			return err
		}
		e.stmts = map[string]*sql.Stmt{}
	}
	defer func() {
		if errors.Is(err, driver.ErrBadConn) {
			e.dropConn() // the next transaction gets a new one
		}
	}()
	if err := e.waitForDisk(!lazily); err != nil {
		return err
	}
	// Immediate: it takes the write lock before it reads, so two processes
	// never decide upon the same state.
	if _, err := e.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	t := &tx{e: e}
	if err = fn(t); err == nil {
		if _, err = e.conn.ExecContext(ctx, "COMMIT"); err == nil {
			e.committed(1 + int(t.rows/8))
			if t.changed {
				e.hub.tell()
			}
		}
	}
	if err != nil {
		// Fails when SQLite has rolled back by itself (full disk): the same.
		_, _ = e.conn.ExecContext(ctx, "ROLLBACK")
	}
	return err
}

// waitForDisk says whether the commits that follow wait for the disk. Those that
// do bring along what others have left in the write-ahead log; that alone makes
// the difference between FULL and NORMAL there.
func (e *engine) waitForDisk(wait bool) error {
	if wait != e.lazy {
		return nil
	}
	level := "FULL"
	if !wait {
		level = "NORMAL"
	}
	if _, err := e.conn.ExecContext(context.Background(), "PRAGMA synchronous = "+level); err != nil {
		return err
	}
	e.lazy = !wait
	return nil
}

// dropConn closes the writing connection. The caller holds the token.
func (e *engine) dropConn() {
	for _, st := range e.stmts {
		_ = st.Close()
	}
	e.stmts = nil
	if e.conn != nil {
		_ = e.conn.Close()
		e.conn = nil // the next one waits for the disk, whatever lazy says
	}
}

func (t *tx) stmt(q string) (*sql.Stmt, error) {
	if st := t.e.stmts[q]; st != nil {
		return st, nil
	}
	st, err := t.e.conn.PrepareContext(context.Background(), dialect.Replace(q))
	if err != nil {
		return nil, err
	}
	t.e.stmts[q] = st
	return st, nil
}

// Exec implements store.Tx.
func (t *tx) Exec(q string, args ...any) (int64, error) {
	st, err := t.stmt(q)
	if err != nil {
		return 0, err
	}
	res, err := st.Exec(args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	t.rows += n
	return n, err
}

// Batch implements store.Tx: here no journey is long.
func (t *tx) Batch(statements ...store.Statement) error {
	for _, st := range statements {
		if st.Each != nil {
			if err := t.Query(st.Each, st.Query, st.Args...); err != nil {
				return err
			}
			continue
		}
		n, err := t.Exec(st.Query, st.Args...)
		if err != nil {
			return err
		}
		if st.Changed != nil {
			*st.Changed = n
		}
	}
	return nil
}

// Query implements store.Tx.
func (t *tx) Query(each func(store.Row) error, q string, args ...any) error {
	st, err := t.stmt(q)
	if err != nil {
		return err
	}
	rows, err := st.Query(args...)
	if err != nil {
		return err
	}
	return store.Drain(rows, each)
}

// Read implements store.Engine.
func (e *engine) Read(ctx context.Context, each func(store.Row) error, q string, args ...any) error {
	rows, err := e.r.QueryContext(ctx, dialect.Replace(q), args...)
	if err != nil {
		return err
	}
	return store.Drain(rows, each)
}

// Matching implements store.Engine by the table's full-text index, which is
// walked first: its matches come one by one.
func (e *engine) Matching(table, alias, word string, begins bool) (from, where string, arg any) {
	index := table + "_text"
	term := `"` + word + `"`
	if begins {
		term += "*"
	}
	return index + " CROSS JOIN " + table + " " + alias, alias + ".key = " + index + ".rowid AND " + index + " MATCH ?", term
}

// manyRows is how many rows one statement inserts, where there are as many.
const manyRows = 50

// Insert implements store.Tx.
func (t *tx) Insert(into, end string, rows [][]any) (added int64, err error) {
	for len(rows) > 0 {
		n := 1
		if len(rows) >= manyRows {
			n = manyRows
		}
		row := `(?` + strings.Repeat(`, ?`, len(rows[0])-1) + `)`
		var args []any
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		new, err := t.Exec(into+` VALUES `+row+strings.Repeat(`, `+row, n-1)+` `+end, args...)
		if err != nil {
			return added, err
		}
		added, rows = added+new, rows[n:]
	}
	return added, nil
}
