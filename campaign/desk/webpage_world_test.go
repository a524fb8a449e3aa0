package desk_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store/sqlite"
)

// world is everything behind the page but the telephone: the real API,
// controller and store, and a line whose far end the test plays.
type world struct {
	lists   fileLists
	t       *testing.T
	url     string
	line    *scriptedLine
	sound   noSound
	control *campaign.Controller

	mu  sync.Mutex
	pbx desk.Link
}

// scriptedLine rings at once and waits for the test's word.
type scriptedLine struct {
	events chan campaign.LineEvent

	mu   sync.Mutex
	live []campaign.AttemptID
	over []campaign.AttemptID // those we hung up
	did  []campaign.Command
}

func (l *scriptedLine) Events() <-chan campaign.LineEvent { return l.events }
func (l *scriptedLine) Recover([]byte) error              { return nil }

func (l *scriptedLine) Do(c campaign.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.did = append(l.did, c)
	switch c := c.(type) {
	case campaign.Dial:
		l.live = append(l.live, c.Attempt)
		l.say(c.Attempt, campaign.LineDialing)
		l.say(c.Attempt, campaign.LineRinging)
	case campaign.Hold:
		l.say(c.Attempt, campaign.LineHeld)
	case campaign.Resume:
		l.say(c.Attempt, campaign.LineResumed)
	case campaign.Hangup:
		l.over = append(l.over, c.Attempt)
		l.end(c.Attempt, campaign.Answer, 200, c.By)
	case campaign.AnswerCall:
		l.say(c.Attempt, campaign.LineAnswered)
		l.say(c.Attempt, campaign.LineJoined)
	}
}

func (l *scriptedLine) say(a campaign.AttemptID, k campaign.LineEventKind) {
	l.events <- campaign.LineEvent{Kind: k, At: time.Now(), Attempt: a}
}

func (l *scriptedLine) end(a campaign.AttemptID, r campaign.CallResult, status int, by campaign.Party) {
	l.events <- campaign.LineEvent{Kind: campaign.LineEnded, At: time.Now(), Attempt: a, Result: r, Status: status, By: by}
}

// last is the newest call that we have not hung up.
func (l *scriptedLine) last() campaign.AttemptID {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range slices.Backward(l.live) {
		if !slices.Contains(l.over, a) {
			return a
		}
	}
	return ""
}

// dials counts the calls placed.
func (l *scriptedLine) dials() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.live)
}

// answers: the contact picks up the newest call.
func (l *scriptedLine) answers() {
	l.say(l.last(), campaign.LineAnswered)
	l.say(l.last(), campaign.LineJoined)
}

func (l *scriptedLine) contactHangsUp() { l.end(l.last(), campaign.Answer, 200, campaign.ByContact) }
func (l *scriptedLine) busy()           { l.end(l.last(), campaign.Busy, 486, campaign.ByContact) }
func (l *scriptedLine) contactHolds()   { l.say(l.last(), campaign.LineRemoteHeld) }
func (l *scriptedLine) contactResumes() { l.say(l.last(), campaign.LineRemoteResumed) }
func (l *scriptedLine) calls(number string) {
	l.events <- campaign.LineEvent{Kind: campaign.LineIncoming, At: time.Now(), Attempt: "inbound-1", Number: number}
}

// documents knows the campaigns by their names.
type documents map[string]campaign.Campaign

func (d documents) Parse(_ context.Context, row campaign.CampaignRow) (campaign.Campaign, error) {
	c, ok := d[string(row.Document)]
	if strings.Contains(string(row.Document), "mode: fast") {
		return c, &desk.DocumentError{Err: errors.New("campaign:2:7: mode: …"), Problems: []desk.DocumentProblem{{
			Place: "campaign:2:7", Key: "mode", What: desk.Saying{Code: "not-word", Text: `"fast" is not one of the words for this key`, Args: []desk.Saying{{Text: `"fast"`}}},
			How: desk.Saying{Code: "how-known", Text: "known here: preview", Args: []desk.Saying{{Text: "preview"}}},
		}}}
	}
	if !ok {
		return c, errors.New("no such document")
	}
	return c, nil
}

func (d documents) Adopt(ctx context.Context, document []byte, _ string) (campaign.Campaign, error) {
	return d.Parse(ctx, campaign.CampaignRow{Document: document})
}

// worldOf opens a world with ann (agent), eva (agent, engaged), dora (agent with a
// sound card at the server), chief (administrator), and who else looks on: lena
// (team leader), otto (auditor) and muster (client). Their passwords are their
// names twice.
func worldOf(t *testing.T) *world {
	t.Helper()
	return worldWith(t, campaigns()...)
}

