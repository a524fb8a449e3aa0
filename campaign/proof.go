package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// AbandonmentProof is a day's proof for a campaign: what was answered, how soon
// somebody was there, and what was done about those who had to wait.
type AbandonmentProof struct {
	Campaign     string          `json:"campaign"`
	Day          string          `json:"day"`
	From         Stamp           `json:"from"`
	Until        Stamp           `json:"until"`
	MadeAt       Stamp           `json:"made_at"`
	Attempts     int             `json:"attempts"`
	LiveAnswers  int             `json:"live_answers"`
	Abandoned    int             `json:"abandoned" doc:"no agent within 2 s of the answer, also where the person stayed"`
	OfLive       float64         `json:"abandoned_of_live"`
	OfAll        float64         `json:"abandoned_of_all"`
	P50MS        int64           `json:"answer_to_agent_p50_ms"`
	P95MS        int64           `json:"answer_to_agent_p95_ms"`
	MaxMS        int64           `json:"answer_to_agent_max_ms"`
	Late         int             `json:"over_2s" doc:"joined, but later than 2 s"`
	Announcement string          `json:"announcement,omitempty" doc:"file that callers without an agent hear"`
	Allowed      float64         `json:"max_abandoned" doc:"share that may be abandoned, 0 to 1, as the campaign has it now"`
	Guard        int             `json:"guard_refusals" doc:"how often the gate let nothing be dialled ahead"`
	Moved        []AuditEntry    `json:"max_abandoned_moved,omitempty" doc:"who changed what may be abandoned, and why"`
	Announced    int             `json:"announced_whole" doc:"of the abandoned, who heard the announcement to its end"`
	Fallbacks    []Fallback      `json:"fallbacks" doc:"when predictive dialling fell back to one call for each free agent, and why"`
	FellBack     int             `json:"fell_back" doc:"how often"`
	Calls        []AbandonedCall `json:"calls" doc:"the abandoned ones"`
	Sum          string          `json:"checksum" doc:"SHA-256 of this document as JSON without made_at and checksum"`
}

// AbandonedCall is one of them.
type AbandonedCall struct {
	Attempt  AttemptID `json:"attempt"`
	Answered Stamp     `json:"answered_at"`
	Joined   Stamp     `json:"joined_at,omitzero"`
	Ended    Stamp     `json:"ended_at,omitzero"`
	EndedBy  Party     `json:"ended_by,omitempty"`
	StayedMS int64     `json:"stayed_ms" doc:"how long the line was open after the answer"`
	// When the announcement began, and when it had been played to its end.
	Announced Stamp `json:"announced_at,omitzero"`
	ToEnd     Stamp `json:"announced_to_end_at,omitzero"`
}

// Fallback is a span of time in which a predictive campaign dialled one call
// for each free agent only.
type Fallback struct {
	From  Stamp      `json:"from"`
	Until Stamp      `json:"until,omitzero" doc:"absent: it goes on"`
	Code  ReasonCode `json:"code"`
	Text  string     `json:"text"`
	By    AgentID    `json:"by" doc:"the process"`
}

// FallbacksOf reads a campaign's fall-backs out of the audit log's entries,
// oldest first.
func FallbacksOf(name string, entries []AuditEntry) []Fallback {
	out, open := []Fallback{}, map[AgentID]int{}
	for _, e := range entries {
		if e.What != AuditPaced || e.About != name {
			continue
		}
		if i, ok := open[e.Who]; ok {
			out[i].Until = e.At
			delete(open, e.Who)
		}
		if e.New != "" {
			open[e.Who] = len(out)
			out = append(out, Fallback{From: e.At, Code: ReasonCode(e.New), Text: e.Reason, By: e.Who})
		}
	}
	return out
}

// ProveAbandonment works out the proof of a day from its attempts; p brings
// campaign, day and what the store says of the guard.
func ProveAbandonment(p AbandonmentProof, attempts []Attempt) AbandonmentProof {
	var delays []int64
	p.Calls, p.FellBack = []AbandonedCall{}, len(p.Fallbacks)
	for _, a := range attempts {
		if a.neverDialled() {
			continue
		}
		p.Attempts++
		if !a.live() {
			continue
		}
		p.LiveAnswers++
		delay, joined := a.AgentDelay()
		if joined {
			delays = append(delays, delay.Milliseconds())
			if delay > ConnectWithin {
				p.Late++
			}
		}
		if !a.abandoned() {
			continue
		}
		p.Abandoned++
		c := AbandonedCall{Attempt: a.ID, Answered: Stamp{a.AnsweredAt}, Joined: Stamp{a.JoinedAt}, Ended: Stamp{a.EndedAt}, EndedBy: a.EndedBy,
			Announced: Stamp{a.AnnouncedAt}, ToEnd: Stamp{a.AnnouncedEnd}}
		if !a.AnnouncedEnd.IsZero() {
			p.Announced++
		}
		if a.EndedAt.After(a.AnsweredAt) {
			c.StayedMS = a.EndedAt.Sub(a.AnsweredAt).Milliseconds()
		}
		p.Calls = append(p.Calls, c)
	}
	p.OfLive, p.OfAll = share(p.Abandoned, p.LiveAnswers), share(p.Abandoned, p.Attempts)
	slices.Sort(delays)
	if n := len(delays); n > 0 {
		p.P50MS, p.P95MS, p.MaxMS = delays[(n-1)/2], delays[(n*95+99)/100-1], delays[n-1]
	}
	p.Sum = p.Checksum()
	return p
}

// Checksum is the sum of the proof's content.
func (p AbandonmentProof) Checksum() string {
	p.Sum, p.MadeAt = "", Stamp{}
	b, err := json.Marshal(p) // strings and numbers only
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
