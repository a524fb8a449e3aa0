package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Sessions keeps sessions over a restart; it is the store of scs. A token is
// hashed already when it comes here.
type Sessions interface {
	Find(token string) (b []byte, found bool, err error)
	Commit(token string, b []byte, expiry time.Time) error
	Delete(token string) error
}

// FileSessions is Sessions in one file: there are as many as people at work.
type FileSessions struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	kept    map[string]keptSession
	deleted map[string]time.Time // until when: a request under way must not write it again
}

type keptSession struct {
	Data   []byte    `json:"data"`
	Expiry time.Time `json:"expiry"`
}

// maxSessions bounds the file. The oldest go first.
const maxSessions = 10_000

// OpenSessions reads the file, or begins one. A damaged file is put aside: its
// loss costs a login.
func OpenSessions(path string) (*FileSessions, error) {
	s := &FileSessions{path: path, now: time.Now, kept: map[string]keptSession{}, deleted: map[string]time.Time{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	if err := json.Unmarshal(b, &s.kept); err != nil || s.kept == nil {
		s.kept = map[string]keptSession{}
		return s, os.Rename(path, path+".damaged")
	}
	return s, nil
}

// Find implements Sessions.
func (s *FileSessions) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.kept[token]
	if !ok || !s.now().Before(k.Expiry) {
		return nil, false, nil
	}
	return k.Data, true, nil
}

// Commit implements Sessions. A session that was deleted stays so.
func (s *FileSessions) Commit(token string, b []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, gone := s.deleted[token]; gone {
		return nil
	}
	s.kept[token] = keptSession{b, expiry}
	return s.write()
}

// Delete implements Sessions.
func (s *FileSessions) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted[token] = s.now().Add(time.Hour)
	if _, ok := s.kept[token]; !ok {
		return nil
	}
	delete(s.kept, token)
	return s.write()
}

// write puts the file in place at once, readable for this user only.
func (s *FileSessions) write() error {
	now := s.now()
	for token, k := range s.kept {
		if !now.Before(k.Expiry) {
			delete(s.kept, token)
		}
	}
	for token, until := range s.deleted {
		if now.After(until) {
			delete(s.deleted, token)
		}
	}
	for len(s.kept) > maxSessions {
		oldest := ""
		for token, k := range s.kept {
			if oldest == "" || k.Expiry.Before(s.kept[oldest].Expiry) {
				oldest = token
			}
		}
		delete(s.kept, oldest)
	}
	b, err := json.Marshal(s.kept)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	_, err = part.Write(b)
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), s.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sessions: %w", err), os.Remove(part.Name()))
	}
	return nil
}
