package daemon

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/spec"
)

func TestBrokenSettings(t *testing.T) {
	t.Parallel()
	r := serve(t)
	if err := r.ReadSettings(r.context()); err != nil {
		t.Error(err)
	}
	r.write(settings.Name, "memory_interval: 1\n")
	err := r.ReadSettings(r.context())
	if e, ok := errors.AsType[*api.Error](err); !ok || e.Code != api.CodeFailed || !strings.Contains(e.Message, "hubd.yaml:1: memory_interval: found 1ms") || e.Hint == "" {
		t.Errorf("a running daemon: %v", err)
	}
	r.end()
	err = Run(t.Context(), Options{Home: r.Home, Log: slog.New(slog.DiscardHandler), Ready: func() { t.Error("it is ready") }}, nil)
	if _, ok := errors.AsType[spec.Problems](err); !ok {
		t.Errorf("a new daemon: %v", err)
	}
	if _, err := os.Lstat(r.path("hubd.sock")); err == nil {
		t.Error("there is a socket")
	}
}
