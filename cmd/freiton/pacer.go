package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/pacing"
)

// pacerFile keeps in the data folder what the pacer has learned of each
// campaign.
const pacerFile = "pacing.json"

// pacerEvery is how often it is written while something is learned: so much is
// forgotten when the process is killed.
const pacerEvery = 10 * time.Second

// pacer is the campaigns' pacer with a memory: what it has learned survives a
// restart. Dials and Observe are the floor's alone; Close comes after it has
// ended.
type pacer struct {
	*pacing.Pacer
	file  string
	log   *slog.Logger
	names map[string]bool // of campaigns that were learned of
	next  time.Time
	texts chan []byte   // to be written; the latest counts
	done  chan struct{} // closed when the writer has ended
}

// graceOfLaw is how long an answered person may wait for an agent: the same
// 2 s in every country.
const graceOfLaw = 2 * time.Second

// openPacer makes a pacer that remembers. A file that cannot be read is left
// aside: learning begins anew, one call for each free agent.
func openPacer(file string, grace time.Duration, log *slog.Logger) *pacer {
	p := &pacer{
		Pacer: pacing.New(pacing.Config{Grace: grace}), file: file, log: log, names: map[string]bool{},
		texts: make(chan []byte, 1), done: make(chan struct{}),
	}
	text, err := os.ReadFile(file)
	var all map[string]pacing.Stats
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		log.Warn("what pacing had learned cannot be read; it begins anew", "file", file, "err", err)
		all = nil
	}
	for name, s := range all {
		p.Restore(name, s)
		p.names[name] = true
	}
	go p.write() // ends with Close
	return p
}

// Observe learns, and now and then has it written down.
func (p *pacer) Observe(e campaign.PacingEvent) {
	p.Pacer.Observe(e)
	p.names[e.Campaign] = true
	if now := time.Now(); !now.Before(p.next) {
		p.next = now.Add(pacerEvery)
		p.save()
	}
}

// save hands what is known to the writer; what it has not begun to write yet is
// overtaken.
func (p *pacer) save() {
	all := map[string]pacing.Stats{}
	for name := range p.names {
		all[name] = p.Stats(name)
	}
	text, err := json.Marshal(all)
	if err != nil {
		p.log.Error("what pacing has learned is not kept", "err", err)
		return
	}
	for {
		select {
		case p.texts <- text:
			return
		case <-p.texts:
		}
	}
}

func (p *pacer) write() {
	defer close(p.done)
	for text := range p.texts {
		if err := writeFile(p.file, text); err != nil {
			p.log.Error("what pacing has learned is not kept", "err", err)
		}
	}
}

// Close writes what is known by now.
func (p *pacer) Close() {
	if len(p.names) > 0 {
		p.save()
	}
	close(p.texts)
	<-p.done
}
