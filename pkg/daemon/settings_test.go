package daemon

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/store"
)

// Apps that run are taken over whatever hubd.yaml says.
func TestBrokenSettingsAtAdoption(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	pid := r.pids()["app"]
	r.leave()
	const broken = "memory_interval: nonsense\n"
	r.write(settings.Name, broken)
	n := serveIn(t, r.Home, nil)
	if now := n.pids()["app"]; now != pid {
		t.Errorf("process %d, was %d", now, pid)
	}
	if !strings.Contains(n.journal.String(), "hubd.yaml:1: memory_interval") {
		t.Error("the log does not say what is wrong")
	}
	if text, err := os.ReadFile(r.path(settings.Name)); err != nil || string(text) != broken {
		t.Errorf("the file is %q: %v", text, err)
	}
}

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
	// A child that another test is forking may hold the lock until its exec.
	err = store.ErrLocked
	for until := time.Now().Add(deadline); errors.Is(err, store.ErrLocked) && time.Now().Before(until); {
		err = Run(t.Context(), Options{Home: r.Home, Log: slog.New(slog.DiscardHandler), Ready: func() { t.Error("it is ready") }}, nil)
	}
	if _, ok := errors.AsType[spec.Problems](err); !ok {
		t.Errorf("a new daemon: %v", err)
	}
	if _, err := os.Lstat(r.path("hubd.sock")); err == nil {
		t.Error("there is a socket")
	}
}
