package store

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/freiton/freiton/campaign"
)

// AddOffer implements campaign.Store. The same offer again replaces its
// decision.
func (s *Core) AddOffer(ctx context.Context, o campaign.Offer) error {
	return s.write(ctx, "add offer", func(t tx) error {
		_, err := t.exec(`INSERT INTO offer (campaign, record_key, record_id, agent, offered_at, decided_at, decision)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_key, agent, offered_at)
			DO UPDATE SET decided_at = excluded.decided_at, decision = excluded.decision`,
			o.Campaign, o.Record, o.RecordID, o.Agent, ms(o.OfferedAt), ms(o.DecidedAt), o.Decision)
		return err
	})
}

// Offers implements campaign.Store, in time order; the empty campaign means all.
func (s *Core) Offers(ctx context.Context, name string, each func(campaign.Offer) error) error {
	where, args := ``, []any{}
	if name != "" {
		where, args = ` WHERE campaign = ?`, []any{name}
	}
	return s.read(ctx, "offers", func(sc Row) error {
		var o campaign.Offer
		var offered, decided int64
		if err := sc.Scan(&o.Campaign, &o.Record, &o.RecordID, &o.Agent, &offered, &decided, &o.Decision); err != nil {
			return err
		}
		o.OfferedAt, o.DecidedAt = timeOf(offered), timeOf(decided)
		return each(o)
	}, `SELECT campaign, record_key, record_id, agent, offered_at, decided_at, decision
		FROM offer`+where+` ORDER BY offered_at, id`, args...)
}

// PutCampaign implements campaign.Store. Two processes may change a campaign at
// once, one its document and one its state: neither takes back the other's.
func (s *Core) PutCampaign(ctx context.Context, c campaign.CampaignRow) error {
	return s.write(ctx, "put campaign", func(t tx) error {
		document := c.Document
		if document == nil {
			document = []byte{} // and Files do not matter
		}
		t.db.Changed()
		_, err := t.exec(`INSERT INTO campaign (name, document, files, state, pause, changed) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET
				document = CASE WHEN length(excluded.document) > 0 THEN excluded.document ELSE campaign.document END,
				files = CASE WHEN length(excluded.document) > 0 THEN excluded.files ELSE campaign.files END,
				state = CASE WHEN excluded.state <> '' THEN excluded.state ELSE campaign.state END,
				pause = CASE WHEN excluded.state <> '' THEN excluded.pause ELSE campaign.pause END,
				changed = excluded.changed`,
			c.Name, document, c.Files, c.State, c.Pause, ms(c.Changed))
		return err
	})
}

// Campaigns implements campaign.Store, by name.
func (s *Core) Campaigns(ctx context.Context) ([]campaign.CampaignRow, error) {
	var out []campaign.CampaignRow
	err := s.read(ctx, "campaigns", func(sc Row) error {
		var c campaign.CampaignRow
		var changed int64
		err := sc.Scan(&c.Name, &c.Document, &c.Files, &c.State, &c.Pause, &changed)
		c.State, c.Changed = cmp.Or(c.State, campaign.Unloaded), timeOf(changed)
		out = append(out, c)
		return err
	}, `SELECT name, document, files, state, pause, changed FROM campaign ORDER BY name`)
	return out, err
}

// PutUser implements campaign.Store.
func (s *Core) PutUser(ctx context.Context, u campaign.User) error {
	clients, err := json.Marshal(append([]string{}, u.Clients...))
	if err != nil {
		return err
	}
	return s.write(ctx, "put user", func(t tx) error {
		old, err := t.user(u.Name)
		if err != nil {
			return err
		}
		t.db.Changed()
		c := u.RecordingConsent
		_, err = t.exec(`INSERT INTO account (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET role = excluded.role, engaged = excluded.engaged, headset = excluded.headset,
				hash = excluded.hash, created = excluded.created, disabled = excluded.disabled, team = excluded.team, clients = excluded.clients,
				recording_consent = excluded.recording_consent, recording_consent_at = excluded.recording_consent_at,
				recording_consent_by = excluded.recording_consent_by`,
			u.Name, u.Role, flag(u.Engaged), u.Headset, u.Hash, ms(u.Created), flag(u.Disabled), u.Team, string(clients),
			flag(c.Given), ms(c.At), c.By)
		if err != nil {
			return err
		}
		who, why := campaign.ActorOf(ctx)
		a := campaign.AuditEntry{Who: who, What: campaign.AuditUser, About: string(u.Name), Old: account(old), New: account(u), Reason: why}
		if old.Hash != u.Hash && old.Name != "" {
			a.New += ", new password"
		}
		if a.Old == a.New {
			return nil
		}
		return t.audit(a)
	})
}

// account is what the audit log tells of a user.
func account(u campaign.User) string {
	if u.Name == "" {
		return ""
	}
	s := string(u.Role)
	if u.Team != "" {
		s += ", team " + u.Team
	}
	if len(u.Clients) > 0 {
		s += ", clients " + strings.Join(u.Clients, " and ")
	}
	if u.Engaged {
		s += ", engaged"
	}
	s += ", headset " + u.Headset
	if u.Disabled {
		s += ", disabled"
	}
	if c := u.RecordingConsent; c.Given {
		s += ", consents to recording"
	} else if !c.At.IsZero() {
		s += ", does not consent to recording"
	}
	return s
}

const userColumns = `name, role, engaged, headset, hash, created, disabled, team, clients, recording_consent, recording_consent_at, recording_consent_by`

func scanUser(sc Row) (campaign.User, error) {
	var u campaign.User
	var created, consented int64
	var clients string
	c := &u.RecordingConsent
	err := sc.Scan(&u.Name, &u.Role, &u.Engaged, &u.Headset, &u.Hash, &created, &u.Disabled, &u.Team, &clients, &c.Given, &consented, &c.By)
	if err != nil {
		return u, err
	}
	u.Created, c.At = timeOf(created), timeOf(consented)
	if clients != "[]" {
		err = json.Unmarshal([]byte(clients), &u.Clients)
	}
	return u, err
}

// user is a user by name; the zero user where there is none.
func (t tx) user(name campaign.AgentID) (u campaign.User, err error) {
	err = t.query(func(sc Row) (err error) {
		u, err = scanUser(sc)
		return err
	}, `SELECT `+userColumns+` FROM account WHERE name = ? FOR UPDATE`, name)
	return u, err
}

// Users implements campaign.Store, by name.
func (s *Core) Users(ctx context.Context) ([]campaign.User, error) {
	var out []campaign.User
	err := s.read(ctx, "users", func(sc Row) error {
		u, err := scanUser(sc)
		out = append(out, u)
		return err
	}, `SELECT `+userColumns+` FROM account ORDER BY name`)
	return out, err
}
