package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/freiton/freiton/campaign"
)

// AddNational adds numbers to a national do-not-call list that is of a day. They
// block from now on, together with those that were there; PutNational says that
// the list is whole.
func (s *Core) AddNational(ctx context.Context, list string, of time.Time, numbers []string) error {
	rows := make([][]any, 0, len(numbers))
	seen := map[string]bool{}
	for _, n := range numbers {
		if n = s.number(n); n != "" && !seen[n] {
			seen[n] = true
			rows = append(rows, []any{n, list, ms(of)})
		}
	}
	return s.write(ctx, "national list", func(t tx) error {
		_, err := t.db.Insert(`INSERT INTO national_number (number, list, of_day)`,
			`ON CONFLICT (number, list) DO UPDATE SET of_day = greatest(national_number.of_day, excluded.of_day)`, rows)
		return err
	})
}

// PutNational says that a national do-not-call list is whole, as of a day: what
// is only on an earlier one is not on it any more. Where there is a later one,
// nothing of the earlier stays. by is who vouches for it.
func (s *Core) PutNational(ctx context.Context, list string, of time.Time, by string) error {
	return s.write(ctx, "national list", func(t tx) error {
		t.db.Changed()
		_, err := t.exec(`INSERT INTO national_list (name, of_day) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET of_day = greatest(national_list.of_day, excluded.of_day)`, list, ms(of))
		if err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM national_number WHERE list = ? AND of_day < (SELECT of_day FROM national_list WHERE name = ?)`, list, list)
		if err != nil {
			return err
		}
		var n int
		if err := t.one(`SELECT count(*) FROM national_number WHERE list = ?`, []any{list}, &n); err != nil {
			return err
		}
		return t.audit(campaign.AuditEntry{Who: campaign.AgentID(by), What: campaign.AuditDNCImported, About: list,
			New: fmt.Sprintf("national list of %s: %d numbers", of.Format(time.DateOnly), n)})
	})
}

// daysOfNational asks of which day the national lists are; scanDay takes a row.
const daysOfNational = `SELECT name, of_day FROM national_list`

func scanDay(into map[string]campaign.OnNational) func(Row) error {
	return func(sc Row) error {
		var list string
		var of int64
		err := sc.Scan(&list, &of)
		into[list] = campaign.OnNational{Of: timeOf(of)}
		return err
	}
}

// nationalDays tells of which day the national lists are; never nil.
func (s *Core) nationalDays(ctx context.Context) (map[string]campaign.OnNational, error) {
	all := map[string]campaign.OnNational{}
	return all, s.read(ctx, "national lists", scanDay(all), daysOfNational)
}

// nationallyListed are the numbers of a call list that are on national lists,
// and on which.
func (s *Core) nationallyListed(ctx context.Context, list string) (map[string][]string, error) {
	on := map[string][]string{}
	err := s.read(ctx, "national lists", func(sc Row) error {
		var number, name string
		err := sc.Scan(&number, &name)
		on[number] = append(on[number], name)
		return err
	}, `SELECT DISTINCT n.number, n.list FROM record r JOIN national_number n ON n.number = r.phone
		WHERE r.list_id = (SELECT id FROM list WHERE name = ?)`, list)
	return on, err
}

// national tells of which day the national lists are, and which of them have a
// number, also one that was erased here. It is never nil.
func (t tx) national(number string) (map[string]campaign.OnNational, error) {
	all := map[string]campaign.OnNational{}
	if err := t.query(scanDay(all), daysOfNational); err != nil {
		return nil, err
	}
	key, err := t.key()
	if err != nil {
		return nil, err
	}
	err = t.query(func(sc Row) error {
		var list string
		err := sc.Scan(&list)
		all[list] = campaign.OnNational{Of: all[list].Of, Listed: true}
		return err
	}, `SELECT list FROM national_number WHERE number IN (?, ?)`, number, erasedMark+hashed(key, number))
	return all, err
}

// hashNational makes the entries of erased numbers nameless: they block as
// before, until a later list is imported.
func (t tx) hashNational(e *campaign.Erasure, p subjects, _ campaign.EraseQuery) error {
	for _, number := range p.numbers {
		h, err := t.subject(number)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO national_number (number, list, of_day) SELECT ?, list, of_day FROM national_number WHERE number = ?
			ON CONFLICT (number, list) DO NOTHING`, erasedMark+h, number)
		if err != nil {
			return err
		}
		n, err := t.exec(`DELETE FROM national_number WHERE number = ?`, number)
		if err != nil {
			return err
		}
		if n > 0 { // most are on none
			e.Counts["national"] += int(n)
		}
	}
	return nil
}

// dossierNational adds the national lists that have one of the person's numbers.
func (t tx) dossierNational(d *campaign.Dossier, p subjects) error {
	for _, number := range p.numbers {
		lists, err := t.national(number)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(lists)) {
			if lists[name].Listed {
				d.DoNotCall = append(d.DoNotCall, campaign.DossierBlock{Number: number, At: campaign.Stamp{Time: lists[name].Of}, By: "national list " + name})
			}
		}
	}
	return nil
}
