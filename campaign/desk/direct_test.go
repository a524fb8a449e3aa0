package desk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
)

// Without a server, too, an answer comes while it is made: who stops reading ends
// it, and what breaks off does not look whole.
func TestLocalAnswerIsPiped(t *testing.T) {
	d, m, _ := newDesk(nil)
	m.campaigns["spring"] = campaign.CampaignRow{Name: "spring"}
	const part = 64 << 10
	ended := make(chan int, 1)
	report := func(parts int, last error) (io.ReadCloser, error) {
		d.cfg.Report = func(context.Context, string) (func(io.Writer) error, error) {
			return func(w io.Writer) error {
				for n := range parts {
					if _, err := w.Write([]byte(strings.Repeat("x", part))); err != nil {
						ended <- n
						return err
					}
				}
				ended <- parts
				return last
			}, nil
		}
		return d.Local().Do(t.Context(), http.MethodGet, "/api/v1/campaigns/spring/report", "", nil)
	}
	r, err := report(1<<20, nil) // 64 GiB
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 3*part)); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if n := <-ended; n > 4 {
		t.Errorf("%d parts were made for a reader of 3", n)
	}
	for _, last := range []error{nil, errors.New("the disk is gone")} {
		r, err := report(2, last)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if len(b) != 2*part || (last == nil) != (err == nil) {
			t.Errorf("%v: %d bytes, %v", last, len(b), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	}
	if _, err := report(0, errors.New("the disk is gone")); err == nil { // before anything was said
		t.Error("it broke off, and nobody says so")
	}
}
