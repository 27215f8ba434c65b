package supervise

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/stats"
	"golang.org/x/sys/unix"
)

// withGroups gives the apps of a rig cgroups, or skips the test.
func (r *rig) withGroups() {
	r.Helper()
	tree, err := cgroup.Open("hub-" + r.HomeID)
	if err != nil {
		r.Skip("no cgroups here:", err)
	}
	r.Groups = tree
	r.Cleanup(func() { // after that of newRig has been asked for, so before it
		for _, p := range r.End("test is over") {
			r.outcome(p)
		}
		r.Wait()
		if err := r.PruneGroups(); err != nil {
			r.Error(err)
		}
		if list, err := filepath.Glob("/sys/fs/cgroup/*/hub-" + r.HomeID); len(list) > 0 {
			r.Error("groups are left:", list, err)
		}
	})
}

// pid reads the number of a process from a fifo. If the test fails nobody else may
// know that it has to be ended.
func pid(t testing.TB, said func() string) int {
	t.Helper()
	n, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	endWithTest(t, n)
	return n
}

func endWithTest(t testing.TB, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it has ended, unless something is broken
		unix.Close(fd)
	})
}

// orphaned waits until a process has another parent than the given one.
func (r *rig) orphaned(pid, parent int) {
	r.Helper()
	fd, err := unix.PidfdOpen(parent, 0)
	if err == nil {
		defer unix.Close(fd)
		_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(deadline.Milliseconds()))
	}
	if err != nil && err != unix.ESRCH {
		r.Fatal(err)
	}
	if p, err := stats.ReadProc(pid); err != nil || int(p.PPID) == parent {
		r.Fatalf("process %d is still a child of %d: %v", pid, parent, err)
	}
}

// outlive waits until what is born is younger than a process: birthdays are
// counted in steps of 10 ms.
func (r *rig) outlive(pid int) {
	r.Helper()
	p, err := stats.ReadProc(pid)
	if err != nil {
		r.Fatal(err)
	}
	for ticks() <= p.Start {
		runtime.Gosched()
	}
}

// belong checks that the tree of an instance is its main process and these.
func (r *rig) belong(i *Instance, pids ...int) {
	r.Helper()
	var u []Usage
	for until := time.Now().Add(deadline); ; {
		if _, err := r.census(r.Context()); err != nil { // not of a moment ago
			r.Fatal(err)
		}
		var err error
		if u, err = r.Usage(r.Context(), []*Instance{i}); err != nil {
			r.Fatal(err)
		}
		if u[0].Memory > 0 || time.Now().After(until) { // else the app is in the midst of its exec
			break
		}
	}
	if u[0].Processes != 1+len(pids) || u[0].Memory == 0 {
		r.Errorf("%d processes with %d bytes, want the main process and %v", u[0].Processes, u[0].Memory, pids)
	}
}

// script writes a shell script and returns how to run it.
func (r *rig) script(name, text string) string {
	r.Helper()
	path := r.path(name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
	return "/bin/sh " + path
}

// bare is a command that runs in a session of its own with no environment at all,
// says its pid and stays.
func (r *rig) bare(word string) string {
	r.Helper()
	return "setsid env -i " + r.script("bare", "echo $$ >"+word+"; exec /bin/sleep 1000")
}

// unmarked reports whether a process has executed a program without the mark.
func unmarked(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	env, envErr := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && envErr == nil && bytes.HasPrefix(text, []byte("/bin/sleep")) && bytes.Equal(env, []byte("A=1\x00"))
}

// letGo writes a line into a fifo that somebody reads.
func (r *rig) letGo(fifo string) {
	r.Helper()
	if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
		r.Fatal(err)
	}
}

// A process that has left parent, session and environment is known as long as it
// was seen below its parent once, and so are those that it leaves in turn.
func TestOrphanThatALookHasSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	gate, _ := r.fifo("gate")
	i := r.one(r.app("app", r.script("parent", r.bare(word)+" & read x <"+gate)+" & echo $!; echo up; exec sleep 1000"))
	orphan := pid(t, said)
	p, err := stats.ReadProc(orphan)
	if err != nil {
		t.Fatal(err)
	}
	parent := int(p.PPID)
	if parent == i.Status().PID || !runs(parent) {
		t.Fatalf("its parent is %d", parent)
	}
	r.belong(i, orphan, parent)
	r.letGo(gate)
	r.orphaned(orphan, parent)
	r.belong(i, orphan)
	r.belong(i, orphan) // the second look has it from the first
	other := r.one(r.app("other", idle))
	r.belong(other)
	r.act(other, "delete")
	if !runs(orphan) {
		t.Error("another app's end was its end")
	}
	r.act(i, "stop")
	if runs(orphan) {
		t.Error("it runs after the stop")
	}
	if _, err := r.census(t.Context()); err != nil || len(r.censuses.kin) > 0 {
		t.Errorf("it is remembered: %v, %v", r.censuses.kin, err)
	}
}

