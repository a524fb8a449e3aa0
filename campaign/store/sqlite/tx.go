package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// tx is a running transaction on the writing connection. Its statements are
// prepared once and kept. They take no context: cancelling one in the middle
// would cost the connection, and a transaction is short.
type tx struct{ s *Store }

// passing is an error that reaches the caller as it is, without a prefix.
type passing struct{ error }

// write runs fn in a transaction, which is on disk when write returns nil. A
// context that is done before it begins stops it; later ones do not.
func (s *Store) write(ctx context.Context, what string, fn func(tx) error) error {
	select {
	case <-s.writer:
		defer func() { s.writer <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("store: %s: %w", what, ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	err := s.transact(fn)
	if p := (passing{}); errors.As(err, &p) {
		return p.error
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

func (s *Store) transact(fn func(tx) error) (err error) {
	ctx := context.Background()
	if s.conn == nil {
		if s.conn, err = s.w.Conn(ctx); err != nil {
			s.conn = nil
			return err
		}
		s.stmts = map[string]*sql.Stmt{}
	}
	defer func() {
		if errors.Is(err, driver.ErrBadConn) {
			s.dropConn() // the next transaction gets a new one
		}
	}()
	// Immediate: it takes the write lock before it reads, so two processes
	// never decide upon the same state.
	if _, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err = fn(tx{s}); err == nil {
		if _, err = s.conn.ExecContext(ctx, "COMMIT"); err == nil {
			s.committed(1)
		}
	}
	if err != nil {
		// Fails when SQLite has rolled back by itself (full disk): the same.
		_, _ = s.conn.ExecContext(ctx, "ROLLBACK")
	}
	return err
}

// dropConn closes the writing connection. The caller holds the token.
func (s *Store) dropConn() {
	for _, st := range s.stmts {
		_ = st.Close()
	}
	s.stmts = nil
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

func (t tx) stmt(q string) (*sql.Stmt, error) {
	if st := t.s.stmts[q]; st != nil {
		return st, nil
	}
	st, err := t.s.conn.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	t.s.stmts[q] = st
	return st, nil
}

// exec runs a statement and says how many rows it changed.
func (t tx) exec(q string, args ...any) (int64, error) {
	st, err := t.stmt(q)
	if err != nil {
		return 0, err
	}
	res, err := st.Exec(args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query calls each for every row. each must not run another query before it
// has scanned its row.
func (t tx) query(each func(scanner) error, q string, args ...any) error {
	st, err := t.stmt(q)
	if err != nil {
		return err
	}
	rows, err := st.Query(args...)
	if err != nil {
		return err
	}
	return drain(rows, each)
}

// one scans a single row; sql.ErrNoRows when there is none.
func (t tx) one(q string, args []any, dest ...any) error {
	st, err := t.stmt(q)
	if err != nil {
		return err
	}
	return st.QueryRow(args...).Scan(dest...)
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

func drain(rows *sql.Rows, each func(scanner) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
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
