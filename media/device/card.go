package device

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"
)

// card is a microphone and a loudspeaker at work.
type card struct {
	sound    sound
	mic, ear Device
	streams  []stream
}

// openCard finds the devices and gets them going, or returns ErrStuck.
func openCard(opts Options, connect func(*slog.Logger) (sound, error), capture, play func([]int16)) (*card, error) {
	type answer struct {
		card *card
		err  error
	}
	ch := make(chan answer)
	late := make(chan struct{})
	// Ends when the server answers or dies. What came too late is closed.
	go func() {
		c, err := startCard(opts, connect, capture, play)
		select {
		case ch <- answer{c, err}:
		case <-late:
			if c != nil {
				c.release()
			}
		}
	}()
	select {
	case a := <-ch:
		return a.card, a.err
	case <-time.After(openLimit):
		close(late)
		return nil, ErrStuck
	}
}

func startCard(opts Options, connect func(*slog.Logger) (sound, error), capture, play func([]int16)) (*card, error) {
	s, err := connect(opts.Log)
	if err != nil {
		return nil, err
	}
	c := &card{sound: s}
	if err := c.start(opts, capture, play); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func (c *card) start(opts Options, capture, play func([]int16)) error {
	list, err := c.sound.devices()
	if err != nil {
		return err
	}
	mic, noMic := pick(list, Capture, opts.Name)
	ear, noEar := pick(list, Playback, opts.Name)
	switch {
	case noMic != nil && noEar != nil:
		return fmt.Errorf("%w; %w", noEar, noMic)
	case noMic != nil || noEar != nil:
		return cmp.Or(noMic, noEar)
	}
	c.mic, c.ear = mic, ear
	for _, way := range []struct {
		d    Device
		turn func([]int16)
	}{{mic, capture}, {ear, play}} {
		d := way.d
		if opts.Name == "" && !opts.Pin {
			d.raw = "" // the server's default, also when that changes
		}
		s, err := c.sound.open(d, opts.Codec.Rate(), way.turn)
		if err == nil {
			c.streams = append(c.streams, s)
			err = s.start()
		}
		if err != nil {
			return fmt.Errorf("device: open %v %q: %w: is another program holding it?", d.Kind, d.Name, err)
		}
	}
	return nil
}

func (c *card) release() {
	for _, s := range c.streams {
		s.close()
	}
	c.sound.close()
}

// closeLimit is how long the sound server may take to let go.
const closeLimit = 5 * time.Second

// close releases all, or gives up waiting with ErrStuck.
func (c *card) close() error {
	done := make(chan struct{})
	// Ends when the server lets go or dies.
	go func() {
		defer close(done)
		c.release()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(closeLimit):
		return ErrStuck
	}
}
