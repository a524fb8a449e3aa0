package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// write puts a configuration into a folder of its own.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "freiton.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// uncommented is the manual with its examples in force.
func uncommented(t *testing.T) string {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#    `).ReplaceAllString(Manual(), "    ")
	if text == Manual() {
		t.Fatal("the manual has no examples")
	}
	return strings.Replace(text, "accounts: []", "accounts:", 1)
}

func TestDefaultsAreTheManual(t *testing.T) {
	c := Default()
	want := Config{
		Data:    "freiton-data",
		Web:     Web{Listen: "127.0.0.1:8080", Session: Login{Idle: Duration(time.Hour), Absolute: Duration(12 * time.Hour)}},
		SIP:     SIP{Listen: []string{"udp://0.0.0.0:5070"}, Trusted: []string{}, Accounts: []Account{}},
		Dial:    Dial{Country: "DE", DefaultCountry: "DE", Allow: []string{}, Kinds: []string{}, CallerIDs: []string{}, RingTimeout: Duration(30 * time.Second), CallsPerSecond: 5},
		Inbound: Inbound{To: "agents"},
		Media:   Media{IP: "0.0.0.0", Ports: PortRange{16384, 32767}, Codecs: []string{"pcma", "pcmu"}},
		Headset: Headset{UDP: "0.0.0.0:8443", Advertise: []string{}, HoldAfter: Duration(3 * time.Second), HandOnAfter: Duration(30 * time.Second)},
		NotReady: []string{"Pause", "Bildschirmpause", "Besprechung", "Schulung",
			"Technik"},
		Retention: Retention{Duration(90 * day), Duration(year), Duration(90 * day)},
		Drain:     Duration(time.Minute),
	}
	got := c
	got.places = nil
	got.Data = Path(filepath.Clean(string(got.Data)))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults\n got %+v\nwant %+v", got, want)
	}
	if ps := Check(c); len(ps) > 0 {
		t.Errorf("the defaults have problems: %v", ps)
	}
	if a := c.Allowed(); len(a) != 1 || a[0] != "+49" {
		t.Errorf("allowed by default: %v", a)
	}
}

// The manual is whole: every key of the struct stands in it, in its place, and
// the lines above it or the line itself explain it.
func TestManualExplainsEveryKey(t *testing.T) {
	lines := strings.Split(uncommented(t), "\n")
	for _, key := range allKeys(reflect.TypeFor[Config](), "") {
		if !explained(lines, key) {
			t.Errorf("the manual does not explain %s", key)
		}
	}
	if explained(lines, "sip.nothing") || explained([]string{"web:", "  listen: x"}, "web.listen") {
		t.Error("this test finds everything explained")
	}
}

// allKeys lists the paths of all keys; the entries of a list have no number.
func allKeys(typ reflect.Type, path string) []string {
	var keys []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		k := keyOf(f)
		if k == "" {
			continue
		}
		keys = append(keys, join(path, k))
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && len(keysOf(inner)) > 0 {
			keys = append(keys, allKeys(inner, join(path, k))...)
		}
	}
	return keys
}

// explained looks for a key at its depth, under its parents, below a comment.
func explained(lines []string, path string) bool {
	type parent struct {
		indent int
		key    string
	}
	var stack []parent
	comment := false
	for _, l := range lines {
		text := strings.TrimSpace(l)
		if text == "" || strings.HasPrefix(text, "#") {
			comment = text != ""
			continue
		}
		text = strings.TrimPrefix(text, "- ")
		indent := strings.Index(l, text)
		key, _, ok := strings.Cut(text, ":")
		if !ok {
			continue
		}
		for len(stack) > 0 && stack[len(stack)-1].indent >= indent {
			stack = stack[:len(stack)-1]
		}
		stack = append(stack, parent{indent, key})
		var at []string
		for _, p := range stack {
			at = append(at, p.key)
		}
		if strings.Join(at, ".") == path {
			return comment
		}
		comment = false
	}
	return false
}

