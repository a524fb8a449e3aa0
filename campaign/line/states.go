package line

import (
	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/sip/phone"
)

// state is where a leg stands.
type state uint8

const (
	placing  state = iota // handed to the phone, nothing on the wire yet
	dialing               // INVITE sent
	ringing               // 180, or early media
	offered               // inbound, not yet answered
	answered              // 2xx
	over                  // LineEnded was said
	states
)

// input is what can happen to a leg.
type input uint8

const (
	onNothing input = iota
	onDialing
	onRinging
	onAnswered
	onHeld
	onResumed
	onRemoteHeld
	onRemoteResumed
	onDigit
	onLost
	onTransferred
	onHeard
	onTransferAsked
	onEnded
	onPlayed
	onWatched
	onConnect
	onHold
	onResume
	onDigits
	onMute
	onAnswer
	onReject
	onTransfer
	onTransferTo
	onConference
	onPlay
	onRecord
	onHangup
	inputs
)

// move is what a leg does about an input: first it is in the new state, then
// it acts.
type move struct {
	to  state
	act func(*leg, any)
}

// moves is the whole machine. What does not stand here is ignored: a command
// that comes too late, or too early to mean anything.
var moves = [states][inputs]move{
	placing: {
		onDialing:  {dialing, (*leg).sayDialing},
		onRinging:  {ringing, (*leg).sayRinging},
		onAnswered: {answered, (*leg).sayAnswered},
		onEnded:    {over, (*leg).finish},
		onConnect:  {placing, (*leg).connect},
		onRecord:   {placing, (*leg).record},
		onHangup:   {placing, (*leg).hangup},
	},
	dialing: {
		onRinging:  {ringing, (*leg).sayRinging},
		onAnswered: {answered, (*leg).sayAnswered},
		onDigit:    {dialing, (*leg).sayDigit},
		onEnded:    {over, (*leg).finish},
		onConnect:  {dialing, (*leg).connect},
		onMute:     {dialing, (*leg).mute},
		onHeard:    {dialing, (*leg).sayHeard},
		onRecord:   {dialing, (*leg).record},
		onHangup:   {dialing, (*leg).hangup},
	},
	ringing: {
		onAnswered: {answered, (*leg).sayAnswered},
		onDigit:    {ringing, (*leg).sayDigit},
		onEnded:    {over, (*leg).finish},
		onConnect:  {ringing, (*leg).connect},
		onMute:     {ringing, (*leg).mute},
		onHeard:    {ringing, (*leg).sayHeard},
		onRecord:   {ringing, (*leg).record},
		onHangup:   {ringing, (*leg).hangup},
	},
	offered: {
		onAnswered: {answered, (*leg).sayAnswered},
		onEnded:    {over, (*leg).finish},
		onAnswer:   {offered, (*leg).answer},
		onReject:   {offered, (*leg).reject},
		onConnect:  {offered, (*leg).connect},
		onHangup:   {offered, (*leg).hangup},
	},
	answered: {
		onHeld:          {answered, say(campaign.LineHeld)},
		onResumed:       {answered, say(campaign.LineResumed)},
		onRemoteHeld:    {answered, say(campaign.LineRemoteHeld)},
		onRemoteResumed: {answered, say(campaign.LineRemoteResumed)},
		onDigit:         {answered, (*leg).sayDigit},
		onLost:          {answered, (*leg).lost},
		onTransferred:   {answered, (*leg).transferred},
		onTransferAsked: {answered, (*leg).transferAsked},
		onEnded:         {over, (*leg).finish},
		onPlayed:        {answered, (*leg).played},
		onWatched:       {answered, (*leg).watched},
		onConnect:       {answered, (*leg).connect},
		onHold:          {answered, (*leg).hold},
		onResume:        {answered, (*leg).resume},
		onDigits:        {answered, (*leg).digits},
		onMute:          {answered, (*leg).mute},
		onTransfer:      {answered, (*leg).transfer},
		onTransferTo:    {answered, (*leg).transferTo},
		onConference:    {answered, (*leg).conference},
		onPlay:          {answered, (*leg).play},
		onHeard:         {answered, (*leg).sayHeard},
		onRecord:        {answered, (*leg).record},
		onHangup:        {answered, (*leg).hangup},
	},
}

// step looks up what an input means now and does it.
func (l *Line) step(g *leg, in input, with any) {
	m := moves[g.state][in]
	if m.act == nil {
		return
	}
	g.state = m.to
	m.act(g, with)
}

// of gives the input that a phone event is.
func of(e phone.Event) input {
	switch e.Kind {
	case phone.Dialing:
		return onDialing
	case phone.Ringing, phone.EarlyMedia:
		return onRinging
	case phone.Answered:
		return onAnswered
	case phone.Held:
		return onHeld
	case phone.Resumed:
		return onResumed
	case phone.HeldByContact:
		return onRemoteHeld
	case phone.ResumedByContact:
		return onRemoteResumed
	case phone.Digit:
		return onDigit
	case phone.LostMedia:
		return onLost
	case phone.Transferred:
		return onTransferred
	case phone.TransferAsked:
		return onTransferAsked
	case phone.Ended:
		return onEnded
	default:
		return onNothing
	}
}

// target gives the attempt of a command and the input that it is.
func target(c campaign.Command) (campaign.AttemptID, input) {
	switch c := c.(type) {
	case campaign.Connect:
		return c.Attempt, onConnect
	case campaign.Hold:
		return c.Attempt, onHold
	case campaign.Resume:
		return c.Attempt, onResume
	case campaign.Digits:
		return c.Attempt, onDigits
	case campaign.Mute:
		return c.Attempt, onMute
	case campaign.AnswerCall:
		return c.Attempt, onAnswer
	case campaign.RejectCall:
		return c.Attempt, onReject
	case campaign.Transfer:
		return c.Attempt, onTransfer
	case campaign.TransferTo:
		return c.Attempt, onTransferTo
	case campaign.Conference:
		return c.Attempt, onConference
	case campaign.Play:
		return c.Attempt, onPlay
	case campaign.RecordCall:
		return c.Attempt, onRecord
	case campaign.Hangup:
		return c.Attempt, onHangup
	default:
		return "", onNothing
	}
}
