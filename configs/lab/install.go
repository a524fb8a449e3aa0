package lab

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed install.sh
var installer string

// tree is where Asterisk lives: "/" for the machine's own, else a Debian tree
// in the cache, out of which it runs by the tree's own loader.
type tree string

// install runs install.sh, which does nothing if all is there.
func install(ctx context.Context, progress io.Writer) (tree, error) {
	cmd := exec.CommandContext(ctx, "bash", "-c", installer, "install.sh")
	var said bytes.Buffer
	cmd.Stderr = &said
	if progress != nil {
		cmd.Stderr = io.MultiWriter(&said, installNews{progress})
	}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("install.sh: %w: %s", err, tail(said.String(), 1))
	}
	return tree(tail(string(out), 1)), nil
}

// installNews passes on what the installation does, and keeps quiet when there
// was nothing to do: then its only line is Asterisk's version.
type installNews struct{ to io.Writer }

func (n installNews) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(p, []byte("lab: Asterisk ")) {
		if _, err := n.to.Write(p); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// first returns the first path that one of the patterns finds under the tree.
func (t tree) first(patterns ...string) string {
	for _, p := range patterns {
		if found, _ := filepath.Glob(filepath.Join(string(t), p)); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// command is how to run Asterisk from this tree.
func (t tree) command(args ...string) (string, []string) {
	if t == "/" {
		return "asterisk", args
	}
	dirs, _ := filepath.Glob(filepath.Join(string(t), "usr/lib/*-linux-gnu"))
	var libs []string
	for _, d := range dirs {
		libs = append(libs, d, filepath.Join(d, "pulseaudio"))
	}
	loader := t.first("lib64/ld-linux-*.so.2", "lib/ld-linux-*.so.1")
	head := []string{"--library-path", strings.Join(libs, ":"), filepath.Join(string(t), "usr/sbin/asterisk")}
	return loader, append(head, args...)
}

// modules is the folder of Asterisk's loadable modules.
func (t tree) modules() (string, error) {
	for _, p := range []string{"usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules", "usr/lib64/asterisk/modules", "usr/local/lib/asterisk/modules"} {
		if t.first(p+"/chan_pjsip.so") != "" {
			return t.first(p), nil
		}
	}
	return "", fmt.Errorf("no chan_pjsip.so under %s", t)
}

// data is the folder of Asterisk's documentation, which some modules need.
func (t tree) data() string {
	if d := t.first("usr/share/asterisk/documentation", "var/lib/asterisk/documentation"); d != "" {
		return filepath.Dir(d)
	}
	return t.first("usr/share/asterisk")
}
