// Package sim plays a campaign on paper: virtual callees and agents in virtual
// time, to see what a pacer reaches before anybody is called.
//
//	World (what callees and agents are like) ─┐
//	Pacer (handed in) ◀─ state, events ─▶ shift ─▶ Tally ─▶ Cell
//	seed ─────────────────────────────────────┘
//
// It is a discrete event simulation and deterministic: world, agents, pacer and
// seed give the same figures every time. It knows no wall clock, starts no
// goroutine, and calls nobody.
//
// Begin reading in shift.go (one shift), then worlds.go (the benchmark PB-1)
// and optimum.go (the one world whose best is known exactly).
package sim
