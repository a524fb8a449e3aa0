package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/sip/peer"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	autopilot, exit bool
	data            string
	files           string // of the page, while developing
	speed           float64
	autopilotOptions
}

func (c *cli) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try everything without a PBX, on a practice exchange",
		Long: `Starts a practice exchange on loopback (real SIP, real RTP; the number dialled
chooses what becomes of the call), and the program with the sample campaign and
list on it. With --autopilot scripted agents work the list; without it the
exchange and the server stay, and the link on the last line opens the desktop.`,
		Example: `  freiton demo
  freiton demo --autopilot --exit-when-done --report report.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.demo(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.autopilot, "autopilot", false, "let scripted agents work the sample list")
	f.BoolVar(&o.exit, "exit-when-done", false, "with --autopilot: end when the list is worked")
	f.StringVar(&o.data, "data", "", "data folder; default: a temporary one, removed at the end")
	f.Float64Var(&o.speed, "speed", 2, "how many times faster the contacts are than in life")
	webFilesFlag(cmd, &o.files)
	addScriptFlags(cmd, &o.autopilotOptions, demoAgents)
	return cmd
}

func (c *cli) demo(ctx context.Context, o demoOptions) (err error) {
	if o.exit && !o.autopilot {
		return usage("--exit-when-done goes with --autopilot")
	}
	if o.speed < 0.1 || o.speed > 100 {
		return usage("--speed: %v is not between 0.1 and 100", o.speed)
	}
	if err := o.check(); err != nil {
		return err
	}
	if o.data == "" {
		if o.data, err = os.MkdirTemp("", "freiton-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.data)) }()
	}
	exchange, err := peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}, Speed: o.speed, Log: c.log()})
	if err != nil {
		return err
	}
	defer exchange.Close()
	cfg, err := demoConfig(o.data, exchange)
	if err != nil {
		return err
	}
	sample := filepath.Join(o.data, "sample")
	if err := errors.Join(os.RemoveAll(sample), os.CopyFS(sample, configs.Sample())); err != nil {
		return err
	}
	returnWithin := time.Duration(forPeople)
	if o.autopilot {
		returnWithin = forScripts
	}
	a, err := openPaced(ctx, cfg, c.log(), graceOfLaw, returnWithin)
	if err != nil {
		return err
	}
	return errors.Join(c.runDemo(ctx, a, exchange, sample, o), a.Close())
}

// demoAgents work the sample list in about a minute.
const demoAgents = 12

// The practice exchange is on loopback and made anew each time: its password
// protects nothing.
const (
	demoUser     = "1001"
	demoPassword = "loopback-only"
)

// demoConfig writes a configuration for the practice exchange, on free ports,
// into the data folder, and reads it: other commands can be given the same file.
func demoConfig(data string, x *peer.Exchange) (configs.Config, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return configs.Config{}, err
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return configs.Config{}, err
	}
	file := filepath.Join(data, "freiton.yaml")
	text := fmt.Sprintf(`# Made by freiton demo for its practice exchange.
data: %[1]q
web: {listen: "127.0.0.1:0"}
headset: {udp: "127.0.0.1:0"}
sip:
  listen: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]
  accounts:
    - name: practice
      address: sip:%[3]s@%[2]s
      registrar: sip:%[2]s
      username: %[3]q
      password: %[4]q
      max_calls: 1000
dial:
  account: practice
  uri: "sip:{number}@%[2]s"
  country: lab
  allow: ["+49"]
  calls_per_second: 20
media: {ip: 127.0.0.1}
`, data, x.Addr(), demoUser, demoPassword)
	if err := writeFile(file, []byte(text)); err != nil {
		return configs.Config{}, err
	}
	cfg, err := configs.Load(file, nil, nil)
	if err != nil {
		return cfg, err
	}
	return cfg, configs.AsError(configs.Check(cfg))
}

func (c *cli) runDemo(ctx context.Context, a *app, x *peer.Exchange, sample string, o demoOptions) error {
	docs := a.documents()
	document, file, err := docs.Read(filepath.Join(sample, "sample.yaml"))
	if err != nil {
		return err
	}
	camp, err := docs.Adopt(ctx, document, file)
	if err != nil {
		return err
	}
	o.list = filepath.Join(sample, "sample.csv")
	c.say("practice exchange on %s; data folder %s", x.Addr(), a.folder.path)
	if !o.autopilot {
		return c.demoServer(ctx, a, camp, o)
	}
	if err := c.fly(ctx, a, camp, o.autopilotOptions); err != nil {
		return err
	}
	if err := c.compareFates(ctx, a, camp, o); err != nil {
		return err
	}
	if o.exit {
		return nil
	}
	c.say("done; the exchange stays, Ctrl-C ends it")
	return c.serve(ctx, a, nil, nil)
}

// demoServer imports the sample and serves, with a desktop that is logged in by
// the link on the last line.
func (c *cli) demoServer(ctx context.Context, a *app, camp campaign.Campaign, o demoOptions) error {
	if err := c.prepareList(ctx, a, camp, o.autopilotOptions); err != nil {
		return err
	}
	if err := a.control.Do(ctx, campaign.ClickApply{By: "demo", Campaign: &camp, State: campaign.Unloaded}); err != nil {
		return err
	}
	if err := a.voice.registered(ctx, a.cfg); err != nil {
		return err
	}
	d, err := a.openDesktop(o.files)
	if err != nil {
		return err
	}
	link, err := a.demoUser(ctx, d)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	return errors.Join(c.serve(ctx, a, d, func() {
		file := a.cfg.File
		c.say("from another shell:")
		c.say("  freiton call 030 23125000 --config %s --duration 5s", file)
		c.say("  freiton campaign status %s --config %s", camp.Name, file)
		c.say("in another browser: user demo, password %s", demoPassword)
		c.say("load and start the campaign on the desktop; this link opens it, logged in, once:")
		fmt.Fprintln(c.out, link)
	}), d.Close())
}

// demoUser is agent and administrator of the practice; the link logs her in.
func (a *app) demoUser(ctx context.Context, d *desktop) (link string, err error) {
	u := campaign.User{Name: "demo", Role: campaign.RoleAdministrator, Headset: "browser", Created: time.Now()}
	if u.Hash, err = argon2id.CreateHash(demoPassword, argon2id.DefaultParams); err != nil {
		return "", err
	}
	if err := a.store.PutUser(ctx, u); err != nil {
		return "", err
	}
	return d.web.Link(u.Name), a.control.Do(ctx, campaign.ClickLogin{Agent: u.Name})
}

// compareFates holds every attempt against what the fates file says.
func (c *cli) compareFates(ctx context.Context, a *app, camp campaign.Campaign, o demoOptions) error {
	right, wrong := 0, 0
	err := a.store.Attempts(ctx, camp.Name, func(at campaign.Attempt) error {
		fate, err := peer.FateOf(at.Number)
		if err != nil {
			return err
		}
		want := fate.Expect(o.talk, o.speed)
		got := peer.Expected{CallResult: at.DialerResult.String(), Status: at.Status, EndedBy: string(at.EndedBy)}
		if got == want {
			right++
			return nil
		}
		wrong++
		c.say("%s (%s): %s, SIP %d, ended by %s; expected %s, SIP %d, ended by %s", at.Number, fate.Name,
			got.CallResult, got.Status, got.EndedBy, want.CallResult, want.Status, want.EndedBy)
		return nil
	})
	if err != nil {
		return err
	}
	c.say("%d of %d calls came out as their fate says", right, right+wrong)
	if wrong > 0 {
		return fmt.Errorf("%d calls came out otherwise than their fate says", wrong)
	}
	return nil
}
