package configs

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

//go:embed freiton.yaml
var manual string

// Manual is the commented default configuration.
func Manual() string { return manual }

// envPrefix begins the environment variables that are keys; labPrefix those
// that belong to the scripts of configs/lab and are none.
const (
	envPrefix = "FREITON_"
	labPrefix = "FREITON_LAB_"
)

// Load reads the configuration: the embedded defaults, over them the file at
// path ("" = none), over that the variables of env (as os.Environ has them),
// over that sets ("a.b.0.c=value"). The error is an *Error for everything the
// writer can cure.
func Load(path string, sets []string, env []string) (Config, error) {
	base := ""
	if path != "" {
		base = filepath.Dir(path)
	}
	t, problems := parseTree([]byte(manual), &source{name: "defaults", lines: true, base: base})
	if len(problems) > 0 {
		return Config{}, &Error{problems} // a mistake of ours: found by the first test
	}
	if path != "" {
		text, err := readFile(path)
		if err != nil {
			return Config{}, &Error{[]Problem{*err}}
		}
		file, problems := parseTree(text, &source{name: path, lines: true, base: base})
		if len(problems) > 0 {
			return Config{}, &Error{problems}
		}
		t.overlay(file)
	}
	if problems := override(t, sets, env); len(problems) > 0 {
		return Config{}, &Error{problems}
	}
	d := newDecoder(t, lookupIn(env))
	c := Config{File: path}
	d.value(t.root, reflect.ValueOf(&c).Elem(), "", "")
	d.passwords(&c)
	if len(d.problems) > 0 {
		return Config{}, &Error{d.problems}
	}
	c.places = d.places
	return c, nil
}

// Default is the configuration of the embedded file alone.
func Default() Config {
	c, err := Load("", nil, nil)
	if err != nil {
		panic(err) // the embedded file is wrong: found by the first test
	}
	return c
}

// readFile reads a document of at most maxFile bytes.
func readFile(path string) ([]byte, *Problem) {
	wrong := func(err error, how string) *Problem {
		if pe := (*os.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err // the path is the place already
		}
		return &Problem{Place: path, Text: plain("cannot be read: " + err.Error()), Cure: plain(how)}
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, wrong(err, "is the path right? `freiton config` prints a file to begin with")
	}
	if err != nil {
		return nil, wrong(err, "may this user read it?")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, wrong(err, "is it a file?")
	}
	return text, nil
}

// override writes variables, then sets, into the tree.
func override(t *tree, sets, env []string) []Problem {
	var problems []Problem
	config := reflect.TypeFor[Config]()
	note := func(p *Problem) {
		if p != nil && len(problems) < maxProblems {
			problems = append(problems, *p)
		}
	}
	for _, e := range slices.SortedStableFunc(slices.Values(env), byEntry) {
		name, value, ok := strings.Cut(e, "=")
		if !ok || !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, labPrefix) {
			continue
		}
		key := strings.ToLower(strings.TrimPrefix(name, envPrefix))
		note(t.set(strings.Split(key, "__"), value, config, &source{name: "variable " + name, split: true}))
	}
	for _, s := range sets {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			note(&Problem{Place: "--set " + before(s, "="), Text: plain("has no value"), Cure: plain("write it as --set dial.ring_timeout=40s")})
			continue
		}
		key = strings.TrimSpace(key)
		note(t.set(strings.Split(key, "."), value, config, &source{name: "--set " + key, split: true}))
	}
	return problems
}

// byEntry orders variables so that entry 0 of a list comes before entry 1, and
// entry 2 before entry 10: a list grows at its end only.
func byEntry(a, b string) int {
	return slices.CompareFunc(strings.Split(before(a, "="), "__"), strings.Split(before(b, "="), "__"),
		func(x, y string) int {
			i, err1 := strconv.Atoi(x)
			j, err2 := strconv.Atoi(y)
			if err1 == nil && err2 == nil {
				return i - j
			}
			return strings.Compare(x, y)
		})
}

func before(s, sep string) string {
	s, _, _ = strings.Cut(s, sep)
	return s
}

// lookupIn finds variables in a list as os.Environ has it.
func lookupIn(env []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, e := range slices.Backward(env) { // the last one holds
			if k, v, ok := strings.Cut(e, "="); ok && k == name {
				return v, true
			}
		}
		return "", false
	}
}

// passwords reads the password files.
func (d *decoder) passwords(c *Config) {
	const most = 4096
	for i := range c.SIP.Accounts {
		a := &c.SIP.Accounts[i]
		if a.PasswordFile == "" {
			continue
		}
		key := "sip.accounts." + strconv.Itoa(i) + ".password_file"
		wrong := func(text, how string) {
			d.problems = append(d.problems, Problem{d.places[key], key, plain(text), plain(how)})
		}
		if !a.Password.Empty() {
			wrong("there is a password as well", "keep one of the two")
			continue
		}
		text, problem := readFile(string(a.PasswordFile))
		switch secret := strings.TrimRight(string(text), "\r\n"); {
		case problem != nil:
			wrong(fmt.Sprintf("%s: %s", problem.Place, problem.Text.Text), "create it, readable by this user alone (chmod 600)")
		case secret == "" || len(secret) > most || strings.ContainsAny(secret, "\r\n\x00"):
			wrong(quote(string(a.PasswordFile))+" does not hold one line with a password", "write the password into it, and nothing else")
		default:
			a.Password = newSecret(secret)
		}
	}
}
