// Package desk is the program's API: HTTP with an OpenAPI description made
// from the Go types here, on the socket in the data folder (administration by
// the same user of the operating system) and, later, for the agents' desktop.
//
//	command line ──▶ Client ──▶ socket ─┐
//	                     │              ├──▶ Desk ──▶ Store, Control
//	(no server runs) ────┴── in process ┘
//
// A command is the same request whether a server runs or not: without one the
// client calls the handler directly, over the store itself.
//
// It never places or ends a call: a click becomes a command to Control. What
// it needs from its sisters (reading lists, parsing campaign documents,
// hashing passwords) is handed in as an interface or a function.
//
// Begin reading in desk.go; one file each for lists, do-not-call, campaigns
// and users.
package desk
