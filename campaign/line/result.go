package line

import (
	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/sip"
)

// Statuses the line itself asks about.
const (
	statusTerminated = 487 // Request Terminated: the answer to a CANCEL, RFC 3261 §9.2
	statusUnwanted   = 607 // Unwanted: the called party asks not to be called again, RFC 8197
)

// byCause is what the far network says with a Q.850 cause in a Reason header
// (RFC 3326 §2). A cause that stands here wins over the status; gateways map
// many causes to one status, so the cause is the finer word.
var byCause = [128]campaign.CallResult{
	1:  campaign.InvalidNumber, // unallocated number
	17: campaign.Busy,          // user busy
	18: campaign.NoAnswer,      // no user responding
	19: campaign.NoAnswer,      // user alerted, no answer
	20: campaign.NoAnswer,      // subscriber absent
	21: campaign.Rejected,      // call rejected
	22: campaign.InvalidNumber, // number changed
	28: campaign.InvalidNumber, // invalid number format
	34: campaign.AllTrunksBusy, // no circuit available
	38: campaign.AllTrunksBusy, // network out of order
	42: campaign.AllTrunksBusy, // switching equipment congestion
}

// ofStatus is what a final status means where no cause in byCause came with
// it. 403 is not here: only its cause 21 makes it a person's refusal, else it
// is the PBX that refuses us.
func ofStatus(status int) campaign.CallResult {
	switch status {
	case 486, 600: // Busy Here, Busy Everywhere
		return campaign.Busy
	case 408, 480: // Request Timeout, Temporarily Unavailable
		return campaign.NoAnswer
	case 404, 410, 484, 604: // Not Found, Gone, Address Incomplete, Does Not Exist Anywhere
		return campaign.InvalidNumber
	case 503: // Service Unavailable
		return campaign.AllTrunksBusy
	case 603, statusUnwanted: // Decline, Unwanted
		return campaign.Rejected
	default:
		return campaign.DialError
	}
}

// Result gives the call result of an attempt that the far end refused with a
// final SIP status (300 to 699) and a Q.850 cause (0 = none came).
func Result(status, q850 int) campaign.CallResult {
	if q850 > 0 && q850 < len(byCause) && byCause[q850] != 0 {
		return byCause[q850]
	}
	return ofStatus(status)
}

// end is all that is known when a call is over.
type end struct {
	inbound  bool
	answered bool
	status   int  // final answer of the far end; 0 = none came
	q850     int  // of that answer; 0 = none
	remote   bool // the far end ended it: BYE, CANCEL or a final answer of its own
	asked    *campaign.Hangup
}

// verdict is what the campaign is told of an end.
type verdict struct {
	status int
	result campaign.CallResult
	by     campaign.Party
	optOut bool // the called party asks not to be called again
}

// endOf reads a cause of the signalling. Where the end was ours its status is
// made up here (408: nobody spoke to us, 503: nothing could be sent), and is no
// answer of the far end; but for the 487 to our CANCEL.
func endOf(c sip.Cause, g *leg) end {
	e := end{inbound: g.inbound, answered: g.picked, remote: c.By == sip.Remote, asked: g.asked}
	if e.remote || e.inbound || e.asked != nil && c.Status == statusTerminated {
		e.status, e.q850 = c.Status, c.Q850
	}
	return e
}

// judge turns the end of a call into a verdict. After an answer it is
// Answer, whatever the BYE says; before it, our own hang-up decides when the far
// end said no more than "terminated" or nothing at all, and the far end's answer
// decides in every other case, also when it crossed our CANCEL.
func judge(e end) verdict {
	v := verdict{status: e.status, by: party(e), optOut: e.status == statusUnwanted}
	switch {
	case e.answered:
		v.status, v.result = 200, campaign.Answer
	case e.inbound && e.remote: // the caller gave up
		v.result = campaign.NoAnswer
	case e.inbound:
		v.result = campaign.Rejected
	case e.asked != nil && e.status == statusTerminated, e.asked != nil && e.status == 0:
		v.result = ofHangup(*e.asked)
	case e.status == 0: // nothing came back: ours, not the contact's
		v.result = campaign.DialError
	default:
		v.result = Result(e.status, e.q850)
	}
	return v
}

// ofHangup is the result of a call that we gave up before it was answered.
func ofHangup(h campaign.Hangup) campaign.CallResult {
	switch {
	case h.By == campaign.ByAgent:
		return campaign.ResultCancelled
	case h.By == campaign.ByDialer && h.Reason == campaign.HangupRingTimeout:
		return campaign.NoAnswer
	default: // shutdown, forced stop: ours
		return campaign.DialError
	}
}

// party says who ended the call. A 487 after our own CANCEL is our end, though
// the far end spoke last.
func party(e end) campaign.Party {
	ours := e.asked != nil && (!e.remote || !e.answered && e.status == statusTerminated)
	switch {
	case ours:
		return e.asked.By
	case e.remote:
		return campaign.ByContact
	default:
		return campaign.ByDialer
	}
}
