package sip

import "sync"

// mail is one thing for a call to do: an input of the state machine with what
// belongs to it, a request of the far end, or a function.
type mail struct {
	in     input
	msg    *message
	err    error
	tx     *serverTx
	reason Reason
	status int
	fn     func()
	kind   mailKind
}

type mailKind uint8

const (
	mailInput mailKind = iota
	mailRequest
	mailFunc
	mailAccept
)

// maxMail bounds what a far end can pile up at one call.
const maxMail = 512

// mailbox is where everything that concerns a call arrives, from whatever
// goroutine. put never blocks.
type mailbox struct {
	mu     sync.Mutex
	queue  []mail
	wake   chan struct{}
	closed bool
}

func newMailbox() mailbox { return mailbox{wake: make(chan struct{}, 1)} }

// put returns false when the call has ended or its box is full.
func (b *mailbox) put(m mail) bool {
	b.mu.Lock()
	if b.closed || len(b.queue) >= maxMail && m.kind == mailRequest {
		b.mu.Unlock()
		return false
	}
	b.queue = append(b.queue, m)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return true
}

// take waits for mail.
func (b *mailbox) take() []mail {
	for {
		b.mu.Lock()
		q := b.queue
		b.queue = nil
		b.mu.Unlock()
		if len(q) > 0 {
			return q
		}
		<-b.wake
	}
}

// close refuses further mail and returns what is left.
func (b *mailbox) close() []mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	q := b.queue
	b.queue = nil
	return q
}
