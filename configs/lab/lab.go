// Package lab is the Asterisk laboratory: a private exchange on loopback in
// which the number dialled chooses what becomes of the call, and whose call
// detail records and recordings are the witness of what was really dialled and
// really heard. It is for tests and for `make lab`; the program never imports
// it, and it imports nothing of the program.
//
//	Start -> install.sh (Asterisk, once) -> render (etc/*.conf, fates.yaml) -> asterisk -> console socket
//	                                                                            |-> CDR rows, recordings, log
//
// Begin reading at fates.yaml, then at New.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Host is where the exchange listens: loopback and nothing else.
const Host = "127.0.0.1"

// socketLimit is how long the path of a unix socket may be.
const socketLimit = 107

// Options say how to start an exchange. The zero value is right for a test.
type Options struct {
	Port     int       // SIP over UDP and TCP; 0 takes a free one
	RTPStart int       // first media port, default 10000
	RTPEnd   int       // last media port, default 15999
	Codecs   string    // Asterisk's allow=, default "alaw,ulaw,g722,opus"
	Dialplan string    // appended to extensions.conf; context lab is what phones dial
	PJSIP    string    // appended to pjsip.conf
	Keep     bool      // leave the work folder behind
	Progress io.Writer // what the installation says, default nothing
}

// Account is one phone's login.
type Account struct {
	User       string
	Password   string
	Algorithms string // digest algorithms the exchange offers, in its order
}

// Accounts of every laboratory. 1001 to 1003 are the usual phones.
func Accounts() []Account {
	return []Account{
		{"1001", "lab-1001", "MD5"},
		{"1002", "lab-1002", "MD5"},
		{"1003", "lab-1003", "MD5"},
		{"1004", "lab-1004", "SHA-256"},
		{"1005", "lab-1005", "SHA-512-256"},
		{"1006", "lab-1006", "SHA-512-256,SHA-256,MD5"},
	}
}

// Lab is one running Asterisk.
type Lab struct {
	dir     string
	port    int
	tlsPort int
	keep    bool
	pid     int
	done    chan struct{} // closed when the process is gone
	exit    error         // how it ended; read after done
	output  *os.File
}

// Start starts an exchange for a test and stops it when the test ends. If it
// cannot, the test fails: nothing is skipped. A failed test shows the end of
// Asterisk's log.
func Start(t testing.TB, o Options) *Lab {
	t.Helper()
	if o.Progress == nil {
		o.Progress = os.Stderr
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	l, err := New(ctx, o)
	if err != nil {
		t.Fatalf("asterisk laboratory: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of Asterisk's log:\n%s", tail(l.Log(), 60))
		}
		if err := l.Stop(); err != nil {
			t.Errorf("asterisk laboratory: %v", err)
		}
	})
	return l
}

// New installs Asterisk where it is missing and starts one. The context bounds
// the start; Stop ends it.
func New(ctx context.Context, o Options) (*Lab, error) {
	tree, err := install(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	// Between finding a free port and taking it somebody else may take it.
	for try := 0; ; try++ {
		l, err := start(ctx, tree, o)
		if err == nil {
			return l, nil
		}
		if o.Port != 0 || try == 3 || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
	}
}

func start(ctx context.Context, t tree, o Options) (*Lab, error) {
	dir, err := workFolder()
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: dir, keep: o.Keep, done: make(chan struct{})}
	if err := l.prepare(ctx, t, o); err != nil {
		l.clean()
		return nil, err
	}
	if err := l.launch(t); err != nil {
		l.clean()
		return nil, err
	}
	if err := l.waitBooted(ctx); err != nil {
		l.keep = false
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

// workFolder makes a temporary folder short enough for the console's socket.
func workFolder() (string, error) {
	base := os.TempDir()
	if len(base) > socketLimit-40 {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "freiton-lab-")
	if err != nil {
		return "", fmt.Errorf("work folder of the laboratory: %w", err)
	}
	return dir, nil
}

// prepare chooses ports and writes everything Asterisk reads.
func (l *Lab) prepare(ctx context.Context, t tree, o Options) error {
	var err error
	if l.port, err = freePort(o.Port); err != nil {
		return err
	}
	if o.Port != 0 { // TLS next to it, as usual, if that is free
		l.tlsPort, err = freePort(o.Port + 1)
	}
	if o.Port == 0 || err != nil {
		if l.tlsPort, err = freePort(0); err != nil {
			return err
		}
	}
	for _, d := range []string{"etc", "var/keys", "spool", "run", "log/cdr-csv", "log/cdr-custom", "recordings", "sounds", "music"} {
		if err := os.MkdirAll(filepath.Join(l.dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := writeSounds(ctx, l.dir); err != nil {
		return err
	}
	if err := writeCertificate(filepath.Join(l.dir, "etc")); err != nil {
		return err
	}
	return render(l, t, o)
}

// freePort returns want, or any port, free for UDP and TCP on loopback.
func freePort(want int) (int, error) {
	var last error
	for range 20 {
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(Host), Port: want})
		if err != nil {
			return 0, fmt.Errorf("port %d/udp on %s: %w", want, Host, err)
		}
		port := u.LocalAddr().(*net.UDPAddr).Port
		t, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(Host), Port: port})
		u.Close()
		if err == nil {
			t.Close()
			return port, nil
		}
		last = fmt.Errorf("port %d/tcp on %s: %w", port, Host, err)
		if want != 0 {
			break
		}
	}
	return 0, last
}

// launch starts the process. Its own goroutine keeps the thread that started
// it until it is gone, because the kernel's signal at the parent's death is
// bound to that thread; so nothing is left if the test process is killed.
func (l *Lab) launch(t tree) error {
	var err error
	if l.output, err = os.Create(filepath.Join(l.dir, "log", "output")); err != nil {
		return err
	}
	name, args := t.command("-f", "-C", filepath.Join(l.dir, "etc", "asterisk.conf"))
	cmd := exec.Command(name, args...)
	cmd.Dir = l.dir
	cmd.Stdout, cmd.Stderr = l.output, l.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() { // ends with the process
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			l.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			l.exit = cmd.Wait()
		}
		close(l.done)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start Asterisk: %w", err)
	}
	return nil
}

