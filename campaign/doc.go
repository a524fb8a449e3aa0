// Package campaign is the domain: what a record, an attempt, an agent and a
// campaign are, which rules decide what is dialled, offered and written down.
//
//	  Store (records, attempts, do-not-call)        Journal (events, numbered)
//	     ▲ lease · permit · settle                     ▲ append, then publish
//	     │                                             │
//	Controller ── events, now ──▶ Floor (pure) ── commands ──▶ Line (calls)
//	     ▲                                                       │
//	     └───────────── clicks, line events ◀────────────────────┘
//
// It never opens a socket, never speaks SIP and never touches audio: it asks a
// Line to do things and is told what came of them. It reads no clock of its
// own either; everything time-dependent takes now.
//
// Begin reading in table.go (the life of an interaction) and floor.go (one pure
// function of what happens and when), then asking.go (who is offered what, and
// when), ahead.go and seat.go (calls dialled ahead of demand and who gets
// them), budget.go (how many may be abandoned), gate_rules.go (what may be
// dialled) and treatment.go (what becomes of a record after an attempt). The
// scripts in testdata/floor tell the same as stories.
package campaign
