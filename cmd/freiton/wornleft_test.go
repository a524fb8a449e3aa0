package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/freiton/freiton/campaign"
)

// releases answers by token: ok, refused, or never.
type releases struct{ asked chan string }

func (r releases) Release(ctx context.Context, token []byte) error {
	r.asked <- string(token)
	switch string(token) {
	case "ok":
		return nil
	case "refused":
		return errors.New("refused")
	}
	<-ctx.Done()
	return ctx.Err()
}

// What a killed process left is hung up once; what nobody confirms in time is
// left to the next one, with the calls that came meanwhile.
func TestLeftCalls(t *testing.T) {
	file := filepath.Join(t.TempDir(), leftFile)
	first := openLeftCalls(file)
	for a, token := range map[campaign.AgentID]string{"ann": "ok", "ben": "refused", "cara": "never", "dora": "over"} {
		if err := first.keep(a, []byte(token)); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.keep("dora", nil); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		next, asked := openLeftCalls(file), make(chan string, 8)
		if err := next.keep("eva", []byte("new")); err != nil {
			t.Fatal(err)
		}
		if err := next.release(t.Context(), releases{asked}); err == nil || !strings.Contains(err.Error(), "ben: refused") || len(asked) != 3 {
			t.Errorf("%v, %d asked", err, len(asked))
		}
	})
	left := openLeftCalls(file).old
	if string(left["cara"]) != "never" || string(left["eva"]) != "new" || left["ann"] != nil || left["dora"] != nil {
		t.Errorf("left to the next one: %q", left)
	}

	if err := os.WriteFile(file, []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openLeftCalls(file).release(t.Context(), nil); err == nil || !strings.Contains(err.Error(), leftFile) {
		t.Errorf("a torn file: %v", err)
	}
}
