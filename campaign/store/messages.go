package store

import (
	"context"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// PutMessage implements campaign.Mailbox.
func (s *Core) PutMessage(ctx context.Context, m campaign.Message, readers []campaign.AgentID) error {
	rows := make([][]any, len(readers))
	for i, r := range readers {
		rows[i] = []any{r, m.ID, ms(m.At), m.From, m.To, m.Name, m.Code, m.Text}
	}
	return s.write(ctx, "message", func(t tx) error {
		_, err := t.db.Insert(`INSERT INTO message (reader, id, at, sender, audience, name, code, text)`, `ON CONFLICT (reader, id) DO NOTHING`, rows)
		return err
	})
}

// Inbox implements campaign.Mailbox.
func (s *Core) Inbox(ctx context.Context, reader campaign.AgentID, limit int) ([]campaign.Message, error) {
	return s.messages(ctx, `SELECT id, at, sender, audience, name, code, text, read_at, 1, 0 FROM message WHERE reader = ? ORDER BY at DESC, id DESC LIMIT ?`, reader, limit)
}

// Sent implements campaign.Mailbox.
func (s *Core) Sent(ctx context.Context, from campaign.AgentID, limit int) ([]campaign.Message, error) {
	if from == "" {
		return nil, nil
	}
	return s.messages(ctx, `SELECT id, max(at), max(sender), max(audience), max(name), max(code), max(text), CAST(0 AS BIGINT), count(*), sum(CASE WHEN read_at > 0 THEN 1 ELSE 0 END)
		FROM message WHERE sender = ? AND sender <> '' GROUP BY id ORDER BY max(at) DESC, id DESC LIMIT ?`, from, limit)
}

func (s *Core) messages(ctx context.Context, query string, args ...any) ([]campaign.Message, error) {
	var out []campaign.Message
	err := s.read(ctx, "messages", func(sc Row) error {
		var m campaign.Message
		var at, read int64
		err := sc.Scan(&m.ID, &at, &m.From, &m.To, &m.Name, &m.Code, &m.Text, &read, &m.Readers, &m.ReadBy)
		m.At, m.ReadAt = timeOf(at), timeOf(read)
		out = append(out, m)
		return err
	}, query, args...)
	return out, err
}

// Unread implements campaign.Mailbox.
func (s *Core) Unread(ctx context.Context, reader campaign.AgentID) (n int, err error) {
	err = s.read(ctx, "unread messages", func(sc Row) error { return sc.Scan(&n) },
		`SELECT count(*) FROM message WHERE reader = ? AND read_at = 0`, reader)
	return n, err
}

// ReadMessages implements campaign.Mailbox. What was read before keeps its time.
func (s *Core) ReadMessages(ctx context.Context, reader campaign.AgentID, ids []string, at time.Time) error {
	where, args := ``, []any{ms(at), reader}
	if len(ids) > 0 {
		where = ` AND id IN (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
		for _, id := range ids {
			args = append(args, id)
		}
	}
	return s.write(ctx, "read messages", func(t tx) error {
		_, err := t.exec(`UPDATE message SET read_at = ? WHERE reader = ? AND read_at = 0`+where, args...)
		return err
	})
}

// Preference implements campaign.Preferences.
func (s *Core) Preference(ctx context.Context, user campaign.AgentID, name string) (value string, err error) {
	err = s.read(ctx, "preference", func(sc Row) error { return sc.Scan(&value) },
		`SELECT value FROM preference WHERE account = ? AND name = ?`, user, name)
	return value, err
}

// PutPreference implements campaign.Preferences.
func (s *Core) PutPreference(ctx context.Context, user campaign.AgentID, name, value string) error {
	return s.write(ctx, "preference", func(t tx) error {
		_, err := t.exec(`INSERT INTO preference (account, name, value) VALUES (?, ?, ?)
			ON CONFLICT (account, name) DO UPDATE SET value = excluded.value`, user, name, value)
		return err
	})
}
