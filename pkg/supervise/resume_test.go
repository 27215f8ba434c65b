package supervise

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// notes is a Keeper that remembers what it is told.
type notes struct {
	mu   sync.Mutex
	told []string
}

func (n *notes) add(words ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, words...)
}

func (n *notes) has(word string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.told, word)
}

func (n *notes) Hold(key string, files ...keeper.File) { n.add("hold " + key) }
func (n *notes) Forked(key string, pid, pidfd int)     { n.add("forked " + key) }
func (n *notes) Reaped(key string)                     { n.add("reaped " + key) }
func (n *notes) Recorded(report uint64)                { n.add("recorded " + strconv.Itoa(int(report))) }
func (n *notes) Release(key string, names ...string) {
	for _, name := range names {
		n.add("release " + key + " " + name)
	}
}

// orphan is what a daemon that was killed has left of one app.
type orphan struct {
	*Restored
	process *proc.Process
	files   *files
}

// leave starts an app as a daemon does that is killed right after it.
func (r *rig) leave(s *spec.Spec) orphan {
	r.Helper()
	i := &Instance{UUID: NewUUID(), sup: r.Supervisor}
	f, err := openFiles(s, nil)
	if err != nil {
		r.Fatal(err)
	}
	defer f.closeChild()
	var w wires
	if s.IPC {
		w.channel = channelNumber(s)
	}
	vars := i.environment(base(), s, 1, w).list()
	path, argv, err := commandLine(s, vars)
	if err != nil {
		r.Fatal(err)
	}
	p, err := proc.Start(proc.Command{Path: path, Args: argv, Env: vars, Dir: s.Cwd, Files: f.child, Cgroup: -1})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = p.Kill(); p.Close() })
	rec := &Record{
		Version: RecordVersion, UUID: i.UUID, Name: s.Name, Spec: "s", BaseEnv: "b", Want: Up, State: Online,
		Generation: 1, Launches: 1,
	}
	rec.LaunchedAt, rec.Process = time.Now(), &p.Identity
	for n := range rec.Pipes {
		rec.Pipes[n] = inode(f.child[n])
	}
	return orphan{&Restored{Record: rec, Spec: s, Base: base()}, p, f}
}

// adopt takes over what was left.
func (r *rig) adopt(o orphan, held ...keeper.Held) *Instance {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	none := func() []keeper.Stray { return nil }
	if err := r.Adopt(ctx, []Restored{*o.Restored}, held, none, func(int) {}); err != nil {
		r.Log(err)
	}
	return r.byUUID(o.Record.UUID)
}

// ended waits until the orphan's process is a zombie, and reaps it.
func (o orphan) ended(t *testing.T) {
	t.Helper()
	if err := o.process.Kill(); err != nil {
		t.Fatal(err)
	}
}

// An app that has sent its output elsewhere keeps its channel.
func TestResumeChannelWithoutOutputs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("there")
	o := r.leave(r.app("app", "exec >/dev/null 2>&1; echo up >"+word+"; read x", func(s *spec.Spec) { s.IPC = true }))
	said()
	o.files.closeOurs()
	i := r.adopt(o)
	if err := i.SendMessage(context.Background(), []byte(`"x"`)); err != nil {
		t.Error(err)
	}
}

// What the keeper reports counts also without a pidfd, for which it had no room.
func TestResumeExitWithoutPidfd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Keeper = &notes{}
	o := r.leave(r.app("app", idle, func(s *spec.Spec) { s.Autorestart = false }))
	o.ended(t)
	key := keyOf(o.Record.UUID, 1)
	exit := &keeper.Exit{Report: 5, Status: 7 << 8}
	i := r.adopt(o, keeper.Held{Key: key, PID: o.process.PID, Exit: exit, Files: []keeper.File{{Name: keeper.Out, FD: o.files.out}, {Name: keeper.Err, FD: o.files.err}}})
	if st := i.Status(); st.LastExit == nil || *st.LastExit != (proc.Exit{Code: 7}) {
		t.Errorf("it is %s after %v", st.State, st.LastExit)
	}
}

// A launch whose end is on record is over, also for a keeper that was not told
// before the daemon was killed.
func TestResumeEndOnRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	n := &notes{}
	r.Keeper = n
	o := r.leave(r.app("app", idle))
	o.files.closeOurs()
	key := keyOf(o.Record.UUID, 1)
	pidfd, err := unix.PidfdOpen(o.process.PID, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.ended(t)
	o.Record.Process, o.Record.State, o.Record.Want = nil, Stopped, Down
	i := r.adopt(o, keeper.Held{Key: key, PID: o.process.PID, Files: []keeper.File{{Name: keeper.PidFD, FD: pidfd}}})
	if !n.has("reaped " + key) {
		t.Errorf("the keeper was told %v", n.told)
	}
	if err := receive(t, i.ask(func() error {
		if i.launch.process != nil {
			return errors.New("it has a process")
		}
		return nil
	})); err != nil {
		t.Error(err)
	}
}

// What the app says between its birth and its record is heard.
func TestResumeNotifyBeforeRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Keeper = &notes{}
	o := r.leave(r.app("app", idle, func(s *spec.Spec) { s.Notify, s.WaitReady, s.ListenTimeout = true, true, spec.Duration(time.Hour) }))
	o.Record.State = Launching
	path := filepath.Join(r.RunDir, o.Record.UUID+".1.notify")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	sender, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(sender)
	if err := unix.Sendto(sender, []byte("READY=1"), 0, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	events := r.Subscribe()
	defer events.Close()
	r.adopt(o, keeper.Held{Key: keyOf(o.Record.UUID, 1), Files: []keeper.File{
		{Name: keeper.Out, FD: o.files.out}, {Name: keeper.Err, FD: o.files.err}, {Name: keeper.Notify, FD: fd},
	}})
	r.event(events, "online")
}

