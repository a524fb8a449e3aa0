package configs

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// decoder writes a tree into a struct by its tags and collects what is wrong.
//
//	yaml:"name"      the key; "-" is no key
//	oneof:"a,b,c"    the words a string may be
//	default:"a"      value of an element of a list that does not give the key
//	min:"1" max:"9"  bounds of a number or duration
type decoder struct {
	*tree
	env      func(string) (string, bool)
	places   map[string]string // key path -> place
	problems []Problem
}

// nodeDecoder is a type that reads its own shape, such as a tree or "a list or
// the word all".
type nodeDecoder interface {
	decodeNode(d *decoder, n *yaml.Node, path string)
}

func newDecoder(t *tree, env func(string) (string, bool)) *decoder {
	return &decoder{tree: t, env: env, places: map[string]string{}}
}

func (d *decoder) add(n *yaml.Node, path, text, cure string) {
	d.say(n, path, plain(text), plain(cure))
}

// say is add for what a page says, too.
func (d *decoder) say(n *yaml.Node, path string, what, how Saying) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, Problem{d.place(n), path, what, how})
	}
}

// value writes node n into v. A node without a value leaves v as it is.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag) {
	d.places[path] = d.place(n)
	if isNull(n) {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch p := v.Addr().Interface().(type) {
	case nodeDecoder:
		p.decodeNode(d, n, path)
		return
	case *Secret:
		d.secret(n, p, path)
		return
	case *Path:
		if text, ok := d.scalar(n, path, plain("a path")); ok {
			*p = Path(under(d.from[n].base, text))
		}
		return
	case encoding.TextUnmarshaler:
		d.text(n, p, path)
		d.bounds(n, v, path, tag)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, tag)
	default:
		d.plain(n, v, path, tag)
	}
}

// mapping writes the keys of n into the fields of a struct.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.say(n, path, Say("wants-keys", "wants keys, not %s", kindWord(n)), knownHere(keysOf(v.Type())))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, c := n.Content[i], n.Content[i+1]
		f, ok := fieldOf(v.Type(), k.Value)
		if !ok {
			d.unknown(k, join(path, k.Value), v.Type())
			continue
		}
		d.value(c, v.FieldByIndex(f.Index), join(path, k.Value), f.Tag)
	}
}

func (d *decoder) unknown(k *yaml.Node, path string, t reflect.Type) {
	d.say(k, path, Say("unknown-key", "unknown key"), suggest(k.Value, keysOf(t)))
}

// list writes a sequence; a list of plain values may come from the command
// line or a variable with commas.
func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag) {
	elem := v.Type().Elem()
	items := n.Content
	switch {
	case n.Kind == yaml.SequenceNode:
	case n.Kind == yaml.ScalarNode && d.from[n].split && elem.Kind() != reflect.Struct:
		items = nil
		for _, s := range strings.Split(n.Value, ",") {
			c := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimSpace(s)}
			d.from[c] = d.from[n]
			if c.Value != "" {
				items = append(items, c)
			}
		}
	default:
		d.say(n, path, Say("wants-list", "wants a list, not %s", kindWord(n)), Say("how-list", "write [a, b], or one a line after a dash"))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, c := range items {
		at := join(path, strconv.Itoa(i))
		if isNull(c) {
			d.say(c, at, Say("no-value", "an entry without a value"), Say("how-no-value", "write one, or delete the dash or comma"))
			continue
		}
		if elem.Kind() == reflect.Struct {
			d.defaults(out.Index(i))
		}
		d.value(c, out.Index(i), at, tag)
	}
	v.Set(out)
}

// defaults writes the default tags of a struct's fields.
func (d *decoder) defaults(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		text, ok := f.Tag.Lookup("default")
		if !ok {
			continue
		}
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
		inner := newDecoder(&tree{root: n, from: map[*yaml.Node]*source{n: {}}}, d.env)
		inner.value(n, v.Field(i), f.Name, f.Tag)
	}
}

