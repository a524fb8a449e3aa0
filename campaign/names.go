package campaign

import (
	"fmt"
)

// callResultName gives the names of the call results, as written in campaign
// documents, reports and events.
func callResultName(r CallResult) string {
	switch r {
	case Busy:
		return "busy"
	case NoAnswer:
		return "no-answer"
	case AnsweringMachine:
		return "answering-machine"
	case AllTrunksBusy:
		return "all-trunks-busy"
	case InvalidNumber:
		return "invalid-number"
	case Fax:
		return "fax"
	case Abandoned:
		return "abandoned"
	case Rejected:
		return "rejected"
	case Unknown:
		return "unknown"
	case Silence:
		return "silence"
	case Answer:
		return "answer"
	case WrongParty:
		return "wrong-party"
	case DialError:
		return "dial-error"
	case DoNotCall:
		return "do-not-call"
	case ResultCancelled:
		return "cancelled"
	case WrongNumber:
		return "wrong-number"
	}
	return ""
}

// CallResults lists every call result, in the order of the documentation.
func CallResults() []CallResult {
	return []CallResult{
		Answer, Busy, NoAnswer, AnsweringMachine, InvalidNumber, AllTrunksBusy, Silence, Fax,
		Rejected, WrongParty, WrongNumber, Abandoned, DialError, DoNotCall, ResultCancelled, Unknown,
	}
}

// String is the result's name in reports and campaign documents; empty for 0.
func (r CallResult) String() string { return named(int(r), callResultName(r)) }

// MarshalText writes the name.
func (r CallResult) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a name; the empty one is 0.
func (r *CallResult) UnmarshalText(b []byte) (err error) {
	*r, err = ParseCallResult(string(b))
	return err
}

// ParseCallResult reads the name of a call result.
func ParseCallResult(s string) (CallResult, error) {
	return parse("call result", s, CallResults(), callResultName)
}

func recordStatusName(s RecordStatus) string {
	switch s {
	case Ready:
		return "ready"
	case Retrieved:
		return "retrieved"
	case Updated:
		return "updated"
	case Stale:
		return "stale"
	case Cancelled:
		return "cancelled"
	case AgentError:
		return "agent-error"
	case ChainUpdated:
		return "chain-updated"
	case MissedCallback:
		return "missed-callback"
	case ChainReady:
		return "chain-ready"
	}
	return ""
}

// recordStatuses lists every record status in the order of its code.
func recordStatuses() []RecordStatus {
	return []RecordStatus{
		Ready, Retrieved, Updated, Stale, Cancelled, AgentError, ChainUpdated, MissedCallback, ChainReady,
	}
}

// String is the status's name in reports; empty for 0.
func (s RecordStatus) String() string { return named(int(s), recordStatusName(s)) }

// MarshalText writes the name.
func (s RecordStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name; the empty one is 0.
func (s *RecordStatus) UnmarshalText(b []byte) (err error) {
	*s, err = ParseRecordStatus(string(b))
	return err
}

// ParseRecordStatus reads the name of a record status.
func ParseRecordStatus(s string) (RecordStatus, error) {
	return parse("record status", s, recordStatuses(), recordStatusName)
}

// Done reports whether a record in this status is finished: no machine and no
// preview brings it up again.
func (s RecordStatus) Done() bool {
	switch s {
	case Updated, Stale, Cancelled, AgentError, ChainUpdated:
		return true
	}
	return false
}

func recordTypeName(t RecordType) string {
	switch t {
	case General:
		return "general"
	case CampaignRescheduled:
		return "campaign-rescheduled"
	case PersonalRescheduled:
		return "personal-rescheduled"
	case PersonalCallback:
		return "personal-callback"
	case CampaignCallback:
		return "campaign-callback"
	case NoCall:
		return "no-call"
	}
	return ""
}

// String is the type's name; empty for 0.
func (t RecordType) String() string { return named(int(t), recordTypeName(t)) }

// MarshalText writes the name.
func (t RecordType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a name; the empty one is 0.
func (t *RecordType) UnmarshalText(b []byte) (err error) {
	*t, err = ParseRecordType(string(b))
	return err
}

// ParseRecordType reads the name of a record type.
func ParseRecordType(s string) (RecordType, error) {
	all := []RecordType{General, CampaignRescheduled, PersonalRescheduled, PersonalCallback, CampaignCallback, NoCall}
	return parse("record type", s, all, recordTypeName)
}

// named gives the name, or the bare code where a list brought one we do not know.
func named(code int, name string) string {
	if name == "" && code != 0 {
		return fmt.Sprint(code)
	}
	return name
}

func parse[T ~int](what, s string, all []T, name func(T) string) (T, error) {
	if s == "" {
		return 0, nil
	}
	for _, v := range all {
		if name(v) == s {
			return v, nil
		}
	}
	var code int
	if _, err := fmt.Sscanf(s, "%d", &code); err == nil && fmt.Sprint(code) == s {
		return T(code), nil
	}
	return 0, fmt.Errorf("%s %q is not known", what, s)
}