func TestManualExamplesAreRight(t *testing.T) {
	c, err := Load(write(t, uncommented(t)), nil, []string{"PBX_PASSWORD=geheim"})
	if err != nil {
		t.Fatal(err)
	}
	if ps := Check(c); len(ps) > 0 {
		t.Errorf("problems: %v", ps)
	}
	a, ok := c.DialAccount()
	if !ok || a.Name != "pbx" || a.Password.Reveal() != "geheim" || a.MaxCalls != 10 {
		t.Errorf("account: %+v", a)
	}
	if got := c.DialURI(); got != "sip:{number}@pbx.example:5060;transport=udp" {
		t.Errorf("uri: %s", got)
	}
	// An account that gives only what it must has the same values.
	short, err := Load(write(t, "sip: {accounts: [{name: pbx, address: 'sip:1001@pbx.example', registrar: 'sip:pbx.example:5060;transport=udp', username: 1001, password: geheim}]}"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b := short.SIP.Accounts[0]; !reflect.DeepEqual(a, b) {
		t.Errorf("defaults of an account\n got %+v\nwant %+v", b, a)
	}
}

func TestLoadFile(t *testing.T) {
	path := write(t, `
data: var/data
store: postgres://freiton:geheim@db.example/freiton?password=geheim
sip:
  accounts:
    - {name: trunk, address: "sip:49301234@trunk.example", max_calls: 30}
dial:
  ring_timeout: 40s
web:
  tls:            # left as it is
not_ready: [Pause]
`)
	c, err := Load(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(path), "var/data"); string(c.Data) != want {
		t.Errorf("data is %s, want %s", c.Data, want)
	}
	if c.SIP.Accounts[0].CallerIDIn != "pai" || c.SIP.Accounts[0].MaxCalls != 30 {
		t.Errorf("account: %+v", c.SIP.Accounts[0])
	}
	if time.Duration(c.Dial.RingTimeout) != 40*time.Second || c.Dial.Country != "DE" || len(c.NotReady) != 1 {
		t.Errorf("dial: %+v, not ready: %v", c.Dial, c.NotReady)
	}
	if dsn, ok := c.Store.Postgres(); !ok || !strings.Contains(dsn, "geheim@") {
		t.Error("the store's address is lost")
	}
	if s := fmt.Sprintf("%v %+v %#v %v", c.Store, c.Store, c.Store, c); strings.Contains(s, "geheim") {
		t.Errorf("the store prints its password: %s", s)
	}
	if got := c.DialURI(); got != "sip:{number}@trunk.example" {
		t.Errorf("uri: %s", got)
	}
}

func TestOverrides(t *testing.T) {
	path := write(t, "sip: {accounts: [{name: pbx, address: 'sip:1@a.example'}]}\ndial: {ring_timeout: 20s}")
	env := []string{
		"HOME=/root", "FREITON_LAB_CACHE=/x", "FREITON_DIAL__RING_TIMEOUT=25s",
		"FREITON_SIP__ACCOUNTS__0__PASSWORD=eins", "FREITON_DIAL__ALLOW=+49, 6xx",
		"FREITON_SIP__ACCOUNTS__1__ADDRESS=sip:2@b.example", "FREITON_SIP__ACCOUNTS__1__NAME=b",
		"FREITON_DATA=rel",
	}
	sets := []string{"dial.ring_timeout=26s", "not_ready.1=Kaffee", `dial.caller_ids=["+4930901820"]`, "web.tls.self_signed=true"}
	for i := 2; i < 12; i++ { // ten and more: not in alphabetical order
		env = append(env, fmt.Sprintf("FREITON_SIP__ACCOUNTS__%d__NAME=n%d", i, i))
	}
	c, err := Load(path, sets, env)
	if err != nil {
		t.Fatal(err)
	}
	if time.Duration(c.Dial.RingTimeout) != 26*time.Second {
		t.Errorf("the command line must win: %v", c.Dial.RingTimeout)
	}
	if len(c.SIP.Accounts) != 12 || c.SIP.Accounts[0].Password.Reveal() != "eins" || c.SIP.Accounts[1].Name != "b" || c.SIP.Accounts[11].Name != "n11" {
		t.Errorf("accounts: %+v", c.SIP.Accounts)
	}
	if !reflect.DeepEqual(c.Dial.Allow, []string{"+49", "6xx"}) || !reflect.DeepEqual(c.Dial.CallerIDs, []string{"+4930901820"}) {
		t.Errorf("dial: %+v", c.Dial)
	}
	if c.NotReady[1] != "Kaffee" || len(c.NotReady) != 5 || !c.Web.TLS.SelfSigned || c.Data != "rel" {
		t.Errorf("not ready %v, tls %v, data %v", c.NotReady, c.Web.TLS, c.Data)
	}
}

// What is wrong is said with place, key and cure, on one line.
func TestLoadSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, file, set, env, want string }{
		{"unknown key", "web:\n  lisen: x\n", "", "", `F:2:3: web.lisen: unknown key; did you mean "listen"?`},
		{"unknown, nothing near", "quux: 1\n", "", "", `F:1:1: quux: unknown key; known here: data, store,`},
		{"unknown in a list", "sip:\n  accounts:\n    - name: a\n      passwrod: x\n", "", "", `F:4:7: sip.accounts.0.passwrod: unknown key; did you mean "password"?`},
		{"not a duration", "drain: 60\n", "", "", `F:1:8: drain: "60": not a duration; write a number and a unit`},
		{"negative duration", "drain: -5s\n", "", "", `F:1:8: drain: "-5s": not a duration`},
		{"over the bound", "drain: 2h\n", "", "", `F:1:8: drain: 2h is out of bounds; write 1h or less`},
		{"not a number", "dial: {calls_per_second: fast}\n", "", "", `F:1:26: dial.calls_per_second: "fast" is not a number`},
		{"negative number", "dial: {calls_per_second: -1}\n", "", "", `F:1:26: dial.calls_per_second: -1 is out of bounds; write a value from 0 to 1000`},
		{"not a bool", "web: {allow_plain: yes}\n", "", "", `F:1:20: web.allow_plain: "yes" is neither true nor false; write true or false`},
		{"not a word", "media: {codecs: [pcma, pcmx]}\n", "", "", `F:1:24: media.codecs.1: "pcmx" is not one of the words for this key; did you mean "pcma"?`},
		{"list wanted", "not_ready: Pause\n", "", "", `F:1:12: not_ready: wants a list, not "Pause"; write [a, b]`},
		{"keys wanted", "web: 8080\n", "", "", `F:1:6: web: wants keys, not "8080"; known here: listen`},
		{"text wanted", "data: [a]\n", "", "", `F:1:7: data: wants a path, not a list`},
		{"ports", "media: {ports: 5000}\n", "", "", `F:1:16: media.ports: "5000": not a range of ports`},
		{"store", "store: postgres:geheim\n", "", "", `F:1:8: store: "•••": not a store`},
		{"twice", "drain: 1s\ndrain: 2s\n", "", "", `F:2:1: drain: the key stands here twice`},
		{"alias", "data: &a x\n", "", "", `F:1:7: data: anchors and aliases`},
		{"tag", "data: !!binary aGk=\n", "", "", `F:1:7: data: tags (!) are not read`},
		{"tab", "web:\n\tlisten: x\n", "", "", `F:2: not valid YAML: found character that cannot start any token; indent with blanks`},
		{"two documents", "drain: 1s\n---\ndrain: 2s\n", "", "", `F: not valid YAML: there is a second document`},
		{"no mapping", "- a\n", "", "", `F:1:1: the file is not a list of keys`},
		{"variable not set", "sip: {accounts: [{name: a, password: '${NO}'}]}\n", "", "", `F:1:38: sip.accounts.0.password: the environment variable "NO" is not set`},
		{"password file missing", "sip: {accounts: [{name: a, password_file: no}]}\n", "", "", `F:1:43: sip.accounts.0.password_file: D/no: cannot be read: no such file or directory`},
		{"set: unknown", "", "dial.rin_timeout=4s", "", `--set dial.rin_timeout: unknown key; did you mean "ring_timeout"?`},
		{"set: value", "", "drain=x", "", `--set drain: "x": not a duration`},
		{"set: no value", "", "drain", "", `--set drain: has no value`},
		{"set: index", "", "not_ready.9=x", "", `--set not_ready.9: "not_ready" is a list of 5; use a number from 0 to 5`},
		{"set: broken list", "", "dial.allow=[+49", "", `--set dial.allow: the value begins like a list`},
		{"set: a password in braces", "", "sip.accounts.0={name: a, password: '{x}', quux: 1}", "", `--set sip.accounts.0: sip.accounts.0.quux: unknown key`},
		{"variable: unknown", "", "", "FREITON_WEB__LISTN=x", `variable FREITON_WEB__LISTN: web.listn: unknown key; did you mean "listen"?`},
		{"variable: value", "", "", "FREITON_DRAIN=x", `variable FREITON_DRAIN: drain: "x": not a duration`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.file)
			var sets, env []string
			if c.set != "" {
				sets = []string{c.set}
			}
			if c.env != "" {
				env = []string{c.env}
			}
			_, err := Load(path, sets, env)
			if err == nil {
				t.Fatal("no error")
			}
			want := regexp.MustCompile(`^F`).ReplaceAllString(c.want, path)
			want = strings.Replace(want, "D/", filepath.Dir(path)+"/", 1)
			if !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("\n got %s\nwant %s…", err, want)
			}
		})
	}
}

