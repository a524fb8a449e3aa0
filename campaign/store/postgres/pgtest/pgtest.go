// Package pgtest starts a PostgreSQL server of a test's own: in a temporary
// folder, reached by a socket in it, without fsync, and gone with the test.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL server.
type Server struct {
	bin, dir string
	as       *syscall.Credential // whom it runs as; nil = ourselves
	cmd      *exec.Cmd
	gone     chan struct{} // closed when the process has ended
	schemas  atomic.Int64
	durable  bool
}

// startTime is how long the server may take to answer.
const startTime = 30 * time.Second

// Start makes a database cluster and starts its server. durable makes it wait
// for the disk, as a real one does.
func Start(durable bool) (_ *Server, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "freiton-pg-") // short: a socket's path ends at 107 bytes
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, durable: durable}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := s.dropRoot(); err != nil {
		return nil, err
	}
	initdb := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	// The user "locked" needs a password; everybody else is let in.
	hba := "local all locked scram-sha-256\nlocal all all trust\n"
	if err := os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(hba), 0o644); err != nil {
		return nil, err
	}
	return s, s.Start()
}

// binaries finds the folder of the server's programs: the newest of Debian's,
// or the PATH's.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed: run configs/lab/install.sh")
	}
	path, err = filepath.EvalSymlinks(path)
	return filepath.Dir(path), err
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// dropRoot gives the folder to an unprivileged user when we are root, as whom
// PostgreSQL refuses to run.
func (s *Server) dropRoot() error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, int(uid), int(gid))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+s.dir)
	cmd.SysProcAttr = attributes(s.as)
	return cmd
}

// Start starts the server again after Kill or Stop.
func (s *Server) Start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=120", "-c", "shared_buffers=256MB", "-c", "log_min_messages=fatal"}
	if !s.durable {
		args = append(args, "-F", "-c", "full_page_writes=off")
	}
	cmd := s.command("postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }() // ends with the server; end waits
	s.cmd, s.gone = cmd, gone
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.address("postgres", ""))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-gone:
			said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("postgres ended: %s", bytes.TrimSpace(said))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("postgres does not answer after %v: %w", startTime, err), s.Kill())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server in order, Kill at once, as a crash would.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }
func (s *Server) Kill() error { return s.end(syscall.SIGQUIT) }

func (s *Server) end(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.gone:
		return nil
	case <-time.After(startTime):
		return errors.Join(errors.New("postgres does not end"), s.cmd.Process.Kill())
	}
}

// Close ends the server and removes its folder.
func (s *Server) Close() error {
	err := s.Kill()
	if e := os.RemoveAll(s.dir); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}

// Socket is the path of the server's socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

func (s *Server) address(user, rest string) string {
	return "postgres://" + user + "@/postgres?host=" + s.dir + rest
}

// Fresh is the address of an empty schema.
func (s *Server) Fresh(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, s.address("postgres", ""))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	name := fmt.Sprintf("t%d", s.schemas.Add(1))
	if _, err := conn.Exec(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", err
	}
	return s.address("postgres", "&search_path="+name), nil
}
