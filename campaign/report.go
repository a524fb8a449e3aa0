package campaign

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// Stamp is a time in a report: RFC 3339 with milliseconds.
type Stamp struct{ time.Time }

// MarshalJSON writes the time with exactly three decimals.
func (s Stamp) MarshalJSON() ([]byte, error) {
	return []byte(s.Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// Report is what a campaign did, in the form scripts depend on.
type Report struct {
	Campaign  string          `json:"campaign"`
	StartedAt Stamp           `json:"started_at,omitzero"`
	EndedAt   Stamp           `json:"ended_at,omitzero"`
	Records   []ReportRecord  `json:"records"`
	Offers    []ReportOffer   `json:"offers"`
	Attempts  []ReportAttempt `json:"attempts"`
}

// ReportRecord is a record at the end.
type ReportRecord struct {
	ID          string            `json:"id"`
	CustomerID  string            `json:"customer_id,omitempty"`
	Phone       string            `json:"phone"`
	Status      RecordStatus      `json:"status"`
	CallResult  CallResult        `json:"call_result"`
	Attempts    int               `json:"attempts"`
	NextDialAt  Stamp             `json:"next_dial_at,omitzero"`
	Reason      string            `json:"reason,omitempty"`
	Disposition string            `json:"disposition,omitempty"`
	Note        string            `json:"note,omitempty"`
	DoNotCall   bool              `json:"do_not_call"`
	CallbackAt  Stamp             `json:"callback_at,omitzero"`
	Fields      map[string]string `json:"fields"`
}

// ReportOffer is a preview and what the agent made of it.
type ReportOffer struct {
	Record    string   `json:"record"`
	Agent     AgentID  `json:"agent"`
	OfferedAt Stamp    `json:"offered_at"`
	DecidedAt Stamp    `json:"decided_at,omitzero"`
	Decision  Decision `json:"decision"`
}

// ReportAttempt is a dialled call.
type ReportAttempt struct {
	Record       string     `json:"record,omitempty"`
	Phone        string     `json:"phone"`
	Agent        AgentID    `json:"agent,omitempty"`
	SIPStatus    int        `json:"sip_status,omitempty"`
	DialerResult CallResult `json:"dialer_result,omitempty"`
	CallResult   CallResult `json:"call_result,omitempty"`
	Disposition  string     `json:"disposition,omitempty"`
	DialedAt     Stamp      `json:"dialed_at,omitzero"`
	RingingAt    Stamp      `json:"ringing_at,omitzero"`
	AnsweredAt   Stamp      `json:"answered_at,omitzero"`
	JoinedAt     Stamp      `json:"joined_at,omitzero"`
	EndedAt      Stamp      `json:"ended_at,omitzero"`
	EndedBy      Party      `json:"ended_by,omitempty"`
	HeldMS       int64      `json:"held_ms"`
	RTP          *RTPReport `json:"rtp,omitempty"`
	Recording    string     `json:"recording,omitempty"`
}

// UnmarshalJSON reads RFC 3339.
func (s *Stamp) UnmarshalJSON(b []byte) error { return s.Time.UnmarshalJSON(b) }

// ReportQuery says what is reported.
type ReportQuery struct {
	Campaign  string
	Lists     []string
	StartedAt time.Time // zero: the first offer or attempt
	EndedAt   time.Time // zero: the last
	DataDir   string    // recordings are given relative to it
}

// WriteReport writes a campaign's report as JSON, one record after the other:
// a list of a million needs no more memory than one of ten.
func WriteReport(ctx context.Context, w io.Writer, store Store, q ReportQuery) error {
	out := &reportWriter{w: bufio.NewWriter(w)}
	from, until, err := q.span(ctx, store)
	if err != nil {
		return err
	}
	out.head(q.Campaign, from, until)
	err = EachOfReport(ctx, store, q, ReportParts{
		Record:  func(x ReportRecord) error { return out.item("records", x) },
		Offer:   func(x ReportOffer) error { return out.item("offers", x) },
		Attempt: func(x ReportAttempt) error { return out.item("attempts", x) },
	})
	if err != nil {
		return err
	}
	return out.end()
}

// reportArrays are the report's lists, in the order in which they are written.
func reportArrays() []string { return []string{"records", "offers", "attempts"} }

// reportWriter writes a report as json.Encoder would, with two blanks a level.
type reportWriter struct {
	w     *bufio.Writer
	begun int // how many of reportArrays have begun
	items int // of the last one
}

func (r *reportWriter) value(v any, prefix string) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := r.w.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return err
}

func (r *reportWriter) head(name string, from, until Stamp) {
	_, _ = r.w.WriteString("{\n  \"campaign\": ")
	_ = r.value(name, "  ") // what bufio could not write, it says at the end
	for _, at := range []struct {
		name string
		at   Stamp
	}{{"started_at", from}, {"ended_at", until}} {
		if !at.at.IsZero() {
			_, _ = r.w.WriteString(",\n  \"" + at.name + "\": ")
			_ = r.value(at.at, "  ")
		}
	}
}

// item writes one of an array; those before it are complete.
func (r *reportWriter) item(array string, v any) error {
	for r.begun == 0 || reportArrays()[r.begun-1] != array {
		r.next()
	}
	if r.items > 0 {
		_, _ = r.w.WriteString(",")
	}
	r.items++
	_, _ = r.w.WriteString("\n    ")
	return r.value(v, "    ")
}

// next ends an array and begins the one behind it.
func (r *reportWriter) next() {
	r.close()
	_, _ = r.w.WriteString(",\n  \"" + reportArrays()[r.begun] + "\": [")
	r.begun, r.items = r.begun+1, 0
}

func (r *reportWriter) close() {
	switch {
	case r.begun == 0:
	case r.items > 0:
		_, _ = r.w.WriteString("\n  ]")
	default:
		_, _ = r.w.WriteString("]")
	}
}

func (r *reportWriter) end() error {
	for r.begun < len(reportArrays()) {
		r.next()
	}
	r.close()
	_, _ = r.w.WriteString("\n}\n")
	return r.w.Flush()
}

// ReportParts take a report, part by part, in this order. What is nil is not
// asked for.
type ReportParts struct {
	Record  func(ReportRecord) error
	Offer   func(ReportOffer) error
	Attempt func(ReportAttempt) error
}

// EachOfReport reads a campaign's report from the store.
func EachOfReport(ctx context.Context, store Store, q ReportQuery, to ReportParts) error {
	for _, list := range q.Lists {
		if to.Record == nil {
			break
		}
		err := store.Records(ctx, RecordQuery{List: list}, func(rec Record) error { return to.Record(reportRecord(rec)) })
		if err != nil {
			return fmt.Errorf("report of %s: records of list %s: %w", q.Campaign, list, err)
		}
	}
	if to.Offer != nil {
		err := store.Offers(ctx, q.Campaign, func(o Offer) error {
			return to.Offer(ReportOffer{o.RecordID, o.Agent, Stamp{o.OfferedAt}, Stamp{o.DecidedAt}, o.Decision})
		})
		if err != nil {
			return fmt.Errorf("report of %s: offers: %w", q.Campaign, err)
		}
	}
	if to.Attempt == nil {
		return nil
	}
	err := store.Attempts(ctx, q.Campaign, func(a Attempt) error {
		if a.neverDialled() {
			return nil
		}
		return to.Attempt(ReportOf(a, q.DataDir))
	})
	if err != nil {
		return fmt.Errorf("report of %s: attempts: %w", q.Campaign, err)
	}
	return nil
}

// ReadReport reads a report that WriteReport wrote, to its end, a part at a time.
func ReadReport(r io.Reader, to ReportParts) error {
	d := json.NewDecoder(r)
	if err := opens(d, '{'); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		switch name {
		case "records":
			err = readItems(d, to.Record)
		case "offers":
			err = readItems(d, to.Offer)
		case "attempts":
			err = readItems(d, to.Attempt)
		default:
			err = d.Decode(new(json.RawMessage))
		}
		if err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// readItems reads an array; nil: nobody wants to know.
func readItems[T any](d *json.Decoder, each func(T) error) error {
	if err := opens(d, '['); err != nil {
		return err
	}
	for d.More() {
		if each == nil {
			if err := d.Decode(new(json.RawMessage)); err != nil {
				return err
			}
			continue
		}
		var x T
		if err := d.Decode(&x); err != nil {
			return err
		}
		if err := each(x); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func opens(d *json.Decoder, what json.Delim) error {
	t, err := d.Token()
	if err == nil && t != what {
		err = fmt.Errorf("not a report: %v in place of %v", t, what)
	}
	return err
}

// span is from when until when a report is.
func (q ReportQuery) span(ctx context.Context, store Store) (from, until Stamp, err error) {
	var first, last time.Time
	add := func(ts ...time.Time) {
		for _, t := range ts {
			if !t.IsZero() && (first.IsZero() || t.Before(first)) {
				first = t
			}
			if t.After(last) {
				last = t
			}
		}
	}
	err = store.Offers(ctx, q.Campaign, func(o Offer) error {
		add(o.OfferedAt, o.DecidedAt)
		return nil
	})
	if err != nil {
		return from, until, fmt.Errorf("report of %s: offers: %w", q.Campaign, err)
	}
	err = store.Attempts(ctx, q.Campaign, func(a Attempt) error {
		if !a.neverDialled() {
			add(a.DialedAt, a.EndedAt)
		}
		return nil
	})
	if err != nil {
		return from, until, fmt.Errorf("report of %s: attempts: %w", q.Campaign, err)
	}
	if !q.StartedAt.IsZero() {
		first = q.StartedAt
	}
	if !q.EndedAt.IsZero() {
		last = q.EndedAt
	}
	return Stamp{first}, Stamp{last}, nil
}

// neverDialled: a permit that was not used, because the campaign was stopped or
// the program ended between the gate and the line.
func (a Attempt) neverDialled() bool {
	return a.DialerResult == ResultCancelled && a.EndedBy == ByDialer && !a.Counted
}

func reportRecord(r Record) ReportRecord {
	fields := make(map[string]string, len(r.Fields))
	for _, f := range r.Fields {
		fields[f.Name] = f.Value
	}
	out := ReportRecord{
		ID: r.ID, CustomerID: r.CustomerID, Phone: r.Phone, Status: r.Status, CallResult: orUnknown(r.Result),
		Attempts: r.Attempts, Reason: r.Reason, Disposition: r.Disposition, Note: r.Note,
		DoNotCall: r.NoCall || r.Type == NoCall, CallbackAt: Stamp{r.CallbackAt}, Fields: fields,
	}
	if !r.Status.Done() {
		out.NextDialAt = Stamp{r.NextDial}
	}
	return out
}

// ReportOf is one attempt as the report shows it.
func ReportOf(a Attempt, dataDir string) ReportAttempt {
	return ReportAttempt{
		Record: a.RecordID, Phone: a.Number, Agent: a.Agent, SIPStatus: a.Status,
		DialerResult: a.DialerResult, CallResult: a.Result, Disposition: a.Disposition,
		DialedAt: Stamp{a.DialedAt}, RingingAt: Stamp{a.RingingAt}, AnsweredAt: Stamp{a.AnsweredAt},
		JoinedAt: Stamp{a.JoinedAt}, EndedAt: Stamp{a.EndedAt}, EndedBy: a.EndedBy,
		HeldMS: a.HeldMS, RTP: a.RTP, Recording: relative(dataDir, a.Recording),
	}
}

// relative gives a recording's path below the data folder; one that lies
// elsewhere is given as it is.
func relative(dir, path string) string {
	if path == "" || dir == "" || !filepath.IsAbs(path) {
		return filepath.ToSlash(path)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		if rel, err := filepath.Rel(abs, path); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.ToSlash(path)
}
