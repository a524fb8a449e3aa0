package desk

import (
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// seats know which tab has an agent's desk: one does, all others look on until
// they take over.
//
//	first tab ──▶ has the desk ──(another takes over)──▶ viewer
//	                  │ stream gone: the next tab that comes has it,
//	                  └ lostAfter without any: the agent is not ready
//
// While an agent works at another process, all her tabs here look on.
type seats struct {
	mu  sync.Mutex
	by  map[campaign.AgentID]*seat
	all int // streams
}

// seat is one user's tabs.
type seat struct {
	tab     string // the one that has the desk; empty: none yet
	streams map[*stream]bool
	empty   time.Time // since when no stream is left
	told    bool      // that it is lost
	known   bool      // logged in on the floor by this process
	place   string    // where she works instead; empty: not elsewhere
}

// stream is one open stream of events.
type stream struct {
	user    campaign.AgentID
	session string
	token   string // of the session
	tab     string
	changed chan struct{} // capacity 1: the desk went to another tab
	recheck chan struct{} // capacity 1: the session may not be good any more
	end     chan struct{} // closed: the session is over
}

const (
	maxStreams  = 5000
	userStreams = 12
	lostAfter   = 30 * time.Second // product: after that the desk is gone
)

func newSeats() *seats { return &seats{by: map[campaign.AgentID]*seat{}} }

func (s *seats) of(user campaign.AgentID) *seat {
	if s.by[user] == nil {
		s.by[user] = &seat{streams: map[*stream]bool{}}
	}
	return s.by[user]
}

// open attaches a stream; nil when there are too many. A tab gets the desk
// when nobody has it, or who had it is gone.
func (s *seats) open(p principal) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(p.user)
	if s.all >= maxStreams || len(at.streams) >= userStreams {
		return nil
	}
	st := &stream{user: p.user, session: p.session, token: p.token, tab: p.tab, changed: make(chan struct{}, 1), recheck: make(chan struct{}, 1), end: make(chan struct{})}
	if !at.alive(at.tab) {
		at.give(p.tab)
	}
	at.streams[st], at.told = true, false
	s.all++
	return st
}

func (s *seats) close(st *stream, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(st.user)
	if !at.streams[st] {
		return
	}
	delete(at.streams, st)
	s.all--
	if len(at.streams) == 0 {
		at.empty = now
	}
}

// alive reports whether a tab has a stream.
func (at *seat) alive(tab string) bool {
	for st := range at.streams {
		if st.tab == tab {
			return true
		}
	}
	return false
}

// give hands the desk to a tab and tells the others.
func (at *seat) give(tab string) {
	if at.tab == tab {
		return
	}
	at.tab = tab
	at.tell()
}

// tell lets the streams look again.
func (at *seat) tell() {
	for st := range at.streams {
		select {
		case st.changed <- struct{}{}:
		default:
		}
	}
}

// viewer reports whether another tab has the desk, or another process.
func (s *seats) viewer(user campaign.AgentID, tab string) bool {
	return s.viewing(user, tab).Viewer
}

func (s *seats) viewing(user campaign.AgentID, tab string) Viewing {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.by[user]
	if at == nil {
		return Viewing{}
	}
	return Viewing{Viewer: at.place != "" || at.tab != "" && at.tab != tab && at.alive(at.tab), Elsewhere: at.place}
}

// recheck lets a user's streams look whether their sessions are still good.
func (s *seats) recheck(user campaign.AgentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.by[user]; at != nil {
		for st := range at.streams {
			select {
			case st.recheck <- struct{}{}:
			default:
			}
		}
	}
}

// elsewhere keeps where a user works instead of here; empty: here.
func (s *seats) elsewhere(user campaign.AgentID, place string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(user)
	if at.place == place {
		return
	}
	at.place = place
	at.tell()
}

// moved: a user has gone to another process; which, the next look tells.
func (s *seats) moved(user campaign.AgentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.of(user); at.place == "" {
		at.place = "another process"
		at.tell()
	}
}

// awaited are the users who work elsewhere and have a tab open here.
func (s *seats) awaited() (users []campaign.AgentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for user, at := range s.by {
		if at.place != "" && len(at.streams) > 0 {
			users = append(users, user)
		}
	}
	return users
}

// take gives a tab the desk.
func (s *seats) take(user campaign.AgentID, tab string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(user).give(tab)
}

// first reports, once in the life of this process, that a user has come.
func (s *seats) first(user campaign.AgentID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(user)
	was := at.known
	at.known = true
	return !was
}

// leave ends the streams of a session; other reports whether the user has
// another one open.
func (s *seats) leave(user campaign.AgentID, session string) (other bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.by[user]
	if at == nil {
		return false
	}
	for st := range at.streams {
		if st.session != session {
			other = true
			continue
		}
		select {
		case <-st.end:
		default:
			close(st.end)
		}
	}
	return other
}

// lost gives, once each, the users whose desks are gone.
func (s *seats) lost(now time.Time) (users []campaign.AgentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for user, at := range s.by {
		if len(at.streams) == 0 && !at.told && !at.empty.IsZero() && now.Sub(at.empty) >= lostAfter {
			at.told = true
			users = append(users, user)
		}
	}
	return users
}

// looksOn says whether a stream's tab is a viewer, and of what.
func (s *seats) looksOn(st *stream) Viewing {
	s.mu.Lock()
	tab := st.tab
	s.mu.Unlock()
	return s.viewing(st.user, tab)
}

// tokenOf is the token of a stream's session as it is now.
func (s *seats) tokenOf(st *stream) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return st.token
}

// renew follows a session to its new token.
func (s *seats) renew(user campaign.AgentID, session, to, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(user)
	for st := range at.streams {
		if st.session != session {
			continue
		}
		if st.session, st.token = to, token; st.tab == session {
			st.tab = to
		}
	}
	if at.tab == session {
		at.tab = to
	}
}
