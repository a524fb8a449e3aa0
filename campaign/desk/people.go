package desk

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// people are the users as the store has them, at most a second old: every
// request asks.
type people struct {
	store Store
	now   func() time.Time

	mu    sync.Mutex
	until time.Time // as long as kept holds
	kept  map[campaign.AgentID]campaign.User
	last  map[campaign.AgentID]campaign.User // as the store last said
}

const (
	peopleFor  = time.Second
	peopleRest = 3 * time.Second // the store is not asked before, when it did not answer
)

func (p *people) get(ctx context.Context, name campaign.AgentID) (campaign.User, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); p.kept == nil || !now.Before(p.until) || p.until.Sub(now) > peopleRest {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
		us, err := p.store.Users(ctx)
		cancel()
		switch {
		case err != nil && p.last == nil:
			return campaign.User{}, false, err
		case err != nil: // the store is away: calls go on, and whoever is in one stays who she is
			p.until, p.kept = now.Add(peopleRest), p.last
			u, ok := p.kept[name]
			return u, ok, nil
		}
		p.until, p.kept = now.Add(peopleFor), make(map[campaign.AgentID]campaign.User, len(us))
		for _, u := range us {
			p.kept[u.Name] = u
		}
		p.last = p.kept
	}
	u, ok := p.kept[name]
	return u, ok, nil
}

// forget makes the next question one to the store.
func (p *people) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = nil
}

// accounts watches what becomes of users, here or at another process: what has
// changed holds at once, for requests and for streams that are open.
func (w *Web) accounts(ctx context.Context) {
	var known map[campaign.AgentID]campaign.User
	w.desk.cfg.Store.Watch(ctx, func() {
		w.people.forget()
		within, cancel := context.WithTimeout(ctx, storeWithin)
		defer cancel()
		us, err := w.desk.cfg.Store.Users(within)
		if err != nil {
			return // streams look by themselves, see sessionEvery
		}
		was := known
		known = make(map[campaign.AgentID]campaign.User, len(us))
		for _, u := range us {
			known[u.Name] = u
			if old, ok := was[u.Name]; ok && !reflect.DeepEqual(old, u) {
				w.changed(ctx, u)
			}
		}
	})
}

// changed: an account is not what it was. Who may not log in any more leaves the
// floor: behind the call and the after-call work she is in, and with her headset
// on until then.
func (w *Web) changed(ctx context.Context, u campaign.User) {
	if u.Disabled && w.atWork(ctx, u.Name, false) {
		if err := w.desk.cfg.Control.Do(ctx, campaign.ClickLogout{Agent: u.Name}); err != nil {
			w.desk.cfg.Log.Debug("log off", "agent", u.Name, "err", err)
		}
	} else if u.Disabled {
		w.logOff(ctx, u.Name)
	}
	w.seats.recheck(u.Name)
}
