package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/freiton/freiton/campaign"
)

// Session is who is logged in.
type Session struct {
	User        string    `json:"user"`
	Role        string    `json:"role" enum:"agent,team-leader,supervisor,administrator,auditor,client"`
	Team        string    `json:"team,omitempty"`
	Engaged     bool      `json:"engaged"`
	CSRF        string    `json:"csrf" doc:"for the header X-CSRF-Token of every command"`
	ExpiresAt   time.Time `json:"expires_at" doc:"if nothing is done until then; never in a call or after-call work"`
	Version     string    `json:"version"`
	HasPassword bool      `json:"has_password" doc:"false: one should be set now"`
	Headset     string    `json:"headset" doc:"browser, device, device:NAME or sip:URI"`
	Language    string    `json:"language,omitempty" doc:"as chosen; empty: the browser's"`
	Favourites  []string  `json:"favourites" doc:"responses marked as one's own, by path"`

	RecordingConsent *AgentConsent `json:"recording_consent,omitempty" doc:"what one said to being recorded; absent: not asked"`
}

// Credentials are a user's name and password.
type Credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// PasswordChange replaces one's own password.
type PasswordChange struct {
	Old string `json:"old,omitempty" doc:"empty where none was set yet"`
	New string `json:"new" doc:"8 to 256 characters"`
}

func (d *Desk) login(api huma.API) {
	huma.Register(api, public(operation("session", http.MethodGet, "/api/v1/session", campaign.RoleAgent,
		"Who is logged in")), d.session)
	huma.Register(api, public(operation("session-begin", http.MethodPost, "/api/v1/session", campaign.RoleAgent,
		"Log in")), d.beginSession)
	huma.Register(api, own(operation("session-end", http.MethodDelete, "/api/v1/session", campaign.RoleAgent,
		"Log off")), d.endSession)
	huma.Register(api, own(operation("session-password", http.MethodPut, "/api/v1/session/password", campaign.RoleAgent,
		"Change one's own password; all other sessions end")), d.changePassword)
	huma.Register(api, own(operation("preferences", http.MethodPut, "/api/v1/session/preferences", campaign.RoleAgent,
		"Choose one's language and favourite responses; what is left out stays")), d.setPreferences)
	huma.Register(api, own(operation("recording-consent", http.MethodPut, "/api/v1/session/recording-consent", campaign.RoleAgent,
		"Consent to being recorded, or take that back: at any time, and at once")), d.setConsent)
}

// authenticate finds out who asks.
func (w *Web) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		var p principal
		if name := w.sessions.user(ctx); name != "" {
			var err error
			if p, err = w.principal(ctx, name); err != nil {
				w.desk.cfg.Log.Error("users", "err", err)
				problem(http.StatusServiceUnavailable, CodeUnavailable, "the list of users cannot be read now").write(rw)
				return
			}
			if p.user != "" && !polled(r) { // an open tab alone is no use
				w.sessions.used(ctx)
			}
		}
		p.tab = r.Header.Get("X-Tab")
		if p.tab == "" {
			p.tab = r.URL.Query().Get("tab")
		}
		if p.tab == "" || len(p.tab) > 100 {
			p.tab = p.session
		}
		next.ServeHTTP(rw, r.WithContext(withPrincipal(ctx, p)))
	})
}

// polled reports whether a page asks this by itself, with nobody before it.
func polled(r *http.Request) bool {
	switch strings.TrimPrefix(r.URL.Path, "/api/v1/") {
	case "events", "quality", "workbin", "history":
		return true
	case "messages":
		return r.Method == http.MethodGet
	}
	return false
}

// principal is the user of a session that is still good; else the session
// ends. Who may not log in any more finishes her call and after-call work first:
// somebody is on the line.
func (w *Web) principal(ctx context.Context, name campaign.AgentID) (principal, error) {
	u, ok, err := w.people.get(ctx, name)
	if err != nil {
		return principal{}, err
	}
	if !ok || w.sessions.scs.GetString(ctx, keptPrint) != fingerprint(u.Hash) {
		return principal{expired: true}, w.sessions.scs.Destroy(ctx)
	}
	if u.Disabled && !w.atWork(ctx, name, false) {
		w.logOff(ctx, name)
		return principal{expired: true}, w.sessions.scs.Destroy(ctx)
	}
	if now := w.cfg.Now(); now.After(w.sessions.end(ctx)) && !w.atWork(ctx, name, now.Before(w.sessions.last(ctx))) {
		if !w.seats.leave(name, w.sessions.name(ctx)) {
			w.logOff(ctx, name)
		}
		return principal{expired: true}, w.sessions.scs.Destroy(ctx)
	}
	return principal{user: name, role: u.Role, engaged: u.Engaged, team: u.Team, clients: u.Clients,
		session: w.sessions.name(ctx), token: w.sessions.scs.Token(ctx), csrf: w.sessions.scs.GetString(ctx, keptCSRF)}, nil
}

