package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// sessions: what one process keeps the other finds; what has run out or was
// ended is gone, and stays so.
func sessions(t *testing.T, b *bench) {
	type keeper interface {
		Session(ctx context.Context, token string, now time.Time) ([]byte, error)
		PutSession(ctx context.Context, token string, data []byte, expiry, now time.Time) error
		EndSession(ctx context.Context, token string, until time.Time) error
	}
	one, other := b.s.(keeper), b.open(t).(keeper)
	has := func(s keeper, token, want string) {
		t.Helper()
		data, err := s.Session(t.Context(), token, b.now)
		if want == "" && !errors.Is(err, campaign.ErrNotFound) || want != "" && (err != nil || string(data) != want) {
			t.Errorf("%s: %q, %v, want %q", token, data, err, want)
		}
	}
	put := func(s keeper, token, data string) error {
		return s.PutSession(t.Context(), token, []byte(data), b.now.Add(time.Hour), b.now)
	}
	has(one, "a", "")
	b.must(put(one, "a", "1"))
	b.must(put(one, "b", "1"))
	has(other, "a", "1")
	b.must(put(other, "a", "2"))
	has(one, "a", "2")
	b.must(other.EndSession(t.Context(), "a", b.now.Add(2*time.Hour)))
	has(one, "a", "")
	if err := put(one, "a", "3"); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("an ended session was kept again: %v", err)
	}
	b.now = b.now.Add(time.Hour)
	has(one, "b", "")
	has(one, "a", "")
}
