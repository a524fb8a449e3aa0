package configs

import (
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// spring is the campaign of the product's description, word for word where
// words decide.
const spring = `name: spring
description: Spring offer for existing customers
client: Muster GmbH
purpose: advertising-b2c          # advertising-b2b | service | research | collection
greeting: "Muster GmbH, mein Name ist {agent}"
priority: 10
mode: progressive                 # preview | push-preview | progressive | predictive
accept: click                     # or auto
lists: [customers]
agents: [ann, ben]                # or all, or team: berlin
country: DE
hours: {mon-fri: "09:00-18:00"}
caller_id: "+4930901820"
ring_timeout: 30s
after_call_work: 60s
preview: {timeout: 10s, on_missed: not-ready}    # or stay-ready
treatments:
  - {on: busy, retry_in: 30m, max: 3}
  - {on: no-answer, retry_in: other-part-of-day, max: 8, max_per_day: 2, then: next-in-chain}
  - {on: answering-machine, retry_in: 1d, max: 4}
  - {on: wrong-party, retry_in: 4h, max: 4}
results: [answer, wrong-party, {answering-machine: quick}, {wrong-number: quick}]
dispositions:
  Sold: {New: success, Renewal: success}
  Not interested: {Price: refusal, Has one: refusal}
fields: {preview: [campaign, name], case: [campaign, description, phone], record: [name, city, call_kind, window, attempt_no, last_result, last_call]}
script: script.md
responses: responses/spring/
recording: {mode: off}
pacing: {max_abandoned: 0%}
announcement: sorry.wav
link: "https://crm.example/customer/{customer_id}"
`

func parse(t *testing.T, text string) Campaign {
	t.Helper()
	c, err := ParseCampaign([]byte(text), "dir/spring.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseCampaign(t *testing.T) {
	c := parse(t, spring)
	work, none := Duration(time.Minute), Percent(0)
	hour := time.Hour
	leaf := func(name, kind string) Disposition { return Disposition{Name: name, Kind: kind, Final: true} }
	want := Campaign{
		Name: "spring", Description: "Spring offer for existing customers", Client: "Muster GmbH",
		Purpose: "advertising-b2c", Greeting: "Muster GmbH, mein Name ist {agent}", Priority: 10,
		Mode: "progressive", Accept: "click", Lists: []string{"customers"},
		Agents: Agents{Names: []string{"ann", "ben"}}, Country: "DE",
		Hours:    Hours{{"mon-fri", []Span{{9 * hour, 18 * hour}}}},
		CallerID: "+4930901820", RingTimeout: Duration(30 * time.Second), AfterCallWork: &work,
		Preview: Preview{Timeout: Duration(10 * time.Second), OnMissed: "not-ready"},
		Treatments: []Treatment{
			{On: "busy", RetryIn: Retry{After: hour / 2}, Max: 3},
			{On: "no-answer", RetryIn: Retry{OtherPart: true}, Max: 8, MaxPerDay: 2, Then: "next-in-chain"},
			{On: "answering-machine", RetryIn: Retry{Days: 1}, Max: 4},
			{On: "wrong-party", RetryIn: Retry{After: 4 * hour}, Max: 4},
		},
		Results: []ResultChoice{{"answer", false}, {"wrong-party", false}, {"answering-machine", true}, {"wrong-number", true}},
		Dispositions: Dispositions{
			{Name: "Sold", Children: Dispositions{leaf("New", "success"), leaf("Renewal", "success")}},
			{Name: "Not interested", Children: Dispositions{leaf("Price", "refusal"), leaf("Has one", "refusal")}},
		},
		Fields: Fields{
			Preview: []string{"campaign", "name"}, Case: []string{"campaign", "description", "phone"},
			Record: []string{"name", "city", "call_kind", "window", "attempt_no", "last_result", "last_call"},
		},
		Script: "script.md", Responses: "responses/spring/", Recording: Recording{Mode: "off"},
		Pacing: Pacing{MaxAbandoned: &none}, Announcement: "sorry.wav",
		Link: "https://crm.example/customer/{customer_id}", File: "dir/spring.yaml",
	}
	got := c
	got.places = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if p := c.Beside(c.Script); p != filepath.Join("dir", "script.md") {
		t.Errorf("the script is looked for at %s", p)
	}
	w := c.Hours.Week()
	if len(w[time.Sunday]) != 0 || len(w[time.Saturday]) != 0 || len(w[time.Friday]) != 1 {
		t.Errorf("week: %v", w)
	}
}

// A campaign that is shown reads back as the same one, and the document of the
// product's description comes back nearly as it was written.
func TestCampaignRoundTrip(t *testing.T) {
	sample, err := fs.ReadFile(Sample(), "sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"spring": spring, "sample": string(sample), "small": "name: a",
		"odd": `{name: a, agents: {team: berlin}, after_call_work: 0, treatments: [{on: busy, retry_in: 24h, max: 1}, {on: fax, then: give-up}],
dispositions: {A: neutral, "yes": "neutral, final", B: "success, not final", C: {D: {E: refusal}}}, hours: {daily: closed}, own_failures: {pause_after: -1}}`,
		"mixed agents": "{name: a, agents: [ann, {team: berlin}, {team: on}], hours: {sat-mon: '00:00-24:00'}}",
		"all":          "{name: a, agents: all}",
	} {
		t.Run(name, func(t *testing.T) {
			c := parse(t, text)
			out, err := MarshalCampaign(c)
			if err != nil {
				t.Fatal(err)
			}
			again := parse(t, string(out))
			c.places, again.places = nil, nil
			if !reflect.DeepEqual(c, again) {
				t.Errorf("\n got %+v\nwant %+v\nfrom\n%s", again, c, out)
			}
		})
	}
	out, err := MarshalCampaign(parse(t, spring))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`hours: {mon-fri: "09:00-18:00"}`,
		`  - {on: no-answer, retry_in: other-part-of-day, max: 8, max_per_day: 2, then: next-in-chain}`,
		`results: [answer, wrong-party, {answering-machine: quick}, {wrong-number: quick}]`,
		`  Sold: {New: success, Renewal: success}`,
		`recording: {mode: off}`,
		`pacing: {max_abandoned: 0%}`,
		`caller_id: "+4930901820"`,
	} {
		if !strings.Contains(string(out), line+"\n") {
			t.Errorf("the document lacks %s\n%s", line, out)
		}
	}
}

func TestParseCampaignSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"name: a\nmod: x", `f.yaml:2:1: mod: unknown key; did you mean "mode"?`},
		{"mode: preview", `f.yaml: name: "" is not a name`},
		{"name: a b", `f.yaml:1:7: name: "a b" is not a name`},
		{"name: a\nmode: progresive", `f.yaml:2:7: mode: "progresive" is not one of the words for this key; did you mean "progressive"?`},
		{"name: a\npurpose: fun", `f.yaml:2:10: purpose: "fun" is not one`},
		{"name: a\nagents: ann", `f.yaml:2:9: agents: "ann" is neither all nor a list; write all, [ann, ben]`},
		{"name: a\nagents: []", `f.yaml:2:9: agents: nobody works this campaign`},
		{"name: a\nagents: [{x: y}]", `f.yaml:2:10: agents.0: is neither an agent nor a team`},
		{"name: a\nagents: [a, a]", `f.yaml:2:13: agents.1: "a" stands there twice`},
		{"name: a\nhours: {mo-fr: '09:00-18:00'}", `f.yaml:2:9: hours.mo-fr: "mo-fr" is not a day`},
		{"name: a\nhours: {mon-fri: '9-18'}", `f.yaml:2:18: hours.mon-fri: "9-18" is not a span of hours`},
		{"name: a\nhours: {mon: '18:00-09:00'}", `f.yaml:2:14: hours.mon: "18:00-09:00" ends before it begins`},
		{"name: a\nhours: {mon: '09:00-12:00, 11:00-13:00'}", `f.yaml:2:14: hours.mon: "09:00-12:00, 11:00-13:00" has spans that overlap`},
		{"name: a\nhours: {mon-wed: '09:00-12:00', tue: '13:00-14:00'}", `f.yaml:2:33: hours.tue: there are hours for tue already`},
		{"name: a\ntreatments: [{on: bussy}]", `f.yaml:2:19: treatments.0.on: "bussy" is neither a call result nor a disposition of this campaign; did you mean "busy"?`},
		{"name: a\ntreatments: [{retry_in: 1h, max: 1}]", `f.yaml:2:14: treatments.0: says for no call result`},
		{"name: a\ntreatments: [{on: busy}]", `f.yaml:2:14: treatments.0: says nothing to do`},
		{"name: a\ntreatments: [{on: busy, retry_in: 30m}]", `f.yaml:2:14: treatments.0: would try for ever`},
		{"name: a\ntreatments: [{on: busy, retry_in: tomorrow, max: 1}]", `f.yaml:2:35: treatments.0.retry_in: "tomorrow": not a time to wait`},
		{"name: a\ntreatments: [{on: busy, retry_in: 1h, max: 0}]", `f.yaml:2:44: treatments.0.max: 0 is out of bounds; write a value from 1 to 1000`},
		{"name: a\nattempts: 3\ntreatments: [{on: busy, retry_in: 1h}, {on: busy, retry_in: 2h}]", `f.yaml:3:40: treatments.1: "busy" stands there twice`},
		{"name: a\nresults: [answer, abandoned]", `f.yaml:2:19: results.1: "abandoned" is not a call result an agent can choose`},
		{"name: a\nresults: [{answer: fast}]", `f.yaml:2:11: results.0: is not a call result`},
		{"name: a\ndispositions: [Sold]", `f.yaml:2:15: dispositions: wants names of dispositions, not a list`},
		{"name: a\ndispositions: {Sold: great}", `f.yaml:2:22: dispositions.Sold: "great" is not one of the words`},
		{"name: a\ndispositions: {Sold: 'success, maybe'}", `f.yaml:2:22: dispositions.Sold: "success, maybe" is not a kind`},
		{"name: a\ndispositions: {A/B: success}", `f.yaml:2:16: dispositions.A/B: "A/B" is not a name`},
		{"name: a\ndispositions: {A: {B: {C: {D: {E: {F: success}}}}}}", `f.yaml:2:35: dispositions.A.B.C.D.E: the tree of dispositions is too deep`},
		{"name: a\nscript: /etc/passwd", `f.yaml:2:9: script: "/etc/passwd" is not beside this document`},
		{"name: a\nresponses: ../x", `f.yaml:2:12: responses: "../x" is not beside this document`},
		{"name: a\nlink: 'javascript:alert(1)'", `f.yaml:2:7: link: "javascript:alert(1)" is not the address of a page`},
		{"name: a\ncaller_id: 030901820", `f.yaml:2:12: caller_id: "030901820" is not a number in international form`},
		{"name: a\ncountry: xx", `f.yaml:2:10: country: "xx" is not a country`},
		{"name: a\nmode: preview\naccept: auto", `f.yaml:3:9: accept: auto takes the place of Accept, and in preview nothing is offered`},
		{"name: a\npreview: {auto_dial: 5s}", `f.yaml:2:22: preview.auto_dial: is for push-preview only`},
		{"name: a\npacing: {max_abandoned: 3}", `f.yaml:2:25: pacing.max_abandoned: "3": not a percentage; write a number from 0 to 100 and the sign, such as 3%`},
		{"name: a\nfields: {preview: [a, a]}", `f.yaml:2:23: fields.preview.1: "a" stands there twice`},
	} {
		_, err := ParseCampaign([]byte(c.text), "f.yaml")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n got %v\nwant %s…", c.text, err, c.want)
		}
	}
}

