package lab

import (
	"bytes"
	_ "embed"
	"fmt"
	"time"

	"gopkg.in/yaml.v3"
)

//go:embed fates.yaml
var fatesFile []byte

// Fate is what becomes of a call to certain numbers; fates.yaml explains the
// fields.
type Fate struct {
	Code        string        `yaml:"code"`
	Name        string        `yaml:"name"`
	About       string        `yaml:"about"`
	SIP         int           `yaml:"sip"`
	Cause       int           `yaml:"cause"`
	Rows        int           `yaml:"rows"`
	Disposition string        `yaml:"disposition"`
	Result      string        `yaml:"result"`
	Detected    string        `yaml:"detected"`
	Early       bool          `yaml:"early"`
	Rings       bool          `yaml:"rings"`
	Answers     time.Duration `yaml:"answers"`
	Ends        time.Duration `yaml:"ends"`
	Hears       int           `yaml:"hears"`
	Records     bool          `yaml:"records"`
	Steps       []string      `yaml:"steps"`
}

// Fates returns every fate in the order of its code.
func Fates() ([]Fate, error) {
	var file struct {
		Fates []Fate `yaml:"fates"`
	}
	d := yaml.NewDecoder(bytes.NewReader(fatesFile))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("fates.yaml: %w", err)
	}
	return file.Fates, nil
}

// FateNamed returns the fate of that name.
func FateNamed(name string) (Fate, error) {
	fates, err := Fates()
	if err != nil {
		return Fate{}, err
	}
	for _, f := range fates {
		if f.Name == name {
			return f, nil
		}
	}
	return Fate{}, fmt.Errorf("fates.yaml has no fate %q", name)
}

// Extension is the short number with this fate.
func (f Fate) Extension() string { return "6" + f.Code }

// Number is the n-th telephone number with this fate, n from 0 to 9999.
func (f Fate) Number(n int) string { return fmt.Sprintf("+493012%s%04d", f.Code, n) }

// FateOf returns the fate of a number or extension as it was dialled.
func FateOf(number string) (Fate, error) {
	fates, err := Fates()
	if err != nil {
		return Fate{}, err
	}
	for _, f := range fates {
		e164 := "+493012" + f.Code
		if number == f.Extension() || len(number) == len(e164)+4 && number[:len(e164)] == e164 {
			return f, nil
		}
	}
	return Fate{}, fmt.Errorf("no fate has the number %q", number)
}
