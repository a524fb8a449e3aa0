package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

const entryColumns = `number, person, campaign, client, at, by_whom, attempt, wording`

func scanEntry(sc Row) (campaign.DNCEntry, error) {
	var e campaign.DNCEntry
	var at int64
	err := sc.Scan(&e.Number, &e.Person, &e.Campaign, &e.Client, &at, &e.By, &e.Attempt, &e.Wording)
	e.At = timeOf(at)
	return e, err
}

// number is a telephone number as the list keeps it: E.164, or an extension.
// What cannot be understood is kept as written: it blocks at least itself.
func (s *Core) number(raw string) string {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return ""
	}
	if n, err := campaign.ParseNumber(raw, s.opt.Country, s.opt.Allow); err == nil {
		return n.E164
	}
	return raw
}

// block adds entries. The first one of the same scope stays: it is the proof
// of when the contact asked.
func (t tx) block(now time.Time, es ...campaign.DNCEntry) error {
	rows := make([][]any, len(es))
	for i, e := range es {
		var err error
		if rows[i], err = t.entry(e, now); err != nil {
			return err
		}
	}
	t.db.Changed()
	added, err := t.db.Insert(`INSERT INTO do_not_call (`+entryColumns+`)`, `ON CONFLICT (number, person, campaign, client) DO NOTHING`, rows)
	if err != nil || added == 0 {
		return err
	}
	if len(es) > 1 { // of a file
		return t.audit(campaign.AuditEntry{Who: campaign.AgentID(es[0].By), What: campaign.AuditDNCImported, New: fmt.Sprint(added, " entries")})
	}
	return t.auditEntry(campaign.AuditBlocked, campaign.AgentID(es[0].By), es[0])
}

// auditEntry notes that an entry came or went.
func (t tx) auditEntry(what campaign.AuditWhat, by campaign.AgentID, e campaign.DNCEntry) error {
	about := t.s.number(e.Number)
	if about == "" {
		about = strings.TrimPrefix(e.Person, "number:")
	}
	subject := strings.TrimPrefix(about, erasedMark)
	if subject == about {
		var err error
		if subject, err = t.subject(about); err != nil {
			return err
		}
	}
	scope := "global"
	switch {
	case e.Campaign != "":
		scope = "campaign " + e.Campaign
	case e.Client != "":
		scope = "client " + e.Client
	}
	a := campaign.AuditEntry{Who: by, What: what, About: string(e.Attempt), Subject: subject, New: scope}
	if what == campaign.AuditUnblocked {
		a.Old, a.New = fmt.Sprintf("%s, by %s at %s", scope, e.By, e.At.UTC().Format(time.RFC3339)), ""
	}
	return t.audit(a)
}

// entry is an entry as the list keeps it.
func (t tx) entry(e campaign.DNCEntry, now time.Time) ([]any, error) {
	e.Number = t.s.number(e.Number)
	if e.Number == "" && e.Person == "" {
		return nil, fmt.Errorf("do-not-call entry without number and person")
	}
	if e.At.IsZero() {
		e.At = now
	}
	if e.Campaign != "" {
		e.Client = "" // the narrower scope says all
	}
	return []any{e.Number, e.Person, e.Campaign, e.Client, ms(e.At), e.By, e.Attempt, e.Wording}, nil
}

// Block implements campaign.Store. The number is normalised to E.164.
func (s *Core) Block(ctx context.Context, e campaign.DNCEntry) error {
	return s.BlockAll(ctx, []campaign.DNCEntry{e})
}

// BlockAll adds many entries in one transaction.
func (s *Core) BlockAll(ctx context.Context, es []campaign.DNCEntry) error {
	return s.write(ctx, "block", func(t tx) error { return t.block(s.opt.Now(), es...) })
}

// Unblock implements campaign.Store.
func (s *Core) Unblock(ctx context.Context, number string, in campaign.DNCScope) (removed int, left []campaign.DNCEntry, err error) {
	number = s.number(number)
	in = campaign.DNCEntry{Campaign: in.Campaign, Client: in.Client}.Scope()
	err = s.write(ctx, "unblock", func(t tx) error {
		removed, left = 0, nil
		hashed, err := t.subject(number)
		if err != nil {
			return err
		}
		who, _ := campaign.ActorOf(ctx)
		where := ` FROM do_not_call WHERE (number IN (?, ?) AND number <> '' OR person = ?
			OR person IN (SELECT person FROM record WHERE phone = ?))`
		args := []any{number, erasedMark + hashed, campaign.PersonOf("", "", number), number}
		var gone []campaign.DNCEntry
		err = t.query(func(sc Row) error {
			e, err := scanEntry(sc)
			if e.Scope() == in {
				gone = append(gone, e)
			} else {
				left = append(left, e)
			}
			return err
		}, `SELECT `+entryColumns+where+` ORDER BY at, id FOR UPDATE`, args...)
		if err != nil || len(gone) == 0 {
			return err
		}
		t.db.Changed()
		n, err := t.exec(`DELETE`+where+` AND campaign = ? AND client = ?`, append(args, in.Campaign, in.Client)...)
		removed = int(n)
		for _, e := range gone {
			if err == nil {
				err = t.auditEntry(campaign.AuditUnblocked, who, e)
			}
		}
		return err
	})
	return removed, left, err
}

// Blocks implements campaign.Store. The widest entry is given, as Permit does.
func (s *Core) Blocks(ctx context.Context, qs []campaign.PermitQuery) ([]*campaign.DNCEntry, error) {
	out := make([]*campaign.DNCEntry, len(qs))
	key, err := s.secret(ctx)
	if err != nil {
		return nil, err
	}
	for i, q := range qs {
		err := s.read(ctx, "blocks", func(sc Row) error {
			e, err := scanEntry(sc)
			out[i] = &e
			return err
		}, entryThatBlocks, blockedArgs(key, q)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Blocked implements campaign.Store, oldest entry first.
func (s *Core) Blocked(ctx context.Context) ([]campaign.DNCEntry, error) {
	var out []campaign.DNCEntry
	err := s.read(ctx, "blocked", func(sc Row) error {
		e, err := scanEntry(sc)
		out = append(out, e)
		return err
	}, `SELECT `+entryColumns+` FROM do_not_call ORDER BY at, id`)
	return out, err
}
