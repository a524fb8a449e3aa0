package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

func TestPasswords(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	wrong := `{"name":"ann","password":"guess"}`
	a := v.ask("POST", "/api/v1/session", wrong)
	v.want(a, 401, CodePassword)
	b := v.ask("POST", "/api/v1/session", `{"name":"nobody","password":"guess"}`)
	if a.text != b.text {
		t.Errorf("one can tell who exists: %s and %s", a.text, b.text)
	}
	for range 4 {
		v.want(v.ask("POST", "/api/v1/session", wrong), 401, CodePassword)
	}
	slow := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password))
	v.want(slow, 429, CodeThrottled) // even the right one
	if slow.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.clock.pass(35 * time.Second)
	v.login("ann")

	// Many names from one address.
	for i := range 30 {
		v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"u%d","password":"x"}`, i))
	}
	v.want(v.ask("POST", "/api/v1/session", `{"name":"sue","password":"x"}`), 429, CodeThrottled)
	if d := h.byUser.wait("sue", h.clock.now()); d != 0 {
		t.Errorf("sue pays for the address: %s", d)
	}
	u := h.store.users["ann"]
	u.Hash = ""
	h.store.users["ann"] = u
	h.clock.pass(20 * time.Minute)
	v.want(v.ask("POST", "/api/v1/session", `{"name":"ann","password":""}`), 401, CodePassword)
	if strings.Contains(a.header.Get("Set-Cookie"), "freiton") {
		t.Error("a failed login got a session")
	}
}

func TestSessionCookie(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	a := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password))
	c := a.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(c, part) {
			t.Errorf("%s is missing: %s", part, c)
		}
	}
	if strings.Contains(c, "Expires") || strings.Contains(c, "Max-Age") {
		t.Errorf("it outlives the browser: %s", c)
	}
	again := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password)).header.Get("Set-Cookie")
	if again == "" || again == c {
		t.Errorf("not rotated: %s, %s", c, again)
	}
	first, _, _ := strings.Cut(c, ";")
	other := h.visitor(t)
	other.want(other.ask("GET", "/api/v1/state", "", "Cookie", first), 401, CodeLogin) // the old token is dead
	// A token somebody else has planted is not taken over.
	name, _, _ := strings.Cut(first, "=")
	planted := other.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password), "Cookie", name+"=planted")
	if c := planted.header.Get("Set-Cookie"); !strings.HasPrefix(c, name+"=") || strings.HasPrefix(c, name+"=planted") {
		t.Errorf("fixation: %s", c)
	}
}

func TestExpiry(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentNotReady}} })
	h.clock.pass(50 * time.Minute)
	v.want(v.ask("GET", "/api/v1/state", ""), 200, "")
	h.clock.pass(50 * time.Minute) // it was used
	v.want(v.ask("GET", "/api/v1/session", ""), 200, "")

	at := func(a campaign.AgentView) { h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{a} }) }
	at(campaign.AgentView{Agent: "ann", Status: campaign.AgentAfterCall, Interaction: "i1"})
	h.clock.pass(13 * time.Hour)
	v.want(v.ready(), 204, "") // not in after-call work, past every limit
	at(campaign.AgentView{Agent: "ann", Status: campaign.AgentNotReady})
	v.want(v.ask("GET", "/api/v1/state", ""), 401, CodeExpired) // past the absolute one
	v.want(v.ask("GET", "/api/v1/state", ""), 401, CodeLogin)   // and gone
	if last := h.hall.clicks[len(h.hall.clicks)-1]; last != (campaign.ClickLogout{Agent: "ann"}) {
		t.Errorf("she is still on the floor: %v", last)
	}
	v.login("ann")
	h.clock.pass(61 * time.Minute)
	v.want(v.ready(), 401, CodeExpired) // idle
	v.login("ann")
	at(campaign.AgentView{Agent: "ann", Status: campaign.AgentReady})
	h.clock.pass(3 * time.Hour)
	v.want(v.ask("GET", "/api/v1/state", ""), 200, "") // she waits for a call
}

func TestSessionsSurvive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.json")
	open := func(c *WebConfig) {
		s, err := OpenSessions(file)
		if err != nil {
			t.Fatal(err)
		}
		c.Sessions = s
	}
	h := openHouse(t, open)
	v := h.visitor(t)
	a := v.login("ann")
	u := h.store.users["ann"]
	cookie := v.http.Jar.Cookies(mustRequest(t, v.base).URL)[0]

	_, port, _ := strings.Cut(strings.TrimPrefix(h.URL(), "http://"), ":")
	second := openHouse(t, open) // the first still has its port; the cookie's name has it as well
	_, port2, _ := strings.Cut(strings.TrimPrefix(second.URL(), "http://"), ":")
	v2 := second.visitor(t)
	name := strings.Replace(cookie.Name, port, port2, 1)
	got := v2.ask("GET", "/api/v1/session", "", "Cookie", name+"="+cookie.Value)
	if got.status != 200 || !strings.Contains(got.text, a.CSRF) {
		t.Errorf("after a restart: %d %s", got.status, got.text)
	}
	// Logged in on the floor again.
	v2.want(v2.ask("GET", "/api/v1/state", "", "Cookie", name+"="+cookie.Value), 200, "")
	if !slices.Contains(second.hall.clicks, campaign.Click(campaign.ClickLogin{Agent: "ann", Place: second.URL()})) {
		t.Errorf("clicks %v", second.hall.clicks)
	}
	// A new password ends every session that does not know it, at once or a second later.
	u.Hash = "hash of another"
	second.store.users["ann"] = u
	second.clock.pass(2 * time.Second)
	v2.want(v2.ask("GET", "/api/v1/session", "", "Cookie", name+"="+cookie.Value), 401, CodeExpired)
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOwnPassword(t *testing.T) {
	h := openHouse(t, nil)
	one, two := h.visitor(t), h.visitor(t)
	one.login("ann")
	two.login("ann")
	one.want(one.ask("PUT", "/api/v1/session/password", `{"old":"wrong","new":"long enough"}`), 422, CodePassword)
	one.want(one.ask("PUT", "/api/v1/session/password", fmt.Sprintf(`{"old":%q,"new":"short"}`, password)), 422, campaign.ReasonBadInput)
	a := one.ask("PUT", "/api/v1/session/password", fmt.Sprintf(`{"old":%q,"new":"long enough"}`, password))
	one.want(a, 204, "")
	if a.header.Get("Set-Cookie") == "" {
		t.Error("not rotated")
	}
	one.want(one.ready(), 204, "")
	two.want(two.ready(), 401, CodeExpired)
	if h.store.users["ann"].Hash != "hash of long enough" {
		t.Errorf("user %+v", h.store.users["ann"])
	}
}

func TestDisabledUser(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	u := h.store.users["ann"]
	u.Disabled = true
	h.store.users["ann"] = u
	h.clock.pass(2 * time.Second)
	v.want(v.ready(), 401, CodeExpired)
	v.want(v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password)), 401, CodePassword)
}

// Who is barred is logged off and her streams end at once; but not before the
// call and the after-call work she is in are over.
func TestDisabledAtWork(t *testing.T) {
	h := openHouse(t, nil)
	look := func() { <-h.store.told; <-h.store.told }
	look()
	v := h.visitor(t)
	v.login("ann")
	s := v.events("?since=1")
	s.next("viewer")
	h.hall.set(func(h *hall) {
		h.clicks, h.snap.Agents = nil, []campaign.AgentView{{Agent: "ann", Status: campaign.AgentNotReady, Interaction: "i1"}}
	})
	u := h.store.users["ann"]
	u.Disabled = true
	h.store.users["ann"] = u
	look()
	h.hall.set(func(h *hall) {
		if len(h.clicks) != 1 || h.clicks[0] != (campaign.ClickLogout{Agent: "ann"}) {
			t.Errorf("clicks %v", h.clicks)
		}
	})
	v.want(v.ask("GET", "/api/v1/session", ""), 200, "") // somebody is on the line
	h.hall.set(func(h *hall) { h.snap.Agents = []campaign.AgentView{{Agent: "ann", Status: campaign.AgentLoggedOff}} })
	h.hall.tell(campaign.Event{N: 2, Kind: campaign.EventAgent, Agent: "ann", AgentView: &campaign.AgentView{Agent: "ann", Status: campaign.AgentLoggedOff}})
	if got := s.next("session"); got != `{"code":"session-expired"}` {
		t.Errorf("her stream: %s", got)
	}
	v.want(v.ask("GET", "/api/v1/session", ""), 401, CodeLogin)
}

func TestWelcome(t *testing.T) {
	h := openHouse(t, nil)
	if link, err := h.Welcome(t.Context(), "administrator"); err != nil || link != "" {
		t.Errorf("there is one with a password: %q, %v", link, err)
	}
	delete(h.store.users, "adm")
	link, err := h.Welcome(t.Context(), "administrator")
	if err != nil || h.store.users["administrator"].Role != campaign.RoleAdministrator {
		t.Fatalf("%q, %v", link, err)
	}
	v := h.visitor(t)
	path := strings.TrimPrefix(link, h.URL())
	v.want(v.ask("HEAD", path, ""), 405, "")
	if a := v.ask("GET", path, ""); a.status != 303 || a.header.Get("Location") != "/" {
		t.Errorf("%d %v", a.status, a.header)
	}
	a := v.ask("GET", "/api/v1/session", "")
	if a.status != 200 || !strings.Contains(a.text, `"has_password":false`) {
		t.Errorf("%d %s", a.status, a.text)
	}
	var s Session
	_ = json.Unmarshal([]byte(a.text), &s)
	v.head.Set("X-CSRF-Token", s.CSRF)
	v.want(v.ask("PUT", "/api/v1/session/password", `{"new":"long enough"}`), 204, "")
	other := h.visitor(t)
	if a := other.ask("GET", path, ""); a.header.Get("Location") != "/?link=used" {
		t.Errorf("twice: %v", a.header)
	}
	late := strings.TrimPrefix(h.Link("ann"), h.URL())
	h.clock.pass(linkLife + time.Minute)
	if a := other.ask("GET", late, ""); a.header.Get("Location") != "/?link=used" {
		t.Errorf("late: %v", a.header)
	}
	other.want(other.ask("GET", "/api/v1/session", ""), 401, CodeLogin)
}

func TestStreamFollowsSession(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	s := v.events("?since=1")
	s.next("viewer")
	var st *stream
	h.seats.mu.Lock()
	for st = range h.seats.by["ann"].streams {
	}
	h.seats.mu.Unlock()
	p := principal{user: "ann", role: campaign.RoleAgent, session: st.session, token: st.token}
	if !h.stillGood(p, st) {
		t.Error("it is good")
	}
	for range 3 {
		h.clock.pass(30 * time.Minute)
		v.ask("GET", "/api/v1/workbin", "") // a page does so by itself
	}
	if h.stillGood(p, st) {
		t.Error("it is used no more")
	}
	v.want(v.ready(), 401, CodeLogin)
	v.login("ann")
	u := h.store.users["ann"]
	u.Role = campaign.RoleSupervisor
	h.store.users["ann"] = u
	h.clock.pass(2 * time.Second)
	if h.stillGood(p, st) {
		t.Error("her role has changed")
	}
}
