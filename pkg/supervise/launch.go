package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/leadmaster/hub/pkg/ipc"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// channelNumber is the number of the child's end of the IPC channel: the sockets, whose
// numbers are fixed by their protocol, come first. A copy of our end follows it, so
// that the pair outlives the daemon.
func channelNumber(s *spec.Spec) int { return firstSocket + len(s.Listen) }

// launch is what one generation of an instance holds in the daemon.
type launch struct {
	gen     int
	spec    *spec.Spec // what it was made of, with base and wires
	base    *BaseEnv
	rebase  bool          // base becomes the instance's when this launch takes over
	process *proc.Process // nil before the fork and after the zombie was reaped
	exit    *proc.Exit    // peeked, not yet reaped
	channel *ipc.Channel
	notify  *ipc.Notify
	stdout  *logs.Intake
	stderr  *logs.Intake
	// errorFile and errorFrom are where the stderr of this launch begins.
	errorFile string
	errorFrom int64
	command   []string
	pipes     [3]uint64
	wires     wires
	appStatus string

	// signalled: the main process got the kill signal.
	signalled bool
	closed    bool          // it holds nothing any more
	over      bool          // its end was noticed
	report    *reported     // the keeper's, before it is recorded
	patience  time.Duration // with the exit of one that is not our child
	pause     time.Duration // until the next look for it

	main    member   // the main process, also after its end: its session's leader
	ended   uint64   // when that end was noticed, in ticks since boot; 0 while it runs
	known   []member // the tree as it was when it was told to end; nil before that
	grouped uint64   // when the process group got the kill signal, in ticks since boot
	sweeper *sweeper // ends what is left of the tree; nil when nobody does
}

// files are the descriptors that are opened for a launch; the child's ones are
// closed after the fork, come what may.
type files struct {
	child   []int // by the child's number
	sockets []int // of the child's, without a number yet
	out     int   // read ends
	err     int
	channel int // our end
	// unfinished is what another program has left on the channel.
	unfinished ipc.Unfinished
}

func (f *files) closeChild() {
	for _, fd := range f.child {
		closeFD(fd)
	}
	keeper.CloseAll(f.sockets)
	f.child, f.sockets = nil, nil
}

func (f *files) closeOurs() {
	closeFD(f.out)
	closeFD(f.err)
	closeFD(f.channel)
}

// openFiles opens everything that a child of this spec gets beside its sockets,
// which it takes.
func openFiles(s *spec.Spec, sockets []int) (*files, error) {
	f := &files{out: -1, err: -1, channel: -1, sockets: sockets}
	err := f.open(s)
	if err != nil {
		f.closeChild()
		f.closeOurs()
		return nil, fmt.Errorf("descriptors for the app: %w", err)
	}
	return f, nil
}

func (f *files) open(s *spec.Spec) error {
	stdin := inputPipe
	if s.NullStdin {
		stdin = openNull
	}
	child, err := stdin()
	if err != nil {
		return err
	}
	f.child = append(f.child, child)
	for _, read := range []*int{&f.out, &f.err} {
		if *read, child, err = outputPipe(); err != nil {
			return err
		}
		f.child = append(f.child, child)
	}
	f.child, f.sockets = append(f.child, f.sockets...), nil
	if !s.IPC {
		return nil
	}
	if f.channel, child, err = ipc.Pair(); err != nil {
		return err
	}
	f.child = append(f.child, child)
	if child, err = unix.FcntlInt(uintptr(f.channel), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		return err
	}
	f.child = append(f.child, child)
	return nil
}

// start starts the process of a launch. On an error nothing of it is left.
func (i *Instance) start(l *launch) error {
	if l.base == nil {
		l.base = i.base.Load()
	}
	if l.spec.Notify {
		if err := i.listenNotify(l); err != nil {
			return err
		}
	}
	if l.spec.IPC {
		l.wires.channel = channelNumber(l.spec)
	}
	err := i.execute(l)
	if err != nil {
		// The intakes see the end of their pipes as soon as the child's ends
		// are closed, and go by themselves.
		i.close(l)
	}
	return err
}

// execute opens what the launch needs and starts its process.
func (i *Instance) execute(l *launch) error {
	s := l.spec
	vars := i.environment(l.base, s, l.gen, l.wires).list()
	path, argv, err := commandLine(s, vars)
	if err != nil {
		return err
	}
	l.command = argv
	sockets, err := i.openSockets(s)
	if err != nil {
		return err
	}
	f, err := openFiles(s, sockets)
	if err != nil {
		return err
	}
	defer f.closeChild()
	for n := range l.pipes {
		l.pipes[n] = inode(f.child[n])
	}
	wires := f.wires(l) // whose numbers are gone as soon as they are handed on
	if err := i.attach(l, f); err != nil {
		return err
	}
	command := proc.Command{Path: path, Args: argv, Env: vars, Dir: s.Cwd, Files: f.child, ResetOOM: i.sup.ResetOOM, Cgroup: i.openGroup()}
	if len(s.Listen) > 0 && i.sup.Shim != "" {
		command.Shim, command.ShimPrefix = []string{i.sup.Shim, keeper.Activate}, keeper.ShimPrefix
	}
	defer closeFD(command.Cgroup)
	l.process, err = i.sup.fork(i.key(l.gen), wires, command)
	return err
}

// fork starts a process. The keeper has its wires before and its pid after the
// fork, and is told of one launch at a time: a child that died in between without
// having been named is that launch's. One that hangs before its exec stops no
// others: with two in the air nobody guesses whose such a child was.
func (s *Supervisor) fork(key string, wires []keeper.File, c proc.Command) (*proc.Process, error) {
	defer takeTurn(s.forking)()
	s.Keeper.Hold(key, wires...)
	p, err := s.begin(c)
	if err != nil {
		s.Keeper.Release(key)
		return nil, err
	}
	s.Keeper.Forked(key, p.PID, p.Descriptor())
	return p, nil
}

