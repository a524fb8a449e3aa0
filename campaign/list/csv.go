package list

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The limits of a file. Whatever is beyond is reported as a bad line, or ends
// the import where it concerns the whole file.
const (
	maxRecord  = 128 << 10 // bytes of a record, line breaks in quotes included
	maxLines   = 100       // physical lines of a record
	maxColumns = 1000
	sampleSize = 64 << 10 // bytes looked at to tell encoding and separator
)

// Encoding is how the bytes of a file stand for characters.
type Encoding string

// The encodings. Detect takes a line for UTF-8 if it is valid UTF-8, and for
// Windows-1252 (of which Latin-1 text is a part) if it is not.
const (
	Detect      Encoding = ""
	UTF8        Encoding = "utf-8"
	UTF16       Encoding = "utf-16" // told by its byte order mark only
	Latin1      Encoding = "latin-1"
	Windows1252 Encoding = "windows-1252"
)

// csvReader reads records of a CSV file of uncertain origin:
//
//	bytes ── lines, limited ── quotes closed? ── split ── decode ──▶ cells
//	             ▲                  │ never
//	             └── lines again ◀──┘ the first is a bad line, the rest goes on
type csvReader struct {
	in       *bufio.Reader
	comma    byte
	newline  byte
	encoding Encoding
	seen     Encoding // what Detect found beyond ASCII
	line     int      // physical number of the last line read
	again    []textLine
	read     int64 // bytes

	// rowlike tells whether cells look like a row of the file; nil = unknown.
	// It unmasks rows that a forgotten quote has swallowed.
	rowlike func(cells []string) bool
}

// textLine is a physical line, without its end.
type textLine struct {
	text []byte
	n    int // its number in the file, from 1
	long bool
}

// csvError is why a record cannot be read. The reader goes on after it.
type csvError struct{ reason, cure string }

func (e *csvError) Error() string { return e.reason + "; " + e.cure }

var (
	errLong  = &csvError{fmt.Sprintf("the line is longer than %d KiB", maxRecord>>10), "compare it with the source, a quote may be missing"}
	errQuote = &csvError{"a quote is opened and never closed", `close it, or write two for one: ""`}
	errAfter = &csvError{"there is text after a closing quote", `write two quotes for one within quotes: ""`}
	errWide  = &csvError{fmt.Sprintf("the line has more than %d columns", maxColumns), "compare it with the source"}
)

// newCSV looks at the beginning of a file. comma 0 means: find out.
func newCSV(r io.Reader, encoding Encoding, comma byte) (*csvReader, error) {
	c := &csvReader{in: bufio.NewReaderSize(r, sampleSize), comma: comma, newline: '\n', encoding: encoding}
	head, err := c.in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, errors.New("this is a spreadsheet of the old kind (.xls); save it as .xlsx or as CSV (UTF-8)")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		c.in = bufio.NewReaderSize(transform.NewReader(c.in, utf16), sampleSize)
		c.encoding, c.seen = UTF8, UTF16
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = c.in.Discard(3)
		c.seen = UTF8
		if encoding == Detect {
			c.encoding = UTF8
		}
	}
	sample, err := c.in.Peek(sampleSize)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if bytes.IndexByte(sample, 0) >= 0 {
		return nil, errors.New("this is no text file; save the list as CSV (UTF-8)")
	}
	if bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0 {
		c.newline = '\r'
	}
	first, _, _ := bytes.Cut(sample, []byte{c.newline})
	if hint := bytes.TrimSpace(first); len(hint) == 5 && bytes.EqualFold(hint[:4], []byte("sep=")) { // spreadsheets write and understand it
		_, _ = c.nextLine()
		if c.comma == 0 {
			c.comma = hint[4]
		}
	}
	if c.comma == 0 {
		c.comma = separator(first)
	}
	return c, nil
}

