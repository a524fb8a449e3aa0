package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/pacing"
	"github.com/freiton/freiton/campaign/sim"
)

// simulation are the flags of `freiton simulate`.
type simulation struct {
	worlds, agents, policies string
	campaign, list           string
	records                  int
	shifts                   int
	seed                     uint64
	limit                    float64
	wrapUp                   time.Duration
	check                    bool
}

// The largest trial that is played, so that a slip of the finger ends.
const (
	mostSimAgents = 1000
	mostSimShifts = 10000
)

func (c *cli) simulateCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Try out pacing on paper: what would so many agents reach?",
		Long: `Plays shifts of 8 hours with virtual callees and agents, in virtual time, and
prints what progressive and predictive dialling reach: utilisation (talking and
wrapping up), abandoned calls of those a person answered, mean and worst shift,
how long agents wait, minutes of talk in an hour, dials for each call that
found an agent; for the benchmark's own worlds also what it gives as G (learning,
a hard budget for each shift) and U (all-knowing, the limit only in the long
run), and for M1 the exact optimum.

A world is one of the benchmark's (S1 to S5, M1; several with commas, or all)
or a file such as

  live: 0.25
  machine: 0.35
  failed: 0.10
  talk: {mean: 150s, cv: 1.0}
  wrap: {mean: 30s, cv: 0.6}
  ring: {mean: 9s, shape: 3, timeout: 25s}
  setup: 2s
  grace: 2s
  live_by_hour: [0.25, 0.40, 0.15, 0.28]     # optional, cycling
  breaks: {every: 60m, length: [5m, 15m]}    # optional

or --campaign NAME: what became of the calls of a campaign of one's own tells
everything but wrap-up; say that with --wrap-up. A file with the report of one
(freiton campaign report NAME --output json) does as well.

With --list NAME, --records N or --campaign NAME (what is left of its lists) it
says how many people are reached when each record is dialled once, and how long
that takes.

The same command prints the same bytes every time.`,
		Example: "  freiton simulate --world S1 --agents 5,20\n  freiton simulate --world ours.yaml --agents 12 --output json\n" +
			"  freiton simulate --campaign spring --agents 12 --wrap-up 45s\n  freiton simulate --world ours.yaml --list customers --agents 12",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			worlds, err := c.simWorlds(cmd, s)
			if err != nil {
				return err
			}
			trials, err := s.trials(worlds)
			if err != nil {
				return err
			}
			if s.records, err = c.simRecords(cmd, s); err != nil {
				return err
			}
			return c.simulate(trials, s)
		},
	}
	cmd.Flags().StringVar(&s.campaign, "campaign", "", "the world that this campaign has met so far")
	cmd.Flags().StringVar(&s.worlds, "world", "S1", "the benchmark's S1 to S5 or M1, all, or a file")
	cmd.Flags().StringVar(&s.agents, "agents", "10", "how many agents; several with commas")
	cmd.Flags().StringVar(&s.policies, "policy", "progressive,predictive", "what to try")
	cmd.Flags().IntVar(&s.shifts, "shifts", 24, "shifts to play of each")
	cmd.Flags().Uint64Var(&s.seed, "seed", 1, "of chance: another one, other shifts")
	cmd.Flags().Float64Var(&s.limit, "max-abandoned", 0.03, "share of live answers that may be abandoned in a shift")
	cmd.Flags().DurationVar(&s.wrapUp, "wrap-up", 0, "mean wrap-up instead of the world's, as in 45s")
	cmd.Flags().BoolVar(&s.check, "check", false, "exit status 1 if the benchmark is missed")
	cmd.Flags().StringVar(&s.list, "list", "", "what of this list would be reached")
	cmd.Flags().IntVar(&s.records, "records", 0, "what of so many records would be reached")
	cmd.MarkFlagsMutuallyExclusive("campaign", "world")
	cmd.MarkFlagsMutuallyExclusive("list", "records")
	return cmd
}

