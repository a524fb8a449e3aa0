package sqlite

import "context"

// Pragma reads a setting of the writing connection.
func Pragma(s *Store, name string) (value string) {
	_ = s.write(context.Background(), "pragma", func(t tx) error { return t.one("PRAGMA "+name, nil, &value) })
	return value
}
