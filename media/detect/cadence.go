package detect

import "time"

// The cadence of greetings. A person says a name or a word and waits; somebody
// at work may say a sentence or two. A machine speaks on. The limits are what
// greetings spoken by ten voices at three tempos gave (BenchmarkGreetings): no
// person who waits for an answer is called a machine, and about half of the
// machines are known before they beep. So this is advice for the agent; what is
// certain is the beep.
const (
	waits   = 1300 * time.Millisecond // a pause in which we are expected to speak
	atMost  = 8500 * time.Millisecond // of a person's greeting without such a pause
	nobody  = 5 * time.Second         // without any sound after the answer
	aSpeech = 80 * time.Millisecond   // a shorter sound is a click or a breath
)

// cadence tells a person from a machine by when the contact speaks.
type cadence struct {
	began   bool
	from    time.Duration // of the first sound
	to      time.Duration // of the last one
	decided bool
}

// hear takes a run and says what it decides; 0: nothing yet. start is the
// answer.
func (c *cadence) hear(r run, open bool, start time.Duration) Kind {
	if c.decided {
		return 0
	}
	switch {
	case r.kind == sound && r.length() >= aSpeech:
		if !c.began {
			c.began, c.from = true, r.from
		}
		c.to = r.to
		if c.to-c.from >= atMost {
			return c.decide(Machine)
		}
	case c.began && r.to-c.to >= waits:
		return c.decide(Person)
	case !c.began && r.kind == silence && open && r.to-start >= nobody:
		return Silence // somebody may still speak
	}
	return 0
}

func (c *cadence) decide(k Kind) Kind {
	c.decided = true
	return k
}
