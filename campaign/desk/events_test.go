package desk

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

type events struct {
	lines *bufio.Scanner
	close func() error
}

func (v *visitor) events(query string, header ...string) *events {
	v.t.Helper()
	req := mustRequest(v.t, v.base+"/api/v1/events"+query)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := v.http.Do(req)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		v.t.Fatalf("events: %v %v", res, err)
	}
	v.t.Cleanup(func() { res.Body.Close() })
	return &events{bufio.NewScanner(res.Body), res.Body.Close}
}

func (e *events) next(name string) string {
	at := ""
	for e.lines.Scan() {
		switch line := e.lines.Text(); {
		case line == "":
			at = ""
		case strings.HasPrefix(line, "event: "):
			at = line[7:]
		case strings.HasPrefix(line, "data: ") && at == name:
			return line[6:]
		}
	}
	return ""
}

func TestTwoDesktops(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	one := v.events("?since=1&tab=one")
	if got := one.next("viewer"); got != `{"viewer":false}` {
		t.Errorf("the first tab: %s", got)
	}
	two := v.events("?since=1&tab=two")
	if got := two.next("viewer"); got != `{"viewer":true}` {
		t.Errorf("the second tab: %s", got)
	}
	if a := v.ask("GET", "/api/v1/state", "", "X-Tab", "two"); !strings.Contains(a.text, `"viewer":true`) {
		t.Errorf("state: %s", a.text)
	}
	v.want(v.ready("X-Tab", "two"), 409, CodeViewer)
	v.want(v.ready("X-Tab", "one"), 204, "")
	v.want(v.ask("POST", "/api/v1/desk/take-over", "", "X-Tab", "two"), 204, "")
	if got := one.next("viewer"); got != `{"viewer":true}` {
		t.Errorf("the first tab after that: %s", got)
	}
	if got := two.next("viewer"); got != `{"viewer":false}` {
		t.Errorf("the second tab after that: %s", got)
	}
	v.want(v.ready("X-Tab", "one"), 409, CodeViewer)
	v.want(v.ready("X-Tab", "two"), 204, "")
	// The end of the session ends both.
	h.hall.set(func(h *hall) { h.snap.Agents = nil })
	v.want(v.ask("DELETE", "/api/v1/session", ""), 204, "")
	for _, s := range []*events{one, two} {
		if got := s.next("session"); got != `{"code":"logged-off"}` {
			t.Errorf("at the end: %s", got)
		}
		if got := s.next(""); got != "" {
			t.Errorf("after the end: %s", got)
		}
	}
}

// Who works at another process looks on here, and may come; who has gone to
// another one looks on from then.
func TestDeskElsewhere(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonElsewhere, Name: "https://b"}}
	})
	v.login("ann")
	s := v.events("?tab=one")
	if got := s.next("viewer"); got != `{"viewer":true,"elsewhere":"https://b"}` {
		t.Errorf("at the login: %s", got)
	}
	if a := v.ask("GET", "/api/v1/state", "", "X-Tab", "one"); !strings.Contains(a.text, `"elsewhere":"https://b"`) {
		t.Errorf("state: %s", a.text)
	}
	v.want(v.ready("X-Tab", "one"), 409, CodeViewer)
	v.want(v.ask("POST", "/api/v1/desk/take-over", "", "X-Tab", "one"), 204, "")
	h.await(t.Context())
	v.want(v.ready("X-Tab", "one"), 409, CodeViewer)
	moves := 0
	h.hall.set(func(h *hall) {
		for _, c := range h.clicks {
			if in, ok := c.(campaign.ClickLogin); ok && in.Move {
				moves++
			}
		}
		h.refuse = nil
	})
	if moves != 1 {
		t.Errorf("she wanted to come %d times", moves)
	}
	h.await(t.Context())
	if got := s.next("viewer"); got != `{"viewer":false}` {
		t.Errorf("when she is here: %s", got)
	}
	v.want(v.ready("X-Tab", "one"), 204, "")
	h.hall.tell(campaign.Event{N: 2, Kind: campaign.EventAgent, Agent: "ann", AgentView: &campaign.AgentView{
		Agent: "ann", Status: campaign.AgentLoggedOff, Notice: &campaign.Reason{Code: campaign.ReasonElsewhere}}})
	if got := s.next("viewer"); !strings.Contains(got, `"viewer":true`) {
		t.Errorf("when she has gone: %s", got)
	}
}

