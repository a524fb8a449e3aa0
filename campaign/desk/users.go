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
		Headset: u.Headset, Password: u.Hash != "", Created: u.Created, Disabled: u.Disabled}
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
		return huma.Error422UnprocessableEntity("headset: " + u.Headset + " is none of browser, device, device:NAME, sip:URI")
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
	if err := checkUser(u); err != nil {
		return nil, err
	}
	return d.putUser(ctx, u, c.Reason)
}

func validHeadset(h string) bool {
	return h == "browser" || h == "device" ||
		strings.HasPrefix(h, "device:") && len(h) > len("device:") ||
		strings.HasPrefix(h, "sip:") && len(h) > len("sip:")
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
