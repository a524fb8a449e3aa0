// Package pacing decides how many calls a campaign may begin: preview,
// progressive and predictive.
//
//	state (agents, calls, budgets) ─┐
//	                                ├─▶ Preview | Progressive | Predictive ─▶ Decision
//	Stats ─▶ Model (of the near future) ┘                                   how many, and why not more
//	  ▲
//	  └── Learn(event): what was dialled, answered, joined, abandoned, finished
//
// Predictive dials one more while the chance that its answer finds no agent in
// time stays below a threshold. The chance comes from how long agents usually
// talk and wrap up and for how long they have done so, and from each call's
// chance to be answered at its age. The threshold is led by what is left of the
// abandonment budget, and a gate over it closes before the budget is spent.
//
// There is no clock, no goroutine and no lock here: same state and statistics,
// same decision. Stats are plain data, to be saved and restored.
//
// Begin reading in predictive.go.
package pacing
