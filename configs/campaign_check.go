package configs

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// campaign checks what a document says against itself.
func (k *checker) campaign(c Campaign) {
	if !word(c.Name) {
		k.say("name", Say("not-name", "%s is not a name", quote(c.Name)), Say("how-name-command", "use letters, digits, - _ and . (up to 64): it stands in commands and file names"))
	}
	for _, f := range []struct{ key, text string }{
		{"description", c.Description}, {"client", c.Client}, {"greeting", c.Greeting},
	} {
		if f.text != "" && !text(strings.ReplaceAll(f.text, "\n", " "), 1000) {
			k.say(f.key, Say("not-short", "is not a short text"), Say("how-short", "at most 1000 letters, no control characters"))
		}
	}
	if c.Country != "" && c.Country != Lab && !country(c.Country) {
		k.say("country", Say("not-country", "%s is not a country", quote(c.Country)), Say("how-country", `write its two letters, such as DE, or "lab"`))
	}
	if c.CallerID != "" && !e164(c.CallerID) {
		k.say("caller_id", Say("not-e164", "%s is not a number in international form", quote(c.CallerID)), Say("how-e164", "write it as in +4930901820: plus, country code, number, digits only"))
	}
	if c.Accept == "auto" && c.Mode == "preview" { // click may stay: one document goes from mode to mode
		k.say("accept", Say("accept-preview", "auto takes the place of Accept, and in preview nothing is offered: the agent fetches each record, and dials it herself"),
			Say("how-accept", "delete the key, or choose push-preview, which opens records by itself, and with preview.auto_dial dials them, too"))
	}
	if c.Preview.AutoDial > 0 && c.Mode != "push-preview" {
		k.say("preview.auto_dial", Say("push-only", "is for push-preview only"), Say("how-push", "delete the key, or choose that mode"))
	}
	k.campaignLists(c)
	k.treatments(c)
	k.selection(c)
	k.campaignFiles(c)
}

func (k *checker) campaignLists(c Campaign) {
	for i, l := range c.Lists {
		if !word(l) {
			k.say(fmt.Sprintf("lists.%d", i), Say("not-name", "%s is not a name", quote(l)), Say("how-name", "use letters, digits, - _ and . (up to 64)"))
		}
	}
	k.unique("lists", c.Lists)
	k.unique("agents", c.Agents.Names)
	var results []string
	for _, r := range c.Results {
		results = append(results, r.Result)
	}
	k.unique("results", results)
	for _, view := range []struct {
		key    string
		fields []string
	}{{"fields.preview", c.Fields.Preview}, {"fields.case", c.Fields.Case}, {"fields.record", c.Fields.Record}} {
		k.unique(view.key, view.fields)
		for i, f := range view.fields {
			if !text(f, 100) || i >= 100 {
				k.say(fmt.Sprintf("%s.%d", view.key, i), Say("not-field", "%s is not a field", quote(f)), Say("how-field", "write the header of a column, or a field that is built in; at most 100"))
			}
		}
	}
}

func (k *checker) treatments(c Campaign) {
	var on []string
	known := append(treatable(), c.Dispositions.codes("", true)...)
	for i, t := range c.Treatments {
		key := fmt.Sprintf("treatments.%d", i)
		on = append(on, t.On)
		switch {
		case t.On == "":
			k.say(key, Say("treats-nothing", "says for no call result what to do"), how("{on: busy, retry_in: 30m, max: 3}"))
		case !slices.Contains(known, t.On):
			k.say(key+".on", Say("not-treatable", "%s is neither a call result nor a disposition of this campaign", quote(t.On)), suggest(t.On, known))
		case !t.retries() && t.Then == "":
			k.say(key, Say("does-nothing", "says nothing to do"), Say("how-does", "add retry_in or at, or then: next-in-chain"))
		case t.retries() && t.Max == 0 && c.Attempts == 0:
			k.say(key, Say("for-ever", "would try for ever"), Say("how-max", "add max to it, or attempts to the campaign"))
		case t.RetryIn.OtherPart && t.At != 0:
			k.say(key+".at", Say("at-odds", "is at odds with other-part-of-day"), Say("how-one", "write one of the two"))
		case t.Increment != Retry{} && (t.Increment.OtherPart || t.RetryIn.OtherPart || !t.retries()):
			k.say(key+".increment", Say("increment-needs", "makes each further retry later by a time, and so needs a time in retry_in"), how("{retry_in: 1h, increment: 30m}"))
		}
	}
	k.unique("treatments", on)
}

