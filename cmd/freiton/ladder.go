package main

import (
	"strings"
	"time"

	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/sip"
)

// traceSize is the memory for the messages of the last calls: about a thousand
// calls of ten messages.
const traceSize = 16 << 20

// ladders shows the desk what the wire keeps.
type ladders struct{ trace *sip.Trace }

func (l ladders) Calls(text string, most int) []desk.SIPCall {
	var out []desk.SIPCall
	for _, c := range l.trace.Calls(text, most) {
		first := c.Messages[0]
		method, _, _ := strings.Cut(first.Line, " ")
		one := desk.SIPCall{CallID: c.CallID, Begun: first.At, Method: method, From: first.From, To: first.To, Messages: len(c.Messages)}
		for _, m := range c.Messages {
			if m.Line[0] >= '2' && m.Line[0] <= '6' && m.Method == method {
				one.Answer = m.Line
			}
		}
		out = append(out, one)
	}
	return out
}

func (l ladders) Kept() (int, time.Time) { return l.trace.Kept() }

func (l ladders) Messages(callID string) []desk.SIPMessage {
	var out []desk.SIPMessage
	for _, m := range l.trace.Call(callID).Messages {
		out = append(out, desk.SIPMessage{At: m.At, Out: m.Out, Via: m.Network, Local: m.Local.String(), Remote: m.Remote.String(), Line: m.Line, Text: m.Text})
	}
	return out
}

func (l ladders) Export(callID, format string) []byte {
	c := l.trace.Call(callID)
	if format == "pcap" {
		return c.Pcap()
	}
	return c.Text()
}
