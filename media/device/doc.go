// Package device is the sound card of this machine as a media.Endpoint: a
// headset, or a microphone and a loudspeaker.
//
//	microphone ──► C callback ──► ring ──► pump ──► Sink          20 ms frames
//	loudspeaker ◄── C callback ◄── player ◄── WriteFrame
//	                (own thread)   (ring of samples)
//
// The two threads of the C library never wait for us: they exchange samples
// through rings without locks, and allocate nothing. Microphone and loudspeaker
// are opened once, by Open, and run until Close: the first second after opening
// a device is often lost. They are two streams, because they may be two cards
// with two clocks; the player follows the difference.
//
// The player is not a jitter buffer for the network. With Linear8, the default,
// and Linear16, media.Join takes the mix path, where media's own jitter buffer
// and concealment come first. With PCMA or PCMU frames may be relayed as they
// came: then the player puts them in order by their timestamps only as far as to
// drop what is late and to leave silence for what is lost.
//
// Sound comes from PulseAudio or PipeWire, or ALSA where neither runs and there
// is a card; elsewhere from the system's own service. It needs cgo: without it
// the package compiles, and Open and Devices return ErrNoCgo. Neither ever
// prints anything.
//
// Begin with headset.go; player.go is the loudspeaker's side, card_cgo.go the
// only file that knows the C library.
package device
