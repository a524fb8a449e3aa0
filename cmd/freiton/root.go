package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/configs"
)

// cli is what every command shares: the streams, the environment and the flags
// that all of them have.
type cli struct {
	in       io.Reader
	out, err io.Writer
	env      []string // as os.Environ has it

	configFile string
	sets       []string
	output     outputFormat
	verbose    bool
}

// commands are all commands of the program, in the order of their help.
func (c *cli) commands() []*cobra.Command {
	return []*cobra.Command{
		c.demoCommand(),
		c.serveCommand(),
		c.callCommand(),
		c.autopilotCommand(),
		c.listCommand(),
		c.dncCommand(),
		c.campaignCommand(),
		c.userCommand(),
		c.personCommand(),
		c.auditCommand(),
		c.reportCommand(),
		c.retentionCommand(),
		c.backupCommand(),
		c.restoreCommand(),
		c.simulateCommand(),
		c.checkCommand(),
		c.configCommand(),
		c.versionCommand(),
		c.completionCommand(),
	}
}

func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "freiton",
		Short: "SIP softphone with a campaign dialer inside",
		Long: `Freiton is a SIP softphone with a campaign dialer inside: give it a call list
and it places the calls through your PBX, hands each one to an agent's headset,
and writes down what came of it.

Exit status: 0 done, 1 tried and failed, 2 command line, configuration or
campaign file wrong and nothing tried.`,
		Example:           "  freiton config > freiton.yaml\n  freiton help config",
		SilenceErrors:     true, // main prints them
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // ours has an example
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&c.configFile, "config", "c", "", "configuration `file` (freiton config prints one)")
	flags.StringArrayVar(&c.sets, "set", nil, "one key of the configuration, as in dial.ring_timeout=40s; may be repeated")
	flags.VarP(&c.output, "output", "o", "how results are printed: table or json")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "say more on standard error")
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.AddCommand(c.commands()...)
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Example = "  freiton help config"
		}
	}
	markFailures(root)
	return root
}

// oneNumber wants one telephone number, which may be written in groups as people
// write it: 030 23125001. Two numbers are none.
func oneNumber(_ *cobra.Command, args []string) error {
	if len(args) == 0 || slices.ContainsFunc(args[1:], func(a string) bool { return strings.HasPrefix(a, "+") }) {
		return errors.New("accepts one number")
	}
	return nil
}

// grouped is the number of oneNumber.
func grouped(args []string) string { return strings.Join(args, " ") }

// markFailures lets main tell what a command says from what cobra says, and
// says of wrong arguments which ones are wanted.
func markFailures(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err != nil && strings.HasPrefix(err.Error(), "accepts ") {
				return fmt.Errorf("write it as: %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
			}
			return err
		}
	}
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := inner(cmd, args); err != nil {
				return &failure{err}
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		markFailures(child)
	}
}

// group is the Run of a command that only holds others: without one of them it
// is a mistake, not a success with help on standard output.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("unknown command %q for %q%s", args[0], cmd.CommandPath(), didYouMean(cmd, args[0]))
	}
	return usage("%q needs one of its commands", cmd.CommandPath())
}

func didYouMean(cmd *cobra.Command, word string) string {
	cmd.SuggestionsMinimumDistance = 2 // cobra sets it for the root only
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		return "; did you mean " + near[0] + "?"
	}
	return ""
}

// load reads and checks the configuration: --config, variables, --set. The
// error is a *configs.Error with every problem in it.
func (c *cli) load() (configs.Config, error) {
	cfg, err := configs.Load(c.configFile, c.sets, c.env)
	if err != nil {
		return configs.Config{}, err
	}
	return cfg, configs.AsError(configs.Check(cfg))
}

// log is the logger that is handed to everything: standard error, warnings
// only unless --verbose.
func (c *cli) log() *slog.Logger {
	level := slog.LevelWarn
	if c.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
}
