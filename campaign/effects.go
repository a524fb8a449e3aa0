package campaign

// atOnce does what need not wait for the journal, and gives the rest: a Dial,
// and whatever is about a Dial that still waits.
func (c *Controller) atOnce(commands []Command) (later []Command) {
	for _, cmd := range commands {
		c.mu.Lock()
		if d, ok := cmd.(Dial); ok {
			c.unsent[d.Attempt] = true
		}
		wait := c.unsent[attemptOf(cmd)]
		c.mu.Unlock()
		if wait {
			later = append(later, cmd)
		} else {
			c.do(cmd)
		}
	}
	return later
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
// the journal is not placed; it ends all the same.
func (c *Controller) sendLater(cmd Command, err error) {
	d, isDial := cmd.(Dial)
	switch {
	case err == nil:
		c.do(cmd)
	case isDial:
		c.background(LineEvent{
			Kind: LineEnded, At: c.cfg.Now(), Attempt: d.Attempt, Result: DialError, By: ByDialer,
			Text: "not dialled: " + err.Error(),
		})
	}
	if isDial {
		c.mu.Lock()
		delete(c.unsent, d.Attempt)
		c.mu.Unlock()
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
