package postgres

import (
	"context"

	"github.com/freiton/freiton/campaign"
)

// TakingBack runs do as if what is in doubt were taken back meanwhile.
func TakingBack(s *Store, do func()) {
	s.taking.Lock()
	defer s.taking.Unlock()
	do()
}

// Orphan settles an attempt as a sweep does that has found its process gone a
// moment ago.
func Orphan(ctx context.Context, s *Store, o campaign.OpenAttempt) (settled bool, err error) {
	return s.orphan(ctx, o)
}
