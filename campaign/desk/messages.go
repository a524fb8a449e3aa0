package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/freiton/freiton/campaign"
)

// Message is something to read.
type Message struct {
	ID     string              `json:"id"`
	At     time.Time           `json:"at"`
	From   string              `json:"from,omitempty" doc:"empty: the dialer"`
	To     campaign.Audience   `json:"to" enum:"agent,campaign,all"`
	Name   string              `json:"name,omitempty" doc:"the agent or campaign it is for, or about"`
	Code   campaign.ReasonCode `json:"code,omitempty" doc:"of the dialer's: what it says, for other languages"`
	Text   string              `json:"text"`
	Read   bool                `json:"read"`
	SentTo int                 `json:"sent_to,omitempty" doc:"of a sent one: to how many"`
	ReadBy int                 `json:"read_by,omitempty" doc:"and how many have read it"`
}

// Messages are one's own, newest first.
type Messages struct {
	Unread   int       `json:"unread"`
	Messages []Message `json:"messages"`
	Sent     []Message `json:"sent,omitempty"`
}

// NewMessage is a message to be sent.
type NewMessage struct {
	To   campaign.Audience `json:"to" enum:"agent,campaign,all"`
	Name string            `json:"name,omitempty" maxLength:"200" doc:"of the agent or the campaign"`
	Text string            `json:"text" minLength:"1" maxLength:"4000"`
}

// ReadMark names messages that were read.
type ReadMark struct {
	IDs []string `json:"ids,omitempty" maxItems:"500" doc:"none: all"`
}

// Mail is the data of `event: messages`: how many are unread, and the newest
// of them.
type Mail struct {
	Unread int      `json:"unread"`
	Newest *Message `json:"newest,omitempty"`
}

const mailLimit = 200

// The dialer's messages.
const (
	CodeDeclinedOften campaign.ReasonCode = "declined-often"      // to supervisors
	CodeOvertime      campaign.ReasonCode = "after-call-overtime" // to supervisors
	CodeStopped       campaign.ReasonCode = "campaign-stopped"
	CodeUnloaded      campaign.ReasonCode = "campaign-unloaded"
	CodeMode          campaign.ReasonCode = "mode-changed"
	CodePaused        campaign.ReasonCode = "campaign-paused" // to supervisors
	CodeForced        campaign.ReasonCode = "status-forced"
)

func (d *Desk) messages(api huma.API) {
	huma.Register(api, operation("messages", http.MethodGet, "/api/v1/messages", campaign.RoleAgent, "One's own messages, newest first, and those one has sent"),
		func(ctx context.Context, _ *struct{}) (*body[Messages], error) { return d.inbox(ctx, who(ctx).user) })
	huma.Register(api, operation("message-send", http.MethodPost, "/api/v1/messages", campaign.RoleSupervisor, "Send a message to an agent, a campaign's agents or all"), d.sendMessage)
	huma.Register(api, own(operation("messages-read", http.MethodPost, "/api/v1/messages/read", campaign.RoleAgent, "Mark messages as read")),
		func(ctx context.Context, in *struct{ Body ReadMark }) (*struct{}, error) {
			p := who(ctx)
			if err := d.cfg.Store.ReadMessages(ctx, p.user, in.Body.IDs, d.now()); err != nil {
				return nil, d.problem(err)
			}
			d.web.bells.ring(p.user)
			return nil, nil
		})
}

func (d *Desk) inbox(ctx context.Context, reader campaign.AgentID) (*body[Messages], error) {
	in, err := d.cfg.Store.Inbox(ctx, reader, mailLimit)
	if err != nil {
		return nil, d.problem(err)
	}
	sent, err := d.cfg.Store.Sent(ctx, reader, mailLimit)
	if err != nil {
		return nil, d.problem(err)
	}
	out := Messages{Messages: []Message{}}
	if out.Unread, err = d.cfg.Store.Unread(ctx, reader); err != nil {
		return nil, d.problem(err)
	}
	for _, m := range in {
		out.Messages = append(out.Messages, messageView(m))
	}
	for _, m := range sent {
		v := messageView(m)
		v.Read, v.SentTo, v.ReadBy = true, m.Readers, m.ReadBy
		out.Sent = append(out.Sent, v)
	}
	return reply(out), nil
}

func messageView(m campaign.Message) Message {
	return Message{ID: m.ID, At: m.At, From: string(m.From), To: m.To, Name: m.Name, Code: m.Code, Text: m.Text, Read: !m.ReadAt.IsZero()}
}