func TestLoadRefusesWhatIsTooLarge(t *testing.T) {
	for name, text := range map[string]string{
		"bytes": "# " + strings.Repeat("x", maxFile),
		"nodes": "not_ready: [" + strings.Repeat("a,", maxNodes) + "a]",
		"depth": "data: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		if _, err := Load(write(t, text), nil, nil); err == nil || !strings.Contains(err.Error(), "is it the right file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), nil, nil); err == nil || !strings.Contains(err.Error(), "freiton config") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	c, err := Load("", []string{"sip.accounts.0.password=geheim"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := c.SIP.Accounts[0]
	for _, s := range []string{
		fmt.Sprint(a), fmt.Sprintf("%+v %#v %q %x %d", a, a, a.Password, a.Password, a.Password),
		a.Password.LogValue().String(), string(must(a.Password.MarshalText())), string(must(MarshalConfig(c))),
	} {
		if strings.Contains(s, "geheim") || strings.Contains(s, "676568") {
			t.Errorf("the password is in %s", s)
		}
	}
	if a.Password.Reveal() != "geheim" {
		t.Error("the password is lost")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestPasswordFile(t *testing.T) {
	path := write(t, "sip: {accounts: [{name: a, password_file: pw}]}")
	pw := filepath.Join(filepath.Dir(path), "pw")
	for text, want := range map[string]string{"geheim\n": "geheim", "ge heim\r\n": "ge heim", "": "", "a\nb\n": ""} {
		if err := os.WriteFile(pw, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, nil, nil)
		if (err == nil) != (want != "") {
			t.Errorf("%q: error %v", text, err)
			continue
		}
		if err == nil && c.SIP.Accounts[0].Password.Reveal() != want {
			t.Errorf("%q: read otherwise", text)
		}
	}
	if _, err := Load(path, []string{"sip.accounts.0.password=x"}, nil); err == nil {
		t.Error("both a password and a file are accepted")
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "500ms": 500 * time.Millisecond, "30s": 30 * time.Second, "1h30m": 90 * time.Minute,
		"90d": 90 * day, "2w": 14 * day, "1y": year, "1d12h": 36 * time.Hour,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %v, %v", text, time.Duration(d), err)
		}
		var again Duration
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%s is written as %s and read as %v", text, d, again)
		}
	}
	for _, text := range []string{"", "5", "s", "-1s", "1d-5s", "1d+5s", "999999999999y", "293y", "1d9223372036s", "1x", "1.5d"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
	if s := Duration(90 * day).String(); s != "90d" {
		t.Errorf("90 days are written %s", s)
	}
}
