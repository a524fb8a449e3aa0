package desk

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// SIPTrace is what is kept of the SIP messages of the last calls. It is the
// memory of this process: a restart empties it.
type SIPTrace interface {
	// Calls are the newest that hold a text, at most so many.
	Calls(text string, most int) []SIPCall
	// Kept is how many calls there are, and since when.
	Kept() (calls int, since time.Time)
	// Messages are those of a call, in their order.
	Messages(callID string) []SIPMessage
	// Export is a call as a file to give away: "text" or "pcap".
	Export(callID, format string) []byte
}

// SIPCall is a call, a registration or whatever else has a Call-ID.
type SIPCall struct {
	CallID   string    `json:"call_id"`
	Begun    time.Time `json:"begun"`
	Method   string    `json:"method" doc:"of its first request, as in INVITE"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Answer   string    `json:"answer,omitempty" doc:"the last final answer to that request, as in 486 Busy Here"`
	Messages int       `json:"messages"`
}

// SIPKept is how far back one can look. The messages are in the memory of this
// process only.
type SIPKept struct {
	Calls int       `json:"calls" doc:"calls, registrations and whatever else has a Call-ID"`
	Since time.Time `json:"since" doc:"the program's start, or the oldest call for which there still was room"`
}

// SIPMessage is one message as it crossed the wire. Answers to challenges, keys
// of media and digits are masked.
type SIPMessage struct {
	At     time.Time `json:"at"`
	Out    bool      `json:"out" doc:"sent by us"`
	Via    string    `json:"via" enum:"udp,tcp"`
	Local  string    `json:"local"`
	Remote string    `json:"remote"`
	Line   string    `json:"line" doc:"its first line, in short"`
	Text   string    `json:"text"`
}

// mostLadders bounds an answer.
const mostLadders = 100

func (d *Desk) ladders(api huma.API) {
	if d.cfg.SIP == nil {
		return
	}
	get := func(id, path, summary string) huma.Operation {
		return both(operation(id, http.MethodGet, "/api/v1/sip"+path, campaign.RoleSupervisor, summary))
	}
	huma.Register(api, get("sip-calls", "", "The last calls on the wire that hold a text (number, URI, Call-ID); newest first, 100 at most"),
		func(ctx context.Context, in *struct {
			Q string `query:"q" maxLength:"100"`
		}) (*body[[]SIPCall], error) {
			if err := d.whole(ctx); err != nil {
				return nil, err
			}
			return reply(listed(d.cfg.SIP.Calls(in.Q, mostLadders))), nil
		})
	huma.Register(api, get("sip-kept", "/kept", "How many calls are kept, and since when: they are in the memory of this process only, and a restart empties it"),
		func(ctx context.Context, _ *struct{}) (*body[SIPKept], error) {
			if err := d.whole(ctx); err != nil {
				return nil, err
			}
			n, since := d.cfg.SIP.Kept()
			return reply(SIPKept{n, since}), nil
		})
	huma.Register(api, get("sip-messages", "/messages", "The messages of a call"),
		func(ctx context.Context, in *struct {
			ID string `query:"call_id" maxLength:"500" required:"true"`
		}) (*body[[]SIPMessage], error) {
			if err := d.seesLadder(ctx, in.ID, ""); err != nil {
				return nil, err
			}
			return reply(listed(d.cfg.SIP.Messages(in.ID))), nil
		})
	huma.Register(api, get("sip-export", "/export", "A call as a file to give away: numbers and names are masked"),
		func(ctx context.Context, in *struct {
			ID     string `query:"call_id" maxLength:"500" required:"true"`
			Format string `query:"format" enum:"text,pcap" default:"text"`
		}) (*traceOutput, error) {
			if err := d.seesLadder(ctx, in.ID, in.Format); err != nil {
				return nil, err
			}
			out := &traceOutput{ContentType: "text/plain; charset=utf-8", Body: d.cfg.SIP.Export(in.ID, in.Format)}
			if in.Format == "pcap" {
				out.ContentType = "application/vnd.tcpdump.pcap"
			}
			out.Disposition = fmt.Sprintf(`attachment; filename="call.%s"`, map[string]string{"text": "txt", "pcap": "pcap"}[in.Format])
			return out, nil
		})
}

type traceOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// seesLadder lets those see a call's messages who see the whole floor, and
// writes it down; format is empty where it is not exported.
func (d *Desk) seesLadder(ctx context.Context, id, format string) error {
	if err := d.whole(ctx); err != nil {
		return err
	}
	if len(d.cfg.SIP.Messages(id)) == 0 {
		return huma.Error404NotFound("nothing is kept of that call; only the last calls since the program's start are")
	}
	return d.note(ctx, "", campaign.AuditEntry{What: campaign.AuditSIPRead, About: id, New: format})
}
