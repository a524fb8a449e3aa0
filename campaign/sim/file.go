package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// mostBytes a file may have: a world is short, a report is not.
const mostBytes = 256 << 20

// worldFile is a world as written; see `freiton simulate --help`.
type worldFile struct {
	Live    *float64 `yaml:"live"`
	Machine float64  `yaml:"machine"`
	Failed  float64  `yaml:"failed"`
	Talk    struct {
		Mean length  `yaml:"mean"`
		CV   float64 `yaml:"cv"`
	} `yaml:"talk"`
	Wrap struct {
		Mean length  `yaml:"mean"`
		CV   float64 `yaml:"cv"`
	} `yaml:"wrap"`
	Ring struct {
		Mean    length  `yaml:"mean"`
		Shape   float64 `yaml:"shape"`
		Timeout length  `yaml:"timeout"`
	} `yaml:"ring"`
	Setup  length    `yaml:"setup"`
	Grace  length    `yaml:"grace"`
	ByHour []float64 `yaml:"live_by_hour"`
	Breaks struct {
		Every  length   `yaml:"every"`
		Length []length `yaml:"length"`
	} `yaml:"breaks"`
}

// length is a time written as 150s.
type length time.Duration

// UnmarshalYAML reads it.
func (l *length) UnmarshalYAML(n *yaml.Node) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is no time such as 150s", n.Line, n.Value)
	}
	*l = length(d)
	return nil
}

// Load reads a world from a file: as written by hand, or the report of a
// campaign as JSON. It is named after the file.
func Load(path string) (World, error) {
	f, err := os.Open(path)
	if err != nil {
		return World{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return World{}, fmt.Errorf("%s: %w", path, err)
	}
	if len(text) > mostBytes {
		return World{}, fmt.Errorf("%s: longer than 256 MB", path)
	}
	read := Parse
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && json.Valid(text) {
		read = History
	}
	w, err := read(text)
	if err != nil {
		return World{}, fmt.Errorf("%s: %w", path, err)
	}
	w.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return w, nil
}

// plain says in one line what is wrong with a file.
func plain(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if bad := (*yaml.TypeError)(nil); errors.As(err, &bad) {
		text = strings.Join(bad.Errors, "; ")
	}
	// A type without a name is written out by yaml, semicolons included.
	unknown := regexp.MustCompile(`field (\S+) not found in type (struct \{[^}]*\}|[^;]*)`)
	return errors.New(strings.ReplaceAll(unknown.ReplaceAllString(text, "there is no key $1"), "\n", " "))
}

// Parse reads a world. What is not written is as in S1, but without machines,
// failures and breaks.
func Parse(text []byte) (World, error) {
	s1 := Worlds()[0]
	var in worldFile
	in.Talk.Mean, in.Talk.CV = length(s1.Talk.Mean), s1.Talk.CV
	in.Wrap.Mean, in.Wrap.CV = length(s1.Wrap.Mean), s1.Wrap.CV
	in.Ring.Mean, in.Ring.Shape, in.Ring.Timeout = length(s1.Ring.Mean), s1.Ring.Shape, length(s1.Ring.Timeout)
	in.Setup, in.Grace = length(s1.Setup), length(s1.Grace)
	if len(text) > 1<<20 {
		return World{}, errors.New("longer than 1 MB")
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&in); err != nil {
		return World{}, plain(err)
	}
	w := World{
		Machine: in.Machine, Failed: in.Failed, LiveByHour: in.ByHour,
		Talk: Spread{time.Duration(in.Talk.Mean), in.Talk.CV}, Wrap: Spread{time.Duration(in.Wrap.Mean), in.Wrap.CV},
		Ring:  Ring{time.Duration(in.Ring.Mean), in.Ring.Shape, time.Duration(in.Ring.Timeout)},
		Setup: time.Duration(in.Setup), Grace: time.Duration(in.Grace),
	}
	switch {
	case in.Live != nil:
		w.Live = *in.Live
	case len(in.ByHour) > 0:
		w.Live = in.ByHour[0]
	default:
		return World{}, errors.New("live is missing: the chance that a person answers")
	}
	if len(in.ByHour) > 24*7 {
		return World{}, errors.New("live_by_hour is longer than a week")
	}
	w.Breaks.Every = time.Duration(in.Breaks.Every)
	switch n := len(in.Breaks.Length); {
	case n == 2:
		w.Breaks.Shortest, w.Breaks.Longest = time.Duration(in.Breaks.Length[0]), time.Duration(in.Breaks.Length[1])
	case n != 0 || w.Breaks.Every > 0:
		return World{}, errors.New("breaks.length is [shortest, longest]")
	}
	return w, w.Check()
}
