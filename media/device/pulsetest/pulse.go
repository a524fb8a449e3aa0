//go:build linux

package pulsetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a PulseAudio of one test's own. Sound played to the sink mouth comes
// out of the source mic; what is played to the sink ear can be recorded from
// ear.monitor.
//
//	paplay ──► mouth ──► mic ──► Headset ──► ear ──► parecord
type Server struct {
	t     testing.TB
	dir   string
	Name  string // for PULSE_SERVER
	proc  *os.Process
	ended chan struct{}
}

// Start starts one that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	need(t, "pulseaudio", "pactl", "parecord", "paplay")
	// A socket's path ends at 107 bytes: not in t.TempDir.
	dir, err := os.MkdirTemp("", "fpa")
	if err != nil {
		t.Fatal(err)
	}
	p := &Server{t: t, dir: dir, Name: "unix:" + filepath.Join(dir, "s"), ended: make(chan struct{})}
	cmd := exec.Command("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
		"--disable-shm=yes", "--high-priority=no", "--realtime=no", "--log-target=stderr", "--log-level=error",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+filepath.Join(dir, "s"),
		"-L", "module-null-sink sink_name=ear sink_properties=device.description=Testphone-Ear",
		"-L", "module-null-sink sink_name=mouth sink_properties=device.description=Mouthpiece",
		"-L", "module-remap-source source_name=mic master=mouth.monitor source_properties=device.description=Testphone-Mic",
	)
	cmd.Env = p.env()
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.proc = cmd.Process
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("pulseaudio: %s", said.Bytes())
		}
		_ = os.RemoveAll(dir)
	})
	deadline := time.After(20 * time.Second)
	for exec.Command("pactl", "-s", p.Name, "info").Run() != nil {
		select {
		case <-p.ended:
			t.Fatalf("pulseaudio ended: %s", said.Bytes())
		case <-deadline:
			t.Fatalf("pulseaudio does not answer: %s", said.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
	}
	p.Ctl("set-default-sink", "ear")
	p.Ctl("set-default-source", "mic")
	return p
}

func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is needed: run configs/lab/install.sh", tool)
		}
	}
}

// env is that of a user with nothing but the folder.
func (p *Server) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "XDG_RUNTIME_DIR=" + p.dir,
		"PULSE_RUNTIME_PATH=" + filepath.Join(p.dir, "r"), "PULSE_SERVER=" + p.Name}
}

func (p *Server) Signal(s syscall.Signal) { _ = p.proc.Signal(s) }

// stop ends the server, stopped or not.
func (p *Server) stop() {
	p.Signal(syscall.SIGCONT)
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		p.Signal(syscall.SIGKILL)
		<-p.ended
	}
}

func (p *Server) Ctl(args ...string) {
	p.t.Helper()
	if out, err := p.Command("pactl", args...).CombinedOutput(); err != nil {
		p.t.Fatalf("pactl %v: %v: %s", args, err, out)
	}
}

func (p *Server) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = p.env()
	return cmd
}

// Unplug takes a device of the server away.
func (p *Server) Unplug(arg string) {
	p.t.Helper()
	out, err := p.Command("pactl", "list", "short", "modules").Output()
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, arg) {
			p.Ctl("unload-module", strings.Fields(line)[0])
			return
		}
	}
	p.t.Fatalf("no module with %s in %s", arg, out)
}

// Say plays samples into the microphone; the end of ctx stops it.
func (p *Server) Say(ctx context.Context, samples []int16, rate string) (wait func()) {
	p.t.Helper()
	cmd := p.Command("paplay", "--raw", "--format=s16le", "--channels=1", "--rate="+rate, "--device=mouth", "--latency-msec=100")
	cmd.Stdin = bytes.NewReader(pcm(samples))
	return p.run(ctx, cmd)
}

// Record records what the loudspeaker plays until ctx ends.
func (p *Server) Record(ctx context.Context) (samples func() []int16) {
	p.t.Helper()
	var out bytes.Buffer
	cmd := p.Command("parecord", "--raw", "--format=s16le", "--channels=1", "--rate=16000", "--device=ear.monitor", "--latency-msec=50")
	cmd.Stdout = &out
	wait := p.run(ctx, cmd)
	return func() []int16 {
		wait()
		b := out.Bytes()
		s := make([]int16, len(b)/2)
		for i := range s {
			s[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		return s
	}
}

func (p *Server) run(ctx context.Context, cmd *exec.Cmd) (wait func()) {
	p.t.Helper()
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
		defer stop()
		_ = cmd.Wait()
	}()
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	return func() { <-done }
}

func pcm(samples []int16) []byte {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}