// simulate plays the trials one after the other.
func (c *cli) simulate(trials []sim.Trial, s simulation) error {
	cells, failed := []onList{}, []string{}
	t := table{head: []string{"world", "agents", "policy", "utilisation", "G", "U", "optimum", "abandoned", "worst shift", "wait", "talk min/h", "dials/connect"}}
	if s.records > 0 {
		t.head = append(t.head, "reached/h", "reached", "list lasts")
	}
	for _, trial := range trials {
		cell := sim.Run(trial, func() sim.Pacer {
			return pacing.New(pacing.Config{Grace: trial.World.Grace, Limit: s.limit})
		})
		best, g, u := "", "", ""
		if o, ok := sim.Optimum(trial.World, trial.Agents, s.limit); ok {
			cell.Optimum = &o
			best = percent(o)
		}
		if b, ok := sim.PB1(trial.World.Name, trial.Agents); ok && trial.Policy == sim.Predictive {
			g, u = percent(b.G), percent(b.U)
		}
		if why := cell.Fails(); why != "" {
			failed = append(failed, fmt.Sprintf("%s, %d agents, %s: %s", cell.World, cell.Agents, cell.Policy, why))
		}
		reach := reachOf(cell, trial.World, s.records)
		cells = append(cells, onList{cell, reach})
		if c.verbose {
			c.say("%s, %d agents, %s: %s, abandoned %.2f %%, worst shift %.2f %%", cell.World, cell.Agents, cell.Policy,
				percent(cell.Utilisation), 100*cell.Abandoned, 100*cell.WorstShift)
		}
		t.add(append([]any{cell.World, cell.Agents, cell.Policy, percent(cell.Utilisation), g, u, best, fmt.Sprintf("%.2f %%", 100*cell.Abandoned),
			fmt.Sprintf("%.2f %%", 100*cell.WorstShift), fmt.Sprintf("%.1f s", cell.WaitS),
			fmt.Sprintf("%.1f", cell.TalkMinPerHour), fmt.Sprintf("%.2f", cell.DialsPerConnect)}, reach.cells()...)...)
	}
	if err := c.show(cells, t); err != nil || !s.check {
		return err
	}
	for _, f := range failed {
		c.say("%s", f)
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d cells miss the benchmark", len(failed), len(cells))
	}
	return nil
}

// percent writes a share; 0 is one that is not known.
func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// simWorlds are those that the flags name.
func (c *cli) simWorlds(cmd *cobra.Command, s simulation) ([]sim.World, error) {
	if s.campaign == "" {
		return simWorlds(s.worlds)
	}
	var report []byte
	err := c.admin(cmd.Context(), func(client *desk.Client) error {
		r, err := client.Do(cmd.Context(), http.MethodGet, campaignPath(s.campaign, "/report"), "", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		report, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	w, err := sim.History(report)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", s.campaign, err)
	}
	w.Name = s.campaign
	return []sim.World{w}, nil
}

// trials reads the other flags.
func (s simulation) trials(worlds []sim.World) ([]sim.Trial, error) {
	agents, err := simAgents(s.agents)
	if err != nil {
		return nil, err
	}
	switch {
	case s.shifts < 1 || s.shifts > mostSimShifts:
		return nil, usage("--shifts must be between 1 and %d", mostSimShifts)
	case s.wrapUp < 0 || s.wrapUp > 24*time.Hour:
		return nil, usage("--wrap-up must be between 0s and 24h")
	case !(s.limit > 0 && s.limit <= 1):
		return nil, usage("--max-abandoned is a share above 0 and up to 1, as in 0.03")
	}
	var trials []sim.Trial
	for _, w := range worlds {
		if s.wrapUp > 0 {
			w.Wrap.Mean = s.wrapUp
		}
		for _, n := range agents {
			for _, p := range strings.Split(s.policies, ",") {
				policy := sim.Policy(strings.TrimSpace(p))
				if !slices.Contains([]sim.Policy{sim.Progressive, sim.Predictive}, policy) {
					return nil, usage("--policy: %q is neither progressive nor predictive", p)
				}
				trials = append(trials, sim.Trial{
					World: w, Agents: n, Policy: policy, Shifts: s.shifts, Seed: s.seed, Limit: s.limit,
				})
			}
		}
	}
	return trials, nil
}

// simWorlds are the benchmark's by name, or the one of a file.
func simWorlds(names string) ([]sim.World, error) {
	if names == "all" {
		return sim.Worlds(), nil
	}
	if !strings.ContainsAny(names, "./\\") {
		var worlds []sim.World
		for _, name := range strings.Split(names, ",") {
			w, ok := sim.Named(strings.TrimSpace(name))
			if !ok {
				return nil, usage("--world: %q is neither S1 to S5, M1, all, nor a file", name)
			}
			worlds = append(worlds, w)
		}
		return worlds, nil
	}
	w, err := sim.Load(names)
	if err != nil {
		return nil, &usageError{err}
	}
	return []sim.World{w}, nil
}

func simAgents(list string) ([]int, error) {
	var all []int
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 || n > mostSimAgents {
			return nil, usage("--agents: %q is no number from 1 to %d", s, mostSimAgents)
		}
		all = append(all, n)
	}
	return all, nil
}
