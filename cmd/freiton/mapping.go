package main

import (
	"os"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/line"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// The big configuration is mapped here, and only here, to the small ones of
// the packages.

func sipConfig(cfg configs.Config) sip.Config {
	out := sip.Config{
		Listen: cfg.SIP.Listen, Advertise: cfg.SIP.Advertise, Trusted: cfg.SIP.Trusted,
		UserAgent: "freiton/" + thisBuild().Version,
	}
	for _, a := range cfg.SIP.Accounts {
		out.Accounts = append(out.Accounts, sip.Account{
			Name: a.Name, Address: a.Address, Registrar: a.Registrar, Proxy: a.Proxy,
			Username: a.Username, Password: sip.Secret(a.Password.Reveal()),
			Expires: time.Duration(a.Expires), CallerIDIn: a.CallerIDIn,
		})
	}
	return out
}

// lostAfter is when a call counts as dead for want of RTP: providers wait as
// long before they cut one.
const lostAfter = 30 * time.Second

func mediaConfig(cfg configs.Config, clock *media.Clock) (media.SessionConfig, error) {
	out := media.SessionConfig{
		IP: cfg.Media.IP, Advertise: cfg.Media.Advertise, Clock: clock, LostAfter: lostAfter,
		Ports: media.PortRange{From: cfg.Media.Ports.From, To: cfg.Media.Ports.To},
	}
	for _, name := range cfg.Media.Codecs {
		c, err := media.ParseCodec(name)
		if err != nil {
			return out, err
		}
		out.Codecs = append(out.Codecs, c)
	}
	return out, nil
}

func lineConfig(cfg configs.Config) line.Config {
	account, _ := cfg.DialAccount()
	return line.Config{Account: account.Name, URI: line.Template(cfg.DialURI()), HangupOnLostMedia: true}
}

// profileOf is a country's law, with its holidays from last year to five years on.
func profileOf(p configs.Profile, now time.Time) campaign.Profile {
	out := campaign.Profile{
		Country: p.Country, Version: p.Version, Hours: week(p.Hours.Week()), MaxPerDay: p.MaxPerDay, MaxPerWeek: p.MaxPerWeek, MaxPerCampaign: p.MaxPerCampaign,
		MinRing: time.Duration(p.MinRing), MaxRing: time.Duration(p.MaxRing), LockAfter: time.Duration(p.LockAfter), Premium: p.Premium,
		CallbackAnyHours: p.CallbackAnyHours, Emergency: p.Emergency,
		Postcodes: campaign.Areas(p.Postcodes), AreaCodes: campaign.Areas(p.AreaCodes), RegionUnknown: p.RegionUnknown == "all",
	}
	days := func(list []configs.Date) (out []campaign.Date) {
		for _, d := range list {
			out = append(out, campaign.Date(d))
		}
		return out
	}
	from, to := now.Year()-1, now.Year()+5
	out.Holidays = days(p.Dates(from, to))
	for _, r := range p.Regions {
		out.Regions = append(out.Regions, campaign.Region{
			Name: r.Name, Code: r.Code, Hours: week(r.Hours.Week()), Holidays: days(r.Dates(from, to)), MaxPerDay: r.MaxPerDay,
		})
	}
	out.NeedsCallerID = p.CallerID != "optional"
	out.ConsentFor, out.BothConsent = purposes(p.ConsentFor), p.RecordingConsent != "one"
	for _, m := range p.Recording {
		out.Recording = append(out.Recording, campaign.RecordingMode(m))
	}
	for _, l := range p.NationalLists {
		out.NationalLists = append(out.NationalLists, campaign.NationalList{
			Name: l.Name, Title: l.Title, Blocks: purposes(l.Blocks), NeededFor: purposes(l.NeededFor),
			MaxAge: time.Duration(l.MaxAge), ConsentPasses: l.ConsentPasses, ConsentAge: time.Duration(l.ConsentAge),
		})
	}
	return out
}

func purposes(names []string) (out []campaign.Purpose) {
	for _, n := range names {
		out = append(out, campaign.Purpose(n))
	}
	return out
}

func week(w *configs.Week) *campaign.Week {
	if w == nil {
		return nil
	}
	var out campaign.Week
	for day, spans := range w {
		for _, s := range spans {
			out[day] = append(out[day], campaign.Span(s))
		}
	}
	return &out
}

// rules are those of the configuration under a country's law.
func rules(cfg configs.Config, country, account string, now time.Time) campaign.Rules {
	r := campaign.Rules{
		Profiles: []campaign.Profile{profileOf(configs.ProfileFor(country), now)}, Allow: cfg.Allowed(),
		CallerIDs: cfg.Dial.CallerIDs, PerSecond: cfg.Dial.CallsPerSecond,
	}
	if country != configs.Lab {
		r.Elsewhere = elsewhere(now)
	}
	for _, k := range cfg.Dial.Kinds {
		r.Kinds = append(r.Kinds, campaign.NumberKind(k))
	}
	for _, a := range cfg.SIP.Accounts {
		if a.Name == account {
			r.MaxCalls = a.MaxCalls
		}
	}
	return r
}

// elsewhere are the laws of all countries, under "" that of the others.
func elsewhere(now time.Time) map[string]campaign.Profile {
	all := map[string]campaign.Profile{}
	for _, p := range configs.Profiles() {
		switch p.Country {
		case configs.Lab:
			continue
		case configs.Strictest:
			p.Country = ""
		}
		all[p.Country] = profileOf(p, now)
	}
	return all
}

func manualRules(cfg configs.Config, now time.Time) campaign.ManualRules {
	account, _ := cfg.DialAccount()
	m := campaign.ManualRules{
		Rules:   rules(cfg, cfg.Dial.Country, account.Name, now),
		Account: account.Name, RingTimeout: time.Duration(cfg.Dial.RingTimeout),
	}
	if len(cfg.Dial.CallerIDs) > 0 {
		m.CallerID = cfg.Dial.CallerIDs[0]
	}
	return m
}

func inboundRule(cfg configs.Config) campaign.InboundRule {
	r := campaign.InboundRule{Announcement: string(cfg.Inbound.Announcement), OptOut: cfg.Inbound.OptOut}
	switch to := cfg.Inbound.To; to {
	case "agents":
		r.Agents = true
	case "reject", "":
		return campaign.InboundRule{}
	default:
		r.Name = campaign.AgentID(to)
	}
	return r
}

func headsetRules(cfg configs.Config) campaign.HeadsetRules {
	return campaign.HeadsetRules{
		HoldAfter: time.Duration(cfg.Headset.HoldAfter), HandOnAfter: time.Duration(cfg.Headset.HandOnAfter),
	}
}

// campaignOf works a document out to what the floor needs. document is its
// text as applied; the files it names are read now, so that a start cannot
// fail on them.
func campaignOf(written configs.Campaign, document []byte, cfg configs.Config, now time.Time) (campaign.Campaign, error) {
	d := written.Complete(cfg)
	c := campaign.Campaign{
		Name: d.Name, Description: d.Description, Client: d.Client, Purpose: campaign.Purpose(d.Purpose),
		Greeting: d.Greeting, Priority: d.Priority, Mode: campaign.Mode(d.Mode), Accept: campaign.AcceptMode(d.Accept),
		Lists: d.Lists, Country: d.Country, CallerID: d.CallerID, Account: d.Account,
		Agents:      campaign.AgentSet{All: d.Agents.All, Names: agentIDs(d.Agents.Names), Teams: d.Agents.Teams},
		RingTimeout: time.Duration(d.RingTimeout), AfterCallWork: time.Duration(*d.AfterCallWork),
		AfterCallMore: campaign.AfterCallMore{By: time.Duration(d.AfterCallMore.By), Times: *d.AfterCallMore.Times},
		Preview:       campaign.PreviewRule{Timeout: time.Duration(d.Preview.Timeout), OnMissed: campaign.OnMissed(d.Preview.OnMissed)},
		AutoDial:      time.Duration(d.Preview.AutoDial),
		Attempts:      d.Attempts,
		OwnFailures:   campaign.OwnFailures(d.OwnFailures),
		Fields:        campaign.FieldSets(d.Fields),
		Recording:     campaign.Recording{Mode: campaign.RecordingMode(d.Recording.Mode)},
		Detection:     campaign.Detection{Tones: d.Detection.Tones == "on", Machine: d.Detection.Machine == "advise"},
		Link:          d.Link, Document: document,
	}
	if d.Responses != "" {
		c.Responses = d.Beside(d.Responses)
	}
	account, ok := cfg.DialAccount()
	if c.Account == "" && ok {
		c.Account = account.Name
	}
	c.Rules = rules(cfg, d.Country, c.Account, now)
	c.Rules.MaxAbandoned = float64(*d.Pacing.MaxAbandoned)
	c.Rules.Purpose, c.Rules.Hours = c.Purpose, week(d.Hours.Week())
	c.Rules.MaxAttempts, c.Rules.MinGap = d.Attempts, time.Duration(d.MinGap)
	c.Treatments, c.Selection = treatments(d.Treatments), selection(d)
	for _, r := range d.Results {
		result, err := campaign.ParseCallResult(r.Result)
		if err != nil {
			return c, err
		}
		c.Results = append(c.Results, campaign.OfferedResult{Result: result, Quick: r.Quick})
	}
	c.Dispositions = dispositions(d.Dispositions)
	for _, f := range []struct {
		key, name string
		to        *string
	}{{"announcement", d.Announcement, &c.Announcement}, {"recording.announcement", d.Recording.Announcement, &c.Recording.Announcement}} {
		if f.name == "" {
			continue
		}
		*f.to = d.Beside(f.name)
		if _, _, err := media.ReadWAVFile(*f.to); err != nil {
			return c, missingFile(written.File, f.key, f.name, err)
		}
	}
	if d.Script != "" {
		text, err := os.ReadFile(d.Beside(d.Script))
		if err != nil {
			return c, missingFile(written.File, "script", d.Script, err)
		}
		c.Script = string(text)
	}
	return c, nil
}

func missingFile(file, key, name string, err error) error {
	return configs.AsError([]configs.Problem{{Place: file, Key: key, Text: fileBad(name, err), Cure: configs.Say("how-file", "write it, or leave the key out")}})
}

func agentIDs(names []string) []campaign.AgentID {
	out := make([]campaign.AgentID, len(names))
	for i, n := range names {
		out[i] = campaign.AgentID(n)
	}
	return out
}

func treatments(ts []configs.Treatment) []campaign.Treatment {
	var out []campaign.Treatment
	for _, t := range ts {
		c := campaign.Treatment{
			RetryIn: retry(t.RetryIn), Increment: retry(t.Increment),
			Max: t.Max, MaxPerDay: t.MaxPerDay, Then: campaign.Then(t.Then),
		}
		c.RetryIn.At = time.Duration(t.At)
		var err error
		if c.On, err = campaign.ParseCallResult(t.On); err != nil {
			c.On, c.Code = 0, t.On // a disposition: the document was checked
		}
		out = append(out, c)
	}
	return out
}

func retry(r configs.Retry) campaign.Retry {
	return campaign.Retry{After: r.After, Days: r.Days, OtherPart: r.OtherPart}
}

func selection(c configs.Campaign) campaign.Selection {
	s := campaign.Selection{Newest: c.NewestFirst}
	for _, k := range c.Order {
		s.Order = append(s.Order, campaign.RecordKind(k))
	}
	for _, m := range c.Mix {
		s.Mix = append(s.Mix, campaign.Share{Kind: campaign.RecordKind(m.Kind), Count: m.Count})
	}
	for _, f := range c.Filter {
		s.Filter = append(s.Filter, campaign.Condition{Field: f.Field, Any: f.Any, Not: f.Not})
	}
	return s
}

func dispositions(ds configs.Dispositions) []campaign.Disposition {
	var out []campaign.Disposition
	for _, d := range ds {
		out = append(out, campaign.Disposition{
			Name: d.Name, Kind: campaign.DispositionKind(d.Kind), Final: d.Final, Children: dispositions(d.Children),
		})
	}
	return out
}
