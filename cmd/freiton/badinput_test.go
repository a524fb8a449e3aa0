package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/sip/peer"
)

// What is wrong is said in one clear line, with the right exit status.
func TestBadInput(t *testing.T) {
	t.Parallel()
	x, config := practice(t, 10)
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	list := write("list.csv", "id;Telefon\n1;"+peer.Number("10", 0)+"\n")
	camp := write("camp.yaml", "name: c\ncountry: lab\n")
	autopilot := "autopilot --config " + config + " --campaign " + camp + " --list " + list
	silent, port := busyPort(t) // a PBX that never answers
	defer silent.Close()
	for _, c := range []struct {
		name, args string
		status     int
		err        []string // parts of the one line
	}{
		{"an unknown key", "serve --config " + write("key.yaml", "dial:\n  cuontry: DE\n"), 2, []string{"key.yaml:2:3", "cuontry", `did you mean "country"`}},
		{"no configuration file", "serve --config /nowhere/freiton.yaml", 2, []string{"/nowhere/freiton.yaml"}},
		{"broken YAML", "serve --config " + write("broken.yaml", "dial: [\n"), 2, []string{"broken.yaml"}},
		{"an unknown key in a campaign", "autopilot --config " + config + " --campaign " + write("bad.yaml", "name: c\nmod: preview\n") + " --list " + list, 2, []string{"bad.yaml:2", `did you mean "mode"`}},
		{"no list file", "autopilot --config " + config + " --campaign " + camp + " --list /nowhere.csv", 2, []string{"/nowhere.csv"}},
		{"a list without a number", "autopilot --config " + config + " --campaign " + camp + " --list " + write("none.csv", "id;Name\n1;Anna\n"), 2, []string{"none.csv", "--map phone="}},
		{"a wrong password", autopilot + " --set sip.accounts.0.password=wrong", 1, []string{"practice", "refuses user or password", "1001"}},
		{"nobody at the PBX's address", autopilot + " --set sip.accounts.0.registrar=sip:127.0.0.1:1", 1, []string{"127.0.0.1:1", "does not answer"}},
		{"a port in use", autopilot + " --set sip.listen.0=udp://127.0.0.1:" + port, 1, []string{port, "in use"}},
		{"an unwritable data folder", autopilot + " --set data=/proc/freiton", 1, []string{"/proc/freiton", "--set data="}},
		{"no number to call", "call --config " + config, 2, []string{"freiton call NUMBER"}},
		{"an agent too many", autopilot + " --agents 0", 2, []string{"--agents"}},
		{"an unknown result", autopilot + " --result happy", 2, []string{"happy"}},
		{"an unknown rule", autopilot + " --accept some", 2, []string{"some"}},
		{"a missing flag", "autopilot --config " + config, 2, []string{"campaign"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out, errs := freiton(t, nil, strings.Fields(c.args)...)
			if status != c.status || out != "" {
				t.Errorf("status %d (want %d), out %q\n%s", status, c.status, out, errs)
			}
			lines := 0
			for line := range strings.Lines(errs) {
				if !strings.HasPrefix(line, "freiton: ") {
					continue
				}
				lines++
				for _, part := range c.err {
					if !strings.Contains(line, part) {
						t.Errorf("%q is not in: %s", part, line)
					}
				}
			}
			if lines != 1 {
				t.Errorf("%d lines of error:\n%s", lines, errs)
			}
			if strings.Contains(errs, demoPassword) || strings.Contains(errs, "wrong") && c.name == "a wrong password" {
				t.Errorf("the password is shown:\n%s", errs)
			}
		})
	}
	if n := len(x.Records()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// A line that cannot be read is left out and told; --strict makes it count.
func TestBrokenLines(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "list.csv")
	text := "id;Name;Telefon\n1;Anna;030 23125000\n2;\"Ben;030 23125001\n3;Cem;hello\n4;Dora;4,93E+11\n5;Eva;030 23125005\n6;Eva;030 23125005\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := freiton(t, nil, "list", "import", "l", file, "--set", "data="+data)
	if status != 0 || !strings.Contains(errs, "1 duplicate skipped, 0 repaired, 3 bad lines") {
		t.Errorf("status %d, out %s\n%s", status, out, errs)
	}
	if status, _, errs := freiton(t, nil, "list", "import", "l2", file, "--strict", "--set", "data="+data); status != 1 {
		t.Errorf("--strict: status %d\n%s", status, errs)
	}
	// The same once more is all duplicates: they are told, and no bad lines.
	if status, _, errs := freiton(t, nil, "list", "import", "l3", sampleFile(t, "sample.csv"), "--strict", "--set", "data="+data); status != 0 {
		t.Errorf("status %d\n%s", status, errs)
	}
	if status, out, errs := freiton(t, nil, "list", "import", "l3", sampleFile(t, "sample.csv"), "--strict", "-o", "json", "--set", "data="+data); status != 0 || !strings.Contains(out, `"bad": 0`) {
		t.Errorf("again: status %d, %s\n%s", status, out, errs)
	}
	for _, c := range []struct{ args, err string }{
		{"list show 4711", "4711"},
		{"list why 4711", "4711"},
		{"list export nothing", "nothing"},
		{"list records nothing", "nothing"},
		{"campaign start nothing", "nothing"},
		{"dnc remove +493023125099", "not on the do-not-call list"},
	} {
		if status, out, errs := freiton(t, nil, append(strings.Fields(c.args), "--set", "data="+data)...); status != 1 || out != "" || !strings.Contains(errs, c.err) {
			t.Errorf("%s: status %d, %q\n%s", c.args, status, out, errs)
		}
	}
}

// What a command was given and cannot be read is a mistake of the command line,
// also where the desk finds it.
func TestTypedWrong(t *testing.T) {
	data := t.TempDir()
	list := filepath.Join(data, "list.csv")
	if err := os.WriteFile(list, []byte("Telefon\n030 23125000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"dnc", "add", "hello"}, {"dnc", "remove", "hello"}, {"dnc", "add", "030", "23125001", "030", "23125002"},
		{"user", "add", "bob", "--role", "king"}, {"user", "add", "bob", "--headset", "banana"}, {"user", "add", "b o/b"},
		{"list", "records", "customers", "--limit", "1001"}, {"list", "import", "my list", list}, {"list", "import", "l", list, "--map", "phone=Nothing"},
	} {
		status, out, errs := freiton(t, nil, append(args, "--set", "data="+data)...)
		if status != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q\n%s", args, status, out, errs)
		}
	}
}

// campaign show gives the document back as it was applied; with --output json
// the same as data.
func TestCampaignShow(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	file, doc := filepath.Join(data, "c.yaml"), "# ours\r\nname:   c\r\ncountry: lab # for practice\r\n"
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := freiton(t, nil, "campaign", "apply", "-f", file, "--set", "data="+data); status != 0 {
		t.Fatal(errs)
	}
	if status, out, errs := freiton(t, nil, "campaign", "show", "c", "--set", "data="+data); status != 0 || out != doc {
		t.Errorf("status %d, %q\n%s", status, out, errs)
	}
	status, out, errs := freiton(t, nil, "campaign", "show", "c", "-o", "json", "--set", "data="+data)
	var back map[string]string
	if err := json.Unmarshal([]byte(out), &back); err != nil || status != 0 || back["country"] != "lab" {
		t.Errorf("status %d, %v, %q\n%s", status, err, out, errs)
	}
}

// One data folder, one server; administration goes to it, and SIGTERM ends it.
func TestServe(t *testing.T) {
	t.Parallel()
	_, config := practice(t, 10)
	taken, port := busyPort(t) // as in every real configuration: one port, for the server
	taken.Close()
	listen := "sip.listen.0=udp://127.0.0.1:" + port
	server := startChild(t, "serve", "--config", config, "--set", listen)
	until(t, 20*time.Second, "it serves", func() bool { return strings.Contains(server.errs.String(), "serving on") })

	status, _, errs := freiton(t, nil, "serve", "--config", config)
	if status != 1 || !strings.Contains(errs, "in use by another freiton (process "+strconv.Itoa(server.cmd.Process.Pid)+")") {
		t.Errorf("a second server: status %d\n%s", status, errs)
	}
	number := peer.Number("00", 7)
	for _, args := range []string{
		"dnc add 0" + number[3:5] + " " + number[5:], "user add ann --role agent", "user list",
		"campaign apply -f " + sampleFile(t, "sample.yaml"), "campaign show practice", "list import practice " + sampleFile(t, "sample.csv"),
		"campaign load practice", "campaign start practice", "campaign mode practice predictive", "campaign status practice", "campaign report practice",
		"list show 1", "list why 1", "retention --dry-run", "report list practice --csv", "campaign stop practice", "campaign unload practice",
	} {
		if status, _, errs := freiton(t, nil, append(strings.Fields(args), "--config", config)...); status != 0 {
			t.Errorf("%s: status %d\n%s", args, status, errs)
		}
	}
	if status, out, _ := freiton(t, nil, "dnc", "export", "--config", config); status != 0 || !strings.Contains(out, number) {
		t.Errorf("the running server's do-not-call list: %s", out)
	}
	if status, _, errs := freiton(t, nil, "call", peer.Number("02", 0), "--duration", "1s", "--config", config, "--set", listen); status != 0 {
		t.Errorf("a call while a server runs: status %d\n%s", status, errs)
	}
	if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := server.wait(t, 10*time.Second); status != 0 {
		t.Errorf("SIGTERM: status %d\n%s", status, server.errs.String())
	}
	// Without a server the same commands work on the store.
	status, out, errs := freiton(t, nil, "dnc", "export", "--config", config)
	if status != 0 || !strings.Contains(out, number) {
		t.Errorf("without a server: status %d, %s\n%s", status, out, errs)
	}
	file := filepath.Join(t.TempDir(), "dnc.csv")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := freiton(t, nil, "dnc", "remove", number, "--config", config); status != 0 {
		t.Errorf("remove: %s", errs)
	}
	if status, _, errs := freiton(t, nil, "dnc", "import", file, "--strict", "--config", config); status != 0 {
		t.Errorf("what export writes is not read: status %d\n%s", status, errs)
	}
	if _, again, _ := freiton(t, nil, "dnc", "export", "--config", config); again != out {
		t.Errorf("exported, imported, exported:\n%s\n%s", out, again)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	for _, c := range []struct {
		args string
		want int
	}{
		{"--national TPS --date " + today, 0}, {"--national TPS --date 2999-01-01", 2}, {"--national TPS --date soon", 2}, {"--national TPS", 2},
		{"--national DE --date " + today, 2}, {"--national GB --date " + today, 2},
	} {
		args := append([]string{"dnc", "import", file, "--config", config}, strings.Fields(c.args)...)
		if status, _, errs := freiton(t, nil, args...); status != c.want {
			t.Errorf("%s: status %d\n%s", c.args, status, errs)
		}
	}
	// A national list is none of our own entries.
	if _, again, _ := freiton(t, nil, "dnc", "export", "--config", config); again != out {
		t.Errorf("after a national list:\n%s\n%s", out, again)
	}
	if _, page, errs := freiton(t, nil, "person", "show", number, "--config", config); !strings.Contains(page, "national list TPS") {
		t.Errorf("person show:\n%s\n%s", page, errs)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	_, config := practice(t, 10)
	status, out, errs := freiton(t, nil, "check", "--config", config, "--set", "media.ip=0.0.0.0", "--call", peer.Number("02", 0))
	if status != 0 || !strings.Contains(out, "registered at") || !strings.Contains(out, "answered") {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
	status, out, _ = freiton(t, nil, "check", "--config", config, "--set", "sip.accounts.0.password=wrong")
	if status != 1 || !strings.Contains(out, "problem") || !strings.Contains(out, "refuses user or password") {
		t.Errorf("a wrong password: status %d\n%s", status, out)
	}
}

func sampleFile(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "..", "configs", "sample", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBackupAndRestore(t *testing.T) {
	data := t.TempDir()
	set, file := []string{"--set", "data=" + data}, filepath.Join(t.TempDir(), "copy.db")
	one, two := peer.Number("00", 1), peer.Number("00", 2)
	for _, args := range []string{"dnc add " + one, "backup " + file, "dnc add " + two, "restore " + file} {
		if status, _, errs := freiton(t, nil, append(strings.Fields(args), set...)...); status != 0 {
			t.Fatalf("%s: status %d\n%s", args, status, errs)
		}
	}
	if _, out, _ := freiton(t, nil, append([]string{"dnc", "export"}, set...)...); !strings.Contains(out, one) || strings.Contains(out, two) {
		t.Errorf("after the restore: %s", out)
	}
	if status, _, errs := freiton(t, nil, append([]string{"backup", file}, set...)...); status != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "exists already") {
		t.Errorf("over another: status %d\n%s", status, errs)
	}
	if status, _, _ := freiton(t, nil, append([]string{"restore", filepath.Join(data, "nowhere.db")}, set...)...); status != 2 {
		t.Errorf("a file that is not there: status %d", status)
	}
	bad := filepath.Join(data, "bad.db")
	if err := os.WriteFile(bad, []byte("no store"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := freiton(t, nil, append([]string{"restore", bad}, set...)...); status != 1 || !strings.Contains(errs, bad) {
		t.Errorf("a file that is none: status %d\n%s", status, errs)
	}
}
