package campaign

import "log/slog"

// JournalConfig says where the journal lies and how large it grows.
type JournalConfig struct {
	Dir     string // made if missing
	Segment int64  // bytes of a file before the next is begun; 0 = 64 MiB
	Keep    int    // files kept; 0 = 16
	Log     *slog.Logger
}

// Journal is the append-only, numbered file of a process's events.
type Journal struct{}

// OpenJournal opens or makes the journal in a folder and cuts what a crash left
// half-written.
func OpenJournal(cfg JournalConfig) (*Journal, error) { return nil, ErrClosed }

// Append writes events, numbers them in place and returns when they are on
// disk; n is the number of the last.
func (j *Journal) Append(events ...Event) (n uint64, err error) { return 0, ErrClosed }

// Since reads the events after number n, oldest first.
func (j *Journal) Since(n uint64) ([]Event, error) { return nil, ErrClosed }

// Last is the number of the last event.
func (j *Journal) Last() uint64 { return 0 }

// Close writes what is pending and closes the file.
func (j *Journal) Close() error { return nil }
