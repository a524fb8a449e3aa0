//go:build !cgo

package device

import "log/slog"

func connect(*slog.Logger) (sound, error) { return nil, ErrNoCgo }
