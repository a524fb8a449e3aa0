package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// Messages of RFC 4475's kinds, and each cut in half, from a trusted address to
// the running agent: the call that runs meanwhile keeps its sound. The exchange
// is the witness. What each must be answered is tested in package sip.
func TestTortureInACall(t *testing.T) {
	x, err := peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	v, _ := loadVoice(t, x)
	ear, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(1000, time.Second, -12), Loop: true, Clock: v.clock})
	if err != nil {
		t.Fatal(err)
	}
	v.headsets.put("ann", ear)
	v.line.Do(campaign.Dial{Attempt: "a", Agent: "ann", Number: peer.Number("02", 0)})
	next := func() campaign.LineEvent {
		select {
		case e := <-v.line.Events():
			return e
		case <-time.After(10 * time.Second):
			t.Fatal("nothing happens")
			return campaign.LineEvent{}
		}
	}
	for next().Kind != campaign.LineJoined {
	}
	sent := tortureAgent(t, v)
	if sent < 2*49 {
		t.Fatalf("only %d messages were sent", sent)
	}
	v.line.Do(campaign.Hangup{Attempt: "a", By: campaign.ByAgent, Reason: "agent hung up"})
	var end campaign.LineEvent
	for end = next(); end.Kind != campaign.LineEnded; end = next() {
	}
	if end.By != campaign.ByAgent || end.Result != campaign.Answer || end.RTP == nil || end.RTP.Lost > 0 {
		t.Errorf("the call ended: %+v, RTP %+v", end, end.RTP)
	}
	until(t, 5*time.Second, "the exchange has its record", func() bool { return len(x.Records()) == 1 })
	if r := x.Records()[0]; r.HeardHz < 990 || r.HeardHz > 1010 || r.Lost > 0 || r.PacketsIn < 100 || len(r.Violations) > 0 {
		t.Errorf("the exchange's record: %+v", r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), closeTime)
	defer cancel()
	if err := v.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := ear.Close(); err != nil {
		t.Error(err)
	}
}

// tortureAgent sends every message, whole and halved, for two seconds, and
// says how many it sent.
func tortureAgent(t *testing.T, v *voice) (sent int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "sip", "testdata", "torture", "*.sip"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("udp", v.agent.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pause := time.NewTicker(2 * time.Second / time.Duration(2*len(files)+1))
	defer pause.Stop()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{b, b[:len(b)/2]} {
			<-pause.C
			if _, err := conn.Write(part); err != nil {
				t.Fatal(err)
			}
			sent++
		}
	}
	return sent
}
