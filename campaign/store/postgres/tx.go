package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/freiton/freiton/campaign/store"
)

// tx is a running transaction. It begins with its first statement, in the same
// journey.
type tx struct {
	e       *engine
	ctx     context.Context
	db      *sql.Conn
	begun   bool // or tried to; failed says whether it did not
	failed  error
	xid     string // the server's number of the transaction
	changed bool
	cut     bool      // the connection broke
	now     time.Time // the server's clock at the begin, and
	up      time.Time // since when the server runs
}

// beginning tells the server's number of the transaction, which is asked for
// when a commit is not answered, and the server's clock.
const beginning = `SELECT pg_current_xact_id()::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
	(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint`

// Batch implements store.Tx.
func (t *tx) Batch(statements ...store.Statement) error {
	todo := &pgx.Batch{}
	for _, st := range statements {
		args, err := values(st.Args)
		if err != nil {
			return err
		}
		t.queue(todo, st.Query, args)
	}
	return t.send(todo, statements)
}

// queue adds a statement to a journey.
func (t *tx) queue(todo *pgx.Batch, query string, args []any) {
	if !t.begun {
		t.begun = true
		todo.Queue("begin")
		todo.Queue(beginning)
	}
	todo.Queue(t.e.numbered(query), args...)
}

// send makes the journey and notes how it failed.
func (t *tx) send(todo *pgx.Batch, statements []store.Statement) error {
	if t.failed != nil || todo.Len() == 0 {
		return t.failed
	}
	ctx, cancel := context.WithTimeout(t.ctx, statementTime+time.Second)
	defer cancel()
	err := t.on(func(c *pgx.Conn) error {
		answers := c.SendBatch(ctx, todo)
		err := t.read(answers, todo.Len() > len(statements), statements)
		return cmp.Or(err, answers.Close())
	})
	if err != nil && t.xid == "" {
		t.failed = err // what follows would be outside of a transaction
	}
	if err != nil && broken(err) {
		t.cut = true
	}
	return err
}

// read takes the answers, those of the begin first.
func (t *tx) read(answers pgx.BatchResults, begins bool, statements []store.Statement) error {
	if begins {
		var at, up int64
		if _, err := answers.Exec(); err != nil {
			return err
		}
		if err := answers.QueryRow().Scan(&t.xid, &at, &up); err != nil {
			return err
		}
		t.now, t.up = time.UnixMilli(at), time.UnixMilli(up)
	}
	for _, st := range statements {
		rows, err := answers.Query()
		if err != nil {
			return err
		}
		for err == nil && rows.Next() {
			if st.Each != nil {
				err = st.Each(row{rows})
			}
		}
		rows.Close()
		if err = cmp.Or(err, rows.Err()); err != nil {
			return err
		}
		if st.Changed != nil {
			*st.Changed = rows.CommandTag().RowsAffected()
		}
	}
	return nil
}

// row is a row of an answer.
type row struct{ pgx.Rows }

// Scan implements store.Row: a number is true if it is not 0, as in the tables.
func (r row) Scan(dest ...any) error {
	to := make([]any, len(dest))
	for i, d := range dest {
		if b, ok := d.(*bool); ok {
			d = truth{b}
		}
		to[i] = d
	}
	return r.Rows.Scan(to...)
}

// truth takes a number, or what the server calls a boolean.
type truth struct{ to *bool }

func (b truth) Scan(src any) error {
	switch v := src.(type) {
	case int64:
		*b.to = v != 0
	case bool:
		*b.to = v
	default:
		return fmt.Errorf("%T is neither true nor false", src)
	}
	return nil
}

// Exec implements store.Tx.
func (t *tx) Exec(q string, args ...any) (n int64, err error) {
	err = t.Batch(store.Statement{Query: q, Args: args, Changed: &n})
	return n, err
}

// Query implements store.Tx.
func (t *tx) Query(each func(store.Row) error, q string, args ...any) error {
	return t.Batch(store.Statement{Query: q, Args: args, Each: each})
}

// Clock implements store.Tx.
func (t *tx) Clock(now time.Time) time.Time {
	if t.e.callers {
		return now
	}
	t.begin()
	return t.now
}

// Expired implements store.Tx: soon after the server began, nothing has.
func (t *tx) Expired(now time.Time) time.Time {
	at := t.Clock(now)
	if !t.e.callers && at.Sub(t.up) < t.e.grace {
		return time.Time{}
	}
	return at
}

// begin begins where the clock is asked for before any statement. If that
// fails, so does the next one.
func (t *tx) begin() {
	if !t.begun {
		_, _ = t.Exec(`SELECT 1`)
	}
}