// waitBooted returns when Asterisk says that it is fully booted and holds its
// ports.
func (l *Lab) waitBooted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := l.poll(ctx, 10*time.Millisecond, func() bool {
		out, err := l.CLI("core waitfullybooted")
		return err == nil && strings.Contains(out, "fully booted")
	})
	if err != nil {
		return fmt.Errorf("asterisk did not come up: %w\n%s", err, tail(l.Log(), 20))
	}
	for _, port := range []int{l.port, l.tlsPort} {
		if listening(port) {
			continue
		}
		return fmt.Errorf("asterisk does not listen on port %d: %w\n%s", port, syscall.EADDRINUSE, tail(l.Log(), 20))
	}
	if strings.Contains(l.Log(), "could not be started") {
		return fmt.Errorf("a port of the laboratory was taken: %w", syscall.EADDRINUSE)
	}
	return nil
}

func listening(port int) bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort(Host, strconv.Itoa(port)), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// poll asks until the answer is yes, the context ends or Asterisk does.
func (l *Lab) poll(ctx context.Context, every time.Duration, ok func() bool) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.done:
			return fmt.Errorf("asterisk ended: %v\n%s", l.exit, tail(l.Log(), 20))
		case <-tick.C:
		}
	}
	return nil
}

// Stop ends Asterisk, waits for it, and removes its folder. Calls that are
// still up are dropped. A second Stop does nothing.
func (l *Lab) Stop() error {
	err := l.terminate(syscall.SIGTERM, 5*time.Second)
	if err != nil {
		err = l.terminate(syscall.SIGKILL, 5*time.Second)
	}
	l.clean()
	return err
}

// Kill ends Asterisk at once, as a crash would; Stop still has to follow.
func (l *Lab) Kill() error { return l.terminate(syscall.SIGKILL, 5*time.Second) }

func (l *Lab) terminate(sig syscall.Signal, wait time.Duration) error {
	select {
	case <-l.done:
		return nil
	default:
	}
	if err := syscall.Kill(l.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end Asterisk: %w", err)
	}
	select {
	case <-l.done:
		return nil
	case <-time.After(wait):
		return fmt.Errorf("process %d goes on %v after %v", l.pid, wait, sig)
	}
}

func (l *Lab) clean() {
	if l.output != nil {
		l.output.Close()
	}
	if !l.keep {
		os.RemoveAll(l.dir)
	}
}

// Done is closed when Asterisk has ended.
func (l *Lab) Done() <-chan struct{} { return l.done }

// SIPAddr is the exchange's address for SIP over UDP and TCP: "127.0.0.1:port".
func (l *Lab) SIPAddr() string { return net.JoinHostPort(Host, strconv.Itoa(l.port)) }

// SIPPort is the port of SIPAddr.
func (l *Lab) SIPPort() int { return l.port }

// TLSAddr is its address for SIP over TLS; CAFile proves it.
func (l *Lab) TLSAddr() string { return net.JoinHostPort(Host, strconv.Itoa(l.tlsPort)) }

// CAFile is the certificate, in PEM, that a TLS client has to trust.
func (l *Lab) CAFile() string { return filepath.Join(l.dir, "etc", "tls.pem") }

// Dir is the work folder: etc, log, recordings.
func (l *Lab) Dir() string { return l.dir }

// Log returns what Asterisk logged so far.
func (l *Lab) Log() string {
	full, _ := os.ReadFile(filepath.Join(l.dir, "log", "full"))
	out, _ := os.ReadFile(filepath.Join(l.dir, "log", "output"))
	return string(out) + string(full)
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
