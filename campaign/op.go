package campaign

import "time"

// StoreOp is something the floor wants of the store. The controller does them
// in order, off its loop; OpLease and OpPermit are answered by Leased and
// Permitted, the others are repeated until the store has taken them.
type StoreOp interface{ storeOp() }

type (
	// OpLease asks for a record for an agent. Process, Now and Until of the
	// query are the controller's. Offer is what the gate would be asked of the
	// record, which is its Lease then.
	OpLease struct {
		Seq   int
		Query LeaseQuery
		Offer PermitQuery
	}
	// OpRelease gives back a record that was not dialled.
	OpRelease struct {
		Lease   Lease
		Release Release
	}
	// OpPermit asks the gate. Now is the controller's.
	OpPermit struct {
		Interaction InteractionID
		Query       PermitQuery
	}
	// OpAdmit writes down a call from outside; answered by Admitted.
	OpAdmit struct{ Attempt Attempt }
	// OpNote writes down how far an attempt has come: ringing, answered, joined.
	OpNote struct{ Attempt Attempt }
	// OpSettle ends an attempt and says what becomes of its record.
	OpSettle struct{ Settlement Settlement }
	// OpOffer writes down what an agent decided of a record.
	OpOffer struct{ Offer Offer }
	// OpBlock puts an entry on the do-not-call list.
	OpBlock struct{ Entry DNCEntry }
	// OpState keeps a campaign's state, with its pause.
	OpState struct{ Row CampaignRow }
	// OpAnswers asks for Store.Answers; Counted answers it.
	OpAnswers struct{ Campaign string }
)

func (OpLease) storeOp()   {}
func (OpRelease) storeOp() {}
func (OpPermit) storeOp()  {}
func (OpNote) storeOp()    {}
func (OpAdmit) storeOp()   {}
func (OpSettle) storeOp()  {}
func (OpOffer) storeOp()   {}
func (OpBlock) storeOp()   {}
func (OpState) storeOp()   {}
func (OpAnswers) storeOp() {}

// Counted answers OpAnswers. Err says that the store does not answer.
type Counted struct {
	Campaign string
	Answers  Answers
	Err      error
}

// Leased answers OpLease. Err is a *NoRecord, or says that the store does not
// answer.
type Leased struct {
	Seq   int
	Agent AgentID
	Lease Lease
	Err   error

	Facts Facts // what the gate will be told; of an agent's lease only, zero when it is not known
}

// Permitted answers OpPermit. Err is nil, a *Refusal, ErrLost, or says that the
// store does not answer.
type Permitted struct {
	Interaction InteractionID
	Attempt     AttemptID
	Lease       *Lease // in the place of the query's: another number of the contact is dialled
	Err         error

	// Until is how long the permit is good. A process that was suspended may wake
	// after its lease has run out: by then another one may have the record.
	Until time.Time
}

// Admitted answers OpAdmit. Err says that the store does not answer: the call
// goes on without.
type Admitted struct {
	Attempt AttemptID
	Caller  Caller
	Err     error
}
