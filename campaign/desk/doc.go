// Package desk is the program's API: HTTP with an OpenAPI description made
// from the Go types here, on the socket in the data folder (administration by
// the same user of the operating system) and over the web, for the agents'
// desktop, whose files it holds as well (folder web).
//
//	command line ──▶ Client ──▶ socket ──────────────────┐
//	                     │                               ├──▶ admit ──▶ Desk ──▶ Store, Control
//	(no server runs) ────┴── in process ─────────────────┤   (role)
//	browser ──▶ Web: origin, session, limit, token, key ─┘      events ◀── Control
//
// A command is the same request whether a server runs or not: without one the
// client calls the handler directly, over the store itself.
//
// What a browser shows is a State and the numbered events after it, both
// through the campaign's filter for the viewer: of the blank record of an
// engaged agent nothing leaves this package. A reader that lags is cut off and
// comes back with the last number it saw.
//
// It never places or ends a call: a click becomes a command to Control. What
// it needs from its sisters (reading lists, parsing campaign documents,
// hashing passwords, headsets, the light of the PBX) is handed in as an
// interface or a function.
//
// Begin reading in desk.go and web.go; one file each for lists, do-not-call,
// campaigns, users, login, state, events, clicks (agent.go, interactions.go),
// histories (past.go) and texts. The page begins in web/app.js.
package desk
