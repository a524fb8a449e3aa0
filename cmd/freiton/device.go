package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/device"
)

// openDevice opens the sound card a headset names: "device", or "device:NAME".
// pin: nothing else takes its place when it is pulled out.
func openDevice(headset string, pin bool, clock *media.Clock, log *slog.Logger) (*device.Headset, error) {
	kind, name, _ := strings.Cut(headset, ":")
	if kind != "device" {
		return nil, usage("--headset: %q is neither device nor device:NAME", headset)
	}
	h, err := device.Open(device.Options{Name: name, Pin: pin, Clock: clock, Log: log})
	if err != nil {
		return nil, fmt.Errorf("headset: %w", err)
	}
	return h, nil
}

// soundDevices names the sound devices, the defaults with a star.
func soundDevices() ([]string, error) {
	ds, err := device.Devices()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(ds))
	for i, d := range ds {
		names[i] = fmt.Sprintf("%s (%s)", d.Name, d.Kind)
		if d.Default {
			names[i] += "*"
		}
	}
	return names, nil
}
