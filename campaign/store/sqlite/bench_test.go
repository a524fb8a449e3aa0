package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/storetest"
)

func opener(tb testing.TB) campaign.Store { return open(tb, filepath.Join(tb.TempDir(), "freiton.db")) }

func BenchmarkStore(b *testing.B) {
	path := filepath.Join(b.TempDir(), "freiton.db")
	storetest.BenchStore(b, func(tb testing.TB) campaign.Store { return open(tb, path) })
	info, err := os.Stat(path + "-wal")
	must(b, err)
	b.ReportMetric(float64(info.Size())/(1<<20), "wal-MiB")
}

func BenchmarkLeaseNothing(b *testing.B) { storetest.BenchLeaseNothing(b, opener) }
func BenchmarkRead(b *testing.B)         { storetest.BenchRead(b, opener) }
func BenchmarkDoNotCall(b *testing.B)    { storetest.BenchDoNotCall(b, opener) }

// BenchmarkBackup copies a big list.
func BenchmarkBackup(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "freiton.db"))
	storetest.BenchFill(b, s)
	for b.Loop() {
		begin := time.Now()
		must(b, s.Backup(b.Context(), filepath.Join(b.TempDir(), "copy")))
		b.ReportMetric(time.Since(begin).Seconds(), "backup-s")
	}
}
func BenchmarkDesk(b *testing.B) { storetest.BenchDesk(b, opener) }
