package configs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// cureError is an error about a value that knows the cure.
type cureError struct{ what, how Saying }

func (e *cureError) Error() string { return e.what.Text + "; " + e.how.Text }

func cure(what, how Saying) error { return &cureError{what, how} }

// Duration is a time span as it is written in a file: "30s", "1h30m", "90d",
// "2w", "1y". A day is 24 hours, a year 365 days.
type Duration time.Duration

const (
	day  = 24 * time.Hour
	week = 7 * day
	year = 365 * day
)

// longUnit is the length of a unit that time.ParseDuration does not know; 0: it is none.
func longUnit(c byte) time.Duration {
	switch c {
	case 'd':
		return day
	case 'w':
		return week
	case 'y':
		return year
	}
	return 0
}

// UnmarshalText reads a duration; negative ones and bare numbers other than 0
// are refused.
func (d *Duration) UnmarshalText(b []byte) error {
	bad := cure(Say("not-duration", "not a duration"), Say("how-duration", "write a number and a unit, such as 500ms, 30s, 15m, 8h, 90d or 1y"))
	rest := strings.TrimSpace(string(b))
	if rest == "0" {
		*d = 0
		return nil
	}
	if rest == "" || len(rest) > 40 {
		return bad
	}
	var sum time.Duration
	for rest != "" {
		i := 0
		for i < len(rest) && (rest[i] >= '0' && rest[i] <= '9') {
			i++
		}
		if i == 0 || i == len(rest) || longUnit(rest[i]) == 0 {
			break // the rest is for time.ParseDuration
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		unit := longUnit(rest[i])
		if err != nil || n > int64((math.MaxInt64-sum)/unit) {
			return bad
		}
		sum += time.Duration(n) * unit
		rest = rest[i+1:]
	}
	if rest != "" {
		short, err := time.ParseDuration(rest)
		if err != nil || rest[0] == '-' || rest[0] == '+' || short > math.MaxInt64-sum {
			return bad
		}
		sum += short
	}
	*d = Duration(sum)
	return nil
}

// String is the duration as one would write it: "90d", not "2160h0m0s".
func (d Duration) String() string {
	rest := time.Duration(d)
	if rest <= 0 {
		return rest.String()
	}
	var b strings.Builder
	units := []struct {
		size time.Duration
		name string
	}{{year, "y"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}}
	for _, u := range units {
		if n := rest / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest %= u.size
		}
	}
	if rest > 0 {
		b.WriteString(rest.String())
	}
	return b.String()
}

// MarshalText is what YAML and JSON get.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// PortRange is a range of UDP ports, both ends included: "16384-32767".
type PortRange struct{ From, To int }

// UnmarshalText reads "from-to".
func (r *PortRange) UnmarshalText(b []byte) error {
	from, to, ok := strings.Cut(string(b), "-")
	f, err1 := port(from)
	t, err2 := port(to)
	if !ok || err1 != nil || err2 != nil {
		return cure(plain("not a range of ports"), plain("write the first and the last one, such as 16384-32767"))
	}
	*r = PortRange{f, t}
	return nil
}

func port(s string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	return int(n), err
}

func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.From, r.To) }

// Contains says that a port is in the range.
func (r PortRange) Contains(port int) bool { return port >= r.From && port <= r.To }

// MarshalText is what YAML and JSON get.
func (r PortRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Percent is a share from 0 to 1, written as "3%" or "2.5%".
type Percent float64

// UnmarshalText reads a percentage from 0% to 100%.
func (p *Percent) UnmarshalText(b []byte) error {
	text, ok := strings.CutSuffix(strings.TrimSpace(string(b)), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !ok || err != nil || !(v >= 0 && v <= 100) {
		return cure(Say("not-percentage", "not a percentage"), Say("how-percentage", "write a number from 0 to 100 and the sign, such as %s", "3%"))
	}
	*p = Percent(v / 100)
	return nil
}

func (p Percent) String() string {
	return strconv.FormatFloat(math.Round(float64(p)*1e8)/1e6, 'f', -1, 64) + "%"
}

// MarshalText is what YAML and JSON get.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Path is a file or folder. A relative one starts at the folder of the file
// it is written in, on the command line and in a variable at the working
// folder; Load makes it so.
type Path string
