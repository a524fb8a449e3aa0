// Command run leaves the laboratory running in the foreground and prints how
// to call it: `go run ./configs/lab/run`, or `make lab`. Ctrl-C ends it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"

	"github.com/freiton/freiton/configs/lab"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run() error {
	port := flag.Int("port", 5060, "SIP port on 127.0.0.1, UDP and TCP; 0 takes a free one")
	keep := flag.Bool("keep", false, "leave CDR, recordings and log behind")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := lab.New(ctx, lab.Options{Port: *port, Keep: *keep, Progress: os.Stderr})
	if err != nil {
		return err
	}
	explain(l)
	select {
	case <-ctx.Done():
	case <-l.Done():
		fmt.Fprintln(os.Stderr, "lab: Asterisk ended by itself")
	}
	return l.Stop()
}

func explain(l *lab.Lab) {
	fmt.Printf("Asterisk is up: sip:%s (UDP and TCP), sips:%s (certificate %s)\n\n", l.SIPAddr(), l.TLSAddr(), l.CAFile())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "account\tpassword\tdigest")
	for _, a := range lab.Accounts() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", a.User, a.Password, a.Algorithms)
	}
	fmt.Fprintln(w, "\nshort\tnumber\twhat happens")
	fates, err := lab.Fates()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
	}
	for _, f := range fates {
		fmt.Fprintf(w, "%s\t+493012%sxxxx\t%s: %s\n", f.Extension(), f.Code, f.Name, f.About)
	}
	w.Flush()
	fmt.Printf("\nfreiton.yaml for it:\n\n%s\n", l.ConfigYAML("1001"))
	fmt.Printf("recordings  %s\nCDR         %s\nlog         %s\n\nCtrl-C ends it.\n",
		filepath.Join(l.Dir(), "recordings"), l.MasterCSV(), filepath.Join(l.Dir(), "log", "full"))
}