// atWork reports whether an agent is in a call or in after-call work: her
// session does not run out then. Neither does it for want of use while she
// waits, Ready, for the next call.
func (w *Web) atWork(ctx context.Context, user campaign.AgentID, ready bool) bool {
	a, err := w.me(ctx, user)
	return err != nil || a != nil && (a.Interaction != "" || ready && a.Status == campaign.AgentReady)
}

// me is an agent as she stands on the floor; nil where she does not.
func (w *Web) me(ctx context.Context, user campaign.AgentID) (*campaign.AgentView, error) {
	snap, err := w.desk.cfg.Control.Snapshot(ctx, campaign.Viewer{Agent: user, Role: campaign.RoleAgent})
	if err != nil {
		return nil, err
	}
	for _, a := range snap.Agents {
		if a.Agent == user {
			return &a, nil
		}
	}
	return nil, nil
}

func (w *Web) logOff(ctx context.Context, user campaign.AgentID) {
	if w.cfg.Headsets != nil {
		w.cfg.Headsets.Close(string(user))
	}
	if err := w.desk.cfg.Control.Do(ctx, campaign.ClickLogout{Agent: user}); err != nil {
		w.desk.cfg.Log.Debug("log off", "agent", user, "err", err)
	}
}

// onFloor logs a user in as an agent: who is one by role, or is named in a
// campaign.
func (d *Desk) onFloor(ctx context.Context, u campaign.User, move bool) error {
	agent := u.Role == campaign.RoleAgent
	if u.Role == campaign.RoleAuditor || u.Role == campaign.RoleClient {
		return nil // they change nothing
	}
	if !agent {
		snap, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
		if err != nil {
			return err
		}
		agent = slices.ContainsFunc(snap.Campaigns, func(c campaign.CampaignView) bool {
			return slices.Contains(c.Assigned.Names, u.Name)
		})
	}
	if !agent {
		return nil
	}
	in := d.web.login(u)
	in.Move = move
	return d.cfg.Control.Do(ctx, in)
}

// come brings a user to the floor. Who works at another process looks on here;
// with move she is to come from there.
func (w *Web) come(ctx context.Context, user campaign.AgentID, move bool) error {
	u, _, err := w.people.get(ctx, user)
	if err == nil {
		err = w.desk.onFloor(ctx, u, move)
	}
	if no := (*campaign.NotPossible)(nil); errors.As(err, &no) && no.Reason.Code == campaign.ReasonElsewhere {
		w.seats.elsewhere(user, no.Reason.Name)
		return nil
	}
	if err == nil {
		w.seats.elsewhere(user, "")
	}
	return err
}

// left makes a viewer of who has gone to another process; whoever else was
// logged off may have been, for good.
func (w *Web) left(a campaign.AgentView) {
	switch {
	case a.Status != campaign.AgentLoggedOff:
	case a.Notice != nil && a.Notice.Code == campaign.ReasonElsewhere:
		w.seats.moved(a.Agent)
	default:
		w.seats.recheck(a.Agent)
	}
}

// awaitEvery is how often it is looked whether somebody can come by now who works
// at another process.
const awaitEvery = time.Second

// await brings those who have a tab open here, as soon as no other process has
// them any more.
func (w *Web) await(ctx context.Context) {
	for _, user := range w.seats.awaited() {
		if err := w.come(ctx, user, false); err != nil {
			w.desk.cfg.Log.Debug("a desk is not here yet", "agent", user, "err", err)
		}
	}
}

// login is the click that brings a user to the floor. She gets no record before
// her headset is connected.
func (w *Web) login(u campaign.User) campaign.ClickLogin {
	c := campaign.ClickLogin{Agent: u.Name, Engaged: u.Engaged, Team: u.Team, RecordingConsent: u.RecordingConsent.Given, Place: w.place}
	if w.cfg.Headset != nil {
		c.Headset = w.cfg.Headset(u.Name)
	}
	return c
}

type webRequest struct{ remote string }

// Resolve implements huma.Resolver.
func (w *webRequest) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	w.remote = r.RemoteAddr
	return nil
}

