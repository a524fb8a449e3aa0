package desk

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// OneInteraction names an interaction in a path.
type OneInteraction struct {
	ID campaign.InteractionID `path:"id" maxLength:"64"`
}

// Outcome is what an agent enters about a call; what is left out stays.
type Outcome struct {
	Result      *campaign.CallResult `json:"result,omitempty" doc:"name of the call result"`
	Disposition *string              `json:"disposition,omitempty" maxLength:"500" doc:"names of the tree joined by /"`
	Note        *string              `json:"note,omitempty" maxLength:"10000"`
	NoCall      *bool                `json:"no_call,omitempty" doc:"do not call"`
	Callback    *CallbackWish        `json:"callback,omitempty"`
}

// CallbackWish is when to call again; without a time: not after all.
type CallbackWish struct {
	At       time.Time `json:"at,omitzero"`
	Personal bool      `json:"personal,omitempty" doc:"by the same agent"`
	Agreed   bool      `json:"agreed,omitempty" doc:"at the contact's own wish"`
}

func (o Outcome) entry() campaign.Entry {
	e := campaign.Entry{Result: o.Result, Disposition: o.Disposition, Note: o.Note, NoCall: o.NoCall}
	if c := o.Callback; c != nil {
		e.Callback = &campaign.Callback{At: c.At, Personal: c.Personal, Agreed: c.Agreed}
	}
	return e
}

// The bodies of the clicks on an interaction.
type (
	CallTo struct {
		Number string `json:"number,omitempty" maxLength:"64" doc:"empty: the record's own"`
	}
	DigitsToSend struct {
		Digits string `json:"digits" pattern:"^[0-9*#A-D]{1,32}$"`
	}
	MuteSwitch struct {
		On bool `json:"on"`
	}
	RecordingSwitch struct {
		Action campaign.RecordAction `json:"action" enum:"start,pause,resume,stop,consent,refuse,delete"`
	}
	QuickResult struct {
		Result campaign.CallResult `json:"result"`
	}
	DoneAnd struct {
		Then campaign.DoneThen `json:"then,omitempty" enum:",next,stop"`
	}
)

// on registers a click on an interaction. make turns the request's body into
// the click.
func on[B any](d *Desk, api huma.API, verb, summary string, make func(context.Context, campaign.AgentID, campaign.InteractionID, B) (campaign.Click, error)) {
	op := operation("interaction-"+verb, http.MethodPost, "/api/v1/interactions/{id}/"+verb, campaign.RoleAgent, summary)
	huma.Register(api, op, func(ctx context.Context, in *struct {
		OneInteraction
		Body *B
	}) (*struct{}, error) {
		var b B
		if in.Body != nil {
			b = *in.Body
		}
		c, err := make(ctx, who(ctx).user, in.ID, b)
		if err != nil {
			return nil, err
		}
		return d.clicked(ctx, c)
	})
}

// plain registers a click without a body.
func plain(d *Desk, api huma.API, verb, summary string, make func(campaign.AgentID, campaign.InteractionID) campaign.Click) {
	op := operation("interaction-"+verb, http.MethodPost, "/api/v1/interactions/{id}/"+verb, campaign.RoleAgent, summary)
	huma.Register(api, op, func(ctx context.Context, in *OneInteraction) (*struct{}, error) {
		return d.clicked(ctx, make(who(ctx).user, in.ID))
	})
}

// Short names for the table below.
type (
	agentID = campaign.AgentID
	itemID  = campaign.InteractionID
)

func (d *Desk) interactions(api huma.API) {
	plain(d, api, "accept", "Accept a preview, or answer an inbound call", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickAccept{Agent: a, Interaction: i}
	})
	plain(d, api, "decline", "Decline it: the record goes to the top of the list", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickDecline{Agent: a, Interaction: i}
	})
	plain(d, api, "shown", "The page reports that the record is on the screen: that releases the call", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickShown{Agent: a, Interaction: i}
	})
	plain(d, api, "return", "Give an undialled record back to its old place", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickReturn{Agent: a, Interaction: i}
	})
	plain(d, api, "remove", "Take an undialled record out of the campaign", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickRemove{Agent: a, Interaction: i}
	})
	plain(d, api, "hold", "Put the contact on hold", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickHold{Agent: a, Interaction: i}
	})
	plain(d, api, "resume", "Take the contact back", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickResume{Agent: a, Interaction: i}
	})
	plain(d, api, "hangup", "Hang up", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickHangup{Agent: a, Interaction: i}
	})
	d.spoken(api)
	d.settling(api)
}

