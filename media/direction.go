package media

// Direction says which way media flows, seen from the one who describes it
// (RFC 3264 §5.1). It is a set of two bits, which makes the table of §6.1 one
// operation: answer = wish & offer.Reverse().
type Direction uint8

const (
	Inactive Direction = 0                   // nothing flows but RTCP
	SendOnly Direction = 1                   // the one who describes it sends: she holds
	RecvOnly Direction = 2                   // the one who describes it listens: she is held
	SendRecv           = SendOnly | RecvOnly // both
)

// Sends and Receives tell the two bits.
func (d Direction) Sends() bool    { return d&SendOnly != 0 }
func (d Direction) Receives() bool { return d&RecvOnly != 0 }

// Reverse is the same direction seen from the other side.
func (d Direction) Reverse() Direction { return d&SendOnly<<1 | d&RecvOnly>>1 }

// String is the attribute's name.
func (d Direction) String() string {
	return [4]string{"inactive", "sendonly", "recvonly", "sendrecv"}[d&SendRecv]
}

func parseDirection(s string) (Direction, bool) {
	for d := Inactive; d <= SendRecv; d++ {
		if s == d.String() {
			return d, true
		}
	}
	return 0, false
}
