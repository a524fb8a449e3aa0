package desk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

func TestForgery(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	v.want(v.ready("Origin", "https://evil.example"), 403, CodeOrigin)
	v.want(v.ready("Origin", "null"), 403, CodeOrigin)
	v.want(v.ready("Sec-Fetch-Site", "cross-site"), 403, CodeOrigin)
	v.want(v.ready("Sec-Fetch-Site", "same-site"), 403, CodeOrigin)
	v.want(v.ready("X-CSRF-Token", ""), 403, CodeCSRF)
	v.want(v.ready("X-CSRF-Token", "x"), 403, CodeCSRF)
	v.want(v.ask("DELETE", "/api/v1/session", "", "X-CSRF-Token", ""), 403, CodeCSRF)
	other := h.visitor(t)
	v.want(v.ready("X-CSRF-Token", other.login("sue").CSRF), 403, CodeCSRF) // another session's
	v.want(v.ask("POST", "/api/v1/session", `{"name":"ann","password":"x"}`, "Origin", "https://evil.example"), 403, CodeOrigin)
	if got := h.hall.did(); len(got) != 0 {
		t.Errorf("something was done: %v", got)
	}
	v.want(v.ready("Origin", h.URL(), "Sec-Fetch-Site", "same-origin"), 204, "")
	if got := h.hall.did(); len(got) != 1 {
		t.Errorf("clicks %v", got)
	}
}

func TestRoles(t *testing.T) {
	h := openHouse(t, nil)
	nobody, ann, sue, adm, lea, rex, kai := h.visitor(t), h.visitor(t), h.visitor(t), h.visitor(t), h.visitor(t), h.visitor(t), h.visitor(t)
	for name, u := range map[string]campaign.User{"lea": {Role: campaign.RoleTeamLeader, Team: "berlin"}, "rex": {Role: campaign.RoleAuditor},
		"kai": {Role: campaign.RoleClient, Clients: []string{"Muster"}}} {
		u.Name, u.Hash = campaign.AgentID(name), "hash of "+password
		h.store.users[u.Name] = u
	}
	lea.login("lea")
	rex.login("rex")
	kai.login("kai")
	ann.login("ann")
	sue.login("sue")
	adm.login("adm")
	n := 0
	for path, item := range h.desk.api.OpenAPI().Paths {
		for method, op := range map[string]any{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete} {
			o := operationOf(op)
			if o == nil || strings.HasSuffix(path, "/events") || path == "/api/v1/session" {
				continue
			}
			n++
			if bound := o.BodyReadTimeout; bound > 0 && bound < requestTime {
				t.Errorf("%s %s: the deadline of its body, %v, goes on behind it", method, path, bound)
			}
			url := strings.NewReplacer("{name}", "x", "{id}", "x", "{list}", "x", "{number}", "x", "{switch}", "load").Replace(path)
			nobody.want(nobody.ask(method, url, "{}"), 401, CodeLogin)
			for _, v := range []struct {
				*visitor
				role campaign.Role
			}{{ann, campaign.RoleAgent}, {lea, campaign.RoleTeamLeader}, {sue, campaign.RoleSupervisor}, {adm, campaign.RoleAdministrator},
				{rex, campaign.RoleAuditor}, {kai, campaign.RoleClient}} {
				a := v.ask(method, url, "{}")
				refused := a.status == 403 && a.Code == CodeForbidden && !strings.Contains(a.text, "whole floor")
				if want := !permitted(o, method, path, v.role); refused != want {
					t.Errorf("%s %s by %s: %d %s", method, url, v.role, a.status, a.text)
				}
			}
		}
	}
	if n < 45 {
		t.Errorf("only %d operations", n)
	}
	// A file of the server is named over the socket only.
	adm.want(adm.ask("PUT", "/api/v1/campaigns?file=/etc/passwd", "name: x"), 403, CodeForbidden)
	// And the socket has no desktop.
	var got *Error
	if err := h.desk.Local().JSON(t.Context(), "POST", "/api/v1/undo", nil, nil); !errors.As(err, &got) || got.Status != 403 {
		t.Errorf("a desktop on the socket: %v", err)
	}
}

// permitted is who may call what, said once more: an auditor reads and changes
// nothing, a client has a handful of questions.
func permitted(o *huma.Operation, method, path string, role campaign.Role) bool {
	if o.Metadata[placeMark] == "socket" {
		return false
	}
	least, _ := o.Metadata[roleMark].(campaign.Role)
	mine := map[string]bool{"/api/v1/session": true, "/api/v1/session/password": true, "/api/v1/session/preferences": true, "/api/v1/session/recording-consent": true, "/api/v1/messages/read": true, "/api/v1/desk/take-over": true}[path]
	switch role {
	case campaign.RoleAgent:
		return least == campaign.RoleAgent
	case campaign.RoleTeamLeader, campaign.RoleSupervisor:
		return least == campaign.RoleAgent || least == campaign.RoleSupervisor
	case campaign.RoleAuditor:
		return mine || method == "GET"
	case campaign.RoleClient:
		return mine || method == "GET" && map[string]bool{"/api/v1/state": true, "/api/v1/campaigns": true, "/api/v1/campaigns/{name}/status": true,
			"/api/v1/campaigns/{name}/report": true, "/api/v1/campaigns/{name}/attempts": true, "/api/v1/campaigns/{name}/abandonment": true,
			"/api/v1/reports/day": true, "/api/v1/reports/list": true}[path]
	}
	return true
}

