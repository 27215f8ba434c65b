package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/link"
	"github.com/leadmaster/hub/pkg/unit"
	"golang.org/x/sys/unix"
)

// fake is a daemon whose records are the lines that it writes to the "lock": the
// test holds the other end.
type fake struct {
	table   *keeper.Table
	link    *link.Link
	mute    bool // answers no health request
	renews  bool // asks for a new keeper all the time
	earlier bool // of a release that knows no KindLeaves

	asked chan struct{} // a request for a sign of life

	mu     sync.Mutex
	strays []keeper.Stray
	open   map[string]int // launches that have not ended, with pidfd or -1
}

func (f *fake) say(format string, args ...any) {
	_, _ = unix.Write(f.table.Lock, fmt.Appendf(nil, format+"\n", args...))
}

// beDaemon is the daemon's main.
func beDaemon(args []string) int {
	kept, err := strconv.Atoi(args[len(args)-1])
	if err != nil {
		return 90
	}
	table, err := keeper.ReadTable(kept)
	if err != nil {
		return 91
	}
	_ = unix.Close(kept)
	f := &fake{table: table, open: make(map[string]int), asked: make(chan struct{}, 1), mute: args[0] == "hang"}
	if err := keeper.Inherit(false, table.Descriptors()...); err != nil {
		return 92
	}
	if os.Getppid() != table.Keeper {
		return 93
	}
	if args[0] == "bare" && table.Answered {
		f.waitBare()
	}
	stops := make(chan os.Signal, 8)
	signal.Notify(stops, syscall.SIGTERM)
	switch args[0] {
	case "fail":
		f.say("up %d", os.Getpid())
		return 7
	case "stuck":
		f.say("up %d", os.Getpid())
		select {}
	case "crash":
		f.say("up %d", os.Getpid())
		_ = unix.Kill(os.Getpid(), syscall.SIGKILL)
	}
	for _, h := range table.Held { // before the keeper can report of them
		if h.PID != 0 {
			f.open[h.Key] = -1
		}
	}
	f.strays = table.Strays
	loop, err := epoll.New()
	if err != nil {
		return 94
	}
	f.link, err = link.New(loop, table.Socket, link.Handlers{
		Exited: f.exited,
		Stray:  f.stray,
		Alive:  f.alive,
		Leaves: f.leaves,
		Lost:   func() { os.Exit(95) },
	})
	if err != nil {
		return 96
	}
	f.earlier = args[0] == "earlier"
	go func() { _ = loop.Run(context.Background()) }() // the handlers need f.link
	f.adopt(loop)
	f.link.Answered()
	if args[0] != "fresh" {
		f.link.Begun()
	}
	_ = f.link.Flush(context.Background())
	f.say("up %d", os.Getpid())
	switch args[0] {
	case "launch", "renew":
		f.renews = args[0] == "renew"
		f.launchUntil(stops, loop)
		f.say("quiet %d", os.Getpid())
	case "hold":
		for i := range 50 {
			f.holdOne(fmt.Sprintf("%d:1", i))
		}
		for i := range 3000 { // launches that end
			key := fmt.Sprintf("0:%d", i+2)
			f.holdOne(key)
			f.link.Reaped(key)
			f.link.Release(key)
		}
		_ = f.link.Flush(context.Background())
		f.say("held %d", os.Getpid())
	case "unit": // which it hears of late
		if os.Getenv(unit.PIDFileVar) == "" {
			f.link.Environ(unit.Unit{Socket: args[1], Watchdog: 20 * time.Millisecond, PIDFile: args[1] + ".pid"}.Environ())
			_ = f.link.Flush(context.Background())
		}
		f.say("pidfile %s", os.Getenv(unit.PIDFileVar))
	case "bare":
		f.holdOne("0:1")
		f.say("held %d", os.Getpid())
	}
	<-stops
	f.link.End()
	_ = f.link.Flush(context.Background())
	return 3
}

// waitBare is a daemon in its first moments, before it catches what is to end it.
func (f *fake) waitBare() {
	goOn := make(chan os.Signal, 1)
	signal.Notify(goOn, syscall.SIGUSR1)
	f.say("bare %d", os.Getpid())
	<-goOn
}

func (f *fake) alive() {
	f.say("asked %d", os.Getpid())
	if !f.mute {
		f.link.Healthy()
	}
	select {
	case f.asked <- struct{}{}:
	default:
	}
}

// exited records, then acknowledges.
func (f *fake) exited(key string, _ int, e keeper.Exit) {
	f.say("exit %s %d report %d", key, e.Status, e.Report)
	f.link.Recorded(e.Report)
	f.link.Release(key)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, key)
}

// adopt deals with the table as a daemon does.
func (f *fake) adopt(loop *epoll.Loop) {
	for _, h := range f.table.Held {
		switch {
		case h.Exit != nil:
			f.exited(h.Key, h.PID, *h.Exit)
		case h.PID == 0 && !h.Reaped:
			f.find(h.Key, loop)
		case h.Reaped:
			f.link.Release(h.Key)
		}
	}
}

func (f *fake) stray(s keeper.Stray) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.strays = append(f.strays, s)
}

