package campaign

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
)

// JournalConfig says where the journal lies and how large it grows.
type JournalConfig struct {
	Dir     string // made if missing
	Segment int64  // bytes of a file before the next is begun; 0 = 64 MiB
	Keep    int    // files kept; 0 = 16
	Log     *slog.Logger
}

// Journal is the append-only, numbered file of a process's events. A line is
//
//	crc32c of the rest (8 hex digits), blank, event as JSON, newline
//
// and a line that is not whole ends the file: a crash left it, or zeros do that
// stand behind the last one. They are the room for what comes: a file that does
// not grow is on the disk sooner, above all where others write much to it. Files are named
// after the number of their first event; each begins with what the ones before
// have left open, so that recovery reads the last file only and old ones can
// go. One goroutine writes, and syncs once for all who wait.
type Journal struct {
	cfg JournalConfig

	mu      sync.Mutex
	last    uint64 // number of the last event taken in
	queue   []batch
	broken  error // nothing is written any more
	closing bool
	wake    chan struct{}
	done    chan struct{}

	// The writer's own:
	file   *os.File
	size   int64  // of its lines
	room   int64  // of the file, zeros behind the lines included
	onDisk uint64 // number of the last event on disk
	open   map[AttemptID]*Unfinished
	fail   func() error // tests: the disk says no
}

// batch is what one Append brought, and what follows when it is on disk.
type batch struct {
	events []Event
	then   func(error)
	fresh  bool // begin a new file behind it and remove the others
}

// Unfinished is an attempt of which the journal does not know that the store
// has its outcome.
type Unfinished struct {
	Attempt    Attempt
	Record     Record
	Settlement *Settlement // decided, but not confirmed by the store
	Desk       *AtDesk     // nil: it was on nobody's desk
}

// storedBy reports whether the store has everything once it has confirmed the
// settlement of a turn: neither was another decided meanwhile, nor Done taken
// back.
func (u *Unfinished) storedBy(turn int) bool {
	if u.Settlement != nil {
		return u.Settlement.Turn <= turn
	}
	return u.Desk == nil || !u.Desk.Correction
}

// eventCarried repeats, at the head of a file, what earlier files left open.
const eventCarried EventKind = "carried"

const (
	defaultSegment = 64 << 20
	defaultKeep    = 16
	maxJournalLine = 8 << 20 // bytes; an event is a few kilobytes
	journalRoom    = 1 << 20 // by so much a file grows at least, and
	journalGrowth  = 8 << 20 // at most: as much as it has
)

// OpenJournal opens or makes the journal in a folder and cuts what a crash left
// half-written.
func OpenJournal(cfg JournalConfig) (*Journal, error) {
	cfg.Segment = cmp.Or(cfg.Segment, defaultSegment)
	cfg.Keep = max(cmp.Or(cfg.Keep, defaultKeep), 1)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{cfg: cfg, wake: make(chan struct{}, 1), done: make(chan struct{}), open: map[AttemptID]*Unfinished{}}
	if err := j.load(); err != nil {
		return nil, fmt.Errorf("journal %s: %w", cfg.Dir, err)
	}
	go j.write() // owned by the journal; Close ends it
	return j, nil
}

// Append writes events, numbers them in place and returns when they are on
// disk; n is the number of the last.
func (j *Journal) Append(events ...Event) (n uint64, err error) {
	done := make(chan error, 1)
	n = j.append(events, func(err error) { done <- err })
	return n, <-done
}

// append numbers events in place and hands them to the writer, which calls
// then, in order, when they are on disk or cannot be. No events: then follows
// what was appended before.
func (j *Journal) append(events []Event, then func(error)) uint64 {
	j.mu.Lock()
	if j.broken == nil && j.closing {
		j.broken = ErrClosed
	}
	for i := range events {
		j.last++
		events[i].N = j.last
	}
	n := j.last
	if j.closing {
		err := j.broken
		j.mu.Unlock()
		then(err)
		return n
	}
	j.enqueue(batch{events: events, then: then})
	j.mu.Unlock()
	return n
}

// enqueue leaves a batch to the writer; mu is held.
func (j *Journal) enqueue(b batch) {
	j.queue = append(j.queue, b)
	select {
	case j.wake <- struct{}{}:
	default: // it will come anyway
	}
}

