package sip

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Trace keeps the messages of the last calls as they crossed the wire, for
// those who look for the reason of a failed one. It holds so many bytes and
// forgets the oldest call first; nothing of it is written to a disk. Secrets
// (answers to challenges, keys of media, digits) are not in it: x stands in
// their place, so that lengths stay true.
type Trace struct {
	limit int

	mu    sync.Mutex
	since time.Time // what came before is not there
	size  int
	calls map[string]*TraceCall
	order []string // by their first message
}

// TraceCall is what was sent and received under one Call-ID.
type TraceCall struct {
	CallID   string
	Messages []TraceMessage
}

// TraceMessage is one message.
type TraceMessage struct {
	At            time.Time
	Out           bool   // we sent it
	Network       string // "udp", "tcp"
	Local, Remote netip.AddrPort
	Method        string // of the request, in an answer as well
	Line          string // the first: method and URI, or status and reason
	From, To      string // their URIs
	Text          string
}

// mostMessages bounds one Call-ID: a registration keeps its own for weeks.
const mostMessages = 200

// NewTrace makes a Trace of so many bytes.
func NewTrace(limit int) *Trace {
	return &Trace{limit: limit, since: time.Now(), calls: map[string]*TraceCall{}}
}

// note keeps a message; what is none is left out. A nil Trace keeps nothing.
func (t *Trace) note(out bool, network string, local, remote netip.AddrPort, raw []byte) {
	if t == nil || len(raw) < 12 {
		return
	}
	m, _, err := readMessage(raw, false)
	if err != nil || m == nil || m.callID() == "" {
		return
	}
	from, to := m.from(), m.to()
	_, method := m.cseq()
	one := TraceMessage{At: time.Now(), Out: out, Network: network, Local: local, Remote: remote, Method: method, Line: m.line(),
		From: from.text, To: to.text, Text: withoutSecrets(raw)}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.calls[m.callID()]
	if c == nil {
		c = &TraceCall{CallID: m.callID()}
		t.calls[c.CallID], t.order = c, append(t.order, c.CallID)
	}
	if len(c.Messages) == mostMessages {
		t.size -= len(c.Messages[0].Text)
		c.Messages = slices.Delete(c.Messages, 0, 1)
	}
	c.Messages = append(c.Messages, one)
	t.size += len(one.Text)
	for t.size > t.limit && len(t.order) > 1 {
		for _, m := range t.calls[t.order[0]].Messages {
			t.size -= len(m.Text)
		}
		delete(t.calls, t.order[0])
		t.order = slices.Delete(t.order, 0, 1)
		t.since = t.calls[t.order[0]].Messages[0].At
	}
}

// Kept is how many calls are kept, and since when: its own beginning, or, when
// older ones had to go, the oldest that is left.
func (t *Trace) Kept() (calls int, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.order), t.since
}

// Calls are the newest calls, at most max, that hold a text in Call-ID, URIs
// or first lines; an empty one is in all.
func (t *Trace) Calls(text string, most int) []TraceCall {
	text = strings.ToLower(text)
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []TraceCall
	for _, id := range slices.Backward(t.order) {
		if len(out) == most {
			break
		}
		c := t.calls[id]
		if strings.Contains(strings.ToLower(id), text) || slices.ContainsFunc(c.Messages, func(m TraceMessage) bool {
			return strings.Contains(strings.ToLower(m.From+"\n"+m.To+"\n"+m.Line), text)
		}) {
			out = append(out, TraceCall{CallID: id, Messages: slices.Clone(c.Messages)})
		}
	}
	return out
}

// Call is one call; without messages where nothing is kept of it.
func (t *Trace) Call(id string) TraceCall {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.calls[id]; c != nil {
		return TraceCall{CallID: id, Messages: slices.Clone(c.Messages)}
	}
	return TraceCall{CallID: id}
}

// withoutSecrets is a message with x for what nobody may read later: answers
// to challenges (RFC 3261 §22), keys of media (RFC 4568), digits in INFO.
func withoutSecrets(raw []byte) string {
	lines := bytes.SplitAfter(raw, []byte("\n"))
	secret := false // of the header whose lines follow
	for i, l := range lines {
		low := bytes.ToLower(l)
		if len(l) == 0 || l[0] != ' ' && l[0] != '\t' {
			secret = bytes.HasPrefix(low, []byte("authorization")) || bytes.HasPrefix(low, []byte("proxy-authorization"))
		}
		begin := 0
		switch {
		case secret:
			if begin = bytes.IndexByte(l, ':') + 1; l[0] == ' ' || l[0] == '\t' {
				begin = 0
			}
		case bytes.HasPrefix(low, []byte("a=crypto:")):
			if begin = bytes.Index(low, []byte("inline:")) + len("inline:"); begin < len("inline:") {
				continue
			}
		case bytes.HasPrefix(low, []byte("signal=")):
			begin = len("signal=")
		default:
			continue
		}
		masked := slices.Clone(l)
		for n := begin; n < len(masked); n++ {
			if !bytes.ContainsRune([]byte(" \t\r\n"), rune(masked[n])) {
				masked[n] = 'x'
			}
		}
		lines[i] = masked
	}
	return string(bytes.Join(lines, nil))
}

// anonymous has x for the greater part of telephone numbers and for names, so
// that a trace can be given away.
func anonymous(text string) string {
	// An export is made by hand, now and then.
	text = regexp.MustCompile(`(?i)((?:sips?|tel):\+?\d{3})(\d+)`).ReplaceAllStringFunc(text, maskAfter(`(?i)(?:sips?|tel):\+?\d{3}`))
	return regexp.MustCompile(`(?im)^(?:from|f|to|t|contact|m|p-asserted-identity|remote-party-id)\s*:\s*"[^"\r\n]*"`).
		ReplaceAllStringFunc(text, maskAfter(`^[^"]*"`))
}

// maskAfter puts x for letters and digits behind what a pattern matches.
func maskAfter(pattern string) func(string) string {
	head := regexp.MustCompile(pattern)
	return func(s string) string {
		n := len(head.FindString(s))
		return s[:n] + strings.Map(func(r rune) rune {
			if r < 128 && !strings.ContainsRune(`" `, r) {
				return 'x'
			}
			return r
		}, s[n:])
	}
}
