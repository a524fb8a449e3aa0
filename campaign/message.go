package campaign

import (
	"context"
	"time"
)

// Message is something an agent is to read: from a person, or from the dialer.
type Message struct {
	ID      string
	At      time.Time
	From    AgentID // empty: the dialer
	To      Audience
	Name    string     // of the agent or the campaign it is for, or about
	Code    ReasonCode // of the dialer's: what it says, for other languages
	Text    string
	ReadAt  time.Time // zero: not yet
	Readers int       // of a sent one: how many it went to
	ReadBy  int       // and how many have read it
}

// Audience is whom a message is for.
type Audience string

// The audiences.
const (
	ToAgent    Audience = "agent"
	ToCampaign Audience = "campaign" // its agents
	ToAll      Audience = "all"
)

// Mailbox keeps messages. Each reader has her own copy, so that what was read
// is known for each.
type Mailbox interface {
	// PutMessage stores a message for its readers; the same ID again changes nothing.
	PutMessage(ctx context.Context, m Message, readers []AgentID) error
	// Inbox gives a reader's messages, newest first.
	Inbox(ctx context.Context, reader AgentID, limit int) ([]Message, error)
	// Sent gives what somebody has sent, newest first.
	Sent(ctx context.Context, from AgentID, limit int) ([]Message, error)
	// Unread counts.
	Unread(ctx context.Context, reader AgentID) (int, error)
	// ReadMessages marks messages as read; none named: all.
	ReadMessages(ctx context.Context, reader AgentID, ids []string, at time.Time) error
}

// Preferences are what a user has chosen for herself, by name.
type Preferences interface {
	Preference(ctx context.Context, user AgentID, name string) (string, error) // "" when nothing was chosen
	PutPreference(ctx context.Context, user AgentID, name, value string) error
}
