package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/campaign/line"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/record"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
)

// vault is a data folder held by this process, and the store in it.
type vault struct {
	cfg    configs.Config
	log    *slog.Logger
	folder *dataFolder
	store  vaultStore
}

// storeFile is the store's name in the data folder.
const storeFile = "freiton.db"

func openVault(ctx context.Context, cfg configs.Config, log *slog.Logger) (*vault, error) {
	folder, err := openFolder(ctx, string(cfg.Data))
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, cfg, folder.path)
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return &vault{cfg: cfg, log: log, folder: folder, store: store}, nil
}

func (v *vault) Close() error {
	return errors.Join(v.store.Close(), v.folder.Close())
}

func (v *vault) documents() documents { return documents{v.cfg, v.folder.path, v.store} }

// desk is the API over the store, and over the controller where one runs.
func (v *vault) desk(control desk.Control) *desk.Desk {
	return v.deskOver(control, nil, nil)
}

func (v *vault) deskOver(control desk.Control, j *campaign.Journal, wire desk.SIPTrace) *desk.Desk {
	dc := deskConfig(v.cfg, v.store, control, v.folder.path, v.log)
	people := v.persons(j)
	people.control = control
	dc.Persons, dc.SIP = people, wire
	dc.TooOld = func(ctx context.Context) (desk.Retained, error) {
		return retain(ctx, people, v.cfg.Retention, time.Now(), true)
	}
	dc.Reports = figures{store: v.store, docs: v.documents(), agentTimes: time.Duration(v.cfg.Retention.AgentTimes)}
	return desk.New(dc)
}

// desk is the API over the running controller and its journal.
func (a *app) desk(control desk.Control) *desk.Desk {
	return a.deskOver(control, a.journal, ladders{a.voice.trace})
}

// journalFolder is the journal's name in the data folder.
const journalFolder = "journal"

func (v *vault) persons(j *campaign.Journal) personFiles {
	return personFiles{store: v.store, dir: v.folder.path, journal: j}
}

// voice is the telephone side: SIP user agent, phone, line, headsets.
type voice struct {
	agent    *sip.Agent
	phone    *phone.Phone
	line     *line.Line
	headsets *headsets
	clock    *media.Clock
	trace    *sip.Trace
}

// openVoice opens the sockets and begins to register.
func openVoice(ctx context.Context, cfg configs.Config, dataDir string, log *slog.Logger) (*voice, error) {
	v := &voice{headsets: newHeadsets(), clock: media.NewClock(), trace: sip.NewTrace(traceSize)}
	sc := sipConfig(cfg)
	sc.Trace, sc.Log = v.trace, log.With("part", "sip")
	agent, err := sip.New(sc)
	if err != nil {
		return nil, err
	}
	v.agent = agent
	mc, err := mediaConfig(cfg, v.clock)
	if err != nil {
		return nil, err
	}
	mc.Log = log.With("part", "media")
	v.phone = phone.New(agent, phone.Config{Media: mc, Log: log.With("part", "phone")})
	lc := lineConfig(cfg)
	lc.Record = func(file string) (line.Recorder, error) {
		return record.New(record.Options{Path: filepath.Join(dataDir, file), Agent: media.AtoB})
	}
	lc.Detect = detector
	lc.Erase = func(file string) error { return os.Remove(filepath.Join(dataDir, file)) }
	lc.Headset, lc.Inbound, lc.Log = v.headsets.of, cfg.Inbound.To != "reject", log.With("part", "line")
	if v.line, err = line.New(v.phone, lc); err != nil {
		return nil, err
	}
	if err := agent.Start(ctx); err != nil {
		return nil, errors.Join(err, v.line.Close(ctx))
	}
	return v, nil
}

// registered waits until the account that dials is registered; a trunk without
// registration is ready at once.
func (v *voice) registered(ctx context.Context, cfg configs.Config) error {
	account, ok := cfg.DialAccount()
	if !ok {
		return errors.New("sip.accounts: there is none, so nothing can be dialled: add the account of your PBX")
	}
	if account.Registrar == "" {
		return nil
	}
	err := v.agent.Register(ctx, account.Name)
	var no *sip.RegistrationError
	if errors.As(err, &no) {
		return fmt.Errorf("account %s cannot register at %s: %s", account.Name, account.Registrar, registrationCure(no, account))
	}
	return err
}