// The pid file of an app that has ended while no daemon ran names nobody.
func TestResumePidFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, stays := range map[string]bool{"mine": false, "another's": true} {
		s := r.app(name, idle, func(s *spec.Spec) { s.Autorestart = false })
		o := r.leave(s)
		o.ended(t)
		o.files.closeOurs()
		text := strconv.Itoa(o.process.PID)
		if stays {
			text = "1"
		}
		path := s.PidPath(0)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r.adopt(o)
		if _, err := os.Stat(path); stays != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A pipe that a program shares with another one is not ours to read.
func TestReopenOutput(t *testing.T) {
	t.Parallel()
	read, child, err := outputPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer closeFD(read)
	ours := os.NewFile(uintptr(child), "pipe")
	defer ours.Close()
	theirs, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	defer write.Close()
	cmd := exec.Command("sleep", "1000")
	cmd.Stdout, cmd.Stderr = ours, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	for n, want := range []bool{1: true, 2: false} {
		if n == 0 {
			continue
		}
		var pipe uint64
		fd, err := reopenOutput(cmd.Process.Pid, n, &pipe)
		if want != (err == nil) {
			t.Errorf("descriptor %d: %v", n, err)
		}
		closeFD(fd)
	}
}

// A number that was given to another process since is not its own.
func TestIdentifiedKnowsReapedProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := &Instance{sup: r.Supervisor}
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pidfd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	p := i.identified(os.Getpid(), pidfd)
	defer p.Close()
	if p.Start != 0 {
		t.Errorf("it is taken for %+v", p.Identity)
	}
}

// What the keeper holds of a later launch than the last on record, which could not
// be written, is the app: another one would be its second.
func TestResumeBeyondRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Keeper = &notes{}
	o := r.leave(r.app("app", idle))
	pidfd, err := unix.PidfdOpen(o.process.PID, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.Record.Process = &proc.Identity{PID: o.process.PID, Start: 1, Boot: r.Boot} // one that has ended
	i := r.adopt(o, keeper.Held{Key: keyOf(o.Record.UUID, 3), PID: o.process.PID, Files: []keeper.File{
		{Name: keeper.Out, FD: o.files.out}, {Name: keeper.Err, FD: o.files.err}, {Name: keeper.PidFD, FD: pidfd},
	}})
	if st := i.Status(); st.PID != o.process.PID || st.Generation != 3 || st.State != Online {
		t.Errorf("it is %s, launch %d, pid %d; the process is %d", st.State, st.Generation, st.PID, o.process.PID)
	}
}

// An orphan that ends while a launch is in the air is not that launch.
func TestEliminateOlder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	missing := []launchKey{{key: "a:1", uuid: "a", gen: 1, at: time.Now()}}
	orphan, app := keeper.Stray{PID: 7, Session: 7, Start: 1}, keeper.Stray{PID: 8, Session: 8, Start: ticks()}
	for _, c := range []struct {
		ended []keeper.Stray
		want  int
	}{{[]keeper.Stray{orphan}, 0}, {[]keeper.Stray{orphan, app}, 8}} {
		a := newAdoption(r.Supervisor, []keeper.Held{{Key: "a:1"}}, func() []keeper.Stray { return slices.Clone(c.ended) })
		a.eliminate(missing)
		got := 0
		if s := a.stray("a:1"); s != nil {
			got = s.PID
		}
		if got != c.want {
			t.Errorf("%v: process %d, want %d", c.ended, got, c.want)
		}
	}
}

// What an app has left in its session is ended also when another daemon goes on with
// the stop.
func TestResumeStopOfSession(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	o := r.leave(r.app("app", "env -i A=1 /bin/sleep 1000 & echo $! >"+word+"; read x"))
	stays, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	endWithTest(t, stays)
	for !unmarked(stays) {
		runtime.Gosched()
	}
	l := &launch{gen: 1, main: member{o.process.PID, o.process.Start}}
	o.ended(t)
	o.files.closeOurs()
	l.ended = ticks()
	o.Record.State, o.Record.Want = Stopping, Down
	o.Record.RecordedLaunch = l.recorded(o.Record.LaunchedAt, r.Boot)
	events := r.Subscribe()
	defer events.Close()
	r.adopt(o)
	r.event(events, "stopped")
	if runs(stays) {
		t.Error("it is left")
	}
}

// Without a keeper only an orphan still holds the pipes of a main process that is a
// zombie: what it writes is read on.
func TestResumePipesOfZombie(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	gate := r.path("gate")
	if err := unix.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	// It says so through another, whose output is none of its own.
	orphan := r.script("orphan", "sh -c 'echo $PPID >"+word+"'; read x <"+gate+"; echo late; exec sleep 1000")
	s := r.app("app", "setsid "+orphan+" & echo up; read x", func(s *spec.Spec) { s.Autorestart = false })
	o := r.leave(s)
	pid, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	endWithTest(t, pid)
	if err := o.process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(o.process.Descriptor()), Events: unix.POLLIN}}, -1); err != nil && err != unix.EINTR {
		t.Fatal(err)
	}
	o.files.closeOurs()
	r.adopt(o)
	r.letGo(gate)
	r.line(s.LogPath(s.OutFile, 0), "late")
}
