package campaign

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The golden scripts of testdata/floor. A line with a time is what happens; the
// lines under it, with ">", are what the floor does about it, and -update
// writes them anew. A record is meant by its number, another interaction by
// "@agent", her consultation by "&agent". "campaign NAME key=value …" and "config key=value" stand first.
var update = flag.Bool("update", false, "write the golden scripts anew")

func TestFloorScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/floor/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(b))
			if got == string(b) {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s differs from what the floor does:\n%s", file, diff(string(b), got))
		})
	}
}

func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(end)", "(end)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d:\n want %s\n got  %s", i+1, a, b)
		}
	}
	return ""
}

// script drives a floor by lines of text.
type script struct {
	t     *testing.T
	f     *Floor
	cfg   FloorConfig
	begin time.Time
	ids   map[string]int
	asks  []OpLease
	// questions about answers that are open
	counts int
	out    *strings.Builder
	next   time.Time
	kept   *Journal // without a file: what it would know
}

func newScript(t *testing.T) *script {
	s := &script{t: t, begin: noon(), ids: map[string]int{}, out: &strings.Builder{}, kept: &Journal{open: map[AttemptID]*Unfinished{}}}
	s.cfg = FloorConfig{Process: "p1", NewID: func(prefix string, _ time.Time) string {
		s.ids[prefix]++
		return prefix + strconv.Itoa(s.ids[prefix])
	}}
	s.cfg.Manual = ManualRules{Rules: Rules{Allow: []string{"+49", "6xx"}}, CallerID: "+4930901820"}
	return s
}

func runScript(t *testing.T, text string) string {
	s := newScript(t)
	var keep []string
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		keep = append(keep, line)
	}
	for _, line := range keep {
		s.out.WriteString(line + "\n")
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(line, "#") {
			s.line(words)
		}
	}
	return s.out.String()
}

func (s *script) floor() *Floor {
	if s.f == nil {
		s.f = NewFloor(s.cfg)
	}
	return s.f
}

func (s *script) line(words []string) {
	switch words[0] {
	case "config":
		for _, w := range words[1:] {
			if w == "inbound=agents" {
				s.cfg.Inbound.Agents = true
			}
			if v, ok := strings.CutPrefix(w, "announcement="); ok {
				s.cfg.Inbound.Announcement = v
			}
			if v, ok := strings.CutPrefix(w, "optout="); ok {
				s.cfg.Inbound.OptOut = v
			}
			if w == "desks=settled" {
				s.cfg.ReturnWithin = -1
			}
			if v, ok := strings.CutPrefix(w, "lines="); ok {
				n, _ := strconv.Atoi(v)
				s.cfg.Pacer = linesPacer{n}
			}
			if w == "advice" {
				s.cfg.Pacer = contraryPacer{}
			}
		}
		return
	case "campaign":
		s.campaign(words[1], words[2:])
		return
	}
	at, err := time.ParseDuration(words[0])
	if err != nil {
		s.t.Fatalf("%v: %v", words, err)
	}
	now := s.begin.Add(at)
	// Whatever falls due before happens at its own time.
	for !s.next.IsZero() && s.next.Before(now) {
		due := s.next
		s.apply(nil, due, fmt.Sprintf("  > at %s\n", due.Sub(s.begin)))
	}
	for _, in := range s.inputs(words[1], words[2:], now) {
		s.apply(in, now, "")
	}
}

// campaign brings a campaign, loaded and running unless state= says otherwise.
func (s *script) campaign(name string, options []string) {
	c, state := s.document(name, options)
	s.apply(ClickApply{Campaign: c, State: state}, s.begin, "")
}

