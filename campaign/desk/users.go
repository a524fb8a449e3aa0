package desk

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// UserInfo is an account without its secret.
type UserInfo struct {
	Name     string    `json:"name"`
	Role     string    `json:"role"`
	Engaged  bool      `json:"engaged"`
	Headset  string    `json:"headset"`
	Password bool      `json:"password" doc:"a password is set"`
	Created  time.Time `json:"created"`
}

// NewUser is an account to be made.
type NewUser struct {
	Name     string `json:"name" minLength:"1" maxLength:"64"`
	Role     string `json:"role" enum:"agent,supervisor,administrator"`
	Engaged  bool   `json:"engaged,omitempty"`
	Headset  string `json:"headset,omitempty" doc:"browser, device, device:NAME or sip:URI"`
	Password string `json:"password,omitempty"`
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
	huma.Register(api, both(operation("user-password", http.MethodPut, "/api/v1/users/{name}/password", campaign.RoleAdministrator,
		"Set a user's password")), d.setPassword)
}

func userInfo(u campaign.User) UserInfo {
	return UserInfo{Name: string(u.Name), Role: string(u.Role), Engaged: u.Engaged, Headset: u.Headset, Password: u.Hash != "", Created: u.Created}
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
	if !validHeadset(n.Headset) {
		return nil, huma.Error422UnprocessableEntity("headset: " + n.Headset + " is none of browser, device, device:NAME, sip:URI")
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
	u := campaign.User{Name: campaign.AgentID(n.Name), Role: campaign.Role(n.Role), Engaged: n.Engaged, Headset: n.Headset, Created: d.cfg.Now()}
	if n.Password != "" {
		if u.Hash, err = d.cfg.HashPassword(n.Password); err != nil {
			return nil, d.problem(err)
		}
	}
	if err := d.cfg.Store.PutUser(ctx, u); err != nil {
		return nil, d.problem(err)
	}
	return reply(userInfo(u)), nil
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
	return nil, d.problem(d.cfg.Store.PutUser(ctx, u))
}
