// Command freiton is the whole program: SIP softphone, campaign dialer, agent
// desktop and the tools around them. One file a command; root.go lists them.
//
//	main ─▶ root ─▶ command ─▶ packages
//	 exit status    flags, configuration, output
//
// Results go to standard output, everything else to standard error. The exit
// status is 0 for done, 1 for tried and failed, 2 when the command line, the
// configuration or a campaign file is wrong and nothing was tried.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/sip"
)

func main() {
	sip.Prepare(sip.Timers{}) // sipgo keeps these in package variables: once, here
	c := &cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Environ()}
	os.Exit(run(context.Background(), c, os.Args[1:]))
}

// The exit statuses, a contract with scripts.
const (
	exitDone   = 0
	exitFailed = 1 // tried, and failed
	exitUsage  = 2 // command line, configuration or campaign file wrong; nothing tried
)

// run is the program without the process around it.
func run(ctx context.Context, c *cli, args []string) int {
	root := newRoot(c)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	status := exitStatus(err)
	complain(c.err, err)
	if failed := (*failure)(nil); status == exitUsage && !errors.As(err, &failed) {
		fmt.Fprintf(c.err, "See `%s --help`.\n", cmd.CommandPath())
	}
	return status
}

// complain prints an error, one problem a line, safe for a terminal.
func complain(w io.Writer, err error) {
	var bad *configs.Error
	if !errors.As(err, &bad) {
		fmt.Fprintln(w, "freiton:", printable(err.Error()))
		return
	}
	for _, p := range bad.Problems {
		fmt.Fprintln(w, "freiton:", printable(p.String()))
	}
}

// failure is an error of a command that had begun; what cobra itself refuses
// (unknown command, flag or argument) is none.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usageError is an error of a command whose cause is what was typed.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

// usage makes an error about what was typed: exit status 2.
func usage(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exitStatus is the exit status for an error of a command.
func exitStatus(err error) int {
	var (
		failed *failure
		typed  *usageError
		bad    *configs.Error
	)
	switch {
	case err == nil:
		return exitDone
	case !errors.As(err, &failed), errors.As(err, &typed), errors.As(err, &bad):
		return exitUsage
	default:
		return exitFailed
	}
}
