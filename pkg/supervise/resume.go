package supervise

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/leadmaster/hub/pkg/ipc"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
	"golang.org/x/sys/unix"
)

// resumed is what was found of a launch.
type resumed struct {
	pid    int  // of the main process, which runs or is a zombie; else 0
	forked bool // there was one
	exit   proc.Exit
	lost   string // why a process that runs, perhaps, can't be had
	// held is what the keeper has of a launch whose process runs no more, or never
	// did; nil where it has nothing. It is to be told so when that is on record.
	held *keeper.Held
}

// resume takes a launch's process and its wires. The error tells what can't be
// had; the process is taken over all the same.
func (i *Instance) resume(l *launch, r RecordedLaunch, a *adoption) (found resumed, err error) {
	h := a.take(i.key(l.gen))
	if h != nil && l == i.launch && i.machine.isDown() {
		a.forgetProcess(h)
	}
	l.pipes, l.signalled, l.grouped, l.appStatus = r.Pipes, r.Signalled, r.Grouped, r.Status
	if r.Main != nil {
		l.main, l.ended = member{r.Main.PID, r.Main.Start}, r.Ended
	}
	found.exit = proc.Exit{Unknown: true}
	p, err := i.processOf(l, r, h, a)
	switch {
	case errors.Is(err, proc.ErrGone):
		found.forked, found.held, l.ended, err = true, h, ticks(), nil
		if h != nil && h.Exit != nil {
			found.exit = proc.ExitOf(h.Exit.Status)
		} else if stray := a.stray(i.key(l.gen)); stray != nil {
			found.exit, l.main = proc.ExitOf(stray.Status), member{stray.PID, stray.Start}
		}
	case p != nil:
		found.pid, found.forked = p.PID, true
		l.process, l.main = p, member{p.PID, p.Start}
	case err == nil:
		found.held = h
	default:
		found.lost = err.Error()
	}
	err = errors.Join(err, i.rejoin(l, r, h))
	if l.process != nil { // the end drains the wires, so they come first
		if e := i.watch(l); e != nil {
			err = errors.Join(err, e)
			i.lookAgainAt(l)
		}
	}
	return found, err
}

// processOf returns the main process of a launch, nil where none was forked;
// proc.ErrGone says that it was, and is gone.
func (i *Instance) processOf(l *launch, r RecordedLaunch, h *keeper.Held, a *adoption) (*proc.Process, error) {
	id := r.Process
	switch {
	case h != nil && h.PID != 0 && fileOf(h, keeper.PidFD) >= 0:
		if h.Exit != nil {
			l.report = &reported{l.gen, *h.Exit}
		}
		if id == nil {
			return i.identified(h.PID, takeFile(h, keeper.PidFD)), nil
		}
		return proc.Hold(*id, takeFile(h, keeper.PidFD)), nil
	case id == nil && h != nil && h.PID != 0: // there was no room for its pidfd
		if h.Exit != nil {
			return nil, proc.ErrGone
		}
		now, err := proc.Identify(h.PID)
		if err != nil {
			return nil, err
		}
		id = &now
	case id == nil:
		// The earlier daemon died between fork and record, or before the fork.
		if id = a.aloft[i.key(l.gen)]; id == nil {
			if a.stray(i.key(l.gen)) != nil || h != nil && h.Exit != nil {
				return nil, proc.ErrGone
			}
			return nil, nil
		}
	}
	p, err := proc.Open(*id)
	if err != nil {
		l.main = member{id.PID, id.Start} // what is left of its session is the launch's
		return nil, err
	}
	i.sup.Keeper.Forked(i.key(l.gen), p.PID, p.Descriptor())
	return p, nil
}

