package list

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// valueError says what is wrong with a cell and what to write.
type valueError struct{ reason, cure string }

func (e *valueError) Error() string { return e.reason + "; " + e.cure }

// parseTime reads a date with or without time of day. Lists of older systems
// have seconds since 1970. Where no zone is written it is loc.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	if s == "" || s == "0" {
		return time.Time{}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 9 && len(s) <= 10 {
		return time.Unix(n, 0).UTC(), nil
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
		"02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006", "2.1.2006 15:04:05", "2.1.2006 15:04", "2.1.2006",
		"2.1.06 15:04:05", "2.1.06 15:04", "2.1.06",
	} {
		t, err := time.ParseInLocation(layout, s, loc)
		if err != nil {
			continue
		}
		if t.Year() < 1 || t.Year() > 9999 {
			break
		}
		return t.Truncate(time.Millisecond).UTC(), nil
	}
	return time.Time{}, &valueError{"is not a date", "write it as 2026-03-31 or 2026-03-31 14:30"}
}

var clockPattern = struct{ clock, fraction *regexp.Regexp }{
	clock:    regexp.MustCompile(`^(\d{1,2})(?:[:.h](\d{2})(?::(\d{2}))?)?\s*(?:uhr|h)?$`),
	fraction: regexp.MustCompile(`^0?[.,](\d{1,12})$`), // spreadsheets keep a time as a part of the day
}

// parseClock reads a time of day. Lists of older systems have seconds since
// midnight.
func parseClock(s string) (time.Duration, error) {
	s = strings.ToLower(s)
	if s == "" {
		return 0, nil
	}
	if m := clockPattern.clock.FindStringSubmatch(s); m != nil {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1]) // digits, or empty for 0
		}
		d := time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute + time.Duration(n[2])*time.Second
		if n[1] < 60 && n[2] < 60 && d <= 24*time.Hour {
			return d, nil
		}
	}
	if m := clockPattern.fraction.FindStringSubmatch(s); m != nil {
		f, _ := strconv.ParseFloat("0."+m[1], 64) // digits
		return (time.Duration(f * float64(24*time.Hour))).Round(time.Minute), nil
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		switch {
		case len(s) <= 4 && n%100 < 60 && n <= 2400: // 0930
			return time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute, nil
		case len(s) == 5 && n <= 86400: // 34200
			return time.Duration(n) * time.Second, nil
		}
	}
	return 0, &valueError{"is not a time of day", "write it as 09:30"}
}

// parseSeconds reads what a column says that counts seconds since midnight, as
// daily_from does in lists of older systems, else as parseClock.
func parseSeconds(s string) (time.Duration, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 86400 && n > 24 {
		return time.Duration(n) * time.Second, nil
	}
	return parseClock(s)
}

// parseZone checks the name of a time zone. A number is how another system
// files its zones (tz_dbid), and says nothing here: the telephone number does.
func parseZone(s string) (string, error) {
	if _, err := strconv.Atoi(s); err == nil || s == "" {
		return "", nil
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" || len(s) > 64 {
		return "", &valueError{"is not a time zone", "write it as Europe/Berlin, or leave it empty to go by the number"}
	}
	return s, nil
}

// The codes that a list may bring with it: the long-established integers, our
// names, or the words of either language. Type 1 is theirs for "unknown".
func parseType(s string) (campaign.RecordType, error) {
	t, err := campaign.ParseRecordType(code(s))
	switch {
	case s == "1", code(s) == "unknown":
		return campaign.General, nil
	case code(s) == "do-not-call":
		return campaign.NoCall, nil
	case err != nil, t < 0, t > campaign.NoCall:
		return 0, &valueError{"is not a record type", "write general, personal-callback …, or its code 2 to 7"}
	}
	return t, nil
}

func parseStatus(s string) (campaign.RecordStatus, error) {
	t, err := campaign.ParseRecordStatus(code(s))
	if err != nil || t < 0 || t > campaign.ChainReady {
		return 0, &valueError{"is not a record status", "write ready, updated …, or its code 1 to 9"}
	}
	return t, nil
}

func parseResult(s string) (campaign.CallResult, error) {
	t, err := campaign.ParseCallResult(code(s))
	if err != nil || t < 0 || t > 100 {
		return 0, &valueError{"is not a call result", "write busy, no-answer …, or its code"}
	}
	return t, nil
}

// code is a name as we write it: "No Answer" is no-answer, and "Nicht
// erreicht" is it too.
func code(s string) string {
	s = strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(s)))
	for name, words := range otherNames() {
		if slices.Contains(strings.Fields(words), s) {
			return name
		}
	}
	return s
}

// otherNames are the words for a code beside our own, as code writes them.
func otherNames() map[string]string {
	return map[string]string{
		"answer":               "answered erreicht",
		"busy":                 "besetzt",
		"no-answer":            "nicht-erreicht keine-antwort",
		"answering-machine":    "answering-machine-detected anrufbeantworter ab",
		"invalid-number":       "rufnummer-ungültig invalid sit-invalid-number",
		"all-trunks-busy":      "keine-leitung-frei",
		"silence":              "stille",
		"fax":                  "fax-detected",
		"rejected":             "call-drop-rejected abgewiesen",
		"wrong-party":          "zielperson-nicht-da",
		"wrong-number":         "falsche-rufnummer falsche-nummer",
		"abandoned":            "lost-call",
		"dial-error":           "wählfehler",
		"do-not-call":          "nicht-anrufen dnc",
		"cancelled":            "canceled cancel aus-kampagne-entfernt",
		"unknown":              "unbekannt unknown-call-result",
		"no-call":              "nocall",
		"general":              "allgemein",
		"personal-callback":    "persönlicher-rückruf",
		"campaign-callback":    "rückruf callback kampagnenrückruf",
		"personal-rescheduled": "persönliche-wiedervorlage",
		"campaign-rescheduled": "wiedervorlage rescheduled",
		"updated":              "erledigt fertig",
		"ready":                "bereit offen neu",
		"missed-callback":      "missed-call-back",
	}
}

func parseCount(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1_000_000 {
		return 0, &valueError{"is not a count", "write a number from 0"}
	}
	return n, nil
}

func parseYes(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "", "0", "false", "no", "nein", "n":
		return false, nil
	case "1", "true", "yes", "ja", "j", "y", "x":
		return true, nil
	}
	return false, &valueError{"is neither yes nor no", "write true or false"}
}

// How Export writes what the functions above read.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func formatClock(d time.Duration) string {
	if d == 0 {
		return ""
	}
	s := fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
	if sec := int(d.Seconds()) % 60; sec != 0 {
		s += fmt.Sprintf(":%02d", sec)
	}
	return s
}
