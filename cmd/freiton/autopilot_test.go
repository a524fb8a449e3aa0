package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/sip/peer"
)

// flight is an autopilot on a practice exchange.
type flight struct {
	exchange     *peer.Exchange
	config, dir  string
	list, camp   string
	report, hear string
}

// newFlight writes a list of numbers, by fate, and a campaign document.
func newFlight(t *testing.T, more string, rows ...string) *flight {
	t.Helper()
	f := &flight{dir: t.TempDir()}
	f.exchange, f.config = practice(t, 10)
	f.list, f.camp = filepath.Join(f.dir, "list.csv"), filepath.Join(f.dir, "c.yaml")
	f.report, f.hear = filepath.Join(f.dir, "report.json"), filepath.Join(f.dir, "heard")
	doc := "name: c\ncountry: lab\nring_timeout: 2s\nown_failures: {count: true, pause_after: -1}\n" + more
	for file, text := range map[string]string{f.list: strings.Join(rows, "\n") + "\n", f.camp: doc} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *flight) args(more ...string) []string {
	return append([]string{"autopilot", "--config", f.config, "--campaign", f.camp, "--list", f.list, "--report", f.report, "--talk", "300ms"}, more...)
}

// run flies and gives the report.
func (f *flight) run(t *testing.T, more ...string) (campaign.Report, string) {
	t.Helper()
	status, _, errs := freiton(t, nil, f.args(more...)...)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, errs)
	}
	return readReport(t, f.report), errs
}

// numbers are list rows of a fate.
func numbers(code string, n int) []string {
	rows := []string{"id;Telefon"}
	for i := range n {
		rows = append(rows, fmt.Sprintf("%d;%s", i+1, peer.Number(code, i)))
	}
	return rows
}

// Nobody is called, each record that is due is offered (or fetched) once, and
// what was declined waits for the next run.
func TestAutopilotAcceptsNone(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"progressive", "preview"} {
		rows := append(numbers("02", 4), "later;"+peer.Number("02", 9)+";2099-01-01T00:00:00Z")
		rows[0] += ";next_dial_at"
		f := newFlight(t, "mode: "+mode+"\n", rows...)
		r, errs := f.run(t, "--accept", "none", "--agents", "2")
		offered := map[string]int{}
		for _, o := range r.Offers {
			offered[o.Record]++
			if o.Decision != campaign.Declined {
				t.Errorf("offer %+v", o)
			}
		}
		if want := map[string]int{"progressive": 4}[mode]; len(offered) != want || len(r.Offers) != want || len(r.Attempts) != 0 || len(f.exchange.Records()) != 0 {
			t.Errorf("%s: offers %v, %d attempts, %d calls\n%s", mode, offered, len(r.Attempts), len(f.exchange.Records()), errs)
		}
		for _, rec := range r.Records {
			if rec.Status != campaign.Ready || rec.Attempts != 0 || rec.NextDialAt.IsZero() == (rec.ID == "later") {
				t.Errorf("%s: record %+v", mode, rec)
			}
		}
		if r, errs := f.run(t); len(r.Attempts) != 4 {
			t.Errorf("%s, the next run: %d attempts\n%s", mode, len(r.Attempts), errs)
		}
	}
}

// What autopilot has worked, the other commands know of.
func TestAutopilotIsKnown(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "lists: [another]\n", numbers("02", 2)...)
	f.run(t)
	for args, want := range map[string]string{
		"campaign report c": "+49", "campaign status c": "records       2", "list why 1": "finished", "campaign show c": "lists: [list]",
	} {
		status, out, errs := freiton(t, nil, append(strings.Fields(args), "--config", f.config)...)
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: status %d, %q\n%s", args, status, out, errs)
		}
	}
}

func TestListName(t *testing.T) {
	for file, want := range map[string]string{
		"/a/k30.csv": "k30", "kunden mai (2).csv": "kunden-mai--2-", "Käufer.xlsx": "Käufer", ".csv": "list", "a.b.csv": "a.b", "-x.csv": "x",
		strings.Repeat("n", 200) + ".csv": strings.Repeat("n", 64),
	} {
		got := listName(file)
		if got != want || !configs.IsListName(got) {
			t.Errorf("%s: %q", file, got)
		}
	}
}

// What is wrong with the command line is found before anything is tried.
func TestAutopilotChecksFirst(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "agents: [ann]\n", numbers("02", 2)...)
	for _, more := range [][]string{
		{"--first-agent", "2"}, {"--report", filepath.Join(f.dir, "nowhere", "r.json")}, {"--report", f.dir}, {"--list", f.dir}, {"--talk", "-1s"}, {"--wait", "-1s"},
	} {
		if status, out, errs := freiton(t, nil, f.args(more...)...); status != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q\n%s", more, status, out, errs)
		}
	}
	if status, out, _ := freiton(t, nil, "list", "all", "--config", f.config); status != 0 || strings.Contains(out, "list ") {
		t.Errorf("status %d, a list is there: %s", status, out)
	}
}

