package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// leftCalls is what the next process needs to hang up telephones that are
// headsets, should this one be killed. A contact's call has that in the
// journal; an agent's telephone is in no journal, so it has a file.
type leftCalls struct {
	file string

	mu     sync.Mutex
	tokens map[campaign.AgentID][]byte
	old    map[campaign.AgentID][]byte // of an earlier process, until release
	err    error                       // of reading them
}

// leftFile is its name in the data folder.
const leftFile = "telephones.json"

// releaseTime is how long a far end has to say that a call is over: 64·T1
// (RFC 3261 §17.1.2.2) and a little.
const releaseTime = 35 * time.Second

func openLeftCalls(file string) *leftCalls {
	l := &leftCalls{file: file, tokens: map[campaign.AgentID][]byte{}}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		l.err = err
	default:
		if err := json.Unmarshal(text, &l.old); err != nil {
			l.err = fmt.Errorf("%s: %w", file, err)
		}
	}
	return l
}

// keep notes an agent's call; a nil token says that there is none.
func (l *leftCalls) keep(a campaign.AgentID, token []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if token == nil {
		delete(l.tokens, a)
	} else {
		l.tokens[a] = token
	}
	return l.write()
}

func (l *leftCalls) write() error {
	all := maps.Clone(l.old)
	if all == nil {
		all = map[campaign.AgentID][]byte{}
	}
	maps.Copy(all, l.tokens)
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return writeFile(l.file, text)
}

// releaser hangs up calls of earlier processes.
type releaser interface {
	Release(ctx context.Context, token []byte) error
}

// release hangs up what an earlier process left, all at once; what could not be
// confirmed is left to the next one.
func (l *leftCalls) release(ctx context.Context, by releaser) error {
	if len(l.old) == 0 {
		return l.err
	}
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	errs, rest := []error{l.err}, map[campaign.AgentID][]byte{}
	for a, token := range l.old {
		all.Go(func() { // ends with ctx; waited for below
			if err := by.Release(ctx, token); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs, rest[a] = append(errs, fmt.Errorf("%s: %w", a, err)), token
			}
		})
	}
	all.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.old = rest
	if ctx.Err() == nil { // refused, and so will be the next time
		l.old = nil
	}
	return errors.Join(append(errs, l.write())...)
}
