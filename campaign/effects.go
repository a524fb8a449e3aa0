package campaign

import "time"

// connectWithin is how long the record may take to be in the journal, and so
// on the screen, before the contact is joined without it: a disk that others
// keep busy is not waited for by somebody who has answered.
const connectWithin = 10 * time.Millisecond

// atOnce does what need not wait for the journal, and gives the rest: a Dial, a
// Connect (the record is shown first, then she is joined), and whatever is
// about a call for which one of them still waits.
func (c *Controller) atOnce(commands []Command) (later []Command) {
	for _, cmd := range commands {
		c.mu.Lock()
		switch cmd := cmd.(type) {
		case Dial:
			c.unsent[cmd.Attempt] = cmd
		case Connect:
			c.unsent[cmd.Attempt] = cmd
			time.AfterFunc(connectWithin, func() { c.connect(cmd) })
		}
		wait := c.unsent[attemptOf(cmd)] != nil
		c.mu.Unlock()
		if wait {
			later = append(later, cmd)
		} else {
			c.do(cmd)
		}
	}
	return later
}

// connect does a Connect that the journal has kept waiting, before the commands
// behind it.
func (c *Controller) connect(cmd Connect) {
	c.mu.Lock()
	waits := c.unsent[cmd.Attempt] == cmd
	if waits {
		delete(c.unsent, cmd.Attempt)
		c.early[cmd] = true
	}
	c.mu.Unlock()
	if waits {
		c.do(cmd)
	}
}

func (c *Controller) do(cmd Command) {
	c.lineLock.Lock()
	defer c.lineLock.Unlock()
	c.cfg.Line.Do(cmd)
}

// after is what follows when the events are on disk, or cannot be. It runs on
// the journal's goroutine, in order.
func (c *Controller) after(fx Effects, later []Command, reply func(error)) func(error) {
	return func(err error) {
		if n := len(fx.Events); err == nil && n > 0 {
			c.hub.publish(fx.Events, fx.Events[n-1].N)
		}
		for _, cmd := range later {
			c.sendLater(cmd, err)
		}
		for _, op := range fx.Store {
			c.work.push(op, err)
		}
		if reply != nil {
			if err != nil && fx.Err == nil {
				fx.Err = notPossible(ReasonJournal, "nothing is done that could not be written down: "+err.Error())
			}
			reply(fx.Err)
		}
		if err != nil { // once: a journal that failed stays so
			c.broken.Do(func() { c.background(JournalFailed{err}) })
		}
	}
}

// sendLater does a command that waited for the journal. A Dial that is not in
// the journal is not placed; it ends all the same. A contact who waits is
// connected whatever became of the journal.
func (c *Controller) sendLater(cmd Command, err error) {
	id := attemptOf(cmd)
	c.mu.Lock()
	first := c.unsent[id] // what cmd is, or waits for
	if first == cmd {
		delete(c.unsent, id)
	}
	connect, _ := cmd.(Connect)
	done := c.early[connect]
	delete(c.early, connect)
	c.mu.Unlock()
	if done {
		return
	}
	_, dial := first.(Dial)
	switch {
	case err == nil || first != nil && !dial:
		c.do(cmd)
	case first == cmd:
		c.background(LineEvent{
			Kind: LineEnded, At: c.cfg.Now(), Attempt: id, Result: DialError, By: ByDialer,
			Text: "not dialled: " + err.Error(),
		})
	}
}

// background posts without holding up the journal; quit ends it at the latest.
func (c *Controller) background(in any) { go c.post(in) }

// attemptOf is the call a command is about.
func attemptOf(cmd Command) AttemptID {
	switch cmd := cmd.(type) {
	case Dial:
		return cmd.Attempt
	case Connect:
		return cmd.Attempt
	case Hold:
		return cmd.Attempt
	case Resume:
		return cmd.Attempt
	case Digits:
		return cmd.Attempt
	case Mute:
		return cmd.Attempt
	case AnswerCall:
		return cmd.Attempt
	case RejectCall:
		return cmd.Attempt
	case Transfer:
		return cmd.Attempt
	case Conference:
		return cmd.Attempt
	case TransferTo:
		return cmd.Attempt
	case Play:
		return cmd.Attempt
	case RecordCall:
		return cmd.Attempt
	case Hangup:
		return cmd.Attempt
	}
	return ""
}
