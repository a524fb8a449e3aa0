package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/device"
)

// callOptions are the flags of call.
type callOptions struct {
	headset, play, record string
	duration              time.Duration
	holdAt, holdFor       time.Duration
	dtmf                  string
	dtmfAt                time.Duration
	callerID              string
}

func (c *cli) callCommand() *cobra.Command {
	var o callOptions
	cmd := &cobra.Command{
		Use:   "call NUMBER",
		Short: "Make one call from the shell",
		Long: `Makes one call through the account that dials, under the rules of dial: (the
do-not-call list included), and prints it as one attempt of the report. Times
count from the answer. At a terminal that is a table, for scripts JSON. Without --duration the call lasts to the end of --play,
without that until the far end or Ctrl-C ends it.

Exit status 0 only if the call was answered.`,
		Example: `  freiton call +493012345678 --config freiton.yaml --headset device
  freiton call 030 12345678 -c freiton.yaml --duration 5s
  freiton call 601 -c freiton.yaml --play prompt.wav --record heard.wav
  freiton call 621 -c freiton.yaml --dtmf 1234# --duration 8s --hold-at 2s --hold-for 1s`,
		Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			number, err := campaign.ParseNumber(grouped(args), cfg.Dial.DefaultCountry, cfg.Allowed())
			if err != nil {
				return usage("%v", err)
			}
			return c.call(cmd.Context(), cfg, number, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.headset, "headset", "", "device or device:NAME, the sound card; default: --play and --record")
	f.StringVar(&o.play, "play", "", "WAV file to speak from the answer on")
	f.StringVar(&o.record, "record", "", "WAV file for what is heard")
	f.DurationVar(&o.duration, "duration", 0, "hang up so long after the answer")
	f.DurationVar(&o.holdAt, "hold-at", time.Second, "put on hold so long after the answer")
	f.DurationVar(&o.holdFor, "hold-for", 0, "for so long; 0 = no hold")
	f.StringVar(&o.dtmf, "dtmf", "", "digits to send: 0-9 * # A-D")
	f.DurationVar(&o.dtmfAt, "dtmf-at", 500*time.Millisecond, "send them so long after the answer")
	f.StringVar(&o.callerID, "caller-id", "", "one of dial.caller_ids; default: the first")
	return cmd
}

func (o *callOptions) check() error {
	if o.headset != "" && (o.play != "" || o.record != "") {
		return usage("--headset and --play or --record exclude each other")
	}
	if o.play != "" {
		if _, _, err := media.ReadWAVFile(o.play); err != nil {
			return usage("--play %s: %v", o.play, err)
		}
	}
	if o.record != "" {
		if info, err := os.Stat(filepath.Dir(o.record)); err != nil {
			return usage("--record %s: %v", o.record, err)
		} else if !info.IsDir() {
			return usage("--record %s: %s is no folder", o.record, filepath.Dir(o.record))
		}
	}
	if strings.Trim(o.dtmf, "0123456789*#ABCDabcd") != "" {
		return usage("--dtmf %q: digits are 0-9 * # A-D", o.dtmf)
	}
	if err := notNegative(map[string]time.Duration{"duration": o.duration, "hold-at": o.holdAt, "hold-for": o.holdFor, "dtmf-at": o.dtmfAt}); err != nil {
		return err
	}
	if o.holdFor > 0 && o.duration > 0 && o.holdAt >= o.duration {
		return usage("--hold-at %s is not before the end of the call (--duration %s)", o.holdAt, o.duration)
	}
	return nil
}

// shellAgent is who makes the call.
const shellAgent campaign.AgentID = "shell"

// oneCall is a call from the shell while it lives. One goroutine owns it.
type oneCall struct {
	*voice
	store   vaultStore
	home    string // the process name of the data folder
	attempt campaign.Attempt
	opts    callOptions
	ear     media.Endpoint
	file    *media.FileEndpoint // when the ear is a file
	lost    <-chan error        // when it is a sound card
	alarms  []*time.Timer
	due     chan campaign.Command
	say     func(string, ...any)
}

// callResult is an attempt of the report and how long it was connected.
type callResult struct {
	campaign.ReportAttempt
	ConnectedMS int64 `json:"connected_ms"`
}

func (c *cli) call(ctx context.Context, cfg configs.Config, number campaign.Number, o callOptions) (err error) {
	folder, store, err := openBeside(ctx, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	v, err := openVoice(ctx, cfg, folder, c.log())
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		err = errors.Join(err, v.Close(end))
	}()
	if err := v.registered(ctx, cfg); err != nil {
		return err
	}
	home, err := processName(cfg, folder)
	if err != nil {
		return err
	}
	if err := recoverShellCalls(ctx, store, home, v.line, c.say); err != nil {
		return err
	}
	call := &oneCall{voice: v, store: store, home: home, opts: o, say: c.say, due: make(chan campaign.Command, 8)}
	if call.ear, call.file, err = openEar(o, v.clock, c.log()); err != nil { // before anybody's phone rings
		return err
	}
	if card, ok := call.ear.(*device.Headset); ok {
		call.lost = card.Lost()
	}
	if err := call.permit(ctx, cfg, number); err != nil {
		return errors.Join(err, call.ear.Close())
	}
	v.headsets.put(shellAgent, call.ear)
	err = errors.Join(call.run(ctx, time.Duration(cfg.Dial.RingTimeout)), call.ear.Close())
	if err != nil {
		return err
	}
	out := callResult{ReportAttempt: campaign.ReportOf(call.attempt, folder)}
	if !call.attempt.AnsweredAt.IsZero() {
		out.ConnectedMS = call.attempt.EndedAt.Sub(call.attempt.AnsweredAt).Milliseconds()
	}
	if err := c.showReport(out, attemptTable(out)); err != nil {
		return err
	}
	if call.attempt.AnsweredAt.IsZero() {
		return fmt.Errorf("not answered: %s%s", call.attempt.DialerResult, ended(call.attempt))
	}
	return nil
}

func ended(a campaign.Attempt) string {
	switch {
	case a.Status != 0 && a.Text != "":
		return fmt.Sprintf(" (%d %s)", a.Status, a.Text)
	case a.Status != 0:
		return fmt.Sprintf(" (%d)", a.Status)
	case a.Text != "":
		return " (" + a.Text + ")"
	}
	return ""
}

// openBeside opens the store without the folder's lock: a call from the shell
// may be made while a server runs. Then it does not register, for the PBX would
// take the account away from the server, and takes free ports: the server has
// those of the configuration.
func openBeside(ctx context.Context, cfg *configs.Config) (folder string, _ vaultStore, _ error) {
	f, err := openFolder(ctx, string(cfg.Data))
	switch {
	case err == nil:
		folder = f.path
		defer f.Close()
	case errors.Is(err, errInUse):
		folder = string(cfg.Data)
		cfg.SIP.Accounts = slices.Clone(cfg.SIP.Accounts)
		for i := range cfg.SIP.Accounts {
			cfg.SIP.Accounts[i].Registrar = ""
		}
		cfg.SIP.Listen = slices.Clone(cfg.SIP.Listen)
		for i, address := range cfg.SIP.Listen {
			if u, err := url.Parse(address); err == nil {
				u.Host = net.JoinHostPort(u.Hostname(), "0")
				cfg.SIP.Listen[i] = u.String()
			}
		}
	default:
		return "", nil, err
	}
	store, err := openStore(ctx, *cfg, folder)
	return folder, store, err
}

// openEar opens the headset, or the files in its place.
func openEar(o callOptions, clock *media.Clock, log *slog.Logger) (media.Endpoint, *media.FileEndpoint, error) {
	if o.headset != "" {
		e, err := openDevice(o.headset, false, clock, log)
		return e, nil, err
	}
	f, err := media.NewFileEndpoint(media.FileOptions{Play: o.play, Record: o.record, Wait: true, Clock: clock})
	return f, f, err
}

// permit asks the gate: there is no other way to a call.
func (c *oneCall) permit(ctx context.Context, cfg configs.Config, number campaign.Number) error {
	now := time.Now()
	m := manualRules(cfg, now)
	callerID := m.CallerID
	if c.opts.callerID != "" {
		callerID = c.opts.callerID
	}
	c.attempt = campaign.Attempt{
		ID: campaign.AttemptID(ulid.Make().String()), Number: number.E164, Person: campaign.PersonOf("", "", number.E164),
		Agent: shellAgent, Process: shellProcess(c.home, os.Getpid()), DialedAt: now,
	}
	err := c.store.Permit(ctx, campaign.PermitQuery{
		Attempt: c.attempt.ID, Agent: shellAgent, Process: c.attempt.Process, Number: c.attempt.Number, Person: c.attempt.Person,
		CallerID: callerID, Account: m.Account, Rules: m.Rules, Manual: true, Now: now,
	})
	if err != nil {
		return err
	}
	c.say("calling %s", number.E164)
	c.due <- campaign.Dial{Attempt: c.attempt.ID, Agent: shellAgent, Number: number.E164, Account: m.Account, CallerID: callerID}
	return nil
}

// run dials and lives until the call has ended and is settled.
func (c *oneCall) run(ctx context.Context, ring time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer func() {
		for _, t := range c.alarms {
			t.Stop()
		}
	}()
	if ring <= 0 {
		ring = 30 * time.Second
	}
	ringing := time.AfterFunc(ring, func() { c.due <- c.hangup(campaign.ByDialer, campaign.HangupRingTimeout) })
	defer ringing.Stop()
	interrupted := ctx.Done()
	for {
		select {
		case cmd := <-c.due:
			c.line.Do(cmd)
		case err := <-c.lost:
			c.lost = nil
			c.say("%v", err)
			c.line.Do(c.hangup(campaign.ByDialer, campaign.HangupLostMedia))
		case <-interrupted:
			interrupted = nil
			c.line.Do(c.hangup(campaign.ByAgent, "interrupted"))
		case e := <-c.line.Events():
			if e.Attempt != c.attempt.ID {
				continue
			}
			if e.Kind == campaign.LineAnswered {
				ringing.Stop()
				c.answered(e.At)
			}
			if c.note(e) {
				return c.settle(context.WithoutCancel(ctx))
			}
			if err := c.store.Note(context.WithoutCancel(ctx), c.attempt); err != nil {
				c.say("the store did not take it: %v", err)
			}
		}
	}
}

func (c *oneCall) hangup(by campaign.Party, reason string) campaign.Command {
	return campaign.Hangup{Attempt: c.attempt.ID, By: by, Reason: reason}
}

// answered begins to speak and sets the alarm clocks.
func (c *oneCall) answered(at time.Time) {
	id := c.attempt.ID
	after := func(d time.Duration, cmd campaign.Command) {
		c.alarms = append(c.alarms, time.AfterFunc(max(d-time.Since(at), 0), func() { c.due <- cmd }))
	}
	if c.opts.holdFor > 0 {
		after(c.opts.holdAt, campaign.Hold{Attempt: id})
		after(c.opts.holdAt+c.opts.holdFor, campaign.Resume{Attempt: id})
	}
	if c.opts.dtmf != "" {
		after(c.opts.dtmfAt, campaign.Digits{Attempt: id, Digits: c.opts.dtmf})
	}
	if c.opts.duration > 0 {
		after(c.opts.duration, c.hangup(campaign.ByAgent, "agent hung up"))
	}
	if c.file == nil {
		return
	}
	c.file.Start()
	if c.opts.play != "" && c.opts.duration == 0 {
		go func() { // ends with the file, which run's caller closes
			<-c.file.Done()
			select {
			case c.due <- c.hangup(campaign.ByAgent, "agent hung up"):
			default: // the call has ended long ago
			}
		}()
	}
}

// note keeps what an event says; true at the end.
func (c *oneCall) note(e campaign.LineEvent) bool {
	a := &c.attempt
	if len(e.Token) > 0 {
		a.Token = e.Token
	}
	switch e.Kind {
	case campaign.LineRinging:
		if a.RingingAt.IsZero() {
			a.RingingAt = e.At
			c.say("ringing")
		}
	case campaign.LineAnswered:
		a.AnsweredAt = e.At
		c.say("answered")
	case campaign.LineJoined:
		if a.JoinedAt.IsZero() {
			a.JoinedAt = e.At
		}
	case campaign.LineHeld, campaign.LineResumed, campaign.LineRemoteHeld, campaign.LineRemoteResumed:
		c.say("%s", e.Kind)
	case campaign.LineDigit:
		c.say("digit %s", e.Digit)
	case campaign.LineEnded:
		a.EndedAt, a.EndedBy, a.Status, a.Text = e.At, e.By, e.Status, e.Text
		a.DialerResult, a.Result, a.HeldMS, a.RTP = e.Result, e.Result, e.HeldMS, e.RTP
		c.say("ended by %s", e.By)
		return true
	}
	return false
}

// settle writes the outcome.
func (c *oneCall) settle(ctx context.Context) error {
	a := &c.attempt
	a.Counted = a.DialerResult != campaign.DialError && a.DialerResult != campaign.AllTrunksBusy
	a.Token = nil
	return c.store.Settle(ctx, campaign.Settlement{Attempt: *a, Now: a.EndedAt})
}

func attemptTable(r callResult) table {
	t := table{}
	t.add("phone", r.Phone)
	t.add("result", r.DialerResult)
	t.add("sip status", r.SIPStatus)
	t.add("ended by", r.EndedBy)
	t.add("connected", time.Duration(r.ConnectedMS)*time.Millisecond)
	if r.HeldMS > 0 {
		t.add("held", time.Duration(r.HeldMS)*time.Millisecond)
	}
	if q := r.RTP; q != nil {
		t.add("rtp", fmt.Sprintf("%s, %d sent, %d received, %d lost, jitter %.1f ms, MOS %.1f", q.Codec, q.Sent, q.Received, q.Lost, q.JitterMS, q.MOS))
	}
	return t
}
