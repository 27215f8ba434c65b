package supervise

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// trace is a debugger that looks at nothing until its input ends.
func trace(pid string) int {
	runtime.LockOSThread()
	n, err := strconv.Atoi(pid)
	if err == nil {
		err = unix.PtraceSeize(n)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("seized")
	_, _ = os.Stdin.Read(make([]byte, 1))
	return 0
}

// The end of a process that is being traced is its tracer's first: ours is to
// notice it all the same.
func TestEndOfTracedProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle))
	events := r.Subscribe()
	defer events.Close()
	pid := i.Status().PID
	tracer := exec.Command("/proc/self/exe", strconv.Itoa(pid))
	tracer.Env = append(os.Environ(), childMode+"=trace")
	in, err := tracer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := tracer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	text, _ := bufio.NewReader(out).ReadString('\n')
	if text != "seized\n" {
		in.Close()
		_ = tracer.Wait()
		t.Skip("no process can be traced here:", text)
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); err != nil && err != unix.EINTR {
		t.Fatal(err)
	}
	for range 2 { // the loop has told the instance, and that has looked
		told := make(chan struct{}, 1)
		r.Loop.Post(func() { told <- struct{}{} })
		receive(t, told)
		if err := receive(t, i.ask(func() error { return nil })); err != nil {
			t.Fatal(err)
		}
	}
	in.Close()
	if err := tracer.Wait(); err != nil {
		t.Fatal(err)
	}
	if e := r.event(events, "exit"); e.Reason == "" {
		t.Errorf("the event is %+v", e)
	}
	if exit := i.Status().LastExit; exit == nil || exit.Signal != unix.SIGKILL {
		t.Errorf("the exit is %v", exit)
	}
}
