package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
)

// phoneAccount is the account that calls a telephone: the one that is at home
// where the telephone is, else the one that dials.
func phoneAccount(cfg configs.Config, uri string) string {
	home := func(uri string) string {
		_, host, _ := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
		host, _, _ = strings.Cut(host, ";")
		return strings.ToLower(host)
	}
	for _, a := range cfg.SIP.Accounts {
		if h := home(uri); h != "" && home(a.Address) == h {
			return a.Name
		}
	}
	account, _ := cfg.DialAccount()
	return account.Name
}

// wornRing is how long a telephone that is to be a headset rings.
const wornRing = 30 * time.Second

// call calls the telephone and waits until somebody picks it up.
func (w *worn) call(ctx context.Context, h *wear) (earphone, error) {
	select { // its telephone may still be in the call of a process that was killed
	case <-w.released:
	case <-ctx.Done():
		return earphone{}, ctx.Err()
	}
	c := &wornCall{left: w.left, agent: h.agent, ended: make(chan struct{})}
	answered, progress, gone, held := make(chan struct{}), make(chan struct{}, 8), make(chan error, 1), make(chan bool, 64)
	var err error
	c.call, err = w.voice.phone.Dial(context.Background(), phone.DialOptions{
		Account: phoneAccount(w.cfg, h.kind), URI: h.kind,
		Events: func(e phone.Event) {
			switch e.Kind {
			case phone.Dialing, phone.Ringing:
				select {
				case progress <- struct{}{}:
				default:
				}
			case phone.Answered:
				close(answered)
			case phone.HeldByContact, phone.ResumedByContact:
				select {
				case held <- e.Kind == phone.HeldByContact:
				default: // nobody reads: it is being closed
				}
			case phone.TransferAsked: // a headset is nobody's to hand on
				e.Call.TransferResult(603, "")
			case phone.Ended:
				gone <- whyEnded(e.Cause, answered)
				close(c.ended)
			}
		},
	})
	if err != nil {
		return earphone{}, phoneFailed(err.Error())
	}
	limit := time.NewTimer(wornRing)
	defer limit.Stop()
	for {
		select {
		case <-progress:
			w.keepToken(c)
			continue
		case <-answered:
			w.keepToken(c)
			return earphone{
				Endpoint: c.call.Endpoint(), closer: c, gone: gone, held: held, stats: c.call.Stats,
				quiet: phoneSays(campaign.ReasonPhoneQuiet),
			}, nil
		case err = <-gone:
		case <-limit.C:
			err = &phoneError{*phoneSays(campaign.ReasonPhoneRings)}
		case <-ctx.Done():
			err = ctx.Err()
		}
		return earphone{}, errors.Join(err, c.Close())
	}
}

// keepToken writes down what the next process needs to hang up, should this one
// be killed.
func (w *worn) keepToken(c *wornCall) {
	if err := w.left.keep(c.agent, c.call.Token()); err != nil {
		w.log.Error("should this process be killed, nobody hangs up a telephone that is a headset", "agent", c.agent, "err", err)
	}
}

// wornCall is the call to a telephone that is a headset.
type wornCall struct {
	call  *phone.Call
	left  *leftCalls
	agent campaign.AgentID
	ended chan struct{}
}

// hangupTime is how long a telephone has to confirm that it is hung up, before
// the next process asks it again.
const hangupTime = time.Second

// Close hangs up.
func (c *wornCall) Close() error {
	c.call.Hangup(sip.Reason{Q850: 16}) // ITU-T Q.850: normal clearing
	limit := time.NewTimer(hangupTime)
	defer limit.Stop()
	select {
	case <-c.ended:
		return c.left.keep(c.agent, nil)
	case <-limit.C:
		return nil
	}
}

// phoneError is why a telephone is no headset just now, in words for its agent.
type phoneError struct{ campaign.Reason }

func (e *phoneError) Error() string { return e.Text }

// phoneSays is what is wrong with a telephone, and what to do.
func phoneSays(code campaign.ReasonCode) *campaign.Reason {
	text := map[campaign.ReasonCode]string{
		campaign.ReasonPhoneBusy:    "the telephone is busy: end what it is in; it is called again",
		campaign.ReasonPhoneRefuses: "the telephone refuses the call: end Do not disturb and diversions there, and accept the next call; it is called again",
		campaign.ReasonPhoneRings:   "nobody picks the telephone up: is it switched on and logged in at the PBX? It is called again",
		campaign.ReasonPhoneUnknown: "the PBX does not know this telephone: an administrator has to correct its address in the account",
		campaign.ReasonPhoneCodec:   "telephone and server speak no codec in common: allow G.711 (A-law or µ-law) for it in the telephone and the PBX",
		campaign.ReasonPhoneHungUp:  "the telephone has hung up: pick it up when it rings; it is called again",
		campaign.ReasonPhoneHolds:   "the telephone has put the call on hold: resume it there; to hold a contact, use Hold on the page",
		campaign.ReasonPhoneQuiet:   "no sound comes from the telephone: switch silence suppression off there, and look after its network",
	}[code]
	return &campaign.Reason{Code: code, Text: text}
}

// whyEnded says what the end of a call to a telephone means; answered is closed
// if it was picked up.
func whyEnded(c sip.Cause, answered <-chan struct{}) error {
	select {
	case <-answered:
		return &phoneError{*phoneSays(campaign.ReasonPhoneHungUp)}
	default:
	}
	for code, status := range map[campaign.ReasonCode][]int{
		campaign.ReasonPhoneBusy:    {486, 600},
		campaign.ReasonPhoneRefuses: {403, 603, 607},
		campaign.ReasonPhoneRings:   {408, 480, 487},
		campaign.ReasonPhoneUnknown: {404, 410, 484, 604},
		campaign.ReasonPhoneCodec:   {415, 488, 606},
	} {
		if slices.Contains(status, c.Status) {
			return &phoneError{*phoneSays(code)}
		}
	}
	what := cmp.Or(strings.TrimSpace(fmt.Sprintf("%d %s", c.Status, c.Reason)), "no answer")
	if c.Status == 0 {
		what = cmp.Or(c.Reason, "no answer")
	}
	return phoneFailed(what)
}

// phoneFailed is what went wrong and has no words of its own.
func phoneFailed(what string) *phoneError {
	return &phoneError{campaign.Reason{Code: campaign.ReasonPhoneFailed, Text: "the telephone cannot be called: " + what}}
}
