package desk

import (
	"context"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// people are the users as the store has them, at most a second old: every
// request asks.
type people struct {
	store Store
	now   func() time.Time

	mu   sync.Mutex
	at   time.Time
	kept map[campaign.AgentID]campaign.User
}

const peopleFor = time.Second

func (p *people) get(ctx context.Context, name campaign.AgentID) (campaign.User, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); p.kept == nil || now.Sub(p.at) >= peopleFor || now.Before(p.at) {
		us, err := p.store.Users(ctx)
		if err != nil {
			return campaign.User{}, false, err
		}
		p.at, p.kept = now, make(map[campaign.AgentID]campaign.User, len(us))
		for _, u := range us {
			p.kept[u.Name] = u
		}
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
