// Package configs is what an administrator writes and what Freiton ships for
// him: the configuration file, the campaign document, the country profiles,
// and a sample of each.
//
//	freiton.yaml ─┐
//	--set a.b=c ──┼─ one tree, every node knows where it came from ─ decode ─▶ Config ─ Check
//	FREITON_A__B ─┘
//	spring.yaml ─────────────────────────────────────────────────── decode ─▶ Campaign ─ CheckCampaign
//	profiles/DE.yaml ────────────────────────────────────────────── decode ─▶ Profile
//
// Whatever is wrong is said as a Problem: the place (file:line:column, flag or
// variable), the key, what is wrong, and the cure. Unknown keys are wrong.
//
// The embedded freiton.yaml is three things at once: the defaults, the manual
// that `freiton config` prints, and the file one begins with. A test holds it
// and the Config type together.
//
// The package imports nothing else of Freiton and starts nothing: it reads
// files, checks them, and hands out plain values. Begin reading in config.go
// (the keys), decode.go (how a tree becomes values) and check.go.
package configs
