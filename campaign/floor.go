package campaign

import "time"

// FloorConfig is what a floor needs besides campaigns and agents.
type FloorConfig struct {
	Process string                                   // this process's name in the store; the same after a restart
	NewID   func(prefix string, at time.Time) string // unique over all processes (ULID)
	Manual  ManualRules
	Inbound InboundRule
}

// ManualRules is under what a manual call is made.
type ManualRules struct {
	Rules       Rules // of dial.country
	Account     string
	CallerID    string
	Client      string
	RingTimeout time.Duration // 0 = 30 s
}

// InboundRule says who answers an inbound call. The zero value rejects.
type InboundRule struct {
	Agents bool    // the agent who last called that number, else the longest-ready
	Name   AgentID // only she
}