func TestAutopilotResumes(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "", numbers("02", 3)...)
	if r, _ := f.run(t); len(r.Attempts) != 3 {
		t.Fatalf("%d attempts", len(r.Attempts))
	}
	if r, errs := f.run(t); len(r.Attempts) != 3 || !strings.Contains(errs, "already") {
		t.Errorf("again: %d attempts\n%s", len(r.Attempts), errs)
	}
	if r, errs := f.run(t, "--fresh"); len(r.Attempts) != 3 || len(f.exchange.Records()) != 6 {
		t.Errorf("--fresh: %d attempts, %d calls\n%s", len(r.Attempts), len(f.exchange.Records()), errs)
	}
	// The calls that were made stay on record.
	cfg, err := configs.Load(f.config, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := openVault(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	kept := 0
	err = v.store.Attempts(t.Context(), "", func(campaign.Attempt) error { kept++; return nil })
	if err != nil || kept != 6 {
		t.Errorf("%d attempts kept, %v", kept, err)
	}
}

// A treatment's second attempt is waited for only as long as --wait says.
func TestAutopilotWaits(t *testing.T) {
	t.Parallel()
	more := "treatments:\n  - {on: busy, retry_in: 3s, max: 2}\n"
	f := newFlight(t, more, numbers("10", 1)...)
	r, _ := f.run(t)
	if rec := r.Records[0]; rec.Status != campaign.Ready || rec.Attempts != 1 || rec.NextDialAt.IsZero() {
		t.Errorf("without --wait: %+v", rec)
	}
	r, _ = f.run(t, "--wait", "20s")
	if rec := r.Records[0]; rec.Status != campaign.Updated || rec.Attempts != 2 || rec.CallResult != campaign.Busy {
		t.Errorf("with --wait: %+v", rec)
	}
	if gap := r.Attempts[1].DialedAt.Sub(r.Attempts[0].DialedAt.Time); gap < 3*time.Second {
		t.Errorf("the second attempt came after %s", gap)
	}
}

// Several numbers of a row are one contact: tried in order, until one answers.
func TestAutopilotChains(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "treatments: []\n",
		"id;Telefon;Mobil;Telefon 2",
		"1;"+peer.Number("20", 0)+";"+peer.Number("02", 0)+";"+peer.Number("02", 1))
	r, errs := f.run(t)
	var dialled []string
	for _, a := range r.Attempts {
		dialled = append(dialled, a.Phone)
	}
	if want := []string{peer.Number("20", 0), peer.Number("02", 0)}; !slices.Equal(dialled, want) {
		t.Errorf("dialled %v, want %v\n%s", dialled, want, errs)
	}
	statuses := map[string]campaign.RecordStatus{}
	for _, rec := range r.Records {
		statuses[rec.Phone] = rec.Status
	}
	if statuses[peer.Number("20", 0)] != campaign.Updated || statuses[peer.Number("02", 0)] != campaign.Updated || statuses[peer.Number("02", 1)] != campaign.ChainUpdated {
		t.Errorf("statuses %v", statuses)
	}
}

func TestAutopilotHoldsAndHears(t *testing.T) {
	f := newFlight(t, "", numbers("06", 1)...)
	r, _ := f.run(t, "--talk", "2500ms", "--hold-at", "800ms", "--hold-for", "700ms", "--say", prompt(t, 1000, 5*time.Second), "--hear", f.hear, "--result", "wrong-party")
	a, rec := r.Attempts[0], f.exchange.Records()[0]
	if a.HeldMS < 600 || a.HeldMS > 1200 || a.DialerResult != campaign.Answer || a.CallResult != campaign.WrongParty {
		t.Errorf("attempt %+v", a)
	}
	if rec.Held < 500*time.Millisecond || rec.HeldDBFS > -50 || rec.HeardHz < 990 || rec.HeardHz > 1010 {
		t.Errorf("the exchange: held %s at %.0f dBFS, heard %.0f Hz", rec.Held, rec.HeldDBFS, rec.HeardHz)
	}
	if files, err := os.ReadDir(f.hear); err != nil || len(files) != 1 {
		t.Errorf("what the agent heard: %v, %v", files, err)
	}
}

