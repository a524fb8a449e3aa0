package list

import (
	"regexp"
	"strings"

	"github.com/freiton/freiton/campaign"
)

// What spreadsheets and people do to telephone numbers.
var patterns = struct {
	formula, science, float, label, remark, separators *regexp.Regexp
}{
	formula:    regexp.MustCompile(`^="?([^"]*)"?$`),                                              // ="030901820"
	science:    regexp.MustCompile(`^\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})$`),                     // 4,91E+11
	float:      regexp.MustCompile(`^(\+?\d{5,})[.,]0+$`),                                         // 4930901820.0
	label:      regexp.MustCompile(`(?i)^(?:tel(?:efon)?|fon|phone|mobil|handy)\s*[.:]+\s*:?\s*`), // Tel.: 030
	remark:     regexp.MustCompile(`\s*\([^()0-9]*\)\s*$`),                                        // 030 901820 (privat)
	separators: regexp.MustCompile(`(?i)\s*[;,|\n&]\s*|\s+/\s*|\s*/\s+|\s+(?:oder|or|und|and|u\.|bzw\.?)\s+|\s+[-–]\s+`),
}

// maxNumbers is how many numbers a cell may hold.
const maxNumbers = 10

// cell is what became of a phone cell.
type cell struct {
	numbers  []campaign.Number
	repaired string // what was mended; empty = nothing
}

// readPhone reads the telephone numbers of a cell: none when it is empty, one,
// or several where people put several into one. The error says what is wrong
// and what to do.
func readPhone(raw, country string, allow []string) (cell, error) {
	text := strings.TrimSpace(strings.ReplaceAll(raw, "\u00a0", " "))
	mended := ""
	if rest, ok := strings.CutPrefix(text, "'"); ok { // tells a spreadsheet that it is text
		text, mended = strings.TrimSpace(rest), "apostrophe removed"
	}
	if m := patterns.formula.FindStringSubmatch(text); m != nil {
		text, mended = m[1], "formula removed"
	}
	if text == "" || text == "-" || text == "–" {
		return cell{}, nil
	}
	if m := patterns.float.FindStringSubmatch(text); m != nil {
		text, mended = m[1], "decimals removed"
	}
	if m := patterns.science.FindStringSubmatch(text); m != nil {
		digits, err := fromScience(raw, m[1]+m[2], m[3])
		if err != nil {
			return cell{}, err
		}
		text, mended = digits, "written out from "+raw
	}
	n, err := campaign.ParseNumber(text, country, allow)
	if err == nil {
		return one(n, mended)
	}
	bare := patterns.remark.ReplaceAllString(patterns.label.ReplaceAllString(text, ""), "")
	if bare != text {
		if n, e := campaign.ParseNumber(bare, country, allow); e == nil {
			return one(n, "words removed")
		}
	}
	if several := splitNumbers(bare, country, allow); len(several) > 1 {
		return cell{several, "several numbers in one cell"}, nil
	}
	return cell{}, err
}

func one(n campaign.Number, mended string) (cell, error) {
	if n.Kind == campaign.KindEmergency {
		return cell{}, &campaign.NumberError{Raw: n.E164, Reason: "is an emergency number", Cure: "take it out of the list"}
	}
	if mended == "" {
		mended = n.Repaired
	}
	return cell{[]campaign.Number{n}, mended}, nil
}

// fromScience writes out 4.9170123456E+10. Where the spreadsheet has rounded,
// digits are lost, and zeros in their place would be somebody else's number.
func fromScience(raw, digits, exponent string) (string, error) {
	n := 0
	for _, r := range exponent {
		n = n*10 + int(r-'0')
	}
	if len(digits) < n+1 {
		return "", &campaign.NumberError{Raw: raw, Reason: "was shortened by a spreadsheet, digits are lost",
			Cure: "format the column as text in the source and export it again"}
	}
	if len(digits) > n+1 {
		return "", &campaign.NumberError{Raw: raw, Reason: "is not a telephone number", Cure: "write the digits of one number only"}
	}
	return digits, nil
}

// splitNumbers takes a cell apart in which each part is a number of its own;
// nil when one of them is not.
func splitNumbers(text, country string, allow []string) []campaign.Number {
	for _, parts := range [][]string{patterns.separators.Split(text, maxNumbers+1), beforePrefix(text)} {
		var out []campaign.Number
		for _, p := range parts {
			p = strings.TrimSpace(patterns.label.ReplaceAllString(strings.TrimSpace(p), ""))
			p = patterns.remark.ReplaceAllString(p, "")
			if p == "" {
				continue
			}
			n, err := campaign.ParseNumber(p, country, allow)
			if err != nil || n.Kind == campaign.KindEmergency {
				out = nil
				break
			}
			out = append(out, n)
		}
		if len(out) > 1 && len(out) <= maxNumbers {
			return out
		}
	}
	return nil
}

// beforePrefix splits "030 901820 0170 1234567" and "+4930…+49170…" where a
// new number can begin: before a plus, or a blank and a zero.
func beforePrefix(text string) []string {
	var out []string
	start := 0
	for i := 1; i < len(text); i++ {
		if text[i] == '+' || text[i] == '0' && text[i-1] == ' ' {
			out = append(out, text[start:i])
			start = i
		}
	}
	return append(out, text[start:])
}