// document is a campaign by its options, and the state they name.
func (s *script) document(name string, options []string) (*Campaign, RunState) {
	c := &Campaign{
		Name: name, Mode: ModeProgressive, Client: "Muster", Lists: []string{name}, Agents: AgentSet{All: true},
		AfterCallWork: time.Minute, Attempts: 5, Treatments: spring().Treatments, Dispositions: spring().Dispositions,
		Results:      []OfferedResult{{Answer, false}, {AnsweringMachine, true}, {WrongNumber, true}, {WrongParty, false}},
		Rules:        Rules{Profiles: []Profile{{Country: "lab", MinRing: 15 * time.Second}}, Allow: []string{"+49", "6xx"}, MaxAttempts: 5, Zone: "Europe/Berlin"},
		Fields:       FieldSets{Preview: []string{"campaign", "name"}, Case: []string{"campaign", "phone"}, Record: []string{"name", "attempt_no"}},
		Announcement: "sorry.wav",
	}
	state := Running
	for _, o := range options {
		k, v, _ := strings.Cut(o, "=")
		switch k {
		case "mode":
			c.Mode = Mode(v)
		case "limit":
			c.Rules.MaxAbandoned, _ = strconv.ParseFloat(v, 64)
		case "accept":
			c.Accept = AcceptMode(v)
		case "missed":
			c.Preview.OnMissed = OnMissed(v)
		case "autodial":
			c.AutoDial, _ = time.ParseDuration(v)
		case "more": // times of 30 s
			c.AfterCallMore.By = 30 * time.Second
			c.AfterCallMore.Times, _ = strconv.Atoi(v)
		case "ring":
			c.RingTimeout, _ = time.ParseDuration(v)
		case "pause":
			c.OwnFailures.PauseAfter, _ = strconv.Atoi(v)
		case "priority":
			c.Priority, _ = strconv.Atoi(v)
		case "gap":
			c.Rules.MinGap, _ = time.ParseDuration(v)
		case "national": // the law of its country wants a list
			law := Profile{Country: v, NationalLists: []NationalList{{Title: "list", NeededFor: []Purpose{AdvertisingB2C}}}}
			c.Rules.Profiles = slices.Insert(c.Rules.Profiles, 0, law)
		case "hours":
			from, until, _ := strings.Cut(v, "-")
			a, _ := strconv.Atoi(from)
			b, _ := strconv.Atoi(until)
			c.Rules.Hours = daily(hm(a, 0), hm(b, 0))
		case "recording":
			c.Recording = Recording{Mode: RecordingMode(v), Announcement: "recorded.wav"}
		case "both": // its law asks for the consent of both
			c.Rules.Profiles[0].BothConsent = true
		case "state":
			state = RunState(v)
		default:
			s.t.Fatalf("campaign option %q", o)
		}
	}
	return c, state
}

// looked is what others have done: "told spring state=loaded mode=preview",
// with why= when it has paused itself, or "told blocked 1" for a contact.
func (s *script) looked(args []string) Looked {
	if args[0] == "blocked" {
		return Looked{Blocked: []BlockedCall{{Interaction: s.work(args[1]).id, Entry: DNCEntry{Person: "x", By: "ben"}}}}
	}
	row, options := CampaignRow{Name: args[0]}, args[1:]
	if last := len(options) - 1; last >= 0 && strings.HasPrefix(options[last], "why=") {
		row.Pause, options = options[last][len("why="):], options[:last]
	}
	doc, state := s.document(args[0], options)
	row.State = state
	for _, o := range options {
		if !strings.HasPrefix(o, "state=") {
			row.Document = append(row.Document, o...)
		}
	}
	doc.Document = row.Document
	return Looked{Campaigns: []ToldCampaign{{Row: row, Doc: doc}}}
}

func (s *script) apply(in any, now time.Time, head string) {
	fx, next := s.floor().Apply(in, now)
	noteAll(s.kept, fx)
	lines := s.render(fx)
	if len(lines) > 0 {
		s.out.WriteString(head)
	}
	for _, l := range lines {
		s.out.WriteString("  > " + l + "\n")
	}
	s.next = next
	if !next.IsZero() && !next.After(now) {
		s.t.Fatalf("the floor wants to be asked again at %s, and it is %s", next, now)
	}
}

