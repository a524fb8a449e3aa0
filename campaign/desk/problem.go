package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Problem is an error answer: RFC 9457, and a code for programs, which is the
// campaign's ReasonCode or one of those below.
type Problem struct {
	huma.ErrorModel
	Code campaign.ReasonCode `json:"code,omitempty"`
	// Document is what is wrong with a campaign document, with CodeDocument.
	Document []DocumentProblem `json:"document,omitempty"`
}

// DocumentError is what Documents say of a document that cannot be used. A page
// words it in its reader's language; Error is the same in English.
type DocumentError struct {
	Problems []DocumentProblem
	Err      error
}

func (e *DocumentError) Error() string { return e.Err.Error() }
func (e *DocumentError) Unwrap() error { return e.Err }

// DocumentProblem is one thing that is wrong: where, what, and what to do.
type DocumentProblem struct {
	Place string `json:"place,omitempty" doc:"file:line:column"`
	Key   string `json:"key,omitempty" doc:"path of the key, as in treatments.0.on"`
	What  Saying `json:"what"`
	How   Saying `json:"how"`
}

// Saying is a sentence by its code and what stands in it. Without a code it is
// said as it stands.
type Saying struct {
	Code string   `json:"code,omitempty"`
	Args []Saying `json:"args,omitempty"`
	Text string   `json:"text" doc:"in English"`
}

// The desk's own codes.
const (
	CodeLogin       campaign.ReasonCode = "login-needed"
	CodeExpired     campaign.ReasonCode = "session-expired"
	CodePassword    campaign.ReasonCode = "wrong-password"
	CodeThrottled   campaign.ReasonCode = "throttled"
	CodeForbidden   campaign.ReasonCode = "forbidden"
	CodeCSRF        campaign.ReasonCode = "csrf"
	CodeOrigin      campaign.ReasonCode = "origin"
	CodeViewer      campaign.ReasonCode = "viewer" // another tab has the desk
	CodeBlank       campaign.ReasonCode = "before-answer"
	CodeTooLarge    campaign.ReasonCode = "too-large"
	CodeKeyReused   campaign.ReasonCode = "key-reused" // an idempotency key came back with another request
	CodeNoHeadset   campaign.ReasonCode = "no-headset"
	CodeTooLong     campaign.ReasonCode = "search-too-long"
	CodeTooMany     campaign.ReasonCode = "too-many"
	CodeUnavailable campaign.ReasonCode = "unavailable"
	CodeDocument    campaign.ReasonCode = "bad-document"
	CodeNoOperation campaign.ReasonCode = "no-operation"
	CodeReason      campaign.ReasonCode = "reason-needed" // max_abandoned moves only with one
)

func problem(status int, code campaign.ReasonCode, detail string) *Problem {
	return &Problem{ErrorModel: huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail}, Code: code}
}

func (p *Problem) json() []byte {
	b, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		return []byte(`{"status":500}`)
	}
	return b
}

// write answers outside an operation.
func (p *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.json())
}

// noOperation answers what no operation has the address and method of.
func noOperation(w http.ResponseWriter, r *http.Request) {
	problem(http.StatusNotFound, CodeNoOperation, "there is no operation "+r.Method+" "+r.URL.Path+": /reference has those there are").write(w)
}

// documentProblem answers a document that cannot be used.
func documentProblem(err error) error {
	p := problem(http.StatusUnprocessableEntity, CodeDocument, err.Error())
	if bad := (*DocumentError)(nil); errors.As(err, &bad) {
		p.Document = bad.Problems
	}
	return p
}

// problem turns an error of the domain into problem+json.
func (d *Desk) problem(err error) error {
	var mine *Problem
	var refused *campaign.NotPossible
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mine):
		return mine
	case errors.As(err, &refused):
		return problem(statusOf(refused.Reason.Code), refused.Reason.Code, refused.Reason.Text)
	case errors.Is(err, campaign.ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, campaign.ErrClosed):
		return problem(http.StatusServiceUnavailable, CodeUnavailable, "the program is being stopped")
	}
	d.cfg.Log.Error("request failed", "err", err)
	return huma.Error500InternalServerError(err.Error())
}

// agentProblem is problem for an agent's own desk: an engaged agent gets the
// bare code, for a sentence may tell a number or a contact's local time.
func (d *Desk) agentProblem(ctx context.Context, err error) error {
	err = d.problem(err)
	var p *Problem
	if errors.As(err, &p) && who(ctx).engaged {
		bare := *p
		bare.Detail = string(p.Code)
		return &bare
	}
	return err
}

func statusOf(c campaign.ReasonCode) int {
	switch c {
	case campaign.ReasonUnknownCampaign, campaign.ReasonNoInteraction:
		return http.StatusNotFound
	case campaign.ReasonBadInput, campaign.ReasonNoResult:
		return http.StatusUnprocessableEntity
	case campaign.ReasonNotAssigned:
		return http.StatusForbidden
	case campaign.ReasonDraining, campaign.ReasonJournal:
		return http.StatusServiceUnavailable
	default:
		return http.StatusConflict
	}
}
