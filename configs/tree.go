package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Limits of a document. A configuration has some hundred nodes.
const (
	maxFile  = 1 << 20 // bytes
	maxNodes = 50_000
	maxDepth = 32
)

// source is where a part of the tree was written.
type source struct {
	name  string // file name, flag or variable
	lines bool   // places have line and column
	base  string // folder at which relative paths start
	split bool   // a list of words may be written with commas: a, b
}

// tree is a YAML document of which every node knows its source.
type tree struct {
	root *yaml.Node // a mapping
	from map[*yaml.Node]*source
}

// place is where a node was written, for a Problem.
func (t *tree) place(n *yaml.Node) string {
	s := t.from[n]
	switch {
	case s == nil:
		return ""
	case s.lines:
		return fmt.Sprintf("%s:%d:%d", s.name, n.Line, n.Column)
	default:
		return s.name
	}
}

// parseTree reads one YAML document whose top is a mapping. Anchors, aliases,
// merge keys, tags and second documents are refused: nobody needs them here,
// and an alias makes a small file a big one.
func parseTree(text []byte, src *source) (*tree, []Problem) {
	if len(text) > maxFile {
		return nil, []Problem{{Place: src.name, Text: Say("file-too-large", "the file is larger than %s KiB", maxFile>>10), Cure: howRightFile()}}
	}
	doc, err := parseYAML(text)
	if err != nil {
		return nil, []Problem{syntaxProblem(err, src)}
	}
	t := &tree{root: emptyMapping(), from: map[*yaml.Node]*source{}}
	if doc == nil || isNull(doc.Content[0]) {
		t.from[t.root] = src
		return t, nil
	}
	t.root = doc.Content[0]
	v := verifier{tree: t, src: src}
	v.walk(t.root, "", 0)
	if len(v.problems) == 0 && t.root.Kind != yaml.MappingNode {
		v.add(t.root, "", Say("not-keys", "the file is not a list of keys"), Say("how-keys", `it begins with lines such as "key: value"`))
	}
	return t, v.problems
}

// parseYAML is yaml.v3 with its panics caught: hostile input is an error. A
// file without content is nil.
func parseYAML(text []byte) (doc *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("yaml: cannot be read: %v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	doc = new(yaml.Node)
	if err := dec.Decode(doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		return nil, errors.New("yaml: there is a second document after a line with ---")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errors.New("yaml: not a document")
	}
	return doc, nil
}

// syntaxProblem takes line and text out of an error of yaml.v3, which has the
// line in its text only.
func syntaxProblem(err error, src *source) Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := Problem{Place: src.name, Text: Say("not-yaml", "not valid YAML: %s", text), Cure: Say("how-yaml", "look at indentation, quotes and colons")}
	if m := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(text); m != nil && src.lines {
		p.Place += ":" + m[1]
		p.Text = Say("not-yaml", "not valid YAML: %s", m[2])
	}
	if strings.Contains(text, "tab character") || strings.Contains(text, "cannot start any token") {
		p.Cure = Say("how-blanks", "indent with blanks, not with tabs, and put values with special characters in quotes")
	}
	return p
}

// verifier refuses what we do not want in any document, and notes the source
// of every node.
type verifier struct {
	tree     *tree
	src      *source
	nodes    int
	problems []Problem
}

func howRightFile() Saying { return Say("how-right-file", "is it the right file?") }

func (v *verifier) add(n *yaml.Node, key string, what, how Saying) {
	v.tree.from[n] = v.src
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, Problem{v.tree.place(n), key, what, how})
	}
}

func (v *verifier) walk(n *yaml.Node, path string, depth int) {
	v.tree.from[n] = v.src
	v.nodes++
	switch {
	case v.nodes == maxNodes || depth == maxDepth:
		v.add(n, path, Say("too-deep", "the document is too large or too deep"), howRightFile())
		return
	case v.nodes > maxNodes:
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		v.add(n, path, Say("anchors", "anchors and aliases (& and *) are not read"), Say("how-anchors", "write the value out, in quotes if it begins with & or *"))
		return
	case n.Style&yaml.TaggedStyle != 0:
		v.add(n, path, Say("tags", "tags (!) are not read"), Say("how-tags", "write the plain value, in quotes if it begins with !"))
		return
	}
	if n.Kind != yaml.MappingNode {
		for i, c := range n.Content {
			v.walk(c, join(path, strconv.Itoa(i)), depth+1)
		}
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, c := n.Content[i], n.Content[i+1]
		v.tree.from[k] = v.src
		switch {
		case k.Kind != yaml.ScalarNode:
			v.add(k, path, Say("key-no-word", "a key must be a word"), Say("how-colon", "is a colon missing, or one too many?"))
			continue
		case seen[k.Value]:
			v.add(k, join(path, k.Value), Say("key-twice", "the key stands here twice"), Say("how-keep-one", "keep one of the two"))
			continue
		}
		seen[k.Value] = true
		v.walk(c, join(path, k.Value), depth+1)
	}
}

