package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/spf13/cobra"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/browser"
	"github.com/freiton/freiton/sip"
)

// desktop is what agents' browsers see: the page with its API, and their sound.
type desktop struct {
	app   *app
	desk  *desk.Desk
	web   *desk.Web
	sound *browser.Headsets
	tests *testCalls
	worn  *worn
	files *os.Root // of the page, while developing

	unwatch func() // of sound's states
}

// webFilesFlag adds --web-files to a command.
func webFilesFlag(cmd *cobra.Command, files *string) {
	cmd.Flags().StringVar(files, "web-files", "", "take the desktop's page from this folder instead of the built-in one (for its developers)")
}

// openDesktop opens web.listen and headset.udp. Nothing is answered before the
// web is served.
func (a *app) openDesktop(files string) (_ *desktop, err error) {
	d := &desktop{app: a, desk: a.desk(a.control)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.sound, err = openSound(a.cfg, a.voice.clock, a); err != nil {
		return d, err
	}
	d.tests = newTestCalls(d.sound, a.voice.headsets.worn, a.voice.clock)
	wc := desk.WebConfig{
		Listen: a.cfg.Web.Listen, Cert: string(a.cfg.Web.TLS.Cert), Key: string(a.cfg.Web.TLS.Key), AllowPlain: a.cfg.Web.AllowPlain,
		CheckPassword: argon2id.ComparePasswordAndHash, Headsets: d.sound, Headset: d.headset, TestCalls: d.tests, NotReady: a.cfg.NotReady,
		Idle: time.Duration(a.cfg.Web.Session.Idle), Life: time.Duration(a.cfg.Web.Session.Absolute),
		PBX: func() desk.Link { return pbxLink(a.voice.agent.Registrations(), a.cfg) }, Quality: d.quality,
	}
	if a.cfg.Web.TLS.SelfSigned {
		wc.SelfSigned = a.folder.path
	}
	if files != "" {
		if d.files, err = os.OpenRoot(files); err != nil {
			return d, usage("--web-files: %v", err)
		}
		wc.Files = d.files.FS()
		if _, err := fs.Stat(wc.Files, "index.html"); err != nil {
			return d, usage("--web-files: %v", err)
		}
	}
	if _, shared := a.cfg.Store.Postgres(); shared { // an agent may come to any of the processes
		wc.Sessions = desk.NewSharedSessions(a.store, a.log.With("part", "sessions"))
	} else if wc.Sessions, err = desk.OpenSessions(a.folder.in("sessions.json")); err != nil {
		return d, err
	}
	if d.web, err = d.desk.OpenWeb(wc); err != nil {
		return d, err
	}
	a.voice.headsets.useBrowsers(d.sound.Endpoint, d.tests.End)
	d.unwatch = d.sound.Watch(d.headsetChanged)
	d.worn = keepWorn(a)
	return d, nil
}

// headset is how an agent's headset is as she logs in.
func (d *desktop) headset(a campaign.AgentID) campaign.HeadsetState {
	if _, worn := d.app.voice.headsets.worn(a); worn {
		return campaign.HeadsetUp
	}
	if st, ok := d.sound.Stats(string(a)); ok && st.State == browser.Connected {
		return campaign.HeadsetUp
	}
	return campaign.HeadsetMissing
}

// headsetChanged hands what becomes of a browser's headset to the floor. One
// that was put on otherwise stands.
func (d *desktop) headsetChanged(agent string, s browser.State) {
	a := campaign.AgentID(agent)
	if _, worn := d.app.voice.headsets.worn(a); worn {
		return
	}
	switch s {
	case browser.Connected:
		d.app.voice.headsets.news.push(a, campaign.HeadsetUp)
	case browser.Silent, browser.Lost:
		d.app.voice.headsets.news.push(a, campaign.HeadsetLost)
	case browser.Closed:
		d.app.voice.headsets.news.push(a, campaign.HeadsetMissing)
	}
}

// openSound opens the browsers' UDP port.
func openSound(cfg configs.Config, clock *media.Clock, a *app) (*browser.Headsets, error) {
	bc := browser.Config{UDP: cfg.Headset.UDP, Clock: clock, Log: a.log.With("part", "browser")}
	if bc.Advertise = cfg.Headset.Advertise; len(bc.Advertise) == 0 && cfg.Media.Advertise != "" {
		bc.Advertise = []string{cfg.Media.Advertise}
		if _, err := netip.ParseAddr(cfg.Media.Advertise); err != nil {
			return nil, fmt.Errorf("media.advertise %s is a name, and browsers need an address: write it into headset.advertise", cfg.Media.Advertise)
		}
	}
	for _, name := range cfg.Media.Codecs {
		c, err := media.ParseCodec(name)
		if err != nil {
			return nil, err
		}
		if c == media.PCMA || c == media.PCMU { // what a browser can have
			bc.Codecs = append(bc.Codecs, c)
		}
	}
	sound, err := browser.New(bc)
	if err != nil {
		return nil, fmt.Errorf("headset.udp %s: %w", cfg.Headset.UDP, err)
	}
	return sound, nil
}

// Close frees the ports.
func (d *desktop) Close() error {
	var errs []error
	if d.web != nil {
		errs = append(errs, d.web.Close())
	}
	if d.worn != nil {
		d.worn.Close()
	}
	if d.unwatch != nil {
		d.unwatch()
	}
	if d.sound != nil {
		d.app.voice.headsets.useBrowsers(nil, nil)
		if d.tests != nil {
			d.tests.Close()
		}
		errs = append(errs, d.sound.Shutdown())
	}
	if d.files != nil {
		errs = append(errs, d.files.Close())
	}
	return errors.Join(errs...)
}

// pbxLink is the light of the PBX: the registration of the account that dials.
func pbxLink(all []sip.RegistrationState, cfg configs.Config) desk.Link {
	account, ok := cfg.DialAccount()
	if !ok {
		return desk.Link{State: "off", Code: desk.CodePBXNone, Text: "no account is configured: nothing can be dialled"}
	}
	if account.Registrar == "" {
		return desk.Link{State: "live"}
	}
	for _, s := range all {
		if s.Account != account.Name {
			continue
		}
		l := desk.Link{State: "connecting", Since: s.Since}
		switch s.State {
		case sip.Registered:
			l.State = "live"
		case sip.RegFailed:
			l.State = "lost"
			l.Code = pbxCode(s.Status)
			l.Text = registrationCure(&sip.RegistrationError{Account: s.Account, Status: s.Status, Reason: s.Reason}, account)
		}
		return l
	}
	return desk.Link{State: "connecting", Since: time.Time{}}
}

// pbxCode is what an answer to REGISTER means, as registrationCure says it.
func pbxCode(status int) campaign.ReasonCode {
	switch status {
	case 401, 403, 407:
		return desk.CodePBXPassword
	case 404:
		return desk.CodePBXUnknown
	case 408, 503:
		return desk.CodePBXSilent
	default:
		return ""
	}
}

// quality is how both legs of an agent's call sound.
func (d *desktop) quality(agent campaign.AgentID) (q desk.Quality) {
	if st, ok := d.app.voice.line.Stats(agent); ok {
		q.Contact = legQuality(st)
	}
	if e, worn := d.app.voice.headsets.worn(agent); worn {
		if h, ok := e.(interface{ Quality() (media.Stats, bool) }); ok {
			if st, ok := h.Quality(); ok {
				q.Headset = legQuality(st)
			}
		}
	} else if st, ok := d.sound.Stats(string(agent)); ok {
		q.Headset = legQuality(st.Stats)
	}
	return q
}

func legQuality(s media.Stats) *desk.LegQuality {
	return &desk.LegQuality{Codec: s.Codec.String(), Loss: s.LossPercent, JitterMS: s.JitterMS, RTTMS: s.RTTMS, MOS: s.MOS, RemoteLoss: s.RemoteLossPercent}
}
