package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// key is a record's key as text, for lists of values.
func key(k campaign.Key) string { return strconv.FormatInt(int64(k), 10) }

// Erase forgets the people who have a number, in one transaction: records,
// previews, what attempts and refusals say of them, the words of do-not-call
// entries. What stays is the erasure's record, the consent (under the hash of
// the number) and do-not-call entries (hashed, they still block). id names the
// erasure. The recordings it lists are the caller's to delete; then Erased
// says so. It refuses while one of them is with an agent or being called, and
// where several people share the number and the query does not say who.
func (s *Core) Erase(ctx context.Context, id string, q campaign.EraseQuery) (e campaign.Erasure, err error) {
	if err := s.Seal(ctx); err != nil { // the log says what was exported
		return e, err
	}
	err = s.write(ctx, "erase", func(t tx) error {
		p, err := t.subjectsOf(q.Number, q.Person)
		if err != nil {
			return err
		}
		if len(p.named) > 1 && q.Person == "" && !q.All {
			return passing{notNow(fmt.Sprintf("%d people have this number: %s; say whom, or all", len(p.named), strings.Join(p.named, ", ")))}
		}
		if err := t.db.Lock(lockNames(p)...); err != nil {
			return err
		}
		if err := t.atRest(p); err != nil {
			return err
		}
		e = campaign.Erasure{
			ID: id, At: campaign.Stamp{Time: q.Now}, By: q.By, Reason: q.Reason, Counts: map[string]int{},
			Kept: []string{}, Exports: []string{}, Files: []string{},
			Numbers: p.numbers, Persons: p.persons,
		}
		return t.erase(&e, p, q)
	})
	return e, err
}

// lockNames are what Permit locks for a call to one of the numbers.
func lockNames(p subjects) (names []string) {
	for _, n := range p.numbers {
		names = append(names, "number "+n)
	}
	for _, who := range p.persons {
		names = append(names, "person "+who)
	}
	return names
}

// atRest refuses while one of the people is on somebody's desk or line.
func (t tx) atRest(p subjects) error {
	busy := 0
	count := func(sc Row) error {
		var n int
		err := sc.Scan(&n)
		busy += n
		return err
	}
	err := t.manyOf(count, p.numbers, `SELECT count(*) FROM calling WHERE number IN `+manyList)
	if err == nil {
		err = t.manyOf(count, p.persons, `SELECT count(*) FROM calling WHERE person IN `+manyList)
	}
	if err == nil {
		err = t.manyOf(count, p.keys, `SELECT count(*) FROM lease WHERE record_key IN `+manyList)
	}
	if err == nil && busy > 0 {
		err = passing{notNow("the person is being called, or with an agent: wait until that is done")}
	}
	return err
}

func (t tx) erase(e *campaign.Erasure, p subjects, q campaign.EraseQuery) error {
	attempts, err := t.attemptsOf(p, q.Person == "")
	if err != nil {
		return err
	}
	before, err := t.exportsOf(p)
	if err != nil {
		return err
	}
	for _, x := range before {
		e.Exports = append(e.Exports, strings.TrimSpace(fmt.Sprintf("%s %s at %s by %s", x.What, x.About, x.At.UTC().Format(time.RFC3339), x.Who)))
	}
	for _, step := range []func(*campaign.Erasure, subjects, campaign.EraseQuery) error{t.lockConsent, t.hashEntries, t.hashNational, t.eraseRecords} {
		if err := step(e, p, q); err != nil {
			return err
		}
	}
	if err := t.eraseAttempts(e, p, attempts, q.Person == "", q.Now); err != nil {
		return err
	}
	if e.Counts["consent"] > 0 {
		e.Kept = append(e.Kept, "consent: proof that calls were permitted, found by the number only")
	}
	if e.Counts["do_not_call"] > 0 {
		e.Kept = append(e.Kept, "do not call: hashed, so that the person is never called again")
	}
	if e.Counts["national"] > 0 {
		e.Kept = append(e.Kept, "national do-not-call lists: hashed; the next one that is imported brings what the register says then")
	}
	e.Kept = append(e.Kept, "attempts: time, campaign, agent and result without the person, for the proof of abandoned calls; for 30 days with the number hashed, for locks and caps")
	t.db.Changed()
	return t.keepErasure(e, p)
}