func (d *Desk) beginSession(ctx context.Context, in *struct {
	webRequest
	Body Credentials
}) (*body[Session], error) {
	w := d.web
	u, err := w.verify(ctx, campaign.AgentID(in.Body.Name), in.Body.Password, addressOf(in.remote))
	if err != nil {
		return nil, err
	}
	if err := w.enter(ctx, u, addressOf(in.remote)); err != nil {
		return nil, d.problem(err)
	}
	return reply(w.shown(ctx, u)), nil
}

// enter begins a session of a user who has proved to be one.
func (w *Web) enter(ctx context.Context, u campaign.User, from string) error {
	if err := w.desk.note(ctx, "", campaign.AuditEntry{Who: u.Name, What: campaign.AuditLogin, About: string(u.Name), New: from}); err != nil {
		return err
	}
	if err := w.sessions.begin(ctx, u); err != nil {
		return err
	}
	w.seats.first(u.Name)
	return w.come(ctx, u.Name, false)
}

// verify checks a password, slowly enough for who guesses. A user who does not
// exist costs the same time.
func (w *Web) verify(ctx context.Context, name campaign.AgentID, password, address string) (campaign.User, error) {
	now := w.cfg.Now()
	wrong := problem(http.StatusUnauthorized, CodePassword, "user name or password is wrong")
	if name == "" || len(name) > 64 || len(password) > 256 {
		return campaign.User{}, wrong
	}
	if d := w.byPlace.wait(address, now); d > 0 {
		return campaign.User{}, throttled(d)
	}
	if d := w.byUser.wait(string(name), now); d > 0 {
		return campaign.User{}, throttled(d)
	}
	w.people.forget() // a new password counts at once, wherever it was set
	u, ok, err := w.people.get(ctx, name)
	if err != nil {
		return u, w.desk.problem(err)
	}
	hash, found := u.Hash, ok
	if !ok || u.Disabled || hash == "" {
		ok, hash = false, nobodysHash
	}
	select {
	case w.hashing <- struct{}{}:
		defer func() { <-w.hashing }()
	case <-ctx.Done():
		return u, ctx.Err()
	}
	match, err := w.cfg.CheckPassword(password, hash)
	if err != nil {
		w.desk.cfg.Log.Error("password hash", "user", name, "err", err)
	}
	if !ok || !match || err != nil {
		w.desk.cfg.Log.Warn("wrong password", "user", name, "from", address)
		if !found { // somebody's password, perhaps, in the wrong field
			name = ""
		}
		if err := w.desk.note(ctx, "", campaign.AuditEntry{Who: name, What: campaign.AuditLoginFailed, About: string(name), New: address}); err != nil {
			return u, err
		}
		return u, wrong
	}
	w.byUser.succeeded(string(name))
	w.byPlace.succeeded(address)
	return u, nil
}

// nobodysHash has the cost of a real one (argon2id's defaults) and is of no
// password.
const nobodysHash = "$argon2id$v=19$m=65536,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func throttled(d time.Duration) error {
	seconds := max(int(d.Round(time.Second)/time.Second), 1)
	p := problem(http.StatusTooManyRequests, CodeThrottled, fmt.Sprintf("too many wrong passwords: wait %d s", seconds))
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {fmt.Sprint(seconds)}})
}

func (w *Web) shown(ctx context.Context, u campaign.User) Session {
	s := Session{User: string(u.Name), Role: string(u.Role), Team: u.Team, Engaged: u.Engaged, CSRF: w.sessions.scs.GetString(ctx, keptCSRF),
		ExpiresAt: w.sessions.end(ctx).UTC().Truncate(time.Millisecond), Version: w.desk.cfg.Version, HasPassword: u.Hash != "", Headset: u.Headset}
	s.Language, s.Favourites = w.desk.preferences(ctx, u.Name)
	s.RecordingConsent = consentInfo(u)
	return s
}

func (d *Desk) session(ctx context.Context, _ *struct{}) (*body[Session], error) {
	p := who(ctx)
	switch {
	case p.expired:
		return nil, problem(http.StatusUnauthorized, CodeExpired, "your session has run out: log in again")
	case p.user == "":
		return nil, problem(http.StatusUnauthorized, CodeLogin, "log in first")
	}
	u, _, err := d.web.people.get(ctx, p.user)
	if err != nil {
		return nil, d.problem(err)
	}
	return reply(d.web.shown(ctx, u)), nil
}

