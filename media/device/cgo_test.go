//go:build cgo

package device

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestBuildWithoutCgo builds and runs the package as it is without cgo.
func TestBuildWithoutCgo(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "test", "-count=1", "-v", "-run=^(TestWithoutCgo|TestPick)$", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestWithoutCgo") {
		t.Errorf("%v\n%s", err, out)
	}
}