func (d *Desk) sendMessage(ctx context.Context, in *struct{ Body NewMessage }) (*body[Message], error) {
	b := in.Body
	b.Text = strings.TrimSpace(b.Text)
	if b.Text == "" {
		return nil, problem(http.StatusUnprocessableEntity, campaign.ReasonBadInput, "text: an empty message says nothing")
	}
	us, err := d.cfg.Store.Users(ctx)
	if err != nil {
		return nil, d.problem(err)
	}
	var readers []campaign.AgentID
	switch b.To {
	case campaign.ToAgent:
		if !slices.ContainsFunc(us, func(u campaign.User) bool { return string(u.Name) == b.Name && !u.Disabled }) {
			return nil, huma.Error404NotFound("no user is named " + b.Name)
		}
		readers = []campaign.AgentID{campaign.AgentID(b.Name)}
	case campaign.ToCampaign:
		if readers, err = d.agentsOf(ctx, b.Name, us); err != nil {
			return nil, err
		}
	default:
		b.Name = ""
		for _, u := range us {
			if !u.Disabled && u.Name != who(ctx).user {
				readers = append(readers, u.Name)
			}
		}
	}
	if len(readers) == 0 {
		return nil, problem(http.StatusConflict, campaign.ReasonNotNow, "there is nobody to read it")
	}
	m := campaign.Message{ID: secret(), At: d.now(), From: who(ctx).user, To: b.To, Name: b.Name, Text: b.Text}
	if err := d.web.deliver(ctx, m, readers); err != nil {
		return nil, d.problem(err)
	}
	v := messageView(m)
	v.Read, v.SentTo = true, len(readers)
	return reply(v), nil
}

// agentsOf are the users a campaign is assigned to.
func (d *Desk) agentsOf(ctx context.Context, name string, us []campaign.User) ([]campaign.AgentID, error) {
	snap, err := d.cfg.Control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		return nil, d.problem(err)
	}
	i := slices.IndexFunc(snap.Campaigns, func(c campaign.CampaignView) bool { return c.Name == name })
	if i < 0 {
		return nil, problem(http.StatusNotFound, campaign.ReasonUnknownCampaign, "there is no campaign "+name)
	}
	teams := map[campaign.AgentID]string{}
	for _, a := range snap.Agents {
		teams[a.Agent] = a.Team
	}
	var out []campaign.AgentID
	for _, u := range us {
		if !u.Disabled && u.Role == campaign.RoleAgent && snap.Campaigns[i].Assigned.Has(u.Name, teams[u.Name]) || slices.Contains(snap.Campaigns[i].Assigned.Names, u.Name) {
			out = append(out, u.Name)
		}
	}
	return out, nil
}

// deliver stores a message and tells the tabs of its readers.
func (w *Web) deliver(ctx context.Context, m campaign.Message, readers []campaign.AgentID) error {
	if err := w.desk.cfg.Store.PutMessage(ctx, m, readers); err != nil {
		return err
	}
	for _, r := range readers {
		w.bells.ring(r)
	}
	if m.From != "" {
		w.bells.ring(m.From)
	}
	return nil
}

// mail is what a tab is told of its messages.
func (w *Web) mail(ctx context.Context, reader campaign.AgentID) (Mail, error) {
	n, err := w.desk.cfg.Store.Unread(ctx, reader)
	m := Mail{Unread: n}
	if err != nil || n == 0 {
		return m, err
	}
	in, err := w.desk.cfg.Store.Inbox(ctx, reader, 1)
	if len(in) > 0 && in[0].ReadAt.IsZero() {
		v := messageView(in[0])
		m.Newest = &v
	}
	return m, err
}

// bells wake the streams of whoever has new messages.
type bells struct {
	mu sync.Mutex
	by map[campaign.AgentID]map[chan struct{}]bool
}

// hang gives a reader's bell, and how to take it down.
func (b *bells) hang(reader campaign.AgentID) (rings <-chan struct{}, down func()) {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by == nil {
		b.by = map[campaign.AgentID]map[chan struct{}]bool{}
	}
	if b.by[reader] == nil {
		b.by[reader] = map[chan struct{}]bool{}
	}
	b.by[reader][ch] = true
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.by[reader], ch)
	}
}

func (b *bells) ring(reader campaign.AgentID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.by[reader] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
