// Package detect listens to the contact beside the conversation and says what
// it hears: tones of the network, a fax, a person, an answering machine.
//
//	Junction ─► tap queue ─► Detector ─► scope ─► runs of silence, tone, sound
//	                                                ├─► tones   special information, busy, congestion, fax, beep
//	                                                └─► cadence person, machine, nobody speaks
//
// It never changes what is heard and never ends a call: whoever made the
// Detector decides what a Finding means. In doubt it is a person: a machine that
// is taken for a person costs a minute, a person taken for a machine is an
// abandoned call.
//
// Begin reading in detector.go; scope.go turns samples into runs.
package detect
