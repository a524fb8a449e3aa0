package configs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Agents says who works a campaign: all, names, teams. The zero value is
// nothing written.
type Agents struct {
	All   bool
	Names []string
	Teams []string
}

// Retry is when a record is tried again; at most one field is set.
type Retry struct {
	After     time.Duration
	Days      int  // calendar days of the contact, at the same time of day
	OtherPart bool // in another part of the contact's day
}

const otherPart = "other-part-of-day"

// UnmarshalText reads "30m", "1d" or "other-part-of-day".
func (r *Retry) UnmarshalText(b []byte) error {
	s := string(b)
	if s == otherPart {
		*r = Retry{OtherPart: true}
		return nil
	}
	var d Duration
	if err := d.UnmarshalText(b); err != nil || d <= 0 || time.Duration(d) > year {
		return cure(Say("not-wait", "not a time to wait"), Say("how-wait", `write it as in 30m, 4h or 1d (at most 1y), or "other-part-of-day"`))
	}
	if days, err := strconv.ParseUint(strings.TrimSuffix(s, "d"), 10, 16); err == nil && strings.HasSuffix(s, "d") {
		*r = Retry{Days: int(days)}
		return nil
	}
	*r = Retry{After: time.Duration(d)}
	return nil
}

// MarshalText is what YAML and JSON get.
func (r Retry) MarshalText() ([]byte, error) {
	switch {
	case r.OtherPart:
		return []byte(otherPart), nil
	case r.Days > 0:
		return fmt.Appendf(nil, "%dd", r.Days), nil
	case r.After > 0 && r.After%day == 0: // 24h is not 1d
		return fmt.Appendf(nil, "%dh", r.After/time.Hour), nil
	default:
		return Duration(r.After).MarshalText()
	}
}

// ResultChoice is a call result in the agent's menu.
type ResultChoice struct {
	Result string
	Quick  bool // one key sets it, hangs up and is Done
}

// offerable are the call results an agent can choose; the others are the
// dialer's own.
func offerable() []string {
	return []string{
		"answer", "busy", "no-answer", "answering-machine", "invalid-number", "silence", "fax",
		"rejected", "wrong-party", "wrong-number",
	}
}

// Dispositions are disposition codes: a tree in the order it was written.
type Dispositions []Disposition

// Disposition is a node of the tree: a leaf has a Kind, another node Children.
// Its code is the path of names, joined by "/".
type Disposition struct {
	Name     string
	Kind     string // success, refusal, neutral
	Final    bool   // no further attempt, whatever the treatments say
	Children Dispositions
}

func (a *Agents) decodeNode(d *decoder, n *yaml.Node, path string) {
	*a = Agents{}
	who := Say("how-agents", "write all, [ann, ben], {team: berlin} or [ann, {team: berlin}]")
	if n.Kind == yaml.ScalarNode {
		if n.Value != "all" {
			d.say(n, path, Say("neither-all", "%s is neither all nor a list", quote(n.Value)), who)
		}
		a.All = true
		return
	}
	items := n.Content
	if n.Kind == yaml.MappingNode {
		items = []*yaml.Node{n}
	}
	for i, c := range items {
		at := path
		if n.Kind == yaml.SequenceNode {
			at = join(path, strconv.Itoa(i))
		}
		d.places[at] = d.place(c)
		switch {
		case c.Kind == yaml.MappingNode && len(c.Content) == 2 && c.Content[0].Value == "team" && word(c.Content[1].Value):
			a.Teams = append(a.Teams, c.Content[1].Value)
		case c.Kind == yaml.ScalarNode && word(c.Value):
			a.Names = append(a.Names, c.Value)
		default:
			d.say(c, at, Say("neither-agent", "is neither an agent nor a team"), who)
		}
	}
	if len(items) == 0 {
		d.say(n, path, Say("nobody", "nobody works this campaign"), who)
	}
}