// lockConsent keeps documented consent under the hash of the number.
func (t tx) lockConsent(e *campaign.Erasure, p subjects, q campaign.EraseQuery) error {
	for _, r := range p.records {
		c := r.Consent
		if c == (campaign.Consent{}) {
			continue
		}
		subject, err := t.subject(r.Phone)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO consent_proof (subject, at, text, source, reference, revoked, locked_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			subject, ms(c.At), c.Text, c.Source, c.Reference, ms(c.Revoked), ms(q.Now))
		if err != nil {
			return err
		}
		e.Counts["consent"]++
	}
	return nil
}

// hashEntries makes do-not-call entries of the people nameless. An entry for a
// person becomes one for each number, too: a new list knows the numbers only.
func (t tx) hashEntries(e *campaign.Erasure, p subjects, q campaign.EraseQuery) error {
	var entries []campaign.DNCEntry
	for _, by := range []struct {
		column string
		values []string
	}{{"number", p.numbers}, {"person", p.persons}} {
		err := t.manyOf(func(sc Row) error {
			x, err := scanEntry(sc)
			entries = append(entries, x)
			return err
		}, by.values, `SELECT `+entryColumns+` FROM do_not_call WHERE `+by.column+` IN `+manyList+` ORDER BY at, id`)
		if err != nil {
			return err
		}
	}
	asked := len(entries) > 0
	for _, r := range p.records { // where only a list says so
		if !asked && (r.NoCall || r.Type == campaign.NoCall) {
			entries = append(entries, campaign.DNCEntry{Person: r.Person, At: q.Now, By: "list " + r.List})
		}
	}
	var rows [][]any
	for _, x := range entries {
		names := []string{x.Number}
		if number, ok := strings.CutPrefix(x.Person, "number:"); ok {
			names = append(names, number)
		} else if x.Person != "" {
			names = append(names, p.numbers...)
		}
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			if n == "" {
				continue
			}
			h, err := t.subject(n)
			if err != nil {
				return err
			}
			rows = append(rows, []any{erasedMark + h, "", x.Campaign, x.Client, ms(x.At), x.By, x.Attempt, ""})
		}
		if x.Person != "" && !strings.HasPrefix(x.Person, "number:") {
			h, err := t.subject(x.Person)
			if err != nil {
				return err
			}
			rows = append(rows, []any{"", erasedMark + h, x.Campaign, x.Client, ms(x.At), x.By, x.Attempt, ""})
		}
	}
	if _, err := t.db.Insert(`INSERT INTO do_not_call (`+entryColumns+`)`, `ON CONFLICT (number, person, campaign, client) DO NOTHING`, rows); err != nil {
		return err
	}
	for _, x := range entries {
		n, err := t.exec(`DELETE FROM do_not_call WHERE number = ? AND person = ? AND campaign = ? AND client = ?`, x.Number, x.Person, x.Campaign, x.Client)
		if err != nil {
			return err
		}
		e.Counts["do_not_call"] += int(n)
	}
	return nil
}

func (t tx) eraseRecords(e *campaign.Erasure, p subjects, _ campaign.EraseQuery) error {
	for _, r := range p.records {
		n, err := t.exec(`DELETE FROM offer WHERE record_key = ?`, r.Key)
		if err != nil {
			return err
		}
		e.Counts["offers"] += int(n)
		if n, err = t.exec(`DELETE FROM record WHERE key = ?`, r.Key); err != nil {
			return err
		}
		e.Counts["records"] += int(n)
	}
	for _, who := range p.persons {
		n, err := t.exec(`DELETE FROM contact WHERE person = ?`, who)
		if err != nil {
			return err
		}
		e.Counts["contacts"] += int(n)
	}
	return t.eraseMessages(e, p)
}

