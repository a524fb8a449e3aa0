package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/freiton/freiton/campaign"
)

// unnamedFor is how long a bundle is kept that no campaign names: it comes before
// the document.
const unnamedFor = 24 * time.Hour

// PutBundle implements campaign.Bundles.
func (s *Core) PutBundle(ctx context.Context, content []byte, now time.Time) (string, error) {
	name := bundleName(content)
	return name, s.write(ctx, "put bundle", func(t tx) error {
		if _, err := t.exec(`DELETE FROM bundle WHERE named < ? AND NOT EXISTS (SELECT 1 FROM campaign WHERE campaign.files = bundle.name)`,
			ms(now.Add(-unnamedFor))); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO bundle (name, content, named) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET named = excluded.named`,
			name, content, ms(now))
		return err
	})
}

// Bundle implements campaign.Bundles. What is not as it was put is not found.
func (s *Core) Bundle(ctx context.Context, name string) (content []byte, err error) {
	err = s.read(ctx, "bundle", func(sc Row) error { return sc.Scan(&content) }, `SELECT content FROM bundle WHERE name = ?`, name)
	if err == nil && (content == nil || bundleName(content) != name) {
		err = campaign.ErrNotFound
	}
	return content, err
}

func bundleName(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
