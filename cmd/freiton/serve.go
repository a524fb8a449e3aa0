package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/sip"
)

func (c *cli) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the user agent and the campaigns until stopped",
		Long: `Runs the SIP user agent, the campaign controller and the administration socket
in the data folder until it is told to stop.

On SIGTERM or Ctrl-C nothing more is dialled and live calls end by themselves,
for as long as drain: says; a second signal ends them.`,
		Example: "  freiton serve --config freiton.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			a, err := openApp(cmd.Context(), cfg, c.log())
			if err != nil {
				return err
			}
			return errors.Join(c.serve(cmd.Context(), a), a.Close())
		},
	}
}

// serve answers on the socket and works until a signal comes.
func (c *cli) serve(ctx context.Context, a *app) error {
	l, err := desk.Listen(a.folder.path)
	if err != nil {
		return err
	}
	deskCtx, stopDesk := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- a.desk(a.control).Serve(deskCtx, l) }() // ends with deskCtx, waited for below
	cancel := a.voice.agent.Watch(c.sayRegistration)
	defer cancel()
	for _, addr := range a.voice.agent.Addrs() {
		c.say("listening on %s/%s", addr.Network(), addr)
	}
	c.say("serving on data folder %s (process %d); Ctrl-C stops", a.folder.path, os.Getpid())

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	select {
	case s := <-signals:
		c.say("%s: no more dials; live calls have %s to end, a second signal ends them", s, time.Duration(a.cfg.Drain))
	case <-ctx.Done():
	case err := <-served:
		stopDesk()
		return err
	}
	err = a.drain(ctx, signals)
	stopDesk()
	return errors.Join(err, <-served)
}

// drain lets live calls end; a signal ends them at once.
func (a *app) drain(ctx context.Context, signals <-chan os.Signal) error {
	drained := make(chan error, 1)
	go func() { // ends when the calls have; waited for below
		drained <- a.control.Drain(context.WithoutCancel(ctx), time.Duration(a.cfg.Drain))
	}()
	for {
		select {
		case err := <-drained:
			return err
		case <-signals:
			a.control.EndCalls()
		}
	}
}

func (c *cli) sayRegistration(s sip.RegistrationState) {
	switch s.State {
	case sip.Registered:
		c.say("account %s: registered for %s", s.Account, s.Expires)
	case sip.RegFailed:
		c.say("account %s: not registered: %s", s.Account, s.Reason)
	}
}
