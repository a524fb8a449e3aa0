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
		k.add("name", quote(c.Name)+" is not a name", "use letters, digits, - _ and . (up to 64): it stands in commands and file names")
	}
	for _, f := range []struct{ key, text string }{
		{"description", c.Description}, {"client", c.Client}, {"greeting", c.Greeting},
	} {
		if f.text != "" && !text(strings.ReplaceAll(f.text, "\n", " "), 1000) {
			k.add(f.key, "is not a short text", "at most 1000 letters, no control characters")
		}
	}
	if c.Country != "" && c.Country != Lab && !country(c.Country) {
		k.add("country", quote(c.Country)+" is not a country", `write its two letters, such as DE, or "lab"`)
	}
	if c.CallerID != "" && !e164(c.CallerID) {
		k.add("caller_id", quote(c.CallerID)+" is not a number in international form", "write it as in +4930901820: plus, country code, number, digits only")
	}
	if c.Accept == "auto" && c.Mode == "preview" { // click may stay: one document goes from mode to mode
		k.add("accept", "in preview the agent fetches her records: nothing opens by itself", "delete the key, or choose push-preview")
	}
	if c.Preview.AutoDial > 0 && c.Mode != "push-preview" {
		k.add("preview.auto_dial", "is for push-preview only", "delete the key, or choose that mode")
	}
	k.campaignLists(c)
	k.treatments(c)
	k.selection(c)
	k.campaignFiles(c)
}

func (k *checker) campaignLists(c Campaign) {
	for i, l := range c.Lists {
		if !word(l) {
			k.add(fmt.Sprintf("lists.%d", i), quote(l)+" is not a name", "use letters, digits, - _ and . (up to 64)")
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
				k.add(fmt.Sprintf("%s.%d", view.key, i), quote(f)+" is not a field", "write the header of a column, or a field that is built in; at most 100")
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
			k.add(key, "says for no call result what to do", "write it as in {on: busy, retry_in: 30m, max: 3}")
		case !slices.Contains(known, t.On):
			k.add(key+".on", quote(t.On)+" is neither a call result nor a disposition of this campaign", suggest(t.On, known))
		case !t.retries() && t.Then == "":
			k.add(key, "says nothing to do", "add retry_in or at, or then: next-in-chain")
		case t.retries() && t.Max == 0 && c.Attempts == 0:
			k.add(key, "would try for ever", "add max to it, or attempts to the campaign")
		case t.RetryIn.OtherPart && t.At != 0:
			k.add(key+".at", "is at odds with other-part-of-day", "write one of the two")
		case t.Increment != Retry{} && (t.Increment.OtherPart || t.RetryIn.OtherPart || !t.retries()):
			k.add(key+".increment", "makes each further retry later by a time, and so needs a time in retry_in", "write it as in {retry_in: 1h, increment: 30m}")
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
		k.add("mix", "says in what order records are offered, and so does order", "delete one of the two")
	}
}

// campaignFiles keeps what a document names within its own folder: it may come
// from another machine, and its texts are shown to agents.
func (k *checker) campaignFiles(c Campaign) {
	for _, f := range c.Files() {
		if !filepath.IsLocal(f.Name) {
			k.add(f.Key, quote(f.Name)+" is not beside this document", "put the file into the folder of the document or below, and write the path from there")
		}
	}
	if c.Link != "" {
		u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(c.Link))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			k.add("link", quote(c.Link)+" is not the address of a page", `write it as in "https://crm.example/customer/{customer_id}"`)
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
		k.add("caller_id", quote(c.CallerID)+" is not one of our numbers", "add it to dial.caller_ids; there are: "+orNone(cfg.Dial.CallerIDs))
	}
	if c.Account != "" && !slices.Contains(accountNames(cfg), c.Account) {
		k.add("account", "there is no account "+quote(c.Account), "the accounts are: "+orNone(accountNames(cfg)))
	}
	switch {
	case !slices.Contains(p.Recording, full.Recording.Mode):
		k.add("recording.mode", fmt.Sprintf("%s is not permitted in %s", quote(full.Recording.Mode), full.Country), "permitted are: "+strings.Join(p.Recording, ", "))
	case c.Recording.Mode == "announce" && c.Recording.Announcement == "":
		k.add("recording.mode", "announce has nothing to announce", "name the sound file (WAV) that says that the call is recorded, as in {mode: announce, announcement: recorded.wav}")
	}
	if *full.Pacing.MaxAbandoned > p.Abandoned.Ceiling {
		k.add("pacing.max_abandoned", fmt.Sprintf("%s is more than %s permits", *full.Pacing.MaxAbandoned, full.Country), fmt.Sprintf("write %s or less", p.Abandoned.Ceiling))
	}
	if overlap(p.Hours.Week(), c.Hours.Week()) == 0 {
		k.add("hours", "at none of these hours may anybody in "+full.Country+" be called", "the profile permits "+hoursText(p.Hours))
	}
	return k.problems
}

func hoursText(h Hours) string {
	var parts []string
	n := h.encodeNode()
	for i := 0; i+1 < len(n.Content); i += 2 {
		parts = append(parts, n.Content[i].Value+" "+n.Content[i+1].Value)
	}
	return strings.Join(parts, ", ")
}
