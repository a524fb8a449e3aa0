package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/sqlite"
)

// A call from the shell has no journal: what is needed to end it after a
// kill -9 stands with its attempt in the store, under a process name that tells
// whether that process still lives.

const shellPrefix = "call-"

func shellProcess(pid int) string { return shellPrefix + strconv.Itoa(pid) }

// recoverShellCalls ends the calls that killed shells left on the line.
func recoverShellCalls(ctx context.Context, store *sqlite.Store, line campaign.Line, say func(string, ...any)) error {
	open, err := store.Open(ctx, "")
	if err != nil {
		return err
	}
	for _, o := range open {
		pid, err := strconv.Atoi(strings.TrimPrefix(o.Attempt.Process, shellPrefix))
		if !strings.HasPrefix(o.Attempt.Process, shellPrefix) || err != nil || alive(pid) {
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