// registrationCure says what an answer to REGISTER means and what to do.
func registrationCure(no *sip.RegistrationError, account configs.Account) string {
	switch no.Status {
	case 401, 403, 407:
		return fmt.Sprintf("the PBX refuses user or password of %q (%d %s); correct sip.accounts, it is not tried again", account.Username, no.Status, no.Reason)
	case 404:
		return fmt.Sprintf("the PBX does not know %s (404 %s); correct its address", account.Address, no.Reason)
	case 408, 503:
		return fmt.Sprintf("the PBX does not answer (%s); is the address right, does it run, is a firewall between?", no.Reason)
	default:
		return fmt.Sprintf("%d %s", no.Status, no.Reason)
	}
}

// Close ends the calls that are left, unregisters and closes the sockets. The
// line's events must be read until it returns.
func (v *voice) Close(ctx context.Context) error {
	return errors.Join(v.line.Close(ctx), v.agent.Close(ctx))
}

// app is everything: what serve, autopilot and demo run.
type app struct {
	*vault
	voice   *voice
	journal *campaign.Journal
	pacer   *pacer
	control *campaign.Controller
	times   *timekeeper
}

// localProcess is the process's name in a store that nobody shares.
const localProcess = "local"

// closeTime is how long closing waits for far ends that do not answer.
const closeTime = 5 * time.Second

// openApp opens everything and recovers what an earlier process left behind.
// It does not wait for the registration.
func openApp(ctx context.Context, cfg configs.Config, log *slog.Logger) (*app, error) {
	return openPaced(ctx, cfg, log, graceOfLaw, forPeople)
}

// How long after-call work of an earlier process waits for its agent.
const (
	forPeople  = 0  // as long as the floor thinks right
	forScripts = -1 // not at all: a scripted agent has nothing to add
)

// openPaced is openApp for a world that runs faster: answered contacts wait for
// an agent no longer than grace; or for scripted agents, see forScripts.
func openPaced(ctx context.Context, cfg configs.Config, log *slog.Logger, grace, returnWithin time.Duration) (_ *app, err error) {
	v, err := openVault(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	a := &app{vault: v}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := os.MkdirAll(a.folder.in("recordings"), 0o700); err != nil {
		return a, fmt.Errorf("recordings: %w", err)
	}
	if a.voice, err = openVoice(ctx, cfg, a.folder.path, log); err != nil {
		return a, err
	}
	if a.journal, err = campaign.OpenJournal(campaign.JournalConfig{Dir: a.folder.in(journalFolder), Log: log.With("part", "journal")}); err != nil {
		return a, err
	}
	ended := a.journal.Written()
	if err := a.persons(a.journal).finishAll(ctx); err != nil {
		log.Error("an erasure is not finished; it is tried again at the next start", "err", err)
	}
	if err := a.documents().Tidy(ctx); err != nil {
		log.Warn("old files of campaigns stay in the data folder", "err", err)
	}
	process, err := processName(cfg, a.folder.path)
	if err != nil {
		return a, err
	}
	a.pacer = openPacer(a.folder.in(pacerFile), grace, log.With("part", "pacing"))
	a.control, err = campaign.NewController(campaign.ControllerConfig{
		Floor: campaign.FloorConfig{Process: process, Manual: manualRules(cfg, time.Now()), Inbound: inboundRule(cfg), Headset: headsetRules(cfg), Pacer: a.pacer, Grace: grace, ReturnWithin: returnWithin},
		Store: a.store, Line: a.voice.line, Journal: a.journal, Log: log.With("part", "campaign"),
		Document: a.documents().Parse,
	})
	if err != nil {
		return a, err
	}
	if err := a.control.Start(ctx); err != nil {
		a.control = nil
		return a, err
	}
	if a.times, err = keepTimes(ctx, a.store, a.control, process, ended, log.With("part", "times")); err != nil {
		return a, err
	}
	a.voice.headsets.news.start(a.control.Do, a.log)
	return a, nil
}

// Close closes what is open, in the order of dependence. Live calls are ended;
// drain before.
func (a *app) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var errs []error
	if a.voice != nil {
		a.voice.headsets.news.close()
	}
	if a.voice != nil { // first: the controller still reads the line's events
		errs = append(errs, a.voice.Close(ctx))
	}
	if a.times != nil {
		errs = append(errs, a.times.Close())
	}
	if a.control != nil {
		errs = append(errs, a.control.Close())
	}
	if a.pacer != nil {
		a.pacer.Close()
	}
	if a.journal != nil {
		errs = append(errs, a.journal.Close())
	}
	return errors.Join(append(errs, a.vault.Close())...)
}
