// Package pulsetest is a sound card without one: a PulseAudio server of a test's
// own, with null sinks.
package pulsetest
