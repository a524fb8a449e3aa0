package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
)

// autopilotOptions are the flags of autopilot.
type autopilotOptions struct {
	campaign, list, report string
	agents, firstAgent     int
	wait                   time.Duration
	fresh                  bool
	result                 string
	agentScript
}

func (c *cli) autopilotCommand() *cobra.Command {
	var o autopilotOptions
	cmd := &cobra.Command{
		Use:   "autopilot",
		Short: "Work a list to its end with scripted agents, and report",
		Long: `Imports the list, starts the campaign and works it with scripted agents until
nothing can be dialled within --wait. The list is imported once per data folder:
the same command again goes on where the last one stopped; --fresh starts over.
Several autopilots with the same PostgreSQL work one list together.

Exit status 0 means that the list was worked, whatever the results.`,
		Example: `  freiton autopilot --config freiton.yaml --campaign spring.yaml --list list.csv
  freiton autopilot -c freiton.yaml --campaign spring.yaml --list list.csv --agents 2 --accept every:5 --talk 3s --say prompt.wav --report out.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			return c.autopilot(cmd.Context(), cfg, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.campaign, "campaign", "", "campaign document (YAML)")
	f.StringVar(&o.list, "list", "", "call list (CSV); takes the place of the campaign's lists")
	f.DurationVar(&o.wait, "wait", 0, "how long to wait for records that are not due yet")
	f.IntVar(&o.firstAgent, "first-agent", 1, "number of the first agent: several autopilots on one PostgreSQL have different ones")
	f.BoolVar(&o.fresh, "fresh", false, "forget the records and attempts of an earlier run")
	addScriptFlags(cmd, &o, 1)
	for _, name := range []string{"campaign", "list"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that was just added
		}
	}
	return cmd
}

// addScriptFlags adds what autopilot and demo share.
func addScriptFlags(cmd *cobra.Command, o *autopilotOptions, agents int) {
	f := cmd.Flags()
	f.IntVar(&o.agents, "agents", agents, "how many agents: the first of the campaign's, else agent-1 and so on")
	f.Var(&o.accept, "accept", "which previews are accepted: all, none, or every:K (each K-th is declined)")
	f.DurationVar(&o.talk, "talk", 3*time.Second, "hang up so long after the answer; 0 = wait for the contact")
	f.StringVar(&o.say, "say", "", "WAV file the agents speak")
	f.StringVar(&o.hear, "hear", "", "folder for what the agents hear, a WAV file a call")
	f.DurationVar(&o.holdAt, "hold-at", time.Second, "put the contact on hold so long after the answer")
	f.DurationVar(&o.holdFor, "hold-for", 0, "for so long; 0 = no hold")
	f.StringVar(&o.result, "result", "", "call result the agents choose; empty = what the dialer found")
	f.StringVar(&o.report, "report", "", "file for the report (JSON); - is standard output")
}

// check finds what is wrong with the flags before anything is tried.
func (o *autopilotOptions) check() error {
	if o.agents < 1 || o.agents > 10_000 {
		return usage("--agents: %d is not between 1 and 10000", o.agents)
	}
	if o.firstAgent < 0 || o.firstAgent > 1_000_000 {
		return usage("--first-agent: %d is not between 1 and 1000000", o.firstAgent)
	}
	if err := notNegative(map[string]time.Duration{"talk": o.talk, "hold-at": o.holdAt, "hold-for": o.holdFor, "wait": o.wait}); err != nil {
		return err
	}
	if o.holdFor > 0 && o.talk > 0 && o.holdAt >= o.talk {
		return usage("--hold-at %s is not before the end of the call (--talk %s)", o.holdAt, o.talk)
	}
	r, err := campaign.ParseCallResult(o.result)
	if err != nil || o.result != "" && r.String() != o.result {
		return usage("--result: %q is not a call result", o.result)
	}
	o.agentScript.result = r
	if o.say != "" {
		if _, _, err := media.ReadWAVFile(o.say); err != nil {
			return usage("--say %s: %v", o.say, err)
		}
	}
	if o.hear != "" {
		if err := os.MkdirAll(o.hear, 0o700); err != nil {
			return usage("--hear: %v", err)
		}
	}
	return checkReportFile(o.report)
}

// notNegative refuses times before the beginning, by flag.
func notNegative(times map[string]time.Duration) error {
	for _, flag := range slices.Sorted(maps.Keys(times)) {
		if times[flag] < 0 {
			return usage("--%s: %s is negative", flag, times[flag])
		}
	}
	return nil
}

// checkReportFile tries whether a report can be written, before hours of calls
// are made for it.
func checkReportFile(name string) error {
	if name == "" || name == "-" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return usage("--report: %s is a folder", name)
	}
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return usage("--report: %v", err)
	}
	return errors.Join(f.Close(), os.Remove(name+".part"))
}

// autopilot is the command without cobra.
func (c *cli) autopilot(ctx context.Context, cfg configs.Config, o autopilotOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	document, file, err := documents{cfg: cfg}.Read(o.campaign)
	if err != nil {
		return err
	}
	if info, err := os.Stat(o.list); err != nil {
		return usage("list: %v", err)
	} else if info.IsDir() {
		return usage("list: %s is a folder", o.list)
	}
	// The document that is kept says what is worked: report, why and a server
	// on this folder go by it.
	if document, err = configs.WithLists(document, file, listName(o.list)); err != nil {
		return err
	}
	a, err := openPaced(ctx, cfg, c.log(), graceOfLaw, forScripts)
	if err != nil {
		return err
	}
	camp, err := a.documents().Adopt(ctx, document, file)
	if err == nil {
		err = c.fly(ctx, a, camp, o)
	}
	return errors.Join(err, a.Close())
}

// listName is the list a file is imported into: its name without the ending,
// as a campaign can name it.
func listName(file string) string {
	name := []rune(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	for i, r := range name {
		if !configs.IsListName("a" + string(r)) {
			name[i] = '-'
		}
	}
	if named := strings.TrimLeft(string(name[:min(len(name), 64)]), "-_."); configs.IsListName(named) {
		return named
	}
	return "list"
}

// fly runs a campaign on an open app to its end and writes the report.
func (c *cli) fly(ctx context.Context, a *app, camp campaign.Campaign, o autopilotOptions) error {
	l, err := desk.Listen(a.folder.path)
	if err != nil {
		return err
	}
	deskCtx, stopDesk := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- a.desk(a.control).Serve(deskCtx, l) }() // ends with deskCtx, waited for below
	defer func() { stopDesk(); <-served }()

	agents, err := a.crew(ctx, camp, max(o.firstAgent, 1), o.agents)
	if err != nil {
		return err
	}
	if len(agents) < o.agents {
		c.say("the campaign names only %d of %d agents: agents: all takes any number", len(agents), o.agents)
	}
	if err := c.prepareList(ctx, a, camp, o); err != nil {
		return err
	}
	if err := a.voice.registered(ctx, a.cfg); err != nil {
		return err
	}
	started := time.Now()
	err = c.work(ctx, a, camp, o, agents)
	return errors.Join(err, c.writeReport(context.WithoutCancel(ctx), a, camp, o.report, started))
}

// errStopped is the end by a signal.
var errStopped = errors.New("stopped before the list was worked")

// prepareList imports the list unless an earlier run has.
func (c *cli) prepareList(ctx context.Context, a *app, camp campaign.Campaign, o autopilotOptions) error {
	name := camp.Lists[0]
	if o.fresh {
		if err := a.store.Forget(ctx, camp.Name, camp.Lists, time.Now()); err != nil {
			return err
		}
	}
	lists, err := a.store.Lists(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(lists, func(l campaign.ListInfo) bool { return l.Name == name && l.Records > 0 }) {
		c.say("list %s is in the data folder already: going on (--fresh starts over)", name)
		return nil
	}
	f, err := os.Open(o.list)
	if err != nil {
		return usage("list: %v", err)
	}
	defer f.Close()
	res, err := listFiles{a.store, a.cfg}.Import(ctx, name, f, desk.ImportOptions{Name: o.list})
	if err != nil {
		return usage("list %s: %v", o.list, err)
	}
	c.sayImport(res)
	if res.Imported == 0 {
		return usage("list %s: not one record could be imported", o.list)
	}
	return nil
}

// work starts the campaign and lets the scripted agents work it.
func (c *cli) work(ctx context.Context, a *app, camp campaign.Campaign, o autopilotOptions, agents []campaign.ClickLogin) error {
	snap, err := a.control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		return err
	}
	started := time.Now().Truncate(time.Millisecond)
	s := &scriptedAgents{
		control: a.control, headsets: a.voice.headsets, clock: a.voice.clock, script: o.agentScript,
		campaign: camp.Name, ahead: camp.Mode == campaign.ModePredictive, fetches: camp.Mode == campaign.ModePreview, worn: map[campaign.AgentID]*media.FileEndpoint{},
		calls: map[campaign.InteractionID]*scriptedCall{}, offered: map[string]bool{},
		due: make(chan func(context.Context) error, 4*o.agents+16), over: make(chan struct{}),
	}
	if err := a.control.Do(ctx, campaign.ClickApply{By: "autopilot", Campaign: &camp, State: campaign.Unloaded}); err != nil {
		return err
	}
	for _, click := range []campaign.Click{
		campaign.ClickLoad{By: "autopilot", Campaign: camp.Name},
		campaign.ClickStart{By: "autopilot", Campaign: camp.Name},
	} {
		if err := a.control.Do(ctx, click); err != nil {
			if no := (*campaign.NotPossible)(nil); !errors.As(err, &no) { // it runs already
				return err
			}
		}
	}
	if err := s.login(ctx, agents); err != nil {
		return err
	}
	w := &watch{app: a, camp: camp, wait: o.wait, agents: s, progress: c.progress(ctx, a, camp)}
	stopped := c.stopOnSignal(ctx, a)
	defer stopped.cancel()
	err = s.run(ctx, snap.N, func() (bool, error) {
		select {
		case err := <-stopped.drained:
			return true, errors.Join(errStopped, err)
		default:
		}
		if stopped.now.Load() { // the agents finish their calls
			return false, nil
		}
		return w.finished(ctx)
	})
	w.progress.finish()
	for _, agent := range agents {
		_ = a.control.Do(ctx, campaign.ClickLogout{Agent: agent.Agent})
	}
	stop := a.control.Do(ctx, campaign.ClickStop{By: "autopilot", Campaign: camp.Name})
	if no := (*campaign.NotPossible)(nil); errors.As(stop, &no) { // it was stopped already
		stop = nil
	}
	// What was decided is in the store before it is reported.
	err = errors.Join(err, stop, a.control.Settled(ctx))
	if o.accept.none && err == nil { // declined is not forgotten: the next run may call them
		err = a.store.EndRest(ctx, camp.Lists, started.Add(asideFor))
	}
	return err
}

// crew are n agents of the campaign, from the first on (counted from 1), as the
// users say they are equipped; where it names none, agent-1 and so on. Where it
// names fewer, they are fewer: nobody else may join.
func (a *app) crew(ctx context.Context, camp campaign.Campaign, first, n int) ([]campaign.ClickLogin, error) {
	users, err := a.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	var crew []campaign.ClickLogin
	for i := first - 1; i < first-1+n; i++ {
		login := campaign.ClickLogin{Agent: campaign.AgentID(fmt.Sprintf("agent-%d", i+1))}
		if i < len(camp.Agents.Names) {
			login.Agent = camp.Agents.Names[i]
		} else if len(camp.Agents.Teams) > 0 {
			login.Team = camp.Agents.Teams[0]
		} else if !camp.Agents.All {
			break
		}
		for _, u := range users {
			if u.Name == login.Agent {
				login.Engaged = u.Engaged
			}
		}
		crew = append(crew, login)
	}
	if len(crew) == 0 {
		return nil, usage("--first-agent %d: the campaign names only %d agents; write agents: all, or name more", first, len(camp.Agents.Names))
	}
	return crew, nil
}