// separator is the one of comma, semicolon and tab that the header has most of.
func separator(header []byte) byte {
	counts := map[byte]int{}
	quoted := false
	for _, b := range header {
		if b == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte{';', '\t'} {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return best
}

// nextLine reads a physical line; of one that is too long it keeps the
// beginning.
func (c *csvReader) nextLine() (textLine, error) {
	if len(c.again) > 0 {
		l := c.again[0]
		c.again = c.again[1:]
		return l, nil
	}
	l := textLine{n: c.line + 1}
	for {
		part, err := c.in.ReadSlice(c.newline)
		c.read += int64(len(part))
		if len(l.text)+len(part) <= maxRecord+2 {
			l.text = append(l.text, part...)
		} else {
			l.long = true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && (len(l.text) > 0 || l.long) {
			err = nil
		}
		if err != nil {
			return l, err
		}
		c.line++
		l.text = bytes.TrimSuffix(l.text, []byte{c.newline})
		l.text = bytes.TrimSuffix(l.text, []byte{'\r'})
		return l, nil
	}
}

// next reads a record and the number of the line it begins on. A *csvError
// concerns this record only.
func (c *csvReader) next() (cells []string, line int, err error) {
	l, err := c.nextLine()
	if err != nil {
		return nil, 0, err
	}
	if l.long {
		return nil, l.n, errLong
	}
	text := l.text
	var more []textLine
	for !closed(text, c.comma) {
		m, err := c.nextLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, l.n, err
		}
		if err == nil {
			more = append(more, m)
		}
		if err != nil || m.long || len(text)+len(m.text) > maxRecord || len(more) >= maxLines {
			c.again = append(more, c.again...)
			return nil, l.n, errQuote
		}
		text = append(append(text[:len(text):len(text)], '\n'), m.text...)
	}
	cells, err = c.split(text)
	if len(more) > 0 && (err == errAfter || err == nil && c.swallowed(text, more)) {
		c.again = append(more, c.again...)
		return nil, l.n, errQuote
	}
	return cells, l.n, err
}

// swallowed reports whether one of the lines that a quoted cell goes on over
// is a row by itself. The last one may look so if it closes the first cell.
func (c *csvReader) swallowed(text []byte, more []textLine) bool {
	if c.rowlike == nil {
		return false
	}
	for i, m := range more {
		cells, err := c.split(m.text)
		if err != nil || !c.rowlike(cells) {
			continue
		}
		if i < len(more)-1 {
			return true
		}
		open, err := c.split(text[:len(text)-len(m.text)])
		if err != nil || len(open) > 1 {
			return true
		}
	}
	return false
}

// closed reports whether every quoted cell of a text ends in it.
func closed(text []byte, comma byte) bool {
	quoted, start := false, true // start: of a cell
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case quoted && b == '"':
			if i+1 < len(text) && text[i+1] == '"' {
				i++
			} else {
				quoted = false
			}
		case quoted:
		case b == '"' && start:
			quoted, start = true, false
		case b == comma:
			start = true
		case b != ' ':
			start = false
		}
	}
	return !quoted
}

// split takes a record apart. A quote inside an unquoted cell stands for
// itself: 7" is a size.
func (c *csvReader) split(text []byte) ([]string, error) {
	var cells []string
	for {
		if len(cells) == maxColumns {
			return nil, errWide
		}
		trimmed := bytes.TrimLeft(text, " ")
		if len(trimmed) == 0 || trimmed[0] != '"' {
			cell, rest, more := bytes.Cut(text, []byte{c.comma})
			cells = append(cells, c.decode(cell))
			if !more {
				return cells, nil
			}
			text = rest
			continue
		}
		cell, rest := unquote(trimmed[1:])
		cells = append(cells, c.decode(cell))
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) == 0 {
			return cells, nil
		}
		if rest[0] != c.comma {
			return nil, errAfter
		}
		text = rest[1:]
	}
}

// unquote reads a quoted cell up to its closing quote.
func unquote(text []byte) (cell, rest []byte) {
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 { // closed has seen to it that there is one
			return append(cell, text...), nil
		}
		cell = append(cell, text[:i]...)
		text = text[i+1:]
		if len(text) == 0 || text[0] != '"' {
			return cell, text
		}
		cell = append(cell, '"')
		text = text[1:]
	}
}

// decode makes text of the bytes of a cell. Line ends become \n.
func (c *csvReader) decode(b []byte) string {
	s := string(b)
	switch {
	case ascii(s):
	case c.encoding == Latin1:
		s, c.seen = decodeWith(charmap.ISO8859_1, s), Latin1
	case c.encoding == Windows1252, !utf8.ValidString(s):
		s, c.seen = decodeWith(charmap.Windows1252, s), Windows1252
	case c.seen == Detect:
		c.seen = UTF8
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return unguard(s)
}

func decodeWith(m *charmap.Charmap, s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(m.DecodeByte(s[i]))
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