// What nobody has seen is known by its cgroup.
func TestOrphanThatNobodyHasSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.withGroups()
	word, said := r.fifo("pid")
	i := r.one(r.app("app", "("+r.bare(word)+" &); echo up; exec sleep 1000"))
	orphan := pid(t, said)
	r.belong(i, orphan)
	r.act(i, "restart")
	if runs(orphan) {
		t.Error("it runs after the restart")
	}
	orphan = pid(t, said)
	r.belong(i, orphan)
	if strays, err := r.Strays(t.Context()); err != nil || slices.ContainsFunc(strays, func(s Stray) bool { return s.PID == orphan }) {
		t.Errorf("a process of an app is a stray: %v, %v", strays, err)
	}
	r.act(i, "delete")
	if runs(orphan) {
		t.Error("it runs after the delete")
	}
	<-i.Gone()
	if list, _ := filepath.Glob("/sys/fs/cgroup/*/hub-" + r.HomeID + "/" + i.UUID); len(list) > 0 {
		t.Error("the group is left:", list)
	}
}

// The environment of an orphan may say what it likes.
func TestOrphanWithAnothersMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.withGroups()
	word, said := r.fifo("pid")
	other := r.one(r.app("other", idle))
	bare := r.script("bare", "echo $$ >"+word+"; exec /bin/sleep 1000")
	i := r.one(r.app("app", "(setsid env -i "+markVar+"="+r.HomeID+":"+other.UUID+":1 "+bare+" &); echo up; exec sleep 1000"))
	orphan := pid(t, said)
	r.belong(other)
	r.belong(i, orphan)
	r.act(other, "stop")
	if !runs(orphan) {
		t.Error("another app's end was its end")
	}
	r.act(i, "stop")
	if runs(orphan) {
		t.Error("it runs after the stop")
	}
}

// A cgroup that the kernel or somebody's rule does not want is no reason not to
// run.
func TestStartOutsideOfTheGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	null, err := openNull()
	if err != nil {
		t.Fatal(err)
	}
	defer closeFD(null)
	command := proc.Command{Path: "/bin/true", Args: []string{"true"}, Dir: "/", Files: []int{null, null, null}, Cgroup: null}
	for range 2 {
		p, err := r.begin(command)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Wait4(p.PID, nil, 0, nil); err != nil {
			t.Error(err)
		}
		p.Close()
	}
	command.Path = "/no/such/program"
	if _, err := r.begin(command); err == nil || !strings.Contains(err.Error(), command.Path) {
		t.Errorf("what can't be executed: %v", err)
	}
	if r.journal.count("apps run outside of cgroups") != 1 {
		t.Errorf("the log says\n%s", r.journal)
	}
}

// While two launches run beside each other, one's end is not that of what may be
// the other's; the next stop ends all.
func TestOrphanOfTwoLaunches(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.withGroups()
	word, said := r.fifo("pid")
	i := r.one(r.app("app", "("+r.bare(word)+" &); echo up; exec sleep 1000", overlapping))
	old := pid(t, said)
	r.outlive(old)
	if o := r.reload(i)[0]; o.Err != "" || len(o.Warnings) > 0 {
		t.Fatalf("%+v", o)
	}
	next := pid(t, said)
	if runs(old) || !runs(next) {
		t.Errorf("after the reload the old one's runs: %v, the new one's: %v", runs(old), runs(next))
	}
	r.belong(i, next)
	r.act(i, "stop")
	if runs(next) {
		t.Error("it runs after the stop")
	}
}

// What the main process has left in its session when it crashed is the app's,
// also after the next launch.
func TestLeftoverWithoutMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	first := r.path("first")
	script := "[ -e " + first + " ] && exec sleep 1000; : >" + first + "; (env -i " +
		r.script("bare", "echo $$ >"+word+"; exec /bin/sleep 1000") + " &); echo up; read x; exit 1"
	i := r.one(r.app("app", script))
	leftover := pid(t, said)
	sub := r.Subscribe()
	defer sub.Close()
	r.say(i.Status().PID, "crash")
	if e := r.event(sub, "warning"); !strings.Contains(e.Reason, strconv.Itoa(leftover)) {
		t.Errorf("the warning is %q", e.Reason)
	}
	r.belong(i, leftover)
	r.act(i, "stop")
	if runs(leftover) {
		t.Error("it runs after the stop")
	}
}

