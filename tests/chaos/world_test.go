package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/tests/chaos/account"
)

const (
	// patience is how long anything may take.
	patience = 20 * time.Second
	// interval is between two looks at what nobody tells of.
	interval = 10 * time.Millisecond
)

// world is a home with its daemon, its apps and their books.
type world struct {
	*api.Client
	t     *testing.T
	seed  uint64
	dir   string // scripts, ecosystem file
	books string
}

// newWorld makes a home that ends with the test, with all that runs in it.
func newWorld(t *testing.T) *world {
	t.Helper()
	// Not t.TempDir: that path is long, and a socket's address holds 108 bytes.
	home, err := os.MkdirTemp("", "hub")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Client: &api.Client{Home: home}, t: t, seed: *seed, dir: t.TempDir()}
	if w.seed == 0 {
		w.seed = rand.Uint64N(1e6) + 1
	}
	w.books = filepath.Join(w.dir, "books")
	if err := os.Mkdir(w.books, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d", w.seed)
	t.Cleanup(w.end)
	return w
}

// dice are for one purpose, so that what one part does with its own does not
// change another's.
func (w *world) dice(purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, purpose)) }

// environ is that of whoever calls hubctl.
func (w *world) environ() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "HUB_HOME=" + w.Home, "TZ=UTC", "LC_ALL=C.UTF-8"}
}

// errLate means that a command took more than patience.
var errLate = errors.New("not done in time")

// try runs hubctl; its failure is nothing special while others kill the daemon.
func (w *world) try(args ...string) (string, error) { return w.tryFrom(built.folders[0], args...) }

func (w *world) tryFrom(folder string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(folder, "hubctl"), args...)
	cmd.Dir, cmd.Env = w.dir, w.environ()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = errLate
	}
	if err != nil {
		err = fmt.Errorf("hubctl %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out), err
}

// must runs a hubctl that has to succeed.
func (w *world) must(args ...string) string {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// should is must where the test goes on all the same.
func (w *world) should(args ...string) {
	w.t.Helper()
	if _, err := w.try(args...); err != nil {
		w.t.Error(err)
	}
}

// lives reads all books.
func (w *world) lives() []*account.Life {
	w.t.Helper()
	lives, err := account.Read(w.books)
	if err != nil {
		w.t.Fatal(err)
	}
	return lives
}

// processes asks for everything about all instances.
func (w *world) processes() ([]api.Process, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return w.Processes(ctx, true)
}

// eventually fails the test when check does not come to find nothing.
func (w *world) eventually(what string, check func() []string) {
	w.t.Helper()
	if found := until(check); len(found) > 0 {
		w.t.Errorf("%s:\n%s", what, strings.Join(found[:min(len(found), 20)], "\n"))
	}
}

// until runs check until it finds nothing, and returns what it found last.
func until(check func() []string) []string {
	tick := time.NewTicker(10 * interval)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		found := check()
		if len(found) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-limit:
			return found
		}
	}
}

// end ends the home and complains of what is left.
func (w *world) end() {
	if _, err := w.try("kill"); err != nil {
		w.t.Error(err)
	}
	for _, p := range w.everything() {
		w.t.Errorf("left behind: %s", p)
		p.kill()
	}
	log := w.hubdLog()
	for _, sign := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
		if at := strings.Index(log, sign); at >= 0 {
			w.t.Errorf("hubd.log: %s", log[at:min(len(log), at+8<<10)])
		}
	}
	if !w.t.Failed() {
		os.RemoveAll(w.Home)
		return
	}
	const tail = 12 << 10
	w.t.Logf("seed %d, the end of hubd.log:\n%s", w.seed, log[max(0, len(log)-tail):])
	if *keep {
		kept := w.Home + ".books"
		w.t.Logf("kept: %s, %s (%v)", w.Home, kept, os.CopyFS(kept, os.DirFS(w.books)))
		return
	}
	os.RemoveAll(w.Home)
}

func (w *world) hubdLog() string {
	data, err := os.ReadFile(filepath.Join(w.Home, "hubd.log"))
	if err != nil {
		return err.Error()
	}
	return string(data)
}
