package campaign

import (
	"slices"
	"strings"
	"time"
)

// DayReport is the evening report: what was done on a day.
type DayReport struct {
	Day       string         `json:"day"`
	From      Stamp          `json:"from"`
	Until     Stamp          `json:"until"`
	Total     DayFigures     `json:"total"`
	Campaigns []DayFigures   `json:"campaigns"`
	Agents    []AgentFigures `json:"agents"`
	Lists     []ListFigures  `json:"lists"`
}

// DayFigures are a campaign's figures of a day; without a name those of all.
type DayFigures struct {
	Campaign       string  `json:"campaign,omitempty"`
	Dialled        int     `json:"dialled"`
	ReachedGross   int     `json:"reached_gross" doc:"answered, by whomever or whatever"`
	ReachedNet     int     `json:"reached_net" doc:"spoken with the person who was meant"`
	Successes      int     `json:"successes"`
	Refusals       int     `json:"refusals" doc:"disposition codes of this kind"`
	SuccessPerHour float64 `json:"successes_per_hour" doc:"by hours of talk and after-call work; in the total by hours logged in, where they are known"`
	TalkMS         int64   `json:"talk_ms"`
	AfterCallMS    int64   `json:"after_call_ms" doc:"total only"`
	PauseMS        int64   `json:"pause_ms" doc:"total only"`
	LiveAnswers    int     `json:"live_answers"`
	Abandoned      int     `json:"abandoned"`
	OfLive         float64 `json:"abandoned_of_live" doc:"share of live answers, 0 to 1"`
	OfAll          float64 `json:"abandoned_of_all" doc:"share of all attempts, 0 to 1"`
	CallbacksOpen  int     `json:"callbacks_open"`
	Overdue        int     `json:"callbacks_overdue"`
	Records        int     `json:"records"`
	Used           int     `json:"used" doc:"records that were called at least once, or are finished"`
	Left           int     `json:"left" doc:"records that may still be dialled"`
}

// AgentFigures are an agent's, or for days longer ago a team's.
type AgentFigures struct {
	Agent          AgentID          `json:"agent,omitempty"`
	Team           string           `json:"team,omitempty"`
	Calls          int              `json:"calls"`
	Reached        int              `json:"reached_net"`
	Successes      int              `json:"successes"`
	SuccessPerHour float64          `json:"successes_per_hour" doc:"by hours logged in"`
	TalkMS         int64            `json:"talk_ms"`
	LoggedInMS     int64            `json:"logged_in_ms"`
	ReadyMS        int64            `json:"ready_ms" doc:"waiting for a call"`
	HandlingMS     int64            `json:"handling_ms" doc:"a call or preview on the desk"`
	AfterCallMS    int64            `json:"after_call_ms"`
	PauseMS        int64            `json:"pause_ms" doc:"not ready and do not disturb"`
	Pauses         map[string]int64 `json:"pauses,omitempty" doc:"ms by reason"`
}

// ListFigures are a list's, as it stands.
type ListFigures struct {
	List     string         `json:"list"`
	Records  int            `json:"records"`
	Used     int            `json:"used"`
	Left     int            `json:"left"`
	Open     int            `json:"callbacks_open"`
	Overdue  int            `json:"callbacks_overdue"`
	Statuses map[string]int `json:"statuses"`
	Results  map[string]int `json:"results"`
}

// AgentState is what an agent began to do at a moment.
type AgentState struct {
	Process string
	N       uint64 // of the process's journal
	Agent   AgentID
	Team    string
	At      time.Time
	Status  string // an AgentStatus, or StateHandling
	Reason  string
}

// StateHandling is the status of an agent with a call or preview on her desk.
const StateHandling = "handling"

// TeamTime is how long a team's agents were in a status on a day.
type TeamTime struct {
	Day, Team, Status, Reason string
	For                       time.Duration
}

// DayInput is what a day's figures are made of.
type DayInput struct {
	From, Until time.Time
	Now         time.Time
	Campaigns   []Campaign
	Attempts    []Attempt
	Lists       []ListFigures
	States      []AgentState // of each agent by time; also the last one before From
	Users       []User
	Teams       []TeamTime // where agents' own are not kept any more
	PerTeam     bool       // the day lies behind the retention of agents' figures
}

