package store

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/freiton/freiton/campaign"
)

// maxSearch is how many bytes of words a record or contact is found by.
const maxSearch = 500

// wordsOf are the words of texts as they are looked for: small letters without
// accents, and digits. ß is ss.
func wordsOf(texts ...string) []string {
	var out []string
	for _, t := range texts {
		t = strings.Map(func(c rune) rune {
			switch {
			case unicode.Is(unicode.Mn, c):
				return -1
			case unicode.IsLetter(c), unicode.IsNumber(c):
				return unicode.ToLower(c)
			}
			return ' '
		}, norm.NFKD.String(t))
		out = append(out, strings.Fields(strings.ReplaceAll(t, "ß", "ss"))...)
	}
	return out
}

// joined puts words together until they are long enough, each once.
func joined(words []string) string {
	seen := make(map[string]bool, len(words))
	var b strings.Builder
	for _, w := range words {
		if seen[w] || b.Len()+len(w) >= maxSearch {
			continue
		}
		seen[w] = true
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

// searchText is what a record is found by.
func searchText(r *campaign.Record) string {
	texts := append(make([]string, 0, 3+len(r.Fields)), r.Name, r.CustomerID, r.ID)
	for _, f := range r.Fields {
		if f.Value != r.Name {
			texts = append(texts, f.Value)
		}
	}
	return joined(wordsOf(texts...))
}
