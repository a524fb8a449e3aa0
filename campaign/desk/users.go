package desk

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// UserInfo is an account without its secret.
type UserInfo struct {
	Name     string    `json:"name"`
	Role     string    `json:"role"`
	Team     string    `json:"team,omitempty"`
	Clients  []string  `json:"clients,omitempty"`
	Engaged  bool      `json:"engaged"`
	Disabled bool      `json:"disabled,omitempty"`
	Headset  string    `json:"headset"`
	Password bool      `json:"password" doc:"a password is set"`
	Created  time.Time `json:"created"`

	RecordingConsent *AgentConsent `json:"recording_consent,omitempty" doc:"what the user said to being recorded; absent: not asked"`
}

// AgentConsent is what a user said to being recorded.
type AgentConsent struct {
	Given bool      `json:"given"`
	At    time.Time `json:"at" doc:"when it was given, or taken back"`
	By    string    `json:"by" doc:"who wrote it down: the user herself, or an administrator"`
}

// ConsentChange is one's own word on being recorded.
type ConsentChange struct {
	Given bool `json:"given" doc:"false takes it back; where the law asks for it, a recording under way ends"`
}

// NewUser is an account to be made.
type NewUser struct {
	Name     string   `json:"name" minLength:"1" maxLength:"64"`
	Role     string   `json:"role" doc:"agent, team-leader, supervisor, administrator, auditor, client"`
	Team     string   `json:"team,omitempty" maxLength:"64" doc:"of an agent; of a supervisor: only this team. A team-leader needs one"`
	Clients  []string `json:"clients,omitempty" doc:"of the role client: whose campaigns it sees, as \"client\" of the campaign has it"`
	Engaged  bool     `json:"engaged,omitempty"`
	Headset  string   `json:"headset,omitempty" doc:"browser, device, device:NAME or sip:URI"`
	Password string   `json:"password,omitempty"`

	RecordingConsent bool `json:"recording_consent,omitempty" doc:"the user consents to being recorded"`
}

// UserChange is what changes of an account; what is left out stays.
type UserChange struct {
	Role     *string   `json:"role,omitempty"`
	Team     *string   `json:"team,omitempty" maxLength:"64"`
	Clients  *[]string `json:"clients,omitempty"`
	Engaged  *bool     `json:"engaged,omitempty"`
	Headset  *string   `json:"headset,omitempty"`
	Disabled *bool     `json:"disabled,omitempty"`
	Reason   string    `json:"reason,omitempty" maxLength:"200" doc:"for the audit log"`

	RecordingConsent *bool `json:"recording_consent,omitempty" doc:"whether the user consents to being recorded"`
}

// Password is a new password.
type Password struct {
	Password string `json:"password" minLength:"8" maxLength:"256"`
}

func (d *Desk) users(api huma.API) {
	huma.Register(api, both(operation("users", http.MethodGet, "/api/v1/users", campaign.RoleAdministrator,
		"All users")), d.allUsers)
	huma.Register(api, both(operation("user-add", http.MethodPost, "/api/v1/users", campaign.RoleAdministrator,
		"Add a user")), d.addUser)
	huma.Register(api, both(operation("user-change", http.MethodPut, "/api/v1/users/{name}", campaign.RoleAdministrator,
		"Change a user's role, team and so on")), d.changeUser)
	huma.Register(api, both(operation("user-password", http.MethodPut, "/api/v1/users/{name}/password", campaign.RoleAdministrator,
		"Set a user's password")), d.setPassword)
}

func userInfo(u campaign.User) UserInfo {
	return UserInfo{Name: string(u.Name), Role: string(u.Role), Team: u.Team, Clients: u.Clients, Engaged: u.Engaged,
		Headset: u.Headset, Password: u.Hash != "", Created: u.Created, Disabled: u.Disabled, RecordingConsent: consentInfo(u)}
}

func consentInfo(u campaign.User) *AgentConsent {
	c := u.RecordingConsent
	if c.At.IsZero() {
		return nil
	}
	return &AgentConsent{Given: c.Given, At: c.At, By: string(c.By)}
}

// consents writes down what a user says to being recorded. The same again is
// still of when it was said first.
func (d *Desk) consents(ctx context.Context, u *campaign.User, given bool) {
	if c := u.RecordingConsent; c.Given != given || c.At.IsZero() {
		u.RecordingConsent = campaign.AgentConsent{Given: given, At: d.cfg.Now(), By: who(ctx).user}
	}
}

// setConsent is one's own word; it holds at once.
func (d *Desk) setConsent(ctx context.Context, in *struct{ Body ConsentChange }) (*body[UserInfo], error) {
	u, found, err := d.user(ctx, string(who(ctx).user))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, huma.Error404NotFound("there is no such user any more")
	}
	d.consents(ctx, &u, in.Body.Given)
	return d.putUser(ctx, u, "")
}

