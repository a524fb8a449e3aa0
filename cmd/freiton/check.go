package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// finding is one line of the doctor.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, problem, skipped
	Detail string `json:"detail"`
	Cure   string `json:"cure,omitempty"`
}

// doctor collects findings.
type doctor struct{ findings []finding }

func (d *doctor) ok(check, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, State: "ok", Detail: fmt.Sprintf(format, args...)})
}

func (d *doctor) skip(check, detail string) {
	d.findings = append(d.findings, finding{Check: check, State: "skipped", Detail: detail})
}

func (d *doctor) problem(check string, err error, cure string) {
	d.findings = append(d.findings, finding{Check: check, State: "problem", Detail: err.Error(), Cure: cure})
}

func (d *doctor) problems() (n int) {
	for _, f := range d.findings {
		if f.State == "problem" {
			n++
		}
	}
	return n
}

func (c *cli) checkCommand() *cobra.Command {
	var number string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look whether everything is in order: configuration, PBX, ports, store, sound",
		Long: `Looks at configuration, store, ports, name resolution, registration, codecs,
sound devices and clock, and says of each: ok, or what is wrong and the cure.
With --call it makes a test call. Exit status 0 if there is no problem.`,
		Example: "  freiton check --config freiton.yaml\n  freiton check -c freiton.yaml --call 600",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			d := &doctor{}
			d.ok("configuration", "%s", orElse(cfg.File, "the defaults"))
			c.examine(cmd.Context(), d, cfg, number)
			t := table{head: []string{"check", "state", "detail", "cure"}}
			for _, f := range d.findings {
				t.add(f.Check, f.State, f.Detail, f.Cure)
			}
			if err := c.show(d.findings, t); err != nil {
				return err
			}
			if n := d.problems(); n > 0 {
				return fmt.Errorf("%d of %d checks found a problem", n, len(d.findings))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&number, "call", "", "make a test call to this number (3 s from the answer)")
	return cmd
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (c *cli) examine(ctx context.Context, d *doctor, cfg configs.Config, number string) {
	d.clock(time.Now())
	d.codecs(cfg)
	running := d.data(ctx, cfg, c)
	d.names(ctx, cfg)
	d.devices()
	if running {
		d.skip("ports and registration", "a server runs on this data folder and has them; see its log")
		return
	}
	v, err := openVoice(ctx, cfg, string(cfg.Data), c.log())
	if err != nil {
		d.problem("SIP ports", err, "end what uses the port, or change sip.listen")
		return
	}
	for _, a := range v.agent.Addrs() {
		d.ok("SIP port", "%s/%s", a.Network(), a)
	}
	d.mediaPorts(cfg, v)
	c.registrations(ctx, d, cfg, v)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := v.Close(end); err != nil {
		d.problem("closing", err, "")
	}
	if number != "" {
		c.testCall(ctx, d, cfg, number)
	}
}

// clock: hours and callbacks are worth nothing with a wrong one.
func (d *doctor) clock(now time.Time) {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		d.problem("time zones", err, "install the package tzdata")
	}
	if now.Year() < 2025 {
		d.problem("clock", fmt.Errorf("the clock says %s", now.Format(time.RFC3339)), "set it, best by NTP")
		return
	}
	d.ok("clock", "%s", now.Format(time.RFC3339))
}

func (d *doctor) codecs(cfg configs.Config) {
	if _, err := mediaConfig(cfg, media.NewClock()); err != nil {
		d.problem("codecs", err, "write media.codecs: [pcma, pcmu]")
		return
	}
	d.ok("codecs", "%s", strings.Join(cfg.Media.Codecs, ", "))
}

// data looks at folder and store; true when a server holds them.
func (d *doctor) data(ctx context.Context, cfg configs.Config, c *cli) (running bool) {
	v, err := openVault(ctx, cfg, c.log())
	switch {
	case errors.Is(err, errInUse):
		d.ok("store", "in use by a running server: %s", cfg.Data)
		return true
	case err != nil:
		d.problem("store", err, "")
		return false
	}
	defer v.Close()
	lists, err := v.store.Lists(ctx)
	if err != nil {
		d.problem("store", err, "restore a backup, or choose another data folder")
		return false
	}
	d.ok("store", "%s, %d lists", v.store.Path(), len(lists))
	return false
}

// names resolves the hosts of the PBXs.
func (d *doctor) names(ctx context.Context, cfg configs.Config) {
	for _, a := range cfg.SIP.Accounts {
		host := sipHost(orElse(a.Proxy, orElse(a.Registrar, a.Address)))
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		addrs, err := net.DefaultResolver.LookupHost(ctx, host)
		cancel()
		if err != nil {
			d.problem("name of account "+a.Name, err, "correct the host in sip.accounts, or the machine's name service")
			continue
		}
		d.ok("name of account "+a.Name, "%s is %s", host, strings.Join(addrs, ", "))
	}
}

// sipHost is the host of a SIP URI.
func sipHost(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	rest, _, _ = strings.Cut(rest, ";")
	if _, after, ok := strings.Cut(rest, "@"); ok {
		rest = after
	}
	if u, err := url.Parse("sip://" + rest); err == nil {
		return u.Hostname()
	}
	return rest
}

func (d *doctor) devices() {
	names, err := soundDevices()
	if err != nil {
		d.skip("sound devices", err.Error())
		return
	}
	d.ok("sound devices", "%s", strings.Join(names, ", "))
}

// mediaPorts opens one session and closes it.
func (d *doctor) mediaPorts(cfg configs.Config, v *voice) {
	mc, err := mediaConfig(cfg, v.clock)
	if ip, bad := netip.ParseAddr(mc.IP); bad == nil && ip.IsUnspecified() { // calls take the one on the route to the PBX
		if mc.IP = "127.0.0.1"; ip.Is6() {
			mc.IP = "::1"
		}
	}
	if err == nil {
		var s *media.Session
		if s, err = media.NewSession(mc); err == nil {
			d.ok("media ports", "%d-%d", cfg.Media.Ports.From, cfg.Media.Ports.To)
			_ = s.Close()
			return
		}
	}
	d.problem("media ports", err, "correct media.ip and media.ports")
}

func (c *cli) registrations(ctx context.Context, d *doctor, cfg configs.Config, v *voice) {
	if len(cfg.SIP.Accounts) == 0 {
		d.problem("accounts", errors.New("sip.accounts is empty"), "add the account of your PBX (see freiton config)")
	}
	for _, a := range cfg.SIP.Accounts {
		check := "account " + a.Name
		if a.Registrar == "" {
			d.skip(check, "a trunk without registration")
			continue
		}
		err := v.agent.Register(ctx, a.Name)
		var no *sip.RegistrationError
		switch {
		case errors.As(err, &no):
			d.problem(check, err, registrationCure(no, a))
		case err != nil:
			d.problem(check, err, "")
		default:
			d.ok(check, "registered at %s", a.Registrar)
		}
	}
}

// testCall calls and listens for three seconds.
func (c *cli) testCall(ctx context.Context, d *doctor, cfg configs.Config, raw string) {
	number, err := campaign.ParseNumber(raw, cfg.Dial.DefaultCountry, cfg.Allowed())
	if err != nil {
		d.problem("test call", err, "")
		return
	}
	quiet := *c
	quiet.out = discard{}
	if err := quiet.call(ctx, cfg, number, callOptions{duration: 3 * time.Second}); err != nil {
		d.problem("test call", err, "look at the PBX's log for this number")
		return
	}
	d.ok("test call", "%s answered", number.E164)
}

// discard takes results that nobody wants.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
