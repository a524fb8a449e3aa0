package configs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// TimeOfDay is a time of the contact's clock, since midnight, written "17:30";
// 0 is none.
type TimeOfDay time.Duration

// UnmarshalText reads "17:30".
func (t *TimeOfDay) UnmarshalText(b []byte) error {
	d, err := parseClock(string(b))
	if err != nil || d == 0 || d == 24*time.Hour {
		return cure(Say("not-time", "not a time of day"), Say("how-time", `write hours and minutes in quotes, as in "17:30"`))
	}
	*t = TimeOfDay(d)
	return nil
}

// MarshalText is what YAML and JSON get.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(clock(time.Duration(t))), nil }

// Filter is what a record must have to be offered, as it is written:
//
//	{Ort: [Berlin, Potsdam], PLZ: "1*", Vertrag: "!Basis"}
//
// A value that begins with ! is one that the field must not have.
type Filter []Condition

// Condition is what one field must have.
type Condition struct {
	Field string
	Any   []string // one of them, where there are any
	Not   []string // none of them
}

// Limits of a filter: it is put to every record.
const (
	maxConditions = 20
	maxValues     = 1000
)

func (f *Filter) decodeNode(d *decoder, n *yaml.Node, path string) {
	const example = `{Ort: [Berlin, Potsdam], PLZ: "1*", Vertrag: "!Basis"}`
	if n.Kind != yaml.MappingNode {
		d.say(n, path, Say("wants-columns", "wants columns and what they must hold, not %s", kindWord(n)), how(example))
		return
	}
	*f = Filter{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := join(path, k.Value)
		d.places[at] = d.place(v)
		if !text(k.Value, 100) || len(*f) == maxConditions {
			d.say(k, at, Say("not-column", "%s is not a column to filter by", quote(k.Value)), Say("how-column", "write the header of a column; at most %s of them", maxConditions))
			continue
		}
		if slices.ContainsFunc(*f, func(c Condition) bool { return strings.EqualFold(c.Field, k.Value) }) {
			d.say(k, at, Say("there-already", "%s is there already", quote(k.Value)), Say("how-one-list", "write all its values into one list"))
		}
		c := Condition{Field: k.Value}
		items := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			items = v.Content
		}
		for j, item := range items {
			value, ok := d.scalar(item, join(at, strconv.Itoa(j)), Say("a-value", "a value"))
			if !ok {
				continue
			}
			if not, ok := strings.CutPrefix(value, "!"); ok {
				c.Not = append(c.Not, not)
			} else {
				c.Any = append(c.Any, value)
			}
		}
		if len(items) == 0 || len(items) > maxValues {
			d.say(v, at, Say("values-many", "has no values, or too many"), Say("how-values", "write it as in %s; at most %s", example, maxValues))
		}
		*f = append(*f, c)
	}
}

func (f Filter) encodeNode() *yaml.Node {
	n := emptyMapping()
	for _, c := range f {
		v := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
		for _, s := range c.Any {
			v.Content = append(v.Content, textNode(s))
		}
		for _, s := range c.Not {
			v.Content = append(v.Content, textNode("!"+s))
		}
		if len(v.Content) == 1 {
			v = v.Content[0]
		}
		n.Content = append(n.Content, textNode(c.Field), v)
	}
	return n
}

// Mix is how many records of each kind are offered in a round, as it is
// written: {fresh: 3, rescheduled: 1}.
type Mix []Share

// Share is how many records of a kind a mix offers in a round.
type Share struct {
	Kind  string
	Count int
}

func recordKinds() []string { return []string{"fresh", "rescheduled", "callback"} }

func (m *Mix) decodeNode(d *decoder, n *yaml.Node, path string) {
	const example = "{fresh: 3, rescheduled: 1}"
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		d.say(n, path, Say("wants-kinds", "wants kinds of records and how many of each, not %s", kindWord(n)), how(example))
		return
	}
	*m = Mix{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := join(path, k.Value)
		d.places[at] = d.place(v)
		if !slices.Contains(recordKinds(), k.Value) {
			d.say(k, at, Say("unknown-key", "unknown key"), suggest(k.Value, recordKinds()))
			continue
		}
		count, err := strconv.Atoi(v.Value)
		if v.Kind != yaml.ScalarNode || err != nil || count < 1 || count > 100 {
			d.say(v, at, Say("not-to-100", "%s is not a number from 1 to 100", quote(v.Value)), how(example))
		}
		if slices.ContainsFunc(*m, func(s Share) bool { return s.Kind == k.Value }) {
			d.say(k, at, Say("there-already", "%s is there already", quote(k.Value)), how(example))
		}
		*m = append(*m, Share{k.Value, count})
	}
}

func (m Mix) encodeNode() *yaml.Node {
	n := emptyMapping()
	for _, s := range m {
		n.Content = append(n.Content, textNode(s.Kind), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(s.Count)})
	}
	return n
}

// codes lists the codes of a tree; with branches those of its branches as well.
func (t Dispositions) codes(prefix string, branches bool) []string {
	var out []string
	for _, p := range t {
		code := prefix + p.Name
		if branches || len(p.Children) == 0 {
			out = append(out, code)
		}
		out = append(out, p.Children.codes(code+"/", branches)...)
	}
	return out
}
