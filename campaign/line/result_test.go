package line

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
)

// The rule as the product states it, one line a result.
const (
	causeRule = `
busy: 17
no-answer: 18 19 20
invalid-number: 1 22 28
rejected: 21
all-trunks-busy: 34 38 42`
	statusRule = `
busy: 486 600
no-answer: 408 480
invalid-number: 404 410 484 604
all-trunks-busy: 503
rejected: 603 607`
)

var names = map[string]campaign.CallResult{
	"busy":            campaign.Busy,
	"no-answer":       campaign.NoAnswer,
	"invalid-number":  campaign.InvalidNumber,
	"rejected":        campaign.Rejected,
	"all-trunks-busy": campaign.AllTrunksBusy,
}

// rule reads a rule into number -> result.
func rule(t *testing.T, text string) map[int]campaign.CallResult {
	t.Helper()
	m := map[int]campaign.CallResult{}
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		name, numbers, _ := strings.Cut(l, ":")
		r, ok := names[name]
		if !ok {
			t.Fatalf("no result %q", name)
		}
		for _, f := range strings.Fields(numbers) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			m[n] = r
		}
	}
	return m
}

func TestResultOverAllStatusesAndCauses(t *testing.T) {
	causes, statuses := rule(t, causeRule), rule(t, statusRule)
	n := 0
	for status := 300; status <= 699; status++ {
		for q := -1; q <= 200; q++ {
			want, ok := causes[q]
			if !ok {
				want, ok = statuses[status]
			}
			if !ok {
				want = campaign.DialError
			}
			if got := Result(status, q); got != want {
				t.Fatalf("Result(%d, %d) = %d, want %d", status, q, got, want)
			}
			n++
		}
	}
	if n != 400*202 {
		t.Fatalf("walked %d pairs", n)
	}
	if Result(403, 21) != campaign.Rejected || Result(403, 0) != campaign.DialError {
		t.Fatal("403 is a refusal only with cause 21")
	}
}

// Every final status and cause, with and without our own hang-up: what the
// campaign is told.
func TestJudgeRefused(t *testing.T) {
	agent := &campaign.Hangup{By: campaign.ByAgent, Reason: "agent hung up"}
	ring := &campaign.Hangup{By: campaign.ByDialer, Reason: campaign.HangupRingTimeout}
	stop := &campaign.Hangup{By: campaign.ByDialer, Reason: campaign.HangupShutdown}
	for status := 300; status <= 699; status++ {
		for _, q := range []int{0, 1, 16, 17, 19, 21, 31, 34, 127} {
			plain := judge(end{status: status, q850: q, remote: true})
			if want := Result(status, q); plain.result != want || plain.status != status {
				t.Fatalf("%d/%d: %+v, want result %d", status, q, plain, want)
			}
			if plain.by != campaign.ByContact {
				t.Fatalf("%d/%d: ended by %s; a final answer of the far side is the contact's", status, q, plain.by)
			}
			if plain.optOut != (status == 607) {
				t.Fatalf("%d/%d: opt-out %v", status, q, plain.optOut)
			}
			for _, h := range []*campaign.Hangup{agent, ring, stop} {
				for _, remote := range []bool{true, false} {
					checkCrossing(t, judge(end{status: status, q850: q, remote: remote, asked: h}), status, q, remote, h)
				}
			}
		}
	}
}

// checkCrossing checks a final answer that came after our own hang-up.
func checkCrossing(t *testing.T, got verdict, status, q int, remote bool, h *campaign.Hangup) {
	t.Helper()
	want := verdict{status: status, result: Result(status, q), by: campaign.ByContact, optOut: status == 607}
	if !remote {
		want.by = h.By
	}
	if status == 487 {
		want.by = h.By
		want.result = map[string]campaign.CallResult{
			"agent hung up": campaign.ResultCancelled, campaign.HangupRingTimeout: campaign.NoAnswer, campaign.HangupShutdown: campaign.DialError,
		}[h.Reason]
	}
	if got != want {
		t.Fatalf("%d/%d remote=%v after our %q: %+v, want %+v", status, q, remote, h.Reason, got, want)
	}
}

func TestJudge(t *testing.T) {
	hang := func(by campaign.Party, reason string) *campaign.Hangup {
		return &campaign.Hangup{By: by, Reason: reason}
	}
	for _, c := range []struct {
		name string
		end  end
		want verdict
	}{
		{"contact hangs up", end{answered: true, status: 200, remote: true}, verdict{200, campaign.Answer, campaign.ByContact, false}},
		{"contact's BYE says busy: answered all the same", end{answered: true, q850: 17, remote: true}, verdict{200, campaign.Answer, campaign.ByContact, false}},
		{"agent hangs up", end{answered: true, status: 200, asked: hang(campaign.ByAgent, "agent hung up")}, verdict{200, campaign.Answer, campaign.ByAgent, false}},
		{"both hang up, the contact first", end{answered: true, status: 200, remote: true, asked: hang(campaign.ByAgent, "agent hung up")}, verdict{200, campaign.Answer, campaign.ByContact, false}},
		{"abandoned", end{answered: true, status: 200, asked: hang(campaign.ByDialer, campaign.HangupAbandoned)}, verdict{200, campaign.Answer, campaign.ByDialer, false}},
		{"media lost", end{answered: true, status: 200, asked: hang(campaign.ByDialer, campaign.HangupLostMedia)}, verdict{200, campaign.Answer, campaign.ByDialer, false}},
		{"no answer to the INVITE at all", end{}, verdict{0, campaign.DialError, campaign.ByDialer, false}},
		{"ring timeout, no final answer to the CANCEL", end{asked: hang(campaign.ByDialer, campaign.HangupRingTimeout)}, verdict{0, campaign.NoAnswer, campaign.ByDialer, false}},
		{"agent gives up before the first answer", end{asked: hang(campaign.ByAgent, "agent hung up")}, verdict{0, campaign.ResultCancelled, campaign.ByAgent, false}},
		{"487 out of the blue", end{status: 487, remote: true}, verdict{487, campaign.DialError, campaign.ByContact, false}},
	} {
		if got := judge(c.end); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// The causes of the table are exactly those of the rule.
func TestNoCauseBesidesTheRule(t *testing.T) {
	causes := rule(t, causeRule)
	var got []int
	for q, r := range byCause {
		if r != 0 {
			got = append(got, q)
		}
	}
	var want []int
	for q := range causes {
		want = append(want, q)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("causes %v, want %v", got, want)
	}
}