// Compact removes everything that is not needed for recovery: what attempts
// that are settled left behind, with the people in it.
func (j *Journal) Compact() error {
	j.mu.Lock()
	if j.closing || j.broken != nil {
		defer j.mu.Unlock()
		return cmp.Or(j.broken, ErrClosed)
	}
	done := make(chan error, 1)
	j.enqueue(batch{then: func(err error) { done <- err }, fresh: true})
	j.mu.Unlock()
	return <-done
}

// Last is the number of the last event taken in.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Close writes what is pending and closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	already := j.closing
	j.closing = true
	j.mu.Unlock()
	if already {
		<-j.done
		return nil
	}
	close(j.wake)
	<-j.done
	return j.closeFile()
}

// write is the writer's goroutine: it takes whatever waits, writes it, syncs
// once, and lets everybody know.
func (j *Journal) write() {
	defer close(j.done)
	for ok := true; ok; {
		_, ok = <-j.wake
		j.mu.Lock()
		queue, err := j.queue, j.broken
		j.queue = nil
		j.mu.Unlock()
		if err == nil {
			if err = j.commit(queue); err != nil {
				err = fmt.Errorf("journal %s: %w", j.cfg.Dir, err)
				j.cfg.Log.Error("the journal cannot be written", "err", err)
				j.mu.Lock()
				j.broken = err
				j.mu.Unlock()
			}
		}
		for _, b := range queue {
			b.then(err)
		}
		if err == nil && len(queue) > 0 { // ahead of need, while nobody waits
			if err := j.reserve(min(journalRoom, j.cfg.Segment) / 2); err != nil {
				j.cfg.Log.Warn("there is no room for the journal to grow", "err", err)
			}
		}
	}
}

func (j *Journal) commit(queue []batch) error {
	var buf bytes.Buffer
	var first uint64
	for _, b := range queue {
		for _, e := range b.events {
			if first == 0 {
				first = e.N
			}
			if err := appendLine(&buf, e); err != nil {
				return err
			}
		}
	}
	if buf.Len() == 0 {
		return j.freshen(queue)
	}
	if j.fail != nil {
		if err := j.fail(); err != nil {
			return err
		}
	}
	if j.size > 0 && j.size+int64(buf.Len()) > j.cfg.Segment {
		if err := j.begin(first); err != nil {
			return err
		}
	}
	if err := j.reserve(int64(buf.Len())); err != nil {
		return err
	}
	n, err := j.file.WriteAt(buf.Bytes(), j.size)
	j.size += int64(n)
	if !repeatable(queue) {
		err = errors.Join(err, datasync(j.file))
	}
	if err != nil {
		return err
	}
	for _, b := range queue {
		for _, e := range b.events {
			j.note(e)
			j.onDisk = e.N
		}
	}
	return j.freshen(queue)
}

// repeatable: it only says that the store has what was decided. Should that be
// lost with the machine's power, the store is told once more.
func repeatable(queue []batch) bool {
	for _, b := range queue {
		for _, e := range b.events {
			if e.Kind != EventStored {
				return false
			}
		}
	}
	return true
}

func (j *Journal) freshen(queue []batch) error {
	if slices.ContainsFunc(queue, func(b batch) bool { return b.fresh }) {
		return j.compact()
	}
	return nil
}

// note keeps count of what is open.
func (j *Journal) note(e Event) {
	k := e.Keep
	if k == nil {
		return
	}
	if k.Stored != "" {
		if u := j.open[k.Stored]; u != nil && u.storedBy(k.Turn) {
			delete(j.open, k.Stored)
		}
		return
	}
	entry := func(a Attempt) *Unfinished {
		u := j.open[a.ID]
		if u == nil {
			u = &Unfinished{}
			j.open[a.ID] = u
		}
		u.Attempt = a
		return u
	}
	if k.Attempt != nil {
		u := entry(*k.Attempt)
		if k.Record != nil {
			u.Record = *k.Record
		}
		u.Settlement, u.Desk = k.Settlement, k.Desk
	} else if k.Settlement != nil {
		entry(k.Settlement.Attempt).Settlement = k.Settlement
	}
}

// unfinished is what was open when the journal was opened; before anything is
// appended.
func (j *Journal) unfinished() []Unfinished {
	var us []Unfinished
	for _, id := range slices.Sorted(maps.Keys(j.open)) {
		us = append(us, *j.open[id])
	}
	return us
}
