package sqlite

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/freiton/freiton/campaign"
)

// AddOffer implements campaign.Store. The same offer again replaces its
// decision.
func (s *Store) AddOffer(ctx context.Context, o campaign.Offer) error {
	return s.write(ctx, "add offer", func(t tx) error {
		_, err := t.exec(`INSERT INTO offer (campaign, record_key, record_id, agent, offered_at, decided_at, decision)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_key, agent, offered_at)
			DO UPDATE SET decided_at = excluded.decided_at, decision = excluded.decision`,
			o.Campaign, o.Record, o.RecordID, o.Agent, ms(o.OfferedAt), ms(o.DecidedAt), o.Decision)
		return err
	})
}

// Offers implements campaign.Store, in time order; the empty campaign means all.
func (s *Store) Offers(ctx context.Context, name string, each func(campaign.Offer) error) error {
	where, args := ``, []any{}
	if name != "" {
		where, args = ` WHERE campaign = ?`, []any{name}
	}
	rows, err := s.r.QueryContext(ctx, `SELECT campaign, record_key, record_id, agent, offered_at, decided_at, decision
		FROM offer`+where+` ORDER BY offered_at, id`, args...)
	if err != nil {
		return fmt.Errorf("store: offers: %w", err)
	}
	return drain(rows, func(sc scanner) error {
		var o campaign.Offer
		var offered, decided int64
		if err := sc.Scan(&o.Campaign, &o.Record, &o.RecordID, &o.Agent, &offered, &decided, &o.Decision); err != nil {
			return err
		}
		o.OfferedAt, o.DecidedAt = timeOf(offered), timeOf(decided)
		return each(o)
	})
}

// PutCampaign implements campaign.Store.
func (s *Store) PutCampaign(ctx context.Context, c campaign.CampaignRow) error {
	return s.write(ctx, "put campaign", func(t tx) error {
		document := c.Document
		if document == nil {
			document = []byte{}
		}
		_, err := t.exec(`INSERT INTO campaign (name, document, state, pause, changed) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET document = excluded.document, state = excluded.state,
				pause = excluded.pause, changed = excluded.changed`,
			c.Name, document, c.State, c.Pause, ms(c.Changed))
		return err
	})
}

// Campaigns implements campaign.Store, by name.
func (s *Store) Campaigns(ctx context.Context) ([]campaign.CampaignRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT name, document, state, pause, changed FROM campaign ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("store: campaigns: %w", err)
	}
	var out []campaign.CampaignRow
	err = drain(rows, func(sc scanner) error {
		var c campaign.CampaignRow
		var changed int64
		err := sc.Scan(&c.Name, &c.Document, &c.State, &c.Pause, &changed)
		c.Changed = timeOf(changed)
		out = append(out, c)
		return err
	})
	return out, err
}

// PutUser implements campaign.Store.
func (s *Store) PutUser(ctx context.Context, u campaign.User) error {
	return s.write(ctx, "put user", func(t tx) error {
		_, err := t.exec(`INSERT INTO account (name, role, engaged, headset, hash, created, disabled) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET role = excluded.role, engaged = excluded.engaged, headset = excluded.headset,
				hash = excluded.hash, created = excluded.created, disabled = excluded.disabled`,
			u.Name, u.Role, flag(u.Engaged), u.Headset, u.Hash, ms(u.Created), flag(u.Disabled))
		return err
	})
}

// Users implements campaign.Store, by name.
func (s *Store) Users(ctx context.Context) ([]campaign.User, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT name, role, engaged, headset, hash, created, disabled FROM account ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("store: users: %w", err)
	}
	var out []campaign.User
	err = drain(rows, func(sc scanner) error {
		var u campaign.User
		var created int64
		err := sc.Scan(&u.Name, &u.Role, &u.Engaged, &u.Headset, &u.Hash, &created, &u.Disabled)
		u.Created = timeOf(created)
		out = append(out, u)
		return err
	})
	return out, err
}

// Backup implements campaign.Store. It runs beside calls. The file appears whole or not at all and must not exist before.
func (s *Store) Backup(ctx context.Context, file string) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("store: backup: %s exists already; choose another name", file)
	}
	part := file + ".part"
	defer func() { _ = os.Remove(part) }()
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("store: backup: %w", err)
	}
	// SQLite fills an existing empty file and keeps its rights.
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	_ = f.Close()
	if err := s.copyTo(ctx, part); err != nil {
		return fmt.Errorf("store: backup to %s: %w", file, err)
	}
	if err := Verify(ctx, part); err != nil {
		return err
	}
	return place(part, file)
}

// copyTo writes a consistent copy over a connection of its own: for SQLite it
// is reading, and with a log in between readers do not stop the writer.
func (s *Store) copyTo(ctx context.Context, file string) error {
	db, err := openDB(s.path, true)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, file)
	if e := db.Close(); err == nil {
		err = e
	}
	return err
}

// place puts a complete file under its name, on disk before it is told.
func place(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	err = dir.Sync()
	if e := dir.Close(); err == nil {
		err = e
	}
	return err
}

// Verify reads a whole file and says whether it is a sound store that this
// program can open. It changes nothing. The error is an *OpenError.
func Verify(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return &OpenError{path, "cannot be read", "check the name of the file", err}
	}
	db, err := openDB(path, false)
	if err != nil {
		return explain(path, err)
	}
	defer func() { _ = db.Close() }()
	var id int64
	var sound string
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return explain(path, err)
	}
	if id != applicationID {
		return explain(path, errForeign)
	}
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&sound); err != nil {
		return explain(path, err)
	}
	if sound != "ok" {
		return &OpenError{path, "is damaged", "take another backup", fmt.Errorf("%s", sound)}
	}
	p, err := provider(db)
	if err != nil {
		return explain(path, err)
	}
	have, want, err := p.GetVersions(ctx)
	if err == nil && have > want {
		err = fmt.Errorf("%w: %d, this program knows %d", errNewer, have, want)
	}
	if err != nil {
		return explain(path, err)
	}
	return nil
}

// Restore verifies a backup and puts a copy of it in the place of the store at
// path, which nobody may have open. What was there is kept as path plus
// ".before-restore".
func Restore(ctx context.Context, backup, path string) error {
	if err := Verify(ctx, backup); err != nil {
		return err
	}
	part := path + ".restoring"
	if err := copyFile(backup, part); err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("restore %s: %w", backup, err)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} { // with its log it stays a whole store
		err := os.Rename(path+suffix, path+".before-restore"+suffix)
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("restore %s: %w", backup, err)
		}
	}
	if err := place(part, path); err != nil {
		return fmt.Errorf("restore %s: %w", backup, err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}
