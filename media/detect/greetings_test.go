package detect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
)

// speakers are voices of espeak-ng of different sex and pitch: all at every
// tempo, or two of them at one.
func speakers(language string, all bool) (s []speaker) {
	for i, voice := range []string{"", "+f1", "+f3", "+f5", "+m1", "+m3", "+m5", "+m7", "+croak", "+klatt2"} {
		for j, tempo := range []int{120, 150, 185} {
			if all || i < 2 && i == j {
				s = append(s, speaker{language + voice, tempo, 35 + (i*13+j*7)%40})
			}
		}
	}
	return s
}

type speaker struct {
	voice        string
	tempo, pitch int
}

// say is text spoken, at 8 kHz.
func (s speaker) say(t testing.TB, text string) []int16 {
	t.Helper()
	out, err := exec.Command("espeak-ng", "-v", s.voice, "-s", strconv.Itoa(s.tempo), "-p", strconv.Itoa(s.pitch), "--stdout", text).Output()
	if err != nil {
		t.Fatalf("espeak-ng is needed (configs/lab/install.sh): %v", err)
	}
	data := bytes.Index(out, []byte("data"))
	if data < 0 || len(out) < data+8 {
		t.Fatalf("espeak-ng gave no sound for %q with %s", text, s.voice)
	}
	rate := int(binary.LittleEndian.Uint32(out[24:]))
	raw := out[data+8:]
	samples := make([]int16, len(raw)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return media.Resample(samples, rate, 8000)
}

// persons is what people say when they answer, from a word to a whole sentence
// of somebody at work.
var persons = map[string][]string{
	"de": {
		"Hallo?", "Ja?", "Müller.", "Ja, bitte?", "Schmidt, guten Tag.", "Hallo, wer ist da?", "Anna Becker am Apparat.",
		"Guten Tag, hier ist Familie Hofmann.", "Moment bitte.", "Ja hallo, Petersen?",
		"Autohaus Krause, guten Tag, mein Name ist Sabine Lange.",
		"Guten Morgen, Praxis Doktor Weber, Sie sprechen mit Frau Klein, was kann ich für Sie tun?",
		"Stadtwerke Neustadt, Kundenservice, mein Name ist Jürgen Vogt, guten Tag.",
	},
	"en": {
		"Hello?", "Yes?", "Miller.", "Yes, hello?", "Hi, this is Peter.", "Who is this, please?", "Good morning.",
		"Smith residence, good evening.", "One moment please.", "Anna Baker speaking.",
		"Good afternoon, Harrison and Company, Emily speaking.",
		"Thank you for calling Green Garden Centre, this is Robert, how can I help you today?",
		"Doctor Weaver's office, you are speaking with Linda, what can I do for you?",
	},
}

// machines is what machines say before they beep.
var machines = map[string][]string{
	"de": {
		"Guten Tag, Sie sind verbunden mit dem Anschluss der Familie Hofmann. Leider sind wir im Augenblick nicht zu Hause. Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
		"Hallo, hier ist die Mailbox von Anna Becker. Ich kann gerade nicht ans Telefon gehen. Sprechen Sie nach dem Ton, ich rufe zurück.",
		"Der gewünschte Gesprächspartner ist zur Zeit nicht erreichbar. Bitte sprechen Sie eine Nachricht auf das Band.",
		"Willkommen bei der Praxis Doktor Weber. Unsere Sprechzeiten sind Montag bis Freitag von acht bis zwölf Uhr. In dringenden Fällen wenden Sie sich an den ärztlichen Notdienst.",
	},
	"en": {
		"Hello, you have reached the Smith family. We cannot come to the phone right now. Please leave your name and number after the tone.",
		"The person you are calling is not available. Please record your message after the tone. When you have finished, you may hang up.",
		"Hi, this is Peter. I am probably busy, so leave me a message and I will call you back as soon as I can.",
		"Thank you for calling the Green Garden Centre. Our office is closed at the moment. We are open from nine to five on weekdays.",
	},
}

// tally is what became of a kind of greeting.
type tally struct {
	mu                                      sync.Mutex
	n, person, machine, beep, either, silly int
	late                                    time.Duration
	wrong                                   []string
}

func (c *tally) add(found []Finding, text string, who speaker, wrong Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == Machine || f.Kind == Beep }) {
		c.either++
	} else if wrong == Person {
		c.wrong = append(c.wrong, fmt.Sprintf("not known: %s %d %q", who.voice, who.tempo, text))
	}
	for _, f := range found {
		switch f.Kind {
		case Person:
			c.person++
		case Machine:
			c.machine++
		case Beep:
			c.beep++
		default:
			c.silly++
		}
		if f.Kind == wrong && wrong == Machine || f.Kind < Person {
			c.wrong = append(c.wrong, fmt.Sprintf("%v after %v: %s %d %q", f.Kind, f.After.Round(10*time.Millisecond), who.voice, who.tempo, text))
		}
		if f.Kind == Machine {
			c.late = max(c.late, f.After)
		}
	}
}