// The previews of the preview modes are accepted, and dialled by the agent.
func TestAutopilotPreviewModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"push-preview", "preview"} {
		f := newFlight(t, "mode: "+mode+"\n", numbers("02", 3)...)
		r, errs := f.run(t)
		if len(r.Attempts) != 3 || len(f.exchange.Records()) != 3 {
			t.Errorf("%s: %d attempts, %d calls\n%s", mode, len(r.Attempts), len(f.exchange.Records()), errs)
		}
	}
}

// A campaign for a team gets scripted agents of that team, and one that names
// its agents no others.
func TestAutopilotForATeam(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "agents: {team: berlin}\n", numbers("02", 2)...)
	if r, errs := f.run(t, "--agents", "2"); len(r.Attempts) != 2 {
		t.Errorf("%d attempts\n%s", len(r.Attempts), errs)
	}
	f = newFlight(t, "agents: [ann]\n", numbers("02", 2)...)
	if r, errs := f.run(t, "--agents", "3"); len(r.Attempts) != 2 || r.Attempts[1].Agent != "ann" || !strings.Contains(errs, "only 1 of 3 agents") {
		t.Errorf("%d attempts\n%s", len(r.Attempts), errs)
	}
}

// SIGTERM: nothing more is dialled, the live call comes to its end.
func TestAutopilotDrains(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "", numbers("02", 5)...)
	c := startChild(t, f.args("--talk", "3s")...)
	until(t, 20*time.Second, "a call is up", func() bool { return f.exchange.Live() == 1 })
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := c.wait(t, 20*time.Second); status != 1 {
		t.Errorf("status %d\n%s", status, c.errs.String())
	}
	r := readReport(t, f.report)
	records := f.exchange.Records()
	if len(r.Attempts) != 1 || len(records) != 1 || r.Attempts[0].EndedBy == "" {
		t.Fatalf("%d attempts, %d calls\n%s", len(r.Attempts), len(records), c.errs.String())
	}
	if billed := records[0].Billed(); billed < 2500*time.Millisecond {
		t.Errorf("the call was cut after %s", billed)
	}
}

// A PBX that has no line for us is not the contacts' fault: no attempt counts,
// and after ten in a row the campaign pauses and says why.
func TestAutopilotPauses(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	f := newFlight(t, "", numbers("24", 12)...)
	if err := os.WriteFile(f.camp, []byte("name: c\ncountry: lab\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errs := freiton(t, nil, f.args()...)
	if status != 1 || !strings.Contains(errs, "paused itself") {
		t.Errorf("status %d\n%s", status, errs)
	}
	r := readReport(t, f.report)
	if len(r.Attempts) != 10 {
		t.Errorf("%d attempts before the pause", len(r.Attempts))
	}
	for _, rec := range r.Records {
		if rec.Attempts != 0 || rec.Status != campaign.Ready {
			t.Errorf("record %+v", rec)
		}
	}
}

// A list that is at its end for now says what is left, and what it waits for.
func TestSummarySaysWhatWaits(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	of := func(rs ...campaign.ReportRecord) string {
		var s summary
		parts := s.parts()
		for _, r := range rs {
			if err := parts.Record(r); err != nil {
				t.Fatal(err)
			}
		}
		return s.text(time.Second)
	}
	done := campaign.ReportRecord{ID: "1", Status: campaign.Updated, CallResult: campaign.Answer}
	text := of(done,
		campaign.ReportRecord{ID: "2", Status: campaign.Ready, CallResult: campaign.AllTrunksBusy, NextDialAt: campaign.Stamp{Time: at.Add(time.Minute)}},
		campaign.ReportRecord{ID: "3", Status: campaign.Ready, CallResult: campaign.AllTrunksBusy, NextDialAt: campaign.Stamp{Time: at}})
	if !strings.HasSuffix(text, "; 2 of the records wait to be dialled, the first (3) from 2026-11-23 09:30:00, after all-trunks-busy") {
		t.Error(text)
	}
	if text := of(done); strings.Contains(text, "wait") || !strings.HasPrefix(text, "1 records, 0 offers") {
		t.Error(text)
	}
}

// However long a table is, each row stands under a heading, and none is lost.
func TestLongTable(t *testing.T) {
	for _, n := range []int{0, 1, rowsAtATime, rowsAtATime + 1, 3 * rowsAtATime} {
		var out strings.Builder
		l := longTable{table: table{head: []string{"n"}}, out: &out}
		for i := range n {
			if err := l.add(i); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.end(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Fields(out.String())
		heads := max((n+rowsAtATime-1)/rowsAtATime, 1)
		if len(lines) != n+heads || lines[0] != "N" || n > 0 && lines[len(lines)-1] != fmt.Sprint(n-1) || strings.Count(out.String(), "N") != heads {
			t.Errorf("of %d rows: %d lines", n, len(lines))
		}
	}
}