// worldWith is that world with other campaigns.
func worldWith(t *testing.T, campaigns ...campaign.Campaign) *world {
	t.Helper()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "freiton.db"), sqlite.Options{Country: "DE", Allow: []string{"+49"}})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must(t, store.Import(ctx, "kunden", contacts()))
	must(t, store.Import(ctx, "bestand", contacts()[3:]))
	for _, u := range []campaign.User{
		{Name: "ann", Role: campaign.RoleAgent, Team: "berlin"}, {Name: "eva", Role: campaign.RoleAgent, Engaged: true}, {Name: "dora", Role: campaign.RoleAgent, Headset: "device"}, {Name: "paul", Role: campaign.RoleAgent, Headset: "sip:1002@pbx.example"}, {Name: "chief", Role: campaign.RoleAdministrator},
		{Name: "lena", Role: campaign.RoleTeamLeader, Team: "berlin"}, {Name: "otto", Role: campaign.RoleAuditor},
		{Name: "muster", Role: campaign.RoleClient, Clients: []string{"Muster GmbH"}},
	} {
		u.Hash, u.Headset, u.Created = string(u.Name+u.Name), cmp.Or(u.Headset, "browser"), time.Now()
		must(t, store.PutUser(ctx, u))
	}
	journal, err := campaign.OpenJournal(campaign.JournalConfig{Dir: filepath.Join(dir, "journal"), Log: log})
	must(t, err)
	t.Cleanup(func() { _ = journal.Close() })
	w := &world{t: t, line: &scriptedLine{events: make(chan campaign.LineEvent, 64)}, pbx: desk.Link{State: "live"}}
	w.control, err = campaign.NewController(campaign.ControllerConfig{
		Floor: campaign.FloorConfig{Process: "test", Headset: campaign.HeadsetRules{HoldAfter: 100 * time.Millisecond, HandOnAfter: 6 * time.Second}, Inbound: campaign.InboundRule{Agents: true}, Manual: campaign.ManualRules{Rules: campaign.Rules{Allow: []string{"+49"}}}},
		Store: store, Line: w.line, Journal: journal, Log: log,
	})
	must(t, err)
	must(t, w.control.Start(ctx))
	t.Cleanup(func() { _ = w.control.Close() })
	w.lists = fileLists{store}
	docs := documents{}
	for _, c := range campaigns {
		docs[c.Name] = c
		must(t, w.control.Do(ctx, campaign.ClickApply{By: "test", Campaign: &c}))
	}
	d := desk.New(desk.Config{
		Version: "test", Store: store, Control: w.control, Documents: docs, Now: time.Now, Log: log,
		HashPassword: func(p string) (string, error) { return p, nil },
		Number:       func(raw string) (string, error) { return strings.ReplaceAll(raw, " ", ""), nil },
		Lists:        w.lists, Reports: evening{}, Persons: keptPersons{store}, Ledger: store, SIP: oneCall{},
	})
	w.serve(d, dir)
	return w
}

// serve answers on a free port, with the page's files as they are on disk.
func (w *world) serve(d *desk.Desk, dir string) {
	sessions, err := desk.OpenSessions(filepath.Join(dir, "sessions.json"))
	must(w.t, err)
	web, err := d.OpenWeb(desk.WebConfig{
		Listen: "127.0.0.1:0", Sessions: sessions, Files: os.DirFS("web"),
		CheckPassword: func(plain, hash string) (bool, error) { return plain == hash, nil },
		NotReady:      []string{"Pause", "Bildschirmpause", "Besprechung", "Technik"},
		PBX: func() desk.Link {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.pbx
		},
		Quality: func(campaign.AgentID) desk.Quality {
			return desk.Quality{Contact: &desk.LegQuality{Codec: "PCMA", Loss: 0.2, JitterMS: 4, RTTMS: 31, MOS: 4.3}}
		},
		Headsets: &w.sound,
	})
	must(w.t, err)
	w.url = web.URL()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- web.Serve(ctx) }() // ended below
	w.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// noSound is a server without sound: the page says so and works on.
type noSound struct{ asked atomic.Int32 }

func (s *noSound) Open(context.Context, string, string) (string, error) {
	s.asked.Add(1)
	return "", errors.New("no sound in this test")
}
func (*noSound) Close(string) {}

