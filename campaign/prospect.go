package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WhyNot says in one sentence why a campaign does not dial a record now: what
// Why says, and before it what lies with the campaign and not with the record.
func WhyNot(c *Campaign, row CampaignRow, r Record, facts Facts, now time.Time) string {
	waits := r.Status == ChainReady && facts.BlockedBy == nil // who is blocked is never called
	if r.Status.Done() || r.Status == Stale || r.Status == Retrieved || waits {
		return Why(r, c.Rules, facts, now)
	}
	switch cond := c.Selection.Filter.fails(&r); {
	case cond != nil:
		return fmt.Sprintf("campaign %s leaves it out: its filter wants %s", c.Name, cond)
	case !c.Selection.offered(r.Kind()):
		return fmt.Sprintf("campaign %s leaves it out: it offers no %s records", c.Name, r.Kind())
	}
	rules := c.Rules
	rules.Running = true
	facts.LeaseOurs, facts.Record = true, r
	switch v := Gate(rules, facts, now); {
	case !v.Permitted && v.Kind == Permanent:
		return v.Reason.Text // however the campaign stands
	case row.State == Unloaded || row.State == "":
		return fmt.Sprintf("campaign %s is not loaded", c.Name)
	case row.State == Loaded:
		return fmt.Sprintf("campaign %s is loaded, and not started", c.Name)
	case row.Pause != "":
		return fmt.Sprintf("campaign %s has paused: %s", c.Name, row.Pause)
	case !v.Permitted && v.Kind == Global:
		return v.Reason.Text
	}
	mine := r.Owner != "" && r.Status == Ready && (r.Type == PersonalCallback || r.Type == PersonalRescheduled)
	switch {
	case mine && r.NextDial.After(now):
		return fmt.Sprintf("it is a callback of %s, due %s", r.Owner, local(r.NextDial, locationOf(r, rules)))
	case mine:
		return fmt.Sprintf("it is a callback of %s and waits for her since %s; if she is not there, anybody may call half an hour after its time, but not before the campaign has run so long", r.Owner, local(r.NextDial, locationOf(r, rules)))
	}
	return Why(r, rules, facts, now)
}

// Prospect is what a campaign will not dial of its lists, and why: "of 5,000
// records 312 will not be dialled, because …".
type Prospect struct {
	Records int           `json:"records"`
	Looked  int           `json:"looked" doc:"at how many records; fewer than records where the lists are long"`
	Not     int           `json:"not_dialled" doc:"of those: how many will not be dialled"`
	Because []ProspectWhy `json:"because" doc:"the most frequent reason first"`

	Missing []string `json:"missing_lists,omitempty" doc:"lists of the campaign that do not exist"`
	Absent  []string `json:"absent_columns,omitempty" doc:"columns that the filter names and no record has"`

	NoCallerID bool `json:"no_caller_id,omitempty" doc:"the law wants a number of ours to be shown, and there is none"`
}

// ProspectWhy counts records that are not dialled for one reason.
type ProspectWhy struct {
	Code    ReasonCode `json:"code"`
	Text    string     `json:"text"`
	Records int        `json:"records"`
}

// The reasons of a prospect that are not the gate's.
const (
	ReasonFinished  ReasonCode = "finished"
	ReasonStale     ReasonCode = "stale"
	ReasonFilter    ReasonCode = "filter"
	ReasonKindOrder ReasonCode = "order"
)

// Add takes in a record. blocked is its do-not-call entry, or nil; national what
// is known of its number and the national lists.
func (p *Prospect) Add(c *Campaign, r *Record, blocked *DNCEntry, national map[string]OnNational, now time.Time) {
	if p.Looked++; p.Looked == 1 {
		for _, cond := range c.Selection.Filter {
			p.Absent = append(p.Absent, cond.Field)
		}
		p.NoCallerID = c.CallerID == "" && slices.ContainsFunc(c.Rules.Profiles, func(p Profile) bool { return p.NeedsCallerID })
	}
	p.Absent = slices.DeleteFunc(p.Absent, r.has)
	code, text := c.never(r, blocked, national, now)
	if code == "" {
		return
	}
	p.Not++
	if i := slices.IndexFunc(p.Because, func(w ProspectWhy) bool { return w.Code == code && w.Text == text }); i >= 0 {
		p.Because[i].Records++
		return
	}
	p.Because = append(p.Because, ProspectWhy{code, text, 1})
}