// spoken are the clicks during a call that say more than their name.
func (d *Desk) spoken(api huma.API) {
	on(d, api, "call", "Dial an open record, or another number for it", func(_ context.Context, a agentID, i itemID, b CallTo) (campaign.Click, error) {
		if b.Number == "" {
			return campaign.ClickCall{Agent: a, Interaction: i}, nil
		}
		n, err := d.dialable(b.Number)
		return campaign.ClickCall{Agent: a, Interaction: i, Number: n}, err
	})
	on(d, api, "digits", "Send digits (DTMF)", func(_ context.Context, a agentID, i itemID, b DigitsToSend) (campaign.Click, error) {
		return campaign.ClickDigits{Agent: a, Interaction: i, Digits: b.Digits}, nil
	})
	on(d, api, "mute", "Mute or unmute the agent", func(_ context.Context, a agentID, i itemID, b MuteSwitch) (campaign.Click, error) {
		return campaign.ClickMute{Agent: a, Interaction: i, On: b.On}, nil
	})
	on(d, api, "recording", "Start, pause, resume or stop the recording; the contact's consent to it, or refusal; delete it", func(_ context.Context, a agentID, i itemID, b RecordingSwitch) (campaign.Click, error) {
		return campaign.ClickRecord{Agent: a, Interaction: i, Action: b.Action}, nil
	})
	on(d, api, "transfer", "Hand the contact on: blind to a number, without one to whom the agent consulted", func(_ context.Context, a agentID, i itemID, b CallTo) (campaign.Click, error) {
		if b.Number == "" {
			return campaign.ClickTransfer{Agent: a, Interaction: i}, nil
		}
		n, err := d.dialable(b.Number)
		return campaign.ClickTransfer{Agent: a, Interaction: i, Number: n}, err
	})
	on(d, api, "consult", "Call somebody besides; the contact is put on hold", func(_ context.Context, a agentID, i itemID, b Number) (campaign.Click, error) {
		n, err := d.dialable(b.Number)
		return campaign.ClickConsult{Agent: a, Interaction: i, Number: n}, err
	})
	plain(d, api, "conference", "Let contact, agent and the one consulted hear each other", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickConference{Agent: a, Interaction: i}
	})
}

// settling are the clicks that end an interaction.
func (d *Desk) settling(api huma.API) {
	on(d, api, "result", "Enter result, disposition code, note, callback: during the call and after it", func(_ context.Context, a agentID, i itemID, b Outcome) (campaign.Click, error) {
		return campaign.ClickResult{Agent: a, Interaction: i, Entry: b.entry()}, nil
	})
	on(d, api, "quick", "Set a quick result, hang up and be done", func(_ context.Context, a agentID, i itemID, b QuickResult) (campaign.Click, error) {
		return campaign.ClickQuick{Agent: a, Interaction: i, Result: b.Result}, nil
	})
	on(d, api, "done", "Write result, code and note, and be free", func(_ context.Context, a agentID, i itemID, b DoneAnd) (campaign.Click, error) {
		return campaign.ClickDone{Agent: a, Interaction: i, Then: b.Then}, nil
	})
	plain(d, api, "extend", "Give after-call work more time, as often as the campaign allows", func(a agentID, i itemID) campaign.Click {
		return campaign.ClickExtend{Agent: a, Interaction: i}
	})
	on(d, api, "correct", "Correct the outcome of one of the last ten calls", func(ctx context.Context, a agentID, i itemID, b Outcome) (campaign.Click, error) {
		if b.NoCall != nil && !*b.NoCall && !who(ctx).overseer() {
			v, err := d.own(ctx, i)
			if err != nil {
				return nil, err
			}
			if v.NoCall {
				return nil, problem(http.StatusForbidden, CodeForbidden, "only a supervisor takes back Do not call")
			}
		}
		return campaign.ClickCorrect{Agent: a, Interaction: i, Entry: b.entry()}, nil
	})
}

// own is one of the caller's interactions, live or among the last ten, as she
// may see it.
func (d *Desk) own(ctx context.Context, id campaign.InteractionID) (campaign.InteractionView, error) {
	user := who(ctx).user
	s, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: user, Role: campaign.RoleAgent})
	if err != nil {
		return campaign.InteractionView{}, d.problem(err)
	}
	for _, list := range [][]campaign.InteractionView{s.Interactions, s.Recent} {
		for _, v := range list {
			if v.ID == id && v.Agent == user {
				return v, nil
			}
		}
	}
	return campaign.InteractionView{}, problem(http.StatusNotFound, campaign.ReasonNoInteraction, "this interaction is over, or somebody else's")
}