func TestCheckCampaign(t *testing.T) {
	cfg, err := Load("", []string{goodAccount, "dial.caller_ids=+4930901820", "dial.ring_timeout=20s"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ps := CheckCampaign(parse(t, spring), cfg); len(ps) > 0 {
		t.Errorf("spring: %v", ps)
	}
	for _, c := range []struct{ text, want string }{
		{"name: a", ""},
		{"{name: a, country: lab, ring_timeout: 2s, recording: {mode: always}, pacing: {max_abandoned: 50%}}", ""},
		{"name: a\nring_timeout: 10s", "f.yaml:2:15: ring_timeout: 10s is less than 15s"},
		{"name: a\nring_timeout: 50s", "f.yaml:2:15: ring_timeout: 50s is more than 40s"},
		{"name: a\ncaller_id: '+4930901821'", `f.yaml:2:12: caller_id: "+4930901821" is not one of our numbers; add it to dial.caller_ids; there are: +4930901820`},
		{"name: a\naccount: x", `f.yaml:2:10: account: there is no account "x"; the accounts are: pbx`},
		{"name: a\nrecording: {mode: announce}", `f.yaml:2:19: recording.mode: "announce" is not permitted in DE; permitted are: off, on-demand, ask`},
		{"name: a\ncountry: US\nrecording: {mode: announce}", `f.yaml:3:19: recording.mode: announce has nothing to announce; name the sound file (WAV) that says that the call is recorded, as in {mode: announce, announcement: recorded.wav}`},
		{"name: a\npacing: {max_abandoned: 4%}", "f.yaml:2:25: pacing.max_abandoned: 4% is more than DE permits; write 3% or less"},
		{"name: a\ncountry: FR\npacing: {max_abandoned: 1%}", "f.yaml:3:25: pacing.max_abandoned: 1% is more than FR permits; write 0% or less"},
		{"name: a\nhours: {sun: '10:00-12:00'}", "f.yaml:2:8: hours: at none of these hours may anybody in DE be called; the profile permits mon-fri 08:00-20:00, sat 09:00-18:00"},
	} {
		camp, err := ParseCampaign([]byte(c.text), "f.yaml")
		if err != nil {
			t.Fatal(err)
		}
		ps := CheckCampaign(camp, cfg)
		if c.want == "" && len(ps) == 0 {
			continue
		}
		if len(ps) != 1 || !strings.HasPrefix(ps[0].String(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.text, ps, c.want)
		}
	}
}

func TestCompleteCampaign(t *testing.T) {
	cfg, err := Load("", []string{goodAccount, "dial.account=pbx", "dial.caller_ids=+4930901820", "dial.ring_timeout=20s"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, "name: a").Complete(cfg)
	if c.Country != "DE" || c.Mode != "progressive" || c.Accept != "click" || c.Purpose != "advertising-b2c" ||
		!c.Agents.All || c.CallerID != "+4930901820" || c.Account != "pbx" || c.RingTimeout != cfg.Dial.RingTimeout ||
		time.Duration(c.Preview.Timeout) != 10*time.Second || c.Preview.OnMissed != "not-ready" ||
		time.Duration(*c.AfterCallWork) != time.Minute || c.Recording.Mode != "off" || *c.Pacing.MaxAbandoned != 0 ||
		c.OwnFailures.PauseAfter != 10 {
		t.Errorf("%+v", c)
	}
	if c := parse(t, "{name: a, mode: predictive}").Complete(cfg); c.Accept != "auto" {
		t.Errorf("predictive: %+v", c)
	}
	c = parse(t, "{name: a, mode: push-preview, after_call_work: 0, country: US}").Complete(cfg)
	if time.Duration(c.Preview.Timeout) != 20*time.Second || *c.AfterCallWork != 0 || *c.Pacing.MaxAbandoned != 0.03 {
		t.Errorf("push preview: %+v", c)
	}
}
