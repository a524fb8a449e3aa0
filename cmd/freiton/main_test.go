package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/configs"
)

// freiton runs the program with arguments and gives what it printed.
func freiton(t *testing.T, env []string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o bytes.Buffer
	var e locked
	c := &cli{in: strings.NewReader(""), out: &o, err: &e, env: env}
	status = run(context.Background(), c, args)
	return status, o.String(), e.String()
}

func TestExitStatus(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("web:\n  lisen: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		env    string
		status int
		out    string // beginning of standard output
		err    string // part of standard error
	}{
		{args: "version", status: 0, out: "freiton "},
		{args: "config", status: 0, out: "# Freiton's configuration"},
		{args: "config --effective --set drain=5s", status: 0, out: "data: ./freiton-data\n"},
		{args: "completion bash", status: 0, out: "# bash completion"},
		{args: "--help", status: 0, out: "Freiton is"},
		{args: "help config", status: 0, out: "Prints the configuration"},
		{args: "confi", status: 2, err: `unknown command "confi" for "freiton"`},
		{args: "config --colour", status: 2, err: "unknown flag: --colour\nSee `freiton config --help`."},
		{args: "config --output xml", status: 2, err: "is neither table nor json"},
		{args: "completion ksh", status: 2, err: `invalid argument "ksh"`},
		{args: "version now", status: 2, err: "freiton: "},
		{args: "config --effective --config " + bad, status: 2, err: bad + `:2:3: web.lisen: unknown key; did you mean "listen"?`},
		{args: "config --effective --set web.listen=:80", status: 2, err: `freiton: --set web.listen: ":80" is beyond this machine`},
		{args: "config --effective", env: "FREITON_DRAIN=5", status: 2, err: `freiton: variable FREITON_DRAIN: drain: "5": not a duration`},
	} {
		t.Run(c.args+c.env, func(t *testing.T) {
			status, out, errs := freiton(t, []string{c.env}, strings.Fields(c.args)...)
			if status != c.status || !strings.HasPrefix(out, c.out) || !strings.Contains(errs, c.err) {
				t.Errorf("status %d (want %d)\nout %.80q\nerr %q", status, c.status, out, errs)
			}
			if (out != "") == (status != 0) || (errs != "") == (status == 0) {
				t.Errorf("results belong on standard output, the rest on standard error:\nout %.80q\nerr %q", out, errs)
			}
		})
	}
}

func TestExitStatusByError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("unknown flag"), 2},
		{&failure{errors.New("busy")}, 1},
		{&failure{usage("no %s", "number")}, 2},
		{&failure{configs.AsError([]configs.Problem{{Text: configs.Saying{Text: "x"}}})}, 2},
	} {
		if got := exitStatus(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

func TestPassword(t *testing.T) {
	for in, want := range map[string]string{"four words of hers\nmore": "four words of hers", "secret": "secret", " a\r\n": " a", "": "", "\n": ""} {
		got, err := (&cli{in: strings.NewReader(in)}).password()
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestGroup(t *testing.T) {
	cmd := &cobra.Command{Use: "list", RunE: group}
	cmd.AddCommand(&cobra.Command{Use: "import", Run: func(*cobra.Command, []string) {}})
	if err := group(cmd, []string{"imprt"}); exitStatus(&failure{err}) != 2 || !strings.Contains(err.Error(), "did you mean import?") {
		t.Errorf("an unknown command: %v", err)
	}
	if err := group(cmd, nil); err == nil {
		t.Error("no command is accepted")
	}
}

// Every command says what it does and shows how.
func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || !strings.Contains(cmd.Example, "  freiton ") {
			t.Errorf("%q needs a Short and an Example", cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(newRoot(&cli{}))
}

func TestConfigAsJSON(t *testing.T) {
	status, out, errs := freiton(t, nil, "config", "-o", "json", "--effective", "--set", "sip.accounts.0={name: a, address: 'sip:1@b.example', username: '1', password: geheim}")
	if status != 0 {
		t.Fatal(errs)
	}
	var v struct {
		Dial struct {
			RingTimeout string `json:"ring_timeout"`
		}
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Dial.RingTimeout != "30s" {
		t.Errorf("%v, %+v", err, v)
	}
	if strings.Contains(out, "geheim") {
		t.Error("the password is printed")
	}
}

func TestShow(t *testing.T) {
	var out, errs bytes.Buffer
	c := &cli{out: &out, err: &errs}
	tab := table{head: []string{"name", "calls"}}
	tab.add("ann\x1b[31m\nx", 12)
	tab.add("ben")
	if err := c.show(nil, tab); err != nil {
		t.Fatal(err)
	}
	if want := "NAME       CALLS\nann[31m x  12\nben\n"; out.String() != want {
		t.Errorf("table\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	c.output.json = true
	if err := c.show(map[string]string{"a": "<b>"}, tab); err != nil || out.String() != "{\n  \"a\": \"<b>\"\n}\n" {
		t.Errorf("JSON: %v, %q", err, out.String())
	}
	c.say("dialling %s", "\x1b]0;x\a+49")
	c.log().Info("quiet")
	c.verbose = true
	c.log().Info("loud")
	if got := errs.String(); !strings.HasPrefix(got, "dialling ]0;x+49\n") || strings.Contains(got, "quiet") || !strings.Contains(got, "loud") {
		t.Errorf("standard error: %q", got)
	}
}
