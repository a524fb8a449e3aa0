package campaign

import "time"

// Click is something a person does: an agent or supervisor on the desktop, a
// scripted agent, the command line. The set is closed. A click that cannot be
// done now is answered by a *NotPossible and changes nothing.
type Click interface{ click() }

// NotPossible says why a click was not done.
type NotPossible struct{ Reason Reason }

func (e *NotPossible) Error() string { return e.Reason.Text }

// The codes of NotPossible.
const (
	ReasonNotNow          ReasonCode = "not-now"           // the interaction is in another state
	ReasonNoInteraction   ReasonCode = "no-interaction"    // it is over, or somebody else's
	ReasonNotLoggedIn     ReasonCode = "not-logged-in"     //
	ReasonBusy            ReasonCode = "busy"              // one thing at a time
	ReasonNoExtension     ReasonCode = "no-extension"      // after-call work got all the time that the campaign gives
	ReasonNoResult        ReasonCode = "no-result"         // Done needs a call result, or Do not call
	ReasonBadInput        ReasonCode = "bad-input"         // unknown result, disposition, digit, number …
	ReasonUnknownCampaign ReasonCode = "unknown-campaign"  //
	ReasonRunningMode     ReasonCode = "running-mode"      // to or from a preview mode only while the campaign does not run
	ReasonNotAssigned     ReasonCode = "not-assigned"      // the agent is not one of the campaign's
	ReasonDraining        ReasonCode = "draining"          // the program is being stopped
	ReasonJournal         ReasonCode = "journal-unwritten" // nothing is done that could not be written down
)

// InteractionID names what an agent has on her desk: an offer, the call that
// follows, and its after-call work.
type InteractionID string

// AgentStatus is what an agent is doing.
type AgentStatus string

// The agent statuses. AgentAfterCall is set by the floor after a call, and may be
// chosen like the others: she has work to finish, and gets no record meanwhile.
const (
	AgentReady     AgentStatus = "ready"
	AgentNotReady  AgentStatus = "not-ready"
	AgentAfterCall AgentStatus = "after-call-work"
	AgentDND       AgentStatus = "do-not-disturb"
	AgentLoggedOff AgentStatus = "logged-off"
)

// PopupStage is which of a campaign's two popups it is.
type PopupStage string

// The stages.
const (
	PopupLoaded  PopupStage = "loaded"
	PopupStarted PopupStage = "started"
)

// Clicks about an agent herself. ClickLogin of somebody who is logged in
// changes nothing; who works at another process is refused (ReasonElsewhere). ClickStatus while something is under way takes effect after
// it; on an open preview, Not ready or log-off counts as Decline.
type (
	ClickLogin struct {
		Agent   AgentID
		Engaged bool // ASM
		Team    string
		Headset HeadsetState // how it is, where the floor was not told yet
		// RecordingConsent: she consents to being recorded.
		RecordingConsent bool
		Last             *Recalled // her last calls; nil: the floor asks for them
		Place            string    // where the desktop is that she comes to
		Move             bool      // from another process, if she is at one
		Turn             int64     // of her presence; the controller's
	}
	ClickLogout struct{ Agent AgentID }
	ClickStatus struct {
		Agent  AgentID
		Status AgentStatus
		Reason string // of Not ready
	}
	// ClickPopup is OK on a popup: the agent joins.
	ClickPopup struct {
		Agent    AgentID
		Campaign string
		Stage    PopupStage
	}
	ClickJoin struct {
		Agent    AgentID
		Campaign string
	}
	ClickLeave struct {
		Agent    AgentID
		Campaign string
	}
)

// Clicks on an interaction.
type (
	// ClickAccept and ClickDecline answer an interaction preview or an inbound
	// call.
	ClickAccept struct {
		Agent       AgentID
		Interaction InteractionID
	}
	ClickDecline struct {
		Agent       AgentID
		Interaction InteractionID
		// Aside > 0 is a supervisor's word with it: the record is set aside, to
		// its old place and not before so long, instead of to the top.
		Aside time.Duration
	}
	// ClickShown is the page's report that the record is on the screen: it
	// releases the call.
	ClickShown struct {
		Agent       AgentID
		Interaction InteractionID
	}
	// ClickCall dials an open record; Number empty dials the record's own.
	ClickCall struct {
		Agent       AgentID
		Interaction InteractionID
		Number      string // E.164 or extension
	}
	// ClickReturn gives an undialled record back to its old place, ClickRemove
	// takes it out of the campaign.
	ClickReturn struct {
		Agent       AgentID
		Interaction InteractionID
		// Aside > 0: the record rests there for so long.
		Aside time.Duration
	}
	ClickRemove struct {
		Agent       AgentID
		Interaction InteractionID
	}
	ClickHold struct {
		Agent       AgentID
		Interaction InteractionID
	}
	ClickResume struct {
		Agent       AgentID
		Interaction InteractionID
	}
	ClickHangup struct {
		Agent       AgentID
		Interaction InteractionID
	}
	ClickDigits struct {
		Agent       AgentID
		Interaction InteractionID
		Digits      string
	}
	ClickMute struct {
		Agent       AgentID
		Interaction InteractionID
		On          bool
	}
	ClickRecord struct {
		Agent       AgentID
		Interaction InteractionID
		Action      RecordAction
	}
	// ClickTransfer hands the contact on: blind to a number, without one to
	// whom the agent consulted.
	ClickTransfer struct {
		Agent       AgentID
		Interaction InteractionID
		Number      string
	}
	// ClickResult sets what is not nil: during the call and after it.
	ClickResult struct {
		Agent       AgentID
		Interaction InteractionID
		Entry
	}
	// ClickQuick sets a quick result, hangs up and is Done.
	ClickQuick struct {
		Agent       AgentID
		Interaction InteractionID
		Result      CallResult
	}
	// ClickDone writes result, code and note, and frees the agent.
	ClickDone struct {
		Agent       AgentID
		Interaction InteractionID
		Then        DoneThen
	}
	// ClickExtend gives after-call work more time, as the campaign allows.
	ClickExtend struct {
		Agent       AgentID
		Interaction InteractionID
	}
	// ClickUndo takes the last Done back, for 10 s.
	ClickUndo struct{ Agent AgentID }
	// ClickCorrect changes the outcome of one of the agent's last ten calls.
	ClickCorrect struct {
		Agent       AgentID
		Interaction InteractionID
		Entry
	}
)

