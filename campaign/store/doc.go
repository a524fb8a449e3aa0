// Package store is where lists, records, attempts and the do-not-call list live
// on disk: what is the same over every database, and below it the databases.
//
//	campaign.Store ◀── Core ──▶ Engine ◀─┬─ sqlite    one file, the default
//	      ▲            (how statements   └─ postgres  shared by several processes
//	      │                  are run)
//	      └── storetest      the conformance suite and benchmarks of every store
//
// A store holds no rule of its own. What may be dialled is decided by
// campaign.Gate, which Permit asks inside its transaction; what becomes of a
// record is handed in ready made. The store sees to it that what it confirmed
// is on disk, that a record belongs to one process at a time (leases with a
// fence), and that no number and no person is called twice at once (the table
// calling, unique over all lists and processes).
//
// Where several processes share a database, each gives a sign of life (Extend).
// The records of one that is gone come back by themselves, and what it was
// calling becomes stale (postgres/process.go).
//
// Times are kept as milliseconds since 1970 in UTC, 0 being the zero time, so
// that every database compares and indexes them alike.
//
// Begin reading in sqlite/migrations (the schema), then lease.go (what is
// offered next), permit.go (the door to a call) and release.go (the way back).
package store
