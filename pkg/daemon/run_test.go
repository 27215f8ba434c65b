package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
	"golang.org/x/sys/unix"
)

type credential = syscall.Credential

// runUntil is a daemon that says on stdout when it answers, and ends with in.
func runUntil(home string, in io.Reader) {
	ctx, stop := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, in); stop() }()
	log := slog.New(slog.DiscardHandler)
	if err := Run(ctx, Options{Home: home, Log: log, Ready: func() { fmt.Println("ready") }}, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The pid file and the socket are there, and private, before the first answer,
// and gone with the daemon.
func TestFilesOfARunningDaemon(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	r := serveIn(t, home, nil)
	pid, err := os.ReadFile(r.path("hubd.pid"))
	if err != nil || string(pid) != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("hubd.pid holds %q: %v", pid, err)
	}
	for name, mode := range map[string]fs.FileMode{"": 0o700, "hubd.sock": 0o600, "hubd.lock": 0o600, "state.json": 0o600} {
		info, err := os.Stat(r.path(name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%q has mode %v, want %v", name, got, mode)
		}
	}
	d, err := r.Daemon(r.context())
	if err != nil || d.PID != os.Getpid() || d.Home != home || d.State != "online" || d.Version != api.Version || d.Level != api.Level {
		t.Errorf("%+v: %v", d, err)
	}
	r.end()
	for _, name := range []string{"hubd.pid", "hubd.sock"} {
		if _, err := os.Lstat(r.path(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
	if _, err := r.Daemon(r.context()); !errors.Is(err, api.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// Who waits for the pid file, as systemd does with Type=forking, finds the
// socket when it comes.
func TestSocketComesBeforeThePidFile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	watch, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	events := os.NewFile(uintptr(watch), "inotify")
	defer events.Close()
	if _, err := unix.InotifyAddWatch(watch, home, unix.IN_CREATE|unix.IN_MOVED_TO); err != nil {
		t.Fatal(err)
	}
	serveIn(t, home, nil)
	buf := make([]byte, 64<<10)
	n, err := events.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	socket, pid := bytes.Index(buf[:n], []byte("hubd.sock\x00")), bytes.Index(buf[:n], []byte("hubd.pid\x00"))
	if socket < 0 || pid < 0 || pid < socket {
		t.Errorf("hubd.sock at %d, hubd.pid at %d of %q", socket, pid, buf[:n])
	}
}

func TestSecondDaemon(t *testing.T) {
	t.Parallel()
	r := serve(t)
	err := Run(t.Context(), Options{Home: r.Home, Log: slog.New(slog.DiscardHandler), Ready: func() { t.Error("it is ready") }}, nil)
	if !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if _, err := r.Daemon(r.context()); err != nil {
		t.Errorf("the first: %v", err)
	}
	if _, err := os.Stat(r.path("hubd.pid")); err != nil {
		t.Errorf("the first's pid file: %v", err)
	}
}

// What a killed daemon has left is in nobody's way.
func TestAfterAKilledDaemon(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	h, err := store.OpenHome(home)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	boot, err := proc.BootID()
	if err != nil {
		t.Fatal(err)
	}
	gone := supervise.Record{Version: 1, UUID: "gone"}
	gone.Process = &proc.Identity{PID: os.Getpid(), Start: 1, Boot: boot}
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: h.SocketPath()}), unix.Close(fd),
		os.WriteFile(h.PidPath(), []byte("1\n"), 0o644), h.WriteRecord("gone", gone), h.WriteRecord("never", supervise.Record{})); err != nil {
		t.Fatal(err)
	}
	r := serveIn(t, home, nil)
	if _, err := r.Daemon(r.context()); err != nil {
		t.Error(err)
	}
	if err := h.Records(func(uuid, _ string) { t.Errorf("record %s is left", uuid) }); err != nil {
		t.Error(err)
	}
}

func TestStateIsKept(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	read := func() (st state) {
		t.Helper()
		if err := store.ReadJSON(filepath.Join(home, "state.json"), &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	serveIn(t, home, nil).end()
	first := read()
	if first.Version != 1 || first.HomeID == "" {
		t.Errorf("got %+v", first)
	}
	serveIn(t, home, nil).end()
	if again := read(); again.HomeID != first.HomeID {
		t.Errorf("the home's id was %s and is %s", first.HomeID, again.HomeID)
	}
	damaged := filepath.Join(home, "state.json")
	if err := os.WriteFile(damaged, []byte(`{"version":`), 0o600); err != nil {
		t.Fatal(err)
	}
	serveIn(t, home, nil).end()
	if st := read(); st.HomeID == "" || st.HomeID == first.HomeID {
		t.Errorf("after it was damaged: %+v", st)
	}
	if text, err := os.ReadFile(damaged + ".damaged"); err != nil || string(text) != `{"version":` {
		t.Errorf("the damaged file was not set aside: %q, %v", text, err)
	}
}

func TestLongHome(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), strings.Repeat("long/", 30), "home")
	r := serveIn(t, home, nil)
	if d, err := r.Daemon(r.context()); err != nil || d.Home != home {
		t.Errorf("%+v: %v", d, err)
	}
	r.begin(r.app("app", idle))
	if rows := r.rows(); rows != "app:online" {
		t.Errorf("got %s", rows)
	}
}

// The daemon's end is the end of all apps, each of which gets its own time.
func TestEndOfTheDaemon(t *testing.T) {
	t.Parallel()
	r := serve(t)
	stubborn := func(s *spec.Spec) { s.KillTimeout = spec.Duration(300 * time.Millisecond) }
	results := r.begin(
		r.app("idle", idle),
		r.app("polite", "trap 'echo bye; exit 0' TERM; echo up; while :; do read x; done"),
		r.app("stubborn", "trap '' TERM; echo up; while :; do read x; done", stubborn),
		r.app("stubborn-too", "trap '' TERM; echo up; while :; do read x; done", stubborn))
	r.up("polite", "stubborn", "stubborn-too")
	r.end()
	for _, one := range results {
		if err := unix.Kill(one.PID, 0); !errors.Is(err, unix.ESRCH) {
			t.Errorf("%s still runs: %v", one.Name, err)
		}
	}
	if text, err := os.ReadFile(r.path("logs/polite-out.log")); err != nil || !strings.HasSuffix(string(text), "bye\n") {
		t.Errorf("the last words are not in the log: %q, %v", text, err)
	}
	for _, dir := range []string{"run", "pids", "specs"} {
		if entries, err := os.ReadDir(r.path(dir)); err != nil || len(entries) > 0 {
			t.Errorf("%s holds %v: %v", dir, entries, err)
		}
	}
}

// Kill ends everything; who comes meanwhile is told that the daemon is ending.
func TestKill(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("stubborn", "trap '' TERM; echo up; while :; do read x; done", func(s *spec.Spec) {
		s.KillTimeout = spec.Duration(500 * time.Millisecond)
	}))
	r.up("stubborn")
	events := r.connect()
	events.send(fmt.Sprintf(`{"method":%q,"more":true}`, full("Events")))
	events.next(full("Events"))
	killer := r.connect()
	killer.send(fmt.Sprintf(`{"method":%q,"more":true,"parameters":{"action":"kill"}}`, full("Control")))
	for !strings.Contains(string(events.next(full("Events")).Parameters), `"kind":"delete"`) {
	}
	if d, err := r.Daemon(r.context()); err != nil || d.State != "stopping" {
		t.Errorf("%+v: %v", d, err)
	}
	err := r.Start(r.context(), api.StartCall{Specs: []spec.Spec{r.app("late", idle)}, Env: env}, func([]api.Result) {})
	wantError(t, err, api.CodeEnding)
	var names []string
	for more := true; more; {
		a := killer.next(full("Control"))
		names = append(names, string(a.Parameters))
		more = a.Continues
	}
	if all := strings.Join(names, ""); !strings.Contains(all, `"name":"stubborn"`) || strings.Contains(all, "late") {
		t.Errorf("results: %s", all)
	}
	if err := receive(t, r.ended); err != nil {
		t.Error(err)
	}
	r.ended <- nil // for the end of the test
	if _, err := os.Stat(r.path("hubd.pid")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the pid file is left: %v", err)
	}
}

// hubd --config starts what its file declares and says what failed.
func TestStartSpecs(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	files := &rig{TB: t, Client: api.Client{Home: home}, scripts: t.TempDir()}
	specs := []spec.Spec{
		files.app("good", idle), files.app("held", idle, func(s *spec.Spec) { s.Autostart = false }),
		files.app("bad", idle, func(s *spec.Spec) { s.Interpreter, s.MaxRestarts = "/no/such/shell", 1 }),
	}
	begun := make(chan error, 1)
	r := serveIn(t, home, func(d *Daemon) error {
		err := d.StartSpecs(context.Background(), specs, env)
		begun <- err
		return err
	})
	if err := receive(t, begun); err == nil || !strings.Contains(err.Error(), "bad (id 2): ") || strings.Contains(err.Error(), "good") {
		t.Errorf("got %v", err)
	}
	if rows := r.rows(); rows != "bad:errored good:online held:stopped" {
		t.Errorf("got %s", rows)
	}
}