// eraseMessages removes messages that speak of the person.
func (t tx) eraseMessages(e *campaign.Erasure, p subjects) error {
	words := slices.Clone(p.numbers)
	for _, r := range p.records {
		words = append(words, r.Name)
	}
	for _, c := range p.entered {
		words = append(words, c.Name)
	}
	slices.Sort(words)
	for _, w := range slices.Compact(words) {
		if len(w) < 4 { // stands in many
			continue
		}
		n, err := t.exec(`DELETE FROM message WHERE text LIKE ? ESCAPE '!'`, "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(w)+"%")
		if err != nil {
			return err
		}
		e.Counts["messages"] += int(n)
	}
	return nil
}

// lockedFor is how long an erased attempt still counts for its number: longer
// than any lock or cap of attempts lasts, but that of a campaign. Retention ends it.
const lockedFor = 30 * 24 * time.Hour

// lockedAs are number and person of an attempt that is erased: hashed, so that
// a list which brings the number back does not get around locks and caps.
func (t tx) lockedAs(a campaign.Attempt, now time.Time) (number, person string, err error) {
	if a.Number == "" || a.DialedAt.Before(now.Add(-lockedFor)) {
		return "", "", nil
	}
	if number, err = t.subject(a.Number); err == nil {
		person, err = t.subject(a.Person)
	}
	return erasedMark + number, erasedMark + person, err
}

// Unlock forgets the hashes of erased attempts that count no longer.
func (s *Core) Unlock(ctx context.Context, now time.Time) error {
	return s.write(ctx, "erased attempts", func(t tx) error {
		_, err := t.exec(`UPDATE attempt SET number = '', person = '' WHERE number >= ? AND number < ? AND dialed_at < ?`,
			erasedMark, erasedMark+"~", ms(now.Add(-lockedFor)))
		return err
	})
}

// eraseAttempts takes the person out of attempts and refusals.
func (t tx) eraseAttempts(e *campaign.Erasure, p subjects, attempts []campaign.Attempt, byNumber bool, now time.Time) error {
	for _, a := range attempts {
		number, person, err := t.lockedAs(a, now)
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE attempt SET number = ?, person = ?, record_id = '', note = '', text = '', recording = '', filed = '', token = NULL WHERE id = ?`, number, person, a.ID)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE outcome_before SET note = '' WHERE attempt = ?`, a.ID); err != nil {
			return err
		}
		e.Counts["attempts"]++
		if a.Note != "" {
			e.Counts["notes"]++
		}
		if a.Recording != "" {
			e.Files = append(e.Files, a.Recording)
			e.Counts["recordings"]++
		}
	}
	blank := func(where string, value string) error {
		n, err := t.exec(`UPDATE refusal SET number = '', person = '', record_id = '', text = '' WHERE `+where+` = ?`, value)
		e.Counts["refusals"] += int(n)
		return err
	}
	for _, who := range p.persons {
		if err := blank("person", who); err != nil {
			return err
		}
	}
	if byNumber {
		return blank("number", p.number)
	}
	return nil
}

// keepErasure writes the record of a deletion.
func (t tx) keepErasure(e *campaign.Erasure, p subjects) error {
	texts := make([]string, 4)
	for i, v := range []any{e.Counts, e.Kept, e.Exports, e.Files} {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		texts[i] = string(b)
	}
	_, err := t.exec(`INSERT INTO erasure (`+erasureColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		e.ID, ms(e.At.Time), e.By, e.Reason, texts[0], texts[1], texts[2], texts[3])
	if err != nil {
		return err
	}
	var lines []campaign.AuditEntry
	for _, h := range slices.Compact(slices.Sorted(slices.Values(p.hashes))) {
		if _, err := t.exec(`INSERT INTO erased (subject, erasure) VALUES (?, ?) ON CONFLICT DO NOTHING`, h, e.ID); err != nil {
			return err
		}
		lines = append(lines, campaign.AuditEntry{At: e.At, Who: e.By, What: campaign.AuditPersonErased, About: e.ID, Subject: h, New: texts[0], Reason: e.Reason})
	}
	return t.audit(lines...)
}

// PendingErasures are those whose files may still exist.
func (s *Core) PendingErasures(ctx context.Context) (out []campaign.Erasure, err error) {
	err = s.read(ctx, "erasures", func(sc Row) error {
		e, err := scanErasure(sc)
		out = append(out, e)
		return err
	}, `SELECT `+erasureColumns+` FROM erasure WHERE done_at = 0 ORDER BY at, id`)
	return out, err
}

// Erased says that the files of an erasure are gone.
func (s *Core) Erased(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, "erased", func(t tx) error {
		_, err := t.exec(`UPDATE erasure SET done_at = ?, files = '[]' WHERE id = ?`, ms(at), id)
		return err
	})
}
