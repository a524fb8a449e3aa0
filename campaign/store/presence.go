package store

import (
	"context"
	"time"

	"github.com/freiton/freiton/campaign"
)

const presenceColumns = `agent, process, place, turn, wanted`

func scanPresence(sc Row, more ...any) (campaign.Presence, error) {
	var p campaign.Presence
	err := sc.Scan(append([]any{&p.Agent, &p.Process, &p.Place, &p.Turn, &p.Wanted}, more...)...)
	return p, err
}

// Enter implements campaign.Attendance.
func (s *Core) Enter(ctx context.Context, p campaign.Presence, move bool, now, until time.Time) (got campaign.Presence, err error) {
	err = s.write(ctx, "enter", func(t tx) error {
		if err := t.db.Lock("presence " + string(p.Agent)); err != nil {
			return err
		}
		was, end := campaign.Presence{}, int64(0)
		if err := t.query(func(sc Row) (err error) {
			was, err = scanPresence(sc, &end)
			return err
		}, `SELECT `+presenceColumns+`, until FROM presence WHERE agent = ?`, p.Agent); err != nil {
			return err
		}
		if was.Process != "" && was.Process != p.Process && end > ms(t.db.Expired(now)) {
			got = was
			if !move || was.Wanted == p.Process {
				return nil
			}
			got.Wanted = p.Process
			t.db.Changed()
			_, err := t.exec(`UPDATE presence SET wanted = ? WHERE agent = ?`, p.Process, p.Agent)
			return err
		}
		got = campaign.Presence{Agent: p.Agent, Process: p.Process, Place: p.Place, Turn: was.Turn + 1}
		if was.Process != "" && was.Process != p.Process {
			t.db.Changed()
		}
		_, err := t.exec(`INSERT INTO presence (agent, process, place, turn, wanted, until) VALUES (?, ?, ?, ?, '', ?)
			ON CONFLICT (agent) DO UPDATE SET process = excluded.process, place = excluded.place, turn = excluded.turn, wanted = '', until = excluded.until`,
			got.Agent, got.Process, got.Place, got.Turn, t.leaseUntil(now, until))
		return err
	})
	return got, err
}

// Leave implements campaign.Attendance. The row stays, and with it the turn: who
// enters again has another one.
func (s *Core) Leave(ctx context.Context, p campaign.Presence) error {
	return s.write(ctx, "leave", func(t tx) error {
		_, err := t.exec(`UPDATE presence SET until = CASE WHEN wanted = '' THEN 0 ELSE until END,
				process = CASE WHEN wanted = '' THEN process ELSE wanted END, wanted = '', place = '', turn = turn + 1
			WHERE agent = ? AND process = ? AND turn = ?`, p.Agent, p.Process, p.Turn)
		t.db.Changed()
		return err
	})
}

// Depart implements campaign.Attendance.
func (s *Core) Depart(ctx context.Context, process string) error {
	return s.write(ctx, "depart", func(t tx) error {
		n, err := t.exec(`UPDATE presence SET until = 0, wanted = '' WHERE process = ? AND until > 0`, process)
		if n > 0 {
			t.db.Changed()
		}
		return err
	})
}

// Present implements campaign.Attendance.
func (s *Core) Present(ctx context.Context) (ps []campaign.Presence, err error) {
	err = s.read(ctx, "present", func(sc Row) error {
		p, err := scanPresence(sc)
		ps = append(ps, p)
		return err
	}, `SELECT `+presenceColumns+` FROM presence WHERE until > 0 ORDER BY agent`)
	return ps, err
}

// ExtendPresence is the part of Extend for the agents of a process, until a time
// as the tables keep it.
const ExtendPresence = `UPDATE presence SET until = ? WHERE process = ? AND until > 0`
