package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/sip"
)

func (c *cli) serveCommand() *cobra.Command {
	var files string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the user agent, the campaigns and the agents' desktop until stopped",
		Long: `Runs the SIP user agent, the campaign controller, the agents' desktop on
web.listen and the administration socket in the data folder until it is told to
stop. The first start creates the user "administrator" and prints a link that
logs in once.

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
			return errors.Join(c.serveDesktop(cmd.Context(), a, files), a.Close())
		},
	}
	webFilesFlag(cmd, &files)
	return cmd
}

// serveDesktop serves with the agents' desktop; the first administrator gets a
// link.
func (c *cli) serveDesktop(ctx context.Context, a *app, files string) error {
	d, err := a.openDesktop(files)
	if err != nil {
		return err
	}
	link, err := d.web.Welcome(ctx, "administrator")
	if err != nil {
		return errors.Join(err, d.Close())
	}
	return errors.Join(c.serve(ctx, a, d, func() {
		c.say("the desktop is at %s", d.web.URL())
		if link != "" {
			c.say("nobody can administrate by password yet; this link logs in once, within a day:")
			c.say("%s", link)
		}
	}), d.Close())
}

// serve answers on the socket, and for a desktop where there is one (else nil),
// and works until a signal comes. greet is said when everything is open.
func (c *cli) serve(ctx context.Context, a *app, d *desktop, greet func()) error {
	l, err := desk.Listen(a.folder.path)
	if err != nil {
		return err
	}
	deskCtx, stopDesk := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- a.serveDesks(deskCtx, stopDesk, l, d) }() // ends with deskCtx, waited for below
	var daily sync.WaitGroup
	daily.Go(func() { a.retainDaily(deskCtx) }) // ends with deskCtx
	defer daily.Wait()
	cancel := a.voice.agent.Watch(c.sayRegistration)
	defer cancel()
	for _, addr := range a.voice.agent.Addrs() {
		c.say("listening on %s/%s", addr.Network(), addr)
	}
	c.say("serving on data folder %s (process %d); Ctrl-C stops", a.folder.path, os.Getpid())
	if greet != nil {
		greet()
	}

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

// serveDesks answers on the socket and over the web until ctx ends; when one
// fails, so does the other.
func (a *app) serveDesks(ctx context.Context, stop func(), l net.Listener, d *desktop) error {
	if d == nil {
		return a.desk(a.control).Serve(ctx, l)
	}
	served := make(chan error, 1)
	go func() { // ends with ctx, waited for below
		defer stop()
		served <- d.web.Serve(ctx)
	}()
	err := d.desk.Serve(ctx, l)
	stop()
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