// work finds an interaction by record number or "@agent".
func (s *script) work(ref string) *work {
	if name, ok := strings.CutPrefix(ref, "&"); ok { // her consultation
		if a := s.f.agent(AgentID(name)); a != nil && a.work != nil && a.work.side != nil {
			return a.work.side
		}
		s.t.Fatalf("%s consults nobody", name)
	}
	if name, ok := strings.CutPrefix(ref, "@"); ok {
		if a := s.f.agent(AgentID(name)); a != nil && a.work != nil {
			return a.work
		}
		s.t.Fatalf("%s has nothing on her desk", ref)
	}
	n, _ := strconv.Atoi(ref)
	for _, w := range slices.Backward(s.f.works) {
		if w.lease.Record.Key == Key(n) && w.kind != KindInbound {
			return w
		}
	}
	for _, a := range s.f.agents { // settled already
		for _, w := range a.recent {
			if w.lease.Record.Key == Key(n) {
				return w
			}
		}
	}
	s.t.Fatalf("there is no interaction %s", ref)
	return nil
}

func (s *script) inputs(verb string, args []string, now time.Time) []any {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	agent := AgentID(arg(0))
	switch verb {
	case "wait":
		return []any{nil}
	case "login", "engaged":
		return []any{ClickLogin{Agent: agent, Engaged: verb == "engaged"}}
	case "agent":
		ins := []any{ClickLogin{Agent: agent, Engaged: slices.Contains(args, "engaged")}}
		for _, c := range s.floor().campaigns {
			ins = append(ins, ClickJoin{agent, c.doc.Name})
		}
		return append(ins, ClickStatus{agent, AgentStatus(arg(1)), ""})
	case "consents": // to being recorded
		return []any{ClickRecordingConsent{agent, arg(1) != "no"}}
	case "logout":
		return []any{ClickLogout{agent}}
	case "status":
		return []any{ClickStatus{agent, AgentStatus(arg(1)), arg(2)}}
	case "ok":
		return []any{ClickPopup{Agent: agent, Campaign: arg(1)}}
	case "join":
		return []any{ClickJoin{agent, arg(1)}}
	case "leave":
		return []any{ClickLeave{agent, arg(1)}}
	case "load":
		return []any{ClickLoad{Campaign: arg(0)}}
	case "start":
		return []any{ClickStart{Campaign: arg(0)}}
	case "stop":
		return []any{ClickStop{Campaign: arg(0)}}
	case "unload":
		return []any{ClickUnload{Campaign: arg(0)}}
	case "get":
		return []any{ClickGetRecord{agent, arg(1)}}
	case "manual":
		return []any{ClickManual{agent, arg(1)}}
	case "headset":
		return []any{ClickHeadset{Agent: agent, State: HeadsetState(arg(1))}}
	case "undo":
		return []any{ClickUndo{agent}}
	case "drain":
		return []any{DrainFloor{}}
	case "finish":
		return []any{FinishFloor{}}
	case "restart": // kill -9, and a new process under the same name
		in, _ := returnedTo(s.kept, now)
		s.f, s.next, s.asks = NewFloor(s.cfg), time.Time{}, nil
		return []any{in}
	case "journal-fails":
		return []any{JournalFailed{errors.New("disk full")}}
	case "changed":
		return []any{StoreChanged{}}
	case "callbacks-missed":
		return []any{MissedCallbacks{args[0], []Record{{ID: args[2], Name: "Name" + args[2], Owner: AgentID(args[1]), NextDial: s.begin}}}}
	case "told":
		return []any{s.looked(args)}
	case "lease", "none", "store-away":
		return []any{s.answerLease(verb, args, now)}
	case "counted": // counted CAMPAIGN ANSWERED ABANDONED
		s.counts--
		n := AnswerCount{}
		n.Answered, _ = strconv.Atoi(arg(1))
		n.Abandoned, _ = strconv.Atoi(arg(2))
		return []any{Counted{Campaign: arg(0), Answers: Answers{n, n}}}
	case "mode": // mode CAMPAIGN MODE: while it runs
		doc := *s.f.campaign(arg(0)).doc
		doc.Mode = Mode(arg(1))
		return []any{ClickApply{Campaign: &doc}}
	case "admitted":
		in := Admitted{Attempt: AttemptID(arg(0))}
		for _, o := range args[1:] {
			k, v, _ := strings.Cut(o, "=")
			switch k {
			case "agent":
				in.Caller.Agent = AgentID(v)
			case "record":
				n, _ := strconv.Atoi(v)
				in.Caller.Record = Record{Key: Key(n), ID: v, Name: "Name" + v, Person: "person" + v}
			case "away":
				in.Err = errors.New("connection refused")
			}
		}
		return []any{in}
	case "over":
		return []any{LineEvent{Kind: LineEnded, At: now, Attempt: AttemptID(arg(0)), By: ByContact, Result: Answer}}
	case "line":
		return []any{LineEvent{Kind: LineEventKind(arg(1)), At: now, Attempt: AttemptID(arg(0)), Digit: arg(2)}}
	case "incoming":
		return []any{LineEvent{Kind: LineIncoming, At: now, Attempt: AttemptID(arg(0)), Number: arg(1)}}
	}
	w := s.work(arg(0))
	if in, ok := s.answer(verb, w, args, now); ok {
		return []any{in}
	}
	return []any{s.clickOn(verb, w, args)}
}

