package line

import (
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/sip"
)

// Every fate of the laboratory through a real exchange, all at once; its call
// detail records are the witness.
func TestAsterisk(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{})
	d := newDesk(t, l.SIPAddr(), sip.Account{
		Name: "pbx", Address: "sip:1001@" + l.SIPAddr(), Registrar: "sip:" + l.SIPAddr(), Password: "lab-1001",
	})
	fates, err := lab.Fates()
	if err != nil {
		t.Fatal(err)
	}
	f := &floor{line: d.Line, ring: 4 * time.Second, talk: map[campaign.AttemptID]time.Duration{}}
	rows := 0
	for _, fate := range fates {
		id := campaign.AttemptID(fate.Code)
		if fate.Ends == 0 {
			f.talk[id] = 2 * time.Second
		}
		rows += fate.Rows
		d.Do(campaign.Dial{Attempt: id, Agent: campaign.AgentID("agent-" + fate.Code), Number: fate.Number(1), CallerID: "+4930901820"})
	}
	// And one the agent gives up while it rings.
	ringing, err := lab.FateNamed("rings-for-ever")
	if err != nil {
		t.Fatal(err)
	}
	rows += ringing.Rows
	d.Do(campaign.Dial{Attempt: "given-up", Number: ringing.Number(2)})
	d.Do(campaign.Hangup{Attempt: "given-up", By: campaign.ByAgent, Reason: "agent hung up"})
	f.work(t, len(fates)+1)
	for _, fate := range fates {
		checkLabFate(t, f, fate)
	}
	if e := f.ends["given-up"]; len(e) != 1 || e[0].Result != campaign.ResultCancelled || e[0].By != campaign.ByAgent {
		t.Errorf("given up: %+v", e)
	}
	if err := l.WaitChannels(0, wait); err != nil {
		t.Error(err)
	}
	cdr, err := l.WaitCDR(rows-1, wait) // the call given up may be gone before the exchange knew it
	if err != nil {
		t.Fatal(err)
	}
	byNumber := map[string]lab.CDRRow{}
	for _, row := range cdr {
		byNumber[row.Dst] = row
	}
	for _, fate := range fates {
		checkRow(t, f, fate, byNumber[fate.Number(1)])
	}
}

func checkLabFate(t *testing.T, f *floor, fate lab.Fate) {
	t.Helper()
	id := campaign.AttemptID(fate.Code)
	if len(f.ends[id]) != 1 {
		t.Errorf("%s %s ended %d times: %v", fate.Code, fate.Name, len(f.ends[id]), f.log[id])
		return
	}
	e := f.ends[id][0]
	by := campaign.ByContact
	switch {
	case fate.SIP == statusTerminated:
		by = campaign.ByDialer
	case fate.SIP == 200 && fate.Ends == 0:
		by = campaign.ByAgent
	}
	if resultNames[e.Result] != fate.Result || e.By != by || e.Status != fate.SIP {
		t.Errorf("%s %s: %s by %s, status %d (%q); want %s by %s, status %d; said %v", fate.Code, fate.Name,
			resultNames[e.Result], e.By, e.Status, e.Text, fate.Result, by, fate.SIP, f.log[id])
	}
	if fate.SIP == 200 && (e.RTP == nil || e.RTP.Received == 0 || e.RTP.Lost > 0) {
		t.Errorf("%s %s: rtp %+v", fate.Code, fate.Name, e.RTP)
	}
}

func checkRow(t *testing.T, f *floor, fate lab.Fate, row lab.CDRRow) {
	t.Helper()
	if fate.Rows == 0 {
		if row.Dst != "" {
			t.Errorf("%s %s: a row %+v, want none", fate.Code, fate.Name, row)
		}
		return
	}
	if row.Src != "+4930901820" {
		t.Errorf("%s %s: called from %q", fate.Code, fate.Name, row.Src)
	}
	// Asterisk ends the row of a conference when its caller has entered the room.
	if end := f.ends[campaign.AttemptID(fate.Code)]; fate.SIP == 200 && len(end) == 1 && fate.Name != "conference" {
		ours := end[0].At.Sub(f.answered[campaign.AttemptID(fate.Code)])
		if d := ours - row.Billed; d < -time.Second || d > time.Second {
			t.Errorf("%s %s: %v by us, %v billed", fate.Code, fate.Name, ours, row.Billed)
		}
	}
	if row.Disposition != fate.Disposition {
		t.Errorf("%s %s: the exchange wrote %q, want %q (%+v)", fate.Code, fate.Name, row.Disposition, fate.Disposition, row)
	}
}

// A process dies; the next one ends its calls from their tokens.
func TestRecoverAtAsterisk(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{})
	account := sip.Account{Name: "pbx", Address: "sip:1001@" + l.SIPAddr(), Registrar: "sip:" + l.SIPAddr(), Password: "lab-1001"}
	dead, next := newDesk(t, l.SIPAddr(), account), newDesk(t, l.SIPAddr(), account)
	dead.Do(campaign.Dial{Attempt: "ringing", Number: "611"})
	dead.Do(campaign.Dial{Attempt: "talking", Agent: "ann", Number: "601"})
	tokens := map[campaign.AttemptID][]byte{}
	stage := map[campaign.AttemptID]campaign.LineEventKind{}
	event := func() campaign.LineEvent {
		t.Helper()
		select {
		case e := <-dead.Events():
			return e
		case <-time.After(wait):
			t.Fatalf("no event after %v", stage)
			return campaign.LineEvent{}
		}
	}
	for stage["ringing"] != campaign.LineRinging || stage["talking"] != campaign.LineJoined {
		e := event()
		stage[e.Attempt] = e.Kind
		if len(e.Token) > 0 {
			tokens[e.Attempt] = e.Token
		}
	}
	for id, token := range tokens {
		if err := next.Recover(token); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := l.WaitChannels(0, wait); err != nil {
		t.Error(err)
	}
	// The dead one lives on in this test: it hears the 487, and of the BYE only
	// when it sends one itself.
	dead.Do(campaign.Hangup{Attempt: "talking", By: campaign.ByAgent})
	for ended := 0; ended < 2; {
		if e := event(); e.Kind == campaign.LineEnded {
			ended++
		}
	}
	if err := next.Recover([]byte(`{"call_id":1}`)); err == nil {
		t.Error("nonsense was taken for a token")
	}
}