// identified holds a process by a pidfd that the keeper has got at its birth. One
// that was reaped may have left its number to another, whose start time is not
// taken for its own: the pidfd and the keeper's report tell the rest.
func (i *Instance) identified(pid, pidfd int) *proc.Process {
	id, err := proc.Identify(pid)
	p := proc.Hold(id, pidfd)
	if err != nil || errors.Is(p.Signal(0), proc.ErrGone) {
		p.Identity = proc.Identity{PID: pid, Boot: i.sup.Boot}
	}
	return p
}

// rejoin takes our ends of the wires of a launch from the keeper, or opens them
// anew where its process runs, and hands those on to the keeper.
func (i *Instance) rejoin(l *launch, r RecordedLaunch, h *keeper.Held) error {
	f := &files{out: takeFile(h, keeper.Out), err: takeFile(h, keeper.Err), channel: takeFile(h, keeper.Channel)}
	if h != nil {
		f.unfinished = ipc.Unfinished{Read: h.Read, Unsent: h.Unsent}
	}
	l.namePipes(f)
	var errs []error
	var opened []keeper.File
	if l.process != nil {
		_, l.command, _ = commandLine(l.spec, i.environment(l.base, l.spec, l.gen, l.wires).list())
		opened, errs = i.reopenWires(l, r, f)
	}
	notify := takeFile(h, keeper.Notify)
	if l.process != nil && l.spec.Notify {
		if err := i.resumeNotify(l, r, notify); err != nil {
			errs = append(errs, err)
		}
		if notify < 0 && l.notify != nil {
			opened = append(opened, keeper.File{Name: keeper.Notify, FD: l.notify.Descriptor()})
		}
	} else if notify >= 0 { // its process is gone, or of settings that nobody knows
		closeFD(notify)
		i.sup.Keeper.Release(i.key(l.gen), keeper.Notify)
	}
	for n, fd := range []int{1: f.out, 2: f.err} {
		if fd < 0 {
			l.pipes[n] = 0 // what it has left behind may still hold it
		}
	}
	if len(opened) > 0 {
		i.sup.Keeper.Hold(i.key(l.gen), opened...)
	}
	if l.process == nil && f.channel >= 0 {
		closeFD(f.channel)
		f.channel = -1
		i.sup.Keeper.Release(i.key(l.gen), keeper.Channel)
	}
	if f.out < 0 && f.err < 0 && f.channel < 0 {
		return errors.Join(errs...)
	}
	if err := f.complete(); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, i.attach(l, f))...)
}

// namePipes fills in what is not on record: the earlier daemon was killed before it
// knew whether there is a process.
func (l *launch) namePipes(f *files) {
	for n, fd := range []int{1: f.out, 2: f.err} {
		if n > 0 && fd >= 0 && l.pipes[n] == 0 {
			l.pipes[n] = inode(fd)
		}
	}
	if l.process != nil && l.pipes[0] == 0 && !l.spec.NullStdin {
		l.pipes[0], _ = pipeOf(l.process.PID, 0)
	}
}

// reopenWires opens those wires of a living process that the keeper did not have,
// and returns them.
func (i *Instance) reopenWires(l *launch, r RecordedLaunch, f *files) (opened []keeper.File, errs []error) {
	pid := l.process.PID
	got := func(name string, to *int, fd int, err error) {
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			return // it has ended just now, and its pipes with it
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s of process %d is not read any more: %w", name, pid, err))
			return
		}
		*to = fd
		opened = append(opened, keeper.File{Name: name, FD: fd})
	}
	if f.out < 0 {
		fd, err := findOutput(pid, 1, &l.pipes[1])
		got(keeper.Out, &f.out, fd, err)
	}
	if f.err < 0 {
		fd, err := findOutput(pid, 2, &l.pipes[2])
		got(keeper.Err, &f.err, fd, err)
	}
	if l.spec.IPC {
		l.wires.channel = cmp.Or(r.Channel, channelNumber(l.spec))
	}
	if l.spec.IPC && f.channel < 0 {
		fd, err := l.process.CopyDescriptor(cmp.Or(r.ChannelCopy, l.wires.channel+1))
		got(keeper.Channel, &f.channel, fd, err)
	}
	return opened, errs
}