func (s *script) answerLease(verb string, args []string, now time.Time) any {
	if len(s.asks) == 0 {
		s.t.Fatalf("no lease is asked for, but %s %v", verb, args)
	}
	ask := s.asks[0]
	s.asks = s.asks[1:]
	in := Leased{Seq: ask.Seq, Agent: ask.Query.Agent}
	switch verb {
	case "store-away":
		in.Err = errors.New("connection refused")
		return in
	case "none":
		no := &NoRecord{}
		for _, o := range args {
			k, v, _ := strings.Cut(o, "=")
			switch k {
			case "next":
				d, _ := time.ParseDuration(v)
				no.Next, no.Waiting = s.begin.Add(d), 1
			case "inwork":
				no.InWork, _ = strconv.Atoi(v)
			}
		}
		in.Err = no
		return in
	}
	n, _ := strconv.Atoi(args[0])
	r := Record{
		Key: Key(n), ID: args[0], List: ask.Query.Lists[0], Phone: fmt.Sprintf("+493012345%03d", n), Name: "Name" + args[0],
		Type: General, Status: Retrieved, Result: Unknown, Person: "person" + args[0],
	}
	for _, o := range args[1:] {
		k, v, _ := strings.Cut(o, "=")
		switch k {
		case "declined":
			r.Declined, _ = strconv.Atoi(v)
		case "owner":
			r.Owner, r.Type, r.CallbackAt = AgentID(v), PersonalCallback, now
		case "attempts":
			r.Attempts, _ = strconv.Atoi(v)
		case "phone":
			r.Phone = v
		case "blocked":
			in.Facts.BlockedBy = &DNCEntry{Number: r.Phone, By: v}
		case "called": // so long ago
			d, _ := time.ParseDuration(v)
			in.Facts.LastAttempt = now.Add(-d)
		case "national":
			in.Facts.National = map[string]OnNational{v: {}}
		default:
			s.t.Fatalf("lease option %q", o)
		}
	}
	in.Lease = Lease{Record: r, Fence: 1, Process: "p1"}
	return in
}