// ReportDay works out a day's figures.
func ReportDay(in DayInput) DayReport {
	r := DayReport{Day: in.From.Format(time.DateOnly), From: Stamp{in.From}, Until: Stamp{in.Until},
		Campaigns: []DayFigures{}, Lists: append([]ListFigures{}, in.Lists...)} // in JSON, none is [] and not null
	docs := map[string]*Campaign{}
	for i := range in.Campaigns {
		docs[in.Campaigns[i].Name] = &in.Campaigns[i]
	}
	by := map[string]*DayFigures{}
	agents := newAgentTable(in)
	for _, a := range in.Attempts {
		if a.neverDialled() {
			continue
		}
		name := a.Campaign
		if by[name] == nil {
			by[name] = &DayFigures{Campaign: name}
		}
		kind := NeutralCode
		if doc := docs[name]; doc != nil {
			if d, ok := doc.Disposition(a.Disposition); ok {
				kind = d.Kind
			}
		}
		by[name].count(a, kind)
		agents.count(a, kind)
	}
	for _, c := range in.Campaigns {
		f := by[c.Name]
		if f == nil {
			f = &DayFigures{Campaign: c.Name}
			by[c.Name] = f
		}
		for _, l := range in.Lists {
			if slices.Contains(c.Lists, l.List) {
				f.addList(l)
			}
		}
	}
	r.Agents = agents.figures()
	for _, f := range by {
		f.shares(f.TalkMS)
		if f.Campaign != "" {
			r.Campaigns = append(r.Campaigns, *f)
		}
		r.Total.add(*f)
	}
	slices.SortFunc(r.Campaigns, func(a, b DayFigures) int { return strings.Compare(a.Campaign, b.Campaign) })
	for _, l := range in.Lists { // one list may serve several campaigns
		r.Total.addList(l)
	}
	var logged int64
	for _, a := range r.Agents {
		r.Total.AfterCallMS += a.AfterCallMS
		r.Total.PauseMS += a.PauseMS
		logged += a.LoggedInMS
	}
	if logged == 0 {
		logged = r.Total.TalkMS
	}
	r.Total.shares(logged)
	return r
}

// count adds an attempt.
func (f *DayFigures) count(a Attempt, kind DispositionKind) {
	f.Dialled++
	f.TalkMS += talkMS(a)
	if !a.AnsweredAt.IsZero() {
		f.ReachedGross++
	}
	if a.reachedNet() {
		f.ReachedNet++
	}
	switch kind {
	case SuccessCode:
		f.Successes++
	case RefusalCode:
		f.Refusals++
	}
	if a.live() {
		f.LiveAnswers++
		if a.abandoned() {
			f.Abandoned++
		}
	}
}

// add sums up what calls brought; lists are added by addList.
func (f *DayFigures) add(o DayFigures) {
	f.Dialled += o.Dialled
	f.ReachedGross += o.ReachedGross
	f.ReachedNet += o.ReachedNet
	f.Successes += o.Successes
	f.Refusals += o.Refusals
	f.TalkMS += o.TalkMS
	f.LiveAnswers += o.LiveAnswers
	f.Abandoned += o.Abandoned
}

func (f *DayFigures) addList(l ListFigures) {
	f.Records += l.Records
	f.Used += l.Used
	f.Left += l.Left
	f.CallbacksOpen += l.Open
	f.Overdue += l.Overdue
}