// resumeOutputs reads on what is left of earlier launches: pipes that somebody
// still holds or nobody has read to the end.
func (i *Instance) resumeOutputs(a *adoption) error {
	var errs []error
	for _, h := range a.rest(i.UUID) {
		if _, gen, ok := parseKey(h.Key); ok {
			errs = append(errs, i.readOld(gen, takeFile(h, keeper.Out), takeFile(h, keeper.Err)))
		}
	}
	read := i.pipesRead()
	for _, m := range a.left[i.UUID] {
		if m.gen != unknown && !i.reads(m.gen) {
			errs = append(errs, i.reopenOld(m, read))
		}
	}
	return errors.Join(errs...)
}

// readOld reads what an earlier launch still has to say; -1 is a stream that is
// not there.
func (i *Instance) readOld(gen, out, err int) error {
	if out < 0 && err < 0 {
		return nil
	}
	f := &files{out: out, err: err, channel: -1}
	if e := f.complete(); e != nil {
		return e
	}
	if e := i.readOutput(&launch{gen: gen, spec: i.launch.spec}, f); e != nil {
		f.closeOurs()
		return e
	}
	return nil
}

// reopenOld finds the pipes of an earlier launch that a process which it left
// behind still holds; without a keeper nobody else does.
func (i *Instance) reopenOld(m claimed, read map[uint64]bool) error {
	var fds [3]int
	for n := 1; n <= 2; n++ {
		fds[n] = -1
		var pipe uint64
		fd, err := reopenOutput(m.pid, n, &pipe)
		if err != nil || read[pipe] { // it has put something else in its place
			closeFD(fd)
			continue
		}
		fds[n], read[pipe] = fd, true
	}
	files := []keeper.File{{Name: keeper.Out, FD: fds[1]}, {Name: keeper.Err, FD: fds[2]}}
	files = slices.DeleteFunc(files, func(f keeper.File) bool { return f.FD < 0 })
	if len(files) > 0 {
		i.sup.Keeper.Hold(i.key(m.gen), files...)
		if l := i.find(m.gen); l == nil || l.process == nil {
			i.sup.Keeper.Reaped(i.key(m.gen))
		}
	}
	return i.readOld(m.gen, fds[1], fds[2])
}

// reads reports whether a launch's outputs are read: not those of a main process
// that is a zombie, which has no descriptors any more.
func (i *Instance) reads(gen int) bool {
	return slices.ContainsFunc(i.outputs, func(o output) bool { return o.gen == gen })
}

// pipesRead are the pipes of the launches that are on record.
func (i *Instance) pipesRead() map[uint64]bool {
	read := make(map[uint64]bool)
	for _, l := range append([]*launch{i.launch}, i.others...) {
		if i.reads(l.gen) {
			read[l.pipes[1]], read[l.pipes[2]] = true, true
		}
	}
	return read
}

// complete makes a stand-in for a stream that can't be had: empty, and at its end.
func (f *files) complete() error {
	for _, fd := range []*int{&f.out, &f.err} {
		if *fd >= 0 {
			continue
		}
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			f.closeOurs()
			return fmt.Errorf("pipe: %w", err)
		}
		unix.Close(p[1])
		*fd = p[0]
	}
	return nil
}

// fileOf returns the descriptor of that name, or -1; takeFile hands it over.
func fileOf(h *keeper.Held, name string) int {
	if h != nil {
		for _, f := range h.Files {
			if f.Name == name {
				return f.FD
			}
		}
	}
	return -1
}

func takeFile(h *keeper.Held, name string) int {
	fd := fileOf(h, name)
	if fd >= 0 {
		for n := range h.Files {
			if h.Files[n].Name == name {
				h.Files[n].FD = -1
			}
		}
	}
	return fd
}
