package campaign

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// readJournal gives every whole line of a file, in order, and says how many
// bytes they are: what follows was not written to its end.
func readJournal(name string, each func(Event) error) (whole int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return whole, err
		}
		e, ok := parseLine(line)
		if !ok {
			return whole, nil
		}
		if err := each(e); err != nil {
			return whole, err
		}
		whole += int64(len(line))
	}
}

// readLine gives a line with its newline; io.EOF for one without, and for one
// that is longer than any we write.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxJournalLine:
			return nil, io.EOF
		}
	}
}

func parseLine(line []byte) (Event, bool) {
	var e Event
	sum, body, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if !ok || string(sum) != fmt.Sprintf("%08x", crc32.Checksum(body, castagnoli())) {
		return e, false
	}
	return e, json.Unmarshal(body, &e) == nil
}

func appendLine(buf *bytes.Buffer, e Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	fmt.Fprintf(buf, "%08x %s\n", crc32.Checksum(b, castagnoli()), b)
	return nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }
