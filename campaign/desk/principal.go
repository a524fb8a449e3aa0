package desk

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// principal is who asks. Over the socket it is the administrator, who has no
// desk; over the web a user with a session, or nobody.
type principal struct {
	user    campaign.AgentID // empty: nobody has logged in
	role    campaign.Role
	engaged bool
	socket  bool
	session string // names the session to other parts of the desk; not the cookie's value
	token   string // the cookie's value
	tab     string // names the tab
	csrf    string
	expired bool // there was a session, and it has run out
}

// administrator is who acts over the socket: the same user of the operating
// system.
const administrator = campaign.AgentID("administrator")

type principalKey struct{}

func withPrincipal(ctx context.Context, p principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// who is the principal of a request; nobody where none was set.
func who(ctx context.Context) principal {
	p, _ := ctx.Value(principalKey{}).(principal)
	return p
}

// viewer is what the campaign's filter wants to know.
func (p principal) viewer() campaign.Viewer { return campaign.Viewer{Agent: p.user, Role: p.role} }

func (p principal) overseer() bool {
	return p.role == campaign.RoleSupervisor || p.role == campaign.RoleAdministrator
}

// may reports whether somebody of the one role may do what the other may.
func may(has, needs campaign.Role) bool { return rank(has) >= rank(needs) }

func rank(r campaign.Role) int {
	switch r {
	case campaign.RoleAdministrator:
		return 3
	case campaign.RoleSupervisor:
		return 2
	case campaign.RoleAgent:
		return 1
	default:
		return 0
	}
}

// Access to an operation. Without a mark it is the administrator's.
const (
	roleMark   = "role"   // the least role that may call it
	publicMark = "public" // before the login
	placeMark  = "place"  // "socket" or "web": only there
)

// smallBody is the largest body of an operation that takes no file.
const smallBody = 64 << 10

// operation is an operation of the web: for a role and above.
func operation(id, method, path string, role campaign.Role, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, MaxBodyBytes: smallBody, Tags: []string{string(role)},
		Metadata: map[string]any{roleMark: role, placeMark: "web"},
	}
}

// both marks an operation as one of the socket as well.
func both(o huma.Operation) huma.Operation {
	delete(o.Metadata, placeMark)
	return o
}

// public marks an operation as one for everybody.
func public(o huma.Operation) huma.Operation {
	o.Metadata[publicMark] = true
	return o
}

// onlySocket marks an operation that names files of the server.
func onlySocket(o huma.Operation) huma.Operation {
	o.Metadata = map[string]any{placeMark: "socket"}
	return o
}

// admit lets a request in only where its principal may be.
func admit(ctx huma.Context, next func(huma.Context)) {
	op, p := ctx.Operation(), who(ctx.Context())
	needs := campaign.RoleAdministrator
	if r, ok := op.Metadata[roleMark].(campaign.Role); ok {
		needs = r
	}
	place, _ := op.Metadata[placeMark].(string)
	open, _ := op.Metadata[publicMark].(bool)
	var no *Problem
	switch {
	case place == "web" && p.socket:
		no = problem(http.StatusForbidden, CodeForbidden, "this belongs to a desktop: log in over the web")
	case place == "socket" && !p.socket && p.user != "":
		no = problem(http.StatusForbidden, CodeForbidden, "this is done on the server itself, with the command line")
	case open || p.user != "" && may(p.role, needs): // the socket's has a user, too
	case p.user != "":
		no = problem(http.StatusForbidden, CodeForbidden, "this needs the role "+string(needs))
	case p.expired:
		no = problem(http.StatusUnauthorized, CodeExpired, "your session has run out: log in again")
	default:
		no = problem(http.StatusUnauthorized, CodeLogin, "log in first")
	}
	if no == nil {
		next(ctx)
		return
	}
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(no.Status)
	_, _ = ctx.BodyWriter().Write(no.json())
}
