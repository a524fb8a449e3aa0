package store

import (
	"context"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Session is what a login of the web keeps; campaign.ErrNotFound when there is
// none, or it has run out. A token comes hashed.
func (s *Core) Session(ctx context.Context, token string, now time.Time) (data []byte, err error) {
	found := false
	err = s.read(ctx, "session", func(sc Row) error {
		found = true
		return sc.Scan(&data)
	}, `SELECT data FROM session WHERE token = ? AND data IS NOT NULL AND expiry > ?`, token, ms(now))
	if err == nil && !found {
		err = campaign.ErrNotFound
	}
	return data, err
}

// PutSession keeps a session. One that was ended stays so: campaign.ErrNotFound.
func (s *Core) PutSession(ctx context.Context, token string, data []byte, expiry, now time.Time) error {
	return s.write(ctx, "put session", func(t tx) error {
		if _, err := t.exec(`DELETE FROM session WHERE expiry <= ?`, ms(now)); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO session (token, data, expiry) VALUES (?, ?, ?)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry WHERE session.data IS NOT NULL`,
			token, data, ms(expiry))
		if err == nil && n == 0 {
			err = passing{campaign.ErrNotFound}
		}
		return err
	})
}

// EndSession ends a session; until then no request under way brings it back.
func (s *Core) EndSession(ctx context.Context, token string, until time.Time) error {
	return s.write(ctx, "end session", func(t tx) error {
		_, err := t.exec(`INSERT INTO session (token, data, expiry) VALUES (?, NULL, ?)
			ON CONFLICT (token) DO UPDATE SET data = NULL, expiry = excluded.expiry`, token, ms(until))
		return err
	})
}
