package desk

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// sessionTable is a SessionStore in memory that can be away.
type sessionTable struct {
	mu    sync.Mutex
	rows  map[string][]byte // nil: ended
	away  error
	asked int
}

func (s *sessionTable) Session(_ context.Context, token string, _ time.Time) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.away != nil {
		return nil, s.away
	}
	if s.rows[token] == nil {
		return nil, campaign.ErrNotFound
	}
	return s.rows[token], nil
}

func (s *sessionTable) PutSession(_ context.Context, token string, data []byte, _, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return s.away
	}
	if old, there := s.rows[token]; there && old == nil {
		return campaign.ErrNotFound
	}
	s.rows[token] = data
	return nil
}

func (s *sessionTable) EndSession(_ context.Context, token string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away == nil {
		s.rows[token] = nil
	}
	return s.away
}

// Two processes share sessions; while the store is away each goes on with what
// it knows, and tells it afterwards.
func TestSharedSessions(t *testing.T) {
	table := &sessionTable{rows: map[string][]byte{}}
	now := time.Now()
	open := func() *SharedSessions {
		s := NewSharedSessions(table, slog.New(slog.DiscardHandler))
		s.now = func() time.Time { return now }
		return s
	}
	one, two := open(), open()
	has := func(what string, s *SharedSessions, token, want string) {
		t.Helper()
		data, ok, err := s.Find(token)
		if ok != (want != "") || string(data) != want || err != nil {
			t.Errorf("%s: %q %v %v, want %q", what, data, ok, err, want)
		}
	}
	commit := func(s *SharedSessions, token, data string) {
		t.Helper()
		if err := s.Commit(token, []byte(data), now.Add(10*time.Hour)); err != nil {
			t.Error(err)
		}
	}
	commit(one, "a", "1")
	has("at the other process", two, "a", "1")
	commit(two, "a", "2")
	now = now.Add(knownFor)
	has("a second later", one, "a", "2")
	asked := table.asked
	has("known", one, "a", "2")
	if table.asked != asked {
		t.Error("the store is asked for each request")
	}

	table.away = errors.New("connection refused")
	now = now.Add(time.Hour)
	has("while the store is away", one, "a", "2")
	asked = table.asked
	commit(one, "a", "3")
	commit(one, "b", "new")
	has("changed meanwhile", one, "a", "3")
	has("begun meanwhile", one, "b", "new")
	if table.asked != asked {
		t.Error("the store is asked again at once")
	}
	if _, _, err := two.Find("c"); err == nil {
		t.Error("nobody can say whether there is such a session")
	}
	table.away = nil
	now = now.Add(storeRest)
	has("afterwards", two, "a", "2")
	commit(one, "d", "x") // with which the rest is told
	now = now.Add(knownFor)
	has("told", two, "b", "new")
	has("told", two, "a", "3")

	if err := two.Delete("a"); err != nil {
		t.Error(err)
	}
	commit(two, "a", "4") // a request that began before
	has("ended", two, "a", "")
	commit(one, "a", "5") // and one elsewhere
	now = now.Add(knownFor)
	has("ended elsewhere", one, "a", "")
	has("still ended", two, "a", "")
}

// awayStore is a store that stops answering.
type awayStore struct {
	Store
	away error
}

func (s *awayStore) Users(ctx context.Context) ([]campaign.User, error) {
	if s.away != nil {
		return nil, s.away
	}
	return s.Store.Users(ctx)
}

// Whoever is known stays known while the store is away: calls go on, and have
// to be ended.
func TestPeopleWithoutStore(t *testing.T) {
	now := time.Now()
	store := &awayStore{Store: &memory{users: map[campaign.AgentID]campaign.User{"ann": {Name: "ann"}}}}
	p := &people{store: store, now: func() time.Time { return now }}
	is := func(what string, known, fails bool) {
		t.Helper()
		if u, ok, err := p.get(t.Context(), "ann"); ok != known || (err != nil) != fails || ok && u.Name != "ann" {
			t.Errorf("%s: %v %v %v", what, u.Name, ok, err)
		}
	}
	store.away = errors.New("connection refused")
	is("nobody was ever known", false, true)
	store.away = nil
	is("at first", true, false)
	store.away = errors.New("connection refused")
	p.forget()
	is("while the store is away", true, false)
	now = now.Add(time.Hour)
	is("for long", true, false)
	store.away = nil
	store.Store.(*memory).users = map[campaign.AgentID]campaign.User{}
	is("not asked again at once", true, false)
	now = now.Add(peopleRest)
	is("gone meanwhile", false, false)
}

// TestOneLogin: two webs over one store, reached by different ports, know the
// same login by the same cookie; what one ends, the other does not know.
func TestOneLogin(t *testing.T) {
	table := &sessionTable{rows: map[string][]byte{}}
	shared := func(cfg *WebConfig) { cfg.Sessions = NewSharedSessions(table, slog.New(slog.DiscardHandler)) }
	here, there := openHouse(t, shared), openHouse(t, shared)
	v := here.visitor(t)
	v.login("sue")
	v.base = there.URL()
	if a := v.ask("GET", "/api/v1/session", ""); a.status != 200 || !strings.Contains(a.text, `"user":"sue"`) {
		t.Fatalf("at the other process: %d %s", a.status, a.text)
	}
	v.want(v.ask("DELETE", "/api/v1/session", ""), 204, "")
	v.want(v.ask("GET", "/api/v1/session", ""), 401, CodeLogin)
	alone := openHouse(t, nil)
	v = alone.visitor(t)
	v.login("sue")
	v.base = here.URL()
	v.want(v.ask("GET", "/api/v1/session", ""), 401, CodeLogin) // two programs of one machine do not meet
}
