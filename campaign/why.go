package campaign

import (
	"fmt"
	"time"
)

// Why says in one sentence why a record is not dialled now.
func Why(r Record, rules Rules, facts Facts, now time.Time) string {
	switch {
	case r.Status == Stale:
		return "the program stopped while it was called; it is dialled again only after a person frees it"
	case r.Status == ChainReady:
		return "another number of the contact is tried first"
	case r.Status == Retrieved:
		return "it is with an agent now"
	case r.Status.Done() && r.Reason != "":
		return r.Reason
	case r.Status.Done():
		return fmt.Sprintf("it is finished: %s after %s", orUnknown(r.Result), plural(r.Attempts, "attempt"))
	}
	facts.LeaseOurs, facts.Record = true, r
	v := Gate(rules, facts, now)
	switch {
	case r.NextDial.After(now) && (v.Permitted || v.Kind == Temporary):
		if r.Reason != "" {
			return r.Reason
		}
		return "it waits until " + local(r.NextDial, locationOf(r, rules))
	case !v.Permitted:
		return v.Reason.Text
	default:
		return "it may be dialled now and waits for an agent"
	}
}

func orUnknown(r CallResult) CallResult {
	if r == 0 {
		return Unknown
	}
	return r
}
