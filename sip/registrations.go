package sip

import (
	"context"
	"fmt"
	"time"
)

// RegState is how an account stands with its registrar.
type RegState string

const (
	NotRegistered RegState = "none" // no registrar, or unregistered
	Registering   RegState = "registering"
	Registered    RegState = "registered"
	RegFailed     RegState = "failed"
)

// RegistrationState is told by Registrations and Watch.
type RegistrationState struct {
	Account string
	State   RegState
	Since   time.Time
	Expires time.Duration // granted
	Status  int           // of the last answer; 408 none came, 503 nothing could be sent
	Reason  string
}

// RegistrationError is why Register failed.
type RegistrationError struct {
	Account string
	Status  int
	Reason  string
}

func (e *RegistrationError) Error() string {
	return fmt.Sprintf("sip: account %q cannot register: %d %s", e.Account, e.Status, e.Reason)
}

// Register waits for the outcome of an account's registration: at once if it
// is registered, else of the try that is on its way or of a new one. For an
// account without registrar there is nothing to wait for. The error is a
// *RegistrationError, or that of ctx.
func (a *Agent) Register(ctx context.Context, name string) error {
	acc := a.account(name)
	if acc == nil {
		return fmt.Errorf("%w %q", ErrUnknownAccount, name)
	}
	if acc.registrar == nil {
		return nil
	}
	r := a.regs[name]
	if !a.ready() || r == nil {
		return ErrNotStarted
	}
	s, changed := r.look()
	if s.State == RegFailed { // a try of our own; changed is from before it
		select {
		case r.wake <- struct{}{}:
		default:
		}
		s.State = Registering
	}
	for s.State == Registering {
		select {
		case <-changed:
			s, changed = r.look()
		case <-ctx.Done():
			return ctx.Err()
		case <-r.ended:
			return ErrClosed
		}
	}
	if s.State == Registered {
		return nil
	}
	return &RegistrationError{name, s.Status, s.Reason}
}

// look returns the state and a channel that is closed when it changes.
func (r *registration) look() (RegistrationState, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, r.changed
}

// Registrations tells how each account stands, in the order configured.
func (a *Agent) Registrations() []RegistrationState {
	var out []RegistrationState
	for _, acc := range a.accounts {
		if r := a.regs[acc.Name]; r != nil {
			out = append(out, r.now())
			continue
		}
		out = append(out, RegistrationState{Account: acc.Name, State: NotRegistered})
	}
	return out
}

// Watch calls f at each change of a registration, from its goroutine; f must
// not block. cancel ends it.
func (a *Agent) Watch(f func(RegistrationState)) (cancel func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := a.nextID
	a.nextID++
	a.watchers[id] = f
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.watchers, id)
	}
}