// greet lets every speaker say every greeting.
func greet(t testing.TB, all bool) (people, boxes *tally) {
	people, boxes = &tally{}, &tally{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	each := func(texts map[string][]string, do func(speaker, string)) {
		for language, ts := range texts {
			for _, who := range speakers(language, all) {
				for _, text := range ts {
					wg.Go(func() { // waited for below
						slots <- struct{}{}
						defer func() { <-slots }()
						do(who, text)
					})
				}
			}
		}
	}
	each(persons, func(who speaker, text string) {
		// After the greeting the person waits, asks again, and listens.
		samples := join(media.Silence(600*ms), who.say(t, text), media.Silence(2500*ms), who.say(t, "Hallo?"), media.Silence(4*time.Second))
		people.add(play(t, true, true, samples), text, who, Machine)
	})
	each(machines, func(who speaker, text string) {
		tone := media.Tone(800+float64(who.pitch)*10, time.Duration(200+who.tempo*2)*ms, -12)
		samples := join(media.Silence(800*ms), who.say(t, text), media.Silence(400*ms), tone, media.Silence(3*time.Second))
		boxes.add(play(t, true, true, samples), text, who, Person)
	})
	wg.Wait()
	return people, boxes
}

// TestGreetings: fewer than 1 % of persons are called a machine, and most
// machines are known, by their beep nearly all. `make bench` has all voices.
func TestGreetings(t *testing.T) {
	people, boxes := greet(t, false)
	t.Logf("%d persons: person %d, machine %d, beep %d", people.n, people.person, people.machine, people.beep)
	t.Logf("%d machines: known %d, by cadence %d (after %v at most), by beep %d, taken for a person at first %d", boxes.n, boxes.either, boxes.machine, boxes.late, boxes.beep, boxes.person)
	if n := people.machine + people.beep; n*100 >= people.n || people.silly > 0 {
		t.Errorf("%d of %d persons were called a machine, %d something sillier: %v", n, people.n, people.silly, people.wrong)
	}
	if people.person*100 < people.n*99 {
		t.Errorf("only %d of %d persons were known", people.person, people.n)
	}
	if boxes.either*100 < boxes.n*90 || boxes.machine*100 < boxes.n*30 || boxes.silly > 0 {
		t.Errorf("of %d machines %d were known, %d by their cadence, %d something sillier: %v", boxes.n, boxes.either, boxes.machine, boxes.silly, boxes.wrong)
	}
	if people.n < 50 || boxes.n < 16 {
		t.Errorf("only %d persons and %d machines spoke", people.n, boxes.n)
	}
}

// BenchmarkGreetings measures with every voice at every tempo.
func BenchmarkGreetings(b *testing.B) {
	for b.Loop() {
		people, boxes := greet(b, true)
		b.ReportMetric(100*float64(people.machine+people.beep)/float64(people.n), "%false-machine")
		b.ReportMetric(100*float64(boxes.machine)/float64(boxes.n), "%machines-by-cadence")
		b.ReportMetric(100*float64(boxes.either)/float64(boxes.n), "%machines-known")
		b.ReportMetric(float64(people.n), "persons")
	}
}
