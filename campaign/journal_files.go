package campaign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// load reads the newest file and goes on behind its last whole line.
func (j *Journal) load() error {
	files, err := j.files()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return j.begin(1)
	}
	name := files[len(files)-1]
	j.last = max(firstOf(name), 1) - 1
	whole, err := readJournal(name, func(e Event) error {
		j.last = max(j.last, e.N)
		j.note(e)
		return nil
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > whole {
		err = j.cut(f, whole, info.Size())
	}
	if err == nil {
		_, err = f.Seek(whole, 0)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	j.file, j.size, j.room, j.onDisk = f, whole, whole, j.last
	return nil
}

// cut takes away what stands behind the last whole line. A crash leaves one
// that is torn; where whole ones follow, the disk has lost something in
// between, and they are kept in a file beside it, for people to look at.
func (j *Journal) cut(f *os.File, whole, size int64) error {
	rest, err := io.ReadAll(io.NewSectionReader(f, whole, size-whole))
	if err != nil {
		return err
	}
	rest = bytes.TrimRight(rest, "\x00") // room that was not used
	lost := 0
	for line := range bytes.Lines(rest) {
		if _, ok := parseLine(line); ok {
			lost++
		}
	}
	switch {
	case lost > 0:
		aside := f.Name() + ".damaged"
		if err := os.WriteFile(aside, rest, 0o600); err != nil {
			return err
		}
		j.cfg.Log.Error("the journal is damaged; what stands behind the damage is kept aside, and the store says what became of those calls",
			"file", f.Name(), "kept", aside, "events", lost)
	case len(rest) > 0:
		j.cfg.Log.Warn("the last lines of the journal were not whole; they are cut", "file", f.Name(), "bytes", len(rest))
	}
	return errors.Join(f.Truncate(whole), f.Sync())
}

// begin starts a file whose first event has a number. It appears whole or not
// at all.
func (j *Journal) begin(first uint64) error {
	name := filepath.Join(j.cfg.Dir, fmt.Sprintf("journal-%016d.log", first))
	var head bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(j.open)) {
		u := j.open[id]
		e := Event{N: first - 1, At: u.Attempt.DialedAt, Kind: eventCarried, Attempt: id,
			Keep: &Keep{Attempt: &u.Attempt, Record: &u.Record, Settlement: u.Settlement, Desk: u.Desk}}
		if err := appendLine(&head, e); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(head.Bytes())
	err = errors.Join(err, f.Sync(), os.Rename(name+".new", name), syncDir(j.cfg.Dir))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if j.file != nil {
		err = j.closeFile()
	}
	j.file, j.size = f, int64(head.Len())
	j.room = j.size
	return errors.Join(err, j.prune())
}

// closeFile leaves a file without the room that was not used.
func (j *Journal) closeFile() error {
	return errors.Join(j.file.Truncate(j.size), j.file.Close())
}

// reserve makes the file so much longer than its lines.
func (j *Journal) reserve(more int64) error {
	if j.size+more <= j.room {
		return nil
	}
	more = max(more, min(max(journalRoom, min(j.room, journalGrowth)), j.cfg.Segment))
	if _, err := j.file.WriteAt(make([]byte, j.size+more-j.room), j.room); err != nil {
		return err
	}
	j.room = j.size + more
	return j.file.Sync()
}

// prune removes the oldest files.
func (j *Journal) prune() error {
	files, err := j.files()
	if err != nil {
		return err
	}
	for len(files) > j.cfg.Keep {
		if err := os.Remove(files[0]); err != nil {
			return err
		}
		files = files[1:]
	}
	return nil
}

func (j *Journal) files() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(j.cfg.Dir, "journal-*.log"))
	slices.Sort(files)
	return files, err
}

// firstOf is the number in a file's name.
func firstOf(name string) uint64 {
	s := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "journal-"), ".log")
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

// compact begins a new file behind the last event on disk and removes all
// others. A crash in between leaves too many files, never too few.
func (j *Journal) compact() error {
	if err := j.begin(j.onDisk + 1); err != nil {
		return err
	}
	files, err := j.files()
	if err != nil {
		return err
	}
	for _, name := range files[:len(files)-1] {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return syncDir(j.cfg.Dir)
}

// Written is when the newest file was written last: at the opening, when an
// earlier process did something for the last time. The zero time: never.
func (j *Journal) Written() time.Time {
	files, err := j.files()
	if err != nil || len(files) == 0 {
		return time.Time{}
	}
	info, err := os.Stat(files[len(files)-1])
	if err != nil || info.Size() == 0 {
		return time.Time{}
	}
	return info.ModTime()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
