package desk_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store/sqlite"
)

// TestAdminViews: reports, a person's page and the audit log, looked at in every
// way, by each role that may.
func TestAdminViews(t *testing.T) {
	t.Parallel() // as TestViews
	b, w, say := browser(t), worldOf(t), words("de")
	w.calledOnce(t)
	w.do(campaign.ClickLoad{By: "chief", Campaign: "spring"})
	w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	p := &looks{tab: w.visit(t, b, "de"), axe: axe(t)}
	p.logIn("chief", say)
	p.press("Berichte")
	p.until("the figures", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "1.284") })
	p.choose("Kampagne", "spring", p.find("region", "Nachweis der Lost Calls"))
	p.until("the proof", func() bool {
		return strings.Contains(p.text("document.querySelector('main')"), "5ad1c0ffee")
	})
	p.look("reports")
	p.press("Auskunft")
	p.write(p.find("textbox", "Rufnummer", p.find("main", "")), "+49 30 23125000")
	p.press("Anzeigen")
	p.until("the page of the person", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "Jonas Albrecht") })
	p.look("person")
	p.erases(say)
	p.press("Protokoll")
	p.until("the log", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "Person gelöscht") })
	p.press("Protokoll prüfen")
	p.until("whole", func() bool { return strings.Contains(p.text("document.querySelector('main')"), "Vollständig") })
	p.glance("audit")
	p.choose("Was", "Person eingesehen")
	p.write(p.find("textbox", "Wer"), "chief")
	p.press("Anzeigen")
	p.until("only what was asked for", func() bool {
		s := p.text("(document.querySelector('main tbody') || document.body)")
		return strings.Contains(s, "Person eingesehen") && !strings.Contains(s, "Person gelöscht")
	})
	w.seenBy(p, b, say)
}

// erases: what stays is named before, what went afterwards, and the page is
// empty but for that.
func (p *looks) erases(say func(string) string) {
	p.t.Helper()
	p.press("Löschen …")
	dialog := p.find("dialog", "Person löschen")
	text := p.on(dialog, `function() { return this.innerText }`)
	for _, stays := range []string{"Was bleibt", "Einwilligung, gesperrt", "Sperreintrag ohne Rufnummer", "1 Anrufversuch ohne die Person", "Protokoll", "Sicherungen von vorher"} {
		if !strings.Contains(text, stays) {
			p.t.Errorf("the question does not name %q:\n%s", stays, text)
		}
	}
	p.glance("erase")
	dialog = p.find("dialog", "Person löschen")
	sure := p.find("button", "Endgültig löschen", dialog)
	if p.on(sure, `function() { return this.disabled ? 'off' : 'on' }`) != "off" {
		p.t.Error("it can be erased without a reason")
	}
	p.write(p.find("textbox", say("Reason"), dialog), "Schreiben vom 4. März")
	p.press("Endgültig löschen", dialog)
	p.gone("dialog", "Person löschen")
	p.until("the page without the person", func() bool {
		s := p.text("document.querySelector('main')")
		return strings.Contains(s, "Gelöscht. Entfernt wurden") && strings.Contains(s, "gesperrter Nachweis") && strings.Contains(s, "als Prüfwert") &&
			!strings.Contains(s, "Jonas Albrecht") && !strings.Contains(s, "K-10400")
	})
}

// seenBy looks at the floor and at what each of the other roles may see.
func (w *world) seenBy(p *looks, b context.Context, say func(string) string) {
	for _, as := range []struct {
		user          string
		views, hidden []string
	}{
		{"lena", []string{"Leitstand", "Berichte"}, []string{"Auskunft", "Protokoll"}},
		{"otto", []string{"Leitstand", "Berichte", "Auskunft", "Protokoll"}, []string{say("Stop"), "Löschen …"}},
		{"muster", []string{"Leitstand", "Berichte"}, []string{"Auskunft", "Protokoll", say("Stop"), "Kontaktverzeichnis", "Meine Nachrichten"}},
	} {
		q := &looks{tab: w.visit(p.t, b, "de")} // the views were asked about by axe-core above
		q.logIn(as.user, say)
		q.find("button", "Leitstand")
		for _, view := range as.views {
			q.press(view)
			switch view {
			case "Berichte":
				q.until("the figures", func() bool {
					s := q.text("document.querySelector('main')")
					return strings.Contains(s, "Tagesbericht") && strings.Contains(s, "1.284")
				})
				if agents := len(q.seen("region", "Agenten")); (agents == 1) == (as.user == "muster") {
					q.t.Errorf("%s sees figures of agents: %d", as.user, agents)
				}
			case "Auskunft":
				q.write(q.find("textbox", "Rufnummer", q.find("main", "")), "+49 69 90009001")
				q.press("Anzeigen")
				q.until("the page", func() bool { return strings.Contains(q.text("document.querySelector('main')"), "Mia Brandstetter") })
			case "Protokoll":
				q.until("the log", func() bool { return strings.Contains(q.text("document.querySelector('main')"), "Einträgen") })
			}
			for _, name := range as.hidden {
				if len(q.seen("button", name)) > 0 {
					q.t.Errorf("%s has the button %q in %s", as.user, name, view)
				}
			}
			q.glance(fmt.Sprintf("%s-%s", as.user, map[string]string{"Leitstand": "floor", "Berichte": "reports", "Auskunft": "person", "Protokoll": "audit"}[view]))
		}
	}
}

