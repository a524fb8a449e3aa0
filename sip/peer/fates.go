package peer

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"
)

//go:embed fates.yaml
var fatesYAML string

// Fate is what becomes of a call to a number, and what the dialer must make
// of it. The fields are explained in fates.yaml.
type Fate struct {
	Code        string   `yaml:"code"`
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Status      int      `yaml:"status"`
	Cause       int      `yaml:"cause"`
	CallResult  string   `yaml:"call_result"`
	EndedBy     string   `yaml:"ended_by"`
	CallsBack   bool     `yaml:"callback"`
	Steps       []string `yaml:"steps"`

	steps []step
}

// step is one line of a fate, taken apart.
type step struct {
	verb string
	d    time.Duration // 0 = without end
	n    []int
	word string
	do   verb
}

// table is the parsed fates file.
type table struct {
	list   []Fate
	byCode map[string]int
}

// fates parses the embedded file, once. It is part of the program: an error in
// it is found by the package's test, not by a user.
var fates = sync.OnceValues(func() (*table, error) { return readFates(fatesYAML) })

func readFates(text string) (*table, error) {
	t := &table{byCode: map[string]int{}}
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&t.list); err != nil {
		return nil, fmt.Errorf("peer: fates: %w", err)
	}
	for i := range t.list {
		f := &t.list[i]
		if _, twice := t.byCode[f.Code]; twice || len(f.Code) != 2 {
			return nil, fmt.Errorf("peer: fates: code %q is not two digits, or is there twice", f.Code)
		}
		t.byCode[f.Code] = i
		steps, err := parseSteps(f.Steps)
		if err != nil {
			return nil, fmt.Errorf("peer: fate %s %s: %w", f.Code, f.Name, err)
		}
		f.steps = steps
	}
	if _, ok := t.byCode["00"]; !ok {
		return nil, fmt.Errorf("peer: fates: no fate 00")
	}
	return t, nil
}

func parseSteps(lines []string) ([]step, error) {
	var out []step
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 {
			return nil, fmt.Errorf("empty step")
		}
		s := step{verb: words[0]}
		s.do = verbs(s.verb)
		if s.do == nil {
			return nil, fmt.Errorf("unknown step %q", words[0])
		}
		for _, w := range words[1:] {
			if n, err := strconv.Atoi(w); err == nil {
				s.n = append(s.n, n)
			} else if d, err := time.ParseDuration(w); err == nil {
				s.d = d
			} else {
				s.word = w
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// Fates returns all fates by code.
func Fates() ([]Fate, error) {
	t, err := fates()
	if err != nil {
		return nil, err
	}
	return slices.Clone(t.list), nil
}

// FateOf returns the fate of a number, by its last two digits. Anything that
// is no digit is passed over, so "+49 30 23125-010" and a SIP user do as well.
func FateOf(number string) (Fate, error) {
	t, err := fates()
	if err != nil {
		return Fate{}, err
	}
	return t.of(number), nil
}

func (t *table) of(number string) Fate {
	var digits []byte
	for _, c := range []byte(number) {
		if c >= '0' && c <= '9' {
			digits = append(digits, c)
		}
	}
	if n := len(digits); n >= 2 {
		if i, ok := t.byCode[string(digits[n-2:])]; ok {
			return t.list[i]
		}
	}
	return t.list[t.byCode["00"]]
}

// Instances is how many different numbers there are for each fate.
const Instances = 52

// Number returns the E.164 number with that instance (0 to Instances-1) of the
// fate with that code, from the ranges kept free for films and books.
func Number(code string, instance int) string {
	geographic := []string{"+493023125", "+496990009", "+494066969", "+492214710", "+498999998"}
	switch {
	case instance < 50:
		return fmt.Sprintf("%s%d%s", geographic[instance/10], instance%10, code)
	case instance == 50:
		return "+4917139200" + code
	default:
		return "+49176040690" + code
	}
}

// Talks is how long the contact stays after it has answered, at speed 1; false
// if it waits for us to hang up.
func (f Fate) Talks() (time.Duration, bool) {
	var d time.Duration
	answered := false
	for _, s := range f.steps {
		if s.verb == "hangup" {
			return d, answered
		}
		if answered && s.d > 0 && s.verb != "call-back" {
			d += s.d
		}
		if answered && s.verb == "beep" {
			d += beepLength
		}
		answered = answered || s.verb == "answer"
	}
	return 0, false
}

// Expected is what a call must come out as for an agent who hangs up after
// talk (0: never) with the exchange at that speed.
type Expected struct {
	CallResult string
	Status     int
	EndedBy    string
}

// Expect returns it. Ringing beyond the ring timeout is not considered.
func (f Fate) Expect(talk time.Duration, speed float64) Expected {
	e := Expected{CallResult: f.CallResult, Status: f.Status, EndedBy: f.EndedBy}
	if f.EndedBy == "dialer" {
		e.Status = 487 // given up: whatever the far end says to the CANCEL, or if it says nothing
	}
	if stays, ends := f.Talks(); ends && f.EndedBy == "contact" && talk > 0 {
		if talk < time.Duration(float64(stays)/max(speed, 0.001)) {
			e.EndedBy = "agent"
		}
	}
	return e
}
