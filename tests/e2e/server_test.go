package e2e

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// server is a machine for leadmaster-hub, as its papers have it: a checkout with a
// release that is a commit old, a frontend, and a Session Manager that runs.
type server struct {
	t        *testing.T
	home     string // HOME
	checkout string
	// ports replaces those of the papers by free ones.
	ports *strings.Replacer
}

// newServer returns a server on which nothing is built and nothing started.
func newServer(t *testing.T) *server {
	t.Helper()
	home, err := os.MkdirTemp("", "hub")
	if err != nil {
		t.Fatal(err)
	}
	manager := freePort(t)
	s := &server{
		t: t, home: home, checkout: filepath.Join(home, "leadmaster"),
		ports: strings.NewReplacer("3012", freePort(t), "3001", manager, "9464", freePort(t)),
	}
	t.Cleanup(func() {
		defer os.RemoveAll(home)
		if left := end(s.hubHome(), home); left != "" {
			t.Error(left)
		}
		if t.Failed() {
			t.Log(hubdLog(s.hubHome()))
		}
	})
	s.releases()
	s.write("apps/central-hub/frontend/dist/index.html", "<!doctype html><title>Leadmaster</title>\n")
	s.sessionManager(manager)
	return s
}

func (s *server) hubHome() string { return filepath.Join(s.home, ".hub") }

func freePort(t *testing.T) string {
	t.Helper()
	number, err := findPort()
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// releases makes a repository of two releases, and the checkout, which has the first.
func (s *server) releases() {
	origin := filepath.Join(s.home, "origin")
	copySources(s.t, origin, s.ports)
	s.must(s.home, `
git init --quiet --initial-branch main origin
cd origin
git add .
git commit --quiet --message 'the release before'
git clone --quiet . "$HOME/leadmaster"
git commit --quiet --allow-empty --message 'the next release'`)
}

// copySources copies what git knows of this repository, and what it does not know yet.
// Files that name a port get another one.
func copySources(t *testing.T, to string, ports *strings.Replacer) {
	t.Helper()
	root := filepath.Join("..", "..")
	cmd := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	list, err := cmd.Output()
	if err != nil {
		t.Skipf("this is no checkout: git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and git was not told
		}
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "ecosystem.yaml", "apps/central-hub/.env.example", "scripts/checklist.sh":
			data = []byte(ports.Replace(string(data)))
		}
		writeFile(t, filepath.Join(to, name), data, modeOf(t, filepath.Join(root, name)))
	}
}

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func writeFile(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *server) write(name, text string) {
	s.t.Helper()
	writeFile(s.t, filepath.Join(s.checkout, name), []byte(text), 0o644)
}

// sessionManager has one run on the port until the test is over.
func (s *server) sessionManager(port string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "session-manager-stub"))
	cmd.Env = []string{"PORT=" + port, "SCENARIO=connected"}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("session-manager-stub: %v", err)
		}
	})
	eventually(s.t, func() error {
		answer, err := http.Get("http://127.0.0.1:" + port + "/health")
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	})
}

// must runs a script that has to succeed.
func (s *server) must(dir, script string) {
	s.t.Helper()
	if output, err := s.sh(dir, script); err != nil {
		s.t.Fatalf("%s\n%v\n%s", script, err, output)
	}
}

// sh runs a script as a new login of the server's would, and returns what it prints.
func (s *server) sh(dir, script string) (string, error) {
	const limit = 3 * time.Minute // it may build
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", script)
	cmd.Dir, cmd.Env = dir, append(environ(s.hubHome(), s.home), s.tools()...)
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// tools are the variables that git and Go need where HOME is empty and there is no network.
func (s *server) tools() []string {
	list := []string{
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@localhost", "GIT_COMMITTER_NAME=test",
		"GIT_COMMITTER_EMAIL=test@localhost", "GIT_CONFIG_NOSYSTEM=1",
		"GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=-mod=readonly",
	}
	names := []string{"GOCACHE", "GOMODCACHE"}
	values, err := exec.CommandContext(s.t.Context(), "go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		s.t.Fatalf("go env: %v", err)
	}
	for i, value := range bytes.Split(bytes.TrimSpace(values), []byte{'\n'}) {
		list = append(list, names[i]+"="+string(value))
	}
	return list
}
