package peer

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Entry is one thing seen: a message in or out, or bytes that are none.
type Entry struct {
	At   time.Time
	Out  bool     // sent by us
	Flow string   // "udp 127.0.0.1:5060"
	Msg  *Message // nil for bytes that are no message
	Raw  []byte
	Err  error // why Raw is no message
	Note string
}

func (e Entry) line(from time.Time) string {
	arrow := "<-"
	if e.Out {
		arrow = "->"
	}
	what := fmt.Sprintf("%d raw bytes %.40q", len(e.Raw), e.Raw)
	if e.Msg != nil {
		what = e.Msg.String()
	}
	if e.Err != nil {
		what += ": " + e.Err.Error()
	}
	if e.Note != "" {
		what += "  # " + e.Note
	}
	return fmt.Sprintf("%8.3fs %s %s  %s", e.At.Sub(from).Seconds(), arrow, e.Flow, what)
}

// Trace is everything a Far saw and sent, in order. Safe for concurrent use.
type Trace struct {
	mu      sync.Mutex
	entries []Entry
}

func (t *Trace) add(e Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, e)
}

// Entries returns a copy.
func (t *Trace) Entries() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Entry(nil), t.entries...)
}

// In returns the messages received that match every condition.
func (t *Trace) In(match ...Match) []*Message { return t.pick(false, match) }

// Sent returns the messages sent that match every condition.
func (t *Trace) Sent(match ...Match) []*Message { return t.pick(true, match) }

func (t *Trace) pick(out bool, match []Match) []*Message {
	var list []*Message
	for _, e := range t.Entries() {
		if e.Msg != nil && e.Out == out && all(match, e.Msg) {
			list = append(list, e.Msg)
		}
	}
	return list
}

// Flow is the sequence of messages in short words, for comparison:
// "<INVITE >180 >200 <ACK".
func (t *Trace) Flow() string {
	var b strings.Builder
	for _, e := range t.Entries() {
		if e.Msg == nil {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(map[bool]string{true: ">", false: "<"}[e.Out])
		if e.Msg.IsRequest() {
			b.WriteString(e.Msg.Method)
		} else {
			fmt.Fprint(&b, e.Msg.Status)
		}
	}
	return b.String()
}

// String is the trace for a person, a line each, seconds since the first.
func (t *Trace) String() string {
	entries := t.Entries()
	if len(entries) == 0 {
		return "(nothing seen)"
	}
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.line(entries[0].At))
		b.WriteByte('\n')
	}
	return b.String()
}

// Match is a condition on a message.
type Match func(*Message) bool

func all(match []Match, m *Message) bool {
	for _, ok := range match {
		if !ok(m) {
			return false
		}
	}
	return true
}

// IsMethod matches requests of that method.
func IsMethod(method string) Match {
	return func(m *Message) bool { return m.Method == method }
}

// IsStatus matches responses of that status to a request of that method.
func IsStatus(status int, method string) Match {
	return func(m *Message) bool {
		_, of := m.CSeq()
		return !m.IsRequest() && m.Status == status && of == method
	}
}

// InCall matches messages of that Call-ID.
func InCall(callID string) Match {
	return func(m *Message) bool { return m.CallID() == callID }
}

// ToTagIs matches messages with that tag in To.
func ToTagIs(tag string) Match {
	return func(m *Message) bool { return m.ToTag() == tag }
}
