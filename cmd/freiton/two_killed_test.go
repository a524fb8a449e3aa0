package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/sip/peer"
)

// imports adds a record to the list, at the first server.
func (b *twoServers) imports(id, name, number string) {
	b.Helper()
	file := id + ".csv"
	b.write(file, fmt.Sprintf("id;Name;Telefon\n%s;%s;%s\n", id, name, number))
	b.run(b.argsOne, "", "list import customers "+filepath.Join(b.dir, file))
}

// abandoned: a call that finds no agent at one server counts at the other, in its
// figures and at every gate: nothing is dialled beyond one to one.
func (b *twoServers) abandoned() {
	ann := b.other
	b.inStore(func(s *postgres.Store) error {
		return s.PutUser(b.Context(), campaign.User{Name: "boss", Role: campaign.RoleSupervisor, Headset: "browser", Hash: cheapHash(b.T), Created: time.Now()})
	})
	boss, here := b.tab(b.one.base, newJar(b.T)), b.tab(b.other.base, newJar(b.T))
	boss.login("boss")
	here.login("boss")
	here.follow()
	b.apply(b.argsOne, "predictive")
	b.seen("the other mode", ann, "/state", stateOf(func(s desk.State) bool { return s.Campaigns[0].Mode == campaign.ModePredictive }))
	b.imports("R-3", "Cid", peer.Number("03", 3)) // rings for a while
	b.ready()
	ringing := here.awaitThat("it rings", func(e campaign.Event) bool {
		return e.Kind == campaign.EventRinging && e.InteractionView.Agent == "" // nobody's yet
	})
	ann.do("/agent/status", desk.StatusChange{Status: campaign.AgentNotReady}) // it rings, and nobody is there any more
	here.await(campaign.EventAbandoned, ringing.N)
	var p campaign.AbandonmentProof
	b.seen("the abandoned call", boss, "/campaigns/c/abandonment", func(text string) bool {
		return json.Unmarshal([]byte(text), &p) == nil && p.Abandoned == 1 && p.LiveAnswers == 1
	})
	b.seen("the day's figures", boss, "/campaigns/c/status", func(text string) bool {
		var s desk.CampaignStatus
		return json.Unmarshal([]byte(text), &s) == nil && s.Today != nil && s.Today.Abandoned == 1
	})
	b.inStore(func(s *postgres.Store) error {
		err := s.Permit(b.Context(), campaign.PermitQuery{
			Attempt: "ahead", Campaign: "c", Process: "third", Number: peer.Number("00", 9), Ahead: true, Now: time.Now(),
			Rules: campaign.Rules{Allow: []string{"+49"}, Running: true, MaxAbandoned: 0.03, Profiles: []campaign.Profile{{Country: "lab"}}},
		})
		if no := (*campaign.Refusal)(nil); !errors.As(err, &no) || no.Reason.Code != campaign.ReasonBudget {
			b.Errorf("a call beyond one to one at a third process: %v", err)
		}
		return nil
	})
	b.apply(b.argsOne, "progressive")
	b.seen("the old mode", ann, "/state", stateOf(func(s desk.State) bool { return s.Campaigns[0].Mode == campaign.ModeProgressive }))
}

// killed: she is in a conversation when her server is killed. At the other one she
// is told what became of the call, and says what came of it; the killed one, when
// it comes back, ends what is left on the line, and changes nothing of that.
func (b *twoServers) killed(jar http.CookieJar) {
	ann := b.other
	b.imports("R-4", "Dora", peer.Number("00", 4))
	b.ready()
	offer := ann.awaitThat("Dora is offered", func(e campaign.Event) bool {
		return e.Kind == campaign.EventOffered && e.InteractionView.Content.RecordID == "R-4"
	})
	ann.accepts(offer)
	ann.await(campaign.EventJoined, offer.N)
	note := "half a word"
	ann.do("/interactions/"+string(offer.Interaction)+"/result", desk.Outcome{Note: &note})
	talking := func() bool {
		talks := false
		b.inStore(func(s *postgres.Store) error {
			return s.Attempts(b.Context(), "c", func(a campaign.Attempt) error {
				talks = talks || a.RecordID == "R-4" && !a.JoinedAt.IsZero()
				return nil
			})
		})
		return talks
	}
	until(b.T, 5*time.Second, "the store knows that she talks", talking)
	if err := b.two.cmd.Process.Kill(); err != nil {
		b.Fatal(err)
	}
	b.two.wait(b.T, 5*time.Second)
	// What a third process does a minute later: the killed one gives no sign of life.
	name, err := os.ReadFile(filepath.Join(b.dir, "two", nameFile))
	if err != nil {
		b.Fatal(err)
	}
	process := strings.TrimSpace(string(name))
	b.inStore(func(s *postgres.Store) error {
		return errors.Join(s.Extend(b.Context(), process, time.Now().Add(-time.Second)), s.Extend(b.Context(), "third", time.Now().Add(time.Minute)),
			s.Depart(b.Context(), process))
	})
	var hers campaign.InteractionView
	b.seen("what became of her call", b.one, "/state", stateOf(func(s desk.State) bool {
		if s.Viewer || s.Me == nil || s.Me.Notice == nil || len(s.Recent) == 0 {
			return false
		}
		hers = s.Recent[0]
		return s.Me.Notice.Code == campaign.ReasonCallGone && s.Me.Notice.Name == "Dora"
	}))
	if hers.Content == nil || hers.Content.RecordID != "R-4" || hers.DialerResult != campaign.Unknown || hers.AnsweredAt.IsZero() {
		b.Errorf("among her last calls: %+v", hers)
	}
	record := func(want campaign.RecordStatus, result campaign.CallResult) {
		b.Helper()
		until(b.T, 5*time.Second, fmt.Sprintf("the record is %s, %s", want, result), func() bool {
			ok := false
			b.inStore(func(s *postgres.Store) error {
				return s.Records(b.Context(), campaign.RecordQuery{List: "customers", ID: "R-4"}, func(r campaign.Record) error {
					ok = r.Status == want && r.Result == result
					return nil
				})
			})
			return ok
		})
	}
	record(campaign.Stale, campaign.Unknown)
	wrong := campaign.WrongParty
	b.one.do("/interactions/"+string(hers.ID)+"/correct", desk.Outcome{Result: &wrong})
	b.seen("that she has said so", b.one, "/state", stateOf(func(s desk.State) bool { return s.Me.Notice == nil && s.Recent[0].Result == wrong }))
	record(campaign.Updated, wrong)

	live := b.x.Live()
	b.two, b.argsTwo, b.other = b.start("two", jar)
	until(b.T, 5*time.Second, "the call is hung up", func() bool { return b.x.Live() < live })
	record(campaign.Updated, wrong)
	b.other.csrf = b.one.csrf
	b.other.follow()
	b.other.do("/desk/take-over", nil)
	b.seen("her desk, moved again", b.other, "/state", stateOf(func(s desk.State) bool {
		return !s.Viewer && s.Me != nil && s.Me.Status == campaign.AgentNotReady && s.Me.Notice == nil && len(s.Recent) > 0 && s.Recent[0].Result == wrong
	}))
}
