package phone

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/freiton/freiton/sip"
)

// TestMain shortens the timers, so that a transaction is really gone 64·T1
// after a call, and looks for goroutines that nobody waits for.
func TestMain(m *testing.M) {
	sip.Prepare(sip.Timers{T1: 100 * time.Millisecond, T2: 400 * time.Millisecond, T4: 400 * time.Millisecond})
	goleak.VerifyTestMain(m)
}
