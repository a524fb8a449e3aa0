package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
	"github.com/freiton/freiton/campaign/store/storetest"
)

// shared is the server of the tests that leave it alone. A test that is run
// again as another process does not start one.
var shared sharedServer

type sharedServer struct {
	once   sync.Once
	server *pgtest.Server // nil: nobody asked for it
	err    error
}

func (s *sharedServer) start() (*pgtest.Server, error) {
	s.once.Do(func() { s.server, s.err = pgtest.Start(false) })
	return s.server, s.err
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil && shared.err == nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func server(t testing.TB) *pgtest.Server {
	t.Helper()
	s, err := shared.start()
	must(t, err)
	return s
}

func fresh(t testing.TB) string {
	t.Helper()
	address, err := server(t).Fresh(t.Context())
	must(t, err)
	return address
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, address string, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	var mu sync.Mutex
	addresses := map[string]string{}
	storetest.Run(t, func(t *testing.T) campaign.Store {
		mu.Lock()
		defer mu.Unlock()
		if addresses[t.Name()] == "" {
			addresses[t.Name()] = fresh(t)
		}
		return open(t, addresses[t.Name()], postgres.Options{Options: store.Options{Country: "DE"}, CallersClock: true})
	})
}

func TestCrash(t *testing.T) {
	storetest.Crash(t, func(folder string) (campaign.Store, error) {
		file := filepath.Join(folder, "address")
		address, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			address = []byte(fresh(t))
			err = os.WriteFile(file, address, 0o600)
		}
		if err != nil {
			return nil, err
		}
		return postgres.Open(context.WithoutCancel(t.Context()), string(address), postgres.Options{})
	})
}
