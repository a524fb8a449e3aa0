package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/sqlite"
	"github.com/freiton/freiton/campaign/store/storetest"
)

func TestConformance(t *testing.T) {
	var mu sync.Mutex
	dirs := map[string]string{}
	storetest.Run(t, func(t *testing.T) campaign.Store {
		mu.Lock()
		defer mu.Unlock()
		if dirs[t.Name()] == "" {
			dirs[t.Name()] = t.TempDir()
		}
		return open(t, filepath.Join(dirs[t.Name()], "freiton.db"))
	})
}

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Country: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func record(n int) campaign.Record {
	phone := fmt.Sprintf("+49171%07d", n)
	return campaign.Record{
		ID: strconv.Itoa(n), Line: n, Phone: phone, PhoneType: "Telefon", Name: "Jörg Müller", Person: "number:" + phone,
		Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown,
		Fields: []campaign.Field{{Name: "Name", Value: "Jörg Müller"}, {Name: "Telefon", Value: phone}, {Name: "Ort", Value: "Köln"}, {Name: "PLZ", Value: "50667"}},
	}
}