func contacts() []campaign.Record {
	people := []struct{ name, city, phone string }{
		{"Jonas Albrecht", "Berlin", "+493023125000"},
		{"Mia Brandstetter", "Frankfurt am Main", "+496990009001"},
		{"Leyla Demirtaş", "Hamburg", "+494066969002"},
		{"Karl-Heinz Donaudampfschifffahrtsgesellschaft", "Garmisch-Partenkirchen", "+498921234567"},
		{`<img src=x onerror="document.title='owned'">`, "Köln", "+492214710003"},
		{"Ömer Çelik", "Dortmund", "+4923112345678"},
		{"Nele Petersen", "Kiel", "+4943112345679"},
		{"Paul Quandt", "Leipzig", "+4934112345680"},
	}
	var rs []campaign.Record
	for i, p := range people {
		id := strconv.Itoa(10400 + 37*i)
		rs = append(rs, campaign.Record{
			ID: id, Line: i + 1, Name: p.name, Phone: p.phone, CustomerID: "K-" + id, Person: "customer:K-" + id,
			Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown, TimeZone: "Europe/Berlin",
			Fields: []campaign.Field{{Name: "Kundennummer", Value: "K-" + id}, {Name: "Name", Value: p.name}, {Name: "Ort", Value: p.city},
				{Name: "Vertrag", Value: "Komfort"}, {Name: "Kunde seit", Value: "2014"}, {Name: "Mobil", Value: "+491713920001"}},
		})
	}
	rs[0].Consent = campaign.Consent{At: time.Date(2025, 4, 2, 14, 5, 0, 0, time.UTC), Text: "Ich möchte angerufen werden.", Source: "Webformular", Reference: "F-2025-0311"}
	return rs
}

const scriptText = `# Gesprächsleitfaden

1. Guten Tag, spreche ich mit {name}? Mein Name ist {agent}, Muster GmbH.
2. Sie sind seit {Kunde seit} unser Kunde, mit dem Vertrag {Vertrag}. Haben Sie zwei Minuten?
3. Wir prüfen, ob Ihr Vertrag noch zu Ihnen passt.

Will jemand nicht mehr angerufen werden: **Nicht anrufen** ankreuzen.`

func campaigns() []campaign.Campaign {
	results := []campaign.OfferedResult{{Result: campaign.Answer}, {Result: campaign.WrongParty}, {Result: campaign.AnsweringMachine, Quick: true}, {Result: campaign.WrongNumber, Quick: true}}
	codes := []campaign.Disposition{
		{Name: "Interessiert", Children: []campaign.Disposition{{Name: "Termin vereinbart", Kind: campaign.SuccessCode}, {Name: "Unterlagen gewünscht", Kind: campaign.SuccessCode}}},
		{Name: "Kein Interesse", Children: []campaign.Disposition{{Name: "Preis", Kind: campaign.RefusalCode}, {Name: "Hat schon", Kind: campaign.RefusalCode}}},
		{Name: "Später noch einmal", Kind: campaign.NeutralCode},
	}
	fields := campaign.FieldSets{
		Preview: []string{"campaign", "name", "Ort"},
		Case:    []string{"campaign", "description", "phone"},
		Record:  []string{"name", "Ort", "Vertrag", "Kunde seit", "call_kind", "attempt_no", "last_result", "last_call"},
	}
	responses, _ := filepath.Abs("../../configs/sample/responses")
	base := campaign.Campaign{
		Client: "Muster GmbH", Purpose: campaign.Service, Greeting: "Muster GmbH, guten Tag, mein Name ist {agent}.", Description: "Frühjahrsangebot für Bestandskunden",
		Agents: campaign.AgentSet{All: true}, Country: "lab", AfterCallWork: time.Minute, AfterCallMore: campaign.AfterCallMore{By: 30 * time.Second, Times: 2}, Results: results, Dispositions: codes, Fields: fields,
		Script: scriptText, Responses: responses, Link: "https://crm.example/kunde/{Kundennummer}", Rules: campaign.Rules{Allow: []string{"+49"}},
		Preview:    campaign.PreviewRule{Timeout: 20 * time.Second},
		Treatments: []campaign.Treatment{{On: campaign.Busy, RetryIn: campaign.Retry{After: 30 * time.Minute}, Max: 3}},
	}
	spring, look := base, base
	spring.Recording.Mode = campaign.RecordingAsk
	spring.Name, spring.Mode, spring.Lists, spring.Priority, spring.Document = "spring", campaign.ModeProgressive, []string{"kunden"}, 10, []byte("spring")
	look.Name, look.Mode, look.Lists, look.Priority, look.Document = "bestand", campaign.ModePreview, []string{"bestand"}, 5, []byte("bestand")
	return []campaign.Campaign{spring, look}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// do is a supervisor's click.
func (w *world) do(c campaign.Click) {
	w.t.Helper()
	must(w.t, w.control.Do(w.t.Context(), c))
}