// shares works out what is a part of something; perMS is the time successes
// are counted by.
func (f *DayFigures) shares(perMS int64) {
	f.OfLive, f.OfAll = share(f.Abandoned, f.LiveAnswers), share(f.Abandoned, f.Dialled)
	f.SuccessPerHour = perHour(f.Successes, perMS)
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func perHour(n int, ms int64) float64 {
	if ms == 0 {
		return 0
	}
	return float64(n) / (float64(ms) / 3_600_000)
}

// talkMS is how long somebody spoke with the contact.
func talkMS(a Attempt) int64 {
	from := a.JoinedAt
	if from.IsZero() || from.Before(a.AnsweredAt) {
		from = a.AnsweredAt // the agent was in the call before the answer
	}
	if a.AnsweredAt.IsZero() || a.JoinedAt.IsZero() || !a.EndedAt.After(from) {
		return 0
	}
	return a.EndedAt.Sub(from).Milliseconds()
}

// reachedNet: spoken with the person who was meant.
func (a Attempt) reachedNet() bool { return !a.AnsweredAt.IsZero() && a.Result == Answer }

// live: a person answered. What only an agent finds out (an answering machine
// that was put through) was a live answer for the dialer.
func (a Attempt) live() bool {
	if a.AnsweredAt.IsZero() {
		return false
	}
	if a.Late() {
		return true // nobody listened who could say that it was a machine
	}
	switch a.DialerResult {
	case AnsweringMachine, Fax, Silence:
		return false
	}
	return true
}

// abandoned: a live answer without an agent in time, by the rule that the
// budget keeps to.
func (a Attempt) abandoned() bool { return a.Late() }

// agentTable gathers the figures of agents, or of teams.
type agentTable struct {
	in    DayInput
	teams map[AgentID]string
	by    map[string]*AgentFigures
}

func newAgentTable(in DayInput) *agentTable {
	t := &agentTable{in: in, teams: map[AgentID]string{}, by: map[string]*AgentFigures{}}
	for _, u := range in.Users {
		t.teams[u.Name] = u.Team
	}
	return t
}

func (t *agentTable) of(a AgentID, team string) *AgentFigures {
	f := AgentFigures{Agent: a, Team: team}
	if t.in.PerTeam {
		f.Agent = ""
	}
	key := string(f.Agent) + "\x00"
	if t.in.PerTeam {
		key += team
	}
	if t.by[key] == nil {
		t.by[key] = &f
	}
	return t.by[key]
}

func (t *agentTable) count(a Attempt, kind DispositionKind) {
	if a.Agent == "" {
		return
	}
	f := t.of(a.Agent, t.teams[a.Agent])
	f.Calls++
	f.TalkMS += talkMS(a)
	if a.reachedNet() {
		f.Reached++
	}
	if kind == SuccessCode {
		f.Successes++
	}
}

func (f *AgentFigures) spend(status, reason string, d time.Duration) {
	ms := d.Milliseconds()
	if status == string(AgentLoggedOff) || ms <= 0 {
		return
	}
	f.LoggedInMS += ms
	switch status {
	case string(AgentReady):
		f.ReadyMS += ms
	case StateHandling:
		f.HandlingMS += ms
	case string(AgentAfterCall):
		f.AfterCallMS += ms
	default:
		f.PauseMS += ms
		if f.Pauses == nil {
			f.Pauses = map[string]int64{}
		}
		f.Pauses[reason] += ms
	}
}

func (t *agentTable) figures() []AgentFigures {
	end := t.in.Until
	if t.in.Now.Before(end) {
		end = t.in.Now
	}
	EachSpan(t.in.States, t.in.From, end, func(s AgentState, d time.Duration) { t.of(s.Agent, s.Team).spend(s.Status, s.Reason, d) })
	for _, x := range t.in.Teams {
		f := t.of("", x.Team)
		f.spend(x.Status, x.Reason, x.For)
	}
	out := []AgentFigures{}
	for _, f := range t.by {
		f.SuccessPerHour = perHour(f.Successes, f.LoggedInMS)
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b AgentFigures) int {
		return strings.Compare(string(a.Agent)+"\x00"+a.Team, string(b.Agent)+"\x00"+b.Team)
	})
	return out
}

// EachSpan gives how long each state lasted between two moments. States are
// sorted by agent and time.
func EachSpan(states []AgentState, from, until time.Time, each func(AgentState, time.Duration)) {
	for i, s := range states {
		end := until
		if i+1 < len(states) && states[i+1].Agent == s.Agent && states[i+1].At.Before(end) {
			end = states[i+1].At
		}
		begin := s.At
		if begin.Before(from) {
			begin = from
		}
		if end.After(begin) {
			each(s, end.Sub(begin))
		}
	}
}

// RecordCount counts records of a list that have status and result in common.
type RecordCount struct {
	Status  RecordStatus
	Result  CallResult
	Records int
	Called  int // those that were called at least once
	Open    int // those that are callbacks, and of them
	Overdue int // those whose time has come
}

// Count adds records to a list's figures.
func (l *ListFigures) Count(n RecordCount) {
	if n.Records == 0 {
		return
	}
	l.Records += n.Records
	l.Statuses[n.Status.String()] += n.Records
	l.Results[orUnknown(n.Result).String()] += n.Records
	if n.Status.Done() {
		l.Used += n.Records
	} else {
		l.Used += n.Called
	}
	if !n.Status.Done() && n.Status != Stale {
		l.Left += n.Records
	}
	switch n.Status {
	case MissedCallback:
		l.Open += n.Records
		l.Overdue += n.Records
	case Ready:
		l.Open += n.Open
		l.Overdue += n.Overdue
	}
}
