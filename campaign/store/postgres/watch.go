package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// pollEvery is how often Watch looks without having been told.
	pollEvery = time.Second
	// comeBack is how soon Watch connects again.
	comeBack = 200 * time.Millisecond
	// watchTime is how long Watch waits for the server's answer.
	watchTime = 5 * time.Second
)

// Watch calls changed after campaigns, users or the do-not-call list have
// changed, by this process or another one, until ctx is done; and once at its
// begin. The server's notification is a hint: Watch looks once a second as
// well, and after each loss of the connection. Several changes may be one call.
func (s *Store) Watch(ctx context.Context, changed func()) {
	seen := int64(-1)
	for ctx.Err() == nil {
		s.listen(ctx, &seen, changed)
		pause(ctx, comeBack)
	}
}

// listen watches over one connection, for as long as it lasts.
func (s *Store) listen(ctx context.Context, seen *int64, changed func()) {
	begin, cancel := context.WithTimeout(ctx, watchTime)
	conn, err := pgx.ConnectConfig(begin, s.cfg.Copy())
	if err == nil {
		_, err = conn.Exec(begin, "LISTEN "+channel)
	}
	cancel()
	if conn != nil {
		defer func() {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), pollEvery)
			defer cancel()
			_ = conn.Close(end)
		}()
	}
	if err != nil {
		return
	}
	for ctx.Err() == nil {
		look, cancel := context.WithTimeout(ctx, watchTime)
		var now int64
		err := conn.QueryRow(look, `SELECT value FROM counter WHERE name = 'changes'`).Scan(&now)
		cancel()
		if err != nil {
			return
		}
		if now != *seen {
			*seen = now
			changed()
		}
		wait, cancel := context.WithTimeout(ctx, pollEvery)
		_, _ = conn.WaitForNotification(wait) // told or not: look
		cancel()
		if conn.IsClosed() {
			return
		}
	}
}
