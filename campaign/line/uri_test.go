package line

import (
	"errors"
	"strings"
	"testing"
)

func TestTemplateURI(t *testing.T) {
	for _, c := range []struct{ template, number, want string }{
		{"sip:{number}@pbx.example:5060", "+4930901820", "sip:+4930901820@pbx.example:5060"},
		{"sip:{number}@pbx.example:5060", "601", "sip:601@pbx.example:5060"},
		{"sip:{digits}@pbx", "+4930901820", "sip:4930901820@pbx"},
		{"sip:{digits}@pbx", "601", "sip:601@pbx"},
		{"sip:00{digits}@pbx;transport=tcp", "+4930901820", "sip:004930901820@pbx;transport=tcp"},
		{"sip:{extension}@pbx", "601", "sip:601@pbx"},
		{"sips:{number}@pbx", "*21#", "sips:*21%23@pbx"},
	} {
		got, err := Template(c.template).URI(c.number)
		if err != nil || got != c.want {
			t.Errorf("%s with %s: %q, %v; want %q", c.template, c.number, got, err, c.want)
		}
	}
}

// A number out of a list must not choose another host, parameter or header.
func TestTemplateRefusesNumbers(t *testing.T) {
	for _, n := range []string{
		"", "+", "1@evil.example", "1;transport=tcp", "1?Subject=x", "1%40evil", "1\r\nX: y",
		"1 2", "++49", "4+9", "sip:1", "1/2", "1<2>", "ü", "-1", ".1", strings.Repeat("1", 65),
	} {
		if got, err := Template("sip:{number}@pbx").URI(n); !errors.Is(err, ErrNumber) {
			t.Errorf("%q gave %q, %v", n, got, err)
		}
	}
	if _, err := Template("sip:{extension}@pbx").URI("+4930"); !errors.Is(err, ErrNumber) {
		t.Errorf("+4930 as an extension: %v", err)
	}
}

func TestTemplateCheck(t *testing.T) {
	for _, s := range []string{"", "pbx", "tel:{number}", "sip:601@pbx", "sip:{nummer}@pbx", "sip:{number@pbx", "sip:{number}@{host}"} {
		if err := Template(s).Check(); !errors.Is(err, ErrTemplate) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("+4930901820")
	f.Add("1@evil.example")
	f.Fuzz(func(t *testing.T, number string) {
		uri, err := Template("sip:{number}@pbx.example").URI(number)
		if err != nil {
			return
		}
		user, ok := strings.CutSuffix(strings.TrimPrefix(uri, "sip:"), "@pbx.example")
		if !ok || strings.ContainsAny(user, "@;?:/<>\" \r\n\t") {
			t.Fatalf("%q became %q", number, uri)
		}
	})
}
