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
	team    string   // with a role that oversees: only this team
	clients []string // of the role client
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

// overseer sees others' work: the floor, or a part of it.
func (p principal) overseer() bool {
	switch p.role {
	case campaign.RoleTeamLeader, campaign.RoleSupervisor, campaign.RoleAdministrator, campaign.RoleAuditor:
		return true
	}
	return false
}

// scoped reports whether somebody sees a part of the floor only.
func (p principal) scoped() bool {
	switch p.role {
	case campaign.RoleClient, campaign.RoleTeamLeader:
		return true
	case campaign.RoleSupervisor:
		return p.team != ""
	}
	return false
}

// may reports whether somebody of a role may call an operation: an auditor
// every one that reads, a client those marked for clients, the others what
// their rank permits.
func may(has campaign.Role, op *huma.Operation) bool {
	needs := campaign.RoleAdministrator
	if r, ok := op.Metadata[roleMark].(campaign.Role); ok {
		needs = r
	}
	own, _ := op.Metadata[ownMark].(bool)
	clients, _ := op.Metadata[clientMark].(bool)
	switch has {
	case campaign.RoleAuditor:
		return own || op.Method == http.MethodGet
	case campaign.RoleClient:
		return own || clients
	}
	return rank(has) >= rank(needs)
}

func rank(r campaign.Role) int {
	switch r {
	case campaign.RoleAdministrator:
		return 3
	case campaign.RoleSupervisor, campaign.RoleTeamLeader:
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
	ownMark    = "own"    // about oneself: whoever has logged in
	clientMark = "client" // clients may as well, for their campaigns
)

// smallBody is the largest body of an operation that takes no file.
const smallBody = 64 << 10

// operation is an operation of the web: for a role and above.
func operation(id, method, path string, role campaign.Role, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, MaxBodyBytes: smallBody, Tags: []string{string(role)},
		// As limit's. huma's own, 5 s, goes on behind the body: whatever takes
		// longer loses its context, and so does all that follows on the connection.
		BodyReadTimeout: requestTime,
		Metadata:        map[string]any{roleMark: role, placeMark: "web"},
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

// own marks an operation about the caller's own account or session.
func own(o huma.Operation) huma.Operation {
	o.Metadata[ownMark] = true
	return o
}

// forClients marks an operation that clients may call, too.
func forClients(o huma.Operation) huma.Operation {
	o.Metadata[clientMark] = true
	return o
}

// onlySocket marks an operation that names files of the server.
func onlySocket(o huma.Operation) huma.Operation {
	o.Metadata = map[string]any{placeMark: "socket"}
	return o
}

// admit lets a request in only where its principal may be.
func (d *Desk) admit(ctx huma.Context, next func(huma.Context)) {
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
	case open:
	case p.user != "" && may(p.role, op): // the socket's has a user, too
		no = d.inScope(ctx, p)
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