func TestEventStream(t *testing.T) {
	h := openHouse(t, func(c *WebConfig) { c.PBX = func() Link { return Link{State: "live"} } })
	v := h.visitor(t)
	v.login("ann")
	s := v.events("")
	var st State
	if err := json.Unmarshal([]byte(s.next("state")), &st); err != nil || st.N != 1 || st.Interactions == nil || len(st.NotReady) != 1 || st.Links["pbx"].State != "live" {
		t.Errorf("state %+v, %v", st, err)
	}
	if got := s.next("link"); !strings.Contains(got, "live") {
		t.Errorf("link %s", got)
	}
	s.next("viewer")
	evil := campaign.InteractionView{ID: "i", Agent: "ann", Content: &campaign.Content{Name: "</script><script>alert(1)</script>\n\ndata: x"}}
	h.hall.tell(campaign.Event{N: 2, Kind: campaign.EventOffered, Agent: "eva", InteractionView: &campaign.InteractionView{ID: "j", Agent: "eva"}})
	h.hall.tell(campaign.Event{N: 3, Kind: campaign.EventOffered, Agent: "ann", InteractionView: &evil})
	got := s.next("")
	var e campaign.Event
	if err := json.Unmarshal([]byte(got), &e); err != nil || e.N != 3 || e.InteractionView.Content.Name != evil.Content.Name {
		t.Errorf("not her event: %s", got)
	}
	if strings.ContainsAny(got, "<>") {
		t.Errorf("markup on the wire: %s", got)
	}
	if alive := s.next("alive"); alive == "" {
		t.Error("no proof of life")
	}
	// The controller cuts a reader off; she may come back.
	h.hall.set(func(h *hall) {
		for _, ch := range h.subs {
			close(ch)
		}
		h.subs = nil
	})
	if got := s.next(""); got != "" {
		t.Errorf("after that: %s", got)
	}
}

// A number that another process gave, or this one before its journal was cut,
// says nothing: the same number may be another event by now.
func TestEventEpoch(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	first := func(query string, header ...string) string {
		t.Helper()
		s := v.events(query, header...)
		for s.lines.Scan() {
			if name, ok := strings.CutPrefix(s.lines.Text(), "event: "); ok {
				return name
			}
		}
		return ""
	}
	var st State
	if err := json.Unmarshal([]byte(v.events("").next("state")), &st); err != nil || st.Epoch == "" || st.N != 1 {
		t.Fatalf("%+v, %v", st, err)
	}
	if got := first("?since=1-" + st.Epoch); got != "link" {
		t.Errorf("who saw the last event is told %s", got)
	}
	for what, got := range map[string]string{
		"behind":  first("?since=1-ANOTHER"),
		"ahead":   first("?since=7-ANOTHER"),
		"by id":   first("?since=1-"+st.Epoch, "Last-Event-ID", "1-ANOTHER"),
		"no id":   first("?since=1-"+st.Epoch, "Last-Event-ID", "x"),
		"nothing": first(""),
	} {
		if got != "state" {
			t.Errorf("%s: of another epoch: %s", what, got)
		}
	}
}

