package configs

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong in what was written, for the person who
// wrote it.
type Problem struct {
	Place string // "freiton.yaml:12:3", "--set dial.uri" or "variable FREITON_DIAL__URI"
	Key   string // path of the key, as in "sip.accounts.0.password"; empty for the file as a whole
	Text  Saying // what is wrong
	Cure  Saying // what to do about it
}

// String is the problem on one line: place, key, what is wrong, cure.
func (p Problem) String() string {
	var parts []string
	if p.Place != "" {
		parts = append(parts, p.Place)
	}
	if p.Key != "" && p.Place != "--set "+p.Key {
		parts = append(parts, p.Key)
	}
	text := p.Text.Text
	if p.Cure.Text != "" {
		text += "; " + p.Cure.Text
	}
	return strings.Join(append(parts, text), ": ")
}

// Error is what Load and ParseCampaign return for a document that cannot be
// used: at least one problem, one a line.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// AsError is nil when there are no problems, else an *Error.
func AsError(ps []Problem) error {
	if len(ps) == 0 {
		return nil
	}
	return &Error{Problems: ps}
}

// maxProblems ends the complaints about one document: more than these help
// nobody.
const maxProblems = 20

// quote shows a value in a message: quoted, and cut when it is long.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// nearest is the known word that a typing error may have been meant for, or
// "": at most a third of its letters may differ (Levenshtein distance, with
// neighbouring letters swapped counted once).
func nearest(word string, known []string) string {
	if len(word) > 100 {
		return ""
	}
	best, least := "", 0
	for _, k := range known {
		limit := max(1, len([]rune(k))/3)
		d := distance(strings.ToLower(word), strings.ToLower(k))
		if d <= limit && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b out of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before, prev []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, prev, row = prev, row, make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}

// suggest is the cure for an unknown word: the nearest known one, else all.
func suggest(word string, known []string) Saying {
	if n := nearest(word, known); n != "" {
		return Say("how-meant", "did you mean %s?", quote(n))
	}
	return knownHere(known)
}

func knownHere(known []string) Saying {
	return Say("how-known", "known here: %s", strings.Join(known, ", "))
}
