package sqlite

import (
	"context"

	"github.com/freiton/freiton/campaign/store"
)

// Pragma reads a setting of the writing connection.
func Pragma(s *Store, name string) (value string) {
	_ = s.db.Transact(context.Background(), false, func(t store.Tx) error {
		return t.Query(func(r store.Row) error { return r.Scan(&value) }, "PRAGMA "+name)
	})
	return value
}
