package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Pacer is what is tried out. A new one is made for every shift.
type Pacer interface {
	campaign.Pacer
	Observe(campaign.PacingEvent)
}

// Shift is how a shift is played.
type Shift struct {
	World  World
	Agents int
	Length time.Duration // 0 = 8 h
	Mode   campaign.Mode // what the pacer is told
	Limit  float64       // abandoned of live answers, the window being the shift; 0 = 3 %
	Seed   uint64
}

// The defaults of a shift, and how often a pacer is asked: after everything
// that happens, but not again within the cadence, and each tick at least.
const (
	usualShift = 8 * time.Hour
	usualLimit = 0.03
	tick       = time.Second
)

// cadence spares work where much happens at once.
func cadence(agents int, mode campaign.Mode) time.Duration {
	switch {
	case agents <= 10 || mode != campaign.ModePredictive:
		return 0
	case agents <= 30:
		return 250 * time.Millisecond
	default:
		return 500 * time.Millisecond
	}
}

// Tally is what came of a shift.
type Tally struct {
	Dials     int
	Answered  int // live answers that found an agent or were abandoned
	Abandoned int
	LoggedIn  time.Duration // of all agents, without breaks
	Busy      time.Duration // talking and wrapping up, within the shift
	Talking   time.Duration
}

// player is a shift under way.
type player struct {
	shift    Shift
	pacer    Pacer
	now, end time.Duration
	queue    queue
	fates    *rand.Rand // of dials
	lengths  *rand.Rand // of calls
	pauses   *rand.Rand // of breaks
	agents   []agent
	free     []int // agents, the longest free first
	ringing  []dial
	waiting  []dial // answered, no agent
	dials    int64
	tally    Tally
	asked    time.Duration
	nextAsk  time.Duration
	state    campaign.PacingState
	budgets  [1]campaign.PacingBudget
}

type agent struct {
	phase    campaign.PacingPhase
	away     bool
	since    time.Duration
	talk     time.Duration
	wrap     time.Duration
	breakDue time.Duration // 0 = none
}

type dial struct {
	number int64
	begun  time.Duration
	live   bool
}

// Play plays one shift.
func Play(s Shift, p Pacer) Tally {
	if s.Length <= 0 {
		s.Length = usualShift
	}
	if s.Limit <= 0 {
		s.Limit = usualLimit
	}
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(s.Seed, n)) }
	g := &player{shift: s, pacer: p, end: s.Length, fates: stream(1), lengths: stream(2), pauses: stream(3)}
	g.state.Mode = s.Mode
	for i := range s.Agents {
		g.agents = append(g.agents, agent{})
		g.free = append(g.free, i)
		g.planBreak(i)
	}
	g.ask()
	for {
		next, any := g.queue.first()
		switch {
		case any && next.at <= min(g.nextAsk, g.end):
			g.now = next.at
			g.queue.pop()
			g.happen(next)
			g.nextAsk = min(g.nextAsk, max(g.now, g.asked+cadence(s.Agents, s.Mode)))
		case g.nextAsk < g.end:
			g.now = g.nextAsk
			g.ask()
		default:
			g.close()
			return g.tally
		}
	}
}

// happen lets one thing happen.
func (g *player) happen(e event) {
	switch e.kind {
	case dialOver:
		g.dialOver(e.n)
	case patienceOver:
		g.patienceOver(e.n)
	case talkOver:
		g.talkOver(int(e.n))
	case wrapOver:
		g.wrapOver(int(e.n))
	case breakOver:
		a := &g.agents[e.n]
		a.away = false
		g.planBreak(int(e.n))
		g.becomeFree(int(e.n))
	}
}

func (g *player) dialOver(number int64) {
	i := slices.IndexFunc(g.ringing, func(d dial) bool { return d.number == number })
	d := g.ringing[i]
	g.ringing = slices.Delete(g.ringing, i, i+1)
	if !d.live {
		g.tell(campaign.PacingMissed, number, g.now-d.begun)
		return
	}
	g.tell(campaign.PacingAnswered, number, g.now-d.begun)
	switch {
	case len(g.free) > 0:
		first := g.free[0]
		g.free = g.free[1:]
		g.join(first, d)
	case g.shift.World.Grace == 0:
		g.abandon(d)
	default:
		g.waiting = append(g.waiting, d)
		g.queue.push(event{at: g.now + g.shift.World.Grace, kind: patienceOver, n: number})
	}
}

func (g *player) patienceOver(number int64) {
	i := slices.IndexFunc(g.waiting, func(d dial) bool { return d.number == number })
	if i >= 0 {
		d := g.waiting[i]
		g.waiting = slices.Delete(g.waiting, i, i+1)
		g.abandon(d)
	}
}

