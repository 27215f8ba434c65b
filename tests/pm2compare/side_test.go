package pm2compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long one command may take.
const patience = 30 * time.Second

// side is one of the two programs with a daemon of its own.
type side struct {
	program string
	dir     string // where commands are typed
	home    string
}

// ran is what one command left.
type ran struct {
	code           int
	stdout, stderr string
}

// run types a command; "-" in it means eco.json on standard input.
func (s *side) run(args ...string) (ran, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, args...)
	// A daemon that inherits the pipes would keep us waiting.
	cmd.WaitDelay = time.Second
	cmd.Dir = s.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "PM2_HOME=" + s.home, "HUB_HOME=" + s.home,
		"PM2_DISCRETE_MODE=true", "NO_COLOR=1", "LC_ALL=C.UTF-8", "TZ=UTC", "SECRET=in the environment",
	}
	if slices.Contains(args, "-") {
		stdin, err := os.Open(filepath.Join(s.dir, "eco.json"))
		if err != nil {
			return ran{}, err
		}
		defer stdin.Close()
		cmd.Stdin = stdin
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("%s took longer than %s", strings.Join(args, " "), patience)
	}
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, err
}

// newSide makes a side whose daemon ends with the test.
func newSide(t *testing.T, program, dir string) *side {
	t.Helper()
	home, err := os.MkdirTemp("", "cmp") // short: a socket's address holds 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	s := &side{program: program, dir: dir, home: home}
	t.Cleanup(func() {
		if r, err := s.run("kill"); err != nil {
			t.Errorf("%s kill: %v\n%s", program, err, r.stderr)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return s
}
