package desk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
)

// library writes 200 responses into folders within folders.
func library(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for n := range 200 {
		sub := filepath.Join(dir, []string{"Einwände/Preis", "Einwände/Zeit", "Produkte/Komfort/Zubehör", "Rechtliches", "Verabschiedung"}[n%5])
		must(t, os.MkdirAll(sub, 0o700))
		text := fmt.Sprintf("# Antwort %03d\n\nDas verstehe ich, {name}: Punkt %03d zuerst.\n", n, n)
		must(t, os.WriteFile(filepath.Join(sub, fmt.Sprintf("%03d.md", n)), []byte(text), 0o600))
	}
	return dir
}

// TestMuch has 30 campaigns and 200 responses. What does not run waits behind
// what does; the folders of the responses are opened, searched and read with
// the keyboard alone; nothing grows beyond the screen.
func TestMuch(t *testing.T) {
	all := campaigns()
	all[0].Responses = library(t)
	for n := range 28 {
		c := all[1]
		c.Name, c.Priority = fmt.Sprintf("Bestandskundenrückgewinnung %02d", n), n%4
		c.Document = []byte(c.Name)
		all = append(all, c)
	}
	w, say := worldWith(t, all...), words("de")
	p := &looks{tab: w.visit(t, browser(t), "de")}
	p.logIn("ann", say)
	for _, c := range all {
		w.do(campaign.ClickLoad{By: "chief", Campaign: c.Name})
	}
	w.do(campaign.ClickStart{By: "chief", Campaign: "spring"})
	p.press("OK", p.find("dialog", say("Campaign started: spring")))
	p.press("Alle 30 zeigen", p.find("region", say("My campaigns")))
	p.glance("much-idle")
	p.press(say("Ready"), p.find("group", say("My status")))
	p.press(say("Accept"), p.find("dialog", say("Interaction preview")))
	p.says(say("Call status"), say("Ringing"))
	w.line.answers()
	p.says(say("Call status"), say("Connected"))

	region := p.find("region", say("Responses"))
	search := p.find("searchbox", say("Search"), region)
	p.find("button", "Einwände 80", region)
	p.on(search, `function() { this.focus() }`)
	rows := func() int {
		var n int
		p.evaluate(`document.querySelectorAll('.twig').length`, &n)
		return n
	}
	for _, step := range []struct {
		key, at string
		rows    int
	}{
		{"ArrowDown", "Einwände 80", 4}, {"ArrowRight", "Einwände 80", 6}, {"ArrowRight", "Preis 40", 6}, {"ArrowRight", "Preis 40", 46},
		{"ArrowDown", "Antwort 000", 46}, {"ArrowLeft", "Preis 40", 46}, {"ArrowLeft", "Preis 40", 6}, {"End", "Verabschiedung 40", 6}, {"Home", "Einwände 80", 6},
	} {
		p.key(step.key)
		p.until(step.key+" to "+step.at, func() bool { return strings.Join(strings.Fields(p.focused()), " ") == step.at && rows() == step.rows })
	}
	p.glance("much-tree")

	region = p.find("region", say("Responses")) // narrow, it was a tab
	search = p.find("searchbox", say("Search"), region)
	p.write(search, "punkt 117")
	p.until("the text", func() bool {
		return strings.Contains(p.on(region, `function() { return this.innerText }`), "Jonas Albrecht: Punkt 117 zuerst.")
	})
	p.find("button", "Zubehör 1", region)
	p.press("Als Favorit merken", region)
	p.write(search, "")
	p.find("button", "Favoriten 1", region)
	p.find("button", "Antwort 117", region)
}
