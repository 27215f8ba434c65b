package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/store"
	"golang.org/x/sys/unix"
)

// deadline is for things that happen at once unless something is broken.
const deadline = 20 * time.Second

// childMode in the environment makes the test binary another process.
const childMode = "HUB_TEST_DAEMON"

func TestMain(m *testing.M) {
	// As hubd does first: what this process was started with is not for apps.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		panic(err)
	}
	mode, arg, _ := strings.Cut(os.Getenv(childMode), " ")
	switch mode {
	case "":
		os.Exit(m.Run())
	case "stranger":
		strange(arg)
	case "poor":
		servePoorly(arg)
	}
}

// rig is a daemon in this process, with a home of its own, and a client.
type rig struct {
	testing.TB
	api.Client
	scripts string // folder of the apps' scripts
	journal *journal
	stop    context.CancelFunc
	answers chan struct{} // closed when it does
	ended   chan error
	once    sync.Once
}

// serve runs a daemon until the test ends.
func serve(t testing.TB) *rig {
	t.Helper()
	return serveIn(t, t.TempDir(), nil)
}

// serveIn runs a daemon in a home; begin is what it does first.
func serveIn(t testing.TB, home string, begin func(*Daemon) error) *rig {
	t.Helper()
	r := run(t, Options{Home: home}, begin)
	r.await()
	return r
}

// startIn is serveIn for who does not want to wait until it answers; table may be
// nil.
func startIn(t testing.TB, home string, table *keeper.Table) *rig {
	t.Helper()
	return run(t, Options{Home: home, Table: table}, nil)
}

// run runs a daemon until the test ends.
func run(t testing.TB, o Options, begin func(*Daemon) error) *rig {
	t.Helper()
	r := &rig{
		TB: t, Client: api.Client{Home: o.Home}, scripts: t.TempDir(), journal: &journal{},
		answers: make(chan struct{}), ended: make(chan error, 1),
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	o.Log = slog.New(slog.NewTextHandler(r.journal, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Ready = func() { close(r.answers) }
	go func() {
		err := Run(ctx, o, begin)
		// A child that another test forks has the descriptor of the lock that a
		// daemon before this one had, until its exec.
		for until := time.Now().Add(deadline); errors.Is(err, store.ErrLocked) && time.Now().Before(until); {
			err = Run(ctx, o, begin)
		}
		r.ended <- err
	}()
	t.Cleanup(func() {
		r.end()
		if t.Failed() {
			t.Log(r.journal.String())
		}
	})
	return r
}

// await waits until the daemon answers.
func (r *rig) await() {
	r.Helper()
	select {
	case <-r.answers:
	case err := <-r.ended:
		r.ended <- err
		r.Fatalf("the daemon ended: %v", err)
	case <-time.After(deadline):
		r.Fatal("the daemon does not answer")
	}
}

// end tells the daemon to end and waits for it; it may be called twice.
func (r *rig) end() {
	r.Helper()
	r.once.Do(func() {
		r.stop()
		if err := receive(r, r.ended); err != nil {
			r.Errorf("the daemon ended: %v", err)
		}
	})
}

func (r *rig) path(name string) string { return filepath.Join(r.Home, name) }

// context ends with the test's patience.
func (r *rig) context() context.Context {
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	r.Cleanup(cancel)
	return ctx
}

// idle says that it is up and does nothing until it is told to end.
const idle = "echo up; read x"

// app is a shell script as an app that counts as stable at once.
func (r *rig) app(name, script string, change ...func(*spec.Spec)) spec.Spec {
	r.Helper()
	path := filepath.Join(r.scripts, name+".sh")
	if err := os.WriteFile(path, []byte(script+"\n"), 0o600); err != nil {
		r.Fatal(err)
	}
	s := spec.Spec{
		Name: name, Namespace: "default", Version: "N/A", Script: path, Interpreter: "/bin/sh", Cwd: r.Home,
		Instances: 1, ExecMode: "fork", InstanceVar: "NODE_APP_INSTANCE",
		OutFile: r.path("logs/" + name + "-out.log"), ErrorFile: r.path("logs/" + name + "-error.log"),
		PidFile: r.path("pids/" + name + ".pid"), MergeLogs: true, Autostart: true, Autorestart: true, MaxRestarts: 16,
		MinUptime: spec.Duration(time.Millisecond), KillTimeout: spec.Duration(10 * time.Second),
		KillSignal: "SIGTERM", ListenTimeout: spec.Duration(3 * time.Second), OnListenTimeout: "warn",
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// env is the environment of apps.
var env = []string{"PATH=/usr/bin:/bin", "LANG=C"}

// begin starts apps, all of which must come up.
func (r *rig) begin(specs ...spec.Spec) []api.Result {
	r.Helper()
	return r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Start(ctx, api.StartCall{Specs: specs, Env: env}, each)
	})
}

// up waits until apps have said so.
func (r *rig) up(names ...string) {
	r.Helper()
	for _, name := range names {
		r.says(name, "up")
	}
}

// says waits for a line of an app.
func (r *rig) says(name, line string) {
	r.Helper()
	found := errors.New("found")
	err := r.Logs(r.context(), api.LogsCall{Targets: []string{name}, Follow: true}, func(reply *api.LogsReply) error {
		for _, l := range reply.Lines {
			if l.Text == line {
				return found
			}
		}
		return nil
	})
	if !errors.Is(err, found) {
		r.Fatalf("%s does not say %q: %v", name, line, err)
	}
}

func (r *rig) act(action string, targets ...string) []api.Result {
	r.Helper()
	return r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Act(ctx, api.ActCall{Action: action, Targets: targets}, each)
	})
}

// succeed makes a call and wants all its results to be good.
func (r *rig) succeed(call func(context.Context, func([]api.Result)) error) []api.Result {
	r.Helper()
	var all []api.Result
	if err := call(r.context(), func(some []api.Result) { all = append(all, some...) }); err != nil {
		r.Fatal(err)
	}
	for _, one := range all {
		if one.Error != "" {
			r.Fatalf("%+v", one)
		}
	}
	return all
}

// rows are the process table as name:state words.
func (r *rig) rows() string {
	r.Helper()
	list, err := r.List(r.context())
	if err != nil {
		r.Fatal(err)
	}
	var words []string
	for _, row := range list {
		words = append(words, row.Name+":"+row.Status)
	}
	return strings.Join(words, " ")
}

// say writes a line to an app's stdin, the way that anybody can.
func (r *rig) say(pid int, text string) {
	r.Helper()
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/0", pid), os.O_WRONLY, 0)
	if err != nil {
		r.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text + "\n"); err != nil {
		r.Fatal(err)
	}
}

// child is the test binary in another mode, killed with the test.
func child(t *testing.T, mode, arg string, change func(*exec.Cmd)) (*exec.Cmd, io.WriteCloser) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	// The race detector lets a program linger for a second at its end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childMode+"="+mode+" "+arg)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	change(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd, in
}

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(deadline):
		t.Fatalf("nothing came within %v", deadline)
		panic("unreachable")
	}
}

// wantError wants an error of the interface that says all of these words.
func wantError(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	for _, word := range words {
		if !strings.Contains(e.Message+" "+e.Hint+" "+e.Target, word) {
			t.Errorf("%+v does not say %q", e, word)
		}
	}
}

// dialFD connects to the socket in a folder of which there is a descriptor.
func dialFD(fd int) (net.Conn, error) {
	return net.Dial("unix", fmt.Sprintf("/proc/self/fd/%d/hubd.sock", fd))
}

// journal collects the daemon's log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