// answer is what store and line say about an interaction.
func (s *script) answer(verb string, w *work, args []string, now time.Time) (any, bool) {
	permitted := Permitted{Interaction: w.id, Attempt: w.attempt.ID}
	ev := LineEvent{At: now, Attempt: w.attempt.ID}
	switch verb {
	case "permitted":
	case "lost":
		permitted.Err = ErrLost
	case "away":
		permitted.Err = errors.New("connection refused")
	case "refused":
		v := Verdict{Kind: RefusalKind(args[1]), Reason: Reason{Code: ReasonCode(args[2]), Text: args[2]}}
		if len(args) > 3 {
			d, _ := time.ParseDuration(args[3])
			v.Next = s.begin.Add(d)
		}
		permitted.Err = &Refusal{v}
	case "dialing":
		ev.Kind, ev.Token = LineDialing, []byte("token")
	case "ringing", "answered", "joined", "held", "resumed":
		ev.Kind = LineEventKind(verb)
	case "unheard":
		ev.Kind, ev.Agent = LineUnheard, w.who()
	case "remote-held":
		ev.Kind = LineRemoteHeld
	case "remote-resumed":
		ev.Kind = LineRemoteResumed
	case "played":
		ev.Kind = LinePlayed
	case "heard":
		ev.Kind, ev.Heard = LineHeard, Heard(args[1])
	case "transferred":
		ev.Kind = LineTransferred
		ev.Status, _ = strconv.Atoi(args[1])
	case "digit":
		ev.Kind, ev.Digit = LineDigit, args[1]
	case "ended":
		ev.Kind, ev.By = LineEnded, Party(args[1])
		if len(args) > 2 {
			ev.Status, _ = strconv.Atoi(args[2])
		}
		ev.Result = Answer
		if len(args) > 3 {
			ev.Result, _ = ParseCallResult(args[3])
		}
	default:
		return nil, false
	}
	if ev.Kind != "" {
		return ev, true
	}
	return permitted, true
}

func (s *script) clickOn(verb string, w *work, args []string) Click {
	a, id := w.who(), w.id
	text := strings.Join(args[1:], " ")
	switch verb {
	case "accept":
		return ClickAccept{a, id}
	case "decline":
		aside, _ := time.ParseDuration(text)
		return ClickDecline{a, id, aside}
	case "shown":
		return ClickShown{a, id}
	case "call":
		return ClickCall{a, id, text}
	case "return":
		return ClickReturn{Agent: a, Interaction: id}
	case "remove":
		return ClickRemove{a, id}
	case "hold":
		return ClickHold{a, id}
	case "resume":
		return ClickResume{a, id}
	case "hangup":
		return ClickHangup{a, id}
	case "digits":
		return ClickDigits{a, id, text}
	case "mute":
		return ClickMute{a, id, text != "off"}
	case "record":
		return ClickRecord{a, id, RecordAction(text)}
	case "transfer":
		return ClickTransfer{a, id, text}
	case "consult":
		return ClickConsult{a, id, text}
	case "conference":
		return ClickConference{a, id}
	case "extend":
		return ClickExtend{a, id}
	case "done":
		return ClickDone{a, id, DoneThen(text)}
	case "quick":
		r, _ := ParseCallResult(text)
		return ClickQuick{a, id, r}
	case "result", "correct":
		e := Entry{}
		for _, o := range args[1:] {
			k, v, _ := strings.Cut(o, "=")
			switch k {
			case "note":
				e.Note = &v
			case "code":
				e.Disposition = &v
			case "nocall":
				yes := v != "off"
				e.NoCall = &yes
			case "callback":
				d, _ := time.ParseDuration(v)
				e.Callback = &Callback{At: s.begin.Add(d), Personal: true, Agreed: true}
			default:
				r, err := ParseCallResult(k)
				if err != nil {
					s.t.Fatal(err)
				}
				e.Result = &r
			}
		}
		if verb == "correct" {
			return ClickCorrect{a, id, e}
		}
		return ClickResult{a, id, e}
	}
	s.t.Fatalf("verb %q", verb)
	return nil
}