func TestLostDesk(t *testing.T) {
	h := openHouse(t, nil)
	p := principal{user: "ann", session: "s", tab: "a"}
	st := h.seats.open(p)
	h.seats.close(st, h.clock.now())
	if got := h.seats.lost(h.clock.now().Add(29 * time.Second)); len(got) != 0 {
		t.Errorf("too soon: %v", got)
	}
	if got := h.seats.lost(h.clock.now().Add(31 * time.Second)); len(got) != 1 {
		t.Fatalf("lost %v", got)
	}
	if got := h.seats.lost(h.clock.now().Add(32 * time.Second)); len(got) != 0 {
		t.Errorf("told twice: %v", got)
	}
	h.hall.set(func(h *hall) {
		h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentReady, Interaction: "i"}}
	})
	h.away(t.Context(), "ann")
	if got := h.hall.did(); len(got) != 0 {
		t.Errorf("in a call: %v", got)
	}
	h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentReady}} })
	h.away(t.Context(), "ann")
	if got := h.hall.did(); len(got) != 1 || got[0] != (campaign.ClickStatus{Agent: "ann", Status: campaign.AgentNotReady, Reason: "Technik"}) {
		t.Errorf("clicks %v", got)
	}
	h.seats.open(p) // she is back
	if got := h.seats.lost(h.clock.now().Add(time.Hour)); len(got) != 0 {
		t.Errorf("lost with an open tab: %v", got)
	}
	for range userStreams - 1 {
		h.seats.open(p)
	}
	if h.seats.open(p) != nil {
		t.Error("no limit to one user's tabs")
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestSleepingTabs(t *testing.T) {
	const sleepers, events = 10, 10_000
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	before, routines := heap(), runtime.NumGoroutine()
	u, err := url.Parse(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	cookie := v.http.Jar.Cookies(u)[0]
	var conns []net.Conn
	for i := range sleepers {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /api/v1/events?since=1&tab=t%d HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", i, u.Host, cookie.Name, cookie.Value)
		conns = append(conns, c)
		if i == 0 { // the first to be served has the desk
			until(t, "the first has the desk", func() bool {
				h.seats.mu.Lock()
				defer h.seats.mu.Unlock()
				return h.seats.all == 1
			})
		}
	}
	awake := v.events("?since=1&tab=awake")
	awake.next("viewer")
	until(t, "all are connected", func() bool {
		h.hall.mu.Lock()
		defer h.hall.mu.Unlock()
		return len(h.hall.subs) == sleepers+2 // and who writes the dialer's messages
	})
	read := make(chan int, events)
	go func() { // ends with the stream
		defer close(read)
		for {
			var e campaign.Event
			if json.Unmarshal([]byte(awake.next("")), &e) != nil {
				return
			}
			read <- int(e.N)
		}
	}()
	reason := strings.Repeat("r", 400)
	most := before
	for n := 2; n < events+2; n++ {
		h.hall.tell(campaign.Event{N: uint64(n), Kind: campaign.EventAgent, Agent: "ann", AgentView: &campaign.AgentView{Agent: "ann", Reason: reason}})
		if n%200 == 0 { // the one who reads keeps up
			for got := range read {
				if got == n {
					break
				}
			}
			most = max(most, heap())
		}
	}
	if grown := most - before; grown > 8<<20 {
		t.Errorf("%d KiB were kept for sleeping tabs", grown>>10)
	}
	v.want(v.ready("X-Tab", "t0"), 204, "") // the first tab had the desk; clicks do not wait for readers
	h.hall.mu.Lock()
	if n := len(h.hall.subs); n > 2 { // the tab that reads, and who writes the dialer's messages
		t.Errorf("%d still subscribe", n)
	}
	h.hall.mu.Unlock()
	// The server gives each up when its write has waited too long.
	until(t, "they are cut off", func() bool {
		h.seats.mu.Lock()
		defer h.seats.mu.Unlock()
		return h.seats.all == 1
	})
	awake.close()
	for range read {
	}
	for _, c := range conns {
		c.Close()
	}
	v.http.CloseIdleConnections()
	until(t, "nobody serves them any more", func() bool { return runtime.NumGoroutine() <= routines })
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not in 30 s", what)
		}
	}
}
