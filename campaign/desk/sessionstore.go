package desk

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// SessionStore keeps sessions where several processes share them. Tokens are
// hashed.
type SessionStore interface {
	Session(ctx context.Context, token string, now time.Time) ([]byte, error)
	PutSession(ctx context.Context, token string, data []byte, expiry, now time.Time) error
	EndSession(ctx context.Context, token string, until time.Time) error
}

// SharedSessions is Sessions in a store that processes share: an agent may come
// to any of them. What this process knows of a session holds for a second, and
// for as long as the store is away: who is in a call stays logged in.
type SharedSessions struct {
	store SessionStore
	log   *slog.Logger
	now   func() time.Time

	mu   sync.Mutex
	kept map[string]*sharedSession
	away time.Time // the store did not answer: it is not asked before
}

// sharedSession is what is known of a session.
type sharedSession struct {
	data   []byte // nil: ended
	expiry time.Time
	at     time.Time // when the store said so
	owed   bool      // the store has not heard of it
}

const (
	knownFor    = time.Second
	storeWithin = 2 * time.Second // a request does not wait longer
	storeRest   = 3 * time.Second
	endedFor    = time.Hour
)

// NewSharedSessions is Sessions over a store.
func NewSharedSessions(store SessionStore, log *slog.Logger) *SharedSessions {
	return &SharedSessions{store: store, log: log, now: time.Now, kept: map[string]*sharedSession{}}
}

// Find implements Sessions.
func (s *SharedSessions) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	now := s.now()
	k, known := s.kept[token]
	believe := known && (k.owed || k.data == nil || now.Sub(k.at) < knownFor || now.Before(s.away))
	s.mu.Unlock()
	if believe {
		return s.known(token)
	}
	var data []byte
	err := s.ask(func(ctx context.Context) (err error) {
		data, err = s.store.Session(ctx, token, now)
		return err
	})
	switch {
	case errors.Is(err, campaign.ErrNotFound):
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, token)
		return nil, false, nil
	case err != nil && known:
		return s.known(token)
	case err != nil:
		return nil, false, err
	}
	s.keep(token, &sharedSession{data: data, expiry: now.Add(longestCall), at: now})
	s.pay()
	return s.known(token)
}

// known is a session as this process knows it.
func (s *SharedSessions) known(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kept[token]
	if k == nil || k.data == nil || !s.now().Before(k.expiry) {
		return nil, false, nil
	}
	return k.data, true, nil
}

// Commit implements Sessions. A session that was ended stays so.
func (s *SharedSessions) Commit(token string, b []byte, expiry time.Time) error {
	s.mu.Lock()
	k, known := s.kept[token]
	s.mu.Unlock()
	if known && k.data == nil {
		return nil
	}
	s.keep(token, &sharedSession{data: b, expiry: expiry, at: s.now(), owed: true})
	s.pay()
	return nil
}

// Delete implements Sessions.
func (s *SharedSessions) Delete(token string) error {
	s.keep(token, &sharedSession{expiry: s.now().Add(endedFor), owed: true})
	s.pay()
	return nil
}

func (s *SharedSessions) keep(token string, k *sharedSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.kept[token]; old != nil && old.data == nil && k.data != nil {
		return // ended meanwhile
	}
	s.kept[token] = k
	now := s.now()
	maps.DeleteFunc(s.kept, func(_ string, k *sharedSession) bool { return !now.Before(k.expiry) })
}

// pay tells the store what it is owed; what it does not take, it is told with
// the next request.
func (s *SharedSessions) pay() {
	s.mu.Lock()
	owed := map[string]*sharedSession{}
	for token, k := range s.kept {
		if k.owed {
			owed[token] = k
		}
	}
	rest := s.now().Before(s.away)
	s.mu.Unlock()
	if rest {
		return
	}
	for token, k := range owed {
		err := s.ask(func(ctx context.Context) error {
			if k.data == nil {
				return s.store.EndSession(ctx, token, k.expiry)
			}
			return s.store.PutSession(ctx, token, k.data, k.expiry, s.now())
		})
		s.mu.Lock()
		if errors.Is(err, campaign.ErrNotFound) { // ended at another process
			k.data, k.owed = nil, false
		} else if err == nil {
			k.owed = false
		}
		s.mu.Unlock()
		if err != nil && !errors.Is(err, campaign.ErrNotFound) {
			return
		}
	}
}

// ask asks the store, and notes when it does not answer.
func (s *SharedSessions) ask(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeWithin)
	defer cancel()
	err := do(ctx)
	if err != nil && !errors.Is(err, campaign.ErrNotFound) {
		s.log.Warn("the store does not answer; sessions stand as they are known here", "err", err)
		s.mu.Lock()
		s.away = s.now().Add(storeRest)
		s.mu.Unlock()
	}
	return err
}