// plain writes a string, a truth value or a number.
func (d *decoder) plain(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag) {
	switch v.Kind() {
	case reflect.String:
		text, ok := d.scalar(n, path, Say("a-text", "a text"))
		if !ok {
			return
		}
		if words := tag.Get("oneof"); words != "" && !d.word(n, path, text, strings.Split(words, ",")) {
			return
		}
		v.SetString(text)
	case reflect.Bool:
		text, ok := d.scalar(n, path, Say("true-or-false", "true or false"))
		if ok && text != "true" && text != "false" {
			d.say(n, path, Say("not-bool", "%s is neither true nor false", quote(text)), Say("how-bool", "write true or false"))
			return
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		text, ok := d.scalar(n, path, Say("a-whole-number", "a whole number"))
		if !ok {
			return
		}
		i, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			d.say(n, path, Say("not-whole", "%s is not a whole number", quote(text)), Say("how-digits", "write digits only"))
			return
		}
		v.SetInt(i)
		d.bounds(n, v, path, tag)
	case reflect.Float64:
		text, ok := d.scalar(n, path, Say("a-number", "a number"))
		if !ok {
			return
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			d.say(n, path, Say("not-number", "%s is not a number", quote(text)), how("2.5"))
			return
		}
		v.SetFloat(f)
		d.bounds(n, v, path, tag)
	default:
		// A field of a kind no document has: found by the first test.
		panic("configs: cannot decode into " + v.Type().String())
	}
}

// word reports a word that is none of those known.
func (d *decoder) word(n *yaml.Node, path, text string, known []string) bool {
	for _, k := range known {
		if k == text {
			return true
		}
	}
	d.say(n, path, Say("not-word", "%s is not one of the words for this key", quote(text)), suggest(text, known))
	return false
}

func (d *decoder) text(n *yaml.Node, u encoding.TextUnmarshaler, path string) {
	text, ok := d.scalar(n, path, Say("one-value", "one value"))
	if !ok {
		return
	}
	err := u.UnmarshalText([]byte(text))
	if err == nil {
		return
	}
	if _, isStore := u.(*Store); isStore {
		text = hidden // its address may hold a password
	}
	what, how := plain(err.Error()), Saying{}
	if c := (*cureError)(nil); errors.As(err, &c) {
		what, how = c.what, c.how
	}
	d.say(n, path, Say("bad-value", "%s: %s", quote(text), what), how)
}

// secret reads a password, or ${NAME}: the environment variable NAME.
func (d *decoder) secret(n *yaml.Node, s *Secret, path string) {
	text, ok := d.scalar(n, path, plain("a password"))
	if !ok {
		return
	}
	if name, isVar := strings.CutPrefix(text, "${"); isVar && strings.HasSuffix(name, "}") {
		name = strings.TrimSuffix(name, "}")
		value, set := d.env(name)
		if !set {
			d.add(n, path, "the environment variable "+quote(name)+" is not set", "set it, or use password_file")
			return
		}
		text = value
	}
	*s = newSecret(text)
}

// scalar is the text of a plain value, as it was written.
func (d *decoder) scalar(n *yaml.Node, path string, what Saying) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.say(n, path, Say("wants-one", "wants %s, not %s", what, kindWord(n)), Say("how-after-colon", "write it after the colon, on the same line"))
		return "", false
	}
	return n.Value, true
}

func (d *decoder) bounds(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag) {
	least, most := tag.Get("min"), tag.Get("max")
	if least == "" && most == "" {
		return
	}
	if (least != "" && number(v) < bound(v, least)) || (most != "" && number(v) > bound(v, most)) {
		allowed := Say("how-least", "write %s or more", least)
		switch {
		case least == "":
			allowed = Say("how-most", "write %s or less", most)
		case most != "":
			allowed = Say("how-between", "write a value from %s to %s", least, most)
		}
		d.say(n, path, Say("out-of-bounds", "%s is out of bounds", v.Interface()), allowed)
	}
}

func number(v reflect.Value) float64 {
	if v.Kind() == reflect.Float64 {
		return v.Float()
	}
	return float64(v.Int())
}

// bound reads a min or max tag in the unit of the field.
func bound(v reflect.Value, text string) float64 {
	if _, ok := v.Interface().(Duration); ok {
		var limit Duration
		if limit.UnmarshalText([]byte(text)) == nil {
			return float64(limit)
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("configs: bad bound " + text) // a tag of ours: found by the first test
	}
	return f
}

// keysOf lists the keys of a struct in their order.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if k := keyOf(t.Field(i)); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

func keyOf(f reflect.StructField) string {
	k, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if k == "-" || !f.IsExported() {
		return ""
	}
	return k
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); key != "" && keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func kindWord(n *yaml.Node) Saying {
	switch n.Kind {
	case yaml.MappingNode:
		return Say("keys", "keys")
	case yaml.SequenceNode:
		return Say("a-list", "a list")
	default:
		return plain(quote(n.Value))
	}
}

// how is the cure that shows how something is written.
func how(example string) Saying { return Say("how-as-in", "write it as in %s", example) }
