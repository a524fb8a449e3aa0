package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/sip"
)

// asProgram makes the test binary be the program: a process that can be killed.
const asProgram = "FREITON_LAB_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	// Short, so that nothing has to be waited for long after a call (64·T1).
	sip.Prepare(sip.Timers{T1: 100 * time.Millisecond, T2: 800 * time.Millisecond, T4: time.Second})
	os.Exit(m.Run())
}

// alone says in which test a process of its own was started.
const alone = "FREITON_TEST_ALONE"

// inOwnProcess runs this one test again in a process of its own, beside other
// tests, where it counts what no other one uses; it gives true when it has.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	if os.Getenv(alone) == t.Name() {
		return false
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), alone+"="+t.Name())
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v", err)
	}
	return true
}

// child is the program running in a process of its own.
type child struct {
	cmd  *exec.Cmd
	out  locked
	errs locked
	done chan struct{}
}

func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), asProgram+"=1")
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.errs
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, which the cleanup kills
		_ = c.cmd.Wait()
		close(c.done)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
	})
	return c
}

// wait waits for the end and gives the exit status.
func (c *child) wait(t *testing.T, d time.Duration) int {
	t.Helper()
	select {
	case <-c.done:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(d):
		t.Fatalf("%v still runs after %s\n%s", c.cmd.Args[1:], d, c.errs.String())
		return -1
	}
}

// until waits for something to become true.
func until(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(d)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %s", what, d)
		}
	}
}

// kill -9 while one contact rings and another talks, then the same command
// again: Asterisk's channels are hung up from the journal, the two records are
// stale and not redialled, all others are worked, each once.
func TestKillAsterisk(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	l := lab.Start(t, lab.Options{})
	config, _ := labConfig(t, l)
	// As in life, both listen at the same port: an answer that the killed one has
	// not read any more reaches the next.
	config = replaced(t, config, "udp://127.0.0.1:0", fmt.Sprint("udp://127.0.0.1:", freePort(t)))
	list, fateOf := labList(t, map[string]int{"01": 4, "11": 2, "10": 3, "13": 2})
	report := filepath.Join(t.TempDir(), "report.json")
	args := []string{
		"autopilot", "--config", config, "--campaign", labCampaign(t, "ring_timeout: 20s\n"), "--list", list,
		"--agents", "2", "--talk", "20s", "--report", report,
	}
	args[4] = replaced(t, args[4], "ring_timeout: 3s\n", "")
	first := startChild(t, args...)
	var ringing, talking string
	until(t, 40*time.Second, "one call rings and another talks", func() bool {
		select {
		case <-first.done:
			t.Fatalf("ended too soon\n%s", first.errs.String())
		default:
		}
		ringing, talking = "", ""
		channels, err := l.Channels()
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range channels {
			switch {
			case strings.Contains(ch, "!Ring!"):
				ringing = ch
			case strings.Contains(ch, "!Up!"):
				talking = ch
			}
		}
		return ringing != "" && talking != ""
	})
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.wait(t, 5*time.Second)
	if channels, err := l.Channels(); err != nil || len(channels) < 2 {
		t.Fatalf("Asterisk should still have both calls: %v, %v", channels, err)
	}
	for i, a := range args {
		if a == "20s" {
			args[i] = "1s"
		}
	}
	args[4] = replaced(t, args[4], "ring_timeout: 20s", "ring_timeout: 2s")
	second := startChild(t, args...)
	until(t, 10*time.Second, "the old channels are hung up", func() bool {
		channels, err := l.Channels()
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range channels {
			if ch == ringing || strings.HasPrefix(ch, name(ringing)) || strings.HasPrefix(ch, name(talking)) {
				return false
			}
		}
		return true
	})
	if status := second.wait(t, 90*time.Second); status != 0 {
		t.Fatalf("status %d\n%s", status, second.errs.String())
	}
	r := readReport(t, report)
	stale, calls := 0, map[string]int{}
	for _, a := range r.Attempts {
		calls[a.Phone]++
		if a.EndedAt.IsZero() {
			t.Errorf("%s has no end", a.Phone)
		}
	}
	for _, rec := range r.Records {
		switch {
		case rec.Status.String() == "stale":
			stale++
			if rec.CallResult.String() != "unknown" {
				t.Errorf("stale record %+v", rec)
			}
		case rec.CallResult.String() != fateOf[rec.Phone].Result:
			t.Errorf("%s (%s) came out as %s", rec.Phone, fateOf[rec.Phone].Name, rec.CallResult)
		}
		if calls[rec.Phone] != 1 {
			t.Errorf("%s was dialled %d times", rec.Phone, calls[rec.Phone])
		}
	}
	if stale != 2 {
		t.Errorf("%d stale records, want 2\n%s", stale, second.errs.String())
	}
	rows, err := l.WaitCDR(len(r.Attempts), 10*time.Second)
	if err != nil || len(rows) != len(r.Attempts) {
		t.Errorf("%d rows in the CDR, %d attempts, %v", len(rows), len(r.Attempts), err)
	}
	if err := l.WaitChannels(0, 5*time.Second); err != nil {
		t.Error(err)
	}
}

// kill -9 of a process that has not read the contact's answer: the contact has
// picked up, and nothing in the journal says so. CANCEL is too late; the next
// process hangs up when the answer is repeated.
func TestKillUnreadAnswer(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{})
	config, _ := labConfig(t, l)
	config = replaced(t, config, "udp://127.0.0.1:0", fmt.Sprint("udp://127.0.0.1:", freePort(t)))
	list, _ := labList(t, map[string]int{"02": 1})
	report := filepath.Join(t.TempDir(), "report.json")
	args := []string{"autopilot", "--config", config, "--campaign", labCampaign(t, ""), "--list", list, "--agents", "1", "--report", report}
	first := startChild(t, args...)
	channel := func(is string) func() bool {
		return func() bool {
			channels, err := l.Channels()
			if err != nil {
				t.Fatal(err)
			}
			return len(channels) == 1 && strings.Contains(channels[0], is)
		}
	}
	until(t, 20*time.Second, "the contact's telephone rings", channel("!Ring!"))
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, 5*time.Second, "the contact has picked up", channel("!Up!"))
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.wait(t, 5*time.Second)
	second := startChild(t, args...)
	if err := l.WaitChannels(0, 10*time.Second); err != nil {
		t.Errorf("the contact hears nobody: %v\n%s", err, second.errs.String())
	}
	if status := second.wait(t, 20*time.Second); status != 0 {
		t.Fatalf("status %d\n%s", status, second.errs.String())
	}
	r := readReport(t, report)
	if len(r.Attempts) != 1 || len(r.Records) != 1 || r.Records[0].Status.String() != "stale" {
		t.Errorf("%+v\n%+v", r.Attempts, r.Records)
	}
}

// name is a channel's name in a line of `core show channels concise`.
func name(line string) string {
	n, _, _ := strings.Cut(line, "!")
	return n + "!"
}

// replaced changes a text file in place.
func replaced(t *testing.T, file, old, with string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(b), old, with)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
