package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// A call from the shell has no journal: what is needed to end it after a
// kill -9 stands with its attempt in the store, under a process name that tells
// whether that process still lives.

const shellPrefix = "call-"

// shellProcess names a process of a data folder, shellPID reads the name again;
// elsewhere the same number is another process.
func shellProcess(home string, pid int) string { return shellPrefix + strconv.Itoa(pid) + "@" + home }

func shellPID(home, name string) (pid int, ours bool) {
	number, at, _ := strings.Cut(strings.TrimPrefix(name, shellPrefix), "@")
	pid, err := strconv.Atoi(number)
	return pid, err == nil && at == home && strings.HasPrefix(name, shellPrefix)
}

// recoverShellCalls ends the calls that killed shells left on the line.
func recoverShellCalls(ctx context.Context, store vaultStore, home string, line campaign.Line, say func(string, ...any)) error {
	open, err := store.Open(ctx, "")
	if err != nil {
		return err
	}
	for _, o := range open {
		pid, ours := shellPID(home, o.Attempt.Process)
		if !ours || alive(pid) {
			continue
		}
		a := o.Attempt
		if len(a.Token) > 0 {
			if err := line.Recover(a.Token); err != nil {
				say("call to %s, left by process %d, could not be ended: %v", a.Number, pid, err)
			}
		}
		a.EndedAt, a.EndedBy, a.Result, a.DialerResult = time.Now(), campaign.ByDialer, campaign.Unknown, campaign.Unknown
		a.Text, a.Token = "its process was killed", nil
		if err := store.Settle(ctx, campaign.Settlement{Attempt: a, Now: a.EndedAt}); err != nil {
			return fmt.Errorf("call to %s, left by process %d: %w", a.Number, pid, err)
		}
		say("call to %s, left by process %d, is ended", a.Number, pid)
	}
	return nil
}