// Entry is what an agent enters about a call; nil leaves as it is.
type Entry struct {
	Result      *CallResult `json:"result,omitempty"`
	Disposition *string     `json:"disposition,omitempty"`
	Note        *string     `json:"note,omitempty"`
	NoCall      *bool       `json:"no_call,omitempty"`
	Callback    *Callback   `json:"callback,omitempty"` // zero At: none after all
}

// Callback is when the contact is to be called again.
type Callback struct {
	At       time.Time `json:"at"`
	Personal bool      `json:"personal,omitempty"` // the same agent
	Agreed   bool      `json:"agreed,omitempty"`   // at the contact's own wish
}

// DoneThen is what follows Done in preview mode.
type DoneThen string

// What follows: nothing in particular, the next record, Not ready.
const (
	DoneOnly    DoneThen = ""
	DoneAndNext DoneThen = "next"
	DoneAndStop DoneThen = "stop"
)

// Clicks outside an interaction.
type (
	// ClickGetRecord fetches the next record (preview mode).
	ClickGetRecord struct {
		Agent    AgentID
		Campaign string
	}
	// ClickManual dials a number from the dial pad.
	ClickManual struct {
		Agent  AgentID
		Number string // E.164 or extension
	}
)

// Clicks of the administrator. By is who did it.
type (
	// ClickApply brings a new or changed campaign document; State is taken over
	// for a campaign the floor does not know yet (after a restart).
	ClickApply struct {
		By       AgentID
		Campaign *Campaign
		State    RunState
		Pause    string
	}
	ClickLoad struct {
		By       AgentID
		Campaign string
	}
	// ClickStart also ends a pause.
	ClickStart struct {
		By       AgentID
		Campaign string
	}
	ClickStop struct {
		By       AgentID
		Campaign string
	}
	ClickUnload struct {
		By       AgentID
		Campaign string
	}
	// ClickListChanged says that a list got records (import, retry): whoever
	// waits asks again at once.
	ClickListChanged struct{ List string }
	// ClickContact says that a contact was changed in the store: who has it on
	// her desk sees it.
	ClickContact struct{ ContactEdit }
	// ClickForget says that people were erased from the store: the floor forgets
	// their calls, which are over, too.
	ClickForget struct {
		Numbers []string
		Persons []string
	}
)

func (ClickLogin) click()       {}
func (ClickLogout) click()      {}
func (ClickStatus) click()      {}
func (ClickPopup) click()       {}
func (ClickJoin) click()        {}
func (ClickLeave) click()       {}
func (ClickAccept) click()      {}
func (ClickDecline) click()     {}
func (ClickShown) click()       {}
func (ClickCall) click()        {}
func (ClickReturn) click()      {}
func (ClickRemove) click()      {}
func (ClickHold) click()        {}
func (ClickResume) click()      {}
func (ClickHangup) click()      {}
func (ClickDigits) click()      {}
func (ClickMute) click()        {}
func (ClickRecord) click()      {}
func (ClickTransfer) click()    {}
func (ClickResult) click()      {}
func (ClickQuick) click()       {}
func (ClickDone) click()        {}
func (ClickExtend) click()      {}
func (ClickUndo) click()        {}
func (ClickCorrect) click()     {}
func (ClickGetRecord) click()   {}
func (ClickManual) click()      {}
func (ClickApply) click()       {}
func (ClickLoad) click()        {}
func (ClickStart) click()       {}
func (ClickStop) click()        {}
func (ClickUnload) click()      {}
func (ClickListChanged) click() {}
func (ClickForget) click()      {}
func (ClickContact) click()     {}
