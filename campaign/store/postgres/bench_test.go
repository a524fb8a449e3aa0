package postgres_test

import (
	"testing"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
	"github.com/freiton/freiton/campaign/store/storetest"
)

// opener opens a store on a server of its own, which waits for the disk.
func opener(tb testing.TB) campaign.Store {
	srv, err := pgtest.Start(true)
	must(tb, err)
	tb.Cleanup(func() {
		if err := srv.Close(); err != nil {
			tb.Error(err)
		}
	})
	address, err := srv.Fresh(tb.Context())
	must(tb, err)
	return open(tb, address, postgres.Options{CallersClock: true})
}

func BenchmarkStore(b *testing.B)        { storetest.BenchStore(b, opener) }
func BenchmarkLeaseNothing(b *testing.B) { storetest.BenchLeaseNothing(b, opener) }
func BenchmarkRead(b *testing.B)         { storetest.BenchRead(b, opener) }
func BenchmarkDoNotCall(b *testing.B)    { storetest.BenchDoNotCall(b, opener) }
func BenchmarkDesk(b *testing.B)         { storetest.BenchDesk(b, opener) }
