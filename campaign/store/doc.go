// Package store is the folder of the stores: where lists, records, attempts
// and the do-not-call list live on disk.
//
//	campaign.Store ◀── sqlite     one file, the default
//	      ▲
//	      └── storetest           the conformance suite every store passes
//
// A store holds no rule of its own. What may be dialled is decided by
// campaign.Gate, which Permit asks inside its transaction; what becomes of a
// record is handed in ready made. The store sees to it that what it confirmed
// is on disk, that a record belongs to one process at a time (leases with a
// fence), and that no number and no person is called twice at once (the table
// calling, unique over all lists and processes).
//
// Times are kept as milliseconds since 1970 in UTC, 0 being the zero time, so
// that every database compares and indexes them alike.
//
// Begin reading in sqlite/migrations (the schema), then sqlite/lease.go (what
// is offered next) and sqlite/permit.go (the door to a call).
package store