// render puts effects into words. Notes to the store are left out.
func (s *script) render(fx Effects) []string {
	var out []string
	if fx.Err != nil {
		out = append(out, "no: "+fx.Err.Error())
	}
	for _, e := range fx.Events {
		out = append(out, s.event(e))
	}
	for _, o := range fx.Store {
		switch o := o.(type) {
		case OpLease:
			s.asks = append(s.asks, o)
			text := fmt.Sprintf("lease? %s %s", o.Query.Campaign, cmp.Or(o.Query.Agent, "(ahead)"))
			if o.Query.Own {
				text += " own"
			}
			out = append(out, text)
		case OpAnswers:
			s.counts++
			out = append(out, "answers? "+o.Campaign)
		case OpRelease:
			out = append(out, "release "+s.release(o))
		case OpPermit:
			text := fmt.Sprintf("permit? %d %s %s", o.Query.Lease.Record.Key, o.Query.Attempt, o.Query.Number)
			if o.Query.Ahead {
				text += fmt.Sprintf(" ahead, %d at risk", o.Query.AtRisk)
			}
			out = append(out, text)
		case OpSettle:
			out = append(out, "settle "+s.settlement(o.Settlement))
		case OpOffer:
			out = append(out, fmt.Sprintf("decided %d %s %s", o.Offer.Record, o.Offer.Agent, o.Offer.Decision))
		case OpBlock:
			out = append(out, "block "+o.Entry.Number)
		case OpMissed:
			out = append(out, fmt.Sprintf("missed? %s before %s, present %v", o.Campaign, o.Query.Before.Sub(s.begin), o.Query.Present))
		case OpLook:
			out = append(out, fmt.Sprintf("look? %d", len(o.Calls)))
		case OpState:
			out = append(out, strings.TrimSpace(fmt.Sprintf("state %s %s %s", o.Row.Name, o.Row.State, o.Row.Pause)))
		}
	}
	for _, c := range fx.Line {
		out = append(out, s.command(c))
	}
	return out
}

func (s *script) release(o OpRelease) string {
	r := o.Release
	text := fmt.Sprint(o.Lease.Record.Key)
	switch {
	case r.Update != nil:
		text += fmt.Sprintf(" %s %s", r.Update.Status, r.Update.Type)
	case r.Top:
		text += " top"
	case !r.NotBefore.IsZero():
		text += " not before " + r.NotBefore.Sub(s.begin).String()
	default:
		text += " old place"
	}
	if r.Declined {
		text += " declined"
	}
	return text
}

func (s *script) settlement(t Settlement) string {
	text := fmt.Sprintf("%d %s %s %s", t.Attempt.Record, cmp.Or(t.Attempt.ID, "-"), t.Attempt.Result, t.Record.Status)
	if t.Attempt.EndedBy != "" {
		text += " by " + string(t.Attempt.EndedBy)
	}
	if !t.Record.NextDial.IsZero() {
		text += " next " + t.Record.NextDial.Sub(s.begin).String()
	}
	if t.Record.KeepPlace {
		text += " keeps its place"
	}
	if t.Block != nil {
		text += " blocked"
	}
	if t.Correction {
		text += " correction"
	}
	return text
}

func (s *script) command(c Command) string {
	n := func(id AttemptID) string {
		if w := s.f.workOf(id); w != nil && w.lease.Record.Key != 0 && w.kind == KindCampaign {
			return fmt.Sprint(w.lease.Record.Key)
		}
		return string(id)
	}
	switch c := c.(type) {
	case Dial:
		return fmt.Sprintf("dial %s %s %s", n(c.Attempt), cmp.Or(c.Agent, "-"), c.Number)
	case Hangup:
		return fmt.Sprintf("hangup %s by %s: %s", n(c.Attempt), c.By, c.Reason)
	case Hold:
		return "hold " + n(c.Attempt)
	case Resume:
		return "resume " + n(c.Attempt)
	case Digits:
		return fmt.Sprintf("digits %s %s", n(c.Attempt), c.Digits)
	case Mute:
		return fmt.Sprintf("mute %s %v", n(c.Attempt), c.On)
	case AnswerCall:
		return fmt.Sprintf("answer %s %s", c.Attempt, c.Agent)
	case RejectCall:
		return fmt.Sprintf("reject %s %d", c.Attempt, c.Status)
	case Transfer:
		return fmt.Sprintf("transfer %s %s", n(c.Attempt), c.Number)
	case TransferTo:
		return fmt.Sprintf("transfer %s to %s", n(c.Attempt), n(c.With))
	case Conference:
		return fmt.Sprintf("conference %s with %s", n(c.Attempt), n(c.With))
	case Connect:
		return fmt.Sprintf("connect %s %s", n(c.Attempt), c.Agent)
	case Play:
		return strings.TrimSuffix(fmt.Sprintf("play %s %s to both", n(c.Attempt), c.File), map[bool]string{false: " to both"}[c.Both])
	case RecordCall:
		return fmt.Sprintf("record %s %s %s", n(c.Attempt), c.Action, c.File)
	}
	return fmt.Sprintf("%T", c)
}

