package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Commands that follow each other quickly wait for each other: a server that
// was put into the background, and the import typed right after it.
func TestFolderIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	first, err := openFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := openFolder(gone, dir); !errors.Is(err, errInUse) {
		t.Errorf("who may not wait: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = first.Close() })
	second, err := openFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = second.Close()
}
