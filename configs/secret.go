package configs

import (
	"fmt"
	"log/slog"
	"net/url"
)

// hidden is what a secret looks like wherever it is printed.
const hidden = "•••"

// Secret is a password. It never prints: not by %v, %q or %#v, not in a log,
// not in YAML or JSON. Only Reveal gives it away.
type Secret struct{ text string }

// newSecret hides s.
func newSecret(s string) Secret { return Secret{text: s} }

// Reveal is the password itself, for the one place that needs it.
func (s Secret) Reveal() string { return s.text }

// Empty says that there is no password.
func (s Secret) Empty() bool { return s.text == "" }

func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return hidden
}

// Format keeps every verb of package fmt from reaching the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) }

// LogValue is what log/slog writes.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what YAML and JSON get.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Store says where records are kept: in SQLite in the data folder, or in
// PostgreSQL. The address of a PostgreSQL may hold a password and prints
// without it.
type Store struct{ dsn Secret }

// UnmarshalText reads "sqlite" or "postgres://user@host/db".
func (s *Store) UnmarshalText(b []byte) error {
	text := string(b)
	if text == "sqlite" {
		*s = Store{}
		return nil
	}
	u, err := url.Parse(text)
	// A socket in a folder is named in the query: postgres://user@/db?host=/run/postgresql
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
		return cure(plain("not a store"), plain(`write "sqlite" or "postgres://user@host/db"`))
	}
	*s = Store{dsn: newSecret(text)}
	return nil
}

// Postgres is the address of the PostgreSQL database, with its password;
// false means SQLite.
func (s Store) Postgres() (dsn string, ok bool) { return s.dsn.Reveal(), !s.dsn.Empty() }

func (s Store) String() string {
	dsn, ok := s.Postgres()
	if !ok {
		return "sqlite"
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return hidden
	}
	u.RawQuery = "" // may hold password=
	return u.Redacted()
}

// Format keeps every verb of package fmt from reaching the password.
func (s Store) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) }

// LogValue is what log/slog writes.
func (s Store) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what YAML and JSON get.
func (s Store) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
