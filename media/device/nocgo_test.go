//go:build !cgo

package device

import (
	"errors"
	"strings"
	"testing"
)

func TestWithoutCgo(t *testing.T) {
	_, err := Open(Options{})
	_, err2 := Devices()
	for _, err := range []error{err, err2} {
		if !errors.Is(err, ErrNoCgo) || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
			t.Errorf("%v", err)
		}
	}
}
