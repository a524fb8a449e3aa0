package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign/desk"
)

// dataFolder is the data folder, and the lock that makes this process the only
// one that works on it. The lock goes with the process, however it ends.
type dataFolder struct {
	path string
	lock *os.File
}

// errInUse says that another process works on the data folder.
var errInUse = errors.New("in use")

// patience is how long a data folder is waited for that another command has, or
// a server that does not answer yet.
const patience = 10 * time.Second

// openFolder makes the data folder if needed and locks it. Commands that follow
// each other quickly wait for each other; a server that works on the folder is
// not waited for.
func openFolder(ctx context.Context, path string) (*dataFolder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data folder %s cannot be made (%w): choose another with data: or --set data=…, or give this user the right to write there", path, errors.Unwrap(err))
	}
	f, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder %s cannot be written (%w): choose another with data: or --set data=…, or give this user the right to write there", path, errors.Unwrap(err))
	}
	if err := lockPatiently(ctx, f, path); err != nil {
		defer f.Close()
		if errors.Is(err, errInUse) {
			return nil, fmt.Errorf("data folder %s is %w by another freiton%s: end that one, or choose another folder with --set data=…", path, errInUse, holder(f))
		}
		return nil, fmt.Errorf("data folder %s cannot be locked: %w", path, err)
	}
	_ = f.Truncate(0) // the number is for people only
	_, _ = f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return &dataFolder{path: path, lock: f}, nil
}

func lockPatiently(ctx context.Context, f *os.File, path string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := lockFile(f)
		if !errors.Is(err, errInUse) || served(ctx, path) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

// served reports whether a server answers on the socket of a data folder.
func served(ctx context.Context, path string) bool {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", filepath.Join(path, desk.SocketName))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// holder names the process in the lock file.
func holder(f *os.File) string {
	b := make([]byte, 16)
	n, _ := f.ReadAt(b, 0)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

func (d *dataFolder) in(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Close gives the folder free.
func (d *dataFolder) Close() error { return d.lock.Close() }