func TestBodies(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	big := `{"status":"ready","reason":"` + strings.Repeat("x", 70<<10) + `"}`
	v.want(v.ask("POST", "/api/v1/agent/status", big), 413, CodeTooLarge)
	req, err := http.NewRequestWithContext(t.Context(), "POST", v.base+"/api/v1/agent/status", io.MultiReader(strings.NewReader(big))) // no length
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "k1"} {
		req.Body = io.NopCloser(strings.NewReader(big))
		req.Header = v.head.Clone()
		req.Header.Set("Idempotency-Key", key)
		res, err := v.http.Do(req)
		if err != nil || res.StatusCode != 413 {
			t.Errorf("without a length: %v, %v", res, err)
		}
		if err == nil {
			res.Body.Close()
		}
	}
	for _, bad := range []string{"", "{", "[]", `{"status":"king"}`, `{"status":"ready","x":1}`, `{"status":1}`, strings.Repeat("[", 10000)} {
		if a := v.ask("POST", "/api/v1/agent/status", bad); a.status < 400 || a.status >= 500 {
			t.Errorf("%.20q: %d %s", bad, a.status, a.text)
		}
	}
	if got := h.hall.did(); len(got) != 0 {
		t.Errorf("something was done: %v", got)
	}
}

func TestIdempotency(t *testing.T) {
	h := openHouse(t, nil)
	v := h.visitor(t)
	v.login("ann")
	for range 3 {
		v.want(v.ready("Idempotency-Key", "k"), 204, "")
	}
	if got := h.hall.did(); len(got) != 1 {
		t.Errorf("%d clicks", len(got))
	}
	v.want(v.ask("POST", "/api/v1/agent/status", `{"status":"not-ready"}`, "Idempotency-Key", "k"), 422, CodeKeyReused)
	v.want(v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "k"), 422, CodeKeyReused)
	sue := h.visitor(t)
	sue.login("sue")
	sue.want(sue.ready("Idempotency-Key", "k"), 204, "") // her own k
	if got := h.hall.did(); len(got) != 2 {
		t.Errorf("%d clicks", len(got))
	}
	// A refusal is repeated as well.
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNotNow, Text: "no"}}
	})
	v.want(v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "u"), 409, campaign.ReasonNotNow)
	again := v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "u")
	v.want(again, 409, campaign.ReasonNotNow)
	if again.header.Get("Idempotent-Replayed") != "true" || len(h.hall.did()) != 3 {
		t.Errorf("%v, %d clicks", again.header, len(h.hall.did()))
	}
	// Two at once: the second waits for the first.
	gate := make(chan struct{})
	h.hall.set(func(h *hall) { h.refuse, h.wait = nil, gate })
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { v.want(v.ask("POST", "/api/v1/undo", "", "Idempotency-Key", "both"), 204, "") })
	}
	close(gate)
	both.Wait()
	if got := h.hall.did(); len(got) != 4 {
		t.Errorf("%d clicks", len(got))
	}
	// After its time a key is free.
	h.hall.set(func(h *hall) { h.wait = nil })
	h.clock.pass(replayFor + time.Second)
	v.want(v.ready("Idempotency-Key", "k"), 204, "")
	if got := h.hall.did(); len(got) != 5 {
		t.Errorf("%d clicks", len(got))
	}
}

func TestRefusals(t *testing.T) {
	h := openHouse(t, nil)
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNoInteraction, Text: "+49301234 is somebody else's"}}
	})
	ann, eva := h.visitor(t), h.visitor(t)
	h.hall.set(func(h *hall) { h.refuse = nil })
	ann.login("ann")
	eva.login("eva")
	h.hall.set(func(h *hall) {
		h.refuse = &campaign.NotPossible{Reason: campaign.Reason{Code: campaign.ReasonNoInteraction, Text: "+49301234 is somebody else's"}}
	})
	a := ann.ask("POST", "/api/v1/interactions/i9/accept", "")
	ann.want(a, 404, campaign.ReasonNoInteraction)
	if !strings.Contains(a.Detail, "somebody") {
		t.Errorf("detail %q", a.Detail)
	}
	e := eva.ask("POST", "/api/v1/interactions/i9/accept", "")
	eva.want(e, 404, campaign.ReasonNoInteraction)
	if strings.Contains(e.text, "4930") {
		t.Errorf("a number for an engaged agent: %s", e.text)
	}
}