// overlay puts the keys of o over those of t: mappings are merged, lists and
// values replaced; a key without a value leaves what there was.
func (t *tree) overlay(o *tree) {
	for n, s := range o.from {
		t.from[n] = s
	}
	merge(t.root, o.root)
}

func merge(under, over *yaml.Node) {
	for i := 0; i+1 < len(over.Content); i += 2 {
		k, v := over.Content[i], over.Content[i+1]
		if isNull(v) && lookup(under, k.Value) >= 0 {
			continue
		}
		at := lookup(under, k.Value)
		switch {
		case at < 0:
			under.Content = append(under.Content, k, v)
		case under.Content[at+1].Kind == yaml.MappingNode && v.Kind == yaml.MappingNode:
			under.Content[at] = k
			merge(under.Content[at+1], v)
		default:
			under.Content[at], under.Content[at+1] = k, v
		}
	}
}

// set writes a value at a path as --set and variables have it. The value is
// taken as it stands, unless the key is one for keys or a list and it begins
// with { or [: then it is YAML.
func (t *tree) set(path []string, value string, typ reflect.Type, src *source) *Problem {
	wrong := func(text, cure string) *Problem {
		return &Problem{Place: src.name, Key: strings.Join(path, "."), Text: plain(text), Cure: plain(cure)}
	}
	if len(path) == 0 || len(path) > maxDepth || len(value) > maxFile {
		return wrong("not a key", "write it as in sip.accounts.0.password")
	}
	leaf, problem := t.leaf(path, value, typeAt(typ, path), src)
	if problem != nil {
		return problem
	}
	n := t.root
	for i, part := range path {
		n = t.container(n, part, src)
		last := i == len(path)-1
		var slot **yaml.Node
		if n.Kind == yaml.SequenceNode {
			at, err := strconv.ParseUint(part, 10, 16)
			if err != nil || int(at) > len(n.Content) {
				return wrong(fmt.Sprintf("%s is a list of %d", quote(strings.Join(path[:i], ".")), len(n.Content)),
					fmt.Sprintf("use a number from 0 to %d, counted from 0", len(n.Content)))
			}
			if int(at) == len(n.Content) {
				n.Content = append(n.Content, t.empty(src))
			}
			slot = &n.Content[at]
		} else {
			at := lookup(n, part)
			if at < 0 {
				k := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: part}
				t.from[k] = src
				n.Content = append(n.Content, k, t.empty(src))
				at = len(n.Content) - 2
			}
			slot = &n.Content[at+1]
		}
		if last {
			*slot = leaf
		}
		n = *slot
	}
	return nil
}

// container makes n able to hold part: what is no mapping and no list becomes
// one, as the part asks for.
func (t *tree) container(n *yaml.Node, part string, src *source) *yaml.Node {
	if n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode {
		return n
	}
	*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if _, err := strconv.ParseUint(part, 10, 16); err == nil {
		*n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	}
	t.from[n] = src
	return n
}

func (t *tree) empty(src *source) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	t.from[n] = src
	return n
}

// leaf is the node for a value.
func (t *tree) leaf(path []string, value string, typ reflect.Type, src *source) (*yaml.Node, *Problem) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	t.from[n] = src
	inner := typ != nil && (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Struct && len(keysOf(typ)) > 0)
	if !inner || !strings.HasPrefix(value, "[") && !strings.HasPrefix(value, "{") {
		return n, nil
	}
	key := strings.Join(path, ".")
	doc, err := parseYAML([]byte(value))
	if err != nil || doc == nil {
		// Not the value itself: it may hold a secret.
		return nil, &Problem{Place: src.name, Key: key, Text: plain("the value begins like a list or like keys and is not valid YAML"),
			Cure: plain(`write it as in '["+49", "6xx"]'`)}
	}
	v := verifier{tree: t, src: src}
	v.walk(doc.Content[0], key, len(path))
	if len(v.problems) > 0 {
		return nil, &v.problems[0]
	}
	return doc.Content[0], nil
}

// typeAt is the type of the field at a path of keys and numbers, nil if there
// is none.
func typeAt(typ reflect.Type, path []string) reflect.Type {
	for _, part := range path {
		switch typ.Kind() {
		case reflect.Slice:
			typ = typ.Elem()
		case reflect.Struct:
			f, ok := fieldOf(typ, part)
			if !ok {
				return nil
			}
			typ = f.Type
		default:
			return nil
		}
	}
	return typ
}

// lookup is the index of a key in a mapping's content, or -1.
func lookup(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

func emptyMapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// under puts a relative path under a folder.
func under(base, path string) string {
	if path == "" || filepath.IsAbs(path) || base == "" {
		return path
	}
	return filepath.Join(base, path)
}