// attach hands our ends of a launch's wires to their owners. On an error all of
// our ends are closed.
func (i *Instance) attach(l *launch, f *files) error {
	if err := i.readOutput(l, f); err != nil {
		f.closeOurs()
		return err
	}
	if f.channel < 0 {
		return nil
	}
	gen := l.gen
	var gate messageGate
	var err error
	l.channel, err = ipc.ResumeChannel(i.sup.Loop, f.channel, ipc.Handlers{
		Message: func(msg json.RawMessage) { // on the loop's goroutine
			if ipc.IsReady(msg) {
				i.mail.put(ready{gen, "IPC message"})
			} else if i.sup.bus.followed() {
				if text, ok := gate.pass(time.Now(), msg); ok {
					i.mail.put(appMessage{gen, text})
				}
			}
		},
		Fault: func(err error) { i.mail.put(warning{gen, "IPC channel: " + err.Error()}) },
	}, f.unfinished)
	if err != nil {
		f.closeOurs()
		return err
	}
	return nil
}

// listenNotify opens the launch's sd_notify socket. The path says whose it is and
// of which generation, so that a survivor of an earlier launch can't speak for
// this one.
func (i *Instance) listenNotify(l *launch) error {
	gen, notified := l.gen, i.notified(l.gen)
	name := i.UUID + "." + strconv.Itoa(gen) + ".notify"
	path := filepath.Join(i.sup.RunDir, name)
	n, err := ipc.ListenNotify(i.sup.Loop, path, notified)
	if errors.Is(err, ipc.ErrPathTooLong) && i.sup.ShortRunDir != nil {
		var dir string
		if dir, err = i.sup.ShortRunDir(); err == nil {
			path = filepath.Join(dir, name)
			n, err = ipc.ListenNotify(i.sup.Loop, path, notified)
		}
	}
	if err != nil {
		return err
	}
	l.notify, l.wires.notify = n, path
	return nil
}

// notified returns what is done with what a launch says by sd_notify.
func (i *Instance) notified(gen int) func(ipc.State) {
	return func(s ipc.State) { // on the loop's goroutine
		if s.HasStatus {
			i.mail.put(appStatus{gen, s.Status})
		}
		if s.Ready {
			i.mail.put(ready{gen, "sd_notify"})
		}
	}
}

// resumeNotify goes on with the sd_notify socket of an earlier daemon's launch:
// with the socket itself, or with a new one at its path.
func (i *Instance) resumeNotify(l *launch, r RecordedLaunch, fd int) (err error) {
	path := r.Notify
	if name, ok := boundTo(fd); path == "" && ok { // it was not on record yet
		path = name
	}
	if fd >= 0 && path != "" {
		if l.notify, err = ipc.ResumeNotify(i.sup.Loop, fd, path, i.notified(l.gen)); err == nil {
			l.wires.notify = path
			return nil
		}
	}
	closeFD(fd)
	return errors.Join(err, i.listenNotify(l))
}

// boundTo returns the path that a Unix socket is bound to.
func boundTo(fd int) (path string, ok bool) {
	address, err := unix.Getsockname(fd)
	if err != nil {
		return "", false
	}
	if local, ok := address.(*unix.SockaddrUnix); ok {
		return local.Name, true
	}
	return "", false
}

// commandLine returns the program to execute and its whole argument vector.
// Programs are looked up in the app's own PATH at each launch, so that an
// upgrade of an interpreter does not break a boot.
func commandLine(s *spec.Spec, vars []string) (path string, argv []string, err error) {
	search := newEnv(vars)["PATH"]
	switch {
	case s.Shell:
		shell, err := proc.Lookup("bash", search, s.Cwd)
		if err != nil {
			shell = "/bin/sh"
		}
		return shell, []string{filepath.Base(shell), "-c", s.Script}, nil
	case s.Interpreter == "none":
		return s.Script, append([]string{s.Script}, s.Args...), nil
	}
	path, err = proc.Lookup(s.Interpreter, search, s.Cwd)
	if err != nil {
		return "", nil, fmt.Errorf("interpreter: %w", err)
	}
	argv = append([]string{s.Interpreter}, s.InterpreterArgs...)
	return path, append(append(argv, s.Script), s.Args...), nil
}

// close lets go of what a launch holds; its outputs end with their pipes.
func (i *Instance) close(l *launch) {
	var wires []string
	if l.channel != nil {
		l.channel.Close()
		wires = append(wires, keeper.Channel)
	}
	if l.notify != nil {
		l.notify.Close()
		wires = append(wires, keeper.Notify)
	}
	if len(wires) > 0 && !l.closed {
		i.sup.Keeper.Release(i.key(l.gen), wires...)
	}
	l.closed = true
	if l.process != nil {
		l.process.Close()
		l.process = nil
	}
}

// lastWords returns the last lines that this launch wrote to stderr, once what
// is still in its pipe has been written.
func (l *launch) lastWords(lines int) []string {
	if l.stderr == nil || l.errorFile == "" || l.errorFile == "/dev/null" || l.settle() != nil {
		return nil
	}
	return tailFrom(l.errorFile, l.errorFrom, lines, l.spec.LogType == spec.LogTypeJSON)
}

// settleLimit is how long an answer waits for a slow disk.
const settleLimit = time.Second

// settle waits until what the launch has written so far is in its files.
func (l *launch) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	return errors.Join(l.stdout.Sync(ctx), l.stderr.Sync(ctx))
}
