package configs

import (
	"bytes"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// IsListName tells whether a campaign document can name a list so.
func IsListName(name string) bool { return word(name) }

// WithLists is a campaign document that works other lists than it names:
// unchanged where it names these, else the same keys and comments with lists
// replaced or added.
func WithLists(document []byte, file string, lists ...string) ([]byte, error) {
	c, err := ParseCampaign(document, file)
	if err != nil || slices.Equal(c.Lists, lists) {
		return document, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	value := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, name := range lists {
		value.Content = append(value.Content, textNode(name))
	}
	root := doc.Content[0] // ParseCampaign has seen a mapping with a name in it
	at := -1
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "lists" {
			at = i + 1
		}
	}
	if at < 0 {
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "lists"}, value)
	} else {
		root.Content[at] = value
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b.Bytes(), enc.Close()
}