// A child of the keeper that fits no app is shown, as is what belongs to an app
// that is gone; no app's end is theirs.
func TestStrays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	// What plays the keeper has one child of its own, and one that it got.
	keeper := exec.Command("sh", "-c", "setsid sleep 1000 & echo $! >"+word+"; exec sleep 1000")
	gone := exec.Command("sleep", "1000")
	gone.Env = []string{markVar + "=" + r.HomeID + ":" + NewUUID() + ":1"}
	for _, c := range []*exec.Cmd{keeper, gone} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	}
	stray := pid(t, said)
	r.KeeperPID = keeper.Process.Pid
	i := r.one(r.app("app", idle))
	list, err := r.Strays(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, s := range list {
		if s.Command == "" || time.Since(s.Started) > deadline {
			t.Errorf("%+v", s)
		}
		pids = append(pids, s.PID)
	}
	want := []int{stray, gone.Process.Pid}
	slices.Sort(want)
	if !slices.Equal(pids, want) {
		t.Errorf("strays %v, want %v", pids, want)
	}
	r.act(i, "delete")
	if !runs(stray) || !runs(gone.Process.Pid) {
		t.Error("a stray was ended")
	}
}

// The daemon and its keeper may have been started by an app, which called hubctl
// when none ran: they don't end with it, nor is theirs what they have got.
func TestKeeperIsNoApps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	i := r.one(r.app("app", "setsid sh -c 'env -i A=1 /bin/sleep 1000 & echo $$ $! >"+word+"; wait' & echo up; exec sleep 1000"))
	var child int
	if _, err := fmt.Sscan(said(), &r.KeeperPID, &child); err != nil {
		t.Fatal(err)
	}
	endWithTest(t, r.KeeperPID)
	endWithTest(t, child)
	for !unmarked(child) {
		runtime.Gosched()
	}
	r.belong(i)
	r.act(i, "stop")
	if !runs(r.KeeperPID) || !runs(child) {
		t.Error("the keeper or its child was ended")
	}
}

// A daemon of another home, and what that runs, is not of the app that has started
// it by hubctl.
func TestOtherHomeIsNoApps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pids")
	first, saidFirst := r.fifo("first")
	daemon := r.script("daemon", "env HUB_INSTANCE=other:app:1 setsid sleep 1000 & echo $$ $! >"+word+"; wait")
	i := r.one(r.app("app", "HUB_INSTANCE=hubd sleep 1000 & echo $! >"+first+"; HUB_INSTANCE=hubd setsid "+daemon+" & echo up; read x"))
	var inside, other, app int
	if _, err := fmt.Sscan(saidFirst(), &inside); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(said(), &other, &app); err != nil {
		t.Fatal(err)
	}
	endWithTest(t, other)
	endWithTest(t, app)
	r.act(i, "stop")
	if !runs(other) || !runs(app) {
		t.Errorf("the other daemon runs: %v, its app: %v", runs(other), runs(app))
	}
	if runs(inside) {
		t.Error("what stays in the app's session is left")
	}
}

// A session that got the number of an app's main process after that has ended is not
// the app's.
func TestSessionOfAnotherOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pids")
	i := r.one(r.app("app", idle))
	before := ticks() - 1
	other := exec.Command("setsid", "sh", "-c", "sleep 1000 & echo $$ $! >"+word)
	if err := other.Run(); err != nil {
		t.Fatal(err)
	}
	var leader, stays int
	if _, err := fmt.Sscan(said(), &leader, &stays); err != nil {
		t.Fatal(err)
	}
	endWithTest(t, stays)
	for _, c := range []struct {
		ended uint64
		want  int
	}{{before, 0}, {ticks(), 1}} {
		var look func() ([]leftover, bool, error)
		l := &launch{gen: 1, main: member{leader, 1}, ended: c.ended}
		if err := receive(t, i.ask(func() error {
			l.gen = i.launch.gen
			look = i.lookFor(l)
			return nil
		})); err != nil {
			t.Fatal(err)
		}
		found, _, err := look()
		others := slices.DeleteFunc(found, func(f leftover) bool { return f.pid != stays })
		if err != nil || len(others) != c.want {
			t.Errorf("ended at %d: %v, %v; want %d", c.ended, found, err, c.want)
		}
	}
}
