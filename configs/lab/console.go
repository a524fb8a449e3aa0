package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// CLI runs one command on Asterisk's console and returns what it printed.
//
// It speaks to the control socket as `asterisk -rx` does: the server greets
// with a line of its own, a command ends with a NUL, and "cli quit after"
// closes the connection when the command is done.
func (l *Lab) CLI(command string) (string, error) {
	c, err := net.DialTimeout("unix", filepath.Join(l.dir, "run", "asterisk.ctl"), 2*time.Second)
	if err != nil {
		return "", fmt.Errorf("asterisk's console: %w", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, "cli quit after "+command+"\x00"); err != nil {
		return "", fmt.Errorf("asterisk's console: %s: %w", command, err)
	}
	out, err := io.ReadAll(c)
	if err != nil {
		return "", fmt.Errorf("asterisk's console: %s: %w", command, err)
	}
	return clean(string(out)), nil
}

// clean takes the greeting, the log lines that were mixed in (they begin with
// DEL and a level) and the NULs off a console's output.
func clean(out string) string {
	_, out, _ = strings.Cut(out, "\n")
	out = regexp.MustCompile(`(?m)^\x7f.*\n?`).ReplaceAllString(out, "")
	return strings.Trim(strings.ReplaceAll(out, "\x00", ""), "\n")
}

// Channels returns one line of `core show channels concise` for each channel,
// its fields separated by "!". None means that no call is left.
func (l *Lab) Channels() ([]string, error) {
	out, err := l.CLI("core show channels concise")
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.Count(line, "!") > 5 {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// WaitChannels waits until exactly n channels are left.
func (l *Lab) WaitChannels(n int, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var now []string
	err := l.poll(ctx, 20*time.Millisecond, func() bool {
		var err error
		now, err = l.Channels()
		return err == nil && len(now) == n
	})
	if err != nil {
		return fmt.Errorf("%d channels instead of %d: %w\n%s", len(now), n, err, strings.Join(now, "\n"))
	}
	return nil
}

// Originate rings endpoint (as in "PJSIP/1001") and, once it has answered, runs
// the dialplan application app with data there: Originate("PJSIP/1001",
// "Playtones", "1000").
func (l *Lab) Originate(endpoint, app, data string) error {
	_, err := l.CLI(strings.TrimSpace("channel originate " + endpoint + " application " + app + " " + data))
	return err
}

// HangupAll ends every call from the exchange's side.
func (l *Lab) HangupAll() error {
	_, err := l.CLI("channel request hangup all")
	return err
}

// Contacts returns the addresses an account is registered with.
func (l *Lab) Contacts(user string) ([]string, error) {
	out, err := l.CLI("pjsip show contacts")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^\s*Contact:\s+`+regexp.QuoteMeta(user)+`/(\S+)`).FindAllStringSubmatch(out, -1) {
		found = append(found, m[1])
	}
	return found, nil
}

// WaitRegistered waits until an account is registered, or with want false,
// until it is not.
func (l *Lab) WaitRegistered(user string, want bool, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := l.poll(ctx, 20*time.Millisecond, func() bool {
		found, err := l.Contacts(user)
		return err == nil && (len(found) > 0) == want
	})
	if err != nil {
		return fmt.Errorf("account %s registered=%v: %w", user, want, err)
	}
	return nil
}
