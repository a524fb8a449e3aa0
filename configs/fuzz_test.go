package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// FuzzConfig: any file, flag and variable gives a configuration or an *Error
// with place and cure; never a panic. What loads prints, and loads again.
func FuzzConfig(f *testing.F) {
	f.Add(Manual(), "dial.ring_timeout=40s", "FREITON_SIP__ACCOUNTS__0__NAME=a")
	f.Add("sip: {accounts: [{name: a, address: 'sip:1@b', password: '${X}'}]}", "sip.accounts.0.x=y", "FREITON_X=1")
	f.Add("a: &a [*a]", "data=[", "FREITON_DATA__0__0=x")
	f.Add("not_ready: [a, ]\n---\n", "not_ready.1=x", "FREITON_NOT_READY={a: b}")
	path := filepath.Join(f.TempDir(), "freiton.yaml")
	f.Fuzz(func(t *testing.T, text, set, env string) {
		if strings.Contains(text+set+env, "assword_file") || strings.Contains(strings.ToUpper(env), "PASSWORD_FILE") {
			return // reads whatever path it names
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, []string{set}, []string{env})
		if err != nil {
			checkError(t, err)
			return
		}
		for _, p := range Check(c) {
			if p.Cure.Text == "" || p.Text.Text == "" || p.Key == "" {
				t.Errorf("a problem without cure: %+v", p)
			}
		}
		out, err := MarshalConfig(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, nil, nil); err != nil && !strings.Contains(err.Error(), hidden) && !strings.Contains(string(out), "xxxxx") {
			t.Errorf("what was loaded does not load again: %v\n%s", err, out)
		}
	})
}

// FuzzCampaign: any document gives a campaign or an *Error; a campaign that is
// written and read again is the same one.
func FuzzCampaign(f *testing.F) {
	sample, err := fs.ReadFile(Sample(), "sample.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample))
	f.Add(spring)
	f.Add("{name: a, agents: [a, {team: b}], dispositions: {a: {b: 'neutral, final'}}, hours: {sat-mon: '00:00-24:00'}}")
	f.Add("name: a\nresults: [{answer: quick}]\ntreatments: [{on: busy, retry_in: 1y, max: 1}]")
	cfg := Default()
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCampaign([]byte(text), "f.yaml")
		if err != nil {
			checkError(t, err)
			return
		}
		CheckCampaign(c, cfg)
		out, err := MarshalCampaign(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseCampaign(out, "f.yaml")
		if err != nil {
			t.Fatalf("what was parsed does not parse again: %v\n%s", err, out)
		}
		twice, err := MarshalCampaign(again)
		if err != nil || string(twice) != string(out) {
			t.Errorf("%v\n%s\n%s", err, out, twice)
		}
		c.places, again.places = nil, nil
		if !reflect.DeepEqual(normal(c), normal(again)) {
			t.Errorf("\n got %+v\nwant %+v", again, c)
		}
	})
}

// FuzzProfile: any text gives a country's law or an *Error with place and cure;
// its days can be listed, its hours be asked for.
func FuzzProfile(f *testing.F) {
	for _, name := range []string{"US", "DE", "strictest"} {
		text, err := profileFiles.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("country: ZZ\nholidays: [{name: a, date: 02-29, observed: true}, {easter: -60, weekday: sun}, {date: 12-25, year: 2030}]")
	f.Add("country: ZZ\npostcodes: {\"1\": [A], '1': [A, A], x: y}\nregions: [{code: A}, {code: A, hours: {sat-mon: '22:00-24:00'}}]")
	f.Add("hours: {daily: \"25:00-08:00\"}\nmax_ring: -1s\nabandoned: {default: 300%, ceiling: -1%}\nnational_lists: [{consent_age: 1y}]")
	f.Add("a: &a {<<: *a}\nregions: &r [*r]")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseProfile([]byte(text), "profiles/ZZ.yaml")
		if err != nil {
			checkError(t, err)
			return
		}
		for _, r := range p.Regions {
			r.Dates(2026, 2031)
			r.Hours.Week()
		}
		p.Dates(2026, 2031)
		p.Hours.Week()
	})
}

// normal makes empty lists and none the same: a document that is shown leaves
// both out.
func normal(c Campaign) Campaign {
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() == 0 && f.CanSet() {
			f.SetZero()
		}
	}
	for _, list := range []*[]string{&c.Fields.Preview, &c.Fields.Case, &c.Fields.Record} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return c
}

func checkError(t *testing.T, err error) {
	var bad *Error
	if !errors.As(err, &bad) || len(bad.Problems) == 0 {
		t.Fatalf("not an *Error: %v", err)
	}
	for _, p := range bad.Problems {
		if p.Place == "" || p.Text.Text == "" || p.Cure.Text == "" {
			t.Errorf("a problem without place or cure: %+v", p)
		}
	}
}
