package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Where several processes share a store, an agent works at one of them: else two
// could offer her a record at once. The store says at which. At another one she
// looks on until she takes over; then the first one ends her call with her,
// settles what is on her desk, logs her off and lets her go.
//
//	ClickLogin ─▶ Store.Enter ─ here ─────────▶ floor
//	                  └─ elsewhere: NotPossible; with Move the wish is written down
//	                         └─▶ Looked at the other one ─▶ called away ─▶ … ─▶ logged off ─▶ OpLeave

// Presence is at which process an agent works.
type Presence struct {
	Agent   AgentID
	Process string
	Place   string // where the process's desktop is
	Turn    int64  // another one with each Enter
	Wanted  string // the process she wants to go to; empty: she stays
}

// Attendance keeps presences. One ends with the life of its process, see Extend.
type Attendance interface {
	// Enter brings an agent to p.Process and gives her presence. Where she is at
	// another process, that is given instead, and nothing changes; but with move
	// it is written down that she wants to come.
	Enter(ctx context.Context, p Presence, move bool, now, until time.Time) (Presence, error)
	// Leave ends a presence, unless she entered again; who wants to go to another
	// process is there from now on.
	Leave(ctx context.Context, p Presence) error
	// Depart ends all presences at a process.
	Depart(ctx context.Context, process string) error
	// Present gives all presences, by agent.
	Present(ctx context.Context) ([]Presence, error)
}

// ReasonElsewhere: the agent works at another process. Name: where that is.
const ReasonElsewhere ReasonCode = "elsewhere"

// OpLeave ends an agent's presence.
type OpLeave struct{ Presence Presence }

func (OpLeave) storeOp() {}

// enter lets an agent in who works nowhere else. While the store is away
// everybody stays who is here, and nobody comes.
func (c *Controller) enter(ctx context.Context, in ClickLogin) (ClickLogin, error) {
	if in.Agent == "" {
		return in, nil
	}
	within, cancel := context.WithTimeout(ctx, recallWithin)
	defer cancel()
	own, now := c.cfg.Floor.Process, c.cfg.Now()
	p, err := c.cfg.Store.Enter(within, Presence{Agent: in.Agent, Process: own, Place: in.Place}, in.Move, now, now.Add(c.cfg.LeaseFor))
	if err != nil {
		s, e := c.Snapshot(ctx, Viewer{Agent: in.Agent, Role: RoleAgent})
		here := slices.ContainsFunc(s.Agents, func(a AgentView) bool { return a.Agent == in.Agent && a.Status != AgentLoggedOff })
		switch {
		case e != nil:
			return in, e
		case here:
			return in, nil
		}
		c.cfg.Log.Error("an agent cannot be let in", "agent", in.Agent, "err", err)
		return in, notPossible(ReasonStoreAway, "nobody can log in now: the store does not answer")
	}
	if p.Process != own {
		at := p.Place
		if at == "" {
			at = p.Process
		}
		return in, &NotPossible{Reason{Code: ReasonElsewhere, Name: at, Text: fmt.Sprintf("you are at work at %s: go on there, or take over here", at)}}
	}
	in.Turn = p.Turn
	return in, nil
}

// present are the presences of those who are logged in.
func (f *Floor) present() (ps []Presence) {
	for _, a := range f.agents {
		if a.loggedIn() {
			ps = append(ps, Presence{Agent: a.id, Process: f.cfg.Process, Turn: a.turn})
		}
	}
	return ps
}

// gone are those of ours who are wanted, or were taken to be, at another process,
// and away those who are awaited here and work there. Who is wanted and not here
// at all is let go at once.
func (w *worker) gone(ctx context.Context, ours []Presence, awaited []AgentID) (gone []Presence, away []AgentID, err error) {
	all, err := w.c.cfg.Store.Present(ctx)
	if err != nil {
		return nil, nil, err
	}
	is := map[AgentID]Presence{}
	for _, p := range all {
		is[p.Agent] = p
	}
	for _, a := range awaited {
		if p, ok := is[a]; ok && p.Process != w.c.cfg.Floor.Process {
			away = append(away, a)
		}
	}
	for _, p := range ours {
		if now := is[p.Agent]; now.Process != p.Process || now.Wanted != "" {
			p.Wanted = now.Wanted
			if now.Process != p.Process {
				p.Wanted = now.Process
			}
			gone = append(gone, p)
		}
		delete(is, p.Agent)
	}
	for _, p := range is {
		if p.Process == w.c.cfg.Floor.Process && p.Wanted != "" {
			err = errors.Join(err, w.c.cfg.Store.Leave(ctx, p))
		}
	}
	return gone, away, err
}

// callAway begins to let an agent go. What she has not dialled goes back; a call
// is brought to its end.
func (f *Floor) callAway(p Presence) {
	a := f.agent(p.Agent)
	if a == nil || !a.loggedIn() || a.turn != p.Turn || a.called {
		return
	}
	a.called = true
	if w := a.work; w != nil {
		// Refused where a call is under way.
		_ = f.step(w, onWithdraw, Reason{Code: ReasonElsewhere, Text: "you go on at another place"})
	}
	if w := a.work; w != nil && (w.state == StateIncoming || w.state == StateTakeOver) {
		_ = f.step(w, onDecline, nil) // possible in both
	}
}

// letGo logs those off who are called away and have nothing on their desks any
// more. After-call work is settled with what was entered: it is among her last
// calls at the other place.
func (f *Floor) letGo() {
	for _, a := range f.agents {
		if !a.called {
			continue
		}
		if w := a.work; w != nil && w.state == StateWrapUp && w.side == nil && !w.awaits {
			w.awaits = true
			_ = f.step(w, onTimeout, nil) // possible in this state
		}
		if a.work == nil {
			f.setStatus(a, AgentLoggedOff, "")
			a.notice = &Reason{Code: ReasonElsewhere, Text: "you have taken over at another place"}
		}
	}
}
