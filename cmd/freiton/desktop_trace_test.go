package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/media/measure"
)

// sipTrace is what Asterisk saw of SIP, as it noted it itself: each message
// with the time at which it came or went.
type sipTrace struct {
	l *lab.Lab

	mu    sync.Mutex
	files []string // the last one is being written
}

// traced has Asterisk write its SIP down.
func traced(t *testing.T, l *lab.Lab) *sipTrace {
	t.Helper()
	tr := &sipTrace{l: l}
	for _, command := range []string{"pjsip set logger on", "pjsip set logger verbose off"} {
		if out, err := l.CLI(command); err != nil {
			t.Fatalf("%s: %v %s", command, err, out)
		}
	}
	tr.turn(t)
	return tr
}

// turn begins a new file: the one before is complete then, not in a buffer.
func (tr *sipTrace) turn(t *testing.T) (complete []string) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	complete = slices.Clone(tr.files)
	next := filepath.Join(tr.l.Dir(), "log", fmt.Sprintf("sip-%d.pcap", len(tr.files)))
	if out, err := tr.l.CLI("pjsip set logger pcap " + next); err != nil {
		t.Fatal(out, err)
	}
	tr.files = append(tr.files, next)
	return complete
}

// sipMessage is one of a trace.
type sipMessage struct {
	At       time.Time
	FromPort int
	Text     string
}

// messages are all so far.
func (tr *sipTrace) messages(t *testing.T) (all []sipMessage) {
	t.Helper()
	for _, file := range tr.turn(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pcap(b)...)
	}
	return all
}

// pcap reads a file: pcap, Ethernet, IPv4, UDP.
func pcap(b []byte) (all []sipMessage) {
	const fileHead, head, ethernet, ip, udp = 24, 16, 14, 20, 8
	for at := fileHead; at+head <= len(b); {
		sec, usec := binary.LittleEndian.Uint32(b[at:]), binary.LittleEndian.Uint32(b[at+4:])
		size := int(binary.LittleEndian.Uint32(b[at+8:]))
		at += head
		if at+size > len(b) {
			break
		}
		packet := b[at : at+size]
		at += size
		if len(packet) < ethernet+ip+udp {
			continue
		}
		all = append(all, sipMessage{
			At:       time.Unix(int64(sec), int64(usec)*1000),
			FromPort: int(binary.BigEndian.Uint16(packet[ethernet+ip:])),
			Text:     string(packet[ethernet+ip+udp:]),
		})
	}
	return all
}

// invites are the INVITEs that came to a number in one call, those of a
// re-INVITE too, without repeats.
func (tr *sipTrace) invites(t *testing.T, l *lab.Lab, number string) (all []sipMessage) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range tr.messages(t) {
		key := sipHeader(m.Text, "Call-ID") + sipHeader(m.Text, "CSeq")
		if m.FromPort == l.SIPPort() || !strings.HasPrefix(m.Text, "INVITE ") || !strings.Contains(sipHeader(m.Text, "To"), strings.TrimPrefix(number, "+")) || seen[key] {
			continue
		}
		seen[key] = true
		all = append(all, m)
	}
	return all
}

func sipHeader(message, name string) string {
	for line := range strings.Lines(message) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// recordingOf is what Asterisk recorded of a call's caller.
func recordingOf(t *testing.T, l *lab.Lab, row lab.CDRRow) (rate int, samples []int16) {
	t.Helper()
	file, err := l.Recording(row.Dst)
	if err != nil {
		t.Fatal(err)
	}
	if rate, samples, err = lab.ReadWAV(file); err != nil {
		t.Fatal(err)
	}
	return rate, samples
}

// spokenParts cuts a recording at every silence of at least that length, and
// leaves out what is shorter than a fifth of a second: the edge of a cut.
func spokenParts(samples []int16, rate int, silence time.Duration) (parts [][]int16) {
	frame := rate / 50
	from, last := -1, 0
	cut := func() {
		if from >= 0 && last-from > rate/5 {
			parts = append(parts, samples[from:last])
		}
		from = -1
	}
	for at := 0; at+frame <= len(samples); at += frame {
		if lab.Level(samples[at:at+frame]) > -55 {
			if from < 0 {
				from = at
			}
			last = at + frame
		} else if from >= 0 && measure.Duration(at-last, rate) >= silence {
			cut()
		}
	}
	cut()
	return parts
}

// cdrOf waits for the row of a number.
func cdrOf(t *testing.T, l *lab.Lab, number string) lab.CDRRow {
	t.Helper()
	var row lab.CDRRow
	until(t, 10*time.Second, "the CDR row of "+number, func() bool {
		rows, err := l.CDR()
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(rows, func(r lab.CDRRow) bool { return "+"+strings.TrimPrefix(r.Dst, "+") == number })
		if i >= 0 {
			row = rows[i]
		}
		return i >= 0
	})
	return row
}
