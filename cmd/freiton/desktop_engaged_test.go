package main

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk/pagetest"
	"github.com/freiton/freiton/configs/lab"
)

// wireTap is everything that a browser got from the network, as the browser's
// own protocol tells it: every answer's body, and the stream of events.
type wireTap struct {
	mu   sync.Mutex
	text strings.Builder
	work sync.WaitGroup
}

// tap listens from now on.
func (p *agentPage) tap(t *testing.T) *wireTap {
	t.Helper()
	w := &wireTap{}
	ask := func(id network.RequestID, what func(context.Context) ([]byte, error)) {
		w.work.Go(func() { // ends with the answer, or with the tab
			var b []byte
			err := chromedp.Run(p.Ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
				b, err = what(ctx)
				return err
			}))
			if err == nil {
				w.add(string(b))
			}
		})
	}
	chromedp.ListenTarget(p.Ctx, func(ev any) {
		switch e := ev.(type) {
		case *network.EventResponseReceived:
			w.add(e.Response.URL + " " + jsonOf(t, e.Response.Headers) + "\n")
			if strings.Contains(e.Response.MimeType, "event-stream") {
				ask(e.RequestID, network.StreamResourceContent(e.RequestID).Do)
			}
		case *network.EventDataReceived:
			if b, err := base64.StdEncoding.DecodeString(e.Data); err == nil {
				w.add(string(b))
			}
		case *network.EventLoadingFinished:
			ask(e.RequestID, network.GetResponseBody(e.RequestID).Do)
		}
	})
	p.Run(network.Enable())
	t.Cleanup(w.work.Wait)
	return w
}

func (w *wireTap) add(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.WriteString(s)
}

func (w *wireTap) got() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// TestDesktopEngaged: an engaged agent's browser gets no field, number or id of
// a record before the contact has answered: not in the page, in any answer of
// the server, nor in an event. Then it gets all.
func TestDesktopEngaged(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{})
	people := contacts(t, 4000,
		contact{name: "Quirin Zwickelbauer", city: "Xanten", fate: "10"},
		contact{name: "Walburga Ypsilanti", city: "Zwiesel", fate: "06"})
	f := openLabFloor(t, l, labChromium(t, speechFile(t)), floorPlan{
		account: "1001", language: "en", names: namesOf(people),
		users: []campaign.User{{Name: "eva", Role: campaign.RoleAgent, Engaged: true}, {Name: "witness", Role: campaign.RoleSupervisor}},
		lists: map[string]string{"customers": csvOf(people)},
		camps: map[string]string{"spring": "description: Offer\nmode: progressive\nagents: all\nlists: [customers]\npreview: {timeout: 30s}\n"},
	})
	events := f.watch(t, "witness")
	eva := f.page(t, f.url+"/", pagetest.CheckPassed())
	wire := eva.tap(t)
	eva.LogIn("eva", agentPassword, f.say)
	events.do("/campaigns/spring/load", nil)
	events.do("/campaigns/spring/start", nil)
	eva.Press("OK", eva.Find("dialog", "Campaign started: spring"))

	secrets := []string{"Q-7001", "W-7002", "Quirin", "Zwickelbauer", "Walburga", "Ypsilanti", "Xanten", "Zwiesel"}
	for _, c := range people {
		secrets = append(secrets, strings.TrimPrefix(c.number, "+49"))
	}
	blank := func(when string) {
		t.Helper()
		var page string
		eva.Evaluate(`document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map(e => e.value) + document.title + JSON.stringify(sessionStorage) + JSON.stringify(localStorage)`, &page)
		for where, text := range map[string]string{"page": page, "wire": wire.got()} {
			for _, s := range secrets {
				if strings.Contains(text, s) {
					t.Errorf("%s: %s is in the %s", when, s, where)
				}
			}
		}
	}
	eva.status("Ready")
	eva.link("Sound", "live")
	preview := eva.Find("dialog", "Interaction preview")
	blank("offered")
	eva.Press("Accept", preview)
	eva.call("Ended") // busy: stays blank for good
	blank("busy")
	eva.Gone("region", "Outbound interaction")
	first := events.last(campaign.EventOffered)
	eva.Press("Accept", eva.Find("dialog", "Interaction preview"))
	eva.call("Ringing")
	eva.awaitText("region", "Record information", "appears as soon as")
	blank("ringing")
	if n := strings.Count(wire.got(), `"kind":"ringing"`); n == 0 || events.last(campaign.EventAnswered) > first {
		t.Fatalf("the tap does not hear the stream (%d events), or it was answered before the test looked:\n%s", n, wire.got())
	}
	eva.call("Connected")
	for _, text := range []string{"Walburga Ypsilanti", "Zwiesel"} {
		eva.awaitText("region", "Record information", text)
		eva.Until(text+" on the wire", func() bool { return strings.Contains(wire.got(), text) })
	}
	// Up to the byte: what came before the answer.
	before, _, _ := strings.Cut(wire.got(), `"kind":"answered"`)
	for _, s := range secrets {
		if strings.Contains(before, s) {
			t.Errorf("%s came before the answer", s)
		}
	}
	eva.Press("Hang up")
	eva.call("Ended")
	eva.Choose("Call result", "Answer")
	eva.finished()
}