func (g *player) abandon(d dial) {
	g.tally.Answered++
	g.tally.Abandoned++
	g.tell(campaign.PacingAbandoned, d.number, 0)
}

func (g *player) join(i int, d dial) {
	g.tally.Answered++
	g.tell(campaign.PacingJoined, d.number, 0)
	a := &g.agents[i]
	a.phase, a.since = campaign.PacingTalks, g.now
	a.talk, a.wrap = g.shift.World.handle(g.lengths)
	busy, talking := min(a.talk+a.wrap, g.end-g.now), min(a.talk, g.end-g.now)
	g.tally.Busy += busy
	g.tally.Talking += talking
	g.queue.push(event{at: g.now + a.talk, kind: talkOver, n: int64(i)})
}

func (g *player) talkOver(i int) {
	a := &g.agents[i]
	g.tell(campaign.PacingTalked, 0, a.talk)
	a.phase, a.since = campaign.PacingWrapsUp, g.now
	if a.wrap > 0 {
		g.queue.push(event{at: g.now + a.wrap, kind: wrapOver, n: int64(i)})
		return
	}
	g.wrapOver(i)
}

func (g *player) wrapOver(i int) {
	a := &g.agents[i]
	g.tell(campaign.PacingWrappedUp, 0, a.wrap)
	if a.breakDue == 0 || a.breakDue > g.now {
		g.becomeFree(i)
		return
	}
	b := g.shift.World.Breaks
	length := b.Shortest + time.Duration(g.pauses.Float64()*float64(b.Longest-b.Shortest))
	a.away, a.since = true, g.now
	g.tally.LoggedIn -= min(length, g.end-g.now)
	g.queue.push(event{at: g.now + length, kind: breakOver, n: int64(i)})
}

func (g *player) becomeFree(i int) {
	a := &g.agents[i]
	a.phase, a.since = campaign.PacingFree, g.now
	if len(g.waiting) > 0 {
		d := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.join(i, d)
		return
	}
	g.free = append(g.free, i)
}

func (g *player) planBreak(i int) {
	if every := g.shift.World.Breaks.Every; every > 0 {
		g.agents[i].breakDue = g.now + seconds(g.pauses.ExpFloat64()*every.Seconds())
	}
}

func (g *player) tell(kind campaign.PacingEventKind, dial int64, after time.Duration) {
	g.pacer.Observe(campaign.PacingEvent{Kind: kind, Dial: dial, After: after})
}

// ask asks the pacer, and dials.
func (g *player) ask() {
	g.asked, g.nextAsk = g.now, g.now+tick
	n, _ := g.pacer.Dials(g.snapshot())
	for range n {
		live, after := g.shift.World.dial(g.now, g.fates)
		g.dials++
		g.tally.Dials++
		g.ringing = append(g.ringing, dial{g.dials, g.now, live})
		g.tell(campaign.PacingDialled, g.dials, 0)
		g.queue.push(event{at: g.now + after, kind: dialOver, n: g.dials})
	}
}

// snapshot is what the pacer is shown; valid until the next.
func (g *player) snapshot() campaign.PacingState {
	s := &g.state
	s.Idle, s.Dialing, s.Talking, s.WrapUp = 0, len(g.ringing)+len(g.waiting), 0, 0
	s.Agents, s.Calls = s.Agents[:0], s.Calls[:0]
	for i := range g.agents {
		a := &g.agents[i]
		if a.away {
			continue
		}
		switch a.phase {
		case campaign.PacingTalks:
			s.Talking++
		case campaign.PacingWrapsUp:
			s.WrapUp++
		default:
			s.Idle++
		}
		s.Agents = append(s.Agents, campaign.PacingAgent{Phase: a.phase, For: g.now - a.since})
	}
	if s.Mode == campaign.ModeProgressive {
		s.Idle = max(s.Idle-s.Dialing, 0) // every call has an agent reserved
	}
	for _, d := range g.waiting {
		s.Calls = append(s.Calls, campaign.PacingCall{Age: g.now - d.begun, Answered: true})
	}
	for _, d := range g.ringing {
		s.Calls = append(s.Calls, campaign.PacingCall{Age: g.now - d.begun})
	}
	g.budgets[0] = campaign.PacingBudget{Answered: g.tally.Answered, Abandoned: g.tally.Abandoned, Limit: g.shift.Limit}
	s.Budgets = g.budgets[:]
	return *s
}

func (g *player) close() {
	g.tally.LoggedIn += time.Duration(len(g.agents)) * g.end
}
