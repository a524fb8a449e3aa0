package store

import (
	"context"
	"time"
)

// PutNational takes down of which day the national do-not-call list of a
// country is. An older one than there is changes nothing.
func (s *Core) PutNational(ctx context.Context, country string, at time.Time) error {
	return s.write(ctx, "national list", func(t tx) error {
		t.db.Changed()
		_, err := t.exec(`INSERT INTO national_list (country, at) VALUES (?, ?)
			ON CONFLICT (country) DO UPDATE SET at = greatest(national_list.at, excluded.at)`, country, ms(at))
		return err
	})
}

// national tells of which day the national lists are; never nil.
func (t tx) national() (map[string]time.Time, error) {
	all := map[string]time.Time{}
	err := t.query(func(sc Row) error {
		var country string
		var at int64
		err := sc.Scan(&country, &at)
		all[country] = timeOf(at)
		return err
	}, `SELECT country, at FROM national_list`)
	return all, err
}
