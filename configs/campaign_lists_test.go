package configs

import (
	"slices"
	"strings"
	"testing"
)

func TestWithLists(t *testing.T) {
	for name, doc := range map[string]string{
		"none":      "# ours\nname: spring\nmode: progressive # one to one\n",
		"others":    "# ours\nlists: [customers, \"yes\"] # of May\nname: spring\nmode: progressive # one to one\n",
		"a block":   "# ours\nname: spring\nlists:\n  - customers\n  - more\nmode: progressive # one to one\n",
		"on a line": "{name: spring, mode: progressive} # ours\n# one to one\n",
		"with BOM":  "\ufeff# ours\r\nname: spring\r\nmode: progressive # one to one\r\n",
	} {
		out, err := WithLists([]byte(doc), "spring.yaml", "no", "k30.x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c, err := ParseCampaign(out, "spring.yaml")
		if err != nil || !slices.Equal(c.Lists, []string{"no", "k30.x"}) || c.Name != "spring" || c.Mode != "progressive" {
			t.Errorf("%s: %v, %+v\n%s", name, err, c.Lists, out)
		}
		if !strings.Contains(string(out), "# ours") || !strings.Contains(string(out), "# one to one") {
			t.Errorf("%s: comments are gone:\n%s", name, out)
		}
	}
	same := "name:   spring\nlists: [a]\n"
	if out, err := WithLists([]byte(same), "spring.yaml", "a"); err != nil || string(out) != same {
		t.Errorf("%v, %q", err, out)
	}
	if _, err := WithLists([]byte("nmae: x"), "spring.yaml", "a"); err == nil {
		t.Error("a wrong document is taken")
	}
}
