package lab

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestReadme holds the README's table to fates.yaml.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	fates, err := Fates()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, f := range fates {
		disposition, result := f.Disposition, f.Result
		if f.Rows == 0 {
			disposition = "no row"
		}
		if f.Detected != "" {
			result += ", " + f.Detected
		}
		fmt.Fprintf(&table, "| %s | %s: %s | %d | %s | %s |\n", f.Code, f.Name, f.About, f.SIP, disposition, result)
	}
	if !strings.Contains(string(readme), table.String()) {
		t.Errorf("README.md should have this table:\n%s", table.String())
	}
}

// TestFateOf holds codes, names and numbers together.
func TestFateOf(t *testing.T) {
	fates, err := Fates()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range fates {
		if seen[f.Code] || seen[f.Name] {
			t.Errorf("fate %s %s is there twice", f.Code, f.Name)
		}
		seen[f.Code], seen[f.Name] = true, true
		for _, number := range []string{f.Number(0), f.Number(9999), f.Extension()} {
			if got, err := FateOf(number); err != nil || got.Name != f.Name {
				t.Errorf("%s has the fate %q, %v; want %q", number, got.Name, err, f.Name)
			}
		}
	}
	for _, number := range []string{"", "6", "6000", "+4930120000000", "+49301200", "+493099000001"} {
		if f, err := FateOf(number); err == nil {
			t.Errorf("%q has the fate %q", number, f.Name)
		}
	}
}

// TestConfigYAML says that the printed configuration is YAML with the account
// in it.
func TestConfigYAML(t *testing.T) {
	var c struct {
		SIP struct {
			Accounts []struct{ Username, Password, Registrar string }
		}
		Dial struct{ Country string }
	}
	l := &Lab{port: 5060}
	if err := yaml.Unmarshal([]byte(l.ConfigYAML("1001")), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.SIP.Accounts) != 1 || c.SIP.Accounts[0].Username != "1001" || c.SIP.Accounts[0].Password != "lab-1001" || c.Dial.Country != "lab" {
		t.Errorf("configuration: %+v", c)
	}
}