// gateOffer asks those rules that are about the contact and not about the
// moment: whether a record is worth offering. Permit asks all of them again.
func gateOffer(rules Rules, facts Facts, now time.Time) Verdict {
	rules.CallerIDs, rules.PerSecond, rules.MaxCalls, rules.Running = nil, 0, 0, true
	facts.LeaseOurs, facts.ListReadable = true, true
	facts.CallerID = "shown when it is dialled"
	return Gate(rules, facts, now)
}

// never says why a record will not be dialled, whenever; empty: it may be.
func (c *Campaign) never(r *Record, blocked *DNCEntry, national map[string]OnNational, now time.Time) (ReasonCode, string) {
	switch {
	case r.Status == Stale:
		return ReasonStale, "the program stopped while they were called"
	case r.Status.Done():
		return ReasonFinished, "they are finished"
	case c.Selection.Filter.fails(r) != nil:
		return ReasonFilter, "the campaign's filter leaves them out"
	case !c.Selection.offered(r.Kind()):
		return ReasonKindOrder, "the campaign's order leaves their kind out"
	}
	v := gateOffer(c.Rules, Facts{Number: r.Phone, Person: r.Person, Record: *r, BlockedBy: blocked, National: national}, now)
	if v.Permitted || v.Kind != Permanent {
		return "", ""
	}
	text := v.Reason.Text
	switch v.Reason.Code {
	case ReasonDoNotCall:
		text = "they are on the do-not-call list"
	case ReasonListed:
		text = "they are " + text
	case ReasonNoConsent:
		text = "there is " + text
		if !r.Consent.Revoked.IsZero() {
			text = "they have revoked their consent"
		}
	case ReasonNotAllowed:
		text = "their numbers are outside what dial.allow names"
	case ReasonNumberKind:
		text = strings.NewReplacer("it is a ", "their numbers are ", " number, a kind", ", a kind").Replace(text)
	}
	return v.Reason.Code, text
}

// Sort puts the most frequent reason first.
func (p *Prospect) Sort() {
	slices.SortStableFunc(p.Because, func(a, b ProspectWhy) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.Code, b.Code))
	})
}

// String is the prospect in one sentence.
func (p *Prospect) String() string {
	records := "records"
	if p.Records == 1 {
		records = "record"
	}
	of := fmt.Sprintf("of %s %s", thousands(p.Records), records)
	if p.Looked < p.Records {
		of = fmt.Sprintf("of the first %s of %s %s", thousands(p.Looked), thousands(p.Records), records)
	}
	switch {
	case p.Records == 0:
		return "there are no records yet"
	case p.Not == 0:
		return of + " none is left out"
	}
	s := fmt.Sprintf("%s %s will not be dialled, because", of, thousands(p.Not))
	for i, w := range p.Because {
		if i > 0 {
			s += ";"
		}
		s += fmt.Sprintf(" %s (%s)", w.Text, thousands(w.Records))
	}
	return s
}

// thousands writes a count as 5,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Doubts are what of the campaign's document is likely a slip, a sentence each.
func (p *Prospect) Doubts() []string {
	var out []string
	for _, l := range p.Missing {
		out = append(out, fmt.Sprintf("there is no list %q: import it, or write its name as freiton list all shows it", l))
	}
	for _, f := range p.Absent {
		out = append(out, fmt.Sprintf("no record has a column %q, which the filter asks for", f))
	}
	if p.NoCallerID {
		out = append(out, "no number of ours is shown, which the law wants, so nothing will be dialled: write one to dial.caller_ids")
	}
	return out
}
