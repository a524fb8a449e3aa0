package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// build is which Freiton this is.
type build struct {
	Version  string `json:"version"`            // of a release, else "(devel)"
	Revision string `json:"revision,omitempty"` // of the source, with "+" if it was changed
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild reads what the Go tool wrote into the binary.
func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if b.Revision != "" {
		b.Revision += changed
	}
	return b
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Example: "  freiton version\n  freiton version --output json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if c.output.json {
				return printJSON(c.out, b)
			}
			words := strings.Fields(strings.Join([]string{"freiton", b.Version, b.Revision, b.Go, b.Platform}, " "))
			_, err := fmt.Fprintln(c.out, strings.Join(words, " "))
			return err
		},
	}
}
