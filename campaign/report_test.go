package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"
)

// buildReport is a report in one piece.
func buildReport(ctx context.Context, s Store, q ReportQuery) (*Report, error) {
	r := &Report{Campaign: q.Campaign, Records: []ReportRecord{}, Offers: []ReportOffer{}, Attempts: []ReportAttempt{}}
	var err error
	if r.StartedAt, r.EndedAt, err = q.span(ctx, s); err != nil {
		return nil, err
	}
	return r, EachOfReport(ctx, s, q, r.parts())
}

// parts put a report together.
func (r *Report) parts() ReportParts {
	return ReportParts{
		Record:  func(x ReportRecord) error { r.Records = append(r.Records, x); return nil },
		Offer:   func(x ReportOffer) error { r.Offers = append(r.Offers, x); return nil },
		Attempt: func(x ReportAttempt) error { r.Attempts = append(r.Attempts, x); return nil },
	}
}

// The report's names are a contract: the whole of it is compared.
func TestReport(t *testing.T) {
	at := func(ms int) time.Time { return noon().Add(time.Duration(ms) * time.Millisecond) }
	s := newMemStore(
		Record{ID: "1", List: "l", CustomerID: "K7", Phone: "+49301", Status: Updated, Result: Answer, Attempts: 1, Reason: "finished: answer",
			Disposition: "Sold/New", Note: "so", NextDial: at(1), Fields: []Field{{"Telefon", "030 1"}, {"Ort", "Köln"}}},
		Record{ID: "2", List: "l", Phone: "601", Status: Ready, Result: Busy, Attempts: 1, NextDial: at(1800000), CallbackAt: at(1800000)},
		Record{ID: "3", List: "l", Phone: "+49303", Status: Updated, Type: NoCall, Result: DoNotCall, Reason: "on the do-not-call list"},
		Record{ID: "4", List: "other", Phone: "+49304"},
	)
	add := func(a Attempt) {
		a.Campaign = "spring"
		s.attempts[a.ID] = &memAttempt{Attempt: a}
		s.order = append(s.order, a.ID)
	}
	add(Attempt{ID: "a1", RecordID: "1", Number: "+49301", Agent: "ann", Status: 200, DialerResult: Answer, Result: Answer, Disposition: "Sold/New", Counted: true,
		DialedAt: at(1000), RingingAt: at(2000), AnsweredAt: at(3050), JoinedAt: at(3051), EndedAt: at(9000), EndedBy: ByContact, HeldMS: 1500,
		RTP: &RTPReport{Codec: "pcma", Sent: 300, Received: 299, Lost: 1, JitterMS: 0.5, MOS: 4.3}, Recording: "/data/recordings/a1.wav", Token: []byte("secret")})
	add(Attempt{ID: "a2", RecordID: "2", Number: "601", Agent: "ben", Status: 486, DialerResult: Busy, Result: Busy, Counted: true, DialedAt: at(1000), EndedAt: at(1500), EndedBy: ByContact})
	add(Attempt{ID: "a3", RecordID: "2", Number: "601", DialerResult: ResultCancelled, EndedBy: ByDialer, DialedAt: at(2), EndedAt: at(3)})
	s.offers = []Offer{{"spring", 1, "1", "ann", at(0), at(900), Accepted}, {"winter", 1, "1", "ann", at(0), at(900), Missed}}

	r, err := buildReport(t.Context(), s, ReportQuery{Campaign: "spring", Lists: []string{"l"}, DataDir: "/data"})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/report.json")
	if *update {
		err = os.WriteFile("testdata/report.json", got.Bytes(), 0o644)
		want = got.Bytes()
	}
	if err != nil || got.String() != string(want) {
		t.Errorf("%v\n%s", err, got.String())
	}
	// A record at a time, it is the same to the last byte; and so is an empty one.
	empty := ReportQuery{Campaign: "none", Lists: []string{"nothing"}}
	for _, q := range []ReportQuery{{Campaign: "spring", Lists: []string{"l"}, DataDir: "/data"}, empty} {
		whole, err := buildReport(t.Context(), s, q)
		if err != nil {
			t.Fatal(err)
		}
		var built, written bytes.Buffer
		enc := json.NewEncoder(&built)
		enc.SetIndent("", "  ")
		if err := errors.Join(enc.Encode(whole), WriteReport(t.Context(), &written, s, q)); err != nil {
			t.Fatal(err)
		}
		if written.String() != built.String() {
			t.Errorf("written one by one:\n%s", written.String())
		}
		read := &Report{Campaign: whole.Campaign, StartedAt: whole.StartedAt, EndedAt: whole.EndedAt, Records: []ReportRecord{}, Offers: []ReportOffer{}, Attempts: []ReportAttempt{}}
		if err := ReadReport(bytes.NewReader(written.Bytes()), read.parts()); err != nil {
			t.Fatal(err)
		}
		built.Reset()
		if err := enc.Encode(read); err != nil || written.String() != built.String() {
			t.Errorf("read one by one: %v\n%s", err, built.String())
		}
		for _, cut := range []int{0, 1, len("{\n  \"campaign\": "), written.Len() / 2, written.Len() - 3} {
			if err := ReadReport(bytes.NewReader(written.Bytes()[:cut]), ReportParts{}); err == nil {
				t.Errorf("cut off after %d bytes, and nobody says so", cut)
			}
		}
	}
	var back Report
	if err := json.Unmarshal(want, &back); err != nil || !back.Attempts[0].AnsweredAt.Equal(at(3050)) || back.Records[1].CallResult != Busy {
		t.Errorf("does not read back: %v %+v", err, back)
	}
}

func TestRelative(t *testing.T) {
	for _, c := range [][3]string{
		{"/data", "/data/recordings/a.wav", "recordings/a.wav"}, {"/data", "recordings/a.wav", "recordings/a.wav"},
		{"/data", "/elsewhere/a.wav", "/elsewhere/a.wav"}, {"", "/x/a.wav", "/x/a.wav"}, {"/data", "", ""},
	} {
		if got := relative(c[0], c[1]); got != c[2] {
			t.Errorf("%v: %s", c, got)
		}
	}
}
