package sqlite

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/freiton/freiton/campaign"
)

// Backup implements campaign.Store. It runs beside calls. The file appears whole or not at all and must not exist before.
func (s *Store) Backup(ctx context.Context, file string) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("store: backup: %w", &campaign.NotPossible{Reason: campaign.Reason{
			Code: campaign.ReasonNotNow, Text: file + " exists already; choose another name",
		}})
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
		return openError(path, "cannot be read", "check the name of the file", err)
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
		return openError(path, "is damaged", "take another backup", fmt.Errorf("%s", sound))
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