// calledOnce: Jonas Albrecht was called, has consented, and wants no more calls.
func (w *world) calledOnce(t *testing.T) {
	t.Helper()
	w.do(campaign.ClickLogin{Agent: "ann", Team: "berlin"})
	w.do(campaign.ClickManual{Agent: "ann", Number: "+493023125000"})
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); w.line.dials() == 0; <-tick.C {
		if time.Now().After(end) {
			t.Fatal("the call was not placed")
		}
	}
	w.line.answers()
	w.line.contactHangsUp()
	for end := time.Now().Add(20 * time.Second); ; <-tick.C {
		snap, err := w.control.Snapshot(t.Context(), campaign.Viewer{Role: campaign.RoleAdministrator})
		must(t, err)
		if len(snap.Interactions) == 1 && snap.Interactions[0].State == campaign.StateWrapUp {
			yes, note := true, "Möchte keine Anrufe mehr."
			w.do(campaign.ClickResult{Agent: "ann", Interaction: snap.Interactions[0].ID, Entry: campaign.Entry{NoCall: &yes, Note: &note}})
			w.do(campaign.ClickDone{Agent: "ann", Interaction: snap.Interactions[0].ID})
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the call did not end: %+v", snap.Interactions)
		}
	}
	must(t, w.control.Settled(t.Context()))
}

// keptPersons answers out of the store; there are no recordings.
type keptPersons struct{ store *sqlite.Store }

func (k keptPersons) Dossier(ctx context.Context, number string) (*campaign.Dossier, error) {
	return k.store.Dossier(ctx, number, "")
}

func (k keptPersons) Forget(ctx context.Context, q campaign.EraseQuery) (campaign.Erasure, error) {
	e, err := k.store.Erase(ctx, "e1", q)
	if err != nil {
		return e, err
	}
	return e, k.store.Erased(ctx, e.ID, time.Now())
}

func (keptPersons) Open(string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// evening has the figures of a busy day.
type evening struct{}

func (evening) Day(_ context.Context, day time.Time, keep desk.ReportScope) (campaign.DayReport, error) {
	one := campaign.DayFigures{Campaign: "spring", Dialled: 1284, ReachedGross: 611, ReachedNet: 402, Successes: 57, Refusals: 131, SuccessPerHour: 2.37,
		TalkMS: 61_322_000, LiveAnswers: 498, Abandoned: 11, OfLive: 11. / 498, OfAll: 11. / 1284, CallbacksOpen: 23, Overdue: 4, Records: 5000, Used: 1190, Left: 3702}
	two := one
	two.Campaign, two.Dialled, two.Abandoned, two.OfLive, two.OfAll = "bestand", 96, 0, 0, 0
	all := one
	all.Campaign, all.AfterCallMS, all.PauseMS = "", 9_400_000, 5_130_000
	r := campaign.DayReport{Day: day.Format(time.DateOnly), Total: all, Campaigns: []campaign.DayFigures{one, two},
		Agents: []campaign.AgentFigures{
			{Agent: "ann", Team: "berlin", Calls: 211, Reached: 97, Successes: 14, SuccessPerHour: 2.1, TalkMS: 14_000_000, LoggedInMS: 27_000_000, ReadyMS: 6_000_000,
				HandlingMS: 15_000_000, AfterCallMS: 3_000_000, PauseMS: 3_000_000, Pauses: map[string]int64{"Pause": 1_800_000, "Bildschirmpause": 1_200_000}},
			{Agent: "ein-agent-mit-einem-langen-namen", Team: "frankfurt-sachsenhausen", Calls: 3},
		},
		Lists: []campaign.ListFigures{{List: "kunden", Records: 5000, Used: 1190, Left: 3702, Open: 23, Overdue: 4, Results: map[string]int{"answer": 402, "busy": 88, "unknown": 3700}}},
	}
	return r, nil
}

func (evening) Abandonment(_ context.Context, name string, day time.Time) (campaign.AbandonmentProof, error) {
	at := campaign.Stamp{Time: day.Add(10 * time.Hour)}
	return campaign.AbandonmentProof{Campaign: name, Day: day.Format(time.DateOnly), Attempts: 1284, LiveAnswers: 498, Abandoned: 11, OfLive: 11. / 498, OfAll: 11. / 1284,
		P50MS: 310, P95MS: 1240, MaxMS: 2310, Late: 1, Announcement: "sorry.wav", Allowed: 0.03, Guard: 214,
		Moved:     []campaign.AuditEntry{{At: at, Who: "chief", Old: "3 %", New: "2.5 %", Reason: "Wunsch des Auftraggebers"}},
		Fallbacks: []campaign.Fallback{{From: at, Until: at, Code: "abandonment-budget", Text: "11 of 498"}}, Announced: 9,
		Calls: []campaign.AbandonedCall{{Attempt: "01", Answered: at, Ended: at, EndedBy: campaign.ByContact, StayedMS: 4210, Announced: at, ToEnd: at}}, Sum: "5ad1c0ffee5ad1c0ffee5ad1c0ffee5ad1c0ffee5ad1c0ffee5ad1c0ffee5ad1"}, nil
}

func (evening) Shift(_ context.Context, _ string, day time.Time) (campaign.Shift, error) {
	s := campaign.Shift{Dialled: 1284, Answered: 611, LiveAnswers: 498, Abandoned: 11, OfLive: 11. / 498, Allowed: 0.03, LastHour: 4}
	for h := range 9 {
		s.Hours = append(s.Hours, campaign.ShiftHour{From: day.Add(time.Duration(8+h) * time.Hour), Dialled: 90 + 17*(h%4), Answered: 30 + 9*(h%3)})
	}
	return s, nil
}

func (evening) Attempts(context.Context, string, func(campaign.DossierAttempt) error) error {
	return nil
}
