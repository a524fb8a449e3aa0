package device

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrNoCgo: built without cgo, there is no way to a sound card.
	ErrNoCgo = errors.New("device: this freiton was built without cgo and knows no sound card: build it with CGO_ENABLED=1 and a C compiler, or use a browser or SIP phone as the headset")
	// ErrNoSound: no sound server and no sound card.
	ErrNoSound = errors.New("device: no sound on this machine")
	// ErrNoDevice: nothing of that name, or no default.
	ErrNoDevice = errors.New("device: no such sound device")
	// ErrAmbiguous: several devices match the name.
	ErrAmbiguous = errors.New("device: more than one sound device matches")
	// ErrLost: a device or the sound server went away.
	ErrLost = errors.New("device: sound device lost")
	// ErrStuck: the sound server does not answer.
	ErrStuck = errors.New("device: the sound server does not answer: restart it")
)

// Kind is the direction of a device.
type Kind uint8

const (
	Capture  Kind = iota // a microphone
	Playback             // a loudspeaker
)

func (k Kind) String() string {
	if k == Capture {
		return "capture"
	}
	return "playback"
}

// Device is one device as the sound server knows it.
type Device struct {
	Kind    Kind
	Name    string // for people
	ID      string // the server's own name
	Default bool
	Monitor bool // what a loudspeaker plays, offered as a microphone
	Dummy   bool // the server's stand-in when there is no card

	raw string // the C library's id
}

// openLimit is how long the sound server may take for an answer.
const openLimit = 10 * time.Second

// Devices lists what can be opened, the default of either kind marked.
func Devices() ([]Device, error) {
	type answer struct {
		list []Device
		err  error
	}
	ch := make(chan answer, 1)
	// Ends when the server answers or dies.
	go func() {
		s, err := connect(nil)
		if err != nil {
			ch <- answer{err: err}
			return
		}
		list, err := s.devices()
		s.close()
		ch <- answer{list, err}
	}()
	select {
	case a := <-ch:
		return a.list, a.err
	case <-time.After(openLimit):
		return nil, ErrStuck
	}
}

// pick finds the device of a kind by name: the whole of it first, then a part,
// upper or lower case. Monitors are found only if nothing else is. "" is the
// default.
func pick(list []Device, kind Kind, name string) (Device, error) {
	var all []Device
	for _, d := range list {
		if d.Kind == kind {
			all = append(all, d)
		}
	}
	if name == "" {
		return pickDefault(all, kind)
	}
	want := strings.ToLower(name)
	equal := func(s string) bool { return strings.ToLower(s) == want }
	part := func(s string) bool { return strings.Contains(strings.ToLower(s), want) }
	for _, match := range []func(string) bool{equal, part} {
		for _, monitor := range []bool{false, true} {
			var found []Device
			for _, d := range all {
				if d.Monitor == monitor && (match(d.Name) || match(d.ID)) {
					found = append(found, d)
				}
			}
			switch {
			case len(found) == 1:
				return found[0], nil
			case len(found) > 1:
				return Device{}, fmt.Errorf("%w %q for %v: %s: give more of the name", ErrAmbiguous, name, kind, names(found))
			}
		}
	}
	return Device{}, fmt.Errorf("%w %q for %v: there are %s", ErrNoDevice, name, kind, names(all))
}

func pickDefault(all []Device, kind Kind) (Device, error) {
	for _, d := range all {
		switch {
		case !d.Default:
		case d.Dummy:
			return Device{}, fmt.Errorf("%w: the sound server has no card, only %q: plug in a headset", ErrNoSound, d.Name)
		case d.Monitor:
			// A person would be sent her own loudspeaker.
			return Device{}, fmt.Errorf("%w: no microphone, only %q: plug one in, or name a device: %s", ErrNoDevice, d.Name, names(all))
		default:
			return d, nil
		}
	}
	return Device{}, fmt.Errorf("%w: no default for %v: plug in a headset, or name a device: %s", ErrNoDevice, kind, names(all))
}

func names(list []Device) string {
	if len(list) == 0 {
		return "none"
	}
	quoted := make([]string, len(list))
	for i, d := range list {
		quoted[i] = fmt.Sprintf("%q", d.Name)
		for j, other := range list { // two of a name differ by id
			if i != j && other.Name == d.Name {
				quoted[i] = fmt.Sprintf("%q (%s)", d.Name, d.ID)
			}
		}
	}
	return strings.Join(quoted, ", ")
}
