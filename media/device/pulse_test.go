//go:build cgo && linux

package device

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gen2brain/malgo"
)

// pulseServer is a PulseAudio of one test's own. Sound played to the sink mouth comes
// out of the source mic; what is played to the sink ear can be recorded from
// ear.monitor.
//
//	paplay ──► mouth ──► mic ──► Headset ──► ear ──► parecord
type pulseServer struct {
	t      *testing.T
	dir    string
	server string
	proc   *os.Process
	ended  chan struct{}
}

func startPulse(t *testing.T) *pulseServer {
	t.Helper()
	need(t, "pulseaudio", "pactl", "parecord", "paplay")
	// A socket's path ends at 107 bytes: not in t.TempDir.
	dir, err := os.MkdirTemp("", "fpa")
	if err != nil {
		t.Fatal(err)
	}
	p := &pulseServer{t: t, dir: dir, server: "unix:" + filepath.Join(dir, "s"), ended: make(chan struct{})}
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
	for exec.Command("pactl", "-s", p.server, "info").Run() != nil {
		select {
		case <-p.ended:
			t.Fatalf("pulseaudio ended: %s", said.Bytes())
		case <-deadline:
			t.Fatalf("pulseaudio does not answer: %s", said.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
	}
	p.ctl("set-default-sink", "ear")
	p.ctl("set-default-source", "mic")
	return p
}

func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is needed: run configs/lab/install.sh", tool)
		}
	}
}

// env is that of a user with nothing but the folder.
func (p *pulseServer) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "XDG_RUNTIME_DIR=" + p.dir,
		"PULSE_RUNTIME_PATH=" + filepath.Join(p.dir, "r"), "PULSE_SERVER=" + p.server}
}

func (p *pulseServer) signal(s syscall.Signal) { _ = p.proc.Signal(s) }

// stop ends the server, stopped or not.
func (p *pulseServer) stop() {
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

func (p *pulseServer) ctl(args ...string) {
	p.t.Helper()
	if out, err := p.command("pactl", args...).CombinedOutput(); err != nil {
		p.t.Fatalf("pactl %v: %v: %s", args, err, out)
	}
}

func (p *pulseServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = p.env()
	return cmd
}

// connect reaches this server and no other.
func (p *pulseServer) connect(log *slog.Logger) (sound, error) {
	return connectTo(p.server, []malgo.Backend{malgo.BackendPulseaudio}, log)
}

func (p *pulseServer) open(opts Options) *Headset {
	p.t.Helper()
	opts.Log = slog.New(slog.NewTextHandler(testLog{p.t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h, err := open(opts, p.connect)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = h.Close() })
	return h
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

// say plays samples into the microphone; the end of ctx stops it.
func (p *pulseServer) say(ctx context.Context, samples []int16, rate string) (wait func()) {
	p.t.Helper()
	cmd := p.command("paplay", "--raw", "--format=s16le", "--channels=1", "--rate="+rate, "--device=mouth", "--latency-msec=100")
	cmd.Stdin = bytes.NewReader(pcm(samples))
	return p.run(ctx, cmd)
}

// record records what the loudspeaker plays until ctx ends.
func (p *pulseServer) record(ctx context.Context) (samples func() []int16) {
	p.t.Helper()
	var out bytes.Buffer
	cmd := p.command("parecord", "--raw", "--format=s16le", "--channels=1", "--rate=16000", "--device=ear.monitor", "--latency-msec=50")
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

func (p *pulseServer) run(ctx context.Context, cmd *exec.Cmd) (wait func()) {
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
