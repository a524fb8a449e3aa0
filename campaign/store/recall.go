package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Recall implements campaign.Store.
func (s *Core) Recall(ctx context.Context, q campaign.RecallQuery) ([]campaign.ReturnedWork, error) {
	type call struct {
		attempt campaign.Attempt
		filed   campaign.Filed
	}
	var calls []call
	var keys []any
	err := s.read(ctx, "last calls", func(sc Row) error {
		var c call
		var filed string
		a, err := scanAttempt(sc, &filed)
		if err != nil {
			return err
		}
		if a.Record != 0 {
			keys = append(keys, a.Record)
		}
		c.attempt = a
		err = json.Unmarshal([]byte(filed), &c.filed)
		calls = append(calls, c)
		return err
	}, `SELECT `+attemptColumns+`, a.filed FROM attempt a WHERE a.agent = ? AND a.dialed_at >= ? AND a.filed <> '' AND a.ended_at > 0
		ORDER BY a.dialed_at DESC, a.id DESC LIMIT ?`, q.Agent, ms(q.Since), q.Limit)
	if err != nil || len(calls) == 0 {
		return nil, err
	}
	records := map[campaign.Key]campaign.Record{}
	if len(keys) > 0 {
		err = s.recordsOf(ctx, func(r campaign.Record) { records[r.Key] = r },
			fromRecord+`WHERE r.key IN (?`+strings.Repeat(`, ?`, len(keys)-1)+`)`, keys...)
	}
	var out []campaign.ReturnedWork
	for _, c := range calls {
		r, known := records[c.attempt.Record]
		if known || c.attempt.Record == 0 {
			out = append(out, c.filed.Returned(c.attempt, r))
		}
	}
	return out, err
}

// filedText is what Settle keeps for Recall; empty: nothing.
func filedText(f *campaign.Filed) (string, error) {
	if f == nil {
		return "", nil
	}
	b, err := json.Marshal(f)
	return string(b), err
}

// outcome is a result in words for the audit log; what a note says is not for
// it. filed tells of what the attempt itself does not: empty, where nothing was
// kept.
func outcome(r campaign.CallResult, disposition, note, filed string) (string, error) {
	words := []string{r.String()}
	if disposition != "" {
		words = append(words, disposition)
	}
	if note != "" {
		words = append(words, "with a note")
	}
	var f campaign.Filed
	if filed == "" {
		return strings.Join(words, ", "), nil
	}
	if err := json.Unmarshal([]byte(filed), &f); err != nil {
		return "", err
	}
	if w := f.Desk.Wrap; w.NoCall {
		words = append(words, "do not call")
	} else if cb := w.Callback; cb != nil {
		kind := "callback "
		if cb.Personal {
			kind = "personal callback "
		}
		words = append(words, kind+cb.At.UTC().Format(time.RFC3339))
	}
	return strings.Join(words, ", "), nil
}
