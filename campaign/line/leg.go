package line

import (
	"context"
	"fmt"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
)

// call is what a leg needs of a *phone.Call.
type call interface {
	Token() []byte
	Remote() sip.Identity
	Ring()
	Answer()
	Reject(status int)
	Hold()
	Resume()
	Digits(string) error
	Mute(bool)
	Transfer(uri string)
	TransferTo(other *phone.Call)
	TransferResult(status int, reason string)
	Hangup(sip.Reason)
	Endpoint() media.Endpoint
	Events(func(phone.Event))
	Stats() media.Stats
}

// telephone is what a line needs of a *phone.Phone.
type telephone interface {
	Dial(context.Context, phone.DialOptions) (call, error)
	Release(ctx context.Context, token []byte) error
}

// phoneAdapter makes a *phone.Phone a telephone.
type phoneAdapter struct{ *phone.Phone }

func (a phoneAdapter) Dial(ctx context.Context, o phone.DialOptions) (call, error) {
	c, err := a.Phone.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// leg is one call of the campaign. All of it belongs to the line's owner.
type leg struct {
	line    *Line
	attempt campaign.AttemptID
	state   state
	inbound bool
	picked  bool // answered at some time
	call    call
	asked   *campaign.Hangup // the first hang-up of ours

	agent   campaign.AgentID
	headset media.Endpoint // of agent; nil: nobody is to hear the call
	player  *media.FileEndpoint
	beside  bool            // the player is for both: it speaks beside the agent
	joined  *media.Junction // of the headset or the player with the call
	guest   *leg            // another call of the agent that takes part in this one
	kept    *media.Keep     // what the contact says while there is nobody to hear it
	guard   *guard          // whether the agent is heard

	ear       *ear // nil: nobody listens for tones and machines
	recording Recorder
	recordTo  string // asked for before the answer
	muted     bool   // the agent, and not by a conference's page
}

// say makes an action that says an event.
func say(kind campaign.LineEventKind) func(*leg, any) {
	return func(g *leg, with any) {
		e := campaign.LineEvent{Kind: kind}
		if s, ok := with.(signal); ok {
			e.At = s.event.At
		}
		g.say(e)
	}
}

func (g *leg) say(e campaign.LineEvent) {
	e.Attempt = g.attempt
	if e.At.IsZero() {
		e.At = time.Now()
	}
	g.line.outbox.push(e)
}

// place dials. An error means that nothing was sent.
func (g *leg) place(d campaign.Dial) error {
	// The monotonic clock stands still while the machine sleeps.
	if now := time.Now().Round(0); !d.Before.IsZero() && now.After(d.Before.Round(0)) {
		return fmt.Errorf("the permit was good until %s, and it is %s: this process was suspended", d.Before.Format(time.TimeOnly), now.Format(time.TimeOnly))
	}
	uri, err := g.line.cfg.URI.URI(d.Number)
	if err != nil {
		return err
	}
	if d.Agent != "" {
		// Without her headset the contact would pick up and hear nobody.
		if g.headset, err = g.line.cfg.Headset(d.Agent); err != nil {
			return fmt.Errorf("headset of %s: %w", d.Agent, err)
		}
	}
	g.listen(d.Detect)
	account := d.Account
	if account == "" {
		account = g.line.cfg.Account
	}
	g.call, err = g.line.phone.Dial(context.Background(), phone.DialOptions{
		Account:  account,
		URI:      uri,
		CallerID: d.CallerID,
		Events:   func(e phone.Event) { g.line.inbox.push(signal{g, e}) },
	})
	if err != nil {
		return err
	}
	if g.headset == nil { // dialled ahead: nothing the contact says is lost
		g.kept = media.NewKeep()
		g.call.Endpoint().SetSink(alone{g.kept, g.ear})
	}
	g.join() // she hears ringing and early media
	return nil
}

func (g *leg) sayDialing(with any) {
	g.say(campaign.LineEvent{Kind: campaign.LineDialing, At: with.(signal).event.At, Token: g.call.Token()})
}

func (g *leg) sayRinging(with any) {
	g.say(campaign.LineEvent{Kind: campaign.LineRinging, At: with.(signal).event.At, Token: g.call.Token()})
}

func (g *leg) sayAnswered(with any) {
	g.picked = true
	if g.ear != nil {
		g.ear.detector.Answered()
	}
	if at := with.(signal).event.At; g.kept != nil {
		g.kept.Forget(at)
	}
	g.say(campaign.LineEvent{Kind: campaign.LineAnswered, At: with.(signal).event.At, Token: g.call.Token()})
	if g.recordTo != "" {
		g.startRecording(g.recordTo)
	}
	if g.joined != nil {
		g.say(campaign.LineEvent{Kind: campaign.LineJoined, Agent: g.agent})
	}
}

func (g *leg) sayDigit(with any) {
	e := with.(signal).event
	g.say(campaign.LineEvent{Kind: campaign.LineDigit, At: e.At, Digit: e.Digit})
}

// connect joins the call with an agent's headset; another agent's takes over.
// Whoever is to be guarded and has no headset is not heard.
func (g *leg) connect(with any) {
	c := with.(campaign.Connect)
	g.watch(c.Guard)
	if !g.seat(c.Agent) && c.Guard > 0 {
		g.unwatch()
		g.say(campaign.LineEvent{Kind: campaign.LineUnheard, Agent: c.Agent})
	}
}

func (g *leg) seat(agent campaign.AgentID) bool {
	headset, err := g.line.cfg.Headset(agent)
	if err != nil {
		g.line.cfg.Log.Error("headset not there", "attempt", g.attempt, "agent", agent, "err", err)
		return false
	}
	g.agent, g.headset = agent, headset
	g.stopPlaying()
	g.join()
	if g.state == answered {
		g.say(campaign.LineEvent{Kind: campaign.LineJoined, Agent: agent})
	}
	return true
}

// answer takes an inbound call for an agent.
func (g *leg) answer(with any) {
	a := with.(campaign.AnswerCall).Agent
	if a == "" || g.seat(a) {
		g.call.Answer()
	}
}

func (g *leg) reject(with any) {
	c := with.(campaign.RejectCall)
	if g.asked == nil {
		g.asked = &campaign.Hangup{Attempt: g.attempt, By: campaign.ByAgent, Reason: "rejected"}
	}
	status := c.Status
	if status < 300 || status > 699 {
		status = 480
	}
	g.call.Reject(status)
}

func (g *leg) hold(any)   { g.call.Hold() }
func (g *leg) resume(any) { g.call.Resume() }

// mute stops what the contact hears of the agent. In a conference the page's
// own mute does it: what goes to the contact is the guest's voice as well.
func (g *leg) mute(with any) {
	for _, o := range g.line.legs {
		if o.guest == g {
			return
		}
	}
	if g.guest == nil {
		g.muted = with.(campaign.Mute).On
		switch {
		case g.player == nil:
			g.call.Mute(g.muted)
		case g.beside:
			g.join() // without her, or with her again
		}
	}
}

// unmute lets the contact hear what is not, or not only, the agent.
func (g *leg) unmute() {
	if g.muted {
		g.call.Mute(false)
	}
}

func (g *leg) digits(with any) {
	if err := g.call.Digits(with.(campaign.Digits).Digits); err != nil {
		g.line.cfg.Log.Warn("digits not sent", "attempt", g.attempt, "err", err)
	}
}

func (g *leg) transfer(with any) {
	uri, err := g.line.cfg.URI.URI(with.(campaign.Transfer).Number)
	if err != nil {
		g.line.cfg.Log.Warn("not transferred", "attempt", g.attempt, "err", err)
		return
	}
	g.call.Transfer(uri)
}

// transferTo leaves the contact and the far end of another call to each other.
func (g *leg) transferTo(with any) {
	var other *phone.Call
	if o := g.line.legs[with.(campaign.TransferTo).With]; o != nil {
		other, _ = o.call.(*phone.Call)
	}
	g.call.TransferTo(other)
}

// transferred is told how a transfer of ours goes. When it worked the phone
// hangs up, at the agent's wish.
func (g *leg) transferred(with any) {
	e := with.(signal).event
	switch {
	case e.Status < 200:
		return
	case e.Status < 300 && g.asked == nil:
		g.asked = &campaign.Hangup{Attempt: g.attempt, By: campaign.ByAgent, Reason: "transferred"}
	case e.Status >= 300:
		g.line.cfg.Log.Warn("not transferred", "attempt", g.attempt, "status", e.Status, "reason", e.Reason)
	}
	g.say(campaign.LineEvent{Kind: campaign.LineTransferred, At: e.At, Status: e.Status, Text: e.Reason})
}

// transferAsked refuses: whom we call is decided by the gate, not by a contact.
func (g *leg) transferAsked(any) { g.call.TransferResult(603, "") }

// lost ends a call that has gone dead.
func (g *leg) lost(any) {
	if g.line.cfg.HangupOnLostMedia {
		g.hangup(campaign.Hangup{Attempt: g.attempt, By: campaign.ByDialer, Reason: campaign.HangupLostMedia})
	}
}

// hangup ends the call; who asked first is who ended it.
func (g *leg) hangup(with any) {
	h := with.(campaign.Hangup)
	if g.asked == nil {
		g.asked = &h
	}
	if g.call != nil {
		// ITU-T Q.850: 16 normal clearing, 19 no answer from user (user alerted)
		cause := 16
		if h.Reason == campaign.HangupRingTimeout {
			cause = 19
		}
		g.call.Hangup(sip.Reason{Q850: cause, Text: h.Reason})
	}
}

// finish is told by the phone that the call is over.
func (g *leg) finish(with any) {
	e := with.(signal).event
	text := e.Reason
	if e.Cause.Reason != "" {
		text = e.Cause.Reason
	}
	g.silence()
	g.conclude(endOf(e.Cause, g), e, text)
}

// conclude says LineEnded and forgets the leg.
func (g *leg) conclude(e end, last phone.Event, text string) {
	g.state = over
	delete(g.line.legs, g.attempt)
	g.dissolve()
	v := judge(e)
	g.say(campaign.LineEvent{
		Kind: campaign.LineEnded, At: last.At, Status: v.status, Result: v.result, By: v.by, OptOut: v.optOut,
		Text: text, HeldMS: last.HeldMS, RTP: g.report(last.Stats),
	})
}

// report is the quality of the contact's leg; nil if there was neither an
// answer nor a packet.
func (g *leg) report(s media.Stats) *campaign.RTPReport {
	if !g.picked && s.Sent == 0 && s.Received == 0 {
		return nil
	}
	r := &campaign.RTPReport{
		Codec: s.Codec.Name(), Sent: int64(s.Sent), Received: int64(s.Received), Lost: int64(s.Lost),
		JitterMS: s.JitterMS, MOS: s.MOS,
	}
	h, ok := g.headset.(interface{ Quality() (media.Stats, bool) })
	if !ok {
		return r
	}
	if q, ok := h.Quality(); ok { // a headset beyond a network
		r.Headset = campaign.LegReport{Codec: q.Codec.Name(), LossPercent: q.LossPercent, JitterMS: q.JitterMS, RTTMS: q.RTTMS, MOS: q.MOS}
	}
	return r
}
