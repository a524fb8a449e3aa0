package peer

import (
	"time"
)

// CallRecord is what the exchange itself knows of a call: the witness against
// which the dialer's report is checked.
type CallRecord struct {
	CallID    string
	Direction string // "in": we were called; "out": we called back
	Number    string // dialled by the agent; in a call back, the caller's
	CallerID  string // number in P-Asserted-Identity, else in From
	Fate      string // name
	Code      string

	Started  time.Time
	Ringing  time.Time // first 101-199; zero if none
	Answered time.Time // our 200 sent (calling back: theirs received); zero if none
	Heard    time.Time // the first packet of more than -50 dBFS; zero if none
	Ended    time.Time
	Status   int    // final status of the INVITE; 0 = none was ever sent
	EndedBy  string // contact, caller, or network (nobody answered any more)

	HeardDBFS   float64 // mean level while both talked; -120 is nothing
	HeardHz     float64 // dominating frequency in that time
	PacketsIn   int     // all
	PacketsOut  int
	Lost        int           // gaps in the first SSRC's sequence numbers
	MaxGap      time.Duration // between two packets while both talked
	Silent      time.Duration // packets of less than -50 dBFS
	Held        time.Duration // held by the agent
	HeldPackets int           // came while the agent held us
	HeldDBFS    float64       // and their level
	HoldPackets int           // came while we held the agent
	HoldDBFS    float64
	SSRCs       int
	Codec       string
	Digits      string // RFC 4733 and INFO
	Bad         int    // packets of a type that was not agreed
	Strays      int    // RTP from another address than the description's
	Reports     int    // RTCP sender reports

	Acks       int      // for our 2xx answers
	Violations []string // what the caller did against the rules
}

// Billed is the time from answer to end, as a CDR counts it.
func (r CallRecord) Billed() time.Duration {
	if r.Answered.IsZero() {
		return 0
	}
	return r.Ended.Sub(r.Answered)
}

// fill takes over what a stream has measured.
func (r *CallRecord) fill(s *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.HeardDBFS = level(s.energy[talking], s.samples[talking])
	r.HeardHz = s.spectrum.hz()
	for _, n := range s.packets {
		r.PacketsIn += n
	}
	r.PacketsOut = s.sent
	if len(s.ssrcs) == 1 {
		r.Lost = max(0, s.seqs+1-r.PacketsIn)
	}
	r.MaxGap, r.Silent, r.Heard = s.gap, s.quiet, s.loud
	r.HeldPackets, r.HeldDBFS = s.packets[heldByAgent], level(s.energy[heldByAgent], s.samples[heldByAgent])
	r.HoldPackets, r.HoldDBFS = s.packets[heldByContact], level(s.energy[heldByContact], s.samples[heldByContact])
	r.SSRCs, r.Bad, r.Strays, r.Reports = len(s.ssrcs), s.bad, s.strays, s.reports
	r.Digits = s.digits + r.Digits
	r.Codec = map[uint8]string{0: "pcmu", 8: "pcma"}[s.pt]
}
