package campaign

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func openTestJournal(t *testing.T, dir string, segment int64, keep int) *Journal {
	t.Helper()
	j, err := OpenJournal(JournalConfig{Dir: dir, Segment: segment, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func numbers(es []Event) (ns []uint64) {
	for _, e := range es {
		ns = append(ns, e.N)
	}
	return ns
}

func TestJournalNumbersAndReadsBack(t *testing.T) {
	dir := t.TempDir()
	j := openTestJournal(t, dir, 0, 0)
	events := []Event{{Kind: EventOffered, At: noon(), Agent: "ann"}, {Kind: EventDialing, Reason: &Reason{Code: "x", Text: "y\nz"}}}
	n, err := j.Append(events...)
	if err != nil || n != 2 || events[0].N != 1 || events[1].N != 2 {
		t.Fatalf("%d %v %v", n, err, numbers(events))
	}
	if _, err := j.Append(Event{Kind: EventEnded}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(Event{}); !errors.Is(err, ErrClosed) {
		t.Errorf("appended to a closed journal: %v", err)
	}
	j = openTestJournal(t, dir, 0, 0)
	got, err := j.Since(1)
	if err != nil || fmt.Sprint(numbers(got)) != "[2 3]" || got[0].Reason.Text != "y\nz" {
		t.Fatalf("%v %+v", err, got)
	}
	if n, _ := j.Append(Event{Kind: EventDone}); n != 4 {
		t.Errorf("goes on with %d", n)
	}
}

// A crash leaves half a line, garbage, or a line whose bytes are wrong:
// everything before stays, and the journal goes on.
func TestJournalCutsWhatIsTorn(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"half a line":     func(b []byte) []byte { return b[:len(b)-10] },
		"no newline":      func(b []byte) []byte { return b[:len(b)-1] },
		"zeros":           func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
		"a flipped bit":   func(b []byte) []byte { b[len(b)-5] ^= 4; return b },
		"other words":     func(b []byte) []byte { return bytes.Replace(b, []byte(`"ringing"`), []byte(`"rinsing"`), 1) },
		"a line too long": func(b []byte) []byte { return append(b, bytes.Repeat([]byte("x"), maxJournalLine+100000)...) },
		"not JSON":        func(b []byte) []byte { return append(b, "00000000 \n"...) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := openTestJournal(t, dir, 0, 0)
			if _, err := j.Append(Event{Kind: EventDialing}, Event{Kind: EventRinging}); err != nil {
				t.Fatal(err)
			}
			j.Close()
			file := filepath.Join(dir, "journal-0000000000000001.log")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, spoil(b), 0o600); err != nil {
				t.Fatal(err)
			}
			j = openTestJournal(t, dir, 0, 0)
			if l := j.Last(); l < 1 || l > 2 {
				t.Fatalf("last is %d", l)
			}
			kept := j.Last()
			if es, _ := j.Since(0); slices.ContainsFunc(es, func(e Event) bool { return e.Kind == "rinsing" }) {
				t.Fatal("what is not as it was written was believed")
			}
			if n, err := j.Append(Event{Kind: EventEnded}); err != nil || n != kept+1 {
				t.Fatalf("%d %v", n, err)
			}
			j.Close()
			j = openTestJournal(t, dir, 0, 0)
			got, err := j.Since(0)
			if err != nil || uint64(len(got)) != kept+1 || got[0].Kind != EventDialing || got[len(got)-1].Kind != EventEnded {
				t.Fatalf("%v %+v", err, got)
			}
		})
	}
}

// The file is longer than its lines, so that it does not grow with each. A
// process that is killed leaves that room behind: no damage, nothing to say.
func TestJournalKeepsRoom(t *testing.T) {
	dir, killed := t.TempDir(), t.TempDir()
	j := openTestJournal(t, dir, 0, 0)
	for range 3 {
		if _, err := j.Append(Event{Kind: EventDialing}); err != nil {
			t.Fatal(err)
		}
	}
	const name = "journal-0000000000000001.log"
	left, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.TrimRight(left, "\x00")
	if len(left) < journalRoom/2 || bytes.Count(lines, []byte("\n")) != 3 || bytes.IndexByte(lines, 0) >= 0 {
		t.Errorf("%d bytes for %d of lines", len(left), len(lines))
	}
	if es, err := j.Since(1); err != nil || len(es) != 2 {
		t.Errorf("read while it is written: %v %v", es, err)
	}
	if err := os.WriteFile(filepath.Join(killed, name), left, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	k, err := OpenJournal(JournalConfig{Dir: killed, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := k.Append(Event{Kind: EventEnded}); n != 4 || err != nil || said.Len() > 0 {
		t.Errorf("goes on with %d, %v: %s", n, err, said.String())
	}
	for _, j := range []*Journal{j, k} {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, d := range []string{dir, killed} {
		if b, err := os.ReadFile(filepath.Join(d, name)); err != nil || bytes.IndexByte(b, 0) >= 0 {
			t.Errorf("closed with room left: %v", err)
		}
	}
	if es, err := openTestJournal(t, killed, 0, 0).Since(0); err != nil || fmt.Sprint(numbers(es)) != "[1 2 3 4]" {
		t.Errorf("%v %v", numbers(es), err)
	}
}

// Damage in the middle is no crash: what stands behind it is kept aside.
func TestJournalKeepsWhatStandsBehindDamage(t *testing.T) {
	dir := t.TempDir()
	j := openTestJournal(t, dir, 0, 0)
	if _, err := j.Append(Event{Kind: EventDialing}, Event{Kind: EventRinging}, Event{Kind: EventEnded}); err != nil {
		t.Fatal(err)
	}
	j.Close()
	file := filepath.Join(dir, "journal-0000000000000001.log")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(b, '\n') + 1
	behind := bytes.Clone(b[first:])
	behind[12] ^= 4
	if err := os.WriteFile(file, append(b[:first:first], behind...), 0o600); err != nil {
		t.Fatal(err)
	}
	j = openTestJournal(t, dir, 0, 0)
	if j.Last() != 1 {
		t.Errorf("goes on behind %d", j.Last())
	}
	if kept, err := os.ReadFile(file + ".damaged"); err != nil || !bytes.Equal(kept, behind) {
		t.Errorf("kept %q, %v", kept, err)
	}
	j.Close()
}

// Files are turned over and old ones go, but what is open is never lost.
func TestJournalTurnsOver(t *testing.T) {
	dir := t.TempDir()
	j := openTestJournal(t, dir, 2000, 2)
	live := Attempt{ID: "live", Number: "+491", Token: []byte("tok")}
	settled := Attempt{ID: "settled"}
	if _, err := j.Append(
		Event{Kind: EventDialing, Keep: &Keep{Attempt: &live, Record: &Record{Key: 7}}},
		Event{Kind: EventDialing, Keep: &Keep{Attempt: &settled, Record: &Record{Key: 8}}},
		Event{Kind: EventEnded, Keep: &Keep{Settlement: &Settlement{Attempt: settled, Fence: 3}}},
	); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		a := Attempt{ID: AttemptID(fmt.Sprint("a", i))}
		if _, err := j.Append(Event{Kind: EventDialing, Keep: &Keep{Attempt: &a}}, Event{Kind: EventStored, Keep: &Keep{Stored: a.ID}}); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	if files, _ := j.files(); len(files) != 2 {
		t.Errorf("files kept: %v", files)
	}
	j = openTestJournal(t, dir, 2000, 2)
	us := j.unfinished()
	if len(us) != 2 || us[0].Attempt.ID != "live" || string(us[0].Attempt.Token) != "tok" || us[0].Record.Key != 7 || us[0].Settlement != nil ||
		us[1].Attempt.ID != "settled" || us[1].Settlement == nil || us[1].Settlement.Fence != 3 {
		t.Fatalf("%+v", us)
	}
	if j.Last() != 403 {
		t.Errorf("last is %d", j.Last())
	}
	got, err := j.Since(400)
	if err != nil || fmt.Sprint(numbers(got)) != "[401 402 403]" {
		t.Errorf("%v %v", numbers(got), err)
	}
}

// Many append at once; every one has its own number, and order is kept.
func TestJournalGroupCommit(t *testing.T) {
	j := openTestJournal(t, t.TempDir(), 0, 0)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				if _, err := j.Append(Event{Kind: EventEntered, Text: fmt.Sprint(i), Agent: AgentID(fmt.Sprint(w))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := j.Since(0)
	if err != nil || len(got) != 200 {
		t.Fatalf("%d %v", len(got), err)
	}
	next := map[AgentID]int{}
	for i, e := range got {
		if e.N != uint64(i+1) || e.Text != fmt.Sprint(next[e.Agent]) {
			t.Fatalf("event %d: %+v", i, e)
		}
		next[e.Agent]++
	}
}

func TestJournalThatCannotBeWritten(t *testing.T) {
	j := openTestJournal(t, t.TempDir(), 0, 0)
	if _, err := j.Append(Event{Kind: EventDone}); err != nil {
		t.Fatal(err)
	}
	j.fail = func() error { return errors.New("no space left on device") }
	if _, err := j.Append(Event{Kind: EventDone}); err == nil {
		t.Fatal("a write that failed was confirmed")
	}
	j.fail = nil
	if _, err := j.Append(Event{Kind: EventDone}); err == nil {
		t.Error("after a failure there is a gap; nothing more may be confirmed")
	}
	if _, err := OpenJournal(JournalConfig{Dir: filepath.Join(os.DevNull, "x")}); err == nil {
		t.Error("a folder that cannot be made")
	}
}

func TestJournalThenInOrder(t *testing.T) {
	j := openTestJournal(t, t.TempDir(), 0, 0)
	var order []int
	done := make(chan struct{})
	for i := range 50 {
		var es []Event
		if i%2 == 0 {
			es = []Event{{Kind: EventDone, At: time.Now()}}
		}
		j.append(es, func(error) { order = append(order, i) })
	}
	j.append(nil, func(error) { close(done) })
	<-done
	for i, o := range order {
		if i != o {
			t.Fatalf("%v", order)
		}
	}
}

// Whoever appends or compacts while the journal is closed is told that it is,
// and what was taken in is on disk.
func TestJournalClosesUnderAppends(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		j := openTestJournal(t, dir, 0, 0)
		var running sync.WaitGroup
		var kept atomic.Uint64
		for range 8 {
			running.Go(func() {
				for {
					n, err := j.Append(Event{Kind: EventOffered})
					if err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						return
					}
					for old := kept.Load(); old < n && !kept.CompareAndSwap(old, n); old = kept.Load() {
					}
				}
			})
		}
		running.Go(func() {
			for j.Compact() == nil {
			}
		})
		for kept.Load() < 8 {
			runtime.Gosched()
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		running.Wait()
		if got := openTestJournal(t, dir, 0, 0).Last(); got != kept.Load() {
			t.Fatalf("%d events are there again, %d were said to be on disk", got, kept.Load())
		}
	}
}

func FuzzJournalLine(f *testing.F) {
	var buf bytes.Buffer
	if err := appendLine(&buf, Event{N: 1, Kind: EventDialing, At: noon()}); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add([]byte("00000000 {}\n"))
	f.Fuzz(func(_ *testing.T, b []byte) { parseLine(b) })
}

// TestCompact: what is settled is gone from the disk, what is open is not, and
// numbers go on.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	open := func() *Journal {
		t.Helper()
		j, err := OpenJournal(JournalConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open()
	add := func(keep *Keep, text string) {
		t.Helper()
		if _, err := j.Append(Event{Kind: EventDialing, Text: text, Keep: keep}); err != nil {
			t.Fatal(err)
		}
	}
	add(&Keep{Attempt: &Attempt{ID: "a1", Number: "+4930111"}}, "Wilhelmine")
	add(&Keep{Attempt: &Attempt{ID: "a2", Number: "+4930222"}}, "")
	add(&Keep{Stored: "a1"}, "")
	for range 2 { // the second one has nothing to do
		if err := j.Compact(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil || strings.Contains(string(b), "Wilhelmine") || strings.Contains(string(b), "+4930111") || !strings.Contains(string(b), "+4930222") {
		t.Errorf("the file holds %s, %v", b, err)
	}
	n, err := j.Append(Event{Kind: EventDialing})
	if err != nil || n != 4 {
		t.Errorf("event %d, %v", n, err)
	}
	if err := errors.Join(j.Close()); err != nil {
		t.Fatal(err)
	}
	if err := j.Compact(); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	j = open()
	defer j.Close()
	if us := j.unfinished(); len(us) != 1 || us[0].Attempt.ID != "a2" || j.Last() != 4 {
		t.Errorf("unfinished %+v, last %d", us, j.Last())
	}
}

// Since reads the events after number n that are on disk, oldest first.
func (j *Journal) Since(n uint64) ([]Event, error) {
	files, err := j.files()
	if err != nil {
		return nil, err
	}
	var events []Event
	for i, name := range files {
		if i+1 < len(files) && firstOf(files[i+1]) <= n+1 {
			continue // the next file begins early enough
		}
		_, err := readJournal(name, func(e Event) error {
			if e.N > n && e.Kind != eventCarried {
				events = append(events, e)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("journal %s: %w", name, err)
		}
	}
	return events, nil
}