func TestTLS(t *testing.T) {
	folder := t.TempDir()
	h := openHouse(t, func(c *WebConfig) { c.SelfSigned = folder })
	v := h.visitor(t)
	if !strings.HasPrefix(h.URL(), "https://") {
		t.Errorf("url %s", h.URL())
	}
	a := v.ask("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ann","password":%q}`, password))
	if c := a.header.Get("Set-Cookie"); !strings.Contains(c, "Secure") || !strings.HasPrefix(c, "__Host-") {
		t.Errorf("cookie %s", c)
	}
	if a.header.Get("Strict-Transport-Security") != "" {
		t.Error("a browser that was told so could not come back to a self-signed page")
	}
	first, err := ownCertificate(folder, "127.0.0.1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	second, err := ownCertificate(folder, "127.0.0.1", time.Now())
	if err != nil || !bytes.Equal(first.Certificate[0], second.Certificate[0]) {
		t.Errorf("not kept: %v", err)
	}
	third, err := ownCertificate(folder, "127.0.0.1", time.Now().Add(certLife-certRenew/2))
	if err != nil || bytes.Equal(first.Certificate[0], third.Certificate[0]) {
		t.Errorf("not renewed: %v", err)
	}
}

func TestPlainBeyondLoopback(t *testing.T) {
	for _, c := range []struct {
		listen string
		allow  bool
		want   error
	}{{"0.0.0.0:0", false, ErrPlain}, {":0", false, ErrPlain}, {"[::]:0", false, ErrPlain}, {"0.0.0.0:0", true, nil}, {"localhost:0", false, nil}} {
		d, _, _ := newDesk(&hall{})
		s, err := OpenSessions(filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := d.OpenWeb(WebConfig{Listen: c.listen, AllowPlain: c.allow, Sessions: s})
		if !errors.Is(err, c.want) {
			t.Errorf("%s, %v: %v", c.listen, c.allow, err)
		}
		if err == nil {
			w.Close()
		}
	}
}

func operationOf(v any) *huma.Operation {
	o, _ := v.(*huma.Operation)
	return o
}

// TestWhole: a team leader gets no page of a person, whose calls may have been
// anybody's; who does is in the log, and hostile names are text.
func TestWhole(t *testing.T) {
	h := openHouse(t, nil)
	h.store.users["lea"] = campaign.User{Name: "lea", Role: campaign.RoleTeamLeader, Team: "berlin", Hash: "hash of " + password}
	lea, sue := h.visitor(t), h.visitor(t)
	lea.login("lea")
	sue.login("sue")
	lea.want(lea.ask("GET", "/api/v1/persons/+4930231250", ""), 403, CodeForbidden)
	a := sue.ask("GET", "/api/v1/persons/+4930231250/page?lang=de", "")
	if a.status != 200 || strings.Contains(a.text, "<b>Kim") || !strings.Contains(a.text, "&lt;b&gt;Kim") || !strings.Contains(a.text, "Gespeichert zu") {
		t.Errorf("page: %d %s", a.status, a.text)
	}
	last := h.store.log[len(h.store.log)-1]
	if last.What != campaign.AuditPersonShown || last.Who != "sue" || last.Subject != "+4930231250" {
		t.Errorf("log %+v", last)
	}
	sue.want(sue.ask("DELETE", "/api/v1/persons/+4930231250", ""), 403, CodeForbidden)
	if len(h.store.persons) != 0 {
		t.Error("a supervisor has erased somebody")
	}
	lea.want(lea.ask("POST", "/api/v1/campaigns/autumn/start", ""), 404, campaign.ReasonUnknownCampaign)
	for _, e := range h.store.log {
		if e.What == campaign.AuditSwitched {
			t.Errorf("log %+v", e)
		}
	}
}

func TestBudgetMovesWithAReason(t *testing.T) {
	old, new := []byte("name: c\npacing: {max_abandoned: 1%}\n"), []byte("name: c\npacing: {max_abandoned: 3%}\n")
	row := campaign.CampaignRow{Name: "c", Document: old, Files: "f"}
	c := func(doc []byte, files string) *campaign.Campaign {
		return &campaign.Campaign{Name: "c", Document: doc, Files: files}
	}
	if _, err := documentChanges(row, c(new, "f"), ""); err == nil || !strings.Contains(err.Error(), "1% to 3%") {
		t.Errorf("without a reason: %v", err)
	}
	es, err := documentChanges(row, c(new, "f"), "board of 4 March")
	if err != nil || len(es) != 2 || es[1].What != campaign.AuditMaxAbandoned || es[1].Old != "1%" || es[1].New != "3%" || es[1].Reason != "board of 4 March" {
		t.Errorf("%+v, %v", es, err)
	}
	if es, err := documentChanges(row, c(old, "f"), ""); err != nil || len(es) != 0 {
		t.Errorf("unchanged: %+v, %v", es, err)
	}
	if es, err := documentChanges(row, c(old, "g"), ""); err != nil || len(es) != 1 || es[0].New != "with other files" {
		t.Errorf("other files: %+v, %v", es, err)
	}
}
