package configs

import (
	"bytes"
	"encoding"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// nodeEncoder is a type that writes its own shape; the reverse of nodeDecoder.
type nodeEncoder interface {
	encodeNode() *yaml.Node
}

// MarshalConfig is a configuration as YAML, complete and with passwords
// hidden: what is in force after file, variables and command line.
func MarshalConfig(c Config) ([]byte, error) { return marshal(c, false) }

// marshal writes a struct by its yaml tags, in the order of its fields. With
// brief, keys without a value are left out. A struct tagged `yaml:",flow"`
// stands on one line.
func marshal(v any, brief bool) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(encodeValue(reflect.ValueOf(v), brief)); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func encodeValue(v reflect.Value, brief bool) *yaml.Node {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch p := v.Interface().(type) {
	case nodeEncoder:
		return p.encodeNode()
	case encoding.TextMarshaler:
		text, err := p.MarshalText()
		if err != nil {
			text = []byte(err.Error()) // none of our types fails
		}
		return textNode(string(text))
	}
	switch v.Kind() {
	case reflect.Struct:
		return encodeStruct(v, brief)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		elem := v.Type().Elem()
		if elem.Kind() != reflect.Struct || elem.Implements(reflect.TypeFor[nodeEncoder]()) || v.Len() == 0 {
			n.Style = yaml.FlowStyle
		}
		for i := range v.Len() {
			n.Content = append(n.Content, encodeValue(v.Index(i), brief))
		}
		return n
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}
	case reflect.Int, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}
	case reflect.Float64:
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(v.Float(), 'f', -1, 64)}
		n.Tag = n.ShortTag() // 5 is an integer to YAML, and would get a tag otherwise
		return n
	default:
		return textNode(v.String())
	}
}

func encodeStruct(v reflect.Value, brief bool) *yaml.Node {
	n := emptyMapping()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := keyOf(f)
		if key == "" || v.Field(i).Kind() == reflect.Pointer && v.Field(i).IsNil() {
			continue
		}
		if brief && v.Field(i).IsZero() {
			continue
		}
		c := encodeValue(v.Field(i), brief)
		if strings.HasSuffix(f.Tag.Get("yaml"), ",flow") {
			flow(c)
		}
		n.Content = append(n.Content, textNode(key), c)
	}
	return n
}

// flow puts a mapping, or each entry of a list of mappings, on one line.
func flow(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		for _, c := range n.Content {
			c.Style |= yaml.FlowStyle
		}
		return
	}
	n.Style |= yaml.FlowStyle
}

// textNode is a text that reads back as the same text.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}