// find looks for a launch whose fork was not announced: among the children of
// the keeper by the mark, then among the dead.
func (f *fake) find(key string, loop *epoll.Loop) {
	for again := true; again; {
		again = false
		for _, child := range childrenOf(f.table.Keeper) {
			env, _ := os.ReadFile("/proc/" + child + "/environ")
			pid, _ := strconv.Atoi(child)
			switch {
			case pid == os.Getpid():
			case bytes.Contains(env, []byte("MARK="+key+"\x00")):
				pidfd, err := unix.PidfdOpen(pid, 0)
				if err != nil {
					pidfd = -1
				}
				f.adopted(key, pid, pidfd)
				return
			case !bytes.Contains(env, []byte("MARK=")):
				// Not yet executed, or in the midst of it, when there is no environment
				// at all, or a zombie that will be gone.
				again = true
			}
		}
	}
	handleAll(loop)
	f.mu.Lock()
	dead := f.strays
	f.strays = nil
	f.mu.Unlock()
	if len(dead) > 0 {
		f.adopted(key, dead[0].PID, -1) // the only launch in the air
		return
	}
	f.say("never %s", key)
	f.link.Release(key)
}

func (f *fake) adopted(key string, pid, pidfd int) {
	f.mu.Lock()
	f.open[key] = -1
	f.mu.Unlock()
	f.link.Forked(key, pid, pidfd)
	if pidfd >= 0 {
		_ = unix.Close(pidfd)
	}
}

// codeOf is what a launch has to end with.
func codeOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32()%200) + 1
}

func (f *fake) leaves() {
	f.say("leaves %d", os.Getpid())
	if !f.earlier {
		f.link.Detached()
	}
}

func (f *fake) launchUntil(stops <-chan os.Signal, loop *epoll.Loop) {
	for n := 0; ; n++ {
		select {
		case <-stops:
			for f.reapOwn() {
				<-time.After(time.Millisecond)
				f.forgetReaped(loop)
			}
			return
		default:
		}
		if n < 100 {
			f.launch(fmt.Sprintf("%d:%d", os.Getpid(), n))
			if f.renews && n%5 == 0 {
				f.link.Renew()
			}
		}
		if n >= 100 {
			<-time.After(time.Millisecond)
		}
		if n == 100 {
			if f.renews {
				f.awaitRenewal()
			}
			f.say("launched %d", os.Getpid())
		}
		f.reapOwn()
	}
}

// awaitRenewal returns when the keeper has read everything, and became the next
// one for the last time: both come between two requests for a sign of life.
func (f *fake) awaitRenewal() {
	_ = f.link.Flush(context.Background())
	for len(f.asked) > 0 {
		<-f.asked
	}
	for range 3 {
		<-f.asked
	}
}

// forgetReaped forgets launches that the daemon before has reaped and recorded
// without getting to say so to the keeper.
func (f *fake) forgetReaped(loop *epoll.Loop) {
	var gone []string
	for _, h := range f.table.Held {
		for _, file := range h.Files {
			fds := []unix.PollFd{{Fd: int32(file.FD)}}
			if file.Name != keeper.PidFD {
				continue
			}
			if _, err := unix.Poll(fds, 0); err == nil && fds[0].Revents&unix.POLLHUP != 0 {
				gone = append(gone, h.Key)
			}
		}
	}
	handleAll(loop) // a report of the keeper comes before it reaps
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range gone {
		if _, open := f.open[key]; open {
			delete(f.open, key)
			f.link.Release(key)
		}
	}
}

// handleAll returns when all that the keeper has sent before has been handled.
func handleAll(loop *epoll.Loop) {
	for range 2 { // the first may run before a handler of the same round
		handled := make(chan struct{})
		loop.Post(func() { close(handled) })
		<-handled
	}
}

func (f *fake) launch(key string) {
	file, err := unix.MemfdCreate("held", unix.MFD_CLOEXEC)
	if err != nil {
		os.Exit(97)
	}
	f.link.Hold(key, keeper.File{Name: keeper.Out, FD: file})
	_ = unix.Close(file)
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	pidfd := -1
	script := fmt.Sprintf("echo ran %s >&3; sleep 0.%02d; exit %d", key, h.Sum32()%30, codeOf(key))
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, &syscall.ProcAttr{
		Env:   []string{"MARK=" + key, "PATH=" + os.Getenv("PATH")},
		Files: []uintptr{0, 1, 2, uintptr(f.table.Lock)},
		Sys:   &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd},
	})
	if err != nil {
		os.Exit(98)
	}
	f.link.Forked(key, pid, pidfd)
	f.mu.Lock()
	f.open[key] = pidfd
	f.mu.Unlock()
}

// reapOwn records and reaps what this daemon has forked. It reports whether
// launches are left, of others too.
func (f *fake) reapOwn() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, pidfd := range f.open {
		if pidfd < 0 {
			continue
		}
		pid, status := peek(unix.P_PIDFD, pidfd)
		if pid == 0 {
			continue
		}
		f.say("exit %s %d", key, status)
		reapOne(pid)
		_ = unix.Close(pidfd)
		f.link.Reaped(key)
		f.link.Release(key)
		delete(f.open, key)
	}
	return len(f.open) > 0
}

func (f *fake) holdOne(key string) {
	var files []keeper.File
	for _, name := range []string{keeper.Out, keeper.Err, keeper.Channel, keeper.Notify} {
		files = append(files, keeper.File{Name: name, FD: 0})
	}
	f.link.Hold(key, files...)
	f.link.Forked(key, os.Getpid(), 0)
}