func (s *script) event(e Event) string {
	switch {
	case e.AgentView != nil && e.Kind == EventAgent:
		v := e.AgentView
		text := fmt.Sprintf("@%s %s", v.Agent, v.Status)
		if v.Reason != "" {
			text += " (" + v.Reason + ")"
		}
		if v.After != "" {
			text += ", then " + string(v.After)
		}
		if v.Idle != nil {
			text += ": " + v.Idle.Text
		}
		return text
	case e.CampaignView != nil:
		v := e.CampaignView
		text := fmt.Sprintf("#%s %s", v.Name, v.State)
		if v.Idle != nil {
			text += ": " + v.Idle.Text
		}
		if v.Pacing != nil {
			text += " (" + v.Pacing.Text + ")"
		}
		if v.Advice != nil {
			text += " (rather " + string(v.Advice.Mode) + ")"
		}
		return text
	case e.Popup != nil:
		return fmt.Sprintf("popup %s %s %s", e.Agent, e.Popup.Campaign, e.Popup.Stage)
	}
	kind := string(e.Kind)
	if e.Kind == EventOffered {
		kind = "offer"
	}
	text := fmt.Sprintf("%s %s %s", kind, e.Interaction, cmp.Or(e.Agent, "-"))
	if v := e.InteractionView; v != nil {
		if v.CallStatus != "" {
			text += " [" + string(v.CallStatus) + "]"
		}
		if v.Content != nil {
			text += " " + strings.TrimSpace(v.Content.Name+" "+v.Content.Number)
		}
		if v.Blank {
			text += " (blank)"
		}
		if v.Overtime {
			text += " overtime"
		}
		if v.Extended > 0 {
			text += fmt.Sprintf(" extended %d, may %d", v.Extended, v.MayExtend)
		}
		if v.RecordingState != "" && v.State != StateOver {
			text += " recording " + string(v.RecordingState)
		}
		if v.RecordingBar != nil && e.Reason == nil {
			text += ": " + v.RecordingBar.Text
		}
		if v.Heard != "" {
			text += " sounds like " + string(v.Heard)
		}
		if v.Consult != nil {
			text += " beside " + string(v.Consult.With)
			if v.Consult.Conference {
				text += " (conference)"
			}
		}
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	if e.Reason != nil {
		text += ": " + e.Reason.Text
	}
	return text
}

// contraryPacer thinks the other of the two modes the better one.
type contraryPacer struct{ OneToOne }

func (contraryPacer) Advice(_ string, m Mode, agents int) *Advice {
	switch {
	case agents == 0:
		return nil
	case m == ModePredictive:
		return &Advice{Mode: ModeProgressive, Agents: agents}
	}
	return &Advice{Mode: ModePredictive, Agents: agents}
}

// linesPacer keeps so many calls under way for each agent, as far as one budget
// of abandonment allows: plain enough to read a script by.
type linesPacer struct{ lines int }

func (p linesPacer) Dials(s PacingState) (int, *Reason) {
	most, why := p.lines*len(s.Agents), (*Reason)(nil)
	if len(s.Budgets) == 0 || s.Budgets[0].Limit*float64(s.Budgets[0].Answered) < float64(s.Budgets[0].Abandoned+1) {
		most, why = s.Idle, &Reason{Code: "budget", Text: "one to one"}
	}
	return max(most-len(s.Calls), 0), why
}

// AtRisk is every call beyond the first.
func (linesPacer) AtRisk(s PacingState) int { return len(s.Calls) - 1 }