func (d *Desk) endSession(ctx context.Context, _ *struct{}) (*struct{}, error) {
	p, w := who(ctx), d.web
	a, err := w.me(ctx, p.user)
	if err != nil {
		return nil, d.problem(err)
	}
	if a != nil && a.Interaction != "" {
		return nil, problem(http.StatusConflict, campaign.ReasonBusy, "finish what is on your desk first, or choose Logged off as the status after it")
	}
	if !w.seats.leave(p.user, p.session) {
		w.logOff(ctx, p.user)
	}
	return nil, d.problem(w.sessions.scs.Destroy(ctx))
}

func (d *Desk) changePassword(ctx context.Context, in *struct {
	webRequest
	Body PasswordChange
}) (*struct{}, error) {
	w, p := d.web, who(ctx)
	u, _, err := w.people.get(ctx, p.user)
	if err != nil {
		return nil, d.problem(err)
	}
	if u.Hash != "" {
		_, err := w.verify(ctx, p.user, in.Body.Old, addressOf(in.remote))
		if wrong := (*Problem)(nil); errors.As(err, &wrong) && wrong.Status == http.StatusUnauthorized {
			// 401 would send the page back to the login.
			return nil, problem(http.StatusUnprocessableEntity, CodePassword, "the old password is wrong")
		}
		if err != nil {
			return nil, err
		}
	}
	if n := len(in.Body.New); n < 8 || n > 256 {
		return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "password: 8 to 256 characters")
	}
	if u.Hash, err = d.cfg.HashPassword(in.Body.New); err != nil {
		return nil, d.problem(err)
	}
	if err := d.cfg.Store.PutUser(as(ctx, ""), u); err != nil {
		return nil, d.problem(err)
	}
	w.people.forget()
	if err := w.sessions.scs.RenewToken(ctx); err != nil {
		return nil, d.problem(err)
	}
	w.sessions.scs.Put(ctx, keptPrint, fingerprint(u.Hash))
	w.seats.renew(p.user, p.session, w.sessions.name(ctx), w.sessions.scs.Token(ctx))
	return nil, nil
}

// invitations are one-time links: who has one is logged in.
type invitations struct {
	mu sync.Mutex
	by map[string]invitation // by fingerprint
}

type invitation struct {
	user  campaign.AgentID
	until time.Time
}

// linkLife is how long a one-time link is good.
const linkLife = 24 * time.Hour

// Link makes a one-time link that logs a user in.
func (w *Web) Link(user campaign.AgentID) string {
	token := secret()
	w.invited.mu.Lock()
	defer w.invited.mu.Unlock()
	if w.invited.by == nil {
		w.invited.by = map[string]invitation{}
	}
	w.invited.by[fingerprint(token)] = invitation{user, w.cfg.Now().Add(linkLife)}
	return w.rootURL + "/login?token=" + url.QueryEscape(token)
}

// redeem uses a link up.
func (i *invitations) redeem(token string, now time.Time) (campaign.AgentID, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	name := fingerprint(token)
	in, ok := i.by[name]
	delete(i.by, name)
	return in.user, ok && now.Before(in.until)
}

// byLink logs in by a one-time link and goes to the page, where a used one is
// said in words.
func (w *Web) byLink(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet {
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	token := r.URL.Query().Get("token")
	user, ok := w.invited.redeem(token, w.cfg.Now())
	if ok {
		u, found, err := w.people.get(r.Context(), user)
		if err == nil && found && !u.Disabled {
			err = w.enter(r.Context(), u, addressOf(r.RemoteAddr)+", one-time link")
		}
		if err != nil {
			w.desk.cfg.Log.Error("one-time link", "user", user, "err", err)
		}
		ok = err == nil && found && !u.Disabled
	}
	if !ok && token != "" {
		http.Redirect(rw, r, "/?link=used", http.StatusSeeOther)
		return
	}
	http.Redirect(rw, r, "/", http.StatusSeeOther)
}

// Welcome gives a one-time link for the first administrator, who is created
// where there is none; "" where one can log in by password.
func (w *Web) Welcome(ctx context.Context, name campaign.AgentID) (string, error) {
	us, err := w.desk.cfg.Store.Users(ctx)
	if err != nil {
		return "", err
	}
	for _, u := range us {
		if u.Role != campaign.RoleAdministrator || u.Disabled {
			continue
		}
		if u.Hash != "" {
			return "", nil
		}
		name = u.Name
	}
	if !slices.ContainsFunc(us, func(u campaign.User) bool { return u.Name == name }) {
		u := campaign.User{Name: name, Role: campaign.RoleAdministrator, Headset: "browser", Created: w.cfg.Now()}
		if err := w.desk.cfg.Store.PutUser(campaign.As(ctx, name, "first start"), u); err != nil {
			return "", err
		}
		w.people.forget()
	}
	return w.Link(name), nil
}