func (t Treatment) retries() bool { return t.RetryIn != Retry{} || t.At != 0 }

// treatable are the call results a treatment can be for.
func treatable() []string {
	return []string{
		"answer", "busy", "no-answer", "answering-machine", "invalid-number", "all-trunks-busy", "silence", "fax",
		"rejected", "wrong-party", "wrong-number", "abandoned", "dial-error", "unknown",
	}
}

// selection checks which records are offered, and in what order.
func (k *checker) selection(c Campaign) {
	k.unique("order", c.Order)
	if len(c.Order) > 0 && len(c.Mix) > 0 {
		k.say("mix", Say("mix-and-order", "says in what order records are offered, and so does order"), Say("how-delete", "delete one of the two"))
	}
}

// campaignFiles keeps what a document names within its own folder: it may come
// from another machine, and its texts are shown to agents.
func (k *checker) campaignFiles(c Campaign) {
	for _, f := range c.Files() {
		if !filepath.IsLocal(f.Name) {
			k.say(f.Key, Say("not-beside", "%s is not beside this document", quote(f.Name)), Say("how-beside", "put the file into the folder of the document or below, and write the path from there"))
		}
	}
	if c.Link != "" {
		u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(c.Link))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			k.say("link", Say("not-page", "%s is not the address of a page", quote(c.Link)), how(`"https://crm.example/customer/{customer_id}"`))
		}
	}
}

// CheckCampaign says what in a campaign does not fit the configuration and the
// law profile of its country.
func CheckCampaign(c Campaign, cfg Config) []Problem {
	k := &checker{place: c.place}
	full := c.Complete(cfg)
	p := ProfileFor(full.Country)
	k.ringTimeout("ring_timeout", full.RingTimeout, full.Country)
	if c.CallerID != "" && !slices.Contains(cfg.Dial.CallerIDs, c.CallerID) {
		k.say("caller_id", Say("not-ours", "%s is not one of our numbers", quote(c.CallerID)), Say("how-ours", "add it to dial.caller_ids; there are: %s", orNoneSaid(cfg.Dial.CallerIDs)))
	}
	if c.Account != "" && !slices.Contains(accountNames(cfg), c.Account) {
		k.say("account", Say("no-account", "there is no account %s", quote(c.Account)), Say("how-account", "the accounts are: %s", orNoneSaid(accountNames(cfg))))
	}
	switch {
	case !slices.Contains(p.Recording, full.Recording.Mode):
		k.say("recording.mode", Say("not-permitted", "%s is not permitted in %s", quote(full.Recording.Mode), full.Country), Say("how-permitted", "permitted are: %s", strings.Join(p.Recording, ", ")))
	case c.Recording.Mode == "announce" && c.Recording.Announcement == "":
		k.say("recording.mode", Say("nothing-announced", "announce has nothing to announce"), Say("how-announce", "name the sound file (WAV) that says that the call is recorded, as in {mode: announce, announcement: recorded.wav}"))
	}
	if *full.Pacing.MaxAbandoned > p.Abandoned.Ceiling {
		k.say("pacing.max_abandoned", Say("too-many-abandoned", "%s is more than %s permits", *full.Pacing.MaxAbandoned, full.Country), Say("how-most", "write %s or less", p.Abandoned.Ceiling))
	}
	if overlap(p.Hours.Week(), c.Hours.Week()) == 0 {
		k.say("hours", Say("hours-forbidden", "at none of these hours may anybody in %s be called", full.Country), Say("how-hours-permitted", "the profile permits %s", hoursText(p.Hours)))
	}
	return k.problems
}

func orNoneSaid(words []string) Saying {
	if len(words) == 0 {
		return Say("none", "none")
	}
	return plain(strings.Join(words, ", "))
}

func hoursText(h Hours) string {
	var parts []string
	n := h.encodeNode()
	for i := 0; i+1 < len(n.Content); i += 2 {
		parts = append(parts, n.Content[i].Value+" "+n.Content[i+1].Value)
	}
	return strings.Join(parts, ", ")
}