func (d *Desk) allUsers(ctx context.Context, _ *struct{}) (*body[[]UserInfo], error) {
	us, err := d.cfg.Store.Users(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	out := make([]UserInfo, 0, len(us))
	for _, u := range us {
		out = append(out, userInfo(u))
	}
	return reply(out), nil
}

func (d *Desk) user(ctx context.Context, name string) (campaign.User, bool, error) {
	us, err := d.cfg.Store.Users(ctx)
	if err != nil {
		return campaign.User{}, false, d.problem(err)
	}
	for _, u := range us {
		if string(u.Name) == name {
			return u, true, nil
		}
	}
	return campaign.User{}, false, nil
}

func (d *Desk) addUser(ctx context.Context, in *struct{ Body NewUser }) (*body[UserInfo], error) {
	n := in.Body
	if n.Headset == "" {
		n.Headset = "browser"
	}
	// Made for each request: an administrator adds few users a day.
	if !regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@-]*$`).MatchString(n.Name) {
		return nil, huma.Error422UnprocessableEntity("name: letters, digits, dot, dash, underscore and @ only, beginning with a letter or digit")
	}
	if n.Password != "" && len(n.Password) < 8 {
		return nil, huma.Error422UnprocessableEntity("password: 8 characters at least")
	}
	_, found, err := d.user(ctx, n.Name)
	if err != nil {
		return nil, err
	}
	if found {
		return nil, huma.Error409Conflict("a user " + n.Name + " exists already")
	}
	u := campaign.User{Name: campaign.AgentID(n.Name), Role: campaign.Role(n.Role), Team: n.Team, Clients: n.Clients,
		Engaged: n.Engaged, Headset: n.Headset, Created: d.cfg.Now()}
	if n.RecordingConsent {
		d.consents(ctx, &u, true)
	}
	if err := checkUser(u); err != nil {
		return nil, err
	}
	if n.Password != "" {
		if u.Hash, err = d.cfg.HashPassword(n.Password); err != nil {
			return nil, d.problem(err)
		}
	}
	return d.putUser(ctx, u, "")
}

func (d *Desk) putUser(ctx context.Context, u campaign.User, reason string) (*body[UserInfo], error) {
	if err := d.cfg.Store.PutUser(as(ctx, reason), u); err != nil {
		return nil, d.problem(err)
	}
	if d.web != nil {
		d.web.people.forget()
		click := campaign.ClickRecordingConsent{Agent: u.Name, Given: u.RecordingConsent.Given}
		if err := d.cfg.Control.Do(ctx, click); err != nil {
			return nil, d.problem(err)
		}
	}
	return reply(userInfo(u)), nil
}

// checkUser says what is wrong with an account.
func checkUser(u campaign.User) error {
	roles := campaign.Roles()
	switch {
	case !slices.Contains(roles, u.Role):
		names := make([]string, len(roles))
		for i, r := range roles {
			names[i] = string(r)
		}
		return huma.Error422UnprocessableEntity(fmt.Sprintf("role: there is no role %q; the roles are %s", u.Role, strings.Join(names, ", ")))
	case u.Role == campaign.RoleTeamLeader && u.Team == "":
		return huma.Error422UnprocessableEntity("team: a team-leader needs the team she leads")
	case u.Role == campaign.RoleClient && len(u.Clients) == 0:
		return huma.Error422UnprocessableEntity("clients: a client needs at least one name, as \"client\" of its campaigns has it")
	case !validHeadset(u.Headset):
		return huma.Error422UnprocessableEntity("headset: " + u.Headset + " is none of browser, device, device:NAME, sip:URI; a telephone is named with its PBX, as in sip:1002@pbx.example")
	}
	return nil
}

func (d *Desk) changeUser(ctx context.Context, in *struct {
	Name string `path:"name"`
	Body UserChange
}) (*body[UserInfo], error) {
	u, found, err := d.user(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, huma.Error404NotFound("no user is named " + in.Name)
	}
	c := in.Body
	if c.Role != nil {
		u.Role = campaign.Role(*c.Role)
	}
	if c.Team != nil {
		u.Team = *c.Team
	}
	if c.Clients != nil {
		u.Clients = *c.Clients
	}
	if c.Engaged != nil {
		u.Engaged = *c.Engaged
	}
	if c.Headset != nil {
		u.Headset = *c.Headset
	}
	if c.Disabled != nil {
		u.Disabled = *c.Disabled
	}
	if c.RecordingConsent != nil {
		d.consents(ctx, &u, *c.RecordingConsent)
	}
	if err := checkUser(u); err != nil {
		return nil, err
	}
	return d.putUser(ctx, u, c.Reason)
}

func validHeadset(h string) bool {
	if phone, ok := strings.CutPrefix(h, "sip:"); ok {
		user, host, at := strings.Cut(phone, "@")
		if !at { // the address of a telephone itself, without a user
			user, host = "-", phone
			if !strings.ContainsAny(host, ".:") {
				return false // a number alone: nobody knows at which PBX
			}
		}
		return user != "" && host != "" && !strings.ContainsAny(phone, " \t\r\n<>\"") && !strings.Contains(host, "@")
	}
	return h == "browser" || h == "device" || strings.HasPrefix(h, "device:") && len(h) > len("device:")
}

func (d *Desk) setPassword(ctx context.Context, in *struct {
	Name string `path:"name"`
	Body Password
}) (*struct{}, error) {
	u, found, err := d.user(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, huma.Error404NotFound("no user is named " + in.Name)
	}
	if u.Hash, err = d.cfg.HashPassword(in.Body.Password); err != nil {
		return nil, d.problem(err)
	}
	_, err = d.putUser(ctx, u, "")
	return nil, err
}
