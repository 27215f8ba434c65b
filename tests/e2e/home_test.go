package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// home is a hub home of a Go test, with its daemon running.
type home struct {
	*api.Client
	t   *testing.T
	dir string // for what belongs to the test
}

// newHome starts a daemon and ends it, and checks what it leaves, with the test.
func newHome(t *testing.T) *home {
	t.Helper()
	path, err := os.MkdirTemp("", "hub")
	if err != nil {
		t.Fatal(err)
	}
	h := &home{Client: &api.Client{Home: path}, t: t, dir: t.TempDir()}
	t.Cleanup(func() {
		defer os.RemoveAll(path)
		if left := end(path, h.dir); left != "" {
			t.Error(left)
		}
		if t.Failed() {
			t.Log(hubdLog(path))
		}
	})
	h.hubctl("ping")
	return h
}

// hubctl runs a command that must succeed and returns its stdout.
func (h *home) hubctl(args ...string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, "hubctl"), args...)
	cmd.Dir, cmd.Env = h.dir, environ(h.Home, h.dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("hubctl %v: %v\n%s%s", args, err, out, &stderr)
	}
	return string(out)
}

// daemonPID asks the daemon, which proves that it answers.
func (h *home) daemonPID() int {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	d, err := h.Daemon(ctx)
	if err != nil {
		h.t.Fatalf("the daemon does not answer: %v", err)
	}
	return d.PID
}

// eventually fails the test when check does not come to return nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	if err := until(check); err != nil {
		t.Fatal(err)
	}
}

// until runs check again and again until it returns nil, and returns its last
// error when patience is over. It is for what nobody tells of.
func until(check func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-limit:
			return err
		}
	}
}
