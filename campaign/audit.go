package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// AuditEntry is a line of the audit log: who did or read what. Lines are only
// ever added. With the next heartbeat, or when somebody reads the log, they are
// numbered without a gap, and each one's checksum covers the one before it, so
// that a missing or changed line shows.
//
// A person appears as Subject only, the keyed hash of a number: the log need
// not be touched when somebody is forgotten.
type AuditEntry struct {
	N       int64     `json:"n"`
	At      Stamp     `json:"at"`
	Who     AgentID   `json:"who"`
	What    AuditWhat `json:"what"`
	About   string    `json:"about,omitempty"`   // campaign, list, user, attempt …
	Subject string    `json:"subject,omitempty"` // hash of the number it is about
	Old     string    `json:"old,omitempty"`
	New     string    `json:"new,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Sum     string    `json:"sum"`
}

// AuditWhat names what was done.
type AuditWhat string

// What the audit log knows. Reading counts.
const (
	AuditDialled          AuditWhat = "dialled"           // an attempt; Reason: what the gate and the pacer went by
	AuditRefused          AuditWhat = "refused"           // by the gate; Reason: its sentence without the number
	AuditCorrected        AuditWhat = "result-changed"    // About: the attempt
	AuditBlocked          AuditWhat = "dnc-added"         // New: scope
	AuditUnblocked        AuditWhat = "dnc-removed"       // Old: scope, who and when
	AuditDNCImported      AuditWhat = "dnc-imported"      //
	AuditDNCExported      AuditWhat = "dnc-exported"      //
	AuditListImported     AuditWhat = "list-imported"     //
	AuditListExported     AuditWhat = "list-exported"     //
	AuditListRead         AuditWhat = "list-read"         // New: the places, as in "1 to 100"
	AuditAttemptsExported AuditWhat = "attempts-exported" //
	AuditRetried          AuditWhat = "record-retried"    //
	AuditApplied          AuditWhat = "campaign-changed"  // Old and New: lines of the document
	AuditMaxAbandoned     AuditWhat = "max-abandoned"     // Old, New, Reason
	AuditPaced            AuditWhat = "paced-down"        // predictive fell back to one call for each free agent. Old, New: why, empty: it did not; Who: the process
	AuditSwitched         AuditWhat = "campaign-switched" // New: load, start, stop, unload
	AuditUser             AuditWhat = "user-changed"      // Old, New: role, team …; never a password
	AuditLogin            AuditWhat = "login"
	AuditLoginFailed      AuditWhat = "login-failed"
	AuditForced           AuditWhat = "status-forced" // a supervisor set an agent's status
	AuditPersonShown      AuditWhat = "person-shown"
	AuditPersonExported   AuditWhat = "person-exported"
	AuditPersonErased     AuditWhat = "person-erased"
	AuditPlayed           AuditWhat = "recording-played"
	AuditSIPRead          AuditWhat = "sip-read" // About: the Call-ID; New: text or pcap, where it was exported
	AuditReportRead       AuditWhat = "report-read"
	AuditRead             AuditWhat = "audit-read"
	AuditRetention        AuditWhat = "retention"
	AuditBackup           AuditWhat = "backup"
)

// Seal gives an entry the checksum that follows on the one before it.
func (e *AuditEntry) Seal(before string) {
	e.Sum = ""
	e.At = Stamp{e.At.UTC().Truncate(time.Millisecond)}
	b, err := json.Marshal(e) // strings and numbers only
	if err != nil {
		b = []byte(err.Error())
	}
	sum := sha256.Sum256(append([]byte(before+"\n"), b...))
	e.Sum = hex.EncodeToString(sum[:])
}

// AuditQuery selects entries; zero values select all.
type AuditQuery struct {
	Since, Until time.Time // from Since on, before Until
	Who          AgentID
	What         AuditWhat
	Number       string // entries about this number
}

// AuditState says whether the log is whole.
type AuditState struct {
	Entries  int64  `json:"entries"`
	Whole    bool   `json:"whole"`
	BrokenAt int64  `json:"broken_at,omitempty" doc:"number of the first entry that is missing or changed"`
	Sum      string `json:"sum,omitempty" doc:"checksum of the last entry: written down elsewhere, it proves all before it"`
}

type actorKey struct{}

type actor struct {
	who    AgentID
	reason string
}

// As says in whose name, and why, the store is changed: the audit log keeps it
// in the same transaction.
func As(ctx context.Context, who AgentID, reason string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor{who, reason})
}

// ActorOf is what As has set.
func ActorOf(ctx context.Context) (who AgentID, reason string) {
	a, _ := ctx.Value(actorKey{}).(actor)
	return a.who, a.reason
}