func (a Agents) encodeNode() *yaml.Node {
	if a.All {
		return textNode("all")
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, name := range a.Names {
		n.Content = append(n.Content, textNode(name))
	}
	for _, team := range a.Teams {
		n.Content = append(n.Content, pair("team", textNode(team)))
	}
	if len(a.Names) == 0 && len(a.Teams) == 1 {
		return n.Content[0]
	}
	return n
}

func (r *ResultChoice) decodeNode(d *decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode:
		r.Result = n.Value
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Value == "quick":
		r.Result, r.Quick = n.Content[0].Value, true
		n = n.Content[0]
	default:
		d.say(n, path, Say("not-result", "is not a call result"), Say("how-result", "write answer, or {answering-machine: quick}"))
		return
	}
	if !slices.Contains(offerable(), r.Result) {
		d.say(n, path, Say("not-offerable", "%s is not a call result an agent can choose", quote(r.Result)), suggest(r.Result, offerable()))
	}
}

func (r ResultChoice) encodeNode() *yaml.Node {
	if r.Quick {
		return pair(r.Result, textNode("quick"))
	}
	return textNode(r.Result)
}

// Limits of the tree of dispositions: more is not to be chosen from in a call.
const (
	maxDispositionDepth = 5
	maxDispositions     = 500
)

func (t *Dispositions) decodeNode(d *decoder, n *yaml.Node, path string) {
	count := 0
	*t = decodeDispositions(d, n, path, 1, &count)
}

func decodeDispositions(d *decoder, n *yaml.Node, path string, depth int, count *int) Dispositions {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		d.say(n, path, Say("wants-dispositions", "wants names of dispositions, not %s", kindWord(n)), how("{Sold: {New: success, Renewal: success}, Call later: neutral}"))
		return nil
	}
	if depth > maxDispositionDepth {
		d.say(n, path, Say("tree-deep", "the tree of dispositions is too deep"), Say("how-levels", "at most %s levels", maxDispositionDepth))
		return nil
	}
	var out Dispositions
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := join(path, k.Value)
		if *count++; *count > maxDispositions {
			d.say(k, at, Say("dispositions-many", "there are too many dispositions"), Say("how-at-most", "at most %s", maxDispositions))
			return out
		}
		if !text(k.Value, 60) || strings.ContainsAny(k.Value, "/") {
			d.say(k, at, Say("not-disposition", "%s is not a name for a disposition", quote(k.Value)), Say("how-disposition", "use a short text without /"))
		}
		item := Disposition{Name: k.Value}
		if v.Kind == yaml.ScalarNode {
			item.leaf(d, v, at)
		} else {
			item.Children = decodeDispositions(d, v, at, depth+1, count)
		}
		out = append(out, item)
	}
	return out
}

// leaf reads "success", "refusal" or "neutral", which may be followed by
// "final" or "not final". A success and a refusal are final by themselves.
func (p *Disposition) leaf(d *decoder, n *yaml.Node, path string) {
	kind, end, given := strings.Cut(n.Value, ",")
	p.Kind = strings.TrimSpace(kind)
	d.word(n, path, p.Kind, []string{"success", "refusal", "neutral"})
	p.Final = p.finalByItself()
	switch strings.TrimSpace(end) {
	case "final":
		p.Final = true
	case "not final":
		p.Final = false
	default:
		if given {
			d.say(n, path, Say("not-kind", "%s is not a kind of disposition", quote(n.Value)), Say("how-kind", `write it as in "neutral, final" or "refusal, not final"`))
		}
	}
}

func (p Disposition) finalByItself() bool { return p.Kind == "success" || p.Kind == "refusal" }

func (t Dispositions) encodeNode() *yaml.Node {
	n := emptyMapping()
	for _, p := range t {
		if len(p.Children) > 0 {
			c := p.Children.encodeNode()
			c.Style = yaml.FlowStyle
			n.Content = append(n.Content, textNode(p.Name), c)
			continue
		}
		kind := p.Kind
		switch {
		case p.Final && !p.finalByItself():
			kind += ", final"
		case !p.Final && p.finalByItself():
			kind += ", not final"
		}
		n.Content = append(n.Content, textNode(p.Name), textNode(kind))
	}
	return n
}

// pair is a mapping of one key, on one line.
func pair(key string, value *yaml.Node) *yaml.Node {
	n := emptyMapping()
	n.Style = yaml.FlowStyle
	n.Content = []*yaml.Node{textNode(key), value}
	return n
}
