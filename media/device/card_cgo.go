//go:build cgo

package device

/*
#include <stdlib.h>
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"github.com/gen2brain/malgo"
)

// malgoSound is a connection by miniaudio, through malgo.
type malgoSound struct {
	ctx *malgo.AllocatedContext
}

// backends are what to try, in this order. The library's own list ends with one
// that plays into the void and takes for a card what is none.
func backends() []malgo.Backend {
	switch runtime.GOOS {
	case "darwin", "ios":
		return []malgo.Backend{malgo.BackendCoreaudio}
	case "windows":
		return []malgo.Backend{malgo.BackendWasapi}
	case "android":
		return []malgo.Backend{malgo.BackendAaudio, malgo.BackendOpensl}
	case "linux":
		list := []malgo.Backend{malgo.BackendPulseaudio}
		if hasCards("/dev/snd") {
			list = append(list, malgo.BackendAlsa)
		}
		return list
	}
	return []malgo.Backend{malgo.BackendPulseaudio, malgo.BackendSndio, malgo.BackendAudio4, malgo.BackendOss}
}

// hasCards tells whether a folder of device nodes has a PCM device.
func hasCards(dir string) bool {
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		if strings.HasPrefix(e.Name(), "pcm") {
			return true
		}
	}
	return false
}

// connect reaches the sound server, or the cards themselves.
func connect(log *slog.Logger) (sound, error) { return connectTo("", backends(), log) }

// connectTo reaches the PulseAudio server of that name; "" is the user's own.
func connectTo(server string, list []malgo.Backend, log *slog.Logger) (sound, error) {
	hush()
	name := C.CString("freiton")
	defer C.free(unsafe.Pointer(name))
	var config malgo.ContextConfig
	config.Pulse.PApplicationName = (*byte)(unsafe.Pointer(name))
	if server != "" {
		at := C.CString(server)
		defer C.free(unsafe.Pointer(at))
		config.Pulse.PServerName = (*byte)(unsafe.Pointer(at))
	}
	var say malgo.LogProc
	if log != nil && log.Enabled(context.Background(), slog.LevelDebug) {
		say = func(text string) {
			if !strings.HasPrefix(text, "Loading symbol") { // by the hundred
				log.Debug("sound library", "text", strings.TrimSpace(text))
			}
		}
	}
	ctx, err := malgo.InitContext(list, config, say)
	if err != nil {
		return nil, noSound(err)
	}
	return &malgoSound{ctx: ctx}, nil
}

// noSound says what can be done.
func noSound(err error) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("%w (%w): plug in a headset, or use a browser or SIP phone as the headset", ErrNoSound, err)
	}
	at := "no sound server answers"
	if s := os.Getenv("PULSE_SERVER"); s != "" {
		at += " at PULSE_SERVER=" + s
	}
	return fmt.Errorf("%w: %s, and no card is free: start PulseAudio or PipeWire as the user who runs freiton (and see that libpulse0 is installed), or use a browser or SIP phone as the headset", ErrNoSound, at)
}

func (s *malgoSound) close() {
	_ = s.ctx.Uninit() // its only errors are about arguments
	s.ctx.Free()
}

func (s *malgoSound) devices() ([]Device, error) {
	var all []Device
	for _, kind := range []Kind{Capture, Playback} {
		list, err := s.ctx.Devices(malgoKind(kind))
		if err != nil {
			return nil, fmt.Errorf("%w: the list of %v devices: %w: restart the sound server", ErrNoSound, kind, err)
		}
		for i := range list {
			all = append(all, malgoDevice(kind, &list[i]))
		}
	}
	return all, nil
}

func malgoKind(k Kind) malgo.DeviceType {
	if k == Capture {
		return malgo.Capture
	}
	return malgo.Playback
}

func malgoDevice(kind Kind, info *malgo.DeviceInfo) Device {
	d := Device{Kind: kind, Name: info.Name(), ID: info.ID.String(), Default: info.IsDefault != 0, raw: string(info.ID[:])}
	if id, _, _ := strings.Cut(d.raw, "\x00"); runtime.GOOS == "linux" {
		d.ID = id
		d.Monitor = kind == Capture && strings.HasSuffix(id, ".monitor")
		d.Dummy = id == "auto_null" || id == "auto_null.monitor"
	}
	return d
}

// Buffers of the sound server. Below 20 ms PipeWire is known to crackle; with
// less than 40 ms for the loudspeaker, PulseAudio on a busy machine of two cores
// went without sound for a tenth of a second now and then.
const (
	captureMS  = 20
	playbackMS = 60
)

func (s *malgoSound) open(d Device, rate int, turn func([]int16)) (stream, error) {
	config := malgo.DefaultDeviceConfig(malgoKind(d.Kind))
	config.SampleRate = uint32(rate)
	config.NoFixedSizedCallback = 1 // what there is, when it is there
	config.NoPreSilencedOutputBuffer = 1
	side := &config.Playback
	config.PeriodSizeInMilliseconds = playbackMS
	if d.Kind == Capture {
		side = &config.Capture
		config.PeriodSizeInMilliseconds = captureMS
	}
	side.Format, side.Channels = malgo.FormatS16, 1
	if d.raw != "" {
		id := C.CBytes([]byte(d.raw))
		defer C.free(id)
		side.DeviceID = id
	}
	config.Pulse.StreamNameCapture, config.Pulse.StreamNamePlayback = "microphone", "headset"
	data := func(out, in []byte, _ uint32) { turn(int16s(out)) }
	if d.Kind == Capture {
		data = func(out, in []byte, _ uint32) { turn(int16s(in)) }
	}
	dev, err := malgo.InitDevice(s.ctx.Context, config, malgo.DeviceCallbacks{Data: data})
	if err != nil {
		return nil, trim(err)
	}
	return malgoStream{dev}, nil
}

// int16s sees the C library's buffer as the samples it holds, in the machine's order.
func int16s(b []byte) []int16 {
	if len(b) < 2 {
		return nil
	}
	return unsafe.Slice((*int16)(unsafe.Pointer(&b[0])), len(b)/2)
}

func trim(err error) error { return errors.New(strings.TrimPrefix(err.Error(), "miniaudio: ")) }

type malgoStream struct{ dev *malgo.Device }

func (s malgoStream) start() error {
	if err := s.dev.Start(); err != nil {
		return trim(err)
	}
	return nil
}

// close stops first: Uninit alone waits until the device's thread comes by
// itself, which it does not when the server is gone.
func (s malgoStream) close() {
	_ = s.dev.Stop() // of a device that is lost it may fail
	s.dev.Uninit()
}
