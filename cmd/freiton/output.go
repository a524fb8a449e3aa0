package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"golang.org/x/term"
)

// outputFormat is the value of --output; its zero value is a table.
type outputFormat struct {
	json bool
	said bool // by the flag
}

func (f *outputFormat) String() string {
	if f.json {
		return "json"
	}
	return "table"
}

// Set reads the flag.
func (f *outputFormat) Set(s string) error {
	f.said = true
	switch s {
	case "table":
		f.json = false
	case "json":
		f.json = true
	default:
		return fmt.Errorf("is neither table nor json")
	}
	return nil
}

// Type is the name of the value in the help.
func (f *outputFormat) Type() string { return "format" }

// table is a result for people: a line of headings (may be nil) and rows.
type table struct {
	head []string
	rows [][]string
}

// add appends a row; cells are printed by fmt.Sprint.
func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.rows = append(t.rows, row)
}

// show prints a result on standard output: v as JSON, or t as a table.
func (c *cli) show(v any, t table) error {
	if c.output.json {
		return printJSON(c.out, v)
	}
	return t.print(c.out)
}

// showReport prints the report or a part of it: JSON, unless a person looks
// at it or asked for a table.
func (c *cli) showReport(v any, t table) error {
	if c.forPerson() {
		return c.show(v, t)
	}
	return printJSON(c.out, v)
}

// forPerson: a report is not wanted as JSON.
func (c *cli) forPerson() bool {
	if c.output.said {
		return !c.output.json
	}
	out, ok := c.out.(*os.File)
	return ok && term.IsTerminal(int(out.Fd()))
}

// say prints one line of what is being done on standard error.
func (c *cli) say(format string, args ...any) {
	fmt.Fprintln(c.err, printable(fmt.Sprintf(format, args...)))
}

// longTable prints rows as they come, so many at a time under one heading: a
// million take no more memory than a thousand.
type longTable struct {
	table
	out     io.Writer
	printed bool
}

const rowsAtATime = 1000

func (l *longTable) add(cells ...any) error {
	if l.table.add(cells...); len(l.rows) < rowsAtATime {
		return nil
	}
	return l.flush()
}

// end prints what is left; the heading alone, where there was nothing.
func (l *longTable) end() error {
	if len(l.rows) == 0 && l.printed {
		return nil
	}
	return l.flush()
}

func (l *longTable) flush() error {
	err := l.print(l.out)
	l.rows, l.printed = l.rows[:0], true
	return err
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (t table) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells []string) {
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(printable(cell), "\n", " ")
		}
		fmt.Fprintln(tw, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	if len(t.head) > 0 {
		head := make([]string, len(t.head))
		for i, h := range t.head {
			head[i] = strings.ToUpper(h)
		}
		line(head)
	}
	for _, r := range t.rows {
		line(append([]string(nil), r...))
	}
	return tw.Flush()
}

// printable takes out what could steer a terminal: a list or a PBX decides
// what stands in many of our lines.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}
