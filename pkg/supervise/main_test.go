package supervise

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/proc"
	readiness "github.com/leadmaster/hub/pkg/ready"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/stats"
	"golang.org/x/sys/unix"
)

// deadline is for things that happen at once unless something is broken.
const deadline = 20 * time.Second

// childMode in the environment makes the test binary an app.
const childMode = "HUB_TEST_APP"

func TestMain(m *testing.M) {
	switch mode, text, _ := strings.Cut(os.Getenv(childMode), " "); mode {
	case "ready":
		say(readiness.Notify())
		_ = unix.Pause() // until it is told to end
	case "accept":
		acceptForever()
	case "status":
		say(readiness.Status(text))
		os.Exit(0)
	}
	if os.Getenv(childMode) == "trace" {
		os.Exit(trace(os.Args[1]))
	}
	// As hubd does first: what this process was started with is not for apps.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// say ends an app that can't say something.
func say(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// rig is a Supervisor with loops and a folder of its own.
type rig struct {
	testing.TB
	*Supervisor
	dir       string
	ledger    *ledger
	journal   *journal
	exitsDone chan error
	logsDone  chan error
	dead      bool
}

func newRig(t testing.TB) *rig { return newKeptRig(t, nil) }

// newKeptRig is newRig with a keeper.
func newKeptRig(t testing.TB, k Keeper) *rig {
	t.Helper()
	r := &rig{TB: t, dir: t.TempDir(), ledger: &ledger{}, journal: &journal{}}
	r.serve(NewUUID(), k)
	return r
}

// serve makes the Supervisor of a home, until the test ends or it dies.
func (r *rig) serve(homeID string, k Keeper) {
	r.Helper()
	log := slog.New(slog.NewTextHandler(r.journal, nil))
	exits, err := epoll.New()
	if err != nil {
		r.Fatal(err)
	}
	lines, err := logs.New(log, "")
	if err != nil {
		r.Fatal(err)
	}
	boot, err := proc.BootID()
	if err != nil {
		r.Fatal(err)
	}
	r.exitsDone, r.logsDone = make(chan error, 1), make(chan error, 1)
	go func() { r.exitsDone <- exits.Run(context.Background()) }()
	go func() { r.logsDone <- lines.Run(context.Background()) }()
	r.Supervisor = New(Config{
		Home: r.dir, HomeID: homeID, Boot: boot, RunDir: r.dir, Loop: exits, Logs: lines,
		MemoryInterval: 2 * time.Second,
		Scanner:        stats.NewScanner(), Store: r.ledger, Keeper: k, Log: log,
	}, 0)
	r.Cleanup(func() {
		if !r.dead {
			r.end()
		}
		if r.Failed() {
			r.Log(r.journal.String())
		}
	})
}

// end ends everything.
func (r *rig) end() {
	for _, p := range r.End("test is over") {
		r.outcome(p)
	}
	r.Wait()
	r.Close()
	r.Logs.Close()
	r.Loop.Close()
	if err := errors.Join(receive(r, r.exitsDone), receive(r, r.logsDone)); err != nil {
		r.Error(err)
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// app is a shell script as an app that counts as stable at once.
func (r *rig) app(name, script string, change ...func(*spec.Spec)) *spec.Spec {
	s := testSpec("min_uptime=1ms", "kill_timeout=10s")
	s.Name, s.Namespace, s.InstanceVar = name, "default", "NODE_APP_INSTANCE"
	s.Interpreter, s.InterpreterArgs, s.Script = "/bin/sh", []string{"-c"}, script
	s.Cwd, s.KillSignal = r.dir, "SIGTERM"
	s.OutFile, s.ErrorFile, s.PidFile = r.path(name+"-out.log"), r.path(name+"-error.log"), r.path(name+".pid")
	for _, c := range change {
		c(s)
	}
	return s
}

// idle says that it is up and does nothing until it is told to end.
const idle = "echo up; read x"

// base is the environment of apps.
func base(vars ...string) *BaseEnv {
	return &BaseEnv{Vars: append([]string{"PATH=/usr/bin:/bin"}, vars...)}
}

// start starts an app and waits until its instances are online.
func (r *rig) start(s *spec.Spec, vars ...string) []*Instance {
	r.Helper()
	return r.request(Request{Spec: s, Base: base(vars...), Existing: Restart, Cause: "test"})
}

// Start is Supervisor.Start for one app, however long it takes.
func (r *rig) Start(q Request) ([]*Pending, error) {
	return r.Supervisor.Start(context.Background(), q)
}

// request starts an app and returns the instances that were touched, when all
// have succeeded.
func (r *rig) request(q Request) []*Instance {
	r.Helper()
	pending, err := r.Start(q)
	if err != nil {
		r.Fatal(err)
	}
	var list []*Instance
	for _, p := range pending {
		if o := r.outcome(p); o.Err != "" {
			r.Fatalf("%s: %+v", p.Instance.UUID, o)
		}
		list = append(list, p.Instance)
	}
	return list
}

// one starts an app of one instance and waits until it is up.
func (r *rig) one(s *spec.Spec, vars ...string) *Instance {
	r.Helper()
	i := r.start(s, vars...)[0]
	r.line(s.LogPath(s.OutFile, 0), "up")
	return i
}

func (r *rig) outcome(p *Pending) Outcome {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	o := p.Wait(ctx)
	if ctx.Err() != nil {
		r.Errorf("%s: no outcome; it is %s\n%s", p.Instance.UUID, p.Instance.Status().State, r.journal)
	}
	return o
}

// act does something with an instance and wants it to succeed.
func (r *rig) act(i *Instance, action string) Outcome {
	r.Helper()
	p, err := i.Act(action, "test")
	if err != nil {
		r.Fatal(err)
	}
	o := r.outcome(p)
	if o.Err != "" {
		r.Fatalf("%s %s: %s", action, i.UUID, o.Err)
	}
	return o
}

// line waits for a whole line in a log file.
func (r *rig) line(path, text string) {
	r.Helper()
	f := r.Logs.Follow(path, 0)
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	for {
		l, err := f.Next(ctx)
		if err != nil {
			r.Fatalf("%s never has the line %q: %v", path, text, err)
		}
		if string(l.Text) == text {
			return
		}
	}
}

// event waits for an event of a kind.
func (r *rig) event(sub *Subscription, kind string) Event {
	r.Helper()
	for {
		if e := receive(r, sub.C); e.Kind == kind {
			return e
		}
	}
}

// fifo makes a named pipe for a child to write one word into.
func (r *rig) fifo(name string) (path string, word func() string) {
	r.Helper()
	path = r.path(name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		r.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { f.Close() })
	return path, func() string {
		r.Helper()
		if err := f.SetReadDeadline(time.Now().Add(deadline)); err != nil {
			r.Fatal(err)
		}
		buf := make([]byte, 100)
		n, err := f.Read(buf)
		if err != nil {
			r.Fatal(err)
		}
		return strings.TrimSpace(string(buf[:n]))
	}
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

// environ is the environment that a process was started with. In the midst of its
// exec it shows none.
func environ(t testing.TB, pid int) map[string]string {
	t.Helper()
	var text []byte
	for until := time.Now().Add(deadline); len(text) == 0 && time.Now().Before(until); {
		var err error
		if text, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil {
			t.Fatal(err)
		}
	}
	vars := make(map[string]string)
	for _, kv := range strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00") {
		k, v, _ := strings.Cut(kv, "=")
		vars[k] = v
	}
	return vars
}

// runs reports whether there is such a process; a zombie is none.
func runs(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && stat[bytes.LastIndexByte(stat, ')')+2] != 'Z'
}

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v, ok := <-c:
		if !ok {
			t.Fatal("the channel was closed")
		}
		return v
	case <-time.After(deadline):
		t.Fatalf("nothing came within %v", deadline)
		panic("unreachable")
	}
}

// ledger is a Store that remembers all that it was told.
type ledger struct {
	mu       sync.Mutex
	records  []Record
	removed  []string
	content  map[string]string
	released []string
	fault    error
	full     bool // no content can be put any more
	// watch, if set, looks at each record while its writer waits.
	watch func(Record)
}

func (l *ledger) PutContent(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return "", errors.New("no room for content")
	}
	if l.content == nil {
		l.content = make(map[string]string)
	}
	hash := fmt.Sprintf("content %d", len(l.content))
	l.content[hash] = string(data)
	return hash, l.fault
}

func (l *ledger) ReleaseContent(hash string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.content[hash]; !ok {
		return fmt.Errorf("%s was never put, or is released twice", hash)
	}
	l.released = append(l.released, hash)
	return nil
}

func (l *ledger) WriteRecord(uuid string, record any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := *record.(*Record)
	if r.UUID != uuid {
		return fmt.Errorf("record of %s under %s", r.UUID, uuid)
	}
	if l.watch != nil {
		l.watch(r)
	}
	l.records = append(l.records, r)
	return l.fault
}

func (l *ledger) RemoveRecord(uuid string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removed = append(l.removed, uuid)
	return l.fault
}

// fail lets everything fail from now on, or succeed again.
func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = err
}

func (l *ledger) all() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

// follow makes f the watch, and shows it the records that there are.
func (l *ledger) follow(f func(Record)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watch = f; f == nil {
		return
	}
	last := make(map[string]Record)
	for _, r := range l.records {
		last[r.UUID] = r
	}
	for _, r := range last {
		f(r)
	}
}

// gone are the instances whose record was removed.
func (l *ledger) gone() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.removed)
}

// text is the content with a hash, as JSON.
func (l *ledger) text(hash string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.content[hash]
}

// journal collects the log.
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

func (j *journal) count(what string) int { return strings.Count(j.String(), what) }
